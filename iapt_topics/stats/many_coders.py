"""Agreement among any number of coders, of whom not each coded every unit.

Labels are a table, a row for each unit and a column for each coder, with nothing (None or NaN)
where a coder did not code a unit. All measures are sums over units, so each takes ``weights``: how
often a unit counts in each draw of a bootstrap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.errors import InputError
from iapt_topics.stats.set_agreement import (
    DistanceName,
    _distinct,
    corrected,
    jaccard_distance,
    masi_distance,
    ratio,
)

_CELLS = 4_000_000  # distances held at once


class _Counts(NamedTuple):
    """How many coders gave each unit each label, and which label each coder gave."""

    place: Ints  # (n, r); -1 where a coder did not code the unit
    used: Floats  # (n, q)
    coded: Floats  # (n,) coders of each unit
    weights: Floats  # (..., n)


def krippendorff_alpha(labels: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Compute Krippendorff's alpha for nominal labels of any number of coders, some missing.

    Parameters
    ----------
    labels : array_like, shape (n, r)
        Label of each unit by each coder; None or NaN where there is none.
    weights : array_like, shape (..., n), optional
        How often each unit counts; by default once.

    Returns
    -------
    ndarray of float, shape (...)
        At most 1; NaN if no unit has two labels, or one label was used throughout.

    Raises
    ------
    InputError
        If the labels are no table, or the weights do not match it.

    References
    ----------
    Krippendorff K (2019). *Content Analysis*, 4th ed., chapter 12. Sage.

    Examples
    --------
    >>> labels = [[1, 1, None], [2, 2, 3], [3, 3, 3], [1, None, 1]]
    >>> round(float(krippendorff_alpha(labels)), 4)
    0.7188
    """
    counts = _count(labels, weights)
    paired = counts.coded >= 2
    used, m = counts.used * paired[:, None], np.where(paired, counts.coded, 2)
    agreed = (used * (used - 1)).sum(axis=1) / (m - 1)
    of_label = counts.weights @ used
    values = of_label.sum(axis=-1)
    observed = ratio(counts.weights @ agreed, values)
    expected = ratio((of_label * (of_label - 1)).sum(axis=-1), values * (values - 1))
    return corrected(observed, expected)


def fleiss_kappa(labels: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Compute Fleiss' kappa: agreement beyond that expected from the pooled marginals.

    Parameters
    ----------
    labels : array_like, shape (n, r)
        Label of each unit by each coder; None or NaN where there is none.
    weights : array_like, shape (..., n), optional
        How often each unit counts; by default once.

    Returns
    -------
    ndarray of float, shape (...)
        At most 1; NaN if no unit has two labels, or one label was used throughout.

    Raises
    ------
    InputError
        If the labels are no table, or the weights do not match it.

    Notes
    -----
    With missing labels, units with at least two give the observed agreement and all units the
    marginals, each unit with the same weight [2]_.

    References
    ----------
    .. [1] Fleiss JL (1971). Measuring nominal scale agreement among many raters. *Psychol Bull*
       76:378-382.
    .. [2] Gwet KL (2014). *Handbook of Inter-Rater Reliability*, 4th ed. Advanced Analytics.
    """
    counts = _count(labels, weights)
    return corrected(_observed(counts), (_prevalence(counts) ** 2).sum(axis=-1))


def conger_kappa(labels: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Compute Conger's kappa: agreement beyond that expected from each coder's own marginals.

    Parameters
    ----------
    labels : array_like, shape (n, r)
        Label of each unit by each coder; None or NaN where there is none.
    weights : array_like, shape (..., n), optional
        How often each unit counts; by default once.

    Returns
    -------
    ndarray of float, shape (...)
        At most 1; NaN if no unit has two labels, if one label was used throughout, or if a coder
        coded none of the units. Of two coders, Cohen's kappa.

    Raises
    ------
    InputError
        If the labels are no table, or the weights do not match it.

    References
    ----------
    Conger AJ (1980). Integration and generalization of kappas for multiple raters. *Psychol Bull*
    88:322-328.
    Gwet KL (2014). *Handbook of Inter-Rater Reliability*, 4th ed. Advanced Analytics.
    """
    counts = _count(labels, weights)
    r, q = counts.place.shape[1], counts.used.shape[1]
    if r < 2:
        return np.full(counts.weights.shape[:-1], np.nan)
    of_coder = np.stack(
        [counts.weights @ (counts.place[:, [g]] == np.arange(q)) for g in range(r)], axis=-2
    )
    own = ratio(of_coder, of_coder.sum(axis=-1, keepdims=True))
    mean = own.mean(axis=-2)
    spread = ((own - mean[..., None, :]) ** 2).sum(axis=-2) / (r - 1)
    return corrected(_observed(counts), (mean**2 - spread / r).sum(axis=-1))


def many_coder_ac1(
    labels: ArrayLike, weights: ArrayLike | None = None, *, n_labels: int | None = None
) -> Floats:
    """Compute Gwet's AC1 for any number of coders; robust to skewed marginals.

    Parameters
    ----------
    labels : array_like, shape (n, r)
        Label of each unit by each coder; None or NaN where there is none.
    weights : array_like, shape (..., n), optional
        How often each unit counts; by default once.
    n_labels : int, optional
        Labels of the code set, used or not; by default those used.

    Returns
    -------
    ndarray of float, shape (...)
        At most 1; NaN if no unit has two labels, or with a single label. High values do not show
        that a rare theme was found: read them beside F1.

    Raises
    ------
    InputError
        If the labels are no table, the weights do not match it, or more labels are used than the
        code set has.

    References
    ----------
    Gwet KL (2008). Computing inter-rater reliability and its variance in the presence of high
    agreement. *Br J Math Stat Psychol* 61:29-48.
    """
    counts = _count(labels, weights)
    k = counts.used.shape[1] if n_labels is None else n_labels
    if k < counts.used.shape[1]:
        raise InputError(
            "n_labels", f"must be at least the {counts.used.shape[1]} labels used", str(k),
            "Count the labels of the code set.",
        )  # fmt: skip
    share = _prevalence(counts)
    return corrected(_observed(counts), ratio((share * (1 - share)).sum(axis=-1), k - 1))


def many_coder_set_alpha(
    sets: ArrayLike,
    coded: ArrayLike,
    distance: DistanceName = "masi",
    weights: ArrayLike | None = None,
) -> Floats:
    """Compute Krippendorff's alpha for sets of themes of any number of coders, some missing.

    Parameters
    ----------
    sets : array_like of bool, shape (n, r, k)
        Themes that each coder applied to each unit.
    coded : array_like of bool, shape (n, r)
        Whether the coder coded the unit; a set without this is left out.
    distance : {"masi", "jaccard"}
        Distance between sets.
    weights : array_like, shape (..., n), optional
        How often each unit counts; by default once.

    Returns
    -------
    ndarray of float, shape (...)
        At most 1; NaN if no unit was coded twice, or all sets are the same. Of two coders, as
        :func:`iapt_topics.stats.set_alpha`.

    Raises
    ------
    InputError
        If the shapes do not match, or the distance is not known.

    References
    ----------
    Krippendorff K (2019). *Content Analysis*, 4th ed., chapter 12. Sage.
    Passonneau R (2006). Measuring agreement on set-valued items (MASI) for semantic and pragmatic
    annotation. *Proc LREC 2006*.
    """
    x, use = np.asarray(sets), np.asarray(coded)
    if x.ndim != 3 or use.shape != x.shape[:2]:
        raise InputError(
            "sets", "must be of shape (units, coders, themes), and `coded` (units, coders)",
            f"shapes {x.shape} and {use.shape}", "Match them.",
        )  # fmt: skip
    measure = {"masi": masi_distance, "jaccard": jaccard_distance}.get(distance)
    if measure is None:
        raise InputError("distance", "must be 'masi' or 'jaccard'", repr(distance), "Choose one.")
    use = use.astype(bool) & (use.astype(bool).sum(axis=1) >= 2)[:, None]
    each = _weights(weights, len(x))
    unit, coder = np.nonzero(use)
    held: Bools = x[unit, coder].astype(bool)
    distinct, at = _distinct(held, held[:0])
    n_sets = len(distinct)
    m = use.sum(axis=1)
    apart = np.zeros(len(x))
    for g in range(x.shape[1]):
        for h in range(g):
            rows = np.flatnonzero(use[:, g] & use[:, h])
            apart[rows] += 2 * measure(x[rows, g], x[rows, h])
    observed = each @ (apart / np.maximum(m - 1, 1))
    # How often each distinct set occurs in each draw.
    of_set = np.zeros((n_sets, len(x)))
    np.add.at(of_set, (at, unit), 1.0)
    counts = each @ of_set.T
    values = counts.sum(axis=-1)
    pairs = np.zeros(each.shape[:-1])
    step = max(1, _CELLS // max(1, n_sets * x.shape[2]))
    for start in range(0, n_sets, step):
        part = slice(start, start + step)
        between = measure(distinct[part, None], distinct[None, :])
        pairs += ((counts[..., part] @ between) * counts).sum(axis=-1)
    return corrected(1 - ratio(observed, values), 1 - ratio(pairs, values * (values - 1)))


def chance_p(n_right: int, chances: ArrayLike) -> float:
    """Exact p of so many right answers, or more, from guesses alone (Poisson-binomial).

    Parameters
    ----------
    n_right : int
        Right answers.
    chances : array_like, shape (n,)
        Chance of each answer to be right by a guess, 0 to 1; they may differ.

    Returns
    -------
    float
        From 0 to 1; with equal chances, that of the one-sided binomial test.

    Raises
    ------
    InputError
        If there are more right answers than answers, or a chance is outside 0 to 1.

    References
    ----------
    Hong Y (2013). On computing the distribution function for the Poisson binomial distribution.
    *Comput Stat Data Anal* 59:41-51.

    Examples
    --------
    >>> round(chance_p(8, [1 / 6] * 20), 4)
    0.0113
    """
    each = np.asarray(chances, float)
    if each.ndim != 1 or not 0 <= n_right <= len(each):
        raise InputError(
            "n_right", f"must be from 0 to the number of answers, {each.size}", str(n_right),
            "Count the answers that are right, and give a chance for each answer.",
        )  # fmt: skip
    if not np.all((each >= 0) & (each <= 1)):
        raise InputError("chances", "must be from 0 to 1", "a value outside", "Give fractions.")
    spread = np.ones(1)
    for chance in each:
        spread = np.convolve(spread, [1 - chance, chance])
    return float(min(1.0, spread[n_right:].sum()))


def _count(labels: ArrayLike, weights: ArrayLike | None) -> _Counts:
    table = np.asarray(labels, dtype=object)
    if table.ndim != 2:
        raise InputError(
            "labels", "must be a table, a row for each unit and a column for each coder",
            f"shape {table.shape}", "Put None where a coder did not code a unit.",
        )  # fmt: skip
    codes, names = pd.factorize(table.ravel())
    place: Ints = codes.reshape(table.shape).astype(np.int64)
    used = np.zeros((len(table), len(names)))
    rows, columns = np.nonzero(place >= 0)
    np.add.at(used, (rows, place[rows, columns]), 1.0)
    return _Counts(place, used, used.sum(axis=1), _weights(weights, len(table)))


def _weights(weights: ArrayLike | None, n: int) -> Floats:
    each: NDArray[np.float64] = np.ones(n) if weights is None else np.asarray(weights, float)
    if each.ndim < 1 or each.shape[-1] != n:
        raise InputError(
            "weights", f"must be one for each of {n} units", f"shape {each.shape}", "Match them."
        )
    return each


def _observed(counts: _Counts) -> Floats:
    """Mean over units of the share of pairs of coders that agree."""
    paired = counts.coded >= 2
    m = np.where(paired, counts.coded, 2)
    agreed = (counts.used * (counts.used - 1)).sum(axis=1) / (m * (m - 1)) * paired
    return ratio(counts.weights @ agreed, counts.weights @ paired)


def _prevalence(counts: _Counts) -> Floats:
    """Share of each label: the mean over units of its share among the unit's coders."""
    some = counts.coded > 0
    share = counts.used / np.where(some, counts.coded, 1)[:, None]
    return ratio(counts.weights @ share, (counts.weights @ some)[..., None])
