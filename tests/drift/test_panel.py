from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import survey
from hypothesis import given as examples
from hypothesis import strategies as st

from iapt_topics.drift.panel import NO_THEME, mcnemar_mid_p, measure_panel
from iapt_topics.stats.intervals import wilson_interval


def pairs(both, gained, lost, neither):
    """One theme, two years, and so many people of each kind."""
    then = np.repeat([1, 0, 1, 0], [both, gained, lost, neither])
    now = np.repeat([1, 1, 0, 0], [both, gained, lost, neither])
    n = len(then)
    given = np.concatenate([then, now])[:, None]
    return survey(np.repeat([2021, 2022], n), given, person=[*range(n), *range(n)])


@pytest.mark.parametrize(
    ("cells", "mid_p"),
    # Fagerland, Lydersen, Laake (2013): airway hyper-responsiveness before and after stem cell
    # transplantation (Bentur et al. 2009); complete response before and after consolidation
    # therapy (Cavo et al. 2012).
    [((1, 1, 7, 12), 0.0391), ((59, 6, 16, 80), 0.0347)],
)
def test_mid_p_of_published_examples(cells, mid_p):
    row = measure_panel(*pairs(*cells)).changes.iloc[0]
    assert row["p"] == pytest.approx(mid_p, abs=5e-5)
    assert (row["both"], row["gained"], row["lost"], row["n"]) == (*cells[:3], sum(cells))
    assert row["estimate"] == pytest.approx((cells[1] - cells[2]) / sum(cells))


@examples(st.integers(0, 60), st.integers(0, 60))
def test_mid_p_is_symmetric_and_below_the_exact_one(a, b):
    from scipy.stats import binomtest

    p = float(mcnemar_mid_p(a, b))
    assert p == float(mcnemar_mid_p(b, a))
    assert 0 < p <= 1
    if a + b:
        assert p <= binomtest(a, a + b).pvalue + 1e-12


def test_interval_is_newcombe_paired():
    # Square-and-add with the correlation phi of the table (Newcombe 1998), here with phi times
    # n / (n + 1), as measure_drift has it.
    a, b, c, d = 36, 12, 2, 50
    n = a + b + c + d
    row = measure_panel(*pairs(a, b, c, d)).changes.iloc[0]
    p2, p1 = (a + b) / n, (a + c) / n
    (l2, l1), (u2, u1) = wilson_interval([a + b, a + c], [n, n])
    phi = (a * d - b * c) / np.sqrt((a + b) * (c + d) * (a + c) * (b + d)) * n / (n + 1)
    low = np.sqrt((p2 - l2) ** 2 + (u1 - p1) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1))
    high = np.sqrt((u2 - p2) ** 2 + (p1 - l1) ** 2 - 2 * phi * (u2 - p2) * (p1 - l1))
    assert row["low"] == pytest.approx(p2 - p1 - low)
    assert row["high"] == pytest.approx(p2 - p1 + high)


def test_transitions_by_hand():
    # Ten people: four go from t0 to t1, two stay with t0, one leaves t0 for nothing, three have
    # nothing in either year.
    then = np.array([[1, 0]] * 7 + [[0, 0]] * 3)
    now = np.array([[0, 1]] * 4 + [[1, 0]] * 2 + [[0, 0]] * 4)
    codes, responses = survey(
        [2021] * 10 + [2022] * 10, np.concatenate([then, now]), [*range(10)] * 2
    )
    table = measure_panel(codes, responses).transitions.set_index(["theme_from", "theme_to"])
    assert table.loc[("t0", "t1"), "estimate"] == pytest.approx(4 / 7)
    assert table.loc[("t0", "t1"), "n"] == 7
    assert table.loc[("t0", "t1"), "marginal_proportion"] == pytest.approx(0.4)
    assert table.loc[("t0", NO_THEME), "estimate"] == pytest.approx(1 / 7)
    assert table.loc[(NO_THEME, NO_THEME), "estimate"] == 1
    assert np.isnan(table.loc[("t1", "t0"), "estimate"])
    assert "No respondent of both years" in table.loc[("t1", "t0"), "note"]


def test_people_of_one_year_do_not_count_and_repeats_are_one():
    codes, responses = pairs(5, 4, 3, 2)
    first = measure_panel(codes, responses).changes
    year = [*responses.table["year"], 2021, 2021, 2022, 2022]
    person = [p[1:] for p in responses.table["respondent_id"]] + ["x", "y", "0", "0"]
    given = [*codes.matrix()[:, 0], 1, 0, 0, 1]
    second = measure_panel(*survey(year, np.array(given)[:, None], person)).changes
    pd.testing.assert_frame_equal(first, second)


def test_nobody_twice_one_year_and_few():
    codes, responses = survey([2021] * 5 + [2022] * 5, np.ones((10, 2)))
    panel = measure_panel(codes, responses)
    assert (panel.changes["n"] == 0).all()
    assert (panel.changes["note"] == "No respondent answered in both years.").all()
    assert panel.changes[["estimate", "p", "p_bh"]].isna().all(axis=None)
    assert (panel.transitions["note"] == "No respondent answered in both years.").all()
    alone = measure_panel(*survey([2021] * 5, np.ones((5, 2))))
    assert alone.changes.empty
    assert alone.transitions.empty
    few = measure_panel(*pairs(1, 1, 1, 0)).changes.iloc[0]
    assert few["low"] <= few["estimate"] <= few["high"]
    assert few["note"] == "n below 30."


def test_order_of_rows_does_not_matter():
    codes, responses = pairs(9, 4, 8, 12)
    mixed = replace(responses, table=responses.table.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(
        measure_panel(codes, responses).changes, measure_panel(codes, mixed).changes
    )


def test_three_waves_compare_with_the_baseline_and_the_wave_before():
    rng = np.random.default_rng(2)
    year = np.repeat([2021, 2022, 2023], 40)
    panel = measure_panel(*survey(year, rng.random((120, 2)) < 0.4, [*range(40)] * 3))
    rows = panel.changes[["theme", "year", "against"]].to_numpy().tolist()
    assert rows[:3] == [["t0", 2022, 2021], ["t0", 2023, 2021], ["t0", 2023, 2022]]
    assert len(rows) == 6
    steps = panel.transitions[["year", "against"]].drop_duplicates().to_numpy().tolist()
    assert steps == [[2022, 2021], [2023, 2022]]
