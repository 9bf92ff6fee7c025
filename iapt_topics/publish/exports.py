"""Published tables as files: CSV, a workbook, LaTeX, Word; what a spreadsheet would run is text."""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics._base.sheets import defused
from iapt_topics._base.status import STATUSES, SUPPRESSED
from iapt_topics.publish.disclosure import Disclosure

if TYPE_CHECKING:
    from iapt_topics.publish.published import Published

#: What a workbook or a document cannot hold.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def write_tables(path: str | Path, published: Published) -> Path:
    """Write published tables.

    Parameters
    ----------
    path : str or Path
        Its ending says what is written: ``.xlsx`` (a workbook, a sheet a table, with one that
        describes every column), ``.tex`` (LaTeX with booktabs), ``.docx`` (Word tables), or,
        without an ending, a folder of CSV files with their dictionary.
    published : Published
        From :func:`iapt_topics.publish.publish`; each file states its rule.

    Returns
    -------
    Path
        The file or folder.

    Raises
    ------
    InputError
        If the ending is another, or a column has no description.
    """
    path, tables, rule = Path(path), published.tables, published.disclosure
    whole = {**tables, "dictionary": describe_columns(tables)}
    ending = path.suffix.casefold()
    if ending == "":
        for name, table in whole.items():
            write_whole(path / f"{name}.csv", csv_text(table), encoding="utf-8-sig")
        write_whole(path / "README.txt", f"{rule.sentence}\n")
    elif ending == ".xlsx":
        _write_workbook(path, whole, rule)
    elif ending == ".tex":
        write_whole(path, _latex(tables, rule))
    elif ending == ".docx":
        _write_word(path, tables, rule)
    else:
        do = "Use .xlsx, .tex, .docx, or a name without an ending for a folder of CSV files."
        raise InputError(f"export {path.name!r}", "must have a known ending", repr(ending), do)
    return path


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


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV in which no text is a formula; suppressed figures are [c]."""
    return _shown(table).to_csv(index=False)


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Cells as they are shown: text defused, suppressed figures [c], numbers as they are."""
    suppressed = None
    if "status" in table.columns and table["status"].isin(STATUSES).all():
        suppressed = table["status"] == SUPPRESSED
    elif "note" in table.columns:  # a table of counts, where what is missing is suppressed
        suppressed = table["n"].isna()
    out = {}
    for name, column in table.items():
        if pd.api.types.is_numeric_dtype(column.dtype):
            column = column.astype(object)
            out[name] = column.mask(table[name].isna(), "")
            if suppressed is not None:
                out[name] = out[name].mask(suppressed & table[name].isna(), "[c]")
        else:
            out[name] = column.astype(object).map(lambda v: "" if pd.isna(v) else _text(str(v)))
    return pd.DataFrame(out)


def _text(value: str) -> str:
    """Text without what a workbook or a document cannot hold, and without formulas."""
    return defused(_CONTROLS.sub("", value))


def _printed(value: Any) -> str:
    if isinstance(value, float):
        return f"{int(value)}" if value.is_integer() else f"{value:.3f}"
    return str(value)


def _write_workbook(path: Path, tables: Mapping[str, pd.DataFrame], rule: Disclosure) -> None:
    from openpyxl import Workbook

    book = Workbook()
    about = book.active
    about.title = "about"
    about.append([rule.sentence])
    for name, table in tables.items():
        sheet = book.create_sheet(name[:31])
        sheet.append(list(table.columns))
        for number, row in enumerate(_shown(table).itertuples(index=False), start=2):
            sheet.append(list(row))
            for cell in sheet[number]:
                if isinstance(cell.value, str):
                    cell.data_type = "s"
        sheet.freeze_panes = "A2"
    stream = io.BytesIO()
    book.save(stream)
    write_whole(path, _undated(stream.getvalue()))


def _undated(workbook: bytes) -> bytes:
    """The workbook without the time it was made, so that the same tables give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z", b"2000-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(entry.filename), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def escape_latex(text: str) -> str:
    r"""Text that LaTeX prints as it is.

    Examples
    --------
    >>> print(escape_latex(r"50 % of \input{x}"))
    50 \% of \textbackslash{}input\{x\}
    """
    return "".join(_LATEX.get(c, c) for c in " ".join(text.split()))


def _latex(tables: Mapping[str, pd.DataFrame], rule: Disclosure) -> str:
    lines = ["% Needs \\usepackage{booktabs} and \\usepackage{longtable}.", ""]
    for name, table in tables.items():
        lines += [
            f"\\begin{{longtable}}{{{'l' * len(table.columns)}}}",
            f"\\caption{{{escape_latex(name)}. {escape_latex(rule.sentence)}}}\\\\",
            "\\toprule",
            " & ".join(escape_latex(c) for c in table.columns) + r" \\",
            "\\midrule",
        ]
        for row in _shown(table).itertuples(index=False):
            # Braces, since \\ takes a bracket at the start of the next row for a length.
            lines.append(" & ".join(f"{{{escape_latex(_printed(v))}}}" for v in row) + r" \\")
        lines += ["\\bottomrule", "\\end{longtable}", ""]
    return "\n".join(lines)


def _write_word(path: Path, tables: Mapping[str, pd.DataFrame], rule: Disclosure) -> None:
    from docx import Document

    document = Document()
    document.add_heading("Tables", 0)
    document.add_paragraph(rule.sentence)
    for name, table in tables.items():
        document.add_heading(name.replace("_", " "), 1)
        add_table(document, table)
    write_document(path, document)


def add_table(document: Any, table: pd.DataFrame) -> None:
    """Add a table to a Word document."""
    shown = _shown(table)
    grid = document.add_table(rows=1 + len(shown), cols=len(shown.columns), style="Table Grid")
    rows = [list(shown.columns), *shown.itertuples(index=False)]
    for cells, row in zip(grid.rows, rows, strict=True):
        for cell, value in zip(cells.cells, row, strict=True):
            cell.text = _printed(value)


def write_document(path: Path, document: Any) -> None:
    """Write a Word document as a whole."""
    stream = io.BytesIO()
    document.save(stream)
    write_whole(path, stream.getvalue())
