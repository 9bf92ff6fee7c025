"""Files of rows and columns, read so that every cell is the text that was typed."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base import limits as _limits
from iapt_topics._base.errors import InputError, listed, require_file, require_unique
from iapt_topics._base.limits import require_bytes, require_cells, too_large
from iapt_topics._base.parquet_size import require_decodable

_MOST_ROWS = 1_048_576  # of a sheet, by Excel's own specification
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"  # the OLE container: .xls, or a workbook with a password
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

_Read = tuple[list[str], list[list[str]], list[str]]


def read_table(path: Path, what: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read a file of any kind that is known, with every cell as the text that was typed.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv``, ``.xlsx`` (first sheet), ``.parquet``, ``.sav``, ``.zsav`` or ``.dta``.
        Text files are UTF-8, UTF-16 or, only if their bytes are neither, Windows-1252. SPSS and
        Stata files give the labels of their values.
    what : str
        What the file is to the user, for the error.

    Returns
    -------
    table : DataFrame
        Cells are str; an empty cell is "". Empty rows after the last one that holds anything are
        not rows of the table, nor are columns without a name that hold nothing.
    notes : tuple of str
        What was found out about the file and is not plain UTF-8, commas and one sheet.

    Raises
    ------
    InputError
        If there is no such file, it is no table of these kinds, or it unpacks to too much.
    """
    require_file(path, what)
    name = f"{what} {path.name!r}"
    ending = path.suffix.casefold()
    if ending not in _READERS:
        got = repr(path.suffix) if ending else "no ending"
        rule = f"must end in {', '.join(sorted(_READERS))}"
        raise InputError(name, rule, got, "Save it as one of these.")
    with path.open("rb") as stream:
        start = stream.read(64)
    if not start:
        raise InputError(name, "must have a header and rows", "an empty file", "Check the file.")
    require_bytes(path.stat().st_size, name)
    begins = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if begins.startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise InputError(name, "must be a table", "a web page", "Export the data itself.")
    try:
        with warnings.catch_warnings():
            # Of styles, validations and missing values that the readers leave out; not of cells.
            warnings.simplefilter("ignore")
            names, columns, notes = _READERS[ending](path, name)
    except InputError:
        raise
    except Exception as error:  # the readers raise many kinds on a file that is no table
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(name, "must be a readable table", reason, "Save it again.") from error
    # Names as a spreadsheet without them would show: numbered from 0, as pandas does.
    header = [n.strip() for n in names]
    names = [h or f"Unnamed: {i}" for i, h in enumerate(header)]
    table = text_table(names, columns, name)
    filled = (table != "").any(axis=1)
    table = table.iloc[: int(filled[filled].index.max()) + 1 if filled.any() else 0]
    bare = [n for n, h in zip(names, header, strict=True) if not h]
    idle = [n for n in bare if not (table[n] != "").any()]
    if len(idle) < len(bare):
        unnamed = listed(n for n in bare if n not in idle)
        notes.append(f"{name}: columns without a name (merged header cells?) are called {unnamed}.")
    return table.drop(columns=idle), tuple(notes)


def cell_text(value: Any) -> str:
    """One cell as text: "" for a missing value, no ``.0`` on a whole number, dates as ISO 8601."""
    if isinstance(value, str):
        # Half of a surrogate pair cannot be written to any file.
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return cell_text(str(value))


def text_table(names: Iterable[object], columns: Sequence[Any], what: str) -> pd.DataFrame:
    """Make a new table whose names and cells are text, numbered from 0."""
    names = [str(n) for n in names]
    require_unique(names, f"{what}: column names", "Rename one of the columns.")
    cells = {n: [cell_text(v) for v in c] for n, c in zip(names, columns, strict=True)}
    return pd.DataFrame(cells, columns=names)


def _read_csv(path: Path, name: str) -> _Read:
    text, notes = _decoded(path.read_bytes(), name)
    separator = "\t" if path.suffix.casefold() == ".tsv" else ","
    header = next((line for line in text.splitlines() if line.strip()), "")
    if separator not in header:
        found = max(_SEPARATORS, key=header.count)
        if found in header:
            separator = found
            notes.append(f"{name}: its cells are separated by {_SEPARATORS[found]}.")
    # Each is the end of a cell or stands in one, so that this many are no table that is read.
    if (ends := text.count(separator) + text.count("\n")) > 2 * _limits.MOST_CELLS:
        raise too_large(name, f"about {ends:,} cells")
    how: dict[str, Any] = {
        "sep": separator, "header": None, "dtype": object, "na_filter": False,
        "skip_blank_lines": False,
    }  # fmt: skip
    # Short rows are filled up to the width of the first, however many they are.
    width = pd.read_csv(StringIO(text), nrows=1, **how).shape[1]
    require_cells(1, width, name)
    rows = pd.read_csv(StringIO(text), nrows=_limits.MOST_CELLS // width + 1, **how)
    require_cells(len(rows), width, name)
    # The names are read as a row, so that one given twice is seen as such.
    names = [cell_text(v) for v in rows.iloc[0]]
    return names, [rows.iloc[1:, i].tolist() for i in range(width)], notes


def _decoded(raw: bytes, name: str) -> tuple[str, list[str]]:
    """Decode a text file: by its byte-order mark, as UTF-8, as UTF-16, else as Windows-1252."""
    do = "Export it as CSV (UTF-8)."
    said = ""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif raw.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig"]
    # In UTF-16 every other byte of Latin letters is 0, and in a text file no byte else.
    elif len(raw) > 1 and 2 * raw[1::2].count(0) > len(raw[1::2]) and not raw[::2].count(0):
        encodings = ["utf-16-le"]
    elif len(raw) > 1 and 2 * raw[::2].count(0) > len(raw[::2]) and not raw[1::2].count(0):
        encodings = ["utf-16-be"]
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252":
            n = sum(b > 127 for b in raw)
            said = f"read as Windows-1252, as it is not UTF-8; check its {n} other letter(s)"
        elif encoding.startswith("utf-16"):
            said = "read as UTF-16"
        break
    else:
        rule = "must be text in UTF-8, UTF-16 or Windows-1252"
        raise InputError(name, rule, "other bytes", do)
    at = text.find("\0")
    if at >= 0:
        got = f"a NUL byte in line {text.count(chr(10), 0, at) + 1}, as in a binary file"
        raise InputError(name, "must be a text file", got, do)
    return text, [f"{name}: {said}."] if said else []


def _read_workbook(path: Path, name: str) -> _Read:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            old = stream.read(4) == _OLD_WORKBOOK
        got = "an old or a protected workbook" if old else "a file of another kind"
        do = "Save it as .xlsx, without a password."
        raise InputError(name, "must be an .xlsx workbook", got, do)
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    require_bytes(size, name)
    rows, notes = _sheet(path, name, values=False)
    formulas = [
        (at, c) for at, row in rows.items() for c, v in enumerate(row) if v.startswith("\0")
    ]
    if formulas:
        shown, _ = _sheet(path, name, values=True)
        for at, column in formulas:
            # A formula that was never worked out, or fails, is text that began with "=".
            typed = rows[at][column][1:]
            value = shown[at][column] if at in shown and column < len(shown[at]) else ""
            rows[at][column] = typed if not value or value.startswith("#") else value
    if not rows:
        raise InputError(name, "must have a header and rows", "an empty sheet", "Check the file.")
    width = max(map(len, rows.values()))
    require_cells(max(rows), width, name)
    full = [[*rows.get(i, []), *[""] * (width - len(rows.get(i, [])))]
            for i in range(min(rows), max(rows) + 1)]  # fmt: skip
    return full[0], [list(c) for c in zip(*full[1:], strict=True)] or [[]] * width, notes


def _sheet(path: Path, name: str, *, values: bool) -> tuple[dict[int, list[str]], list[str]]:
    """Rows of the first sheet that hold anything, by number; a formula begins with NUL."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=values)
    try:
        titles = [s.title for s in book.worksheets]
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some programs write them wrongly
        rows: dict[int, list[str]] = {}
        cells = size = 0
        for at, row in enumerate(sheet.iter_rows()):
            cells += len(row)
            if at >= _MOST_ROWS or cells > _limits.MOST_CELLS:
                raise too_large(name, f"more than {at:,} rows")
            typed = [_typed(c) for c in row]
            # Many cells can share one text of the file.
            require_bytes(size := size + sum(map(len, typed)), name)
            if any(typed):
                rows[at] = typed
    finally:
        book.close()
    if len(titles) == 1:
        return rows, []
    return rows, [f"{name}: read sheet {titles[0]!r}, the first of {len(titles)}."]


def _typed(cell: Any) -> str:
    """Text of a cell of a workbook as it is shown, as near as its number format tells."""
    value, form = cell.value, str(getattr(cell, "number_format", "") or "")
    if value is None:
        return ""
    if isinstance(value, str):
        if cell.data_type == "f":
            return f"\0{value}"
        from openpyxl.utils.escape import unescape

        return cell_text(unescape(value) if "_x" in value else value).replace("\0", "")
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime | date):
        # What Excel makes of a typed 1/2 and of Mar 16.
        if form == "d-mmm":
            return f"{value.day}-{value:%b}"
        return f"{value:%b-%y}" if form == "mmm-yy" else cell_text(value)
    if isinstance(value, int | float):
        if form.endswith("%"):
            return f"{100 * value:.15g}%"
        if form and not form.strip("0") and float(value).is_integer():
            return f"{int(value):0{len(form)}d}"
        return cell_text(value) if float(value).is_integer() else f"{value:.15g}"
    return cell_text(value) if not hasattr(value, "text") else f"\0{value.text or ''}"


def _columns(table: pd.DataFrame, name: str) -> tuple[list[str], list[list[str]]]:
    columns: list[list[str]] = []
    size = 0
    for i in range(table.shape[1]):
        columns.append(cells := [])
        for value in table.iloc[:, i].tolist():
            cells.append(cell_text(value))
            # Many cells can share one label or one text of the file.
            require_bytes(size := size + len(cells[-1]), name)
    return [cell_text(c) for c in table.columns], columns


def _read_parquet(path: Path, name: str) -> _Read:
    require_decodable(path, name)
    table = pd.read_parquet(path, engine="pyarrow").reset_index(drop=True)
    return *_columns(table, name), []


def _read_spss(path: Path, name: str) -> _Read:
    try:
        import pyreadstat
    except ImportError:
        do = "Install it with: pip install 'iapt-topics[spss]'"
        raise InputError(name, "needs the package pyreadstat", "none installed", do) from None
    _, meta = pyreadstat.read_sav(path, metadataonly=True, encoding="WINDOWS-1252")
    require_cells(meta.number_rows or 0, meta.number_columns, name)
    labels = {"apply_value_formats": True, "formats_as_category": False}
    try:
        return *_columns(_spss_rows(path, meta, name, **labels), name), []
    except (UnicodeDecodeError, pyreadstat.ReadstatError):
        # Files of old versions name the wrong encoding, or none.
        table = _spss_rows(path, meta, name, encoding="WINDOWS-1252", **labels)
        said = f"{name}: read as Windows-1252, as it is not in the encoding that it names."
        return *_columns(table, name), [said]


def _spss_rows(path: Path, meta: Any, name: str, **how: Any) -> pd.DataFrame:
    """Rows of an SPSS file, no more at a time than can unpack to what a table may be."""
    import pyreadstat

    # Of a row with every text as long as it may be; most are shorter, so the rows may be more.
    widest = sum(meta.variable_storage_width.values()) or 1
    most = _limits.MOST_CELLS // max(1, meta.number_columns) + 1
    step = max(1, min(_limits.MOST_BYTES // widest, most))
    parts: list[pd.DataFrame] = []
    rows = size = 0
    while not parts or len(parts[-1]) == step:
        part, _ = pyreadstat.read_sav(path, row_offset=rows, row_limit=step, **how)
        rows += len(part)
        require_cells(rows, part.shape[1], name)
        texts = (part.iloc[:, i] for i in range(part.shape[1]))
        size += sum(len(v) for c in texts for v in c if isinstance(v, str))
        require_bytes(size, name)
        parts.append(part)
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def _read_stata(path: Path, name: str) -> _Read:
    notes = []
    try:
        table = _stata_rows(path, name)
    except ValueError as error:
        if "labels" not in str(error):
            raise
        table = _stata_rows(path, name, convert_categoricals=False)
        notes.append(f"{name}: two values share a label, so values are used without labels.")
    return *_columns(table, name), notes


def _stata_rows(path: Path, name: str, **how: Any) -> pd.DataFrame:
    with pd.read_stata(path, iterator=True, **how) as reader:
        width = len(reader.variable_labels())
        require_cells(1, width, name)
        most = _limits.MOST_CELLS // max(1, width) + 1
        table: pd.DataFrame = reader.read(most)  # type: ignore[attr-defined]
    require_cells(len(table), width, name)
    return table


_READERS: dict[str, Callable[[Path, str], _Read]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".xlsx": _read_workbook,
    ".parquet": _read_parquet,
    ".sav": _read_spss,
    ".zsav": _read_spss,
    ".dta": _read_stata,
}


def make_table(rows: Iterable[tuple[object, ...]], columns: str) -> pd.DataFrame:
    """Rows as a table with these columns; positions and scores are numbers, the rest as it is."""
    table = pd.DataFrame(list(rows), columns=columns.split(), dtype=object)
    numbers = {c: float for c in ("start", "end", "score") if c in table}
    return table.astype(numbers)
