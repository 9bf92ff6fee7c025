"""Whether the machine's error differs between years: against scipy, with clusters, left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from coded_surveys import make
from coded_surveys import survey as coded_survey
from scipy.stats import f_oneway

from iapt_topics.drift.coded import join_codes
from iapt_topics.drift.drift import measure_drift
from iapt_topics.drift.machine_error import (
    change_tests,
    corrected_tests,
    error_by_year,
)
from iapt_topics.stats.share_model import share_model


def coded(seed: int, *, each: int = 1):
    """Machine codes and a person's, of three years; ``each`` responses of a person alike."""
    rng = np.random.default_rng(seed)
    true = np.repeat(rng.random((180, 3)) < 0.4, each, axis=0)
    right = np.repeat(rng.random((180, 3)) < 0.8, each, axis=0)
    year = np.repeat([2014, 2015, 2016], [70 * each, 60 * each, 50 * each])
    codes, responses = coded_survey(
        year, np.where(right, true, ~true), person=np.repeat(np.arange(180), each)
    )
    ids = codes.seen["response_id"].to_numpy()
    people = responses.kept["respondent_id"].to_numpy()
    human = make(true, themes=codes.themes, ids=ids, people=people)
    return codes, human, responses, np.where(right, true, ~true).astype(float) - true, year


def test_p_is_that_of_an_analysis_of_variance():
    codes, human, responses, error, year = coded(1)
    table = error_by_year(codes, human, responses)
    expected = [f_oneway(*(e[year == y] for y in (2014, 2015, 2016))).pvalue for e in error.T]
    np.testing.assert_allclose(table["p"], expected, rtol=1e-9)
    means = np.stack([error[year == y].mean(axis=0) for y in (2014, 2015, 2016)])
    np.testing.assert_allclose(table["estimate"], np.ptp(means, axis=0))
    assert set(table["n"]) == {180}


def test_answers_of_one_person_count_once():
    # Everybody gave four responses, all alike: F is a quarter of that of as many people.
    codes, human, responses, error, year = coded(2, each=4)
    p = error_by_year(codes, human, responses)["p"].to_numpy()
    naive = [f_oneway(*(e[year == y] for y in (2014, 2015, 2016))).pvalue for e in error.T]
    assert (p > naive).all()
    codes, human, responses, *_ = coded(2)
    np.testing.assert_allclose(p, error_by_year(codes, human, responses)["p"], rtol=0.05)


def test_a_purposive_sample_and_what_the_machine_learned_are_left_out():
    codes, human, responses, *_ = coded(3)
    ids = human.seen["response_id"]
    first = error_by_year(codes, human, responses).iloc[0]
    picked = replace(human, picked=frozenset(ids.head(30)))
    learned = replace(codes, trained_on=frozenset(ids.tail(20)))
    row = error_by_year(learned, picked, responses).iloc[0]
    assert (first["n"], row["n"]) == (180, 130)


def test_one_year_or_no_error_is_no_difference():
    codes, human, responses, *_ = coded(4)
    same = replace(human, table=codes.table, kind="human")
    table = error_by_year(codes, same, responses)
    assert (table["estimate"] == 0).all()
    assert (table["p"] == 1).all()
    few = human.seen.head(40)
    given = human.table[human.table["response_id"].isin(few["response_id"])]
    alone = replace(human, seen=few, table=given)
    table = error_by_year(codes, alone, responses)
    assert table[["estimate", "p"]].isna().all(axis=None)
    assert set(table["note"]) == {"hand-coded responses of one year alone"}


def test_corrected_changes_are_those_of_measure_drift():
    codes, human, responses, *_ = coded(5)
    tests = corrected_tests(codes, human, responses)[0].set_index(["theme", "year"])
    drift = measure_drift(codes, responses, human=human, n_boot=1).changes
    drift = drift.query("kind == 'baseline'").set_index(["theme", "year"]).loc[tests.index]
    for column in ("estimate", "low", "high", "p", "smallest_detectable"):
        np.testing.assert_allclose(tests[column], drift[column])


def test_corrected_trends_are_those_of_measure_drift():
    codes, human, responses, *_ = coded(5)
    tests = corrected_tests(codes, human, responses)[1].set_index(["theme", "test"])
    drift = measure_drift(codes, responses, human=human, n_boot=1).trends
    drift = drift.set_index(["theme", "test"]).loc[tests.index]
    for column in ("estimate", "low", "high", "p", "p_bh", "p_holm", "smallest_detectable"):
        np.testing.assert_allclose(tests[column], drift[column])
    assert tests["shape"].tolist() == drift["shape"].tolist()


def test_one_year_has_no_corrected_change():
    codes, human, responses, *_ = coded(6)
    one = replace(responses, table=responses.table.assign(year=2014))
    assert all(table.empty for table in corrected_tests(codes, human, one))


@pytest.mark.parametrize("known", [True, False])
def test_a_year_that_is_not_known_has_no_change(known):
    codes, _, responses, *_ = coded(7)
    data = join_codes(codes, responses)
    has = np.full((3, 3), True)
    has[1] = known
    model = share_model(data.sum_cells())
    table = change_tests(model, has, data.themes, data.years, data.at_base)
    assert table.query("year == 2015")["estimate"].notna().all() == known
    assert table.query("year == 2016")["p_bh"].notna().all()
