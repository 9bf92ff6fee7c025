"""The change of each theme from the first to the last wave, as the report leads with it.

Where human codes of a random sample correct the machine's prevalence, the corrected change leads;
a change that rests on the machine's codes alone is not reported as found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from iapt_topics._base.status import CORRECTED, FELL, FEW, ROSE, SHOWN, UNCHECKED
from iapt_topics.report.format import (
    anchor,
    interval,
    known,
    label_of,
    percent,
    points,
)
from iapt_topics.report.pictures import last_changes

if TYPE_CHECKING:
    from iapt_topics.publish.published import Version

Figure = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One theme's change: prevalence of both waves, difference, and what may be said of it."""

    theme: str
    label: str
    first: Figure
    last: Figure
    #: Prevalence of both waves as it is printed.
    printed: tuple[str, str]
    change: Figure
    p: float
    smallest: float
    checked: str
    finding: str

    @property
    def corrected(self) -> bool:
        """Whether the figures are those corrected by human codes."""
        return self.checked == CORRECTED

    @property
    def significant(self) -> bool:
        """Whether the change was found: significant, and not by the machine's codes alone."""
        return self.finding in (ROSE, FELL)

    @property
    def anchor(self) -> str:
        """Id in the page of the theme's section."""
        return anchor(self.theme)

    @property
    def words(self) -> str:
        """What was found, with its size and interval."""
        size, low, high = self.change
        by = points(abs(size)).lstrip("+")
        return f"{self.finding} by {by} points (95\u00a0% CI {interval(low, high, points)})"

    @property
    def kind(self) -> str:
        """Class in the style: up, down, level, or alone for what people's codes do not check."""
        return {ROSE: "up", FELL: "down", UNCHECKED: "alone"}.get(self.finding, "level")


def theme_changes(version: Version) -> list[Change]:
    """Every theme whose change is shown, the largest rise first."""
    tables, baseline = version.tables, version.about.baseline
    machine = last_changes(tables["drift_changes"])
    if machine.empty:
        return []
    last = int(machine["year"].max())
    corrected = _shown(tables.get("corrected_changes"), last)
    shares = {name: _figures(tables.get(f"{name}_shares")) for name in ("drift", "corrected")}
    out = []
    for row in machine.to_dict("records"):
        theme = str(row["theme"])
        better = corrected.get(theme) if row["checked"] == CORRECTED else None
        of = shares["corrected" if better else "drift"]
        ends = [of.get((theme, year)) for year in (baseline, last)]
        source = better or row
        change = tuple(float(source[c]) for c in ("estimate", "low", "high"))
        if None in ends or not all(map(known, change)):
            continue
        first, final = _both(ends, change[0])  # type: ignore[arg-type]
        out.append(
            Change(
                theme=theme,
                label=label_of(version.labels, theme),
                first=first,
                last=final,
                printed=(ends[0][3], ends[1][3]),  # type: ignore[index]
                change=change,  # type: ignore[arg-type]
                p=float(source["p_bh"]),
                smallest=float(row["smallest_detectable"]),
                checked=str(row["checked"]),
                finding=str(source["finding"]),
            )
        )
    return sorted(out, key=lambda c: -c.change[0])


def _shown(table: pd.DataFrame | None, year: int) -> dict[str, dict[Any, Any]]:
    if table is None:
        return {}
    rows = table[(table["year"] == year) & (table["status"] == SHOWN)]
    return {str(r["theme"]): r for r in rows.to_dict("records")}


#: A figure, and how it is printed: one of few respondents by its note.
Shown = tuple[float, float, float, str]


def _figures(table: pd.DataFrame | None) -> dict[tuple[str, int], Shown]:
    """Each share that is shown or few, with its interval, by theme and year."""
    rows = () if table is None else table.to_dict("records")
    return {
        (str(r["theme"]), int(r["year"])): (r["estimate"], r["low"], r["high"], _printed(r))
        for r in rows
        if known(r["low"]) and known(r["high"])
    }


def _printed(row: dict[Any, Any]) -> str:
    return str(row["note"]) if row["status"] == FEW else percent(row["estimate"])


def _both(ends: list[Shown], change: float) -> tuple[Figure, Figure]:
    """Both prevalences; one of few respondents is the other less the change."""
    first, last = (e[0] for e in ends)
    first = first if known(first) else last - change
    last = last if known(last) else first + change
    return (first, *ends[0][1:3]), (last, *ends[1][1:3])
