"""Cluster bootstrap and jackknife, design effects and percentile intervals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iapt_topics._base.arrays import Floats, Labels
from iapt_topics._base.errors import InputError
from iapt_topics.stats.intervals import require_fraction

_DRAWN = 2**17  # clusters drawn at a time
_DENSE = 8  # numbers of clusters are counted up to so many times the units


def _units(values: Labels, what: str) -> NDArray[Any]:
    """One value for each unit."""
    given = np.asarray(values)
    if given.ndim != 1:
        got = f"shape {given.shape}"
        raise InputError(what, "must be one-dimensional", got, "Give one per unit.")
    return given


def _numbered(clusters: NDArray[Any]) -> NDArray[np.intp]:
    """Number of each unit's cluster, from 0 in sorted order, with no number left out."""
    whole = clusters.dtype.kind == "i" and len(clusters) > 0 and clusters.min() >= 0
    if not whole or clusters.max() >= _DENSE * len(clusters):
        return np.unique(clusters, return_inverse=True)[1]
    there = np.bincount(clusters) > 0  # numbers need no sorting
    return np.asarray(clusters if there.all() else (np.cumsum(there) - 1)[clusters], np.intp)


def kish_size(weights: ArrayLike) -> float:
    """Kish's effective sample size of unequal weights; 0 without units.

    Parameters
    ----------
    weights : array_like, shape (n,)
        Weights above 0.

    Returns
    -------
    float
        From 0 to the number of units.

    References
    ----------
    Kish L (1965). *Survey Sampling*, section 11.7. Wiley.
    """
    given = np.asarray(_units(weights, "weights"), float)
    return float(given.sum() ** 2 / (given**2).sum()) if len(given) else 0.0


def design_effect(errors: ArrayLike, weights: ArrayLike, clusters: Labels, few: int = 5) -> float:
    """Estimate the design effect (Kish's deff) of a weighted proportion under clustering.

    Parameters
    ----------
    errors, weights : array_like, shape (n,)
        Each unit's distance from its mean, and its weight.
    clusters : array_like, shape (n,)
        Cluster (respondent) of each unit.
    few : int
        With fewer errors above one half than this, perfect within-cluster correlation (ICC = 1) is
        assumed.

    Returns
    -------
    float
        From 1 (also if every unit is its own cluster) to the value under perfect within-cluster
        correlation.

    References
    ----------
    Rao JNK, Scott AJ (1992). A simple method for the analysis of clustered binary data.
    *Biometrics* 48:577-585.
    """
    given = np.asarray(_units(weights, "weights"), float)
    at = _numbered(_units(clusters, "clusters"))
    error = np.asarray(_units(errors, "errors"), float)
    if not len(at) == len(given) == len(error):
        got = f"{len(error)} errors, {len(given)} weights and {len(at)} clusters"
        raise InputError("a design effect", "needs one of each per unit", got, "Match the units.")
    if int(at.max(initial=-1)) + 1 == len(at):
        return 1.0

    def clustered(value: Floats) -> float:
        return float((np.bincount(at, value) ** 2).sum() / (value**2).sum())

    largest = clustered(given)
    if np.count_nonzero(np.abs(error) > 0.5) < few or not error.any():
        return largest
    return min(max(clustered(given * error), 1.0), largest)


def cluster_weights(clusters: Labels, n_boot: int, seed: int) -> NDArray[np.int32]:
    """Draw cluster bootstrap weights: how often each unit is in each resample of clusters.

    As many clusters are drawn as there are; all units of a cluster share its count. The draw of
    a cluster depends on its rank among the sorted cluster names, so the order of the units does
    not matter.

    Parameters
    ----------
    clusters : array_like, shape (n_units,)
        Cluster (respondent) of each unit.
    n_boot : int
        Number of resamples, at least 1.
    seed : int
        Seed of the random generator, at least 0.

    Returns
    -------
    ndarray of int32, shape (n_boot, n_units)
        How often each unit counts in each resample.

    Raises
    ------
    InputError
        If ``n_boot`` is below 1 or ``clusters`` is not one-dimensional.

    References
    ----------
    Davison AC, Hinkley DV (1997). *Bootstrap Methods and their Application*, section 3.8.
    Cambridge University Press.

    Examples
    --------
    >>> weights = cluster_weights(["a", "a", "b", "c"], n_boot=4, seed=0)
    >>> weights.shape, bool((weights[:, 0] == weights[:, 1]).all())
    ((4, 4), True)
    """
    names = _units(clusters, "clusters")
    if n_boot < 1:
        raise InputError("n_boot", "must be at least 1", str(n_boot), "Use e.g. 1000.")
    found, place = np.unique(names, return_inverse=True)
    return resample_counts(len(found), n_boot, np.random.default_rng(seed))[:, place]


def resample_counts(n_clusters: int, n_boot: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Draw bootstrap counts of clusters: multinomial, with replacement.

    Parameters
    ----------
    n_clusters, n_boot : int
        Number of clusters and of resamples.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    ndarray of int32, shape (n_boot, n_clusters)
        Each row sums to ``n_clusters``.
    """
    for what, number in (("n_clusters", n_clusters), ("n_boot", n_boot)):
        if number < 0:
            raise InputError(what, "must not be negative", str(number), "Use e.g. 1000.")
    if n_clusters < 2:
        return np.ones((n_boot, n_clusters), np.int32)
    counts = np.empty((n_boot, n_clusters), np.int32)
    rows = max(1, _DRAWN // n_clusters)
    for start in range(0, n_boot, rows):  # so many at a time take little memory
        some = counts[start : start + rows]
        drawn = rng.integers(0, n_clusters, some.shape)
        drawn += n_clusters * np.arange(len(some))[:, None]
        some[:] = np.bincount(drawn.ravel(), minlength=some.size).reshape(some.shape)
    return counts


def percentile_interval(draws: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Bootstrap percentile interval over the first axis of the draws.

    Parameters
    ----------
    draws : array_like, shape (n_boot, ...)
        Bootstrap draws; NaN draws are ignored.
    confidence : float
        Strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray of float, shape (...)
        NaN where no draw is a number.

    References
    ----------
    Efron B, Tibshirani RJ (1993). *An Introduction to the Bootstrap*, chapter 13. Chapman & Hall.

    Examples
    --------
    >>> low, high = percentile_interval(range(101), 0.5)
    >>> float(low), float(high)
    (25.0, 75.0)
    """
    tail = (1 - require_fraction(confidence, "confidence")) / 2
    values = np.asarray(draws, float)
    if not values.ndim:
        raise InputError("draws", "must be one or more", str(values), "Give one per resample.")
    if not len(values):
        values = np.full((1, *values.shape[1:]), np.nan)
    # The one that knows missing draws is many times slower.
    quantile = np.nanquantile if np.isnan(values).any() else np.quantile
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where no draw is a number
        low, high = quantile(values, [tail, 1 - tail], axis=0)
    return np.asarray(low), np.asarray(high)


def distance_interval(distance: float, draws: ArrayLike, most: float = 1.0) -> dict[str, float]:
    """A distance less what noise adds to it, with the basic bootstrap interval of that.

    Two samples of one population lie apart by their noise alone. The square of a distance rises by
    about as much again when both samples are drawn anew.

    Parameters
    ----------
    distance : float
        Between the samples.
    draws : array_like, shape (n_boot,)
        The same between samples drawn anew from each; NaN draws are ignored.
    most : float, default 1.0
        Largest distance there can be.

    Returns
    -------
    dict of str to float
        ``corrected``, ``low`` and ``high``. With noise the larger part, ``distance`` lies
        above all three.

    References
    ----------
    Davison AC, Hinkley DV (1997). *Bootstrap Methods and their Application*, sections 2.1 (bias)
    and 2.4 (basic interval). Cambridge University Press.

    Examples
    --------
    >>> found = distance_interval(0.5, [0.5, 0.6, 0.7])
    >>> round(found["corrected"], 3)  # the root of 2 (.25) - (.25 + .36 + .49) / 3
    0.365
    """
    squared = np.asarray(draws, float) ** 2
    squared = squared[~np.isnan(squared)]
    limits = np.array([squared.mean(), *percentile_interval(squared)])
    corrected, high, low = np.sqrt(np.clip(2 * distance**2 - limits, 0.0, most**2)).tolist()
    return {"corrected": corrected, "low": min(low, corrected), "high": max(high, corrected)}


def jackknife_interval(
    agreement: ArrayLike, without_each: ArrayLike, *, unbiased: bool = False
) -> tuple[Floats, Floats]:
    """Jackknife 95 % confidence interval of a measure of agreement, over clusters.

    The jackknife is that of the root of disagreement (1 less the measure), whose variance depends
    little on its size, with Student's quantile for one cluster less than there are.

    Parameters
    ----------
    agreement : array_like, shape (...)
        Measures on all units, at most 1.
    without_each : array_like, shape (n_clusters, ...)
        The same without the units of each cluster.
    unbiased : bool, default False
        Whether to centre the interval on the estimate less its jackknife bias, for measures that
        rise as the units become fewer. It is then widened, where need be, to hold the estimate.

    Returns
    -------
    low, high : ndarray of float, shape (...)
        NaN with fewer than two clusters, where a value is missing, and where nothing disagrees, as
        the jackknife then knows no error.

    Raises
    ------
    InputError
        If the shapes do not match.

    References
    ----------
    Efron B, Tibshirani RJ (1993). *An Introduction to the Bootstrap*, chapters 11 (jackknife) and
    12 (intervals on a scale of constant variance). Chapman & Hall.

    Examples
    --------
    >>> low, high = jackknife_interval(0.75, [0.8, 0.75, 0.75, 0.7])
    >>> round(float(low), 3), round(float(high), 3)
    (0.516, 0.908)
    """
    from scipy.special import stdtrit

    estimate, others = np.asarray(agreement, float), np.asarray(without_each, float)
    if others.ndim < 1 or others.shape[1:] != estimate.shape:
        raise InputError(
            "without_each", "must be the measures without each cluster",
            f"shape {others.shape} for measures of shape {estimate.shape}", "Match them.",
        )  # fmt: skip
    n = len(others)
    if n < 2:
        return np.full(estimate.shape, np.nan), np.full(estimate.shape, np.nan)
    root, roots = (np.sqrt(np.clip(1 - x, 0, None)) for x in (estimate, others))
    gap = roots - roots.mean(axis=0)
    half = stdtrit(n - 1, 0.975) * np.sqrt((n - 1) / n * (gap**2).sum(axis=0))
    middle = n * root - (n - 1) * roots.mean(axis=0) if unbiased else root
    known = ~np.isnan(half) & ((root > 0) | (half > 0))
    low, high = (1 - np.clip(middle + side, 0, None) ** 2 for side in (half, -half))
    low, high = np.minimum(low, estimate), np.maximum(high, estimate)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)
