import numpy as np

from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.mapping.distinctness import indistinct_themes


def theme(name, *examples, label=None):
    return Theme(id=name, label=label or name, definition=name, examples=examples)


APART = (
    theme("pay", "pay rise pay", "poor pay", "pay pay cut"),
    theme("team", "kind team", "team team lunch", "our team"),
    theme("rooms", "no rooms", "rooms rooms shared", "cold rooms"),
)


def frame(*themes):
    return ThemeFrame(name="n", themes=themes)


def test_themes_of_other_words_are_told_apart(encoder):
    found = indistinct_themes(frame(*APART), encoder)
    assert found.empty
    assert "note" in found


def test_two_names_for_one_theme_are_reported_with_both_anchors(encoder):
    twin = theme("wages", "pay rise pay", "poor pay", "pay pay cut", label="pay")
    found = indistinct_themes(frame(*APART, twin), encoder)
    assert found[["theme", "other"]].to_numpy().tolist() == [["pay", "wages"]]
    row = found.iloc[0]
    assert row["anchor"] == row["other_anchor"]
    assert row["n"] == 9
    assert row["low"] <= row["estimate"] <= row["high"]
    assert 0.25 <= row["estimate"] <= 1
    assert "anchors lie nearer to the other theme" in row["note"]


def test_bare_labels_are_compared_by_their_cosine_alone(encoder):
    bare = [Theme(id=i, label=label) for i, label in (("a", "pay"), ("b", "pay."), ("c", "team"))]
    found = indistinct_themes(frame(*bare), encoder)
    assert found[["theme", "other"]].to_numpy().tolist() == [["a", "b"]]
    assert found["n"].tolist() == [0]
    assert np.isnan(found["estimate"]).all()
    assert "say the same" in found["note"].iloc[0]


def test_order_of_themes_does_not_matter(encoder):
    twin = theme("wages", "pay rise", "poor pay", "pay cut now", label="pay")
    there = indistinct_themes(frame(*APART, twin), encoder)
    back = indistinct_themes(frame(twin, *reversed(APART)), encoder)
    assert {frozenset(p) for p in there[["theme", "other"]].to_numpy().tolist()} == {
        frozenset(p) for p in back[["theme", "other"]].to_numpy().tolist()
    }
    assert np.allclose(np.sort(there["cosine"]), np.sort(back["cosine"]))


def test_one_theme_has_no_pairs(encoder):
    assert indistinct_themes(frame(APART[0]), encoder).empty
