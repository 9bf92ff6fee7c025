"""Places on the map: no two discs meet, and every response is in the disc of its topic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics.study.places import HEIGHT, WIDTH, response_places, topic_places


@given(st.integers(0, 60), st.integers(0, 10_000))
def test_discs_are_on_the_map_and_none_meets_another(n, seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 200, n).astype(float)
    sizes[rng.random(n) < 0.1] = np.nan  # a suppressed count
    discs = topic_places(rng.normal(size=(n, 16)).astype(np.float32), sizes)
    assert discs.shape == (n, 3)
    for i, (x, y, r) in enumerate(discs):
        assert r <= x <= WIDTH - r
        assert r <= y <= HEIGHT - r
        apart = np.hypot(*(discs[:i, :2] - (x, y)).T)
        assert (apart > discs[:i, 2] + r).all()


def test_topics_in_one_place_are_put_beside_each_other():
    discs = topic_places(np.ones((4, 8), np.float32), np.full(4, 10.0))
    assert np.isfinite(discs).all()
    assert np.hypot(*(discs[0] - discs[1])[:2]) > discs[0, 2] + discs[1, 2]


def test_topics_alike_lie_nearer_than_topics_apart():
    centroids = np.eye(4, 16, dtype=np.float32)
    centroids[1] = 0.9 * centroids[0] + 0.1 * centroids[1]
    discs = topic_places(centroids, np.full(4, 30.0))
    near, far = (np.hypot(*(discs[0] - discs[i])[:2]) for i in (1, 2))
    assert near < far


def shares(n, k, seed):
    given = np.random.default_rng(seed).dirichlet(np.full(k, 0.3), n).astype(np.float32)
    return given, given.argmax(axis=1)


@given(st.integers(1, 200), st.integers(1, 12), st.integers(0, 1_000))
def test_a_response_is_in_the_disc_of_its_topic_whatever_the_order(n, k, seed):
    given, at = shares(n, k, seed)
    discs = topic_places(
        np.random.default_rng(seed).normal(size=(k, 8)).astype(np.float32),
        np.bincount(at, minlength=k).astype(float),
    )
    places = response_places(discs, given, at)
    assert (np.hypot(*(places - discs[at, :2]).T) <= discs[at, 2]).all()
    order = np.random.default_rng(seed).permutation(n)
    again = response_places(discs, given[order], at[order])
    alone = np.unique(given, axis=0, return_counts=True)[1].max() == 1
    if alone:  # those that are equal in all may change places
        np.testing.assert_allclose(again, places[order])
    np.testing.assert_allclose(*(p[np.lexsort(p.round(6).T)] for p in (again, places)))


def test_the_better_it_fits_the_nearer_to_the_middle_and_on_the_side_of_its_second_topic():
    discs = np.array([[100.0, 200, 50], [400, 200, 50], [100, 60, 50]])
    given = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.5, 0.45, 0.05]], np.float32)
    places = response_places(discs, given, np.zeros(3, np.intp))
    far = np.hypot(*(places - discs[0, :2]).T)
    assert far[0] < far[1] < far[2]
    # Turned by at most 126 degrees from it; over many, the side is that of the second.
    many, at = shares(300, 3, 1)
    many[:, 2] = 0
    rows = many[at == 0], at[at == 0]
    assert response_places(discs, *rows)[:, 0].mean() > 100


@pytest.mark.parametrize("n", [0, 1])
def test_no_or_one_topic_is_a_map(n):
    assert topic_places(np.ones((n, 4), np.float32), np.ones(n)).shape == (n, 3)
    assert response_places(
        topic_places(np.ones((1, 4), np.float32), np.ones(1)), np.ones((n, 1), np.float32),
        np.zeros(n, np.intp),
    ).shape == (n, 2)  # fmt: skip
