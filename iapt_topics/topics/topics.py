"""Topics as a consensus of many BERTopic-style runs.

BERTopic (Grootendorst 2022) lays the embeddings out with UMAP, clusters the layout with HDBSCAN
and describes each cluster by class-based TF-IDF. One such run on a survey of about a thousand
comments depends heavily on its seed. Here many runs, each on other respondents and with other
settings, choose among clusterings that depend on the data alone (:mod:`iapt_topics.topics.consensus`),
and say how far each response and each topic can be relied on.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.errors import InputError
from iapt_topics._base.one_line import one_line
from iapt_topics.stats.intervals import percentile_interval, wilson_interval
from iapt_topics.topics import consensus
from iapt_topics.topics.runs import FEW_RESPONSES, cluster_runs, smooth
from iapt_topics.topics.words import name_topic, topic_words

if TYPE_CHECKING:
    from iapt_topics.encoders.embeddings import Embeddings
    from iapt_topics.survey.responses import Responses

UNASSIGNED = -1
EDIT_COLUMNS = ["action", "topics", "detail", "who", "when", "why", "note"]
#: A response that fewer than this share of runs put with its topic is not sure to belong there.
SURE = 0.5
#: Part of the fitted responses that are farther from their nearest topic than its edge.
NOVEL = 0.05
_FEW = f"fewer than {FEW_RESPONSES} responses: Ward clusters instead of UMAP and HDBSCAN"
_TIE = 0.02  # numbers of topics whose agreement with the runs differs by less are as good
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
        Number of topics wanted, at least 2. By default the number at which the topics agree best
        with the runs; of those within .02 of it, the most that is not above the mean number of
        clusters in a run.
    min_topic_size : int, optional
        Smallest topic, at least 2: the runs look for no smaller cluster, and only numbers of
        topics are chosen that leave none smaller (if there are any). By default the runs' smallest
        clusters go from 1/120 to 1/60 of the responses, and are not below 10 (5 for the smallest
        surveys).
    min_support : float, default 0
        From 0 to 1. A response whose support is below it is left unassigned. With 0, every
        response is given its nearest topic; :func:`unassigned_band` shows what the choice does to
        the shares.
    """

    seed: int = 0
    n_runs: int = 12
    n_topics: int | None = None
    min_topic_size: int | None = None
    min_support: float = 0.0

    def __post_init__(self) -> None:
        for what, least in (("seed", 0), ("n_runs", 2), ("n_topics", 2), ("min_topic_size", 2)):
            value = getattr(self, what)
            if value is None and what.endswith(("topics", "size")):
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(
                    f"TopicConfig({what}=...)",
                    f"must be a whole number of at least {least}",
                    repr(value),
                    "Change it or leave it out.",
                )
        if not 0 <= self.min_support <= 1:
            raise InputError(
                "TopicConfig(min_support=...)",
                "must be a share of runs from 0 to 1",
                repr(self.min_support),
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
        ``support`` (mean over its responses); ``reappears``, ``reappears_low``,
        ``reappears_high`` (Jaccard index with what the runs, each on a bootstrap of the
        respondents, have in its place: mean, and range of 95 % of the runs); ``cosine``
        (mean cosine to its centroid of the responses nearest to it), ``edge`` (what all but 5 % of
        them pass; a response of a later wave that does not is novel); ``note``.
    hierarchy : DataFrame
        One row for each topic: ``topic``; ``broad`` (number of its broad topic, 0 the largest);
        ``n`` (responses of the broad topic).
    resolution : DataFrame
        One row for each number of topics tried: ``n_topics``; ``estimate``, ``low``, ``high``
        (adjusted Rand index between these topics and a run: mean, and range of 95 % of the runs);
        ``n`` (runs); ``support`` (mean over the responses); ``reappears`` (mean over the topics);
        ``smallest`` (responses of the smallest topic); ``chosen``; ``note``.
    runs : DataFrame
        One row a run: ``run``, ``seed``, ``n_responses`` (those of the respondents it drew),
        ``n_neighbors``, ``min_cluster_size``, ``n_clusters``, ``unassigned`` (share of its
        responses that HDBSCAN left as noise).
    votes : ndarray of int, shape (n_runs, n_kept)
        Topic that each run speaks for, by response in the order of ``assignments``.
    distribution : ndarray of float32, shape (n_kept, n_topics)
        How much of each response is in each topic, in the order of ``assignments``: rows add up to
        1. After a fit, ``nearest`` has the most, and on average as much as ``support``.
    centroids : ndarray of float32, shape (n_topics, d)
        Unit mean vector of each topic.
    config : TopicConfig
    versions : dict of str
        Versions of the packages that decide the result, and the encoder.
    edits : DataFrame
        What people changed after the fit: ``action``, ``topics``, ``detail``, ``who``, ``when``,
        ``why``, ``note``; see :func:`iapt_topics.edit_topics`. Empty after a fit.
    """

    assignments: pd.DataFrame
    topics: pd.DataFrame
    hierarchy: pd.DataFrame
    resolution: pd.DataFrame
    runs: pd.DataFrame
    votes: NDArray[np.intp]
    distribution: NDArray[np.float32]
    centroids: NDArray[np.float32]
    config: TopicConfig
    versions: dict[str, str]
    edits: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EDIT_COLUMNS))

    __repr__ = one_line

    @property
    def n_topics(self) -> int:
        """Number of topics, not counting the unassigned."""
        return len(self.topics)

    def _repr_html_(self) -> str:
        """The topics without their typical responses, and how their number was chosen."""
        from iapt_topics.figures import resolution_figure
        from iapt_topics.figures.notebook import as_html

        title = f"{self.n_topics} topics of {len(self.assignments):,} responses"
        tables = {"topics": self.topics.drop(columns="exemplars")}
        return as_html(title, tables, lambda: resolution_figure(self))

    def to_bertopic(self, responses: Responses, embeddings: Embeddings) -> Any:
        """Build the BERTopic model of these topics, for its visualisations and files.

        Parameters
        ----------
        responses : Responses
            Those that the topics were fitted to.
        embeddings : Embeddings
            Of the same responses.

        Returns
        -------
        bertopic.BERTopic
            Its ``topics_`` are those of ``assignments`` and in their order. It holds words that
            people used and, in memory, typical responses: its files are as sensitive as those.

        Raises
        ------
        InputError
            If the responses are others than the topics were fitted to.
        """
        from iapt_topics.topics.bertopic import build_model

        kept = fitted_rows(self, responses)
        vectors = embeddings.rows(kept["response_id"].tolist())
        return build_model(kept["text"].tolist(), vectors, self.assignments["topic"].to_numpy())


def fit_topics(
    responses: Responses,
    embeddings: Embeddings,
    config: TopicConfig | None = None,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
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
    progress : callable, optional
        Called with the number of runs that have ended, and of all.

    Returns
    -------
    Topics
        The same for the same texts, embeddings and config, whatever the order of the rows. With
        another seed the runs differ; the topics do only if the runs choose another number.

    Raises
    ------
    InputError
        If fewer than 2 responses are kept, a response has no embedding, or more topics are asked
        for than there are responses.

    Notes
    -----
    Support is agreement between runs, not the chance that a topic is right. The runs share one
    set of embeddings, so what the encoder cannot see, no run can. Other responses than these would
    give other topics: ``reappears`` says by how much.

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
    people = pd.factorize(kept["respondent_id"])[0].astype(np.intp)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap, hdbscan and numba warn of their own internals
        centred, points = smooth(vectors, pd.factorize(kept["text"])[0].astype(np.intp))
        partitions, runs = cluster_runs(
            centred,
            points,
            people,
            n_runs=config.n_runs,
            seed=config.seed,
            min_size=config.min_topic_size,
            progress=progress,
        )
    labels, resolution = _choose(points, partitions, runs, config)
    share, runner_up = consensus.support(partitions, labels)
    labels, runner_up, assigned = _drop_empty(labels, runner_up, share >= config.min_support)
    topic = np.where(assigned, labels, UNASSIGNED)
    votes = consensus.votes(partitions, labels)
    topics = describe_topics(kept, vectors, topic, labels, votes)
    note = np.where(share < SURE, f"support below {SURE:.0%}", "")
    assignments = pd.DataFrame(
        {
            "response_id": kept["response_id"],
            "topic": topic,
            "nearest": labels,
            "support": share,
            "runner_up": runner_up,
            "note": np.where(assigned, note, f"unassigned: below {config.min_support:.0%}"),
        }
    )
    place = pd.Index(kept["response_id"]).get_indexer(pd.Index(responses.kept["response_id"]))
    return Topics(
        assignments=assignments.iloc[place].reset_index(drop=True),
        topics=topics,
        hierarchy=broad_topics(points, labels, topics["n"].to_numpy()),
        resolution=resolution,
        runs=runs,
        votes=votes[:, place],
        distribution=consensus.soft_membership(points, labels, float(share.mean()))[place],
        centroids=unit_means(vectors, topic),
        config=config,
        versions=package_versions()
        | {"encoder": embeddings.model, "weights": embeddings.fingerprint},
    )


def unassigned_band(
    topics: Topics, responses: Responses, *, min_support: float = SURE
) -> pd.DataFrame:
    """Shares of the topics by year under each way of treating the responses that are not sure.

    Parameters
    ----------
    topics : Topics
        From :func:`fit_topics`.
    responses : Responses
        Those that the topics were fitted to.
    min_support : float, default 0.5
        Responses with less support are not sure.

    Returns
    -------
    DataFrame
        One row for each topic and year, and with ``topic`` -1 one for the responses of the year
        that are not sure: ``topic``; ``year``; ``reassign`` (all with their nearest topic),
        ``own_group`` (the unsure stay in the denominator), ``exclude`` (they do not); ``low``,
        ``high`` (least and greatest of the three; for -1, a 95 % interval of the rate); ``n``
        (kept responses of the year); ``note``.
    """
    found = topics.assignments.merge(
        responses.kept[["response_id", "year"]], on="response_id", validate="one_to_one"
    )
    sure = found["support"] >= min_support
    years = sorted(found["year"].unique())
    n = found.groupby("year").size()

    def count(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.crosstab(rows["year"], rows["nearest"]).reindex(
            index=years, columns=range(topics.n_topics), fill_value=0
        )

    all_of, sure_of = count(found), count(found[sure])
    n_sure = sure_of.sum(axis=1)
    shares = {
        "reassign": all_of.div(n, axis=0),
        "own_group": sure_of.div(n, axis=0),
        "exclude": sure_of.div(n_sure.where(n_sure > 0), axis=0),
    }
    band = pd.concat({k: v.T.stack() for k, v in shares.items()}, axis=1)
    band = band.rename_axis(["topic", "year"]).reset_index()
    band["low"] = band[list(shares)].min(axis=1)
    band["high"] = band[list(shares)].max(axis=1)
    band["n"] = band["year"].map(n)
    band["note"] = np.where(band["exclude"].isna(), "no response of the year is sure", "")
    low, high = wilson_interval((n - n_sure).to_numpy(), n.to_numpy())
    unsure = pd.DataFrame(
        {
            "topic": UNASSIGNED,
            "year": years,
            "reassign": 0.0,
            "own_group": (1 - n_sure / n).to_numpy(),
            "exclude": np.nan,
            "low": low,
            "high": high,
            "n": n.to_numpy(),
            "note": f"support below {min_support:.0%}",
        }
    )
    return pd.concat([band, unsure], ignore_index=True)


def _choose(
    points: NDArray[np.float32],
    partitions: NDArray[np.intp],
    runs: pd.DataFrame,
    config: TopicConfig,
) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """Cut at each number of topics; take the number at which the runs agree best with the cut."""
    most = int(runs["n_clusters"].max())
    if most <= 1 and config.n_topics is None:
        row = {"n_topics": 1, "estimate": np.nan, "low": np.nan, "high": np.nan, "n": len(runs)}
        row |= {"support": 1.0, "reappears": 1.0, "smallest": len(points), "chosen": True}
        note = _FEW if len(points) < FEW_RESPONSES else "the runs found no more than one cluster"
        return np.zeros(len(points), dtype=np.intp), pd.DataFrame([row | {"note": note}])
    # A ladder of steps of the square root of two: near numbers are near ties, which luck decides.
    upper = min(max(2, 2 * most), max(2, len(points) // 2))
    grid = {round(2 ** (j / 2)) for j in range(2, 40)}
    grid = {k for k in grid if k <= upper} | ({config.n_topics} if config.n_topics else set())
    tree, leaf = consensus.grow_tree(points)
    cuts: list[NDArray[np.intp]] = []
    rows = []
    for k in sorted(grid):
        labels = consensus.cut(tree, leaf, points, k)
        n_found = int(labels.max()) + 1
        if cuts and n_found == cuts[-1].max() + 1 and k != config.n_topics:
            continue  # no more distinct points than that
        scores = consensus.agreement(partitions, labels)
        low, high = percentile_interval(scores)
        spoken = consensus.votes(partitions, labels)
        cuts.append(labels)
        rows.append(
            {
                "n_topics": n_found,
                "estimate": scores.mean(),
                "low": float(low),
                "high": float(high),
                "n": len(scores),
                "support": (spoken == labels).mean(),
                "reappears": consensus.reappearance(spoken, labels).mean(),
                "smallest": int(np.bincount(labels).min()),
                "asked": k == config.n_topics,
            }
        )
    table = pd.DataFrame(rows)
    asked = table.pop("asked")
    allowed = asked if asked.any() else table["smallest"] >= (config.min_topic_size or 0)
    eligible = table["estimate"].where(allowed if allowed.any() else table.index == 0)
    # Which of near ties is a little ahead is luck; how many clusters the runs find is not.
    tied = eligible >= eligible.max() - _TIE
    modest = tied & (table["n_topics"] <= runs["n_clusters"].mean())
    best = int(np.flatnonzero(modest)[-1] if modest.any() else np.flatnonzero(tied)[0])
    return cuts[best], table.assign(
        chosen=table.index == best,
        note=np.where(asked, "asked for", _FEW if len(points) < FEW_RESPONSES else ""),
    )


def broad_topics(
    points: NDArray[np.float32], labels: NDArray[np.intp], n: NDArray[np.intp]
) -> pd.DataFrame:
    """Join topics to broad ones where the tree over their centres has its widest gap."""
    from scipy.cluster.hierarchy import fcluster, linkage

    k = len(n)
    broad: NDArray[np.intp] = np.arange(k)
    if k >= 6:
        tree = linkage(consensus.centres(points, labels).astype(np.float64), method="average")
        height = tree[:, 2]  # joining number j leaves k - 1 - j groups
        groups = np.arange(3, k // 2 + 1)
        gap = height[k - groups] / np.maximum(height[k - 1 - groups], 1e-12)
        broad = fcluster(tree, int(groups[gap.argmax()]), criterion="maxclust").astype(np.intp) - 1
    order = np.argsort(-np.bincount(broad, weights=n), kind="stable")
    broad = np.argsort(order)[broad]
    sizes = np.bincount(broad, weights=n).astype(int)
    return pd.DataFrame({"topic": np.arange(k), "broad": broad, "n": sizes[broad]})


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


def unit_means(vectors: NDArray[np.float32], topic: NDArray[np.intp]) -> NDArray[np.float32]:
    """Unit mean vector of each topic 0, 1, ...; the unassigned are left out."""
    means = consensus.centres(vectors, topic)
    length = np.linalg.norm(means, axis=1, keepdims=True)
    return np.asarray(means / np.where(length > 0, length, 1), dtype=np.float32)


def describe_topics(
    kept: pd.DataFrame,
    vectors: NDArray[np.float32],
    topic: NDArray[np.intp],
    nearest: NDArray[np.intp],
    votes: NDArray[np.intp],
) -> pd.DataFrame:
    """Make the table of topics of the kept responses; see :class:`Topics`."""
    centroids = unit_means(vectors, topic)
    n_topics = len(centroids)
    share = (votes == nearest).mean(axis=0)
    # Words leave the process too: where the survey was redacted, those of the redacted texts.
    texts = kept["redacted"] if "redacted" in kept else kept["text"]
    words = topic_words(texts.tolist(), topic, n_topics)
    counts = np.bincount(topic[topic >= 0], minlength=n_topics)
    low, high = wilson_interval(counts, np.full(n_topics, len(kept)))
    again = consensus.reappearance(votes, nearest)
    again_low, again_high = percentile_interval(again)
    closeness = vectors @ centroids.T
    closest = closeness.argmax(axis=1)
    rows = []
    for t in range(n_topics):
        inside = np.flatnonzero(topic == t)
        order = inside[np.argsort(-(share[inside] + closeness[inside, t]), kind="stable")]
        typical = kept.iloc[unlike_rows(order, vectors, kept["respondent_id"], _N_EXEMPLARS)]
        near = closeness[closest == t, t] if (closest == t).any() else closeness[inside, t]
        rows.append(
            {
                "topic": t,
                "label": name_topic(words[t]),
                "n": int(counts[t]),
                "estimate": counts[t] / len(kept),
                "low": float(low[t]),
                "high": float(high[t]),
                "words": ", ".join(words[t]),
                "exemplars": tuple(typical["response_id"]),
                "support": float(share[inside].mean()),
                "reappears": float(again[:, t].mean()),
                "reappears_low": float(again_low[t]),
                "reappears_high": float(again_high[t]),
                "cosine": float(near.mean()),
                "edge": float(np.quantile(near, NOVEL)),
                "note": "interval for sampling alone" if words[t] else "no words in its texts",
            }
        )
    return pd.DataFrame(rows)


def fitted_rows(topics: Topics, responses: Responses) -> pd.DataFrame:
    """Kept responses in the order of the topics' assignments.

    Raises
    ------
    InputError
        If they are others.
    """
    ids = topics.assignments["response_id"]
    kept = responses.kept.set_index("response_id", drop=False)
    if len(kept) != len(ids) or not ids.isin(kept.index).all():
        raise InputError(
            "responses",
            "must be those that the topics were fitted to",
            f"{len(kept)} kept responses, of which {int(ids.isin(kept.index).sum())} of the "
            f"{len(ids)} fitted",
            "Load the same file in the same way.",
        )
    return kept.loc[ids].reset_index(drop=True)


def unlike_rows(
    order: NDArray[np.intp], vectors: NDArray[np.float32], people: pd.Series, most: int
) -> list[int]:
    """Take the first rows in order that are of different people and do not say the same."""
    chosen: list[int] = []
    for row in order:
        same = any(
            people.iloc[row] == people.iloc[c] or vectors[row] @ vectors[c] > _SAME for c in chosen
        )
        if not same:
            chosen.append(int(row))
        if len(chosen) == most:
            break
    return chosen


def package_versions() -> dict[str, str]:
    """Versions of the packages that decide the topics."""
    from importlib.metadata import version

    names = (
        "iapt-topics bertopic umap-learn hdbscan scikit-learn sentence-transformers torch "
        "numpy scipy pandas numba"
    )
    return {name: version(name) for name in names.split()}
