"""Decisions of people: kept, joined, and without those who withdrew."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.pipeline.decided import join_ratings, ratings_alike
from iapt_topics.pipeline.edits import leave_out_responses
from iapt_topics.topics.edit_sheet import TopicDecisions, read_decisions, write_decisions
from iapt_topics.topics.edits import TopicEdit


def test_decisions_lose_the_responses_of_who_withdrew_and_nothing_else(tmp_path):
    edit = TopicEdit(action="rename", topics=(0,), who="Ann", why="so", when="2026", label="Pay")
    decided = TopicDecisions(edits=(edit,), topic_of={"r1": 0, "r2": 0, "r3": -1})
    path = write_decisions(tmp_path / "topics.json", decided)
    other = tmp_path / "other.json"
    other.write_text("[1]")
    assert leave_out_responses([path, other], {"r9"}.__contains__) == []
    assert leave_out_responses([path, other], {"r2"}.__contains__) == [path]
    found = read_decisions(path)
    assert found.topic_of == {"r1": 0, "r3": -1}
    assert found.edits == (edit,)
    assert "r2" not in path.read_text("utf-8")
    assert json.loads(other.read_text()) == [1]


@pytest.fixture
def compared():
    seen = pd.DataFrame({"response_id": [f"r{i}" for i in range(40)], "respondent_id": ""})

    def coded(coder, n):
        rows = [(f"r{i}", t, float("nan")) for i in range(n) for t in ("A", "B")]
        table = pd.DataFrame(rows, columns=["response_id", "theme", "score"])
        return Codes(coder=coder, kind="human", themes=("A", "B"), seen=seen, table=table)

    return compare_codes(coded("one", 20), coded("two", 20))


def rated(compared, rater, *ratings):
    table = compared.convergence.assign(
        rating=list(ratings), rater=[rater if r else "" for r in ratings], rationale="because"
    )
    table.loc[table["rater"] == "", ["rating", "rationale"]] = ["agreement", ""]
    return replace(compared, convergence=table)


def test_ratings_stand_where_raters_agree(compared):
    assert compared.convergence["rating"].tolist() == ["agreement", "agreement"]
    ann = rated(compared, "Ann", "silence", "dissonance")
    ben = rated(compared, "Ben", "silence", "")
    cas = rated(compared, "Cas", "", "agreement")
    found = join_ratings(compared, [ann, ben, cas], ["a", "b", "c"]).convergence
    assert found["rating"].tolist() == ["silence", "agreement"]
    assert found["rater"].tolist() == ["Ann, Ben", ""]
    assert found["rationale"].tolist() == ["because", ""]
    assert found["note"].iloc[1].endswith("raters differ (Ann: dissonance; Cas: agreement)")
    assert ratings_alike(compared, [ann, ben, cas]) == (2, 1)
    with pytest.raises(InputError, match="must be of another rater"):
        join_ratings(compared, [ann, ann], ["a", "b"])
