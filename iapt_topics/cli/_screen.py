"""What a command prints, and where: results on stdout, all else on stderr."""

from __future__ import annotations

import json
import math
import os
import shlex
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iapt_topics._base.events import Event

if TYPE_CHECKING:
    from rich.progress import Progress

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print the results only, without stages and notes.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON on stdout.")]
STOPPED = 130  # the exit code after Ctrl-C
_GRACE = 1.5  # seconds after Ctrl-C in which a run may end by itself


def _unless_stopped(hook: Callable[[Any], Any], lost: Any) -> None:
    """What was raised where nobody can catch it: a Ctrl-C is told by who watches for it."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        hook(lost)


@dataclass(slots=True, kw_only=True)
class Screen:
    """Where a command prints: stages and notes on stderr, results on stdout.

    On a terminal the stages have bars, with the time left where that is known; elsewhere each
    is a line.
    """

    quiet: bool = False
    as_json: bool = False
    #: Where a stop leaves the folder.
    after_stop: str = "Earlier results are unchanged, and finished stages are kept."
    _bars: Progress | None = None
    _stopped: bool = False

    def on_event(self, event: Event) -> None:
        """Print the stage that begins or a note, or move the bar."""
        if self._bars is None:
            if not self.quiet and event.kind != "progress":
                typer.echo(str(event), err=True)
        elif event.kind == "stage":
            self._finish()
            self._bars.add_task(event.text, total=None)
        elif event.kind == "note":
            self._bars.console.print(str(event), markup=False, highlight=False)
        elif self._bars.task_ids:
            self._bars.update(self._bars.task_ids[-1], completed=event.done, total=event.total)

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
            with self._stoppable():
                if self.quiet or not sys.stderr.isatty():
                    yield
                    return
                with _bars() as self._bars:
                    yield
                    self._finish()
        except (KeyboardInterrupt, typer.Abort):
            self._say_stopped()
            raise typer.Exit(STOPPED) from None
        finally:
            self._bars = None
            warnings.showwarning = show

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """End the process soon after Ctrl-C, also where Python is not there to raise it.

        A long computation outside Python delays it, and one in a finaliser is lost. So the system's
        own handler notifies a thread, which ends what has not ended by itself. Files are written
        completely or not at all, and the next run removes what is left over.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        watched, told = os.pipe()  # no pair of sockets: nothing in here opens one
        if hasattr(os, "set_blocking"):  # not needed on Windows, nor there before Python 3.12
            os.set_blocking(told, False)
        before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(watched,), daemon=True).start()
        hook = sys.unraisablehook
        sys.unraisablehook = partial(_unless_stopped, hook)
        try:
            yield
        finally:
            sys.unraisablehook = hook
            signal.set_wakeup_fd(before)
            os.close(told)

    def _watch(self, watched: int) -> None:
        with open(watched, "rb", buffering=0) as signals:
            while (byte := signals.read(1)) != bytes([signal.SIGINT]):
                if not byte:
                    return
        time.sleep(_GRACE)
        while signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # results are being put in place
            time.sleep(0.1)
        if not self._stopped:
            self._say_stopped()
        os._exit(STOPPED)

    def _say_stopped(self) -> None:
        self._stopped = True
        again = shlex.join(["iapt-topics", *sys.argv[1:]])
        cursor = "\x1b[?25h" if self._bars is not None else ""  # bars hide it
        typer.echo(
            f"{cursor}\nStopped. {self.after_stop} To resume: {again}",
            err=True,
        )

    def _note_warning(self, message: Warning | str, *_: object, **__: object) -> None:
        self.on_event(Event("note", str(message)))

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
