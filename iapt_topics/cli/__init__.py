"""The command line, ``iapt-topics``; the only place that prints."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from iapt_topics._base.errors import InputError
from iapt_topics.cli import ask, doctor, edit, judge, later, look, make, revise, sensitivity
from iapt_topics.cli._screen import STOPPED

__all__ = ["app", "main"]

app = typer.Typer(
    help="Code themes in free-text surveys, compare machine and human codes, estimate change.",
    epilog="Begin with: iapt-topics init YOUR_SURVEY.csv. "
    "Exit codes: 0 done, 1 verify or doctor found a problem, 2 invalid input, 130 Ctrl-C.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
#: Each command with an example of it, which its help ends with.
COMMANDS: dict[Callable[..., None], str] = {
    make.demo: "iapt-topics demo --out demo_report",
    ask.init: "iapt-topics init survey.xlsx",
    make.run: "iapt-topics run study.toml",
    revise.compare: "iapt-topics compare results --codes human_codes.csv",
    later.wave: "iapt-topics wave results survey_2019.csv --out results_2019",
    revise.learn: "iapt-topics learn results",
    revise.drift: "iapt-topics drift results --baseline 2016 --standardise role",
    revise.report: "iapt-topics report results --disclosure strict",
    revise.withdraw: "iapt-topics withdraw results --respondent p0123",
    revise.export: "iapt-topics export results --tables tables.xlsx --draft draft.docx",
    look.frame: "iapt-topics frame my_frame.xlsx --from iapt_identity_system",
    judge.sample: "iapt-topics sample results --raters Ann --width 0.2",
    judge.validate: 'iapt-topics validate results --kind "theme check" --raters "Ann, Ben"',
    edit.edits: 'iapt-topics edits results --raters "Ann, Ben"',
    look.certify: "iapt-topics certify results --precision 0.8 --out verdicts.xlsx",
    sensitivity.sensitivity: "iapt-topics sensitivity results --out sensitivity.html",
    look.encoders: "iapt-topics encoders survey.csv --text comment --year year "
    "--codes human_codes.csv --frame my_frame.xlsx --model all-mpnet-base-v2",
    look.history: "iapt-topics history results",
    look.verify: "iapt-topics verify results",
    doctor.doctor: "iapt-topics doctor study.toml",
}


def _at_home(command: Callable[..., None]) -> Callable[..., None]:
    """The command with ``~`` in paths as the home folder, which no shell says after ``=``."""

    def whole(value: Any) -> Any:
        if isinstance(value, list):
            return [whole(v) for v in value]
        is_path = isinstance(value, Path) or (
            isinstance(value, str) and value.startswith(("~/", "~\\"))
        )
        if not is_path:
            return value
        try:
            return type(value)(Path(value).expanduser())
        except RuntimeError:  # ~name of nobody here: a file may be called so
            return value

    @wraps(command)
    def run(**options: Any) -> None:
        command(**{name: whole(value) for name, value in options.items()})

    return run


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"iapt-topics {version('iapt-topics')}")
        raise typer.Exit


@app.callback()
def _every(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    """What is before every command."""


for function, example in COMMANDS.items():
    app.command(epilog=f"Example: {example}")(_at_home(function))


def main() -> None:
    """Run the command line; bad input is one line on stderr and exit code 2."""
    # Tables and modules are many objects and hardly a cycle: looking for some every 700 new objects
    # takes a tenth of a run.
    gc.set_threshold(20_000, *gc.get_threshold()[1:])
    try:
        app(prog_name="iapt-topics")
    except SystemExit as end:
        if end.code == STOPPED:  # threads that still work are not waited for
            sys.stdout.flush()
            os._exit(STOPPED)
        raise
    except InputError as error:
        typer.echo(f"Error: {error}", err=True)
        raise SystemExit(2) from None
    except OSError as error:  # a full disk, a folder without write permission
        typer.echo(f"Error: {error}. Check the folder of the results.", err=True)
        raise SystemExit(2) from None
