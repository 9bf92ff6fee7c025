"""How a result shows itself in a notebook: its figure, and the first rows of its tables."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics.figures._style import figure_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS = 10


def as_html(
    title: str, tables: Mapping[str, pd.DataFrame], draw: Callable[[], Figure] | None = None
) -> str:
    """Say a result in HTML; all text of it is escaped.

    Parameters
    ----------
    title : str
        The result in one line.
    tables : mapping of str to DataFrame
        Its tables by name; of a long one only the first and last rows.
    draw : callable, optional
        Makes its figure; left out if there is nothing to draw.
    """
    parts = [f"<p><strong>{escape(title)}</strong></p>"]
    try:
        if draw is not None:
            coded = base64.b64encode(figure_bytes(draw())).decode("ascii")
            picture = f'<img alt="{escape(title)}; the tables have the figures" '
            parts.append(f'{picture}src="data:image/svg+xml;base64,{coded}">')
    except InputError:
        pass  # no rows: the tables below say so
    for name, table in tables.items():
        shown = table.to_html(
            index=False, max_rows=_ROWS, float_format=lambda v: f"{v:.3g}", na_rep="", border=0
        )
        parts.append(f"<p>{escape(name)}: {len(table):,} rows</p>{shown}")
    return "\n".join(parts)
