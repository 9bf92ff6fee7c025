"""Shares by year, and what they go with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns
from iapt_topics._base.status import BY_PEOPLE, UNCHECKED
from iapt_topics.figures._style import (
    GREY,
    INK,
    MARKS,
    OKABE_ITO,
    SHARES,
    SMALL,
    SUPPRESSED_MARK,
    WHISKERS,
    arms,
    draw_series,
    drawn_text,
    is_suppressed,
    need_rows,
    new_figure,
    percent_axis,
    put_title,
    tidy,
    wave_name,
    year_ticks,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def drift_figure(
    shares: pd.DataFrame,
    *,
    themes: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    waves: Mapping[int, str] | None = None,
) -> Figure:
    """Draw the prevalence of each theme by year with 95 % intervals, in small multiples.

    Parameters
    ----------
    shares : DataFrame
        ``shares`` of a drift, or the published ones: ``theme``, ``year``, ``estimate``, ``low``,
        ``high``, ``n``. Where an estimate is missing though there is a base, a gap marked "[c]"
        stands in its place.
    themes : sequence of str, optional
        Theme ids to draw, in this order; all by default.
    labels : mapping of str to str, optional
        Label of each theme; its id by default.
    waves : mapping of int to str, optional
        What to call each year.

    Returns
    -------
    matplotlib.figure.Figure
        Points are proportions, whiskers 95 % intervals, n (responses coded) is under each year.

    Raises
    ------
    InputError
        If a theme is not in ``shares`` or there is none to draw.
    """
    require_columns(shares, SHARES.split(), "the shares")
    known = shares["theme"].unique().tolist()
    wanted = known if themes is None else list(themes)
    unknown = [t for t in wanted if t not in known]
    if unknown or not wanted:
        do = f"Choose from {listed(known, most=30)}."
        raise InputError("themes", "must name themes of the shares", listed(unknown), do)
    columns = min(3, len(wanted))
    rows = -(-len(wanted) // columns)
    figure = new_figure(2.7 * columns + 0.6, 1.1 * rows + 0.8)
    # Alike by hand: Matplotlib's shared axes look at every panel whenever one is drawn.
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    shown = shares[shares["theme"].isin(wanted) & shares["estimate"].notna()]
    top = 1.05 * np.nanmax(shown[["estimate", "high"]].to_numpy(dtype=float), initial=0.01)
    for i, (ax, theme) in enumerate(zip(axes, wanted, strict=False)):
        cells = shares[shares["theme"] == theme].sort_values("year")
        draw_series(ax, cells, 0, 0)
        tidy(ax)
        ax.set_ylim(0, top)
        percent_axis(ax)
        year_ticks(ax, cells, waves)
        ax.tick_params(axis="x", labelsize=6.5, labelbottom=i + columns >= len(wanted))
        ax.tick_params(axis="y", labelleft=i % columns == 0)
        for year in cells.loc[is_suppressed(cells), "year"]:
            look = {"ha": "center", "fontsize": 6, "color": GREY, "style": "italic"}
            ax.annotate(SUPPRESSED_MARK, (year, 0.04), xycoords=("data", "axes fraction"), **look)
        put_title(ax, drawn_text((labels or {}).get(theme, theme), 38))
    for ax in axes[len(wanted) :]:
        ax.set_axis_off()
    figure.supylabel("prevalence (share of responses)", fontsize=8, color=INK)
    return figure


def changes_figure(
    changes: pd.DataFrame,
    *,
    labels: Mapping[str, str] | None = None,
    waves: Mapping[int, str] | None = None,
) -> Figure:
    """Draw each theme's change of prevalence between two waves, the largest rise first.

    Parameters
    ----------
    changes : DataFrame
        Rows of one pair of waves of the changes of a drift: ``theme``, ``year``, ``against``,
        ``estimate``, ``low``, ``high``, ``p_bh``. A row without an estimate is left out, and
        counted in the title. With a column ``checked``, as in a study's tables, the title says of
        machine codes that they are not checked, or not corrected.
    labels : mapping of str to str, optional
        Label of each theme; its id by default.
    waves : mapping of int to str, optional
        What to call each year.

    Returns
    -------
    matplotlib.figure.Figure
        Points are changes in percentage points, whiskers 95 % confidence intervals; a filled point
        has an adjusted p below .05.
    """
    columns = "theme year against estimate low high p_bh"
    require_columns(changes, columns.split(), "the changes")
    rows = changes[changes["estimate"].notna()].sort_values("estimate", ascending=False)
    need_rows(rows, "the changes")
    now, then = (wave_name(waves, int(rows[c].iloc[0])) for c in ("year", "against"))
    figure = new_figure(7.4, 0.2 * len(rows) + 1.0)
    ax: Any = figure.subplots()
    ax.axvline(0, color=GREY, linewidth=0.8)  # first, so that it lies behind hollow points
    y = np.arange(len(rows))
    significant = (rows["p_bh"] < 0.05).to_numpy()
    for part, fill in ((significant, OKABE_ITO[0]), (~significant, "white")):
        look = {"fmt": "o", "color": OKABE_ITO[0], "markerfacecolor": fill, "markersize": 4.5}
        ax.errorbar(rows["estimate"][part], y[part], xerr=arms(rows[part]), **look | WHISKERS)
    names = [drawn_text((labels or {}).get(t, t), 34) for t in rows["theme"]]
    _frame_differences(ax, names, "change of prevalence")
    left_out = len(changes) - len(rows)
    gap = f"; {left_out} themes not shown" if left_out else ""
    put_title(ax, f"{now} against {then}{_whose(rows)}; filled: adjusted p < .05{gap}")
    return figure


def _whose(changes: pd.DataFrame) -> str:
    """Say of changes in machine codes that they are, if their table does."""
    if "checked" not in changes or (changes["checked"] == BY_PEOPLE).all():
        return ""
    alone = (changes["checked"] == UNCHECKED).all()
    return f", machine codes, {UNCHECKED if alone else 'uncorrected'}"


def axis_figure(
    shares: pd.DataFrame,
    *,
    labels: Mapping[str, str] | None = None,
    waves: Mapping[int, str] | None = None,
) -> Figure:
    """Draw the prevalence of either pole, both and neither by year, with 95 % intervals.

    Parameters
    ----------
    shares : DataFrame
        ``shares`` of the four classes of the axis (each response is in exactly one), as for
        :func:`drift_figure`; drawn in the order of the table.
    labels : mapping of str to str, optional
        Label of each class; its id by default.
    waves : mapping of int to str, optional
        What to call each year.

    Returns
    -------
    matplotlib.figure.Figure
        Points are proportions, whiskers 95 % intervals.
    """
    need_rows(shares, "the shares of the two poles", SHARES)
    classes = shares["theme"].unique().tolist()
    suppressed = is_suppressed(shares)
    figure = new_figure(7.4, 3.4)
    ax = figure.subplots()
    step = 0.6 / len(classes)
    for i, name in enumerate(classes):
        own = shares["theme"] == name
        shift = (i - (len(classes) - 1) / 2) * step
        label = drawn_text((labels or {}).get(name, name))
        label += " *" if (own & suppressed).any() else ""
        draw_series(ax, shares[own].sort_values("year"), shift, i % len(OKABE_ITO))
        ax.plot([], [], MARKS[i % 7], color=OKABE_ITO[i % 7], markersize=5, label=label)
    tidy(ax)
    percent_axis(ax)
    year_ticks(ax, shares, waves)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("prevalence (share of responses)", fontsize=8, color=INK)
    figure.legend(fontsize=8, frameon=False, loc="outside upper left", ncols=4)
    if suppressed.any():
        ax.set_xlabel(
            f"* {SUPPRESSED_MARK}: years without a mark are suppressed", fontsize=SMALL, color=GREY
        )
    return figure


def axis_plane_figure(
    shares: pd.DataFrame,
    *,
    labels: Mapping[str, str] | None = None,
    waves: Mapping[int, str] | None = None,
) -> Figure:
    """Draw the prevalence of one pole against that of the other, by year.

    Parameters
    ----------
    shares : DataFrame
        ``shares`` of :func:`iapt_topics.codes.pole_codes`, as for :func:`drift_figure`: two themes,
        the one across first. A year is drawn if both of its estimates are known.
    labels : mapping of str to str, optional
        Label of each pole; its id by default.
    waves : mapping of int to str, optional
        What to call each year.

    Returns
    -------
    matplotlib.figure.Figure
        Points are years, whiskers 95 % intervals, the dashed line equal prevalence.
    """
    require_columns(shares, SHARES.split(), "the shares of the two poles")
    poles = shares["theme"].unique().tolist()
    hidden = sorted(set(shares.loc[is_suppressed(shares), "year"]))
    shown = shares[~shares["year"].isin(hidden) & (shares["n"] > 0)].sort_values("year")
    need_rows(shown, "the years with both poles shown")
    if len(poles) != 2:
        do = "Use those of pole_codes."
        raise InputError("shares", "must be of two poles", listed(poles), do)
    across, up = (shown[shown["theme"] == t] for t in poles)
    figure = new_figure(6.4, 4.4)
    ax: Any = figure.subplots()
    x, y = (part["estimate"].to_numpy(dtype=float) for part in (across, up))
    ax.plot(x, y, color=GREY, linewidth=1, zorder=1)
    look = {"color": OKABE_ITO[0], "ecolor": OKABE_ITO[5], "markersize": 5, "elinewidth": 1}
    ax.errorbar(x, y, xerr=arms(across), yerr=arms(up), fmt=MARKS[0], zorder=2, **look)
    names = [wave_name(waves, int(year)) for year in across["year"]]
    for i, at in enumerate(zip(x, y, strict=True)):
        # Left and right by turns, since neighbouring years lie near each other.
        nudge, side = ((7, 5), "left") if i % 2 else ((-7, 5), "right")
        ax.annotate(names[i], at, nudge, textcoords="offset points", fontsize=8, color=INK, ha=side)
    ax.axline((0, 0), slope=1, color=GREY, linewidth=0.8, linestyle="--", zorder=0)
    for part, set_limits in ((across, ax.set_xlim), (up, ax.set_ylim)):
        low, high = float(part["low"].min()), float(part["high"].max())
        set_limits(max(0, low - 0.02), high + 0.02)
    tidy(ax, "both")
    percent_axis(ax, "x")
    percent_axis(ax)
    sizes = ", ".join(f"{k} {int(n):,}" for k, n in zip(names, across["n"], strict=True))
    first, second = (drawn_text((labels or {}).get(t, t)) for t in poles)
    ax.set_xlabel(f"responses mentioning {first}\nn: {sizes}", fontsize=8, color=INK)
    ax.set_ylabel(f"responses mentioning {second}", fontsize=8, color=INK)
    gap = " Some years are suppressed." if hidden else ""
    put_title(ax, f"On the diagonal both are mentioned equally often.{gap}")
    return figure


def effects_figure(effects: pd.DataFrame, *, theme: str) -> Figure:
    """Draw the average marginal effects on one theme, in percentage points.

    Parameters
    ----------
    effects : DataFrame
        From ``theme_regression``.
    theme : str
        The theme to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Points are effects in percentage points, whiskers 95 % intervals.
    """
    columns = "theme covariate level reference n estimate low high"
    require_columns(effects, columns.split(), "the effects")
    rows = effects[effects["theme"] == theme].reset_index(drop=True)
    need_rows(rows, f"the effects on {theme!r}")
    figure = new_figure(6.4, 0.27 * len(rows) + 1.1)
    ax: Any = figure.subplots()
    y = np.arange(len(rows))
    known = rows["estimate"].notna().to_numpy()
    look = {"fmt": "o", "color": OKABE_ITO[0], "markersize": 4.5} | WHISKERS
    ax.errorbar(rows["estimate"][known], y[known], xerr=arms(rows[known]), **look)
    for at in y[~known]:
        ax.text(0, at, " not estimable", fontsize=6.5, color=GREY, style="italic", va="center")
    ax.axvline(0, color=GREY, linewidth=0.8)
    cells = rows[["covariate", "level", "reference", "n"]].itertuples(index=False)
    names = [drawn_text(f"{c}: {level} against {r} (n={n})", 58) for c, level, r, n in cells]
    _frame_differences(ax, names, "average marginal effect")
    put_title(ax, drawn_text(theme, 50))
    return figure


def _frame_differences(ax: Any, names: Sequence[str], what: str) -> None:
    """Name the rows of a forest plot of differences, from the top, and its axis of points."""
    ax.set_yticks(np.arange(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    tidy(ax, "x")
    percent_axis(ax, "x")
    ax.set_xlabel(f"{what}, percentage points", fontsize=8, color=INK)
