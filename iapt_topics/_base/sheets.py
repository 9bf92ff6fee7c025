"""Tables that people edit: text that a spreadsheet would run as a formula stays text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics._base.tables import read_table

LONGEST_CELL = 32_767  # characters that a cell of a workbook can hold
#: What a spreadsheet would run as a formula. A quote before it makes it text; it is taken off when
#: the file is read.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_LISTED = 500  # rows that have lists to choose from, where a sheet has fewer


def defused(text: str) -> str:
    """Text that a spreadsheet takes for text."""
    return f"'{text}" if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """Text as it was before :func:`defused`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def private_csv(table: pd.DataFrame) -> str:
    """An exact table as CSV in which no text is a formula; numbers are as they are."""
    shown = table.set_axis([defused(str(c)) for c in table.columns], axis=1)
    returns = False
    for i in range(table.shape[1]):
        column = table.iloc[:, i]
        if pd.api.types.is_numeric_dtype(column.dtype):
            continue
        # A word or note that stands in many rows is looked at once.
        said = {v for v in column.tolist() if isinstance(v, str)}
        returns = returns or any("\r" in v for v in said)
        if unsafe := {v: text for v in said if (text := defused(v)) != v}:
            cells = [unsafe.get(v, v) if isinstance(v, str) else v for v in column.tolist()]
            held = np.empty(len(cells), dtype=object)
            held[:] = cells
            shown.isetitem(i, held)
    # A carriage return ends a row unless it is quoted, which it is if it is a line's end.
    return shown.to_csv(index=False, lineterminator="\r\n" if returns else None)


def write_sheet(
    path: Path,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    wide: Collection[str] = (),
    private: bool = True,
    choices: Mapping[str, Sequence[str] | str] = MappingProxyType({}),
    instructions: Sequence[str] = (),
) -> None:
    """Write rows of text to a ``.csv`` or ``.xlsx`` file, so that :func:`read_sheet` reads them.

    It is for its owner alone, since most sheets hold texts or ids, unless ``private`` is off. In a
    workbook a column can have a drop-down list of choices (or, by a formula, of cells to choose
    from), and a second sheet has instructions.
    """
    ending = path.suffix.casefold()
    if ending == ".csv":
        stream = io.StringIO()
        cells = [[defused(v) for v in row] for row in rows]
        csv.writer(stream).writerows([names, *cells])
        # The mark is for Excel.
        write_whole(path, stream.getvalue(), encoding="utf-8-sig", private=private)
    elif ending == ".xlsx":
        write_whole(
            path, _workbook([names, *rows], wide, choices, instructions, path.name), private=private
        )
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


def _workbook(
    rows: list[Sequence[str]],
    wide: Collection[str],
    choices: Mapping[str, Sequence[str] | str],
    instructions: Sequence[str],
    name: str,
) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet = book.active
    for i, row in enumerate(rows, 1):
        for j, text in enumerate(row, 1):
            if len(text) > LONGEST_CELL:
                raise InputError(
                    f"column {rows[0][j - 1]!r} in row {i} of {name!r}",
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
    for j, column in enumerate(rows[0], 1):
        letter = sheet.cell(1, j).column_letter
        sheet.column_dimensions[letter].width = 45 if column in wide else 16
        if column in choices:
            allowed = choices[column]
            strict = not isinstance(allowed, str)
            formula = f'"{",".join(allowed)}"' if strict else allowed
            listed = DataValidation("list", formula1=formula, allow_blank=True)
            if strict:
                listed.error = f"One of: {', '.join(allowed)}."
                listed.showErrorMessage = True
            sheet.add_data_validation(listed)
            listed.add(f"{letter}2:{letter}{max(_LISTED, len(rows))}")
    if instructions:
        more = book.create_sheet("Instructions")
        more.column_dimensions["A"].width = 100
        for at, line in enumerate(instructions, 1):
            more.cell(at, 1).value = line
            more.cell(at, 1).alignment = Alignment(wrap_text=True, vertical="top")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
