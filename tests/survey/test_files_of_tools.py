"""Each kind of file that tools write, over invented siblings; and one survey, written by five."""

from __future__ import annotations

import codecs
import re
import zipfile

import pandas as pd
import pytest
from conftest import write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tool_files import (
    BOOKS,
    CALL,
    KEPT,
    NAMES,
    PLAIN,
    ROWS,
    SHAPES,
    TOOLS,
    book,
    by_qualtrics,
    frame_of,
)

from iapt_topics._base.decoding import decode
from iapt_topics._base.errors import InputError
from iapt_topics._base.findings import FINDINGS
from iapt_topics._base.tables import read_table
from iapt_topics.survey.markup import plain_text
from iapt_topics.survey.responses import load_responses


def kept(path, **more):
    found = load_responses(path, **(CALL | more))
    rows = found.kept[["year", "respondent_id", "text"]].itertuples(index=False, name=None)
    return list(rows), set(found.findings["kind"])


@pytest.mark.parametrize("kind", SHAPES)
def test_the_shape_of_a_text_file_is_found_out_and_said(tmp_path, kind):
    content, said = SHAPES[kind]
    rows, found = kept(write(tmp_path / "s.csv", content))
    if said is None:
        said = {"quotation marks"} if "backslash" in kind else {"double encoding"}
        told = 'said "late" twice' if "backslash" in kind else "it\u2019s late"
        assert told in rows[0][2]
        rows[0] = KEPT[0]
    assert rows == KEPT
    assert found - {"panel", "id column not named"} == said
    assert found <= set(FINDINGS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.replace("My depot", '"My depot'), "open from line 3"),
        (lambda t: t.replace("Split", '"Split'), "open from line 7"),
        (lambda t: t.replace("Night shifts come", '"Night shifts come').replace(
            "quiet at last", 'quiet at 6"'), "open from line 4"),
        (lambda t: t.replace('"The buses are late, and nobody says why"',
                             "The buses are late, and nobody says why"), r"line\(s\) 2\."),
        (lambda t: t.replace("My depot is warm ", "My depot is warm\nas ever "), r"line\(s\) 4\."),
    ],
)  # fmt: skip
def test_a_row_that_is_torn_is_an_error_with_its_line(tmp_path, change, said):
    with pytest.raises(InputError, match=said):
        kept(write(tmp_path / "s.csv", change(PLAIN)))


TICK = PLAIN.replace("late", "late \u2013 it\u2019s \u201cusual\u201d").replace(
    "quiet", "qui\u00e9t"
)


@pytest.mark.parametrize(
    "encode",
    [
        lambda t: t.encode("cp1252"),
        lambda t: t.encode("mac_roman"),
        lambda t: codecs.BOM_UTF8 + t.encode(),
        lambda t: t.encode("utf-16"),
        lambda t: b"".join(
            line.encode("cp1252" if i < 4 else "utf-8")
            for i, line in enumerate(t.splitlines(keepends=True))
        ),
        lambda t: t.encode().replace("\u2019".encode(), "\u2019".encode("cp1252")),
    ],
    ids=["windows", "mac", "mark", "utf-16", "two files pasted", "one byte"],
)
def test_each_line_is_decoded_by_its_own_encoding(encode):
    text, found = decode(encode(TICK), "survey 's.csv'")
    assert text == TICK
    assert {f.kind for f in found} <= {"encoding"}


def test_other_letters_of_windows_are_not_taken_for_those_of_a_mac():
    for text in (
        "na\u00efve caf\u00e9 \u2013 it\u2019s",
        "\u00c9cole d\u2019\u00e9t\u00e9",
        "80 \u20ac",
    ):
        assert decode(text.encode("cp1252"), "x")[0] == text


@pytest.mark.parametrize("kind", BOOKS)
def test_a_workbook_is_read_as_it_is_meant(tmp_path, kind):
    how, said = BOOKS[kind]
    rows = [*how.get("above", ()), NAMES, *ROWS]
    sheets = how.get("sheets", ())
    if "first" in how:
        rows, sheets = how["first"], [("answers", rows)]
    path = book(tmp_path / "s.xlsx", rows, sheets=sheets, change=how.get("change"))
    found, kinds = kept(path)
    assert found == KEPT
    assert kinds - {"panel", "id column not named"} == said
    if "hidden" in kind:
        found, _ = kept(path, skip_hidden=True)
        assert found == [r for i, r in enumerate(KEPT) if i not in (1, 3)]


def test_what_a_formula_shows_is_read_and_an_error_is_blank(tmp_path):
    path = book(tmp_path / "s.xlsx", [NAMES, *ROWS])
    shown = {2: ('<c r="D2" t="str"><f>UPPER("x")</f><v>Shown by Excel today</v></c>', "kept"),
             3: ('<c r="D3" t="str"><f>IF(A3="","",A3)</f><v></v></c>', "blank"),
             4: ('<c r="D4" t="e"><f>NOSUCH(A4)</f><v>#NAME?</v></c>', "blank")}  # fmt: skip
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    for i, (cell, _) in shown.items():
        sheet = re.sub(rf'<c r="D{i}"[^>]*>.*?</c>', lambda _, c=cell: c, sheet)
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    # An empty fill, as several web tools write it.
    parts["xl/styles.xml"] = re.sub(
        rb"<fill>.*?</fill>", b"<fill/>", parts["xl/styles.xml"], count=1
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    found = load_responses(path, **CALL)
    assert found.table["status"].tolist()[:4] == ["kept", "blank", "blank", "kept"]
    assert found.table["text"][0] == "Shown by Excel today"
    kinds = dict(found.findings[["kind", "n"]].to_numpy().tolist())
    assert (kinds["formulas"], kinds["error cells"]) == (1, 1)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("<p>Late &amp; cold&nbsp;</p><p><br></p>", "Late & cold"),
        ("I don&#39;t know &quot;why&quot;", 'I don\'t know "why"'),
        ("One<br/>two<br />three", "One\ntwo\nthree"),
        ("&lt;b&gt;Bold&lt;/b&gt; claims", "Bold claims"),
        ("<ul><li>first</li><li>second</li></ul>", "first\nsecond"),
        ("<!-- x --><span style='color:red'>Red</span>", "Red"),
        ("&nbsp;", ""),
    ],
)
def test_markup_is_decoded(typed, plain):
    assert plain_text(typed) == plain
    assert plain_text(plain) == plain


@pytest.mark.parametrize(
    "text", ["a < b and b > c", "R&D; Q&A", "<3 my team", "x <no tag> y", "AT&T"]
)
def test_what_is_no_markup_stays(text):
    assert plain_text(text) is text


# One survey, written by five tools ------------------------------------------------------------

WORD = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"], exclude_characters="\\#"),
               min_size=1, max_size=9)  # fmt: skip
ANSWER = st.one_of(
    st.just(""),
    st.lists(WORD, min_size=1, max_size=7).map(lambda words: "so " + " ".join(words)),
    st.sampled_from(["=SUM up", "NA", 'He said "no", twice', "one\ntwo lines", "a; b, c", "Pay"]),
)
SURVEY = st.lists(
    st.tuples(
        st.integers(2015, 2021), st.sampled_from(["p1", "p2", "p3", ""]),
        st.sampled_from(["driver", "clerk", ""]), ANSWER,
    ),
    min_size=6, max_size=12,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SURVEY)
def test_one_survey_written_by_five_tools_is_one_and_the_same(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("tools")
    table = frame_of(rows)
    call = {"text": "comment", "year": "year", "respondent": "person", "response": "rid",
            "covariates": ["role"]}  # fmt: skip
    expected = load_responses(table, **call).table
    for tool, (writer, ending) in TOOLS.items():
        path = folder / f"{tool}{ending}"
        writer(table, path)
        pd.testing.assert_frame_equal(load_responses(path, **call).table, expected, obj=tool)


def test_questions_in_words_are_kept_as_the_questions(tmp_path):
    table = frame_of([(2016, "p1", "", "Short of staff all year")]).rename(
        columns={"comment": "Q7"}
    )
    by_qualtrics(table, tmp_path / "q.csv")
    text = (tmp_path / "q.csv").read_text("utf-8-sig")
    text = text.replace('"Q7"\n', '"What\u00a0harms your wellbeing?"\n').replace(
        '"What\u00a0harms your wellbeing?"', '"Q7"', 1
    )
    found = load_responses(write(tmp_path / "q.csv", text), text="Q7", year="year", response="rid")
    assert set(found.table["question"]) == {"What harms your wellbeing?"}
    read, _ = read_table(tmp_path / "q.csv", "survey")
    assert read.attrs["questions"]["Q7"] == "What harms your wellbeing?"
