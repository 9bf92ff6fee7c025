"""Charts of one row each, for a table: the row's numbers stand beside them as text."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from iapt_topics.report.charts.svg import Scale, dot, drawing, element, num, rule

HEIGHT = 20
_MIDDLE = HEIGHT / 2
#: A figure with its interval.
Figure = tuple[float, float, float]


def interval_row(scale: Scale, figure: Figure, *, kind: str = "", beside: Sequence[float] = (),
                 zero: bool = False) -> Markup:  # fmt: skip
    """A point with its interval; ``beside``, further points without one, as hollow diamonds."""
    value, low, high = map(scale, figure)
    parts = [rule(scale(0), 0, scale(0), HEIGHT, "axis")] if zero else []
    parts += [
        rule(low, _MIDDLE, high, _MIDDLE, f"arm {kind}".strip()),
        dot(value, _MIDDLE, f"dot {kind}".strip()),
    ]
    parts += [dot(scale(other), _MIDDLE, "beside", r=4) for other in beside]
    return drawing(parts, height=HEIGHT, kind="row")


def dumbbell_row(scale: Scale, first: Figure, last: Figure, kind: str) -> Markup:
    """The first and the last wave, joined; the interval of the first above, of the last below."""
    up, down = _MIDDLE - 6, _MIDDLE + 6
    parts = [
        rule(scale(first[1]), up, scale(first[2]), up, "arm then"),
        rule(scale(last[1]), down, scale(last[2]), down, f"arm {kind}"),
        rule(scale(first[0]), _MIDDLE, scale(last[0]), _MIDDLE, f"bar {kind}"),
        dot(scale(first[0]), _MIDDLE, "dot then"),
        dot(scale(last[0]), _MIDDLE, f"dot {kind}"),
    ]
    return drawing(parts, height=HEIGHT, kind="row")


def stacked_row(shares: Sequence[tuple[float, str]]) -> Markup:
    """Shares of one whole side by side, each in its own pattern of colour."""
    parts, start = [], 0.0
    for share, kind in shares:
        width = 100 * share
        if width > 0:
            parts.append(
                element(
                    "rect",
                    x=f"{num(start)}%",
                    y=4,
                    width=f"{num(width)}%",
                    height=12,
                    class_=f"part {kind}",
                )
            )
        start += width
    parts.append(element("rect", x=0, y=4, width="100%", height=12, class_="whole"))
    return drawing(parts, height=HEIGHT, kind="row")
