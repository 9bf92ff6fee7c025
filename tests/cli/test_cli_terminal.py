"""The command line as a person meets it: under a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from iapt_topics.cli._screen import Screen
from iapt_topics.pipeline.manifest import compare_runs, read_manifest
from iapt_topics.pipeline.plan import read_plan

ROOT = Path(__file__).parents[2]
#: A stand-in for the model; with SLOW set, the stage of that name lasts a minute. With DEAF, Ctrl-C
#: is lost on it, as it is on a long computation outside Python.
START = """
import importlib, os, sys, time
from conftest import BagOfWords
from iapt_topics import cli
from iapt_topics.encoders import encoder
encoder.sentence_encoder = lambda **_: BagOfWords()
def slow(*_, **__):
    end = time.monotonic() + 60
    while (left := end - time.monotonic()) > 0:
        try:
            time.sleep(left)
        except KeyboardInterrupt:
            if not os.environ.get("DEAF"):
                raise
if os.environ.get("SLOW"):
    module, name = os.environ["SLOW"].rsplit(".", 1)
    setattr(importlib.import_module(f"iapt_topics.{module}"), name, slow)
cli.main()
"""
RUN = (
    "run", "survey.csv", "--text", "comment", "--year", "year", "--frame", "iapt_identity_system",
    "--n-runs", "2",
)  # fmt: skip


class Terminal:
    """A command under a pseudo-terminal of its own, so that Ctrl-C reaches it as a key."""

    def __init__(self, folder, *words, **more):
        self.screen, theirs = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, *map(str, words)],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "COLUMNS": "100",
                              "TERM": "xterm"} | more,
        )  # fmt: skip
        os.close(theirs)

    def until(self, text, seconds=90):
        """Read until a text is shown, colours left out."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            ready, _, _ = select.select([self.screen], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r} not shown in time:\n{self.seen}"
            self.seen += self._read()
            assert self.seen or self.process.poll() is None
        self.seen = self.seen[self.seen.index(text) + len(text) :]

    def _read(self):
        try:
            raw = os.read(self.screen, 65536)
        except OSError:  # it has ended
            raw = b""
        assert raw, f"it ended, with {self.seen!r}"
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw.decode("utf-8", "replace"))

    def key(self, keys):
        os.write(self.screen, keys.encode())

    def end(self, seconds=90):
        """Exit code, and what was shown at the end."""
        end = time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([self.screen], [], [], max(0, end - time.monotonic()))
            if not ready:
                self.process.kill()
                raise TimeoutError(f"it did not end:\n{self.seen}")
            try:
                self.seen += self._read()
            except AssertionError:
                break
        code = self.process.wait(60)
        os.close(self.screen)
        return code, self.seen


def test_init_asks_and_writes_what_was_answered(files):
    screen = Terminal(files, "init", "survey.csv")
    screen.until("looks like")
    screen.until("free text")
    screen.until("Column of the free-text response (commas between several) [comment]:")
    screen.key("coment\n")
    screen.until("No column 'coment'. Did you mean 'comment'?")
    screen.until("[comment]:")
    screen.key("\n")
    screen.until("Column of the survey year or wave [year]:")
    screen.key("\n")
    screen.until("Column of the respondent id [person]:")
    screen.key("\n")
    screen.until("Column of the response id [response_id]:")
    screen.key("\n")
    screen.until("Covariate columns, e.g. role [subject]:")
    screen.key("\n")
    screen.until("Columns to adjust for, e.g. role [-]:")
    screen.key("subject\n")
    screen.until("File of human codes [-]:")
    screen.key("nowhere.csv\n")
    screen.until("No such file")
    screen.until("[-]:")
    screen.key("codes.csv\n")
    screen.until("suits NHS talking-therapy staff only); - takes the labels of the codes:")
    screen.key("frame.toml\n")
    screen.until("or a number, or the name of a rule)")
    screen.key("0\n")
    screen.until("a whole number of 1 or more")
    screen.until("[yes]:")
    screen.key("12\n")
    code, said = screen.end()
    assert code == 0
    assert "iapt-topics run study.toml" in said
    plan = read_plan(files)
    assert (plan.text, plan.year, plan.respondent) == (("comment",), "year", "person")
    assert (plan.response, plan.question) == ("response_id", None)
    assert plan.covariates == plan.standardise == ("subject",)
    assert (plan.codes, plan.disclosure) == (files / "codes.csv", 12)
    assert plan.out == files / "results"


def test_ctrl_c_at_a_question_writes_nothing(files):
    screen = Terminal(files, "init", "survey.csv")
    screen.until("Column of the free-text response (commas between several) [comment]:")
    time.sleep(1)  # readline misses a key that comes just as it begins to wait
    screen.key("\x03")
    code, said = screen.end()
    assert code == 130, said
    assert "Nothing was written" in said
    assert not (files / "study.toml").exists()


@pytest.mark.slow
def test_a_run_stopped_by_ctrl_c_says_how_to_resume_and_does(files):
    words = (*RUN, "--out")
    screen = Terminal(files, *words, "whole")
    screen.until("Embedding the responses")
    screen.until("left:")
    assert screen.end()[0] == 0
    screen = Terminal(files, *words, "out", SLOW="pipeline.run.measure_drift")
    screen.until("Measuring agreement and drift")
    screen.key("\x03")
    code, said = screen.end()
    assert code == 130, said
    assert "To resume: iapt-topics run survey.csv --text comment" in " ".join(said.split())
    assert "Traceback" not in said
    assert [p.name for p in (files / "out").iterdir()] == ["cache"]
    kept = next((files / "out" / "cache").glob("topics-*/topics.json")).stat().st_mtime_ns
    assert Terminal(files, *words, "out").end()[0] == 0
    assert compare_runs(files / "whole", files / "out").verdict == "same"
    after = next((files / "out" / "cache").glob("topics-*/topics.json")).stat().st_mtime_ns
    assert after == kept
    # Stopped again as it writes over a result: that one is as it was.
    before = read_manifest(files / "out")
    screen = Terminal(files, "run", "out", "--disclosure", "5", SLOW="pipeline.write.write_report")
    screen.until("Writing the results")
    screen.key("\x03")
    assert screen.end()[0] == 130
    assert read_manifest(files / "out") == before
    assert compare_runs(files / "whole", files / "out").verdict == "same"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "slow", "deaf"),
    [
        ("Embedding the responses", "pipeline.run.embed", "yes"),
        ("Finding topics", "topics.runs._run", ""),  # in threads, which Ctrl-C does not reach
    ],
)
def test_ctrl_c_stops_what_cannot_be_interrupted(files, stage, slow, deaf):
    screen = Terminal(files, *RUN, SLOW=slow, DEAF=deaf)
    screen.until(stage)
    screen.until("0:00:01")  # it is well into the stage
    began = time.monotonic()
    screen.key("\x03")
    code, said = screen.end()
    assert time.monotonic() - began < 10  # about 2, and more on a busy machine
    assert (code, said.count("Stopped."), "Traceback" in said) == (130, 1, False), said
    assert [p.name for p in (files / "results").iterdir()] == ["cache"]
    assert not list((files / "results").rglob("*.part"))


def test_a_ctrl_c_lost_in_a_finaliser_is_not_shown(monkeypatch):
    class Lost:
        def __init__(self, error):
            self.error = error

        def __del__(self):
            raise self.error

    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: told.append(lost.exc_type))
    with Screen(quiet=True).working():
        Lost(KeyboardInterrupt())
        Lost(ValueError())
    Lost(KeyboardInterrupt())
    assert told == [ValueError, KeyboardInterrupt]
