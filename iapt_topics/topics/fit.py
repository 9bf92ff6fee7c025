"""Fit consensus topics: candidates from the data, chosen by the runs."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats32, Ints
from iapt_topics._base.errors import InputError
from iapt_topics._base.events import OnEvent, ignore
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.stats.resampling import percentile_interval
from iapt_topics.survey.responses import Responses, cluster_ids
from iapt_topics.topics import consensus
from iapt_topics.topics.bertopic import name_by_model
from iapt_topics.topics.describe import broad_topics, describe_topics, unit_means
from iapt_topics.topics.replicate import (
    BROAD,
    NEARLY,
    REPLICABILITY,
    come_back,
    find_broad,
    grow_again,
    mark_lost,
    replicability,
)
from iapt_topics.topics.runs import FEW_RESPONSES, cluster_runs, smooth, sort_rows
from iapt_topics.topics.topics import MIN_SUPPORT, UNASSIGNED, TopicConfig, Topics
from iapt_topics.topics.user_model import described_config, model_runs, with_model

_FEW = f"fewer than {FEW_RESPONSES} responses: Ward clusters instead of UMAP and HDBSCAN"
_TIE = 0.02  # numbers of topics whose agreement with the runs differs by less are as good
#: From so many responses on there are at least so many topics, unless fewer are asked for.
MANY_RESPONSES, LEAST_TOPICS = 1000, 16


def fit_topics(
    responses: Responses,
    embeddings: Embeddings,
    config: TopicConfig | None = None,
    *,
    model: Any = None,
    on_event: OnEvent = ignore,
) -> Topics:
    """Fit consensus topics by evidence accumulation over repeated UMAP and HDBSCAN (BERTopic).

    Parameters
    ----------
    responses : Responses
        The survey; at least 2 kept responses.
    embeddings : Embeddings
        Of the same responses; joined on response id.
    config : TopicConfig, optional
        Seed, runs and, if wanted, the number or size of topics.
    model : {"bertopic"} or BERTopic, optional
        What the runs are, as ``TopicConfig.model``.
    on_event : callable, optional
        Called with an :class:`iapt_topics.Event` after each run: how many have ended, and of all.

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
    Consensus support is agreement between runs, not the probability that a topic is right. The runs
    share one set of embeddings, so what the encoder cannot see, no run can. Other responses than
    these would give other topics: ``replicability`` says by how much.

    References
    ----------
    Grootendorst (2022), "BERTopic: Neural topic modeling with a class-based TF-IDF procedure",
    arXiv:2203.05794. McInnes, Healy and Melville (2018), "UMAP", arXiv:1802.03426. Campello,
    Moulavi and Sander (2013), "Density-based clustering based on hierarchical density estimates",
    PAKDD.
    """
    config, own = with_model(config or TopicConfig(), model)
    _require_enough(len(responses.kept), config)
    kept = sort_rows(responses.kept)
    vectors = embeddings.rows(kept["response_id"].tolist())
    people = pd.factorize(cluster_ids(kept))[0].astype(np.intp)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap, hdbscan and numba warn of their own internals
        centred, points, wording = smooth(vectors, kept["text"].tolist())
        n_runs, seed, least = config.n_runs, config.seed, config.min_topic_size
        if own is None:
            partitions, runs = cluster_runs(
                centred, points, people, n_runs=n_runs, seed=seed, min_size=least, on_event=on_event
            )
        else:
            partitions, runs = model_runs(
                own, vectors, points, people, n_runs=n_runs, seed=seed, on_event=on_event
            )
    chosen = _choose(points, people, partitions, runs, config)
    share, runner_up = consensus.support(partitions, chosen.labels)
    assigned = share >= config.min_support
    labels, runner_up, assigned = _drop_empty(chosen.labels, runner_up, assigned)
    topic = np.where(assigned, labels, UNASSIGNED)
    votes = consensus.votes(partitions, labels)
    topics = describe_topics(kept, vectors, topic, labels, votes)
    if own is not None and not isinstance(config.model, str):
        topics = name_by_model(topics, own, kept, vectors, topic)
    topics = mark_lost(topics, come_back(chosen.again, labels))
    hierarchy = broad_topics(labels, chosen.broad, topics["n"].to_numpy())
    note = np.where(share < MIN_SUPPORT, f"support below {MIN_SUPPORT:.0%}", "")
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
        hierarchy=hierarchy.join(come_back(chosen.broad_again, chosen.broad), on="broad"),
        resolution=chosen.resolution,
        runs=runs,
        votes=votes[:, place],
        distribution=consensus.soft_membership(points, labels, float(share.mean()))[place],
        centroids=unit_means(vectors, topic),
        config=described_config(config),
        versions=package_versions()
        | {"encoder": embeddings.model, "weights": embeddings.fingerprint}
        | {"wording_weight": f"{wording:.3f}"},
    )


def _require_enough(n: int, config: TopicConfig) -> None:
    if n < 2:
        raise InputError(
            "topics", "need at least 2 codable responses", f"{n}",
            "See responses.ledger for where the rows went.",
        )  # fmt: skip
    if config.n_topics is not None and config.n_topics > n // 2:
        raise InputError(
            "TopicConfig(n_topics=...)", "must leave two responses for each topic",
            f"{config.n_topics} topics for {n} responses",
            f"Ask for {n // 2} or fewer, or leave it out.",
        )  # fmt: skip


class _Chosen(NamedTuple):
    """Topic and broad topic of each row, by all rows and by draws of the respondents."""

    labels: Ints
    again: list[Ints]
    broad: Ints
    broad_again: list[Ints]
    resolution: pd.DataFrame


def _choose(
    points: Floats32, people: Ints, partitions: Ints, runs: pd.DataFrame, config: TopicConfig
) -> _Chosen:
    """Grow the topics of each number, and take the number that runs or other respondents bear out.

    From :data:`MANY_RESPONSES` on it is the smallest at which other respondents give the same
    topics nearly as well as at the best; fewer responses, and runs of another model, say by their
    runs how many topics there are.
    """
    n, most = len(points), int(runs["n_clusters"].max())
    if most <= 1 and config.n_topics is None:
        row = {"n_topics": 1, "estimate": np.nan, "low": np.nan, "high": np.nan, "n": len(runs)}
        row |= dict.fromkeys(REPLICABILITY, np.nan)
        row |= {"support": 1.0, "stability": 1.0, "smallest": n, "chosen": True}
        note = _FEW if n < FEW_RESPONSES else "the runs found no more than one cluster"
        one = np.zeros(n, dtype=np.intp)
        return _Chosen(one, [], one, [], pd.DataFrame([row | {"note": note}]))
    many = n >= MANY_RESPONSES and config.model is None
    # A ladder of steps of the square root of two: near numbers are near ties, which luck decides.
    least, upper = (LEAST_TOPICS, 2 * LEAST_TOPICS) if many else (2, 2 * most)
    grid = {round(2 ** (j / 2)) for j in range(2, 40)}
    grid = {k for k in grid if least <= k <= min(max(2, upper), max(2, n // 2))}
    if config.n_topics:
        grid.add(config.n_topics)
    every = consensus.grow_clusters(points, grid | set(BROAD)) or {1: np.zeros(n, dtype=np.intp)}
    grown = {k: every[k] for k in grid if k in every} or every
    if config.min_topic_size and not config.n_topics:
        large = (consensus.dissolve_small(points, c, config.min_topic_size) for c in grown.values())
        grown = {int(c.max()) + 1: c for c in large}
    every |= grown
    draws = grow_again(points, people, every, config.seed)
    rows = []
    for k, labels in sorted(grown.items()):
        scores = consensus.agreement(partitions, labels)
        spoken = consensus.votes(partitions, labels)
        rows.append(
            {
                "n_topics": k,
                "estimate": scores.mean(),
                **dict(zip(("low", "high"), map(float, percentile_interval(scores)), strict=True)),
                "n": len(scores),
                **replicability(draws, every, k),
                "support": (spoken == labels).mean(),
                "stability": consensus.reappearance(spoken, labels).mean(),
                "smallest": int(np.bincount(labels).min()),
            }
        )
    table = pd.DataFrame(rows)
    asked = table["n_topics"] == config.n_topics
    worth = table["replicability" if many else "estimate"]
    eligible = worth.where(asked) if asked.any() else worth
    tied = eligible >= eligible.max() - (NEARLY if many else _TIE)
    # Which of near ties is a little ahead is luck; how many clusters the runs find is not.
    modest = tied & ~many & (table["n_topics"] <= runs["n_clusters"].mean())
    best = int(np.flatnonzero(modest)[-1] if modest.any() else np.flatnonzero(tied)[0])
    table = table.assign(
        chosen=table.index == best,
        note=np.where(asked, "requested", _FEW if n < FEW_RESPONSES else ""),
    )
    k = int(table["n_topics"][best])
    again = [d[k] for d in draws if k in d]
    return _Chosen(grown[k], again, *find_broad(draws, every, k), table)


def _drop_empty(labels: Ints, runner_up: Ints, assigned: Bools) -> tuple[Ints, Ints, Bools]:
    """Number topics by their assigned responses; a topic that none is sure of is no topic."""
    n_topics = int(labels.max()) + 1
    sizes = np.bincount(labels[assigned], minlength=n_topics)
    if not sizes.any():
        assigned, sizes = np.ones_like(assigned), np.bincount(labels, minlength=n_topics)
    rank = np.argsort(np.argsort(-sizes, kind="stable"))
    n_real = int((sizes > 0).sum())
    new, second = rank[labels], np.where(runner_up >= 0, rank[runner_up], -1)
    # A response of a vanished topic is unassigned already; its runner-up becomes its nearest.
    gone = new >= n_real
    new = np.where(gone, np.where((second >= 0) & (second < n_real), second, 0), new)
    second = np.where((second >= n_real) | (second == new), -1, second)
    return new, second, assigned & ~gone


def package_versions() -> dict[str, str]:
    """Versions of the packages that decide the topics."""
    from importlib.metadata import version

    names = (
        "iapt-topics bertopic umap-learn hdbscan scikit-learn sentence-transformers torch "
        "numpy scipy pandas numba"
    )
    return {name: version(name) for name in names.split()}
