"""Distances between distributions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from iapt_topics._base.arrays import Floats
from iapt_topics._base.errors import InputError
from iapt_topics.stats.set_agreement import ratio


def jensen_shannon(p: ArrayLike, q: ArrayLike, base: float = 2) -> Floats:
    """Compute the Jensen-Shannon distance (metric) between distributions.

    Parameters
    ----------
    p, q : array_like, shape (..., k)
        Weights of at least 0; they broadcast and are scaled here to sum to 1.
    base : float
        Base of the logarithm; with 2 the distance lies in [0, 1].

    Returns
    -------
    ndarray of float, shape (...)
        0 for equal distributions, 1 (base 2) for disjoint ones, NaN if either is empty.

    Raises
    ------
    InputError
        If a weight is negative.

    References
    ----------
    Lin J (1991). Divergence measures based on the Shannon entropy. *IEEE Trans Inf Theory*
    37:145-151. Endres DM, Schindelin JE (2003). A new metric for probability distributions.
    *IEEE Trans Inf Theory* 49:1858-1860.

    Examples
    --------
    >>> float(jensen_shannon([1, 0], [0, 3]))
    1.0
    """
    from scipy.special import rel_entr

    if not (base > 0 and base != 1):
        raise InputError("base", "must be above 0 and not 1", str(base), "Use 2.")
    sides = []
    for side in (p, q):
        weights = np.asarray(side, float)
        if np.any(weights < 0):
            raise InputError("weights", "must be at least 0", "a value below 0", "Give counts.")
        sides.append(ratio(weights, weights.sum(axis=-1, keepdims=True)))
    middle = (sides[0] + sides[1]) / 2
    divergence = sum(rel_entr(side, middle).sum(axis=-1) for side in sides) / 2
    # scipy's jensenshannon does not clip: rounding makes equal distributions NaN there.
    return np.asarray(np.sqrt(np.clip(divergence / np.log(base), 0.0, None)))
