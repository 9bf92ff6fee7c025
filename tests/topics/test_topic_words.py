import warnings

import numpy as np
import pytest

from iapt_topics.topics.words import ctfidf, name_topic, topic_words


def test_ctfidf_by_hand():
    # Class 0 has terms 3 and 1 times, class 1 the second term 4 times: 4 terms a class on average.
    expected = [[0.75 * np.log(4 / 3 + 1), 0.25 * np.log(4 / 5 + 1)], [0, np.log(1.8)]]
    np.testing.assert_allclose(ctfidf(np.array([[3.0, 1], [0, 4]])), expected)


@pytest.mark.slow
def test_ctfidf_is_bertopics():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bertopic.vectorizers import ClassTfidfTransformer
    from scipy.sparse import csr_matrix

    counts = np.random.default_rng(0).poisson(0.7, (5, 40)).astype(float) + np.eye(5, 40)
    counts[0] += 1
    theirs = ClassTfidfTransformer().fit_transform(csr_matrix(counts))
    np.testing.assert_allclose(ctfidf(counts), theirs.toarray())


def test_words_of_topics_leave_out_the_unassigned():
    texts = ["cat cat fur", "cat purrs", "dog barks", "dog dog walk", "rain"]
    words = topic_words(texts, np.array([0, 0, 1, 1, -1]), 2)
    assert "cat" in words[0]
    assert "dog" in words[1]
    assert not set(words[0]) & set(words[1])
    assert "rain" not in words[0] + words[1]


def test_texts_without_words_have_none():
    assert topic_words(["...", "!"], np.array([0, 0]), 1) == [[]]
    assert name_topic([]) == "(no words)"


def test_a_name_does_not_say_the_same_twice():
    assert name_topic(["target", "targets", "pay", "pay rise", "team"]) == "target, pay, team"


def test_a_word_that_one_response_repeats_does_not_lead():
    texts = ["rota " * 30 + "late", "late shift", "late again", "late bus", "pay rise", "pay cut"]
    words = topic_words(texts, np.array([0, 0, 0, 0, 1, 1]), 2)
    assert words[0][0] == "late"
    assert words[1][0] == "pay"


def test_a_word_is_of_two_topics_at_most_and_not_rarer_there():
    texts = ["team alpha"] * 4 + ["team beta"] * 4 + ["team gamma"] * 4 + ["team delta extra"] * 1
    words = topic_words(texts, np.repeat([0, 1, 2, 3], [4, 4, 4, 1]), 4)
    assert [w[0] for w in words[:3]] == ["alpha", "beta", "gamma"]
