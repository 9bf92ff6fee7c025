"""What the columns of a survey file look like, and a guess at the role of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iapt_topics._base.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_YEAR = re.compile(r"year|wave|period|round|date", re.IGNORECASE)
_PERSON = re.compile(r"person|respond|participant|staff|member|user|employee|who", re.IGNORECASE)
_ID = re.compile(r"(?i:(?:^|[^a-z])(?:id|ref|key|no|nr|number)(?:[^a-z]|$)|response|answer)|I[Dd]$")
_QUESTION = re.compile(r"question|prompt|item", re.IGNORECASE)
#: 2016 and what begins so; 12/03/2016, as a sheet writes when an answer came.
_DATED = re.compile(r"(?:\d{1,2}[/.-]\d{1,2}[/.-])?(?:19|20)\d\d\b")
_WORDS = 4  # of an answer, on average, at least
_FEW = 20  # levels of a column that groups people, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Facts of a column, none of them a cell: filled cells, different ones, words in each."""

    name: str
    filled: int
    different: int
    words: float
    years: tuple[int, int] | None

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Which column is what; None or empty if no column looks like it."""

    text: tuple[str, ...]
    year: str | None
    respondent: str | None
    response: str | None
    question: str | None
    covariates: tuple[str, ...]


def describe_columns(table: pd.DataFrame) -> list[Column]:
    """Facts of each column of a table of texts."""
    found = []
    for name in table.columns:
        cells = [v.strip() for v in table[name] if v.strip()]
        words = sum(len(v.split()) for v in cells) / max(len(cells), 1)
        found.append(
            Column(
                name=name, filled=len(cells), different=len(set(cells)), words=words,
                years=_years(name, cells),
            )
        )  # fmt: skip
    return found


def guess_roles(columns: Sequence[Column]) -> Guess:
    """Guess the roles of the columns from their names and content."""
    left = [c for c in columns if c.filled]
    longest = max(left, key=lambda c: c.words, default=None)
    text = [c for c in left if c.is_text] or ([longest] if longest and longest.words > 1 else [])
    left = [c for c in left if c not in text]

    def take(*choices: Column | None) -> str | None:
        for column in choices:
            if column is not None:
                left.remove(column)
                return column.name
        return None

    def first(rule: re.Pattern[str], among: Sequence[Column]) -> Column | None:
        return next((c for c in among if rule.search(c.name)), None)

    dated = [c for c in left if c.years]
    waves = [c for c in left if c.groups]
    year = take(first(_YEAR, dated), *dated[:1], first(_YEAR, waves))
    most = max((c.filled for c in columns), default=0)
    unique = [c for c in left if c.different == most and c.words < 2]
    response = take(first(_ID, [c for c in unique if not _PERSON.search(c.name)]))
    respondent = take(first(_PERSON, [c for c in left if not c.groups or _ID.search(c.name)]))
    question = take(first(_QUESTION, [c for c in left if c.different <= _FEW]))
    return Guess(
        text=tuple(c.name for c in text), year=year, respondent=respondent, response=response,
        question=question if len(text) == 1 else None,
        covariates=tuple(c.name for c in left if c.groups),
    )  # fmt: skip


def _years(name: str, cells: Sequence[str]) -> tuple[int, int] | None:
    """First and last year, if all cells are years or dates; short ones only under such a name."""
    from iapt_topics.survey.waves import read_years

    if not cells or not (_YEAR.search(name) or all(_DATED.match(v) for v in cells)):
        return None
    try:
        years, _, _ = read_years(sorted(set(cells)), name, ())
    except InputError:
        return None
    return min(years), max(years)
