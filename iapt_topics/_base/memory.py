"""Whether a run will fit into memory, said before it begins; and memory given back."""

from __future__ import annotations

import warnings

from iapt_topics._base.errors import InputError

#: Bytes of a whole run with the bundled model and frame: at the start, and for each response. The
#: peaks measured by ``benchmarks/memory.py --peak`` lie below; see docs/trust.md.
_START, _EACH = 0.8e9, 100e3


def check_memory(responses: int) -> None:
    """Warn if a run on so many responses may not fit into memory that is free.

    Raises
    ------
    InputError
        If it would not fit even with all memory of the machine to itself.
    """
    needed = _START + _EACH * responses
    free, whole = memory()
    sizes = f"about {needed / 1e9:.1f} GB for {responses:,} responses"
    if needed > whole:
        raise InputError(
            "the survey", f"must fit into memory, {sizes}", f"{whole / 1e9:.1f} GB in all",
            "Run it on a larger machine, or on a random part of the responses.",
        )  # fmt: skip
    if needed > free:
        said = f"a run may take {sizes}, and {free / 1e9:.1f} GB are free: it may be slow or stop"
        warnings.warn(said, stacklevel=3)


def memory() -> tuple[int, int]:
    """Free memory, and all there is with swap, in bytes."""
    import psutil

    free = psutil.virtual_memory()
    return free.available, free.total + psutil.swap_memory().total


def give_back() -> None:
    """Give freed memory back to the system, where its C library would rather keep it."""
    import psutil

    if trim := getattr(psutil, "heap_trim", None):
        trim()
