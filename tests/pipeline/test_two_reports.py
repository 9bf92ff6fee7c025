"""A run writes a private and a public report, and no setting makes the one the other."""

from __future__ import annotations

import os
import stat
from dataclasses import replace

import pandas as pd
import pytest
import standins
from conftest import SUBJECT_FRAME, read

from iapt_topics._base.errors import InputError
from iapt_topics.frame.theme import Facet, FacetValue
from iapt_topics.pipeline.run import run_study
from iapt_topics.pipeline.write import write_study
from iapt_topics.topics.topics import TopicConfig


@pytest.fixture(scope="module")
def study():
    survey = standins.responses(synthetic=False)
    coded = standins.codes(survey)
    return standins.study_of(responses=survey, codes=coded)


@pytest.mark.parametrize("rule", [10, "default", "noise"])
def test_both_reports_are_written_whatever_the_rule(study, tmp_path, rule):
    written = write_study(tmp_path, study, disclosure=rule)
    assert written["report"] == tmp_path / "publish" / "report.html"
    assert written["private_report"] == tmp_path / "private" / "report.html"
    private, public = (written[n].read_text("utf-8") for n in ("private_report", "report"))
    assert "PRIVATE" in private
    assert "PRIVATE" not in public
    assert "<blockquote" in private  # redacted sentences, approved by nobody
    assert "<blockquote" not in public
    assert f"{len(study.responses)} responses from" in private
    if os.name == "posix":
        assert stat.S_IMODE(written["private_report"].stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o700


def test_a_rule_that_suppresses_nothing_is_refused_before_anything_is_written(study, tmp_path):
    with pytest.raises(InputError, match="must suppress small counts") as error:
        write_study(tmp_path / "out", study, disclosure=1)
    assert "private/report.html" in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_run_codes_the_facets_of_its_frame(survey_table, encoder):
    values = (FacetValue(id="bad", label="Bad", examples=("too high poor rule",)),
              FacetValue(id="good", label="Good", examples=("lovely well protected",)))  # fmt: skip
    frame = replace(SUBJECT_FRAME, facets=(Facet(id="role", label="Role", values=values),))
    survey = read(survey_table)
    study = run_study(survey, frame, encoder, config=TopicConfig(n_runs=2))
    assert set(study.facets["facet"]) == {"role"}
    coded = study.codes.table.groupby("theme").size()
    table = study.tables["facet_themes"]
    pd.testing.assert_series_equal(
        table.groupby("theme")["n"].first().astype(int), coded, check_names=False,
        check_dtype=False,
    )  # fmt: skip
    bare = run_study(survey, SUBJECT_FRAME, encoder, config=TopicConfig(n_runs=2))
    assert bare.facets is None
    assert "facet_years" not in bare.tables
