"""Hand codes teach or measure, never both; who does which does not change with more codes."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import SUBJECT_FRAME, survey_files

from iapt_topics._base.errors import InputError
from iapt_topics.pipeline.lesson import prepare_lesson
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.qda.load import load_codes
from iapt_topics.survey.responses import load_responses


@pytest.fixture
def study(tmp_path):
    folder = survey_files(tmp_path)
    responses = load_responses(
        folder / "survey.csv", text="comment", year="year", respondent="person",
        response="response_id",
    )  # fmt: skip

    def lesson(codes="codes.csv", n=None, **more):
        rows = pd.read_csv(folder / "codes.csv")
        rows.head(n or len(rows)).to_csv(folder / codes, index=False)
        plan = StudyPlan(
            file=folder / "survey.csv", text=("comment",), year="year", codes=folder / codes, **more
        )
        human = load_codes(folder / codes, frame=SUBJECT_FRAME, responses=responses)
        return prepare_lesson(plan, SUBJECT_FRAME, responses, (human,))

    return lesson, responses, folder


def people(responses, ids):
    return set(responses.table.set_index("response_id")["respondent_id"].loc[list(ids)])


def test_a_respondent_teaches_or_measures_and_stays_there(study):
    lesson, responses, _ = study
    assert lesson() is None
    half = lesson(learn_share=0.5)
    taught = set(half.teacher.seen["response_id"])
    assert len(taught | half.tested) == 150
    assert not people(responses, taught) & people(responses, half.tested)
    assert 0.25 < len(taught) / 150 < 0.75
    assert set(half.teacher.table["response_id"]) <= taught
    fewer = lesson("fewer.csv", n=80, learn_share=0.5)
    assert set(fewer.teacher.seen["response_id"]) <= taught
    assert fewer.tested <= half.tested
    assert lesson(learn_share=0.5, seed=8).tested != half.tested


def test_further_codes_teach_of_respondents_who_do_not_measure(study):
    lesson, responses, folder = study
    found = lesson("fewer.csv", n=80, learn_codes=folder / "codes.csv")
    taught = set(found.teacher.seen["response_id"])
    assert len(found.tested) == 80
    assert not people(responses, taught) & people(responses, found.tested)
    assert found.made_of["learn.share"] == 0
    assert set(found.made_of) == {"codes", "learn.codes", "learn.share"}
    both = lesson("fewer.csv", n=80, learn_codes=folder / "codes.csv", learn_share=0.5)
    assert both.tested < found.tested
    assert both.teacher.seen["response_id"].is_unique
    with pytest.raises(InputError, match="must leave hand codes to measure with"):
        lesson(learn_share=1)
    with pytest.raises(InputError, match="must have codes of respondents who do not measure"):
        lesson("some.csv", n=150, learn_codes=folder / "codes.csv")
