from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from coded_surveys import exact, random_survey, survey

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.distances import distance
from iapt_topics.drift.drift import Drift, measure_drift
from iapt_topics.stats.divergence import jensen_shannon
from iapt_topics.stats.intervals import jeffreys_interval, newcombe_interval, wilson_interval
from iapt_topics.stats.share_model import share_model, sum_cells
from iapt_topics.survey.responses import Responses


def test_a_constant_share_stays_flat_when_n_grows():
    sizes = [100, 200, 400, 400]
    counts = [[20, 40, 80, 80], [10, 20, 40, 40]]
    drift = measure_drift(*survey(*exact(sizes, counts)), n_boot=50)
    share = drift.shares[drift.shares["theme"] == "t0"]
    assert share["estimate"].tolist() == [0.2] * 4
    assert share["n"].tolist() == sizes
    assert np.allclose(drift.changes["estimate"], 0)
    assert np.allclose(drift.changes["p"], 1)
    assert np.allclose(drift.trends["estimate"], 0)
    assert np.allclose(drift.distances["estimate"], 0)
    assert np.allclose(drift.distances["p"], 1)


def test_shares_are_wilson_and_counts_add_up():
    year, given, _ = random_survey()
    drift = measure_drift(*survey(year, given), n_boot=20)
    shares = drift.shares
    assert shares.groupby("theme")["count"].sum().tolist() == given.sum(axis=0).tolist()
    assert (shares.groupby("theme")["n"].sum() == len(year)).all()
    low, high = wilson_interval(shares["count"], shares["n"])
    assert np.allclose(shares["low"], low)
    assert np.allclose(shares["high"], high)
    assert (shares["n_respondents"] == shares["n"]).all()
    assert (shares["note"] == "").all()


def test_changes_are_newcombe_for_independent_respondents():
    # Newcombe (1998): 56/70 against 48/80 gives 0.0524 to 0.3339.
    drift = measure_drift(*survey(*exact([80, 70], [[48, 56]])), n_boot=20)
    assert drift.changes["kind"].tolist() == ["baseline", "previous"]
    row = drift.changes.iloc[0]
    assert row["estimate"] == pytest.approx(0.2)
    assert (row["low"], row["high"]) == pytest.approx((0.0524, 0.3339), abs=6e-5)
    # The pooled z test; a chi-square without correction.
    from scipy.stats import chi2_contingency

    expected = chi2_contingency([[48, 32], [56, 14]], correction=False).pvalue
    assert row["p"] == pytest.approx(expected)
    assert drift.trends["p"].tolist() == pytest.approx([expected] * 3)


def test_trends_are_pearson_and_cochran_armitage_for_independent_respondents():
    from scipy.stats import chi2_contingency, norm

    n, x = np.array([80, 100, 120]), np.array([10, 20, 40])
    drift = measure_drift(*survey(*exact(n.tolist(), [x.tolist()])), n_boot=20)
    omnibus, linear = drift.trends.iloc[0], drift.trends.iloc[1]
    assert omnibus["p"] == pytest.approx(chi2_contingency([x, n - x], correction=False).pvalue)
    assert omnibus["estimate"] == pytest.approx(40 / 120 - 10 / 80)
    assert "no interval" in omnibus["note"]
    t, p = np.arange(3), x.sum() / n.sum()
    centred = t - (n * t).sum() / n.sum()
    z = (x * centred).sum() / np.sqrt(p * (1 - p) * (n * centred**2).sum())
    assert linear["p"] == pytest.approx(2 * norm.sf(abs(z)))
    slope = np.polyfit(np.repeat(t, n), np.repeat(x / n, n), 1)[0]
    assert linear["estimate"] == pytest.approx(slope)
    assert linear["low"] < slope < linear["high"]


@pytest.mark.parametrize("people", [None, 90])
def test_the_order_of_rows_does_not_matter(people):
    year, given, person = random_survey(people=people)
    codes, responses = survey(year, given, person)
    shuffled = Codes(
        coder=codes.coder,
        kind=codes.kind,
        themes=codes.themes,
        seen=codes.seen.sample(frac=1, random_state=1).reset_index(drop=True),
        table=codes.table.sample(frac=1, random_state=2).reset_index(drop=True),
    )
    mixed = Responses(
        table=responses.table.sample(frac=1, random_state=3).reset_index(drop=True),
        source="table",
    )
    first = measure_drift(codes, responses, n_boot=40, seed=4)
    second = measure_drift(shuffled, mixed, n_boot=40, seed=4)
    for name in ("shares", "changes", "trends", "distances"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))


def test_inputs_are_unchanged_and_the_seed_decides():
    codes, responses = survey(*random_survey(people=100))
    before = [t.copy() for t in (codes.seen, codes.table, responses.table)]
    first = measure_drift(codes, responses, n_boot=40, seed=1)
    for then, now in zip(before, (codes.seen, codes.table, responses.table), strict=True):
        pd.testing.assert_frame_equal(then, now)
    again = measure_drift(codes, responses, n_boot=40, seed=1)
    pd.testing.assert_frame_equal(first.distances, again.distances)
    other = measure_drift(codes, responses, n_boot=40, seed=2)
    assert not first.distances.equals(other.distances)


def test_a_planted_change_is_flagged():
    sizes = [500, 500]
    counts = [[100, 150]] + [[50, 52]] * 9
    drift = measure_drift(*survey(*exact(sizes, counts)), n_boot=20)
    base = drift.changes[drift.changes["kind"] == "baseline"].set_index("theme")
    assert base.loc["t0", "p_bh"] < 0.05
    assert base.loc["t0", "p_holm"] < 0.05
    assert base.loc["t0", "low"] > 0
    assert (base.drop("t0")["p_bh"] > 0.5).all()
    assert 0.06 < base.loc["t0", "smallest_detectable"] < 0.09


@pytest.mark.slow
def test_no_change_is_seldom_flagged():
    flagged = 0
    for seed in range(60):
        codes, responses = survey(*random_survey(seed, n=300, people=200))
        drift = measure_drift(codes, responses, n_boot=1, seed=seed)
        flagged += bool((drift.changes["p_bh"] < 0.05).any())
    # At most 5 % for each of two families; 60 surveys at 10 % pass 12 once in 200 times.
    assert flagged <= 12


@pytest.mark.parametrize(("share", "size"), [(0.02, 300), (0.2, 90)])
@pytest.mark.parametrize("design", ["single", "cluster", "panel"])
def test_intervals_cover_and_tests_keep_their_level(share, size, design):
    rng = np.random.default_rng(7)
    year = np.repeat(np.arange(2), size)
    person = {
        "single": np.arange(2 * size),
        "cluster": np.arange(2 * size) // 3,
        "panel": np.tile(np.arange(size), 2),
    }[design]
    # Each column is one survey; answers of one person correlate at 0.3 (beta-binomial).
    a = share * 0.7 / 0.3
    own = rng.beta(a, a * (1 - share) / share, (person.max() + 1, 1500))
    chance = np.full((2 * size, 1), share) if design == "single" else own[person]
    model = share_model(sum_cells(person, year, rng.random((2 * size, 1500)) < chance))
    _, low, high, p = model.contrast(np.array([-1.0, 1.0]))
    assert ((model.low[0] <= share) & (share <= model.high[0])).mean() > 0.925
    assert ((low <= 0) & (high >= 0)).mean() > 0.93
    assert (p < 0.05).mean() < 0.07


def test_repeated_answers_of_one_person_widen_the_interval():
    # 40 people who each give the same answer five times know no more than 40 answers.
    person = np.repeat(np.arange(40), 5)
    given = (person % 4 == 0)[:, None]
    drift = measure_drift(*survey(np.full(200, 2021), given, person), n_boot=10)
    row = drift.shares.iloc[0]
    low, high = (float(limit) for limit in jeffreys_interval(10, 40))
    assert row["n"] == 200
    assert row["n_respondents"] == 40
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=0.005)
    assert "several responses" in row["note"]
    # At a count of 0 the 40 people still bound the share.
    none = measure_drift(*survey(np.full(200, 2021), given & False, person), n_boot=10)
    assert none.shares["high"].item() == pytest.approx(float(jeffreys_interval(0, 40)[1]))


def test_a_panel_gives_a_narrower_change_than_two_samples():
    rng = np.random.default_rng(0)
    first = rng.random(200) < 0.4
    second = np.where(rng.random(200) < 0.1, ~first, first)
    year = np.repeat([2021, 2022], 200)
    given = np.concatenate([first, second])[:, None]
    panel = measure_drift(*survey(year, given, np.tile(np.arange(200), 2)), n_boot=50).changes
    apart = measure_drift(*survey(year, given), n_boot=50).changes
    width = [(t["high"] - t["low"]).iloc[0] for t in (panel, apart)]
    assert width[0] < 0.6 * width[1]
    assert "200 respondents are in both years" in panel["note"].iloc[0]
    # A panel in which nobody changes has no change, and still a width.
    same = measure_drift(
        *survey(year, np.concatenate([first, first])[:, None], np.tile(np.arange(200), 2)),
        n_boot=50,
    ).changes.iloc[0]
    assert same["estimate"] == 0
    assert same["p"] == 1
    assert same["low"] < 0 < same["high"]


def test_distances_tell_a_shift_from_noise():
    year, given = exact([150, 150, 150], [[60, 60, 10], [30, 32, 80], [20, 19, 20]])
    drift = measure_drift(*survey(year, given), n_boot=200)
    table = drift.distances.set_index(["year", "against"])
    assert list(table.index) == [(2022, 2021), (2023, 2021), (2023, 2022)]
    still, moved = table.loc[(2022, 2021)], table.loc[(2023, 2021)]
    assert still["estimate"] < still["null_p95"]
    assert still["p"] > 0.2
    assert still["low"] == 0
    assert still["corrected"] < still["estimate"]
    assert moved["estimate"] > moved["null_p95"]
    assert moved["p"] < 0.01
    assert 0 < moved["low"] < moved["corrected"] < moved["high"] <= 1
    assert moved["corrected"] < moved["estimate"]


def test_intervals_of_distances_cover_and_have_their_own_limits():
    before = np.r_[np.full(4, 0.2), np.full(8, 0.08)]
    after = before * np.r_[1.5, 1.5, 0.6, 0.6, np.ones(8)]
    truth = float(jensen_shannon(before, after))
    held, above = 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        given = np.concatenate([rng.random((250, 12)) < share for share in (before, after)])
        sums = sum_cells(np.arange(500), np.repeat([0, 1], 250), given)
        row = distance(sums, 0, 1, 200, seed)
        assert row["low"] <= row["corrected"] <= row["high"]
        held += row["low"] <= truth <= row["high"]
        above += row["high"] > row["estimate"] > row["corrected"]
    assert 54 <= held <= 60
    assert above >= 40


def test_people_of_both_years_are_drawn_in_both():
    first = np.repeat(np.eye(2, dtype=bool), [40, 20], axis=0)
    year, person = np.repeat([2014, 2015], 60), [f"p{i % 60}" for i in range(120)]
    table = np.vstack([first, first[:, ::-1]])
    row = measure_drift(*survey(year, table, person=person)).distances.iloc[0]
    # Jensen and Shannon's, to the base 2, of (2/3, 1/3) and (1/3, 2/3).
    distance = np.sqrt(1 + (2 / 3) * np.log2(2 / 3) + (1 / 3) * np.log2(1 / 3))
    assert row["estimate"] == pytest.approx(distance)
    # Of k of 60 with the first theme, the distance of a draw is that of (k, 60 - k) and its
    # reverse; k is 33 to 47 in 95 of 100 draws, and the interval is the draws' turned round.
    k = np.array([47, 33]) / 60
    drawn = 1 + k * np.log2(k) + (1 - k) * np.log2(1 - k)
    low, high = np.sqrt(np.clip(2 * distance**2 - drawn, 0, 1))
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=0.02)


def test_one_year_gives_shares_and_empty_tables():
    drift = measure_drift(*survey(*exact([50], [[10], [0]])), n_boot=10)
    assert len(drift.shares) == 2
    assert drift.shares["note"].str.contains("Only one year").all()
    full = measure_drift(*survey(*exact([50, 50], [[10, 12]])), n_boot=10)
    for name in ("changes", "trends", "distances"):
        empty = getattr(drift, name)
        assert len(empty) == 0
        assert list(empty.columns) == list(getattr(full, name).columns)
        assert (empty.dtypes == getattr(full, name).dtypes).all()


def test_small_years_and_absent_or_universal_themes_are_defined():
    sizes = [100, 3, 100]
    counts = [[0, 0, 0], [100, 3, 100], [0, 0, 12], [30, 1, 30]]
    drift = measure_drift(*survey(*exact(sizes, counts)), n_boot=50)
    tiny = drift.shares[drift.shares["year"] == 2022]
    assert (tiny["note"] == "n below 30.").all()
    assert (tiny["high"] - tiny["low"] > 0.5).all()
    for table in (drift.shares, drift.changes, drift.trends, drift.distances):
        for column in table.columns.drop("note"):
            assert (table.loc[table[column].isna(), "note"] != "").all(), column
    absent = drift.changes[drift.changes["theme"] == "t0"]
    assert (absent["p"] == 1).all()
    assert absent["note"].str.contains("Fewer than 5 positives").all()
    assert (absent["low"] < 0).all()
    assert (absent["high"] > 0).all()
    everywhere = drift.changes[drift.changes["theme"] == "t1"]
    assert (everywhere["estimate"] == 0).all()
    trend = drift.trends[drift.trends["theme"].isin(["t0", "t1"])]
    assert (trend["p"] == 1).all()
    newcomer = drift.changes[(drift.changes["theme"] == "t2") & (drift.changes["year"] == 2023)]
    low, _ = newcombe_interval(12, 100, 0, 100)
    assert newcomer["low"].iloc[0] == pytest.approx(low)


def test_a_year_without_any_theme_has_no_distance():
    drift = measure_drift(*survey(*exact([40, 40], [[10, 0], [5, 0]])), n_boot=10)
    row = drift.distances.iloc[0]
    assert np.isnan(row["estimate"])
    assert "there is no distance" in row["note"]


def test_previous_means_the_coded_year_before_and_gaps_count_in_the_slope():
    year, given = exact([60, 60, 60], [[6, 12, 18]])
    year = np.where(year == 2023, 2026, year)
    drift = measure_drift(*survey(year, given), n_boot=10, baseline=2022)
    base = drift.changes[drift.changes["kind"] == "baseline"]
    assert list(zip(base["year"], base["against"], strict=True)) == [(2021, 2022), (2026, 2022)]
    assert base["estimate"].tolist() == pytest.approx([-0.1, 0.1])
    previous = drift.changes[drift.changes["kind"] == "previous"]
    assert list(zip(previous["year"], previous["against"], strict=True)) == [
        (2022, 2021),
        (2026, 2022),
    ]
    slope = drift.trends.loc[drift.trends["test"] == "linear", "estimate"].item()
    assert slope == pytest.approx(np.polyfit([2021, 2022, 2026], [0.1, 0.2, 0.3], 1)[0])


def test_what_is_left_out_is_counted_in_the_notes():
    year, given = exact([40, 40, 40], [[8, 8, 8]])
    codes, responses = survey(year, given)
    table = responses.table.copy()
    table.loc[[0, 1], "status"] = "duplicate"
    short = table.drop(index=[119])
    seen = codes.seen[~codes.seen["response_id"].isin(table["response_id"].iloc[40:80])]
    part = Codes(
        coder="human",
        kind="human",
        themes=codes.themes,
        seen=seen.reset_index(drop=True),
        table=codes.table[codes.table["response_id"].isin(seen["response_id"])],
    )
    drift = measure_drift(part, Responses(table=short, source="table"), n_boot=10)
    first, middle, last = (row for _, row in drift.shares.iterrows())
    assert first["n"] == 38
    assert first["count"] == 6
    assert "2 coded responses are not kept" in first["note"]
    assert "1 coded responses are not in the survey" in first["note"]
    assert middle["n"] == 0
    assert np.isnan(middle["estimate"])
    assert "No response of this year was coded. 40 kept responses" in middle["note"]
    assert last["n"] == 39
    assert drift.years == (2021, 2022, 2023)
    assert set(drift.changes["year"]) == {2023}
    with pytest.raises(InputError, match=r"2022.*Choose one of 2021, 2023"):
        measure_drift(part, Responses(table=short, source="table"), baseline=2022)


def test_a_blank_respondent_is_looked_up_and_else_stands_alone():
    person = np.repeat(np.arange(20), 3)
    codes, responses = survey(np.full(60, 2021), (person % 2 == 0)[:, None], person)
    blank = Responses(table=responses.table.assign(respondent_id=""), source="table")
    found = measure_drift(codes, blank, n_boot=10)
    assert found.shares["n_respondents"].item() == 20
    alone, _ = survey(np.full(60, 2021), (person % 2 == 0)[:, None], person, seen_person=False)
    assert measure_drift(alone, blank, n_boot=10).shares["n_respondents"].item() == 60


def test_errors_name_the_fault():
    codes, responses = survey(*exact([40, 40], [[8, 8]]))
    with pytest.raises(InputError, match=r"got 1999.*2021, 2022"):
        measure_drift(codes, responses, baseline=1999)
    with pytest.raises(InputError, match="n_boot"):
        measure_drift(codes, responses, n_boot=0)
    apart = responses.table.assign(response_id=[f"x{i}" for i in range(80)])
    with pytest.raises(InputError, match="no response_id in common"):
        measure_drift(codes, Responses(table=apart, source="table"))
    drift = measure_drift(codes, responses, n_boot=10)
    with pytest.raises(InputError, match="baseline"):
        Drift(
            shares=drift.shares,
            changes=drift.changes,
            trends=drift.trends,
            changepoints=drift.changepoints,
            distances=drift.distances,
            sources=drift.sources,
            baseline=1,
            years=drift.years,
            themes=drift.themes,
            coder="x",
        )
