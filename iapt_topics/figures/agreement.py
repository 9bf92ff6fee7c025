"""Two coders side by side."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics.figures._style import (
    GREY,
    INK,
    MARKS,
    OKABE_ITO,
    SMALL,
    arms,
    draw_band,
    drawn_text,
    need_rows,
    new_figure,
    put_title,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.frame.frame import ThemeFrame


def agreement_figure(
    comparison: Comparison,
    ceiling: Comparison | None = None,
    *,
    hidden: Collection[str] = (),
) -> Figure:
    """Forest plot of F1 and kappa per theme, with intervals and, if given, the human ceiling.

    Parameters
    ----------
    comparison : Comparison
        Machine against people.
    ceiling : Comparison, optional
        One person against another on the same themes: drawn as hollow diamonds.
    hidden : collection of str
        Theme ids whose values must not be drawn.
    """
    rows = comparison.themes.reset_index(drop=True)
    need_rows(rows, "the comparison")
    top = None if ceiling is None else ceiling.themes.set_index("theme").reindex(rows["theme"])
    figure = new_figure(8, 0.27 * len(rows) + 1.3)
    pair = figure.subplots(1, 2, sharey=True)
    y = np.arange(len(rows))
    gone = rows["theme"].isin(list(hidden)).to_numpy()
    for ax, name, title, kind in zip(pair, ("f1", "kappa"), ("F1", "kappa"), (0, 1), strict=True):
        part = pd.DataFrame(
            {"estimate": rows[name], "low": rows[f"{name}_low"], "high": rows[f"{name}_high"]}
        ).astype(float)
        shown = part["estimate"].notna().to_numpy() & ~gone
        if top is not None:
            ax.scatter(
                np.where(gone, np.nan, top[name].to_numpy(dtype=float)),
                y,
                marker="D",
                s=26,
                facecolors="none",
                edgecolors=GREY,
                label="two people",
                zorder=2,
            )
        ax.errorbar(
            part.loc[shown, "estimate"].to_numpy(dtype=float),
            y[shown],
            xerr=arms(part[shown]),
            fmt=MARKS[kind],
            color=OKABE_ITO[kind],
            markersize=4.5,
            elinewidth=1.2,
            capsize=2,
            label="machine and people",
            zorder=3,
        )
        for at in y[~shown]:
            ax.text(0.01, at, "not shown", fontsize=6.5, color=GREY, style="italic", va="center")
        tidy(ax, "x")
        put_title(ax, f"{title} (n = {comparison.n:,} responses)")
        ax.axvline(0, color=GREY, linewidth=0.8)
    lowest = float(np.nanmin(np.append(rows.loc[~gone, "kappa_low"].to_numpy(dtype=float), 0)))
    pair[0].set_xlim(-0.02, 1.02)
    pair[1].set_xlim(min(lowest, 0) - 0.02, 1.02)
    names = [
        f"{drawn_text(label, 40)} ({'few' if out else f'{int(n)}'})"
        for label, n, out in zip(rows["label"], rows["positives_reference"], gone, strict=True)
    ]
    pair[0].set_yticks(y, names)
    pair[0].set_ylim(len(rows) - 0.5, -0.5)
    handles, labels = pair[0].get_legend_handles_labels()
    if top is not None:
        figure.legend(
            handles, labels, fontsize=SMALL, frameon=False, loc="outside lower center", ncols=2
        )
    return figure


def code_pairs(
    comparison: Comparison, *, least: int = 10, most: int = 40, hidden: Collection[str] = ()
) -> pd.DataFrame:
    """Rows of ``comparison.matches`` to show: on ``least`` responses or more, commonest first."""
    rows = comparison.matches
    out = rows["reference_theme"].isin(list(hidden)) | rows["other_theme"].isin(list(hidden))
    rows = rows[~out & (rows["n_both"] >= least)]
    return rows.sort_values("n_both", ascending=False, kind="stable").head(most)


def coding_flow_figure(
    comparison: Comparison,
    frame: ThemeFrame | None = None,
    *,
    least: int = 10,
    most: int = 40,
    hidden: Collection[str] = (),
) -> Figure:
    """Flow from the themes that people gave to those that the machine gave the same responses.

    Parameters
    ----------
    comparison : Comparison
        From ``compare_codes``.
    frame : ThemeFrame, optional
        Gives the themes their labels and their order.
    least : int, default 10
        Pairs of themes on fewer common responses are not drawn.
    most : int, default 40
        Draw no more than this many pairs, the commonest.
    hidden : collection of str
        Themes that must not be drawn.
    """
    pairs = code_pairs(comparison, least=least, most=most, hidden=hidden)
    need_rows(pairs, f"the pairs of themes on {least} common responses or more")
    order = {t.id: i for i, t in enumerate(frame.themes)} if frame is not None else {}
    sides = []
    for column in ("reference_theme", "other_theme"):
        sums = pairs.groupby(column)["n_both"].sum()
        sides.append(sums.loc[sorted(sums.index, key=lambda t: (order.get(t, 0), str(t)))])
    gap = 0.012 * float(pairs["n_both"].sum())
    figure = new_figure(7.4, 0.27 * max(map(len, sides)) + 1.2)
    ax = figure.subplots()
    tops: list[dict[str, float]] = []
    for x, align, sums in ((0.0, "right", sides[0]), (1.0, "left", sides[1])):
        top, places = 0.0, {}
        for theme, n in sums.items():
            places[str(theme)] = top
            label = frame[str(theme)].label if frame is not None and theme in order else theme
            name = f"{drawn_text(label, 34)} ({int(n):,})"
            ax.plot([x, x], [top, top + n], color=INK, linewidth=3, solid_capstyle="butt")
            nudge = -0.02 if align == "right" else 0.02
            ax.text(x + nudge, top + n / 2, name, fontsize=7, ha=align, va="center", color=INK)
            top += float(n) + gap
        tops.append(places)
    for row in pairs.sort_values(["reference_theme", "other_theme"]).to_dict("records"):
        a, b, n = str(row["reference_theme"]), str(row["other_theme"]), float(row["n_both"])
        ends = (0.005, tops[0][a]), (0.995, tops[1][b])
        draw_band(ax, *ends, (n, n), facecolor=OKABE_ITO[0 if a == b else 4], alpha=0.45)
        tops[0][a] += n
        tops[1][b] += n
    ax.set_xlim(-0.75, 1.75)
    ax.invert_yaxis()
    ax.set_axis_off()
    names = " and ".join(
        f"{drawn_text(name, 20)} ({side})"
        for name, side in ((comparison.reference, "left"), (comparison.other, "right"))
    )
    put_title(ax, f"{names}, n = {comparison.n:,} responses; blue: the same theme")
    return figure
