"""What ``init`` writes, ``run`` accepts; what is not certain, it asks."""

from __future__ import annotations

import sys

import pandas as pd
import pytest
from tool_files import BOOKS, NAMES, ROWS, SHAPES, TOOLS, book, frame_of

from iapt_topics import cli
from iapt_topics._base.events import ignore
from iapt_topics.cli._columns import describe_columns, guess_roles
from iapt_topics.cli.ask import _split_names
from iapt_topics.pipeline.execute_plan import load_survey
from iapt_topics.pipeline.people import read_people
from iapt_topics.pipeline.plan import read_plan

FRAME = "iapt_identity_system"


@pytest.fixture
def init(monkeypatch, capsys):
    def run(path, *words, keys=None):
        if keys is not None:
            answers = iter(keys)
            monkeypatch.setattr(
                "typer.prompt", lambda *_, default=None, **__: next(answers, default)
            )
        words = ("init", path, "--to", path.parent / "study.toml", *words)
        monkeypatch.setattr(sys, "argv", ["iapt-topics", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code, capsys.readouterr().err

    return run


def accepted(path):
    """The plan that stands beside a survey, if a run takes its survey and its frame."""
    plan = read_plan(path.parent)
    responses = load_survey(plan, ignore)
    read_people(plan.codes, plan.frame, responses, plan.code_map, ignore)
    assert len(responses.years) > 1
    return plan


def long(rows):
    """More rows of the same kind, so that a column can be told by its values."""
    return [
        (f"{ref}x{i}", year, f"{who}{i}", f"{text}, {i} times")
        for i in range(6)
        for ref, year, who, text in rows
    ]


@pytest.mark.parametrize("kind", SHAPES)
def test_a_run_accepts_what_init_writes_of_a_text_file(init, tmp_path, kind):
    path = tmp_path / "s.csv"
    path.write_text(SHAPES[kind][0], "utf-8", newline="")
    code, err = init(path, "--frame", FRAME, keys=[])
    assert code == 0, err
    plan = accepted(path)
    assert (plan.text, plan.year) == (("answer",), "year")
    assert plan.frame == FRAME


@pytest.mark.parametrize("kind", BOOKS)
def test_a_run_accepts_what_init_writes_of_a_workbook(init, tmp_path, kind):
    how, said = BOOKS[kind]
    rows = [*how.get("above", ()), NAMES, *ROWS]
    sheets = how.get("sheets", ())
    if "first" in how:
        rows, sheets = how["first"], [("answers", rows)]
    path = book(tmp_path / "s.xlsx", rows, sheets=sheets, change=how.get("change"))
    code, err = init(path, "--yes", "--frame", FRAME)
    if code:  # what is not certain is asked
        assert "must be certain" in err
        code, err = init(path, "--frame", FRAME, keys=[])
    assert code == 0, err
    assert accepted(path).text[-1] == "answer"
    assert len(said) <= err.count("Note: ")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_run_accepts_what_init_writes_of_a_tools_export(init, tmp_path, tool):
    writer, ending = TOOLS[tool]
    table = frame_of([(y, f"p{i % 7}", "driver" if i % 3 else "clerk", f"{t} on line {i}")
                      for i in range(24) for y, t in [(2015 + i % 3, ROWS[i % 6][3])]])  # fmt: skip
    path = tmp_path / f"s{ending}"
    writer(table, path)
    code, err = init(path, "--frame", FRAME, keys=[])
    assert code == 0, err
    plan = accepted(path)
    assert (plan.text, plan.year, plan.covariates) == (("comment",), "year", ("role",))
    # A name alone makes nobody the respondent: here seven people recur, and are asked about.
    assert plan.respondent == "person"


def test_covariates_named_like_columns_of_ours_are_not_proposed():
    table = pd.DataFrame(long(ROWS), columns=NAMES).assign(
        wave=[str(i % 3) for i in range(36)], status=["x", "y"] * 18, weight="1.5",
        month=["May", "June"] * 18, q1=[str(i % 5) for i in range(36)], team=["A", "B", "C"] * 12,
        stage=["one", "two", "three"] * 12,
    )  # fmt: skip
    guess = guess_roles(describe_columns(table))
    assert guess.covariates == ("team", "stage")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("staff", ["yes", "no"] * 18),
        ("user", ["anonymous"] * 36),
        ("member since", ["2001", "2002", "2003"] * 12),
        ("participant", ["1", "2", "3"] * 12),
    ],
)
def test_a_name_alone_makes_no_one_the_respondent(name, values):
    table = pd.DataFrame(long(ROWS), columns=NAMES).drop(columns="who").assign(**{name: values})
    assert guess_roles(describe_columns(table)).respondent is None


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("date of birth", [f"{1990 + i % 9}-02-01" for i in range(36)]),
        ("year of birth", [str(1991 + i % 9) for i in range(36)]),
        ("years in post", [str(i % 30) for i in range(36)]),
        ("period", [""] + ["2019"] * 35),
    ],
)
def test_a_name_alone_makes_nothing_the_year(name, values):
    table = pd.DataFrame(long(ROWS), columns=NAMES).drop(columns="year").assign(**{name: values})
    assert guess_roles(describe_columns(table)).year is None


def test_what_is_not_certain_stops_yes_with_the_question(init, tmp_path):
    table = pd.DataFrame(long(ROWS), columns=NAMES)
    table["year"] = "2019"
    table.to_csv(tmp_path / "s.csv", index=False)
    code, err = init(tmp_path / "s.csv", "--yes", "--frame", FRAME)
    assert code == 2
    assert (
        "the column of the year must be certain to be taken with --yes; got 'year': 1 diff" in err
    )
    assert not (tmp_path / "study.toml").exists()
    two = pd.DataFrame(long(ROWS), columns=NAMES).rename(columns={"year": "started"})
    two["ended"] = two["started"]
    two.to_csv(tmp_path / "s.csv", index=False)
    code, err = init(tmp_path / "s.csv", "--yes", "--frame", FRAME)
    assert (code, "'started'" in err, "or 'ended'" in err) == (2, True, True)


def test_an_answer_that_a_run_would_refuse_is_asked_for_again(init, tmp_path):
    table = pd.DataFrame(long(ROWS), columns=NAMES).assign(other=["2016"] * 35 + [""])
    table.to_csv(tmp_path / "s.csv", index=False)
    wrong = ["answer", "other", "who", "ref", "-", "-"]
    right = ["answer", "2", "who", "ref", "-", "-", "-", FRAME]
    code, err = init(tmp_path / "s.csv", keys=wrong + right)
    assert code == 0, err
    assert "must have a year in each row" in err
    assert accepted(tmp_path / "s.csv").year == "year"


def test_the_frame_is_asked_for_and_never_taken_on_enter(monkeypatch, tmp_path):
    pd.DataFrame(long(ROWS), columns=NAMES).to_csv(tmp_path / "s.csv", index=False)
    asked = {}

    def prompt(text, default=None, **_):
        asked[text] = default
        return default if default is not None else FRAME

    monkeypatch.setattr("typer.prompt", prompt)
    words = ["init", str(tmp_path / "s.csv"), "--to", str(tmp_path / "study.toml")]
    monkeypatch.setattr(sys, "argv", ["iapt-topics", *words])
    with pytest.raises(SystemExit):
        cli.main()
    (question,) = [q for q in asked if q.startswith("Your codebook")]
    assert asked[question] is None
    assert "NHS talking-therapy staff only" in question
    assert accepted(tmp_path / "s.csv").frame == FRAME


def test_names_of_columns_may_hold_commas():
    names = ["What, if anything, harms?", "What", "id", "3"]
    assert _split_names("What, if anything, harms?, id", names) == [names[0], "id"]
    assert _split_names("What, id", names) == ["What", "id"]
    assert _split_names("1, 2", names) == names[:2]
    assert _split_names("3", names) == ["3"]
    with pytest.raises(ValueError, match="No column 'idd'"):
        _split_names("What, idd", names)
