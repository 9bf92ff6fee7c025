"""Exports read back: dictionary, workbook, LaTeX, Word, and the sheet of quotes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import standins
from docx import Document
from openpyxl import load_workbook

from iapt_topics._base.errors import InputError
from iapt_topics._base.sheets import read_sheet, write_sheet
from iapt_topics.publish.exports import write_tables
from iapt_topics.publish.published import publish
from iapt_topics.publish.quotes_sheet import read_quotes, write_quotes
from iapt_topics.publish.workbook import describe_columns

HOSTILE = '=HYPERLINK("http://evil.example") \\input{/etc/passwd} & 50 % _x_ \x01'


@pytest.fixture(scope="module")
def parts():
    survey = standins.responses()
    coded, found = standins.codes(survey), standins.topics(survey)
    return {
        "responses": survey, "topics": found, "mapping": standins.mapping(found), "codes": coded,
    }  # fmt: skip


@pytest.fixture(scope="module")
def published(parts):
    survey, coded = parts["responses"], parts["codes"]
    made = publish(standins.study_of(
        **parts, comparison=standins.comparison(), benchmark=standins.comparison("a", "b"),
        drift=standins.drift(survey, coded), axis_drift=standins.axis_drift(survey, coded),
    ), "strict")  # fmt: skip
    made.tables["theme_shares"].loc[0, "label"] = HOSTILE
    return made


@pytest.fixture(scope="module")
def tables(published):
    return published.tables


@pytest.fixture(scope="module")
def study(parts):
    return standins.study_of(**parts)


def test_every_column_of_every_table_is_described(tables):
    told = describe_columns(tables)
    assert len(told) == sum(len(t.columns) for t in tables.values())
    assert (told["description"].str.len() > 3).all()
    with pytest.raises(InputError, match="got new"):
        describe_columns({"x": pd.DataFrame({"new": [1]})})


def test_a_folder_of_csv_states_the_rule_and_runs_nothing(tables, published, tmp_path):
    folder = write_tables(tmp_path / "publish", published)
    assert {p.stem for p in folder.glob("*.csv")} == {*tables, "dictionary"}
    assert "fewer than 10" in (folder / "README.txt").read_text()
    shares = pd.read_csv(folder / "theme_shares.csv")
    assert shares.loc[0, "label"].startswith("'=HYPERLINK")
    assert shares.set_index("theme").loc[standins.RARE, "count"] == "[c]"
    changes = pd.read_csv(folder / "drift_changes.csv")
    numbers = pd.to_numeric(changes["estimate"], errors="coerce")
    assert (numbers < 0).any()  # a minus sign of a number is no formula


def test_the_workbook_holds_every_table_and_its_dictionary(tables, published, tmp_path):
    book = load_workbook(write_tables(tmp_path / "t.xlsx", published))
    assert {"about", "dictionary", *tables} == set(book.sheetnames)
    assert "fewer than 10" in book["about"]["A1"].value
    cells = [c for sheet in book for row in sheet for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    head = [c.value for c in book["theme_shares"][1]]
    assert head == list(tables["theme_shares"].columns)


def test_latex_prints_hostile_text_as_text(tables, published, tmp_path):
    text = write_tables(tmp_path / "t.tex", published).read_text("utf-8")
    assert "\\input{" not in text
    assert "\\textbackslash{}input\\{" in text
    assert "50 \\% \\_x\\_" in text
    assert text.count("\\toprule") == len(tables) == text.count("\\end{longtable}")


def test_word_tables_are_read_back(tables, published, tmp_path):
    document = Document(str(write_tables(tmp_path / "t.docx", published)))
    assert len(document.tables) == len(tables)
    at = list(tables).index("theme_shares")
    assert [c.text for c in document.tables[at].rows[0].cells] == list(
        tables["theme_shares"].columns
    )


def test_another_ending_is_refused(tables, published, tmp_path):
    with pytest.raises(InputError, match="known ending"):
        write_tables(tmp_path / "t.pdf", published)


def test_quotes_come_back_only_when_somebody_approved(study, tmp_path):
    survey = study.responses
    path = write_quotes(tmp_path / "quotes.xlsx", study)
    sheet = read_sheet(path, "quotes")
    assert not sheet["label"].str.startswith("Topic 7").any()
    assert not sheet["text"].str.contains("secretword").any()
    who = survey.kept.set_index("response_id")["respondent_id"]
    assert who[sheet["response_id"]].is_unique
    assert read_quotes(path, survey).empty
    sheet.loc[0, ["decision", "approved_by", "paraphrase"]] = ["Approve", "A. Reader", "Busy."]
    sheet.loc[1, "decision"] = "reject"
    write_sheet(path, list(sheet.columns), sheet.to_numpy().tolist())
    approved = read_quotes(path, survey)
    assert approved.to_dict("records") == [
        {"response_id": sheet.loc[0, "response_id"], "theme": "", "case": "",
         "text": sheet.loc[0, "text"],
         "approved_by": "A. Reader", "paraphrase": "Busy."}
    ]  # fmt: skip


@pytest.fixture(scope="module")
def written_sheet(study, tmp_path_factory):
    """A sheet of approved quotes, a text of which begins as a formula and another is long."""
    table = study.responses.table
    # No two alike, since the same words are proposed once.
    table = table.assign(text=table["text"] + " " + table["response_id"])
    path = tmp_path_factory.mktemp("quotes") / "quotes.csv"
    write_quotes(path, replace(study, responses=redacted_as(study.responses, table["text"])))
    ids = read_sheet(path, "quotes")["response_id"].tolist()[:2]
    texts = {
        ids[0]: "=1+1 is what\nthey pay",
        ids[1]: "The pay (such as it is) is not good at all.",
    }
    said = table["response_id"].map(texts).fillna(table["text"])
    survey = redacted_as(study.responses, said)
    write_quotes(path, replace(study, responses=survey))
    return survey, path, ids


@pytest.fixture
def sheet(written_sheet, tmp_path):
    """The same, to be filled in."""
    survey, path, ids = written_sheet
    return survey, Path(shutil.copy(path, tmp_path)), ids


def redacted_as(survey, texts):
    return replace(survey, table=survey.table.assign(redacted=texts))


def filled(path, texts, paraphrase=""):
    rows = read_sheet(path, "quotes")
    rows.loc[: len(texts) - 1, "text"] = texts
    rows.loc[: len(texts) - 1, "decision"] = "approve"
    rows["approved_by"], rows["paraphrase"] = "A. Reader", paraphrase
    for ending in (".csv", ".xlsx"):
        write_sheet(path.with_suffix(ending), list(rows.columns), rows.to_numpy().tolist())
        yield path.with_suffix(ending)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("=1+1 is what they  pay", "The pay (such as it is) is not good at all."),
        ("'=1+1 is what\nthey pay", "(such as it is)"),
        ("what they pay", "\u2026 is not good [...]"),
        ("... they pay", "The pay (such as it is) is not good\u2026"),
        ("", "all."),
    ],
)
def test_words_in_a_row_of_a_response_are_a_quote(sheet, first, second):
    survey, path, ids = sheet
    for written in filled(path, [first, second], "Hard." if not first else ""):
        quotes = read_quotes(written, survey)
        assert quotes["response_id"].tolist() == ids
        own = [first.removeprefix("'"), second]
        assert [" ".join(t.split()) for t in quotes["text"]] == [" ".join(t.split()) for t in own]


@pytest.mark.parametrize(
    "text",
    [
        "I was bullied by my manager.", "The pay is good at all.", "ot good", "is not goo",
        "The pay (such as it is) is not good at all. Not.", "\u2026", "the pay", "1+1",
    ],
)  # fmt: skip
def test_other_words_are_no_quote_and_the_row_is_named(sheet, text):
    survey, path, ids = sheet
    for paraphrase in ("", "Their pay is low."):
        for written in filled(path, ["they pay", text], paraphrase):
            with pytest.raises(InputError) as error:
                read_quotes(written, survey)
            assert f"row 3: a text that response '{ids[1]}' does not say" in str(error.value)
            assert "row 2" not in str(error.value)
            assert "put other words under paraphrase" in str(error.value)


def test_a_sheet_of_texts_that_are_redacted_otherwise_by_now_is_refused(sheet):
    survey, path, _ = sheet
    (written, _) = filled(path, ["they pay", "not good"])
    said = survey.table["redacted"].str.replace("not good", "[site-1]")
    with pytest.raises(InputError, match="row 3: a text"):
        read_quotes(written, redacted_as(survey, said))


def test_faults_in_the_sheet_are_named_by_row(study, tmp_path):
    path = write_quotes(tmp_path / "q.csv", study)
    sheet = read_sheet(path, "quotes")
    sheet.loc[0, "decision"] = "approve"
    sheet.loc[1, "decision"] = "perhaps"
    sheet.loc[2, "response_id"] = "nobody"
    write_sheet(path, list(sheet.columns), sheet.to_numpy().tolist())
    with pytest.raises(InputError) as error:
        read_quotes(path, study.responses)
    for fault in ("row 2: approved by nobody", "row 3: decision", "row 4: response"):
        assert fault in str(error.value)
