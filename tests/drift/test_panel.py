from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import survey
from hypothesis import given as examples
from hypothesis import strategies as st

from iapt_topics.codes.codes import Codes
from iapt_topics.codes.hand_sample import hand_sample
from iapt_topics.drift.panel import NO_THEME, mcnemar_mid_p, measure_panel
from iapt_topics.drift.recurring import corrected_correlation
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


def by_hand(codes, given, rows, **more):
    """One person's codes of some responses, ``given`` for all of them."""
    seen = codes.seen.iloc[rows]
    ids = seen.loc[np.asarray(given)[rows, 0], "response_id"]
    table = pd.DataFrame({"response_id": ids, "theme": "t0", "score": np.nan})
    return Codes(coder="person", kind="human", themes=("t0",), seen=seen, table=table, **more)


def drifting(rng, n=600):
    """A panel in which nobody changes, and whose machine finds .5 and then .8 of the theme."""
    true = np.tile(rng.random(n) < 0.3, 2)[:, None]
    year = np.repeat([2021, 2022], n)
    f = true & (rng.random((2 * n, 1)) < np.where(year == 2021, 0.5, 0.8)[:, None])
    return *survey(year, f, person=[*range(n), *range(n)]), true


@pytest.mark.slow
def test_a_machine_that_finds_more_makes_no_corrected_change_of_a_panel():
    rng, found = np.random.default_rng(1), []
    for _ in range(20):
        machine, responses, y = drifting(rng)
        human = by_hand(machine, y, np.sort(rng.permutation(len(y))[:300]))
        for hand in (None, human):
            row = measure_panel(machine, responses, human=hand).changes.iloc[0]
            found.append((row["estimate"], row["low"] <= 0 <= row["high"], row["p"] < 0.05))
    estimate, covered, flagged = np.array(found, float).reshape(20, 2, 3).transpose(2, 1, 0)
    assert estimate.mean(axis=1)[0] > 0.06
    assert flagged[0].mean() > 0.8
    assert abs(estimate.mean(axis=1)[1]) < 0.03
    assert covered[1].mean() >= 0.85
    assert flagged[1].mean() <= 0.15


@pytest.mark.slow
def test_years_of_a_panel_go_together_as_peoples_codes_do_and_not_as_the_machines():
    rng = np.random.default_rng(5)
    found = []
    years = np.array([2021, 2022])
    for draw in range(40):
        true = rng.random(600) < 0.3
        later = np.where(rng.random(600) < 0.2, rng.random(600) < 0.3, true)
        y = np.concatenate([true, later])[:, None]
        f = y & (rng.random((1200, 1)) < 0.6)
        machine, responses = survey(np.repeat(years, 600), f, person=[*range(600), *range(600)])
        # The same respondents in both years, or others.
        one = rng.permutation(600)[:150]
        two = one if draw % 2 else rng.permutation(600)[:150]
        human = by_hand(machine, y, np.sort(np.concatenate([one, 600 + two])))
        seen = corrected_correlation(
            machine, human, hand_sample(machine, human, responses), ("t0",), years
        )
        assert seen.people == len(set(one) | set(two))
        of_people, of_machine = (np.corrcoef(c[:600, 0], c[600:, 0])[0, 1] for c in (y, f))
        found.append((seen.correlation[0, 0, 1], of_people, of_machine))
    same, others = (np.mean(found[k::2], axis=0) for k in (1, 0))
    # Hand codes of the same respondents go together as well, those of others do not.
    assert same[2] < 0.5 < same[0]
    assert others[2] < 0.5
    assert 0.2 < others[0] < same[0] < same[1]


def test_all_coded_by_hand_go_together_as_the_codes_of_people_do():
    machine, responses, _ = drifting(np.random.default_rng(2))
    y = np.random.default_rng(3).random((1200, 1)) < 0.4
    human, years = by_hand(machine, y, np.arange(1200)), np.array([2021, 2022])
    seen = corrected_correlation(
        machine, human, hand_sample(machine, human, responses), ("t0",), years
    )
    exact = np.corrcoef(y[:600, 0], y[600:, 0])[0, 1]
    assert seen.correlation[0, 0, 1] == pytest.approx(exact * (1 - 1 / 601))
    alone = replace(responses, table=responses.table.assign(respondent_id=""))
    nobody = replace(machine, seen=machine.seen.assign(respondent_id=""))
    assert (
        corrected_correlation(nobody, human, hand_sample(nobody, human, alone), ("t0",), years)
        is None
    )


def test_with_all_of_a_panel_coded_by_hand_the_change_is_that_of_peoples_codes():
    machine, responses, _ = drifting(np.random.default_rng(2))
    y = np.random.default_rng(3).random((1200, 1)) < 0.4
    human = by_hand(machine, y, np.arange(1200))
    ours, theirs = (
        measure_panel(c, responses, human=h).changes.iloc[0]
        for c, h in ((machine, human), (human, None))
    )
    assert ours["estimate"] == pytest.approx(theirs["estimate"])
    assert "Corrected by 1200" in ours["note"]
    back = measure_panel(machine, responses, human=human, baseline=2022).changes
    base = back[back["against"] == 2022].iloc[0]
    assert base["estimate"] == pytest.approx(-theirs["estimate"])


def test_a_respondent_and_year_counts_as_coded_once_all_its_responses_are():
    # Two responses of each respondent and year, of which the second alone has the theme.
    year, person = np.repeat([2021, 2022], 200), np.tile(np.repeat(np.arange(100), 2), 2)
    given = (np.arange(400) % 2 == 1)[:, None]
    machine, responses = survey(year, given, person=person)
    rows = [*range(0, 200), *range(200, 400, 2)]  # all of the first year, half of each of the last
    row = measure_panel(machine, responses, human=by_hand(machine, given, rows)).changes.iloc[0]
    assert "Not corrected" in row["note"]
    row = measure_panel(machine, responses, human=by_hand(machine, given, np.arange(400))).changes
    assert row.iloc[0]["estimate"] == pytest.approx(0)
    assert "Corrected by 200" in row.iloc[0]["note"]
