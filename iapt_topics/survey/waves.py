"""The column of the survey's year or wave: text in, whole numbers and labels out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from iapt_topics._base.errors import InputError, listed, require_names, suggestion
from iapt_topics._base.findings import Finding
from iapt_topics.survey.dates import (
    FIRST,
    LAST,
    Reading,
    have_years,
    next_year,
    order_waves,
    readings,
    years_first,
)

_DO = (
    "Write years as 2016 or 2015/16, or name the waves in their order: --wave for each "
    "(waves=('Baseline', 'Follow-up'))."
)
#: Ways to read a column, in the order in which they are tried.
_KINDS = ("year", "span", "fy", "date", "short", "short date", "quarter", "serial", "label")
_SAID = {
    "date": "dates, such as {0!r}; their calendar year is taken",
    "short": "years of two digits are read as of 1980 to 2079: {1}",
    "short date": "dates whose year has two digits and stands last: {1}; their year is taken",
    "quarter": "quarters, such as {0!r}; their year is taken. To keep them apart, name them as "
    "waves",
    "serial": "serial numbers, which Excel keeps for dates: {1}; the calendar year is taken",
}
_WORDS = {
    "year": "years of four digits", "span": "financial or academic years",
    "fy": "single years of that kind",
    "date": "dates", "short": "years of two digits", "short date": "dates with short years",
    "quarter": "quarters", "serial": "serial numbers of dates", "label": "names with a year",
}  # fmt: skip
_ANONYMOUS = "1980-01-01"  # of LimeSurvey


def read_years(
    column: Sequence[str], what: str, waves: Sequence[str] = ()
) -> tuple[list[int], list[str], list[Finding]]:
    """Give each cell its year, or the place of its wave from 1.

    Parameters
    ----------
    column : sequence of str
    what : str
        For the errors.
    waves : sequence of str
        Labels in their order; if given, nothing else may stand in the column. Labels that all have
        a year in them are put in the order of these years.

    Returns
    -------
    years : list of int
    labels : list of str
        What each year is called: "2016", "2015/16", or the wave's label.
    findings : list of Finding
        What was taken for what.

    Raises
    ------
    InputError
        If a cell is blank or no year, or no one reading fits all cells.
    """
    cells = [" ".join(c.split()) for c in column]
    if not cells:
        return [], [], []
    blank = [i for i, c in enumerate(cells, start=1) if not c]
    if blank:
        raise InputError(
            what, "must have a year in each row", f"none in data row(s) {listed(blank)}",
            "Fill it in, or remove these rows and report how many.",
        )  # fmt: skip
    if waves:
        return _places(cells, what, waves)
    read = {c: readings(c) for c in dict.fromkeys(cells)}
    kind, second = _one_reading(read, cells, what)
    anonymous = sum(c.startswith(_ANONYMOUS) for c in cells)
    if anonymous:
        raise InputError(
            what, "must say when a response was given",
            f"{anonymous} of {_ANONYMOUS}, which LimeSurvey writes into an anonymised survey",
            "Name the column of the wave, or add one.",
        )  # fmt: skip
    if kind == "label":
        _require_one_label(read, what)
    if kind == "short date":
        _require_year_last(read, what)
    found = []
    if kind in _SAID or any(kind == "span" and len(c) < len("2014/5") for c in cells):
        shown = listed(dict.fromkeys(f"{c} as {read[c][kind].label}" for c in cells))
        said = _SAID.get(kind, _SAID["short"]).format(cells[0], shown)
        found.append(Finding("years", what, len(cells), said))
    if second:
        done = f"{cells[0]!r} and the others could be months as well; they are read as years"
        found.append(Finding("years", what, len(cells), done))
    years = [read[c][kind].year for c in cells]
    odd = [y for y in years if not 1990 <= y <= next_year()]
    if odd:
        done = (
            f"{len(odd)} row(s) are of years in which few surveys are: {listed(sorted(set(odd)))}"
        )
        found.append(Finding("years", what, len(odd), done))
    return years, [read[c][kind].label for c in cells], found


def _one_reading(
    read: Mapping[str, Mapping[str, Reading]], cells: Sequence[str], what: str
) -> tuple[str, str]:
    """The kind by which all cells can be read, and another by which they can be as well."""
    fits = [k for k in _KINDS if all(k in v for v in read.values())]
    if fits:
        return fits[0], fits[1] if len(fits) > 1 else ""
    bad = [c for c, v in read.items() if not v]
    if bad:
        n = sum(c in set(bad) for c in cells)
        raise InputError(
            what, f"must contain years from {FIRST} to {LAST}",
            f"{n} other value(s): {listed(c[:40] for c in bad)}", _DO,
        )  # fmt: skip
    times = Counter(k for c in cells for k in read[c])
    most = max(_KINDS, key=lambda k: times[k])
    other = next(c for c, v in read.items() if most not in v)
    one = next(c for c, v in read.items() if most in v)
    if "span" in read[other]:
        one, other = other, one
    kinds = {_WORDS[next(k for k in _KINDS if k in read[c])] for c in (one, other)}
    do = f"The notations are {' and '.join(sorted(kinds))}. {_DO}" if len(kinds) > 1 else _DO
    raise InputError(what, "must be written in one way", f"{one!r} beside {other!r}", do)


def _require_one_label(read: Mapping[str, Mapping[str, Reading]], what: str) -> None:
    """Labels such as "Spring 2016" are years only if no year has two of them."""
    of: dict[int, str] = {}
    for cell, kinds in read.items():
        first = of.setdefault(kinds["label"].year, cell)
        if first.casefold() != cell.casefold():
            raise InputError(
                what, "must have one label for each year", f"{first!r} and {cell!r}",
                "Name the waves in their order: --wave for each (waves=(...)).",
            )  # fmt: skip


def _require_year_last(read: Mapping[str, Mapping[str, Reading]], what: str) -> None:
    """Dates such as 16-03-01 are refused if the year may well stand first."""
    first = {years_first(c) for c in read}
    last = {v["short date"].year for v in read.values()}
    if 0 not in first and len(first) < len(last):
        one = next(iter(read))
        raise InputError(
            what, "must have dates that can be read in one way only",
            f"{one!r}, of {read[one]['short date'].year} or of {years_first(one)}",
            "Write years with four digits.",
        )  # fmt: skip


def _places(
    cells: Sequence[str], what: str, waves: Sequence[str]
) -> tuple[list[int], list[str], list[Finding]]:
    """Number the waves from 1 in the order given, or in that of the years in their labels."""
    require_names(waves, "waves")
    labels = [" ".join(w.split()) for w in waves]
    found = []
    if len({w.casefold() for w in labels}) < len(labels):
        raise InputError("waves", "must differ", listed(labels), "Name each wave once.")
    ordered = list(order_waves(tuple(labels))) if have_years(tuple(labels)) else labels
    if ordered != labels:
        done = f"the waves were put in the order of the years in their names: {listed(ordered, 20)}"
        found.append(Finding("years", what, len(labels), done))
        labels = ordered
    place = {w.casefold(): i for i, w in enumerate(labels, start=1)}
    unknown = list(dict.fromkeys(c for c in cells if c.casefold() not in place))
    if unknown:
        hint = suggestion(unknown[0], labels)
        raise InputError(
            what, f"must contain only the waves {listed(labels, most=20)}", listed(unknown),
            f"{hint}Name every wave, in order.",
        )  # fmt: skip
    years = [place[c.casefold()] for c in cells]
    return years, [labels[y - 1] for y in years], found
