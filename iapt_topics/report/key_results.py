"""Key results: the first sheet of the workbook, for a manager, made of what is published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from iapt_topics._base.status import FEW, SHOWN
from iapt_topics._base.text import clean
from iapt_topics._base.workbook import Block
from iapt_topics.publish.number_formats import P_VALUE, PERCENT, WHOLE_POINTS
from iapt_topics.publish.workbook import SYMBOLS, write_published
from iapt_topics.report import format as form
from iapt_topics.report.changes import Change, theme_changes
from iapt_topics.report.findings import alerts, key_findings, validity
from iapt_topics.report.pictures import last_changes

if TYPE_CHECKING:
    from iapt_topics.publish.published import Published, Version

_NOTES = (
    "Prevalence is the share of coded responses with a theme. One response can have several.",
    "A change is the difference of two prevalences, in percentage points, with the lower and upper "
    "limit of its 95 % confidence interval. It is found if its p, adjusted for all themes, is "
    "below .05.",
    "Not checked: a change in machine codes alone, which no human codes of a random sample back. "
    "It can be the machine's error, and is not to be reported as a finding.",
    "Corrected: prevalence and change are corrected by human codes of a random sample.",
    "[few]: so few respondents that they are one value, none among them. [c]: "
    "suppressed, to protect respondents. Counts are rounded, so figures may not sum to totals.",
    "Every figure is from one of the other sheets; of these, the sheet dictionary describes every "
    "column. Their differences of shares are shown as % pts, percentage points.",
)


def write_results_workbook(path: str | Path, published: Published) -> Path:
    """Write the published tables as a workbook that begins with the key results.

    Parameters
    ----------
    path : str or Path
        An ``.xlsx`` file; without an ending, ``.xlsx`` is added.
    published : Published
        From :func:`iapt_topics.publish.publish`.
    """
    return write_published(path, published.cells, published.disclosure, key_results(published))


def key_results(version: Version) -> tuple[Block, ...]:
    """The sheet: what the study is, how far it was checked, the poles, every theme, notes.

    Parameters
    ----------
    version : Version
        Of which the tables are written.

    Returns
    -------
    tuple of Block
        Lines of text and two tables. A figure is a number as it stands in the tables, or the symbol
        of what is not shown.
    """
    badge, changes = validity(version), theme_changes(version)
    said = (_size(version), f"{badge.words}: {badge.figures}", version.disclosure.sentence)
    found = [*key_findings(version, changes), *(a.words for a in alerts(version))]
    made_up = "SYNTHETIC DATA: " if version.about.synthetic else ""
    title = f"{made_up}{clean(version.about.source)}, {_span(version)}"
    blocks = [
        Block(heading=title, names=(), rows=_lines(said)),
        Block(heading="Findings", names=(), rows=_lines(found)),
        _poles(version),
        theme_rows(version, changes),
        Block(heading="How to read this", names=(), rows=_lines(_NOTES)),
    ]
    return tuple(b for b in blocks if b is not None)


def _lines(texts: Any) -> tuple[tuple[str], ...]:
    return tuple((str(text).replace(form.NBSP, " "),) for text in texts)


def _span(version: Version) -> str:
    years = [version.wave(y) for y in version.about.years]
    return years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"


def _size(version: Version) -> str:
    totals = version.tables["ledger_totals"].set_index("status")["n"]
    kept, people = (form.count(totals.get(name)) for name in ("kept", "people"))
    return f"n = {kept} responses analysed, of {people} respondents (rounded)."


def _poles(version: Version) -> Block | None:
    """Both poles by wave and their difference; none without poles."""
    shares, gap = version.tables.get("pole_shares"), version.tables.get("pole_difference")
    if shares is None or gap is None:
        return None
    years = version.about.years
    figures = {(r["theme"], r["year"]): r for r in shares.to_dict("records")}
    rows: list[tuple[Any, ...]] = [
        (
            form.label_of(version.labels, pole), pole,
            *(cell(figures.get((pole, y)), "estimate") for y in years),
        )
        for pole in version.about.poles
    ]  # fmt: skip
    apart = {r["year"]: r for r in gap.to_dict("records")}
    one, two = (form.label_of(version.labels, p) for p in version.about.poles)
    for words, column in (
        (f"{two} minus {one}, share", "estimate"),
        ("  lower limit (95 % CI)", "low"),
        ("  upper limit (95 % CI)", "high"),
    ):
        rows.append((words, "", *(cell(apart.get(y), column) for y in years)))
    waves = tuple(version.wave(y) for y in years)
    return Block(
        heading=f"{one} and {two}", names=("Pole", "Id", *waves), rows=tuple(rows),
        formats=dict.fromkeys(waves, PERCENT),
    )  # fmt: skip


def theme_rows(version: Version, changes: list[Change]) -> Block | None:
    """Every codable theme: first and last prevalence, change, and what was found."""
    frame = version.tables["frame"]
    shares = version.tables["drift_shares"]
    known = set(shares["theme"])
    themes = [str(t) for t in frame["theme"] if t in known]
    first = version.about.baseline
    compared = last_changes(version.tables["drift_changes"])
    last = int(compared["year"].max()) if len(compared) else first
    figures = {(r["theme"], r["year"]): r for r in shares.to_dict("records")}
    of = {c.theme: c for c in changes}
    rows: list[tuple[Any, ...]] = []
    for theme in themes:
        label = form.label_of(version.labels, theme)
        found = of.get(theme)
        if found is not None:
            size, low, high = (100 * v for v in found.change)
            p = found.p if form.known(found.p) else form.DASH
            source = f"{version.about.coder_kind} codes"
            source += ", corrected by human codes" if found.corrected else ""
            rows.append((label, theme, found.first[0], found.last[0], size, low, high, p,
                         found.finding, source))  # fmt: skip
            continue
        ends = (cell(figures.get((theme, year)), "estimate") for year in (first, last))
        blank = (form.DASH,) * 4
        rows.append((label, theme, *ends, *blank, "no change can be shown", ""))
    if not rows:
        return None
    ends_named = [f"Prevalence {version.wave(y)}" for y in (first, last)]
    names: tuple[str, ...]
    names = ("Theme", "Id", *ends_named, "Change, points", "Lower limit", "Upper limit",
             "Adjusted p", "Finding", "Based on")  # fmt: skip
    if first == last:  # one wave has no change
        names, rows = names[:3], [row[:3] for row in rows]
    formats = dict.fromkeys(ends_named, PERCENT) | dict.fromkeys(names[4:7], WHOLE_POINTS)
    return Block(
        heading="Themes, in the order of the codebook", names=names, rows=tuple(rows),
        formats=formats | {"Adjusted p": P_VALUE},
    )  # fmt: skip


def cell(row: dict[Any, Any] | None, column: str) -> Any:
    """A figure of a table, or the symbol of what is not shown."""
    if row is None:
        return form.DASH
    if form.known(row[column]):
        return float(row[column])
    status = str(row.get("status", SHOWN))
    return SYMBOLS.get(status, form.DASH if status in (SHOWN, FEW) else status)
