"""Agreement between sets of themes: boolean rows, one column per theme.

The public names are in :mod:`iapt_topics.stats.agreement`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.errors import InputError

DistanceName = Literal["masi", "jaccard"]
_CELLS = 4_000_000  # distances held at once


def ratio(top: ArrayLike, bottom: ArrayLike) -> Floats:
    """Divide; NaN where the divisor is 0.

    Parameters
    ----------
    top, bottom : array_like
        Numerator and denominator; they broadcast.

    Returns
    -------
    ndarray of float
        Of the broadcast shape.
    """
    num, den = np.broadcast_arrays(np.asarray(top, float), np.asarray(bottom, float))
    out = np.full(num.shape, np.nan)
    np.divide(num, den, out=out, where=den != 0)
    return out


def mean_defined(values: ArrayLike, axis: int = -1) -> Floats:
    """Mean of the values that are not NaN; NaN where there are none."""
    numbers = np.asarray(values, float)
    defined = ~np.isnan(numbers)
    return ratio(np.where(defined, numbers, 0.0).sum(axis=axis), defined.sum(axis=axis))


def corrected(observed: ArrayLike, expected: ArrayLike) -> Floats:
    """Correct agreement for chance: ``(observed - expected) / (1 - expected)``.

    Parameters
    ----------
    observed, expected : array_like
        Observed agreement, and that expected by chance; they broadcast.

    Returns
    -------
    ndarray of float
        At most 1; NaN where the expected agreement is 1.
    """
    po, pe = np.asarray(observed, float), np.asarray(expected, float)
    room = 1 - pe
    # A remainder of rounding is no room at all.
    return ratio(po - pe, np.where(np.abs(room) < 1e-12, 0.0, room))


def _rows(first: ArrayLike, second: ArrayLike) -> tuple[Bools, Bools]:
    x, y = np.asarray(first), np.asarray(second)
    for part in (x, y):
        if part.dtype != np.bool_ and not np.isin(part, (0, 1)).all():
            raise InputError("sets", "must be boolean", f"{part.dtype}", "Give 1 or 0 per theme.")
    if x.ndim < 1 or y.ndim < 1 or x.shape[-1] != y.shape[-1]:
        raise InputError(
            "sets", "must have one column per theme, the same for both coders",
            f"shapes {x.shape} and {y.shape}", "Match the columns.",
        )  # fmt: skip
    return x.astype(bool), y.astype(bool)


def _paired(first: ArrayLike, second: ArrayLike) -> tuple[Bools, Bools]:
    x, y = _rows(first, second)
    if x.ndim != 2 or x.shape != y.shape:
        raise InputError(
            "sets", "must be one row per unit for both coders",
            f"shapes {x.shape} and {y.shape}", "Match the units.",
        )  # fmt: skip
    return x, y


def _by_sizes(left: ArrayLike, right: ArrayLike, both: ArrayLike, name: DistanceName) -> Floats:
    """Distance of two sets from their sizes and the size of what they share."""
    a, b, common = np.broadcast_arrays(
        np.asarray(left, float), np.asarray(right, float), np.asarray(both, float)
    )
    union = a + b - common
    jaccard = np.where(union == 0, 1.0, ratio(common, union))
    if name == "jaccard":
        return np.asarray(1 - jaccard)
    if name != "masi":
        raise InputError("distance", "must be 'masi' or 'jaccard'", repr(name), "Choose one.")
    same = (common == a) & (common == b)
    weight = np.select([same, common == np.minimum(a, b), common > 0], [1.0, 2 / 3, 1 / 3], 0.0)
    return np.asarray(1 - jaccard * weight)


def _distance(first: ArrayLike, second: ArrayLike, name: DistanceName) -> Floats:
    x, y = _rows(first, second)
    return _by_sizes(x.sum(axis=-1), y.sum(axis=-1), (x & y).sum(axis=-1), name)


def jaccard_distance(first: ArrayLike, second: ArrayLike) -> Floats:
    """Compute the Jaccard distance of sets: 1 less intersection over union.

    Parameters
    ----------
    first, second : array_like of bool, shape (..., k)
        Which of k themes each set holds; leading axes broadcast.

    Returns
    -------
    ndarray of float, shape (...)
        In [0, 1]; 0 if both are empty, 1 if only one is.

    Raises
    ------
    InputError
        If a cell is neither 0 nor 1, or the columns differ in number.

    References
    ----------
    Jaccard P (1912). The distribution of the flora in the alpine zone. *New Phytol* 11:37-50.
    """
    return _distance(first, second, "jaccard")


def masi_distance(first: ArrayLike, second: ArrayLike) -> Floats:
    """Compute the MASI distance of sets: Jaccard's, weighted by whether one contains the other.

    The weight is 1 for equal sets, 2/3 if one holds the other, 1/3 if they overlap and 0 if they
    are disjoint. Older tools round it to .67 and .33.

    Parameters
    ----------
    first, second : array_like of bool, shape (..., k)
        Which of k themes each set holds; leading axes broadcast.

    Returns
    -------
    ndarray of float, shape (...)
        In [0, 1]; 0 if both are empty, 1 if only one is.

    Raises
    ------
    InputError
        If a cell is neither 0 nor 1, or the columns differ in number.

    References
    ----------
    Passonneau R (2006). Measuring agreement on set-valued items (MASI) for semantic and pragmatic
    annotation. *Proc LREC 2006*.

    Examples
    --------
    >>> round(float(masi_distance([1, 1, 0, 0], [1, 1, 1, 1])), 4)
    0.6667
    """
    return _distance(first, second, "masi")


def set_alpha(first: ArrayLike, second: ArrayLike, distance: DistanceName = "masi") -> Floats:
    """Compute Krippendorff's alpha for sets of themes, by MASI or Jaccard distance.

    The expected disagreement is the mean distance over all pairs of the 2n sets. It is worked out
    on the distinct sets and how often each occurs.

    Parameters
    ----------
    first, second : array_like of bool, shape (n, k)
        Sets of each coder.
    distance : {"masi", "jaccard"}
        Distance between sets.

    Returns
    -------
    ndarray of float, shape ()
        At most 1; about 0 by chance; NaN without units, or if all sets are the same.

    Raises
    ------
    InputError
        If the shapes do not match, or the distance is not known.

    References
    ----------
    Krippendorff K (2019). *Content Analysis*, 4th ed., chapter 12. Sage.
    Passonneau R (2006), as for :func:`masi_distance`.

    Examples
    --------
    >>> float(set_alpha([[1, 0], [0, 1]], [[1, 0], [0, 1]]))
    1.0
    """
    observed = mean_defined(_distance(first, second, distance))
    return corrected(1 - observed, 1 - expected_disagreement(first, second, distance))


def alpha_without_each(
    first: ArrayLike, second: ArrayLike, cluster: ArrayLike, distance: DistanceName = "masi"
) -> Floats:
    """Compute :func:`set_alpha` without the units of each cluster in turn, for a jackknife.

    Parameters
    ----------
    first, second : array_like of bool, shape (n, k)
        Sets of each coder.
    cluster : array_like of int, shape (n,)
        Number of each unit's cluster, from 0.
    distance : {"masi", "jaccard"}
        Distance between sets.

    Returns
    -------
    ndarray of float, shape (n_clusters,)
        Alpha without each cluster.

    Raises
    ------
    InputError
        If the shapes do not match, a cluster is no whole number from 0, or the distance is not
        known.
    """
    x, y = _paired(first, second)
    sets, at = _distinct(x, y)
    to_all = _distance_to_all(sets, np.bincount(at), distance)
    of_unit = np.asarray(cluster)
    if of_unit.shape != (len(x),) or of_unit.dtype.kind not in "iu" or np.any(of_unit < 0):
        raise InputError(
            "cluster", "must be a whole number from 0 for each unit",
            f"shape {of_unit.shape} of {of_unit.dtype}", "Number the clusters.",
        )  # fmt: skip
    own = np.tile(of_unit, 2)
    pairs = to_all[at].sum() - 2 * np.bincount(own, to_all[at])
    order = np.argsort(own, kind="stable")
    own, at = own[order], at[order]
    # Each pair within a cluster was taken off twice.
    for lag in range(1, int(np.bincount(own).max())):
        here = np.flatnonzero(own[lag:] == own[:-lag])
        apart = _distance(sets[at[here]], sets[at[here + lag]], distance)
        pairs += 2 * np.bincount(own[here], apart, len(pairs))
    size = np.bincount(of_unit)
    left, values = len(x) - size, 2 * (len(x) - size)
    apart = _distance(x, y, distance)
    observed = ratio(apart.sum() - np.bincount(of_unit, apart), left)
    return corrected(1 - observed, 1 - ratio(pairs, values * (values - 1)))


def expected_disagreement(first: ArrayLike, second: ArrayLike, distance: DistanceName) -> Floats:
    """Expected disagreement of :func:`set_alpha`: the mean distance over pairs of the 2n sets.

    It does not change when either coder's rows change places.

    Parameters
    ----------
    first, second : array_like of bool, shape (n, k)
        Sets of each coder.
    distance : {"masi", "jaccard"}
        Distance between sets.

    Returns
    -------
    ndarray of float, shape ()
        In [0, 1]; NaN without units.

    Raises
    ------
    InputError
        If the shapes do not match, or the distance is not known.
    """
    x, y = _paired(first, second)
    sets, at = _distinct(x, y)
    counts = np.bincount(at, minlength=1)[: len(sets)]
    values = 2 * len(x)
    return ratio(counts @ _distance_to_all(sets, counts, distance), values * (values - 1))


def _distinct(x: Bools, y: Bools) -> tuple[Bools, Ints]:
    """The distinct sets of both coders, and which of them each of the 2n is."""
    stacked = np.concatenate([x, y])
    _, where, at = np.unique(
        np.packbits(stacked, axis=1), axis=0, return_index=True, return_inverse=True
    )
    return stacked[where], at.reshape(-1)


def _distance_to_all(sets: Bools, counts: Ints, name: DistanceName) -> Floats:
    """Sum of the distances from each set to all, each as often as counted."""
    held = sets.astype(np.float32)
    n_sets, k = held.shape
    size = held.sum(axis=1).astype(np.intp)
    step = np.arange(k + 1)
    known = _by_sizes(step[:, None, None], step[None, :, None], step[None, None, :], name).ravel()
    total = np.zeros(n_sets)
    chunk = max(1, _CELLS // max(1, n_sets))
    for start in range(0, n_sets, chunk):
        part = slice(start, start + chunk)
        common = (held[part] @ held.T).astype(np.intp)
        common += ((size[part] * (k + 1))[:, None] + size[None, :]) * (k + 1)
        total[part] = known[common] @ counts
    return total


def f1_per_unit(first: ArrayLike, second: ArrayLike) -> Floats:
    """Compute the F1 score of the two sets of each unit.

    Parameters
    ----------
    first, second : array_like of bool, shape (n, k)
        Sets of each coder.

    Returns
    -------
    ndarray of float, shape (n,)
        In [0, 1]; 1 if both are empty, for the coders then agree that no theme applies.

    Raises
    ------
    InputError
        If the shapes do not match.
    """
    x, y = _paired(first, second)
    size = x.sum(axis=1) + y.sum(axis=1)
    return np.where(size == 0, 1.0, ratio(2 * (x & y).sum(axis=1), size))


def samples_f1(first: ArrayLike, second: ArrayLike) -> float:
    """Compute the samples-averaged F1 score: the mean over units of the F1 of their two sets.

    Parameters
    ----------
    first, second : array_like of bool, shape (n, k)
        Sets of each coder.

    Returns
    -------
    float
        In [0, 1]; NaN without units. A unit that is empty for both counts as 1.

    Raises
    ------
    InputError
        If the shapes do not match.

    References
    ----------
    Tsoumakas G, Katakis I, Vlahavas I (2010). Mining multi-label data. In *Data Mining and
    Knowledge Discovery Handbook*, 2nd ed., 667-685. Springer.
    """
    return float(mean_defined(f1_per_unit(first, second)))


def micro_f1(first: ArrayLike, second: ArrayLike) -> float:
    """Compute the micro-averaged F1 score: that of the counts summed over themes.

    Parameters
    ----------
    first, second : array_like of bool, shape (n, k)
        Sets of each coder.

    Returns
    -------
    float
        In [0, 1]; NaN if no theme was applied at all.

    Raises
    ------
    InputError
        If the shapes do not match.

    References
    ----------
    Tsoumakas et al. (2010), as for :func:`samples_f1`.
    """
    x, y = _paired(first, second)
    return float(ratio(2 * (x & y).sum(), x.sum() + y.sum()))


def macro_f1(first: ArrayLike, second: ArrayLike) -> float:
    """Compute the macro-averaged F1 score, without themes that neither coder applied.

    Parameters
    ----------
    first, second : array_like of bool, shape (n, k)
        Sets of each coder.

    Returns
    -------
    float
        In [0, 1]; NaN if no theme was applied at all.

    Raises
    ------
    InputError
        If the shapes do not match.

    References
    ----------
    Tsoumakas et al. (2010), as for :func:`samples_f1`.
    """
    x, y = _paired(first, second)
    each = ratio(2 * (x & y).sum(axis=0), x.sum(axis=0) + y.sum(axis=0))
    return float(mean_defined(each))
