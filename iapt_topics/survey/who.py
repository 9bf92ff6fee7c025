"""Who a row is of: ids and levels as they were meant, and what is odd in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher

import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_unique
from iapt_topics._base.findings import Finding

#: What programs write where nothing is known.
_MISSING = frozenset({
    "na", "n/a", "#n/a", "nan", "null", "#null!", "none", "<na>", "nat", "(null)", "(blank)",
    "(none)",
})  # fmt: skip
#: And what people and survey tools write in place of an id.
_NOBODY = _MISSING | {
    "anonymous", "anon", "unknown", "not known", "not given", "not stated", "not provided", "-",
    "--", ".", "?", "x", "blank",
}  # fmt: skip
_SPOILT = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_POINT = re.compile(r"\.0+$")
_DATE_LIKE = re.compile(r"\d{1,4}[-/.:]\d{1,2}\b|.*\d:\d\d")
_MOST_LEVELS = 30


def row_ids(table: pd.DataFrame, what: str, column: str | None) -> list[str]:
    """Id of each row: its column's, or its number from 1; InputError if one is blank or repeats."""
    if column is None:
        return [str(i + 1) for i in table.index]
    ids = [_POINT.sub("", v.strip()) if v.strip()[:1].isdigit() else v.strip()
           for v in table[column]]  # fmt: skip
    what = f"{what}: column {column!r}"
    blank = [i + 1 for i, v in zip(table.index, ids, strict=True) if not v]
    if blank:
        raise InputError(
            what, "must contain an id in each row", f"none in data row(s) {listed(blank)}",
            "Fill it in, or leave the column out.",
        )  # fmt: skip
    spoilt = [v for v in ids if _SPOILT.fullmatch(v)]
    if spoilt and len(set(ids)) < len(ids):
        raise InputError(
            what, "must contain ids as they were",
            f"{len(spoilt)} that a spreadsheet has rounded, such as {spoilt[0]!r}",
            "Take them from the export itself, with the column formatted as text.",
        )  # fmt: skip
    require_unique(ids, what, "Give each response its own id.")
    if near := _near(ids):
        raise InputError(
            what, "must differ by more than case and white space", near,
            "Make them differ, or correct them.",
        )  # fmt: skip
    return ids


def clean_people(cells: Iterable[str], what: str) -> tuple[list[str], list[Finding]]:
    """Respondent ids: "" where unknown or rounded, one spelling for each, and what is odd in them.

    Parameters
    ----------
    cells : iterable of str
    what : str
        The column, for the findings.
    """
    ids, found = _known(cells, what, _NOBODY)
    spoilt = Counter(v for v in ids if _SPOILT.fullmatch(v))
    if spoilt:
        n = sum(spoilt.values())
        lost = {v for v, times in spoilt.items() if times > 1}
        done = (
            f"{n} id(s) are rounded by a spreadsheet, such as {next(iter(spoilt))!r}; those that "
            "occur more than once are taken for unknown. Take the ids from the export itself"
        )
        found.append(Finding("spoilt ids", what, n, done))
        ids = ["" if v in lost else v for v in ids]
    ids, joined = _one_spelling(ids)
    if joined:
        done = (
            f"{len(joined)} id(s) differ from another only by case, white space or '.0' and are "
            f"taken for the same: {listed(joined)}"
        )
        found.append(Finding("near ids", what, len(joined), done))
    bare = _alike(ids, lambda v: v.lstrip("0") if v.isdigit() else v)
    if bare:
        done = f"ids differ only by zeros in front and are taken for different: {listed(bare)}"
        found.append(Finding("near ids", what, len(bare), done))
    counts = Counter(v for v in ids if v).most_common()
    if counts and counts[0][1] >= 10:
        (top, n), rest = counts[0], [c for _, c in counts[1:]]
        usual = sorted(rest)[len(rest) // 2] if rest else 0
        if n > 5 * usual and (not rest or n >= 3 * rest[0]):
            done = f"one id, {top!r}, has {n} of {len(ids)} rows; check that it is one person"
            found.append(Finding("one id", what, n, done))
    return ids, found


def clean_levels(cells: Iterable[str], what: str) -> tuple[list[str], list[Finding]]:
    """Levels of a covariate: "" where unknown, one spelling for each, and those that look alike."""
    levels, found = _known(cells, what, _MISSING)
    levels, joined = _one_spelling(levels)
    if joined:
        done = (
            f"{len(joined)} level(s) differ from another only by case, white space or '.0' and "
            f"are taken for the same: {listed(joined)}"
        )
        found.append(Finding("near levels", what, len(joined), done))
    distinct = sorted({v for v in levels if len(v) > 3})
    if len(distinct) <= _MOST_LEVELS:
        pairs = [(a, b) for i, a in enumerate(distinct) for b in distinct[i + 1 :]]
        near = [f"{a} / {b}" for a, b in pairs if not _numbered(a, b) and _likeness(a, b) > 0.9]
        if near:
            done = f"levels look alike and are taken for different: {listed(near)}"
            found.append(Finding("near levels", what, len(near), done))
    return levels, found


def id_columns(table: pd.DataFrame, but: Iterable[str | None]) -> list[str]:
    """Columns whose values all differ and could be ids of the rows, but for the rows' numbers."""
    n, apart = len(table), set(but)
    found = []
    for name in table.columns:
        if name in apart or name.startswith("Unnamed: ") or n < 2:
            continue
        head = [v.strip() for v in table[name].head(50)]
        if not all(head) or len(set(head)) < len(head):
            continue
        if any(len(v) > 40 or " " in v or _DATE_LIKE.match(v) for v in head):
            continue
        cells = [v.strip() for v in table[name]]
        if all(cells) and len(set(cells)) == n and cells != [str(i + 1) for i in table.index]:
            found.append(str(name))
    return found


def find_panel(people: Sequence[str], years: Sequence[int], what: str) -> list[Finding]:
    """Say that respondents recur from year to year."""
    first: dict[str, int] = {}
    recur = {p for p, y in zip(people, years, strict=True) if p and first.setdefault(p, y) != y}
    if not recur:
        return []
    done = (
        f"{len(recur)} of {len(first)} respondents recur in another year: the survey is a panel "
        "for them, and their rows are taken for one person's"
    )
    return [Finding("panel", what, len(recur), done)]


def _known(
    cells: Iterable[str], what: str, unknown: frozenset[str]
) -> tuple[list[str], list[Finding]]:
    stripped = [v.strip() for v in cells]
    words = Counter(v for v in stripped if v and v.casefold() in unknown)
    if not words:
        return stripped, []
    n = sum(words.values())
    done = f"{n} cell(s) of {listed(words)} are taken for unknown"
    return ["" if v in words else v for v in stripped], [Finding("unknown", what, n, done)]


def fold_id(value: str) -> str:
    """What is the same in all spellings of an id or a level: neither case, space nor ".0"."""
    return _POINT.sub("", "".join(value.casefold().split()))


def _one_spelling(cells: Sequence[str]) -> tuple[list[str], list[str]]:
    """The commonest spelling of each value, and the spellings that were given up."""
    counts = Counter(v for v in cells if v)
    best: dict[str, str] = {}
    for value, _ in counts.most_common():  # the first of equals, as they were met
        best.setdefault(fold_id(value), value)
    change = {v: b for v in counts if (b := best[fold_id(v)]) != v}
    # A number with ".0" is never the better spelling.
    for v, b in list(change.items()):
        if _POINT.sub("", b) == v:
            change = {k: t for k, t in change.items() if k != v} | {b: v}
            change |= {k: v for k, t in change.items() if t == b}
    return [change.get(v, v) for v in cells], sorted(change)


def _alike(cells: Iterable[str], fold: Callable[[str], str]) -> list[str]:
    of: dict[str, set[str]] = {}
    for v in set(cells):
        if v:
            of.setdefault(fold(v), set()).add(v)
    return sorted(v for group in of.values() if len(group) > 1 for v in group)


def _near(ids: Sequence[str]) -> str:
    """Name ids that differ, but only by case or white space; "" if there are none."""
    near = _alike(ids, lambda v: "".join(v.casefold().split()))
    return listed([v for v in dict.fromkeys(ids) if v in set(near)]) if near else ""


def _numbered(one: str, other: str) -> bool:
    """Whether two levels differ only by numbers, such as Band 5 and Band 6."""
    return re.sub(r"\d+|\b[ivx]+\b", "", one.casefold()) == re.sub(
        r"\d+|\b[ivx]+\b", "", other.casefold()
    )


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()
