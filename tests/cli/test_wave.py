"""Next year's survey on the topics of a finished study: what was found of earlier years stays."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from conftest import survey_rows
from test_cli import study_in

from iapt_topics._base.errors import InputError
from iapt_topics.encoders import encoder as encoder_module
from iapt_topics.pipeline.execute_plan import load_survey
from iapt_topics.pipeline.plan import read_plan
from iapt_topics.survey.join_waves import join_waves
from iapt_topics.survey.responses import load_responses

pytestmark = pytest.mark.usefixtures("short_report")


def table(result, name):
    return pd.read_csv(result / "tables_private" / f"{name}.csv", dtype={"response_id": str})


@pytest.mark.filterwarnings("ignore:A public version of overlapping")
def test_a_wave_is_placed_and_what_was_found_before_stays(
    command, encoder, monkeypatch, files, tmp_path
):
    monkeypatch.setattr(encoder_module, "sentence_encoder", lambda **_: encoder)
    study_in(files)
    with (files / "study.toml").open("a") as stream:
        stream.write('[codes]\nfile = "codes.csv"\n')
    plan = files / "study.toml"
    plan.write_text(plan.read_text().replace('"person"\n', '"person"\nresponse = "response_id"\n'))
    rows = survey_rows()
    new = rows["year"] == 2016
    rows.loc[rows.index[new][:12], "comment"] = [
        f"Biscuits and tea are nice at the desk by my window {i}" for i in range(12)
    ]
    rows[~new].to_csv(files / "survey.csv", index=False)
    rows[new].to_csv(files / "new.csv", index=False)
    codes = pd.read_csv(files / "codes.csv")
    codes[codes["response_id"].isin(rows.loc[~new, "response_id"])].to_csv(
        files / "codes.csv", index=False
    )
    code, _, err = command("run", plan)
    assert code == 0, err
    result = files / "results"
    # A decision of before holds for the new wave, too.
    code, out, _ = command("edits", result, "--csv", "--json", "--quiet")
    topics = json.loads(out)["sheets"][0]
    sheet = pd.read_csv(topics, dtype=str, keep_default_na=False)
    sheet.loc[sheet["topic"] == "0", ["name", "who", "why"]] = "First", "Ann", "so"
    sheet.to_csv(topics, index=False)
    assert command("edits", result, "--decisions", topics)[0] == 0
    then = {p: p.read_bytes() for p in (result / "tables_private").iterdir()}

    code, out, err = command("wave", result, files / "new.csv", "--json")
    assert code == 0, err
    assert {p: p.read_bytes() for p in (result / "tables_private").iterdir()} == then
    facts = json.loads(out)
    assert facts["years"] == [2014, 2015, 2016]
    assert facts["novelty"][0]["year"] == 2016
    assert facts["novelty"][0]["estimate"] >= 12 / 50
    assert facts["novelty"][0]["expected"] > 0.05  # of so few, many fit no topic of the others
    after = files / "results_new"
    assert facts["files"]["report"] == str(after / "publish" / "report.html")
    for name, keys in (("topic_assignments", ["topic", "support"]), ("machine_codes", ["theme"])):
        before, now = (table(r, name) for r in (result, after))
        old = now[now["response_id"].isin(set(rows.loc[~new, "response_id"]))]
        columns = ["response_id", *keys]
        pd.testing.assert_frame_equal(
            old[columns].reset_index(drop=True), before[columns].reset_index(drop=True)
        )
        assert len(now) > len(before)
    shares = table(after, "drift_shares")
    before = table(result, "drift_shares").set_index(["theme", "year"])["estimate"]
    assert shares.set_index(["theme", "year"])["estimate"].loc[before.index].equals(before)
    assert set(shares["year"]) == {2014, 2015, 2016}
    assert "First" in set(table(after, "topics")["label"])
    assert len(table(after, "wave_novelty")) == 1
    assert (after / "tables_private" / "wave_groups.csv").is_file()
    counts = table(after, "topics").set_index("topic")["n"]
    given = table(after, "topic_assignments")["topic"].value_counts()
    assert counts.loc[given.index].tolist() == given.tolist()
    # It runs again from its own folder; what the earlier study settles cannot be changed there.
    assert read_plan(after).after == result
    assert command("run", after)[0] == 0
    code, _, err = command("run", after, "--seed", 8)
    assert code == 2
    assert "must leave to the earlier study what is settled there; got topics.seed 8 for 7" in err
    code, _, err = command("wave", result, files / "survey.csv", "--out", tmp_path / "x")
    assert code == 2
    assert "must be of years that the survey has not; got 2014, 2015" in err
    assert command("wave", result, files / "new.csv", "--out", result)[0] == 2
    code, _, err = command("withdraw", after, "--respondent", "p1")
    assert code == 2
    assert "must withdraw from the results of the earlier waves" in err


def load(table, **more):
    return load_responses(table, text="comment", year="year", respondent="person", **more)


@pytest.fixture
def parts():
    rows = survey_rows()
    return rows[rows["year"] < 2016], rows[rows["year"] == 2016]


def test_waves_of_two_files_are_one_survey(parts):
    one, two = (load(t, response="response_id") for t in parts)
    found = join_waves(one, two, numbered=False, named=False)
    assert found.years == (2014, 2015, 2016)
    assert len(found.table) == 150
    assert found.table["response_id"].tolist() == [
        *parts[0]["response_id"],
        *parts[1]["response_id"],
    ]
    with pytest.raises(InputError, match="must be of years that the survey has not"):
        join_waves(found, two, numbered=False, named=False)
    same = two.table.assign(response_id=one.table["response_id"].tolist()[: len(two.table)])
    with pytest.raises(InputError, match="must have response ids of its own"):
        join_waves(one, type(two)(table=same, source="x"), numbered=False, named=False)
    # Rows that are known by their number alone have the name of their file before it.
    one, two = (load(t) for t in parts)
    found = join_waves(one, two, numbered=True, named=False)
    assert found.table["response_id"].is_unique
    assert found.table["response_id"].iloc[-1].startswith("table:")


def test_named_waves_are_numbered_on(parts):
    names = {2014: "first", 2015: "second", 2016: "third"}
    one, two = (t.assign(year=t["year"].map(names)) for t in parts)
    found = join_waves(
        load(one, response="response_id", waves=("first", "second")),
        load(two, response="response_id", waves=("third",)),
        numbered=False, named=True,
    )  # fmt: skip
    assert found.wave_labels == {1: "first", 2: "second", 3: "third"}


def test_a_plan_of_a_wave_loads_all_waves(files):
    study_in(files)
    rows = survey_rows()
    rows[rows["year"] < 2016].to_csv(files / "survey.csv", index=False)
    rows[rows["year"] == 2016].to_csv(files / "new.csv", index=False)
    (files / "wave").mkdir()
    text = (files / "study.toml").read_text().replace('"survey.csv"', '"../new.csv"')
    text = text.replace('"frame.toml"', '"../frame.toml"')
    (files / "wave" / "study.toml").write_text(text.replace("[frame]", 'after = ".."\n[frame]'))
    plan = read_plan(files / "wave")
    assert load_survey(plan, lambda _: None).years == (2014, 2015, 2016)
