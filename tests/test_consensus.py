import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from iapt_topics import consensus


def noisy_runs(n=240, k=6, n_runs=10, noise=0.2, seed=0):
    """Partitions that agree with a truth but for a part of the rows, labels shuffled each run."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % k
    runs = []
    for _ in range(n_runs):
        labels = np.where(rng.random(n) < noise, rng.integers(0, k, n), truth)
        runs.append(rng.permutation(k)[labels])
    return truth, np.stack(runs)


def test_consensus_is_nearer_the_truth_than_the_runs():
    truth, runs = noisy_runs()
    found = consensus.cut(*consensus.consensus_tree(runs), runs, 6)
    single = np.mean([adjusted_rand_score(truth, r) for r in runs])
    assert adjusted_rand_score(truth, found) == pytest.approx(1.0)
    assert single < 0.75


def test_identical_runs_give_themselves_back():
    truth, runs = noisy_runs(noise=0.0)
    found = consensus.cut(*consensus.consensus_tree(runs), runs, 6)
    assert adjusted_rand_score(truth, found) == pytest.approx(1.0)
    share, runner_up = consensus.support(runs, found)
    assert (share == 1).all()
    assert (runner_up != found).all()


def test_renaming_the_clusters_of_a_run_changes_nothing():
    _, runs = noisy_runs()
    renamed = (runs.max() - runs).copy()
    one, two = (consensus.cut(*consensus.consensus_tree(r), r, 6) for r in (runs, renamed))
    assert adjusted_rand_score(one, two) == pytest.approx(1.0)


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


def test_unrelated_runs_are_not_stable():
    rng = np.random.default_rng(0)
    unrelated = rng.integers(0, 6, (10, 300))
    _, related = noisy_runs(n=300)
    low, high = (
        consensus.split_half_stability(r, [6], n_splits=3).mean() for r in (unrelated, related)
    )
    assert low < 0.3
    assert high > 0.9


def test_many_rows_grow_the_tree_over_micro_clusters(monkeypatch):
    monkeypatch.setattr(consensus, "TREE_ROWS", 200)
    monkeypatch.setattr(consensus, "_MICRO_CLUSTERS", 60)
    truth, runs = noisy_runs(n=600, noise=0.4)
    assert len(np.unique(runs.T, axis=0)) > 200
    tree, leaf = consensus.consensus_tree(runs)
    assert len(tree) == 59
    assert adjusted_rand_score(truth, consensus.cut(tree, leaf, runs, 6)) > 0.95


def test_rows_that_were_never_parted_are_one_leaf(monkeypatch):
    monkeypatch.setattr(consensus, "TREE_ROWS", 200)
    truth, runs = noisy_runs(n=600, noise=0.0)
    tree, leaf = consensus.consensus_tree(runs)
    assert len(tree) == 5
    assert (consensus.cut(tree, leaf, runs, 6) == consensus.by_size(truth)).all()


def test_by_size_numbers_the_largest_first():
    np.testing.assert_array_equal(
        consensus.by_size(np.array([9, 4, 4, 7, 4, 7])), [2, 0, 0, 1, 0, 1]
    )
