"""Noise in place of the suppression of small cells: the cell-key method.

Each response has a record key, by HMAC-SHA-256 of its id with a secret of the study; the sum of the
keys of the responses behind a count, taken modulo one, says by how much the count is changed. So
one and the same set of responses has one and the same change in every table and every run, which
cannot be averaged out, and a set that differs by one response has another. Keys are not kept.

The changes are drawn from the distribution of largest entropy on whole numbers of up to ``noise``
either way that has mean 0, a set variance, and no result below 0 nor between 1 and 2; a true 0
stays 0. Counts therefore do not add up.

The method is that of Fraser B, Wooton J (2005), "A proposed method for confidentialising tabular
output to protect against differencing", UNECE work session on statistical data confidentiality, and
of the 2021 census of England and Wales (ONS, "Protecting personal data in Census 2021 results");
the table of changes that of Marley JK, Leaver VL (2011), "A method for confidentialising
user-defined tables", 58th ISI congress.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Hashable, Iterable
from functools import lru_cache

import numpy as np

from iapt_topics._base.arrays import Floats

#: Results that no count is changed to: they would be read as so many people.
_NEVER = (1, 2)
#: Record keys are whole numbers below this; sums are taken modulo it.
MODULUS = 2**64


def noise_variance(noise: int) -> float:
    """Variance of the changes of counts that are not small: that of a triangle so wide."""
    return noise * (noise + 2) / 6


def record_keys(ids: Iterable[Hashable], secret: bytes) -> dict[Hashable, int]:
    """A key of each response, from 0 to ``MODULUS``, unknown to whoever lacks the secret."""
    return {
        i: int.from_bytes(hmac.digest(secret, str(i).encode("utf-8"), hashlib.sha256)[:8], "big")
        for i in ids
    }


def changed(count: int, key: int, noise: int) -> int:
    """A count after its change; ``key`` is the sum of the record keys behind it."""
    changes, cumulative = _table(min(count, noise + max(_NEVER) + 1), noise)
    at = int(np.searchsorted(cumulative, key % MODULUS / MODULUS, side="right"))
    return count + int(changes[min(at, len(changes) - 1)])


@lru_cache(maxsize=64)
def _table(count: int, noise: int) -> tuple[Floats, Floats]:
    """Changes of a count and the cumulative probability of each; alike for all large counts."""
    if not count:
        return np.zeros(1), np.ones(1)
    changes = np.arange(-noise, noise + 1, dtype=float)
    result = count + changes
    changes = changes[(result >= 0) & ~np.isin(result, _NEVER)]
    p = _tilted(changes, _spread(noise))
    return changes, np.cumsum(p)


def _spread(noise: int) -> float:
    """The factor of squared changes that gives a count that is not small its variance."""
    from scipy.optimize import brentq

    changes = np.arange(-noise, noise + 1, dtype=float)

    def excess(spread: float) -> float:
        return float(_weights(changes, 0.0, spread) @ changes**2) - noise_variance(noise)

    return float(brentq(excess, -5.0, 0.0))


def _tilted(changes: Floats, spread: float) -> Floats:
    """Probabilities of the changes, of mean 0."""
    from scipy.optimize import brentq

    tilt = brentq(lambda t: float(_weights(changes, t, spread) @ changes), -50.0, 50.0)
    return _weights(changes, float(tilt), spread)


def _weights(changes: Floats, tilt: float, spread: float) -> Floats:
    log = tilt * changes + spread * changes**2
    p = np.exp(log - log.max())
    return np.asarray(p / p.sum())
