"""Answers of raters, read back: what does not fit the task in any way is refused."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns, require_file
from iapt_topics._base.result import Result
from iapt_topics._base.sheets import read_sheet
from iapt_topics._base.text import clean
from iapt_topics.validation.task import MUST_NOTE, NO_NOTE, NONE, Task, canonical

ANSWERS = "iapt_topics answers 1"
LARGEST = 20_000_000  # bytes
LONGEST_NOTE = 2_000
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")
COLUMNS = ["item", "rater", "values", "note", "when", "source"]
LOG = ["source", "rater", "n", "first", "last", "sha256", "read"]
#: Columns of a sheet; the last four are read back.
SHEET = ("text", "choices", "item", "answer", "note", "rater")


class _Answer(NamedTuple):
    item: str
    values: tuple[str, ...]
    note: str
    when: str


class UnfitError(ValueError):
    """Why a file is refused."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Answers(Result):
    """Answers of raters to a task. Made by :func:`read_answers`.

    Attributes
    ----------
    task : str
        Fingerprint of the task.
    table : pandas.DataFrame
        Key (``rater``, ``item``): ``values`` (tuple of what was chosen), ``note``, ``when`` (ISO
        8601, as the rater's machine says; of a sheet, when it was read), ``source`` (the file).
    log : pandas.DataFrame
        One row for each file: ``source``, ``rater``, ``n`` (answers), ``first``, ``last`` (times of
        answers), ``sha256`` (of the file), ``read`` (when it was read).
    """

    task: str
    table: pd.DataFrame
    log: pd.DataFrame

    _view = ("log",)

    def _title(self) -> str:
        raters = self.table["rater"].nunique()
        return f"{len(self.table):,} answers of {raters} raters"


def read_answers(paths: str | Path | Sequence[str | Path], task: Task) -> Answers:
    """Read answers that raters sent back, and check every one of them.

    Parameters
    ----------
    paths : str or Path, or sequence of them
        ``.json`` files that the page exported, or filled-in ``.xlsx`` or ``.csv`` sheets; the
        last one of each rater.
    task : Task
        The task that was given out.

    Returns
    -------
    Answers
        Items without an answer are left out.

    Raises
    ------
    InputError
        If a file is damaged or was changed after export, is of another task, has an item that was
        not the rater's, a value that may not be answered or a note that may not be there, or if
        two files have answers of one rater.

    Notes
    -----
    A file of the page carries a SHA-256 of its answers, which finds damage and careless edits. It
    is no signature: whoever knows how can make a file that fits. A sheet is checked by its ids and
    by the text beside each, so that ids, texts or choices that were sorted alone are found. Answers
    that were sorted alone cannot be: the page is the safer way.
    """
    files = [Path(p) for p in ([paths] if isinstance(paths, str | Path) else paths)]
    if not files:
        raise InputError("paths", "must name a file at least", "none", "Name the files.")
    rows: list[tuple[object, ...]] = []
    log: list[tuple[object, ...]] = []
    for path in files:
        require_file(path, "answers", LARGEST)
        content = path.read_bytes()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            if path.suffix.casefold() in (".xlsx", ".csv"):
                rater, answers = _from_sheet(path, task, now)
            else:
                rater, answers = parse_answers(content, task)
        except UnfitError as error:
            raise InputError(
                f"answers {path.name!r}", "must be those to this task, as they were exported",
                str(error), "Ask the rater to export them again from the page of this task.",
            ) from error  # fmt: skip
        if rater in {r[1] for r in log}:
            raise InputError(
                f"answers {path.name!r}", "must be the only file of a rater",
                f"a second file of {rater!r}", "Give the last one alone.",
            )  # fmt: skip
        rows += [(a.item, rater, a.values, a.note, a.when, path.name) for a in answers]
        times = sorted(a.when for a in answers) or [""]
        digest = hashlib.sha256(content).hexdigest()
        log.append((path.name, rater, len(answers), times[0], times[-1], digest, now))
    return Answers(
        task=task.fingerprint,
        table=pd.DataFrame(rows, columns=COLUMNS),
        log=pd.DataFrame(log, columns=LOG),
    )


def find_task(path: Path, tasks: Sequence[Task]) -> Task:
    """Find the one of several tasks that a file of answers is to.

    Raises
    ------
    InputError
        If it is to none of them, or is no file of answers.
    """
    require_file(path, "answers", LARGEST)
    if path.suffix.casefold() in (".xlsx", ".csv"):
        sheet = read_sheet(path, "answers")
        named = set(sheet["item"].str.strip()) - {""} if "item" in sheet else set[str]()
        found = [t for t in tasks if named and named <= set(t.items["item"])]
    else:
        try:
            content = json.loads(path.read_text("utf-8"))
            of = content["task"]
        except (ValueError, KeyError, TypeError, RecursionError):
            of = None
        found = [t for t in tasks if t.fingerprint == of]
    if not found:
        raise InputError(
            f"answers {path.name!r}", "must be to a task of this study", "those to none of "
            f"{len(tasks)}", "Look whether they are of another study, or were damaged.",
        )  # fmt: skip
    return found[0]


def parse_answers(content: bytes, task: Task) -> tuple[str, list[_Answer]]:
    """Rater and answers in an exported file; ``ValueError`` saying what does not fit."""
    try:
        found = json.loads(
            content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise UnfitError(f"no file of the page: {str(error)[:80]}") from None
    if not isinstance(found, dict) or set(found) != {"format", "task", "rater", "answers", "check"}:
        raise UnfitError("no file of the page: other parts than it has")
    if found["format"] != ANSWERS:
        raise UnfitError(f"format {found['format']!r}"[:80])
    fingerprint = task.fingerprint
    if found["task"] != fingerprint:
        raise UnfitError("answers to another task")
    rows, rater = found["answers"], found["rater"]
    if not isinstance(rows, list) or not isinstance(rater, str):
        raise UnfitError("no file of the page: parts of another kind")
    if found["check"] != check_of(fingerprint, rater, rows):
        raise UnfitError("content that does not fit its check: damaged, or changed after export")
    _require_rater(rater, task)
    answers = []
    for row in rows:
        if not (
            isinstance(row, list)
            and len(row) == 4
            and isinstance(row[1], list)
            and all(isinstance(v, str) for v in (row[0], *row[1], *row[2:]))
        ):
            raise UnfitError("an answer that is not item, values, note and time")
        answers.append(_Answer(row[0], tuple(row[1]), row[2], row[3]))
    _require_fit(answers, rater, task)
    return rater, answers


def check_of(fingerprint: str, rater: str, rows: list[Any]) -> str:
    """SHA-256 of the content of an exported file, as the page makes it."""
    try:
        return hashlib.sha256(canonical([fingerprint, rater, rows]).encode()).hexdigest()
    except (ValueError, RecursionError):  # a lone surrogate, or a number that is none
        return ""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({k for k, _ in pairs}) < len(pairs):
        raise ValueError("a part twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no value")


def _require_rater(rater: str, task: Task) -> None:
    if "" not in task.raters and rater not in task.raters:
        raise UnfitError(f"a rater {rater[:40]!r}, who is not one of {listed(task.raters)}")
    if not 0 < len(rater) <= 100 or clean(rater).strip() != rater or "\n" in rater:
        raise UnfitError("no name of a rater")


def _require_fit(answers: Sequence[_Answer], rater: str, task: Task) -> None:
    """Raise unless each answer is to an item of the rater, and one that may be given."""
    allowed = task.allowed()
    whose = task.assigned[task.assigned["rater"].isin([rater, ""])]
    own, seen = set(whose["item"]), set[str]()
    for answer in answers:
        if answer.item not in own or answer.item in seen:
            raise UnfitError(
                f"an item {answer.item[:24]!r} that is there twice or is not the rater's"
            )
        seen.add(answer.item)
        values = answer.values
        order = [v for v in allowed[answer.item] if v in set(values)]
        if not values or list(values) != order:
            raise UnfitError(f"an answer {listed(values, 3)[:80]} that may not be given")
        if len(values) > 1 and (not task.several or NONE in values):
            raise UnfitError("several choices where there is one")
        if task.note == NO_NOTE and answer.note:
            raise UnfitError("a reason where none is asked for")
        if task.note == MUST_NOTE and not answer.note.strip():
            raise UnfitError(f"no reason for {answer.item!r}")
        if len(answer.note) > LONGEST_NOTE or clean(answer.note) != answer.note:
            raise UnfitError("a reason that is too long or has control characters")
        if not _is_time(answer.when):
            raise UnfitError(f"a time {answer.when[:40]!r}")


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def sheet_text(parts: Sequence[Sequence[str]]) -> str:
    """The texts of an item as one cell has them."""
    return "\n".join(f"{head}: {text}" if head else text for head, text in parts)


def _from_sheet(path: Path, task: Task, now: str) -> tuple[str, list[_Answer]]:
    try:
        sheet = read_sheet(path, "answers").map(str.strip)
        require_columns(sheet, SHEET, f"answers {path.name!r}")
    except InputError as error:
        raise UnfitError(f"{error.what} {error.rule}; got {error.got}") from None
    sheet = sheet[(sheet != "").any(axis=1)]
    names = sorted(set(sheet["rater"]) - {""})
    if len(names) != 1:
        raise UnfitError(f"{len(names)} names in the column rater: it needs one")
    _require_rater(names[0], task)
    rows = zip(task.items["item"], task.items["parts"], task.items["choices"], strict=True)
    shown, named = {}, {}
    for item, parts, own in rows:
        choices = own or task.choices
        shown[item] = _plain(sheet_text(parts)), _plain(choice_text(choices))
        named[item] = _named(choices)
    allowed, answers = task.allowed(), []
    for row in sheet.to_dict("records"):
        item = row["item"]
        if item not in shown or (_plain(row["text"]), _plain(row["choices"])) != shown[item]:
            raise UnfitError(
                f"a row whose text or choices are not those of its item {item[:24]!r}: was a "
                "column sorted alone, or a row changed?"
            )
        given = [v.strip() for v in re.split("[;\n]", row["answer"]) if v.strip()]
        if not given:
            if row["note"]:
                raise UnfitError(f"a note without an answer, item {item!r}")
            continue
        of = named[item]
        values = [of.get(_plain(_number(v, of)).casefold(), v) for v in given]
        ordered = [v for v in allowed[item] if v in set(values)]
        if len(ordered) != len(values):
            raise UnfitError(f"an answer {row['answer'][:40]!r} that may not be given: {item}")
        answers.append(_Answer(item, tuple(ordered), clean(row["note"]), now))
    _require_fit(answers, names[0], task)
    return names[0], answers


def _named(choices: Sequence[Sequence[str]]) -> dict[str, str]:
    """Values by how people write them: the value, or a label that is no other choice's."""
    labels = [_plain(c[1]).casefold() for c in choices]
    once = {
        label: c[0] for label, c in zip(labels, choices, strict=True) if labels.count(label) == 1
    }
    return once | {c[0].casefold(): c[0] for c in choices}


def choice_text(choices: Sequence[Sequence[str]]) -> str:
    """The choices of an item as one cell has them."""
    return "\n".join(f"{c[0]}: {c[1]}" if c[0] != c[1] else c[0] for c in choices)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _number(text: str, known: dict[str, str]) -> str:
    """A whole number as it was written, where a spreadsheet made 1.0 of it."""
    return text[:-2] if text.casefold() not in known and text.endswith(".0") else text
