from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.qda.load import coders_in, load_codes

FRAME = ThemeFrame(
    name="f",
    themes=(
        Theme(id="W", label="Wellbeing", codable=False),
        Theme(id="W1", label="Feeling Low", parent="W"),
        Theme(id="W2", label="Feeling well", parent="W"),
        Theme(id="S", label="System", codable=False),
        Theme(id="S1", label="Caseload", parent="S"),
        Theme(id="S2", label="Targets", parent="S"),
        Theme(id="S2a", label="Recovery target", parent="S2"),
    ),
)
LONG = pd.DataFrame(
    {
        "response_id": ["r1", "r1", "r2", "r3", "r1"],
        "theme": ["W1", " caseload ", "", "FEELING LOW", "W1"],
    }
)
WIDE = pd.DataFrame({"response_id": ["r1", "r2"], "Caseload": [1, 0], "W1": [True, None]})


def codes(**changes):
    parts = {
        "coder": "one",
        "kind": "human",
        "themes": ("W1", "S1"),
        "seen": pd.DataFrame({"response_id": ["a", "b"], "respondent_id": ["p", ""]}),
        "table": pd.DataFrame({"response_id": ["a"], "theme": ["W1"], "score": [np.nan]}),
    }
    return Codes(**{**parts, **changes})


def test_long_table_matches_ids_and_labels_and_keeps_responses_without_a_theme():
    before = LONG.copy()
    got = load_codes(LONG, frame=FRAME)
    assert got.coder == "human"
    assert got.kind == "human"
    assert got.themes == ("W1", "W2", "S1", "S2", "S2a")
    assert list(got.seen["response_id"]) == ["r1", "r2", "r3"]
    assert list(got.table.itertuples(index=False, name=None))[:1][0][:2] == ("r1", "W1")
    assert got.matrix(["r3", "r1", "r2"], ["S1", "W1"]).tolist() == [
        [False, True],
        [True, True],
        [False, False],
    ]
    assert got.table["score"].isna().all()
    assert got.labels["S1"] == "Caseload"
    pd.testing.assert_frame_equal(LONG, before)


def test_wide_table_takes_its_columns_as_the_themes_that_could_be_given():
    got = load_codes(WIDE, frame=FRAME)
    assert got.themes == ("W1", "S1")
    assert got.matrix().tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("table", [LONG, WIDE], ids=["long", "wide"])
def test_files_give_the_same_codes_as_the_table(tmp_path, suffix, table):
    path = tmp_path / f"codes.{suffix}"
    if suffix == "csv":
        table.to_csv(path, index=False, encoding="utf-8-sig")
    else:
        table.to_excel(path, index=False)
    got, wanted = load_codes(path, frame=FRAME), load_codes(table, frame=FRAME)
    pd.testing.assert_frame_equal(got.table, wanted.table)
    pd.testing.assert_frame_equal(got.seen, wanted.seen)


def test_whole_numbers_read_as_floats_are_ids_without_a_point():
    table = pd.DataFrame({"response_id": [101.0, 102.0, np.nan], "theme": ["W1", None, None]})
    assert list(load_codes(table, frame=FRAME).seen["response_id"]) == ["101", "102"]


def test_blank_rows_and_unnamed_blank_columns_are_passed_over(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("response_id,W1,\nr1,1,\n,,\nr2,0,\n", encoding="utf-8")
    assert list(load_codes(path, frame=FRAME).seen["response_id"]) == ["r1", "r2"]


def test_respondents_are_read():
    table = LONG.assign(respondent_id=["p", "p", "q", "p", "p"])
    assert list(load_codes(table, frame=FRAME).seen["respondent_id"]) == ["p", "q", "p"]


def test_one_of_several_coders():
    table = LONG.assign(coder=["B", "A", "A", "B", "B"])
    assert coders_in(table) == ("B", "A")
    assert coders_in(LONG) == ()
    got = load_codes(table, frame=FRAME, coder="A")
    assert (got.coder, list(got.seen["response_id"])) == ("A", ["r1", "r2"])
    assert load_codes(table[table["coder"] == "B"], frame=FRAME).coder == "B"
    for kwargs in ({}, {"coder": "C"}):
        with pytest.raises(InputError, match="'B', 'A'"):
            load_codes(table, frame=FRAME, **kwargs)


def test_roll_up_is_a_union():
    table = pd.DataFrame(
        {"response_id": ["a", "a", "a", "b"], "theme": ["W1", "W2", "S2a", "S1"],
         "score": [0.2, 0.9, np.nan, 0.5]}
    )  # fmt: skip
    got = codes(themes=("S1", "S2a", "W1", "W2"), table=table).roll_up(FRAME)
    assert got.themes == ("W", "S")
    assert got.matrix().tolist() == [[True, True], [False, True]]
    score = got.table.set_index(["response_id", "theme"])["score"]
    assert score["a", "W"] == 0.9
    assert np.isnan(score["a", "S"])
    assert got.labels == {"W": "Wellbeing", "S": "System"}
    again = got.roll_up(FRAME)
    assert again.matrix().tolist() == got.matrix().tolist()


def test_roll_up_needs_the_frame_of_the_themes():
    with pytest.raises(InputError, match="'X9'"):
        codes(themes=("W1", "X9")).roll_up(FRAME)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=8))
def test_long_and_wide_agree(cells):
    themes = [t.id for t in FRAME.codable]
    ids = [f"r{i}" for i in range(len(cells))]
    wide = pd.DataFrame(np.array(cells).astype(int), columns=themes)
    wide.insert(0, "response_id", ids)
    rows = [
        (i, t)
        for i, row in zip(ids, cells, strict=True)
        for t in ([t for t, yes in zip(themes, row, strict=True) if yes] or [""])
    ]
    long = pd.DataFrame(rows, columns=["response_id", "theme"])
    one, two = load_codes(wide, frame=FRAME), load_codes(long, frame=FRAME)
    assert one.matrix().tolist() == two.matrix().tolist() == cells
    domains = one.roll_up(FRAME).matrix()
    assert domains.tolist() == [[any(r[:2]), any(r[2:])] for r in cells]


@pytest.mark.parametrize(
    ("table", "match"),
    [
        (LONG.assign(theme=["X1", "Y2", "", "W1", "Z3"]), "'X1', 'Y2', 'Z3'"),
        (LONG.assign(theme=["W", "Wellbeing", "", "W1", "W1"]), "headings.*'W', 'Wellbeing'"),
        (LONG.assign(theme=["W1", "W1", "", "W1", ""]), "both a blank and a theme for 'r1'"),
        (LONG.rename(columns={"response_id": "id"}), "column 'response_id'"),
        (LONG.assign(response_id=["r1", "", "r2", "r3", "r1"]), r"blank in row\(s\) 3"),
        (LONG.assign(respondent_id=["p", "q", "q", "p", "p"]), "more than one for 'r1'"),
        (LONG.assign(coder=["A", "", "A", "A", "A"]), "column 'coder'"),
        (LONG[:0], "at least one row"),
        (WIDE.assign(Caseload=[2, "maybe"]), "'2', 'maybe' in column 'Caseload'"),
        (WIDE.assign(response_id="r1"), "'r1' more than once"),
        (WIDE.assign(S1=0), "'S1' more than once"),
        (WIDE.assign(X1=0, Y2=1), "'X1', 'Y2'"),
        (WIDE[["response_id"]], "one column per theme"),
        (pd.DataFrame([["a", 1, 1]], columns=["response_id", "W1", "W1"]), "column names"),
    ],
)  # fmt: skip
def test_bad_tables(table, match):
    with pytest.raises(InputError, match=match):
        load_codes(table, frame=FRAME)


def test_a_shared_label_names_no_theme():
    twice = replace(FRAME, themes=(*FRAME.themes, Theme(id="S9", label="caseload", parent="S")))
    with pytest.raises(InputError, match="'caseload'"):
        load_codes(LONG, frame=twice)


def test_a_close_name_is_suggested():
    with pytest.raises(InputError, match="Did you mean 'Caseload'"):
        load_codes(WIDE.rename(columns={"Caseload": "Caselaod"}), frame=FRAME)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.csv", b"", "must have a header and rows; got an empty file"),
        ("a.csv", b"response_id,W1\n", "at least one row"),
        ("a.csv", b"response_id,W1\nr1,1,1\n", "line\\(s\\) 2\\."),
        ("a.csv", b"response_id,W1\nr1,1\nr2,1,1,1\n", "line\\(s\\) 3\\."),
        ("a.csv", "response_id,theme\nr1,é".encode("latin-1"), "themes must be ids .* got 'é'"),
        ("a.xlsx", b"not a workbook", "must be an .xlsx workbook"),
        ("a.doc", b"x", "must end in .csv, .dta"),
    ],
)
def test_bad_files(tmp_path, name, content, match):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=match):
        load_codes(path, frame=FRAME)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        coders_in(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"kind": "robot"}, "kind"),
        ({"themes": ()}, "at least one"),
        ({"themes": ("W1", "W1")}, "more than once"),
        ({"seen": pd.DataFrame({"response_id": ["a"]})}, "respondent_id"),
        ({"seen": pd.DataFrame({"response_id": ["a", "a"], "respondent_id": ""})}, "'a' more"),
        ({"table": pd.DataFrame({"response_id": ["z"], "theme": ["W1"], "score": [1.0]})}, "'z'"),
        ({"table": pd.DataFrame({"response_id": ["a"], "theme": ["X"], "score": [1.0]})}, "'X'"),
        ({"table": pd.DataFrame({"response_id": "a", "theme": "W1", "score": [1, 2]})}, "once"),
    ],
)
def test_bad_codes(changes, match):
    with pytest.raises(InputError, match=match):
        codes(**changes)


def test_matrix_refuses_what_was_not_seen_or_could_not_be_given():
    with pytest.raises(InputError, match="'z'"):
        codes().matrix(["a", "z"])
    with pytest.raises(InputError, match="'W2'"):
        codes().matrix(themes=["W2"])


def test_tables_given_are_copied():
    seen = pd.DataFrame({"response_id": ["a"], "respondent_id": ["p"]})
    got = codes(seen=seen)
    seen.loc[0, "response_id"] = "changed"
    assert got.seen["response_id"].tolist() == ["a"]


def test_respondents_come_from_the_survey(survey):
    table = pd.DataFrame({"response_id": ["r1", "r0", "elsewhere"], "theme": ["W1", "", "W2"]})
    codes = load_codes(table, frame=FRAME).with_respondents(survey)
    assert codes.seen["respondent_id"].tolist() == ["p1", "p0", ""]
    own = pd.DataFrame({"response_id": ["r1"], "theme": ["W1"], "respondent_id": ["mine"]})
    kept = load_codes(own, frame=FRAME).with_respondents(survey)
    assert kept.seen["respondent_id"].tolist() == ["mine"]


def test_what_a_coder_learned_from_stays_with_the_codes():
    both = replace(codes(), trained_on={"a"}, picked=["b"])
    rolled = both.roll_up(FRAME)
    assert rolled.trained_on == both.trained_on == frozenset("a")
    assert rolled.picked == frozenset("b")
    with pytest.raises(InputError, match="`trained_on` of Codes must be a set of texts"):
        replace(codes(), trained_on="a")
