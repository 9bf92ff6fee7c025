"""Decisions on topics go out as a sheet, come back as edits, and follow topics to another fit."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics._base.sheets import read_sheet
from iapt_topics.topics.edit_sheet import (
    place_decisions,
    read_decisions,
    read_topic_sheet,
    write_decisions,
    write_topic_sheet,
)
from iapt_topics.topics.edits import edit_topics

WHEN = "2026-03-01T10:00:00+00:00"


@pytest.fixture
def fill(grouped, tmp_path):
    def fill(*cells, ending="csv", topics=None):
        """A sheet with cells filled in: topic, column, value."""
        path = write_topic_sheet(tmp_path / f"sheet.{ending}", topics or grouped.topics)
        sheet = read_sheet(path, "sheet")
        for topic, column, value in cells:
            sheet.loc[sheet["topic"] == str(topic), column] = value
            if column in ("name", "merge_with", "leave_out") and value:
                sheet.loc[sheet["topic"] == str(topic), ["who", "why"]] = "Ann", "read them"
        path = tmp_path / "filled.csv"
        sheet.to_csv(path, index=False)
        return path

    return fill


def edits_of(found):
    return [(e.action, e.topics, e.label, e.who, e.why, e.when) for e in found.edits]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_sheet_comes_back_as_edits(grouped, fill, ending, tmp_path):
    path = fill(
        (0, "name", "Pay  now"), (1, "merge_with", "3"), (4, "merge_with", "1.0"),
        (5, "leave_out", "Yes"), ending=ending,
    )  # fmt: skip
    found = read_topic_sheet(path, grouped.topics, when=WHEN)
    by = ("Ann", "read them", WHEN)
    assert edits_of(found) == [
        ("rename", (0,), "Pay now", *by),
        ("merge", (1, 3, 4), "", *by),
        ("leave out", (5,), "", *by),
    ]
    kept = read_decisions(write_decisions(tmp_path / "kept.json", found))
    assert kept.edits == found.edits
    assert kept.topic_of == found.topic_of
    # The next sheet has them, and says the same when nobody changes it.
    again = write_topic_sheet(tmp_path / "again.csv", grouped.topics, found.edits)
    assert read_topic_sheet(again, grouped.topics).edits == found.edits
    edited = edit_topics(grouped.topics, found.edits, grouped.responses, grouped.embeddings)
    assert edited.n_topics == grouped.topics.n_topics - 3


WRONG = {
    "no who": ([(0, "name", "Pay"), (0, "who", "")], "row 2: topic 0 needs who for its decision"),
    "no why": ([(1, "leave_out", "yes"), (1, "why", "")], "row 3: topic 1 needs why"),
    "who alone": ([(0, "who", "Ann")], "topic 0 has who or why, and no decision"),
    "itself": ([(2, "merge_with", "2")], "topic 2 cannot be merged with '2'"),
    "none such": ([(2, "merge_with", "9")], "topic 2 cannot be merged with '9'"),
    "two names": (
        [(0, "name", "Pay"), (1, "merge_with", "0"), (1, "name", "Money")],
        "topic 0 has the names 'Pay' and 'Money'",
    ),
    "left out and named": ([(0, "leave_out", "yes"), (0, "name", "x")], "left out, and named"),
    "merged with one left out": (
        [(0, "leave_out", "yes"), (1, "merge_with", "0")],
        "topic 0 is one with a topic that is left out",
    ),
    "perhaps": ([(0, "leave_out", "perhaps")], "has 'perhaps' under leave_out"),
    "nothing stays": ([(t, "leave_out", "yes") for t in range(6)], "every topic is left out"),
    "a row is gone": ([(3, "topic", "")], "others: topic "),
    "another topic's row": ([(3, "words", "cats, dogs")], "others: topic 3"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_fault_of_a_sheet_is_named(grouped, fill, case):
    cells, said = WRONG[case]
    with pytest.raises(InputError) as error:
        read_topic_sheet(fill(*cells), grouped.topics)
    assert said in str(error.value)


def test_rows_that_are_gone_or_twice_are_named(grouped, fill, tmp_path):
    sheet = pd.read_csv(fill(), dtype=str, keep_default_na=False)
    sheet.drop(index=2).to_csv(tmp_path / "gone.csv", index=False)
    with pytest.raises(InputError, match="the row of topic 2 is gone"):
        read_topic_sheet(tmp_path / "gone.csv", grouped.topics)
    pd.concat([sheet, sheet.iloc[[1]]]).to_csv(tmp_path / "twice.csv", index=False)
    with pytest.raises(InputError, match="topic 1 stands in an earlier row"):
        read_topic_sheet(tmp_path / "twice.csv", grouped.topics)


def renumbered(topics):
    """The same topics with their numbers turned round, and one of them gone to pieces."""
    n = topics.n_topics
    rows = topics.assignments.assign(topic=n - 1 - topics.assignments["topic"])
    rows.loc[rows["topic"] == 0, "topic"] = 1
    return replace(topics, assignments=rows)


def test_decisions_follow_their_topics_and_what_is_lost_is_said(grouped, fill):
    path = fill((0, "name", "Pay"), (5, "leave_out", "yes"))
    found = read_topic_sheet(path, grouped.topics)
    placed = place_decisions(found, grouped.topics)
    assert placed == (found.edits, (), ())
    placed = place_decisions(found, renumbered(grouped.topics))
    assert [(e.action, e.topics) for e in placed.edits] == [("rename", (5,))]
    assert placed.moved[0].startswith("rename of topic 0 (Ann: read them) is now of 5 ")
    assert placed.lost[0].startswith("leave out of topic 5 (Ann: read them): no topic shares more")


def test_a_damaged_file_of_decisions_is_refused(tmp_path):
    for text in ("{}", '{"format": "other"}', "[" * 9, '{"format": 1, "edits": 3}'):
        (tmp_path / "d.json").write_text(text)
        with pytest.raises(InputError, match="must be as 'iapt-topics edits' keeps them"):
            read_decisions(tmp_path / "d.json")
