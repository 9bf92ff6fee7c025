import hashlib
import json
import re
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from importlib.metadata import metadata

import pandas as pd
import pytest
from conftest import SUBJECT_FRAME, BagOfWords, survey_files
from standins import Model

from iapt_topics._base.errors import InputError
from iapt_topics.cli import doctor
from iapt_topics.cli._columns import describe_columns, guess_roles
from iapt_topics.encoders import encoder as encoder_module
from iapt_topics.pipeline import execute_plan
from iapt_topics.pipeline import write as writing
from iapt_topics.pipeline.execute_plan import run_plan, write_results
from iapt_topics.pipeline.manifest import read_manifest
from iapt_topics.pipeline.plan import read_plan
from iapt_topics.qda import read_project, write_codes
from iapt_topics.qda.load import load_codes
from iapt_topics.topics import cache as _topic_cache


@pytest.fixture
def offline_encoder(monkeypatch, encoder):
    monkeypatch.setattr(encoder_module, "sentence_encoder", lambda **_: encoder)


def test_run_ends_with_a_report(command, offline_encoder, files, tmp_path):
    code, out, err = command(
        "run", files / "survey.csv", "--text", "comment", "--year", "year", "--respondent",
        "person", "--codes", files / "codes.csv", "--frame", files / "frame.toml", "--n-runs", 4,
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    assert "The codebook reaches " in err
    assert "150 of 150 rows are codable responses, 2014 to 2016" in out
    assert "Machine-human agreement (machine against human): macro-F1 " in out
    page = (tmp_path / "out" / "publish" / "report.html").read_text("utf-8")
    assert "supervision" in page
    assert "SYNTHETIC" not in page
    tables = {p.stem for p in (tmp_path / "out" / "tables_private").iterdir()}
    assert {"ledger", "topics", "machine_codes", "drift_changes", "agreement_themes"} <= tables
    ledger = pd.read_csv(tmp_path / "out" / "tables_private" / "ledger.csv")
    assert ledger["n"].sum() == 150
    assert not list((tmp_path / "out").rglob("*.part"))


@pytest.mark.usefixtures("short_report")
def test_certify_says_what_the_machine_may_code(command, offline_encoder, files, tmp_path):
    words = (
        "run", files / "survey.csv", "--text", "comment", "--year", "year", "--respondent",
        "person", "--frame", files / "frame.toml", "--n-runs", 2, "--out", tmp_path / "out",
    )  # fmt: skip
    assert command(*words)[0] == 0
    code, _, err = command("certify", tmp_path / "out")
    assert code == 2
    assert "compare RESULTS --codes FILE" in err
    assert command("compare", tmp_path / "out", "--codes", files / "codes.csv")[0] == 0
    code, out, err = command("certify", tmp_path / "out", "--out", tmp_path / "verdicts.xlsx")
    assert code == 0, err
    first, *lines = out.splitlines()
    assert first.startswith("Target: precision 0.8, 90% confidence for each theme; ")
    assert all("; precision" in line or ": " in line for line in lines)
    sheets = pd.read_excel(tmp_path / "verdicts.xlsx", sheet_name=None)
    verdicts = next(t for t in sheets.values() if "verdict" in t.columns)
    assert len(verdicts) == len(lines)
    code, out, _ = command("certify", tmp_path / "out", "--json", "--precision", "0.5")
    assert len(json.loads(out)["themes"]) == len(lines)
    assert json.loads(out)["looks"] == 2  # another target, after the run's and the first one
    assert (tmp_path / "out" / "private" / "test_looks.csv").exists()
    assert command("verify", tmp_path / "out")[0] == 0


@pytest.mark.slow
def test_one_year_with_codes_has_a_report_and_no_word_of_change(
    command, offline_encoder, files, tmp_path
):
    table = pd.read_csv(files / "survey.csv").assign(year=2014)
    table.to_csv(files / "survey.csv", index=False)
    code, out, err = command(
        "run", files / "survey.csv", "--text", "comment", "--year", "year", "--respondent",
        "person", "--codes", files / "codes.csv", "--frame", files / "frame.toml", "--n-runs", 2,
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    assert "150 of 150 rows are codable responses, 2014." in out
    assert "changed" not in out
    assert (tmp_path / "out" / "publish" / "report.html").exists()
    code, out, err = command("drift", tmp_path / "out", "--quiet")
    assert (code, out) == (0, "Only one year was coded, so no change can be estimated.\n"), err


@pytest.mark.usefixtures("short_report")
def test_codes_may_be_a_project_of_several_and_named_otherwise(command, survey, files, monkeypatch):
    people = [load_codes(files / "codes.csv", frame=SUBJECT_FRAME, coder="A")]
    people += [replace(people[0], coder=c) for c in ("B", "C")]
    machine = replace(people[0], coder="m", kind="machine")
    write_codes(files / "p.qdpx", [machine, *people], frame=SUBJECT_FRAME, responses=survey)
    pd.read_csv(files / "codes.csv").replace("pay", "money").to_csv(
        files / "named.csv", index=False
    )
    (files / "map.csv").write_text("code,theme\nmoney,pay\n")
    given = []

    def stop(_responses, _frame, _encoder, setup, *_):
        given.extend(setup.human)
        raise InputError("a test", "must stop here", "enough", "Go on.")

    monkeypatch.setattr(execute_plan, "run_stages", stop)
    words = ["run", files / "survey.csv", "--text", "comment", "--year", "year", "--frame",
             files / "frame.toml", "--out", files / "out", "--codes"]  # fmt: skip
    _, _, err = command(*words, files / "p.qdpx")
    assert "must stop here" in err
    assert "3 coders found; compared: A and B." in err
    assert [c.coder for c in given] == ["A", "B"]
    assert (given[0].matrix() == people[0].matrix(given[0].seen["response_id"])).all()
    code, _, err = command(*words, files / "named.csv")
    assert code == 2
    assert "'money'" in err
    code, _, err = command(*words, files / "named.csv", "--code-map", files / "map.csv")
    assert "must stop here" in err
    assert (given[2].matrix() == people[0].matrix()).all()


def study_in(folder):
    """The folder, with a study.toml of its survey and codebook."""
    (folder / "study.toml").write_text(
        '[survey]\nfile = "survey.csv"\ntext = "comment"\nyear = "year"\n'
        'respondent = "person"\n[frame]\nuse = "frame.toml"\n[topics]\nn_runs = 2\n'
    )
    return folder


@pytest.fixture
def folder(files):
    return study_in(files)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:A public version of overlapping")
def test_a_study_is_run_from_its_file_and_again_from_its_results(command, offline_encoder, folder):
    code, out, err = command("run", folder / "study.toml", "--json")
    assert code == 0, err
    facts = json.loads(out)
    assert (facts["rows"], facts["kept"], facts["years"]) == (150, 150, [2014, 2015, 2016])
    assert facts["files"]["report"] == str(folder / "results" / "publish" / "report.html")
    assert len(facts["changes"]) == facts["themes"] == 5
    assert {"theme", "label", "estimate", "low", "high", "n", "p_bh"} <= set(facts["changes"][0])
    assert "Embedding the responses ..." in err
    made = {p: p.read_bytes() for p in (folder / "results" / "tables_private").iterdir()}
    code, out, err = command("run", folder / "results", "--disclosure", "5", "--quiet")
    assert (code, err) == (0, "")
    assert (
        out.splitlines()[-1] == f"Public report: {folder / 'results' / 'publish' / 'report.html'}"
    )
    assert made == {p: p.read_bytes() for p in (folder / "results" / "tables_private").iterdir()}
    assert "fewer than 5" in (folder / "results" / "publish" / "report.html").read_text("utf-8")
    assert "disclosure = 5 " in (folder / "results" / "study.toml").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.usefixtures("short_report")
def test_a_model_of_ones_own_is_named_checked_and_told_apart(command, folder, monkeypatch):
    monkeypatch.setattr(encoder_module, "_model", lambda _: Model())
    weights = folder / "models" / "mine" / "model.safetensors"
    weights.parent.mkdir(parents=True)
    with (folder / "study.toml").open("a") as stream:
        stream.write('[embedding]\nmodel = "models/mine"\nprompt = "query: "\n')
    code, out, _ = command("doctor", folder / "study.toml")
    assert code == 1
    assert "the model's weights" in out
    weights.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    assert f"mine: found in {weights.parent}, SHA-256 {digest}" in command("doctor", folder)[1]
    code, _, err = command("run", folder / "study.toml")
    assert code == 0, err
    model = read_manifest(folder / "results")["model"]
    assert (model["name"], model["files"]) == ("mine", {"model.safetensors": digest})
    assert model["fingerprint"].startswith(f"{digest}-")  # the prompts are part of the encoder
    assert read_plan(folder / "results").model == weights.parent
    assert command("verify", folder / "results")[1].endswith("same\n")
    weights.write_bytes(b"others")
    code, out, _ = command("verify", folder / "results")
    assert (code, "different; first model" in out) == (1, True)
    code, _, err = command("run", folder / "study.toml", "--model", "intfloat/e5-small")
    assert code == 2
    assert "must be a folder on this machine" in err


@pytest.mark.slow
@pytest.mark.usefixtures("short_report")
def test_a_warning_is_a_note(command, result, folder, monkeypatch):
    (kept,) = (result / "cache").glob("topics-*")
    (kept / "topics.json").write_text("no")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        code, _, err = command("run", result)
    assert code == 0
    assert "Note: topics are fitted again" in err
    assert "UserWarning" not in err


def test_a_survey_file_alone_is_not_enough(command, files):
    code, _, err = command("run", files / "survey.csv")
    assert code == 2
    assert "iapt-topics init" in err
    code, _, err = command("run", files / "serves.csv")
    assert (code, "no such file" in err) == (2, True)


@pytest.mark.usefixtures("offline_encoder")
def test_a_frame_is_checked_and_set_against_a_survey(command, files):
    check = ("frame", "--check", files / "frame.toml")
    code, out, err = command(*check, "--survey", files / "survey.csv", "--text", "comment")
    assert code == 0, err
    assert "codable themes" in out
    assert "no faults of form" in out
    assert re.search(r"The codebook reaches \d+% of 150 texts \(95 % CI", out)
    assert "caseload" not in err
    (files / "bare.csv").write_text("id,label\nA,Pay\nB,Pay\n")
    code, out, err = command("frame", "--check", files / "bare.csv")
    assert code == 0, err
    assert "2 themes without a definition: A, B." in out
    assert "2 themes without examples: A, B." in out
    assert "A and B are hard to tell apart" in out
    (files / "bare.csv").write_text("id,label\nA,Pay\nA,Work\n")
    code, _, err = command("frame", "--check", files / "bare.csv")
    assert (code, "'A'" in err) == (2, True)
    for words in (("frame",), (*check, "--survey", files / "survey.csv")):
        code, _, err = command(*words)
        assert code == 2
        assert "--check" in err or "--text" in err


def test_init_takes_its_guesses_and_shows_no_answer(command, folder):
    (folder / "study.toml").unlink()
    code, _, err = command("init", folder / "survey.csv", "--yes")
    assert (code, "the codebook must be named with --yes" in err) == (2, True)
    code, out, err = command(
        "init", folder / "survey.csv", "--yes", "--frame", folder / "frame.toml"
    )
    assert code == 0, err
    assert "iapt-topics run" in out
    for said in ("text: comment", "year: year", "respondent: person", "response: response_id",
                 "covariates: subject", "years, 2014 to"):  # fmt: skip
        assert said in err
    assert "caseload" not in err
    assert read_plan(folder).covariates == ("subject",)
    code, _, err = command("init", folder / "survey.csv", "--yes")
    assert code == 2
    assert "--force" in err


def test_init_says_what_it_cannot_guess(command, tmp_path):
    (tmp_path / "s.csv").write_text("a,b\n1,2\n3,4\n")
    code, _, err = command("init", tmp_path / "s.csv", "--yes")
    assert code == 2
    assert "the column of the text must be recognisable" in err
    # A name alone makes no year, and one year alone is asked about.
    (tmp_path / "s.csv").write_text("A title,,\nid,year,comment\n1,2016,Too many targets for us\n")
    code, _, err = command("init", tmp_path / "s.csv", "--yes")
    assert code == 2
    assert "1 row(s) above the column names were left out" in err
    assert "the column of the year must be certain to be taken with --yes; got 'year'" in err
    assert not (tmp_path / "study.toml").exists()


def test_columns_are_guessed_by_name_and_look():
    table = pd.DataFrame(
        {
            "RespondentID": [f"{i // 2}" for i in range(40)],
            "Q1": ["My caseload is far too high this year", "The team is kind to me", ""] * 13
            + [""],
            "Q2 why": [f"Because of the targets that we have number {i}" for i in range(40)],
            "Timepoint": ["Before"] * 20 + ["After"] * 20,
            "wave": ["2014/15"] * 20 + ["2015/16"] * 20,
            "band": ["5", "6"] * 20,
            "row no": [str(i) for i in range(40)],
            "[bold]x": [""] * 40,
        }
    )
    table["Q1"] = [f"{t} {i}" if t else "" for i, t in enumerate(table["Q1"])]
    guess = guess_roles(describe_columns(table))
    assert guess.text == ("Q1", "Q2 why")
    assert (guess.year, guess.respondent) == ("wave", "RespondentID")
    assert (guess.response, guess.question) == ("row no", None)
    # A level for each wave says nothing beside it, and numbers may be ratings.
    assert guess.covariates == ()
    assert guess.others == {}
    named = guess_roles(describe_columns(table.drop(columns=["wave"]).rename(
        columns={"Timepoint": "Wave"})))  # fmt: skip
    assert named.year == "Wave"
    dated = table.drop(columns=["wave"]).assign(done=["12/03/2014"] * 20 + ["1/3/2015"] * 20)
    assert guess_roles(describe_columns(dated)).year == "done"


BAD = {
    "a missing file": ("nowhere.csv", None, {}, "no such file"),
    "a missing column": (None, None, {"--text": "coment"}, "Did you mean 'comment'?"),
    "an empty file": ("survey.csv", "", {}, "an empty file"),
    "a header alone": ("survey.csv", "comment,year\n", {}, "row"),
    "blank text": ("survey.csv", "comment,year\n ,2014\n,2015\n", {}, "2 blank"),
    "one response": ("survey.csv", "comment,year\nToo many targets,2014\n", {}, "got 1"),
    "a year that is none": (
        "survey.csv", "comment,year\nToo many targets,2014/15\nGood team,2016\n", {}, "2014/15",
    ),
    "half a year": (
        "survey.csv", "comment,year\nToo many targets,2014.5\nGood team,2016\n", {}, "2014.5",
    ),
    "an id twice": (
        "survey.csv",
        "response_id,comment,year\na,Too many targets,2014\na,Good team,2016\n", {}, "'a'",
    ),
    "an unknown frame": (None, None, {"--frame": "iapt_identity_systm"}, "Did you mean"),
    "a missing frame": (None, None, {"--frame": "mine.toml"}, "no such file"),
    "no codebook": (None, None, {"--frame": ""}, "frame.use must be the name"),
    "missing codes": (None, None, {"--codes": "codes.csv"}, "no such file"),
    "an unknown baseline": (None, None, {"--baseline": "1999"}, "1999"),
    "codes of another survey": (
        None, None, {"--codes": "other.csv"}, "must be for responses of this survey",
    ),
    "one run": (None, None, {"--n-runs": "1"}, "topics.n_runs must be"),
    "no cell size": (None, None, {"--disclosure": "0"}, "disclosure"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_nothing_written(command, offline_encoder, files, tmp_path, case):
    name, content, options, said = BAD[case]
    path = files / (name or "survey.csv")
    if content is not None:
        path.write_text(content)
    (tmp_path / "other.csv").write_text("response_id,theme\nelsewhere,S1\n")
    options = {k: tmp_path / v if v == "other.csv" else v for k, v in options.items()}
    given = {"--text": "comment", "--year": "year", "--n-runs": "4"}
    given |= {"--frame": "iapt_identity_system"} | options
    words = [w for pair in given.items() for w in pair]
    code, out, err = command("run", path, *words, "--out", tmp_path / "out")
    assert code == 2
    assert said in err
    (error,) = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert error == err.splitlines()[-1]
    assert "Traceback" not in err
    assert "Report" not in out
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").rglob("*.*"))


def test_out_that_is_a_file_is_refused(command, offline_encoder, files):
    file = files / "survey.csv"
    code, _, err = command("run", file, "--text", "comment", "--year", "year", "--out", file)
    assert code == 2
    assert "must be a folder" in err


def test_help_is_there_without_the_heavy_packages():
    said = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "iapt_topics.cli", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "demo" in said.stdout
    for heavy in ("torch", "bertopic", "umap", "sklearn"):
        assert f" {heavy}\n" not in said.stderr


def test_a_frame_is_written_and_checked(command, tmp_path):
    out = tmp_path / "mine.xlsx"
    code, said, _ = command("frame", out)
    assert code == 0
    assert "3 codable themes" in said
    code, _, err = command("frame", out)
    assert code == 2
    assert "--force" in err
    code, said, _ = command("frame", tmp_path / "mine.toml", "--from", out)
    assert code == 0
    assert "role=protective" in (tmp_path / "mine.toml").read_text("utf-8")
    (tmp_path / "bad.csv").write_text("id,label,parent\na,,b\n")
    code, _, err = command("frame", tmp_path / "x.csv", "--from", tmp_path / "bad.csv")
    assert code == 2
    assert "2 fault(s)" in err


def test_encoders_are_compared(command, monkeypatch, encoder, files):
    class Other(type(encoder)):
        name = "other"
        fingerprint = "other"

    asked = []

    def found(name, cache):
        asked.append((name, cache))
        return Other() if name else encoder

    monkeypatch.setattr(encoder_module, "sentence_encoder", found)
    code, out, err = command(
        "encoders", files / "survey.csv", "--text", "comment", "--year", "year", "--frame",
        files / "frame.toml", "--codes", files / "codes.csv", "--model", "somewhere",
    )  # fmt: skip
    assert code == 0, err
    assert asked == [(None, None), ("somewhere", None)]
    assert "bag-of-words: f1_macro" in out
    assert "other: kappa_mean" in out
    assert "n = 150, 5 themes" in out


@pytest.mark.slow
def test_run_takes_a_wide_file_with_waves_and_a_deny_list(
    command, offline_encoder, survey_table, tmp_path
):
    path, deny = tmp_path / "wide.csv", tmp_path / "deny.csv"
    wide = survey_table.assign(
        wave=["Before" if y == 2014 else "After" for y in survey_table["year"]],
        other="n/a",
        w=1.5,
        response_id=[f"r{i}" for i in range(len(survey_table))],
    )
    wide.loc[0, "comment"] = f"{wide.loc[0, 'comment']} at Elm House"
    wide.to_csv(path, index=False, encoding="utf-16")
    deny.write_text("kind,term\nsite,elm house\n", "utf-8")
    out = tmp_path / "out"
    code, said, err = command(
        "run", path, "--text", "comment", "--text", "other", "--year", "wave", "--wave", "Before",
        "--wave", "After", "--weight", "w", "--covariate", "subject", "--deny", deny,
        "--redact-text", "--frame", "iapt_identity_system", "--out", out, "--n-runs", "2",
    )  # fmt: skip
    assert code == 0, err
    assert "Note: survey 'wide.csv': read as UTF-16." in err
    assert "Before to After" in said
    ledger = pd.read_csv(out / "tables_private" / "ledger.csv")
    by_status = ledger.groupby("status")["n"].sum()
    assert by_status[by_status > 0].to_dict() == {"kept": 150, "non_answer": 150}
    counts = pd.read_csv(out / "tables_private" / "redactions.csv")
    assert counts.to_dict("list") == {"kind": ["site"], "year": [1], "n": [1], "n_responses": [1]}
    assert not any("Elm House" in p.read_text("utf-8-sig") for p in out.glob("*/*.csv"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a study and its results, without codes."""
    folder = survey_files(tmp_path_factory.mktemp("made"))
    plan = read_plan(study_in(folder))
    write_results(run_plan(plan, BagOfWords()), plan)
    return folder


@pytest.fixture
def result(made, offline_encoder, files):
    shutil.copytree(made, files, dirs_exist_ok=True)
    return files / "results"


@pytest.mark.slow
@pytest.mark.usefixtures("short_report")
@pytest.mark.filterwarnings("ignore:A public version of overlapping")
def test_a_result_is_revised_part_by_part_without_another_fit(command, result, files, monkeypatch):
    def again(*_, **__):
        raise AssertionError("fitted again")

    monkeypatch.setattr(_topic_cache, "fit_topics", again)
    topics = (result / "tables_private" / "topics.csv").read_bytes()
    code, out, err = command("compare", result, "--codes", files / "codes.csv")
    assert code == 0, err
    assert "Machine-human agreement (machine against human): macro-F1 " in out
    assert "  pay pay: F1 " in out
    assert (result / "tables_private" / "agreement_themes.csv").exists()
    code, out, err = command(
        "drift", result, "--baseline", "2016", "--standardise", "subject", "--json"
    )
    assert code == 0, err
    facts = json.loads(out)
    assert (facts["baseline"], facts["year"], facts["standardise"]) == (2016, 2015, ["subject"])
    assert len(facts["changes"]) == len(facts["standardised_changes"]) == 5
    assert len(facts["agreement_themes"]) == 5  # the codes have stayed
    assert isinstance(facts["agreement"][0]["n"], int)
    code, _, err = command("report", result, "--disclosure", "hess")
    assert code == 2
    assert "or the name of a disclosure rule; got 'hess'" in err
    code, out, err = command("report", result, "--disclosure", "hes")
    assert code == 0, err
    assert out.splitlines() == [
        f"Private report, for you alone: {result / 'private' / 'report.html'}",
        f"Public report: {result / 'publish' / 'report.html'}",
    ]
    plan = read_plan(result)
    assert (plan.codes, plan.baseline, plan.disclosure) == (files / "codes.csv", 2016, "hes")
    assert (result / "tables_private" / "topics.csv").read_bytes() == topics
    # What cannot be used leaves all as it is.
    before = (result / "manifest.json").read_bytes()
    code, _, err = command("drift", result, "--baseline", "1999")
    assert code == 2
    assert "1999" in err
    assert (result / "manifest.json").read_bytes() == before
    assert read_plan(result) == plan


@pytest.mark.slow
def test_quotes_go_out_to_be_approved_and_come_back(command, result, folder):
    sheet = folder / "quotes.csv"
    code, out, err = command("export", result, "--approve", sheet, "--quiet")
    assert (code, err, out) == (0, "", f"Approve: {sheet}\n")
    rows = pd.read_csv(sheet, dtype=str, keep_default_na=False)
    quote = rows.loc[0, "text"]
    assert quote not in (result / "publish" / "report.html").read_text("utf-8")
    rows.loc[0, ["decision", "approved_by"]] = ["approve", "Reader"]
    rows.to_csv(sheet, index=False)
    code, _, err = command("export", result, "--approve", sheet)
    assert code == 2  # somebody's decisions are not written over
    assert "--force" in err
    code, _, err = command("report", result, "--approved", sheet)
    assert code == 0, err
    page = (result / "publish" / "report.html").read_text("utf-8")
    assert quote in page
    assert rows.loc[1, "text"] not in page


@pytest.mark.usefixtures("short_report")
def test_export_writes_for_papers_and_tools(command, result, files, monkeypatch):
    def figures(folder, published):
        assert published.disclosure.min_cell == 5
        folder.mkdir()

    monkeypatch.setattr(writing, "write_figures", figures)
    to = files / "paper"
    words = ["--tables", to / "t.xlsx", "--draft", to / "d.docx", "--project", to / "p.qdpx",
             "--figures", to / "figures"]  # fmt: skip
    code, out, err = command("export", result, *words, "--json")
    assert code == 0, err
    assert json.loads(out)["tables"] == str(to / "t.xlsx")
    assert {p.name for p in to.iterdir()} == {"t.xlsx", "d.docx", "p.qdpx", "figures"}
    assert read_project(to / "p.qdpx").coders == ("machine",)
    code, _, err = command("export", result)
    assert code == 2
    assert "must have something to write" in err
    assert not (result / "cache" / "next").exists()


def test_verify_speaks_json_too(command, result, tmp_path):
    shutil.copytree(result, tmp_path / "copy")
    code, out, _ = command("verify", result, tmp_path / "copy", "--json")
    assert (code, json.loads(out)) == (0, {"verdict": "same", "first": "", "differs": []})
    table = next((tmp_path / "copy").rglob("machine_codes.csv"))
    table.write_text("response_id,theme\n")
    code, out, _ = command("verify", result, tmp_path / "copy", "--json")
    assert code == 1
    facts = json.loads(out)
    assert facts["verdict"] == "different"
    assert facts["differs"][0]["value"] is None  # JSON has no NaN


def test_a_folder_that_is_no_result_is_said(command, tmp_path):
    for words in (("report",), ("drift",), ("export", "--tables", "t.xlsx")):
        code, _, err = command(words[0], tmp_path, *words[1:])
        assert code == 2
        assert "study.toml" in err


def test_doctor_says_what_is_there_and_what_is_missing(command, monkeypatch):
    code, out, _ = command("doctor", "--json")
    facts = json.loads(out)
    assert facts["packages"]["pandas"] == pd.__version__
    assert facts["offline"] is True
    assert facts["cores"] >= 1
    assert (code == 1) == bool(facts["missing"])
    known = set(metadata("iapt-topics").get_all("Provides-Extra"))
    assert set(facts["extras"]) <= known - {"dev", "docs"}

    def none(**_):
        raise InputError("the default model", "must be installed", "no package", "Install it.")

    monkeypatch.setattr(encoder_module, "sentence_encoder", none)
    monkeypatch.setattr(doctor, "_required", lambda: {"": ["no-such-package"], "spss": ["nor-it"]})
    code, out, _ = command("doctor")
    assert code == 1
    assert "no-such-package MISSING" in out
    assert "nor-it not installed (pip install 'iapt-topics[spss]')" in out
    assert "Install it." in out
    assert "Missing: no-such-package, model all-MiniLM-L6-v2" in out


def test_the_version_is_said(command):
    assert command("--version")[:2] == (0, f"iapt-topics {metadata('iapt-topics')['Version']}\n")


@pytest.mark.slow
@pytest.mark.usefixtures("short_report")
def test_a_path_may_begin_at_home(command, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert command("frame", "~/mine.toml")[0] == 0
    assert (tmp_path / "mine.toml").is_file()
    code, said, _ = command("frame", "--check=~/mine.toml")
    assert (code, "codable themes" in said) == (0, True)
    (tmp_path / "home.csv").write_text("comment,year\n")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.toml").write_text(
        '[survey]\nfile = "~/home.csv"\ntext = "comment"\nyear = "year"\n'
        '[frame]\nuse = "~/mine.toml"\n[report]\nout = "~/out"\n'
    )
    plan = read_plan(tmp_path / "study")
    assert (plan.file, plan.frame, plan.out) == (
        tmp_path / "home.csv", tmp_path / "mine.toml", tmp_path / "out",
    )  # fmt: skip
    code, _, err = command("run", "~/nowhere.csv")
    assert (code, str(tmp_path / "nowhere.csv") in err) == (2, True)


@pytest.mark.parametrize("begun", ["iapt-topics val", "iapt-topics run --cov"])
def test_a_shell_completes_commands_and_options(command, monkeypatch, begun):
    monkeypatch.setenv("_IAPT_TOPICS_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", begun)
    monkeypatch.setenv("COMP_CWORD", str(len(begun.split()) - 1))
    assert command()[1].split() == [{"val": "validate", "--cov": "--covariate"}[begun.split()[-1]]]
