"""Words that rose and fell over a whole survey."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics.drift.word_shift import log_odds_shift, survey_words, word_shift
from iapt_topics.survey.responses import load_responses


def survey(texts, people=None):
    """A survey of texts by year."""
    rows = [(y, t) for y, said in texts.items() for t in said]
    table = pd.DataFrame(rows, columns=["year", "text"]).assign(
        id=[f"r{i}" for i in range(len(rows))]
    )
    table["person"] = people or [f"p{i}" for i in range(len(rows))]
    return load_responses(table, text="text", year="year", respondent="person", response="id")


RISE = {
    2014: [f"Parking is dear for nurse number{i} today" for i in range(20)]
    + [f"Targets and parking again for worker number{i}" for i in range(20)],
    2015: [f"Nobody coded responses like number{i}" for i in range(8)],
    2016: [f"Targets rule the clinic and number{i} knows" for i in range(38)]
    + ["Parking is still dear here for us", "The parking has not changed one bit"],
}


def test_a_word_that_rose_and_one_that_fell_are_found_with_their_counts():
    words = survey_words(survey(RISE), 2014).set_index("word")
    assert words.loc["targets", ["count", "count_against", "n", "n_against"]].tolist() == [
        38, 20, 40, 40
    ]  # fmt: skip
    assert words.loc["parking", "estimate"] < 0 < words.loc["targets", "estimate"]
    assert words.loc["parking", "p_bh"] < 0.05
    assert set(words["year"]) == {2016}
    assert "the" not in words.index
    assert "coded" not in words.index  # of a wave between


def test_a_repeated_word_counts_once_and_a_placeholder_not_at_all():
    first = ["pay pay pay is poor for all of us", *(f"pay is fine for {i} of us" for i in "abcdef")]
    told = survey({2014: first, 2015: [f"the pay of team {i} is poor and low" for i in "abcdef"]})
    table = told.table.assign(redacted=told.table["text"].str.replace("team", "[site-1]"))
    words = survey_words(replace(told, table=table), 2014).set_index("word")
    assert words.loc["pay", "count_against"] == 7
    assert not {"site", "team"} & set(words.index)


def test_a_word_among_no_others_has_no_odds():
    told = ["My pay", "The pay", "All of the pay", "This is pay", "That is pay", "Our own pay"]
    assert survey_words(survey({2014: told, 2015: told}), 2014).empty
    one = np.array([8.0])
    assert word_shift(one, one, one, ["pay"], 0).empty


def test_responses_of_few_people_widen_the_interval():
    alone = survey_words(survey(RISE), 2014).set_index("word")
    n = sum(map(len, RISE.values()))
    pairs = survey_words(survey(RISE, [f"p{i // 2}" for i in range(n)]), 2014).set_index("word")
    assert pairs.loc["targets", "effect"] == 2
    np.testing.assert_allclose(
        (pairs["high"] - pairs["low"]).reindex(alone.index),
        np.sqrt(2) * (alone["high"] - alone["low"]),
    )
    assert pairs.loc["targets", "n_respondents"] == 19


def test_one_wave_has_no_shift():
    words = survey_words(survey({2014: RISE[2014]}), 2014)
    assert words.empty
    assert {"word", "estimate", "p_bh"} <= set(words.columns)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=2, max_size=20))
def test_a_shift_turns_its_sign_with_the_waves_and_rounding_widens_it(counts):
    one, two = np.array(counts, float).T
    if not (one + two).all():
        return
    words = [f"w{i}" for i in range(len(one))]
    there = word_shift(one, two, one + two, words, 0).set_index("word")
    back = word_shift(two, one, one + two, words, 0).set_index("word")
    np.testing.assert_allclose(there["estimate"], -back["estimate"].reindex(there.index))
    assert (there["low"] <= there["estimate"]).all()
    wide = word_shift(one, two, one + two, words, 0, rounding=2.0).set_index("word")
    assert (wide["p"] >= there["p"].reindex(wide.index) - 1e-12).all()


def test_the_variance_is_that_of_the_counts_of_the_design_and_of_rounding():
    count, against, prior = np.array([10.0, 30]), np.array([0.0, 40]), np.array([1.0, 1])
    _, error = log_odds_shift(count, against, prior, rounding=2.0, effect=(1.5, 1.0))
    # 1.5/11 + 2/11^2 and, for a true zero, 1/1 alone.
    assert error[0] ** 2 == pytest.approx(1.5 / 11 + 2 / 121 + 1)
    assert error[1] ** 2 == pytest.approx(1.5 / 31 + 2 / 961 + 1 / 41 + 2 / 1681)
