"""Who a row is of and when it was written: never guessed wrongly in silence."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.survey.dates import order_waves, readings, wave_order_is_told
from iapt_topics.survey.responses import load_responses
from iapt_topics.survey.waves import read_years
from iapt_topics.survey.who import clean_levels, clean_people, id_columns, row_ids


@pytest.mark.parametrize("word", ["NA", "NaN", "null", "None", "#N/A", "n/a", "Anonymous", "-"])
def test_words_for_nothing_are_no_person(word):
    ids, found = clean_people(["p1", word, word, "p2"], "who")
    assert ids == ["p1", "", "", "p2"]
    assert [(f.kind, f.n) for f in found] == [("unknown", 2)]


def test_words_for_nothing_are_no_level_but_some_say_something():
    levels, found = clean_levels(["driver", "NA", "NULL", "", "unknown"], "role")
    assert levels == ["driver", "", "", "", "unknown"]
    assert [(f.kind, f.n) for f in found] == [("unknown", 2)]


@pytest.mark.parametrize(
    ("ids", "expected", "kinds"),
    [
        (["101", "101.0", "102", "102.0"], ["101", "101", "102", "102"], ["near ids"]),
        (["7.0", "7.0", "7"], ["7", "7", "7"], ["near ids"]),
        (["Ann K", "ann k", "AnnK", "Bo"], ["Ann K", "Ann K", "Ann K", "Bo"], ["near ids"]),
        (["007", "7", "8"], ["007", "7", "8"], ["near ids"]),
        (["1.10123E+10", "1.10123E+10", "1.20E+11"], ["", "", "1.20E+11"], ["spoilt ids"]),
        (["p1", "p2", "p3"], ["p1", "p2", "p3"], []),
        (["shared"] * 12 + ["p1", "p2"], None, ["one id"]),
    ],
)
def test_ids_that_programs_spoil(ids, expected, kinds):
    got, found = clean_people(ids, "who")
    assert got == (expected or ids)
    assert [f.kind for f in found] == kinds


def test_rounded_ids_of_responses_are_refused_with_the_cure():
    table = pd.DataFrame({"id": ["1.1E+10", "1.1E+10"]})
    with pytest.raises(
        InputError, match=r"a spreadsheet has rounded, such as '1\.1E\+10'.*as text"
    ):
        row_ids(table, "the table", "id")


def test_levels_that_look_alike():
    levels, found = clean_levels(["PWP ", "pwp", "PWP", "Supervisor", "Supervisers", "Band 5",
                                  "Band 6"], "role")  # fmt: skip
    assert levels[:3] == ["PWP"] * 3
    assert [f.kind for f in found] == ["near levels"]
    levels, found = clean_levels(["Counsellor", "Counselor", "Band 5", "Band 6"], "role")
    assert levels == ["Counsellor", "Counselor", "Band 5", "Band 6"]
    assert [f.done for f in found] == [
        "levels look alike and are taken for different: 'Counsellor / Counselor'"
    ]


@given(st.lists(st.sampled_from(["a", "A", " a", "a.0", "1", "1.0", "01", "NA", "", "b"])))
def test_cleaned_ids_differ_by_more_than_spelling(ids):
    got, _ = clean_people(ids, "who")
    assert len(got) == len(ids)
    folded = {v: v.casefold().removesuffix(".0") for v in got if v}
    assert len(set(folded.values())) == len(folded)
    assert clean_people(got, "who")[0] == got


def test_columns_that_could_be_ids_of_responses():
    table = pd.DataFrame({
        "nr": ["4", "2", "9"], "order": ["1", "2", "3"],
        "when": ["1/2/2016", "2/2/2016", "3/2/2016"],
        "text": ["a b", "c d", "e f"], "role": ["x", "x", "y"],
    })  # fmt: skip
    assert id_columns(table, ()) == ["nr"]
    assert id_columns(table, ("nr",)) == []
    found = load_responses(table, text="text", year="when").findings
    assert found["kind"].tolist() == ["id column not named", "years"]


def test_a_panel_is_found_and_said():
    table = pd.DataFrame({"t": ["so so", "no no go", "it is", "well then"],
                          "y": [2016, 2016, 2017, 2017], "who": ["a", "b", "a", "c"]})  # fmt: skip
    found = load_responses(table, text="t", year="y", respondent="who").findings
    assert found[["kind", "n"]].to_numpy().tolist() == [["panel", 1]]


def test_one_column_may_be_the_response_and_the_respondent():
    table = pd.DataFrame({"t": ["so so", "no no go"], "y": 2016, "id": ["a", "b"], "z": ["", ""]})
    found = load_responses(table, text="t", year="y", response="id", respondent="id").table
    assert found["response_id"].tolist() == found["respondent_id"].tolist() == ["a", "b"]
    named = load_responses(table.set_index("id"), text="t", year="y", response="id").table
    assert named["response_id"].tolist() == ["a", "b"]
    with pytest.raises(InputError, match="'y' more than once"):
        load_responses(table, text="t", year="y", covariates=["y"])


NOTATIONS = {
    "20161231": "date", "1.3.2016 kl. 9.10": "date",
    "31.12.2016 9:10": "date", "12/31/2016 9:00:10 AM GMT": "date",
    "Thursday, 26 January 2016": "date", "January 26, 2016": "date",
    "26. Januar 2016 um 13:39": "date",
    "26 de enero de 2016": "date", "3 Chwefror 2016": "date", "2016-03": "date", "03/2016": "date",
    "2016-03-01T09:30:00.000Z": "date", "March 2016": "date", "2016 March": "date",
    "26/01/16": "short date", "1/26/16 9:00": "short date", "Mar-16": "short date",
    "Mar '16": "short date", "26-Jan-16": "short date", "2016 Q1": "quarter", "Q3 2016": "quarter",
    "2016/17 Q2": "quarter", "FY2016/17": "span", "AY 2016-17": "span", "2016 to 2017": "span",
    "Financial year 2016/17": "span", "FY2016": "fy", "FY16": "fy", "42430": "serial",
    "42430.375": "serial", "Spring 2016": "label", "Wave 3 (2016)": "label", "Survey 2016": "label",
}  # fmt: skip


@pytest.mark.parametrize("cell", NOTATIONS)
def test_notations_of_years(cell):
    found = readings(cell)
    assert NOTATIONS[cell] in found
    assert found[NOTATIONS[cell]].year == 2016


@pytest.mark.parametrize(
    "cell", ["2016/18", "13", "20169999", "90210", "Mar", "wave two", "12345", "31/31", "2016 ish",
             "room 2016b", "8 of 10", "1.5", "2016-2018"],
)  # fmt: skip
def test_what_is_no_notation_of_2016(cell):
    assert all(r.year != 2016 for r in readings(cell).values())


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["2016", "17"], "'17' beside|beside '17'"),
        (["2016/17", "2017"], "written in one way"),
        (["2016", "2017-03-01"], "written in one way"),
        (["16-03-01", "16-04-02", "17-05-03"], "one way only; got '16-03-01'"),
        (["Spring 2016", "Autumn 2016"], "one label for each year"),
        (["1980-01-01 00:00:00", "1980-01-01 00:00:00"], "LimeSurvey writes"),
    ],
)
def test_two_readings_are_refused(cells, said):
    with pytest.raises(InputError, match=said):
        read_years(cells, "when")


def test_a_column_has_one_reading():
    assert read_years(["2011-12", "2012-13"], "y")[1] == ["2011/12", "2012/13"]
    assert read_years(["2011-12", "2012-11"], "y")[1] == ["2011", "2012"]
    _, labels, found = read_years(["2011-12", "2011-12"], "y")
    assert labels == ["2011/12", "2011/12"]
    assert "could be months as well" in found[0].done
    assert read_years(["01/03/16", "28/03/16"], "y")[0] == [2016, 2016]
    assert read_years(["Spring 2018", "Spring 2017"], "y")[:2] == (
        [2018, 2017], ["Spring 2018", "Spring 2017"],
    )  # fmt: skip
    assert [f.kind for f in read_years(["1911"], "y")[2]] == ["years"]


@pytest.mark.parametrize(
    ("labels", "ordered", "told"),
    [
        (
            ("Autumn 2018", "Spring 2018", "Spring 2017"),
            ("Spring 2017", "Spring 2018", "Autumn 2018"),
            True,
        ),
        (("FY18/19", "FY16/17"), ("FY16/17", "FY18/19"), True),
        (("2018 Q1", "2017 Q4", "2017 Q2"), ("2017 Q2", "2017 Q4", "2018 Q1"), True),
        (("Wave 10", "Wave 2"), ("Wave 2", "Wave 10"), True),
        (("After", "Before"), ("Before", "After"), True),
        (("Follow-up", "Baseline"), ("Baseline", "Follow-up"), True),
        (("Blue", "Amber"), ("Blue", "Amber"), False),
    ],
)
def test_waves_are_ordered_by_what_their_labels_say(labels, ordered, told):
    assert order_waves(labels) == ordered
    assert wave_order_is_told(labels) == told


def test_waves_named_newest_first_do_not_run_backwards():
    years, labels, found = read_years(
        ["Spring 2018", "Spring 2017"], "wave", ("Spring 2018", "Spring 2017")
    )
    assert (years, labels) == ([2, 1], ["Spring 2018", "Spring 2017"])
    assert [f.kind for f in found] == ["years"]
    # An order that no year gainsays is the user's.
    assert read_years(["After", "Before"], "wave", ("After", "Before"))[0] == [1, 2]


WELSH = ["Dim byd", "Dim", "Amherthnasol", "Fel uchod", "Ddim yn gwybod", "Nac oes", "Dim sylw"]


@pytest.mark.parametrize("text", WELSH)
def test_welsh_non_answers(text):
    table = pd.DataFrame({"comment": [text, "Dim digon o staff yma"], "year": 2016})
    found = load_responses(table, text="comment", year="year").table
    assert found["status"].tolist() == ["non_answer", "kept"]


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("What would help?", "kept"), ("Q3. What harms your wellbeing?", "kept"),
        ("q1_harms", "kept"),
        ("Any other comments?", "non_answer"), ("comment", "non_answer"),
        ("What else would you like to tell us?", "non_answer"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["Nothing", "none", "Dim byd", "nothing at all"])
def test_nothing_answers_some_questions(question, status, text):
    table = pd.DataFrame({question: [text, "n/a", "Enough of it all"], "year": 2016})
    found = load_responses(table, text=question, year="year").table
    assert found["status"].tolist() == [status, "non_answer", "kept"]
    long = pd.DataFrame({"t": [text, "Enough of it all"], "q": question, "year": 2016})
    found = load_responses(long, text="t", question="q", year="year").table
    assert found["status"].tolist() == [status, "kept"]
