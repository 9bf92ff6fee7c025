"""Shared across the tests: an encoder that needs no model, and a small survey."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import settings

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics.encoders.embeddings import Embeddings, embed
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.load import write_frame
from iapt_topics.frame.theme import Theme
from iapt_topics.survey.responses import load_responses
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.topics import TopicConfig

# Examples are slow on a busy machine, which says nothing about the code.
settings.register_profile("project", deadline=None)
settings.load_profile("project")
# Tests press Ctrl-C, which a shell that starts them in the background has ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

if os.environ.get("IAPT_TOPICS_RAISED"):
    # Writes down where each InputError is made, for tests/project/test_errors.py.
    _init = InputError.__init__

    def _noted(self, *args, **more):
        frame = sys._getframe(1)
        at = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        with Path(os.environ["IAPT_TOPICS_RAISED"]).open("a") as stream:
            stream.write(at[at.find("iapt_topics/") :] + "\n")
        _init(self, *args, **more)

    InputError.__init__ = _noted

if os.environ.get("CI") == "true":
    # What is not tried there is tried nowhere.
    def _failed_if_skipped(report):
        if report.skipped and not hasattr(report, "wasxfail"):
            report.outcome = "failed"
            report.longrepr = f"Nothing may be skipped in CI: {report.longrepr[2]}"
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport():
        return _failed_if_skipped((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report():
        return _failed_if_skipped((yield))


SUBJECTS = {
    "caseload": "My caseload is too high and the caseload grows each week",
    "supervision": "Clinical supervision keeps me well and supervision is protected",
    "targets": "Recovery targets matter more than people and targets rule us",
    "team": "My team are lovely and the team looks after each other",
    "pay": "The pay is poor and pay has not kept up with costs",
}
SUBJECT_FRAME = ThemeFrame(name="f", themes=tuple(Theme(id=s, label=s) for s in SUBJECTS))


class BagOfWords:
    """Hashes words to dimensions: texts that share words are near each other."""

    name = "bag-of-words"
    fingerprint = "bag-of-words-1"

    def encode(self, texts):
        vectors = np.full((len(texts), 64), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.casefold().split():
                place = int.from_bytes(
                    hashlib.sha256(word.strip(".,!").encode()).digest()[:2], "big"
                )
                vectors[row, place % 64] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def write(path, content, encoding="utf-8"):
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.fixture
def encoder():
    return BagOfWords()


@pytest.fixture
def survey_table():
    return survey_rows()


def survey_rows():
    rng = np.random.default_rng(3)
    fillers = [
        "honestly", "really", "often", "lately", "here", "always", "still", "mostly", "today",
        "now",
    ]  # fmt: skip
    rows = []
    for i in range(150):
        subject = list(SUBJECTS)[i % len(SUBJECTS)]
        extra = " ".join(rng.choice(fillers, size=2, replace=False))
        text = f"{SUBJECTS[subject]} {extra} {i}"
        rows.append((f"r{i}", f"p{i}", 2014 + i % 3, text, subject))
    columns = ["response_id", "person", "year", "comment", "subject"]
    return pd.DataFrame(rows, columns=columns)


def read(table, **more):
    """A table with the columns of the small survey as responses."""
    return load_responses(table, text="comment", year="year", respondent="person", **more)


def subject_rows(table):
    """What a person who reads the small survey would code, as rows of a file of codes."""
    return table.rename(columns={"subject": "theme"})[["response_id", "theme"]]


@pytest.fixture
def survey(survey_table):
    return read(survey_table, covariates=("subject",))


def brief_page(path, *_):
    write_whole(path, "report")
    return path


def write_briefly(monkeypatch):
    for name in ("write_report", "write_results_workbook", "write_draft_once"):
        monkeypatch.setattr(f"iapt_topics.pipeline.write.{name}", brief_page)


@pytest.fixture
def short_report(monkeypatch):
    """A word in place of report, workbook and draft, where they are not what is tested."""
    write_briefly(monkeypatch)


def survey_files(folder):
    """The folder, with the small survey, its codebook and its human codes."""
    table = survey_rows()
    table.to_csv(folder / "survey.csv", index=False)
    write_frame(folder / "frame.toml", SUBJECT_FRAME)
    subject_rows(table).to_csv(folder / "codes.csv", index=False)
    return folder


@pytest.fixture
def files(tmp_path):
    return survey_files(tmp_path)


@pytest.fixture
def embeddings(survey, encoder):
    return embed(survey, encoder)


SIX_SUBJECTS = (*SUBJECTS, "training")


def six_groups(centres, spread, rng):
    """300 responses of 150 people in six planted groups: a table, the groups and noisy vectors."""
    group = np.arange(300) % 6
    vectors = centres[group] + spread * rng.normal(size=(300, 32))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    table = pd.DataFrame(
        {
            "response_id": [f"r{i}" for i in range(300)],
            "person": [f"p{i // 2}" for i in range(300)],
            "year": 2014 + np.arange(300) // 100,
            "comment": [
                f"The {SIX_SUBJECTS[g]} matters to person {i}" for i, g in enumerate(group)
            ],
        }
    )
    return table, group, vectors


@pytest.fixture(scope="session")
def grouped():
    """Six planted groups that are well apart, and their topics."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(6, 32))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    table, group, vectors = six_groups(centres, 0.1, rng)
    responses = read(table)
    embeddings = Embeddings(
        vectors=vectors, response_id=tuple(table["response_id"]), model="m", fingerprint="f"
    )
    topics = fit_topics(responses, embeddings, TopicConfig(seed=1, n_runs=4))
    return SimpleNamespace(
        responses=responses, embeddings=embeddings, topics=topics, group=group, centres=centres,
    )  # fmt: skip


DEMO = """
import socket, sys
def refuse(*args, **_):
    print("CONNECTION TRIED", args[1:], file=sys.stderr)
    raise OSError("no network in this test")
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.create_connection = refuse
sys.argv = ["iapt-topics", "demo", "--out", sys.argv[1]]
from iapt_topics.cli import main
main()
"""


def made_once(tmp_path_factory, name, make):
    """A folder that one process of this run makes and the others read, and what making it gave.

    ``make`` fills the folder, and returns what can be kept as JSON.
    """
    root = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        root = root.parent
    folder, kept = root / name, root / f"{name}.json"
    with FileLock(f"{folder}.lock"):
        if not kept.exists():
            folder.mkdir()
            kept.write_text(json.dumps(make(folder)))
    return folder, json.loads(kept.read_text())


def run_demo(folder):
    alone = ("unshare", "--net", "--map-root-user")
    try:
        subprocess.run([*alone, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        alone = ()  # namespaces are not permitted here
    # No switch of a library helps: it must stay silent of itself.
    helps = ("HF_", "TRANSFORMERS_", "DISABLE_TELEMETRY")
    env = {k: v for k, v in os.environ.items() if not k.startswith(helps)}
    env["PYTHONPATH"] = str(Path(__file__).parent.parent)
    command = [*alone, sys.executable, "-c", DEMO, folder]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """What ``iapt-topics demo`` said, with the real model and no network, and its folder.

    It takes a minute, and no test may write into it.
    """
    folder, said = made_once(tmp_path_factory, "demo", run_demo)
    return SimpleNamespace(folder=folder, **said)


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command line: its exit code, what it printed, and what it said of itself."""
    from iapt_topics import cli

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["iapt-topics", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    return run
