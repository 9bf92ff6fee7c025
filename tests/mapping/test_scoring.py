import numpy as np
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import embed
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.mapping.anchors import theme_anchors
from iapt_topics.mapping.scoring import _hubness, _levelled, score_themes

PAY = Theme(id="pay", label="Pay", definition="About the pay", examples=("The pay is poor",))
TEAM = Theme(id="team", label="Team", definition="About the team", synonyms=("colleagues",))
FRAME = ThemeFrame(name="two", themes=(PAY, TEAM))


def test_anchors_are_each_part_of_what_describes_a_theme():
    theme = Theme(
        id="a",
        label="A",
        definition="Long days, no breaks; and no lunch.",
        include="e",
        synonyms=("c", "d"),
        examples=("f", "c"),
    )
    assert theme_anchors(ThemeFrame(name="f", themes=(theme,))) == [
        ("a", "A", "label"),
        ("a", "A. Long days, no breaks; and no lunch.", "definition"),
        ("a", "A: Long days", "definition"),
        ("a", "A: no breaks", "definition"),
        ("a", "A: and no lunch", "definition"),
        ("a", "A. e", "include"),
        ("a", "c", "synonym"),
        ("a", "d", "synonym"),
        ("a", "f", "example"),
    ]


def test_a_theme_that_is_not_codable_describes_the_one_above():
    themes = (
        Theme(id="a", label="A"),
        Theme(id="a1", label="B", parent="a", codable=False),
        Theme(id="a11", label="C", parent="a1", codable=False),
        Theme(id="d", label="D", codable=False),
        Theme(id="e", label="E", parent="d"),
    )
    anchors = theme_anchors(ThemeFrame(name="f", themes=themes))
    assert anchors == [("a", "A", "label"), ("a", "B", "label"), ("a", "C", "label"),
                       ("e", "E", "label")]  # fmt: skip


def test_what_a_theme_excludes_describes_the_theme_it_names():
    exclude = "Hopes for promotion (b); praise (b, c); moans (also c); rest (their own code)."
    themes = (Theme(id="a", label="A", exclude=exclude), *(Theme(id=i, label=i) for i in "bc"))
    found = [a for a in theme_anchors(ThemeFrame(name="f", themes=themes)) if a.kind == "exclude"]
    assert found == [
        ("b", "Hopes for promotion", "exclude"),
        ("b", "praise", "exclude"),
        ("c", "praise", "exclude"),
    ]


def test_peaks_are_brought_nearer_by_a_quarter_and_nothing_else_moves():
    score = np.random.default_rng(1).normal((0.0, 1.0, 0.0), size=(40, 3))
    levelled = _levelled(score, _hubness(score))
    peak = np.sort(score, axis=0)[-10:].mean(axis=0)
    np.testing.assert_allclose(
        np.ptp(np.sort(levelled, axis=0)[-10:].mean(axis=0)), 0.75 * np.ptp(peak)
    )
    np.testing.assert_allclose(np.ptp(score - levelled, axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(levelled.mean(), score.mean())


def test_the_best_theme_is_the_one_spoken_of(survey, encoder):
    table = score_themes(survey, embed(survey, encoder), FRAME, encoder)
    kept = survey.kept
    assert table["response_id"].tolist() == np.repeat(kept["response_id"], 2).tolist()
    assert table["theme"].tolist() == ["pay", "team"] * len(kept)
    best = table.loc[table.groupby("response_id")["sentence"].idxmax()].set_index("response_id")
    spoken = kept[kept["subject"].isin(["pay", "team"])].set_index("response_id")["subject"]
    assert (best.loc[spoken.index, "theme"] == spoken).all()
    assert (best["margin"] >= 0).all()


def test_scores_are_relative_to_the_other_themes(survey, encoder):
    table = score_themes(survey, embed(survey, encoder), FRAME, encoder)
    mean = table.groupby("response_id")["score"].mean()
    np.testing.assert_allclose(mean, 0, atol=1e-6)


def test_the_order_of_themes_does_not_matter(survey, encoder):
    turned = ThemeFrame(name="two", themes=(TEAM, PAY))
    embeddings = embed(survey, encoder)
    keys = ["response_id", "theme"]
    one = score_themes(survey, embeddings, FRAME, encoder).set_index(keys)
    two = score_themes(survey, embeddings, turned, encoder).set_index(keys).loc[one.index]
    np.testing.assert_allclose(one, two, atol=2e-3)  # the classifier stops at a tolerance


def test_one_theme_and_two_responses_have_scores(survey_table, encoder):
    from iapt_topics.survey.responses import load_responses

    survey = load_responses(survey_table[:2], text="comment", year="year")
    frame = ThemeFrame(name="one", themes=(PAY,))
    table = score_themes(survey, embed(survey, encoder), frame, encoder)
    assert len(table) == 2
    assert np.isfinite(table[["score", "sentence", "margin"]]).all(axis=None)


def test_another_encoder_is_refused(survey, encoder):
    class Other(type(encoder)):
        fingerprint = "other"

    with pytest.raises(InputError, match="must be the one that made"):
        score_themes(survey, embed(survey, encoder), FRAME, Other())
