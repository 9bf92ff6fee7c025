"""The survey: every row of the file, and where it went."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
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
        _require_named_once(self.table.columns, what)
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
        table = _as_text(source.columns, [source.iloc[:, i] for i in range(source.shape[1])], what)
    else:
        name = Path(source).name
        table, what = read_table(Path(source), "survey"), f"survey {name!r}"
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


def read_table(path: Path, what: str) -> pd.DataFrame:
    """Read a .csv, .tsv or .xlsx file with every cell as the text that was typed.

    Parameters
    ----------
    path : Path
        Text files are UTF-8 or, by their byte-order mark, UTF-16; only bytes that are no UTF-8
        are read as Windows-1252. Of a workbook the first sheet is read.
    what : str
        What the file is to the user, for the error.

    Returns
    -------
    DataFrame
        Cells are str; an empty cell is "". Empty rows after the last one that holds anything are
        not rows of the table, nor are columns without a name that hold nothing.

    Raises
    ------
    InputError
        If there is no such file, or it is no table of these kinds.
    """
    require_file(path, what)
    name = f"{what} {path.name!r}"
    ending = path.suffix.casefold()
    if ending not in (".csv", ".tsv", ".xlsx"):
        got = repr(path.suffix) if ending else "no ending"
        raise InputError(name, "must end in .csv, .tsv or .xlsx", got, "Save it as one of these.")
    # The header is read as a row like the others, so that a name given twice is seen as such.
    try:
        if ending == ".xlsx":
            with warnings.catch_warnings():
                # Of styles and validations that openpyxl leaves out; the cells are not concerned.
                warnings.filterwarnings("ignore", module="openpyxl")
                raw = pd.read_excel(
                    path, header=None, dtype=object, na_filter=False, engine="openpyxl"
                )
        else:
            raw = pd.read_csv(
                StringIO(_decoded(path.read_bytes(), name)),
                sep="\t" if ending == ".tsv" else ",",
                header=None,
                dtype=object,
                na_filter=False,
                skip_blank_lines=False,
            )
    except InputError:
        raise
    except pd.errors.EmptyDataError:
        raw = pd.DataFrame()
    except Exception as error:  # pandas and openpyxl raise many kinds on a file that is no table
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(name, "must be a readable table", reason, "Save it anew.") from error
    if raw.empty:
        raise InputError(name, "must have a header and rows", "an empty file", "Check the file.")
    header = [cell_text(v).strip() for v in raw.iloc[0]]
    names = [h or f"Unnamed: {i}" for i, h in enumerate(header)]
    table = _as_text(names, [raw.iloc[1:, i] for i in range(len(names))], name)
    filled = (table != "").any(axis=1)
    table = table.iloc[: int(filled[filled].index.max()) + 1 if filled.any() else 0]
    idle = [n for n, h in zip(names, header, strict=True) if not h and not (table[n] != "").any()]
    return table.drop(columns=idle)


def _decoded(raw: bytes, name: str) -> str:
    """Decode a text file: UTF-8 or UTF-16 by its mark, UTF-8, else the Windows code page."""
    do = "Export it as CSV (UTF-8)."
    encodings = ("utf-8-sig", "cp1252")
    if raw.startswith(b"\xef\xbb\xbf"):
        encodings = ("utf-8-sig",) * 2
    elif raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",) * 2
    try:
        text = raw.decode(encodings[0])
    except UnicodeDecodeError:
        try:
            text = raw.decode(encodings[1])
        except UnicodeDecodeError:
            rule = "must be text in UTF-8, UTF-16 or Windows-1252"
            raise InputError(name, rule, "other bytes", do) from None
    if "\0" in text:
        raise InputError(name, "must be a text file", "NUL bytes, as in a binary file", do)
    if text.lstrip()[:9].casefold().startswith(("<!doctype", "<html")):
        raise InputError(name, "must be a table", "a web page", do)
    return text


def cell_text(value: Any) -> str:
    """One cell as text: "" for a missing value, no ``.0`` on a whole number."""
    if isinstance(value, str):
        # Half of a surrogate pair cannot be written to any file.
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _as_text(names: Iterable[object], columns: Sequence[pd.Series], what: str) -> pd.DataFrame:
    """Make a new table whose names and cells are text, numbered from 0."""
    names = [str(n) for n in names]
    _require_named_once(names, what)
    cells = {n: [cell_text(v) for v in c.tolist()] for n, c in zip(names, columns, strict=True)}
    return pd.DataFrame(cells, columns=names)


def _require_named_once(names: Iterable[object], what: str) -> None:
    require_unique(pd.Series([str(n) for n in names], dtype=object), f"{what}: column names",
                   "Rename one of the columns.")  # fmt: skip


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
