"""Responses to read a topic by: typical, boundary and contrary ones, by year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.survey.redaction import safe_texts
from iapt_topics.survey.responses import Responses, cluster_ids
from iapt_topics.topics.describe import unlike_rows
from iapt_topics.topics.topics import Topics, fitted_rows

_KINDS = ("typical", "boundary", "contrary")


def find_exemplars(
    topics: Topics, responses: Responses, embeddings: Embeddings, *, per_year: int = 2
) -> pd.DataFrame:
    """Select typical, boundary and contrary responses of each topic and year.

    Parameters
    ----------
    topics : Topics
        From :func:`iapt_topics.fit_topics`.
    responses : Responses
        Those that the topics were fitted to.
    embeddings : Embeddings
        Of the same responses.
    per_year : int, default 2
        At most so many of each kind for a topic and year.

    Returns
    -------
    DataFrame
        Key (``topic``, ``year``, ``kind``, ``response_id``), the best of a kind first. ``kind``:
        "typical" (most of it is in the topic, and it is nearest to the topic's centroid),
        "boundary" (nearly as much of it is in ``runner_up``), "contrary" (farthest from the
        centroid, though in the topic: what the topic's words do not say). ``text`` (redacted by
        pattern; to be read before it is shown to anyone), ``support``, ``share`` (how much of it
        is in the topic, 0 to 1), ``runner_up``, ``note``. In a topic no person appears twice, and
        no two responses say the same.

    Raises
    ------
    InputError
        If the responses are others than the topics were fitted to.
    """
    kept = fitted_rows(topics, responses)
    vectors = embeddings.rows(kept["response_id"].tolist())
    a = topics.assignments.reset_index(drop=True)
    topic = a["topic"].to_numpy()
    ranked = np.argsort(-topics.distribution, axis=1, kind="stable")
    share = np.take_along_axis(topics.distribution, ranked, axis=1)
    second = share[:, 1] if topics.n_topics > 1 else np.zeros(len(a))
    year, people = kept["year"].to_numpy(), cluster_ids(kept)
    rows = []
    for t in topics.topics["topic"]:
        closeness = vectors @ topics.centroids[t]
        orders = {
            "typical": -(topics.distribution[:, t] + closeness),
            "boundary": share[:, 0] - second,
            "contrary": closeness,
        }
        used: list[int] = []  # over the years too: one person must not speak for a topic twice
        for kind in _KINDS:
            for y in np.unique(year):
                inside = np.flatnonzero((topic == t) & (year == y))
                order = inside[np.argsort(orders[kind][inside], kind="stable")]
                # The used ones stand first, so that only what is unlike them is added.
                picked = unlike_rows(
                    np.concatenate([np.array(used, dtype=np.intp), order]),
                    vectors,
                    people,
                    len(used) + per_year,
                )[len(used) :]
                used += picked
                rows += [(t, int(y), kind, i) for i in picked]
    found = pd.DataFrame(rows, columns=["topic", "year", "kind", "row"])
    at = found.pop("row").to_numpy(dtype=np.intp)
    found["response_id"] = kept["response_id"].to_numpy()[at]
    found["text"] = safe_texts(responses, found["response_id"].tolist())
    found["support"] = a["support"].to_numpy()[at]
    found["share"] = topics.distribution[at, found["topic"].to_numpy(dtype=np.intp)]
    found["runner_up"] = ranked[at, 1] if topics.n_topics > 1 else -1
    found["note"] = ""
    found["kind"] = pd.Categorical(found["kind"], _KINDS)
    found = found.sort_values(["topic", "year", "kind"], kind="stable", ignore_index=True)
    return found.astype({"kind": str})
