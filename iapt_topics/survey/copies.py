"""Texts that are the same or nearly so, found without comparing all with all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Texts are near copies if their runs of three words are shared to this part (Jaccard index).
NEARLY = 0.8
_RUN = 3
LEAST_WORDS = 8  # below, a shared wording is a common phrase
_BANDS, _ROWS = 16, 4  # at an index of .8 a pair is missed once in 5,000


def folded(text: str) -> str:
    """Text without case, marks and runs of space, by which copies are exact."""
    words = "".join(c if c.isalnum() else " " for c in text.casefold()).split()
    return " ".join(words) or " ".join(text.split())


def find_copies(texts: Sequence[str]) -> NDArray[np.int64]:
    """For each text the place of the first text that it is a copy of; its own if there is none.

    Parameters
    ----------
    texts : sequence of str, length n
        Folded by :func:`folded`.

    Returns
    -------
    ndarray of int64, shape (n,)
        ``result[i] <= i``. Time and memory grow with the words of all texts.

    Notes
    -----
    Near copies are looked for by min-wise hashing (Broder 1997) of the runs of three words, in
    bands (Leskovec, Rajaraman and Ullman 2014, chapter 3). In each band a text is compared with the
    first of its bucket alone, so that 10,000 copies cost 10,000 comparisons; what is found
    is checked on the runs themselves.
    """
    codes, distinct = pd.factorize(np.asarray(texts, dtype=object))
    first = np.full(len(distinct), len(codes), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(codes)))
    source = np.arange(len(distinct))
    words = [t.split() for t in distinct]
    long = [i for i, w in enumerate(words) if len(w) >= LEAST_WORDS]
    if len(long) > 1:
        runs = _runs([words[i] for i in long])
        for band in _bands(runs):
            _, head, bucket = np.unique(band, return_index=True, return_inverse=True)
            heads = head[bucket]
            for at in np.flatnonzero(heads != np.arange(len(long))):
                one, other = long[at], long[heads[at]]
                if source[one] == one and similarity(runs[at], runs[heads[at]]) >= NEARLY:
                    source[one] = source[other]
    # Places of a text's source come before its own, so one pass in order leads to the root.
    for i in range(len(source)):
        source[i] = source[source[i]]
    return first[source][codes]


def word_runs(text: str) -> NDArray[np.uint64]:
    """Hashes of the different runs of three words of a folded text."""
    return _runs([text.split()])[0]


def similarity(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    """Jaccard index of two sets of runs, 0 to 1."""
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / max(len(one) + len(other) - both, 1)


def _runs(texts: Sequence[Sequence[str]]) -> list[NDArray[np.uint64]]:
    """Hash the runs of each text; the words' hashes are the same in every process."""
    codes, distinct = pd.factorize(np.array([w for t in texts for w in t], dtype=object))
    hashed = pd.util.hash_array(np.asarray(distinct, dtype=object))[codes]
    ends = np.cumsum([len(t) for t in texts])
    found = []
    for begin, end in zip(np.r_[0, ends[:-1]], ends, strict=True):
        part = hashed[begin:end]
        n = max(len(part) - _RUN + 1, 1)
        mixed = np.zeros(n, dtype=np.uint64)
        for i in range(min(_RUN, len(part))):
            mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + part[i : i + n]
        found.append(np.unique(mixed))
    return found


def _bands(runs: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.uint64]]:
    """One hash for each text and band: equal where the band's smallest hashes all are."""
    rng = np.random.default_rng(0)
    pooled = np.concatenate(runs)
    starts = np.r_[0, np.cumsum([len(r) for r in runs])[:-1]]
    bands = []
    for _ in range(_BANDS):
        key = np.zeros(len(runs), dtype=np.uint64)
        for _ in range(_ROWS):
            a, b = rng.integers(1, 2**63, size=2, dtype=np.uint64)
            mixed = pooled * (a | np.uint64(1)) + b
            mixed ^= mixed >> np.uint64(32)
            key = key * np.uint64(0x9E3779B97F4A7C15) + np.minimum.reduceat(mixed, starts)
        bands.append(key)
    return bands
