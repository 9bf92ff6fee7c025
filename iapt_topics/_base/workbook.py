"""Tables as a workbook, a sheet each: text that a spreadsheet would run stays text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics._base.sheets import LONGEST_CELL, defused

#: What a workbook or a document cannot hold.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
_MOST_ROWS = 1_048_575  # below the names
#: Widths of columns in characters, and the height of a line in points.
_NARROW, _FIRST, _WIDE, _LINE = 8, 44, 60, 15


def safe_text(value: str) -> str:
    """Text without what a workbook or a document cannot hold, and without formulas."""
    return defused(_CONTROLS.sub("", value))


def as_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Cells as they are shown: numbers as they are, "" where one is missing, the rest safe text."""
    out: dict[int, pd.Series] = {}
    for i, name in enumerate(table.columns):
        column = table.iloc[:, i]
        cells = column.astype(object)
        if not pd.api.types.is_numeric_dtype(column.dtype):
            # A word or note that stands in many rows is looked at once.
            values = cells.tolist()
            said = {v: safe_text(v) for v in {v for v in values if isinstance(v, str)}}
            cells = pd.Series(
                [said[v] if isinstance(v, str) else _said(v) for v in values], table.index, object
            )
        elif not (known := np.isfinite(column.to_numpy(dtype=float, na_value=np.nan))).all():
            cells = cells.where(known, column.map(str).where(column.notna(), ""))
        out[i] = cells.rename(safe_text(str(name)))
    return pd.concat(out.values(), axis=1) if out else pd.DataFrame(index=table.index)


def _said(value: object) -> str:
    if isinstance(value, tuple | list):
        return safe_text(", ".join(map(str, value)))
    return "" if pd.isna(value) else safe_text(str(value))  # type: ignore[call-overload]


class Block(NamedTuple):
    """Rows that stand together on a sheet for reading: a heading, names of columns, cells.

    ``formats`` are number formats by column; without names, rows are lines of text.
    """

    heading: str
    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    formats: Mapping[str, str] = MappingProxyType({})


def write_workbook(
    path: str | Path,
    about: str,
    sheets: Mapping[str, pd.DataFrame],
    *,
    private: bool,
    formats: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    first: tuple[str, Sequence[Block]] | None = None,
) -> Path:
    """Write cells of :func:`as_cells` to an ``.xlsx`` file; the same always give the same bytes.

    Parameters
    ----------
    path : str or Path
        Without an ending, ``.xlsx`` is added.
    about : str
        The sentence of the sheet "about".
    sheets : mapping of str to DataFrame
        Cells by the name of their sheet.
    private : bool
        For its owner alone.
    formats : mapping of str to mapping, optional
        Number formats by sheet and column. They change what is shown, and no value.
    first : tuple of str and sequence of Block, optional
        Name and content of a sheet for reading, put before all others.

    Raises
    ------
    InputError
        If the ending is another, or a sheet or a text is longer than a workbook can hold.
    """
    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    path = Path(path) if Path(path).suffix else Path(path).with_suffix(".xlsx")
    if path.suffix.casefold() != ".xlsx":
        raise InputError(f"workbook {path.name!r}", "must end in .xlsx", repr(path.suffix),
                         "Change the ending.")  # fmt: skip
    book = Workbook()
    sheet = book.active
    if first is not None:
        sheet.title, blocks = first
        _write_blocks(sheet, blocks)
        sheet = book.create_sheet()
    sheet.title = "about"
    sheet.append([safe_text(about)])
    for name, cells in sheets.items():
        _require_room(name, cells)
        _write_cells(
            book.create_sheet(_NOT_IN_TITLES.sub(" ", name)[:31]), cells, formats.get(name, {})
        )
    stream = io.BytesIO()
    # Packed once, when the time is taken out.
    ExcelWriter(book, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED)).save()
    write_whole(path, _undated(stream.getvalue()), private=private)
    return path


def _write_cells(sheet: Any, cells: pd.DataFrame, formats: Mapping[str, str]) -> None:
    """A table on a sheet: names that stay in view, columns as wide as what they hold."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    names = [str(c) for c in cells.columns]
    sheet.append(names)
    for cell in sheet[1]:
        cell.data_type, cell.font = "s", Font(bold=True)
    how = [formats.get(name, "") for name in names]
    longest = [max(len(name), _NARROW) for name in names]
    for at, row in enumerate(cells.itertuples(index=False, name=None), start=2):
        for j, value in enumerate(row, start=1):
            if value == "":  # no cell is made for nothing
                continue
            cell = sheet.cell(at, j, value)
            if isinstance(value, str):
                cell.data_type = "s"
                longest[j - 1] = max(longest[j - 1], len(value))
            elif how[j - 1]:
                cell.number_format = how[j - 1]
    for j, letters in enumerate(longest, start=1):
        sheet.column_dimensions[get_column_letter(j)].width = min(letters + 2, _WIDE)
    # The id and the name of what a row is of stay in view too.
    labelled = len(names) > 2 and names[1].endswith("label")
    sheet.freeze_panes = "C2" if labelled else "A2"


def _write_blocks(sheet: Any, blocks: Sequence[Block]) -> None:
    """A sheet for reading, as wide as a page; the first column is the widest."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    columns = max(len(b.names) for b in blocks) or 1
    at = 1
    for place, block in enumerate(blocks):
        if block.heading:
            cell = sheet.cell(at, 1, safe_text(block.heading))
            cell.data_type, cell.font = "s", Font(bold=True, size=16 if not place else 13)
            at += 1
        if block.names:
            for j, name in enumerate(block.names, start=1):
                cell = sheet.cell(at, j, safe_text(name))
                cell.data_type, cell.font = "s", Font(bold=True)
                cell.alignment = Alignment(wrap_text=True, vertical="bottom")
            at += 1
        for row in block.rows:
            for j, value in enumerate(row, start=1):
                cell = sheet.cell(at, j, safe_text(value) if isinstance(value, str) else value)
                if isinstance(value, str):
                    cell.data_type = "s"
                if block.names:
                    cell.number_format = block.formats.get(block.names[j - 1], "General")
                    cell.alignment = Alignment(wrap_text=j == 1, vertical="top")
            if not block.names:  # a line of text over the whole width
                sheet.merge_cells(start_row=at, end_row=at, start_column=1, end_column=columns)
                sheet.cell(at, 1).alignment = Alignment(wrap_text=True, vertical="top")
                lines = -(-len(str(row[0])) // (_FIRST + _NARROW * (columns - 1)))
                sheet.row_dimensions[at].height = _LINE * max(lines, 1)
            at += 1
        at += 1
    for j in range(1, columns + 1):
        sheet.column_dimensions[get_column_letter(j)].width = _FIRST if j == 1 else _NARROW + 4
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.sheet_view.showGridLines = False


def _require_room(name: str, cells: pd.DataFrame) -> None:
    if len(cells) > _MOST_ROWS:
        raise InputError(
            f"table {name!r}", f"must have at most {_MOST_ROWS:,} rows in a workbook",
            f"{len(cells):,}", "Keep it as Parquet: table.to_parquet(path).",
        )  # fmt: skip
    longest = max((len(v) for c in cells for v in cells[c] if isinstance(v, str)), default=0)
    if longest > LONGEST_CELL:
        raise InputError(
            f"table {name!r}", f"must have at most {LONGEST_CELL:,} characters in a cell",
            f"{longest:,}", "Keep it as Parquet: table.to_parquet(path).",
        )  # fmt: skip


def _undated(workbook: bytes) -> bytes:
    """The workbook without the time it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z", b"2000-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(entry.filename), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
