"""The survey: every row of the file, and where it went."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from iapt_topics._checks import (
    InputError,
    listed,
    require_columns,
    require_unique,
)
from iapt_topics._tables import read_table, text_table
from iapt_topics.non_answers import is_non_answer

#: What can become of a row. Only "kept" responses go on to topics and shares.
STATUSES = ("kept", "blank", "non_answer", "duplicate")
_STANDARD = ("response_id", "respondent_id", "year", "question", "text", "status")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_WHOLE = re.compile(r"([0-9]{4})(?:\.0*)?")
# Letters of Unicode that leave no mark: Hangul fillers and the blank Braille cell.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Responses:
    """A survey's free-text answers.

    Attributes
    ----------
    table : DataFrame
        Every row of the file, in its order: ``response_id`` (unique), ``respondent_id``,
        ``year`` (integer), ``question`` ("" if the file names none), ``text`` (as typed; "" if
        blank), ``status`` (one of :data:`STATUSES`), then the covariates.
    source : str
        Name of the file, without its folder, or "table".
    synthetic : bool
        True for the bundled example; every report then says so.

    Raises
    ------
    InputError
        If a column is missing or of another type, ids repeat, or a status is unknown.
    """

    table: pd.DataFrame
    source: str
    synthetic: bool = False

    def __post_init__(self) -> None:
        what, do = "a table of responses", "Make it with load_responses."
        for name, kind in (("table", pd.DataFrame), ("source", str), ("synthetic", bool)):
            value = getattr(self, name)
            if not isinstance(value, kind):
                got = type(value).__name__
                raise InputError(f"Responses.{name}", f"must be a {kind.__name__}", got, do)
        require_unique(
            pd.Series([str(c) for c in self.table.columns], dtype=object),
            f"{what}: column names", "Rename one of the columns.",
        )  # fmt: skip
        require_columns(self.table, _STANDARD, what)
        for name in _STANDARD:
            if name == "year":
                if not pd.api.types.is_integer_dtype(self.table["year"].dtype):
                    got = str(self.table["year"].dtype)
                    raise InputError(f"{what}: column 'year'", "must be whole numbers", got, do)
                continue
            other = [v for v in self.table[name] if not isinstance(v, str)]
            if other:
                raise InputError(f"{what}: column {name!r}", "must be text", listed(other), do)
        require_unique(self.table["response_id"], "response_id", "Give each response its own id.")
        unknown = set(self.table["status"]) - set(STATUSES)
        if unknown:
            raise InputError("status", f"must be among {listed(STATUSES)}", listed(unknown), do)

    @property
    def kept(self) -> pd.DataFrame:
        """Rows with status "kept", numbered from 0."""
        return self.table[self.table["status"] == "kept"].reset_index(drop=True)

    @property
    def ledger(self) -> pd.DataFrame:
        """Count of rows: ``year``, ``question``, ``status``, ``n``.

        All four statuses for each year and question seen; ``n`` sums to the rows of ``table``.
        """
        counts = self.table.groupby(["year", "question", "status"]).size()
        groups = (
            self.table[["year", "question"]].drop_duplicates().sort_values(["year", "question"])
        )
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
        Column that says who answered. Without it every row is taken for another person; where it
        is blank, that row is, under the id ``"row:<response_id>"``.
    response_id : str, optional
        Column of the response's own id. By default the column "response_id" if there is one, else
        the row's number from 1, not counting the header.
    question : str, optional
        Column of the question asked.
    covariates : sequence of str, optional
        Columns to carry along, as text, under their own names.

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

    Examples
    --------
    >>> import pandas as pd
    >>> survey = pd.DataFrame({"comment": ["Too many targets", "n/a", ""], "year": 2016})
    >>> load_responses(survey, text="comment", year="year").table["status"].tolist()
    ['kept', 'non_answer', 'blank']
    """
    if isinstance(source, pd.DataFrame):
        name, what = "table", "the table"
        columns = [source.iloc[:, i].tolist() for i in range(source.shape[1])]
        table = text_table(source.columns, columns, what)
    else:
        name = Path(source).name
        table, _ = read_table(Path(source), "survey")
        what = f"survey {name!r}"
    if table.empty:
        raise InputError(what, "must have at least one row of data", "none", "Check the file.")
    if response_id is None and "response_id" in table.columns:
        response_id = "response_id"
    _require_usable(table, what, [text, year, respondent_id, response_id, question], covariates)

    if response_id is None:
        ids = [str(i) for i in range(1, len(table) + 1)]
    else:
        ids = [v.strip() for v in table[response_id]]
        blank = [i for i, v in enumerate(ids, start=1) if not v]
        if blank:
            raise InputError(
                f"{what}: column {response_id!r}", "must hold an id in each row",
                f"none in data row(s) {listed(blank)}", "Fill it in, or leave the column out.",
            )  # fmt: skip
        require_unique(
            pd.Series(ids), f"{what}: column {response_id!r}", "Give each response its own id."
        )
    people = ids
    if respondent_id is not None:
        people = [v.strip() or f"row:{i}" for v, i in zip(table[respondent_id], ids, strict=True)]
    years = _years(table[year], f"{what}: column {year!r}")
    texts = [v if _is_visible(v) else "" for v in table[text]]
    status = _status(people, years, texts)
    if "kept" not in status:
        got = ", ".join(f"{status.count(s)} {s}" for s in STATUSES if s in status)
        raise InputError(
            f"{what}: column {text!r}", "must hold at least one codable response", got,
            "Check that it is the column of the answers.",
        )  # fmt: skip
    out = pd.DataFrame(
        {
            "response_id": ids,
            "respondent_id": people,
            "year": pd.Series(years, dtype="int64"),
            "question": "" if question is None else [v.strip() for v in table[question]],
            "text": texts,
            "status": status,
            **{c: table[c].tolist() for c in covariates},
        }
    )
    return Responses(table=out, source=name)


def _require_usable(
    table: pd.DataFrame, what: str, roles: Sequence[str | None], covariates: Sequence[str]
) -> None:
    """Require that the columns exist, that none is used twice, and that covariates fit beside."""
    if isinstance(covariates, str):
        raise InputError("covariates", "must be a list of columns", repr(covariates), "Use [...].")
    wanted = [*(c for c in roles if c is not None), *covariates]
    require_columns(table, wanted, what)
    clash = [c for c in covariates if c in _STANDARD]
    if clash:
        raise InputError(
            "covariates", "must not bear the name of a column of responses", listed(clash),
            "Rename the column in the survey.",
        )  # fmt: skip
    require_unique(pd.Series(wanted, dtype=object), f"{what}: columns asked for",
                   "Use each column for one thing.")  # fmt: skip


def _years(column: pd.Series, what: str) -> list[int]:
    found = [_WHOLE.fullmatch(v.strip()) for v in column]
    years = [int(m[1]) if m else 0 for m in found]
    bad = [v for v, y in zip(column, years, strict=True) if not _FIRST_YEAR <= y <= _LAST_YEAR]
    if bad:
        raise InputError(
            what, f"must hold whole years from {_FIRST_YEAR} to {_LAST_YEAR}",
            f"{len(bad)} other value(s): {listed(dict.fromkeys(v[:40] for v in bad))}",
            "Write years as 2016; give waves such as 2015/16 one year each.",
        )  # fmt: skip
    return years


def _is_visible(text: str) -> bool:
    """Whether any character leaves a mark: a letter, number, punctuation mark or symbol."""
    return any(unicodedata.category(c)[0] in "LNPS" and c not in _FILLERS for c in text)


def _status(people: Sequence[str], years: Sequence[int], texts: Sequence[str]) -> list[str]:
    """What becomes of each row; of a person's equal texts in a year, the first is kept."""
    seen: set[tuple[str, int, str]] = set()
    status = []
    for who, year, text in zip(people, years, texts, strict=True):
        key = (who, year, " ".join(text.casefold().split()))
        if not text:
            status.append("blank")
        elif is_non_answer(text):
            status.append("non_answer")
        elif key in seen:
            status.append("duplicate")
        else:
            status.append("kept")
        seen.add(key)
    return status
