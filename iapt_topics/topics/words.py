"""Words of each topic by class-based TF-IDF, each word counted once a response.

The formula is BERTopic's (Grootendorst 2022); a test holds it to BERTopic's own. It is written out
here because importing BERTopic takes longer than a fit. By itself it favours words that one long
response repeats, or that two people use. So a word has to be used by 15 % of the topic's
responses, more often there than elsewhere, and it is given to the two topics that it tells most of.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iapt_topics._base.arrays import Floats, Ints

N_WORDS = 10
_FEWEST_WORDS = 2
_SHARE = 0.15  # part of a topic's responses that use a word of it
_TOPICS = 2  # that a word is given to
#: "wouldn't", "it's": without the apostrophe, "wouldnt" is on no list of stop words. "[site-1]" is
#: what redaction leaves.
_NO_WORD = re.compile(r"\b\w+n't\b|'(?:s|re|ve|ll|d|m)\b|\[[a-z-]+(?:-\d+)?\]")


def topic_words(texts: list[str], topic: Ints, n_topics: int) -> list[list[str]]:
    """Top c-TF-IDF terms of each topic 0, 1, ...; unassigned responses are a class of their own."""
    return [[word for word, _ in words] for words in weigh_words(texts, topic, n_topics)]


def weigh_words(texts: list[str], topic: Ints, n_topics: int) -> list[list[tuple[str, float]]]:
    """Words of each topic with their weights, the most telling first."""
    from scipy.sparse import csr_array

    terms, counts = count_terms(texts)
    if counts is None:
        return [[] for _ in range(n_topics)]
    row = np.where(topic < 0, n_topics, topic)
    home = csr_array((np.ones(len(row)), (row, np.arange(len(row)))))
    used = (home @ counts).toarray()
    weights = ctfidf(used)
    share = used / np.maximum(np.bincount(row, minlength=len(used)), 1)[:, None]
    own = share > used.sum(axis=0) / len(texts)
    typical = own & (share >= _SHARE) & (used > 1)
    rank = np.where(typical, -weights, 0).argsort(axis=0, kind="stable").argsort(axis=0)
    telling = typical & (rank < _TOPICS)
    # A topic with hardly such a word has the next best, so that it can be named.
    order = np.lexsort((-weights, ~telling), axis=1)[:, :N_WORDS]
    n = np.clip(telling.sum(axis=1), _FEWEST_WORDS, N_WORDS)
    return [
        [(str(terms[j]), float(weights[t, j])) for j in order[t, : n[t]] if weights[t, j] > 0]
        for t in range(n_topics)
    ]


def ctfidf(counts: Floats) -> Floats:
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
    return np.asarray(share * rarity)


def clean(text: str) -> str:
    """Text in small letters without contractions and placeholders, as terms are counted in."""
    return _NO_WORD.sub("", text.casefold().replace("\u2019", "'"))


@lru_cache(maxsize=2**16)
def stem(word: str) -> str:
    """Stem of an English word, the same for each of its forms (Porter's second stemmer)."""
    return str(_stemmer().stemWord(word))


@cache
def _stemmer() -> Any:
    from snowballstemmer import stemmer

    return stemmer("english")


def name_topic(words: list[str]) -> str:
    """Name a topic by its first three words, leaving out another form of one before."""
    chosen: list[str] = []
    for word in words:
        stems = {stem(w) for w in word.split()}
        if not any(stems & {stem(w) for w in other.split()} for other in chosen):
            chosen.append(word)
    return ", ".join(chosen[:3]) or "(no words)"


def count_terms(texts: list[str]) -> tuple[NDArray[Any], Any]:
    """Find the terms of each text, 0 or 1; with no term at all, the counts are None.

    A term that a handful of responses use describes those people rather than a topic, so terms
    are asked to stand in 2 % of the responses or in five, whichever is fewer.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    enough = min(5, len(texts) // 50)
    plain = {"stop_words": "english", "preprocessor": clean, "binary": True}
    for settings in (
        {**plain, "min_df": max(1, enough)},
        plain,
        {"preprocessor": clean, "binary": True},
    ):
        vectorizer = CountVectorizer(**settings)
        try:
            counts = vectorizer.fit_transform(texts)
        except ValueError:  # an empty vocabulary: only stop words, or no words at all
            continue
        return vectorizer.get_feature_names_out(), counts
    return np.array([]), None
