"""Reading a table of codes: cells as text, themes matched to the frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics import _tables
from iapt_topics._checks import (
    InputError,
    listed,
    require_columns,
    require_unique,
    suggestion,
)

if TYPE_CHECKING:
    from iapt_topics.frame import ThemeFrame

_BESIDE_THEMES = ("response_id", "respondent_id", "coder", "year", "question", "text")
_YES = {"1", "1.0", "true"}
_NO = {"0", "0.0", "false", ""}


def texts(column: pd.Series) -> list[str]:
    """Every cell of a column as stripped text."""
    return [_tables.cell_text(v).strip() for v in column.to_numpy(dtype=object)]


def read_table(source: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The source as a table of text cells, without blank rows, and what to call it."""
    if isinstance(source, pd.DataFrame):
        raw, what = source, "the table of codes"
    else:
        path = Path(source)
        raw, what = _tables.read_table(path, "codes")[0], f"codes {path.name!r}"
    names = [_tables.cell_text(c).strip() for c in raw.columns]
    require_unique(pd.Series(names, dtype=object), f"{what}: column names", "Rename a column.")
    table = pd.DataFrame(
        {n: texts(raw.iloc[:, i]) for i, n in enumerate(names)},
        # Rows are named as a spreadsheet does: the header is row 1.
        index=np.arange(len(raw)) + 2,
        dtype=object,
    )
    unnamed = [n for n in names if not n or n.startswith("Unnamed: ")]
    table = table.drop(columns=[n for n in unnamed if (table[n] == "").all()])
    table = table[(table != "").any(axis=1)]
    if not len(table):
        raise InputError(what, "must hold at least one row", "none", "Check the file.")
    require_columns(table, ("response_id",), what)
    for column in ("response_id", "coder"):
        if column in table:
            blank = table.index[table[column] == ""]
            if len(blank):
                raise InputError(
                    f"{what}: column {column!r}", "must not be blank", f"blank in row(s) "
                    f"{listed(blank)}", "Fill in the cells, or remove the rows.",
                )  # fmt: skip
    return table, what


def respondents(table: pd.DataFrame, what: str) -> pd.DataFrame:
    """Responses of the table, each with its respondent."""
    if "respondent_id" not in table:
        return table[["response_id"]].drop_duplicates().assign(respondent_id="")
    pairs = table[["response_id", "respondent_id"]].drop_duplicates()
    twice = pairs.loc[pairs["response_id"].duplicated(), "response_id"].unique()
    if len(twice):
        raise InputError(
            f"{what}: column 'respondent_id'", "must be the same in all rows of a response",
            f"more than one for {listed(twice)}", "Correct the respondent.",
        )  # fmt: skip
    return pairs


def _match(names: Iterable[str], frame: ThemeFrame, what: str) -> dict[str, str]:
    """Theme id of each name; InputError naming every one that is not in the frame."""
    codable = {t.id for t in frame.codable}
    by_id = {t.id: t.id for t in frame.themes}
    folds = Counter(t.label.strip().casefold() for t in frame.codable)
    by_fold = {t.id.casefold(): t.id for t in frame.themes}
    # A label shared by two themes names neither.
    labels = {t.label.strip().casefold(): t.id for t in frame.codable}
    by_label = {fold: theme for fold, theme in labels.items() if folds[fold] == 1}
    headings = {t.label.strip().casefold(): t.id for t in frame.themes if t.id not in codable}
    found: dict[str, str] = {}
    unknown, not_codable = [], []
    for name in dict.fromkeys(names):
        fold = name.casefold()
        theme = by_id.get(name) or by_label.get(fold) or by_fold.get(fold) or headings.get(fold)
        if theme is None:
            unknown.append(name)
        elif theme not in codable:
            not_codable.append(name)
        else:
            found[name] = theme
    if unknown:
        known = [*sorted(codable), *(t.label for t in frame.codable)]
        hint = suggestion(unknown[0], known) if len(unknown) == 1 else ""
        raise InputError(
            f"{what}: themes", f"must be ids or labels of the frame {frame.name!r}",
            listed(unknown, most=1000), f"{hint}Rename them, or add them to the frame.",
        )  # fmt: skip
    if not_codable:
        raise InputError(
            f"{what}: themes", f"must be codable in the frame {frame.name!r}",
            f"headings or derived themes {listed(not_codable, most=1000)}",
            "Give the themes under them, or make them codable in the frame.",
        )  # fmt: skip
    return found


def long_pairs(
    table: pd.DataFrame, frame: ThemeFrame, what: str
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Themes that could be given, and the pairs given, of a long table."""
    given = table.loc[table["theme"] != "", ["response_id", "theme"]]
    none = set(table.loc[table["theme"] == "", "response_id"])
    both = [r for r in given["response_id"].unique() if r in none]
    if both:
        raise InputError(
            f"{what}: column 'theme'", "must be blank only for a response without themes",
            f"both a blank and a theme for {listed(both)}", "Remove one or the other.",
        )  # fmt: skip
    found = _match(given["theme"], frame, what)
    given = given.assign(theme=[found[t] for t in given["theme"]]).drop_duplicates()
    return tuple(t.id for t in frame.codable), given


def wide_pairs(
    table: pd.DataFrame, frame: ThemeFrame, what: str
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Themes that could be given, and the pairs given, of a wide table."""
    require_unique(
        table["response_id"], f"{what}: column 'response_id'", "Give each response one row."
    )
    columns = [c for c in table.columns if c not in _BESIDE_THEMES]
    if not columns:
        raise InputError(
            what, "must have a column 'theme' or one column per theme",
            f"columns {listed(table.columns, most=20)}", "Add the themes.",
        )  # fmt: skip
    found = _match(columns, frame, what)
    require_unique(
        pd.Series(list(found.values()), dtype=object),
        f"{what}: themes of the columns",
        "Keep one column per theme.",
    )
    bad: list[str] = []
    cells: dict[str, NDArray[np.bool_]] = {}
    for column in columns:
        values = [v.casefold() for v in table[column]]
        cells[found[column]] = np.array([v in _YES for v in values], dtype=bool)
        wrong = [v for v in values if v not in _YES and v not in _NO]
        if wrong:
            bad.append(f"{listed(dict.fromkeys(wrong))} in column {column!r}")
    if bad:
        raise InputError(
            f"{what}: cells", "must be 0, 1, true, false or blank", "; ".join(bad),
            "Write 1 for a theme given and 0 for one not given.",
        )  # fmt: skip
    themes = tuple(t.id for t in frame.codable if t.id in cells)
    rows, at = np.nonzero(np.column_stack([cells[t] for t in themes]))
    ids = table["response_id"].to_numpy(dtype=object)
    given = pd.DataFrame({"response_id": ids[rows], "theme": [themes[i] for i in at]}, dtype=object)
    return themes, given
