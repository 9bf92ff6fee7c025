"""How far the topics of other respondents are the same: clusters grown anew on draws of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Floats32, Ints
from iapt_topics.stats.resampling import percentile_interval
from iapt_topics.topics import consensus
from iapt_topics.topics.runs import draw_respondents

REPLICABILITY = ("replicability", "replicability_low", "replicability_high")
#: Numbers of broad topics that are tried.
BROAD = range(3, 9)
#: So much replicability is given for the same number of topics, or of broad ones, in each fit.
NEARLY = 0.1
#: What is said of a topic whose Jaccard index is below this: it dissolves (Hennig 2007).
DISSOLVED = 0.5
NOT_BACK = "; other respondents give it otherwise: read it with its broad topic"
_DRAWS = 8

Grown = Mapping[int, Ints]  # clusters of all rows by their number


def grow_again(
    points: Floats32, people: Ints, numbers: Iterable[int], seed: int
) -> list[dict[int, Ints]]:
    """Clusters grown on eight bootstraps of the respondents, by number, of all rows.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        They stay as they are: what other respondents would do to the points is left out, so
        agreement is a little higher than between fits (:func:`iapt_topics.topics.stability`).
    people : ndarray of int, shape (n,)
        Number of the respondent of each response.
    numbers : iterable of int
        Of clusters; one for which a draw has too few distinct points is left out there.
    seed : int
    """
    rng = np.random.default_rng([seed, len(points)])
    wanted, draws = set(numbers), []
    for _ in range(_DRAWS):
        rows = np.sort(draw_respondents(people, rng))
        grown = consensus.grow_clusters(points[rows], wanted)
        draws.append(
            {
                k: consensus.nearest_centre(points, consensus.centres(points[rows], labels))
                for k, labels in grown.items()
            }
        )
    return draws


def replicability(draws: Sequence[Grown], grown: Grown, k: int) -> dict[str, float]:
    """Adjusted Rand index of k clusters with those of the draws: mean, and range of 95 %."""
    again = [d[k] for d in draws if k in d]
    scores = consensus.agreement(np.stack(again), grown[k]) if again else np.array([np.nan])
    low, high = percentile_interval(scores)
    return dict(zip(REPLICABILITY, (float(scores.mean()), float(low), float(high)), strict=True))


def come_back(again: Sequence[Ints], labels: Ints) -> pd.DataFrame:
    """Jaccard index of each cluster with what draws have in its place: mean, and range of 95 %."""
    k = int(labels.max()) + 1
    found: Floats = np.full((1, k), np.nan)
    if again:
        found = consensus.reappearance(consensus.votes(np.stack(again), labels), labels)
    low, high = percentile_interval(found)
    return pd.DataFrame(dict(zip(REPLICABILITY, (found.mean(axis=0), low, high), strict=True)))


def mark_lost(topics: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The table of topics with how far each comes back; of one that does not, its note says so."""
    lost = (found["replicability"] < DISSOLVED).to_numpy()
    notes = topics["note"].where(~lost, topics["note"] + NOT_BACK)
    return topics.join(found).assign(note=notes)


def find_broad(draws: Sequence[Grown], grown: Grown, k: int) -> tuple[Ints, list[Ints]]:
    """Join k topics to the fewest broad ones that come back nearly as well as any number of them.

    Parameters
    ----------
    draws : sequence of mapping
        From :func:`grow_again`.
    grown : mapping of int to ndarray of int, shape (n,)
        Clusters of all rows; those of a small number are broad topics, and a topic belongs to the
        one that has most of its rows. Fewer than 6 topics are not joined.
    k : int

    Returns
    -------
    broad : ndarray of int, shape (n,)
        Broad topic of each row, 0 the largest.
    again : list of ndarray of int, shape (n,)
        The same by each draw.
    """
    draws = [d for d in draws if k in d]
    tried = []
    for g in BROAD:
        if not draws or g > k // 2 or g not in grown or any(g not in d for d in draws):
            continue
        broad = _joined(grown[k], grown[g])
        again = [_joined(d[k], d[g]) for d in draws]
        tried.append((float(consensus.agreement(np.stack(again), broad).mean()), broad, again))
    best = max((score for score, *_ in tried), default=np.nan)
    nearly = ((broad, again) for score, broad, again in tried if score >= best - NEARLY)
    return next(nearly, (grown[k], [d[k] for d in draws]))


def _joined(fine: Ints, wide: Ints) -> Ints:
    """The wide cluster that has most of the rows of each row's fine one, numbered by size."""
    return consensus.by_size(consensus.home_of(fine, wide)[fine])
