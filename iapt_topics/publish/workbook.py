"""Published tables as cells and as a workbook: suppressed figures are [c], no text is a formula."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.status import FEW, STATUSES, SUPPRESSED
from iapt_topics._base.workbook import Block, as_cells, write_workbook
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.number_formats import number_formats

#: What to call ids, by the column that has them.
Names = Mapping[str, Mapping[Any, str]]
#: Name of the sheet for reading.
KEY_RESULTS = "Key results"
#: Name of the table that describes the columns.
DICTIONARY = "dictionary"


def write_published(
    path: str | Path,
    cells: Mapping[str, pd.DataFrame],
    disclosure: Disclosure,
    key_results: Sequence[Block] = (),
) -> Path:
    """Write the cells of published tables as a workbook; see :func:`cells_of_files`."""
    return write_workbook(
        path,
        disclosure.sentence,
        cells,
        private=False,
        formats={name: number_formats(name, table) for name, table in cells.items()},
        first=(KEY_RESULTS, key_results) if key_results else None,
    )


def cells_of_files(tables: Mapping[str, pd.DataFrame], names: Names) -> dict[str, pd.DataFrame]:
    """Cells of the tables as files have them, and of the dictionary of every column, the last."""
    tables = labelled(tables, names)
    whole = {**tables, DICTIONARY: describe_columns(tables)}
    return {name: shown_cells(table) for name, table in whole.items()}


def labelled(tables: Mapping[str, pd.DataFrame], names: Names) -> dict[str, pd.DataFrame]:
    """The tables as files have them: the name of a theme, topic or wave beside its id."""
    return {name: _with_names(table, names) for name, table in tables.items()}


def _with_names(table: pd.DataFrame, names: Names) -> pd.DataFrame:
    both = {"theme", "topic"} <= set(table.columns)  # then each name says what it is of
    called = {"theme": "theme_label" if both else "label", "year": "wave",
              "reference_theme": "reference_label", "other_theme": "other_label",
              "topic": "topic_label" if both and "label" not in table else "label"}  # fmt: skip
    for column, of in names.items():
        if column in table and called[column] not in table:
            values = [of.get(v, v if isinstance(v, str) else "") for v in table[column]]
            place = list(table.columns).index(column) + 1
            table = table.copy(deep=False)
            table.insert(place, called[column], pd.Series(values, table.index, dtype=object))
    return table


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
    stands = symbols.notna().to_numpy()
    for name, column in table.items() if stands.any() else ():
        if pd.api.types.is_numeric_dtype(column.dtype):
            gone = stands & column.isna().to_numpy()
            if gone.any():
                cells[name] = cells[name].mask(gone, symbols)
    return cells
