"""What a report must not show: cells, words and quotes that rest on too few people.

The rule counts people, not comments: a cell resting on 1 to ``min_cell - 1`` respondents is hidden.
A true zero may be shown. Where one hidden cell could be had by subtraction from a total that is
shown, the next smallest cell is hidden as well. Percentages are left out below a base of 30.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics.disclosure import common_words, people, word_users

if TYPE_CHECKING:
    from iapt_topics.agreement import Comparison
    from iapt_topics.drift import Drift
    from iapt_topics.responses import Responses
    from iapt_topics.topics import Topics

__all__ = ["common_words", "people", "word_users"]  # of the page's modules

MIN_BASE = 30
QUOTE_LENGTH = 300


def is_small(people: float, min_cell: int) -> bool:
    """Whether a cell rests on someone, but on fewer than ``min_cell`` people.

    Examples
    --------
    >>> is_small(9, 10), is_small(10, 10), is_small(0, 10)
    (True, False, False)
    """
    return 0 < people < min_cell


def cells(given: pd.DataFrame, responses: Responses) -> pd.DataFrame:
    """Count the responses and people behind ``given`` (response_id, theme), by theme and year."""
    kept = responses.kept[["response_id", "year"]]
    given = given[["response_id", "theme"]].merge(kept, on="response_id", how="inner")
    given = given.assign(person=people(responses).reindex(given["response_id"]).to_numpy())
    return (
        given.groupby(["theme", "year"])
        .agg(n=("response_id", "size"), people=("person", "nunique"))
        .reset_index()
    )


def _second(
    hidden: set[tuple[str, int]],
    counts: Mapping[tuple[str, int], float],
    line: Callable[[tuple[str, int]], Hashable],
) -> set[tuple[str, int]]:
    """Add the next smallest cell to every line (row or column) with a single hidden one."""
    lines: dict[Hashable, list[tuple[str, int]]] = defaultdict(list)
    for cell in counts:
        lines[line(cell)].append(cell)
    more = set(hidden)
    for members in lines.values():
        others = [c for c in members if c not in hidden and counts[c] > 0]
        if len(members) - len([c for c in members if c not in hidden]) == 1 and others:
            more.add(min(others, key=lambda c: (counts[c], c)))
    return more


def hidden_cells(
    drift: Drift, counted: pd.DataFrame | None, min_cell: int, *, exclusive: bool = False
) -> set[tuple[str, int]]:
    """Theme-year cells of ``drift`` that may not be shown.

    Parameters
    ----------
    drift : Drift
        The shares that are to be shown.
    counted : pandas.DataFrame or None
        From :func:`cells`; None when the drift was not computed from codes at hand, and then the
        number of responses stands in for the number of people, who cannot be more.
    min_cell : int
        Fewest people a cell may rest on.
    exclusive : bool
        True if the themes of a year add up to its n, so that one hidden theme could be had by
        subtraction. Otherwise the years of a theme add up to its total.
    """
    known = {}
    if counted is not None:
        known = {
            (str(t), int(y)): float(p)
            for t, y, p in zip(counted["theme"], counted["year"], counted["people"], strict=True)
        }
    counts: dict[tuple[str, int], float] = {}
    hidden = set()
    for row in drift.shares.to_dict("records"):
        cell = (str(row["theme"]), int(row["year"]))
        counts[cell] = float(row["count"])
        if is_small(min(counts[cell], known.get(cell, counts[cell])), min_cell):
            hidden.add(cell)
    return _second(hidden, counts, (lambda c: c[1]) if exclusive else (lambda c: c[0]))


def few(comparison: Comparison, min_cell: int) -> set[str]:
    """Themes that either coder gave to too few responses to be compared in public."""
    rows = comparison.themes
    return {
        str(t)
        for t, a, b in zip(
            rows["theme"], rows["positives_reference"], rows["positives_other"], strict=True
        )
        if is_small(a, min_cell) or is_small(b, min_cell)
    }


def thin_cells(drift: Drift) -> set[tuple[str, int]]:
    """Cells whose base is too small for a percentage."""
    rows = drift.shares[drift.shares["n"] < MIN_BASE]
    return {(str(t), int(y)) for t, y in zip(rows["theme"], rows["year"], strict=True)}


def hidden_topics(topics: Topics, responses: Responses, min_cell: int) -> tuple[set[int], set[int]]:
    """Topics with too few people, and topics whose count would give one of those away.

    The first set gets no words, quotes or counts; the second (which may hold -1, the unassigned
    responses) no counts.
    """
    rows = topics.assignments[["response_id", "topic"]]
    rows = rows.assign(person=people(responses).reindex(rows["response_id"]).to_numpy())
    every = rows.groupby("topic")["person"].nunique()
    seen = {int(str(t)): float(n) for t, n in every.items()}
    small = {t for t, n in seen.items() if is_small(n, min_cell)}
    if len(small) != 1:
        return small - {-1}, small
    sizes = {("", int(str(t))): float(n) for t, n in rows.groupby("topic").size().items()}
    both = _second({("", t) for t in small}, sizes, lambda c: c[0])
    return small - {-1}, {t for _, t in both}


def shorten(text: str, most: int = QUOTE_LENGTH) -> str:
    """Cut ``text`` at a word so that it has at most ``most`` characters.

    Examples
    --------
    >>> shorten("too many targets", 10)
    'too many…'
    """
    plain = " ".join(text.split())
    if len(plain) <= most:
        return plain
    cut = plain[: most - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:") + "…"
