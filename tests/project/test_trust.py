"""What the library promises of itself: offline, nothing dangerous loaded, defined under stress."""

from __future__ import annotations

import ast
import errno
import io
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import SUBJECT_FRAME, BagOfWords, read, survey_rows

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import claimed, write_whole
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.pipeline.manifest import compare_runs
from iapt_topics.pipeline.run import run_study
from iapt_topics.pipeline.write import write_study
from iapt_topics.survey.responses import load_responses
from iapt_topics.topics.topics import TopicConfig

ROOT = Path(__file__).parents[2]
CODE = sorted((ROOT / "iapt_topics").rglob("*.py"))
CONFIG = TopicConfig(seed=1, n_runs=2)


# Nothing dangerous


RUNS_CODE = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "subprocess",
    "runpy", "ctypes", "yaml", "tarfile",
}  # fmt: skip
CALLS_CODE = {"eval", "exec", "read_pickle", "extractall", "extract", "system", "popen", "unpickle"}
CONNECTS = {"socket", "urllib.request", "http", "requests", "httpx", "ftplib", "smtplib", "aiohttp"}


@pytest.mark.parametrize("path", CODE, ids=lambda p: p.name)
def test_nothing_read_can_run_and_nothing_connects(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [n for a in node.names for n in (a.name, a.name.split(".")[0])]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", (node.module or "").split(".")[0]]
        assert not set(names) & (RUNS_CODE | CONNECTS), f"line {node.lineno}"
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = getattr(function, "attr", getattr(function, "id", ""))
        of = getattr(getattr(function, "value", None), "id", "")
        # Series.str.extract and the like take no archive.
        if name == "extract" and getattr(getattr(function, "value", None), "attr", "") == "str":
            continue
        assert name not in CALLS_CODE, f"line {node.lineno}: {name}"
        assert (of, name) not in {("torch", "load"), ("np", "load"), ("np", "fromfile")}
        for keyword in node.keywords:
            if keyword.arg in ("trust_remote_code", "allow_pickle"):
                assert isinstance(keyword.value, ast.Constant)
                assert keyword.value.value is False


def test_xml_is_parsed_in_one_place_alone():
    made = [
        p.name
        for p in CODE
        for node in ast.walk(ast.parse(p.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        and {a.name for a in node.names} & {"fromstring", "parse", "iterparse", "XMLParser", "XML"}
        and (node.module or "").split(".")[0] in ("xml", "lxml", "defusedxml")
    ]
    assert made == ["opening.py"]


# Offline; of the demo, see tests/report/test_report.py


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **_):
        raise AssertionError(f"a connection was tried: {args[1:]}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def test_the_whole_way_opens_no_connection(no_network, survey, tmp_path):
    with pytest.raises(AssertionError, match="a connection was tried"):
        socket.create_connection(("localhost", 1))
    study = run_study(survey, SUBJECT_FRAME, BagOfWords(), config=CONFIG)
    assert write_study(tmp_path, study)["manifest"].exists()


# Stops and full disks


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path):
    path = tmp_path / "report.html"
    write_whole(path, "before")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        with pytest.raises(OSError, match="too large"):
            write_whole(path, "x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def small_study():
    return run_study(read(survey_rows()), SUBJECT_FRAME, BagOfWords(), config=CONFIG)


def check_half_written(out: Path, whole: Path) -> None:
    """What is there is whole, byte by byte, and is not taken for a result."""
    with pytest.raises(InputError, match="the last file of a run"):
        compare_runs(whole, out)
    for path in out.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (whole / path.relative_to(out)).read_bytes()


class Full(io.FileIO):
    """A file on a disk that is full half way."""

    def write(self, content):
        super().write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("short_report")
def test_a_disk_that_fills_up_at_any_file_leaves_no_half_result(tmp_path, monkeypatch):
    study, whole, out = small_study(), tmp_path / "whole", tmp_path / "out"
    written = len(write_study(whole, study))
    for before in (0, written // 2, written - 1):
        shutil.copytree(whole, out)  # of a run before
        left = iter([io.FileIO] * before + [Full])
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdopen", lambda handle, mode, left=left: next(left)(handle, mode))
            with pytest.raises(OSError, match="No space left"):
                write_study(out, study)
        check_half_written(out, whole)
        shutil.rmtree(out)


MOUNTED = """
import subprocess, sys
from pathlib import Path
from test_trust import check_half_written, compare_runs, pytest, small_study, write_study
from iapt_topics.cli import main
whole, out = Path(sys.argv[1]), Path(sys.argv[2])
out.mkdir()
study = small_study()
pages = sum(-(-p.stat().st_size // 4096) for p in write_study(whole, study).values())
for have in (1, pages // 9, pages // 3, pages // 2, pages - 9, pages - 1):
    size = f"size={4096 * have}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", out], check=True)
    with pytest.raises(OSError, match="No space left"):
        write_study(out, study)
    check_half_written(out, whole)
    subprocess.run(["umount", out], check=True)
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", out], check=True)
write_study(out, study)
subprocess.run(["mount", "-o", "remount,ro", out], check=True)
with pytest.raises(OSError, match="Read-only"):
    write_study(out, study)
assert compare_runs(whole, out).verdict == "same"
sys.argv = ["iapt-topics", "demo", "--out", str(out)]
main()
"""


@pytest.mark.slow
def test_full_and_read_only_disks(tmp_path):
    alone = ("unshare", "--mount", "--map-root-user")
    can = [*alone, "mount", "-t", "tmpfs", "tmpfs", tmp_path]
    if not shutil.which("unshare") or subprocess.run(can, capture_output=True).returncode:
        pytest.skip("mounts are not permitted here")
    done = subprocess.run(
        [*alone, sys.executable, "-W", "ignore", "-c", MOUNTED, tmp_path / "a", tmp_path / "b"],
        capture_output=True, text=True, check=False, cwd=ROOT / "tests",
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests", Path(__file__).parent)))},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr  # the command line's word for it
    assert re.fullmatch("Error: .*Read-only file system.*", done.stderr.strip())


def test_the_lock_of_a_folder_goes_with_its_process(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from iapt_topics._base.files import claimed\n"
        "with claimed(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as other:  # fmt: skip
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(InputError, match="one run at a time"), claimed(tmp_path):
            pass
        other.kill()
    with claimed(tmp_path):  # what it left as it wrote: tests/pipeline/test_private.py
        pass


@pytest.mark.slow
def test_stopped_runs_leave_nothing_half_written():
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "kill_runs.py", "--kills", "10"],
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "every file whole" in done.stdout


# Numbers under stress


class Constant:
    name = fingerprint = "constant"

    def encode(self, texts):
        return np.tile(np.float32([1, 0, 0, 0]), (len(texts), 1))


class Broken:
    name = fingerprint = "broken"

    def __init__(self, value):
        self.value = value

    def encode(self, texts):
        vectors = BagOfWords().encode(texts)
        vectors[len(vectors) // 2] = self.value
        return vectors


def studied(texts, years, encoder=None, frame=SUBJECT_FRAME, waves=None):
    """Run a survey of these texts and check that each number is in its range or missing."""
    table = pd.DataFrame({"text": texts, "year": years})
    with warnings.catch_warnings():
        # Without a column of respondents, and from the libraries on tiny samples.
        warnings.simplefilter("ignore")
        responses = load_responses(table, text="text", year="year", waves=waves)
        study = run_study(responses, frame, encoder or BagOfWords(), config=CONFIG)
    shares = study.drift.shares
    assert shares["estimate"].dropna().between(0, 1).all()
    known = shares.dropna(subset=["estimate", "low", "high"])
    assert (known["low"] <= known["estimate"]).all()
    assert (known["estimate"] <= known["high"]).all()
    assert set(study.topics.assignments["response_id"]) == set(study.responses.kept["response_id"])
    assert study.drift.trends["p"].dropna().between(0, 1).all()
    return study


def texts_of(n):
    subjects = ["caseload is too high", "supervision keeps me well", "pay is poor", "team is kind"]
    return [f"My {subjects[i % 4]} and this is number {i} of what I say" for i in range(n)]


def test_vectors_that_are_all_the_same():
    study = studied(texts_of(60), [2014 + i % 2 for i in range(60)], Constant())
    assert study.topics.n_topics == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_vectors_that_are_no_numbers(value):
    with pytest.raises(InputError, match="must be finite"):
        studied(texts_of(60), [2014] * 60, Broken(value))


def test_one_text_given_by_all():
    studied(["The same statement was pasted by all of us here"] * 60, [2014, 2015] * 30)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_responses_are_said(n):
    with pytest.raises(InputError):
        studied(texts_of(n), [2014] * n)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 7, 10, 20, 39, 40, 50])
def test_few_responses_give_results(n):
    study = studied(texts_of(n), [2014 + i % 2 for i in range(n)])
    assert len(study.topics.assignments) == n


def test_a_theme_of_all_and_of_none():
    frame = ThemeFrame(
        name="f", themes=(Theme(id="A", label="caseload"), Theme(id="B", label="zebra quagga"))
    )
    texts = [f"caseload caseload caseload {i}" for i in range(60)]
    study = studied(texts, [2014 + i % 2 for i in range(60)], frame=frame)
    assert set(study.drift.shares["theme"]) == {"A", "B"}


def test_300_themes():
    frame = ThemeFrame(
        name="f", themes=tuple(Theme(id=f"T{i}", label=f"theme word{i}") for i in range(300))
    )
    study = studied(texts_of(60), [2014 + i % 2 for i in range(60)], frame=frame)
    assert study.drift.shares["theme"].nunique() == 300


@pytest.mark.slow
def test_1000_years_of_one_response():
    # The library takes years from 1900 to 2100, so these are waves with names.
    labels = [f"wave {i}" for i in range(1000)]
    studied(texts_of(1000), labels, waves=labels)
