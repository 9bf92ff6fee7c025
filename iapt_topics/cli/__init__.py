"""The command line, ``iapt-topics``; the only place that prints."""

from __future__ import annotations

import os
import sys

import typer

from iapt_topics._base.errors import InputError
from iapt_topics.cli import ask, doctor, look, make, revise
from iapt_topics.cli._screen import STOPPED

__all__ = ["app", "main"]

app = typer.Typer(
    help="Code themes in free-text surveys, compare machine and human codes, estimate change.",
    epilog="Begin with: iapt-topics init YOUR_SURVEY.csv. "
    "Exit codes: 0 done, 1 verify or doctor found a problem, 2 invalid input, 130 Ctrl-C.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (
    make.demo,
    ask.init,
    make.run,
    revise.compare,
    revise.drift,
    revise.report,
    revise.withdraw,
    revise.export,
    look.frame,
    look.certify,
    look.encoders,
    look.verify,
    doctor.doctor,
):
    app.command()(command)


def main() -> None:
    """Run the command line; bad input is one line on stderr and exit code 2."""
    try:
        app()
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
