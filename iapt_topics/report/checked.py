"""What the page says of changes that people's codes check, and of the people who recur."""

from __future__ import annotations

from typing import Any

from iapt_topics._base.status import SHOWN, UNEVEN
from iapt_topics.publish.published import Version
from iapt_topics.report import drift_grids
from iapt_topics.report import format as form
from iapt_topics.report.format import Grid


def panel(published: Version, last: int, names: dict[int, str]) -> dict[str, Any] | None:
    """Changes of the last year within the respondents of both years."""
    table = published.tables.get("panel_changes")
    if table is None:
        return None
    rows = table[(table["year"] == last) & (table["against"] == published.about.baseline)]
    rows = rows[rows["status"] == SHOWN]
    caption = f"{names[last]} against {names[published.about.baseline]}: the same respondents"
    grid = drift_grids.panel_grid(rows, published.labels, caption) if len(rows) else None
    return {"table": grid}


def trends(version: Version, n_years: int) -> dict[str, Grid | None]:
    """Trends of the coder's codes, and as corrected by people's; two years have none."""
    out: dict[str, Grid | None] = {"trends": None, "corrected_trends": None}
    coder = f"{version.about.coder_kind} codes"
    for name, whose in (("trends", coder), ("corrected_trends", "corrected")):
        table = version.tables.get("drift_trends" if name == "trends" else name)
        if table is not None and n_years > 2:
            out[name] = drift_grids.trends_grid(
                table, version.labels, version.waves, f"Trends over all years, {whose}"
            )
    return out


def left_private(published: Version) -> int:
    """Themes whose corrected figures cannot be published, for how the hand codes were drawn."""
    table = published.tables.get("corrected_shares")
    if table is None:
        return 0
    return int(table.loc[table["sample"] == UNEVEN, "theme"].nunique())


def errors(published: Version) -> dict[str, Any] | None:
    """Of how many themes the machine's error was tested, and of which it differs between years."""
    table = published.tables.get("error_by_year")
    shown = None if table is None else table[table["status"] == SHOWN]
    if shown is None or shown.empty:
        return None
    differ = shown.loc[shown["differs"] == "yes", "theme"]
    return {
        "n": len(shown),
        "differ": [form.label_of(published.labels, theme) for theme in differ],
    }
