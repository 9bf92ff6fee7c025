"""Judgements on what a respondent wrote, taken out of tasks and of their answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics.validation.answers import ANSWERS, UnfitError, check_of, parse_answers
from iapt_topics.validation.task import FORMAT, LARGEST, Task, canonical, load_task, save_task


def leave_out_items(files: Iterable[Path], shows: Callable[[str], bool]) -> list[Path]:
    """Take items that show somebody out of kept tasks, and the answers to them.

    Parameters
    ----------
    files : iterable of Path
        Files that may be tasks of :func:`save_task` or answers that a page exported; others, and
        damaged ones, are left alone.
    shows : callable
        Whether a text is, or holds, anything of the person.

    Returns
    -------
    list of Path
        Files that were written anew. Answers to items that stay are as they were; they fit the new
        task, and no longer the pages that were sent out.
    """
    content = {p: _content(p) for p in files if p.suffix.casefold() == ".json"}
    changed: list[Path] = []
    for path in [p for p, c in content.items() if c.get("format") == FORMAT]:
        try:
            before = load_task(path)
        except InputError:
            continue
        gone = _items_of(before, shows)
        if not gone:
            continue
        after = _without(before, gone)
        if after is None:
            path.unlink()
        else:
            save_task(path, after)
        changed.append(path)
        for answers in [p for p, c in content.items() if c.get("format") == ANSWERS]:
            if _answers_without(answers, before, after, gone):
                changed.append(answers)
    return changed


def _content(path: Path) -> dict[str, Any]:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _items_of(task: Task, shows: Callable[[str], bool]) -> set[str]:
    """Items whose content, or whose row of the key, is of the person."""
    tables = (task.items, task.key)
    return {
        str(row["item"])
        for table in tables
        for row in table.to_dict("records")
        if any(shows(text) for text in _texts([v for c, v in row.items() if c != "item"]))
    }


def _texts(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [text for v in value for text in _texts(v)]
    return [value] if isinstance(value, str) else []


def _without(task: Task, gone: set[str]) -> Task | None:
    """The task without some items; None if none is left."""
    items, key, assigned = (
        table[~table["item"].isin(gone)].reset_index(drop=True)
        for table in (task.items, task.key, task.assigned)
    )
    return replace(task, items=items, key=key, assigned=assigned) if len(items) else None


def _answers_without(path: Path, before: Task, after: Task | None, gone: set[str]) -> bool:
    """Write answers without those to some items; whether they were answers to the task."""
    try:
        rater, answers = parse_answers(path.read_bytes(), before)
    except (UnfitError, OSError):  # to another task, or damaged
        return False
    if after is None:
        path.unlink()
        return True
    rows = [[a.item, list(a.values), a.note, a.when] for a in answers if a.item not in gone]
    content = {
        "format": ANSWERS,
        "task": after.fingerprint,
        "rater": rater,
        "answers": rows,
        "check": check_of(after.fingerprint, rater, rows),
    }
    write_whole(path, canonical(content), private=True)
    return True
