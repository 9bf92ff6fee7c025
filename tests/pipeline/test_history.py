"""A folder remembers its runs: what was set, which files, what came out; no word of anyone."""

from __future__ import annotations

import json
import stat

import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.pipeline.execute_plan import run_plan, write_results
from iapt_topics.pipeline.history import HISTORY, differences, read_history
from iapt_topics.pipeline.plan import StudyPlan


def entry(**figures):
    return {
        "finished": "2026-01-01", "command": [], "settings": {"topics.seed": 7},
        "files": {"survey.file": "aa"}, "versions": {}, "figures": figures,
    }  # fmt: skip


def test_what_differs_from_run_to_run():
    one, two = entry(topics=20), entry(topics=19)
    two["settings"] = {"topics.seed": 8, "codes.file": "codes.csv"}
    two["files"] = {"codes.file": "bb"}
    rows = [tuple(row.values()) for row in differences([one, one, two])[2]]
    assert differences([one, one, two])[:2] == [[], []]
    assert rows == [
        ("settings", "topics.seed", 7, 8),
        ("settings", "codes.file", None, "codes.csv"),
        ("files", "survey.file", "aa", None),
        ("files", "codes.file", None, "bb"),
        ("figures", "topics", 20, 19),
    ]
    assert differences([]) == []


def test_a_damaged_history_is_named(tmp_path):
    with pytest.raises(InputError, match=r"must have a run; got no history\.jsonl"):
        read_history(tmp_path)
    (tmp_path / HISTORY).write_text(json.dumps(entry()) + "\n{}\n")
    with pytest.raises(InputError, match="no run in line 2"):
        read_history(tmp_path)
    (tmp_path / HISTORY).write_bytes(b"\xff\x00[[[[")
    with pytest.raises(InputError, match="no run in line 1"):
        read_history(tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("short_report")
def test_runs_are_added_and_nothing_that_people_wrote(command, encoder, files, monkeypatch):
    plan = StudyPlan(
        file=files / "survey.csv", text=("comment",), year="year", respondent="person",
        response="response_id", frame=files / "frame.toml", n_runs=2, out=files / "out",
    )  # fmt: skip
    write_results(run_plan(plan, encoder), plan)
    path = files / "out" / HISTORY
    first = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    monkeypatch.setattr("iapt_topics.encoders.encoder.sentence_encoder", lambda **_: encoder)
    assert command("compare", files / "out", "--codes", files / "codes.csv")[0] == 0
    assert command("run", files / "out", "--n-topics", 3)[0] == 0
    assert path.read_bytes().startswith(first)
    text = path.read_text("utf-8").casefold()
    assert not any(word in text for word in ("supervision keeps", "r149", "p14", "honestly"))
    code, out, err = command("history", files / "out")
    assert code == 0, err
    assert out.count("\n   ") >= 5
    one, two, three = out.split("\n2. ")[0], *out.split("\n2. ")[1].split("\n3. ")
    assert "rows 150; kept 150; topics " in one
    assert "   codes.file: none -> codes.csv\n   file of codes.file added\n" in two
    assert "   macro-F1: none -> " in two
    assert "   topics.n_topics: none -> 3\n" in three
    code, out, _ = command("history", files / "out", "--last", 1, "--json")
    (run,) = json.loads(out)["runs"]
    assert run["settings"]["topics.n_topics"] == 3
    assert {"part": "settings", "what": "topics.n_topics", "before": None, "after": 3} in run[
        "differs"
    ]
    (files / "out" / HISTORY).unlink()
    (files / "out" / HISTORY).symlink_to(files / "elsewhere")
    code, _, err = command("run", files / "out")
    assert code == 2
    assert "must not be a link" in err
