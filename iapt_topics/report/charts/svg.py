"""Parts of a drawing, down in pixels and across in per cent.

So a chart fits any screen, and its words keep their size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

#: Elements of SVG that need no end where nothing is inside: a report has thousands.
_SHAPES = frozenset(("line", "circle", "rect", "path", "polygon"))


def element(name: str, *inside: object, **attributes: object) -> Markup:
    """An element; what is inside and the attributes are escaped, None is left out.

    Examples
    --------
    >>> str(element("text", "a < b", class_="note", x=None))
    '<text class="note">a &lt; b</text>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    body = "".join(escape(part) for part in inside)
    if name in _SHAPES and not body:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{body}</{name}>")


def drawing(parts: Iterable[Markup], *, height: int, kind: str, label: str = "") -> Markup:
    """A drawing as wide as what it stands in; without a label, what it shows stands beside it."""
    role = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    return element("svg", *parts, class_=kind, width="100%", height=height, **role)


def rule(x: float, y: float, x2: float, y2: float, kind: str, **more: object) -> Markup:
    """A straight line; ``x`` in per cent."""
    return element("line", x1=at(x), y1=down(y), x2=at(x2), y2=down(y2), class_=kind, **more)


def dot(x: float, y: float, kind: str, title: str = "", r: float = 4.5) -> Markup:
    """A point, with what it says under the pointer."""
    inside = [element("title", title)] if title else []
    return element("circle", *inside, cx=at(x), cy=down(y), r=num(r), class_=kind)


def words(x: float, y: float, text: str, kind: str = "") -> Markup:
    """Text at a place."""
    return element("text", text, x=at(x), y=down(y), class_=kind or None)


def at(x: float) -> str:
    """A place across."""
    return f"{num(x)}%"


def down(y: float) -> str:
    """A place down, in whole pixels: a report has thousands."""
    return f"{y:.0f}"


def num(value: float) -> str:
    """A number with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to per cent of the width, with room for half a point at either end."""

    low: float
    high: float
    edge: float = 2.0

    def __call__(self, value: float) -> float:
        """The place of a value; what is off the scale is at its end."""
        span = self.high - self.low or 1.0
        inside = min(max((value - self.low) / span, 0.0), 1.0)
        return self.edge + (100 - 2 * self.edge) * inside
