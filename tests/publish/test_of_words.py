"""Published words: none that few people use, or do not use, in either wave."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import standins
from hypothesis import given, settings
from hypothesis import strategies as st

from iapt_topics.publish import publish


@pytest.fixture(scope="module")
def study():
    return standins.study_of(responses=standins.responses())


def words_of(study, exact, rule=10):
    study.__dict__.pop("tables", None)
    tables = dict(study.tables) | {"word_shifts": exact}
    study.__dict__["tables"] = tables
    try:
        return publish(study, rule, quotes=False).tables["word_shifts"]
    finally:
        study.__dict__.pop("tables")


def test_counts_are_rounded_and_shifts_follow_from_them(study):
    words, exact = publish(study, "strict").tables["word_shifts"], study.tables["word_shifts"]
    assert len(words) > 5
    assert set(words["word"]) < set(exact["word"])
    for column in ("count", "count_against", "n", "n_against"):
        assert (words[column] % 5 == 0).all()
    assert words["p"].min() >= 0.0005
    assert not {"n_respondents", "effect", "z"} & set(words.columns)


def test_what_is_published_is_the_same_for_exact_counts_that_round_alike(study):
    exact = study.tables["word_shifts"]
    nudged = exact.assign(
        count=exact["count"].map(lambda n: 5 * ((n + 2) // 5)),
        count_against=exact["count_against"].map(lambda n: 5 * ((n + 2) // 5)),
        estimate=0.0, z=0.0, p=1.0,
    )  # fmt: skip
    pd.testing.assert_frame_equal(words_of(study, exact), words_of(study, nudged))


@pytest.mark.slow
@settings(max_examples=8)
@given(st.integers(0, 1_000), st.sampled_from([5, 10, 20, "hes", "default"]))
def test_no_word_of_few_respondents_is_named(seed, rule):
    study = standins.study_of(responses=standins.responses())
    rng, exact = np.random.default_rng(seed), study.tables["word_shifts"]
    n = len(exact)
    few = rng.integers(0, 30, (2, n))
    exact = exact.assign(n_respondents=few[0], n_respondents_against=few[1],
                         count=few[0], count_against=few[1])  # fmt: skip
    words = words_of(study, exact, rule)
    least = {"hes": 8, "default": 10}.get(rule, rule)
    shown = exact.set_index("word").loc[words["word"]]
    for column in ("n_respondents", "n_respondents_against"):
        assert not shown[column].between(1, least - 1).any()


def test_a_word_that_almost_everybody_uses_is_not_named(study):
    exact = study.tables["word_shifts"]
    exact = exact.assign(count=exact["n"] - 3, n_respondents=exact["n"] - 3)
    assert words_of(study, exact).empty


def test_a_survey_of_one_wave_or_of_small_waves_has_no_words():
    one = standins.responses(years=(2014,))
    assert publish(standins.study_of(responses=one)).tables["word_shifts"].empty
    small = standins.study_of(responses=standins.responses(n=110))
    assert publish(small).tables["word_shifts"].empty
