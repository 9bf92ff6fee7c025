import pytest
from conftest import read

from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import embed
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Facet, FacetValue, Theme
from iapt_topics.mapping.facets import code_facets

ROLE = Facet(
    id="role",
    label="Role",
    values=(
        FacetValue(id="bad", label="bad", examples=("terrible harmful", "awful terrible")),
        FacetValue(id="good", label="good", examples=("lovely helpful", "kind lovely")),
    ),
)
IMPACT = Facet(
    id="impact",
    label="Impact",
    values=(
        FacetValue(id="worse", label="worse", examples=("exhausted tearful",)),
        FacetValue(id="better", label="better", examples=("rested cheerful",)),
    ),
)
THEMES = (
    Theme(id="team", label="team", examples=("our team",)),
    Theme(id="pay", label="pay", examples=("the pay",)),
    Theme(id="boss", label="boss", examples=("our boss",), facets=("role=good",)),
)
FRAME = ThemeFrame(name="f", themes=THEMES, facets=(ROLE, IMPACT))


@pytest.fixture
def found(survey_table, encoder):
    table = survey_table[:40].copy()
    table["comment"] = [
        ("team lovely helpful kind", "pay terrible awful harmful", "boss boss today", "team team")[
            i % 4
        ]
        + f" {i}"
        for i in range(40)
    ]
    survey = read(table)
    return code_facets(survey, embed(survey, encoder), FRAME, encoder)


def values(found, facet, i):
    ids = [f"r{j}" for j in range(i, 40, 4)]
    rows = found[(found["facet"] == facet) & found["response_id"].isin(ids)]
    return rows["value"].mode().item()


def test_tone_decides_and_what_a_theme_carries_stands(found):
    assert values(found, "role", 0) == "good"
    assert values(found, "role", 1) == "bad"
    assert values(found, "role", 2) == "good"  # carried by the theme
    assert set(found.loc[found["theme"] == "boss", "carried"]) == {"good", ""}


def test_what_is_not_spoken_of_is_left_out(found):
    assert set(found.loc[found["facet"] == "impact", "value"]) == {""}
    assert (found.loc[found["value"] == "", "note"] != "").all()


def test_each_sentence_and_facet_stands_once(found):
    assert not found.duplicated(["response_id", "sentence", "facet"]).any()
    assert set(found["facet"]) == {"role", "impact"}


def test_a_frame_without_facets_is_refused(survey, encoder):
    bare = ThemeFrame(name="f", themes=(Theme(id="a", label="a"),))
    with pytest.raises(InputError, match="must have facets"):
        code_facets(survey, embed(survey, encoder), bare, encoder)
