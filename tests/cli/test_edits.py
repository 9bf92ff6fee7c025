"""Corrections by commands alone: sheets go out, come back, and the numbers change."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import BagOfWords, survey_files
from test_cli import study_in

from iapt_topics._base.sheets import read_sheet
from iapt_topics.encoders import encoder as encoder_module
from iapt_topics.pipeline.execute_plan import run_plan, write_results
from iapt_topics.pipeline.manifest import read_manifest
from iapt_topics.pipeline.plan import read_plan

pytestmark = pytest.mark.usefixtures("short_report")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a study and its results, with human codes."""
    folder = survey_files(tmp_path_factory.mktemp("edited"))
    study_in(folder)
    with (folder / "study.toml").open("a") as stream:
        stream.write('[codes]\nfile = "codes.csv"\n')
    plan = read_plan(folder)
    write_results(run_plan(plan, BagOfWords()), plan)
    return folder


@pytest.fixture
def result(made, monkeypatch, tmp_path):
    monkeypatch.setattr(encoder_module, "sentence_encoder", lambda **_: BagOfWords())
    shutil.copytree(made, tmp_path / "study")
    return tmp_path / "study" / "results"


@pytest.fixture
def sheets(command, result):
    def write(*words):
        code, out, err = command("edits", result, "--csv", "--force", "--json", "--quiet", *words)
        assert code == 0, err
        return [Path(p) for p in json.loads(out)["sheets"]]

    return write


def fill(path, where, **cells):
    """Write into the rows of a sheet for which ``where`` is true."""
    sheet = read_sheet(path, "sheet")
    rows = sheet.apply(where, axis=1)
    for column, value in cells.items():
        sheet.loc[rows, column] = value
    sheet.to_csv(path, index=False)


def table(result, name):
    return pd.read_csv(result / "tables_private" / f"{name}.csv")


BY = {"who": "Ann", "why": "read them"}


@pytest.mark.slow
def test_an_edited_mapping_changes_the_shares(command, result, sheets, monkeypatch):
    # The small survey says each theme by its name: a decision has to weigh more to be seen there.
    monkeypatch.setattr("iapt_topics.mapping.coding.DECISION_WEIGHT", 100.0)
    _, mapping, _ = sheets()
    sheet = read_sheet(mapping, "sheet")
    row = sheet[sheet["theme"] != ""].iloc[0]
    before = table(result, "drift_shares")
    fill(mapping, lambda r: (r["topic"], r["theme"]) == (row["topic"], row["theme"]),
         decision="reject", **BY)  # fmt: skip
    code, out, err = command("edits", result, "--decisions", mapping, "--quiet")
    assert code == 0, err
    assert out.startswith("Mapping: 1 reject.\nCodes of 30 of 150 responses changed.\n")
    after = table(result, "drift_shares")
    of = after["theme"] == row["theme"]
    assert after.loc[of, "estimate"].sum() < before.loc[of, "estimate"].sum()
    plan = read_plan(result)
    assert plan.mapping_edits.parent == result / "private" / "decisions"
    (said,) = read_manifest(result)["decisions"]
    assert (said["what"], said["who"], said["n"]) == ("mapping", ["Ann"], 1)
    assert said["file"] == plan.mapping_edits.name
    assert len(said["sha256"]) == 64
    assert len(said["when"]) == 2
    # A later run keeps it, and one without it says so.
    assert command("run", result, "--quiet")[0] == 0
    assert table(result, "drift_shares").equals(after)
    code, _, err = command("run", result.parent / "study.toml")
    assert code == 0
    assert f"decisions.mapping of the earlier results was {plan.mapping_edits}" in err
    assert "decisions" not in read_manifest(result)
    assert table(result, "drift_shares").equals(before)


@pytest.mark.slow
def test_the_next_sheets_have_the_decisions_and_a_cleared_cell_takes_one_back(
    command, result, sheets
):
    before = table(result, "topics")
    topics, mapping, _ = sheets()
    assert len(before[before["topic"] >= 0]) > 3
    fill(topics, lambda r: r["topic"] == "0", name="Pay and pensions", **BY)
    fill(topics, lambda r: r["topic"] == "1", merge_with="2", **BY)
    fill(topics, lambda r: r["topic"] == "3", leave_out="yes", **BY)
    code, out, err = command("edits", result, "--decisions", topics, "--quiet")
    assert code == 0, err
    assert out.startswith("Topics: 1 rename, 1 merge, 1 leave out.\n")
    after = table(result, "topics")
    assert "Pay and pensions" in set(after["label"])
    assert len(after[after["topic"] >= 0]) == len(before[before["topic"] >= 0]) - 2
    assert after.set_index("topic")["n"].get(-1, 0) >= before.set_index("topic")["n"][3]
    topics, mapping, _ = sheets()
    again = read_sheet(topics, "sheet").set_index("topic")
    assert again.loc["0", "name"] == "Pay and pensions"
    assert again.loc["2", "merge_with"] == "1"
    assert again.loc["3", ["leave_out", "who"]].tolist() == ["yes", "Ann"]
    # A theme is added to a topic that is edited, and both stand in the next sheets.
    sheet = read_sheet(mapping, "sheet")
    row = sheet[sheet["theme"] != ""].iloc[0]
    other = next(t for t in sheet["theme"] if t and t != row["theme"])
    more = dict.fromkeys(sheet.columns, "") | {"topic": row["topic"], "theme": other}
    sheet = pd.concat([sheet, pd.DataFrame([more | BY | {"decision": "add"}])])
    sheet.to_csv(mapping, index=False)
    code, out, err = command("edits", result, "--decisions", mapping, "--quiet")
    assert code == 0, err
    assert [d["what"] for d in read_manifest(result)["decisions"]] == ["topics", "mapping"]
    topics, mapping, _ = sheets()
    sheet = read_sheet(mapping, "sheet")
    assert sheet.loc[sheet["decision"] == "add", ["topic", "theme"]].values.tolist() == [
        [row["topic"], other]
    ]
    # With the merge taken back, the decision on the merged topic could not be carried out.
    for cells in ("name", "merge_with", "leave_out", "who", "why"):
        fill(topics, lambda r: True, **{cells: ""})
    code, _, err = command("edits", result, "--decisions", topics)
    assert code == 2
    assert f"add of {other} for topic {row['topic']} (Ann): no new topic shares more" in err
    sheet[sheet["decision"] != "add"].to_csv(mapping, index=False)
    code, out, err = command("edits", result, "--decisions", mapping, "--quiet")
    assert code == 0, err
    assert f"No longer decided: add of {other} for topic {row['topic']} (Ann).\n" in out
    assert read_plan(result).mapping_edits is None
    code, out, err = command("edits", result, "--decisions", topics, "--quiet")
    assert code == 0, err
    assert "No longer decided: rename of topic 0 as Pay and pensions (Ann).\n" in out
    assert "No longer decided: merge of topic 1, 2 (Ann).\n" in out
    assert read_plan(result).topic_edits is None
    assert table(result, "topics").equals(before)


@pytest.mark.slow
def test_a_decision_on_what_is_no_more_is_an_error_with_the_cure(command, result, sheets):
    topics, mapping, _ = sheets()
    fill(topics, lambda r: r["topic"] == "0", name="Pay", **BY)
    fill(mapping, lambda r: r["topic"] == "0" and r["theme"] != "", decision="reject", **BY)
    assert command("edits", result, "--decisions", topics, mapping)[0] == 0
    then = (result / "manifest.json").read_bytes()
    code, _, err = command("run", result, "--n-topics", 24)
    assert code == 2
    assert "decisions.topics must be on topics and themes that there still are" in err
    assert "rename of topic 0 (Ann: read them): no topic shares more than 50% of it" in err
    assert "iapt-topics edits RESULTS" in err
    assert (result / "manifest.json").read_bytes() == then
    # A sheet of other topics is refused, too.
    plan = (result / "study.toml").read_text("utf-8")
    lines = [line for line in plan.splitlines() if not line.startswith(("topics = ", "mapping = "))]
    (result / "study.toml").write_text("\n".join(lines) + "\n", "utf-8")
    assert command("run", result, "--n-topics", 24)[0] == 0
    code, _, err = command("edits", result, "--decisions", mapping)
    assert code == 2
    assert "has become another: write the sheet again" in err
    code, _, err = command("edits", result, "--decisions", topics)
    assert code == 2
    assert "Write the sheets again" in err


@pytest.mark.slow
def test_two_raters_rate_convergence_and_where_they_differ_the_proposed_stays(
    command, result, sheets
):
    _, _, ann, ben = sheets("--raters", "Ann, Ben")
    assert [p.name for p in (ann, ben)] == ["convergence_1_Ann.csv", "convergence_2_Ben.csv"]
    first, second, *_ = read_sheet(ann, "sheet")["theme"]
    both = {"rating": "silence", "rationale": "they spoke of another thing"}
    fill(ann, lambda r: r["theme"] in (first, second), rater="Ann", **both)
    fill(ben, lambda r: r["theme"] == first, rater="Ben", **both)
    fill(ben, lambda r: r["theme"] == second, rater="Ben")
    code, out, err = command("edits", result, "--decisions", ann, ben, "--quiet")
    assert code == 0, err
    assert "Convergence: Ann rated 2 themes, 2 not as proposed.\n" in out
    assert "1 of the 2 themes that several rated were rated alike.\n" in out
    rows = table(result, "agreement_convergence").set_index("theme").fillna("")
    assert rows.loc[first, ["rating", "rater"]].tolist() == ["silence", "Ann, Ben"]
    assert rows.loc[second, "rating"] == rows.loc[second, "proposed"]
    assert (
        f"raters differ (Ann: silence; Ben: {rows.loc[second, 'proposed']})"
        in (rows.loc[second, "note"])
    )
    assert {d["file"] for d in read_manifest(result)["decisions"]} == {
        p.name for p in read_plan(result).ratings
    }
    # Ann changes her mind; her sheet has what she gave, and Ben's stays.
    _, _, ann, _ = sheets("--raters", "Ann, Ben")
    sheet = read_sheet(ann, "sheet").set_index("theme")
    assert sheet.loc[first, ["rating", "rater"]].tolist() == ["silence", "Ann"]
    fill(ann, lambda r: r["theme"] == second, rating=sheet.loc[second, "proposed"], rationale="")
    code, out, err = command("edits", result, "--decisions", ann, "--quiet")
    assert code == 0, err
    assert "2 of the 2 themes that several rated were rated alike.\n" in out
    assert len(read_plan(result).ratings) == 2
    # Ratings of another comparison are no ratings of this one.
    code, _, err = command("run", result, "--codes-sample", "purposive", "--quiet")
    assert code == 0, err


def test_other_sheets_and_raters_without_codes_are_refused(command, result, tmp_path):
    code, _, err = command("edits", result, "--decisions", result.parent / "survey.csv")
    assert code == 2
    assert "must be of topics, of the mapping, or of convergence" in err
    plan = (result / "study.toml").read_text("utf-8")
    lines = [line for line in plan.splitlines() if "codes.csv" not in line]
    (result / "study.toml").write_text("\n".join(lines) + "\n", "utf-8")
    code, _, err = command("edits", result, "--raters", "Ann", "--to", tmp_path / "x")
    assert code == 2
    assert "need human codes to compare with" in err
    assert not (tmp_path / "x").exists()
