"""The figures of the report, and of a paper: drawn once, from what may be shown."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iapt_topics import figures
from iapt_topics.publish.results import hidden_cells, hidden_themes
from iapt_topics.report import format as compute

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from iapt_topics.publish.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure in the page: its title, what it shows in words, and its data address."""

    title: str
    alt: str
    source: str
    table: compute.Grid | None = None


def draw(results: Results) -> dict[str, Figure]:
    """Every figure for which there is a result, by name; what may not be shown is not drawn."""
    r, out = results, {}
    waves, n = r.waves, r.n_kept
    out["rows"] = figures.flow_figure(
        r.responses, ledger=r.tables["ledger"], totals=r.tables["ledger_totals"]
    )
    if r.axis_drift is not None:
        gone = hidden_cells(r.axis_drift)
        out["axis"] = figures.axis_figure(r.axis_drift, hidden=gone, waves=waves)
    if r.pole_drift is not None:
        gone = hidden_cells(r.pole_drift)
        if set(r.pole_drift.years) - {y for _, y in gone}:
            out["plane"] = figures.axis_plane_figure(
                r.pole_drift,
                labels={p: r.frame[p].label for p in r.pole_drift.themes},
                hidden=gone,
                waves=waves,
            )
    if r.drift is not None:
        gone = hidden_cells(r.drift)
        out["drift"] = figures.drift_figure(r.drift, r.frame, hidden=gone, waves=waves)
    if r.comparison is not None and len(r.comparison.themes):
        few = hidden_themes(r.comparison)
        out["agreement"] = figures.agreement_figure(r.comparison, r.ceiling, hidden=few)
        if len(r.comparison.matches):
            out["coding_flow"] = figures.coding_flow_figure(r.comparison, r.frame, least=1)
    if r.topic_names and not r.mapping.scores.empty:
        names = {t: f"{t}: {label}" for t, label in r.topic_names.items()}
        out["mapping"] = figures.mapping_figure(r.mapping, labels=names)
    if len(r.topics.resolution):
        out["resolution"] = figures.resolution_figure(r.topics, n=n)
    return out


def data_address(figure: Figure) -> str:
    """The figure as an SVG that stands inside the page."""
    coded = base64.b64encode(figures.figure_bytes(figure)).decode("ascii")
    return f"data:image/svg+xml;base64,{coded}"
