import shutil
import signal
from dataclasses import replace

import pandas as pd
import pytest
from conftest import BagOfWords, survey_files, write_briefly

from iapt_topics._base.errors import InputError
from iapt_topics.drift.standardise import standardise_drift
from iapt_topics.pipeline import execute_plan as pipeline
from iapt_topics.pipeline.execute_plan import run_plan, write_results
from iapt_topics.pipeline.manifest import compare_runs, read_manifest
from iapt_topics.pipeline.plan import StudyPlan, read_plan
from iapt_topics.topics import cache as _topic_cache

pytestmark = pytest.mark.usefixtures("short_report")


def plan_in(files):
    return StudyPlan(
        file=files / "survey.csv", text=("comment",), year="year", respondent="person",
        frame=files / "frame.toml", n_runs=2, out=files / "out",
    )  # fmt: skip


def made(plan, encoder):
    return write_results(run_plan(plan, encoder), plan)


@pytest.fixture
def plan(files):
    return plan_in(files)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """A plan that was carried out."""
    plan = plan_in(survey_files(tmp_path_factory.mktemp("first")))
    with pytest.MonkeyPatch.context() as patch:
        write_briefly(patch)
        made(plan, BagOfWords())
    return plan


@pytest.fixture
def begun(plan, first_run):
    """A plan of the same, whose results are there."""
    shutil.copytree(first_run.out, plan.out)
    return plan


def bytes_of(folder):
    return {p.name: p.read_bytes() for p in (folder / "tables_private").iterdir()}


@pytest.fixture
def fits(monkeypatch):
    """Counts how often topics are fitted."""
    counted = []
    real = _topic_cache.fit_topics

    def fit(*args, **more):
        counted.append(args)
        return real(*args, **more)

    monkeypatch.setattr(_topic_cache, "fit_topics", fit)
    return counted


@pytest.mark.slow
def test_a_result_holds_the_plan_that_makes_it_again(plan, encoder, fits, tmp_path):
    made(plan, encoder)
    again = read_plan(plan.out)
    assert again == plan
    made(replace(again, out=tmp_path / "other"), encoder)
    assert compare_runs(plan.out, tmp_path / "other").verdict == "same"
    assert len(fits) == 2  # another folder is another cache


def test_a_stopped_run_goes_on_with_the_same_results(plan, encoder, fits, first_run, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("iapt_topics.pipeline.run.measure_drift", stop)
        with pytest.raises(KeyboardInterrupt):
            made(plan, encoder)
    assert len(fits) == 1
    made(plan, encoder)
    assert len(fits) == 1
    assert bytes_of(plan.out) == bytes_of(first_run.out)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:A public version of overlapping")
def test_kept_topics_are_for_the_same_texts_vectors_and_settings_alone(
    begun, encoder, fits, survey_table
):
    class Other(type(encoder)):
        def encode(self, texts):
            return super().encode(texts)[:, ::-1]

    plan = begun
    more = {"codes": plan.file.with_name("codes.csv"), "baseline": 2015, "disclosure": 3}
    made(replace(plan, standardise=("subject",), **more), encoder)
    assert not fits
    made(replace(plan, seed=8), encoder)
    run_plan(plan, Other())
    survey_table.assign(comment=survey_table["comment"] + " so").to_csv(plan.file, index=False)
    run_plan(plan, encoder)
    survey_table.assign(person="p1").to_csv(plan.file, index=False)
    run_plan(plan, encoder)
    assert len(fits) == 4


@pytest.mark.slow
def test_damaged_topics_are_fitted_anew(begun, encoder, fits):
    plan = begun
    before = bytes_of(plan.out)
    (kept,) = (plan.out / "cache").glob("topics-*")
    (kept / "arrays.safetensors").write_bytes(b"no")
    with pytest.warns(UserWarning, match="fitted again"):
        made(plan, encoder)
    assert len(fits) == 1
    assert bytes_of(plan.out) == before
    made(plan, encoder)
    assert len(fits) == 1


@pytest.mark.slow
def test_topics_that_a_run_did_not_write_are_not_taken(begun, encoder, fits):
    plan = begun
    before = bytes_of(plan.out)
    (kept,) = (plan.out / "cache").glob("topics-*")
    label = pd.read_parquet(kept / "topics.parquet").assign(label="made up")
    for change, said in (
        (
            lambda: label.to_parquet(kept / "topics.parquet"),
            "parquet has changed since it was written",
        ),
        (lambda: (kept / "more.txt").write_text("x"), "more.txt has changed since it was written"),
        (lambda: (kept / "record.json").unlink(), "there is no record of their source"),
        (lambda: (kept / "record.json").write_text("[1]"), "record cannot be read"),
    ):
        change()
        with pytest.warns(UserWarning, match=f"fitted again: .*{said}"):
            made(plan, encoder)
        assert bytes_of(plan.out) == before
    assert len(fits) == 4
    made(plan, encoder)
    assert len(fits) == 4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:A public version of overlapping")
def test_topics_of_other_settings_are_not_taken_under_a_name_of_these(begun, encoder, fits):
    plan = begun
    before = bytes_of(plan.out)
    (kept,) = (plan.out / "cache").glob("topics-*")
    made(replace(plan, seed=8), encoder)
    (other,) = set((plan.out / "cache").glob("topics-*")) - {kept}
    shutil.rmtree(kept)
    other.rename(kept)
    with pytest.warns(UserWarning, match="belong to other responses, vectors or settings"):
        made(plan, encoder)
    assert len(fits) == 2
    assert bytes_of(plan.out) == before


@pytest.mark.slow
def test_old_results_stand_until_the_new_ones_are_whole(begun, encoder, monkeypatch):
    plan = begun
    (plan.out / "tables_private" / "mine.csv").write_text("my own notes")
    before = bytes_of(plan.out)
    hashes = read_manifest(plan.out)["files"]

    def full(*_, **__):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("iapt_topics.pipeline.write.write_report", full)
        with pytest.raises(OSError, match="no space"):
            made(replace(plan, standardise=("subject",)), encoder)
    assert bytes_of(plan.out) == before
    assert read_manifest(plan.out)["files"] == hashes
    made(replace(plan, standardise=("subject",)), encoder)
    assert (plan.out / "tables_private" / "standardised_changes.csv").exists()
    made(plan, encoder)
    assert not (plan.out / "tables_private" / "standardised_changes.csv").exists()
    assert bytes_of(plan.out) == before
    assert not (plan.out / "cache" / "next").exists()


def test_results_are_put_in_place_even_if_ctrl_c_is_pressed_then(plan, encoder, monkeypatch):
    done = run_plan(plan, encoder)
    real = pipeline._put_in_place

    def pressed(*args):
        signal.raise_signal(signal.SIGINT)
        real(*args)

    monkeypatch.setattr(pipeline, "_put_in_place", pressed)
    write_results(done, plan)
    assert read_manifest(plan.out)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.slow
def test_a_manifest_cannot_have_other_files_removed(begun, encoder):
    plan = begun
    path = plan.out / "manifest.json"
    path.write_text(path.read_text().replace("tables_private/ledger.csv", "../survey.csv"))
    made(plan, encoder)
    assert plan.file.exists()


def test_quotes_that_cannot_be_used_stop_before_the_long_stages(plan, encoder, fits, tmp_path):
    (tmp_path / "quotes.csv").write_text("response_id,text\n")
    with pytest.raises(InputError, match="quotes"):
        run_plan(replace(plan, approved=tmp_path / "quotes.csv"), encoder)
    assert not fits


def test_standardised_changes_are_those_of_the_function(plan, encoder):
    done = run_plan(replace(plan, standardise=("subject",)), encoder)
    made_by = standardise_drift(done.codes, done.responses, ["subject"])
    pd.testing.assert_frame_equal(done.standardised.changes, made_by.changes)


def test_a_copy_of_a_result_writes_to_its_own_folder(plan, encoder):
    made(plan, encoder)
    shutil.copytree(plan.out, plan.out.with_name("copy"))
    moved = read_plan(plan.out.with_name("copy"))
    assert moved.out == plan.out.with_name("copy")
    assert moved.file == plan.file


def test_a_run_tells_its_stages_notes_and_progress(plan, encoder):
    told = []
    run_plan(plan, encoder, on_event=told.append)
    stages = [e.text for e in told if e.kind == "stage"]
    assert [s.split()[0] for s in stages] == ["Embedding", "Finding", "Mapping", "Measuring"]
    assert [e.done for e in told if e.kind == "progress"] == [1, 2]
    three = pd.read_csv(plan.file.with_name("codes.csv"))
    three = pd.concat([three.assign(coder=c) for c in "abc"])
    three.to_csv(plan.file.with_name("three.csv"), index=False)
    told.clear()
    run_plan(replace(plan, codes=plan.file.with_name("three.csv")), encoder, on_event=told.append)
    notes = [e.text for e in told if e.kind == "note"]
    assert "3 coders found; compared: a and b." in notes
    assert not [e for e in told if e.kind == "progress"]  # the topics are kept


def test_codes_that_are_said_to_be_a_purposive_sample_correct_nothing(plan, encoder):
    plan = replace(plan, codes=plan.file.with_name("codes.csv"))
    assert "corrected_shares" in run_plan(plan, encoder).tables
    picked = run_plan(replace(plan, codes_sample="purposive"), encoder)
    assert all(c.picked == frozenset(c.seen["response_id"]) for c in picked.human)
    assert "corrected_shares" not in picked.tables
    assert set(picked.tables["drift_changes"]["checked"]) == {"not checked"}
    assert picked.comparison.design["sampling"] == "purposive"
