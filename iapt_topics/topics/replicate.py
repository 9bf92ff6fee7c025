"""How far the topics of other respondents are the same: clusters grown anew on draws of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from iapt_topics._base.arrays import Floats32, Ints
from iapt_topics.stats.resampling import percentile_interval
from iapt_topics.topics import consensus
from iapt_topics.topics.runs import draw_respondents

REPLICABILITY = ("replicability", "replicability_low", "replicability_high")
_DRAWS = 8


def replicate(
    points: Floats32, people: Ints, grown: Mapping[int, Ints], seed: int
) -> dict[int, dict[str, float]]:
    """Adjusted Rand index between clusters and those grown on bootstraps of the respondents.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        They stay as they are: what other respondents would do to the points is left out, so the
        index is a little higher than between fits (:func:`iapt_topics.topics.stability`).
    people : ndarray of int, shape (n,)
        Number of the respondent of each response.
    grown : mapping of int to ndarray of int, shape (n,)
        Clusters by their number.
    seed : int

    Returns
    -------
    dict
        By number of clusters, the mean over the draws and the range of 95 % of them.
    """
    rng = np.random.default_rng([seed, len(points)])
    scores: dict[int, list[float]] = {k: [] for k in grown}
    for _ in range(_DRAWS):
        rows = np.sort(draw_respondents(people, rng))
        for k, labels in consensus.grow_clusters(points[rows], grown).items():
            other = consensus.nearest_centre(points, consensus.centres(points[rows], labels))
            scores[k].append(float(consensus.agreement(other[None], grown[k])[0]))
    found = {}
    for k, values in scores.items():
        several = np.array(values or [np.nan])
        low, high = percentile_interval(several)
        found[k] = dict(
            zip(REPLICABILITY, (float(several.mean()), float(low), float(high)), strict=True)
        )
    return found
