import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import SUBJECT_FRAME, BagOfWords, read, subject_rows, survey_rows, write_briefly

from iapt_topics import cli
from iapt_topics._base.errors import InputError
from iapt_topics._base.files import claimed
from iapt_topics.datasets import example_path
from iapt_topics.encoders import encoder as encoder_module
from iapt_topics.encoders.encoder import sentence_encoder
from iapt_topics.frame.load import load_frame
from iapt_topics.pipeline.manifest import _frame_hash, compare_runs, read_manifest
from iapt_topics.pipeline.run import run_study
from iapt_topics.pipeline.write import write_study
from iapt_topics.qda.load import load_codes
from iapt_topics.survey.responses import load_responses
from iapt_topics.topics.topics import TopicConfig

pytestmark = pytest.mark.usefixtures("short_report")  # compare_runs reads the private tables alone


def studied(table, encoder, seed=1):
    human = load_codes(subject_rows(table), frame=SUBJECT_FRAME, coder="human")
    config = TopicConfig(seed=seed, n_runs=4)
    return run_study(read(table), SUBJECT_FRAME, encoder, human=(human,), config=config)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two runs of one survey, the rows of the second in another order and rounded otherwise."""

    class Otherwise(BagOfWords):
        def encode(self, texts):
            vectors = super().encode(texts)
            noise = np.random.default_rng(0).normal(size=vectors.shape) * 1e-7
            return (vectors + noise).astype(np.float32)

    table = survey_rows()
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        write_briefly(patch)
        write_study(folder / "a", studied(table, BagOfWords()), command=("demo",))
        write_study(folder / "b", studied(table, BagOfWords()))
        write_study(folder / "c", studied(table.sample(frac=1, random_state=2), Otherwise()))
    return folder


@pytest.fixture
def runs(pair, tmp_path):
    shutil.copytree(pair, tmp_path / "runs")
    return tmp_path / "runs"


def test_a_manifest_says_what_a_result_was_made_of(runs):
    content = read_manifest(runs / "a")
    assert content["config"]["seed"] == 1
    assert content["model"]["fingerprint"] == "bag-of-words-1"
    assert {"data", "embeddings", "frame", "codes", "versions", "machine", "seconds"} <= set(
        content
    )
    assert "publish/report.html" in content["files"]
    assert {"numpy", "python", "umap-learn"} <= set(content["versions"])
    told = (runs / "a" / "manifest.json").read_text("utf-8")
    assert "caseload is too high" not in told


def test_one_word_of_the_frame_changes_its_hash():
    frame = load_frame("iapt_identity_system")
    first, *others = frame.themes
    themes = (replace(first, definition=first.definition + " More."), *others)
    assert _frame_hash(frame) == _frame_hash(load_frame("iapt_identity_system"))
    assert _frame_hash(frame) != _frame_hash(replace(frame, themes=themes))


def test_two_runs_on_one_machine_are_the_same(runs):
    found = compare_runs(runs / "a", runs / "b")
    assert (found.verdict, found.first, len(found.table)) == ("same", "", 0)
    for file in (runs / "a" / "tables_private").iterdir():
        assert file.read_bytes() == (runs / "b" / "tables_private" / file.name).read_bytes()


def test_another_order_of_rows_and_of_sums_is_equivalent(runs):
    found = compare_runs(runs / "a", runs / "c")
    assert found.verdict == "equivalent", found.table.to_string()
    assert read_manifest(runs / "a")["data"] == read_manifest(runs / "c")["data"]
    assert "embeddings" in set(found.table["what"])


@pytest.mark.slow
def test_the_real_model_on_another_batch_threads_and_order_is_equivalent(tmp_path, monkeypatch):
    import torch

    table = pd.read_csv(example_path(), keep_default_na=False, dtype=str)
    table = table.sample(120, random_state=1).sort_index()

    def result(name, table=table):
        responses = load_responses(
            table, text="comment", year="year", respondent="person", response="response_id"
        )
        frame = load_frame("iapt_identity_system")
        found = run_study(responses, frame, sentence_encoder(cache=None))
        write_study(tmp_path / name, found)
        return tmp_path / name

    first = result("first")
    assert compare_runs(first, result("again")).verdict == "same"
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if threads > 1 else 2)
    monkeypatch.setattr(encoder_module, "BATCH_PIECES", 175)
    found = compare_runs(first, result("other", table.sample(frac=1, random_state=2)))
    torch.set_num_threads(threads)
    assert found.verdict in ("same", "equivalent"), found.table.to_string()


@pytest.mark.slow
def test_what_differs_first_is_said(runs, survey_table, encoder):
    changed = survey_table.assign(comment=survey_table["comment"].str.replace("lovely", "kind"))
    write_study(runs / "d", studied(changed, encoder))
    found = compare_runs(runs / "a", runs / "d")
    assert found.verdict == "different"
    assert found.first.startswith("data")


def test_shares_beyond_the_limit_are_different(runs):
    path = runs / "b" / "tables_private" / "drift_shares.csv"
    table = pd.read_csv(path)
    table.loc[3, "estimate"] += 0.011
    table.to_csv(path, index=False)
    assert "has changed since the run wrote it" in compare_runs(runs / "a", runs / "b").first
    rewritten(runs / "b")
    found = compare_runs(runs / "a", runs / "b")
    assert found.verdict == "different"
    assert found.first.startswith("drift_shares")
    table.loc[3, "estimate"] -= 0.002
    table.to_csv(path, index=False)
    rewritten(runs / "b")
    assert compare_runs(runs / "a", runs / "b").verdict == "equivalent"


def rewritten(folder):
    """Let the manifest say what is there, as if a run had written it."""
    from iapt_topics.pipeline.manifest import MANIFEST, write_manifest

    content = read_manifest(folder)
    files = [folder / n for n in content["files"]]
    (folder / MANIFEST).unlink()
    write_manifest(folder, content, files)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[" * 5000, "readable"),
        (b"\xff", "readable"),
        (b'{"format": 2, "files": {}}', "format 1"),
        (b"[]", "readable"),
        (b" " * 5_000_001, "at most"),
    ],
)
def test_what_is_no_manifest_is_refused(runs, content, said):
    (runs / "b" / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=said):
        compare_runs(runs / "a", runs / "b")


def test_a_run_that_did_not_end_is_no_result(runs):
    (runs / "a" / "manifest.json").unlink()
    with pytest.raises(InputError, match="the last file of a run"):
        compare_runs(runs / "a", runs / "b")


def test_a_manifest_does_not_lead_out_of_its_folder(runs):
    path = runs / "b" / "manifest.json"
    content = json.loads(path.read_text())
    content["files"]["../a/publish/report.html"] = "0"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="leads outside its folder"):
        compare_runs(runs / "a", runs / "b")


def test_two_runs_cannot_use_one_folder(tmp_path):
    with claimed(tmp_path), pytest.raises(InputError, match="one run at a time"), claimed(tmp_path):
        pass
    with claimed(tmp_path):
        pass


@pytest.mark.slow
def test_verify_runs_again_and_says_same(monkeypatch, capsys, encoder, files):
    monkeypatch.setattr(encoder_module, "sentence_encoder", lambda **_: encoder)

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["iapt-topics", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code, capsys.readouterr()

    out, file = files / "out", files / "survey.csv"
    words = ("--text", "comment", "--year", "year", "--frame", files / "frame.toml", "--n-runs", 2)
    code, said = command("run", file, *words, "--out", out)
    assert code == 0, said.err
    code, said = command("verify", out)
    assert (code, said.out.splitlines()[-1]) == (0, "same")
    assert not list(files.rglob("*verify*"))
    pd.read_csv(file).iloc[1:].to_csv(file, index=False)
    code, said = command("verify", out)
    assert code == 1
    assert said.out.splitlines()[-1].startswith("different; first data")


def test_equal_values_in_another_order_have_one_hash(survey):
    from iapt_topics.pipeline.manifest import _rows_hash

    table = survey.table
    shuffled = table.sample(frac=1, random_state=1)[sorted(table.columns)]
    assert _rows_hash(table) == _rows_hash(shuffled)
    assert _rows_hash(table) != _rows_hash(table.assign(year=table["year"] + 1))
    assert _rows_hash(table) != _rows_hash(table.iloc[1:])
