"""Intervals, resampling and multiplicity: arrays in, floats or arrays out.

Proportions are fractions (0 to 1) throughout; levels such as ``confidence`` are fractions too.

References
----------
.. [1] Wilson EB (1927). Probable inference, the law of succession, and statistical inference.
   *J Am Stat Assoc* 22:209-212.
.. [2] Newcombe RG (1998). Two-sided confidence intervals for the single proportion: comparison of
   seven methods. *Stat Med* 17:857-872.
.. [3] Newcombe RG (1998). Interval estimation for the difference between independent
   proportions: comparison of eleven methods. *Stat Med* 17:873-890.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from iapt_topics._base.arrays import Floats
from iapt_topics._base.errors import InputError
from iapt_topics.stats.set_agreement import ratio

_BISECTIONS = 60


def require_fraction(value: float, what: str) -> float:
    """Return ``value`` if it lies strictly between 0 and 1, else raise InputError."""
    if not 0.0 < value < 1.0:
        raise InputError(what, "must lie between 0 and 1", str(value), "Use e.g. 0.95.")
    return float(value)


def normal_quantile(confidence: float = 0.95) -> float:
    """Two-sided quantile of the standard normal distribution, e.g. 1.96 for 0.95.

    Parameters
    ----------
    confidence : float
        Strictly between 0 and 1.

    Returns
    -------
    float
        Above 0.
    """
    return NormalDist().inv_cdf(0.5 + require_fraction(confidence, "confidence") / 2)


def wilson_interval(
    count: ArrayLike, n: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Wilson score confidence interval for a binomial proportion, without continuity correction.

    Parameters
    ----------
    count, n : array_like
        Number of positives and of units; they broadcast. Neither need be whole, so that an
        effective number of units can be given.
    confidence : float
        Strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        In [0, 1], of the broadcast shape; NaN where ``n`` is 0 or an input is NaN.

    Raises
    ------
    InputError
        If a count is negative or above its ``n``.

    References
    ----------
    Wilson EB (1927). *J Am Stat Assoc* 22:209-212. Recommended by Newcombe RG (1998).
    *Stat Med* 17:857-872.

    Examples
    --------
    >>> low, high = wilson_interval(81, 263)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2553, 0.3662)
    """
    x, size = np.broadcast_arrays(np.asarray(count, float), np.asarray(n, float))
    if np.any(x < 0) or np.any(x > size * (1 + 1e-9)):
        raise InputError(
            "count", "must lie between 0 and n", "a count outside", "Check the counts."
        )
    z2 = normal_quantile(confidence) ** 2
    size = np.where(size > 0, size, np.nan)
    share = np.minimum(x / size, 1.0)
    centre = (share + z2 / (2 * size)) / (1 + z2 / size)
    half = np.sqrt(z2 * (share * (1 - share) / size + z2 / (4 * size**2))) / (1 + z2 / size)
    # Exact at the ends, where rounding would leave 1e-18 in place of 0.
    low = np.where(share == 0, 0.0, np.clip(centre - half, 0.0, 1.0))
    high = np.where(share == 1, 1.0, np.clip(centre + half, 0.0, 1.0))
    return low, high


def jeffreys_interval(
    count: ArrayLike, n: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Jeffreys confidence interval for a binomial proportion, equal-tailed, closed at 0 and 1.

    Narrower than :func:`wilson_interval` near 0 and 1, and so the better part of a sum of
    proportions.

    Parameters
    ----------
    count, n : array_like
        As for :func:`wilson_interval`.
    confidence : float
        Strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        In [0, 1], of the broadcast shape: (0, 1) where ``n`` is 0, 0 for ``low`` where no unit is
        positive, 1 for ``high`` where all are.

    References
    ----------
    Brown LD, Cai TT, DasGupta A (2001). Interval estimation for a binomial proportion. *Statist
    Sci* 16:101-133, section 4.3.

    Examples
    --------
    >>> low, high = jeffreys_interval(3, 20)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0441, 0.3486)
    """
    from scipy.special import betaincinv

    tail = (1 - require_fraction(confidence, "confidence")) / 2
    x, size = np.broadcast_arrays(np.asarray(count, float), np.asarray(n, float))
    rest = size - x
    low, high = (betaincinv(x + 0.5, np.maximum(rest, 0) + 0.5, t) for t in (tail, 1 - tail))
    return np.where(x <= 0, 0.0, low), np.where(rest <= 1e-9, 1.0, high)


def newcombe_interval(
    count1: ArrayLike, n1: ArrayLike, count2: ArrayLike, n2: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Newcombe's hybrid score interval for the difference of two independent proportions.

    The difference is the first less the second.

    Parameters
    ----------
    count1, n1, count2, n2 : array_like
        Positives and units of each sample; they broadcast.
    confidence : float
        Strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        In [-1, 1]; NaN where a sample is empty.

    References
    ----------
    Newcombe RG (1998). *Stat Med* 17:873-890, method 10.

    Examples
    --------
    >>> low, high = newcombe_interval(56, 70, 48, 80)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0524, 0.3339)
    """
    low1, high1 = wilson_interval(count1, n1, confidence)
    low2, high2 = wilson_interval(count2, n2, confidence)
    share1, share2 = ratio(count1, n1), ratio(count2, n2)
    difference = share1 - share2
    return (
        np.asarray(difference - np.hypot(share1 - low1, high2 - share2)),
        np.asarray(difference + np.hypot(high1 - share1, share2 - low2)),
    )


def paired_interval(
    only_first: ArrayLike, only_second: ArrayLike, n: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Bonett-Price confidence interval for the difference of two paired proportions.

    The difference is the second less the first. One unit is added to each kind of discordant pair,
    so that an interval without any has a width.

    Parameters
    ----------
    only_first, only_second : array_like
        Units positive for the first only and for the second only; they broadcast and need not be
        whole.
    n : array_like
        Units.
    confidence : float
        Strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray of float
        In [-1, 1].

    References
    ----------
    Bonett DG, Price RM (2012). Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data. *J Educ Behav Stat* 37:479-488.

    Examples
    --------
    >>> low, high = paired_interval(4, 12, 100)  # (.127 - .049) -+ 1.96 sqrt((.176 - .078^2) / 102)
    >>> round(float(low), 4), round(float(high), 4)
    (-0.0017, 0.1585)
    """
    size = np.asarray(n, float) + 2
    first, second = (np.asarray(v, float) + 1 for v in (only_first, only_second))
    gap = (second - first) / size
    half = normal_quantile(confidence) * np.sqrt(((first + second) / size - gap**2) / size)
    return np.asarray(np.clip(gap - half, -1, 1)), np.asarray(np.clip(gap + half, -1, 1))


def smallest_detectable(
    p: ArrayLike, n1: ArrayLike, n2: ArrayLike, power: float = 0.8, alpha: float = 0.05
) -> Floats:
    """Minimum detectable change from a proportion at a given power and two sample sizes.

    The size of the difference d at which the two-sided test of two independent proportions (normal
    approximation, pooled variance under equality, no continuity correction) has the given power: d
    = z[1 - alpha/2] sqrt(m (1 - m) (1/n1 + 1/n2)) + z[power] sqrt(p (1 - p)/n1 + s (1 - s)/n2),
    with s the second proportion and m the pooled one. The change is taken towards one half (an
    increase from p <= 0.5, a decrease from above), which is the direction that needs the larger
    change. A guide to planning: it says nothing about the change that was seen.

    Parameters
    ----------
    p : array_like
        Proportion in the first sample, in [0, 1].
    n1, n2 : array_like
        Sizes (or effective sizes) of the samples. All three broadcast.
    power, alpha : float
        Wanted power and two-sided level, strictly between 0 and 1.

    Returns
    -------
    ndarray of float
        Size of the difference, above 0; NaN where no change is large enough or a sample is empty.

    References
    ----------
    Fleiss JL, Levin B, Paik MC (2003). *Statistical Methods for Rates and Proportions*, 3rd ed.,
    section 4.2. Wiley.

    Examples
    --------
    >>> round(float(smallest_detectable(0.5, 50, 50, power=0.9)), 4)
    0.3026
    """
    z_alpha = normal_quantile(1 - require_fraction(alpha, "alpha"))
    z_power = NormalDist().inv_cdf(require_fraction(power, "power"))
    share, first, second = np.broadcast_arrays(
        np.asarray(p, float), np.asarray(n1, float), np.asarray(n2, float)
    )
    if np.any((share < 0) | (share > 1)):
        raise InputError("p", "must lie between 0 and 1", "a value outside", "Give a fraction.")
    share = np.minimum(share, 1 - share)
    first = np.where(first > 0, first, np.nan)
    second = np.where(second > 0, second, np.nan)

    def short(d: Floats) -> Floats:
        other = share + d
        pooled = (first * share + second * other) / (first + second)
        null = np.sqrt(np.clip(pooled * (1 - pooled), 0, None) * (1 / first + 1 / second))
        spread = np.clip(share * (1 - share), 0, None) / first
        spread = spread + np.clip(other * (1 - other), 0, None) / second
        return np.asarray(d - z_alpha * null - z_power * np.sqrt(spread))

    low, high = np.zeros(share.shape), np.asarray(1 - share)
    possible = short(high) >= 0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        enough = short(middle) >= 0
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(np.where(possible, high, np.nan))
