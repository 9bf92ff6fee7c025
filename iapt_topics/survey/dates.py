"""Years and dates as people and programs write them: every reading that a cell can have."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

FIRST, LAST = 1900, 2100
#: Months by the first letters of their names, in English, German, French, Welsh, Spanish, Italian.
_MONTH = (
    r"(?:jan|feb|f\u00e9v|fev|mar|m\u00e4r|maw|apr|avr|abr|ebr|ma[iyg]|jun|juin|jui|giu|jul|lug|"
    r"aug|ao\u00fb|aou|ago|sep|set|oct|okt|ott|nov|dec|dez|d\u00e9c|dic|ion|chwe|meh|gor|aws|medi|"
    r"hyd|tach|rhag|ene)[^\W\d_]*\.?"
)
_CLOCK = r"(?:(?:,|\s+(?:at|um|om|kl\.?|\u00e0))?[ T]+\d{1,2}[:.h]\d{2}.*)?"
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,? +)?"
_DAY = r"\d{1,2}(?:st|nd|rd|th|\.|er|\u00ba)?"
_YEAR = re.compile(r"(\d{4})(?:\.0*)?")
_SHORT = re.compile(r"'?(\d{2})(?:\.0*)?")
_SCHOOL = r"(?:(?:FY|AY|SY|(?:financial|fiscal|academic|school|tax) year)[ :-]*)"
#: 2014/15, 2014-2015, 14/15, FY2014/15; with an en dash too.
_SPAN = re.compile(
    rf"{_SCHOOL}?'?(\d{{4}}|\d{{2}})\s*(?:[/\u2013\u2014-]|to)\s*'?(\d{{4}}|\d{{2}})"
    rf"(?: ?(?:FY|AY|financial year|academic year))?",
    re.IGNORECASE,
)
_SINGLE = re.compile(rf"{_SCHOOL}'?(\d{{4}}|\d{{2}})", re.IGNORECASE)
#: 2016-03-01 09:30, 1/3/2016, Thursday, 1 March 2016, March 1, 2016, March 2016, 2016-03.
_DATE = re.compile(
    rf"(\d{{4}})([-/.])(?:0?[1-9]|1[0-2])\2(?:[0-2]?\d|3[01])(?:{_CLOCK}|T.*)"
    rf"|(?:[0-2]?\d|3[01])([-/. ])(?:[0-2]?\d|3[01])\3(\d{{4}}){_CLOCK}"
    rf"|{_WEEKDAY}(?:{_DAY}[ -](?:de )?)?{_MONTH}(?:[ -]|,? |/| de )(\d{{4}}){_CLOCK}"
    rf"|{_WEEKDAY}{_MONTH} {_DAY},? (\d{{4}}){_CLOCK}"
    rf"|(\d{{4}})[-/.](?:0[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[-/.](\d{{4}})"
    rf"|(\d{{4}}) {_MONTH}|(\d{{4}})-{_MONTH}-{_DAY}",
    re.IGNORECASE | re.DOTALL,
)
_COMPACT = re.compile(r"(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:T?\d{4,6})?")
_SHORT_DATE = re.compile(
    rf"(?:[0-2]?\d|3[01])([-/.])(?:[0-2]?\d|3[01])\1(\d{{2}}){_CLOCK}"
    rf"|(?:{_DAY}[ -])?{_MONTH}[ '\u2019/-]+(\d{{2}}){_CLOCK}",
    re.IGNORECASE | re.DOTALL,
)
_QUARTER = re.compile(
    r"(?:(?P<a>.+?)[ /,-]*(?:Q[1-4]|(?:quarter|qtr) ?[1-4]|[1-4](?:st|nd|rd|th) quarter|T[1-3])"
    r"|(?:Q[1-4]|(?:quarter|qtr) ?[1-4])[ /,-]*(?P<b>.+))",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_NAMED = re.compile(
    r"(?:(?:early|mid|late|staff|annual|pulse|spring|summer|autumn|fall|winter|gwanwyn|haf|hydref|"
    r"gaeaf|survey|wave|round|phase|year|term|baseline|pre|post|follow-up|semester|easter|"
    r"christmas|[(),:/\u2013-]|[1-9])[ ,:-]*)*\(?((?:19|20)\d\d)\)?(?: (?:staff |pulse )?"
    r"(?:survey|wave|round|spring|summer|autumn|fall|winter))?",
    re.IGNORECASE,
)
_START = date(1899, 12, 30)  # day 0 of Excel's own calendar
_SEASONS = {
    "spring": 1, "gwanwyn": 1, "summer": 2, "haf": 2, "autumn": 3, "fall": 3, "hydref": 3,
    "winter": 4, "gaeaf": 4,
}  # fmt: skip
#: Words for what comes first, between and last.
_TURNS = (
    r"\b(?:baseline|before|pre|first|start|initial|cyn)\b",
    r"\b(?:during|mid|middle|second|interim)\b",
    r"\b(?:after|post|follow[- ]?up|last|end|final|ar \u00f4l)\b",
)
_MONTHS = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip


class Reading(NamedTuple):
    """A cell read in one way: its year, and what a person calls it."""

    year: int
    label: str


def next_year() -> int:
    """The last year that a survey can plausibly be of."""
    return date.today().year + 1


def readings(cell: str) -> dict[str, Reading]:
    """Every way to read a cell, by its kind; those of a year outside 1900 to 2100 are left out.

    The kinds are "year" (2016), "span" (2015/16, by its first year), "fy" (FY2016), "date" (any
    that has a year of four digits), "short" (16), "short date" (1/3/16, Mar-16; the year is last),
    "quarter" (2016 Q1), "serial" (42430, the days of a spreadsheet), "label" (Spring 2016).
    """
    found: dict[str, Reading] = {}

    def add(kind: str, year: int, label: str = "") -> None:
        if FIRST <= year <= LAST:
            found[kind] = Reading(year, label or str(year))

    if m := _YEAR.fullmatch(cell):
        add("year", int(m[1]))
    elif m := _SHORT.fullmatch(cell):
        add("short", century(m[1]))
    elif m := _COMPACT.fullmatch(cell):
        add("date", int(m[1]))
    elif m := _SERIAL.fullmatch(cell):
        day = _START + timedelta(days=int(m[1]))
        if 1990 <= day.year <= next_year():
            add("serial", day.year)
    if m := _SPAN.fullmatch(cell):
        first, last = (century(part) for part in m.groups())
        if last == first + 1:
            add("span", first, f"{first}/{last % 100:02d}")
    elif m := _SINGLE.fullmatch(cell):
        add("fy", century(m[1]), cell)
    if m := _DATE.fullmatch(cell):
        add("date", int(next(part for part in m.groups() if part and len(part) == 4)))
    elif m := _SHORT_DATE.fullmatch(cell):
        add("short date", century(m[2] or m[3]))
    if not found and (m := _QUARTER.fullmatch(cell)):
        of = readings(" ".join((m["a"] or m["b"]).split()))
        one = next((of[k] for k in ("year", "span", "fy", "short") if k in of), None)
        if one:
            add("quarter", *one)
    if not found and (m := _NAMED.fullmatch(cell)):
        add("label", int(m[1]), cell)
    return found


def years_first(cell: str) -> int:
    """Year of a date such as 16-03-01 if the first number can be that of a survey, else 0."""
    found = re.match(r"(\d\d)[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])(?!\d)", cell)
    year = century(found[1]) if found else 0
    return year if 1990 <= year <= next_year() else 0


def century(digits: str) -> int:
    """A year of four digits, or of two as of 1980 to 2079."""
    return int(digits) if len(digits) == 4 else int(digits) + (1900 if digits >= "80" else 2000)


def order_waves(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Labels of waves by the year in each, then by its quarter, season or month.

    Labels without a year are ordered by the one number in each, or by words such as before and
    after; if some have none of these, the order stays.

    Examples
    --------
    >>> order_waves(("Autumn 2017", "Spring 2018", "Spring 2017"))
    ('Spring 2017', 'Autumn 2017', 'Spring 2018')
    """
    keys = [_wave_key(v) for v in labels]
    if any(k is None for k in keys) or len({(k or ())[:1] for k in keys}) < 2:
        inside = [k for k in keys if k is not None and k[1]]
        if len(inside) < len(labels) or len(set(inside)) < len(labels):
            return labels
    ranked = sorted(zip(keys, range(len(labels)), strict=True), key=lambda pair: (pair[0], pair[1]))
    return tuple(labels[i] for _, i in ranked)


def _wave_key(label: str) -> tuple[int, float] | None:
    """Year and part of the year of a label; (0, number) of one with a number alone."""
    text = " ".join(label.casefold().split())
    part = 0.0
    if m := re.search(r"\bq(?:uarter)? ?([1-4])\b|([1-4])(?:st|nd|rd|th) quarter", text):
        part = int(m[1] or m[2]) * 3
    elif seasons := [v for k, v in _SEASONS.items() if re.search(rf"\b{k}\b", text)]:
        part = seasons[0] * 3
    elif m := re.search(rf"\b({'|'.join(_MONTHS)})", text):
        part = _MONTHS.index(m[1]) + 1
    elif m := re.search(r"\b(?:19|20)\d\d[-/](0[1-9]|1[0-2])\b(?![-/]?\d)", text):
        part = int(m[1])
    if m := re.search(r"(?<!\d)((?:19|20)\d\d)(?!\d)", text):
        return int(m[1]), part
    if m := re.search(r"(?:\b[fas]y ?|')(\d\d)\b|(?<!\d)(\d\d)/\d\d(?!\d)", text):
        return century(m[1] or m[2]), part
    numbers = re.findall(r"\d+", text)
    if len(numbers) == 1:
        return int(numbers[0]), part
    return next(((i, 0.0) for i, words in enumerate(_TURNS) if re.search(words, text)), None)


def have_years(labels: tuple[str, ...]) -> bool:
    """Whether every label of a wave has a year in it."""
    return all((_wave_key(v) or (0,))[0] >= FIRST for v in labels)


def wave_order_is_told(labels: tuple[str, ...]) -> bool:
    """Whether labels say their order by a year or number, or by words such as before and after."""
    return len({_wave_key(v) for v in labels} - {None}) == len(labels)
