"""What the columns of a survey file look like, and a guess at the role of each, with its evidence.

A name alone makes no column the respondent or the year: its values must look so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iapt_topics._base.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_YEAR = re.compile(r"year|wave|period|round|jahr|blwyddyn|ann\u00e9e|time ?point", re.IGNORECASE)
_WAVE = re.compile(r"wave|round|phase|time|period|occasion|survey", re.IGNORECASE)
_DATE = re.compile(r"date|time|when|start|end|complet|submit|record", re.IGNORECASE)
_BORN = re.compile(
    r"birth|dob|born|geburt|d\.o\.b|hired|joined|start(?:ed)? (?:work|in post)", re.I
)
_PERSON = re.compile(
    r"person|respond|participant|staff|member|user|employee|panel|subject ?id|who|worker",
    re.IGNORECASE,
)
_ID = re.compile(r"(?i:(?:^|[^a-z])(?:id|ref|key|no|nr|number)(?:[^a-z]|$)|response|answer)|I[Dd]$")
_QUESTION = re.compile(r"question|prompt|item", re.IGNORECASE)
#: What tools write beside the answers.
_OF_THE_TOOL = re.compile(
    r"status|finished|progress|duration|collector|channel|language|\bip\b|ip ?address|seed|"
    r"last ?page|e-?mail|\bname\b|completion|modified|recorded|browser|device|consent|month|"
    r"quarter|\bday\b|weekday|latitude|custom data|score|rating|weight",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORDS = 4  # of an answer, on average, at least
_FEW = 20  # levels of a column that groups people, at most
_UNKNOWN = ("na", "n/a", "nan", "null", "none", "#n/a", "anonymous", "-", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Facts of a column, none of them a cell: filled cells, different ones, words in each."""

    name: str
    filled: int
    different: int
    words: float
    years: tuple[int, int] | None
    rows: int = 0
    numbers: bool = False
    in_year: int = 0  # rows that one value has in one year, at most
    recur: int = 0  # values that occur in more than one year
    of_year: bool = False  # whether each year has one value
    same_as: str = ""  # a column before it of which most cells are the same
    labels: tuple[str, ...] = ()  # if they are few

    @property
    def looks(self) -> str:
        """What it looks like, in words."""
        if not self.filled:
            return "empty"
        if self.years:
            first, last = self.years
            return f"years, {first} to {last}" if first < last else f"a year, {first}"
        if self.is_text:
            return "free text"
        if self.different == self.filled:
            return "unique values"
        return "categories" if self.groups else "short values"

    @property
    def is_text(self) -> bool:
        """Whether it looks like answers in people's own words."""
        return self.words >= _WORDS and self.different > self.filled / 2

    @property
    def groups(self) -> bool:
        """Whether it sorts the rows into a few groups."""
        return 2 <= self.different <= min(_FEW, self.filled / 2) and not self.is_text

    @property
    def is_ids(self) -> bool:
        """Whether its values could be people: many, short, and few rows of each in a year."""
        enough = self.different >= max(5, self.filled / 5)
        return enough and self.words < 2 and not self.years and self.in_year <= 20

    @property
    def evidence(self) -> str:
        """What speaks for it, in one line."""
        parts = [f"{self.different:,} different values in {self.filled:,} of {self.rows:,} rows"]
        if self.years:
            parts.append(self.looks)
        elif self.is_ids:
            parts.append(f"at most {self.in_year} rows of one in a year")
            parts.append(f"{self.recur:,} occur in more than one year")
        return f"{self.name!r}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Which column is what; None or empty if no column looks like it.

    ``others`` has by role the columns that could be it as well, likeliest first; a role that it
    names is not certain.
    """

    text: tuple[str, ...]
    year: str | None
    respondent: str | None
    response: str | None
    question: str | None
    covariates: tuple[str, ...]
    others: dict[str, tuple[Column, ...]] = field(default_factory=dict)


def describe_columns(table: pd.DataFrame) -> list[Column]:
    """Facts of each column of a table of texts."""
    stripped = {n: [v.strip() for v in table[n]] for n in table.columns}
    facts, year = {}, None
    for name, cells in stripped.items():
        filled = [v for v in cells if v]
        words = sum(len(v.split()) for v in filled) / max(len(filled), 1)
        facts[name] = (filled, words, _years(name, filled, len(table)))
    dated = [n for n, (f, _, y) in facts.items() if y and len(f) == len(table)]
    named = [n for n in dated if _YEAR.search(n)]
    if first := (named or dated)[:1]:
        year = _year_of(stripped[first[0]])
    found, long = [], list[str]()
    for name, (filled, words, years) in facts.items():
        known = [v for v in filled if v.casefold() not in _UNKNOWN]
        in_year, recur, of_year = _over_years(stripped[name], year)
        different = len(set(known))
        same = ""
        if words >= _WORDS:
            same = next((n for n in long if _mostly_same(stripped[n], stripped[name])), "")
            long.append(name)
        found.append(
            Column(
                name=name, filled=len(known),
                different=different, words=words, years=years, rows=len(table),
                numbers=bool(filled) and all(_NUMBER.fullmatch(v) for v in set(filled)),
                in_year=in_year, recur=recur, of_year=of_year, same_as=same,
                labels=tuple(dict.fromkeys(filled)) if different <= _FEW else (),
            )
        )  # fmt: skip
    return found


def _mostly_same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two columns of texts hold the same in most rows in which either has any."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a or b]
    return sum(a == b for a, b in pairs) > 0.6 * len(pairs)


def guess_roles(columns: Sequence[Column]) -> Guess:
    """Guess the roles of the columns from their values, then from their names."""
    left = [c for c in columns if c.filled and not c.name.startswith("Unnamed: ")]
    longest = max(left, key=lambda c: c.words, default=None)
    text = [c for c in left if c.is_text] or ([longest] if longest and longest.words > 1 else [])
    text = [c for c in text if not c.years]
    left = [c for c in left if c not in text]
    others: dict[str, tuple[Column, ...]] = {}
    if text and not any(c.is_text for c in text):
        others["text"] = tuple(text)
    if copies := [c for c in text if c.same_as]:  # which of them is meant is not told
        apart = [c for c in text if not c.same_as]
        others["text"] = (*apart, *copies)
        text = apart
    year = _choose(_year_candidates(left), "year", others, left)
    most = max((c.filled for c in columns), default=0)
    unique = [c for c in left if c.different == most and c.words < 2 and not c.years]
    ids = [c for c in unique if _ID.search(c.name) and not _PERSON.search(c.name)]
    tools = [c for c in ids if not _OF_THE_TOOL.search(c.name)]
    response = next(iter(tools or ids), None)
    if response is None:  # one column may be both
        both = [c for c in unique if _PERSON.search(c.name) and _ID.search(c.name)]
        people = [c for c in left if c.is_ids and c not in both and _PERSON.search(c.name)]
        response = both[0] if both and people else None
    if response:
        left.remove(response)
    respondent = _choose(_people(left), "respondent", others, left)
    asked = [c for c in left if _QUESTION.search(c.name) and c.different <= _FEW and not c.numbers]
    question = asked[0] if asked and len(text) == 1 else None
    groups = [c for c in left if c is not question and _is_covariate(c)]
    return Guess(
        text=tuple(c.name for c in text),
        year=year,
        respondent=respondent,
        response=response.name if response else None,
        question=question.name if question else None,
        covariates=tuple(c.name for c in groups),
        others=others,
    )


def _choose(
    candidates: list[tuple[Column, int]],
    role: str,
    others: dict[str, tuple[Column, ...]],
    left: list[Column],
) -> str | None:
    """The likeliest candidate; it is certain if its rank is 3 or more and no other has it."""
    if not candidates:
        return None
    ranked = [c for c, _ in sorted(candidates, key=lambda p: (-p[1], p[0].years is None))]
    best = [c for c, rank in candidates if rank == max(r for _, r in candidates)]
    if len(best) > 1 or max(r for _, r in candidates) < 3:
        others[role] = tuple(ranked)
    if ranked[0] in left:
        left.remove(ranked[0])
    return ranked[0].name


def _year_candidates(left: Sequence[Column]) -> list[tuple[Column, int]]:
    """Columns that could be the year or wave: 4 for years under such a name, 2 for dates."""
    found = []
    for c in left:
        if c.filled < c.rows or _BORN.search(c.name):
            continue
        if c.years:
            several = c.years[0] < c.years[1]
            named = bool(_YEAR.search(c.name))
            few = c.different <= _FEW
            rank = 4 if named and several else 2 if several and few else 1
            if several and not named and not any(
                o.years and o is not c and o.filled == o.rows and not _BORN.search(o.name)
                for o in left
            ):  # fmt: skip
                rank = 3  # the only column of years or dates
            found.append((c, rank))
        elif c.groups and _YEAR.search(c.name) and not c.numbers:
            found.append((c, 3 if _has_order(c.labels) else 1))
    return found


def _has_order(labels: tuple[str, ...]) -> bool:
    """Whether labels of waves say their order."""
    from iapt_topics.survey.dates import order_waves, wave_order_is_told

    return len(order_waves(labels)) > 1 and wave_order_is_told(labels)


def _people(left: Sequence[Column]) -> list[tuple[Column, int]]:
    """Columns that could be the respondent: 3 for ids so named, 1 for others that recur."""
    found = []
    for c in left:
        if not c.is_ids or _BORN.search(c.name) or (c.numbers and c.different < 20):
            continue
        named = bool(_PERSON.search(c.name))
        if named:
            found.append((c, 3 if _ID.search(c.name) or c.recur or c.different == c.filled else 2))
        elif c.recur and not _OF_THE_TOOL.search(c.name):
            found.append((c, 1))
    return found


def _is_covariate(c: Column) -> bool:
    from iapt_topics.survey.columns import RESERVED

    return (
        c.groups
        and not c.numbers
        and not c.years
        and not c.of_year
        and c.words <= _WORDS
        and c.name not in RESERVED
        and not _OF_THE_TOOL.search(c.name)
        and not _DATE.search(c.name)
        and c.filled >= c.rows / 2
    )


def _over_years(cells: Sequence[str], year: Sequence[int] | None) -> tuple[int, int, bool]:
    """Rows that one value has in a year, values in several years, and whether a year has one."""
    known = [(v, y) for v, y in zip(cells, year or [0] * len(cells), strict=True)
             if v.casefold() not in _UNKNOWN]  # fmt: skip
    if not known:
        return 0, 0, False
    times = Counter(known)
    years = Counter(v for v, _ in times)
    values = Counter(y for _, y in times)
    one = year is not None and len(values) > 1 and all(n == 1 for n in values.values())
    return max(times.values()), sum(n > 1 for n in years.values()), one


def _year_of(cells: Sequence[str]) -> list[int] | None:
    from iapt_topics.survey.waves import read_years

    try:
        return read_years(cells, "")[0]
    except InputError:
        return None


def _years(name: str, cells: Sequence[str], rows: int) -> tuple[int, int] | None:
    """First and last year, if all cells are years or dates that a survey can be of."""
    from iapt_topics.survey.dates import next_year, readings
    from iapt_topics.survey.waves import read_years

    if not cells or not readings(" ".join(cells[0].split())):
        return None
    try:
        years, _, _ = read_years(sorted(set(cells)), name)
    except InputError:
        return None
    if not 1990 <= min(years) <= max(years) <= next_year():
        return None
    bare = all(v.strip().isdigit() and len(v.strip()) not in (4, 8) for v in set(cells))
    if bare and not (_YEAR.search(name) or _DATE.search(name)):
        return None  # numbers that could be anything
    return min(years), max(years)
