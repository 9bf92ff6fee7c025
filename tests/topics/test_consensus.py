import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from iapt_topics.topics import consensus


def noisy_runs(n=240, k=6, n_runs=10, noise=0.2, seed=0):
    """Partitions that agree with a truth but for a part of the rows, labels shuffled each run."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % k
    runs = []
    for _ in range(n_runs):
        labels = np.where(rng.random(n) < noise, rng.integers(0, k, n), truth)
        runs.append(rng.permutation(k)[labels])
    return truth, np.stack(runs)


def planted_points(n=240, k=6, spread=0.15, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % k
    return truth, (rng.normal(size=(k, 8))[truth] + spread * rng.normal(size=(n, 8))).astype("f4")


def test_planted_groups_are_cut_and_the_runs_agree_best_there():
    truth, points = planted_points()
    _, runs = noisy_runs()
    grown = consensus.grow_tree(points)
    cuts = {k: consensus.cut(*grown, points, k) for k in (2, 4, 6, 9, 14)}
    assert adjusted_rand_score(truth, cuts[6]) == pytest.approx(1.0)
    scores = {k: consensus.agreement(runs, labels).mean() for k, labels in cuts.items()}
    assert max(scores, key=scores.get) == 6


def test_a_cut_is_settled_and_has_its_largest_cluster_first():
    _, points = planted_points(spread=1.0)
    labels = consensus.cut(*consensus.grow_tree(points), points, 5)
    middle = consensus.centres(points, labels)
    gap = np.linalg.norm(points[:, None] - middle, axis=2)
    np.testing.assert_allclose(gap[np.arange(len(points)), labels], gap.min(axis=1), atol=1e-5)
    assert (np.diff(np.bincount(labels)) <= 0).all()


def test_centres_are_means_without_the_left_out():
    points = np.array([[0, 0], [2, 4], [9, 9]], dtype=np.float32)
    np.testing.assert_allclose(consensus.centres(points, np.array([0, 0, -1])), [[1, 2]])


def test_identical_runs_agree_with_themselves():
    truth, runs = noisy_runs(noise=0.0)
    labels = consensus.by_size(truth)
    share, runner_up = consensus.support(runs, labels)
    assert (share == 1).all()
    assert (runner_up != labels).all()
    assert consensus.agreement(runs, labels) == pytest.approx(1.0)
    assert (consensus.votes(runs, labels) == labels).all()
    assert (consensus.reappearance(consensus.votes(runs, labels), labels) == 1).all()


def test_renaming_the_clusters_of_a_run_changes_no_vote():
    truth, runs = noisy_runs()
    renamed = (runs.max() - runs).copy()
    np.testing.assert_array_equal(consensus.votes(runs, truth), consensus.votes(renamed, truth))


def test_votes_and_reappearance_by_hand():
    # The run joins rows 0-2 and 3-4; the third row's cluster speaks for cluster 0.
    runs = np.array([[0, 0, 0, 1, 1]])
    labels = np.array([0, 0, 1, 1, 1])
    spoken = consensus.votes(runs, labels)
    np.testing.assert_array_equal(spoken, [[0, 0, 0, 1, 1]])
    np.testing.assert_allclose(consensus.reappearance(spoken, labels), [[2 / 3, 2 / 3]])


def test_affinity_by_hand():
    # Two runs, four rows. Row 0 sits with row 1 in both runs, with row 2 in the second only.
    runs = np.array([[0, 0, 1, 1], [0, 0, 0, 1]])
    labels = np.array([0, 0, 1, 1])
    expected = np.array([[1, 0.25], [1, 0.25], [0.5, 0.5], [0, 0.5]])
    np.testing.assert_allclose(consensus.affinity(runs, labels), expected)


def test_support_counts_runs_that_agree():
    runs = np.array([[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]])
    labels = np.array([0, 0, 0, 1, 1, 1])
    share, runner_up = consensus.support(runs, labels)
    np.testing.assert_allclose(share, [1, 1, 0.5, 1, 1, 1])
    np.testing.assert_array_equal(runner_up, [1, 1, 1, 0, 0, 0])


def test_one_cluster_has_no_runner_up():
    share, runner_up = consensus.support(np.zeros((3, 5), dtype=int), np.zeros(5, dtype=int))
    assert (share == 1).all()
    assert (runner_up == -1).all()


def test_unrelated_runs_do_not_agree():
    truth, related = noisy_runs()
    unrelated = np.random.default_rng(0).integers(0, 6, (10, 240))
    assert abs(consensus.agreement(unrelated, truth).mean()) < 0.05
    assert consensus.agreement(related, truth).mean() > 0.4


def test_many_rows_grow_the_tree_over_micro_clusters(monkeypatch):
    monkeypatch.setattr(consensus, "TREE_ROWS", 200)
    monkeypatch.setattr(consensus, "_MICRO_CLUSTERS", 60)
    truth, points = planted_points(n=600)
    tree, leaf = consensus.grow_tree(points)
    assert len(tree) == 59
    assert adjusted_rand_score(truth, consensus.cut(tree, leaf, points, 6)) > 0.95


def test_by_size_numbers_the_largest_first():
    np.testing.assert_array_equal(
        consensus.by_size(np.array([9, 4, 4, 7, 4, 7])), [2, 0, 0, 1, 0, 1]
    )


def test_soft_membership_adds_up_and_agrees_with_the_labels():
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    points = (4 * rng.normal(size=(3, 5))[labels] + rng.normal(size=(90, 5))).astype(np.float32)
    labels = consensus.nearest_centre(points, consensus.centres(points, labels))
    for certainty in (0.5, 0.8, 0.95):
        soft = consensus.soft_membership(points, labels, certainty)
        np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)
        assert (soft.argmax(axis=1) == labels).all()
        assert soft[np.arange(90), labels].mean() == pytest.approx(certainty, abs=1e-3)


def test_soft_membership_of_two_points_by_hand():
    # Squared distances differ by 4 (0 against 4) for both: the weights are 1 and exp(-4 / width).
    points = np.array([[-1.0], [1.0]], dtype=np.float32)
    soft = consensus.soft_membership(points, np.array([0, 1]), 0.9)
    np.testing.assert_allclose(soft, [[0.9, 0.1], [0.1, 0.9]], atol=1e-6)


def test_soft_membership_of_one_cluster_and_of_equal_points():
    points = np.ones((4, 2), dtype=np.float32)
    assert consensus.soft_membership(points, np.zeros(4, dtype=int), 0.7).tolist() == [[1]] * 4
    two = consensus.soft_membership(points, np.array([0, 0, 1, 1]), 0.7)
    np.testing.assert_allclose(two, 0.5)
