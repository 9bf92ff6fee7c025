from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from iapt_topics.agreement import theme_matching as t

labels = arrays(int, (2, 25), elements=st.integers(0, 4))


def table(first, second, k=5):
    return np.bincount(first * k + second, minlength=k * k).reshape(k, k)


@settings(max_examples=60, deadline=None)
@given(labels, st.randoms(use_true_random=False))
def test_partition_measures_equal_scikit_learn_and_ignore_names(pair, random):
    from sklearn import metrics as s

    x, y = pair
    whole = table(x, y)
    got = t.partition_measures(whole)
    wanted = [
        s.adjusted_mutual_info_score(x, y), s.adjusted_rand_score(x, y),
        *s.homogeneity_completeness_v_measure(x, y),
    ]  # fmt: skip
    if len(set(x)) > 1 or len(set(y)) > 1:
        known = ~np.isnan(got)
        np.testing.assert_allclose(got[known], np.array(wanted)[known], atol=1e-7)
    order, name = list(range(25)), list(range(5))
    random.shuffle(order)
    random.shuffle(name)
    again = t.partition_measures(table(np.array(name)[x[order]], y[order]))
    np.testing.assert_allclose(again, got, atol=1e-9)
    turned = t.partition_measures(whole.T)
    np.testing.assert_allclose(turned, got[[0, 1, 3, 2, 4]], atol=1e-9)


def test_partition_measures_at_their_ends():
    x = np.arange(200) % 4
    np.testing.assert_allclose(t.partition_measures(table(x, x)), 1)
    y = np.random.default_rng(0).integers(0, 4, 20_000)
    z = np.random.default_rng(1).integers(0, 4, 20_000)
    np.testing.assert_allclose(t.partition_measures(table(y, z)), 0, atol=2e-3)
    one = t.partition_measures(table(x * 0, x * 0), 0.0)
    assert np.isnan(one[[0, 1, 4]]).all()


def test_held_out_cells_count_every_unit_once():
    rng = np.random.default_rng(2)
    x, y = rng.random((2, 120, 4)) < 0.3
    people = np.arange(120) // 3
    cells = t.held_out_cells(x, y, people, 0)
    np.testing.assert_array_equal(cells.sum(axis=1), 120)
    np.testing.assert_array_equal(cells[:, 0] + cells[:, 1], x.sum(axis=0))
    same = t.held_out_cells(x, x, people, 0)
    np.testing.assert_array_equal(same[:, 0], x.sum(axis=0))
    np.testing.assert_array_equal(same[:, 1:3], 0)


def test_draws_of_pairs_are_counts_of_repeated_units():
    rng = np.random.default_rng(3)
    x, y = rng.random((2, 30, 3)) < 0.4
    weights = rng.integers(0, 3, (2, 30)).astype(np.int32)
    for w, got in zip(weights, t.drawn_cross_f1(x, y, weights), strict=True):
        p, q = np.repeat(x, w, axis=0), np.repeat(y, w, axis=0)
        both = t.cross_counts(p, q)
        np.testing.assert_allclose(got, t.cross_f1(both, p.sum(axis=0), q.sum(axis=0)))
    assert t.cross_f1(np.zeros((1, 1)), [0], [0]).tolist() == [[0.0]]


def test_levels_without_themes_are_not_numbers():
    none = np.zeros(2, dtype=bool)
    score = np.ones((2, 2))
    got = t.levels_table(score, [score], [score], none, none)
    assert got["estimate"].isna().all()
    assert (got["note"] != "").all()
    assert (got["n"] == 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_match_by_chance_grows_as_units_become_fewer(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.random((2, 400, 5)) < 0.2
    many, _ = t.match_by_chance(x, y, 20, 0)
    few, _ = t.match_by_chance(x[:40], y[:40], 20, 0)
    assert few.mean() > many.mean()


def one_class_each(n, rng, right=0.7, k=4):
    """Classes of two coders, the second of whom gives that of the first with this probability."""
    x = rng.integers(0, k, n)
    return x, np.where(rng.random(n) < right, x, rng.integers(0, k, n))


def test_partition_measures_without_each_are_those_of_the_other_units():
    rng = np.random.default_rng(5)
    x, y = one_class_each(120, rng)
    people = np.unique(rng.integers(0, 60, 120), return_inverse=True)[1]
    whole = table(x, y)
    rest = t._partition_without_each(x, y, people, 5, t.expected_information(whole))
    wanted = np.array(
        [
            t.partition_measures(table(x[people != p], y[people != p]))
            for p in range(people.max() + 1)
        ]
    )
    np.testing.assert_allclose(rest[:, 1:], wanted[:, 1:], atol=1e-12)
    # What chance leads to expect is scaled, not worked out anew.
    assert np.abs(rest[:, 0] - wanted[:, 0]).max() < 0.01 * wanted[:, 0].std()


def test_intervals_of_partition_measures_cover():
    # Of every four classes .7 are right and .3 dealt at random: the shares of all pairs of classes.
    shares = 0.7 * np.eye(4) / 4 + 0.3 / 16
    truth = dict(zip(t.PARTITION, t.partition_measures(shares * 1e9, 0.0), strict=True))
    held = dict.fromkeys(t.PARTITION, 0)
    for seed in range(100):
        x, y = one_class_each(400, np.random.default_rng(seed))
        got = t.partition_table(np.eye(4)[x] > 0, np.eye(4)[y] > 0, np.arange(400), 1, 0)
        got = got[got["unassigned"] == "in"].set_index("measure")
        assert (got["interval_status"] == "estimated").all()
        assert (got["low"] <= got["estimate"]).all()
        assert (got["estimate"] <= got["high"]).all()
        for m, value in truth.items():
            held[m] += got.loc[m, "low"] <= value <= got.loc[m, "high"]
    assert all(90 <= n <= 99 for n in held.values()), held


def test_sparse_partitions_have_no_interval_but_that_of_pairs():
    rng = np.random.default_rng(1)
    x, y = one_class_each(100, rng, k=20)
    got = t.partition_table(np.eye(20)[x] > 0, np.eye(20)[y] > 0, np.arange(100), 1, 0)
    pairs = got["measure"] == "ari"
    assert (got["interval_status"][~pairs] == "too sparse").all()
    assert got.loc[~pairs, ["low", "high"]].isna().all(axis=None)
    assert got.loc[~pairs, "note"].str.contains("too few responses").all()
    assert (got["interval_status"][pairs] == "estimated").all()
    assert got.loc[pairs, ["low", "high"]].notna().all(axis=None)
