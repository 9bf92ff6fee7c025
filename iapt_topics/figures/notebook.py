"""How a result shows its figure in a notebook."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from iapt_topics._base.errors import InputError
from iapt_topics.figures._style import figure_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def as_picture(title: str, draw: Callable[[], Figure]) -> str:
    """Draw a figure as HTML; "" if there is nothing to draw, which the tables then say."""
    try:
        coded = base64.b64encode(figure_bytes(draw())).decode("ascii")
    except InputError:
        return ""
    picture = f'<img alt="{escape(title)}; the tables have the figures" '
    return f'{picture}src="data:image/svg+xml;base64,{coded}">'
