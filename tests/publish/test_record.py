"""The record of what was published, and what it says of a second publication."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import pytest
import standins

from iapt_topics._base.errors import InputError
from iapt_topics.pipeline.publications import RECORD, SECRET, note_publication
from iapt_topics.pipeline.write import write_study
from iapt_topics.publish import publish
from iapt_topics.publish.record import compare_publications, describe_publication


def study_of_years(years=(2014, 2018), *, drop=0):
    survey = standins.responses(n=300, years=years)
    survey = replace(survey, table=survey.table.iloc[drop:].reset_index(drop=True))
    return standins.study_of(responses=survey, codes=standins.codes(survey))


def described(study, rule="default", day="2026-01-31"):
    return describe_publication(study, publish(study, rule), day)


@pytest.fixture(scope="module")
def study():
    return study_of_years()


def test_the_same_publication_says_nothing(study):
    assert compare_publications([described(study)], described(study, day="2026-02-01")) == ()


def test_another_rule_is_said(study):
    (said,) = compare_publications([described(study)], described(study, "strict"))
    assert "2026-01-31" in said
    assert "default and strict" in said
    assert "'drift_shares'" in said


def test_a_few_responses_more_are_said_with_their_year(study):
    (said,) = compare_publications([described(study_of_years(drop=3))], described(study))
    assert "the responses of '2014' are not the same" in said


def test_a_further_wave_is_said(study):
    (said,) = compare_publications(
        [described(study)], described(study_of_years((2014, 2016, 2018)))
    )
    assert "'2016'" in said


def test_years_apart_say_nothing(study):
    assert compare_publications([described(study_of_years((2015, 2016)))], described(study)) == ()


def test_the_record_has_hashes_and_no_data(study, tmp_path):
    note_publication(tmp_path, study, publish(study))
    text = (tmp_path / RECORD).read_text("utf-8")
    (one,) = json.loads(text)
    hashes = [*one["years"].values(), one["codes"], *one["tables"].values()]
    assert all(len(h) == 64 for h in hashes)
    for value in study.responses.kept[["response_id", "respondent_id", "text"]].to_numpy().ravel():
        assert f'"{value}"' not in text
    assert (tmp_path / RECORD).stat().st_mode & 0o077 == 0


def test_a_second_run_by_another_rule_warns_once_for_each(study, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        note_publication(tmp_path, study, publish(study))
        note_publication(tmp_path, study, publish(study))
    with pytest.warns(UserWarning, match="default and strict"):
        note_publication(tmp_path, study, publish(study, "strict"))


@pytest.mark.slow
def test_noise_is_the_same_in_the_next_run(study, tmp_path):
    for folder in ("one", "two"):
        write_study(tmp_path / folder, study, disclosure="noise", record=tmp_path)
    one, two = (
        (tmp_path / f / "publish/tables/drift_shares.csv").read_bytes() for f in ("one", "two")
    )
    assert one == two
    assert (tmp_path / SECRET).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["[1]", "{}", "no json", '[{"day": 1}]'])
def test_a_record_that_is_none_is_refused(study, tmp_path, content):
    (tmp_path / RECORD).write_text(content)
    with pytest.raises(InputError, match="record"):
        note_publication(tmp_path, study, publish(study))
