"""Sheets of a workbook as rows of text: as shown, with what is hidden and what shows nothing."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from iapt_topics._base import limits as _limits
from iapt_topics._base.cells import cell_text
from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.findings import Finding, numbers
from iapt_topics._base.limits import require_bytes, require_cells, too_large

_MOST_ROWS = 1_048_576  # of a sheet, by Excel's own specification
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"  # the OLE container: .xls, or a workbook with a password
#: What Excel can work out; "=- too busy" it cannot, and is what someone typed.
_FORMULA = re.compile(
    r"=\s*[-+(]*\s*(?:[A-Z_][A-Z0-9_.]*\(|(?:'[^']+'|[\w.]+)!|\$?[A-Z]{1,3}\$?\d+|[\d\"{])",
    re.IGNORECASE,
)
#: What a cell shows whose formula fails.
ERRORS = frozenset(
    f"#{v}"
    for v in (
        "N/A", "NAME?", "REF!", "VALUE!", "DIV/0!", "NULL!", "NUM!", "SPILL!", "CALC!",
        "GETTING_DATA", "FIELD!", "BLOCKED!", "CONNECT!", "UNKNOWN!",
    )
)  # fmt: skip
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\bhidden=\"(?:1|true)\"[^>]*>")
_HIDDEN_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^>]*?\bhidden=\"(?:1|true)\"[^>]*>")
_NUMBER = re.compile(rb"\b(r|min|max)=\"(\d+)\"")
_SHOWN_AS, _END = "\1", "\2"  # around a date that is shown without its year


@dataclass(slots=True)
class Sheet:
    """A sheet: its rows from the first that holds anything, and the number of that row."""

    title: str
    rows: list[list[str]]
    first: int
    part: str = ""  # of the archive
    found: list[Finding] = field(default_factory=list)

    @property
    def is_table(self) -> bool:
        """Whether it has two columns and two rows at least."""
        return sum(sum(map(bool, row)) > 1 for row in self.rows[:100]) > 1

    @property
    def width(self) -> int:
        """Cells of the fullest row near the top."""
        return max((sum(map(bool, row)) for row in self.rows[:100]), default=0)

    def holds(self, names: Collection[str]) -> bool:
        """Whether a row near the top has all these names."""
        wanted = {" ".join(n.casefold().split()) for n in names}
        rows = ({" ".join(v.casefold().split()) for v in row} for row in self.rows[:30])
        return bool(wanted) and any(wanted <= row for row in rows)


def read_sheets(path: Path, name: str, *, hidden: bool = True) -> list[Sheet]:
    """Every sheet of a workbook that anyone can see, in order.

    ``hidden`` says whether rows that are hidden are read.
    """
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            old = stream.read(4) == _OLD_WORKBOOK
        got = "an old or a protected workbook" if old else "a file of another kind"
        do = "Save it as .xlsx, without a password."
        raise InputError(name, "must be an .xlsx workbook", got, do)
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    require_bytes(size, name)
    source = _mended(path)
    typed = _read(source, name, values=False)
    formulas = [
        (k, i, j)
        for k, sheet in enumerate(typed)
        for i, row in enumerate(sheet.rows)
        for j, v in enumerate(row)
        if v[:1] == "\0"
    ]
    if formulas:
        shown = {s.title: s for s in _read(source, name, values=True)}
        _work_out(typed, shown, formulas, name)
    sheets = []
    for sheet in typed:
        _resolve_dates(sheet)
        hide = _hidden_parts(source, sheet, name, hidden)
        if not hidden and hide:
            sheet.rows = [row for i, row in enumerate(sheet.rows) if i not in hide]
        sheets.append(sheet)
    return sheets


def choose_sheet(sheets: Sequence[Sheet], name: str, names: Collection[str] = ()) -> Sheet:
    """The first sheet with these names, else the first table, with a finding on those left."""
    full = [s for s in sheets if s.rows]
    if not full:
        raise InputError(name, "must have a header and rows", "an empty sheet", "Check the file.")
    tables = [s for s in full if s.is_table]
    with_names = [s for s in full if s.holds(names)]
    # A list of keys and values, such as a cover, has two columns; a survey has three or more.
    sheet = [*with_names, *(s for s in tables if s.width > 2), *tables, *full][0]
    others = [s.title for s in sheets if s is not sheet]
    if others:
        done = f"sheet {sheet.title!r} of {len(sheets)} was read; left: {listed(others, 8)}"
        same = [s.title for s in full if s is not sheet and _alike(s, sheet)]
        if same:
            done += (
                f". The columns are the same in {listed(same, 8)}: if their rows belong to the "
                "table, put all rows into one sheet"
            )
        sheet.found.insert(0, Finding("sheets", name, len(others), done))
    return sheet


def _alike(one: Sheet, other: Sheet) -> bool:
    heads = ([" ".join(v.casefold().split()) for v in s.rows[0] if v.strip()] for s in (one, other))
    return len({tuple(h) for h in heads}) == 1


def _mended(path: Path) -> Any:
    """The file, or a copy of it with what several programs write and no reader takes."""
    with zipfile.ZipFile(path) as archive:
        if "xl/styles.xml" not in archive.namelist():
            return path
        styles = archive.read("xl/styles.xml")
        mended = re.sub(rb"<(\w+:)?fill\s*(?:/>|>\s*</(?:\w+:)?fill>)",
                        rb"<\1fill><\1patternFill/></\1fill>", styles)  # fmt: skip
        if mended == styles:
            return path
        copy = BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
            for part in archive.infolist():
                content = mended if part.filename == "xl/styles.xml" else archive.read(part)
                out.writestr(part.filename, content)
    return copy


def _read(source: Any, name: str, *, values: bool) -> list[Sheet]:
    """The visible sheets; a formula begins with NUL."""
    import openpyxl

    book = openpyxl.load_workbook(source, read_only=True, data_only=values)
    try:
        sheets = []
        cells = size = 0
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible" and len(book.worksheets) > 1:
                continue
            sheet.reset_dimensions()  # some programs write them wrongly
            rows: dict[int, list[str]] = {}
            for at, row in enumerate(sheet.iter_rows()):
                cells += len(row)
                if at >= _MOST_ROWS or cells > _limits.MOST_CELLS:
                    raise too_large(name, f"more than {at:,} rows")
                typed = [_typed(c, book.epoch) for c in row]
                # Many cells can share one text of the file.
                require_bytes(size := size + sum(map(len, typed)), name)
                if any(typed):
                    rows[at] = typed
            width = max(map(len, rows.values()), default=0)
            require_cells(max(rows, default=0), width, name)
            first = min(rows, default=0)
            full = [
                [*rows.get(i, []), *[""] * (width - len(rows.get(i, [])))]
                for i in range(first, max(rows, default=-1) + 1)
            ]
            sheets.append(Sheet(sheet.title, full, first, sheet._worksheet_path))
            sheets[-1].found.extend(_years_in_dates(full, name))
    finally:
        book.close()
    return sheets


def _work_out(
    typed: Sequence[Sheet], shown: dict[str, Sheet], formulas: list[tuple[int, int, int]], name: str
) -> None:
    """Put what a formula shows in its place; one that shows nothing is blank, and said."""
    silent: dict[int, int] = {}
    for k, i, j in formulas:
        sheet = typed[k]
        other = shown.get(sheet.title)
        formula = sheet.rows[i][j][1:]
        at = i + sheet.first - (other.first if other else 0)
        value = ""
        if other and 0 <= at < len(other.rows) and j < len(other.rows[at]):
            value = other.rows[at][j]
        if not value and not _FORMULA.match(formula):
            value = formula  # a text that began with "=", as libraries write it
        elif not value:
            silent[k] = silent.get(k, 0) + 1
        sheet.rows[i][j] = value
    for k, n in silent.items():
        total = sum(at == k for at, _, _ in formulas)
        done = (
            f"{n} of {total} formulas show nothing, or were never worked out, and are read as "
            "blank; if they should show something, open the workbook in Excel, save it, and try "
            "again"
        )
        typed[k].found.append(Finding("formulas", name, n, done))


def _hidden_parts(source: Any, sheet: Sheet, name: str, keep: bool) -> frozenset[int]:
    """Places of the hidden rows of a sheet, with a finding on them and on hidden columns."""
    with zipfile.ZipFile(source) as archive:
        content = archive.read(sheet.part.lstrip("/"))
    if b"hidden=" not in content:
        return frozenset()
    marks = [dict(_NUMBER.findall(m[0])) for m in _HIDDEN_ROW.finditer(content)]
    rows = {int(m[b"r"]) - 1 - sheet.first for m in marks if b"r" in m}
    rows = {i for i in rows if 0 < i < len(sheet.rows) and any(sheet.rows[i])}
    if rows:
        ends = "read like the others; --skip-hidden-rows (skip_hidden=True) leaves them out"
        done = f"{len(rows)} hidden row(s), as of a filter, were "
        done += ends if keep else "left out"
        done += f": row(s) {numbers(sorted(i + sheet.first + 1 for i in rows))}"
        sheet.found.append(Finding("hidden rows", name, len(rows), done))
    spans = [dict(_NUMBER.findall(m[0])) for m in _HIDDEN_COLUMN.finditer(content)]
    columns = {
        j - 1
        for m in spans
        if b"min" in m and b"max" in m
        for j in range(int(m[b"min"]), min(int(m[b"max"]), 20_000) + 1)
    }
    columns = {j for j in columns if any(j < len(r) and r[j] for r in sheet.rows)}
    if columns:
        heads = [sheet.rows[0][j] if j < len(sheet.rows[0]) else "" for j in sorted(columns)]
        done = f"{len(columns)} hidden column(s) were read: {listed(heads)}"
        sheet.found.append(Finding("hidden columns", name, len(columns), done))
    return frozenset(rows)


def _years_in_dates(rows: list[list[str]], name: str) -> list[Finding]:
    """Finding on years that stand in cells of dates, as :func:`_typed` marks them; marks go."""
    n = 0
    for row in rows:
        for j, v in enumerate(row):
            if v[:1] == _END:
                row[j] = v[1:]
                n += 1
    done = f"{n} cell(s) hold a year but are formatted as dates (2016 shows as 1905); read as years"
    return [Finding("dates", name, n, done)] if n else []


def _resolve_dates(sheet: Sheet) -> None:
    """A date shown without its day or year is a date in a column of dates, else what it shows."""
    for j in range(len(sheet.rows[0]) if sheet.rows else 0):
        marked = [row for row in sheet.rows if row[j][:1] == _SHOWN_AS]
        if not marked:
            continue
        filled = sum(bool(row[j]) for row in sheet.rows[1:])
        dated = len(marked) > 1 and len(marked) >= 0.9 * filled
        for row in marked:
            shown, _, whole = row[j][1:].partition(_SHOWN_AS)
            row[j] = whole if dated else shown


def _typed(cell: Any, epoch: datetime) -> str:
    """Text of a cell of a workbook as it is shown, as near as its number format tells."""
    value, form = cell.value, str(getattr(cell, "number_format", "") or "")
    if value is None:
        return ""
    if isinstance(value, str):
        if cell.data_type == "f":
            return f"\0{value}"
        from openpyxl.utils.escape import unescape

        value = unescape(value) if "_x" in value else value
        return cell_text(value.translate(_NOT_TYPED) if not value.isprintable() else value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime | date):
        return _dated(value, form, epoch)
    if isinstance(value, int | float):
        if form.endswith("%"):
            return f"{100 * value:.15g}%"
        if form and not form.strip("0") and float(value).is_integer():
            return f"{int(value):0{len(form)}d}"
        return cell_text(value) if float(value).is_integer() else f"{value:.15g}"
    return cell_text(value) if not hasattr(value, "text") else f"\0{value.text or ''}"


_NOT_TYPED = {0: None, 1: None, 2: None}  # marks of this module


def _dated(value: datetime | date, form: str, epoch: datetime) -> str:
    whole = value if isinstance(value, datetime) else datetime.combine(value, time())
    days = whole - epoch
    if days == timedelta(days.days) and 1990 <= days.days <= 2100:
        return f"{_END}{days.days}"
    iso = cell_text(value)
    # What Excel makes of a typed 1/2 and of Mar 16.
    if form == "d-mmm":
        return f"{_SHOWN_AS}{value.day}-{value:%b}{_SHOWN_AS}{iso}"
    return f"{_SHOWN_AS}{value:%b-%y}{_SHOWN_AS}{iso}" if form == "mmm-yy" else iso
