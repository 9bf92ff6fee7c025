"""The survey: every row of the file, and where it went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Ints
from iapt_topics._base.errors import (
    InputError,
    listed,
    require_columns,
    require_names,
    require_unique,
)
from iapt_topics._base.result import Result
from iapt_topics._base.tables import read_table, text_table
from iapt_topics.survey.copies import LEAST_WORDS
from iapt_topics.survey.non_answers import read_rules
from iapt_topics.survey.statuses import STATUSES, TOO_LONG, assign_statuses, is_visible
from iapt_topics.survey.waves import read_years

_STANDARD = ("response_id", "respondent_id", "year", "question", "text", "status")
_RESERVED = (*_STANDARD, "reason", "copy_of", "wave", "weight", "redacted")
_LIST = "List each column by its name."


@dataclass(frozen=True, eq=False, kw_only=True)  # no slots: what is cached needs a place
class Responses(Result):
    """Free-text responses of a survey, with year, question, respondent and covariates.

    Attributes
    ----------
    table : DataFrame
        Not to be written into, since what is kept is worked out once: give another to
        ``dataclasses.replace``. Every row of the file (of a wide file, every row and question), in
        its order: ``response_id`` (unique), ``respondent_id``, ``year`` (integer; the place of the
        wave, from 1, if waves were named), ``question`` ("" if the file names none), ``text`` (as
        typed; "" if blank), ``status`` (one of ``STATUSES``). From :func:`load_responses` also
        ``reason`` (why a row is not kept), ``copy_of`` (the response that a duplicate is a copy or
        near copy of, the longest one and of equal texts the first; or that of another person which
        a kept one of 8 words or more copies; else ""), ``wave`` (what the year is called, if not by
        its number) and ``weight`` (above 0, if a survey weight was named); then the covariates.
    source : str
        Name of the file, without its folder, or "table".
    synthetic : bool
        True for the bundled example; every report then says so.
    notes : tuple of str
        What was found out about the file and the reader should know.

    Raises
    ------
    InputError
        If a column is missing or of another type, ids repeat, or a status is unknown.
    """

    table: pd.DataFrame
    source: str
    synthetic: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        what, do = "a table of responses", "Make it with load_responses."
        names = [str(c) for c in self.table.columns]
        require_unique(names, f"{what}: column names", "Rename one of the columns.")
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
            raise InputError("status", f"must be among {listed(STATUSES, 9)}", listed(unknown), do)

    @cached_property
    def _kept(self) -> pd.DataFrame:
        return self.table[self.table["status"] == "kept"].reset_index(drop=True)

    @property
    def kept(self) -> pd.DataFrame:
        """Kept responses: rows with status "kept", numbered from 0."""
        return self._kept.copy(deep=False)  # what a caller writes into it is the caller's alone

    @cached_property
    def _cluster_id(self) -> pd.Series:
        kept = self._kept
        return pd.Series(cluster_ids(kept), index=kept["response_id"].astype(object), dtype=object)

    @property
    def cluster_id(self) -> pd.Series:
        """Cluster (respondent) of each kept response, by response_id: :func:`cluster_ids`."""
        return self._cluster_id.copy(deep=False)

    @property
    def ledger(self) -> pd.DataFrame:
        """Counts of rows by ``year``, ``question`` and ``status``.

        All statuses for each year and question seen; ``n`` sums to the rows of ``table``.
        """
        counts = self.table.groupby(["year", "question"])["status"].value_counts()
        full = counts.unstack(fill_value=0).reindex(columns=list(STATUSES), fill_value=0)
        return pd.DataFrame({"n": full.stack()}).reset_index()

    @property
    def years(self) -> tuple[int, ...]:
        """Years with a kept response, in order."""
        return tuple(sorted(int(y) for y in self.kept["year"].unique()))

    @property
    def wave_labels(self) -> dict[int, str]:
        """Label of each wave, in order: "2016", "2015/16" or a wave's name."""
        named = "wave" in self.table.columns
        rows = self.table.drop_duplicates("year").sort_values("year")
        return {int(y): str(w) for y, w in zip(rows["year"], rows["wave" if named else "year"],
                                               strict=True)}  # fmt: skip

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of the covariates, such as a role or a service."""
        return tuple(c for c in self.table.columns if c not in _RESERVED)

    _view = ("ledger",)

    def _title(self) -> str:
        return f"Responses of {self.source}: {len(self):,} kept of {len(self.table):,} rows"

    def _picture(self) -> str:
        from iapt_topics.figures.ledger import ledger_figure
        from iapt_topics.figures.notebook import as_picture

        return as_picture(self._title(), lambda: ledger_figure(self.ledger, waves=self.wave_labels))

    def _sheets(self) -> dict[str, pd.DataFrame]:
        return {"responses": self.table, "ledger": self.ledger}

    def __len__(self) -> int:
        """Count the kept responses."""
        return len(self._kept)


def cluster_ids(table: pd.DataFrame) -> NDArray[np.str_]:
    """Cluster of each response: its respondent where known, else the response alone.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``respondent_id`` ("" if unknown) and ``response_id``.

    Returns
    -------
    numpy.ndarray of str
        In the order of the rows; respondents sort before lone responses.
    """
    pairs = zip(table["respondent_id"], table["response_id"], strict=True)
    # The prefixes keep a response id apart from a respondent id of the same name.
    return np.array([f"p:{who}" if who else f"r:{response}" for who, response in pairs], np.str_)


def number_clusters(table: pd.DataFrame) -> Ints:
    """Number the clusters of :func:`cluster_ids` from 0, in sorted order."""
    return np.unique(cluster_ids(table), return_inverse=True)[1]


def fill_respondents(respondents: Iterable[str], rows: Iterable[str]) -> list[str]:
    """Respondent of each row of a file; a row without one is a person of its own, "row:<id>"."""
    return [who.strip() or f"row:{row}" for who, row in zip(respondents, rows, strict=True)]


def load_responses(
    source: str | Path | pd.DataFrame,
    *,
    text: str | Sequence[str],
    year: str,
    respondent: str | None = None,
    response: str | None = None,
    question: str | None = None,
    covariates: Sequence[str] = (),
    weight: str | None = None,
    waves: Sequence[str] = (),
    min_words: int = 1,
    language: str | None = None,
    non_answers: str | Path | None = None,
) -> Responses:
    """Load a survey from a file or table, and screen each row for a codable response.

    Parameters
    ----------
    source : path or DataFrame
        A ``.csv``, ``.tsv``, ``.xlsx`` (first sheet), ``.parquet``, ``.sav`` (SPSS; needs the extra
        ``spss``) or ``.dta`` (Stata) file, or a table, which is not changed.
    text : str or sequence of str
        Column of the response text. A list of columns is a wide file, one column for each question:
        each row and column is then a response, with the column as its question and the id ``"<row's
        id>:<column>"``.
    year : str
        Column of the survey year, as 2016, 2015/16 (identified by its first year), 16 or a date, of
        which the year is taken; or of the waves that ``waves`` names.
    respondent : str, optional
        Column of the respondent id. Without it every row is a separate respondent; where it
        is blank, that row is, under the id ``"row:<row's id>"``.
    response : str, optional
        Column of the row's own id. By default the column "response_id" if there is one, else
        the row's number from 1, not counting the header.
    question : str, optional
        Column of the question asked.
    covariates : sequence of str, optional
        Columns to carry along, as text, under their own names.
    weight : str, optional
        Column of a survey weight, a number above 0.
    waves : sequence of str, optional
        Labels of the waves in their order; the year is then the wave's place, from 1.
    min_words : int, default 1
        Fewest words of a response that is kept.
    language : str, optional
        ISO 639-1 code of the encoder's language, such as "en"; responses that are surely in another
        are not kept. Needs the extra ``language``. By default languages are not looked at.
    non_answers : path, optional
        A TOML file of rules in place of the bundled ``non_answers.toml``.

    Returns
    -------
    Responses
        Nothing is dropped: blank rows, non-answers such as "n/a", texts without words, copies and
        near copies of a person's own text within a year, and texts in another language or longer
        than 100,000 characters are kept under their status and counted in ``ledger``.

    Raises
    ------
    InputError
        If the file or a column is missing, the file is empty or not a table, ids repeat or differ
        only by case or white space, a year or weight is none, or no row holds a codable response.

    Examples
    --------
    >>> import pandas as pd
    >>> survey = pd.DataFrame({"comment": ["Too many targets", "n/a", ""], "year": 2016})
    >>> load_responses(survey, text="comment", year="year").table["status"].tolist()
    ['kept', 'non_answer', 'blank']
    """
    table, name, what, notes = _read_survey(source)
    if response is None and "response_id" in table.columns:
        response = "response_id"
    answers = [text] if isinstance(text, str) else list(text)
    if not answers or (question is not None and not isinstance(text, str)):
        got = "none" if not answers else f"several beside the column {question!r} of questions"
        raise InputError("text", "must name a column, or one for each question", got, _LIST)
    roles = [*answers, year, respondent, response, question, weight]
    _require_usable(table, what, roles, covariates)
    rules = read_rules(non_answers)

    empty = _empty_rows(table, year)
    if empty.any():
        rows = listed(np.flatnonzero(empty) + 1)
        notes.append(f"{what}: {empty.sum()} row(s) that hold nothing are left out: {rows}.")
        table = table[~empty]
    ids = _row_ids(table, what, response)
    people = ids
    if respondent is not None:
        people = fill_respondents(table[respondent], ids)
        if near := _near_ids(people):
            notes.append(
                f"{what}: column {respondent!r} has ids that differ only by case or white "
                f"space, taken for different people: {near}."
            )
    years, labels, found_years = read_years(table[year].tolist(), f"{what}: column {year!r}", waves)
    notes += found_years
    out = pd.DataFrame({"response_id": ids, "respondent_id": people}, dtype=object)
    out["year"] = np.asarray(years, dtype=np.int64)
    out["question"] = "" if question is None else [v.strip() for v in table[question]]
    if labels != [str(y) for y in years]:
        out["wave"] = labels
    if weight is not None:
        out["weight"] = _weights(table[weight].tolist(), f"{what}: column {weight!r}")
    out = out.assign(**{c: table[c].tolist() for c in covariates})
    cells = np.array([table[a].tolist() for a in answers], dtype=object)
    if not isinstance(text, str):
        # Row by row, and in each the questions in the order given.
        out = out.loc[out.index.repeat(len(answers))].reset_index(drop=True)
        out["question"] = np.tile(np.array(answers, dtype=object), len(table))
        out["response_id"] = out["response_id"] + ":" + out["question"]
        require_unique(out["response_id"], f"{what}: ids of rows and questions", "Rename one.")
    texts = [v if is_visible(v) else "" for v in cells.T.ravel()]
    status = assign_statuses(
        out["respondent_id"].tolist(), out["year"].tolist(), texts,
        rules=rules, min_words=min_words, language=language,
    )  # fmt: skip
    _require_codable(status["status"], f"{what}: column {listed(answers)}")
    responses = out["response_id"].tolist()
    copy_of = ["" if at < 0 else str(responses[at]) for at in status["copied"]]
    out = out.assign(text=texts, status=status["status"], reason=status["reason"], copy_of=copy_of)
    order = [c for c in _RESERVED if c in out.columns]
    kinds = dict.fromkeys([c for c in order if c not in ("year", "weight")], "str")
    out = out[[*order, *covariates]].astype(kinds)
    return Responses(table=out, source=name, notes=(*notes, *_notes_on_rows(out, what)))


def _read_survey(source: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, str, str, list[str]]:
    """Read a file or table as text: the rows, its name, what to call it, and notes."""
    if isinstance(source, pd.DataFrame):
        name, what, notes = "table", "the table", []
        columns = [source.iloc[:, i].tolist() for i in range(source.shape[1])]
        table = text_table(source.columns, columns, what)
    else:
        name = Path(source).name
        table, found = read_table(Path(source), "survey")
        what, notes = f"survey {name!r}", list(found)
    if table.empty:
        raise InputError(what, "must have at least one row of data", "none", "Check the file.")
    return table, name, what, notes


def _require_usable(
    table: pd.DataFrame, what: str, roles: Sequence[str | None], covariates: Sequence[str]
) -> None:
    """Require that the columns exist, that none is used twice, and that covariates fit beside."""
    require_names(covariates, "covariates")
    wanted = [*(c for c in roles if c is not None), *covariates]
    if not set(wanted) <= set(table.columns):
        for at in range(min(5, len(table))):
            if set(wanted) <= {v.strip() for v in table.iloc[at]}:
                raise InputError(
                    what, "must have its column names in the first row",
                    f"them in row {at + 2}",
                    "Remove the rows above the column names, such as a title.",
                )  # fmt: skip
    require_columns(table, wanted, what)
    clash = [c for c in covariates if c in _RESERVED]
    if clash:
        raise InputError(
            "covariates", "must not have the name of a column of responses", listed(clash),
            "Rename the column in the survey.",
        )  # fmt: skip
    require_unique(wanted, f"{what}: columns asked for", "Use each column for one thing.")


def _empty_rows(table: pd.DataFrame, year: str) -> np.ndarray:
    """Which rows hold nothing at all; those have no year either."""
    empty = np.array([not v.strip() for v in table[year]])
    for at in np.flatnonzero(empty):
        empty[at] = not any(v.strip() for v in table.iloc[at])
    return empty


def _row_ids(table: pd.DataFrame, what: str, column: str | None) -> list[str]:
    if column is None:
        return [str(i + 1) for i in table.index]
    ids = [v.strip() for v in table[column]]
    what = f"{what}: column {column!r}"
    blank = [i + 1 for i, v in zip(table.index, ids, strict=True) if not v]
    if blank:
        raise InputError(
            what, "must contain an id in each row", f"none in data row(s) {listed(blank)}",
            "Fill it in, or leave the column out.",
        )  # fmt: skip
    require_unique(ids, what, "Give each response its own id.")
    if near := _near_ids(ids):
        raise InputError(
            what, "must differ by more than case and white space", near,
            "Make them differ, or correct them.",
        )  # fmt: skip
    return ids


def _near_ids(ids: Sequence[str]) -> str:
    """Name ids that differ, but only by case or white space; "" if there are none."""
    distinct = pd.Series(dict.fromkeys(ids), dtype=object)
    fold = distinct.index.map(lambda v: "".join(v.casefold().split()))
    near = distinct.index[fold.duplicated(keep=False)]
    return listed(near) if len(near) else ""


def _weights(cells: Sequence[str], what: str) -> list[float]:
    numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").to_numpy(dtype=float)
    bad = [c[:40] for c, w in zip(cells, numbers, strict=True) if not 0 < w < np.inf]
    if bad:
        got = f"{len(bad)} other value(s): {listed(dict.fromkeys(bad))}"
        do = "Correct them; remove rows that must not count, and report how many."
        raise InputError(what, "must contain numbers above 0", got, do)
    return [float(w) for w in numbers]


def _require_codable(status: pd.Series, what: str) -> None:
    if not (status == "kept").any():
        counts = status.value_counts()
        raise InputError(
            what, "must contain at least one codable response",
            ", ".join(f"{counts[s]} {s}" for s in STATUSES if s in counts) or "nothing",
            "Check that it is the column of the responses.",
        )  # fmt: skip


def _notes_on_rows(table: pd.DataFrame, what: str) -> list[str]:
    """Lines on rows that a person should look at."""
    notes = []
    long = table.loc[table["reason"] == TOO_LONG, "response_id"]
    if len(long):
        notes.append(
            f"{what}: {len(long)} text(s) of {TOO_LONG} (an unclosed quotation "
            f"mark?) are not coded: {listed(long)}."
        )
    copies = int(((table["copy_of"] != "") & (table["status"] == "kept")).sum())
    if copies:
        notes.append(
            f"{what}: {copies} kept response(s) of {LEAST_WORDS} words or more are copies or near "
            "copies of another person's (in Python: column copy_of of the responses' table)."
        )
    return notes
