"""Tests by people and samples to code, by commands alone: given out, returned, joined, marked."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
from conftest import BagOfWords, survey_files
from test_cli import study_in

from iapt_topics.encoders import encoder as encoder_module
from iapt_topics.pipeline.execute_plan import run_plan, write_results
from iapt_topics.pipeline.plan import read_plan
from iapt_topics.validation.answers import ANSWERS, check_of
from iapt_topics.validation.task import load_task


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a study and its results, without codes."""
    folder = survey_files(tmp_path_factory.mktemp("judged"))
    plan = read_plan(study_in(folder))
    write_results(run_plan(plan, BagOfWords()), plan)
    return folder


@pytest.fixture
def result(made, monkeypatch, tmp_path):
    monkeypatch.setattr(encoder_module, "sentence_encoder", lambda **_: BagOfWords())
    shutil.copytree(made, tmp_path / "study")
    return tmp_path / "study" / "results"


def answered(path, task, rater, choose):
    """A file as the page exports it; ``choose`` gives the values for a row of the key."""
    key = task.key.set_index("item")
    items = task.assigned.loc[task.assigned["rater"] == rater, "item"]
    rows = [[i, choose(key.loc[i]), "", "2026-03-01T10:00:00.000Z"] for i in items]
    fingerprint = task.fingerprint
    content = {
        "format": ANSWERS, "task": fingerprint, "rater": rater, "answers": rows,
        "check": check_of(fingerprint, rater, rows),
    }  # fmt: skip
    path.write_text(json.dumps(content), "utf-8")
    return path


def draw(command, result, *words):
    code, out, err = command("validate", result, *words, "--json", "--quiet")
    assert code == 0, err
    facts = json.loads(out)
    return facts, load_task(facts["key"])


@pytest.mark.slow
def test_a_test_goes_out_and_comes_back_into_both_reports(command, result, tmp_path):
    words = ("--raters", "Ann, B/n", "--width", "0.5", "--to", tmp_path / "pages", "--sheet")
    facts, task = draw(command, result, *words)
    assert {p.name for p in (tmp_path / "pages").iterdir()} == {
        f"response_intrusion_{who}.{kind}"
        for who in ("1_Ann", "2_B_n")
        for kind in ("html", "xlsx")
    }
    key = result / "private" / "validation"
    assert [str(p) for p in key.iterdir()] == [facts["key"]]
    pages = b"".join(p.read_bytes() for p in (tmp_path / "pages").glob("*.html"))
    assert not any(i.encode() in pages for i in read_ids(result))
    code, _, err = command("validate", result, *words)
    assert code == 2  # pages that somebody may be answering are not written over
    assert "--force" in err
    bad = int(task.key["topic"].iloc[0])

    def choose(row):
        wrong = str(int(row["right"]) % 4 + 1)
        return [wrong if row["topic"] == bad else row["right"]]

    files = [answered(tmp_path / f"{k}.json", task, r, choose) for k, r in enumerate(task.raters)]
    code, out, err = command("validate", result, "--answers", *files, "--quiet")
    assert code == 0, err
    assert out.startswith("Response intrusion: ")
    assert f"  {bad} " in out
    assert "not told apart; 0% right of " in out
    assert "Agreement among raters (Krippendorff's alpha): 1.00" in out
    plan = read_plan(result)
    assert [str(p) for p in plan.tests] == [facts["key"]]
    assert list(plan.answers) == files
    table = pd.read_csv(result / "tables_private" / "validation_topics.csv")
    assert table.loc[table["topic"] == bad, "status"].tolist() == ["not told apart"]
    log = pd.read_csv(result / "tables_private" / "validation_log.csv")
    assert log["rater"].tolist() == ["Ann", "B/n"]
    for report in ("private", "publish"):
        page = (result / report / "report.html").read_text("utf-8")
        assert "people could not tell it apart (response intrusion: 0% right" in page
    # The user's own study.toml does not know of it: a run of that says what it drops.
    code, _, err = command("run", result.parent / "study.toml")
    assert code == 0, err
    assert f"validation.tests of the earlier results was {facts['key']}; now it is nothing." in err
    assert "validation.answers of the earlier results was " in err
    assert command("validate", result, "--answers", *files)[0] == 0
    # A further run keeps the mark; one of other topics says that it is left out.
    code, _, err = command("run", result, "--quiet")
    assert "people could not tell it" in (result / "private" / "report.html").read_text("utf-8")
    code, _, err = command("run", result, "--n-topics", 2)
    assert code == 0, err
    assert "is of other topics than these have become" in err
    assert "people could not tell it" not in (result / "private" / "report.html").read_text("utf-8")
    assert not (result / "tables_private" / "validation_topics.csv").exists()
    # A test of these topics can be added to the one that is left out.
    facts, task = draw(command, result, *words, "--kind", "label choice")
    file = answered(tmp_path / "new.json", task, "Ann", lambda row: [row["right"]])
    code, out, err = command("validate", result, "--answers", file)
    assert code == 0, err
    assert out.startswith("Label choice: 100% right")
    assert len(read_plan(result).tests) == 2
    code, _, err = command("validate", result, "--answers", files[0], "--force")
    assert code == 2
    assert "must be to a test of the study as it is now" in err


def read_ids(result):
    ids = pd.read_csv(result / "tables_private" / "topic_assignments.csv")["response_id"]
    return [i for i in map(str, ids) if len(i) > 5]


@pytest.mark.slow
@pytest.mark.usefixtures("short_report")
def test_answers_of_a_rater_are_replaced_only_if_that_is_asked_for(command, result, tmp_path):
    _, task = draw(command, result, "--raters", "Ann", "--raters", "Ben", "--width", 0.6)
    right = answered(tmp_path / "a.json", task, "Ann", lambda row: [row["right"]])
    other = answered(tmp_path / "b.json", task, "Ann", lambda _: ["1"])
    ben = answered(tmp_path / "c.json", task, "Ben", lambda row: [row["right"]])
    assert command("validate", result, "--answers", right)[0] == 0
    code, out, err = command("validate", result, "--answers", ben, "--json")
    assert code == 0, err
    assert json.loads(out)["tests"][0]["overall"][0]["n_raters"] == 2
    code, _, err = command("validate", result, "--answers", other)
    assert code == 2
    assert "others of 'Ann' in 'a.json'" in err
    assert read_plan(result).answers == (right, ben)
    code, out, err = command("validate", result, "--answers", other, "--force", "--json")
    assert code == 0, err
    assert read_plan(result).answers == (ben, other)
    code, _, err = command("validate", result, "--answers", result / "manifest.json")
    assert code == 2
    assert "must be to a task of this study" in err


@pytest.mark.usefixtures("short_report")
def test_codes_of_the_themes_are_checked_by_a_command(command, result, tmp_path):
    words = ("--kind", "theme-check", "--raters", "Ann", "--width", "0.6")
    _, task = draw(command, result, *words)
    file = answered(
        tmp_path / "a.json", task, "Ann",
        lambda row: ["fits" if row["stratum"] == "coded" else "no"],
    )  # fmt: skip
    code, out, err = command("validate", result, "--answers", file, "--quiet")
    assert code == 0, err
    assert out.startswith("Theme check: 100% of the machine's codes that were judged fit (")
    assert " codes fit (95 % CI " in out
    assert (result / "tables_private" / "validation_themes.csv").is_file()
    assert command("validate", result, "--kind", "wrd intrusion", "--raters", "A")[0] == 2
    assert command("validate", result)[0] == 2
    assert command("validate", result, "--answers", tmp_path / "none.json")[0] == 2


@pytest.mark.slow
@pytest.mark.usefixtures("short_report")
def test_a_sample_is_coded_on_a_page_and_joined_with_the_codes_of_before(command, result, tmp_path):
    code, out, err = command(
        "sample", result, "--raters", "Ann", "--width", 0.3, "--json", "--quiet"
    )
    assert code == 0, err
    task = load_task(json.loads(out)["key"])
    theme = task.choices[1][0]
    file = answered(tmp_path / "a.json", task, "Ann", lambda _: [theme])
    code, out, err = command("sample", result, "--answers", file, "--quiet")
    assert code == 0, err
    n = len(task.items)
    assert out.startswith(f"Ann: {n} responses coded.\n")
    assert "Machine-human agreement (machine against Ann): macro-F1 " in out
    plan = read_plan(result)
    assert plan.codes == result / "private" / "validation" / "hand_codes_1.csv"
    assert plan.codes_sample == "random"
    first = plan.codes.read_bytes()
    # The next sample leaves out what is coded, and is added to it.
    code, out, err = command(
        "sample", result, "--raters", "Ann", "--width", 0.3, "--seed", 8, "--json", "--force"
    )
    assert code == 0, err
    more = load_task(json.loads(out)["key"])
    assert not set(more.key["response"]) & set(task.key["response"])
    file = answered(tmp_path / "b.json", more, "Ann", lambda _: ["none"])
    code, out, err = command("sample", result, "--answers", file, "--quiet")
    assert code == 0, err
    assert f"{n + len(more.items)} with those of before." in out
    codes = pd.read_csv(read_plan(result).codes)
    assert codes["response_id"].nunique() == n + len(more.items)
    assert (result / "private" / "validation" / "hand_codes_1.csv").read_bytes() == first
    # The same response coded otherwise is not taken silently.
    file = answered(tmp_path / "c.json", task, "Ann", lambda _: ["none"])
    code, _, err = command("sample", result, "--answers", file)
    assert code == 2
    assert "others than before" in err
    assert command("sample", result, "--answers", file, "--force")[0] == 0
