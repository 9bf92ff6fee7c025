"""Words and tables of a paper in the form of the APA (7th ed.): what the report says, reset.

Statistics that cannot exceed 1 have no zero before the point, intervals stand in brackets, and a
per cent sign follows its number. Italics are the writer's work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from iapt_topics._base.status import FEW, SUPPRESSED
from iapt_topics._base.text import clean
from iapt_topics.report import format as form
from iapt_topics.report.format import Grid
from iapt_topics.report.grids import ledger_grid
from iapt_topics.report.key_results import cell, theme_rows

if TYPE_CHECKING:
    from iapt_topics.publish.published import Version
    from iapt_topics.report.changes import Change

_NUMBER = r"[+−-]?(?:\d|\.\d)[\d.,]*(?:[  ]%)?"
_INTERVAL = re.compile(f"95[\u00a0 ]%[\u00a0 ]CI[\u00a0 ]({_NUMBER}) to ({_NUMBER}(?<![.,]))")
#: What only people know, as it stands in a draft.
BLANK = "[to be written by the authors: {}]"


def blank(what: str) -> str:
    """A mark of what only people know."""
    return BLANK.format(what)


def apa(text: str) -> str:
    """A sentence of the report in the form of the APA.

    Examples
    --------
    >>> apa("41 % of responses (difference 22.6 points, 95 % CI 14.6 to 30.2).")
    '41% of responses (difference 22.6 points, 95% CI [14.6, 30.2]).'
    """
    text = _INTERVAL.sub(r"95% CI [\1, \2]", text)
    return re.sub("(?<=\\d)[\u00a0 ]%", "%", text).replace("\u00a0", " ")


def percent(share: Any) -> str:
    """A share as a percentage of the report, without its sign."""
    return form.percent(share).removesuffix(f"{form.NBSP}%")


def between(low: Any, high: Any, how: Any) -> str:
    """An interval in brackets; a dash if it is not known."""
    if not (form.known(low) and form.known(high)):
        return form.DASH
    return f"[{how(low)}, {how(high)}]"


def paper_tables(version: Version, changes: list[Change]) -> dict[str, Grid]:
    """Tables of the paper by name, in their order; those for which there is something to show."""
    tables = version.tables
    totals = tables["ledger_totals"].set_index("status")["n"].to_dict()
    out: dict[str, Grid | None] = {
        "rows": ledger_grid(tables["ledger"], totals, version.waves),
        "agreement": _agreement(version),
        "changes": _changes(version, changes),
        "waves": _waves(version),
    }
    return {name: _reset(grid, version) for name, grid in out.items() if grid is not None}


def _reset(grid: Grid, version: Version) -> Grid:
    """The table in the form of the APA, with what its symbols mean in the note."""
    rows = tuple(tuple(apa(clean(c)) for c in row) for row in grid.rows)
    cells = {c for row in rows for c in row}
    meanings = {
        form.SUPPRESSED_CELL: "suppressed, to protect respondents",
        "[few]": version.disclosure.few,
        form.DASH: "not available",
    }
    notes = [f"{symbol} = {means}." for symbol, means in meanings.items() if symbol in cells]
    return replace(
        grid,
        caption=apa(grid.caption),
        head=tuple(apa(h if h.startswith("p ") else h[:1].upper() + h[1:]) for h in grid.head),
        rows=rows,
        note=" ".join([apa(grid.note), *notes]).strip(),
    )


def _agreement(version: Version) -> Grid | None:
    """Agreement by theme: machine with people, beside two people."""
    themes = version.tables.get("agreement_themes")
    if themes is None or themes.empty:
        return None
    people = version.tables.get("people_themes")
    benchmark = {} if people is None else dict(zip(people["theme"], people["f1"], strict=True))
    one, two = (clean(c) for c in version.about.coders["agreement"])

    def row(r: Mapping[Any, Any]) -> tuple[str, ...]:
        cells = (
            form.count(r["positives_reference"]), form.count(r["positives_other"]),
            *(form.coefficient(r[c]) for c in ("precision", "recall", "f1")),
            between(r["f1_low"], r["f1_high"], form.coefficient),
            form.coefficient(r["kappa"]),
        )  # fmt: skip
        if r["status"] in (SUPPRESSED, FEW):
            mark = form.SUPPRESSED_CELL if r["status"] == SUPPRESSED else "[few]"
            cells = tuple(mark if c in (form.DASH, form.SUPPRESSED_CELL) else c for c in cells)
        if benchmark:
            cells += (form.coefficient(benchmark.get(r["theme"])),)
        return (clean(r["label"]), *cells)

    head = ["Theme", f"Coded by {one}", f"Coded by {two}", "Precision", "Recall", "F1", "95 % CI",
            "Kappa", *(["F1 of two people"] if benchmark else [])]  # fmt: skip
    n = form.count(themes["n"].max())
    return Grid(
        caption=f"Agreement by theme between {one} and {two}",
        head=tuple(head),
        rows=tuple(row(r) for r in themes.to_dict("records")),
        note=f"n = {n} responses coded by both. Counts are rounded. CI = confidence interval.",
    )


def _changes(version: Version, changes: list[Change]) -> Grid | None:
    """Prevalence of the first and the last wave, change, and what was found."""
    block = theme_rows(version, changes)
    if block is None:
        return None
    if len(block.names) == 3:  # one wave: its prevalence alone
        rows = tuple((str(label), _share(value)) for label, _, value in block.rows)
        head = ("Theme", f"{block.names[2]}, %")
        return Grid(caption="Prevalence of each theme", head=head, rows=rows)

    def row(cells: tuple[Any, ...]) -> tuple[str, ...]:
        label, _, first, last, size, low, high, p, finding, source = cells
        known = not isinstance(size, str)
        return (
            str(label), _share(first), _share(last),
            form.points(size / 100) if known else form.DASH,
            between(low / 100, high / 100, form.points) if known else form.DASH,
            form.DASH if isinstance(p, str) else form.p_value(p), str(finding),
            _whose(source),
        )  # fmt: skip

    any_corrected = any(c.corrected for c in changes)
    first, last = (name.removeprefix("Prevalence ") for name in block.names[2:4])
    return Grid(
        caption=f"Prevalence of each theme and its change, {first} to {last}",
        head=("Theme", f"{first}, %", f"{last}, %", "Change, points", "95 % CI", "p (adjusted)",
              "Finding", "Based on"),
        rows=tuple(row(cells) for cells in block.rows),
        note="Prevalence is the share of coded responses with the theme; a response can have "
        "several. p is adjusted over themes and waves (Benjamini-Hochberg). A change that human "
        "codes of a random sample do not back is not checked, and is not reported as found."
        + (" Corrected: machine codes, corrected by human codes." if any_corrected else ""),
    )  # fmt: skip


def _whose(source: str) -> str:
    """Of which codes a change is, in a word."""
    if "corrected" in source:
        return "corrected"
    return source.split()[0] if source else form.DASH


def _share(value: Any) -> str:
    return value if isinstance(value, str) else percent(value)


def _waves(version: Version) -> Grid | None:
    """Prevalence of each theme by wave."""
    shares, years = version.tables["drift_shares"], version.about.years
    if len(years) < 2:
        return None
    figures = {(r["theme"], r["year"]): r for r in shares.to_dict("records")}
    coded = set(shares["theme"])
    themes = [t for t in version.tables["frame"]["theme"] if t in coded]
    rows = [
        (
            form.label_of(version.labels, theme),
            *(_share(cell(figures.get((theme, y)), "estimate")) for y in years),
        )
        for theme in themes
    ]
    of = version.about.coder_kind
    return Grid(
        caption=f"Prevalence of each theme by wave ({of} codes), %",
        head=("Theme", *(version.wave(y) for y in years)),
        rows=tuple(rows),
        note=f"n = {', '.join(_bases(version))}.",
    )


def _bases(version: Version) -> list[str]:
    """Coded responses of each wave, as they are published."""
    bases = version.tables["drift_shares"].groupby("year")["n"].max()
    return [f"{form.count(bases.get(y))} ({version.wave(y)})" for y in version.about.years]
