import numpy as np
import pytest

from iapt_topics.mapping.self_taught import PLAIN, teach_by_sentences

RNG = np.random.default_rng(3)
ANCHORS = (["pay", "team"], np.eye(2, 4, dtype=np.float32), np.array([0, 1]))


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def sentences(n):
    """Sentences that share a word with those of their theme, and hardly a direction."""
    theme = np.arange(n) % 2
    texts = [f"{('money', 'colleagues')[t]} number{i}" for i, t in enumerate(theme)]
    return texts, unit(np.eye(2, 4)[theme] * 0.2 + RNG.normal(size=(n, 4))), theme


def test_words_of_plain_sentences_find_others():
    texts, vectors, theme = sentences(40)
    taught = teach_by_sentences(ANCHORS, texts, vectors, theme, np.full(40, PLAIN))
    odds = taught.log_odds(["more money", "kind colleagues"], np.zeros((2, 4), dtype=np.float32))
    assert odds.argmax(axis=1).tolist() == [0, 1]


def test_what_is_not_plain_teaches_nothing():
    texts, vectors, theme = sentences(40)
    likely = np.full(40, PLAIN - 0.01)
    taught = teach_by_sentences(ANCHORS, texts, vectors, theme, likely)
    alone = teach_by_sentences(ANCHORS, [], vectors[:0], theme[:0], likely[:0])
    np.testing.assert_allclose(
        taught.log_odds(texts, vectors), alone.log_odds(texts, vectors), atol=1e-9
    )


def test_order_and_copies_of_sentences_do_not_matter():
    texts, vectors, theme = sentences(30)
    likely = np.full(30, 0.95)
    one = teach_by_sentences(ANCHORS, texts, vectors, theme, likely)
    turn = np.concatenate([RNG.permutation(30), [4, 4, 4]])
    two = teach_by_sentences(
        ANCHORS, [texts[i] for i in turn], vectors[turn], theme[turn], likely[turn % 30]
    )
    np.testing.assert_array_equal(one.log_odds(texts, vectors), two.log_odds(texts, vectors))


def test_a_theme_that_many_speak_of_weighs_no_more():
    texts, vectors, theme = sentences(40)
    few = np.where((theme == 1) & (np.arange(40) > 3), 0.5, 0.95)
    taught = teach_by_sentences(ANCHORS, texts, vectors, theme, few)
    nowhere = taught.log_odds(["quartz"], np.zeros((1, 4), dtype=np.float32))
    assert abs(nowhere[0, 0] - nowhere[0, 1]) < 1


@pytest.mark.parametrize("texts", [["!!", "??"], ["", ""]])
def test_texts_without_words_are_taught_by_their_vectors(texts):
    taught = teach_by_sentences(
        (["?", "!"], *ANCHORS[1:]), texts, unit(np.eye(2, 4)), np.array([0, 1]), np.ones(2)
    )
    assert taught.words is None
    assert taught.log_odds(["x", "y"], unit(np.eye(2, 4))).argmax(axis=1).tolist() == [0, 1]
