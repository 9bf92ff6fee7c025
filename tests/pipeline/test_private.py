"""Whose files these are: others' are left alone, and the researcher's own are for them alone."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import SUBJECT_FRAME, BagOfWords, read, survey_rows

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import claimed, file_hash, write_whole
from iapt_topics._base.sheets import write_sheet
from iapt_topics.encoders import vector_cache as _vector_cache
from iapt_topics.frame.load import write_frame
from iapt_topics.mapping.edits import MappingEdits, write_edits
from iapt_topics.pipeline.execute_plan import run_plan, write_results
from iapt_topics.pipeline.manifest import compare_runs, read_manifest
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.pipeline.run import run_study
from iapt_topics.pipeline.write import write_study
from iapt_topics.qda import write_codes
from iapt_topics.topics.files import save_topics
from iapt_topics.topics.topics import TopicConfig

ROOT = Path(__file__).parents[2]
SEEN_BY_ALL = 0o022  # the umask of most machines
pytestmark = [
    pytest.mark.usefixtures("short_report"),
    pytest.mark.skipif(os.name != "posix", reason="modes and links are those of POSIX"),
]


@pytest.fixture(autouse=True)
def umask():
    """Sets the umask; it is put back at the end."""
    before = os.umask(SEEN_BY_ALL)
    yield os.umask
    os.umask(before)


@pytest.fixture(scope="module")
def formulas():
    """A study whose ids begin as formulas do."""
    marks = ("=1+1;", "+", "-", "@", "")
    table = survey_rows().reset_index(drop=True)
    fewer = table["comment"].str.contains("pay") & (table["year"] == table["year"].max())
    table = table[~fewer].reset_index(drop=True)
    table["rid"] = [f"{marks[i % len(marks)]}r{i}" for i in range(len(table))]
    return run_study(
        read(table, response="rid"), SUBJECT_FRAME, BagOfWords(),
        config=TopicConfig(seed=1, n_runs=2),
    )  # fmt: skip


@pytest.fixture
def plan(files):
    return StudyPlan(
        file=files / "survey.csv", text=("comment",), year="year", respondent="person",
        frame=files / "frame.toml", n_runs=2, out=files / "out",
    )  # fmt: skip


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def open_to_others(folder):
    """Paths in a folder, and itself, that another account may read, write or enter."""
    return [str(p) for p in (folder, *folder.rglob("*")) if mode(p) & 0o077]


# Others' files are left alone


def test_a_run_removes_no_file_that_it_did_not_make(tmp_path):
    mine = [
        tmp_path / ".film.mkv.part",
        tmp_path / "a" / ".b.part" / "c",
        tmp_path / "cache/.x.part",
    ]
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half a download")
    with claimed(tmp_path):
        write_whole(tmp_path / "a" / "ours.csv", "x")
    assert [p.read_text() for p in mine] == ["half a download"] * 3


KILLED = """
import sys, time; from pathlib import Path
from iapt_topics._base import files
out = Path(sys.argv[1])
def wait(self, target): print('made', flush=True); time.sleep(600)
with files.claimed(out):
    with files.whole_folder(out / 'cache' / 'topics-0') as part:
        (part / 'inside').write_text('half')
        Path.replace = wait
        files.write_whole(out / 'tables_private' / 'codes.csv', 'half')
"""


def test_what_a_killed_run_left_is_removed_and_no_link_in_it_is_followed(tmp_path):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "thesis.docx").write_text("years of work")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, out], stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as other:  # fmt: skip
        assert other.stdout.readline() == b"made\n"
        other.kill()
    left = list(out.rglob("*.part"))
    assert len(left) == 2
    for place in {p.parent for p in left} | {p for p in left if p.is_dir()}:
        (place / "link.part").symlink_to(elsewhere)
    with claimed(out):
        assert not list(out.rglob("*.part"))
    assert (elsewhere / "thesis.docx").read_text() == "years of work"
    assert {p.name for p in (out / "cache").iterdir()} == {"lock"}


@pytest.mark.parametrize("name", ["cache", "cache/lock", "cache/iapt_topics.parts"])
def test_a_link_in_place_of_the_cache_is_refused(tmp_path, name):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    link = out / name
    link.parent.mkdir(parents=True)
    (elsewhere / "x.part").mkdir(parents=True)
    link.symlink_to(elsewhere / "new" if name == "cache/lock" else elsewhere)
    with pytest.raises(InputError, match="a link to another place"), claimed(out):
        pass
    assert [p.name for p in elsewhere.iterdir()] == ["x.part"]


@pytest.mark.parametrize("name", ["tables_private", "publish", "manifest.json", "study.toml"])
def test_a_link_in_place_of_a_result_is_refused_before_the_long_stages(plan, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    plan.out.mkdir()
    (plan.out / name).symlink_to(elsewhere)
    with pytest.raises(InputError, match="a link to another place"):
        run_plan(plan, encoder=None)
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize(
    "name",
    ["tables_private", "tables_private/ledger.csv", "publish", "publish/report.html",
     "publish/tables", "publish/tables/dictionary.csv", "publish/tables.xlsx", "manifest.json"],
)  # fmt: skip
@pytest.mark.parametrize("by", ["study", "plan"])
def test_a_link_in_place_of_a_result_is_not_written_through(formulas, plan, tmp_path, name, by):
    elsewhere, link = tmp_path / "elsewhere", plan.out / name
    elsewhere.mkdir()
    (elsewhere / "ledger.csv").write_text("mine")
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere / "ledger.csv" if link.suffix else elsewhere)
    with pytest.raises(InputError, match="a link to another place"):
        write_study(plan.out, formulas) if by == "study" else write_results(formulas, plan)
    assert [p.read_text() for p in elsewhere.iterdir()] == ["mine"]
    assert link.is_symlink()


def test_a_folder_of_results_may_itself_be_named_by_a_link(formulas, plan, tmp_path):
    (tmp_path / "large_disk").mkdir()
    plan.out.symlink_to(tmp_path / "large_disk")
    with claimed(plan.out):
        write_results(formulas, plan)
    assert read_manifest(tmp_path / "large_disk")


@pytest.mark.parametrize("content", ['{"name": "my web page"}', "[]", "no JSON", ""])
def test_a_manifest_of_something_else_is_not_removed(formulas, plan, content):
    plan.out.mkdir()
    (plan.out / "manifest.json").write_text(content)
    for write in (
        lambda: run_plan(plan, encoder=None),
        lambda: write_results(formulas, plan),
        lambda: write_study(plan.out, formulas),
    ):
        with pytest.raises(InputError, match="must be of an earlier run"):
            write()
    assert (plan.out / "manifest.json").read_text() == content


def test_a_manifest_removes_results_alone(formulas, plan):
    write_results(formulas, plan)
    (plan.out / "thesis.docx").write_text("years of work")
    (plan.out / "tables_private" / "old.csv").write_text("of an earlier run")
    path = plan.out / "manifest.json"
    content = json.loads(path.read_text())
    content["files"] |= {"thesis.docx": "0", "publish/../thesis.docx": "0",
                         "tables_private/old.csv": "0"}  # fmt: skip
    path.write_text(json.dumps(content))
    write_results(formulas, plan)
    assert (plan.out / "thesis.docx").read_text() == "years of work"
    assert not (plan.out / "tables_private" / "old.csv").exists()


def test_a_cache_of_vectors_is_not_written_through_a_link(tmp_path):
    place = tmp_path / "cache" / f"embeddings-{'f' * 16}.sqlite"
    place.parent.mkdir()
    (tmp_path / "mine.sqlite").write_bytes(b"")
    place.symlink_to(tmp_path / "mine.sqlite")
    with pytest.raises(InputError, match="a link to another place"):
        vectors(tmp_path / "cache")
    assert (tmp_path / "mine.sqlite").read_bytes() == b""


# The researcher's own are for them alone


def vectors(folder):
    return _vector_cache.remember(
        folder, "f" * 64, {"k": "text"}, lambda texts: np.ones((len(texts), 4), np.float32)
    )


@pytest.mark.slow
@pytest.mark.parametrize("there", [False, True])
def test_results_are_private_but_for_what_is_to_be_passed_on(plan, encoder, there, umask):
    umask(0o027)
    if there:
        umask(0)
        for name in ("tables_private", "cache"):
            (plan.out / name).mkdir(parents=True)
        (plan.out / "tables_private" / "ledger.csv").write_text("of an earlier version")
        umask(0o027)
    with claimed(plan.out):
        write_results(run_plan(plan, encoder), plan)
    for name in ("tables_private", "cache"):
        assert not open_to_others(plan.out / name)
    assert mode(plan.out / "manifest.json") == mode(plan.out / "study.toml") == 0o600
    public = [plan.out / "publish", *(plan.out / "publish").rglob("*")]
    assert {mode(p) for p in public if p.is_dir()} == {0o750}
    assert {mode(p) for p in public if p.is_file()} == {0o640}


def test_kept_topics_that_others_could_read_are_closed_to_them(plan, encoder):
    run_plan(plan, encoder)
    (kept,) = (plan.out / "cache").glob("topics-*")
    for path in (kept.parent, kept, *kept.iterdir()):
        path.chmod(0o755)
    run_plan(plan, encoder)
    assert not open_to_others(kept)


def test_vectors_that_others_could_read_are_closed_to_them(tmp_path):
    vectors(tmp_path / "cache")
    assert not open_to_others(tmp_path / "cache")
    for path in (tmp_path / "cache", *(tmp_path / "cache").iterdir()):
        path.chmod(0o755)
    vectors(tmp_path / "cache")
    assert not open_to_others(tmp_path / "cache")


def test_a_folder_that_others_use_too_keeps_its_mode(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "of_another_program").write_text("x")
    vectors(folder)
    assert mode(folder) == 0o755
    assert [mode(p) for p in folder.glob("embeddings-*")] == [0o600]


def test_what_holds_texts_or_ids_is_private_and_a_frame_is_not(formulas, grouped, tmp_path):
    codes = formulas.codes
    save_topics(tmp_path / "topics", grouped.topics)
    for name in ("a.csv", "a.xlsx"):
        write_sheet(tmp_path / name, ["text"], [["what somebody wrote"]])
    for name in ("c.csv", "c.qdpx"):
        write_codes(tmp_path / name, codes, frame=SUBJECT_FRAME, responses=formulas.responses)
    edits = MappingEdits(table=pd.DataFrame(), topic_of={"r1": 0}, unplaced=pd.DataFrame())
    write_edits(tmp_path / "edits.json", edits)
    for path in tmp_path.iterdir():
        assert not open_to_others(path)
    for name in ("frame.csv", "frame.toml", "frame.xlsx", "frame.qdc"):
        assert mode(write_frame(tmp_path / name, SUBJECT_FRAME)) == 0o644


# What a spreadsheet would run


def test_private_tables_hold_no_formula_and_come_back_as_they_were(formulas, tmp_path):
    write_study(tmp_path / "out", formulas)
    private = tmp_path / "out" / "tables_private"
    starts = tuple("=+-@\t\r\n")
    for path in private.glob("*.csv"):
        shown = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        for name, column in shown.items():
            unsafe = column[column.str.startswith(starts)]
            assert pd.to_numeric(unsafe, errors="coerce").notna().all(), (path.name, name)
    changes = pd.read_csv(private / "drift_changes.csv")
    assert (changes["estimate"] < 0).any()
    np.testing.assert_allclose(changes["estimate"], formulas.drift.changes["estimate"])

    from iapt_topics._base.sheets import restored

    ids = pd.read_csv(private / "topic_assignments.csv", dtype=str)["response_id"]
    assert ids.str.startswith("'").any()
    assert ids.map(restored).tolist() == formulas.topics.assignments["response_id"].tolist()


def test_a_private_table_keeps_texts_whole_and_numbers_numbers():
    from iapt_topics._base.sheets import private_csv, restored

    texts = ["=1+1", "+44", "-x", "@SUM(1)", "\t=1", "\r=1", "a\r=1", "'=1", "'tis", "", "-"]
    table = pd.DataFrame({"-text": texts, "n": np.arange(11) - 5, "x": [-0.5, np.nan] * 5 + [1e-9],
                          "mixed": [-0.5, "=2", None, True, "so"] * 2 + [-1]})  # fmt: skip
    read_back = pd.read_csv(io.StringIO(private_csv(table), newline=""), keep_default_na=False)
    shown = read_back["'-text"]
    assert not shown.str.startswith(tuple("=+-@\t\r")).any()
    assert shown.map(restored).tolist() == texts
    assert read_back["n"].tolist() == table["n"].tolist()
    assert pd.to_numeric(read_back["x"]).equals(table["x"])
    assert read_back["mixed"].tolist() == ["-0.5", "'=2", "", "True", "so"] * 2 + ["-1"]


def test_results_of_a_version_that_did_not_defuse_can_be_compared(formulas, tmp_path):
    from iapt_topics._base.sheets import restored

    for name in ("new", "old"):
        write_study(tmp_path / name, formulas)
    name, manifest = "tables_private/topic_assignments.csv", tmp_path / "old" / "manifest.json"
    path = tmp_path / "old" / name
    table = pd.read_csv(path, dtype={"response_id": str})
    table["response_id"] = table["response_id"].map(restored)
    table.to_csv(path, index=False)
    content = json.loads(manifest.read_text())
    content["files"][name] = file_hash(path)
    manifest.write_text(json.dumps(content))
    found = compare_runs(tmp_path / "new", tmp_path / "old").table
    measured = found[found["what"] == "topic_assignments"]
    assert measured["value"].tolist() == [1.0]
