"""Trend tests, change points, weights and sources of uncertainty of ``measure_drift``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import exact, random_survey, survey
from hypothesis import given, settings
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.distances import distance
from iapt_topics.drift.drift import measure_drift
from iapt_topics.drift.trends import change_rows, largest_contrast, shapes, steps, trend_rows
from iapt_topics.drift.uncertainty import assignment_covariance, corrected_model
from iapt_topics.stats.intervals import jeffreys_interval
from iapt_topics.stats.share_model import ShareModel, share_model, sum_cells
from iapt_topics.survey.responses import Responses

TABLES = ("shares", "changes", "trends", "changepoints", "distances", "sources")


def weighted(responses, weight):
    return Responses(table=responses.table.assign(weight=weight), source="table")


def many(sizes, shares, n_themes, seed=0):
    """Model of independent responses; each column of ``given`` is one simulated survey."""
    rng = np.random.default_rng(seed)
    year = np.repeat(np.arange(len(sizes)), sizes)
    drawn = rng.random((len(year), n_themes)) < np.asarray(shares)[year][:, None]
    sums = sum_cells(np.arange(len(year)), year, drawn)
    return share_model(sums), sums.n


def test_shapes_fit_their_own_pattern():
    years, n = np.array([2014, 2015, 2017, 2018]), np.array([50.0, 80, 100, 30])
    names, contrasts = shapes(years, n)
    assert len(names) == len(contrasts) == 6
    assert np.allclose(contrasts.sum(axis=1), 0)
    # The height of each pattern, by least squares: 0.3 here, in whole years and not in places.
    assert contrasts[0] @ [0.1, 0.175, 0.325, 0.4] == pytest.approx(0.3)
    assert contrasts[2] @ [0.1, 0.1, 0.4, 0.4] == pytest.approx(0.3)
    assert contrasts[4] @ [0.1, 0.4, 0.2, 0.1] == pytest.approx(0.3)
    expected = 120 / 130 * 0.2 + 10 / 130 * 0.5 - 0.3  # a step is a difference of weighted means
    assert steps(np.array([10.0, 20, 120, 10]))[1] @ [0.3, 0.3, 0.2, 0.5] == pytest.approx(expected)


def test_shape_test_keeps_its_level_and_sees_what_a_line_cannot():
    years = np.arange(2014, 2019)
    model, n = many([300] * 5, [0.2] * 5, 3000)
    _, contrasts = shapes(years, n)
    _, p, critical = largest_contrast(model, contrasts, seed=1)
    assert 0.035 < (p < 0.05).mean() < 0.065  # 3000 surveys: standard error .004
    # Dunnett-like: between one contrast and Bonferroni's bound for eight.
    assert 1.96 < critical[0] < 2.73
    peak, n = many([300] * 5, [0.2, 0.2, 0.32, 0.2, 0.2], 400, seed=1)
    which, p, _ = largest_contrast(peak, contrasts, seed=1)
    assert (p < 0.05).mean() > 0.8
    assert (peak.contrast(contrasts[0])[3] < 0.05).mean() < 0.1
    assert np.bincount(which).argmax() in (6, 2, 3)


def test_two_years_leave_the_z_test():
    model, n = many([100, 140], [0.2, 0.3], 5)
    _, contrasts = shapes(np.array([2020, 2024]), n)
    _, p, critical = largest_contrast(model, contrasts, seed=0)
    assert p == pytest.approx(model.contrast(np.array([-1.0, 1.0]))[3])
    assert critical == pytest.approx(1.96, abs=1e-3)


def test_the_smallest_detectable_trend_is_found_in_four_of_five():
    years = np.arange(2014, 2019)
    drift = measure_drift(*survey(*exact([300] * 5, [[60] * 5])), n_boot=1)
    row = drift.trends.set_index("test").loc["linear"]
    line = 0.2 + row["smallest_detectable"] * np.arange(5)
    model, n = many([300] * 5, line, 3000)
    slope = shapes(years, n)[1][0]
    assert (model.contrast(slope)[3] < 0.05).mean() == pytest.approx(0.8, abs=0.04)
    # No response has the theme: a change could still be seen, and not one of size 0.
    none = measure_drift(*survey(*exact([300] * 5, [[0] * 5])), n_boot=1).trends
    assert (none["smallest_detectable"] > 0.001).all()


def test_change_points_are_found_where_they_are():
    sizes = [200] * 9
    jump = [20, 20, 20, 60, 60, 60, 60, 20, 20]
    drift = measure_drift(*survey(*exact(sizes, [jump, [40] * 9])), n_boot=1)
    table = drift.changepoints
    found = table[(table["theme"] == "t0") & (table["p_bh"] < 0.05)]
    assert set(found["year"]) == {2024, 2028}
    assert (found.sort_values("year")["estimate"] * [1, -1] > 0.1).all()
    assert (found["low"] * found["high"] > 0).all()
    still = table[table["theme"] == "t1"]
    assert len(still) == 1
    assert still["note"].item() == "No step change found."
    assert still["smallest_detectable"].item() > 0.03
    seven = measure_drift(*survey(*exact(sizes[:7], [jump[:7]])), n_boot=1).changepoints
    assert list(seven.columns) == list(table.columns)
    assert len(seven) == 0


def test_no_change_point_where_there_is_none():
    model, n = many([150] * 10, [0.1] * 10, 1000)
    rows = pd.DataFrame(change_rows(model, np.arange(2010, 2020), n, seed=0))
    assert (rows["depth"] == 0).all()
    assert 0.03 < (rows["p"] < 0.05).mean() < 0.07


def test_equal_weights_change_nothing_and_their_scale_does_not_matter():
    year, given, person = random_survey(people=90)
    codes, responses = survey(year, given, person)
    plain = measure_drift(codes, responses, n_boot=20)
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.5, 3, len(year))
    one, two = (
        measure_drift(codes, weighted(responses, w), n_boot=20) for w in (weight, 7 * weight)
    )
    equal = measure_drift(codes, weighted(responses, 0.7), n_boot=20)
    for name in TABLES:
        a, b = (getattr(d, name).drop(columns="note") for d in (plain, equal))
        pd.testing.assert_frame_equal(a, b, rtol=1e-5)
        a, b = (getattr(d, name) for d in (one, two))
        pd.testing.assert_frame_equal(a, b, rtol=1e-5)


def test_weighted_shares_have_the_linearised_variance():
    # By hand: share = sum(w y) / sum(w); variance = n / (n - 1) sum((w (y - share))^2) / sum(w)^2.
    rng = np.random.default_rng(1)
    y, w = rng.random(200) < 0.3, rng.uniform(0.2, 4, 200)
    codes, responses = survey(np.full(200, 2021), y[:, None])
    row = measure_drift(codes, weighted(responses, w), n_boot=1).shares.iloc[0]
    share = (w * y).sum() / w.sum()
    variance = 200 / 199 * ((w * (y - share)) ** 2).sum() / w.sum() ** 2
    effective = share * (1 - share) / variance
    low, high = jeffreys_interval(share * effective, effective)
    assert row["estimate"] == pytest.approx(share)
    assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)), abs=1e-5)
    assert row["count"] == y.sum()
    assert row["note"].endswith(f"Weighted: effective sample size {effective:.0f}.")


def test_weights_count_like_copies_in_the_estimate():
    year, given, _ = random_survey(n=90)
    copies = np.random.default_rng(0).integers(1, 4, 90)
    codes, responses = survey(year, given)
    weighed = measure_drift(codes, weighted(responses, copies.astype(float)), n_boot=1)
    again = measure_drift(
        *survey(np.repeat(year, copies), np.repeat(given, copies, axis=0)), n_boot=1
    )
    for name in ("shares", "changes", "distances"):
        a, b = (getattr(d, name)["estimate"] for d in (weighed, again))
        assert np.allclose(a, b, atol=1e-6), name


def test_weighted_intervals_cover():
    rng = np.random.default_rng(5)
    year = np.repeat([0, 1], 300)
    weight = np.exp(rng.normal(0, 0.6, 600))
    given = rng.random((600, 2000)) < 0.2
    model = share_model(sum_cells(np.arange(600), year, given, weight))
    _, low, high, p = model.contrast(np.array([-1.0, 1.0]))
    assert ((model.low <= 0.2) & (model.high >= 0.2)).mean() == pytest.approx(0.95, abs=0.015)
    assert ((low <= 0) & (high >= 0)).mean() == pytest.approx(0.95, abs=0.015)
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.015)


def recoded(codes, share, seed):
    """Codes with each theme of ``share`` of the responses given anew, by chance."""
    rng = np.random.default_rng(seed)
    cells = codes.matrix()
    anew = rng.random(len(cells)) < share
    cells[anew] = rng.random((int(anew.sum()), cells.shape[1])) < cells.mean(axis=0)
    row, theme = np.nonzero(cells)
    table = pd.DataFrame(
        {
            "response_id": codes.seen["response_id"].to_numpy()[row],
            "theme": np.array(codes.themes, dtype=object)[theme],
            "score": 1.0,
        }
    )
    return Codes(coder="r", kind="machine", themes=codes.themes, seen=codes.seen, table=table)


def test_other_codings_widen_the_intervals_as_rubins_rules_say():
    codes, responses = survey(*random_survey(n=600))
    draws = [recoded(codes, 0.3, seed) for seed in range(10)]
    alone = measure_drift(codes, responses, n_boot=1)
    both = measure_drift(codes, responses, draws=draws, n_boot=1)
    assert alone.sources.empty
    pd.testing.assert_series_equal(alone.shares["estimate"], both.shares["estimate"])
    for name in ("shares", "changes"):
        before, after = getattr(alone, name), getattr(both, name)
        assert (after["low"] <= before["low"] + 1e-12).all()
        assert (after["high"] >= before["high"] - 1e-12).all()
    # Each limit by hand: squares add up.
    table = both.sources.set_index(["measure", "theme", "year", "source"])
    parts = table["estimate"] - table["low"]
    part = {s: parts.xs(s, level="source") for s in ("sampling", "assignment", "together")}
    unclipped = table["low"].xs("together", level="source") > 0
    total = np.hypot(part["sampling"], part["assignment"])
    assert np.allclose(total[unclipped], part["together"][unclipped])
    # One number by hand: t (9 degrees) times the root of (1 + 1/m) B.
    ids = responses.kept.loc[responses.kept["year"] == 2021, "response_id"].tolist()
    shares = [d.matrix(ids, ["t1"]).mean() for d in draws]
    expected = 2.262157 * np.sqrt(1.1 * np.var(shares, ddof=1))
    assert part["assignment"][("share", "t1", 2021)] == pytest.approx(expected, rel=1e-5)
    shown = both.shares.set_index(["theme", "year"])["low"]
    assert shown[("t1", 2021)] == table["low"][("share", "t1", 2021, "together")]
    assert (both.trends["p"] >= alone.trends["p"] - 0.02).all()


def test_an_error_that_is_the_same_in_all_years_does_not_blur_a_change():
    # Each coding gives the theme to ten more responses of each year than the one before.
    codes, responses = survey(*exact([200, 200], [[40, 80]]))
    draws = [survey(*exact([200, 200], [[40 + k, 80 + k]]))[0] for k in (-20, -10, 0, 10, 20)]
    table = measure_drift(codes, responses, draws=draws, n_boot=1).sources
    table = table[table["source"] == "assignment"].set_index("measure")
    width = table["high"] - table["low"]
    assert (width["share"] > 0.1).all()
    assert width["change"] == pytest.approx(0, abs=1e-7)


def test_equal_codings_add_nothing_and_one_is_refused():
    codes, responses = survey(*random_survey())
    same = measure_drift(codes, responses, draws=[codes] * 3, n_boot=1)
    alone = measure_drift(codes, responses, n_boot=1)
    for name in ("shares", "changes", "trends"):
        pd.testing.assert_frame_equal(getattr(same, name), getattr(alone, name))
    with pytest.raises(InputError, match="two or more"):
        measure_drift(codes, responses, draws=[codes])
    other, _ = survey(*random_survey(n=100))
    with pytest.raises(InputError, match="were coded"):
        measure_drift(codes, responses, draws=[other, other])


def test_corrected_shares_carry_their_own_intervals():
    model, _ = many([100, 100], [0.2, 0.3], 3)
    share, low, high = model.share + 0.05, model.low, model.high + 0.1
    share[0, 0] = np.nan
    unchanged = np.full(share.shape, 0.004)
    unchanged[1, 0] = (
        0.0  # no hand code ever gave this theme: its interval says how little is known
    )
    new = corrected_model(model, share, low, high, unchanged)
    assert new.share[0, 0] == model.share[0, 0]
    assert new.high[0, 0] == model.high[0, 0]
    assert np.array_equal(new.high[1], high[1])
    assert (new.effective.ravel()[1:] < model.effective.ravel()[1:]).all()
    mean = new.share.mean(axis=0)
    variance = mean * (1 - mean) / new.effective
    assert np.allclose(variance[1, 1:], 0.004)
    assert variance[1, 0] == pytest.approx(((new.high - new.low)[1, 0] / 3.919928) ** 2)


def test_hand_codes_correct_a_machine_that_got_worse():
    # The truth is 30 % in both years; the machine finds it all in the first, half in the second.
    rng = np.random.default_rng(2)
    year = np.repeat([2021, 2022], 1500)
    truth = rng.random(3000) < 0.3
    found = truth & ((year == 2021) | (rng.random(3000) < 0.5))
    machine, responses = survey(year, np.stack([found, found], axis=1))
    ids = machine.seen["response_id"]
    sample = rng.permutation(3000)[:600]
    pairs = pd.DataFrame(
        {"response_id": ids[sample[truth[sample]]], "theme": "t0", "score": np.nan}
    )
    human = Codes(
        coder="person", kind="human", themes=("t0",), seen=machine.seen.iloc[sample], table=pairs
    )
    plain = measure_drift(machine, responses, n_boot=1)
    drift = measure_drift(machine, responses, human=human, n_boot=1)
    assert plain.changes.iloc[0]["p_bh"] < 0.001
    row = drift.changes.iloc[0]
    assert row["p"] > 0.05
    assert row["low"] < 0 < row["high"]
    shares = drift.shares.set_index(["theme", "year"])
    assert shares.loc[("t0", 2022), "low"] < 0.3 < shares.loc[("t0", 2022), "high"]
    assert shares.loc[("t0", 2022), "note"].startswith("Corrected from 1")
    assert shares.loc[("t0", 2022), "count"] == found[year == 2022].sum()
    # A theme that the person could not give keeps the machine's share, and says so.
    assert shares.loc[("t1", 2022), "estimate"] == found[year == 2022].mean()
    assert shares.loc[("t1", 2022), "note"].startswith("Not corrected")
    table = drift.sources.set_index(["measure", "theme", "year", "source"])["high"]
    part = table - drift.sources["estimate"].to_numpy()
    for key in (("share", "t0", 2022), ("change", "t0", 2022)):
        whole = np.hypot(part[(*key, "sampling")], part[(*key, "coding")])
        assert part[(*key, "together")] == pytest.approx(whole, rel=0.02)
    assert part[("share", "t1", 2022, "coding")] == pytest.approx(0)


def test_covariance_of_codings_by_hand():
    shares = [np.array([[0.1], [0.3]]), np.array([[0.2], [0.3]])]
    found = assignment_covariance(shares)
    wider = (12.7062 / 1.95996) ** 2
    assert found == pytest.approx(np.array([[[1.5 * 0.005 * wider, 0], [0, 0]]]), rel=1e-4)


@st.composite
def hostile(draw):
    sizes = draw(st.lists(st.integers(1, 12), min_size=1, max_size=10))
    n = sum(sizes)
    year = np.repeat(2010 + np.arange(len(sizes)), sizes)
    cells = draw(st.lists(st.integers(0, 3), min_size=2 * n, max_size=2 * n))
    filled = draw(st.sampled_from([0, 1, 4]))  # no theme at all, some, all in every theme
    person = draw(st.one_of(st.none(), st.lists(st.integers(0, 5), min_size=n, max_size=n)))
    weight = draw(st.one_of(st.none(), st.lists(st.floats(0.01, 50), min_size=n, max_size=n)))
    return year, np.reshape(cells, (n, 2)) < filled, person, weight, draw(st.booleans())


@pytest.mark.slow
@settings(deadline=None, max_examples=25, derandomize=True)
@given(hostile())
def test_hostile_surveys_have_no_number_missing_without_a_note(made):
    year, given_themes, person, weight, with_draws = made
    codes, responses = survey(year, given_themes, person)
    if weight is not None:
        responses = weighted(responses, weight)
    draws = [codes, recoded(codes, 0.5, 1)] if with_draws else []
    drift = measure_drift(codes, responses, draws=draws, n_boot=5)
    for name in TABLES:
        table = getattr(drift, name)
        for column in table.columns.drop("note"):
            missing = table[column].isna()
            assert (table.loc[missing, "note"] != "").all(), (name, column)
        for column in {"p", "p_bh", "p_holm"} & set(table.columns):
            assert table[column].dropna().between(0, 1).all()
        known = table.dropna(subset=["estimate", "low", "high"])
        # The interval of a distance is that of the distance less its noise.
        middle = known["corrected" if name == "distances" else "estimate"]
        assert (known["low"] <= middle + 1e-9).all(), name
        assert (middle <= known["high"] + 1e-9).all(), name
    assert drift.shares.dropna()[["low", "high"]].stack().between(0, 1).all()


def panel_model(people, n_years, n_themes, seed=0):
    """Model of people who answer in every year, whose own share of a theme differs (ICC .3)."""
    rng = np.random.default_rng(seed)
    own = rng.beta(0.7, 0.7 * 7 / 3, (people, n_themes))
    person, year = np.tile(np.arange(people), n_years), np.repeat(np.arange(n_years), people)
    given = rng.random((len(person), n_themes)) < own[person]
    return share_model(sum_cells(person, year, given)), given.reshape(n_years, people, n_themes)


def test_omnibus_of_a_panel_is_hotellings():
    from scipy import stats

    model, given = panel_model(60, 4, 50)
    assert model.people == 60
    p = model.omnibus()
    # Hotelling's one-sample test that the mean steps from year to year are 0.
    steps_of = np.diff(given.astype(float), axis=0)
    wanted = []
    for j in range(50):
        mean, spread = steps_of[:, :, j].mean(axis=1), np.cov(steps_of[:, :, j])
        squared = 60 * mean @ np.linalg.solve(spread, mean)
        wanted.append(stats.f.sf(squared * 57 / (3 * 59), 3, 57))
    # Those take the variance as it is in each year, ours as if no year differed, and the
    # correlation shrunk a little.
    assert np.corrcoef(stats.norm.isf(p), stats.norm.isf(wanted))[0, 1] > 0.99
    assert np.abs(p - wanted).max() < 0.08
    apart = replace(model, people=float("inf")).omnibus()
    assert (p > apart).all()
    assert p == pytest.approx(stats.f.sf(stats.chi2.isf(apart, 3) * 57 / (3 * 59), 3, 57))


def test_omnibus_keeps_its_size_in_small_panels_and_cannot_test_with_fewer_people_than_years():
    model, _ = panel_model(40, 8, 1000)
    assert 0.02 < (model.omnibus() < 0.05).mean() < 0.06
    assert (replace(model, people=float("inf")).omnibus() < 0.05).mean() > 0.1
    few, _ = panel_model(6, 8, 20)
    assert (few.omnibus() == 1).all()
    rows = trend_rows(few, np.arange(8), np.full(8, 6.0), 0)
    assert np.isnan(rows[0]["smallest_detectable"]).all()


def test_range_that_a_small_panel_can_detect_is_larger():
    model, _ = panel_model(40, 8, 5)
    ranges = [
        trend_rows(m, np.arange(8), np.full(8, 40.0), 0)[0]["smallest_detectable"]
        for m in (model, replace(model, people=float("inf")))
    ]
    assert (ranges[0] > ranges[1]).all()


def small_model(share, extra=None):
    share = np.array(share, float)[:, None]
    n = len(share)
    return ShareModel(
        share=share, low=share - 0.05, high=share + 0.03, effective=np.full((n, 1), 100.0),
        correlation=np.eye(n)[None], extra=extra,
    )  # fmt: skip


def test_a_contrast_pools_the_years_it_is_of_and_adds_every_source():
    # By hand: pooled (.1 + .2) / 2; the third year takes no part.
    c = np.array([1.0, -1.0, 0.0])
    model = small_model([0.1, 0.2, 0.8])
    assert model.null_sd(c) == pytest.approx(np.sqrt(2 * 0.15 * 0.85 / 100))
    wide = small_model([0.1, 0.2, 0.8], extra=1e-4 * np.eye(3)[None])
    assert wide.null_sd(c) == pytest.approx(np.sqrt(2 * 0.15 * 0.85 / 100 + 2e-4))
    estimate, low, high, _ = wide.contrast(c)
    half = np.sqrt(0.05**2 + 0.03**2 + 1.959964**2 * 2e-4)
    assert (estimate - low) == pytest.approx(half, rel=1e-5)
    assert (high - estimate) == pytest.approx(half, rel=1e-5)


def test_answers_that_offset_each_other_do_not_count_for_more_than_they_are():
    person, given = np.repeat(np.arange(30), 2), np.tile([[True], [False]], (30, 1))
    model = share_model(sum_cells(person, np.zeros(60, np.intp), given))
    assert model.effective[0, 0] <= 60


def test_the_range_is_the_highest_share_less_the_lowest():
    model = small_model([0.2, 0.5, 0.3])
    rows = trend_rows(model, np.array([2014, 2015, 2016]), np.full(3, 100.0), 0)
    assert rows[0]["estimate"] == pytest.approx([0.3])


def test_chance_is_what_distances_exceed_in_one_case_of_twenty():
    p = []
    for seed in range(40):
        year, given, _ = random_survey(seed, 200)
        sums = sum_cells(np.arange(200), (year - 2021).clip(0, 1), given)
        row = distance(sums, 0, 1, 20, seed)
        p.append(row["p"])
        if abs(row["p"] - 0.05) > 0.01:
            assert (row["estimate"] > row["null_p95"]) == (row["p"] < 0.05)
    # Uniform without a change: mean 1/2, standard error 0.046.
    assert 0.35 < np.mean(p) < 0.65
