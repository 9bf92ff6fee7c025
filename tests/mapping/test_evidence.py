"""The sentence kept with each code is the one that carried it."""

from dataclasses import replace

import pytest
from coded_surveys import FRAME, hand_codes
from conftest import read

from iapt_topics._base.errors import InputError
from iapt_topics.codes.axis import axis_codes
from iapt_topics.encoders.embeddings import embed
from iapt_topics.mapping.coding import code_responses, explain_codes
from iapt_topics.mapping.learning import learn_codes
from iapt_topics.survey.sentences import split_sentences

KEY = ["response_id", "theme"]


def test_each_code_has_the_sentence_that_carried_it(survey_table, encoder):
    table = survey_table.copy()
    table.loc[0, "comment"] = "  The caseload caseload is big.\n\nThe team team is kind. "
    survey = read(table)
    embeddings = embed(survey, encoder)
    codes = code_responses(survey, embeddings, FRAME, encoder)
    rows = codes.evidence.set_index(KEY)
    text = survey.kept.set_index("response_id").loc["r0", "text"]
    for theme, sentence in (
        ("caseload", "The caseload caseload is big."),
        ("team", "The team team is kind."),
    ):
        row = rows.loc[("r0", theme)]
        assert text[row["start"] : row["end"]] == sentence
        assert theme in row["anchor"]
        assert row["margin"] > 0
    # As it is explained sentence by sentence.
    why = explain_codes(survey, embeddings, FRAME, encoder)
    best = why[why["theme"] != ""].sort_values("score").drop_duplicates(KEY, keep="last")
    best = best.set_index(KEY).loc[rows.index]
    assert best["anchor"].tolist() == rows["anchor"].tolist()
    texts = survey.kept.set_index("response_id")["text"]
    for (response, _), row in rows.iterrows():
        said = texts[response][row["start"] : row["end"]]
        assert split_sentences(said) == [best.loc[(response, _), "text"]]


def test_taught_codes_have_evidence_and_rolled_up_ones_none(survey, embeddings, encoder):
    codes = learn_codes(survey, embeddings, FRAME, encoder, hand_codes(survey))
    assert codes.evidence[KEY].astype(object).equals(codes.table[KEY].astype(object))
    assert codes.roll_up(FRAME).evidence is None
    if FRAME.axis:
        assert axis_codes(codes, FRAME).evidence is None


def test_evidence_of_other_codes_is_refused(survey, embeddings, encoder):
    codes = code_responses(survey, embeddings, FRAME, encoder)
    with pytest.raises(InputError, match="of each row of the table"):
        replace(codes, evidence=codes.evidence[1:])
