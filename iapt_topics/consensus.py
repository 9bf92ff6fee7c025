"""Many partitions of the same responses to one, with the support of each response.

Arrays in, arrays out: nothing here knows what a topic or a response is.

A clustering run is a lottery: another seed or row order gives other clusters. What many runs have
in common does not depend on one draw. Each run says which responses it put together; written as
one 0/1 column for each cluster of each run, a response's row is its record over all runs, and
responses with like records belong together (cluster ensembles, Strehl and Ghosh 2002; the
bipartite form, Fern and Brodley 2004, needs no n x n matrix).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Above this many rows the tree is grown over micro-clusters: Ward's linkage holds n(n-1)/2 values.
TREE_ROWS = 5000
_MICRO_CLUSTERS = 2000
_DIMENSIONS = 40


def membership(partitions: NDArray[np.intp]) -> csr_array:
    """Write the partitions as one 0/1 column for each cluster of each run.

    Parameters
    ----------
    partitions : ndarray of int, shape (n_runs, n)
        Cluster of each row in each run, 0 or greater.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, total number of clusters)
    """
    from scipy.sparse import csr_array

    n_runs, n = partitions.shape
    first = np.concatenate([[0], np.cumsum(partitions.max(axis=1) + 1)])
    columns = (partitions + first[:-1, None]).ravel()
    rows = np.tile(np.arange(n), n_runs)
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, int(first[-1])))


def consensus_tree(partitions: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Grow Ward's tree over the rows' records.

    Parameters
    ----------
    partitions : ndarray of int, shape (n_runs, n)

    Returns
    -------
    tree : ndarray, shape (m - 1, 4)
        As :func:`scipy.cluster.hierarchy.linkage` returns it, over m leaves.
    leaf : ndarray of int, shape (n,)
        Leaf of each row; m = n up to ``TREE_ROWS`` rows.
    """
    from scipy.cluster.hierarchy import linkage
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD

    records = membership(partitions)
    if records.shape[1] - 1 > _DIMENSIONS:
        points = TruncatedSVD(_DIMENSIONS, random_state=0).fit_transform(records)
    else:
        points = records.toarray()
    leaf = np.arange(len(points))
    if len(points) > TREE_ROWS:
        # Rows that every run kept together are one leaf; only then is anything approximated.
        _, first, leaf = np.unique(partitions.T, axis=0, return_index=True, return_inverse=True)
        points, leaf = points[first], leaf.ravel()
        if len(points) > TREE_ROWS:
            micro = KMeans(_MICRO_CLUSTERS, n_init=1, max_iter=20, random_state=0).fit(points)
            leaf, points = micro.labels_.astype(np.intp)[leaf], micro.cluster_centers_
    return linkage(points, method="ward"), leaf


def cut(
    tree: NDArray[np.float64],
    leaf: NDArray[np.intp],
    partitions: NDArray[np.intp],
    n_clusters: int,
    *,
    max_rounds: int = 10,
) -> NDArray[np.intp]:
    """Cut the tree into clusters, then let every row move to the cluster its runs speak for.

    Parameters
    ----------
    tree, leaf
        From :func:`consensus_tree`.
    partitions : ndarray of int, shape (n_runs, n)
    n_clusters : int
        At most this many; a cluster that loses all its rows disappears.
    max_rounds : int, default 10
        Rounds of moving; it usually settles in two or three.

    Returns
    -------
    ndarray of int, shape (n,)
        Cluster 0 is the largest.
    """
    from scipy.cluster.hierarchy import fcluster

    labels = by_size(fcluster(tree, n_clusters, criterion="maxclust")[leaf])
    for _ in range(max_rounds):
        moved = by_size(affinity(partitions, labels).argmax(axis=1))
        if np.array_equal(moved, labels):
            break
        labels = moved
    return labels


def affinity(partitions: NDArray[np.intp], labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean share of each cluster's other members that a row was grouped with, over the runs.

    Parameters
    ----------
    partitions : ndarray of int, shape (n_runs, n)
    labels : ndarray of int, shape (n,)

    Returns
    -------
    ndarray, shape (n, n_clusters)
        Between 0 and 1. A row is not counted as its own companion; the only member of a cluster
        has 0 there.
    """
    n_runs, n = partitions.shape
    records = membership(partitions)
    companions: NDArray[np.float64] = np.asarray(records @ _members(records, labels)) / n_runs
    sizes = np.bincount(labels).astype(float)
    rows = np.arange(n)
    own = companions[rows, labels] - 1
    companions = companions / sizes
    companions[rows, labels] = own / np.maximum(sizes[labels] - 1, 1)
    return companions


def support(
    partitions: NDArray[np.intp], labels: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Share of runs that agree with each row's cluster, and the cluster that comes second.

    A run agrees when the cluster it put the row into is the home of the row's consensus cluster:
    no other consensus cluster has a larger part of its members there.

    Parameters
    ----------
    partitions : ndarray of int, shape (n_runs, n)
    labels : ndarray of int, shape (n,)

    Returns
    -------
    share : ndarray, shape (n,)
        Between 0 and 1.
    runner_up : ndarray of int, shape (n,)
        -1 where there is only one cluster.
    """
    n_runs, n = partitions.shape
    records = membership(partitions)
    part = _members(records, labels) / np.bincount(labels)  # share of each cluster's members
    votes = part.argmax(axis=1)[records.indices.reshape(n, n_runs)]
    share = (votes == labels[:, None]).mean(axis=1)
    near = affinity(partitions, labels)
    if near.shape[1] < 2:
        return share, np.full(n, -1, dtype=np.intp)
    near[np.arange(n), labels] = -1
    return share, near.argmax(axis=1)


def split_half_stability(
    partitions: NDArray[np.intp], grid: list[int], *, n_splits: int = 5, seed: int = 0
) -> NDArray[np.float64]:
    """Agreement of the consensus of one half of the runs with that of the other half.

    Parameters
    ----------
    partitions : ndarray of int, shape (n_runs, n)
        At least 2 runs.
    grid : list of int
        Numbers of clusters to try.
    n_splits : int, default 5
    seed : int, default 0

    Returns
    -------
    ndarray, shape (n_splits, len(grid))
        Adjusted Rand index (Hubert and Arabie 1985) of each split: 1 for the same clusters, about
        0 for unrelated ones. Half the runs are used on each side, so it understates the stability
        of the consensus of all runs.
    """
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(seed)
    n_runs = len(partitions)
    scores = np.empty((n_splits, len(grid)))
    for split in range(n_splits):
        order = rng.permutation(n_runs)
        halves = [partitions[np.sort(h)] for h in (order[: n_runs // 2], order[n_runs // 2 :])]
        trees = [consensus_tree(h) for h in halves]
        for j, k in enumerate(grid):
            one, two = (cut(*t, h, k) for t, h in zip(trees, halves, strict=True))
            scores[split, j] = adjusted_rand_score(one, two)
    return scores


def by_size(labels: NDArray[np.integer]) -> NDArray[np.intp]:
    """Renumber the labels 0, 1, ... by falling size; ties keep the order of first appearance."""
    _, first, index, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -sizes))
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    return rank[index]


def _members(records: csr_array, labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Count each cluster's members in each cluster of each run: (run clusters, clusters)."""
    from scipy.sparse import csr_array as sparse

    n = len(labels)
    home = sparse((np.ones(n), (np.arange(n), labels)), shape=(n, int(labels.max()) + 1))
    return (records.T @ home).toarray()
