"""Exact one-sided bounds of a proportion, valid at every sample size."""

from __future__ import annotations

from bisect import bisect_left
from math import exp, lgamma

from iapt_topics._base.errors import InputError
from iapt_topics.stats.intervals import require_fraction


def exact_bounds(
    count: int, n: int, confidence: float = 0.95, *, total: int | None = None
) -> tuple[float, float]:
    """Exact one-sided bounds of a proportion, each at the given confidence.

    Parameters
    ----------
    count, n : int
        Positives and units of a simple random sample.
    confidence : float, default 0.95
        Of each bound by itself, strictly between 0 and 1.
    total : int, optional
        Units that the sample was drawn from without replacement, if the proportion is theirs. By
        default that of an unlimited population.

    Returns
    -------
    low, high : float
        0 and 1 without units.

    Raises
    ------
    InputError
        If the count is above ``n``, or ``n`` above ``total``.

    Notes
    -----
    ``low`` is the largest proportion at which a count as high as this has a chance of less than 1
    - ``confidence``: by the binomial distribution [1]_, by the hypergeometric one with a ``total``
    [2]_.

    References
    ----------
    .. [1] Clopper CJ, Pearson ES (1934). The use of confidence or fiducial limits illustrated in
       the case of the binomial. *Biometrika* 26:404-413.
    .. [2] Wright T (1991). *Exact Confidence Bounds when Sampling from Small Finite Universes*.
       Springer.

    Examples
    --------
    >>> [round(v, 4) for v in exact_bounds(38, 40, 0.9)]
    [0.8724, 0.9866]
    >>> exact_bounds(9, 9, 0.9, total=10)
    (0.9, 1.0)
    """
    tail = 1 - require_fraction(confidence, "confidence")
    if not 0 <= count <= n or (total is not None and n > total):
        raise InputError(
            "the counts", "must rise: count, n, total", f"{count}, {n}, {total}", "Check them."
        )
    if n == 0:
        return 0.0, 1.0
    if total is None:
        return _binomial_low(count, n, tail), 1 - _binomial_low(n - count, n, tail)
    return _finite_low(count, n, total, tail), 1 - _finite_low(n - count, n, total, tail)


def _binomial_low(count: int, n: int, tail: float) -> float:
    from scipy.special import betaincinv

    return float(betaincinv(count, n - count + 1, tail)) if count else 0.0


def _finite_low(count: int, n: int, total: int, tail: float) -> float:
    """Fewest positives of all units at which so high a count has a chance of ``tail`` or more."""
    possible = range(count, total - (n - count) + 1)

    def likely(positives: int) -> bool:
        # A chance of just the tail is kept, whatever the last digits of the sum say.
        return _upper_tail(count, n, positives, total) > tail * (1 - 1e-9)

    return possible[bisect_left(possible, True, key=likely)] / total


def _upper_tail(count: int, n: int, positives: int, total: int) -> float:
    """Chance of ``count`` positives or more among ``n`` of ``total`` units (hypergeometric).

    The tail that does not hold the mean is added up, each term from the one before: many times
    faster than a general function, of which a bound would take a dozen calls.
    """
    least, most = max(0, n - (total - positives)), min(n, positives)
    if count <= least:
        return 1.0
    if count > most:
        return 0.0
    upper = count * total > n * positives
    k, step = (count, 1) if upper else (count - 1, -1)
    whole = _log_choose(positives, k) + _log_choose(total - positives, n - k)
    term = exp(whole - _log_choose(total, n))
    part = term
    while term > 1e-17 * part and least <= k + step <= most:
        # From k to k + 1, or back from k to k - 1.
        at = k if upper else k - 1
        ratio = (positives - at) * (n - at) / ((at + 1) * (total - positives - n + at + 1))
        term *= ratio if upper else 1 / ratio
        part += term
        k += step
    return part if upper else 1 - part


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
