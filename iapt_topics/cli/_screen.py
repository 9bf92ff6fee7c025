"""What a command says, and where: results on stdout, all else on stderr."""

from __future__ import annotations

import json
import math
import shlex
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say the results alone, no stages and no notes.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON on stdout.")]


@dataclass(slots=True, kw_only=True)
class Screen:
    """Where a command speaks: stages and notes on stderr, results on stdout.

    On a terminal the stages have bars, with the time left where that is known; elsewhere each
    is a line.
    """

    quiet: bool = False
    as_json: bool = False
    _bars: Progress | None = None

    def tell(self, stage: str) -> None:
        """Name the stage that begins."""
        if self._bars is not None:
            self._finish()
            self._bars.add_task(stage, total=None)
        elif not self.quiet:
            typer.echo(f"{stage} ...", err=True)

    def progress(self, done: int, total: int) -> None:
        """Say how far the stage is."""
        if self._bars is not None and self._bars.task_ids:
            self._bars.update(self._bars.task_ids[-1], completed=done, total=total)

    def note(self, text: str) -> None:
        """Say what was found out and the reader should know."""
        if self._bars is not None:
            self._bars.console.print(f"Note: {text}", markup=False, highlight=False)
        elif not self.quiet:
            typer.echo(f"Note: {text}", err=True)

    def give(self, facts: dict[str, Any], lines: Iterable[str]) -> None:
        """Print results: as JSON, or as lines."""
        if self.as_json:
            typer.echo(json.dumps(plain(facts), indent=1))
            return
        for line in lines:
            typer.echo(line)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Show bars meanwhile, on a terminal; say how to go on if it is stopped by Ctrl-C."""
        show = warnings.showwarning
        warnings.showwarning = self._note_warning
        try:
            if self.quiet or not sys.stderr.isatty():
                yield
                return
            with _bars() as self._bars:
                yield
                self._finish()
        except (KeyboardInterrupt, typer.Abort):
            again = shlex.join(["iapt-topics", *sys.argv[1:]])
            typer.echo(
                "\nStopped. Earlier results are as they were, and finished stages are kept. "
                f"To go on: {again}",
                err=True,
            )
            raise typer.Exit(130) from None
        finally:
            self._bars = None
            warnings.showwarning = show

    def _note_warning(self, message: Warning | str, *_: object, **__: object) -> None:
        self.note(str(message))

    def _finish(self) -> None:
        if self._bars is not None and self._bars.task_ids:
            task = self._bars.tasks[-1]
            total = task.total or 1
            self._bars.update(task.id, completed=total, total=total)


def _bars() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def plain(value: Any) -> Any:
    """Values of Python's own, without NaN, which JSON has not."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value
