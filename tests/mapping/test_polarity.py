"""What a sentence says of a theme, and denies: cues by hand, tone by the real model."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import SUBJECT_FRAME
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import POLARITY
from iapt_topics.encoders.encoder import sentence_encoder
from iapt_topics.frame.load import load_frame
from iapt_topics.mapping.coding import code_responses
from iapt_topics.mapping.polarity import PolarityReader, mark_polarity, passage
from iapt_topics.mapping.polarity_cues import (
    affirm,
    are_english,
    cut,
    last_part,
    load_cues,
    past_parts,
    plain,
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("I don't, we can't, it won\u2019t", "i do not, we can not, it will not"),
        ("Ive dont cant", "i have do not can not"),
        ("I'd stay; they're here", "i would stay; they are here"),
        ("Burnt out? No, not me.", "not burnt out,, not me."),
        ("Targets? They rule us.", "targets? they rule us."),
    ],
)
def test_contractions_are_written_out(text, written):
    assert plain(text) == written


@pytest.mark.parametrize(
    ("clause", "affirmed", "sign"),
    [
        ("i am not exhausted", "i am exhausted", -1),
        ("i am not in the least exhausted", "i am exhausted", -1),
        ("nothing ever gets in the way", "something ever gets in the way", -1),
        ("i have never not been heard", "i have always been heard", 1),
        ("there is no lack of help", "there is some help", 1),
        ("they have stopped listening", "they listening", -1),
        # NegEx's pseudo-negations stay.
        ("not only tired", "not only tired", 1),
        ("no doubt about it", "no doubt about it", 1),
        ("i can not wait to leave", "i can not wait to leave", 1),
        ("i note the knot", "i note the knot", 1),
    ],
)
def test_a_negation_is_taken_out_and_turns_the_clause(clause, affirmed, sign):
    assert affirm(clause)[:2] == (affirmed, sign)


def test_a_negation_reaches_to_the_end_of_its_clause_alone():
    found = [(c.affirmed, c.sign) for c in cut(plain("I'm not paid well but I love what I do"))]
    assert found == [("i am paid well", -1), ("i love what i do", 1)]
    joined = cut(plain("I am tired, sad and low."))
    assert [c.text for c in joined] == ["i am tired, sad and low"]


@pytest.mark.parametrize(
    ("clause", "denies"),
    [
        ("i do not feel torn", True),
        ("my team lead has never bullied me", True),
        ("nobody is bullied", True),
        ("i have never known stress like it", False),
        ("i am ashamed that i can not do it", False),
        ("it is not humanly possible", False),
        ("back to back clients with no gaps", False),
        ("do not stop", False),
    ],
)
def test_only_a_negated_main_verb_can_deny(clause, denies):
    assert any(c.denies for c in cut(clause)) == denies


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("I would be happy if half of it were different.", "hypothetical"),
        ("If only I had a say.", "hypothetical"),
        ("If it were not for my team I could not do this.", ""),
        ("I'd also say that we are tired.", ""),
        ("Some colleagues say they are burnt out.", "others"),
        ("My partner says I bring it home.", ""),
        ("We are all burnt out, me included.", ""),
        ("I work from home one day a week.", ""),
    ],
)
def test_what_is_possible_or_of_others(text, status):
    assert load_cues().status(plain(text)) == status


def test_what_is_over_is_looked_for_in_what_was():
    used = past_parts(plain("I used to dread Mondays."))
    assert used[0].text == "i dread mondays"
    assert any(p.text == "" for p in past_parts(plain("I was ill, but it has passed.")))
    later = past_parts(plain("I was ill two years ago and have been well ever since."))
    assert any(p.now.startswith("have been well") for p in later)
    assert past_parts(plain("I dread Mondays.")) == []


def test_the_last_part_of_several():
    assert last_part("i was ill. i am not ill") == ("i am ill", -1)
    assert last_part("i am ill") == ("", 1)


def test_the_passage_ends_where_the_text_goes_on_to_something_else():
    text = "I was ill. It has passed. The team is large."
    assert passage(text, 0, 10) == "I was ill. It has passed."
    assert passage(text, 11, 25) == "It has passed."
    assert passage("Tired? Never. Bored.", 0, 6) == "Tired? Never."
    assert passage("tired but happy", 0, 5) == "tired but happy"


def test_only_english_is_read():
    german = "Ich bin jeden Tag m\u00fcde und kann nicht mehr schlafen"
    english = "I am tired every day and I can not sleep any more at all"
    assert are_english([english] * 5) == [True] * 5
    assert are_english([german] * 5) == [False] * 5
    assert are_english([english] * 20 + [german]) == [True] * 20 + [False]
    assert are_english(["Burnt out."] + [english] * 5)[0]
    assert are_english([]) == []
    assert are_english([""]) == [False]


@given(st.text(max_size=200))
def test_any_text_can_be_read(text):
    words = plain(text)
    clauses = cut(words)
    assert clauses
    assert all(c.sign in (1, -1) for c in clauses)
    past_parts(words), last_part(words), are_english([text]), load_cues().status(words)
    assert passage(text, 0, len(text)) in text


def test_every_cue_stands_in_small_letters_without_apostrophes():
    cues = load_cues()
    for cue in (cues.past, cues.others, cues.hypothetical, cues.oneself_not, cues.denial):
        literal = re.sub(r"\\\w", "", cue.pattern)
        assert literal == literal.lower()
        assert "'" not in literal


@pytest.fixture(scope="module")
def reader():
    return PolarityReader.of(load_frame("iapt_identity_system"), sentence_encoder())


@pytest.mark.parametrize(
    ("text", "theme", "polarity", "reason"),
    [
        ("I am exhausted and close to burning out.", "W1", "said", ""),
        ("I am not exhausted.", "W1", "denied", "negated"),
        ("I feel calm and rested.", "W1", "mentioned", ""),
        ("I used to dread Mondays, but those days are over.", "W1", "mentioned", "past"),
        ("I might burn out one day.", "W1", "mentioned", "hypothetical"),
        ("Some colleagues say they are burnt out; I am fine.", "W1", "mentioned", "others"),
        ("My colleagues are wonderful.", "P3", "said", ""),
        # Its own texts lean both ways: nothing is claimed.
        ("Session limits do not stop me.", "S3", "mentioned", ""),
        # Negated words that affirm a bad thing.
        ("Six assessments in a morning is not humanly possible.", "S2", None, ""),
        ("I have never known stress like it.", "W1", None, ""),
    ],
)
def test_what_is_said_of_a_theme(reader, text, theme, polarity, reason):
    [one] = reader.read([text], [theme], {})
    assert one.reason == reason
    assert one.polarity == polarity if polarity else one.polarity != "denied"
    assert np.isfinite(one.score)


@pytest.mark.parametrize("text", ["", "???", "10/10", "\U0001f600"])
def test_what_has_no_words_says_nothing(reader, text):
    [one] = reader.read([text], ["W1"], {})
    assert (one.polarity, one.reason) == ("mentioned", "")
    assert np.isnan(one.score)


def test_side_is_that_of_the_facets_or_of_the_themes_own_texts(reader):
    assert reader.side["P1"] == 1
    assert reader.firm["P1"]
    assert reader.side["B0"] == -1
    assert reader.firm["B0"]
    assert reader.side["S5"] == -1
    assert reader.firm["S5"]
    assert not reader.firm["I5"]  # respect and its lack


def test_codes_carry_their_polarity(survey, embeddings, encoder):
    codes = code_responses(survey, embeddings, SUBJECT_FRAME, encoder)
    assert list(codes.evidence.columns[-3:]) == list(POLARITY)
    marks = mark_polarity(codes, survey, SUBJECT_FRAME, encoder)
    assert list(marks.columns) == ["response_id", "theme", *POLARITY]
    pd.testing.assert_frame_equal(marks[list(POLARITY)], codes.evidence[list(POLARITY)])
    assert set(marks["polarity"]) <= {"said", "denied", "mentioned"}


def test_another_language_is_mentioned_throughout(survey, embeddings, encoder, monkeypatch):
    codes = code_responses(survey, embeddings, SUBJECT_FRAME, encoder)
    monkeypatch.setattr(
        "iapt_topics.mapping.polarity.are_english", lambda texts: [False] * len(texts)
    )
    marks = mark_polarity(codes, survey, SUBJECT_FRAME, encoder)
    assert set(marks["polarity"]) == {"mentioned"}
    assert marks["polarity_score"].isna().all()


def test_codes_without_sentences_are_refused(survey, embeddings, encoder):
    codes = code_responses(survey, embeddings, SUBJECT_FRAME, encoder)
    with pytest.raises(InputError, match="must name the sentence behind each code"):
        mark_polarity(codes.roll_up(SUBJECT_FRAME), survey, SUBJECT_FRAME, encoder)


def test_codes_refuse_a_polarity_of_another_name(survey, embeddings, encoder):
    codes = code_responses(survey, embeddings, SUBJECT_FRAME, encoder)
    for value in ("affirmed", np.nan):
        with pytest.raises(InputError, match="polarity must be one of"):
            replace(codes, evidence=codes.evidence.assign(polarity=value))
    with pytest.raises(InputError, match="polarity_reason"):
        replace(codes, evidence=codes.evidence.drop(columns="polarity_reason"))
    earlier = replace(codes, evidence=codes.evidence.drop(columns=list(POLARITY)))
    assert mark_polarity(earlier, survey, SUBJECT_FRAME, encoder)["polarity"].notna().all()


@pytest.mark.slow
def test_pairs_of_the_development_half_are_told_apart(reader):
    from pathlib import Path

    table = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "polarity_pairs.csv")
    table = table[(table["half"] == "development") & table["theme"].isin(list(reader.side))]
    said = reader.read(table["said"], table["theme"], {})
    other = reader.read(table["not_said"], table["theme"], {})
    ahead = [a.score > b.score for a, b in zip(said, other, strict=True)]
    assert np.mean(ahead) >= 0.85
