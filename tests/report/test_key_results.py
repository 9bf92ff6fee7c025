"""The workbook read back: a sheet for a manager, names beside ids, formats that change no value."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import standins
from openpyxl import load_workbook

from iapt_topics._base.workbook import Block, write_workbook
from iapt_topics.publish.exports import write_tables
from iapt_topics.publish.number_formats import (
    COEFFICIENT,
    COUNT,
    P_VALUE,
    PERCENT,
    POINTS,
    WHOLE_POINTS,
)
from iapt_topics.publish.published import publish
from iapt_topics.report.changes import theme_changes
from iapt_topics.report.findings import key_findings, validity
from iapt_topics.report.key_results import key_results, write_results_workbook

HOSTILE = '=HYPERLINK("http://evil.example")\x01'


@pytest.fixture(scope="module")
def published():
    return publish(standins.compared_study(), "strict")


@pytest.fixture(scope="module")
def book(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    return load_workbook(write_results_workbook(folder / "t.xlsx", published))


def lines(sheet):
    return [
        [v for v in row if v is not None]
        for row in sheet.iter_rows(values_only=True)
        if any(v is not None for v in row)
    ]


def test_the_first_sheet_says_what_the_report_says_first(book, published):
    assert book.sheetnames[:2] == ["Key results", "about"]
    assert {*published.tables, "dictionary", "about", "Key results"} == set(book.sheetnames)
    rows = lines(book["Key results"])
    badge, changes = validity(published), theme_changes(published)
    said = [row[0] for row in rows]
    assert said[0].startswith("SYNTHETIC DATA: ")
    assert said[1].startswith("n = ")
    assert said[2] == f"{badge.words}: {badge.figures}"
    assert said[3] == published.disclosure.sentence
    told = [s.replace("\u00a0", " ") for s in key_findings(published, changes)]
    assert set(told) <= set(said)
    poles = [published.labels[p] for p in published.about.poles]
    assert " and ".join(poles) in said
    assert set(poles) <= set(said)
    by_id = {row[1]: row for row in rows if len(row) > 6}
    for c in changes:
        label, _, first, last, size, low, high, p, finding, _ = by_id[c.theme]
        assert (label, finding) == (c.label, c.finding)
        assert [first, last] == pytest.approx([c.first[0], c.last[0]])
        assert [size, low, high] == pytest.approx([100 * v for v in c.change])
        assert p == pytest.approx(c.p)


def test_every_theme_has_a_row_and_what_is_not_shown_a_symbol(book, published):
    rows = {row[1]: row for row in lines(book["Key results"]) if len(row) > 6}
    coded = set(published.tables["drift_shares"]["theme"])
    assert coded <= set(rows)
    rare = rows[standins.RARE]
    assert "[c]" in rare
    assert "no change can be shown" in rare
    assert {v for v in rare if isinstance(v, int | float)} <= {0}  # which "strict" shows


def test_every_number_of_the_first_sheet_is_in_a_table(book, published):
    shown = {
        round(float(v), 9)
        for table in published.tables.values()
        for _, column in table.select_dtypes("number").items()
        for v in column.dropna()
    }
    sheet = book["Key results"]
    cells = [c for row in sheet for c in row if isinstance(c.value, int | float)]
    assert len(cells) > 40
    for c in cells:
        scale = 100 if c.number_format == WHOLE_POINTS else 1
        assert round(c.value / scale, 9) in shown, c.coordinate


def test_names_stand_beside_ids_in_every_sheet_and_in_csv_files(book, published, tmp_path):
    write_tables(tmp_path / "csv", published)
    for name in published.tables:
        head = [c.value for c in book[name[:31]][1]]
        assert head == list(pd.read_csv(tmp_path / "csv" / f"{name}.csv").columns)
        for column in ("theme", "topic"):
            assert column not in head or "label" in "".join(map(str, head)), name
    rows = pd.read_csv(tmp_path / "csv" / "drift_shares.csv")
    assert rows["label"].tolist() == [published.labels[t] for t in rows["theme"]]
    scores = pd.read_csv(tmp_path / "csv" / "topic_scores.csv", keep_default_na=False)
    assert scores["topic_label"].tolist() == [
        published.topic_names.get(t, "") for t in scores["topic"]
    ]
    described = pd.read_csv(tmp_path / "csv" / "dictionary.csv")
    assert ("drift_shares", "label") in set(zip(described["table"], described["column"]))  # noqa: B905
    assert "label" not in published.tables["drift_shares"]  # which nothing writes into


def test_numbers_have_formats_and_stay_what_they_are(book, published):
    wanted = {
        ("drift_shares", "estimate"): PERCENT, ("drift_changes", "low"): POINTS,
        ("drift_changes", "p_bh"): P_VALUE, ("theme_shares", "n"): COUNT,
        ("agreement_themes", "f1"): COEFFICIENT, ("drift_trends", "estimate"): "General",
        ("agreement_overall", "estimate"): COEFFICIENT, ("pole_difference", "estimate"): POINTS,
    }  # fmt: skip
    for (name, column), form in wanted.items():
        place = [c.value for c in book[name][1]].index(column) + 1
        cells = [c for (c,) in book[name].iter_rows(min_row=2, min_col=place, max_col=place)]
        numbers = [c for c in cells if isinstance(c.value, int | float)]
        assert {c.number_format for c in numbers} == {form}, (name, column)
        exact = published.tables[name][column].dropna().tolist()
        assert [c.value for c in numbers] == pytest.approx(exact)


def test_names_stay_in_view_and_columns_are_as_wide_as_their_text(book):
    assert book["drift_shares"].freeze_panes == "C2"
    assert book["ledger"].freeze_panes == "A2"
    assert all(c.font.bold for c in book["ledger"][1])
    assert book["theme_shares"].column_dimensions["B"].width > 12
    widest = max(d.width for s in book for d in s.column_dimensions.values())
    assert widest <= 62


def test_waves_with_names_have_them_beside_their_number(published, tmp_path):
    about = replace(published.about, waves={y: f"wave {y}" for y in published.about.years})
    named = replace(published, about=about)
    write_tables(tmp_path / "csv", named)
    rows = pd.read_csv(tmp_path / "csv" / "drift_shares.csv")
    assert (rows["wave"] == "wave " + rows["year"].astype(str)).all()
    assert any("Prevalence wave " in n for b in key_results(named) for n in b.names)


def test_one_wave_has_no_change(published):
    one = published.about.years[:1]
    tables = dict(published.tables)
    tables["drift_changes"] = tables["drift_changes"].head(0)
    about = replace(published.about, years=one, baseline=one[0])
    themes = next(
        b for b in key_results(replace(published, about=about, tables=tables))
        if b.names[:1] == ("Theme",)
    )  # fmt: skip
    assert themes.names == ("Theme", "Id", f"Prevalence {one[0]}")
    assert {len(row) for row in themes.rows} == {3}


def test_hostile_text_stays_text(tmp_path):
    blocks = [Block(HOSTILE, (HOSTILE, "n"), ((HOSTILE, 1.5),), {"n": "0.0"}),
              Block("", (), ((HOSTILE,),))]  # fmt: skip
    cells = pd.DataFrame({"x": ["'=1+1", "#N/A", ""], "n": [1.0, 2.0, 3.0]})
    for place in ("a", "b"):
        path = write_workbook(
            tmp_path / f"{place}.xlsx", HOSTILE, {"t": cells}, private=False,
            first=("first", blocks),
        )  # fmt: skip
    assert path.read_bytes() == (tmp_path / "a.xlsx").read_bytes()  # without the time
    book = load_workbook(path)
    every = [c for sheet in book for row in sheet for c in row if c.value is not None]
    assert {c.data_type for c in every} == {"s", "n"}
    assert [c.value for c in book["t"]["A"]] == ["x", "'=1+1", "#N/A", None]
    assert book["first"]["B2"].value == "n"
