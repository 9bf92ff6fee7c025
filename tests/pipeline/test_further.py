"""Tables that keys of study.toml ask for: groups over time, the same people, words of a theme."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import standins

from iapt_topics.codes.codes import restrict_codes
from iapt_topics.datasets.example import load_example
from iapt_topics.drift.effects import theme_regression
from iapt_topics.pipeline.further import further_tables, random_codes, theme_words
from iapt_topics.pipeline.plan import StudyPlan


@pytest.fixture(scope="module")
def study():
    """Two years of the bundled survey, with one coder in place of the machine."""
    responses, codes = load_example()
    table = responses.table[responses.table["year"].isin([2014, 2018])].reset_index(drop=True)
    responses = replace(responses, table=table)
    codes = restrict_codes(codes, table["response_id"])
    themes = ("S1", "S2", "W1")
    codes = replace(
        codes, kind="machine", themes=themes, table=codes.table[codes.table["theme"].isin(themes)]
    )
    topics = standins.topics_of(pd.DataFrame(columns=["topic", "label", "n"]))
    return standins.study_of(responses=responses, codes=codes, topics=topics)


def plan(**more):
    return StudyPlan(file="s.csv", text=("comment",), year="year", **more)


def test_groups_over_time_are_those_of_the_regression(study):
    found = further_tables(study, plan(groups=("role",)))
    table = found["group_effects"]
    assert {"year", "role", "year:role"} == set(table["covariate"])
    assert len(table[table["covariate"] == "year:role"]) >= 3
    again = theme_regression(
        study.codes, study.responses, ["role"], baseline=2014, interactions=["role"]
    )
    assert table.equals(again)
    assert "group_effects" not in further_tables(study, plan())


def test_the_same_people_and_words_of_a_theme(study):
    found = further_tables(study, plan(theme_words=True))
    assert set(found) <= {"panel_transitions", "theme_words"}
    words = theme_words(study)
    assert words.equals(found["theme_words"])
    assert set(words["theme"]) <= {"S1", "S2", "W1"}
    assert (words["year"] == 2018).all()
    assert (words["p_bh"] >= words["p"]).all()
    assert (words["count"] <= words["n"]).all()
    one_year = replace(study, drift=replace(study.drift, baseline=2018))
    assert theme_words(one_year).empty


def test_hand_codes_correct_only_if_some_were_drawn_at_random(study):
    human = replace(study.codes, kind="human", coder="Ann")
    ids = frozenset(human.seen["response_id"])
    with_human = replace(study, human=(human,))
    assert random_codes(with_human) is human
    picked = replace(study, human=(replace(human, picked=ids),))
    assert random_codes(picked) is None
    assert random_codes(study) is None
