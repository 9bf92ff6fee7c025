"""Attacks the folder ``publish`` of a run: its page, figures, CSV files and workbook together."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import standins
from openpyxl import load_workbook
from standins import study_of
from test_publish import FRAME, found_out
from test_publish import study as small_survey

from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.codes.axis import axis_codes
from iapt_topics.drift.drift import measure_drift
from iapt_topics.pipeline.write import write_study
from iapt_topics.publish.disclosure import preset
from iapt_topics.publish.number_formats import WHOLE_POINTS


class Tables(HTMLParser):
    """Rows of text of every table of a page, by caption, and every other text and attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.texts: list[str] = []
        self.caption, self.inside = "", False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.texts += [v or "" for k, v in attrs if k in {"alt", "aria-label", "title"}]
        if tag == "caption":
            self.caption, self.inside = "", True
        if tag == "tr":
            self.tables.setdefault(self.caption, []).append([])
        if tag in {"td", "th"}:
            self.tables[self.caption][-1].append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "caption"

    def handle_data(self, data):
        self.texts.append(data)
        if self.inside:
            self.caption += data
        elif self.lasttag in {"td", "th", "bdi", "a"} and self.tables.get(self.caption):
            self.tables[self.caption][-1][-1] += data


def contents(folder: Path) -> dict[str, bytes]:
    """What a reader has of a folder: every file, and what is packed inside one."""
    out = {}
    for path in (p for p in folder.rglob("*") if p.is_file()):
        out[path.name] = path.read_bytes()
        if path.suffix in (".xlsx", ".docx"):
            with zipfile.ZipFile(path) as book:
                out |= {f"{path.name}/{n}": book.read(n) for n in book.namelist()}
    return out


def run_of(folder: Path, results: dict, rule: str = "strict") -> Path:
    """The folder ``publish`` of a run with these results."""
    write_study(folder, study_of(**results), disclosure=rule)
    return folder / "publish"


@pytest.fixture(scope="module", params=[
    (1, "strict"), pytest.param((2, "default"), marks=pytest.mark.slow),
])  # fmt: skip
def attacked(request, tmp_path_factory):
    """A random survey with people's codes, its published folder, the exact results and the rule."""
    seed, rule = request.param
    results = small_survey(seed, 300, 1.2, 0.02, 1.0)
    machine, responses, human = results["codes"], results["responses"], results["human"]
    results |= {
        "drift": measure_drift(machine, responses, n_boot=20),
        "axis_drift": measure_drift(axis_codes(machine, FRAME), responses, n_boot=20),
        "comparison": compare_codes(human[0], machine, responses=responses, n_boot=20),
    }
    return run_of(tmp_path_factory.mktemp("run"), results, rule), results, preset(rule)


def tables_of(folder: Path) -> dict[str, pd.DataFrame]:
    """The CSV files as a reader has them, a suppressed figure as a missing one."""
    found = {
        p.stem: pd.read_csv(p, na_values=["[c]", "[few]"])
        for p in (folder / "tables").glob("*.csv")
    }
    return {
        k: t.assign(note=t["note"].astype(object).fillna("")) if "note" in t else t
        for k, t in found.items()
    }


def test_no_suppressed_count_can_be_solved_from_the_files(attacked):
    folder, results, rule = attacked
    tables = tables_of(folder)
    gone = tables["drift_shares"]["note"] == "suppressed"
    assert gone.any()
    assert gone.equals(tables["drift_shares"]["status"] == "suppressed")
    assert not found_out(tables, rule, results)


def test_the_workbook_has_the_same_numbers(attacked):
    folder, *_ = attacked
    book = load_workbook(folder / "tables.xlsx", read_only=True)
    for name, table in tables_of(folder).items():
        rows = list(book[name[:31]].values)
        assert list(rows[0]) == list(table.columns)
        assert len(rows) == len(table) + 1
        for column in table.select_dtypes("float").columns:
            place = list(table.columns).index(column)
            cells = [
                r[place] if r[place] not in ("", "[c]", "[few]", None) else np.nan for r in rows[1:]
            ]
            np.testing.assert_allclose(np.array(cells, dtype=float), table[column], atol=1e-9)


def test_the_first_sheet_has_no_figure_that_is_not_in_a_table(attacked):
    folder, *_ = attacked
    book = load_workbook(folder / "tables.xlsx")
    assert book.sheetnames[0] == "Key results"
    shown = {
        round(float(v), 9)
        for table in tables_of(folder).values()
        for column in table.select_dtypes("number").columns
        for v in table[column].dropna()
    }
    sheet = book["Key results"]
    assert sheet.max_row > 10
    for cell in (c for row in sheet for c in row if isinstance(c.value, int | float)):
        scale = 100 if cell.number_format == WHOLE_POINTS else 1
        assert round(cell.value / scale, 9) in shown, cell.coordinate


def test_the_page_says_what_the_tables_say_and_every_n_is_rounded(attacked):
    folder, _, rule = attacked
    page = Tables((folder / "report.html").read_text("utf-8"))
    tables = tables_of(folder)
    labels = {t.id: t.label for t in FRAME.themes}
    shares = tables["theme_shares"].set_index("theme")
    rows = {r[0]: r for r in page.tables["Prevalence of each theme"][1:]}
    for theme, row in shares.iterrows():
        cells = rows[labels[theme]]
        missing = rule.few_count if row["status"] == "few" else "[c]"
        shown = missing if pd.isna(row["count"]) else f"{int(row['count']):,}"
        assert cells[4] == shown
        if pd.notna(row["estimate"]):
            assert cells[6].startswith(f"{100 * row['estimate']:.0f}")
    years = tables["drift_shares"].set_index(["theme", "year"])["estimate"]
    heat = page.tables.get("Prevalence of each theme by wave", [])
    assert bool(heat) == tables["drift_shares"]["count"].notna().any()
    for cells in heat[1:]:
        theme = next(t for t, label in labels.items() if label == cells[0])
        for cell, year in zip(cells[1:], (2014, 2015, 2016), strict=True):
            known = pd.notna(years[theme, year])
            assert cell.startswith(f"{100 * years[theme, year]:.0f}") if known else "%" not in cell
    every = " ".join(page.texts).replace("\u00a0", " ")
    said = re.findall(r"\bn ?= ?([\d,]+)(?![\d,]| topics)(?: to ([\d,]+))?", every)
    counts = [int(n.replace(",", "")) for pair in said for n in pair if n]
    assert len(counts) >= 5
    assert not [n for n in counts if n % rule.round_to]


def test_the_responses_on_which_coders_differ_cannot_be_counted(attacked):
    folder, results, rule = attacked
    table = tables_of(folder)["agreement_themes"].set_index("theme")
    exact = results["comparison"].themes.set_index("theme")
    shown = 0
    for theme, row in table[table["f1"].notna()].iterrows():
        shown += 1
        found = set()
        near = range(-2, 3)
        for a in (int(row["positives_reference"]) + d for d in near):
            for b in (int(row["positives_other"]) + d for d in near):
                for both in range(min(a, b) + 1):
                    if consistent(row, (a, b, both), rule.round_to):
                        found.add((a - both, b - both))
        a, b = (int(exact.loc[theme, f"positives_{s}"]) for s in ("reference", "other"))
        both = round(exact.loc[theme, "f1"] * (a + b) / 2)
        assert (a - both, b - both) in found  # the reader's reasoning is sound
        for side in (0, 1):
            assert len({pair[side] for pair in found}) >= rule.round_to
    assert shown


def consistent(row: pd.Series, counts: tuple[int, int, int], step: int) -> bool:
    """Whether these counts, each rounded, give the measures as published."""
    first, second, two = (step * ((n + step // 2) // step) for n in counts)
    two = min(two, first, second)
    return round(2 * two / (first + second), 2) == row["f1"] and row["recall"] == round(
        two / first, 2
    )


@pytest.mark.slow
def test_planted_values_are_in_no_file(tmp_path):
    survey = standins.responses(synthetic=False, extra=" ")
    table = survey.table.assign(
        response_id="zebra" + survey.table["response_id"],
        respondent_id="gnu" + survey.table["respondent_id"],
    )
    table.loc[table.index[table["status"] == "kept"][30], "text"] += " quagga@example.org quokka"
    survey = replace(survey, table=table)
    found, coded = standins.topics(survey), standins.codes(survey)
    found.topics.loc[0, "words"] += ", quokka"
    found.topics.loc[0, "label"] = "targets, quokka"
    results = {
        "responses": survey, "topics": found, "mapping": standins.mapping(found), "codes": coded,
        "drift": standins.drift(survey, coded), "axis_drift": standins.axis_drift(survey, coded),
        "comparison": standins.comparison(), "benchmark": standins.comparison("A", "B", 0.1),
    }  # fmt: skip
    every = contents(run_of(tmp_path, results))
    assert len(every) > 30
    for name, content in every.items():
        for planted in (b"zebra", b"gnup", b"quagga", b"quokka", b"secretword", b"canteen"):
            assert planted not in content, (name, planted)
    private = (tmp_path / "tables_private" / "README.txt").read_text("utf-8")
    assert "do not pass on" in private
