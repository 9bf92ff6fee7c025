"""Two coders side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics._base.errors import require_columns
from iapt_topics.figures._style import (
    GREY,
    INK,
    MARKS,
    OKABE_ITO,
    SMALL,
    SUPPRESSED_MARK,
    WHISKERS,
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


def agreement_figure(themes: pd.DataFrame, benchmark: pd.DataFrame | None = None) -> Figure:
    """Draw a forest plot of F1 and kappa by theme, with the human-human benchmark if given.

    Parameters
    ----------
    themes : DataFrame
        ``themes`` of a comparison of machine and human codes, or the published ones. A theme
        without ``positives_reference`` is suppressed.
    benchmark : DataFrame, optional
        The same of one human coder against another: drawn as hollow diamonds.

    Returns
    -------
    matplotlib.figure.Figure
        Points are estimates, whiskers 95 % intervals.
    """
    rows = themes.reset_index(drop=True)
    columns = "theme label n positives_reference f1 f1_low f1_high kappa kappa_low kappa_high"
    need_rows(rows, "the comparison", columns)
    if benchmark is not None:
        require_columns(benchmark, ("theme", "f1", "kappa"), "the comparison of people")
    top = None if benchmark is None else benchmark.set_index("theme").reindex(rows["theme"])
    figure = new_figure(8, 0.27 * len(rows) + 1.3)
    pair = figure.subplots(1, 2, sharey=True)
    y = np.arange(len(rows))
    suppressed = rows["positives_reference"].isna().to_numpy()
    for ax, name, title, kind in zip(pair, ("f1", "kappa"), ("F1", "kappa"), (0, 1), strict=True):
        part = rows[[name, f"{name}_low", f"{name}_high"]].astype(float)
        part = part.set_axis(["estimate", "low", "high"], axis=1)[~suppressed & rows[name].notna()]
        if top is not None:
            look = {"s": 26, "facecolors": "none", "edgecolors": GREY, "label": "two human coders"}
            ax.scatter(top[name].where(~suppressed).astype(float), y, marker="D", zorder=2, **look)
        look = {"fmt": MARKS[kind], "color": OKABE_ITO[kind], "markersize": 4.5} | WHISKERS
        ax.errorbar(
            part["estimate"],
            y[part.index],
            xerr=arms(part),
            label="machine and human coder",
            **look,
        )
        for at in np.delete(y, part.index):
            ax.text(
                0.01, at, SUPPRESSED_MARK, fontsize=6.5, color=GREY, style="italic", va="center"
            )
        tidy(ax, "x")
        put_title(ax, f"{title} (n = {number(rows['n'].max())} responses)")
        ax.axvline(0, color=GREY, linewidth=0.8)
    lowest = float(
        np.nanmin(np.append(rows.loc[~suppressed, "kappa_low"].to_numpy(dtype=float), 0))
    )
    pair[0].set_xlim(-0.02, 1.02)
    pair[1].set_xlim(min(lowest, 0) - 0.02, 1.02)
    names = [
        f"{drawn_text(label, 40)} ({SUPPRESSED_MARK if out else int(n)})"
        for label, n, out in zip(
            rows["label"], rows["positives_reference"], suppressed, strict=True
        )
    ]
    pair[0].set_yticks(y, names)
    pair[0].set_ylim(len(rows) - 0.5, -0.5)
    if top is not None:
        entries = pair[0].get_legend_handles_labels()
        figure.legend(*entries, fontsize=SMALL, frameon=False, loc="outside lower center", ncols=2)
    return figure


def code_pairs(matches: pd.DataFrame, *, least: int = 10, most: int = 40) -> pd.DataFrame:
    """Select the commonest pairs of themes that two coders applied to the same responses.

    Parameters
    ----------
    matches : DataFrame
        ``matches`` of a comparison: ``reference_theme``, ``other_theme``, ``n_both``.
    least : int, default 10
        Fewest common responses of a pair.
    most : int, default 40
        Most pairs.

    Returns
    -------
    DataFrame
        Rows of ``matches``, the commonest first.
    """
    columns = ("reference_theme", "other_theme", "n_both")
    require_columns(matches, columns, "the pairs of themes")
    rows = matches[matches["n_both"] >= least]
    return rows.sort_values("n_both", ascending=False, kind="stable").head(most)


def confusion_flow_figure(
    matches: pd.DataFrame,
    *,
    labels: Mapping[str, str] | None = None,
    reference: str = "",
    other: str = "",
    n: float | None = None,
    least: int = 10,
    most: int = 40,
) -> Figure:
    """Draw a Sankey diagram from one coder's themes to the other's in the same responses.

    Parameters
    ----------
    matches : DataFrame
        ``matches`` of a comparison: ``reference_theme``, ``other_theme``, ``n_both``.
    labels : mapping of str to str, optional
        Labels of the themes, in the order to draw them; by default their ids by name.
    reference, other : str
        Names of the coders.
    n : float, optional
        Number of responses to print; "[c]" if it is missing.
    least : int, default 10
        Pairs of themes on fewer common responses are not drawn.
    most : int, default 40
        Draw no more than this many pairs, the commonest.

    Returns
    -------
    matplotlib.figure.Figure
        Bands are as wide as the number of responses with both themes.
    """
    pairs = code_pairs(matches, least=least, most=most)
    need_rows(pairs, f"the pairs of themes with {least} common responses or more")
    labels = labels or {}
    order = {theme: i for i, theme in enumerate(labels)}
    sides = []
    for column in ("reference_theme", "other_theme"):
        sums = pairs.groupby(column)["n_both"].sum()
        sides.append(sums.loc[sorted(sums.index, key=lambda t: (order.get(t, len(order)), str(t)))])
    gap = 0.012 * float(pairs["n_both"].sum())
    figure = new_figure(7.4, 0.27 * max(map(len, sides)) + 1.2)
    ax = figure.subplots()
    tops: list[dict[str, float]] = []
    for x, align, sums in ((0.0, "right", sides[0]), (1.0, "left", sides[1])):
        top, places = 0.0, {}
        for theme, both in sums.items():
            places[str(theme)] = top
            name = f"{drawn_text(labels.get(str(theme), theme), 34)} ({int(both):,})"
            ax.plot([x, x], [top, top + both], color=INK, linewidth=3, solid_capstyle="butt")
            nudge = -0.02 if align == "right" else 0.02
            ax.text(x + nudge, top + both / 2, name, fontsize=7, ha=align, va="center", color=INK)
            top += float(both) + gap
        tops.append(places)
    for row in pairs.sort_values(["reference_theme", "other_theme"]).to_dict("records"):
        a, b, both = str(row["reference_theme"]), str(row["other_theme"]), float(row["n_both"])
        ends = (0.005, tops[0][a]), (0.995, tops[1][b])
        draw_band(ax, *ends, (both, both), facecolor=OKABE_ITO[0 if a == b else 4], alpha=0.45)
        tops[0][a] += both
        tops[1][b] += both
    ax.set_xlim(-0.75, 1.75)
    ax.invert_yaxis()
    ax.set_axis_off()
    names = " and ".join(
        f"{drawn_text(name, 20)} ({side})"
        for name, side in ((reference or "reference", "left"), (other or "other", "right"))
    )
    size = "" if n is None else f", n = {number(n)} responses"
    put_title(ax, f"{names}{size}; blue: same theme")
    return figure
