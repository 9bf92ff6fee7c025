"""The text of a CSV file as rows of cells: how it is written is found out from the text itself."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Any

from iapt_topics._base import limits as _limits
from iapt_topics._base.errors import InputError
from iapt_topics._base.findings import Finding
from iapt_topics._base.limits import require_cells, too_large

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_HEAD = 200_000  # characters by which the separator is chosen
_ROWS = 200  # of the head, at most
_PART = 500  # rows that are read before they are counted
_SEP_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?[ ,;\t]*(?:\r\n|\r|\n)", re.IGNORECASE)
_UNCLOSED = "Close the quotation mark, or double it where it is part of a text."


@dataclass(frozen=True, slots=True)
class _Dialect:
    separator: str
    spaced: bool = False  # a space stands between a separator and a quotation mark
    backslash: bool = False  # a quotation mark in a text has a backslash before it

    def rows(self, text: str) -> Iterator[list[str]]:
        how: dict[str, Any] = {"doublequote": False, "escapechar": "\\"} if self.backslash else {}
        lines = StringIO(text, newline="")
        return csv.reader(lines, delimiter=self.separator, skipinitialspace=self.spaced, **how)

    @property
    def quoted(self) -> re.Pattern[str]:
        """A cell in quotation marks, or one that is never closed."""
        before = f"[{re.escape(self.separator)}\\r\\n]" + (" *" if self.spaced else "")
        inner = r'(?:[^"\\]|\\.)*+' if self.backslash else r'[^"]*+(?:""[^"]*+)*+'
        return re.compile(rf'(?:\A|{before})"({inner})("|\Z)', re.DOTALL)


def read_csv(
    text: str, name: str, separator: str
) -> tuple[list[list[str]], Callable[[], list[int]], list[Finding]]:
    """Rows of a text, the lines that they end in, and what was found about their form.

    Parameters
    ----------
    text : str
    name : str
        What the file is called in an error.
    separator : str
        The one that the file's ending tells, taken where the text does not tell another.
    """
    found: list[Finding] = []
    if line := _SEP_LINE.match(text):
        dialect = _choose(text[line.end() :], line[1], (line[1],))
        text = text[line.end() :]
        first = 1
    else:
        dialect = _choose(text, separator, tuple(dict.fromkeys((separator, *_SEPARATORS))))
        first = 0
    if dialect.separator != separator:
        what = _SEPARATORS.get(dialect.separator, repr(dialect.separator))
        found.append(Finding("separator", name, 1, f"its cells are separated by {what}"))
    # Each is the end of a cell or stands in one, so that this many are no table that is read.
    if (ends := text.count(dialect.separator) + text.count("\n")) > 2 * _limits.MOST_CELLS:
        raise too_large(name, f"about {ends:,} cells")
    if '"' in text:
        loose = _require_closed(text, dialect, name, first)
        if dialect.backslash:
            done = "quotation marks in texts have a backslash before them, which was taken off"
            found.append(Finding("quotation marks", name, 1, done))
        if loose:
            done = (
                f"{loose} cell(s) begin with a quotation mark that is closed before the cell "
                "ends; these marks are left out"
            )
            found.append(Finding("quotation marks", name, loose, done))
    rows, cells = [], 0
    with _cells_of_any_length():
        reader = dialect.rows(text)
        while part := list(islice(reader, _PART)):
            rows += part
            width, longest = len(rows[0]), max(map(len, part))
            # Rows are filled up to the width of the first, however many cells they have.
            cells += sum(map(len, part)) if longest > width else width * len(part)
            if cells > _limits.MOST_CELLS or longest > _limits.MOST_COLUMNS:
                require_cells(min(len(rows), _limits.MOST_CELLS // max(width, 1) + 1), width, name)
                raise too_large(name, f"{len(rows):,} rows of {longest:,} columns")

    def lines() -> list[int]:
        with _cells_of_any_length():
            again = dialect.rows(text)
            return [again.line_num + first for _ in again]  # type: ignore[attr-defined]

    return rows, lines, found


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    limit = csv.field_size_limit(_limits.MOST_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _choose(text: str, default: str, among: tuple[str, ...]) -> _Dialect:
    """The way of writing by which most rows of the head have one number of cells."""
    head = text[:_HEAD]
    if len(text) > _HEAD:
        head = head[: max(head.rfind("\n"), head.rfind("\r")) + 1] or head
    spaced = re.search(r'(?:^|[\r\n])[^\r\n]*[,;\t|] +"', head) is not None
    backslash = re.search(r'[^,;\t|\\\r\n]\\"(?![,;\t|\r\n]|$)', head) is not None
    tried = [
        _Dialect(s, a, b)
        for s in among
        for a in ((False, True) if spaced else (False,))
        for b in ((False, True) if backslash else (False,))
    ]
    if len(tried) == 1:
        return tried[0]
    best = max(tried, key=lambda d: _fit(head, d, default))  # the first of equals
    return best


def _fit(head: str, dialect: _Dialect, default: str) -> tuple[float, ...]:
    widths: list[int] = []
    try:
        for row in dialect.rows(head):
            if any(v.strip() for v in row):
                widths.append(len(row))
            if len(widths) >= _ROWS:
                break
    except csv.Error:
        return (0.0, 0.0, 0.0, 0.0, 0.0)
    if not widths:
        return (0.0, 0.0, 0.0, 0.0, 0.0)
    counts = Counter(w for w in widths if w > 1)
    if not counts:
        return (0.0, 0.0, float(dialect.separator == default), 0.0, 0.0)
    width, times = max(counts.items(), key=lambda item: (item[1], item[0]))
    torn = 0
    if '"' in head:
        torn = sum(_follows(head, m.end(), dialect) for m in dialect.quoted.finditer(head))
    # One number of cells in most rows; fewer marks that do not fit; the header has that number.
    share = round(times / len(widths), 2)
    return (
        share if share >= 0.5 else 0.4,
        -float(torn),
        float(widths[0] == width),
        float(width),
        float(dialect.separator == default),
    )


def _follows(text: str, at: int, dialect: _Dialect) -> bool:
    """Whether something else than the end of a cell follows its closing mark."""
    return at < len(text) and text[at] not in (dialect.separator, "\r", "\n")


def _require_closed(text: str, dialect: _Dialect, name: str, first: int) -> int:
    """Count cells closed before they end; InputError for a mark that is never closed, or late."""
    loose = 0
    width = text.split("\n", 1)[0].count(dialect.separator) + 1
    data = re.compile(rf"\s*\d+(?:\.\d+)?{re.escape(dialect.separator)}")
    for cell in dialect.quoted.finditer(text):
        inner = cell[1]
        open_ = not cell[2]
        broken = "\n" in inner or "\r" in inner
        if not open_ and _follows(text, cell.end(), dialect):
            rest = text[cell.end() : cell.end() + 1]
            loose += not broken and rest != " "
            open_ = broken
        if open_ or (broken and _holds_rows(inner, dialect.separator, width, data)):
            line = text.count("\n", 0, cell.start(1)) + 1
            if "\n" not in text:
                line = text.count("\r", 0, cell.start(1)) + 1
            raise InputError(
                name, "must close each quotation mark", f"one open from line {line + first}",
                _UNCLOSED,
            )  # fmt: skip
    return loose


def _holds_rows(inner: str, separator: str, width: int, data: re.Pattern[str]) -> bool:
    """Whether all lines of a cell but its first look like rows of the table.

    In prose a space follows a comma; between cells none does.
    """
    lines = [v for v in re.split(r"\r\n|\r|\n", inner)[1:] if v.strip()]
    if not lines or width < 2:
        return False
    for line in lines:
        parts = line.split(separator)
        if len(parts) < width or any(p[:1].isspace() for p in parts[1:width]):
            return False
        if width == 2 and not data.match(line):
            return False
    return True
