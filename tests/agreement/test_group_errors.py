"""Does the machine err more in some groups: shares, their exact test, and its errors."""

import numpy as np
import pandas as pd
import pytest
from coded_surveys import survey
from scipy.stats import fisher_exact

from iapt_topics import InputError
from iapt_topics.agreement import error_by_group
from iapt_topics.agreement.group_errors import _homogeneity, needed_per_level
from iapt_topics.codes.codes import Codes


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
    with pytest.raises(InputError, match="by must be columns of the survey or 'length'"):
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
