"""Tables of codes as people keep them: what was coded, by whom, and what is not coded yet."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from conftest import write
from qda_files import FRAME, TEXTS, same, survey

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.frame.load import load_frame, write_frame
from iapt_topics.qda import write_codes
from iapt_topics.qda.load import coders_in, load_codes
from iapt_topics.qda.read import read_project
from iapt_topics.survey.responses import load_responses

NAN = float("nan")


def wide(*rows, coder=None):
    table = pd.DataFrame(rows, columns=["response_id", "S1", "W1"], dtype=object)
    return table if coder is None else table.assign(coder=coder)


def loaded(source, **more):
    codes = load_codes(source, frame=FRAME, **more)
    pairs = set(codes.table[["response_id", "theme"]].itertuples(index=False, name=None))
    return list(codes.seen["response_id"]), pairs, codes.findings["kind"].tolist()


@pytest.mark.parametrize(
    ("table", "seen", "kinds"),
    [
        (wide(("a", 1, 0), ("b", 0, 0), ("c", "", ""), ("d", None, None)), "ab", ["not coded yet"]),
        (wide(("a", 1, 0), ("b", 0, 0), ("c", "NA", "NaN")), "ab", ["not coded yet"]),
        (wide(("a", "yes", "no"), ("b", "no", "no"), ("c", "", "")), "ab", ["not coded yet"]),
        (wide(("a", 1, ""), ("b", "", "")), "ab", []),  # a blank may say no
        (wide(("a", "x", ""), ("b", "", "x"), *((f"z{i}", "", "") for i in range(6))), "ab",
         ["not coded yet"]),
        (wide(("a", 1, 0), ("b", 0, 0), ("c", "", ""), coder="Ann"), "ab", ["not coded yet"]),
        (wide(("a", 1, 0), ("b", "", 0)), "ab", ["codes"]),
    ],
)  # fmt: skip
def test_a_wide_row_that_nobody_marked_is_not_coded(table, seen, kinds):
    found, pairs, said = loaded(table)
    assert (found, said) == (list(seen), kinds)
    assert ("a", "S1") in pairs


def test_a_long_table_whose_end_is_blank_is_not_coded_there():
    rows = [("a", "S1"), ("b", ""), ("c", "W1"), *((f"z{i}", "") for i in range(8))]
    table = pd.DataFrame(rows, columns=["response_id", "theme"]).assign(coder="Ann")
    assert loaded(table) == (["a", "b", "c"], {("a", "S1"), ("c", "W1")}, ["not coded yet"])
    # In words it is coded, and as this library writes it a blank is.
    said = table.assign(theme=table["theme"].where(table["theme"] != "", "none"))
    assert loaded(said)[0] == list(table["response_id"])
    assert loaded(table.assign(kind="human"))[0] == list(table["response_id"])


@pytest.mark.parametrize(
    ("table", "pairs"),
    [
        ({"Response ID": ["a", "b"], "Theme": ["s1", "Team  &\u00a0<care>"]},
         {("a", "S1"), ("b", "W1")}),
        ({"response_id": ["a", "b"], "theme": ["S1; W1", "W1 | S2"]},
         {("a", "S1"), ("a", "W1"), ("b", "W1"), ("b", "S2")}),
        ({"response_id": ["a", "b"], "Code 1": ["S1", ""], "Code 2": ["W1", ""]},
         {("a", "S1"), ("a", "W1")}),
        ({"response_id": ["a", "b"], "theme": ["S1", "None"]}, {("a", "S1")}),
        ({"ResponseId": ["a", "b"], "S1": ["Y", "N"], "W1": ["N", "N"]}, {("a", "S1")}),
    ],
)  # fmt: skip
def test_ways_of_writing_codes(table, pairs):
    seen, found, _ = loaded(pd.DataFrame(table))
    assert (seen, found) == (["a", "b"], pairs)


def sheets(path, tables):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in tables.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


HEAD = ["response_id", "theme"]


def test_several_sheets_of_codes_are_a_coder_each(tmp_path):
    both = {
        "Read me": [["Codes of the team"], ["See the next sheets"]],
        "Ann": [HEAD, ["a", "S1"], ["b", "W1"]],
        "Bo": [HEAD, ["a", "W1"], ["c", "W1"]],
        "themes": [["id", "label"], ["S1", "Caseload"], ["W1", "Team"]],
    }
    path = sheets(tmp_path / "c.xlsx", both)
    assert coders_in(path) == ("Ann", "Bo")
    assert loaded(path, coder="Bo") == (
        ["a", "c"], {("a", "W1"), ("c", "W1")}, ["sheets", "sheets"],
    )  # fmt: skip
    apart = {"Ann": both["Ann"], "Bo": [HEAD, ["x", "W1"], ["y", "S1"]]}
    with pytest.raises(InputError, match=r"share no response.*a column coder"):
        coders_in(sheets(tmp_path / "d.xlsx", apart))


def test_ids_of_codes_join_whatever_the_spelling_and_no_row_number_is_an_id():
    table = pd.DataFrame({"response_id": ["R1", "r 2"], "theme": ["S1", "W1"]})
    codes = load_codes(table, frame=FRAME, responses=survey())
    assert list(codes.seen["response_id"]) == ["r1", "r2"]
    assert list(codes.seen["respondent_id"]) == ["p0", "p0"]
    assert codes.findings["kind"].tolist() == ["near ids"]
    rows = pd.DataFrame({"nr": ["4", "1", "2"], "t": ["One", "Two things", "Three"], "y": 2016})
    numbered = load_responses(rows, text="t", year="y")
    byrow = pd.DataFrame({"response_id": ["1", "2"], "theme": ["S1", "W1"]})
    with pytest.raises(InputError, match=r"'nr' all differ, and could be the ids.*--response"):
        load_codes(byrow, frame=FRAME, responses=numbered)
    named = load_responses(rows, text="t", year="y", response="nr")
    assert len(load_codes(byrow, frame=FRAME, responses=named).seen) == 2
    with pytest.raises(InputError, match=r"must be for responses of this survey.*--response"):
        load_codes(byrow.assign(response_id=["1", "77"]), frame=FRAME, responses=named)


def test_codes_of_a_question_join_the_responses_of_a_wide_survey():
    rows = pd.DataFrame({"id": ["1", "2"], "What  helps?": ["One thing", "Two things"],
                         "harms": ["Three", "Four"], "y": 2016})  # fmt: skip
    responses = load_responses(rows, text=["What helps?", "harms"], year="y", response="id")
    codes = pd.DataFrame({"response_id": ["1", "2", "2"], "theme": ["S1", "W1", "S1"],
                          "question": ["What helps?", "What helps?", "harms"]})  # fmt: skip
    got = load_codes(codes, frame=FRAME, responses=responses)
    assert list(got.seen["response_id"]) == ["1:What helps?", "2:What helps?", "2:harms"]
    with pytest.raises(InputError, match=r"several questions.*add a column question"):
        load_codes(codes.drop(columns="question"), frame=FRAME, responses=responses)


HUMAN = Codes(
    coder="ann", kind="human", themes=("S1", "S2", "W1"),
    seen=pd.DataFrame({"response_id": ["r1", "r3"], "respondent_id": ["p0", "p1"]}),
    table=pd.DataFrame({"response_id": ["r1"], "theme": ["S1"], "score": [NAN]}),
)  # fmt: skip


def test_our_own_project_comes_back_whole_also_from_a_tool_that_calls_it_its_own(tmp_path):
    write_codes(tmp_path / "p.qdpx", [HUMAN], frame=FRAME, responses=survey())
    same(load_codes(tmp_path / "p.qdpx", frame=FRAME, responses=survey()), HUMAN)
    with zipfile.ZipFile(tmp_path / "p.qdpx") as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    parts["project.qde"] = re.sub(rb'origin="[^"]*"', b'origin="Other tool"', parts["project.qde"])
    with zipfile.ZipFile(tmp_path / "q.qdpx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    back = load_codes(tmp_path / "q.qdpx", frame=FRAME, responses=survey())
    assert list(back.seen["response_id"]) == ["r1", "r3"]
    assert back.findings.empty


def test_a_machines_codes_are_exported_by_sentence(tmp_path):
    text = "My caseload is high.\nThe team helps me."
    start = text.index("The team")
    machine = replace(
        HUMAN, coder="m", kind="machine",
        table=pd.DataFrame({"response_id": "r1", "theme": ["S1", "W1"], "score": [1.5, 2.0]}),
        evidence=pd.DataFrame(
            [("r1", "S1", 0, 20, 1.0, "x", "label"),
             ("r1", "W1", start, len(text), 1.0, "x", "label")],
            columns=["response_id", "theme", "start", "end", "margin", "anchor", "anchor_kind"],
        ),
    )  # fmt: skip
    assert TEXTS["r1"] == text
    for original in (True, False):
        path = write_codes(tmp_path / "p.qdpx", [machine], frame=FRAME, responses=survey(),
                           original_text=original)  # fmt: skip
        segments = read_project(path, responses=survey()).segments
        assert segments["snippet"].tolist() == ["My caseload is high.", "The team helps me."]
    whole = write_codes(tmp_path / "p.qdpx", [machine], frame=FRAME, responses=survey(),
                        whole="source")  # fmt: skip
    assert read_project(whole, responses=survey()).segments["start"].isna().all()


ENTRIES = [
    ("Work", "About work"),
    ("Work/Load", "Too much"),
    ("Work/Tools", "Old ones"),
    ("Pay", ""),
]


@pytest.mark.parametrize(
    ("columns", "join"),
    [
        (("Name", "Description", "Files", "References"), "\\"),
        (("Code", "Memo"), " > "),
        (("code", "definition"), " > "),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_codebooks_of_tools_are_frames(tmp_path, columns, join, ending):
    rows = [[p.replace("/", join), d, *["3"] * (len(columns) - 2)] for p, d in ENTRIES]
    table = pd.DataFrame(rows, columns=columns)
    path = tmp_path / f"book.{ending}"
    table.to_csv(path, index=False) if ending == "csv" else table.to_excel(path, index=False)
    frame = load_frame(path)
    assert [(t.label, t.parent, t.definition) for t in frame.themes] == [
        ("Work", "", "About work"), ("Load", "Work", "Too much"), ("Tools", "Work", "Old ones"),
        ("Pay", "", ""),
    ]  # fmt: skip


def test_codebooks_with_groups_and_domains(tmp_path):
    atlas = "Code,Comment,Code Group 1,Grounded\nLoad,Too much,Work,4\nPay,Too little,,2\n"
    frame = load_frame(write(tmp_path / "a.csv", atlas))
    assert [(t.id, t.parent, t.codable) for t in frame.themes] == [
        ("Work", "", False), ("Load", "Work", True), ("Pay", "", True),
    ]  # fmt: skip
    levels = "Domain,Theme,Definition\nWork,Load,Too much\n,Tools,Old\nHome,Load,Chores\n"
    frame = load_frame(write(tmp_path / "l.csv", levels))
    assert [(t.id, t.label, t.parent) for t in frame.themes] == [
        ("Work", "Work", ""), ("Work > Load", "Load", "Work"), ("Tools", "Tools", "Work"),
        ("Home", "Home", ""), ("Home > Load", "Load", "Home"),
    ]  # fmt: skip


def test_several_examples_may_stand_in_one_cell_and_the_template_helps(tmp_path):
    path = tmp_path / "f.xlsx"
    write_frame(path, load_frame("template"))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Sheet", "Instructions"]
    lists = {v.formula1 for v in book["Sheet"].data_validations.dataValidation}
    assert '"true,false"' in lists
    head = [c.value for c in book["Sheet"][1]]
    book["Sheet"].append(
        [{"id": "Z9", "label": "Noise", "examples": "- Too loud\n- I hear nothing\n\nDrills"}.get(h)
         for h in head]
    )  # fmt: skip
    book.save(path)
    assert load_frame(path)["Z9"].examples == ("Too loud", "I hear nothing", "Drills")
    extra = book.create_sheet("old")
    extra.append(["id", "label"])
    extra.append(["Q", "Quiet"])
    book.save(path)
    with pytest.warns(UserWarning, match="sheet 'Sheet' was read; left: 'old'"):
        assert "Q" not in {t.id for t in load_frame(path).themes}
