"""Cells of tables: how a table becomes rows of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from iapt_topics._base.status import FEW, SUPPRESSED
from iapt_topics._base.text import clean
from iapt_topics.report.format import (
    SUPPRESSED_CELL,
    Grid,
    coefficient,
    few_cell,
    interval,
    points,
)

#: What to call each theme and domain, by id.
Labels = Mapping[str, str]
#: What to call each year.
Waves = Mapping[int, str]

#: Heading of a column, how its cells are printed, and the values that this takes (none: the row).
Column = tuple[str, Callable[..., str], *tuple[str, ...]]


def make_grid(table: pd.DataFrame, caption: str, *columns: Column, **more: Any) -> Grid:
    """A table row by row, each cell printed as its column says; no notes if there are none."""
    if "note" in table and not table["note"].astype(bool).any():
        columns = tuple(c for c in columns if c[0] != "Note")
    rows = tuple(_cells(row, columns) for row in table.to_dict("records"))
    return Grid(caption=caption, head=tuple(c[0] for c in columns), rows=rows, **more)


def _cells(row: dict[Any, Any], columns: tuple[Column, ...]) -> tuple[str, ...]:
    cells = (how(*(row[n] for n in names)) if names else how(row) for _, how, *names in columns)
    if row.get("status") == FEW:
        return tuple(few_cell(row) if c == SUPPRESSED_CELL else c for c in cells)
    return tuple(cells)


def wave_name(waves: Waves, year: int) -> str:
    """What to call a year."""
    return waves.get(year, str(year))


def unless_suppressed(how: Callable[..., str], status: str, *values: Any) -> str:
    """The values as they are printed, or the mark of a suppressed figure."""
    return SUPPRESSED_CELL if status == SUPPRESSED else how(*values)


def spaced(name: str) -> str:
    """A name of the code as words."""
    return clean(name).replace("_", " ")


points_between = partial(interval, how=points)
coefficients_between = partial(interval, how=coefficient)
VALUE: tuple[Column, ...] = (
    ("Value", coefficient, "estimate"),
    ("Low", coefficient, "low"),
    ("High", coefficient, "high"),
    ("Expected by chance", coefficient, "expected_by_chance"),
)


def largest_first(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rows by the size of a column, whatever its sign."""
    size = rows[column].abs().sort_values(ascending=False, kind="stable")
    return rows.loc[size.index]


def by_theme(table: pd.DataFrame | None) -> dict[str, list[dict[Any, Any]]]:
    """Rows of a table by their theme; none if there is no table."""
    out: dict[str, list[dict[Any, Any]]] = {}
    for row in () if table is None else table.to_dict("records"):
        out.setdefault(str(row["theme"]), []).append(row)
    return out
