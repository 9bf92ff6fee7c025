"""Every result has a line, a view in a notebook and a workbook; none shows what anyone wrote."""

from __future__ import annotations

import re
import stat
import sys
from dataclasses import dataclass

import numpy as np
import openpyxl
import pandas as pd
import pytest
import standins

from iapt_topics._base.errors import InputError
from iapt_topics._base.result import Result, as_html
from iapt_topics.codes.sampling import next_to_code
from iapt_topics.drift.panel import measure_panel
from iapt_topics.drift.standardise import standardise_drift
from iapt_topics.mapping.edits import MappingEdits
from iapt_topics.pipeline.manifest import RunComparison
from iapt_topics.publish.published import keep_private, publish
from iapt_topics.qda.project import Project
from iapt_topics.topics.new_wave import Wave
from iapt_topics.topics.tracking import TopicTracking


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Made(Result):
    """A result of a test."""

    table: pd.DataFrame
    name: str = "<made>"
    inner: Result | None = None

    _view = ("table: theme estimate p_bh lost",)


@pytest.fixture(scope="module")
def results():
    """One of each kind of result, by its name, and the survey that they are of."""
    survey = standins.responses(n=200)
    codes = standins.codes(survey)
    study = standins.study_of(responses=survey, codes=codes, comparison=standins.comparison())
    rows = pd.DataFrame({"topic": [0], "note": ["=1+1"]})
    every = [
        survey, codes, study, study.topics, study.mapping, study.drift, study.mapping.frame,
        study.comparison, publish(study), keep_private(study),
        standardise_drift(codes, survey, ["role"]), measure_panel(codes, survey),
        next_to_code(survey, codes, study.topics, n=40),
        RunComparison(verdict="same", table=rows),
        MappingEdits(table=rows, topic_of={}),
        Project(tool="t", codebook=rows, segments=rows, seen=rows, offsets=rows),
        Wave(assignments=rows, novelty=rows, groups=rows),
        TopicTracking(windows=rows, topics=rows, links=rows, novelty=rows, fits={}),
    ]  # fmt: skip
    return survey, {type(r).__name__: r for r in every}


KINDS = [
    "Codes", "Comparison", "Drift", "MappingEdits", "Panel", "Private", "Project", "Published",
    "Responses", "RunComparison", "SamplePlan", "Standardised", "Study", "ThemeFrame",
    "TopicMapping", "TopicTracking", "Topics", "Wave",
]  # fmt: skip


def test_every_kind_is_tried(results):
    assert sorted(results[1]) == sorted(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_shows_itself_and_no_text_of_anyone(kind, results):
    survey, by_kind = results
    line, view = repr(by_kind[kind]), by_kind[kind]._repr_html_()
    assert "\n" not in line
    assert len(line) < 600
    assert "<table" in view
    assert not any(text in line + view for text in survey.kept["text"].unique())


@pytest.mark.parametrize("kind", KINDS)
def test_a_workbook_has_a_sheet_for_each_table_and_no_formula(kind, results, tmp_path):
    result = results[1][kind]
    path = result.to_excel(tmp_path / kind)
    assert path == tmp_path / f"{kind}.xlsx"
    book = openpyxl.load_workbook(path)
    about, *sheets = book.worksheets
    assert [s.max_row - 1 for s in sheets][: len(result._sheets())] == [
        len(t) for t in result._sheets().values()
    ]
    assert not any(c.data_type == "f" for s in book for row in s.iter_rows() for c in row)
    private = str(about["A1"].value).startswith("PRIVATE")
    assert private == (kind != "Published")
    if sys.platform != "win32":
        assert bool(path.stat().st_mode & stat.S_IRWXO) == (not private)


def test_figures_are_rounded_and_text_is_escaped():
    table = pd.DataFrame(
        {"theme": ["<b>"], "estimate": [0.123456], "p_bh": [1e-6], "left_out": ["kept out"]}
    )
    view = Made(table=table)._repr_html_()
    assert "0.123<" in view
    assert "0.1234" not in view
    assert "&lt; .001" in view
    assert "&lt;made&gt;" in view
    assert "<b>" not in view
    assert "kept out" not in view
    table = pd.DataFrame({"n": [1234.5], "p": [np.nan], "p_holm": [0.5]})
    assert re.findall(r"<td>(.*?)</td>", as_html("x", {"t": table})) == ["1,234", "", ".500"]


def test_a_workbook_keeps_numbers_and_makes_the_rest_safe(tmp_path):
    table = pd.DataFrame(
        {
            "=name": ["=cmd|' /C calc'!A0", "a\x00b", None],
            "n": [1.5, np.nan, np.inf],
            "on": [True, False, True],
            "parts": [("a", "b"), (), ("+1",)],
        }
    )
    inner = Made(table=table.iloc[:0])
    book = openpyxl.load_workbook(Made(table=table, inner=inner).to_excel(tmp_path / "t.xlsx"))
    assert book.sheetnames == ["about", "table", "inner_table"]
    rows = list(book["table"].iter_rows(values_only=True))
    assert rows == [
        ("'=name", "n", "on", "parts"),
        ("'=cmd|' /C calc'!A0", 1.5, True, "a, b"),
        ("ab", None, False, None),
        (None, "inf", True, "'+1"),
    ]


def test_a_workbook_that_cannot_be_is_refused(tmp_path):
    rows = pd.DataFrame({"text": ["x" * 40_000]})
    with pytest.raises(InputError, match="32,767 characters"):
        Made(table=rows).to_excel(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match=r"must end in \.xlsx"):
        Made(table=rows).to_excel(tmp_path / "t.csv")
    with pytest.raises(InputError, match="needs a table"):
        standins.study_of().about.to_excel(tmp_path / "t.xlsx")
