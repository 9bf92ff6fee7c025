from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics.survey.copies import NEARLY, find_copies, folded, similarity, word_runs


def jaccard(one: str, other: str) -> float:
    """Index of the runs of three words, as it is defined."""
    sets = [
        {tuple(w[i : i + 3]) for i in range(max(len(w) - 2, 1))}
        for w in (one.split(), other.split())
    ]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_folded():
    assert folded("  Don\u2019t, STOP! ") == folded("don t stop")
    assert folded("\U0001f62d  !") == "\U0001f62d !"


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=12).map(" ".join), max_size=12))
def test_a_text_copies_an_earlier_one_that_is_like_it(texts):
    found = find_copies(texts)
    assert len(found) == len(texts)
    for i, at in enumerate(found):
        assert at <= i
        assert found[at] == at
        if texts[i] in texts[:i]:
            assert at < i
        if at < i and texts[at] != texts[i] and len(texts[i].split()) < 8:
            raise AssertionError("a near copy of few words")


@given(*[st.lists(st.sampled_from("abcd"), min_size=1, max_size=12).map(" ".join)] * 2)
def test_similarity_is_the_jaccard_index(one, other):
    assert similarity(word_runs(one), word_runs(other)) == pytest.approx(jaccard(one, other))


def invented(rng, n):
    words = np.array([f"w{i}" for i in range(5000)])
    return [" ".join(rng.choice(words, size=size)) for size in rng.integers(12, 60, n)]


def test_near_copies_are_found_and_others_are_not():
    rng = np.random.default_rng(1)
    texts = invented(rng, 300)
    near = []
    for text in texts:
        words = text.split()
        words[rng.integers(len(words))] = "other"
        near.append(" ".join(words))
    found = find_copies(texts + near)
    want = np.array([jaccard(a, b) >= NEARLY for a, b in zip(texts, near, strict=True)])
    assert 100 < want.sum() < 300
    got = found[300:] == np.arange(300)
    assert got[want].mean() > 0.99
    assert not got[~want].any()
    assert (found[:300] == np.arange(300)).all()


def test_thousands_of_copies_cost_no_pairs():
    rng = np.random.default_rng(2)
    base = invented(rng, 1)[0]
    texts = [f"{base} end {i}" for i in range(4000)]
    start = time.process_time()
    assert (find_copies(texts) == 0).mean() > 0.95
    assert time.process_time() - start < 10
