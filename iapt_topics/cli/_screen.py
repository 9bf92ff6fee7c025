"""What a command says, and where: results on stdout, all else on stderr."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON on stdout.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Where a command speaks: stages and notes on stderr, results on stdout."""

    quiet: bool = False
    as_json: bool = False

    def tell(self, stage: str) -> None:
        """Name the stage that begins."""
        if not self.quiet:
            typer.echo(f"{stage} ...", err=True)

    def note(self, text: str) -> None:
        """Say what was found out and the reader should know."""
        if not self.quiet:
            typer.echo(f"Note: {text}", err=True)

    def give(self, facts: dict[str, Any], lines: Iterable[str]) -> None:
        """Print results: as JSON, or as lines."""
        if self.as_json:
            typer.echo(json.dumps(facts, indent=1))
        elif not self.quiet:
            for line in lines:
                typer.echo(line)


@contextmanager
def resumable() -> Iterator[None]:
    """End a command that is stopped by Ctrl-C with a line that says how to go on."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        again = shlex.join(["iapt-topics", *sys.argv[1:]])
        typer.echo(
            "\nStopped. Earlier results are as they were, and finished stages are kept. "
            f"To go on: {again}",
            err=True,
        )
        raise typer.Exit(130) from None
