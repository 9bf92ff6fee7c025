"""The machine learns from human codes by a command, and other codes say how much better it is."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from test_cli import study_in

from iapt_topics.cli._summary import gain_lines
from iapt_topics.encoders import encoder as encoder_module
from iapt_topics.pipeline.manifest import compare_runs, read_manifest
from iapt_topics.pipeline.plan import read_plan


@pytest.mark.usefixtures("short_report")
def test_learn_codes_by_a_command(command, encoder, monkeypatch, files, tmp_path):
    monkeypatch.setattr(encoder_module, "sentence_encoder", lambda **_: encoder)
    study_in(files)
    result = files / "results"
    assert command("run", files / "study.toml")[0] == 0
    code, _, err = command("learn", result)
    assert code == 2
    assert "must have human codes to learn from" in err
    untaught = pd.read_csv(result / "tables_private" / "machine_codes.csv")
    code, out, err = command("learn", result, "--codes", files / "codes.csv", "--json")
    assert code == 0, err
    assert "Learning from the hand codes of " in err
    facts = json.loads(out)["learned"]
    plan = read_plan(result)
    assert (plan.codes, plan.learn_share, plan.learn_codes) == (files / "codes.csv", 0.5, None)
    assert facts["n_taught"] + facts["n_tested"] == 150
    assert facts["gain"][0]["n"] == facts["n_tested"]
    table = pd.read_csv(result / "tables_private" / "learning_gain.csv", keep_default_na=False)
    assert len(table) == 6
    assert json.loads(out)["agreement"][0]["n"] == facts["n_tested"]  # those that taught are out
    assert read_manifest(result)["learned"]["taught"]["learn.share"] == 0.5
    taught = pd.read_csv(result / "tables_private" / "machine_codes.csv")
    assert taught["score"].between(0, 1).all()
    assert not untaught["score"].between(0, 1).all()
    # The same again is the same; without it, the results say what was dropped.
    assert command("run", result, "--out", tmp_path / "again")[0] == 0
    found = compare_runs(result, tmp_path / "again")
    assert found.verdict == "same", found.table
    few = files / "few.csv"
    pd.read_csv(files / "codes.csv").head(60).to_csv(few, index=False)
    code, out, err = command("learn", result, "--codes", few, "--share", "0.3", "--quiet")
    assert code == 0, err
    assert out.startswith("Learned from the codes of ")
    assert "Machine-human agreement: macro-F1 " in out
    assert read_plan(result).learn_codes == few
    code, _, err = command("learn", result, "--share", 1)
    assert code == 2
    assert "must leave hand codes to measure with" in err


def test_gains_in_words():
    row = {"theme": "", "label": "macro-F1", "before": 0.45, "after": 0.58, "gain": 0.13,
           "low": 0.07, "high": 0.2, "n": 150, "note": "mean over 9 of 30 themes"}  # fmt: skip
    worse = {"theme": "W1", "label": "Pay", "before": 0.5, "after": 0.4, "gain": -0.1,
             "low": -0.2, "high": 0.1, "n": 150, "note": ""}  # fmt: skip
    lines = gain_lines({"n_taught": 150, "gain": [row, worse]})
    assert lines == [
        "Learned from the codes of 150 responses; measured on 150 of other respondents.",
        "Machine-human agreement: macro-F1 .45 before, .58 after; gain .13 (95 % CI .07 to .20), "
        "better; mean over 9 of 30 themes.",
        "  W1 Pay: .50 before, .40 after; gain -.10 (95 % CI -.20 to .10), not shown to differ",
    ]
    none = row | dict.fromkeys(("before", "after", "gain", "low", "high"))
    assert gain_lines({"n_taught": 20, "gain": [none | {"note": "too few"}]})[1] == (
        "Machine-human agreement: macro-F1 too few."
    )


def test_an_unknown_file_of_codes_is_refused(command, files):
    study_in(files)
    code, _, err = command("learn", files, "--codes", files / "none.csv")
    assert code == 2
    assert "none.csv" in err
