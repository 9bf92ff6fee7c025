"""Adjust p-values for many tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iapt_topics._base.errors import InputError
from iapt_topics.stats.intervals import Floats


def _known_p(p: ArrayLike) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """Return p as floats, the flat places of its non-missing values, and those places sorted."""
    values = np.asarray(p, float)
    flat = values.ravel()
    places = np.flatnonzero(~np.isnan(flat))
    if np.any((flat[places] < 0) | (flat[places] > 1)):
        raise InputError(
            "p", "must lie between 0 and 1", "a value outside", "Give p-values, not statistics."
        )
    return values, places, places[np.argsort(flat[places], kind="stable")]


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjust p-values to control the false discovery rate.

    Parameters
    ----------
    p : array_like
        p-values of one family, of any shape. NaN stays NaN and does not count in the family.

    Returns
    -------
    ndarray of float
        Adjusted p-values, of the shape of ``p``.

    Raises
    ------
    InputError
        If a value lies outside 0 to 1.

    References
    ----------
    Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. *J R Stat Soc B*
    57:289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, float("nan")]).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    values, places, order = _known_p(p)
    out = np.full(values.size, np.nan)
    if m := len(places):
        scaled = values.ravel()[order] * m / np.arange(1, m + 1)
        out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out.reshape(values.shape)


def holm(p: ArrayLike) -> Floats:
    """Adjust p-values to control the family-wise error rate by Holm's step-down method.

    Parameters
    ----------
    p : array_like
        p-values of one family, of any shape. NaN stays NaN and does not count in the family.

    Returns
    -------
    ndarray of float
        Adjusted p-values, of the shape of ``p``.

    Raises
    ------
    InputError
        If a value lies outside 0 to 1.

    References
    ----------
    Holm S (1979). A simple sequentially rejective multiple test procedure. *Scand J Stat*
    6:65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values, places, order = _known_p(p)
    out = np.full(values.size, np.nan)
    if m := len(places):
        scaled = values.ravel()[order] * np.arange(m, 0, -1)
        out[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return out.reshape(values.shape)
