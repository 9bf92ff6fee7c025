"""The figures of the report, and of a paper: drawn once, from what may be shown."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iapt_topics import figures
from iapt_topics.report import compute

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from iapt_topics.report.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure in the page: its title, what it shows in words, and its data address."""

    title: str
    alt: str
    source: str
    table: compute.Grid | None = None


def draw(results: Results) -> dict[str, Figure]:
    """Every figure for which there is a result, by name; what may not be shown is not drawn."""
    r, out = results, {"rows": figures.flow_figure(results.responses)}
    if r.axis_drift is not None:
        gone = r.axis_hidden | r.axis_thin
        out["axis"] = figures.axis_figure(r.axis_drift, hidden=gone, waves=r.waves)
        # Beside the classes, the share of a pole would give a hidden class of the year away.
        years = {year for _, year in gone}
        if r.pole_drift is not None and set(r.pole_drift.years) - years:
            out["plane"] = figures.axis_plane_figure(
                r.pole_drift,
                labels={p: r.frame[p].label for p in r.pole_drift.themes},
                hidden={("", y) for y in years},
                waves=r.waves,
            )
    if r.drift is not None:
        gone = r.hidden | r.thin
        out["drift"] = figures.drift_figure(r.drift, r.frame, hidden=gone, waves=r.waves)
    if r.comparison is not None and len(r.comparison.themes):
        few = r.pair_hidden | r.ceiling_hidden
        out["agreement"] = figures.agreement_figure(r.comparison, r.ceiling, hidden=few)
        limits: dict[str, Any] = {"least": r.min_cell, "hidden": few}
        if len(figures.code_pairs(r.comparison, **limits)):
            out["coding_flow"] = figures.coding_flow_figure(r.comparison, r.frame, **limits)
    if r.topic_names and not r.mapping.scores.empty:
        names = {t: f"{t}: {label}" for t, label in r.topic_names.items()}
        out["mapping"] = figures.mapping_figure(r.mapping, labels=names)
    if len(r.topics.resolution):
        out["resolution"] = figures.resolution_figure(r.topics)
    return out


def data_address(figure: Figure) -> str:
    """The figure as an SVG that stands inside the page."""
    coded = base64.b64encode(figures.figure_bytes(figure)).decode("ascii")
    return f"data:image/svg+xml;base64,{coded}"
