from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import survey
from scipy.stats import chi2_contingency

from iapt_topics._base.errors import InputError
from iapt_topics.drift.drift import measure_drift
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.survey.respondents import BLANK, one_question, respondent_mix, response_quality


def with_columns(years, person=None, **columns):
    _, responses = survey(years, np.zeros((len(years), 1)), person=person)
    return replace(responses, table=responses.table.assign(**columns))


def roles(sizes):
    """Years 2021.. with so many of each role: sizes is (years, roles)."""
    sizes = np.asarray(sizes)
    year = np.repeat(2021 + np.arange(len(sizes)), sizes.sum(axis=1))
    role = np.concatenate([np.repeat(list("ABCDE")[: sizes.shape[1]], row) for row in sizes])
    return year, role


def test_one_covariate_of_independent_people_is_wilson_and_pearson():
    sizes = np.array([[40, 60], [70, 50]])
    year, role = roles(sizes)
    given = with_columns(year, role=role)
    before = given.table.copy()
    table = respondent_mix(given, ["role"])
    assert table["count"].tolist() == [40, 70, 60, 50]
    low, high = wilson_interval(table["count"], table["n"])
    assert np.allclose(table["low"], low)
    assert np.allclose(table["high"], high)
    assert np.allclose(table["p"], chi2_contingency(sizes, correction=False).pvalue)
    pd.testing.assert_frame_equal(given.table, before)


def test_order_of_rows_does_not_matter():
    year, role = roles([[40, 60], [70, 50]])
    given = with_columns(year, role=role)
    mixed = replace(given, table=given.table.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(respondent_mix(given, ["role"]), respondent_mix(mixed, ["role"]))


@pytest.mark.parametrize(
    ("value", "said"), [("nurse", "Only one level"), ("", "No value at all"), (None, "No value")]
)
def test_a_covariate_that_does_not_vary_is_said_and_not_tested(value, said):
    table = respondent_mix(with_columns([2021] * 5 + [2022] * 5, role=value), ["role"])
    assert table["level"].unique().tolist() == [value or BLANK]
    assert table["p"].isna().all()
    assert table["note"].str.startswith(said).all()


def test_one_year_is_said():
    table = respondent_mix(with_columns([2021] * 4, role=list("ABAB")), ["role"])
    assert table["p"].isna().all()
    assert (table["note"] != "").all()


@pytest.mark.parametrize("names", [[], ["year"], ["nothing"], "role"])
def test_a_wrong_list_of_covariates_is_refused(names):
    with pytest.raises(InputError):
        respondent_mix(with_columns([2021, 2022], role=["A", "B"]), names)


def test_non_answers_and_length():
    year = np.repeat([2021, 2022], 100)
    text = ["so many words"] * 50 + ["seven words make up this text here"] * 50
    text += ["so many words"] * 100
    status = np.array(["kept"] * 200, object)
    status[150:] = "blank"
    table = response_quality(with_columns(year, text=text, status=status)).set_index(
        ["measure", "year"]
    )
    assert table.loc[("blank", 2022), "estimate"] == 0.5
    assert table.loc[("blank", 2021), "estimate"] == 0
    assert table.loc[("blank", 2021), "p_bh"] < 1e-6
    assert table.loc[("words", 2021), "estimate"] == pytest.approx(np.sqrt(3 * 7))
    assert table.loc[("words", 2021), "n"] == 100
    assert table.loc[("words", 2021), "low"] < np.sqrt(21) < table.loc[("words", 2021), "high"]
    # No spread at all in 2022, so there is nothing to test against.
    assert "Too little variation" in table.loc[("words", 2022), "note"]


def test_length_of_repeated_answers_counts_people():
    from scipy.stats import t

    words = [2, 4, 8, 16]
    text = [" ".join(["x"] * w) for w in words for _ in range(10)]
    person = np.repeat(np.arange(4), 10)
    table = response_quality(with_columns([2021] * 40, person=person, text=text))
    row = table[table["measure"] == "words"].iloc[0]
    logs = np.log(words)
    half = t.ppf(0.975, 3) * logs.std(ddof=1) / 2
    assert row["low"] == pytest.approx(np.exp(logs.mean() - half))
    assert row["high"] == pytest.approx(np.exp(logs.mean() + half))
    assert "one year" in row["note"]


def test_a_changing_mix_of_questions_is_refused_unless_said():
    year, question = roles([[90, 10], [50, 50]])
    given = with_columns(year, question=question)
    with pytest.raises(InputError, match="pool=True"):
        one_question(given)
    assert one_question(given, pool=True) is given
    held = one_question(given, "A")
    assert held.kept["question"].unique().tolist() == ["A"]
    assert len(held) == 140
    with pytest.raises(InputError, match="kept responses answer"):
        one_question(given, "C")


def test_drift_over_a_changing_mix_of_questions_says_so():
    year, question = roles([[90, 10], [50, 50]])
    codes, responses = survey(year, np.ones((200, 1)))
    mixed = replace(responses, table=responses.table.assign(question=question))
    notes = measure_drift(codes, mixed, n_boot=5).shares["note"]
    assert notes.str.contains("mix changed between years: 'A' 50% to 90%; 'B' 10% to 50%").all()
    held = one_question(mixed, "A")
    assert not measure_drift(codes, held, n_boot=5).shares["note"].str.contains("mix").any()


def test_a_steady_mix_of_questions_is_let_through():
    year, question = roles([[50, 50], [52, 48]])
    given = with_columns(year, question=question)
    assert one_question(given) is given
    # Three answers cannot show that the mix moved.
    year, question = roles([[50, 50], [2, 1]])
    given = with_columns(year, question=question)
    assert one_question(given) is given
