"""What plain BERTopic runs would have said of the same data, and how they differ."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Ints
from iapt_topics._base.errors import InputError
from iapt_topics._base.result import Result
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.topics import BERTOPIC, Topics
from iapt_topics.topics.user_model import cluster_once, resolve_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONSENSUS = "consensus"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PlainRuns(Result):
    """Single BERTopic runs on all responses, each with another seed. Made by ``plain_runs``.

    Attributes
    ----------
    runs : DataFrame
        Key ``run`` ("run 1", ...; "consensus" last, if topics were given): ``seed`` (-1 for the
        consensus), ``n_topics``, ``unassigned`` (proportion of the responses), ``n`` (responses).
    pairs : DataFrame
        Key (``first``, ``second``): ``ari`` (adjusted Rand index, -.5 to 1, on the responses that
        both give a topic), ``both`` (their proportion), ``n`` (their number).
    assignments : DataFrame
        ``response_id``, and a column for each run: its topic, -1 for none.
    """

    runs: pd.DataFrame
    pairs: pd.DataFrame
    assignments: pd.DataFrame

    _view = ("runs", "pairs")

    def _title(self) -> str:
        plain = self.runs[self.runs["run"] != CONSENSUS]
        low, high = plain["n_topics"].min(), plain["n_topics"].max()
        return f"{len(plain)} plain BERTopic runs: {low} to {high} topics"

    def plot(self) -> Figure:
        """Draw how far the runs agree with each other.

        Returns
        -------
        matplotlib.figure.Figure
            A square of adjusted Rand indices.
        """
        from iapt_topics.figures.topics import plain_runs_figure

        return plain_runs_figure(self.runs, self.pairs)

    def _picture(self) -> str:
        from iapt_topics.figures.notebook import as_picture

        return as_picture(self._title(), self.plot)


def plain_runs(
    responses: Responses,
    embeddings: Embeddings,
    topics: Topics | None = None,
    *,
    n_runs: int = 5,
    model: Any = None,
    seed: int = 7,
) -> PlainRuns:
    """Run BERTopic several times on all responses, with nothing changed but the seed.

    Parameters
    ----------
    responses : Responses
        The survey.
    embeddings : Embeddings
        Of the same responses.
    topics : Topics, optional
        Consensus topics of them, to be set beside.
    n_runs : int, default 5
        At least 2.
    model : {"bertopic"} or BERTopic, optional
        BERTopic as it comes, or a model of your own.
    seed : int, default 7
        Of the first run; the others have those that follow.

    Returns
    -------
    PlainRuns
        Number of topics and unassigned of each run, agreement between them, and ``.plot()``.

    Raises
    ------
    InputError
        If there are fewer than 2 runs, or the model is none.

    References
    ----------
    Grootendorst (2022), "BERTopic: Neural topic modeling with a class-based TF-IDF procedure",
    arXiv:2203.05794. Hubert and Arabie (1985), "Comparing partitions", J Classif 2:193-218.
    """
    if n_runs < 2:
        raise InputError("n_runs", "must be at least 2", str(n_runs), "Ask for e.g. 5.")
    ids = responses.kept["response_id"].tolist()
    vectors = embeddings.rows(ids)
    found: dict[str, Ints] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap, hdbscan and numba warn of their own internals
        own = resolve_model(BERTOPIC if model is None else model)
        for run in range(n_runs):
            found[f"run {run + 1}"] = cluster_once(own, vectors, seed + run)
    seeds = [seed + run for run in range(n_runs)]
    if topics is not None:
        placed = topics.assignments.set_index("response_id")["topic"].reindex(ids)
        if placed.isna().any():
            raise InputError(
                "topics", "must be of the same responses",
                f"{int(placed.isna().sum())} of {len(ids)} without one", "Fit them to this survey.",
            )  # fmt: skip
        found[CONSENSUS] = placed.to_numpy(dtype=np.intp)
        seeds.append(-1)
    rows = [
        {
            "run": name,
            "seed": own_seed,
            "n_topics": len(set(labels.tolist()) - {-1}),
            "unassigned": float((labels < 0).mean()),
            "n": len(labels),
        }
        for (name, labels), own_seed in zip(found.items(), seeds, strict=True)
    ]
    pairs = [_agreement(a, found[a], b, found[b]) for a, b in combinations(found, 2)]
    return PlainRuns(
        runs=pd.DataFrame(rows),
        pairs=pd.DataFrame(pairs),
        assignments=pd.DataFrame({"response_id": ids} | found),
    )


def _agreement(first: str, a: Ints, second: str, b: Ints) -> dict[str, object]:
    """Adjusted Rand index of two runs where both have a topic."""
    from sklearn.metrics import adjusted_rand_score

    both = (a >= 0) & (b >= 0)
    ari = float(adjusted_rand_score(a[both], b[both])) if both.sum() > 1 else float("nan")
    share = float(both.mean())
    return {"first": first, "second": second, "ari": ari, "both": share, "n": int(both.sum())}
