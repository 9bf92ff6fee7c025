"""The survey: every row of the file, and where it went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Ints
from iapt_topics._base.errors import InputError, listed, require_columns, require_unique
from iapt_topics._base.findings import Finding, findings_of, findings_table
from iapt_topics._base.result import Result
from iapt_topics.survey.columns import (
    RESERVED,
    STANDARD,
    decode_markup,
    empty_rows,
    find_columns,
    questions_in,
    read_survey,
    read_weights,
    require_usable,
)
from iapt_topics.survey.copies import LEAST_WORDS
from iapt_topics.survey.non_answers import read_rules
from iapt_topics.survey.statuses import STATUSES, TOO_LONG, assign_statuses, is_visible
from iapt_topics.survey.waves import read_years
from iapt_topics.survey.who import clean_levels, clean_people, find_panel, id_columns, row_ids
from iapt_topics.survey.withdrawn import Withdrawn, read_withdrawn, who_stays

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
    findings : DataFrame
        What was found out about the file and done about it: ``kind`` (such as "encoding" or "title
        rows"), ``where``, ``n`` (rows, cells or columns), ``done`` (in words). What decides is the
        kind.

    Raises
    ------
    InputError
        If a column is missing or of another type, ids repeat, or a status is unknown.
    """

    table: pd.DataFrame
    source: str
    synthetic: bool = False
    findings: pd.DataFrame = field(default_factory=findings_table)

    def __post_init__(self) -> None:
        what, do = "a table of responses", "Make it with load_responses."
        names = [str(c) for c in self.table.columns]
        require_unique(names, f"{what}: column names", "Rename one of the columns.")
        require_columns(self.table, STANDARD, what)
        for name in STANDARD:
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
    def notes(self) -> tuple[str, ...]:
        """The findings in words, a line each."""
        return tuple(str(f) for f in findings_of(self.findings))

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
        return tuple(c for c in self.table.columns if c not in RESERVED)

    _view = ("ledger",)

    def _title(self) -> str:
        return f"Responses of {self.source}: {len(self):,} kept of {len(self.table):,} rows"

    def _picture(self) -> str:
        from iapt_topics.figures.ledger import ledger_figure
        from iapt_topics.figures.notebook import as_picture

        return as_picture(self._title(), lambda: ledger_figure(self.ledger, waves=self.wave_labels))

    def _sheets(self) -> dict[str, pd.DataFrame]:
        return {"responses": self.table, "ledger": self.ledger, "findings": self.findings}

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
    pairs = zip(table["respondent_id"].tolist(), table["response_id"].tolist(), strict=True)
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
    skip_hidden: bool = False,
    withdrawn: str | Path | Withdrawn | None = None,
) -> Responses:
    """Load a survey from a file or table, and screen each row for a codable response.

    Parameters
    ----------
    source : path or DataFrame
        A ``.csv``, ``.tsv``, ``.xlsx``, ``.parquet``, ``.sav`` (SPSS; needs the extra
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
    skip_hidden : bool, default False
        Leave out hidden rows of a workbook, such as those that a filter leaves out.
    withdrawn : path or Withdrawn, optional
        Respondents who withdrew, in a list that ``iapt-topics withdraw`` wrote: their rows are left
        out before anything is counted. Rows without an id keep their numbers.

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
        only by case or white space, a year or weight is none, no row holds a codable response, or
        there is no column of ids by which those who withdrew are known.

    Examples
    --------
    >>> import pandas as pd
    >>> survey = pd.DataFrame({"comment": ["Too many targets", "n/a", ""], "year": 2016})
    >>> load_responses(survey, text="comment", year="year").table["status"].tolist()
    ['kept', 'non_answer', 'blank']
    """
    answers = [text] if isinstance(text, str) else list(text)
    table, name, what, found = read_survey(source, skip_hidden, [*answers, year])
    asked = questions_in(table)
    if not answers or (question is not None and not isinstance(text, str)):
        got = "none" if not answers else f"several beside the column {question!r} of questions"
        raise InputError("text", "must name a column, or one for each question", got, _LIST)
    if response is None and "response_id" in table.columns:
        response = "response_id"
    wanted = require_usable([*answers, year, question, weight], covariates, [response, respondent])
    at = find_columns(table, wanted, what)
    require_unique([at[w] for w in wanted], f"{what}: columns asked for",
                   "Use each column for one thing.")  # fmt: skip
    empty = empty_rows(table, at[year])
    if empty.any():
        rows = listed(np.flatnonzero(empty) + 1)
        done = f"{empty.sum()} row(s) that hold nothing are left out: {rows}"
        found.append(Finding("empty rows", what, int(empty.sum()), done))
        table = table[~empty]
    ids = row_ids(table, what, at[response] if response else None)
    table, ids = _left(table, ids, respondent and at[respondent], response, withdrawn, what)
    if response is None:
        found += _unnamed_ids(table, [at[w] for w in wanted if w != respondent], what)
    people = ids
    if respondent is not None:
        known, odd = clean_people(table[at[respondent]], f"{what}: column {respondent!r}")
        people, found = fill_respondents(known, ids), [*found, *odd]
    years, labels, odd = read_years(table[at[year]].tolist(), f"{what}: column {year!r}", waves)
    found += odd
    if respondent is not None:
        found += find_panel(known, years, f"{what}: column {respondent!r}")
    out = pd.DataFrame({"response_id": ids, "respondent_id": people}, dtype=object)
    out["year"] = np.asarray(years, dtype=np.int64)
    out["question"] = (
        asked.get(at[answers[0]], "")
        if question is None
        else [" ".join(v.split()) for v in table[at[question]]]
    )
    if labels != [str(y) for y in years]:
        out["wave"] = labels
    if weight is not None:
        out["weight"] = read_weights(table[at[weight]].tolist(), f"{what}: column {weight!r}")
    for c in covariates:
        levels, odd = clean_levels(table[at[c]], f"{what}: column {c!r}")
        out[c], found = levels, [*found, *odd]
    columns = [table[at[a]].tolist() for a in answers]
    found += decode_markup(columns, f"{what}: column {listed(answers)}")
    if not isinstance(text, str):
        out = _by_question(out, [at[a] for a in answers], asked, what)
    cells = np.array(columns, dtype=object).T.ravel()
    texts = [v if is_visible(v) else "" for v in cells]
    # The name of a lone column says what was asked, if nothing else does.
    words = [q or at[answers[0]] for q in out["question"]]
    how = {"rules": read_rules(non_answers), "min_words": min_words, "language": language}
    return _screened(out, texts, words, covariates, (name, what), found, **how)


def _left(
    table: pd.DataFrame,
    ids: list[str],
    people: str | None,
    named: str | None,
    withdrawn: str | Path | Withdrawn | None,
    what: str,
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of respondents who did not withdraw, and their ids, of a column ``named`` or numbers."""
    if withdrawn is None:
        return table, ids
    if people is None and named is None:  # a number is another row's once one is deleted
        raise InputError(
            what, "must have ids by which respondents who withdrew are known",
            "rows that are known by their number alone",
            "Name the column of respondents (--respondent) or of response ids (--response).",
        )  # fmt: skip
    given = withdrawn if isinstance(withdrawn, Withdrawn) else read_withdrawn(withdrawn)
    who = ids
    if people is not None:
        who = clean_people(table[people], what)[0]
        who = who if named is None else fill_respondents(who, ids)
    stays = who_stays(who, given, what)
    return table[stays], [i for i, left in zip(ids, stays, strict=True) if left]


def _by_question(
    out: pd.DataFrame, answers: Sequence[str], asked: Mapping[str, str], what: str
) -> pd.DataFrame:
    """Rows of a wide file as responses: row by row, and in each the questions in their order."""
    rows = len(out)
    out = out.loc[out.index.repeat(len(answers))].reset_index(drop=True)
    column = np.tile(np.array(answers, dtype=object), rows)
    out["response_id"] = out["response_id"] + ":" + column
    words = [asked.get(a, a) for a in answers]
    words = words if len(set(words)) == len(words) else list(answers)
    out["question"] = np.tile(np.array(words, dtype=object), rows)
    require_unique(out["response_id"], f"{what}: ids of rows and questions", "Rename one.")
    return out


def _screened(
    out: pd.DataFrame,
    texts: Sequence[str],
    questions: Sequence[str],
    covariates: Sequence[str],
    names: tuple[str, str],
    found: list[Finding],
    **how: Any,
) -> Responses:
    """Responses, each row with its one status; the survey's names are its own and that in words."""
    name, what = names
    status = assign_statuses(
        out["respondent_id"].tolist(), out["year"].tolist(), texts, questions, **how
    )
    _require_codable(status["status"], what)
    responses = out["response_id"].tolist()
    copy_of = ["" if at < 0 else str(responses[at]) for at in status["copied"]]
    out = out.assign(text=texts, status=status["status"], reason=status["reason"], copy_of=copy_of)
    order = [c for c in RESERVED if c in out.columns]
    kinds = dict.fromkeys([c for c in order if c not in ("year", "weight")], "str")
    out = out[[*order, *covariates]].astype(kinds)
    every = findings_table([*found, *findings_in_rows(out, what)])
    return Responses(table=out, source=name, findings=every)


def _unnamed_ids(table: pd.DataFrame, used: Sequence[str], what: str) -> list[Finding]:
    """Say which columns could be the ids of responses that codes are joined by."""
    names = id_columns(table, used)
    if not names:
        return []
    done = (
        f"no column of response ids was named, so rows are known by their number; the values of "
        f"{listed(names)} all differ, and could be the ids"
    )
    return [Finding("id column not named", what, len(names), done)]


def _require_codable(status: pd.Series, what: str) -> None:
    if not (status == "kept").any():
        counts = status.value_counts()
        raise InputError(
            what, "must contain at least one codable response",
            ", ".join(f"{counts[s]} {s}" for s in STATUSES if s in counts) or "nothing",
            "Check that it is the column of the responses.",
        )  # fmt: skip


def findings_in_rows(table: pd.DataFrame, what: str) -> list[Finding]:
    """Rows that a person should look at."""
    found = []
    long = table.loc[table["reason"] == TOO_LONG, "response_id"]
    if len(long):
        done = (
            f"{len(long)} text(s) of {TOO_LONG} (an unclosed quotation mark?) are not coded: "
            f"{listed(long)}"
        )
        found.append(Finding("long texts", what, len(long), done))
    copies = int(((table["copy_of"] != "") & (table["status"] == "kept")).sum())
    if copies:
        done = (
            f"{copies} kept response(s) of {LEAST_WORDS} words or more are copies or near "
            "copies of another person's (in Python: column copy_of of the responses' table)"
        )
        found.append(Finding("copies", what, copies, done))
    return found
