"""Rows of cells as a table: titles above it, further header rows, footers and totals are found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from iapt_topics._base.errors import InputError
from iapt_topics._base.findings import Finding, numbers

Rows = list[list[str]]

_SAMPLE = 200  # rows by which it is told how many cells a row has
_TOP = 30  # rows above the names, at most
_NUMBER = re.compile(r"[-+]?\d[\d.,:/ -]*(?:[ T]?(?:am|pm|gmt|utc|z))?%?", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?:grand |sub-? ?|overall )?(?:totals?|sum|count|average|mean|cyfanswm|summe|gesamt)"
    r"(?: (?:number|n|of|responses?|rows?|respondents?|answers?|comments?|\d{4}|\d{4}/\d\d))*"
    r" ?[:=]?(?: ?\d[\d,]*)?",
    re.IGNORECASE,
)
_TOTAL_STARTS = frozenset("GgTtSsOoCcAaMm")
_COUNT = re.compile(r"\(?\d[\d,. ]*%?\)?(?: ?[a-z]+)?", re.IGNORECASE)
_FOOT = re.compile(
    r"(?:exported|generated|downloaded|created|printed|produced|report run|powered)\b.*"
    r"|(?:source|notes?|nb|n\.b\.|copyright|disclaimer|filters?)\b.*[:\u00a9 ].*"
    r"|\u00a9.*|\(c\) .*|(?:\*+ ?)?end of (?:file|report|survey|data|export)\b.*|[-=_*]{3,}"
    r"|page \d+.*|n ?= ?\d+|\d[\d,]* (?:rows?|responses?|records?|comments?|answers?)\b.*",
    re.IGNORECASE,
)
_SUBHEADS = {"response", "open-ended response"}


@dataclass(slots=True)
class Shaped:
    """A table of texts: names, columns, questions in words by name, and what was found."""

    names: list[str]
    columns: list[list[str]]
    questions: dict[str, str] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)


def shape_rows(rows: Rows, lines: Callable[[], Sequence[int]], name: str) -> Shaped:
    """Find the names and the rows of a table among rows of cells.

    Parameters
    ----------
    rows : list of lists of str
        All rows, of any length; they are cut and filled up in place.
    lines : callable
        Gives the number of each row as the user's program shows it, for an error.
    name : str
        What the file is called.

    Raises
    ------
    InputError
        If rows have more cells than there are names, or texts seem to be torn by line breaks.
    """
    found: list[Finding] = []
    at = _find_header(rows)
    above = [i for i in range(at) if _filled(rows[i])]
    if above:
        done = f"{len(above)} row(s) above the column names were left out, such as a title"
        found.append(Finding("title rows", name, len(above), done))
    names = [_plain(v) for v in rows[at]] if rows else []
    if not names:
        return Shaped([], [])
    body = rows[at + 1 :]
    names, questions, extra = _further_headers(names, body, name, found)
    del body[:extra]
    while names and not names[-1] and len(names) > max(map(len, body), default=0):
        names.pop()
    names = _fit_rows(names, body, lambda: lines()[at + 1 + extra :], name, found)
    body = _without_feet(body, names, name, found)
    _drop_repeats(body, rows[at], name, found)
    columns = [list(c) for c in zip(*body, strict=True)] if body else [[] for _ in names]
    names = named(names, columns, name, found)
    words = {names[i]: q for i, q in questions.items() if i < len(names)}
    return Shaped(names, columns, words, found)


def _plain(name: str) -> str:
    """A name with one space for each run of white space; line ends and no-break spaces are some."""
    return " ".join(name.replace("\ufeff", "").split())


def _filled(row: Sequence[str]) -> int:
    return sum(bool(v.strip()) for v in row)


def _are_labels(row: Sequence[str]) -> bool:
    """Whether the cells look like names of columns: different, and none a number or date."""
    cells = [v.strip() for v in row if v.strip()]
    return len(set(cells)) == len(cells) and not any(_NUMBER.fullmatch(v) for v in cells)


def _find_header(rows: Rows) -> int:
    """Place of the row of names: the first that is about as full as the rows of the table."""
    counts = [(i, n) for i, row in enumerate(rows[: _SAMPLE + _TOP]) if (n := _filled(row))]
    if not counts:
        return 0
    first, usual = counts[0][0], median(n for _, n in counts)
    if usual < 2:
        return first
    enough = max(2, usual / 2)
    top = [(i, n) for i, n in counts if i < _TOP]
    at = next((i for i, n in top if n >= enough), first)
    while rows[at] and re.match(r"#\s*\w", rows[at][0]) and at + 1 < len(rows) and (
        _filled(rows[at + 1]) >= enough and _are_labels(rows[at + 1])
    ):  # fmt: skip
        at += 1
    size = _filled(rows[at])
    for i, n in top:  # a block of keys and values above the table
        apart = any(not _filled(r) for r in rows[at:i])
        wider = n > size and n >= usual * (0.8 if apart else 1)
        if i > at and wider and (apart or size <= 2 < n / 1.5) and _are_labels(rows[i]):
            at, size = i, n
            break
    return at if at == first or _are_labels(rows[at]) else first


def _squashed(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _further_headers(
    names: list[str], body: Rows, name: str, found: list[Finding]
) -> tuple[list[str], dict[int, str], int]:
    """Second and third header rows: names, questions in words by column, and how many rows."""
    imported = [
        i
        for i, row in enumerate(body[:3])
        if any(v.lstrip().startswith('{"ImportId"') for v in row)
    ]
    if imported:
        words = body[0] if imported[0] else []
        said = f"{imported[0] + 1} further header row(s), as Qualtrics writes them, were left out"
        found.append(Finding("header rows", name, imported[0] + 1, said))
        return names, _in_words(names, words), imported[0] + 1
    if not body:
        return names, {}, 0
    second = [_plain(v) for v in body[0]]
    heads = [v.casefold() for v in second if v]
    if heads and not second[0] and any(v in _SUBHEADS for v in heads):
        joined, question = [], ""
        second += [""] * (len(names) - len(second))
        for head, sub in zip(names, second, strict=False):
            question = head or question
            own = not sub or sub.casefold() in _SUBHEADS
            joined.append(question if own and (head or sub) else f"{question} - {sub}")
        done = "the second header row, as SurveyMonkey writes it, was joined to the first"
        found.append(Finding("header rows", name, 1, done))
        return joined, {}, 1
    pairs = [(a, b) for a, b in zip(names, second, strict=False) if a and b]
    same = sum(_squashed(a) == _squashed(b) != "" for a, b in pairs)
    if same >= 3 or (same >= 2 and same == len(pairs)):
        done = "the second row repeats the column names in other words and was left out"
        found.append(Finding("header rows", name, 1, done))
        return names, _in_words(names, second), 1
    if _is_no_data(second, body):
        done = "the second row holds words where all others hold numbers or dates, and was left out"
        found.append(Finding("header rows", name, 1, done))
        return names, _in_words(names, second), 1
    return names, {}, 0


def _in_words(names: Sequence[str], words: Sequence[str]) -> dict[int, str]:
    """The question in words of each column whose name does not say it already."""
    pairs = enumerate(zip(names, map(_plain, words), strict=False))
    return {i: w for i, (n, w) in pairs if w and _squashed(w) != _squashed(n)}


def _is_no_data(second: Sequence[str], body: Rows) -> bool:
    """Whether a row has words in two or more columns that hold numbers everywhere else."""
    rest = body[1 : _SAMPLE + 1]
    if len(rest) < 5:
        return False
    odd = 0
    for j, cell in enumerate(second):
        if cell and not _NUMBER.fullmatch(cell):
            others = [row[j].strip() for row in rest if j < len(row) and row[j].strip()]
            odd += len(others) >= 5 and all(_NUMBER.fullmatch(v) for v in others)
    return odd >= 2


def _fit_rows(
    names: list[str],
    body: Rows,
    lines: Callable[[], Sequence[int]],
    name: str,
    found: list[Finding],
) -> list[str]:
    """Make every row as long as the names."""
    width = len(names)
    sizes = Counter(map(len, body))
    if set(sizes) <= {width}:
        return names
    full = [row for row in body if len(row) > 1]
    if full and all(len(row) == width + 1 for row in full) and len(full) > 1 and (
        len({row[0] for row in full}) == len(full)
    ) and all(names) and any(row[-1].strip() for row in full):  # fmt: skip
        done = "each row has one cell more than there are names; the first is taken for row names"
        found.append(Finding("row names", name, len(full), done))
        names, width = ["", *names], width + 1
    long = [i for i, row in enumerate(body) if len(row) > width]
    torn = [i for i in long if any(v.strip() for v in body[i][width:])]
    if torn:
        numbered = lines()
        torn = [numbered[i] for i in torn]
        raise InputError(
            name, f"must have at most {width} cells in each row",
            f"more in {len(torn)} row(s), of line(s) {numbers(torn)}",
            "Put texts that hold the separator into quotation marks, or save the file as .xlsx.",
        )  # fmt: skip
    if long:
        done = f"{len(long)} row(s) end in empty cells beyond the last column, which were left out"
        found.append(Finding("trailing cells", name, len(long), done))
    for i in long:
        del body[i][width:]
    short = [i for i, row in enumerate(body) if len(row) < width and _filled(row)]
    last = next((i for i in range(len(body) - 1, -1, -1) if len(body[i]) == width), -1)
    broken = [i for i in short if len(body[i]) == 1 and " " in body[i][0].strip() and i < last]
    if broken and width > 1:
        numbered = lines()
        broken = [numbered[i] for i in broken]
        raise InputError(
            name, f"must have {width} cells in each row",
            f"a lone text in {len(broken)} row(s), of line(s) {numbers(broken)}",
            "Put texts that hold line breaks into quotation marks, or save the file as .xlsx.",
        )  # fmt: skip
    inside = [i for i in short if i <= last]
    if inside:
        done = f"{len(inside)} row(s) have fewer cells than there are columns; the rest are empty"
        found.append(Finding("short rows", name, len(inside), done))
    for row in body:
        if len(row) < width:
            row += [""] * (width - len(row))
    return names


def _without_feet(body: Rows, names: list[str], name: str, found: list[Finding]) -> Rows:
    """The rows of the table alone, without totals in it and what stands below it."""
    width = len(names)
    last = len(body)
    while last and not _filled(body[last - 1]):
        last -= 1
    feet: list[int] = []
    usual = median(_filled(r) for r in body[:_SAMPLE]) if body else 0
    if width > 1 and usual > 1:
        for i in range(last - 1, max(last - 30, 0), -1):
            row = body[i]
            cells = [v.strip() for v in row if v.strip()]
            if not cells:
                if not feet:
                    break
                feet.append(i)
                continue
            lone = len(cells) == 1 and len(cells[0].split()) > 1 and row[0].strip() == cells[0]
            # In a table of two columns such a row may be one whose other cell is still to fill.
            lone = lone and width > 2
            lone = lone and not any(" " in r[0].strip() for r in body[: min(i, _SAMPLE)])
            after_gap = not _filled(body[i - 1]) and len(cells) < max(usual * 0.75, 2)
            if _is_total(row, body, i) or (
                len(cells) < usual and (_FOOT.fullmatch(cells[0]) is not None or lone)
            ) or (after_gap and (len(cells) == 1 or _FOOT.fullmatch(cells[0]))):  # fmt: skip
                feet.append(i)
            elif len(cells) == 1 and row[0].strip() and (gap := _gap_above(body, i, usual)):
                feet += range(i, gap, -1)
            else:
                break
    below = set(feet)
    totals = [
        i for i, row in enumerate(body) if row[0][:1] in _TOTAL_STARTS and len(row[0]) < 40
        and i not in below and _is_total(row, body, i)
    ]  # fmt: skip
    gone = {i for i in (*feet, *totals) if _filled(body[i])}
    if gone:
        done = f"{len(gone)} row(s) of totals or below the table were left out"
        found.append(Finding("footer rows", name, len(gone), done))
        drop = gone | below
        return [row for i, row in enumerate(body) if i not in drop]
    return body


def _gap_above(body: Rows, i: int, usual: float) -> int:
    """Place of the empty row above a block of lone cells at the end; 0 if there is none."""
    while i > 0 and _filled(body[i]) == 1 < usual:
        i -= 1
    return i if i > 0 and not _filled(body[i]) else 0


def _is_total(row: Sequence[str], body: Rows, at: int) -> bool:
    """Whether a row says "total" and counts: numbers that their columns do not hold elsewhere."""
    filled = [(j, v.strip()) for j, v in enumerate(row) if v.strip()]
    if not filled or not _TOTAL.fullmatch(filled[0][1]):
        return False
    rest = filled[1:]
    if not rest:
        return True
    if not all(_COUNT.fullmatch(v) for _, v in rest):
        return False
    if any(" " in v and v[0].isdigit() for _, v in rest):  # "60 comments"
        return True
    first = filled[0][0]
    others = [r for i, r in enumerate(body) if i != at and not _TOTAL.fullmatch(r[first].strip())]
    return any(all(r[j].strip() != v for r in others) for j, v in rest)


def _drop_repeats(body: Rows, names: Sequence[str], name: str, found: list[Finding]) -> None:
    """Leave out rows that are the names again, as in files that were put one below another."""
    head = _folded(names)
    first = names[0] if names else ""
    same = [
        i for i, row in enumerate(body)
        if row[0] == first and _folded(row) == head
    ]  # fmt: skip
    if same and any(head):
        done = f"{len(same)} row(s) repeat the column names and were left out"
        found.append(Finding("repeated header", name, len(same), done))
        for i in reversed(same):
            del body[i]


def _folded(row: Sequence[str]) -> list[str]:
    """Cells without case and white space, up to the last that holds anything."""
    cells = [_plain(v).casefold() for v in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def named(names: list[str], columns: list[list[str]], name: str, found: list[Finding]) -> list[str]:
    """Make names differ: those given twice have their place; those missing, a number from 0."""
    twice = {n for n, times in Counter(names).items() if times > 1 and n}
    if twice:
        n = sum(v in twice for v in names)
        done = f"{n} columns share a name, and are called by it and their place, such as "
        i = next(i for i, v in enumerate(names) if v in twice)
        done += repr(f"{names[i]} (column {i + 1})")
        found.append(Finding("column names", name, n, done))
    out = [
        f"{v} (column {i + 1})" if v in twice else v or f"Unnamed: {i}" for i, v in enumerate(names)
    ]
    counted = columns[0] if columns and not names[0] else []
    if counted and counted in (_count(0, counted), _count(1, counted)):
        done = "its first column, which has no name, numbers the rows"
        found.append(Finding("row names", name, len(counted), done))
    return out


def _count(first: int, column: Sequence[str]) -> list[str]:
    return [str(i) for i in range(first, first + len(column))]
