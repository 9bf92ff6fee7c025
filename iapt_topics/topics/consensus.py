"""Candidate clusterings grown from points, and what many runs say about each of them.

Arrays in, arrays out: nothing here knows what a topic or a response is.

A clustering run is a lottery: another seed or row order gives other clusters. The consensus of an
ensemble is the partition that agrees with its runs best (Strehl and Ghosh 2002; Filkov and Skiena
2004 call it the median partition). Searching all partitions for it is hard, and a search ends in
one of many near ties by luck. So the candidates are few and depend on the data alone: clusters that
grow by one centre at a time and settle. Runs and other respondents choose among them, and say how
far each row and each cluster can be relied on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from iapt_topics._base.arrays import Floats, Floats32, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Above this many rows the tree is grown over micro-clusters: Ward's linkage holds n(n-1)/2 values.
TREE_ROWS = 5000
_MICRO_CLUSTERS = 2000
_GROWN_ROWS = 5000  # evenly spaced rows that centres are grown over; then all rows settle
_CANDIDATE_ROWS = 1000  # of them, those that a centre may start from
_SOON = 10  # rounds of settling before the next centre comes


def grow_tree(points: Floats32) -> tuple[Floats, Ints]:
    """Grow Ward's tree over the points; nothing in it is random.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        At least 2.

    Returns
    -------
    tree : ndarray, shape (m - 1, 4)
        As :func:`scipy.cluster.hierarchy.linkage` returns it, over m leaves.
    leaf : ndarray of int, shape (n,)
        Leaf of each row; m = n up to ``TREE_ROWS`` rows.
    """
    from scipy.cluster.hierarchy import linkage
    from sklearn.cluster import KMeans

    leaf = np.arange(len(points))
    if len(points) > TREE_ROWS:
        # Evenly spaced rows to start from, so that no seed is needed.
        start = points[np.linspace(0, len(points) - 1, _MICRO_CLUSTERS).round().astype(np.intp)]
        micro = KMeans(_MICRO_CLUSTERS, init=start, n_init=1, max_iter=10).fit(points)
        leaf, points = micro.labels_.astype(np.intp), micro.cluster_centers_
    return linkage(points.astype(np.float64), method="ward"), leaf


def cut(tree: Floats, leaf: Ints, points: Floats32, n_clusters: int) -> Ints:
    """Cut the tree into clusters, then let every point move to its nearest centre until none does.

    Parameters
    ----------
    tree, leaf
        From :func:`grow_tree`.
    points : ndarray, shape (n, d)
    n_clusters : int
        At most this many; a cluster that loses all its rows disappears.

    Returns
    -------
    ndarray of int, shape (n,)
        Cluster 0 is the largest.
    """
    from scipy.cluster.hierarchy import fcluster

    labels = by_size(fcluster(tree, n_clusters, criterion="maxclust")[leaf])
    for _ in range(100):  # rounds of moving (Lloyd 1982); some ten to thirty are usual
        moved = by_size(nearest_centre(points, centres(points, labels)))
        if np.array_equal(moved, labels):
            break
        labels = moved
    return labels


def grow_clusters(points: Floats32, numbers: Iterable[int]) -> dict[int, Ints]:
    """Cluster by adding one centre at a time; nothing in it is random.

    Each next centre goes to the row that would leave the points nearest to their centres, and all
    centres then settle. So what a clustering is does not hang on a tree's early joins, and other
    respondents give nearly the same: fast global k-means.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        At least 2.
    numbers : iterable of int
        Numbers of clusters wanted, each from 1 to n.

    Returns
    -------
    dict of int to ndarray of int, shape (n,)
        Clusters by their number, cluster 0 the largest. Where there are fewer distinct points, the
        number has no entry.

    References
    ----------
    Likas, Vlassis and Verbeek (2003), "The global k-means clustering algorithm", Pattern
    Recognition 36.
    """
    wanted = set(numbers)
    some = points[spread(len(points), _GROWN_ROWS)]
    rows = some[spread(len(some), _CANDIDATE_ROWS)]
    gap = _gap(some, rows) + (some**2).sum(axis=1)[:, None]
    labels: Ints = np.zeros(len(some), dtype=np.intp)
    middle = centres(some, labels)
    found = {}
    for k in range(1, max(wanted, default=0) + 1):
        if k > 1:
            own = ((some - middle[labels]) ** 2).sum(axis=1)
            gain = np.maximum(own[:, None] - gap, 0).sum(axis=0)
            best = int(gain.argmax())
            if gain[best] <= 1e-6 * max(float(own.sum()), 1e-12) or not own.any():
                break
            middle = np.vstack([middle, rows[best]])
            labels, middle = _settle(some, middle, _SOON)
        if k in wanted and len(middle) == k:
            found[k] = by_size(_settle(points, middle)[0])
    return found


def dissolve_small(points: Floats32, labels: Ints, least: int) -> Ints:
    """Let the smallest cluster go to its neighbours until none has fewer rows than ``least``."""
    while labels.max() > 0 and np.bincount(labels).min() < least:
        middle = centres(points, labels)[:-1]  # the last is the smallest
        labels = by_size(_settle(points, middle)[0])
    return labels


def _settle(points: Floats32, middle: Floats32, rounds: int = 100) -> tuple[Ints, Floats32]:
    """Move points to their nearest centre and centres to the mean of theirs until none moves."""
    labels, middle = nearest_centre(points, middle), middle.copy()
    for _ in range(rounds):  # Lloyd 1982; some ten to thirty are usual
        filled = np.flatnonzero(np.bincount(labels))
        middle[filled] = centres(points, labels)[filled]
        moved = nearest_centre(points, middle)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return labels, middle


def spread(n: int, most: int) -> Ints:
    """Evenly spaced rows of n, at most so many."""
    return np.linspace(0, n - 1, min(n, most)).round().astype(np.intp)


def home_of(fine: Ints, wide: Ints) -> Ints:
    """The wide cluster that has most of the rows of each fine one, the first of equal ones."""
    return np.asarray(_members(membership(fine[None]), wide).argmax(axis=1), dtype=np.intp)


def centres(points: Floats32, labels: Ints) -> Floats32:
    """Mean of the points of each label 0, 1, ...; rows labelled below 0 are left out."""
    inside = np.flatnonzero(labels >= 0)
    sizes = np.bincount(labels[inside])
    home = _marks(labels[inside], inside, (len(sizes), len(points)), np.float32)
    return np.asarray((home @ points) / np.maximum(sizes, 1)[:, None], dtype=np.float32)


def nearest_centre(points: Floats32, middle: Floats32) -> Ints:
    """Row of ``middle`` that is nearest to each point; the first of equally near ones."""
    return np.asarray(_gap(points, middle).argmin(axis=1), dtype=np.intp)


def _gap(points: Floats32, middle: Floats32) -> Floats32:
    """Squared distances, but for each point's own length, which is the same for all centres."""
    return np.asarray((middle**2).sum(axis=1) - 2 * points @ middle.T)


def agreement(partitions: Ints, labels: Ints) -> Floats:
    """Adjusted Rand index of the labels with each run, shape (n_runs,).

    1 for the same clusters, about 0 for unrelated ones (Hubert and Arabie 1985).
    """
    from sklearn.metrics import adjusted_rand_score

    return np.array([adjusted_rand_score(run, labels) for run in partitions])


def votes(partitions: Ints, labels: Ints) -> Ints:
    """Cluster that each run speaks for, row by row.

    A run's own cluster speaks for the consensus cluster that has the largest part of its members
    there; so it does not matter if the run clusters finer or coarser.

    Parameters
    ----------
    partitions : ndarray of int, shape (n_runs, n)
    labels : ndarray of int, shape (n,)

    Returns
    -------
    ndarray of int, shape (n_runs, n)
    """
    n_runs, n = partitions.shape
    records = membership(partitions)
    part = _members(records, labels) / np.bincount(labels)
    home: Ints = part.argmax(axis=1)[records.indices.reshape(n, n_runs)]
    return home.T


def reappearance(spoken: Ints, labels: Ints) -> Floats:
    """Jaccard index of each cluster with the rows that vote for it, run by run.

    Parameters
    ----------
    spoken : ndarray of int, shape (n_runs, n)
        From :func:`votes`.
    labels : ndarray of int, shape (n,)

    Returns
    -------
    ndarray, shape (n_runs, n_clusters)
        Between 0 (the run had no such cluster) and 1 (the same rows), after Hennig (2007).
    """
    k = int(labels.max()) + 1
    sizes = np.bincount(labels)
    out = np.empty((len(spoken), k))
    for run, said in enumerate(spoken):
        both = np.bincount(labels[said == labels], minlength=k)
        out[run] = both / (sizes + np.bincount(said, minlength=k) - both)
    return out


def membership(partitions: Ints) -> csr_array:
    """Write the partitions as one 0/1 column for each cluster of each run.

    Parameters
    ----------
    partitions : ndarray of int, shape (n_runs, n)
        Cluster of each row in each run, 0 or greater.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, total number of clusters)
    """
    n_runs, n = partitions.shape
    first = np.concatenate([[0], np.cumsum(partitions.max(axis=1) + 1)])
    columns = (partitions + first[:-1, None]).ravel()
    return _marks(np.tile(np.arange(n), n_runs), columns, (n, int(first[-1])))


def affinity(partitions: Ints, labels: Ints) -> Floats:
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
    companions: Floats = np.asarray(records @ _members(records, labels)) / n_runs
    sizes = np.bincount(labels).astype(float)
    rows = np.arange(n)
    own = companions[rows, labels] - 1
    companions = companions / sizes
    companions[rows, labels] = own / np.maximum(sizes[labels] - 1, 1)
    return companions


def support(partitions: Ints, labels: Ints) -> tuple[Floats, Ints]:
    """Share of runs that agree with each row's cluster, and the cluster that comes second.

    A run agrees when it votes for the row's cluster; the second is the one that the row was
    grouped with most after its own.

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
    n = len(labels)
    share = (votes(partitions, labels) == labels).mean(axis=0)
    near = affinity(partitions, labels)
    if near.shape[1] < 2:
        return share, np.full(n, -1, dtype=np.intp)
    near[np.arange(n), labels] = -1
    return share, near.argmax(axis=1)


def soft_membership(points: Floats32, labels: Ints, certainty: float) -> Floats32:
    """How much of each row is in each cluster: rows add up to 1, and their own cluster is largest.

    The weights are those of a mixture of equal round Gaussians about the cluster centres, of which
    nearest-centre labels are the hard form (Celeux and Govaert 1992). Its width is set so that the
    mean weight of a row's own cluster is ``certainty``.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    labels : ndarray of int, shape (n,)
        Every cluster 0, 1, ... has a row.
    certainty : float
        From 0 to 1; what cannot be reached is approached.

    Returns
    -------
    ndarray of float32, shape (n, n_clusters)
    """
    middle = centres(points, labels)
    rows = np.arange(len(points))
    gap = _gap(points, middle).astype(np.float64)
    gap -= gap.min(axis=1, keepdims=True)
    gap[rows, labels] = 0.0  # also where a row was put elsewhere than with the nearest centre
    some = spread(len(gap), 5000)
    low, high = -20.0, 20.0  # natural logarithm of the width, in units of the mean gap
    unit = float(gap.mean()) or 1.0
    for _ in range(40):
        middle_width = (low + high) / 2
        part = np.exp(-gap[some] / (unit * np.exp(middle_width)))
        if (part[np.arange(len(some)), labels[some]] / part.sum(axis=1)).mean() > certainty:
            low = middle_width
        else:
            high = middle_width
    weight = np.exp(-gap / (unit * np.exp((low + high) / 2)))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float32)


def by_size(labels: NDArray[np.integer]) -> Ints:
    """Renumber the labels 0, 1, ... by falling size; ties keep the order of first appearance."""
    _, first, index, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    return np.argsort(np.lexsort((first, -sizes)))[index]


def _members(records: csr_array, labels: Ints) -> Floats:
    """Count each cluster's members in each cluster of each run: (run clusters, clusters)."""
    n = len(labels)
    home = _marks(np.arange(n), labels, (n, int(labels.max()) + 1))
    return np.asarray((records.T @ home).toarray())


def _marks(rows: Ints, columns: Ints, shape: tuple[int, int], kind: Any = float) -> csr_array:
    """A sparse matrix with 1 in these cells."""
    from scipy.sparse import csr_array

    return csr_array((np.ones(len(rows), dtype=kind), (rows, columns)), shape=shape)
