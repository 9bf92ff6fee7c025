from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from conftest import write
from hypothesis import example, given
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.survey.responses import STATUSES, Responses, load_responses

HOSTILE = [
    "a\x00b",
    "\u202eright to left",
    "\U0001f62d",
    "long " * 40_000,
    "\ud800 half",
    "=1+1",
    "a\r\nb",
]
SURVEY = (
    "id,who,year,comment,role\n1,a,2016,Too many targets,PWP\n2,b,2017,NA,HI\n3,,2017,None,HI\n"
)


def load(source, **more):
    return load_responses(source, **({"text": "comment", "year": "year"} | more))


def table(texts, years=2016, **more):
    return pd.DataFrame({"comment": pd.Series(texts, dtype=object), "year": years, **more})


def test_every_row_has_a_status_and_the_ledger_counts_it():
    texts = ["Good team", " good  TEAM", "n/a", " \u200b\u3164", "Good team", "Good team", ""]
    people = ["p", "p", "p", "p", "p", "q", "q"]
    years = [2016, 2016, 2016, 2016, 2017, 2016, 2017]
    found = load(table(texts, years, who=people), respondent="who")
    status = ["kept", "duplicate", "non_answer", "blank", "kept", "kept", "blank"]
    assert found.table["status"].tolist() == status
    assert found.table["text"].tolist() == [*texts[:3], "", *texts[4:]]
    assert found.kept["response_id"].tolist() == ["1", "5", "6"]
    assert (len(found), found.years, found.source) == (3, (2016, 2017), "table")
    ledger = found.ledger
    assert ledger.columns.tolist() == ["year", "question", "status", "n"]
    assert ledger["n"].tolist() == [2, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0]
    assert ledger["status"].tolist() == [*STATUSES, *STATUSES]
    assert not found.synthetic


def test_columns_take_their_roles_and_covariates_keep_their_names():
    source = table(["a b", "c d"], [2016.0, 2017.0], rid=[" r1", "r2 "], who=[1.0, np.nan],
                   item=["Q1 ", None], role=["PWP", None])  # fmt: skip
    found = load(source, response="rid", respondent="who", question="item", covariates=["role"])
    assert found.table.to_dict("list") == {
        "response_id": ["r1", "r2"],
        "respondent_id": ["1", "row:r2"],
        "year": [2016, 2017],
        "question": ["Q1", ""],
        "text": ["a b", "c d"],
        "status": ["kept", "kept"],
        "reason": ["", ""],
        "copy_of": ["", ""],
        "role": ["PWP", ""],
    }
    assert found.table["year"].dtype == "int64"


def test_ids_default_to_the_column_or_the_row():
    assert load(table(["a b", "c d"])).table["response_id"].tolist() == ["1", "2"]
    own = load(table(["a b", "c d"], response_id=["x", "y"]))
    assert own.table["response_id"].tolist() == own.table["respondent_id"].tolist() == ["x", "y"]


def test_a_wide_file_gives_one_response_for_each_row_and_question():
    source = pd.DataFrame(
        {"q1": ["Pay is low", "", "n/a"], "year": 2016, "q2": ["pay is low.", "No rooms", "Phones"],
         "role": ["x", "y", "z"], "w": ["1.5", 2, 1]}
    )  # fmt: skip
    found = load(source, text=["q2", "q1"], covariates=["role"], weight="w").table
    assert found["response_id"].tolist() == ["1:q2", "1:q1", "2:q2", "2:q1", "3:q2", "3:q1"]
    assert found["respondent_id"].tolist() == ["1", "1", "2", "2", "3", "3"]
    assert found["question"].tolist() == ["q2", "q1"] * 3
    # The same words to another question are another answer.
    status = ["kept", "kept", "kept", "blank", "kept", "non_answer"]
    assert found["status"].tolist() == status
    assert found["reason"].tolist() == ["", "", "", "blank", "", "not applicable"]
    assert found["copy_of"].tolist() == ["", "", "", "", "", ""]
    assert found["role"].tolist() == ["x", "x", "y", "y", "z", "z"]
    assert found["weight"].tolist() == [1.5, 1.5, 2, 2, 1, 1]
    with pytest.raises(InputError, match="several beside the column 'role'"):
        load(source, text=["q1", "q2"], question="role")


PARAGRAPH = "The targets have taken over and nobody asks how we are or how the work is going "


def test_pasted_paragraphs_of_one_person_are_one_opinion_and_of_two_are_flagged():
    texts = [PARAGRAPH, f"{PARAGRAPH} - thanks.", "Pay", PARAGRAPH.upper(), "pay", "Pay"]
    found = load(table(texts, who=["p", "p", "p", "q", "q", "p"]), respondent="who")
    status = ["duplicate", "kept", "kept", "kept", "kept", "duplicate"]
    assert found.table["status"].tolist() == status
    assert found.table["copy_of"].tolist() == ["2", "", "", "2", "", "3"]
    assert found.notes == (
        "the table: 1 kept response(s) of 8 words or more are copies or near copies of another "
        "person's (in Python: column copy_of of the responses' table).",
    )


@pytest.mark.slow
@given(st.permutations(range(9)))
def test_which_copies_are_kept_does_not_hang_on_the_order_of_the_rows(order):
    # The first is like the second and the second like the third, but the first unlike the third.
    words = PARAGRAPH.split()
    near = [" ".join([*words[i:], *words[:i], "and so on"]) for i in range(3)]
    texts = [*near, PARAGRAPH, PARAGRAPH.upper(), f"{PARAGRAPH} ok", "Pay", "pay", PARAGRAPH]
    source = table(texts, who=[*"ppppqppqq"])
    shuffled = source.iloc[list(order)]

    def kept(found):
        return sorted(zip(found.kept["respondent_id"], found.kept["text"], strict=True))

    assert kept(load(shuffled, respondent="who")) == kept(load(source, respondent="who"))


@pytest.mark.parametrize(
    ("texts", "more", "status"),
    [
        (["10", "x1", "A&E", "\u5fd9", "\U0001f62d", "5/5"], {},
         ["too_short", "too_short", "kept", "kept", "kept", "too_short"]),
        (["Pay", "More pay please"], {"min_words": 2}, ["too_short", "kept"]),
        (["Word " * 20_001, "Pay"], {}, ["not_codable", "kept"]),
    ],
)  # fmt: skip
def test_texts_that_say_too_little_or_too_much(texts, more, status):
    assert load(table(texts), **more).table["status"].tolist() == status


def test_a_cell_of_two_megabytes_takes_no_time(tmp_path):
    path = write(
        tmp_path / "s.csv", f"year,comment\n2016,{'Dr Jones said a@b.co ' * 100_000}\n2016,Pay\n"
    )
    found = load(path)
    assert found.table["status"].tolist() == ["not_codable", "kept"]
    assert len(found.table["text"][0]) == 2_100_000


def test_waves_have_an_order_and_labels():
    source = table(["a b", "c d", "e f"], ["Follow-up ", "baseline", "Follow-up"])
    found = load(source, waves=("Baseline", "Follow-up"))
    assert found.table["year"].tolist() == [2, 1, 2]
    assert found.wave_labels == {1: "Baseline", 2: "Follow-up"}
    spans = load(table(["a b", "c d"], ["2014/15", "2015-2016"]))
    assert spans.wave_labels == {2014: "2014/15", 2015: "2015/16"}
    plain = load(table(["a b", "c d"], [2014, 2016]))
    assert plain.wave_labels == {2014: "2014", 2016: "2016"}
    assert "wave" not in plain.table


def test_rows_without_anything_are_said_and_ids_stay_the_rows(tmp_path):
    path = write(tmp_path / "s.csv", "year,comment\n2016,a b\n,\n ,\n2016,\n2017,c d\n")
    found = load(path)
    assert found.table["response_id"].tolist() == ["1", "4", "5"]
    assert found.notes == ("survey 's.csv': 2 row(s) that hold nothing are left out: 2, 3.",)


def test_people_whose_ids_differ_by_case_are_said():
    found = load(table(["a b", "c d"], who=["P 1", "p1"]), respondent="who")
    assert found.findings["kind"].tolist() == ["near ids"]
    assert found.table["respondent_id"].tolist() == ["P 1", "P 1"]


@pytest.mark.parametrize("weight", [0, -1, "much", "", np.inf])
def test_weights_are_above_zero(weight):
    with pytest.raises(InputError, match=r"1 other value\(s\)"):
        load(table(["a b", "c d"], w=[1.0, weight]), weight="w")


def test_own_rules(tmp_path):
    rules = write(tmp_path / "r.toml", "[[rule]]\nname='moo'\npattern='moo+'\nexamples=['Moo!']\n")
    found = load(table(["mooo", "n/a"]), non_answers=rules)
    assert found.table["reason"].tolist() == ["moo", ""]


@given(
    st.dictionaries(
        st.sampled_from(["year", "comment", "who", "id", "x", ""]),
        st.lists(
            st.one_of(st.text(max_size=5), st.none(), st.integers(2010, 2030), st.floats(),
                      st.booleans(), st.dates(), st.binary(max_size=3)),
            min_size=3, max_size=3,
        ),
    )
)  # fmt: skip
@example({"year": [None, "", ""], "comment": ["", "", ""]})
def test_any_table_reconciles_or_is_refused_in_one_line(columns):
    source = pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in columns.items()})
    before = source.copy(deep=True)
    said, n = "", 0
    try:
        found = load(source, respondent="who" if "who" in columns else None)
        n = int(found.ledger["n"].sum())
        assert n == len(found.table)
        assert n == 3 - sum("hold nothing" in note for note in found.notes) or found.notes
    except InputError as error:
        said = str(error)
    assert bool(said) != bool(n)
    assert "\n" not in said
    pd.testing.assert_frame_equal(source, before)


CELL = st.one_of(st.text(max_size=6), st.sampled_from(["n/a", "Pay", "pay ", "", None, np.nan, 5]))


@given(st.lists(st.tuples(CELL, st.integers(2014, 2016), st.sampled_from(["p", "q", "", None]),
                          st.sampled_from(["Q1", "Q2", ""])), max_size=12))  # fmt: skip
def test_each_row_is_counted_once_and_the_input_is_unchanged(rows):
    rows = [*rows, ("A real answer", 2016, "z", "Q1")]
    given_table = pd.DataFrame(rows, columns=["comment", "year", "who", "item"], dtype=object)
    given_table.index = given_table.index[::-1]
    before = given_table.copy(deep=True)
    found = load(given_table, respondent="who", question="item")
    pd.testing.assert_frame_equal(given_table, before)
    assert found.table["response_id"].tolist() == [str(i + 1) for i in range(len(rows))]
    assert found.table["year"].tolist() == [r[1] for r in rows]
    ledger = found.ledger
    assert ledger["n"].sum() == len(rows)
    assert ledger.loc[ledger["status"] == "kept", "n"].sum() == len(found) == len(found.kept)
    assert not ledger.duplicated(["year", "question", "status"]).any()
    kept = found.kept.assign(text=found.kept["text"].str.casefold().str.split().str.join(" "))
    assert not kept.duplicated(["respondent_id", "year", "question", "text"]).any()


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), max_size=6))
def test_a_file_gives_back_what_was_typed(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("files") / "survey.csv"
    source = table([*texts, "A real answer"])
    source.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    pd.testing.assert_frame_equal(load(path).table, load(source).table)


def test_hostile_text_is_carried():
    found = load(table(HOSTILE))
    status = ["kept", "kept", "kept", "not_codable", "kept", "too_short", "kept"]
    assert found.table["status"].tolist() == status
    assert "unclosed quotation mark" in found.notes[0]
    assert found.table["text"].tolist() == [t.replace("\ud800", "?") for t in HOSTILE]


def test_files_are_read_as_typed(tmp_path):
    found = load(write(tmp_path / "s.csv", SURVEY), respondent="who", covariates=["role"])
    assert found.table["text"].tolist() == ["Too many targets", "NA", "None"]
    assert found.table["status"].tolist() == ["kept", "non_answer", "non_answer"]
    assert found.table["respondent_id"].tolist() == ["a", "b", "row:3"]
    assert found.source == "s.csv"
    tabs = load(write(tmp_path / "s.TSV", SURVEY.replace(",", "\t")), respondent="who")
    assert tabs.table["text"].tolist() == found.table["text"].tolist()


def test_workbook(tmp_path):
    source = table(["NA", "Pay is low", None, 5, True], [2016, "2016", 2017.0, "2017.0", 2018])
    source.to_excel(tmp_path / "s.xlsx", index=False)
    found = load(tmp_path / "s.xlsx")
    assert found.table["text"].tolist() == ["NA", "Pay is low", "", "5", "TRUE"]
    assert found.table["year"].tolist() == [2016, 2016, 2017, 2017, 2018]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"year,comment\n", "at least one row"),
        (b"year,comment\n\n\n", "at least one row"),
        (b"year,comment,year\n2016,a b,2016\n", "'year' more than once"),
        (b"year,coment\n2016,a b\n", "Did you mean 'coment'"),
        (b"year,comment\n2016,\n2016,n/a\n2016,-\n", "1 blank, 2 non_answer"),
        (b"year,comment\n2015/17,a b\n2016.5,c\n3,d\n3,e\n", r"4 other value\(s\): '2015/17'"),
        (b"year,comment\n,a b\n2016,c d\n", r"none in data row\(s\) 1"),
        (b"year,comment,response_id\n2016,a b,r1\n2016,c d,R 1\n", "'r1', 'R 1'"),
        (b"year,comment,response_id\n2016,a b,1\n2016,c d, 1\n", "'1' more than once"),
        (b"year,comment,response_id\n2016,a b,1\n2016,c d, \n", r"none in data row\(s\) 2"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, content, said):
    with pytest.raises(InputError, match=said) as error:
        load(write(tmp_path / "s.csv", content))
    assert "\n" not in str(error.value)


def test_paths_that_cannot_be_used(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "no.csv")
    with pytest.raises(InputError, match="a folder"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"year": "comment"}, "'comment' more than once"),
        ({"covariates": ["role", "role"]}, "'role' more than once"),
        ({"covariates": ["year"]}, "must not have the name"),
        ({"covariates": ["status"]}, "must not have the name"),
        ({"covariates": "role"}, "must be a list"),
        ({"covariates": ["rol"]}, "Did you mean 'role'"),
        ({"respondent": "nobody"}, "column 'nobody'"),
    ],
)
def test_columns_that_cannot_be_used(more, said):
    with pytest.raises(InputError, match=said):
        load(table(["a b"], role="PWP", status="x"), **more)


def test_tables_that_cannot_be_used():
    for empty in (pd.DataFrame(), table([])):
        with pytest.raises(InputError, match="at least one row"):
            load(empty)
    twice = pd.concat([table(["a b"]), table(["c d"])], axis=1)
    with pytest.raises(InputError, match="'comment' more than once"):
        load(twice)
    for year in (True, 6, "2016 ish", 3000, np.inf):
        with pytest.raises(InputError, match="1 other value"):
            load(table(["a b"], [year]))


def test_responses_check_their_parts():
    good = load(table(["a b", "c d"])).table
    for bad, said in (
        (good.drop(columns="status"), "column 'status'"),
        (good.assign(year="2016"), "whole numbers"),
        (good.assign(text=[1, 2]), "'text' must be text"),
        (good.assign(status="lost"), "got 'lost'"),
        (good.assign(response_id="1"), "must be unique"),
        ({"text": []}, "must be a DataFrame"),
    ):
        with pytest.raises(InputError, match=said):
            Responses(table=bad, source="table")
    with pytest.raises(InputError, match="`source` of Responses must be a text"):
        Responses(table=good, source=None)
    with pytest.raises(InputError, match="`synthetic` of Responses must be True or False"):
        Responses(table=good, source="table", synthetic=1)


def with_people(people, status="kept"):
    ids = [f"r{i}" for i in range(len(people))]
    rows = {"response_id": ids, "respondent_id": people, "year": 2020, "question": "", "text": "x"}
    return Responses(table=pd.DataFrame(rows).assign(status=status), source="table")


def test_a_response_without_a_respondent_is_a_cluster_of_its_own():
    # "r3" is a respondent too, and another one than the response of that name.
    found = with_people(["p", "p", "", "", "r3"], ["kept", "kept", "kept", "kept", "kept"])
    cluster = found.cluster_id
    assert cluster.index.tolist() == found.kept["response_id"].tolist()
    assert cluster["r0"] == cluster["r1"]
    assert cluster.nunique() == 4
    assert with_people(["p", "", "q"], ["kept", "blank", "kept"]).cluster_id.index.tolist() == [
        "r0", "r2",
    ]  # fmt: skip


def test_what_is_written_into_the_kept_rows_stays_with_the_caller():
    found = with_people(["p", "q"])
    before = found.kept
    mine = found.kept
    mine["text"] = "mine"
    mine.loc[0, "respondent_id"] = "mine"
    mine["more"] = 1
    del mine["year"]
    pd.testing.assert_frame_equal(found.kept, before)
    assert len(found) == 2
    other = dataclasses.replace(found, table=found.table.assign(status=["kept", "blank"]))
    assert len(other.kept) == 1
