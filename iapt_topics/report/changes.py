"""The change of each theme from the first to the last wave, as the report leads with it.

Where human codes of a random sample correct the machine's prevalence, the corrected change leads;
a change that rests on the machine's codes alone is not reported as found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from iapt_topics._base.status import CORRECTED, FELL, ROSE, SHOWN, UNCHECKED
from iapt_topics.report.format import known, label_of
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
        out.append(
            Change(
                theme=theme,
                label=label_of(version.labels, theme),
                first=ends[0],  # type: ignore[arg-type]
                last=ends[1],  # type: ignore[arg-type]
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


def _figures(table: pd.DataFrame | None) -> dict[tuple[str, int], Figure]:
    """Each share that is shown, with its interval, by theme and year."""
    rows = () if table is None else table.to_dict("records")
    figures = {
        (str(r["theme"]), int(r["year"])): (r["estimate"], r["low"], r["high"]) for r in rows
    }
    return {key: figure for key, figure in figures.items() if all(map(known, figure))}
