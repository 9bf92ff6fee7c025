"""The figures of a paper and a notebook, from what may be shown; the report draws its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from iapt_topics.figures.agreement import agreement_figure, confusion_flow_figure
from iapt_topics.figures.ledger import ledger_figure
from iapt_topics.figures.shares import axis_figure, axis_plane_figure, changes_figure, drift_figure
from iapt_topics.figures.topics import mapping_figure, resolution_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from iapt_topics.publish.published import Version


def draw(version: Version) -> dict[str, Figure]:
    """Every figure for which there is a table, by name; what may not be shown is not drawn."""
    return {name: make() for name, make in figure_makers(version).items()}


def figure_makers(version: Version) -> dict[str, Callable[[], Figure]]:
    """What draws each figure for which there is a table, by the figure's name."""
    tables, waves, labels = version.tables, version.waves, version.labels
    totals = tables["ledger_totals"].set_index("status")["n"]
    out: dict[str, Callable[[], Figure]] = {
        "ledger": lambda: ledger_figure(tables["ledger"], tables["ledger_totals"], waves=waves),
        "prevalence": lambda: drift_figure(tables["drift_shares"], labels=labels, waves=waves),
    }
    changes = last_changes(tables["drift_changes"])
    if changes["estimate"].notna().any():
        out["changes"] = lambda: changes_figure(changes, labels=labels, waves=waves)
    if "axis_shares" in tables:
        out["poles"] = lambda: axis_figure(tables["axis_shares"], waves=waves)
        poles = tables["pole_shares"]
        shown = poles["estimate"].notna().groupby(poles["year"]).all()
        if shown.any():
            out["plane"] = lambda: axis_plane_figure(poles, labels=labels, waves=waves)
    themes = tables.get("agreement_themes")
    if themes is not None and len(themes):
        out["agreement"] = lambda: agreement_figure(themes, tables.get("people_themes"))
        if len(matches := tables["agreement_matches"]):
            reference, other = version.about.coders["agreement"]
            out["confusion"] = lambda: confusion_flow_figure(
                matches, labels=labels, reference=reference, other=other,
                n=themes["n"].max(), least=1,
            )  # fmt: skip
    if version.topic_names and len(tables["topic_scores"]):
        names = {t: f"{t}: {label}" for t, label in version.topic_names.items()}
        out["mapping"] = lambda: mapping_figure(
            tables["topic_scores"], topic_labels=names, labels=labels
        )
    if len(resolution := tables["topic_resolution"]):
        n, n_runs = totals.get("kept", 0), version.about.n_runs
        out["resolution"] = lambda: resolution_figure(resolution, n=n, n_runs=n_runs)
    return out


def last_changes(changes: pd.DataFrame) -> pd.DataFrame:
    """Changes of the last wave against the baseline."""
    rows = changes[changes["kind"] == "baseline"]
    last: pd.DataFrame = rows[rows["year"] == rows["year"].max()]
    return last
