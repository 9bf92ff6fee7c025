"""The figures of the report, and of a paper: drawn once, from what may be shown."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iapt_topics import figures
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
    r, waves = results, results.waves
    labels = {t.id: t.label for t in r.frame.themes}
    ledger, totals = r.tables["ledger"], r.tables["ledger_totals"]
    out = {"rows": figures.ledger_figure(ledger, totals, waves=waves)}
    if r.axis_drift is not None:
        out["axis"] = figures.axis_figure(r.axis_drift.shares, waves=waves)
    if r.pole_drift is not None:
        poles = r.pole_drift.shares
        if poles.groupby("year")["estimate"].count().eq(2).any():
            out["plane"] = figures.axis_plane_figure(poles, labels=labels, waves=waves)
    if r.drift is not None:
        out["drift"] = figures.drift_figure(r.drift.shares, labels=labels, waves=waves)
    if r.comparison is not None and len(r.comparison.themes):
        people = None if r.ceiling is None else r.ceiling.themes
        out["agreement"] = figures.agreement_figure(r.comparison.themes, people)
        if len(r.comparison.matches):
            c = r.comparison
            out["coding_flow"] = figures.confusion_flow_figure(
                c.matches, labels=labels, reference=c.reference, other=c.other, n=c.n, least=1
            )
    if r.topic_names and not r.mapping.scores.empty:
        names = {t: f"{t}: {label}" for t, label in r.topic_names.items()}
        out["mapping"] = figures.mapping_figure(r.mapping.scores, topics=names, themes=labels)
    if len(r.topics.resolution):
        out["resolution"] = figures.resolution_figure(
            r.topics.resolution, n=r.n_kept, n_runs=len(r.topics.runs)
        )
    return out


def data_address(figure: Figure) -> str:
    """The figure as an SVG that stands inside the page."""
    coded = base64.b64encode(figures.figure_bytes(figure)).decode("ascii")
    return f"data:image/svg+xml;base64,{coded}"
