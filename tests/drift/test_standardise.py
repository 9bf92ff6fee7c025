from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import BERKELEY, berkeley, made
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.drift import measure_drift
from iapt_topics.drift.prevalence import corrected_shares
from iapt_topics.drift.standardise import standardise_drift


def test_berkeley_admissions_standardised_by_department():
    # Freedman, Pisani, Purves, Statistics, 4th ed., chapter 2, section 4: weighting the six
    # majors by their applicants gives 39 % for men and 43 % for women, against 44 % and 30 %.
    result = standardise_drift(*berkeley(), ["department"])
    share = result.shares.set_index(["year", "method"])["estimate"]
    assert share[2021, "crude"] == pytest.approx(0.445, abs=5e-4)
    assert share[2022, "crude"] == pytest.approx(0.304, abs=5e-4)
    assert share[2021, "standardised"] == pytest.approx(0.39, abs=5e-3)
    assert share[2022, "standardised"] == pytest.approx(0.43, abs=5e-3)
    change = result.changes.set_index("method")
    assert change.loc["crude", "high"] < 0 < change.loc["standardised", "estimate"]
    assert (change["covered"] == 1).all()


def test_crude_is_measure_drift():
    codes, responses = berkeley()
    result, drift = (
        standardise_drift(codes, responses, ["department"]),
        measure_drift(codes, responses, n_boot=5),
    )
    for ours, theirs in ((result.shares, drift.shares), (result.changes, drift.changes)):
        ours = ours[ours["method"] == "crude"]
        theirs = (
            theirs[theirs.get("kind", "baseline") == "baseline"] if "kind" in theirs else theirs
        )
        for column in ("estimate", "low", "high"):
            assert np.allclose(ours[column], theirs[column])
    trends = result.trends[result.trends["method"] == "crude"].set_index("test")
    for column in ("estimate", "p"):
        assert np.allclose(trends[column], drift.trends.set_index("test")[column][trends.index])
    p = result.changes.set_index("method").loc["crude", "p"]
    assert p == pytest.approx(drift.changes["p"].iloc[0])


def test_variance_is_that_of_a_stratified_sample():
    # With many in each cell the prior counts for nothing: se^2 = sum W^2 p (1 - p) / n.
    result = standardise_drift(*berkeley(), ["department"])
    n = np.array([[a + b, c + d] for a, b, c, d in BERKELEY.values()], float)
    p = np.array([[a, c] for a, _, c, _ in BERKELEY.values()]) / n
    weight = n.sum(axis=1) / n.sum()
    se = np.sqrt((weight[:, None] ** 2 * p * (1 - p) / n).sum(axis=0))
    rows = result.shares[result.shares["method"] == "standardised"]
    half = (rows["high"] - rows["low"]).to_numpy() / 2
    assert np.allclose(half / 1.96, se, rtol=0.06)


def test_one_level_changes_nothing_and_is_said():
    year = np.repeat([2021, 2022], 50)
    given = np.random.default_rng(1).random((100, 2)) < 0.3
    for value in ("same", None):
        result = standardise_drift(*made(year, given, role=value), ["role"])
        by = result.shares.pivot(index=["theme", "year"], columns="method", values="estimate")
        assert np.allclose(by["crude"], by["standardised"])
        said = result.shares.loc[result.shares["method"] == "standardised", "note"]
        assert said.str.contains("one level or no value").all()


@examples(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_standardised_share_lies_between_those_of_its_cells(seed):
    rng = np.random.default_rng(seed)
    year = rng.integers(2021, 2023, 60)
    year[:2] = 2021, 2022
    role, given = rng.choice(["A", "B"], 60), rng.random((60, 1)) < rng.random()
    result = standardise_drift(*made(year, given, role=role), ["role"])
    for row in result.shares[result.shares["method"] == "standardised"].to_dict("records"):
        here = year == row["year"]
        cells = [given[here & (role == r)].mean() for r in np.unique(role[here])]
        assert min(cells) - 1e-9 <= row["estimate"] <= max(cells) + 1e-9
        assert 0 <= row["low"] <= row["estimate"] + 1e-12
        assert row["estimate"] - 1e-12 <= row["high"] <= 1


def test_an_empty_cell_is_left_out_and_said():
    year = np.repeat([2021, 2022, 2023], [60, 40, 3])
    role = np.array(["A", "B"] * 30 + ["A"] * 40 + ["C"] * 3, object)
    given = np.ones((103, 1))
    result = standardise_drift(*made(year, given, role=role), ["role"])
    shares = result.shares[result.shares["method"] == "standardised"].set_index("year")
    assert shares["covered"].tolist() == pytest.approx([100 / 103, 70 / 103, 3 / 103])
    assert shares["note"].str.contains("are excluded").all()
    assert shares["estimate"].tolist() == [1, 1, 1]
    last = result.changes.query("year == 2023 and method == 'standardised'").iloc[0]
    assert np.isnan(last["estimate"])
    assert np.isnan(last["p"])
    assert "No cell of the standard population can be compared" in last["note"]


def test_hostile_surveys_leave_no_nan_without_a_note():
    rng = np.random.default_rng(0)
    for sizes in ([30], [30, 3], [1, 1], [2, 30, 1]):
        year = np.repeat(2021 + np.arange(len(sizes)), sizes)
        given = rng.random((len(year), 3)) < [0, 1, 0.3]
        role = rng.choice(["A", "B", ""], len(year))
        result = standardise_drift(*made(year, given, role=role), ["role"])
        for table in (result.shares, result.changes, result.trends):
            bad = table[["estimate", "low", "high"]].isna().any(axis=1)
            assert (table.loc[bad, "note"] != "").all()
            fine = table[~bad]
            assert (fine["low"] <= fine["estimate"] + 1e-12).all()
            assert (fine["estimate"] <= fine["high"] + 1e-12).all()
        assert len(result.changes) == 6 * (len(sizes) - 1)


def test_weights_are_those_of_measure_drift_and_equal_ones_change_nothing():
    rng = np.random.default_rng(2)
    year, given = np.repeat([2021, 2022], 100), rng.random((200, 2)) < 0.3
    role = rng.choice(["A", "B"], 200)
    plain = standardise_drift(*made(year, given, role=role), ["role"])
    even = standardise_drift(*made(year, given, role=role, weight=2.0), ["role"])
    columns = ["estimate", "low", "high", "n"]
    assert np.allclose(plain.changes[columns], even.changes[columns])
    codes, responses = made(year, given, role=role, weight=rng.uniform(0.5, 3, 200))
    shares = standardise_drift(codes, responses, ["role"]).shares
    drift = measure_drift(codes, responses, n_boot=5).shares
    assert np.allclose(shares.loc[shares["method"] == "crude", columns], drift[columns])
    assert not np.allclose(drift["estimate"], plain.shares["estimate"][::2])


def test_standard_year_gives_its_own_crude_share():
    result = standardise_drift(*berkeley(), ["department"], standard=2022)
    share = result.shares.set_index(["year", "method"])["estimate"]
    assert share[2022, "standardised"] == pytest.approx(share[2022, "crude"])


def test_inputs_are_unchanged_and_order_does_not_matter():
    codes, responses = berkeley()
    table, given = responses.table.copy(), codes.table.copy()
    first = standardise_drift(codes, responses, ["department"])
    pd.testing.assert_frame_equal(responses.table, table)
    pd.testing.assert_frame_equal(codes.table, given)
    mixed = replace(responses, table=table.sample(frac=1, random_state=3))
    second = standardise_drift(codes, mixed, ["department"])
    pd.testing.assert_frame_equal(first.changes, second.changes)


@pytest.mark.parametrize("wrong", [{"baseline": 1999}, {"standard": 1999}])
def test_wrong_years_are_refused(wrong):
    with pytest.raises(InputError, match="coded responses"):
        standardise_drift(*berkeley(), ["department"], **wrong)


def test_a_change_in_who_answers_is_taken_out():
    # Half of role A, a tenth of role B speak of the theme, in both years; only the mix moves.
    year = np.repeat([2021, 2022], 400)
    role = np.array(["A"] * 100 + ["B"] * 300 + ["A"] * 300 + ["B"] * 100)
    given = np.concatenate(
        [np.arange(n) < k for n, k in ((100, 50), (300, 30), (300, 150), (100, 10))]
    )
    result = standardise_drift(*made(year, given[:, None], role=role), ["role"])
    change = result.changes.set_index("method")
    assert change.loc["crude", "p"] < 1e-6
    assert change.loc["standardised", "estimate"] == pytest.approx(0)
    assert change.loc["standardised", "p"] == pytest.approx(1)
    trend = result.trends.set_index(["method", "test"])["p"]
    assert trend["crude", "omnibus"] < 1e-6
    assert trend["standardised", "omnibus"] == pytest.approx(1)


def by_hand(codes, given, rows, **more):
    """One person's codes of some responses, ``given`` for all of them."""
    seen = codes.seen.iloc[rows]
    ids = seen.loc[np.asarray(given)[rows, 0], "response_id"]
    table = pd.DataFrame({"response_id": ids, "theme": "t0", "score": np.nan})
    return Codes(coder="person", kind="human", themes=("t0",), seen=seen, table=table, **more)


def mixed(rng, n=600):
    """Two years of other mixes of role; people's prevalence hangs on role alone, .15 or .45.

    The machine finds .5 of it in the first year and .8 in the second.
    """
    year = np.repeat([2021, 2022], n)
    role = np.where(rng.random(2 * n) < np.where(year == 2021, 0.3, 0.6), "PWP", "HIT")
    y = (rng.random(2 * n) < np.where(role == "PWP", 0.45, 0.15))[:, None]
    f = y & (rng.random((2 * n, 1)) < np.where(year == 2021, 0.5, 0.8)[:, None])
    return *made(year, f, role=role), y


def test_with_all_coded_by_hand_the_corrected_is_that_of_peoples_codes():
    machine, responses, y = mixed(np.random.default_rng(1))
    human = by_hand(machine, y, np.arange(len(y)))
    ours = standardise_drift(machine, responses, ["role"], human=human)
    theirs = standardise_drift(human, responses, ["role"])
    for one, two in ((ours.shares, theirs.shares), (ours.changes, theirs.changes)):
        np.testing.assert_allclose(one["estimate"], two["estimate"], atol=1e-9)
    assert ours.shares["note"].str.contains("Corrected by 600 hand-coded").all()
    # Weights cannot tell that the cells' sizes are fixed: a little too wide, never too narrow.
    width = [(t["high"] - t["low"]).to_numpy() for t in (ours.changes, theirs.changes)]
    assert (width[0] >= 0.98 * width[1]).all()
    assert (width[0] <= 1.15 * width[1]).all()


def test_crude_and_corrected_is_corrected_shares():
    machine, responses, y = mixed(np.random.default_rng(2))
    human = by_hand(machine, y, np.arange(0, len(y), 5))
    ours = standardise_drift(machine, responses, ["role"], human=human).shares
    ours = ours[ours["method"] == "crude"]
    theirs = corrected_shares(machine, human, responses)
    theirs = theirs[theirs["method"] == "corrected"]
    for column in ("estimate", "low", "high"):
        np.testing.assert_allclose(ours[column], theirs[column])


@pytest.mark.slow
def test_neither_the_mix_nor_the_machine_makes_a_change_that_is_not_there():
    rng, found = np.random.default_rng(3), []
    for _ in range(10):
        machine, responses, y = mixed(rng)
        human = by_hand(machine, y, np.sort(rng.permutation(len(y))[:300]))
        for hand in (None, human):
            table = standardise_drift(machine, responses, ["role"], human=hand).changes
            row = table[table["method"] == "standardised"].iloc[0]
            found.append((row["estimate"], row["low"] <= 0 <= row["high"]))
    estimate, covered = np.array(found, float).reshape(10, 2, 2).transpose(2, 1, 0)
    assert estimate.mean(axis=1)[0] > 0.06
    assert abs(estimate.mean(axis=1)[1]) < 0.03
    assert covered[1].mean() >= 0.7


def test_what_cannot_be_corrected_keeps_the_machines_and_says_so():
    machine, responses, y = mixed(np.random.default_rng(4))
    first = np.flatnonzero(responses.table["year"] == 2021)
    human = by_hand(machine, y, first[::4])
    ours = standardise_drift(machine, responses, ["role"], human=human)
    plain = standardise_drift(machine, responses, ["role"])
    np.testing.assert_allclose(ours.changes["estimate"], plain.changes["estimate"])
    assert ours.changes["note"].str.contains("Not corrected").all()
    shares = ours.shares.set_index(["year", "method"])["note"]
    assert "Corrected by 150" in shares[2021, "standardised"]
    assert "Not corrected" in shares[2022, "standardised"]
    picked = by_hand(machine, y, first, picked=frozenset(machine.seen["response_id"]))
    with pytest.raises(InputError, match="none of them drawn at random"):
        standardise_drift(machine, responses, ["role"], human=picked)
