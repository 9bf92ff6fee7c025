"""One style for all figures, and their bytes."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns, suggestion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK, FAINT, GREY = "#1f2a33", "#d9dee3", "#66727d"
MARKS = ("o", "s", "D", "^", "v", "P", "X")
SMALL = 7.5
#: Where a suppressed figure would be.
SUPPRESSED_MARK = "[c]"
WHISKERS: dict[str, Any] = {"elinewidth": 1.2, "capsize": 2, "zorder": 3}


def drawn_text(value: object, most: int = 60) -> str:
    """Make ``value`` safe to draw: no control characters, no mathematics, not too long."""
    plain = "".join(c if c.isprintable() else " " for c in str(value))
    plain = re.sub(r"\s+", " ", plain).strip()
    plain = plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"
    return plain.replace("$", r"\$")


def number(n: float) -> str:
    """A count; a missing one is suppressed."""
    return SUPPRESSED_MARK if np.isnan(n) else f"{int(n):,}"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure that shows itself in a notebook, as only those of pyplot would."""
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    figure._repr_png_ = lambda: figure_bytes(figure, "png", dpi=110)
    return figure  # type: ignore[no-any-return]


def tidy(ax: Any, grid: str = "y") -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(labelsize=SMALL, colors=INK, length=2)
    ax.grid(axis=grid, color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)


def put_title(ax: Any, text: str) -> None:
    ax.set_title(text, fontsize=8.5, loc="left", color=INK)


def percent_axis(ax: Any, axis: str = "y") -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    part = ax.yaxis if axis == "y" else ax.xaxis
    part.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    part.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f} %"))


#: Columns of the shares of a drift that figures use.
SHARES = "theme year estimate low high n"


def need_rows(table: pd.DataFrame, what: str, columns: str = "") -> None:
    """Raise :class:`InputError` if a table lacks one of the columns, or has no rows."""
    require_columns(table, columns.split(), what)
    if table.empty:
        raise InputError(what, "must have at least one row", "none", "Draw it once there are some.")


def arms(rows: pd.DataFrame) -> Any:
    """Lengths (2, n) of the whiskers; an interval that is not known has none."""
    mid = rows["estimate"].to_numpy(dtype=float)
    low = mid - rows["low"].to_numpy(dtype=float)
    high = rows["high"].to_numpy(dtype=float) - mid
    return np.nan_to_num(np.clip(np.vstack([low, high]), 0, None))


def is_suppressed(shares: pd.DataFrame) -> pd.Series[bool]:
    """Mark the rows with a base and no estimate: it is suppressed."""
    return shares["estimate"].isna() & (shares["n"] != 0)


def draw_series(ax: Any, rows: pd.DataFrame, shift: float, kind: int) -> None:
    """Draw one share by year, broken where it is missing."""
    x = rows["year"].to_numpy(dtype=float) + shift
    ax.plot(x, rows["estimate"], color=OKABE_ITO[kind], linewidth=1, alpha=0.6, zorder=2)
    known = rows["estimate"].notna().to_numpy()
    look = {"fmt": MARKS[kind], "color": OKABE_ITO[kind], "markersize": 4} | WHISKERS
    ax.errorbar(x[known], rows["estimate"][known], yerr=arms(rows[known]), **look)


def wave_name(waves: Mapping[int, str] | None, year: int) -> str:
    return drawn_text((waves or {}).get(year, year), 12)


def year_ticks(ax: Any, rows: pd.DataFrame, waves: Mapping[int, str] | None) -> None:
    per_year = rows.groupby("year")["n"].max()
    years = [int(y) for y in per_year.index]
    names = [f"{wave_name(waves, y)}\nn={number(n)}" for y, n in zip(years, per_year, strict=True)]
    ax.set_xticks(years, names)
    ax.set_xlim(min(years) - 0.5, max(years) + 0.5)


def draw_band(
    ax: Any,
    start: tuple[float, float],
    end: tuple[float, float],
    widths: tuple[float, float],
    **style: Any,
) -> None:
    """Draw a band of a flow; the points are its first corners."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (a, top), (b, other), (here, there) = start, end, widths
    m = (a + b) / 2
    at = [(a, top), (m, top), (m, other), (b, other), (b, other + there)]
    at += [(m, other + there), (m, top + here), (a, top + here), (a, top)]
    kinds = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(at, kinds), edgecolor="none", **style))


def figure_bytes(figure: Figure, kind: str = "svg", *, dpi: int = 300) -> bytes:
    """Render a figure as the bytes of a file, reproducibly.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        From any function here.
    kind : {"svg", "pdf", "png"}
        Format of the file.
    dpi : int, default 300
        Dots an inch of a "png".

    Returns
    -------
    bytes
        Contents of the file; the same figure always gives the same.
    """
    import matplotlib as mpl

    undated = {"svg": ("Date", "Creator"), "pdf": ("CreationDate",), "png": ("Software",)}
    if kind not in undated:
        do = f"{suggestion(kind, list(undated))}Choose one."
        raise InputError("kind", f"must be one of {listed(undated)}", repr(kind), do)
    buffer, layout = io.BytesIO(), figure.get_layout_engine()
    settings = {
        "svg.hashsalt": "iapt_topics",
        "figure.autolayout": False,
        "figure.constrained_layout.use": False,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # A character that the font lacks is drawn as a box; the table beside the figure has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        if layout is not None:
            # Laid out here, since savefig would draw all of it once more to have that done; and
            # for good, since a second layout starts from the first and moves by a hair.
            layout.execute(figure)
            figure.set_layout_engine(None)
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=dict.fromkeys(undated[kind]))
    return buffer.getvalue()
