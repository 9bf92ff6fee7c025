"""The words of the responses as a second view, and how much it weighs."""

import numpy as np
from conftest import SIX_SUBJECTS

from iapt_topics.topics.wording import nearest_in_wording, wording_view

SUBJECTS = (
    "caseload clients sessions booked diary full numbers rising weekly contacts",
    "salary band wage rent money pension increment bills mortgage overtime",
    "colleagues laughter lunch kindness friends support together trust humour warmth",
)


def texts(n_words, n=60, seed=0):
    """Answers of so many words on one of three subjects."""
    rng = np.random.default_rng(seed)
    return [" ".join(rng.permutation(SUBJECTS[i % 3].split())[:n_words]) for i in range(n)]


def test_long_answers_weigh_more_than_short_ones():
    weights = [wording_view(texts(n))[1] for n in (2, 4, 6)]
    assert 0 <= weights[0] <= weights[1] <= weights[2] <= 1


def test_words_that_say_nothing_of_the_answer_have_no_weight():
    rng = np.random.default_rng(1)
    vocabulary = [a + b + c for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrt"]
    random = [" ".join(rng.choice(vocabulary, 10, replace=False)) for _ in range(400)]
    assert wording_view(random)[1] < 0.1


def test_the_weight_of_halves_that_find_each_other_is_one():
    words = [w * 2 for w in ("ab", "cd", "ef", "gh", "kl", "mn")]
    twice = [f"{w} {w} {v}" for w in words for v in ("qqrr", "ssvv")]
    assert wording_view([f"{t} {t}" for t in twice])[1] > 0.5
    assert wording_view([f"{w} {w}" for w in words])[1] == 0  # no word stands in two texts


def test_copies_of_a_text_do_not_raise_the_weight():
    some = list(dict.fromkeys(texts(6)))
    many = wording_view(some + some[:1] * 200)[1]
    assert abs(many - wording_view(some)[1]) < 0.1


def test_texts_without_words_and_few_texts():
    for few in (["12", "?!", "the"], ["", ""], ["pay pay", "pay pay"]):
        view, weight = wording_view(few)
        assert view.shape[0] == len(few)
        assert weight == 0


def test_forms_of_a_word_are_one_and_other_scripts_are_words():
    view, _ = wording_view(["Supported", "supporting", "zażółć", "ZAŻÓŁĆ", "the"])
    alike = (view @ view.T).toarray()
    assert alike[0, 1] > 0.99
    assert alike[2, 3] > 0.99
    assert alike[4].sum() == 0


def test_neighbours_share_words_and_the_nearest_comes_first():
    view, _ = wording_view([*texts(5, n=30), "unrelated", "unrelated"])
    near, far = nearest_in_wording(view, 6)
    alike = (view @ view.T).toarray()
    assert (near[:, 0] == np.arange(len(near))).all()
    assert (far[:, 0] == 0).all()
    assert near[30, 1] == 31
    assert (near[30, 2:] == -1).all()
    assert (far[30, 2:] == 1).all()
    for row in range(30):
        found = near[row, 1:][near[row, 1:] >= 0]
        np.testing.assert_allclose(1 - far[row, 1 : 1 + len(found)], alike[row, found], atol=1e-6)
        others = np.delete(alike[row], row)
        assert alike[row, found].min() >= np.sort(others)[-5] - 1e-6


def test_the_order_of_the_rows_moves_no_weight_of_a_neighbour():
    some = [*texts(5), *SIX_SUBJECTS]
    order = np.random.default_rng(3).permutation(len(some))
    one, other = (wording_view(t)[0] for t in (some, [some[i] for i in order]))
    a, b = ((v @ v.T).toarray() for v in (one, other))
    np.testing.assert_allclose(a[np.ix_(order, order)], b, atol=1e-6)
