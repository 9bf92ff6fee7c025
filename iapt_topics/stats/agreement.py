"""Agreement between two codings: arrays in, floats out.

A k x k table counts units by the label of the first coder (rows) and of the second (columns).
For a single theme the four counts are ``a`` (both gave it), ``b`` (only the first, the
reference), ``c`` (only the second) and ``d`` (neither). All measures on counts work over any
leading axes at once, take weighted counts, and are NaN where they are not defined.

High AC1 and PABAK do not show that a rare theme was found: with no overlap at all they can reach
0.97. Read them beside F1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iapt_topics._base.arrays import Floats, Labels
from iapt_topics._base.errors import InputError
from iapt_topics.stats.set_agreement import corrected, ratio


def _shares(table: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """Observed agreement, both margins as shares, and the total, of (..., k, k) counts."""
    counts = np.asarray(table, float)
    if counts.ndim < 2 or counts.shape[-1] != counts.shape[-2] or counts.shape[-1] < 1:
        raise InputError(
            "table", "must be square, one row and one column per label",
            f"shape {counts.shape}", "Count the units by both labels.",
        )  # fmt: skip
    if np.any(counts < 0):
        raise InputError("table", "must not be negative", "a negative count", "Check the counts.")
    n = counts.sum(axis=(-2, -1))
    shares = ratio(counts, n[..., None, None])
    agreed = np.trace(shares, axis1=-2, axis2=-1)
    return np.asarray(agreed), shares.sum(axis=-1), shares.sum(axis=-2), np.asarray(n)


def table_2x2(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Floats:
    """Build 2 x 2 confusion matrices from the four counts of a theme.

    Parameters
    ----------
    a, b, c, d : array_like, shape (...)
        Units coded with the theme by both, by the first only, by the second only, by neither.

    Returns
    -------
    ndarray of float, shape (..., 2, 2)
        Rows are the first coder's, columns the second's; the theme applied comes first.
    """
    parts = np.broadcast_arrays(*(np.asarray(v, float) for v in (a, b, c, d)))
    return np.stack(parts, axis=-1).reshape(*parts[0].shape, 2, 2)


def confusion_table(first: Labels, second: Labels) -> NDArray[np.int64]:
    """Compute the confusion matrix of two coders.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Label of each unit; none missing.

    Returns
    -------
    ndarray of int64, shape (k, k)
        Over the k labels that either used, in sorted order.

    Raises
    ------
    InputError
        If the two differ in length.
    """
    x, y = np.asarray(first), np.asarray(second)
    if x.ndim != 1 or x.shape != y.shape:
        raise InputError(
            "labels", "must be one per unit for both coders", f"shapes {x.shape} and {y.shape}",
            "Match the units.",
        )  # fmt: skip
    labels, at = np.unique(np.concatenate([x, y]), return_inverse=True)
    k = len(labels)
    counts = np.bincount(at[: len(x)] * k + at[len(x) :], minlength=k * k)
    return counts.reshape(k, k).astype(np.int64)


def cohen_kappa(table: ArrayLike) -> Floats:
    """Compute Cohen's kappa: agreement beyond that expected from each coder's own marginals.

    Parameters
    ----------
    table : array_like, shape (..., k, k)
        Counts.

    Returns
    -------
    ndarray of float, shape (...)
        In [-1, 1]; NaN without units, or if both used one and the same label throughout.

    Raises
    ------
    InputError
        If the table is not square or holds a negative count.

    References
    ----------
    Cohen J (1960). A coefficient of agreement for nominal scales. *Educ Psychol Meas* 20:37-46.

    Examples
    --------
    >>> round(float(cohen_kappa([[13, 0, 0], [0, 20, 7], [0, 4, 56]])), 7)
    0.7964094
    """
    agreed, rows, columns, _ = _shares(table)
    return corrected(agreed, (rows * columns).sum(axis=-1))


def scott_pi(table: ArrayLike) -> Floats:
    """Compute Scott's pi: agreement beyond that expected from the pooled marginals.

    Parameters
    ----------
    table : array_like, shape (..., k, k)
        Counts.

    Returns
    -------
    ndarray of float, shape (...)
        In [-1, 1]; NaN as for :func:`cohen_kappa`.

    Raises
    ------
    InputError
        If the table is not square or holds a negative count.

    References
    ----------
    Scott WA (1955). Reliability of content analysis: the case of nominal scale coding.
    *Public Opin Q* 19:321-325.
    """
    agreed, rows, columns, _ = _shares(table)
    return corrected(agreed, (((rows + columns) / 2) ** 2).sum(axis=-1))


def gwet_ac1(table: ArrayLike) -> Floats:
    """Compute Gwet's AC1, a chance-corrected agreement that is robust to skewed marginals.

    Parameters
    ----------
    table : array_like, shape (..., k, k)
        Counts. All k labels of the code set count, used or not.

    Returns
    -------
    ndarray of float, shape (...)
        At most 1; NaN without units or with a single label.

    Raises
    ------
    InputError
        If the table is not square or holds a negative count.

    References
    ----------
    Gwet KL (2008). Computing inter-rater reliability and its variance in the presence of high
    agreement. *Br J Math Stat Psychol* 61:29-48.
    """
    agreed, rows, columns, _ = _shares(table)
    k = rows.shape[-1]
    pooled = (rows + columns) / 2
    return corrected(agreed, ratio((pooled * (1 - pooled)).sum(axis=-1), k - 1))


def pabak(table: ArrayLike) -> Floats:
    """Compute the prevalence- and bias-adjusted kappa (PABAK; Brennan-Prediger for any k).

    Parameters
    ----------
    table : array_like, shape (..., k, k)
        Counts. All k labels of the code set count, used or not.

    Returns
    -------
    ndarray of float, shape (...)
        At most 1; NaN without units or with a single label.

    Raises
    ------
    InputError
        If the table is not square or holds a negative count.

    References
    ----------
    Byrt T, Bishop J, Carlin JB (1993). Bias, prevalence and kappa. *J Clin Epidemiol* 46:423-429.
    Brennan RL, Prediger DJ (1981). Coefficient kappa: some uses, misuses, and alternatives.
    *Educ Psychol Meas* 41:687-699.
    """
    agreed, rows, _, _ = _shares(table)
    return corrected(agreed, 1 / rows.shape[-1])


def nominal_alpha(table: ArrayLike) -> Floats:
    """Compute Krippendorff's alpha for nominal labels of two coders, none missing.

    Parameters
    ----------
    table : array_like, shape (..., k, k)
        Counts.

    Returns
    -------
    ndarray of float, shape (...)
        At most 1; NaN without units, or if one label was used throughout.

    Raises
    ------
    InputError
        If the table is not square or holds a negative count.

    References
    ----------
    Krippendorff K (2019). *Content Analysis*, 4th ed., chapter 12. Sage.
    """
    agreed, rows, columns, n = _shares(table)
    values = 2 * n
    pooled = (rows + columns) / 2
    # Pairs of values are drawn without replacement from the 2n of both coders.
    expected = ratio((1 - (pooled**2).sum(axis=-1)) * values, values - 1)
    return corrected(agreed, 1 - expected)


def precision(a: ArrayLike, c: ArrayLike) -> Floats:
    """Compute the precision ``tp / (tp + fp)`` of the second coder, the first as reference.

    Parameters
    ----------
    a, c : array_like, shape (...)
        Units coded with the theme by both, and by the second only.

    Returns
    -------
    ndarray of float, shape (...)
        In [0, 1]; NaN if the second has no positives.

    References
    ----------
    van Rijsbergen CJ (1979). *Information Retrieval*, 2nd ed., chapter 7. Butterworths.
    """
    both = np.asarray(a, float)
    return ratio(both, both + np.asarray(c, float))


def recall(a: ArrayLike, b: ArrayLike) -> Floats:
    """Compute the recall ``tp / (tp + fn)`` of the second coder, the first as reference.

    Parameters
    ----------
    a, b : array_like, shape (...)
        Units coded with the theme by both, and by the first only.

    Returns
    -------
    ndarray of float, shape (...)
        In [0, 1]; NaN if the first has no positives.

    References
    ----------
    van Rijsbergen CJ (1979). *Information Retrieval*, 2nd ed., chapter 7. Butterworths.
    """
    return precision(a, b)


def f1(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Floats:
    """Compute the F1 score, ``2a / (2a + b + c)``: the positive specific agreement.

    Parameters
    ----------
    a, b, c : array_like, shape (...)
        Units coded with the theme by both, by the first only, by the second only.

    Returns
    -------
    ndarray of float, shape (...)
        In [0, 1]; NaN if neither has positives.

    References
    ----------
    Hripcsak G, Rothschild AS (2005). Agreement, the F-measure, and reliability in information
    retrieval. *J Am Med Inform Assoc* 12:296-298.

    Examples
    --------
    >>> f1([23, 0], [23, 23], [23, 23]).tolist()
    [0.5, 0.0]
    """
    twice = 2 * np.asarray(a, float)
    return ratio(twice, twice + np.asarray(b, float) + np.asarray(c, float))


def negative_agreement(b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Floats:
    """Compute the negative specific agreement, ``2d / (2d + b + c)``.

    Parameters
    ----------
    b, c, d : array_like, shape (...)
        Units coded with the theme by the first only, by the second only, by neither.

    Returns
    -------
    ndarray of float, shape (...)
        In [0, 1]; NaN if both applied the theme to all.

    References
    ----------
    Cicchetti DV, Feinstein AR (1990). High agreement but low kappa: II. *J Clin Epidemiol*
    43:551-558.
    """
    return f1(d, b, c)
