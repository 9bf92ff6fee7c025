import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.topics.edits import TopicEdit, edit_topics, find_successor, replay_topic_edits
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.topics import TopicConfig


def edit(action, *topics, **more):
    return TopicEdit(action=action, topics=topics, who="A", why="read all of it", **more)


def apply(grouped, *edits):
    return edit_topics(grouped.topics, edits, grouped.responses, grouped.embeddings)


def consistent(found):
    a, t = found.assignments, found.topics
    assert t["topic"].tolist() == list(range(found.n_topics))
    assert t["n"].tolist() == [int((a["topic"] == k).sum()) for k in t["topic"]]
    assert t["n"].is_monotonic_decreasing
    np.testing.assert_allclose(found.distribution.sum(axis=1), 1, atol=1e-5)
    assert found.distribution.shape == (len(a), found.n_topics)
    assert found.votes.min() >= 0
    assert found.votes.max() < found.n_topics
    assert found.hierarchy["topic"].tolist() == t["topic"].tolist()
    assert (a["runner_up"] != a["nearest"]).all()
    np.testing.assert_allclose((found.votes == a["nearest"].to_numpy()).mean(axis=0), a["support"])


def members(found, topic):
    a = found.assignments
    return set(a.loc[a["topic"] == topic, "response_id"])


def test_merge_joins_the_responses(grouped):
    before = grouped.topics.assignments.copy()
    both = members(grouped.topics, 1) | members(grouped.topics, 2)
    found = apply(grouped, edit("merge", 1, 2, label="Pay  and training"))
    consistent(found)
    assert found.n_topics == grouped.topics.n_topics - 1
    at = found.topics.set_index("label")["topic"]["Pay and training"]
    assert members(found, at) == both
    assert "merged by A" in found.topics.loc[at, "note"]
    pd.testing.assert_frame_equal(before, grouped.topics.assignments)


def test_rename_changes_nothing_else(grouped):
    found = apply(grouped, edit("rename", 3, label="Hours"))
    consistent(found)
    assert found.assignments["topic"].tolist() == grouped.topics.assignments["topic"].tolist()
    assert (found.topics["label"] == "Hours").sum() == 1
    assert found.edits["action"].tolist() == ["rename"]
    assert found.edits["who"].tolist() == ["A"]
    assert found.edits["when"].str.match(r"\d{4}-\d\d-\d\dT").all()


def test_split_parts_what_a_merge_joined(grouped):
    merged = apply(grouped, edit("merge", 0, 1))
    whole = members(grouped.topics, 0) | members(grouped.topics, 1)
    at = next(t for t in merged.topics["topic"] if members(merged, t) == whole)
    found = edit_topics(merged, [edit("split", at)], grouped.responses, grouped.embeddings)
    consistent(found)
    parts = [members(found, t) for t in found.topics["topic"]]
    assert members(grouped.topics, 0) in parts
    assert members(grouped.topics, 1) in parts
    assert found.edits["action"].tolist() == ["merge", "split"]


def test_reassign_moves_the_named_responses_alone(grouped):
    moved = sorted(members(grouped.topics, 0))[:3]
    found = apply(grouped, edit("reassign", 4, response_ids=tuple(moved)))
    consistent(found)
    a = found.assignments.set_index("response_id")
    assert a.loc[moved, "topic"].nunique() == 1
    assert a.loc[moved, "note"].str.contains("reassigned by A").all()
    old = grouped.topics.assignments.set_index("response_id")["topic"]
    rest = old.index.difference(moved)
    assert pd.crosstab(old[rest], a.loc[rest, "topic"]).gt(0).sum(axis=1).eq(1).all()


def test_edits_replay_on_a_refit_and_what_cannot_be_placed_is_listed(grouped):
    edited = apply(grouped, edit("merge", 1, 2, label="Both"), edit("rename", 0, label="First"))
    small = grouped.responses.kept["respondent_id"].unique()[:140]
    table = grouped.responses.table
    part = replace(grouped.responses, table=table[table["respondent_id"].isin(small)])
    refit = fit_topics(part, grouped.embeddings, TopicConfig(seed=9, n_runs=4))
    again, unplaced = replay_topic_edits(edited, refit, part, grouped.embeddings)
    assert unplaced.empty
    consistent(again)
    for label in ("Both", "First"):
        old = edited.topics.set_index("label")["topic"][label]
        new = again.topics.set_index("label")["topic"][label]
        assert members(again, new) == members(edited, old) & set(part.kept["response_id"])
    assert again.edits["when"].tolist() == edited.edits["when"].tolist()

    coarse = fit_topics(grouped.responses, grouped.embeddings, TopicConfig(n_runs=4, n_topics=2))
    _, unplaced = replay_topic_edits(edited, coarse, grouped.responses, grouped.embeddings)
    assert len(unplaced) == 2
    assert unplaced["note"].str.contains("no new topic shares").all()


def test_the_log_names_the_responses_but_not_their_text(grouped):
    found = apply(grouped, edit("rename", 0, label="First"))
    detail = json.loads(found.edits["detail"].iloc[0])
    assert set(detail["members"][0]) == members(grouped.topics, 0)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (lambda: edit("drop", 0), "must be one of"),
        (lambda: edit("merge", 0), "two topics"),
        (lambda: edit("merge", 0, 0), "two topics"),
        (lambda: edit("rename", 0, 1, label="x"), "one topic"),
        (lambda: edit("rename", 0), "needs label"),
        (lambda: edit("split", 0, parts=1), "two parts"),
        (lambda: edit("reassign", 0), "response_ids"),
        (lambda: TopicEdit(action="merge", topics=(0, 1), who=" ", why="x"), "needs who"),
    ],
)
def test_incomplete_edits_are_refused(wrong, match):
    with pytest.raises(InputError, match=match):
        wrong()


@pytest.mark.parametrize(
    ("edits", "match"),
    [
        ((edit("merge", 0, 99),), "must name topics from 0"),
        ((edit("reassign", 0, response_ids=("nobody",)),), "kept responses"),
        ((edit("merge", 0, 1), edit("split", 1)), "only edit of its topics"),
        ((edit("split", 0, parts=60),), "parts with different responses"),
    ],
)
def test_impossible_edits_are_refused(grouped, edits, match):
    with pytest.raises(InputError, match=match):
        apply(grouped, *edits)


def test_a_topic_is_not_emptied(grouped):
    everyone = tuple(members(grouped.topics, 1))
    with pytest.raises(InputError, match="Merge the topic instead"):
        apply(grouped, edit("reassign", 0, response_ids=everyone))


def test_successor_needs_more_than_half():
    new = {"a": 0, "b": 0, "c": 1, "d": -1}
    assert find_successor("ab", "abcd", new) == (0, 1.0)
    assert find_successor("a", "abcd", new) == (-1, 0.5)
    assert find_successor("d", "abcd", new) == (-1, 0.0)
    assert find_successor("ax", "ax", new) == (0, 1.0)


def test_a_topic_left_out_leaves_its_responses_without_one(grouped):
    gone = members(grouped.topics, 2)
    found = apply(grouped, edit("leave out", 2), edit("rename", 3, label="Hours"))
    consistent(found)
    assert found.n_topics == grouped.topics.n_topics - 1
    a = found.assignments.set_index("response_id")
    assert (a.loc[sorted(gone), "topic"] == -1).all()
    assert a.loc[sorted(gone), "note"].str.startswith("its topic was left out by A, ").all()
    stay = grouped.topics.assignments.query("topic not in (2, -1)")["response_id"]
    assert (a.loc[stay, "topic"] >= 0).all()
    assert found.edits["action"].tolist() == ["leave out", "rename"]
    again, unplaced = replay_topic_edits(
        found, grouped.topics, grouped.responses, grouped.embeddings
    )
    assert unplaced.empty
    assert again.assignments["topic"].tolist() == found.assignments["topic"].tolist()
    every = [edit("leave out", t) for t in range(grouped.topics.n_topics)]
    with pytest.raises(InputError, match="must leave a topic"):
        apply(grouped, *every)
    alone = apply(grouped, *every[1:])
    assert alone.n_topics == 1
    assert set(alone.votes.ravel()) == {0}
