"""What every result has: a line that says it, a view in a notebook, its tables as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from iapt_topics._base.door import Checked
from iapt_topics._base.errors import InputError
from iapt_topics._base.one_line import one_line

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 10  # of a table that are shown


class Result(Checked):
    """A result: a frozen dataclass of tables and what they are of.

    A class says by ``_view`` which of its tables a notebook shows and with which columns, and may
    have a title, a figure and tables of its own for it. No text of anyone is among them.
    """

    __slots__ = ()
    __repr__ = one_line
    #: Tables that are shown, each by its name or as "name: column column ...".
    _view: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__repr__ = cls.__repr__  # type: ignore[method-assign]  # or a dataclass makes its own

    def _title(self) -> str:
        return repr(self)

    def _picture(self) -> str:
        """A figure as HTML, or "" for none."""
        return ""

    def _shown(self) -> dict[str, pd.DataFrame]:
        """Tables as a notebook shows them."""
        shown = {}
        for name, _, columns in (entry.partition(": ") for entry in self._view):
            table: pd.DataFrame = getattr(self, name)
            shown[name] = table[[c for c in columns.split() or table if c in table]]
        return shown

    def _sheets(self) -> dict[str, pd.DataFrame]:
        """Tables as a workbook holds them: all, and those of results within it."""
        sheets: dict[str, pd.DataFrame] = {}
        for field in fields(self):  # type: ignore[arg-type]  # a dataclass is what derives from it
            value = getattr(self, field.name)
            if isinstance(value, Result):
                sheets |= {f"{field.name}_{n}": table for n, table in value._sheets().items()}
            elif type(value).__name__ == "DataFrame":
                sheets[field.name] = value
        return sheets

    def _repr_html_(self) -> str:
        return as_html(self._title(), self._shown(), self._picture())

    def to_excel(self, path: str | Path) -> Path:
        """Write the tables as a workbook, a sheet each, for this account alone.

        Parameters
        ----------
        path : str or Path
            An ``.xlsx`` file. It is exact, and may hold ids and texts: it is not for publication.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        InputError
            If there is no table, or one is longer than a workbook can hold.
        """
        from iapt_topics._base.workbook import as_cells, write_workbook

        cells = {name: as_cells(table) for name, table in self._sheets().items()}
        if not cells:
            kind = type(self).__name__
            raise InputError(
                f"a workbook of {kind}", "needs a table", "none", "Use its attributes."
            )
        about = f"PRIVATE: exact figures, not for publication. {self._title()}"
        return write_workbook(path, about, cells, private=True)


def as_html(title: str, tables: Mapping[str, pd.DataFrame], picture: str = "") -> str:
    """Show tables under a title, their first and last rows, all text escaped.

    Parameters
    ----------
    title : str
        The result in one line.
    tables : mapping of str to DataFrame
        Its tables by name.
    picture : str, default ""
        A figure as HTML.
    """
    from pandas import option_context  # not before: the command line can say what it does without

    parts = [f"<p><strong>{escape(title)}</strong></p>", *([picture] if picture else [])]
    for name, table in tables.items():
        with option_context("display.max_colwidth", None):  # a sentence is shown whole
            shown = table.to_html(
                index=False, max_rows=_ROWS, border=0, na_rep="", float_format=_rounded,
                formatters={c: _p_value for c in table if str(c) in ("p", "p_bh", "p_holm")},
            )  # fmt: skip
        parts.append(f"<p>{escape(name)}: {len(table):,} rows</p>{shown}")
    return "\n".join(parts)


def _rounded(value: float) -> str:
    """Three significant digits; of a large number, all before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _p_value(value: Any) -> str:
    if value != value:  # missing
        return ""
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")
