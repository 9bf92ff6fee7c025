"""The columns of a survey: read, found by name whatever the white space, and fit for their use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns, require_names
from iapt_topics._base.findings import Finding
from iapt_topics._base.tables import QUESTIONS, read_table, text_table
from iapt_topics.survey.markup import plain_text

STANDARD = ("response_id", "respondent_id", "year", "question", "text", "status")
RESERVED = (*STANDARD, "reason", "copy_of", "wave", "weight", "redacted")


def read_survey(
    source: str | Path | pd.DataFrame, skip_hidden: bool, names: Sequence[str] = ()
) -> tuple[pd.DataFrame, str, str, list[Finding]]:
    """Read a file or table as text: the rows, its name, what to call it, and what was found."""
    if isinstance(source, pd.DataFrame):
        name, what = "table", "the table"
        named = [n for n in source.index.names if n is not None]
        if named and not set(named) & set(source.columns):
            source = source.reset_index(level=named)  # ids that pandas keeps apart
        columns = [source.iloc[:, i].tolist() for i in range(source.shape[1])]
        table, found = text_table(source.columns, columns, what)
        if source.index.dtype == object and source.index.is_unique and len(source) > 1:
            done = "its index holds texts and is not used; reset_index() makes a column of it"
            found.append(Finding("row names", what, len(source), done))
    else:
        name = Path(source).name
        table, told = read_table(Path(source), "survey", skip_hidden=skip_hidden, names=names)
        what, found = f"survey {name!r}", list(told)
    if table.empty:
        raise InputError(what, "must have at least one row of data", "none", "Check the file.")
    return table, name, what, found


def questions_in(table: pd.DataFrame) -> dict[str, str]:
    """Questions in words, by column, where a second header row had them."""
    return dict(table.attrs.get(QUESTIONS, {}))


def find_columns(table: pd.DataFrame, wanted: Sequence[str], what: str) -> dict[str, str]:
    """The column of each name that is asked for; runs of white space are one space.

    Raises
    ------
    InputError
        If there is none, or more than one column has the name.
    """
    found = {}
    for name in wanted:
        plain = " ".join(str(name).replace("\ufeff", "").split())
        if name in table.columns:
            plain = name
        elif plain not in table.columns:
            twice = [c for c in table.columns if str(c).startswith(f"{plain} (column ")]
            if len(twice) > 1:
                raise InputError(
                    f"{what}: column {name!r}", "must be unique",
                    f"{name!r} more than once", f"Name one of {listed(twice)}.",
                )  # fmt: skip
            for at in range(min(5, len(table))):
                if set(wanted) <= {v.strip() for v in table.iloc[at]}:
                    raise InputError(
                        what, "must have its column names in the first row",
                        f"them in row {at + 2}",
                        "Remove the rows above the column names, such as a title.",
                    )  # fmt: skip
            require_columns(table, (plain,), what)
        found[name] = plain
    return found


def require_usable(
    roles: Sequence[str | None], covariates: Sequence[str], ids: Sequence[str | None]
) -> list[str]:
    """The names of all columns asked for; InputError if a covariate has the name of one of ours.

    ``ids`` are the columns of the response and of the respondent, which may be one.
    """
    require_names(covariates, "covariates")
    clash = [c for c in covariates if c in RESERVED]
    if clash:
        raise InputError(
            "covariates", "must not have the name of a column of responses", listed(clash),
            "Rename the column in the survey.",
        )  # fmt: skip
    return [c for c in (*roles, *dict.fromkeys(ids), *covariates) if c is not None]


def empty_rows(table: pd.DataFrame, year: str) -> np.ndarray:
    """Which rows hold nothing at all; those have no year either."""
    empty = np.array([not v.strip() for v in table[year]], dtype=bool)
    for at in np.flatnonzero(empty):
        empty[at] = not any(v.strip() for v in table.iloc[at])
    return empty


def read_weights(cells: Sequence[str], what: str) -> list[float]:
    """Weights as numbers; InputError for one that is none or not above 0."""
    numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").to_numpy(dtype=float)
    bad = [c[:40] for c, w in zip(cells, numbers, strict=True) if not 0 < w < np.inf]
    if bad:
        got = f"{len(bad)} other value(s): {listed(dict.fromkeys(bad))}"
        do = "Correct them; remove rows that must not count, and report how many."
        raise InputError(what, "must contain numbers above 0", got, do)
    return [float(w) for w in numbers]


def decode_markup(columns: Sequence[list[str]], what: str) -> list[Finding]:
    """Decode markup in texts, in place."""
    n = 0
    for column in columns:
        for i, text in enumerate(column):
            plain = plain_text(text)
            if plain is not text:
                column[i] = plain
                n += 1
    done = f"{n} text(s) held markup, such as &amp; or <br>, which was decoded"
    return [Finding("markup", what, n, done)] if n else []
