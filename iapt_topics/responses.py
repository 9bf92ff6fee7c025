"""The survey: every row of the file, and where it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pandas as pd

from iapt_topics._checks import (
    InputError,
    listed,
    require_columns,
    require_file,
    require_unique,
)
from iapt_topics.non_answers import is_non_answer

#: What can become of a row. Only "kept" responses go on to topics and shares.
STATUSES = ("kept", "blank", "non_answer", "duplicate")
_STANDARD = ("response_id", "respondent_id", "year", "question", "text", "status")
_YEARS = (1900, 2100)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Responses:
    """A survey's free-text answers.

    Attributes
    ----------
    table : DataFrame
        Every row of the file, in its order: ``response_id`` (unique), ``respondent_id``,
        ``year``, ``question`` (empty if the file names none), ``text``, ``status`` (one of
        :data:`STATUSES`), then the covariates.
    source : str
        Name of the file, without its folder, or "table".
    synthetic : bool
        True for the bundled example; every report then says so.
    """

    table: pd.DataFrame
    source: str
    synthetic: bool = False

    def __post_init__(self) -> None:
        require_columns(self.table, _STANDARD, "a table of responses")
        require_unique(self.table["response_id"], "response_id", "Give each response its own id.")
        unknown = set(self.table["status"]) - set(STATUSES)
        if unknown:
            raise InputError(
                "status", f"must be one of {listed(STATUSES)}", listed(sorted(unknown)), "Fix it."
            )

    @property
    def kept(self) -> pd.DataFrame:
        """Rows with status "kept", numbered from 0."""
        return self.table[self.table["status"] == "kept"].reset_index(drop=True)

    @property
    def ledger(self) -> pd.DataFrame:
        """Count of rows: ``year``, ``question``, ``status``, ``n``; it sums to all rows read."""
        counts = self.table.groupby(["year", "question", "status"]).size()
        groups = self.table[["year", "question"]].drop_duplicates().sort_values(["year", "question"])
        full = groups.merge(pd.DataFrame({"status": list(STATUSES)}), how="cross")
        n = [int(counts.get(key, 0)) for key in full.itertuples(index=False, name=None)]
        return full.assign(n=n).reset_index(drop=True)

    @property
    def years(self) -> tuple[int, ...]:
        """Years with a kept response, in order."""
        return tuple(sorted(int(y) for y in self.kept["year"].unique()))

    def __len__(self) -> int:
        """Count the kept responses."""
        return int((self.table["status"] == "kept").sum())


def load_responses(
    source: str | Path | pd.DataFrame,
    *,
    text: str,
    year: str,
    respondent_id: str | None = None,
    response_id: str | None = None,
    question: str | None = None,
    covariates: Sequence[str] = (),
) -> Responses:
    """Read a survey and decide for every row whether it is a codable response.

    Parameters
    ----------
    source : path or DataFrame
        A ``.csv``, ``.tsv`` or ``.xlsx`` file (first sheet), or a table, which is not changed.
    text, year : str
        Columns of the answer and of the survey year (whole numbers, 1900 to 2100).
    respondent_id : str, optional
        Column that says who answered. Without it, or where it is blank, every row is taken for
        another person.
    response_id : str, optional
        Column of the response's own id. By default the column "response_id" if there is one, else
        the row's number from 1, not counting the header.
    question : str, optional
        Column of the question asked.
    covariates : sequence of str, optional
        Columns to carry along.

    Returns
    -------
    Responses
        Nothing is dropped: blank rows, non-answers such as "n/a", and repeats of a person's own
        text within a year are kept under their status and counted in ``ledger``.

    Raises
    ------
    InputError
        If the file or a column is missing, the file is empty or not a table, ids repeat, years
        are not whole numbers, or no row holds a codable response.
    """
    if isinstance(source, pd.DataFrame):
        table, name = _as_text(source), "table"
    else:
        table, name = _as_text(read_table(Path(source), "survey")), Path(source).name
    what = f"survey {name!r}"
    if response_id is None and "response_id" in table.columns:
        response_id = "response_id"
    asked = [text, year, respondent_id, response_id, question, *covariates]
    wanted = [c for c in asked if c is not None]
    require_columns(table, wanted, what)
    _require_distinct(wanted, table, what)
    if table.empty:
        raise InputError(what, "must have at least one row", "none", "Check the file.")

    ids = (
        pd.Series([str(i) for i in range(1, len(table) + 1)], index=table.index)
        if response_id is None
        else table[response_id].str.strip()
    )
    if (ids == "").any():
        rows = listed((table.index[ids == ""] + 1).tolist())
        raise InputError(
            f"column {response_id!r}", "must hold an id in each row", f"none in rows {rows}",
            "Fill it in, or leave response ids out.",
        )  # fmt: skip
    require_unique(ids, f"column {response_id!r}", "Give each response its own id.")
    people = ids if respondent_id is None else table[respondent_id].str.strip()
    out = pd.DataFrame(
        {
            "response_id": ids,
            "respondent_id": people.where(people != "", "row:" + ids),
            "year": _years(table[year], year),
            "question": "" if question is None else table[question].str.strip(),
            "text": table[text].str.strip(),
        }
    )
    out["status"] = _status(out)
    for column in covariates:
        out[column] = table[column]
    made = Responses(table=out.reset_index(drop=True), source=name)
    if not len(made):
        counts = out["status"].value_counts()
        got = ", ".join(f"{n} {status}" for status, n in counts.items())
        raise InputError(
            f"column {text!r}", "must hold at least one codable response", got,
            "Check that it is the column of the answers.",
        )  # fmt: skip
    return made


def read_table(path: Path, what: str) -> pd.DataFrame:
    """Read a .csv, .tsv or .xlsx file with every cell as the text that was typed.

    Parameters
    ----------
    path : Path
    what : str
        What the file is to the user, for the error.

    Returns
    -------
    DataFrame
        Cells are str; an empty cell is "".

    Raises
    ------
    InputError
        If there is no such file, or it is no table of these kinds.
    """
    require_file(path, what)
    name = f"{what} {path.name!r}"
    ending = path.suffix.casefold()
    if ending not in (".csv", ".tsv", ".xlsx"):
        raise InputError(
            name, "must be a .csv, .tsv or .xlsx file", f"{ending or 'no ending'!r}",
            "Save it as one of these.",
        )  # fmt: skip
    try:
        if ending == ".xlsx":
            return pd.read_excel(path, dtype=object, keep_default_na=False, engine="openpyxl")
        return pd.read_csv(
            StringIO(_decoded(path.read_bytes(), name)),
            sep="\t" if ending == ".tsv" else ",",
            dtype=object,
            keep_default_na=False,
            skip_blank_lines=False,
        )
    except InputError:
        raise
    except Exception as error:  # pandas and openpyxl raise many kinds on a file that is no table
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(name, "must be a readable table", reason, "Open it and save it anew.") from error


def _decoded(raw: bytes, name: str) -> str:
    """Decode a text file: UTF-8 or UTF-16 by its mark, UTF-8, else the Windows code page."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if raw.startswith(mark):
            return raw.decode(encoding)
    if b"\0" in raw:
        raise InputError(name, "must be a text file", "NUL bytes", "Export it as CSV (UTF-8).")
    if raw.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
        raise InputError(name, "must be a table", "a web page", "Export it as CSV (UTF-8).")
    if not raw.strip():
        raise InputError(name, "must not be empty", "no text at all", "Check the file.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Copy with text columns and cells; missing cells become ""."""
    copy = table.rename(columns=str).reset_index(drop=True)
    if not copy.columns.is_unique:
        twice = sorted(set(copy.columns[copy.columns.duplicated()]))
        raise InputError("the table", "must name each column once", listed(twice), "Rename one.")
    return copy.apply(lambda column: column.where(column.notna(), "").map(str)).astype(object)


def _require_distinct(wanted: list[str], table: pd.DataFrame, what: str) -> None:
    twice = sorted({c for c in wanted if wanted.count(c) > 1})
    if twice:
        raise InputError(what, "must use each column once", listed(twice), "Name another column.")
    # A covariate under one of our own names would overwrite it.
    clash = [c for c in wanted[-len(wanted) :] if c in ("status",)]
    if clash:
        raise InputError(what, "may not use the name 'status'", listed(clash), "Rename the column.")


def _years(column: pd.Series, name: str) -> pd.Series:
    numbers = pd.to_numeric(column.str.strip(), errors="coerce")
    bad = ~(numbers.between(*_YEARS) & (numbers % 1 == 0))
    if bad.any():
        raise InputError(
            f"column {name!r}",
            f"must hold whole years from {_YEARS[0]} to {_YEARS[1]}",
            f"{int(bad.sum())} other values: {listed(column[bad].unique())}",
            "Write years as 2016; give waves such as 2015/16 one year each.",
        )
    return numbers.astype("int64")


def _status(table: pd.DataFrame) -> pd.Series:
    folded = table["text"].str.casefold().str.split().str.join(" ")
    visible = table["text"].str.replace(r"[\s\u200b-\u200f\u2028-\u202e\ufeff\x00-\x1f]", "", regex=True)
    own = pd.DataFrame({"who": table["respondent_id"], "year": table["year"], "text": folded})
    status = pd.Series("kept", index=table.index, dtype=object)
    status[own.duplicated()] = "duplicate"
    status[table["text"].map(is_non_answer)] = "non_answer"
    status[visible == ""] = "blank"
    return status
