"""Topics that stay as they are, with the responses of a later wave placed on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Floats32, Ints
from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.describe import unit_means
from iapt_topics.topics.new_wave import place
from iapt_topics.topics.topics import UNASSIGNED, Topics

_NOVEL = "more distant from its topic than 95 % of the fitted responses"
WEAK = "support below the least that was asked for"


def extend_topics(topics: Topics, responses: Responses, embeddings: Embeddings) -> Topics:
    """Place the further responses of a survey on topics of a part of it.

    Parameters
    ----------
    topics : Topics
        Fitted to a part of the responses.
    responses : Responses
        That part and later waves.
    embeddings : Embeddings
        Of all of them.

    Returns
    -------
    Topics
        Of all responses. What is said of the fitted ones stays as it is, as do labels, words,
        exemplars, stability and centroids. A further response goes to the topic with the nearest
        centroid, and to none if it is novel, as for :func:`iapt_topics.topics.assign_wave`; its
        support is the share of runs that would put it there. Counts and shares are of all.

    Raises
    ------
    InputError
        If a fitted response is not among them.
    """
    kept = responses.kept
    ids, before = pd.Index(kept["response_id"]), topics.assignments
    at = pd.Index(before["response_id"]).get_indexer(ids)
    new = at < 0
    _require_fitted(at, len(before))
    own = embeddings.rows(before["response_id"].tolist())
    vectors = embeddings.rows(ids[new].tolist())
    nearest, _, novel = place(topics, vectors)
    runs = [unit_means(own, v) for v in topics.votes]
    votes = run_votes(runs, vectors)
    support = (votes == nearest).mean(axis=0)
    weak = support < topics.config.min_support
    placed = pd.DataFrame(
        {
            "response_id": ids[new],
            "topic": np.where(novel | weak, UNASSIGNED, nearest),
            "nearest": nearest,
            "support": support,
            "note": np.select([novel, weak], [_NOVEL, WEAK], default=""),
        }
    )
    return add_placed(topics, ids, placed, votes)


def add_placed(topics: Topics, ids: pd.Index, placed: pd.DataFrame, votes: Ints) -> Topics:
    """The topics with further responses that were placed on them.

    Parameters
    ----------
    topics : Topics
        Fitted to a part of the responses.
    ids : Index of str
        All responses, in the order of the result.
    placed : DataFrame
        The further ones, in that order: ``response_id``, ``topic``, ``nearest``, ``support``,
        ``note``.
    votes : ndarray of int, shape (n_runs, n_placed)
        Topic that each run would give each of them.
    """
    before = topics.assignments
    at = pd.Index(before["response_id"]).get_indexer(ids)
    new = at < 0
    _require_fitted(at, len(before))
    every = np.empty((len(topics.votes), len(ids)), dtype=topics.votes.dtype)
    share = np.empty((len(ids), topics.n_topics), dtype=np.float32)
    every[:, ~new], share[~new] = topics.votes[:, at[~new]], topics.distribution[at[~new]]
    nearest = placed["nearest"].to_numpy()
    every[:, new], share[new] = votes, _vote_shares(votes, nearest, topics.n_topics)
    others = share[new]
    others[np.arange(len(nearest)), nearest] = -1
    runner_up = others.argmax(axis=1) if topics.n_topics > 1 else UNASSIGNED
    rows = pd.concat([before, placed.assign(runner_up=runner_up)], ignore_index=True)
    rows = rows.set_index("response_id").loc[ids]
    assignments = rows.reset_index()[list(before.columns)].astype(before.dtypes.to_dict())
    return _counted(topics, assignments, every, share)


def _require_fitted(at: Ints, n: int) -> None:
    """Raise if the responses lack one of the ``n`` that the topics were fitted to."""
    if (at >= 0).sum() < n:
        raise InputError(
            "responses", "must have all that the topics were fitted to",
            f"{int((at >= 0).sum())} of {n}", "Load the earlier survey as it was.",
        )  # fmt: skip


def run_votes(centroids: Sequence[Floats32], vectors: Floats32) -> Ints:
    """Topic that each run would give: that of the nearest mean of what the run speaks for."""
    return np.stack(
        [np.where(c.any(axis=1), vectors @ c.T, -np.inf).argmax(axis=1) for c in centroids]
    ).astype(np.intp)


def _vote_shares(votes: Ints, nearest: Ints, n_topics: int) -> Floats:
    """Share of the runs for each topic; all for the nearest where that has not the most."""
    share = np.stack([(votes == t).mean(axis=0) for t in range(n_topics)], axis=1)
    rows = np.arange(len(nearest))
    other = share[rows, nearest] < share.max(axis=1)
    share[other] = np.eye(n_topics)[nearest[other]]
    return np.asarray(share)


def _counted(topics: Topics, assignments: pd.DataFrame, votes: Ints, share: Floats32) -> Topics:
    """The topics with counts of all responses."""
    topic = assignments["topic"].to_numpy()
    n = np.bincount(topic[topic >= 0], minlength=topics.n_topics)
    low, high = wilson_interval(n, np.full(len(n), len(topic)))
    table = topics.topics.assign(n=n, estimate=n / len(topic), low=low, high=high)
    broad = topics.hierarchy["broad"]
    total = pd.Series(n).groupby(broad.to_numpy()).sum()
    return replace(
        topics,
        assignments=assignments,
        topics=table,
        hierarchy=topics.hierarchy.assign(n=broad.map(total).to_numpy()),
        votes=votes,
        distribution=share,
    )
