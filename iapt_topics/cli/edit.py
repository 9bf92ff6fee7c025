"""The command by which people correct a study: sheets of topics, mapping and convergence."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iapt_topics._base.errors import InputError
from iapt_topics._base.events import Event
from iapt_topics.cli._screen import Json, Quiet, Screen
from iapt_topics.cli.judge import Force, Place, read_names
from iapt_topics.cli.make import make_encoder, make_results, require_new, working
from iapt_topics.pipeline.plan import StudyPlan, read_plan

if TYPE_CHECKING:
    from iapt_topics.pipeline.edits import Decidable

_SHEETS = "for_editing"


def edits(
    place: Place,
    more: Annotated[
        list[Path] | None, typer.Argument(help="Further sheets.", show_default=False)
    ] = None,
    raters: Annotated[
        list[str] | None,
        typer.Option(
            help='Who rates convergence with human codes, e.g. "Ann, Ben": a sheet each.',
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the sheets; by default for_editing in that of the results.",
            show_default=False,
        ),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Write .csv files in place of .xlsx.")] = False,
    decisions: Annotated[
        list[Path] | None,
        typer.Option("--decisions", help="Read back sheets that were filled in: one or more.",
                     show_default=False),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Write sheets of topics, mapping and convergence to correct, or read them back.

    A sheet that comes back becomes part of the study: codes, shares and both reports follow it, in
    later runs too. The next sheets have the decisions in them; clear a cell to take one back.
    """
    plan, screen = read_plan(place), Screen(quiet=quiet, as_json=as_json)
    if files := [*(decisions or []), *(more or [])]:
        _read(plan, files, screen)
        return
    from iapt_topics.pipeline.edits import CONVERGENCE, sheet_paths, write_sheets

    names = read_names(raters) if raters else []
    folder, ending = to or plan.out / _SHEETS, ".csv" if csv else ".xlsx"
    for path in sheet_paths(folder, names, ending, compared=plan.codes is not None):
        require_new(path, force)
    with working(plan, screen):
        given = _decidable(plan, screen)
        screen.on_event(Event("stage", "Writing the sheets"))
        compared = given.study.comparison is not None
        if names and not compared:
            do = "Leave --raters out, or add codes: iapt-topics compare RESULTS --codes FILE."
            raise InputError("--raters", "need human codes to compare with", "none", do)
        paths = sheet_paths(folder, names, ending, compared=compared)
        folder.mkdir(parents=True, exist_ok=True)
        write_sheets(paths, given, names)
    back = shlex.join(["iapt-topics", "edits", str(plan.out), "--decisions"])
    kinds = [path.name.split(".")[0].split("_")[0] for path in paths]
    lines = [
        f"{kind.capitalize()}: {path.resolve()}" for kind, path in zip(kinds, paths, strict=True)
    ]
    if CONVERGENCE in kinds:
        lines.append("The sheets of convergence name responses by their ids.")
    lines.append(f"When they are filled in: {back} FILE ...")
    screen.give({"sheets": [str(path.resolve()) for path in paths]}, lines)


def _decidable(plan: StudyPlan, screen: Screen) -> Decidable:
    """The study as it is decided on; decisions that no longer fit are said, and left out."""
    from iapt_topics.pipeline.decided import read_decided
    from iapt_topics.pipeline.edits import Decidable, fitted_topics
    from iapt_topics.pipeline.execute_plan import run_plan

    encoder = make_encoder(plan, screen)
    study = run_plan(plan, encoder, on_event=screen.on_event, partial=True)
    fitted = fitted_topics(study, encoder, plan.out / "cache")
    return Decidable(study=study, fitted=fitted, decided=read_decided(plan, partial=True))


def _read(plan: StudyPlan, files: list[Path], screen: Screen) -> None:
    """Keep what was decided, run the study again with it, and say what came of it."""
    from iapt_topics.cli._summary import result_lines, summarise
    from iapt_topics.pipeline.edits import changed_codes, take_sheets

    with working(plan, screen):
        given = _decidable(plan, screen)
        plan, said = take_sheets(plan, given, files)
    study, written = make_results(plan, screen)
    facts = summarise(study)
    changed = changed_codes(given.study.codes, study.codes)
    said.append(f"Codes of {changed:,} of {len(study.responses):,} responses changed.")
    kept = [plan.topic_edits, plan.mapping_edits, *plan.ratings]
    decided = {
        "decided": said,
        "kept": [str(path) for path in kept if path is not None],
        "files": {
            "private report": str(written["private_report"].resolve()),
            "report": str(written["report"].resolve()),
        },
    }
    lines = [*said, *result_lines(facts)]
    lines.append(f"Private report, for you alone: {written['private_report'].resolve()}")
    screen.give(facts | decided, lines)
