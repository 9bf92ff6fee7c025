"""Points that topics are cut from, and many UMAP and HDBSCAN runs; nothing else knows the two.

The points are the responses' vectors, drawn together along UMAP's own graph of neighbours, in
meaning and in wording: a short answer says little for itself, and its neighbours say what it is
about. They are the same for the same data. The runs are BERTopic's steps, each on other
respondents, in another order, with another seed, neighbourhood and cluster size.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats32, Ints
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics.topics import consensus
from iapt_topics.topics.wording import nearest_in_wording, wording_view

#: Below this number, UMAP and HDBSCAN have too little to go on; see :func:`_small_runs`.
FEW_RESPONSES = 40
#: A run lays out at most so many responses; the others vote by the nearest centre.
RUN_ROWS = 2500
_NEIGHBOURS = (10, 15, 20, 30)
_DRAWN_BY = 60  # neighbours that draw a point
_AMONG = 20_000  # rows among which neighbours in meaning are looked for
_FEWEST = 10  # neighbours that are left of those
_STEPS = 3  # that it is drawn along the graph
_DIMENSIONS = 50
_EPOCHS = 100
_MILLION = 10**6  # smaller parts of a cosine distance do not count


def nearest_rows(
    vectors: Floats32,
    k: int,
    block: int | None = None,
    *,
    among: Floats32 | None = None,
    own: Ints | None = None,
) -> tuple[Ints, Floats32]:
    """Exact cosine neighbours of each row, the row itself first; of equally near ones the first.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Rows of unit length.
    k : int
        From 1 to n, the row itself included.
    block : int, optional
        Rows handled at once; by default as many as hold 8 million distances.
    among : ndarray of float32, shape (m, d), optional
        Where the neighbours are looked for, if not among the rows.
    own : ndarray of int, shape (n,), optional
        With ``among``: the place of each row in it, -1 if it is not there.

    Returns
    -------
    near : ndarray of int, shape (n, k)
    far : ndarray of float32, shape (n, k)
        Cosine distances, 0 to 2, of six decimals.
    """
    n = len(vectors)
    if among is None:
        among, own = vectors, np.arange(n)
    own = np.full(n, -1) if own is None else own
    block = block or max(1, 2**23 // len(among))
    # No row has its k nearest farther away than the k nearest of some rows: these tell which few
    # are to be put in order.
    some = max(1, min(8, len(among) // k))
    near = np.empty((n, k), dtype=np.intp)
    far = np.empty((n, k), dtype=np.float32)
    for start in range(0, n, block):
        stop = min(start + block, n)
        cosine = vectors[start:stop] @ among.T
        here = np.flatnonzero(own[start:stop] >= 0)
        cosine[here, own[start:stop][here]] = 2  # itself comes first
        least = np.partition(cosine[:, ::some], -k, axis=1)[:, [-k]]
        row, other = divmod(np.flatnonzero(cosine >= least - 2 / _MILLION), len(among))
        # Between copies of a text, and from two copies to a third row, only a sum's last digits
        # differ. They must not choose, nor count as a distance: UMAP takes the nearest but 0.
        millionths = np.rint((1 - cosine[row, other]) * _MILLION).astype(np.intp)
        order = np.argsort(row * 4 * _MILLION + millionths, kind="stable")
        first = np.searchsorted(row, np.arange(stop - start))
        taken = order[first[:, None] + np.arange(k)]
        near[start:stop] = other[taken]
        far[start:stop] = (millionths[taken] / _MILLION).clip(0, 2)
    return near, far


def _neighbours(vectors: Floats32, k: int) -> tuple[Ints, Floats32]:
    """What :func:`nearest_rows` gives; those of many rows are looked for among some.

    Above 20,000 rows, neighbours are found among as many that are evenly spaced: time grows with
    the rows then, not with their pairs, and nothing in it is random. Of ``k`` neighbours those are
    left that would be among them, so that a neighbourhood stays as wide as it is among all.
    """
    n = len(vectors)
    some = consensus.spread(n, _AMONG)
    own = np.full(n, -1, dtype=np.intp)
    own[some] = np.arange(len(some))
    k = min(k, max(_FEWEST, round(k * len(some) / n)))
    near, far = nearest_rows(vectors, k, among=vectors[some], own=own)
    return some[near], far


def sort_rows(kept: pd.DataFrame) -> pd.DataFrame:
    """Kept responses sorted by text, so that the order of the file cannot matter."""
    return kept.sort_values(["text", "response_id"], kind="stable", ignore_index=True)


def smooth(vectors: Floats32, texts: list[str]) -> tuple[Floats32, Floats32, float]:
    """Centre the vectors, and draw them together along the neighbour graphs of both views.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
    texts : list of str, length n
        One text is one point: which of many copies is another row's neighbour is chance, and must
        not separate them.

    Returns
    -------
    centred : ndarray of float32, shape (n, d)
        Unit vectors without what all responses share (Mu and Viswanath 2018).
    points : ndarray of float32, shape (n, min(d, 50))
        Principal components of the centred vectors after three steps along UMAP's graphs of
        neighbours in meaning and in wording.
    weight : float
        That of wording beside meaning, 0 to 1, as ``wording_view`` finds it.
    """
    centred, weight = _unit(vectors - vectors.mean(axis=0)), 0.0
    drawn = centred
    if len(vectors) >= FEW_RESPONSES:
        k = min(_DRAWN_BY, len(vectors) // 10)
        graph = _graph(centred, *_neighbours(centred, k))
        words, weight = wording_view(texts)
        if weight > 0:
            worded = _graph(centred, *nearest_in_wording(words, k))
            graph = (1 - weight) * graph + weight * worded
        for _ in range(_STEPS):
            drawn = _unit(drawn + graph @ drawn)
        same = pd.factorize(np.array(texts, dtype=object))[0]
        drawn = consensus.centres(drawn, same)[same]
    drawn = drawn - drawn.mean(axis=0)
    _, axes = np.linalg.eigh(drawn.T @ drawn)
    return centred, np.ascontiguousarray(drawn @ axes[:, ::-1][:, :_DIMENSIONS]), weight


def cluster_runs(
    centred: Floats32,
    points: Floats32,
    people: Ints,
    *,
    n_runs: int,
    seed: int,
    min_size: int | None,
    on_event: OnEvent = ignore,
) -> tuple[Ints, pd.DataFrame]:
    """Cluster the responses ``n_runs`` times, each time another bootstrap of the respondents.

    Neighbourhood and cluster sizes follow one design, so that no fit draws luckier ones than
    another; respondents, row order and the layout's seed are random.

    Parameters
    ----------
    centred, points
        From :func:`smooth`.
    people : ndarray of int, shape (n,)
        Number of the respondent of each response.
    n_runs, seed : int
    min_size : int, optional
        Smallest cluster; by default from 1/120 to 1/60 of the responses, at least 10 (5 for the
        smallest surveys).
    on_event : callable, optional
        Called with the number of runs that have ended, and of all.

    Returns
    -------
    partitions : ndarray of int, shape (n_runs, n)
        Responses that were left out, or that HDBSCAN calls noise, are in the cluster whose
        centre is nearest.
    runs : DataFrame
        One row a run, as ``Topics.runs``.
    """
    n = len(centred)
    rng = np.random.default_rng(seed)
    if n < FEW_RESPONSES:
        return _small_runs(centred, rng, n_runs, min_size)
    sizes = np.geomspace(n / 120, n / 60, n_runs)
    jobs = []
    for run in range(n_runs):
        rows = draw_respondents(people, rng)
        share = len(rows) / n
        k = min(_NEIGHBOURS[run % len(_NEIGHBOURS)], len(rows) // 3)
        whole = min_size or max(5, min(10, n // 15), round(sizes[run]))
        least = max(2, round(whole * share))
        # numba's parallel graph code is not safe in threads: it runs here, the layouts do not.
        graph = _graph(centred[rows], *nearest_rows(centred[rows], k))
        jobs.append((rows, graph, k, least, int(rng.integers(2**31))))
    pool, found = ThreadPoolExecutor(n_cores()), []
    try:
        for labels in pool.map(lambda job: _run(centred, *job), jobs):
            found.append(labels)
            on_event(Event("progress", done=len(found), total=n_runs))
    finally:  # whoever stops the fit does not wait for the layouts that have begun
        pool.shutdown(wait=False, cancel_futures=True)
    partitions, table = [], []
    for run, (labels, (rows, _, k, least, run_seed)) in enumerate(zip(found, jobs, strict=True)):
        n_clusters = int(labels.max()) + 1
        partitions.append(fill_in(labels, rows, points))
        table.append((run, run_seed, len(rows), k, least, n_clusters, float((labels < 0).mean())))
    return np.stack(partitions), tabulate_runs(table)


def fill_in(labels: Ints, rows: Ints, points: Floats32) -> Ints:
    """Clusters of all responses from those of some: noise and the others go to the nearest."""
    whole = np.full(len(points), -1, dtype=np.intp)
    whole[rows] = labels
    if labels.max() < 0:  # no density anywhere: the run says that all belong together
        return np.zeros(len(points), dtype=np.intp)
    nearest = consensus.nearest_centre(points, consensus.centres(points, whole))
    return np.where(whole < 0, nearest, whole)


def draw_respondents(people: Ints, rng: np.random.Generator) -> Ints:
    """Responses of a bootstrap of the respondents, in random order."""
    n_people = int(people.max()) + 1
    drawn = np.zeros(n_people, dtype=bool)
    drawn[rng.integers(0, n_people, n_people)] = True
    rows = rng.permutation(np.flatnonzero(drawn[people]))
    # A few respondents with nearly all responses may be missed: then there is nothing to resample.
    if len(rows) < len(people) // 3:
        rows = rng.permutation(len(people))
    return rows[:RUN_ROWS]


def _graph(vectors: Floats32, near: Ints, far: Floats32) -> Any:
    """UMAP's fuzzy neighbour graph, a sparse matrix of weights from 0 to 1."""
    _compile_once()
    from umap.umap_ import fuzzy_simplicial_set

    return fuzzy_simplicial_set(
        vectors,
        near.shape[1],
        np.random.RandomState(0),  # unused where the neighbours are given
        "cosine",
        knn_indices=near.astype(np.int32),
        knn_dists=far,
    )[0].tocsr()


def _run(centred: Floats32, rows: Ints, graph: Any, k: int, least: int, seed: int) -> Ints:
    """Lay a graph out with UMAP and cluster the layout with HDBSCAN; -1 is noise."""
    from hdbscan import HDBSCAN
    from umap.umap_ import find_ab_params, simplicial_set_embedding

    a, b = find_ab_params(1.0, 0.0)  # the distance curve for touching clusters, as BERTopic has it
    layout, _ = simplicial_set_embedding(
        centred[rows], graph, n_components=5, initial_alpha=1.0, a=a, b=b, gamma=1.0,
        negative_sample_rate=5, n_epochs=_EPOCHS,
        init="spectral" if len(rows) >= 200 else "random",
        random_state=np.random.RandomState(seed), metric="cosine", metric_kwds={},
        densmap=False, densmap_kwds={}, output_dens=False,
    )  # fmt: skip
    # Leaves of the cluster tree: the default ("eom") now and then keeps one giant cluster.
    found = HDBSCAN(
        min_cluster_size=least,
        min_samples=min(5, least),
        cluster_selection_method="leaf",
        core_dist_n_jobs=1,
    ).fit_predict(np.asarray(layout, dtype=np.float64))
    return np.asarray(found, dtype=np.intp)


def _small_runs(
    centred: Floats32, rng: np.random.Generator, n_runs: int, min_size: int | None
) -> tuple[Ints, pd.DataFrame]:
    """Ward's clusters of resampled dimensions, for too few responses to have a density."""
    n, d = centred.shape
    k = max(1, n // (min_size or 8))
    partitions, table = [], []
    for run in range(n_runs):
        some = centred[:, rng.choice(d, size=max(1, d // 2), replace=False)]
        partitions.append(consensus.cut(*consensus.grow_tree(some), some, k))
        table.append((run, 0, n, 0, 0, k, 0.0))
    return np.stack(partitions), tabulate_runs(table)


def tabulate_runs(rows: list[tuple[int, int, int, int, int, int, float]]) -> pd.DataFrame:
    """One row a run, as ``Topics.runs``."""
    names = "run seed n_responses n_neighbors min_cluster_size n_clusters unassigned"
    return pd.DataFrame(rows, columns=names.split())


def _unit(vectors: Floats32) -> Floats32:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 1e-6, length, np.inf), dtype=np.float32)


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _compile_once() -> None:
    """Let numba keep UMAP's compiled code on disk, and run layouts side by side.

    Compiling costs ten times what the layouts do, and umap-learn does it anew in every process.
    Where a later version of it has other names, or there is no place to write, nothing is lost
    but time.
    """
    from umap import layouts, umap_

    for module, name in (
        (umap_, "smooth_knn_dist"),
        (umap_, "compute_membership_strengths"),
        (layouts, "_nb_optimize_layout_euclidean_single_epoch"),
    ):
        try:
            function = getattr(module, name)
            function.targetoptions["nogil"] = True
            function.enable_caching()
        except (AttributeError, KeyError, RuntimeError):
            continue
