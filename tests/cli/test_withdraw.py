"""The command ``withdraw``: what it says, and what a later run, verify and approved quotes do."""

from __future__ import annotations

import json
import sys

import pandas as pd
import pytest
from conftest import SUBJECTS

from iapt_topics import cli
from iapt_topics._base.sheets import write_sheet
from iapt_topics.encoders import encoder as encoder_module

pytestmark = pytest.mark.usefixtures("short_report")
QUOTES = ("response_id", "text", "decision", "approved_by", "paraphrase")


@pytest.fixture
def command(monkeypatch, capsys, encoder):
    monkeypatch.setattr(encoder_module, "sentence_encoder", lambda **_: encoder)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["iapt-topics", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    return run


@pytest.mark.slow
@pytest.mark.filterwarnings("always:A public version of overlapping responses")
def test_withdraw_says_what_changed_and_every_later_command_keeps_to_it(command, files, tmp_path):
    table = pd.read_csv(files / "survey.csv")
    table.loc[table["response_id"] == "r4", "person"] = "anna-quill-7"
    table.to_csv(files / "survey.csv", index=False)
    rows = [[i, table.set_index("response_id")["comment"][i], "approve", "Ann", ""]
            for i in ("r4", "r5")]  # fmt: skip
    write_sheet(files / "quotes.csv", QUOTES, rows)
    out = tmp_path / "out"
    plan = (
        "run", files / "survey.csv", "--text", "comment", "--year", "year", "--respondent",
        "person", "--response", "response_id", "--codes", files / "codes.csv", "--frame",
        files / "frame.toml", "--n-runs", 2, "--approved", files / "quotes.csv", "--out", out,
    )  # fmt: skip
    assert command(*plan)[0] == 0
    code, _, err = command("withdraw", out, "--respondent", "anna-quill-77")
    assert code == 2
    assert "must be in the survey" in err
    code, said, err = command("withdraw", out, "--respondent", "anna-quill-7")
    assert code == 0, err
    assert "1 respondent(s) left out, with 1 row(s)" in said
    assert "drift_shares: " in said
    assert "can be set against this one" in err
    assert f"Not changed, since they are yours: {files / 'survey.csv'}" in said
    assert "anna-quill-7" not in said
    ledger = pd.read_csv(out / "tables_private" / "ledger.csv")
    assert ledger["n"].sum() == 149
    # The first plan does not know of the list, and is carried out with it all the same.
    assert command(*plan)[0] == 0
    assert pd.read_csv(out / "tables_private" / "ledger.csv")["n"].sum() == 149
    code, said, err = command("verify", out, "--quiet")
    assert code == 0, err
    assert said.startswith("same")
    human = pd.read_csv(out / "tables_private" / "machine_codes.csv")
    assert "r4" not in set(human["response_id"])
    assert len(human) >= len(SUBJECTS)
    # Again, as after a run that was stopped: the same end, as JSON.
    code, said, err = command("withdraw", out, "--respondent", "anna-quill-7", "--json")
    assert code == 0, err
    facts = json.loads(said)
    assert facts["tables"] == []
    assert (facts["respondents"], facts["left"]) == (1, [])
