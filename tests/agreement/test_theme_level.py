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
