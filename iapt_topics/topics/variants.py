"""The same survey in other numbers of topics, without a run of its own for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.survey.responses import Responses
from iapt_topics.topics import consensus
from iapt_topics.topics.runs import smooth, sort_rows
from iapt_topics.topics.topics import Topics, fitted_rows


def cut_topics(
    topics: Topics, responses: Responses, embeddings: Embeddings, numbers: Sequence[int]
) -> dict[int, Topics]:
    """Group the responses into other numbers of topics.

    Parameters
    ----------
    topics : Topics
        Fitted to these responses.
    responses : Responses
        The survey.
    embeddings : Embeddings
        Those that the topics were fitted to.
    numbers : sequence of int
        How many topics, each at least 2.

    Returns
    -------
    dict of int to Topics
        By the number asked for, what :func:`iapt_topics.fit_topics` finds when asked for it: the
        neighbour graph and the groups are those of the data alone, so a fit chooses a number and
        nothing else. A number above that of distinct texts has no entry. Assignments, without
        support; of each topic, its number and size.
    """
    kept = sort_rows(fitted_rows(topics, responses))
    vectors = embeddings.rows(kept["response_id"].tolist())
    _, points, _ = smooth(vectors, kept["text"].tolist())
    grown = consensus.grow_clusters(points, numbers)
    ids = topics.assignments["response_id"]
    out = {}
    for number, labels in grown.items():
        topic = pd.Series(labels, index=kept["response_id"].to_numpy()).reindex(ids).to_numpy()
        size = np.bincount(labels)
        table = pd.DataFrame({"topic": np.arange(len(size)), "label": "", "n": size})
        assigned = pd.DataFrame({"response_id": ids, "topic": topic, "nearest": topic})
        out[number] = replace(topics, assignments=assigned, topics=table)
    return out
