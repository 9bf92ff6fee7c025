"""Tables of the report on the survey, the themes and the topics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from iapt_topics._base.text import clean
from iapt_topics.figures.ledger import STATUSES
from iapt_topics.report.charts.rows import interval_row
from iapt_topics.report.charts.svg import Scale
from iapt_topics.report.format import (
    DASH,
    SUPPRESSED_CELL,
    Grid,
    anchor,
    coefficient,
    count,
    format_integer,
    interval,
    known,
    label_of,
    one_decimal,
    p_value,
    percent,
    points,
)
from iapt_topics.report.grid import (
    Labels,
    Waves,
    make_grid,
    unless_suppressed,
    wave_name,
)


def ledger_grid(
    ledger: pd.DataFrame, totals: Mapping[Any, float], waves: Waves, *, exact: bool = False
) -> Grid:
    """What became of every row, by year."""
    table = ledger.pivot_table(index="year", columns="status", values="n", aggfunc="sum")
    table = table.reindex(columns=list(STATUSES), fill_value=0)
    # A sum that pandas makes of suppressed numbers would be 0.
    suppressed = set(ledger.loc[ledger["n"].isna(), "year"])
    table = table.fillna(0)
    rows = []
    for year, row in table.iterrows():
        cells = [*row, row.sum()]
        texts = (SUPPRESSED_CELL if year in suppressed else count(n) for n in cells)
        rows.append((wave_name(waves, int(str(year))), *texts))
    rows.append(("all years", *(count(totals.get(s, 0)) for s in (*STATUSES, "read"))))
    head = ("Year", *STATUSES.values(), "rows in the file")
    note = "" if exact else "Each count is rounded separately, so counts may not sum to totals."
    return Grid(caption="Rows of the file by year", head=head, rows=tuple(rows), note=note)


def share_chart(shares: pd.DataFrame, labels: Labels) -> Grid | None:
    """The prevalence of each theme that is shown, most frequent first: for the first screen."""
    rows = shares[shares["estimate"].notna()]
    if not (rows["estimate"] > 0).any():
        return None
    rows = rows.sort_values("estimate", ascending=False, kind="stable")
    scale = Scale(0.0, float(rows["high"].max()))
    return make_grid(
        rows,
        f"Prevalence of each theme (n\u00a0=\u00a0{count(rows['n'].max())})",
        ("Theme", partial(label_of, labels), "theme"),
        (
            f"0 to {percent(scale.high)}",
            lambda *figure: interval_row(scale, figure),
            *("estimate", "low", "high"),
        ),
        ("Prevalence", percent, "estimate"),
        ("95 % CI", interval, "low", "high"),
        links=tuple(anchor(t) for t in rows["theme"]),
    )


def theme_grid(rows: pd.DataFrame, frame: pd.DataFrame, labels: Labels) -> Grid:
    """The table of themes, most frequent first."""
    domains = {t: label_of(labels, d) for t, d in zip(frame["theme"], frame["domain"], strict=True)}
    status = dict(zip(frame["theme"], frame["provenance"], strict=True))
    rows = rows.sort_values("count", ascending=False, kind="stable")
    top = float(rows["high"].max()) if rows["high"].notna().any() else 1.0
    scale = Scale(0.0, top)

    def drawn(value: Any, low: Any, high: Any) -> str:
        return interval_row(scale, (value, low, high)) if known(value) and known(low) else ""

    return make_grid(
        rows,
        "Prevalence of each theme",
        ("Theme", partial(label_of, labels), "theme"),
        (f"0 to {percent(top)}", drawn, "estimate", "low", "high"),
        ("Domain", lambda t: domains.get(t, DASH), "theme"),
        ("Status", lambda t: status.get(t, DASH), "theme"),
        ("Responses", count, "count"),
        ("Out of", count, "n"),
        ("Prevalence", partial(unless_suppressed, percent), "status", "estimate"),
        ("95 % CI", interval, "low", "high"),
        links=tuple(anchor(t) for t in rows["theme"]),
        choices=(2, 3),
    )


def who_grid(who: pd.DataFrame, waves: Waves) -> Grid:
    """Respondent mix: a row for each level of a covariate, a column for each year."""
    years = sorted(who["year"].unique())
    rows = []
    for (name, level), part in who.groupby(["covariate", "level"], sort=False):
        cells = map(partial(unless_suppressed, percent), part["status"], part["estimate"])
        rows.append((clean(level), clean(name), *cells, p_value(part["p_bh"].iloc[0])))
    caption = "Respondent mix: share of the analysed responses"
    head = ("Level", "Covariate")
    return _tested_grid(caption, head, [wave_name(waves, y) for y in years], rows, (1,))


def how_grid(how: pd.DataFrame, waves: Waves) -> Grid:
    """Response quality: rows excluded, and the length of the rest."""
    rows = []
    for measure, part in how.groupby("measure", sort=False):
        words = measure == "words"
        printed = partial(unless_suppressed, one_decimal if words else percent)
        cells = map(printed, part["status"], part["estimate"])
        name = "words per analysed response (geometric mean)" if words else STATUSES[str(measure)]
        rows.append((name, *cells, p_value(part["p_bh"].iloc[0])))
    years = [wave_name(waves, y) for y in sorted(how["year"].unique())]
    return _tested_grid("Response quality: share of rows", ("Measure",), years, rows)


def _tested_grid(
    caption: str,
    start: tuple[str, ...],
    years: Sequence[str],
    rows: Iterable[tuple[str, ...]],
    choices: tuple[int, ...] = (),
) -> Grid:
    """A column for each year, and p of any difference last, which one year alone cannot have."""
    head = (*start, *years, "Adjusted p (any difference)")
    most = len(head) - (len(years) < 2)
    cut = tuple(row[:most] for row in rows)
    return Grid(caption=caption, head=head[:most], rows=cut, choices=choices)


def unassigned_grid(table: pd.DataFrame, waves: Waves) -> Grid:
    """Responses without a stable topic, by year."""
    return make_grid(
        table,
        "Responses without a stable topic (consensus support below 50\u00a0%)",
        ("Year", partial(wave_name, waves), "year"),
        ("Responses", count, "count"),
        ("Out of", count, "n"),
        ("Share", percent, "estimate"),
        ("95 % CI", interval, "low", "high"),
        (
            "Largest change in a topic’s share (points)",
            lambda v: points(v).lstrip("+"),
            "moves",
        ),
        note="Last column: the largest difference, over all topics, between three treatments of "
        "these responses: assigned to the nearest topic (as here), a separate group, or excluded.",
    )


def hierarchy_grid(hierarchy: pd.DataFrame) -> Grid:
    """Each broad topic with the fine ones in it."""
    rows: list[tuple[str, ...]] = []
    for _, part in hierarchy.groupby("broad"):
        fine = (f"{t}: {clean(name)}" for t, name in zip(part["topic"], part["label"], strict=True))
        size = part["n"].sum(skipna=False)
        again = coefficient(part["replicability"].iloc[0])
        rows.append((str(len(rows) + 1), "; ".join(fine), count(size), again))
    head = ("Broad topic", "Its topics", "Responses in them", "Other respondents (Jaccard)")
    return Grid(caption="Broad topics and the topics in each", head=head, rows=tuple(rows))


def coverage_grid(coverage: pd.DataFrame) -> Grid:
    """How many topics match each theme, the fewest first."""
    coverage = coverage.sort_values("n_topics", kind="stable")
    return make_grid(
        coverage,
        "Themes by number of matching topics",
        ("Theme", clean, "label"),
        ("Matching topics", str, "n_topics"),
        ("Responses in them", count, "count"),
        ("Share", percent, "estimate"),
        ("95 % CI", interval, "low", "high"),
        links=tuple(anchor(t) for t in coverage["theme"]),
    )


def resolution_grid(resolution: pd.DataFrame) -> Grid:
    """The numbers of topics that were tried."""
    return make_grid(
        resolution,
        "Numbers of topics tried",
        ("Topics", format_integer, "n_topics"),
        ("Agreement with the runs (ARI)", coefficient, "estimate"),
        ("Lowest", coefficient, "low"),
        ("Highest", coefficient, "high"),
        ("Other respondents (ARI)", coefficient, "replicability"),
        ("Consensus support", percent, "support"),
        ("Found again in the runs (Jaccard)", coefficient, "stability"),
        ("Smallest topic (responses)", count, "smallest"),
        ("Chosen", lambda v: "yes" if v else "", "chosen"),
    )


def runs_grid(runs: pd.DataFrame) -> Grid:
    """The runs behind the topics."""
    return make_grid(
        runs,
        "Clustering runs",
        ("Run", str, "run"),
        ("Seed", str, "seed"),
        ("Neighbours", str, "n_neighbors"),
        ("Smallest cluster", str, "min_cluster_size"),
        ("Clusters", str, "n_clusters"),
        ("Unassigned", percent, "unassigned"),
    )


def frame_grid(frame: pd.DataFrame, labels: Labels) -> Grid:
    """Every codable theme with its provenance, definition and source."""
    return make_grid(
        frame[frame["codable"]],
        "Themes, definitions and sources",
        ("Theme", clean, "label"),
        ("Domain", partial(label_of, labels), "domain"),
        ("Status", str, "provenance"),
        ("Definition", clean, "definition"),
        ("Source", clean, "source"),
    )


def settings_grid(settings: Sequence[tuple[str, str]]) -> Grid:
    """Settings and versions needed to run the analysis again."""
    rows = tuple((clean(a), clean(b)) for a, b in settings)
    return Grid(caption="Settings and versions", head=("Setting", "Value"), rows=rows)
