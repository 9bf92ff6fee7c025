"""Published tables as files: CSV, a workbook, LaTeX, Word; what a spreadsheet would run is text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.workbook import shown_cells, write_published

if TYPE_CHECKING:
    from iapt_topics.publish.published import Published

_THEN = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip knows; the true one would tell files apart
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def write_tables(path: str | Path, published: Published) -> Path:
    """Write published tables to a workbook, LaTeX, Word or CSV files.

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
    ending = path.suffix.casefold()
    if ending == "":
        for name, cells in published.cells.items():
            write_whole(path / f"{name}.csv", cells.to_csv(index=False), encoding="utf-8-sig")
        write_whole(path / "README.txt", f"{rule.sentence}\n")
    elif ending == ".xlsx":
        write_published(path, published.cells, rule)
    elif ending == ".tex":
        write_whole(path, _latex(tables, rule))
    elif ending == ".docx":
        _write_word(path, tables, rule)
    else:
        do = "Use .xlsx, .tex, .docx, or a name without an ending for a folder of CSV files."
        raise InputError(f"export {path.name!r}", "must have a known ending", repr(ending), do)
    return path


def _printed(value: Any) -> str:
    if isinstance(value, float):
        return f"{int(value)}" if value.is_integer() else f"{value:.3f}"
    return str(value)


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
        for row in shown_cells(table).itertuples(index=False):
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
    shown = shown_cells(table)
    grid = document.add_table(rows=1 + len(shown), cols=len(shown.columns), style="Table Grid")
    rows = [list(shown.columns), *shown.itertuples(index=False)]
    for cells, row in zip(grid.rows, rows, strict=True):
        for cell, value in zip(cells.cells, row, strict=True):
            cell.text = _printed(value)


def write_document(path: Path, document: Any) -> None:
    """Write a Word document as a whole, with nothing in it that tells when."""
    properties = document.core_properties
    properties.created = properties.modified = datetime(*_THEN, tzinfo=UTC)
    packed, plain = io.BytesIO(), io.BytesIO()
    document.save(packed)
    with zipfile.ZipFile(packed) as parts, zipfile.ZipFile(plain, "w") as out:
        for name in parts.namelist():
            info = zipfile.ZipInfo(name, _THEN)
            out.writestr(info, parts.read(name), compress_type=zipfile.ZIP_DEFLATED)
    write_whole(path, plain.getvalue())
