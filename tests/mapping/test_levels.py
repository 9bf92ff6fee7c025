from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_mapping import FRAME

from iapt_topics.encoders.embeddings import embed
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.mapping.anchors import codable_above, split_levels, unfold
from iapt_topics.mapping.coding import code_responses, explain_codes
from iapt_topics.mapping.scoring import score_themes
from iapt_topics.survey.responses import load_responses

#: Two themes with others below them, all codable, one of which has a third level; and one without.
TREE = ThemeFrame(
    name="tree",
    themes=(
        Theme(id="work", label="work"),
        Theme(id="team", label="team", parent="people"),
        Theme(id="caseload", label="caseload", parent="work", definition="About the caseload"),
        Theme(id="targets", label="targets", parent="caseload"),
        Theme(id="people", label="people"),
        Theme(id="supervision", label="supervision", parent="people"),
        Theme(id="pay", label="pay"),
        Theme(id="none", label="none", codable=False),
        Theme(id="kind", label="kind", parent="team", codable=False),
    ),
)


def folded(frame, *heads):
    return replace(frame, themes=tuple(replace(t, codable=t.id in heads) for t in frame.themes))


def test_levels_are_cut_across_the_tree():
    assert codable_above(TREE)["targets"] == ("caseload", "work")
    levels = [[t.id for t in level.codable] for level in split_levels(TREE)]
    assert levels == [
        ["work", "people", "pay"],
        ["team", "caseload", "supervision", "pay"],
        ["team", "targets", "supervision", "pay"],
    ]
    assert split_levels(FRAME) == [FRAME]


def test_what_describes_a_theme_stands_in_its_place():
    one, whose = unfold(folded(TREE, "work", "people", "pay"))
    assert [t.id for t in one.codable] == [
        "team",
        "caseload",
        "targets",
        "supervision",
        "pay",
        "kind",
    ]
    assert whose == ["people", "work", "work", "people", "pay", "people"]


@pytest.fixture
def tree_survey(encoder):
    texts = [
        f"The {a} {a} {b} is {c}."
        for a in ("caseload", "team", "targets", "supervision", "pay", "zebra")
        for b in ("here", "now", "always")
        for c in ("big", "kind", "poor")
    ]
    table = pd.DataFrame({"text": texts, "year": 2020})
    survey = load_responses(table, text="text", year="year")
    return survey, embed(survey, encoder)


def test_the_first_level_is_the_codebook_of_one_level(tree_survey, encoder):
    survey, embeddings = tree_survey
    heads = ["work", "people", "pay"]
    both = code_responses(survey, embeddings, TREE, encoder)
    alone = code_responses(survey, embeddings, folded(TREE, *heads), encoder)
    ids = survey.kept["response_id"].tolist()
    np.testing.assert_array_equal(both.matrix(ids, heads), alone.matrix(ids, heads))
    assert alone.matrix(ids).any()
    scores = score_themes(survey, embeddings, TREE, encoder)
    scores = scores[scores["theme"].isin(heads)].reset_index(drop=True)
    one = score_themes(survey, embeddings, folded(TREE, *heads), encoder)
    columns = ["response_id", "theme", "score", "sentence", "margin"]
    order = one.merge(scores, on=["response_id", "theme"], suffixes=("", "_both"))
    for name in columns[2:]:
        np.testing.assert_allclose(order[name], order[f"{name}_both"])


def test_no_code_stands_without_the_one_above(tree_survey, encoder):
    survey, embeddings = tree_survey
    codes = code_responses(survey, embeddings, TREE, encoder)
    given = set(zip(codes.table["response_id"], codes.table["theme"], strict=True))
    above = codable_above(TREE)
    assert any(theme in ("caseload", "team") for _, theme in given)
    for response, theme in given:
        assert all((response, other) in given for other in above[theme])


def test_a_sentence_is_explained_by_its_deepest_theme_and_the_next_beside_it(tree_survey, encoder):
    survey, embeddings = tree_survey
    why = explain_codes(survey, embeddings, TREE, encoder)
    above = codable_above(TREE)
    given = why[why["theme"] != ""]
    for row in given.itertuples():
        assert row.runner_up not in (row.theme, *above[row.theme])
    spoken = given["text"].str.extract(r"The (\w+)")[0]
    deep = spoken.isin(["caseload", "team", "supervision"])
    assert (given.loc[deep, "theme"] == spoken[deep]).mean() > 0.5
