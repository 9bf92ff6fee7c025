"""Topics of other respondents: how far they are the same, and which broad ones come back."""

import numpy as np
import pandas as pd

from iapt_topics.topics import consensus
from iapt_topics.topics.replicate import (
    NOT_BACK,
    come_back,
    find_broad,
    grow_again,
    mark_lost,
    replicability,
)


def nested(spread, n=600, seed=0):
    """Points of 3 far groups with 4 near ones in each, and which they are of."""
    rng = np.random.default_rng(seed)
    far, near = np.eye(3, 8) * 20, rng.normal(size=(12, 8)) * 2
    fine = np.arange(n) % 12
    points = far[fine // 4] + near[fine] + rng.normal(size=(n, 8)) * spread
    return points.astype(np.float32), fine


def test_planted_groups_come_back_and_are_joined_as_planted():
    points, fine = nested(0.2)
    grown = consensus.grow_clusters(points, [3, 4, 5, 6, 12])
    draws = grow_again(points, np.arange(600), grown, 1)
    assert len(draws) == 8
    assert replicability(draws, grown, 12)["replicability"] > 0.99
    assert (come_back([d[12] for d in draws], grown[12])["replicability"] > 0.99).all()
    broad, again = find_broad(draws, grown, 12)
    table = pd.crosstab(broad, fine // 4).to_numpy()
    assert table.shape == (3, 3)
    assert ((table > 0).sum(axis=1) == 1).all()
    assert (come_back(again, broad)["replicability"] == 1).all()


def test_a_cut_through_one_cloud_does_not_come_back():
    points = np.random.default_rng(2).normal(size=(400, 8)).astype(np.float32)
    grown = consensus.grow_clusters(points, [12])
    draws = grow_again(points, np.arange(400), grown, 1)
    found = come_back([d[12] for d in draws], grown[12])
    assert replicability(draws, grown, 12)["replicability"] < 0.5
    assert (found["replicability"] < 0.6).any()
    assert (found["replicability_low"] <= found["replicability"]).all()
    assert (found["replicability"] <= found["replicability_high"]).all()


def test_a_topic_that_dissolves_says_so_and_keeps_its_note():
    topics = pd.DataFrame({"topic": [0, 1, 2], "note": ["a", "b", ""]})
    found = pd.DataFrame({"replicability": [0.49, 0.5, np.nan]})
    assert mark_lost(topics, found)["note"].tolist() == [f"a{NOT_BACK}", "b", ""]


def test_few_topics_are_not_joined_and_without_draws_nothing_is_known():
    points, _ = nested(0.2)
    grown = consensus.grow_clusters(points, [3, 5])
    draws = grow_again(points, np.arange(600), grown, 1)
    broad, again = find_broad(draws, grown, 5)
    assert (broad == grown[5]).all()
    assert len(again) == 8
    assert come_back([], grown[5])["replicability"].isna().all()
    assert np.isnan(replicability([], grown, 5)["replicability"])


def test_a_respondent_s_responses_come_and_go_together():
    points, _ = nested(0.2)
    one = grow_again(points, np.arange(600) // 6, [3], 5)
    other = grow_again(points, np.arange(600) // 6, [3], 5)
    assert all((a[3] == b[3]).all() for a, b in zip(one, other, strict=True))
