"""Adjust p-values for many tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from iapt_topics._base.arrays import Floats
from iapt_topics._base.errors import InputError


def _adjusted(p: ArrayLike, adjust: Callable[[Floats], Floats]) -> Floats:
    """Adjust the p-values that are not missing."""
    values = np.asarray(p, float)
    if np.any((values < 0) | (values > 1)):
        raise InputError(
            "p", "must lie between 0 and 1", "a value outside", "Give p-values, not statistics."
        )
    known = ~np.isnan(values)
    out = np.full(values.shape, np.nan)
    out[known] = adjust(values[known])
    return out


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

    # By hand: scipy.stats, which has it, takes half a second to import.
    def step_up(family: Floats) -> Floats:
        order = np.argsort(family, kind="stable")
        scaled = family[order] * (len(family) / np.arange(1.0, len(family) + 1))
        family[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
        return family

    return _adjusted(p, step_up)


def holm(p: ArrayLike) -> Floats:
    """Adjust p-values to control the family-wise error rate (Holm's step-down method).

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

    # By hand: statsmodels, which has it, takes a second to import.
    def step_down(family: Floats) -> Floats:
        order = np.argsort(family, kind="stable")
        scaled = family[order] * np.arange(len(family), 0, -1)
        family[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
        return family

    return _adjusted(p, step_down)
