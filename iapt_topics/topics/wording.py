"""A second view of the responses: the words they use, and how far these can be relied on.

Two long answers on one matter share words that a sentence model does not weigh; two short ones
hardly share any. So the survey itself says how much the view weighs: as much better than chance as
one half of a response's words tells the other half of it from those of others.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from iapt_topics._base.arrays import Floats32, Ints
from iapt_topics.topics.consensus import spread
from iapt_topics.topics.words import clean, stem

_WORD = re.compile(r"[^\W\d_]{2,}")
_HALVED = 1000  # responses whose halves are compared
_AMONG = 5000  # responses among which neighbours are looked for
_ROWS = 2000


def wording_view(texts: list[str]) -> tuple[Any, float]:
    """Weigh the words of each text by how rare they are, and the view by how it holds together.

    Parameters
    ----------
    texts : list of str, length n

    Returns
    -------
    view : scipy.sparse matrix of float32, shape (n, n_stems)
        TF-IDF of word stems that two texts use, of unit length; empty rows where there is none.
    weight : float
        From 0 to 1: 2A - 1, where A is the probability that one half of a response's words (every
        other one) is more like its own other half than like that of another response. Texts that
        are there several times count once.

    Notes
    -----
    A split-half reliability in the scale of a rank correlation (Somers' d). It uses no label.
    """
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    used = [_stems(text) for text in texts]
    model = TfidfVectorizer(
        analyzer=lambda words: words, sublinear_tf=True, min_df=2, dtype=np.float32
    )
    try:
        view = model.fit_transform(used)
    except ValueError:  # no word stands in two texts
        return csr_matrix(np.zeros((len(texts), 1), dtype=np.float32)), 0.0
    distinct = list(dict(zip(texts, used, strict=True)).values())
    some = spread(len(distinct), _HALVED)
    if len(some) < 2:
        return view, 0.0
    one, other = (model.transform([distinct[i][start::2] for i in some]) for start in (0, 1))
    alike = (one @ other.T).toarray()
    own = alike.diagonal()[:, None]
    better = (alike < own).sum(axis=1) + ((alike == own).sum(axis=1) - 1) / 2
    return view, max(0.0, 2 * float(better.mean()) / (len(some) - 1) - 1)


def nearest_in_wording(view: Any, k: int) -> tuple[Ints, Floats32]:
    """Neighbours of each row that share words with it, the row itself first.

    Parameters
    ----------
    view : sparse matrix, shape (n, n_stems)
        From :func:`wording_view`. Above 5,000 rows, neighbours are looked for among as many that
        are evenly spaced: words that all use are in so many pairs.
    k : int
        From 1 to n, the row itself included.

    Returns
    -------
    near : ndarray of int, shape (n, k)
        -1 where fewer rows share a word.
    far : ndarray of float32, shape (n, k)
        Cosine distances, 0 to 1, of six decimals; 1 where there is none.
    """
    n = view.shape[0]
    some = spread(n, _AMONG)
    among = view[some].T
    near, far = np.full((n, k), -1, dtype=np.intp), np.ones((n, k), dtype=np.float32)
    near[:, 0], far[:, 0] = np.arange(n), 0
    for start in range(0, n, _ROWS):
        shared = (view[start : start + _ROWS] @ among).tocsr()
        alike, ends = shared.data, shared.indptr
        for here in map(slice, ends[:-1], ends[1:]):
            if here.stop - here.start > k:  # the others are not put in order
                least = np.partition(alike[here], -k)[-k] - 2 / 10**6
                alike[here] *= alike[here] >= least
        kept = np.flatnonzero(alike > 1 / 10**6)
        row = start + np.searchsorted(ends, kept, side="right") - 1
        # Last digits of a sum do not choose.
        away = np.rint((1 - alike[kept]) * 10**6).clip(0)
        other = some[shared.indices[kept]]
        order = np.lexsort((other, away, row))
        order = order[(row != other)[order]]
        row, other, away = row[order], other[order], away[order]
        place = 1 + np.arange(len(row)) - np.searchsorted(row, row)
        first = place < k
        near[row[first], place[first]] = other[first]
        far[row[first], place[first]] = away[first] / 10**6
    return near, far


def _stems(text: str) -> list[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words = _WORD.findall(clean(text))
    return [stem(w) for w in words if w not in ENGLISH_STOP_WORDS]
