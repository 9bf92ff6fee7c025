"""Topics as a consensus of many BERTopic-style runs; the only file that knows its parts.

BERTopic (Grootendorst 2022) lays the embeddings out with UMAP, clusters the layout with HDBSCAN
and describes each cluster by class-based TF-IDF. One such run on a survey of about a thousand
comments depends heavily on its seed, so the layout and the clustering are repeated, each time with
another seed, row order, neighbourhood and cluster size; :mod:`iapt_topics.consensus` finds what
the runs have in common, and BERTopic itself then describes the consensus.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics import consensus
from iapt_topics._checks import InputError
from iapt_topics.inference import percentile_interval, wilson_interval

if TYPE_CHECKING:
    from iapt_topics.embeddings import Embeddings
    from iapt_topics.responses import Responses

UNASSIGNED = -1
#: A response that fewer than this share of runs put with its nearest topic is left unassigned.
MIN_SUPPORT = 0.5
#: Below this number, UMAP and HDBSCAN have too little to go on; see :func:`_small_partition`.
FEW_RESPONSES = 40
_N_WORDS = 10
#: "wouldn't", "it's": BERTopic strips the apostrophe, and "wouldnt" is on no list of stop words.
_CONTRACTION = re.compile(r"\b\w+n't\b|'(?:s|re|ve|ll|d|m)\b")
_N_EXEMPLARS = 5
_SAME = 0.9  # cosine above which two exemplars say the same


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicConfig:
    """How topics are fitted.

    Attributes
    ----------
    seed : int, default 0
        Seed of everything random in the fit.
    n_runs : int, default 12
        Runs of UMAP and HDBSCAN that the consensus is made of; at least 2.
    n_topics : int, optional
        Number of topics wanted, at least 2. By default the fewest within one standard error
        of the most stable, between the square root of the fewest and the most clusters that the
        runs found.
    min_topic_size : int, optional
        Smallest cluster in a run, at least 2. By default it varies between 1/120 and 1/60 of the
        responses, and is not below 10 (5 for the smallest surveys).
    """

    seed: int = 0
    n_runs: int = 12
    n_topics: int | None = None
    min_topic_size: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("seed", 0), ("n_runs", 2), ("n_topics", 2), ("min_topic_size", 2)):
            value = getattr(self, name)
            if value is None and name.endswith(("topics", "size")):
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(
                    f"TopicConfig({name}=...)",
                    f"must be a whole number of at least {least}",
                    repr(value),
                    "Change it or leave it out.",
                )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Topics:
    """Consensus topics of a survey.

    Attributes
    ----------
    assignments : DataFrame
        One row for each kept response, in their order: ``response_id``; ``topic`` (-1 is
        unassigned); ``nearest`` (the topic it is closest to, also when unassigned); ``support``
        (share of runs, 0 to 1, that agree with ``nearest``); ``runner_up`` (the topic that comes
        second, -1 if there is none); ``note``.
    topics : DataFrame
        One row for each topic, the largest first: ``topic``; ``label``; ``n`` (its responses);
        ``estimate``, ``low``, ``high`` (its share of all kept responses, with a 95 % interval for
        sampling alone); ``words`` (top c-TF-IDF terms, comma separated); ``exemplars`` (tuple of
        up to 5 response ids, most typical first, one per respondent and none like another);
        ``support`` (mean over its responses); ``note``.
    resolution : DataFrame
        One row for each number of topics tried: ``n_topics``; ``estimate``, ``low``, ``high``
        (adjusted Rand index between the consensus of one half of the runs and the other; range
        over the splits); ``n`` (splits); ``chosen``; ``note``.
    runs : DataFrame
        One row a run: ``run``, ``seed``, ``n_neighbors``, ``min_cluster_size``, ``n_clusters``,
        ``unassigned`` (share of responses that HDBSCAN left as noise).
    centroids : ndarray of float32, shape (n_topics, d)
        Unit mean vector of each topic.
    config : TopicConfig
    versions : dict of str
        Versions of the packages that decide the result, and the encoder.
    """

    assignments: pd.DataFrame
    topics: pd.DataFrame
    resolution: pd.DataFrame
    runs: pd.DataFrame
    centroids: NDArray[np.float32]
    config: TopicConfig
    versions: dict[str, str]

    @property
    def n_topics(self) -> int:
        """Number of topics, not counting the unassigned."""
        return len(self.topics)


def fit_topics(
    responses: Responses, embeddings: Embeddings, config: TopicConfig | None = None
) -> Topics:
    """Fit consensus topics to the kept responses.

    Parameters
    ----------
    responses : Responses
        The survey; at least 2 kept responses.
    embeddings : Embeddings
        Of the same responses; joined on response id.
    config : TopicConfig, optional
        Seed, runs and, if wanted, the number or size of topics.

    Returns
    -------
    Topics
        The same for the same texts, embeddings and config, whatever the order of the rows.

    Raises
    ------
    InputError
        If fewer than 2 responses are kept, a response has no embedding, or more topics are asked
        for than there are responses.

    Notes
    -----
    Support is agreement between runs, not the chance that a topic is right. The runs share one
    set of embeddings, so what the encoder cannot see, no run can.

    References
    ----------
    Grootendorst (2022), "BERTopic: Neural topic modeling with a class-based TF-IDF procedure",
    arXiv:2203.05794. McInnes, Healy and Melville (2018), "UMAP", arXiv:1802.03426. Campello,
    Moulavi and Sander (2013), "Density-based clustering based on hierarchical density estimates",
    PAKDD.
    """
    config = config or TopicConfig()
    kept = responses.kept
    if len(kept) < 2:
        raise InputError(
            "topics",
            "need at least 2 codable responses",
            f"{len(kept)}",
            "See responses.ledger for where the rows went.",
        )
    if config.n_topics is not None and config.n_topics > len(kept) // 2:
        raise InputError(
            "TopicConfig(n_topics=...)",
            "must leave two responses for each topic",
            f"{config.n_topics} topics for {len(kept)} responses",
            f"Ask for {len(kept) // 2} or fewer, or leave it out.",
        )
    # Sorted by text, so that the order of the file cannot matter.
    kept = kept.sort_values(["text", "response_id"], kind="stable", ignore_index=True)
    vectors = embeddings.rows(kept["response_id"].tolist())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap, hdbscan and numba warn of their own internals
        partitions, runs = _runs(vectors, config)
    resolution = _resolution(partitions, runs, config)
    n_topics = int(resolution.loc[resolution["chosen"], "n_topics"].iloc[0])
    labels = consensus.cut(*consensus.consensus_tree(partitions), partitions, n_topics)
    share, runner_up = consensus.support(partitions, labels)
    assigned = share >= MIN_SUPPORT
    labels, runner_up, assigned = _drop_empty(labels, runner_up, assigned)

    centroids = _centroids(vectors, np.where(assigned, labels, UNASSIGNED), int(labels.max()) + 1)
    topic = np.where(assigned, labels, UNASSIGNED)
    assignments = pd.DataFrame(
        {
            "response_id": kept["response_id"],
            "topic": topic,
            "nearest": labels,
            "support": share,
            "runner_up": runner_up,
            "note": np.where(assigned, "", f"unassigned: support below {MIN_SUPPORT:.0%}"),
        }
    )
    return Topics(
        assignments=assignments.set_index("response_id")
        .loc[responses.kept["response_id"]]
        .reset_index(),
        topics=_describe(kept, vectors, topic, share, centroids),
        resolution=resolution,
        runs=runs,
        centroids=centroids,
        config=config,
        versions=_versions() | {"encoder": embeddings.model, "weights": embeddings.fingerprint},
    )


def _runs(
    vectors: NDArray[np.float32], config: TopicConfig
) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """Cluster the vectors ``n_runs`` times; every run's noise goes to the nearest centroid."""
    n = len(vectors)
    if n < FEW_RESPONSES:
        return _small_partition(vectors, config)
    from hdbscan import HDBSCAN
    from umap import UMAP

    rng = np.random.default_rng(config.seed)
    near, far = nearest_rows(vectors, min(30, n // 3))
    options = [k for k in (10, 15, 20, 30) if k <= near.shape[1]]
    partitions, rows = [], []
    for run in range(config.n_runs):
        order = rng.permutation(n)
        place = np.argsort(order)
        k = int(rng.choice(options))
        seed = int(rng.integers(2**31))
        least = config.min_topic_size or max(
            5, min(10, n // 15), round(n / float(rng.uniform(60, 120)))
        )
        layout = UMAP(
            n_neighbors=k,
            n_components=5,
            min_dist=0.0,
            metric="cosine",
            n_epochs=200,
            init="spectral" if n >= 200 else "random",
            random_state=seed,
            precomputed_knn=(place[near[order, :k]].astype(np.int32), far[order, :k]),
        ).fit_transform(vectors[order])
        # Leaves of the cluster tree: the default ("eom") now and then keeps one giant cluster.
        found = HDBSCAN(
            min_cluster_size=least,
            min_samples=min(5, least),
            cluster_selection_method="leaf",
            core_dist_n_jobs=1,
        ).fit_predict(np.asarray(layout, dtype=np.float64))[place]
        n_clusters = int(found.max()) + 1
        noise = found < 0
        if n_clusters:
            centres = _centroids(vectors, found, n_clusters)
            found = np.where(noise, (vectors @ centres.T).argmax(axis=1), found)
        else:  # no density anywhere: the run says that all belong together
            found = np.zeros(n, dtype=np.intp)
        partitions.append(found.astype(np.intp))
        rows.append((run, seed, k, least, n_clusters, float(noise.mean())))
    return np.stack(partitions), _run_table(rows)


def _small_partition(
    vectors: NDArray[np.float32], config: TopicConfig
) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """Ward's clusters of resampled dimensions, for too few responses to have a density."""
    from sklearn.cluster import AgglomerativeClustering

    rng = np.random.default_rng(config.seed)
    n, d = vectors.shape
    k = config.n_topics or max(1, n // (config.min_topic_size or 8))
    partitions, rows = [], []
    for run in range(config.n_runs):
        some = rng.choice(d, size=max(1, d // 2), replace=False)
        found = AgglomerativeClustering(n_clusters=k).fit_predict(vectors[:, some])
        partitions.append(found.astype(np.intp))
        rows.append((run, config.seed, 0, 0, k, 0.0))
    return np.stack(partitions), _run_table(rows)


def _run_table(rows: Sequence[tuple[int, int, int, int, int, float]]) -> pd.DataFrame:
    columns = ["run", "seed", "n_neighbors", "min_cluster_size", "n_clusters", "unassigned"]
    return pd.DataFrame(rows, columns=columns)


def nearest_rows(
    vectors: NDArray[np.float32], k: int, block: int | None = None
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Exact cosine neighbours of each row, the row itself first.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Rows of unit length.
    k : int
        From 1 to n, the row itself included.
    block : int, optional
        Rows handled at once; by default as many as hold 16 million distances.

    Returns
    -------
    near : ndarray of int, shape (n, k)
    far : ndarray of float32, shape (n, k)
        Cosine distances, 0 to 2.
    """
    n = len(vectors)
    block = block or max(1, 2**24 // n)
    near = np.empty((n, k), dtype=np.intp)
    far = np.empty((n, k), dtype=np.float32)
    for start in range(0, n, block):
        stop = min(start + block, n)
        distance = 1 - vectors[start:stop] @ vectors.T
        distance[np.arange(stop - start), np.arange(start, stop)] = -1  # itself comes first
        part = np.argpartition(distance, k - 1, axis=1)[:, :k]
        part_distance = np.take_along_axis(distance, part, axis=1)
        order = np.argsort(part_distance, axis=1, kind="stable")
        near[start:stop] = np.take_along_axis(part, order, axis=1)
        far[start:stop] = np.take_along_axis(part_distance, order, axis=1).clip(0, 2)
    return near, far


def _resolution(
    partitions: NDArray[np.intp], runs: pd.DataFrame, config: TopicConfig
) -> pd.DataFrame:
    """Choose the number of topics: the fewest that are about as stable as the best."""
    found = runs["n_clusters"].clip(lower=1)
    if found.max() == 1:
        note = "the runs found no more than one cluster"
        row = {"n_topics": 1, "estimate": np.nan, "low": np.nan, "high": np.nan, "n": 0}
        return pd.DataFrame([row | {"chosen": True, "note": note}])
    if config.n_topics is not None:
        grid = [config.n_topics]
    else:
        # The runs cluster finely and may cut one even cloud into several pieces: coarser cuts are
        # tried as well, down to the square root of what the most cautious of them found.
        low, high = (float(q) for q in np.quantile(found, [0.1, 0.9], method="nearest"))
        grid = sorted({round(k) for k in np.geomspace(max(2.0, low**0.5), max(2.0, high), 12)})
    scores = consensus.split_half_stability(partitions, grid, seed=config.seed)
    mean = scores.mean(axis=0)
    # One-standard-error rule (Breiman et al. 1984): the fewest topics that are not clearly less
    # stable than the best, so that chance on a flat curve does not decide.
    top = int(mean.argmax())
    error = float(scores[:, top].std(ddof=1)) / np.sqrt(len(scores))
    best = next(j for j in range(len(grid)) if mean[j] >= mean[top] - error)
    low_high = percentile_interval(scores, confidence=0.95)
    return pd.DataFrame(
        {
            "n_topics": grid,
            "estimate": mean,
            "low": low_high[0],
            "high": low_high[1],
            "n": len(scores),
            "chosen": [j == best for j in range(len(grid))],
            "note": "asked for" if config.n_topics is not None else "",
        }
    )


def _drop_empty(
    labels: NDArray[np.intp], runner_up: NDArray[np.intp], assigned: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Number topics by their assigned responses; a topic that none is sure of is no topic."""
    n_topics = int(labels.max()) + 1
    sizes = np.bincount(labels[assigned], minlength=n_topics)
    if not sizes.any():
        assigned, sizes = np.ones_like(assigned), np.bincount(labels, minlength=n_topics)
    order = np.lexsort((np.arange(n_topics), -sizes))
    rank = np.empty(n_topics, dtype=np.intp)
    rank[order] = np.arange(n_topics)
    n_real = int((sizes > 0).sum())
    new, second = rank[labels], np.where(runner_up >= 0, rank[runner_up], -1)
    # A response of a vanished topic is unassigned already; its runner-up becomes its nearest.
    gone = new >= n_real
    new = np.where(gone, np.where((second >= 0) & (second < n_real), second, 0), new)
    second = np.where((second >= n_real) | (second == new), -1, second)
    return new, second, assigned & ~gone


def _centroids(
    vectors: NDArray[np.float32], labels: NDArray[np.intp], n_clusters: int
) -> NDArray[np.float32]:
    centres = np.zeros((n_clusters, vectors.shape[1]), dtype=np.float32)
    inside = labels >= 0
    np.add.at(centres, labels[inside], vectors[inside])
    length = np.linalg.norm(centres, axis=1, keepdims=True)
    return np.asarray(centres / np.where(length > 0, length, 1), dtype=np.float32)


def _describe(
    kept: pd.DataFrame,
    vectors: NDArray[np.float32],
    topic: NDArray[np.intp],
    share: NDArray[np.float64],
    centroids: NDArray[np.float32],
) -> pd.DataFrame:
    n_topics = len(centroids)
    words = _ctfidf_words(kept["text"].tolist(), vectors, topic, n_topics)
    counts = np.bincount(topic[topic >= 0], minlength=n_topics)
    low, high = wilson_interval(counts, np.full(n_topics, len(kept)))
    closeness = vectors @ centroids.T
    rows = []
    for t in range(n_topics):
        inside = np.flatnonzero(topic == t)
        order = inside[np.argsort(-(share[inside] + closeness[inside, t]), kind="stable")]
        typical = kept.iloc[_unlike(order, vectors, kept["respondent_id"])]
        rows.append(
            {
                "topic": t,
                "label": _label(words[t]),
                "n": int(counts[t]),
                "estimate": counts[t] / len(kept),
                "low": float(low[t]),
                "high": float(high[t]),
                "words": ", ".join(words[t]),
                "exemplars": tuple(typical["response_id"]),
                "support": float(share[inside].mean()),
                "note": "interval for sampling alone" if words[t] else "no words in its texts",
            }
        )
    return pd.DataFrame(rows)


def _unlike(order: NDArray[np.intp], vectors: NDArray[np.float32], people: pd.Series) -> list[int]:
    """Take the first rows in order that are of different people and do not say the same."""
    chosen: list[int] = []
    for row in order:
        same = any(
            people.iloc[row] == people.iloc[c] or vectors[row] @ vectors[c] > _SAME for c in chosen
        )
        if not same:
            chosen.append(int(row))
        if len(chosen) == _N_EXEMPLARS:
            break
    return chosen


def _label(words: list[str]) -> str:
    """Name a topic by its first three words, leaving out one that repeats another."""
    chosen: list[str] = []
    for word in words:
        stems = {w.rstrip("s") for w in word.split()}
        if not any(stems & {w.rstrip("s") for w in other.split()} for other in chosen):
            chosen.append(word)
    return ", ".join(chosen[:3]) or "(no words)"


def _ctfidf_words(
    texts: list[str], vectors: NDArray[np.float32], topic: NDArray[np.intp], n_topics: int
) -> list[list[str]]:
    """Top c-TF-IDF terms of each topic, by BERTopic in its manual mode."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bertopic import BERTopic
        from bertopic.cluster import BaseCluster
        from bertopic.dimensionality import BaseDimensionalityReduction
        from bertopic.vectorizers import ClassTfidfTransformer

        texts = [_CONTRACTION.sub("", t.casefold().replace("\u2019", "'")) for t in texts]
        vectorizer = _vectorizer(texts)
        if vectorizer is None:
            return [[] for _ in range(n_topics)]
        model = BERTopic(
            language="multilingual",  # else it strips hyphens and accents from the texts
            umap_model=BaseDimensionalityReduction(),
            hdbscan_model=BaseCluster(),
            vectorizer_model=vectorizer,
            ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
            top_n_words=_N_WORDS,
        ).fit(texts, embeddings=vectors.copy(), y=topic.tolist())
    # BERTopic numbers topics by size for itself; its numbers are read back, not assumed.
    theirs = dict(zip(topic.tolist(), model.topics_, strict=True))
    return [
        [word for word, weight in model.get_topic(theirs[t]) if word and weight > 0]
        for t in range(n_topics)
    ]


def _vectorizer(texts: list[str]) -> Any:
    """Build a vectorizer that finds at least one term in the texts, or return None.

    A term that a handful of responses use describes those people rather than a topic, so terms
    are asked to stand in 2 % of the responses or in ten, whichever is fewer.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    enough = min(10, len(texts) // 50)
    plain = {"stop_words": "english"}
    for settings in ({**plain, "min_df": max(1, enough)}, plain, {}):
        try:
            # BERTopic will count over topics, not responses, so the terms are fixed here.
            terms = CountVectorizer(**settings).fit(texts).vocabulary_
        except ValueError:  # an empty vocabulary: only stop words, or no words at all
            continue
        return CountVectorizer(vocabulary=sorted(terms))
    return None


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    names = (
        "iapt-topics bertopic umap-learn hdbscan scikit-learn sentence-transformers torch "
        "numpy scipy pandas numba"
    )
    return {name: version(name) for name in names.split()}
