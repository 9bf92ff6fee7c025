"""What became of the rows of the file."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics.figures._style import GREY, INK, need_rows, new_figure, number, wave_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STATUSES = {
    "kept": "analysed",
    "blank": "blank",
    "non_answer": "non-answer",
    "too_short": "too short",
    "duplicate": "copy of own text",
    "not_codable": "other language or too long",
}


def ledger_figure(
    ledger: pd.DataFrame,
    totals: pd.DataFrame | None = None,
    *,
    waves: Mapping[int, str] | None = None,
) -> Figure:
    """Draw a flow diagram of rows, from those read to those analysed by year.

    Parameters
    ----------
    ledger : DataFrame
        Rows by ``year`` and ``status``, with their number ``n``; one that is missing is "[c]".
    totals : DataFrame, optional
        Of all years together: ``status``, "read" among them, and ``n``. Without it they are the
        sums of ``ledger``, which rounded numbers would miss.
    waves : mapping of int to str, optional
        What to call each year.

    Returns
    -------
    matplotlib.figure.Figure
        Boxes with counts of rows.
    """
    need_rows(ledger, "the ledger", "year status n")
    total = functools.partial(pd.Series.sum, skipna=False)
    if totals is None:
        totals = ledger.groupby("status")["n"].agg(total).reset_index()
        read = pd.DataFrame({"status": ["read"], "n": [total(ledger["n"])]})
        totals = pd.concat([totals, read])
    need_rows(totals, "the totals of the ledger", "status n")
    of_all = totals.set_index("status")["n"]
    kept = ledger[ledger["status"] == "kept"].groupby("year")["n"].agg(total)
    kept = kept[kept != 0]
    figure = new_figure(7.4, 3.1)
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)

    def box(x: float, y: float, text: str, size: float = 8.5, **more: Any) -> None:
        frame = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": GREY}
        look: dict[str, Any] = {"fontsize": size, "color": INK, "va": "center", "ha": "center"}
        ax.text(x, y, text, bbox=frame, **look | more)

    def arrow(start: tuple[float, float], end: tuple[float, float]) -> None:
        style = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", end, start, arrowprops=style, zorder=0)

    left = 0.24
    arrow((left, 0.9), (left, 0.62))
    arrow((left, 0.72), (0.5, 0.72))
    arrow((left, 0.5), (left, 0.33))
    box(left, 0.9, f"rows read\nn = {number(of_all['read'])}")
    out = [(name, float(of_all.get(s, 0))) for s, name in STATUSES.items() if s != "kept"]
    lines = [
        f"excluded: n = {number(of_all['read'] - of_all.get('kept', 0))}",
        *(f"  {k}: {number(n)}" for k, n in out if n != 0),
    ]
    box(0.515, 0.72, "\n".join(lines), 8, ha="left")
    box(left, 0.5, f"analysed\nn = {number(of_all.get('kept', 0))}")
    ax.plot([0.04, 0.96], [0.33, 0.33], color=GREY, linewidth=1, zorder=0)
    places = np.linspace(0.06, 0.94, len(kept)) if len(kept) > 1 else [left]
    size = 8 if len(kept) < 10 else 72 / len(kept)
    for x, (year, n) in zip(places, kept.items(), strict=True):
        arrow((float(x), 0.33), (float(x), 0.2))
        box(float(x), 0.12, f"{wave_name(waves, int(str(year)))}\nn = {number(n)}", size)
    return figure
