from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.prevalence import (
    _class_limits,
    _Stratum,
    corrected_shares,
    shares_by_hand,
)
from iapt_topics.stats.intervals import jeffreys_interval, wilson_interval
from iapt_topics.survey.responses import Responses


def survey(n, year=2016, people=None, **more):
    ids = [f"r{i:04d}" for i in range(n)]
    table = pd.DataFrame({"response_id": ids, "respondent_id": ids if people is None else people})
    table = table.assign(year=year, question="", text="text", status="kept", **more)
    return Responses(table=table, source="made up")


def coded(cells, rows=None, themes=None, kind="human", **more):
    cells = np.asarray(cells, bool)
    cells = cells[:, None] if cells.ndim == 1 else cells
    themes = tuple(themes or [f"T{j}" for j in range(cells.shape[1])])
    ids = np.array([f"r{i:04d}" for i in (range(len(cells)) if rows is None else rows)])
    at, column = np.nonzero(cells)
    return Codes(
        coder=kind, kind=kind, themes=themes,
        seen=pd.DataFrame({"response_id": ids, "respondent_id": ""}),
        table=pd.DataFrame(
            {"response_id": ids[at], "theme": [themes[j] for j in column], "score": np.nan}
        ),
        **more,
    )  # fmt: skip


def worked():
    """Of 300 hand-coded, 60 given by both, 20 by hand, 30 by the machine; 390 of the other 1200."""
    machine = np.repeat([1, 0, 1, 0, 1, 0], [60, 20, 30, 190, 390, 810])
    human = np.repeat([1, 1, 0, 0], [60, 20, 30, 190])
    return coded(machine, kind="machine"), coded(human), survey(1500)


def row(table, method="corrected", theme="T0", year=2016):
    at = (table["method"] == method) & (table["theme"] == theme)
    at &= table["year"].isna() if year is None else table["year"] == year
    return table[at].iloc[0]


def test_worked_example_by_hand_and_by_ppi_python():
    shares = corrected_shares(*worked())
    got = row(shares)
    assert got["estimate"] == pytest.approx(0.32 * 60 / 90 + 0.68 * 20 / 210, abs=1e-12)
    # ppi_python 0.2.3, ppi_mean_pointestimate and ppi_mean_ci (alpha .05) with lam set to the
    # sample's regression slope (60/90 - 20/210) times 1 - 300/1500, the tuning of its paper.
    assert got["estimate"] == pytest.approx(0.27809524, abs=1e-8)
    # Its interval is Wald's; at these counts the other is shifted a little but no wider.
    assert got["low"] == pytest.approx(0.23557588, abs=0.004)
    assert got["high"] == pytest.approx(0.32061459, abs=0.004)
    assert got["high"] - got["low"] == pytest.approx(0.32061459 - 0.23557588, rel=0.02)
    assert (got["n"], got["n_human"], got["note"]) == (1500, 300, "")
    machine, human = row(shares, "machine"), row(shares, "human")
    low, high = map(float, wilson_interval(480, 1500))
    assert tuple(machine[["estimate", "low", "high"]]) == pytest.approx((0.32, low, high))
    low, high = map(float, jeffreys_interval(80, 300))
    assert tuple(human[["estimate", "low", "high"]]) == pytest.approx((80 / 300, low, high))
    assert human["n"] == 300


def test_variance_without_change_takes_the_errors_of_all_years():
    got = row(shares_by_hand(*worked()))["variance"]
    coding = 0.32**2 * (2 / 9) / 90 + 0.68**2 * (20 * 190 / 210**2) / 210
    apart = 0.32 * (60 / 90 - 0.2780952) ** 2 + 0.68 * (20 / 210 - 0.2780952) ** 2
    assert got == pytest.approx(coding + apart / 1500, rel=1e-6)
    assert got == pytest.approx(((0.32061459 - 0.23557588) / 3.919928) ** 2, rel=0.05)
    # A year whose few hand codes hold no error is not surer for it than one whose codes hold some.
    year = np.repeat([2016, 2017], 100)
    machine = np.tile(np.repeat([1, 0], [30, 70]), 2)
    human = np.r_[np.repeat([1, 0], [5, 15]), np.repeat([1, 0, 1, 0], [3, 2, 2, 13])]
    rows = np.r_[25:45, 125:145]
    table = shares_by_hand(
        coded(machine, kind="machine"), coded(human, rows), survey(200, year=year)
    )
    clean, mixed = (row(table, year=y) for y in (2016, 2017))
    assert clean["variance"] == pytest.approx(mixed["variance"], rel=1e-9)
    assert clean["high"] - clean["low"] < mixed["high"] - mixed["low"]


def test_width_is_that_of_tenenbein():
    # A sample of 600 exactly like the other 2400; Tenenbein (1970), variance of the estimate.
    cells = np.array([160, 40, 80, 320])
    machine = np.repeat([1, 0, 1, 0] * 2, [*cells, *(4 * cells)])
    human = coded(np.repeat([1, 1, 0, 0], cells))
    shares = corrected_shares(coded(machine, kind="machine"), human, survey(3000))
    width = {m: row(shares, m)["high"] - row(shares, m)["low"] for m in ("corrected", "human")}
    p, q = 200 / 600, 240 / 600
    r2 = (160 / 600 - p * q) ** 2 / (p * q * (1 - p) * (1 - q))
    assert width["corrected"] / width["human"] == pytest.approx(np.sqrt(1 - 0.8 * r2), abs=0.005)


def test_a_perfect_machine_is_worth_all_its_codes():
    rng = np.random.default_rng(0)
    truth = rng.random(1000) < 0.3
    got = corrected_shares(coded(truth, kind="machine"), coded(truth[:100]), survey(1000))
    assert row(got)["estimate"] == pytest.approx(truth.mean())
    # A hundred hand codes cannot show that the machine never errs.
    whole = row(got, "machine")
    assert row(got)["low"] < whole["low"] < whole["high"] < row(got)["high"]


def test_a_blind_machine_leaves_the_hand_share():
    human = np.arange(100) % 4 == 0
    for given in (np.zeros(400), np.ones(400)):
        got = corrected_shares(coded(given, kind="machine"), coded(human), survey(400))
        same = ["estimate", "low", "high"]
        assert tuple(row(got)[same]) == pytest.approx(tuple(row(got, "human")[same]))


def test_years_are_estimated_alone_and_together():
    rng = np.random.default_rng(1)
    year = np.repeat([2015, 2016], [300, 900])
    truth = rng.random((1200, 2)) < np.where(year == 2015, 0.6, 0.2)[:, None]
    machine = truth ^ (rng.random((1200, 2)) < 0.1)
    drawn = np.r_[:100, 300:400]
    responses = survey(1200, year=year)
    alone = corrected_shares(coded(machine, kind="machine"), coded(truth[drawn], drawn), responses)
    assert list(alone["theme"]) == ["T0"] * 6 + ["T1"] * 6
    assert list(alone["year"])[:6] == [2015] * 3 + [2016] * 3
    assert list(alone["method"])[:3] == ["corrected", "machine", "human"]
    assert alone["year"].dtype == "int64"
    one = corrected_shares(
        coded(machine[:300], kind="machine"), coded(truth[:100]), survey(300, year=2015)
    )
    pd.testing.assert_frame_equal(
        one, alone[alone["year"] == 2015].reset_index(drop=True), check_exact=False
    )
    # Half of the sample is from a quarter of the responses: it is weighted back.
    together = corrected_shares(
        coded(machine, kind="machine"), coded(truth[drawn], drawn), responses, by_year=False
    )
    assert together["year"].isna().all()
    each = [row(alone, "human", year=y)["estimate"] for y in (2015, 2016)]
    assert row(together, "human", year=None)["estimate"] == pytest.approx(
        0.25 * each[0] + 0.75 * each[1]
    )
    assert row(together, year=None)["estimate"] == pytest.approx(truth[:, 0].mean(), abs=0.05)


def test_order_of_rows_does_not_matter_and_nothing_is_written():
    machine, human, responses = worked()
    before = [machine.seen.copy(), human.table.copy(), responses.table.copy()]
    one = corrected_shares(machine, human, responses)
    mixed = responses.table.sample(frac=1, random_state=0, ignore_index=True)
    two = corrected_shares(machine, human, Responses(table=mixed, source="made up"))
    pd.testing.assert_frame_equal(one, two, check_exact=False)
    for table, was in zip([machine.seen, human.table, responses.table], before, strict=True):
        pd.testing.assert_frame_equal(table, was)


def test_answers_of_one_person_widen_the_interval():
    machine, human, _ = worked()
    people = [f"p{i // 5}" for i in range(1500)]
    alone = row(corrected_shares(machine, human, survey(1500)))
    shared = row(corrected_shares(machine, human, survey(1500, people=people)))
    assert shared["estimate"] == alone["estimate"]
    assert shared["high"] - shared["low"] > 1.8 * (alone["high"] - alone["low"])


def test_it_is_the_errors_of_the_machine_that_cluster_in_people():
    # 50 people with one response that the machine gave the theme to and one that it did not: 30
    # have it in the first, 10 in both, 10 in neither. Within the classes (.8 and .2) the errors
    # are (.2, -.2), (.2, .8), (-.8, -.2): their sums squared are 20, their squares 16.
    human = np.repeat([[1, 0], [1, 1], [0, 0]], [30, 10, 10], axis=0).ravel()
    people = [f"p{i // 2}" if i < 100 else f"q{i}" for i in range(2000)]
    machine = coded(np.arange(2000) % 2 == 0, kind="machine")
    got = row(corrected_shares(machine, coded(human), survey(2000, people=people)))
    n = 50 / (20 / 16)
    classes = [
        (0.5, 0.8, *jeffreys_interval(0.8 * n, n)),
        (0.5, 0.2, *jeffreys_interval(0.2 * n, n)),
    ]
    all_n = 2000 / (0.3**2 / 0.5**2)
    parts = [*classes, (1, 0.5, *wilson_interval(0.5 * all_n, all_n))]
    assert got["estimate"] == pytest.approx(0.5)
    assert got["low"] == pytest.approx(
        0.5 - np.sqrt(sum((w * (m - low)) ** 2 for w, m, low, _ in parts))
    )
    assert got["high"] == pytest.approx(
        0.5 + np.sqrt(sum((w * (high - m)) ** 2 for w, m, _, high in parts))
    )


def test_weights_count():
    machine, human, _ = worked()
    weight = np.where(machine.matrix()[:, 0], 3.0, 1.0)
    got = row(corrected_shares(machine, human, survey(1500, weight=weight)))
    share = 3 * 480 / (3 * 480 + 1020)
    assert got["estimate"] == pytest.approx(share * 60 / 90 + (1 - share) * 20 / 210)
    even = row(corrected_shares(machine, human, survey(1500, weight=np.full(1500, 2.5))))
    assert tuple(even) == pytest.approx(tuple(row(corrected_shares(machine, human, survey(1500)))))


def test_responses_coded_on_purpose_stand_for_themselves():
    truth = np.arange(400) % 4 == 0
    machine = coded(np.zeros(400), kind="machine")
    # Forty with the theme were sought out, forty others drawn: 10 of them have it.
    sought = np.flatnonzero(truth)[60:]
    drawn = np.arange(40)
    rows = np.r_[drawn, sought]
    picked = frozenset(f"r{i:04d}" for i in sought)
    human = coded(truth[rows], rows, picked=picked)
    got = row(corrected_shares(machine, human, survey(400)))
    assert got["estimate"] == pytest.approx((40 + 360 * 10 / 40) / 400)
    assert "40 hand-coded responses of a purposive sample represent no others" in got["note"]
    assert got["n_human"] == 80
    learned = coded(np.zeros(400), kind="machine", trained_on=picked)
    again = row(corrected_shares(learned, coded(truth[rows], rows), survey(400)))
    assert tuple(again) == tuple(got)
    with pytest.raises(InputError, match="none of them drawn at random"):
        corrected_shares(machine, coded(truth[sought], sought, picked=picked), survey(400))


def test_a_sample_unlike_the_survey_is_named():
    machine = np.arange(1000) < 300
    human = coded(machine[:100])
    note = row(corrected_shares(coded(machine, kind="machine"), human, survey(1000)))["note"]
    assert "check the sampling" in note
    fair = coded(machine[::10], range(0, 1000, 10))
    note = row(corrected_shares(coded(machine, kind="machine"), fair, survey(1000)))["note"]
    assert "check the sampling" not in note


def test_small_strata():
    year = np.repeat([2014, 2015, 2016], 100)
    machine = np.tile(np.arange(100) < 5, 3)
    human = machine.copy()
    # None in 2014, 20 in 2015 without the machine's theme, 50 in 2016 with and without.
    drawn = np.r_[180:200, 200:250]
    got = corrected_shares(
        coded(machine, kind="machine"), coded(human[drawn], drawn), survey(300, year=year)
    )
    none = row(got, year=2014)
    assert np.isnan(none[["estimate", "low", "high"]].astype(float)).all()
    assert "no response of this year" in none["note"]
    few = row(got, year=2015)
    assert "only 20 random hand-coded responses" in few["note"]
    assert "all years pooled" in few["note"]
    assert few["estimate"] == pytest.approx(0.05)
    assert few["low"] <= 0.001
    assert few["high"] >= 0.05
    together = row(
        corrected_shares(
            coded(machine, kind="machine"), coded(human[drawn], drawn), survey(300, year=year),
            by_year=False,
        ),
        year=None,
    )  # fmt: skip
    assert together["n"] == 200
    assert "without a random hand-coded response excluded: 2014" in together["note"]


def test_themes_of_one_side_only():
    machine, human = coded(np.eye(60, 2), themes=("A", "B"), kind="machine"), np.zeros((40, 2))
    human[:10] = 1
    got = corrected_shares(machine, coded(human, themes=("C", "B")), survey(60))
    assert list(got["theme"].unique()) == ["C", "B", "A"]
    assert np.isnan(row(got, theme="A")["estimate"])
    assert "not in the human code set" in row(got, theme="A")["note"]
    assert row(got, "machine", "A")["estimate"] == pytest.approx(1 / 60)
    assert row(got, theme="C")["estimate"] == pytest.approx(0.25)
    assert "not in the machine's code set" in row(got, theme="C")["note"]


def test_what_cannot_be_used():
    machine, human, responses = worked()
    with pytest.raises(InputError, match="must be for responses of this survey"):
        corrected_shares(machine, coded([1], [9999]), responses)
    with pytest.raises(InputError, match="0 of the 100 responses"):
        corrected_shares(coded(np.ones(100), kind="machine"), coded([1], [200]), responses)
    status = np.where(np.arange(1500) < 10, "non_answer", "kept")
    table = responses.table.assign(status=status)
    part = corrected_shares(
        coded(machine.matrix()[:1000, 0], kind="machine"), human,
        Responses(table=table, source="made up"),
    )  # fmt: skip
    note = row(part)["note"]
    assert "500 kept responses that the machine did not code excluded" in note
    assert "10 hand-coded responses outside the survey excluded" in note
    assert row(part)["n"] == 990


def test_intervals_cover_and_are_narrower():
    """A small copy of benchmarks/corrected_shares.py: 25 themes, bias 10 points, F1 .8."""
    rng = np.random.default_rng(5)
    n, k, both = 1500, 25, 0.8 * 0.25
    covered, ratio = [], []
    for _ in range(12):
        u = rng.random((n, k))
        human, machine = u < 0.2, (u < both) | ((u >= 0.2) & (u < 0.5 - both))
        drawn = np.sort(rng.choice(n, 200, replace=False))
        got = corrected_shares(
            coded(machine, kind="machine"), coded(human[drawn], drawn), survey(n)
        ).set_index("method")
        mine = got.loc["corrected"]
        covered += list((mine["low"] <= 0.2) & (mine["high"] >= 0.2))
        ratio.append(
            (mine["high"] - mine["low"]).mean() / (got["high"] - got["low"])["human"].mean()
        )
        assert ((got["low"] > 0.2) | (got["high"] < 0.2))["machine"].all()
    # 300 intervals: 95 % give or take 3 standard errors.
    assert 0.912 < np.mean(covered) < 0.988
    assert np.mean(ratio) < 0.75


def strata(*parts):
    return [_Stratum(mean, mean, size, np.ones(1, bool)) for mean, size in parts]


def test_classes_drawn_alike_have_the_interval_of_one():
    # Two halves of one rate, each from 40 codes, are one class of 80.
    below, above = _class_limits(strata((0.2, 0.3), (0.2, 0.3)), np.array([40.0, 40.0]))
    low, high = jeffreys_interval(16, 80)
    assert (below, above) == pytest.approx((0.6 * (0.2 - low), 0.6 * (high - 0.2)))
    one = _class_limits(strata((0.2, 0.6)), np.array([80.0]))
    assert one == pytest.approx((below, above))


def test_a_class_that_tells_less_counts_by_its_part_of_the_variance():
    n = np.array([60.0, 20.0])
    below, above = _class_limits(strata((0.1, 0.2), (0.0, 0.6)), n)
    # The rate is .025; no positive among 20 is not taken for certain: (0 + .025) / 21.
    at = np.array([(6 + 0.025) / 61, 0.025 / 21])
    variance = (np.array([0.25, 0.75]) ** 2 * at * (1 - at) / n).sum()
    number = 0.025 * 0.975 / variance
    low, high = jeffreys_interval(0.025 * number, number)
    assert (below, above) == pytest.approx((0.8 * (0.025 - low), 0.8 * (high - 0.025)))


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_without_an_error_two_classes_are_as_wide_as_their_weights_make_them(rate):
    n = np.array([60.0, 20.0])
    below, above = _class_limits(strata((rate, 0.2), (rate, 0.6)), n)
    number = 1 / (np.array([0.25, 0.75]) ** 2 / n).sum()
    low, high = jeffreys_interval(rate * number, number)
    assert (below, above) == pytest.approx((0.8 * (rate - low), 0.8 * (high - rate)))
    widest = _class_limits(strata((rate, 0.2), (rate, 0.6)), np.array([60.0, 0.0]))
    assert sum(widest) == pytest.approx(0.8)
