"""Topics: their themes, their number, their years."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.errors import require_columns
from iapt_topics.figures._style import (
    GREY,
    INK,
    OKABE_ITO,
    SMALL,
    arms,
    draw_band,
    drawn_text,
    need_rows,
    new_figure,
    number,
    put_title,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def mapping_figure(
    scores: pd.DataFrame,
    *,
    topic_labels: Mapping[int, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure:
    """Draw a heat map of relevance scores by topic and theme; matched pairs are outlined.

    Parameters
    ----------
    scores : DataFrame
        Scores of a mapping: ``topic``, ``theme``, ``score``, ``chosen``, ``n``.
    topic_labels : mapping of int to str, optional
        What to call each topic, and which to draw; by default all, by number and n.
    labels : mapping of str to str, optional
        Labels of the themes, in the order to draw them; by default their ids, as in the table.

    Returns
    -------
    matplotlib.figure.Figure
        Rows are topics, columns themes, colours relevance scores.
    """
    from matplotlib.patches import Rectangle

    sizes_too = ("n",) if topic_labels is None else ()
    require_columns(scores, ("topic", "theme", "score", "chosen", *sizes_too), "the mapping")
    if topic_labels is not None:
        scores = scores[scores["topic"].isin(list(topic_labels))]
    need_rows(scores, "the mapping")
    grid = scores.pivot(index="topic", columns="theme", values="score")
    labels = labels or {}
    grid = grid[list(dict.fromkeys([*(t for t in labels if t in grid), *scores["theme"]]))]
    if topic_labels is None:
        sizes = scores.groupby("topic")["n"].max()
        topic_labels = {int(str(t)): f"Topic {t} (n={n:.0f})" for t, n in sizes.items()}
    high, wide = grid.shape
    figure = new_figure(min(3.2 + 0.32 * wide, 11), 0.26 * high + 2.6)
    ax: Any = figure.subplots()
    mesh = ax.pcolormesh(grid.to_numpy(dtype=float), cmap="cividis", edgecolors="white", lw=0.4)
    chosen = scores[scores["chosen"].astype(bool)]
    for topic, theme in zip(chosen["topic"], chosen["theme"], strict=True):
        at = (list(grid.columns).index(theme), list(grid.index).index(topic))
        ax.add_patch(Rectangle(at, 1, 1, fill=False, edgecolor=OKABE_ITO[1], linewidth=1.8))
    names = [drawn_text(labels.get(str(t), t), 34) for t in grid.columns]
    slant = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(np.arange(wide) + 0.5, names, **slant)
    ax.set_yticks(np.arange(high) + 0.5, [drawn_text(topic_labels[int(t)], 44) for t in grid.index])
    ax.invert_yaxis()
    ax.tick_params(labelsize=7, length=0, colors=INK)
    ax.spines[:].set_visible(False)
    bar = figure.colorbar(mesh, ax=ax, shrink=0.7, pad=0.01)
    bar.ax.tick_params(labelsize=7)
    bar.set_label(f"relevance score (n = {len(grid)} topics)", fontsize=7.5, color=INK)
    return figure


def resolution_figure(
    resolution: pd.DataFrame, *, n: float | None = None, n_runs: int | None = None
) -> Figure:
    """Draw agreement, consensus support, replicability and smallest size by number of topics.

    Parameters
    ----------
    resolution : DataFrame
        ``resolution`` of topics, or the published one.
    n : float, optional
        Number of responses to print; "[c]" if it is missing.
    n_runs : int, optional
        Number of runs to print; by default the ``n`` of the table.

    Returns
    -------
    matplotlib.figure.Figure
        Measures by number of topics, on a logarithmic axis; the chosen number is marked.
    """
    columns = "n_topics estimate low high replicability support stability smallest chosen n"
    need_rows(resolution, "the resolutions", columns)
    rows = resolution.sort_values("n_topics")
    figure = new_figure(6, 4)
    ax, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    x = rows["n_topics"].to_numpy(dtype=float)
    agree = rows["estimate"].to_numpy(dtype=float)
    look = {"color": OKABE_ITO[0], "marker": "o", "markersize": 4, "capsize": 2, "linewidth": 1}
    ax.errorbar(x, agree, yerr=arms(rows), label="agreement with the runs (ARI)", **look)
    for column, marker, label in (
        ("support", "s", "consensus support"),
        ("replicability", "v", "other respondents (ARI)"),
        ("stability", "^", "topics found again in the runs (Jaccard)"),
    ):
        ax.plot(x, rows[column], marker=marker, markersize=4, linewidth=0.8, color=INK, label=label)
    best = rows["chosen"].to_numpy(dtype=bool)
    ax.plot(x[best], agree[best], "D", color=OKABE_ITO[1], markersize=8, label="chosen", zorder=4)
    ax.set_ylabel("from 0 to 1", fontsize=8, color=INK)
    # Below: among the lines there is not always room.
    figure.legend(loc="outside lower center", ncols=2, fontsize=SMALL, frameon=False)
    below.plot(x, rows["smallest"], marker="o", markersize=3, linewidth=0.8, color=INK)
    below.set_ylabel("smallest topic", fontsize=8, color=INK)
    below.set_xlabel("number of topics", fontsize=8, color=INK)
    for panel in (ax, below):
        panel.set_xscale("log")
        panel.set_xticks(x, [f"{v:.0f}" for v in x])
        panel.minorticks_off()
        tidy(panel)
    size = "" if n is None else f"n = {number(n)} responses, "
    put_title(ax, f"{size}{number(rows['n'].max() if n_runs is None else n_runs)} runs")
    return figure


def plain_runs_figure(runs: pd.DataFrame, pairs: pd.DataFrame) -> Figure:
    """Draw how far plain BERTopic runs agree with each other, and how many topics each has.

    Parameters
    ----------
    runs, pairs : DataFrame
        Tables of :func:`iapt_topics.topics.plain_runs`.

    Returns
    -------
    matplotlib.figure.Figure
        A square of adjusted Rand indices, runs with their number of topics and of unassigned
        responses at the side.
    """
    need_rows(runs, "the runs", "run n_topics unassigned n")
    need_rows(pairs, "the pairs of runs", "first second ari")
    names = runs["run"].tolist()
    grid = np.full((len(names), len(names)), np.nan)
    for first, second, ari in pairs[["first", "second", "ari"]].itertuples(index=False, name=None):
        i, j = names.index(first), names.index(second)
        grid[i, j] = grid[j, i] = ari
    figure = new_figure(0.62 * len(names) + 3.2, 0.5 * len(names) + 1.4)
    ax: Any = figure.subplots()
    ax.imshow(grid, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for i, j in zip(*np.nonzero(~np.isnan(grid)), strict=True):
        ink = "black" if grid[i, j] > 0.6 else "white"
        ax.text(j, i, f"{grid[i, j]:.2f}", ha="center", va="center", fontsize=SMALL, color=ink)
    rows = runs[["run", "n_topics", "unassigned"]].itertuples(index=False, name=None)
    side = [f"{name}: {n} topics, {missed:.0%} unassigned" for name, n, missed in rows]
    ax.set_yticks(range(len(names)), side)
    ax.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    ax.tick_params(labelsize=SMALL, length=0, colors=INK)
    ax.spines[:].set_visible(False)
    put_title(ax, f"Agreement between runs (adjusted Rand index), n = {number(runs['n'].max())}")
    return figure


def topic_tracking_figure(
    topics: pd.DataFrame, links: pd.DataFrame, windows: pd.DataFrame
) -> Figure:
    """Draw the topics of each year as bars of their prevalence, joined where matched.

    Parameters
    ----------
    topics, links, windows : DataFrame
        Tables of ``topic_tracking``. A "+" stands before a topic that is shown to be new, a "-"
        after one that is shown to have disappeared, "?" at an unmatched topic that is neither.

    Returns
    -------
    matplotlib.figure.Figure
        Columns are years, heights of bars proportions of responses.
    """
    from matplotlib.patches import Rectangle

    need_rows(topics, "the topics of each year", "year topic estimate before after label")
    columns = ("year", "against", "topic", "topic_against", "matched")
    require_columns(links, columns, "the links of topics")
    need_rows(windows, "the windows", "year n")
    years = list(dict.fromkeys(topics["year"].tolist()))
    figure = new_figure(2.3 * len(years) + 0.8, 5.2)
    ax = figure.subplots()
    bars: dict[tuple[int, int], tuple[float, float]] = {}
    for x, year in enumerate(years):
        top = 0.0
        rows = topics[topics["year"] == year]
        for row in rows.to_dict("records"):
            high = float(row["estimate"])
            bars[year, row["topic"]] = (top, high)
            box = Rectangle((x, top), 0.4, high, facecolor=OKABE_ITO[5], edgecolor="white")
            ax.add_patch(box)
            before = {"new": "+ ", "unmatched": "? "}.get(row["before"], "")
            after = {"gone": " -", "unmatched": " ?"}.get(row["after"], "")
            name = f"{before}{drawn_text(row['label'], 22)}{after}"
            ax.text(x + 0.2, top + high / 2, name, fontsize=6, ha="center", va="center", color=INK)
            top += high + 0.015
    for link in links.to_dict("records"):
        (low_a, high_a), (low_b, high_b) = (
            bars[link[y], link[t]] for y, t in (("against", "topic_against"), ("year", "topic"))
        )
        a, b = years.index(link["against"]) + 0.4, years.index(link["year"])
        style = {"alpha": 0.35} if link["matched"] else {"alpha": 0.15, "hatch": "///"}
        draw_band(ax, (a, low_a), (b, low_b), (high_a, high_b), facecolor=GREY, **style)
    sizes = windows.set_index("year")["n"]
    ax.set_xticks(np.arange(len(years)) + 0.2, [f"{y}\nn={int(sizes[y])}" for y in years])
    ax.set_xlim(-0.3, len(years) - 0.3)
    ax.set_ylim(max(a + b for a, b in bars.values()) + 0.02, -0.02)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.tick_params(labelsize=SMALL, colors=INK, length=0)
    put_title(ax, "Height: share of responses. Hatched: link besides the best one-to-one match.")
    return figure
