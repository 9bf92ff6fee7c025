"""Energy distances of ``semantic_change``: arrays in, arrays out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from iapt_topics._base.arrays import Floats, Floats32, Ints
from iapt_topics.stats.resampling import distance_interval, resample_counts
from iapt_topics.stats.set_agreement import ratio

_N_DRAWS = 500


def energy_distance(apart: Floats, weight: Floats, weight_against: Floats) -> Floats:
    """Energy distance between samples of points (n, n) ``apart`` whose weights (..., n) sum to 1.

    It is the root of 2 E|X - Y| - E|X - X'| - E|Y - Y'|: Szekely GJ, Rizzo ML (2013). *J Stat Plan
    Inference* 143:1249-1272.
    """
    gap = np.asarray(weight - weight_against, apart.dtype)
    # With d = w - v this sum is -d' D d; below 0 only by rounding.
    return np.asarray(np.sqrt(np.clip(-((gap @ apart) * gap).sum(axis=-1), 0, None)), float)


def distances_apart(vectors: Floats32) -> Floats:
    """Euclidean distances of unit vectors."""
    product = np.asarray(vectors, np.float64) @ np.asarray(vectors, np.float64).T
    apart = np.sqrt(np.clip(2 - 2 * product, 0, None))
    np.fill_diagonal(apart, 0)
    return np.asarray(apart)


def moved_place(
    apart: Floats, n_now: int, person: Ints, rng: np.random.Generator
) -> dict[str, float]:
    """Distance with interval, null and p; the first ``n_now`` points are of one year."""
    n = len(apart)
    now = np.arange(n) < n_now
    who, place = np.unique(person, return_inverse=True)
    estimate = float(energy_distance(apart, now / n_now, ~now / (n - n_now)))
    in_now, in_then = (np.bincount(place, weights=side) > 0 for side in (now, ~now))
    both = in_now & in_then
    # A respondent of one year is dealt to either year; one of both years swaps them or does not.
    dealt = np.tile(in_now, (_N_DRAWS, 1))
    dealt[:, ~both] = rng.permuted(dealt[:, ~both], axis=1)
    flip = rng.random((_N_DRAWS, len(who))) < 0.5
    to_now = np.where(both[place], flip[:, place] ^ now, dealt[:, place])
    null = energy_distance(apart, _scaled(to_now), _scaled(~to_now))
    # The years are drawn apart, but a respondent of both is drawn into both.
    drawn = np.zeros((_N_DRAWS, len(who)))
    for group in (in_now & ~both, in_then & ~both, both):
        drawn[:, group] = resample_counts(int(group.sum()), _N_DRAWS, rng)
    weight = drawn[:, place]
    draws = energy_distance(apart, _scaled(weight * now), _scaled(weight * ~now))
    return {
        "estimate": estimate,
        **distance_interval(estimate, draws, most=2.0),
        "null_p95": float(np.nanquantile(null, 0.95)),
        "p": float((1 + (null >= estimate - 1e-9).sum()) / (1 + _N_DRAWS)),
    }


def _scaled(weight: NDArray[Any]) -> Floats:
    return ratio(weight, weight.sum(axis=-1, keepdims=True))
