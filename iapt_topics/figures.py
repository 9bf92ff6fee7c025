"""Results in, matplotlib figures out: one style, colour-blind-safe, and never a chart without n.

Every function returns a :class:`matplotlib.figure.Figure` and neither shows nor saves it. Save with
``figure.savefig("drift.svg")``. The palette is that of Okabe and Ito (2008), "Color Universal
Design"; marks differ in shape as well as in colour.

The ``hidden`` arguments name cells that must not be drawn (disclosure control): they appear as a
gap with a note, and nothing of their value is in the figure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._checks import InputError, listed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from iapt_topics.agreement import Comparison
    from iapt_topics.drift import Drift
    from iapt_topics.flow import TopicFlow
    from iapt_topics.frame import ThemeFrame
    from iapt_topics.mapping import TopicMapping
    from iapt_topics.responses import Responses
    from iapt_topics.topics import Topics

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK, FAINT, GREY = "#1f2a33", "#d9dee3", "#66727d"
STATUSES = {
    "kept": "kept",
    "blank": "blank",
    "non_answer": "no real answer",
    "too_short": "no words, or too few",
    "duplicate": "copy of own text",
    "not_codable": "other language or too long",
}
_MARKS = ("o", "s", "D", "^", "v", "P", "X")
_SMALL = 7.5


def _text(value: object, most: int = 60) -> str:
    """Make ``value`` safe to draw: no control characters, no mathematics, not too long."""
    plain = "".join(c if c.isprintable() else " " for c in str(value))
    plain = re.sub(r"\s+", " ", plain).strip()
    plain = plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"
    return plain.replace("$", r"\$")


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def _tidy(ax: Any, grid: str = "y") -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(labelsize=_SMALL, colors=INK, length=2)
    ax.grid(axis=grid, color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)


def _title(ax: Any, text: str) -> None:
    ax.set_title(text, fontsize=8.5, loc="left", color=INK)


def _percent(ax: Any, axis: str = "y") -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    part = ax.yaxis if axis == "y" else ax.xaxis
    part.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    part.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f} %"))


def _need_rows(table: pd.DataFrame, what: str) -> None:
    if table.empty:
        raise InputError(what, "must have at least one row", "none", "Draw it once there are some.")


def _arms(rows: pd.DataFrame) -> Any:
    """Lengths (2, n) of the whiskers; an interval that is not known has none."""
    mid = rows["estimate"].to_numpy(dtype=float)
    low = mid - rows["low"].to_numpy(dtype=float)
    high = rows["high"].to_numpy(dtype=float) - mid
    return np.nan_to_num(np.clip(np.vstack([low, high]), 0, None))


def _series(ax: Any, rows: pd.DataFrame, shift: float, hidden: set[int], kind: int) -> None:
    """Draw one share by year, broken where a year is hidden."""
    drawn = rows.copy()
    gone = drawn["year"].isin(list(hidden))
    drawn.loc[gone, ["estimate", "low", "high"]] = np.nan
    x = drawn["year"].to_numpy(dtype=float) + shift
    ax.plot(x, drawn["estimate"], color=OKABE_ITO[kind], linewidth=1, alpha=0.6, zorder=2)
    kept = drawn[drawn["estimate"].notna()]
    ax.errorbar(
        kept["year"].to_numpy(dtype=float) + shift,
        kept["estimate"].to_numpy(dtype=float),
        yerr=_arms(kept),
        fmt=_MARKS[kind],
        color=OKABE_ITO[kind],
        markersize=4,
        elinewidth=1.2,
        capsize=2,
        zorder=3,
    )


def _year_ticks(ax: Any, rows: pd.DataFrame) -> None:
    per_year = rows.groupby("year")["n"].max()
    years = [int(y) for y in per_year.index]
    ax.set_xticks(years, [f"{y}\nn={int(n)}" for y, n in zip(years, per_year, strict=True)])
    ax.set_xlim(min(years) - 0.5, max(years) + 0.5)


def drift_figure(
    drift: Drift,
    frame: ThemeFrame | None = None,
    themes: Sequence[str] | None = None,
    *,
    hidden: Collection[tuple[str, int]] = (),
) -> Figure:
    """Share of responses per theme and year, one small panel per theme.

    Parameters
    ----------
    drift : Drift
        From ``measure_drift``.
    frame : ThemeFrame, optional
        Gives the themes their labels; without it their ids are shown.
    themes : sequence of str, optional
        Theme ids to draw, in this order; all by default.
    hidden : collection of (theme, year)
        Cells not to draw: a gap marked "hidden" stands in their place.

    Returns
    -------
    matplotlib.figure.Figure
        Points are shares, whiskers their intervals, n (responses coded) is under each year.

    Raises
    ------
    InputError
        If a theme is not in ``drift`` or there is none to draw.
    """
    wanted = list(drift.themes if themes is None else themes)
    unknown = [t for t in wanted if t not in drift.themes]
    if unknown or not wanted:
        raise InputError(
            "themes",
            "must name themes of the drift result",
            listed(unknown),
            f"Choose from {listed(drift.themes, most=30)}.",
        )
    columns = min(3, len(wanted))
    rows = -(-len(wanted) // columns)
    figure = _figure(2.7 * columns + 0.6, 1.45 * rows + 0.8)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for i, (ax, theme) in enumerate(zip(axes, wanted, strict=False)):
        cells = drift.shares[drift.shares["theme"] == theme].sort_values("year")
        gone = {int(y) for t, y in hidden if t == theme}
        _series(ax, cells, 0, gone, 0)
        _tidy(ax)
        _percent(ax)
        _year_ticks(ax, cells)
        ax.tick_params(axis="x", labelsize=6.5, labelbottom=i + columns >= len(wanted))
        for year in sorted(gone):
            ax.annotate(
                "hidden",
                (year, 0.04),
                xycoords=("data", "axes fraction"),
                ha="center",
                fontsize=6,
                color=GREY,
                style="italic",
            )
        _title(ax, _text(frame[theme].label if frame is not None else theme, 38))
    for ax in axes[len(wanted) :]:
        ax.set_axis_off()
    axes[0].set_ylim(bottom=0)
    figure.supylabel("share of responses", fontsize=8, color=INK)
    return figure


def axis_figure(axis_drift: Drift, *, hidden: Collection[tuple[str, int]] = ()) -> Figure:
    """Share of responses about one pole of the frame, the other, both or neither, by year.

    Parameters
    ----------
    axis_drift : Drift
        Drift of the four classes of the axis (each response is in exactly one).
    hidden : collection of (theme, year)
        Cells not to draw.
    """
    classes = axis_drift.themes
    _need_rows(axis_drift.shares, "the shares of the two poles")
    figure = _figure(7.4, 3.4)
    ax = figure.subplots()
    step = 0.6 / max(len(classes), 1)
    for i, name in enumerate(classes):
        rows = axis_drift.shares[axis_drift.shares["theme"] == name].sort_values("year")
        gone = {int(y) for t, y in hidden if t == name}
        shift = (i - (len(classes) - 1) / 2) * step
        label = _text(name) + (" *" if gone else "")
        _series(ax, rows, shift, gone, i % len(OKABE_ITO))
        ax.plot([], [], _MARKS[i % 7], color=OKABE_ITO[i % 7], markersize=5, label=label)
    _tidy(ax)
    _percent(ax)
    _year_ticks(ax, axis_drift.shares)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("share of responses", fontsize=8, color=INK)
    figure.legend(fontsize=8, frameon=False, loc="outside upper left", ncols=4)
    if hidden:
        ax.set_xlabel("* years without a mark are hidden", fontsize=_SMALL, color=GREY)
    return figure


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
    _need_rows(rows, "the comparison")
    top = None if ceiling is None else ceiling.themes.set_index("theme").reindex(rows["theme"])
    figure = _figure(8, 0.27 * len(rows) + 1.3)
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
            xerr=_arms(part[shown]),
            fmt=_MARKS[kind],
            color=OKABE_ITO[kind],
            markersize=4.5,
            elinewidth=1.2,
            capsize=2,
            label="machine and people",
            zorder=3,
        )
        for at in y[~shown]:
            ax.text(0.01, at, "not shown", fontsize=6.5, color=GREY, style="italic", va="center")
        _tidy(ax, "x")
        _title(ax, f"{title} (n = {comparison.n} responses)")
        ax.axvline(0, color=GREY, linewidth=0.8)
    lowest = float(np.nanmin(np.append(rows.loc[~gone, "kappa_low"].to_numpy(dtype=float), 0)))
    pair[0].set_xlim(-0.02, 1.02)
    pair[1].set_xlim(min(lowest, 0) - 0.02, 1.02)
    names = [
        f"{_text(label, 40)} ({'few' if out else f'{int(n)}'})"
        for label, n, out in zip(rows["label"], rows["positives_reference"], gone, strict=True)
    ]
    pair[0].set_yticks(y, names)
    pair[0].set_ylim(len(rows) - 0.5, -0.5)
    handles, labels = pair[0].get_legend_handles_labels()
    if top is not None:
        figure.legend(
            handles, labels, fontsize=_SMALL, frameon=False, loc="outside lower center", ncols=2
        )
    return figure


def mapping_figure(mapping: TopicMapping, *, labels: Mapping[int, str] | None = None) -> Figure:
    """Heat map of how near each topic is to each theme; chosen pairs are outlined.

    Parameters
    ----------
    mapping : TopicMapping
        From ``map_topics``.
    labels : mapping of int to str, optional
        What to call each topic, and which to draw; by default all, by number and n.
    """
    from matplotlib.patches import Rectangle

    scores = mapping.scores
    if labels is not None:
        scores = scores[scores["topic"].isin(list(labels))]
    _need_rows(scores, "the mapping")
    grid = scores.pivot(index="topic", columns="theme", values="score")
    ids = {t.id: i for i, t in enumerate(mapping.frame.themes)}
    grid = grid[sorted(grid.columns, key=lambda t: ids.get(str(t), len(ids)))]
    sizes = scores.groupby("topic")["n"].max()
    if labels is None:
        labels = {int(str(t)): f"Topic {t} (n={n:.0f})" for t, n in sizes.items()}
    high, wide = grid.shape
    figure = _figure(min(3.2 + 0.32 * wide, 11), 0.26 * high + 2.6)
    ax = figure.subplots()
    mesh = ax.pcolormesh(grid.to_numpy(dtype=float), cmap="cividis", edgecolors="white", lw=0.4)
    chosen = scores[scores["chosen"].astype(bool)]
    for topic, theme in zip(chosen["topic"], chosen["theme"], strict=True):
        at = (list(grid.columns).index(theme), list(grid.index).index(topic))
        ax.add_patch(Rectangle(at, 1, 1, fill=False, edgecolor=OKABE_ITO[1], linewidth=1.8))
    ax.set_xticks(
        np.arange(wide) + 0.5,
        [_text(mapping.frame[str(t)].label, 34) for t in grid.columns],
        rotation=45,
        ha="right",
        rotation_mode="anchor",
    )
    ax.set_yticks(np.arange(high) + 0.5, [_text(labels[int(t)], 44) for t in grid.index])
    ax.invert_yaxis()
    ax.tick_params(labelsize=7, length=0, colors=INK)
    ax.spines[:].set_visible(False)
    bar = figure.colorbar(mesh, ax=ax, shrink=0.7, pad=0.01)
    bar.ax.tick_params(labelsize=7)
    bar.set_label(f"nearness (n = {len(grid)} topics)", fontsize=7.5, color=INK)
    return figure


def resolution_figure(topics: Topics) -> Figure:
    """Agreement, support, reappearance and smallest size for each number of topics tried."""
    rows = topics.resolution.sort_values("n_topics")
    _need_rows(rows, "the resolutions")
    figure = _figure(6, 4)
    ax, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    x = rows["n_topics"].to_numpy(dtype=float)
    agree = rows["estimate"].to_numpy(dtype=float)
    ax.errorbar(
        x,
        agree,
        yerr=_arms(rows),
        color=OKABE_ITO[0],
        marker="o",
        markersize=4,
        capsize=2,
        linewidth=1,
        label="agreement with the runs (ARI)",
    )
    for column, marker, label in (
        ("support", "s", "support of the responses"),
        ("reappears", "^", "topics reappear (Jaccard)"),
    ):
        ax.plot(x, rows[column], marker=marker, markersize=4, linewidth=0.8, color=INK, label=label)
    best = rows["chosen"].to_numpy(dtype=bool)
    ax.plot(x[best], agree[best], "D", color=OKABE_ITO[1], markersize=8, label="chosen", zorder=4)
    ax.set_ylabel("from 0 to 1", fontsize=8, color=INK)
    ax.legend(fontsize=_SMALL, frameon=False)
    below.plot(x, rows["smallest"], marker="o", markersize=3, linewidth=0.8, color=INK)
    below.set_ylabel("smallest topic", fontsize=8, color=INK)
    below.set_xlabel("number of topics", fontsize=8, color=INK)
    for panel in (ax, below):
        panel.set_xscale("log")
        panel.set_xticks(x, [f"{v:.0f}" for v in x])
        panel.minorticks_off()
        _tidy(panel)
    _title(ax, f"n = {len(topics.assignments)} responses, {len(topics.runs)} runs")
    return figure


def flow_figure(responses: Responses) -> Figure:
    """What became of every row of the file, as a flow from those read to those analysed by year."""
    ledger = responses.ledger
    _need_rows(ledger, "the ledger")
    by_status = ledger.groupby("status")["n"].sum()
    kept = ledger[ledger["status"] == "kept"].groupby("year")["n"].sum()
    kept = kept[kept > 0]
    figure = _figure(7.4, 3.1)
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)

    def box(x: float, y: float, text: str, size: float = 8.5, **more: Any) -> None:
        frame = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": GREY}
        ax.text(x, y, text, fontsize=size, color=INK, va="center", ha="center", bbox=frame, **more)

    def arrow(start: tuple[float, float], end: tuple[float, float]) -> None:
        style = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", end, start, arrowprops=style, zorder=0)

    left = 0.24
    arrow((left, 0.9), (left, 0.62))
    arrow((left, 0.72), (0.5, 0.72))
    arrow((left, 0.5), (left, 0.33))
    box(left, 0.9, f"read\nn = {int(ledger['n'].sum()):,}")
    out = [(name, int(by_status.get(s, 0))) for s, name in STATUSES.items() if s != "kept"]
    lines = [f"not analysed: n = {sum(n for _, n in out):,}", *(f"  {k}: {n:,}" for k, n in out)]
    box(0.7, 0.72, "\n".join(lines), 8, multialignment="left")
    box(left, 0.5, f"analysed\nn = {int(kept.sum()):,}")
    ax.plot([0.04, 0.96], [0.33, 0.33], color=GREY, linewidth=1, zorder=0)
    places = np.linspace(0.06, 0.94, len(kept)) if len(kept) > 1 else [left]
    size = 8 if len(kept) < 10 else 72 / len(kept)
    for x, (year, n) in zip(places, kept.items(), strict=True):
        arrow((float(x), 0.33), (float(x), 0.2))
        label = _text(responses.wave_labels.get(int(str(year)), year), 12)
        box(float(x), 0.12, f"{label}\nn = {int(n):,}", size)
    return figure


def topic_flow_figure(flow: TopicFlow) -> Figure:
    """Draw the topics of each year as bars of their share, joined where they were matched.

    Parameters
    ----------
    flow : TopicFlow
        From ``topic_flow``. A "+" stands before a topic that is shown to be new, a "-" behind one
        that is shown to be gone; "?" at a topic without a partner that is not.
    """
    from matplotlib.patches import PathPatch, Rectangle
    from matplotlib.path import Path

    _need_rows(flow.topics, "the topics of each year")
    years = list(dict.fromkeys(flow.topics["year"].tolist()))
    figure = _figure(2.3 * len(years) + 0.8, 5.2)
    ax = figure.subplots()
    bars: dict[tuple[int, int], tuple[float, float]] = {}
    for x, year in enumerate(years):
        top = 0.0
        rows = flow.topics[flow.topics["year"] == year]
        for row in rows.to_dict("records"):
            high = float(row["estimate"])
            bars[year, row["topic"]] = (top, high)
            box = Rectangle((x, top), 0.4, high, facecolor=OKABE_ITO[5], edgecolor="white")
            ax.add_patch(box)
            before = {"new": "+ ", "unmatched": "? "}.get(row["before"], "")
            after = {"gone": " -", "unmatched": " ?"}.get(row["after"], "")
            name = f"{before}{_text(row['label'], 22)}{after}"
            ax.text(x + 0.2, top + high / 2, name, fontsize=6, ha="center", va="center", color=INK)
            top += high + 0.015
    for link in flow.links.to_dict("records"):
        (low_a, high_a), (low_b, high_b) = (
            bars[link[y], link[t]] for y, t in (("against", "topic_against"), ("year", "topic"))
        )
        a, b = years.index(link["against"]) + 0.4, years.index(link["year"])
        m = (a + b) / 2
        at = [(a, low_a), (m, low_a), (m, low_b), (b, low_b), (b, low_b + high_b)]
        at += [(m, low_b + high_b), (m, low_a + high_a), (a, low_a + high_a), (a, low_a)]
        curve = Path.CURVE4
        codes = [Path.MOVETO, curve, curve, curve, Path.LINETO, curve, curve, curve, Path.CLOSEPOLY]
        style = {"alpha": 0.35} if link["matched"] else {"alpha": 0.15, "hatch": "///"}
        ax.add_patch(PathPatch(Path(at, codes), facecolor=GREY, edgecolor="none", **style))
    sizes = flow.windows.set_index("year")["n"]
    ax.set_xticks(np.arange(len(years)) + 0.2, [f"{y}\nn={int(sizes[y])}" for y in years])
    ax.set_xlim(-0.3, len(years) - 0.3)
    ax.set_ylim(max(a + b for a, b in bars.values()) + 0.02, -0.02)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.tick_params(labelsize=_SMALL, colors=INK, length=0)
    _title(ax, "Height: share of responses. Hatched: a link beside the best one-to-one matching.")
    return figure


def effects_figure(effects: pd.DataFrame, *, theme: str) -> Figure:
    """Draw the average marginal effects on one theme, in percentage points.

    Parameters
    ----------
    effects : DataFrame
        From ``theme_effects``.
    theme : str
        The theme to draw.
    """
    rows = effects[effects["theme"] == theme].reset_index(drop=True)
    _need_rows(rows, f"the effects on {theme!r}")
    figure = _figure(6.4, 0.27 * len(rows) + 1.1)
    ax = figure.subplots()
    y = np.arange(len(rows))
    known = rows["estimate"].notna().to_numpy()
    ax.errorbar(
        rows.loc[known, "estimate"].to_numpy(dtype=float),
        y[known],
        xerr=_arms(rows[known]),
        fmt="o",
        color=OKABE_ITO[0],
        markersize=4.5,
        elinewidth=1.2,
        capsize=2,
        zorder=3,
    )
    for at in y[~known]:
        ax.text(0, at, " not estimated", fontsize=6.5, color=GREY, style="italic", va="center")
    ax.axvline(0, color=GREY, linewidth=0.8)
    cells = rows[["covariate", "level", "reference", "n"]].itertuples(index=False)
    names = [_text(f"{c}: {level} against {r} (n={n})", 58) for c, level, r, n in cells]
    ax.set_yticks(y, names)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    _tidy(ax, "x")
    _percent(ax, "x")
    ax.set_xlabel("difference of shares, percentage points", fontsize=8, color=INK)
    _title(ax, _text(theme, 50))
    return figure


def axis_plane_figure(
    pole_drift: Drift,
    *,
    labels: Mapping[str, str] | None = None,
    hidden: Collection[tuple[str, int]] = (),
) -> Figure:
    """Show the share that speaks of one pole against the share that speaks of the other, by year.

    Parameters
    ----------
    pole_drift : Drift
        Drift of :func:`iapt_topics.pole_codes`: two themes.
    labels : mapping of str to str, optional
        Label of each pole; its id by default.
    hidden : collection of (theme, year)
        Cells not to draw; a year is drawn if both of its cells are.
    """
    _need_rows(pole_drift.shares, "the shares of the two poles")
    shares = pole_drift.shares
    across, up = (shares[shares["theme"] == t].set_index("year") for t in pole_drift.themes)
    gone = {int(year) for _, year in hidden}
    years = [int(y) for y in across.index if int(y) not in gone]
    x, y = across.loc[years], up.loc[years]
    figure = _figure(4.8, 4.6)
    ax = figure.subplots()
    ax.plot(x["estimate"], y["estimate"], color=GREY, linewidth=1, zorder=2)
    ax.errorbar(
        x["estimate"], y["estimate"], xerr=_arms(x), yerr=_arms(y), fmt="o",
        color=OKABE_ITO[0], markersize=5, elinewidth=0.8, capsize=2, zorder=3,
    )  # fmt: skip
    for year, across_at, up_at, n in zip(years, x["estimate"], y["estimate"], x["n"], strict=True):
        ax.annotate(
            f"{year}, n={n:.0f}",
            (across_at, up_at),
            xytext=(4, 4),
            textcoords="offset points",
            fontsize=_SMALL,
        )
    top = min(1.0, 1.1 * max(x["high"].max(), y["high"].max())) if years else 1.0
    ax.plot([0, top], [0, top], color=FAINT, linewidth=1, zorder=1)
    ax.set(xlim=(0, top), ylim=(0, top), aspect="equal")
    _tidy(ax, grid="both")
    _percent(ax, "x")
    _percent(ax)
    names = [_text((labels or {}).get(t, t)) for t in pole_drift.themes]
    ax.set_xlabel(f"responses that speak of {names[0]}", fontsize=8, color=INK)
    ax.set_ylabel(f"responses that speak of {names[1]}", fontsize=8, color=INK)
    _title(ax, "Above the line: more of the second; both can be spoken of at once")
    return figure
