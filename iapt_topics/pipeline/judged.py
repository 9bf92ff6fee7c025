"""Blind tests of a study and their answers, as files: drawn, added, scored and marked.

The test with its key stays in the folder of results, in ``private``; the study's plan names it and
the files of answers, so that each run scores them again and marks what they found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics._base.private import private_folder, refuse_links
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.pipeline.write import REPORT
from iapt_topics.study.study import Study
from iapt_topics.validation.answers import Answers, find_task, read_answers
from iapt_topics.validation.blind import topic_members
from iapt_topics.validation.results import BlindResult, mark_topics, score_test
from iapt_topics.validation.task import TESTS, THEMES, Task, load_task, save_task

#: Folder, in the private one of the results, of tasks with their keys.
TASKS = "validation"
_LOG = ["source", "rater", "n", "first", "last", "sha256"]


class Judged(NamedTuple):
    """A blind test, its answers, what came of them, and whether it is of the study as it is now."""

    task: Task
    answers: Answers
    result: BlindResult
    current: bool


def task_name(task: Task) -> str:
    """Name of a task's files: its kind, and the first letters of its fingerprint."""
    return f"{task.kind.replace(' ', '_')}_{task.fingerprint[:8]}"


def keep_task(results: Path, task: Task, *, force: bool = False) -> Path:
    """Keep a task with its key in the private folder of results.

    Raises
    ------
    InputError
        If the same items are there for other raters, unless by ``force``.
    """
    folder = results / REPORT / TASKS
    path = folder / f"{task_name(task)}.json"
    refuse_links(results, path.relative_to(results))
    if path.exists() and not force and not load_task(path).assigned.equals(task.assigned):
        raise InputError(
            f"task {path.name!r}", "must not be there for other raters", "another",
            "Give another --seed, or --force to replace it: its answers then fit no more.",
        )  # fmt: skip
    private_folder(results / REPORT)
    private_folder(folder)
    return save_task(path, task)


def kept_tasks(plan: StudyPlan, kinds: Sequence[str]) -> dict[Path, Task]:
    """Tasks of some kinds that the folder of results and the plan have."""
    folder = plan.out.resolve() / REPORT / TASKS
    paths = dict.fromkeys([*plan.tests, *sorted(folder.glob("*.json"))])
    found = {path: load_task(path) for path in paths}
    return {path: task for path, task in found.items() if task.kind in kinds}


def add_answers(plan: StudyPlan, files: Sequence[Path], *, force: bool = False) -> StudyPlan:
    """Add answers to blind tests to a plan, with the tests that they are to.

    Parameters
    ----------
    plan : StudyPlan
        Whose folder of results has the tests.
    files : sequence of Path
        Files of answers.
    force : bool, default False
        Whether they may take the place of earlier answers of the same raters to the same test.

    Returns
    -------
    StudyPlan
        With the answers of before, too.

    Raises
    ------
    InputError
        If a file is to no test of this study, is refused, or is of a rater of whom there is
        another.
    """
    kept = kept_tasks(plan, TESTS)
    if not kept:
        do = "Draw a test first: iapt-topics validate RESULTS --raters NAMES."
        raise InputError("the study", "must have a blind test", "none", do)
    tasks = list(kept.values())
    place = {id(task): path for path, task in kept.items()}

    def whose(file: Path) -> tuple[Path, str]:
        task = find_task(file, tasks)
        (rater,) = read_answers(file, task).log["rater"]
        return place[id(task)], rater

    new = {file.resolve(): whose(file) for file in files}
    earlier = {file: whose(file) for file in plan.answers if file.resolve() not in new}
    again = [file for file, of in earlier.items() if of in set(new.values())]
    if again and not force:
        names = sorted({earlier[file][1] for file in again})
        raise InputError(
            "the study", "must have one file of answers of a rater to a test",
            f"others of {listed(names)} in {listed(p.name for p in again)}",
            "Use --force to take the new ones in their place.",
        )  # fmt: skip
    answers = [file for file in earlier if file not in again] + list(new)
    tests = [*plan.tests, *(path for path, _ in new.values())]
    return replace(plan, tests=tuple(dict.fromkeys(tests)), answers=tuple(answers))


def score_tests(study: Study, plan: StudyPlan) -> tuple[Judged, ...]:
    """Score the blind tests of a plan that have answers.

    Raises
    ------
    InputError
        If a file of answers is to none of the tests, or is refused.
    """
    if not plan.answers:
        return ()
    tasks = [load_task(path) for path in plan.tests]
    of = {file: find_task(file, tasks) for file in plan.answers}
    out = []
    for task in tasks:
        files = [file for file, its in of.items() if its is task]
        if files:
            answers = read_answers(files, task)
            out.append(Judged(task, answers, score_test(task, answers), _is_current(study, task)))
    return tuple(out)


def _is_current(study: Study, task: Task) -> bool:
    """Whether what was judged is what the study has now."""
    key = task.key
    if task.kind != THEMES:
        now = topic_members(study.topics)
        tested = zip(key["topic"], key["members"], strict=True)
        return all(now.get(int(topic)) == then for topic, then in tested)
    given = study.codes.table
    pairs = set(zip(given["response_id"], given["theme"], strict=True))
    seen = set(study.codes.seen["response_id"])
    rows = zip(key["responses"], key["theme"], key["stratum"], strict=True)
    return all(
        ids[0] in seen and ((ids[0], theme) in pairs) == (stratum == "coded")
        for ids, theme, stratum in rows
    )


def mark_study(study: Study, plan: StudyPlan, on_event: OnEvent = ignore) -> Study:
    """Mark the topics that people could not tell apart; say which tests are of other topics."""
    for one in score_tests(study, plan):
        if not one.current:
            on_event(Event("note", stale(one.task)))
        elif len(one.result.topics):
            study = replace(study, topics=mark_topics(study.topics, one.result))
    return study


def stale(task: Task) -> str:
    """That a test is of another run."""
    what = "codes" if task.kind == THEMES else "topics"
    return (
        f"the test {task_name(task)} is of other {what} than these have become: its results are "
        "left out. Draw a new one."
    )


def tables_of_tests(found: Sequence[Judged]) -> dict[str, pd.DataFrame]:
    """Private tables of the tests that are of the study: each row says of which test."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for one in (f for f in found if f.current):
        log = one.answers.log[_LOG].copy()
        # A sheet has no times but that of its reading, which differs from run to run.
        log.loc[log["source"].str.casefold().str.endswith((".xlsx", ".csv")), ["first", "last"]] = (
            ""
        )
        names = ("overall", "topics", "pairs", "themes", "raters", "agreement")
        for name, table in ({n: getattr(one.result, n) for n in names} | {"log": log}).items():
            if len(table):
                table = table.copy()
                table.insert(0, "test", task_name(one.task))
                parts.setdefault(f"validation_{name}", []).append(table)
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
