"""Tables as a workbook, a sheet each: text that a spreadsheet would run stays text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics._base.sheets import LONGEST_CELL, defused

#: What a workbook or a document cannot hold.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
_MOST_ROWS = 1_048_575  # below the names


def safe_text(value: str) -> str:
    """Text without what a workbook or a document cannot hold, and without formulas."""
    return defused(_CONTROLS.sub("", value))


def as_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Cells as they are shown: numbers as they are, "" where one is missing, the rest safe text."""
    out = {}
    for i, name in enumerate(table.columns):
        column = table.iloc[:, i]
        if pd.api.types.is_numeric_dtype(column.dtype):
            known = column.notna() & np.isfinite(column.fillna(0).to_numpy(dtype=float))
            out[i] = column.astype(object).where(known, column.map(str).where(column.notna(), ""))
        else:
            out[i] = column.astype(object).map(_said)
        out[i] = out[i].rename(safe_text(str(name)))
    return pd.concat(out.values(), axis=1) if out else pd.DataFrame(index=table.index)


def _said(value: object) -> str:
    if isinstance(value, tuple | list):
        return safe_text(", ".join(map(str, value)))
    return "" if pd.isna(value) else safe_text(str(value))  # type: ignore[call-overload]


def write_workbook(
    path: str | Path, about: str, sheets: Mapping[str, pd.DataFrame], *, private: bool
) -> Path:
    """Write cells of :func:`as_cells` to an ``.xlsx`` file; the same always give the same bytes.

    Parameters
    ----------
    path : str or Path
        Without an ending, ``.xlsx`` is added.
    about : str
        The first sheet's sentence.
    sheets : mapping of str to DataFrame
        Cells by the name of their sheet.
    private : bool
        For its owner alone.

    Raises
    ------
    InputError
        If the ending is another, or a sheet or a text is longer than a workbook can hold.
    """
    from openpyxl import Workbook

    path = Path(path) if Path(path).suffix else Path(path).with_suffix(".xlsx")
    if path.suffix.casefold() != ".xlsx":
        raise InputError(f"workbook {path.name!r}", "must end in .xlsx", repr(path.suffix),
                         "Change the ending.")  # fmt: skip
    book = Workbook()
    first = book.active
    first.title = "about"
    first.append([safe_text(about)])
    for name, cells in sheets.items():
        _require_room(name, cells)
        sheet = book.create_sheet(_NOT_IN_TITLES.sub(" ", name)[:31])
        for row in ([*map(str, cells.columns)], *cells.itertuples(index=False)):
            sheet.append(list(row))
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.data_type = "s"
        sheet.freeze_panes = "A2"
    stream = io.BytesIO()
    book.save(stream)
    write_whole(path, _undated(stream.getvalue()), private=private)
    return path


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
