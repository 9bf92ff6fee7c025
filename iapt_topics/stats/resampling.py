"""Cluster bootstrap, design effects and percentile intervals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iapt_topics._base.arrays import Floats, Labels
from iapt_topics._base.errors import InputError
from iapt_topics.stats.intervals import require_fraction


def _units(values: Labels, what: str) -> NDArray[Any]:
    """One value for each unit."""
    given = np.asarray(values)
    if given.ndim != 1:
        got = f"shape {given.shape}"
        raise InputError(what, "must be one-dimensional", got, "Give one per unit.")
    return given


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
    clusters : array_like of int, shape (n,)
        Number of each unit's cluster, from 0.
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
    at, given = _units(clusters, "clusters"), np.asarray(_units(weights, "weights"), float)
    error = np.asarray(_units(errors, "errors"), float)
    if not len(at) == len(given) == len(error):
        got = f"{len(error)} errors, {len(given)} weights and {len(at)} clusters"
        raise InputError("a design effect", "needs one of each per unit", got, "Match the units.")
    if len(np.unique(at)) == len(at):
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
    counts = np.ones((n_boot, n_clusters), np.int32)
    for row in counts if n_clusters > 1 else ():
        row[:] = np.bincount(rng.integers(0, n_clusters, n_clusters), minlength=n_clusters)
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
