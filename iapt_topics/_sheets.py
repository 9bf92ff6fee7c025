"""Tables that people edit: text that a spreadsheet would run as a formula stays text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from iapt_topics._checks import InputError
from iapt_topics._files import write_whole
from iapt_topics._tables import read_table

_CELL = 32_767  # characters that a cell of a workbook can hold
#: What a spreadsheet would run as a formula. A quote before it makes it text; it is taken off when
#: the file is read.
_FORMULA = re.compile(r"'*[=+\-@\t]")


def defused(text: str) -> str:
    """Text that a spreadsheet takes for text."""
    return f"'{text}" if _FORMULA.match(text) else text


def undefused(text: str) -> str:
    """The text that :func:`defused` was given; other text as it is."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_sheet(
    path: Path, names: Sequence[str], rows: Sequence[Sequence[str]], *, wide: Collection[str] = ()
) -> None:
    """Write rows of text to a ``.csv`` or ``.xlsx`` file, so that :func:`read_sheet` reads them."""
    ending = path.suffix.casefold()
    if ending == ".csv":
        stream = io.StringIO()
        cells = [[defused(v) for v in row] for row in rows]
        csv.writer(stream).writerows([names, *cells])
        write_whole(path, stream.getvalue(), encoding="utf-8-sig")  # the mark is for Excel
    elif ending == ".xlsx":
        _write_workbook(path, [names, *rows], wide)
    else:
        raise InputError(
            f"table {path.name!r}", "must end in .csv or .xlsx", repr(path.suffix), "Name it so."
        )


def read_sheet(path: Path, what: str) -> pd.DataFrame:
    """Read a table with every cell as its text; row ``i`` is line ``i + 2`` of the sheet."""
    table, _ = read_table(path, what)
    if path.suffix.casefold() == ".xlsx":
        return table
    return table.map(undefused)


def _write_workbook(path: Path, rows: list[Sequence[str]], wide: Collection[str]) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment

    book = Workbook()
    sheet = book.active
    for i, row in enumerate(rows, 1):
        for j, text in enumerate(row, 1):
            if len(text) > _CELL:
                raise InputError(
                    f"column {rows[0][j - 1]!r} in row {i} of {path.name!r}",
                    f"must have at most {_CELL:,} characters in a workbook",
                    f"{len(text):,}",
                    "Write another kind of file.",
                )
            cell = sheet.cell(i, j)
            if text:
                cell.value = text
                cell.data_type = "s"  # text, even if it begins as a formula does
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    for j, name in enumerate(rows[0], 1):
        letter = sheet.cell(1, j).column_letter
        sheet.column_dimensions[letter].width = 45 if name in wide else 16
    stream = io.BytesIO()
    book.save(stream)
    write_whole(path, stream.getvalue())
