"""Exports read back: dictionary, workbook, LaTeX, Word, and the sheet of quotes."""

from __future__ import annotations

import pandas as pd
import pytest
import standins
from docx import Document
from openpyxl import load_workbook

from iapt_topics._checks import InputError
from iapt_topics._sheets import read_sheet, write_sheet
from iapt_topics.approval import read_quotes, write_quotes
from iapt_topics.disclosure import Disclosure
from iapt_topics.draft import write_draft
from iapt_topics.exports import describe_columns, export_tables
from iapt_topics.publishing import publishable_tables

HOSTILE = '=HYPERLINK("http://evil.example") \\input{/etc/passwd} & 50 % _x_ \x01'


@pytest.fixture(scope="module")
def parts():
    survey = standins.responses()
    coded, found = standins.codes(survey), standins.topics(survey)
    return {
        "responses": survey, "topics": found, "mapping": standins.mapping(found), "codes": coded,
    }  # fmt: skip


@pytest.fixture(scope="module")
def tables(parts):
    survey, coded = parts["responses"], parts["codes"]
    made = publishable_tables(
        **parts, comparison=standins.comparison(), ceiling=standins.comparison("a", "b"),
        drift=standins.drift(survey, coded), axis_drift=standins.axis_drift(survey, coded),
    )  # fmt: skip
    made["theme_shares"].loc[0, "label"] = HOSTILE
    return made


def test_every_column_of_every_table_is_described(tables):
    told = describe_columns(tables)
    assert len(told) == sum(len(t.columns) for t in tables.values())
    assert (told["description"].str.len() > 3).all()
    with pytest.raises(InputError, match="got new"):
        describe_columns({"x": pd.DataFrame({"new": [1]})})


def test_a_folder_of_csv_states_the_rule_and_runs_nothing(tables, tmp_path):
    folder = export_tables(tables, tmp_path / "publish")
    assert {p.stem for p in folder.glob("*.csv")} == {*tables, "dictionary"}
    assert "fewer than 10" in (folder / "README.txt").read_text()
    shares = pd.read_csv(folder / "theme_shares.csv")
    assert shares.loc[0, "label"].startswith("'=HYPERLINK")
    assert shares.set_index("theme").loc[standins.RARE, "count"] == "[c]"
    changes = pd.read_csv(folder / "drift_changes.csv")
    numbers = pd.to_numeric(changes["estimate"], errors="coerce")
    assert (numbers < 0).any()  # a minus sign of a number is no formula


def test_the_workbook_holds_every_table_and_its_dictionary(tables, tmp_path):
    book = load_workbook(export_tables(tables, tmp_path / "t.xlsx"))
    assert {"about", "dictionary", *tables} == set(book.sheetnames)
    assert "fewer than 10" in book["about"]["A1"].value
    cells = [c for sheet in book for row in sheet for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    head = [c.value for c in book["theme_shares"][1]]
    assert head == list(tables["theme_shares"].columns)


def test_latex_prints_hostile_text_as_text(tables, tmp_path):
    text = export_tables(tables, tmp_path / "t.tex").read_text("utf-8")
    assert "\\input{" not in text
    assert "\\textbackslash{}input\\{" in text
    assert "50 \\% \\_x\\_" in text
    assert text.count("\\toprule") == len(tables) == text.count("\\end{longtable}")


def test_word_tables_are_read_back(tables, tmp_path):
    document = Document(str(export_tables(tables, tmp_path / "t.docx")))
    assert len(document.tables) == len(tables)
    assert [c.text for c in document.tables[1].rows[0].cells] == list(
        tables["theme_shares"].columns
    )


def test_another_ending_is_refused(tables, tmp_path):
    with pytest.raises(InputError, match="known ending"):
        export_tables(tables, tmp_path / "t.pdf")


def test_the_draft_has_every_item_and_marks_its_blanks(tables, parts, tmp_path):
    path = write_draft(tables, tmp_path / "d.docx", **parts, disclosure=Disclosure())
    document = Document(str(path))
    heads = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert [h.split()[0] for h in heads] == [f"S{i}" for i in range(1, 22)]
    text = "\n".join(p.text for p in document.paragraphs)
    assert text.count("[to be written:") > 10
    assert "seed 0" in text
    assert "SYNTHETIC" in text
    assert len(document.tables) == 4


def test_quotes_come_back_only_when_somebody_approved(parts, tmp_path):
    survey = parts["responses"]
    path = write_quotes(survey, parts["topics"], tmp_path / "quotes.xlsx")
    sheet = read_sheet(path, "quotes")
    assert "7" not in set(sheet["topic"])
    assert not sheet["text"].str.contains("secretword").any()
    who = survey.kept.set_index("response_id")["respondent_id"]
    assert who[sheet["response_id"]].is_unique
    assert read_quotes(path, survey).empty
    sheet.loc[0, ["decision", "approved_by", "paraphrase"]] = ["Approve", "A. Reader", "Busy."]
    sheet.loc[1, "decision"] = "reject"
    write_sheet(path, list(sheet.columns), sheet.to_numpy().tolist())
    approved = read_quotes(path, survey)
    assert approved.to_dict("records") == [
        {"response_id": sheet.loc[0, "response_id"], "text": sheet.loc[0, "text"],
         "approved_by": "A. Reader", "paraphrase": "Busy."}
    ]  # fmt: skip


def test_faults_in_the_sheet_are_named_by_row(parts, tmp_path):
    path = write_quotes(parts["responses"], parts["topics"], tmp_path / "q.csv")
    sheet = read_sheet(path, "quotes")
    sheet.loc[0, "decision"] = "approve"
    sheet.loc[1, "decision"] = "perhaps"
    sheet.loc[2, "response_id"] = "nobody"
    write_sheet(path, list(sheet.columns), sheet.to_numpy().tolist())
    with pytest.raises(InputError) as error:
        read_quotes(path, parts["responses"])
    for fault in ("row 2: approved by nobody", "row 3: decision", "row 4: response"):
        assert fault in str(error.value)
