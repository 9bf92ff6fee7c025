"""What a table may unpack to: a file of a kilobyte can unpack to more than any memory."""

from __future__ import annotations

from iapt_topics._base.errors import InputError

MOST_BYTES = 512 * 1024**2
MOST_CELLS = 50_000_000
MOST_COLUMNS = 100_000


def too_large(name: str, got: str) -> InputError:
    """Make the error of a table that is too large, of which ``got`` says how large it is."""
    rule = (
        f"must unpack to at most {MOST_BYTES:,} bytes, {MOST_CELLS:,} cells and "
        f"{MOST_COLUMNS:,} columns"
    )
    return InputError(name, rule, got, "Check that it is the survey; if so, save it in parts.")


def require_bytes(size: int, name: str) -> None:
    """Raise :class:`InputError` if a table is of more bytes than it may be."""
    if size > MOST_BYTES:
        raise too_large(name, f"{size:,} bytes")


def require_cells(rows: int, columns: int, name: str) -> None:
    """Raise :class:`InputError` if a table has more cells or columns than it may have."""
    if rows * columns > MOST_CELLS or columns > MOST_COLUMNS:
        raise too_large(name, f"{rows:,} rows of {columns:,} columns")
