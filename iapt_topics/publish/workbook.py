"""Published tables as cells and as a workbook: suppressed figures are [c], no text is a formula."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.status import FEW, STATUSES, SUPPRESSED
from iapt_topics._base.workbook import as_cells, write_workbook
from iapt_topics.publish.disclosure import Disclosure


def write_published(
    path: str | Path, tables: Mapping[str, pd.DataFrame], disclosure: Disclosure
) -> Path:
    """Write published tables as a workbook, with a sheet that describes every column."""
    whole = {**tables, "dictionary": describe_columns(tables)}
    cells = {name: shown_cells(table) for name, table in whole.items()}
    return write_workbook(path, disclosure.sentence, cells, private=False)


def describe_columns(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every column of the tables in words: ``table``, ``column``, ``description``."""
    notes, rows = _notes(), []
    for name, table in tables.items():
        for column in table.columns:
            own = notes.get(name.replace("people_", "agreement_"), {})
            text = own.get(column) or notes["columns"].get(column)
            if text is None:
                do = "Describe it in column_notes.toml."
                raise InputError(f"table {name!r}", "must have its columns described", column, do)
            rows.append((name, column, text))
    return pd.DataFrame(rows, columns=["table", "column", "description"])


@cache
def _notes() -> dict[str, dict[str, str]]:
    return tomllib.loads(
        files("iapt_topics.publish").joinpath("column_notes.toml").read_text("utf-8")
    )


#: What stands for a figure that is not shown.
SYMBOLS = {SUPPRESSED: "[c]", FEW: "[few]"}


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV in which no text is a formula; what is not shown is a symbol."""
    return shown_cells(table).to_csv(index=False)


def shown_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Cells as they are shown: text defused, a symbol for what is not shown, numbers as are."""
    status = pd.Series("", table.index)
    if "status" in table.columns and table["status"].isin(STATUSES).all():
        status = table["status"]
    elif "note" in table.columns:  # a table of counts, where what is missing is suppressed
        status = status.mask(table["n"].isna(), SUPPRESSED)
    symbols = status.map(SYMBOLS)
    cells = as_cells(table)
    for name, column in table.items():
        if pd.api.types.is_numeric_dtype(column.dtype):
            gone = symbols.notna() & column.isna()
            cells[name] = cells[name].mask(gone, symbols)
    return cells
