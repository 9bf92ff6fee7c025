"""Words of each topic by class-based TF-IDF, as BERTopic counts them.

The formula is BERTopic's (Grootendorst 2022) with the square root of frequent words; a test holds
it to BERTopic's own. It is written out here because importing BERTopic takes longer than a fit.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_WORDS = 10
#: "wouldn't", "it's": without the apostrophe, "wouldnt" is on no list of stop words.
_CONTRACTION = re.compile(r"\b\w+n't\b|'(?:s|re|ve|ll|d|m)\b")


def topic_words(texts: list[str], topic: NDArray[np.intp], n_topics: int) -> list[list[str]]:
    """Top c-TF-IDF terms of each topic 0, 1, ...; unassigned responses are a class of their own."""
    from scipy.sparse import csr_array

    terms, counts = count_terms(texts)
    if counts is None:
        return [[] for _ in range(n_topics)]
    row = np.where(topic < 0, n_topics, topic)
    home = csr_array((np.ones(len(row)), (row, np.arange(len(row)))))
    weights = ctfidf((home @ counts).toarray())
    order = np.argsort(-weights, axis=1, kind="stable")[:, :N_WORDS]
    return [[str(terms[j]) for j in order[t] if weights[t, j] > 0] for t in range(n_topics)]


def ctfidf(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh terms by how often a class uses them and how seldom others do.

    Parameters
    ----------
    counts : ndarray, shape (n_classes, n_terms)
        Every term stands somewhere.

    Returns
    -------
    ndarray, shape (n_classes, n_terms)
    """
    total = counts.sum(axis=1, keepdims=True)
    share = counts / np.where(total > 0, total, 1)
    rarity = np.log(int(total.mean()) / counts.sum(axis=0) + 1)
    return np.asarray(np.sqrt(share) * rarity)


def clean(text: str) -> str:
    """Text in small letters without contractions, as terms are counted in."""
    return _CONTRACTION.sub("", text.casefold().replace("\u2019", "'"))


def name_topic(words: list[str]) -> str:
    """Name a topic by its first three words, leaving out one that repeats another."""
    chosen: list[str] = []
    for word in words:
        stems = {w.rstrip("s") for w in word.split()}
        if not any(stems & {w.rstrip("s") for w in other.split()} for other in chosen):
            chosen.append(word)
    return ", ".join(chosen[:3]) or "(no words)"


def count_terms(texts: list[str]) -> tuple[NDArray[Any], Any]:
    """Count terms in each text; with no term at all, the counts are None.

    A term that a handful of responses use describes those people rather than a topic, so terms
    are asked to stand in 2 % of the responses or in ten, whichever is fewer.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    enough = min(10, len(texts) // 50)
    plain = {"stop_words": "english", "preprocessor": clean}
    for settings in ({**plain, "min_df": max(1, enough)}, plain, {"preprocessor": clean}):
        vectorizer = CountVectorizer(**settings)
        try:
            counts = vectorizer.fit_transform(texts)
        except ValueError:  # an empty vocabulary: only stop words, or no words at all
            continue
        return vectorizer.get_feature_names_out(), counts
    return np.array([]), None
