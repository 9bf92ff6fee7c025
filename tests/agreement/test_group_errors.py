"""Does the machine err more in some groups: shares, their exact test, and its errors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import survey
from scipy.stats import fisher_exact

from iapt_topics import InputError
from iapt_topics.agreement import error_by_group, error_contrasts
from iapt_topics.agreement.group_errors import (
    _homogeneity,
    _weighted_homogeneity,
    needed_per_level,
)
from iapt_topics.codes.codes import Codes, restrict_codes


def pair(recall=(0.5, 0.7), n=400, seed=0):
    """Codes by people and by a machine whose recall differs between two years."""
    rng = np.random.default_rng(seed)
    year = np.repeat([2014, 2018], n)
    y = np.zeros((2 * n, 1), bool)
    y[::4] = True
    f = y & (rng.random((2 * n, 1)) < np.repeat(recall, n)[:, None])
    human, responses = survey(year, y)
    machine, _ = survey(year, f)
    human = Codes(
        coder="person", kind="human", themes=human.themes, seen=human.seen, table=human.table
    )
    return machine, human, responses


def test_shares_and_counts_are_those_of_each_level():
    machine, human, responses = pair((0.0, 1.0))
    found = error_by_group(machine, human, responses).set_index(["measure", "level"])
    assert found.loc[("recall", "2014"), ["estimate", "n"]].tolist() == [0.0, 100]
    assert found.loc[("recall", "2018"), ["estimate", "n"]].tolist() == [1.0, 100]
    assert found.loc[("precision", "2018"), ["estimate", "n"]].tolist() == [1.0, 100]
    assert found.loc[("precision", "2014"), "n"] == 0
    assert np.isnan(found.loc[("precision", "2014"), "estimate"])
    assert found.loc[("over-coding", "2014"), ["estimate", "n"]].tolist() == [0.0, 300]
    assert (found.loc["recall", "p_bh"] < 0.001).all()
    assert found.loc["over-coding", "p"].isna().all()


def test_p_of_two_levels_is_that_of_fishers_exact_test_but_for_the_draws():
    rng = np.random.default_rng(0)
    for right, n in (([12, 20], [30, 30]), ([3, 9], [20, 18]), ([5, 5], [9, 9])):
        p = _homogeneity(np.array(right), np.array(n), rng)
        table = [right, [n[0] - right[0], n[1] - right[1]]]
        assert p == pytest.approx(fisher_exact(table).pvalue, abs=0.03)


def test_false_alarms_stay_below_and_power_is_as_said_at_the_number_it_asks_for():
    n = needed_per_level()
    assert n == 66  # Fleiss, Levin and Paik, with continuity correction
    rng = np.random.default_rng(3)
    draws = [
        [
            _homogeneity(rng.binomial(n, shares), np.array([n, n]), rng) < 0.05
            for shares in ((0.6, 0.6), (0.5, 0.75))
        ]
        for _ in range(400)
    ]
    alarms, power = np.mean(draws, axis=0)
    assert alarms <= 0.07
    assert power >= 0.76


def test_groups_are_covariates_or_length_and_unknown_ones_are_left_out():
    machine, human, responses = pair()
    table = responses.table.assign(
        role=["PWP", "HIT", None, "PWP"] * (len(responses.table) // 4),
        text=["one"] * 200 + ["one two three"] * 300 + ["one two three four five six"] * 300,
    )
    responses = type(responses)(table=table, source="table")
    found = error_by_group(machine, human, responses, by=("role", "length"))
    assert set(found.loc[found["by"] == "role", "level"]) == {"HIT", "PWP"}
    assert set(found.loc[found["by"] == "length", "level"]) == {"short", "medium", "long"}
    recall = found[(found["by"] == "length") & (found["measure"] == "recall")]
    assert recall["n"].sum() == 200
    with pytest.raises(InputError, match="by must be columns of the survey, 'length' or 'coder'"):
        error_by_group(machine, human, responses, by=("colour",))


def test_the_order_of_rows_does_not_matter_and_few_responses_are_told():
    machine, human, responses = pair(n=40)
    first = error_by_group(machine, human, responses)
    shuffled = Codes(
        coder="machine", kind="machine", themes=machine.themes,
        seen=machine.seen.sample(frac=1, random_state=0),
        table=machine.table.sample(frac=1, random_state=1),
    )  # fmt: skip
    pd.testing.assert_frame_equal(first, error_by_group(shuffled, human, responses))
    assert first.loc[first["measure"] == "recall", "note"].eq("fewer than 66 responses").all()


def test_what_was_picked_is_left_out_and_probabilities_weight_the_rest():
    machine, human, responses = pair()
    ids = human.seen["response_id"]
    with_it = set(machine.table["response_id"])
    rows = [i for i in range(len(ids)) if ids[i] in with_it or i % 5 == 0]
    chance = [1.0 if i in with_it else 0.2 for i in ids]
    seen = human.seen.assign(inclusion_probability=chance).iloc[rows]
    table = human.table[human.table["response_id"].isin(seen["response_id"])]
    drawn = replace(human, seen=seen, table=table)
    key = ["measure", "level"]
    whole = error_by_group(machine, human, responses).set_index(key)["estimate"]
    found = error_by_group(machine, drawn, responses).set_index(key)["estimate"]
    plain = replace(drawn, seen=seen.drop(columns="inclusion_probability"))
    bare = error_by_group(machine, plain, responses).set_index(key)["estimate"]
    # All the machine's codes are drawn, and a fifth of the rest: unweighted, recall is high.
    assert found["recall"].to_numpy() == pytest.approx(whole["recall"].to_numpy(), abs=0.12)
    assert (bare["recall"] > found["recall"] + 0.15).all()
    picked = replace(human, picked=frozenset(ids[:300]))
    n = error_by_group(machine, picked, responses).set_index(key)["n"]
    assert n["recall", "2014"] == 25


def test_the_weighted_test_keeps_its_size_and_with_equal_weights_is_the_other():
    rng = np.random.default_rng(1)
    hit, at = rng.random(60) < 0.4, np.repeat([0, 1], 30)
    right = np.bincount(at[hit], minlength=2)
    one = _homogeneity(right, np.array([30, 30]), np.random.default_rng(0))
    two = _weighted_homogeneity(hit, at, np.ones(60), np.random.default_rng(0))
    assert two == pytest.approx(one, abs=0.03)
    alarms = []
    for _ in range(60):
        at = rng.integers(0, 2, 80)
        p = _weighted_homogeneity(rng.random(80) < 0.5, at, np.where(at, 1.0, 4.0), rng)
        alarms.append(p < 0.05)
    assert np.mean(alarms) <= 0.13


def test_coders_are_groups_too():
    machine, human, responses = pair()
    ids = human.seen["response_id"]
    some = human.table[human.table["response_id"] < ids[400]]
    found = error_by_group(
        machine, [human, replace(human, coder="second", table=some)], responses, by=("coder",)
    )
    recall = found[found["measure"] == "recall"].set_index("level")["n"]
    assert recall.to_dict() == {"person": 200, "second": 100}
    with pytest.raises(InputError, match="must not be 'coder' with one person's codes"):
        error_by_group(machine, human, responses, by=("coder",))


def test_a_change_that_recall_makes_is_said_to_be_all_of_it():
    machine, human, responses = pair((0.5, 0.7), n=1000)
    row = error_contrasts(machine, human, responses).iloc[0]
    assert (row["level"], row["reference"]) == ("2018", "2014")
    # One in four has the theme; all are coded by hand, so the errors are the whole of the change.
    assert row["recall"] == pytest.approx(row["change"])
    assert row["error"] == pytest.approx(row["change"])
    assert row["over_coding"] == 0
    assert row["recall_low"] < row["recall"] < row["recall_high"]
    points = round(row["change"] * 100)
    said = f"A change of {points} points; differences in the machine's recall could make up to all"
    assert row["note"].startswith(said)


def test_a_true_change_is_not_put_down_to_a_steady_machine_and_few_codes_are_told():
    rng = np.random.default_rng(2)
    year = np.repeat([2014, 2018], 3000)
    y = (rng.random(6000) < np.where(year == 2014, 0.2, 0.35))[:, None]
    machine, responses = survey(year, y & (rng.random((6000, 1)) < 0.7))
    human = replace(survey(year, y)[0], coder="person", kind="human")
    row = error_contrasts(machine, human, responses).iloc[0]
    assert row["change"] > 0.08
    assert row["error_high"] < 0.03
    assert "could make up to" in row["note"]
    few = restrict_codes(human, human.seen["response_id"][::600])
    row = error_contrasts(machine, few, responses).iloc[0]
    assert np.isnan(row["error"])
    assert "Fewer than 5 hand codes" in row["note"]
    with pytest.raises(InputError, match=r"coders are compared by error_by_group"):
        error_contrasts(machine, human, responses, by=("coder",))
