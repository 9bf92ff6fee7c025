"""Tables that people edit: text that a spreadsheet would run as a formula stays text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics._base.tables import read_table

LONGEST_CELL = 32_767  # characters that a cell of a workbook can hold
#: What a spreadsheet would run as a formula. A quote before it makes it text; it is taken off when
#: the file is read.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def defused(text: str) -> str:
    """Text that a spreadsheet takes for text."""
    return f"'{text}" if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """Text as it was before :func:`defused`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def private_csv(table: pd.DataFrame) -> str:
    """An exact table as CSV in which no text is a formula; numbers are as they are."""
    texts = {
        i: column.astype(object).map(lambda v: defused(v) if isinstance(v, str) else v)
        for i, (_, column) in enumerate(table.items())
        if not pd.api.types.is_numeric_dtype(column.dtype)
    }
    shown = pd.concat([texts.get(i, table.iloc[:, i]) for i in range(table.shape[1])], axis=1)
    shown = shown.set_axis([defused(str(c)) for c in table.columns], axis=1)
    # A carriage return ends a row unless it is quoted, which it is if it is a line's end.
    returns = any("\r" in v for t in texts.values() for v in t if isinstance(v, str))
    return shown.to_csv(index=False, lineterminator="\r\n" if returns else None)


def write_sheet(
    path: Path,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    wide: Collection[str] = (),
    private: bool = True,
    finish: Callable[[Any], None] | None = None,
) -> None:
    """Write rows of text to a ``.csv`` or ``.xlsx`` file, so that :func:`read_sheet` reads them.

    It is for its owner alone, since most sheets hold texts or ids, unless ``private`` is off.
    ``finish`` is given a workbook before it is written.
    """
    ending = path.suffix.casefold()
    if ending == ".csv":
        stream = io.StringIO()
        cells = [[defused(v) for v in row] for row in rows]
        csv.writer(stream).writerows([names, *cells])
        # The mark is for Excel.
        write_whole(path, stream.getvalue(), encoding="utf-8-sig", private=private)
    elif ending == ".xlsx":
        _write_workbook(path, [names, *rows], wide, private, finish)
    else:
        raise InputError(
            f"table {path.name!r}",
            "must end in .csv or .xlsx",
            repr(path.suffix),
            "Change the ending.",
        )


def read_sheet(path: Path, what: str) -> pd.DataFrame:
    """Read a table with every cell as its text; row ``i`` is line ``i + 2`` of the sheet."""
    table, _ = read_table(path, what, mend=False)  # what this library wrote comes back as it was
    if path.suffix.casefold() == ".xlsx":
        return table
    return table.map(restored)


def _write_workbook(
    path: Path,
    rows: list[Sequence[str]],
    wide: Collection[str],
    private: bool,
    finish: Callable[[Any], None] | None,
) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment

    book = Workbook()
    sheet = book.active
    for i, row in enumerate(rows, 1):
        for j, text in enumerate(row, 1):
            if len(text) > LONGEST_CELL:
                raise InputError(
                    f"column {rows[0][j - 1]!r} in row {i} of {path.name!r}",
                    f"must have at most {LONGEST_CELL:,} characters in a workbook",
                    f"{len(text):,}",
                    "Write another kind of file.",
                )  # fmt: skip
            cell = sheet.cell(i, j)
            if text:
                cell.value = text
                cell.data_type = "s"  # text, even if it begins as a formula does
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    for j, name in enumerate(rows[0], 1):
        letter = sheet.cell(1, j).column_letter
        sheet.column_dimensions[letter].width = 45 if name in wide else 16
    if finish is not None:
        finish(book)
    stream = io.BytesIO()
    book.save(stream)
    write_whole(path, stream.getvalue(), private=private)
