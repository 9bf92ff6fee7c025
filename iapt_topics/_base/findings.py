"""What was found out about a file and done about it, for people to read and programs to count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd

#: Every kind of finding. What decides is the kind; the words are for people.
FINDINGS = (
    "encoding", "double encoding", "markup",  # letters
    "separator", "quotation marks", "title rows", "header rows", "repeated header", "footer rows",
    "trailing cells", "short rows", "column names", "row names",  # the shape of a text file
    "sheets", "hidden rows", "hidden columns", "formulas", "error cells", "dates",  # workbooks
    "value labels", "empty rows", "unknown", "spoilt ids", "near ids", "near levels", "one id",
    "row numbers", "id column not named", "panel", "years", "long texts", "copies",  # who and when
    "not coded yet", "unlisted responses", "codes",
    "partitions",
)  # fmt: skip
COLUMNS = ("kind", "where", "n", "done")


class Finding(NamedTuple):
    """One thing found: its kind (of ``FINDINGS``), where, how many, and what was done about it."""

    kind: str
    where: str
    n: int
    done: str

    def __str__(self) -> str:
        return f"{self.where}: {self.done}."


def findings_table(found: Iterable[Finding] = ()) -> pd.DataFrame:
    """Findings as a table: ``kind``, ``where``, ``n``, ``done``."""
    rows = list(found)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"kind": "str", "where": "str", "n": "int64", "done": "str"})


def findings_of(table: pd.DataFrame) -> tuple[Finding, ...]:
    """The rows of :func:`findings_table`."""
    rows = table[list(COLUMNS)].itertuples(index=False, name=None)
    return tuple(Finding(str(k), str(w), int(n), str(d)) for k, w, n, d in rows)


def numbers(values: Sequence[int], most: int = 5) -> str:
    """Name the first few of some numbers, and how many more there are."""
    rest = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(f"{v}" for v in values[:most]) + rest
