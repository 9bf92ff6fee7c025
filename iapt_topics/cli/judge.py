"""Commands by which people judge: a blind test of topics or themes, and a sample to code by hand.

Each gives pages out and, given ``--answers``, takes them back. The key stays in the private folder
of the results.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iapt_topics._base.errors import InputError, listed, suggestion
from iapt_topics._base.events import Event
from iapt_topics.cli._screen import Json, Quiet, Screen
from iapt_topics.cli.make import make_results, make_study, require_new, working
from iapt_topics.pipeline.keys import PURPOSIVE
from iapt_topics.pipeline.plan import StudyPlan, read_plan

if TYPE_CHECKING:
    from iapt_topics.validation.task import Task

_TESTS = ("word intrusion", "response intrusion", "label choice", "theme check")
#: One person, or a meeting, decides these.
_DECISIONS = ("quotes", "mapping", "adjudication")
_KINDS = (*_TESTS, *_DECISIONS)
_PAGES = "for_raters"

Place = Annotated[Path, typer.Argument(help="A results folder, or its study.toml.")]
More = Annotated[
    list[Path] | None, typer.Argument(help="Further files of answers.", show_default=False)
]
Raters = Annotated[
    list[str] | None,
    typer.Option(
        help='Names or initials of who judges, e.g. "Ann, Ben"; may be repeated.',
        show_default=False,
    ),
]
To = Annotated[
    Path | None,
    typer.Option(
        help="Folder for the pages, WITH RESPONSES; by default for_raters in that of the results.",
        show_default=False,
    ),
]
Sheet = Annotated[bool, typer.Option("--sheet", help="Write each page as .xlsx as well.")]
DrawSeed = Annotated[int, typer.Option(help="Seed of the draw.")]
AnswerFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--answers", help="Read back what raters returned: one file or more.", show_default=False
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace pages, or earlier answers of the same people.")
]


def validate(
    place: Place,
    more: More = None,
    kind: Annotated[
        str,
        typer.Option(
            help=f"What is tested: {', '.join(_TESTS)}; or what one person decides: "
            f"{', '.join(_DECISIONS)}."
        ),
    ] = "response intrusion",
    raters: Raters = None,
    width: Annotated[
        float | None,
        typer.Option(
            help="Width that the 95 % interval of a topic's or theme's proportion may have; by "
            "default 0.3 for topics, 0.4 for themes.",
            show_default=False,
        ),
    ] = None,
    overlap: Annotated[
        float, typer.Option(help="Part of the items that every rater judges.")
    ] = 0.3,
    seed: DrawSeed = 7,
    to: To = None,
    sheet: Sheet = False,
    answers: AnswerFiles = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw a blind test of the topics or themes as offline pages, or read the answers back.

    Topics that people could not tell apart are then marked in both reports. On the same page a
    person approves quotes, decides which themes a topic stands for, or settles disagreements of
    coders; the study then goes by that.
    """
    plan, screen = read_plan(place), Screen(quiet=quiet, as_json=as_json)
    if files := [*(answers or []), *(more or [])]:
        if (task := _decided_task(plan, files)) is not None:
            _read_decision(plan, task, files, screen, force=force)
        else:
            _read_test(plan, files, screen, force=force)
        return
    kind = _known_kind(kind)
    names = read_names(raters)
    if kind in _DECISIONS and len(names) > 1:
        do = "Name the person, or the meeting."
        raise InputError("--raters", f"must be one for {kind}, who decides", listed(names), do)
    pages = _pages(plan, to, kind, names, sheet=sheet, force=force)
    with working(plan, screen):
        study = make_study(plan, screen)
        if kind in _DECISIONS:
            from iapt_topics.pipeline.judgements import draw_decision

            task = draw_decision(kind, study, plan, names[0], seed)
        else:
            from iapt_topics.validation.blind import draw_test

            task = draw_test(
                study, kind, raters=names, width=width, overlap=overlap, seed=seed  # type: ignore[arg-type]
            )  # fmt: skip
        _give_out(plan, task, pages, screen, "validate", force=force)


def sample(
    place: Place,
    more: More = None,
    width: Annotated[
        float,
        typer.Option(
            help="Width that the 95 % interval of a proportion may have: decides the sample's size."
        ),
    ] = 0.2,
    raters: Raters = None,
    overlap: Annotated[
        float,
        typer.Option(
            help="Part that every coder codes. With less than 1 the machine is compared with the "
            "first coder's part alone."
        ),
    ] = 1.0,
    again: Annotated[
        float, typer.Option(help="Part of a coder's responses that come a second time.")
    ] = 0.0,
    seed: DrawSeed = 7,
    to: To = None,
    sheet: Sheet = False,
    answers: AnswerFiles = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw a random sample to code by hand as an offline page, or read the codes back.

    Codes that come back are joined with those that the study has, and compared with the machine's.
    """
    plan, screen = read_plan(place), Screen(quiet=quiet, as_json=as_json)
    if plan.frame is None:
        do = "Name one in study.toml: frame.use."
        raise InputError("a sample to code", "needs a codebook", "codes without one", do)
    if plan.codes is not None and plan.codes_sample == PURPOSIVE:
        raise InputError(
            "the study's codes", "must be of a random sample, to be joined with one",
            "codes.sample = purposive", "Take them out of study.toml first.",
        )  # fmt: skip
    if files := [*(answers or []), *(more or [])]:
        _read_codes(plan, files, screen, force=force)
        return
    from iapt_topics.codes.sampling import next_to_code
    from iapt_topics.pipeline.hand_codes import coded_by_people
    from iapt_topics.validation.judgements import make_coding

    names = read_names(raters)
    pages = _pages(plan, to, "coding", names, sheet=sheet, force=force)
    with working(plan, screen):
        study = make_study(plan, screen)
        done = coded_by_people(plan, study.responses, study.mapping.frame)
        drawn = next_to_code(study.responses, study.codes, n=0, width=width, human=done, seed=seed)
        if drawn.table.empty:
            do = "There is nothing left to code."
            raise InputError("a sample to code", "needs responses not coded yet", "none", do)
        task = make_coding(
            study.responses, study.mapping.frame, drawn.table["response_id"].tolist(),
            raters=names, overlap=overlap, again=again, seed=seed,
        )  # fmt: skip
        _give_out(plan, task, pages, screen, "sample", force=force)


def _known_kind(kind: str) -> str:
    kind = re.sub("[-_ ]+", " ", kind).strip().casefold()
    if kind not in _KINDS:
        do = f"{suggestion(kind, _KINDS)}Choose one."
        raise InputError("--kind", f"must be one of {listed(_KINDS)}", repr(kind), do)
    return kind


def read_names(raters: list[str] | None) -> list[str]:
    """Names of raters, with commas between or one by one."""
    from iapt_topics.validation.task import require_raters

    names = [name.strip() for part in raters or [] for name in part.split(",") if name.strip()]
    if not names:
        do = 'Say who judges: --raters "Ann, Ben".'
        raise InputError("--raters", "must name a person at least", "nobody", do)
    require_raters(names)
    return names


def _pages(
    plan: StudyPlan, to: Path | None, kind: str, names: Sequence[str], *, sheet: bool, force: bool
) -> dict[str, list[Path]]:
    """Where the pages of each rater go; none of them is there, unless it may be replaced."""
    folder = to or plan.out / _PAGES
    out = {}
    for k, name in enumerate(names, 1):
        plain = re.sub(r"[^\w-]+", "_", name).strip("_")[:40]
        stem = f"{kind.replace(' ', '_')}_{k}_{plain}"
        out[name] = [folder / f"{stem}{end}" for end in (".html", ".xlsx")[: 1 + sheet]]
        for path in out[name]:
            require_new(path, force)
    return out


def _give_out(
    plan: StudyPlan,
    task: Task,
    pages: dict[str, list[Path]],
    screen: Screen,
    command: str,
    *,
    force: bool,
) -> None:
    """Keep the key, write the pages, and say what to do with either."""
    from iapt_topics.pipeline.judged import keep_task
    from iapt_topics.validation.page import write_task

    screen.on_event(Event("stage", "Writing the pages"))
    key = keep_task(plan.out, task, force=force)
    for rater, paths in pages.items():
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_task(path, task, rater=rater)
    counts = task.assigned["rater"].value_counts()
    each = ", ".join(f"{rater} {counts[rater]:,}" for rater in pages)
    names = {rater: [str(p.resolve()) for p in paths] for rater, paths in pages.items()}
    back = shlex.join(["iapt-topics", command, str(plan.out)])
    lines = [
        f"{task.kind.capitalize()}: {len(task.items):,} items; for {each}.",
        *(f"Topic {topic} is not tested: {why}." for topic, why in task.left_out.items()),
        f"Key, for you alone: {key.resolve()}",
        *(f"For {rater}, with redacted responses: {p}" for rater, ps in names.items() for p in ps),
        f"When they are back: {back} --answers FILE ...",
    ]
    screen.give(
        {"kind": task.kind, "items": len(task.items), "key": str(key.resolve()), "pages": names},
        lines,
    )


def _read_test(plan: StudyPlan, files: Sequence[Path], screen: Screen, *, force: bool) -> None:
    """Add answers to the study, run it again with what they found, and say that."""
    from iapt_topics.cli._judged import facts_of_test, lines_of_test
    from iapt_topics.pipeline.execute_plan import write_results
    from iapt_topics.pipeline.judged import add_answers, score_tests, stale
    from iapt_topics.validation.answers import find_task

    plan = add_answers(plan, files, force=force)
    with working(plan, screen):
        study = make_study(plan, screen)
        found = score_tests(study, plan)
        asked = [find_task(file, [one.task for one in found]) for file in files]
        if old := [one.task for one in found if not one.current and one.task in asked]:
            raise InputError(
                "the answers", "must be to a test of the study as it is now", stale(old[0]),
                "Take it out of study.toml (validation.tests, validation.answers).",
            )  # fmt: skip
        screen.on_event(Event("stage", "Writing the results"))
        written = write_results(study, plan, sys.argv[1:])
    tables = [str(p.resolve()) for name, p in written.items() if name.startswith("validation_")]
    files_of = {
        "private tables": str(written["ledger"].parent.resolve()),
        "private report": str(written["private_report"].resolve()),
        "report": str(written["report"].resolve()),
    }
    lines = [line for one in found if one.current for line in lines_of_test(one.result)]
    lines.append(f"Private tables: {written['ledger'].parent.resolve()}, validation_*.csv")
    lines.append(f"Marked in: {files_of['private report']} and {files_of['report']}")
    facts = {"tests": [facts_of_test(one.result) for one in found if one.current], "tables": tables}
    screen.give(facts | {"files": files_of}, lines)


def _decided_task(plan: StudyPlan, files: Sequence[Path]) -> Task | None:
    """The task by which somebody decided, if the files are answers to one; None for tests."""
    from iapt_topics.pipeline.judged import kept_tasks
    from iapt_topics.validation.answers import find_task
    from iapt_topics.validation.task import TESTS

    tasks = list(kept_tasks(plan, (*TESTS, *_DECISIONS)).values())
    if not any(task.kind in _DECISIONS for task in tasks):
        return None
    found = {id(task): task for task in (find_task(file, tasks) for file in files)}
    decided = [task for task in found.values() if task.kind in _DECISIONS]
    if decided and len(found) > 1:
        raise InputError(
            "the answers", "must be to one task where somebody decides",
            f"answers to {len(found)}", "Read back one after the other.",
        )  # fmt: skip
    return decided[0] if decided else None


def _read_decision(
    plan: StudyPlan, task: Task, files: Sequence[Path], screen: Screen, *, force: bool
) -> None:
    """Keep what was decided, run the study again with it, and say what came of it."""
    from iapt_topics.cli._summary import result_lines, summarise
    from iapt_topics.pipeline.judgements import take_decision

    with working(plan, screen):
        study = make_study(plan, screen)
        plan, said = take_decision(task, files, study, plan, force=force)
    study, written = make_results(plan, screen)
    facts = summarise(study)
    lines = [*said, *result_lines(facts)]
    lines.append(f"Private report, for you alone: {written['private_report'].resolve()}")
    screen.give(facts | {"decided": said}, lines)


def _read_codes(plan: StudyPlan, files: Sequence[Path], screen: Screen, *, force: bool) -> None:
    """Join the codes that came back with those of the study, and run it again with them."""
    from iapt_topics.cli._summary import agreement_lines, summarise
    from iapt_topics.pipeline.hand_codes import add_codes

    with working(plan, screen):
        plan, notes = add_codes(plan, files, force=force, on_event=screen.on_event)
    study, written = make_results(plan, screen)
    facts = summarise(study)
    lines = [*notes, *agreement_lines(facts, themes=True), f"Hand codes: {plan.codes}"]
    lines.append(f"Private report, for you alone: {written['private_report'].resolve()}")
    screen.give(facts | {"codes": str(plan.codes)}, lines)
