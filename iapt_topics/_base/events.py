"""What a long computation says of itself as it goes: one callback for all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Event:
    """A progress event of a long computation; its text is a line, so ``on_event=print`` works.

    Attributes
    ----------
    kind : {"stage", "note", "progress"}
        "stage": one begins. "note": what was found out and the reader should know. "progress": how
        far the stage is.
    text : str
        Name of the stage, or the note; "" for progress.
    done, total : int
        Steps of the stage that are done, and all; 0 but for progress.
    """

    kind: Literal["stage", "note", "progress"]
    text: str = ""
    done: int = 0
    total: int = 0

    def __str__(self) -> str:
        if self.kind == "progress":
            return f"{self.done:,} of {self.total:,}"
        return f"{self.text} ..." if self.kind == "stage" else f"Note: {self.text}"


OnEvent = Callable[[Event], object]


def ignore(event: Event) -> None:
    """Let an event pass."""
