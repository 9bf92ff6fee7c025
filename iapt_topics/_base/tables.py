"""Files of rows and columns, read so that every cell is the text that was typed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from iapt_topics._base import limits as _limits
from iapt_topics._base.cells import cell_text
from iapt_topics._base.csv_text import read_csv
from iapt_topics._base.decoding import decode, mend_cells
from iapt_topics._base.errors import InputError, listed, require_file
from iapt_topics._base.findings import Finding
from iapt_topics._base.limits import require_bytes, require_cells
from iapt_topics._base.parquet_size import require_decodable
from iapt_topics._base.shape import Shaped, named, shape_rows
from iapt_topics._base.xlsx import ERRORS, choose_sheet, read_sheets

#: In the ``attrs`` of a table: the question in words of each column that has one beside its name.
QUESTIONS = "questions"


def read_table(
    path: Path,
    what: str,
    *,
    skip_hidden: bool = False,
    names: Collection[str] = (),
    mend: bool = True,
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Read a file of any kind that is known, with every cell as the text that was typed.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv``, ``.xlsx``, ``.parquet``, ``.sav``, ``.zsav`` or ``.dta``. Text files are
        UTF-8, UTF-16 or, in lines whose bytes are neither, Windows-1252 or Mac Roman. Of a workbook
        the first sheet that is a table is read. SPSS and Stata files give the labels of their
        values.
    what : str
        What the file is to the user, for the error.
    skip_hidden : bool, default False
        Leave out hidden rows of a workbook, such as those that a filter leaves out.
    names : collection of str, optional
        Columns that are looked for; of a workbook, the first sheet that has them is read.
    mend : bool, default True
        Mend letters that were saved in the wrong encoding once.

    Returns
    -------
    table : DataFrame
        Cells are str; an empty cell is "", and so is one that shows an error of a spreadsheet.
        Titles, further header rows and totals are not rows of the table, nor are empty rows after
        the last one that holds anything, nor columns without a name that hold nothing.
        ``table.attrs["questions"]`` has the questions in words by column, where a second header row
        has them.
    findings : tuple of Finding
        What was found out about the file and done about it.

    Raises
    ------
    InputError
        If there is no such file, it is no table of these kinds, or it unpacks to too much.
    """
    ending, name = _require_known(path, what)
    try:
        with warnings.catch_warnings():
            # Of styles, validations and missing values that the readers leave out; not of cells.
            warnings.simplefilter("ignore")
            if ending == ".xlsx":
                shaped = _read_workbook(path, name, skip_hidden, names)
            else:
                shaped = _READERS[ending](path, name)
    except InputError:
        raise
    except Exception as error:  # the readers raise many kinds on a file that is no table
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(name, "must be a readable table", reason, "Save it again.") from error
    return _finished(shaped, name, mend=mend)


def read_tables(
    path: Path, what: str, *, mend: bool = True
) -> dict[str, tuple[pd.DataFrame, tuple[Finding, ...]]]:
    """Read every sheet of a workbook that is a table, by its title; of another file, the table."""
    ending, name = _require_known(path, what)
    if ending != ".xlsx":
        return {path.stem: read_table(path, what, mend=mend)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sheets = read_sheets(path, name)
            full = [s for s in sheets if s.is_table]
            if len(full) < 2:
                chosen = choose_sheet(sheets, name)
                return {chosen.title: _finished(_of_sheet(chosen, name), name, mend=mend)}
            return {s.title: _finished(_of_sheet(s, name), name, mend=mend) for s in full}
    except InputError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(name, "must be a readable table", reason, "Save it again.") from error


def _require_known(path: Path, what: str) -> tuple[str, str]:
    """The ending of a file that is there and of a known kind, and what to call it."""
    require_file(path, what)
    name = f"{what} {path.name!r}"
    ending = path.suffix.casefold()
    if ending not in (*_READERS, ".xlsx"):
        got = repr(path.suffix) if ending else "no ending"
        rule = f"must end in {', '.join(sorted((*_READERS, '.xlsx')))}"
        raise InputError(name, rule, got, "Save it as one of these.")
    with path.open("rb") as stream:
        start = stream.read(64)
    if not start:
        raise InputError(name, "must have a header and rows", "an empty file", "Check the file.")
    require_bytes(path.stat().st_size, name)
    begins = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if begins.startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise InputError(name, "must be a table", "a web page", "Export the data itself.")
    return ending, name


def _finished(
    shaped: Shaped, name: str, *, mend: bool = True
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The table of texts: errors of spreadsheets blank, letters mended, nothing idle at the end."""
    found, columns = list(shaped.found), shaped.columns
    errors = 0
    for column in columns:
        if not ERRORS.isdisjoint(column):
            at = [i for i, v in enumerate(column) if v in ERRORS]
            errors += len(at)
            for i in at:
                column[i] = ""
    if errors:
        done = f"{errors} cell(s) hold an error of a spreadsheet, such as #N/A, and are blank here"
        found.append(Finding("error cells", name, errors, done))
    heads = [list(shaped.names)]
    found += _mended(heads, columns, name) if mend else []
    table = pd.DataFrame(
        {i: pd.Series(c, dtype="str") for i, c in enumerate(columns)}, columns=range(len(columns))
    )
    table.columns = pd.Index(heads[0], dtype=object)
    last = next(
        (i for i in range(len(table) - 1, -1, -1) if any(c[i] for c in columns)), -1
    )  # from below, so that a table without empty rows costs nothing
    table = table.iloc[: last + 1]
    bare = [n for n in table.columns if n.startswith("Unnamed: ")]
    idle = [n for n in bare if not (table[n] != "").any()]
    if len(idle) < len(bare) and not any(f.kind == "row names" for f in found):
        unnamed = listed(n for n in bare if n not in idle)
        done = f"columns without a name (merged header cells?) are called {unnamed}"
        found.append(Finding("column names", name, len(bare) - len(idle), done))
    table = table.drop(columns=idle)
    table.attrs[QUESTIONS] = shaped.questions
    return table, tuple(found)


def text_table(
    names: Iterable[object], columns: Sequence[Any], what: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Make a new table whose names and cells are text, numbered from 0."""
    found: list[Finding] = []
    cells = [[cell_text(v) for v in c] for c in columns]
    heads = named([" ".join(str(n).split()) for n in names], cells, what, found)
    found += _mended([], cells, what)
    table = pd.DataFrame(
        {i: pd.Series(c, dtype="str") for i, c in enumerate(cells)}, columns=range(len(cells))
    )
    table.columns = pd.Index(heads, dtype=object)
    return table, found


def _mended(heads: list[list[str]], columns: list[list[str]], name: str) -> list[Finding]:
    """Mend letters that were saved in the wrong encoding once, in place."""
    n = mend_cells([*heads, *columns])
    done = f"{n} cell(s) had been saved in the wrong encoding once; their letters are mended"
    return [Finding("double encoding", name, n, done)] if n else []


def _read_csv(path: Path, name: str) -> Shaped:
    text, found = decode(path.read_bytes(), name)
    separator = "\t" if path.suffix.casefold() == ".tsv" else ","
    rows, lines, more = read_csv(text, name, separator)
    if not any(map(any, rows)):
        raise InputError(name, "must be a readable table", "no row that holds anything",
                         "Check the file.")  # fmt: skip
    shaped = shape_rows(rows, lines, name)
    shaped.found[:0] = [*found, *more]
    return shaped


def _read_workbook(path: Path, name: str, skip_hidden: bool, names: Collection[str]) -> Shaped:
    sheets = read_sheets(path, name, hidden=not skip_hidden)
    return _of_sheet(choose_sheet(sheets, name, names), name)


def _of_sheet(sheet: Any, name: str) -> Shaped:
    shaped = shape_rows(
        sheet.rows, lambda: range(sheet.first + 1, sheet.first + 1 + len(sheet.rows)), name
    )
    shaped.found[:0] = sheet.found
    return shaped


def _as_shaped(table: pd.DataFrame, name: str, found: Iterable[Finding] = ()) -> Shaped:
    """A table that some reader gave, as cells of text."""
    columns: list[list[str]] = []
    size = 0
    for i in range(table.shape[1]):
        columns.append(cells := [])
        for value in table.iloc[:, i].tolist():
            cells.append(cell_text(value))
            # Many cells can share one label or one text of the file.
            require_bytes(size := size + len(cells[-1]), name)
    heads = [" ".join(cell_text(c).split()) for c in table.columns]
    out = list(found)
    return Shaped(named(heads, columns, name, out), columns, {}, out)


def _read_parquet(path: Path, name: str) -> Shaped:
    require_decodable(path, name)
    table = pd.read_parquet(path, engine="pyarrow").reset_index(drop=True)
    return _as_shaped(table, name)


def _read_spss(path: Path, name: str) -> Shaped:
    try:
        import pyreadstat
    except ImportError:
        do = "Install it with: pip install 'iapt-topics[spss]'"
        raise InputError(name, "needs the package pyreadstat", "none installed", do) from None
    _, meta = pyreadstat.read_sav(path, metadataonly=True, encoding="WINDOWS-1252")
    require_cells(meta.number_rows or 0, meta.number_columns, name)
    labels = {"apply_value_formats": True, "formats_as_category": False}
    try:
        return _as_shaped(_spss_rows(path, meta, name, **labels), name)
    except (UnicodeDecodeError, pyreadstat.ReadstatError):
        # Files of old versions name the wrong encoding, or none.
        table = _spss_rows(path, meta, name, encoding="WINDOWS-1252", **labels)
        said = "read as Windows-1252, as it is not in the encoding that it names"
        return _as_shaped(table, name, [Finding("encoding", name, 1, said)])


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


def _read_stata(path: Path, name: str) -> Shaped:
    found = []
    try:
        table = _stata_rows(path, name)
    except ValueError as error:
        if "labels" not in str(error):
            raise
        table = _stata_rows(path, name, convert_categoricals=False)
        done = "two values share a label, so values are used without labels"
        found.append(Finding("value labels", name, 1, done))
    return _as_shaped(table, name, found)


def _stata_rows(path: Path, name: str, **how: Any) -> pd.DataFrame:
    with pd.read_stata(path, iterator=True, **how) as reader:
        width = len(reader.variable_labels())
        require_cells(1, width, name)
        most = _limits.MOST_CELLS // max(1, width) + 1
        table: pd.DataFrame = reader.read(most)  # type: ignore[attr-defined]
    require_cells(len(table), width, name)
    return table


_READERS: dict[str, Callable[[Path, str], Shaped]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
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
