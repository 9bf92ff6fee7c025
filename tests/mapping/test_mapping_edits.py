import dataclasses

import numpy as np
import pandas as pd
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics._base.sheets import read_sheet, write_sheet
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.mapping.edits import (
    MappingEdits,
    apply_edits,
    read_edits,
    read_mapping,
    replay_edits,
    write_edits,
    write_mapping,
)
from iapt_topics.mapping.mapping import TopicMapping, mapping_coverage
from iapt_topics.topics.topics import TopicConfig, Topics

FRAME = ThemeFrame(
    name="n",
    themes=tuple(Theme(id=i, label=name) for i, name in (("A", "Pay"), ("B", "Team"), ("C", "=C"))),
)
WHEN = "2020-01-01T00:00:00+00:00"


def topics_of(labels):
    labels = np.asarray(labels)
    n_topics = int(labels.max()) + 1
    table = pd.DataFrame(
        {
            "topic": range(n_topics),
            "label": [f"label {t}" for t in range(n_topics)],
            "n": [int((labels == t).sum()) for t in range(n_topics)],
            "words": [f"=word{t}, other" for t in range(n_topics)],
        }
    )
    ids = [f"r{i}" for i in range(len(labels))]
    return Topics(
        assignments=pd.DataFrame({"response_id": ids, "topic": labels}),
        topics=table,
        hierarchy=pd.DataFrame(),
        resolution=pd.DataFrame(),
        runs=pd.DataFrame(),
        votes=labels[None],
        distribution=np.eye(int(labels.max()) + 1, dtype=np.float32)[labels],
        centroids=np.zeros((n_topics, 2), dtype=np.float32),
        config=TopicConfig(),
        versions={},
    )


OLD = topics_of([0] * 6 + [1] * 4 + [2] * 2 + [-1] * 3)


@pytest.fixture
def mapping():
    scores = pd.DataFrame(
        {
            "topic": np.repeat([0, 1, 2], 3),
            "label": np.repeat(["label 0", "label 1", "label 2"], 3),
            "theme": ["A", "B", "C"] * 3,
            "theme_label": ["Pay", "Team", "=C"] * 3,
            "score": [0.9, 0.5, 0.1, 0.8, 0.2, 0.1, 0.1, 0.0, 0.05],
            "low": 0.0,
            "high": 1.0,
            "n": np.repeat([6, 4, 2], 3),
            "chosen": [True, True, False, True, False, False, False, False, False],
            "decision": "",
            "note": "",
        }
    )
    return TopicMapping(scores=scores, frame=FRAME, threshold=0.3)


def edited(tmp_path, mapping, changes, *, ending="csv", extra=()):
    path = write_mapping(tmp_path / f"sheet.{ending}", mapping, OLD)
    sheet = read_sheet(path, "sheet")
    for row, cells in changes.items():
        for column, value in cells.items():
            sheet.loc[row, column] = value
    rows = [*sheet.to_numpy().tolist()]
    rows += [[cells.get(c, "") for c in sheet.columns] for cells in extra]
    write_sheet(path, list(sheet.columns), rows)
    return path


def by(decision, why="", who="Ann", **more):
    return {"decision": decision, "who": who, "why": why} | more


def test_coverage_goes_both_ways(mapping):
    themes, topics = mapping_coverage(mapping, OLD)
    assert themes["theme"].tolist() == ["A", "B", "C"]
    assert themes["n_topics"].tolist() == [2, 1, 0]
    assert themes["estimate"].to_numpy() == pytest.approx([10 / 15, 6 / 15, 0])
    assert (themes["low"] <= themes["estimate"]).all()
    assert (themes["high"] >= themes["estimate"]).all()
    assert themes["note"].ne("").tolist() == [False, False, True]
    assert topics["n_themes"].tolist() == [2, 1, 0]
    assert topics["nearest"].tolist() == ["A", "A", "A"]
    assert topics["note"].str.contains("new theme").tolist() == [False, False, True]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_sheet_without_decisions_changes_nothing(tmp_path, mapping, ending):
    path = write_mapping(tmp_path / f"s.{ending}", mapping, OLD)
    sheet = read_sheet(path, "sheet")
    assert sheet["words"].tolist()[0] == "=word0, other"
    assert sheet["theme"].tolist() == ["A", "B", "A", ""]
    edits = read_mapping(path, mapping, OLD)
    assert edits.table.empty
    pd.testing.assert_frame_equal(apply_edits(mapping, edits).scores, mapping.scores)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_decisions_are_logged_and_applied(tmp_path, mapping, ending):
    before = mapping.scores.copy()
    path = edited(
        tmp_path,
        mapping,
        {0: by("accept"), 1: by("Reject", "off the point", when="2019-05-01"), 3: by("accept")},
        ending=ending,
        extra=[{"topic": "1", "theme": "team", **by("add", "they say so", who="Bob")}],
    )
    edits = read_mapping(path, mapping, OLD, when=WHEN)
    assert edits.table[
        ["topic", "theme", "decision", "who", "when", "why"]
    ].to_numpy().tolist() == [
        [0, "A", "accept", "Ann", WHEN, ""],
        [0, "B", "reject", "Ann", "2019-05-01", "off the point"],
        [2, "", "accept", "Ann", WHEN, ""],
        [1, "B", "add", "Bob", WHEN, "they say so"],
    ]
    after = apply_edits(mapping, edits)
    pairs = after.scores[after.scores["chosen"]]
    assert list(zip(pairs["topic"], pairs["theme"], strict=True)) == [(0, "A"), (1, "A"), (1, "B")]
    notes = after.scores.set_index(["topic", "theme"])["note"]
    assert notes[1, "B"] == f"add by Bob, {WHEN}: they say so"
    decision = after.scores.set_index(["topic", "theme"])["decision"]
    assert decision[decision != ""].to_dict() == {
        (0, "A"): "accept", (0, "B"): "reject", (1, "B"): "add"
    }  # fmt: skip
    pd.testing.assert_frame_equal(mapping.scores, before)


def test_every_faulty_row_is_named_at_once(tmp_path, mapping):
    path = edited(
        tmp_path,
        mapping,
        {
            0: by("perhaps", "x"),
            1: by("reject"),
            2: by("accept", who=""),
            3: by("reject", "x"),
        },
        extra=[
            {"topic": "9", "theme": "A", **by("add", "x")},
            {"topic": "1", "theme": "Teem", **by("add", "x")},
            {"topic": "1", "theme": "C", **by("accept")},
            {"topic": "2", "theme": "B"},
            {"topic": "0", "theme": "A", **by("accept")},
            {"topic": "2", "theme": "C", "who": "Ann"},
        ],
    )
    with pytest.raises(InputError) as caught:
        read_mapping(path, mapping, OLD)
    for fault in (
        "row 2: decision 'perhaps' is none of",
        "row 3: why is not given",
        "row 4: who decided is not given",
        "row 5: there is no theme to reject",
        "row 6: there is no topic '9'",
        "row 7: 'Teem' is not a codable theme of the frame. Did you mean 'team'?",
        "row 8: 'accept' is for a theme that was proposed",
        "row 9: theme 'B' was not proposed: write 'add'",
        "row 10: topic 0 and theme 'A' stand in an earlier row",
        "row 11: who or why is given, but no decision",
    ):
        assert fault in str(caught.value)


def test_a_row_that_is_gone_is_not_a_rejection(tmp_path, mapping):
    path = write_mapping(tmp_path / "s.csv", mapping, OLD)
    sheet = read_sheet(path, "sheet")
    write_sheet(path, list(sheet.columns), sheet.iloc[1:].to_numpy().tolist())
    with pytest.raises(InputError, match="the row of topic 0 and theme 'A' is gone"):
        read_mapping(path, mapping, OLD)


def test_edits_for_another_fit_are_refused(tmp_path, mapping):
    edits = read_mapping(edited(tmp_path, mapping, {0: by("accept")}), mapping, OLD)
    other = dataclasses.replace(edits, topic_of={**edits.topic_of, "r0": 1})
    with pytest.raises(InputError, match="must be for this mapping"):
        apply_edits(mapping, other)


def decisions(topics, *rows):
    table = pd.DataFrame(
        [(t, f"label {t}", theme, d, "Ann", WHEN, "why", "") for t, theme, d in rows],
        columns=["topic", "label", "theme", "decision", "who", "when", "why", "note"],
    )
    ids, labels = topics.assignments["response_id"], topics.assignments["topic"]
    return MappingEdits(table=table, topic_of=dict(zip(ids, labels.tolist(), strict=True)))


def test_a_replay_follows_the_responses_and_lists_what_it_cannot_place():
    edits = decisions(OLD, (0, "A", "reject"), (1, "B", "add"), (2, "C", "add"))
    # Topic 0 is renamed 1; topic 1 is split in halves; topic 2 is left unassigned.
    new = topics_of([1] * 6 + [0, 0, 2, 2] + [-1] * 5)
    again = replay_edits(edits, new)
    assert again.table[["topic", "theme", "decision", "who", "why"]].to_numpy().tolist() == [
        [1, "A", "reject", "Ann", "why"]
    ]
    assert again.table["label"].tolist() == ["label 1"]
    assert "100% shared" in again.table["note"][0]
    assert again.unplaced["theme"].tolist() == ["B", "C"]
    assert "the most is 50%" in again.unplaced["note"][0]
    assert len(again.table) + len(again.unplaced) == len(edits.table)
    # What could not be placed is still listed after one more replay.
    assert len(replay_edits(again, new).unplaced) == 2


def test_a_replay_on_the_same_fit_changes_nothing_but_the_note(mapping):
    edits = decisions(OLD, (0, "A", "reject"), (1, "B", "add"), (2, "", "accept"))
    again = replay_edits(edits, OLD)
    assert again.unplaced.empty
    pd.testing.assert_frame_equal(
        again.table.drop(columns="note"), edits.table.drop(columns="note"), check_dtype=False
    )
    assert apply_edits(mapping, again).themes_without_topic == ("C",)


def test_a_replay_on_other_responses_places_nothing():
    edits = decisions(OLD, (0, "A", "reject"))
    new = topics_of([0, 1])
    renamed = new.assignments.assign(response_id=["x", "y"])
    again = replay_edits(edits, dataclasses.replace(new, assignments=renamed))
    assert again.table.empty
    assert "none of its responses" in again.unplaced["note"][0]


def test_a_log_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "log.json").write_text("[" + 1_000 * "[],")
    monkeypatch.setattr("iapt_topics.mapping.edits._LARGEST", 2_000)
    with pytest.raises(InputError, match="must be at most 2,000 bytes"):
        read_edits(tmp_path / "log.json")


def test_the_log_survives_a_file(tmp_path):
    edits = replay_edits(
        decisions(OLD, (0, "A", "reject"), (1, "B", "add")), topics_of([0] * 6 + [1, 2] * 4 + [-1])
    )
    assert len(edits.unplaced)
    back = read_edits(write_edits(tmp_path / "log.json", edits))
    pd.testing.assert_frame_equal(back.table, edits.table)
    pd.testing.assert_frame_equal(back.unplaced, edits.unplaced, check_dtype=False)
    assert back.topic_of == edits.topic_of
    for content in ("", "[]", "{}", '{"edits": 3, "unplaced": [], "topic_of": {}}'):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(InputError, match="must be a file of write_edits"):
            read_edits(tmp_path / "bad.json")
