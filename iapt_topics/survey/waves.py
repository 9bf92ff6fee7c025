"""The column of the survey's year or wave: text in, whole numbers and labels out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from iapt_topics._base.errors import InputError, listed, require_names, suggestion

_FIRST, _LAST = 1900, 2100
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
_CLOCK = r"(?:[ T]+\d{1,2}:\d{2}.*)?"
_YEAR = re.compile(r"(\d{4})(?:\.0*)?")
_SHORT = re.compile(r"'?(\d{2})(?:\.0*)?")
#: 2014/15, 2014-2015, 14/15; with an en dash too.
_SPAN = re.compile(r"(\d{4}|\d{2})\s*[/\u2013-]\s*(\d{4}|\d{2})")
#: 2016-03-01 09:30, 1/3/2016, 1 March 2016, March 2016; which is day or month is not asked.
_DATE = re.compile(
    rf"(\d{{4}})[-/.]\d{{1,2}}[-/.]\d{{1,2}}{_CLOCK}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](\d{{4}}){_CLOCK}"
    rf"|(?:\d{{1,2}}(?:st|nd|rd|th)?[ -])?{_MONTH}[ -](\d{{4}})",
    re.IGNORECASE | re.DOTALL,
)
_DO = (
    "Write years as 2016 or 2015/16, or name the waves in their order: "
    "waves=('Baseline', 'Follow-up')."
)


def read_years(
    column: Sequence[str], what: str, waves: Sequence[str] = ()
) -> tuple[list[int], list[str], list[str]]:
    """Give each cell its year, or the place of its wave from 1.

    Parameters
    ----------
    column : sequence of str
    what : str
        For the errors.
    waves : sequence of str
        Labels in their order; if given, nothing else may stand in the column.

    Returns
    -------
    years : list of int
    labels : list of str
        What each year is called: "2016", "2015/16", or the wave's label.
    notes : list of str
        What was taken for what.
    """
    cells = [" ".join(c.split()) for c in column]
    blank = [i for i, c in enumerate(cells, start=1) if not c]
    if blank:
        raise InputError(
            what, "must have a year in each row", f"none in data row(s) {listed(blank)}",
            "Fill it in, or remove these rows and report how many.",
        )  # fmt: skip
    if waves:
        return *_places(cells, what, waves), []
    read = {c: _read(c) for c in dict.fromkeys(cells)}
    bad = [c[:40] for c, (year, _, _) in read.items() if not _FIRST <= year <= _LAST]
    if bad:
        n = sum(not _FIRST <= read[c][0] <= _LAST for c in cells)
        raise InputError(
            what, f"must contain years from {_FIRST} to {_LAST}",
            f"{n} other value(s): {listed(bad)}", _DO,
        )  # fmt: skip
    kinds: dict[str, list[str]] = {}
    for cell, (_, _, kind) in read.items():
        kinds.setdefault(kind, []).append(cell)
    if "span" in kinds and len(kinds) > 1:
        other = next(cells[0] for kind, cells in kinds.items() if kind != "span")
        raise InputError(
            what, "must be written in one way", f"{kinds['span'][0]!r} beside {other!r}", _DO
        )
    notes = []
    if "short" in kinds or any(len(c) < len("2014/5") for c in kinds.get("span", ())):
        shown = listed(f"{c} as {read[c][1]}" for c in cells if len(c) < len("2014/5"))
        notes.append(f"{what}: years of two digits are read as of 1980 to 2079: {shown}.")
    if "date" in kinds:
        notes.append(f"{what}: dates, such as {kinds['date'][0]!r}; their calendar year is taken.")
    return [read[c][0] for c in cells], [read[c][1] for c in cells], notes


def _read(cell: str) -> tuple[int, str, str]:
    """Year, label and form of a cell; the year is 0 if it is none."""
    if found := _YEAR.fullmatch(cell):
        return int(found[1]), found[1], "year"
    if found := _SHORT.fullmatch(cell):
        year = _century(found[1])
        return year, str(year), "short"
    if found := _SPAN.fullmatch(cell):
        first, last = (_century(part) for part in found.groups())
        return (first, f"{first}/{last % 100:02d}", "span") if last == first + 1 else (0, "", "")
    if found := _DATE.fullmatch(cell):
        digits = next(part for part in found.groups() if part)
        return int(digits), digits, "date"
    return 0, "", ""


def _century(digits: str) -> int:
    return int(digits) if len(digits) == 4 else int(digits) + (1900 if digits >= "80" else 2000)


def _places(cells: Sequence[str], what: str, waves: Sequence[str]) -> tuple[list[int], list[str]]:
    """Number the waves from 1 in the order given."""
    require_names(waves, "waves")
    labels = [" ".join(w.split()) for w in waves]
    place = {w.casefold(): i for i, w in enumerate(labels, start=1)}
    if len(place) < len(labels):
        raise InputError("waves", "must differ", listed(labels), "Name each wave once.")
    unknown = list(dict.fromkeys(c for c in cells if c.casefold() not in place))
    if unknown:
        hint = suggestion(unknown[0], labels)
        raise InputError(
            what, f"must contain only the waves {listed(labels, most=20)}", listed(unknown),
            f"{hint}Name every wave, in order.",
        )  # fmt: skip
    years = [place[c.casefold()] for c in cells]
    return years, [labels[y - 1] for y in years]
