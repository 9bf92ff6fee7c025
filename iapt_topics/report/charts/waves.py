"""Lines over the waves, each with intervals and its own label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from iapt_topics._base.status import SUPPRESSED
from iapt_topics._base.text import shorten
from iapt_topics.report.charts.svg import dot, drawing, rule, words
from iapt_topics.report.format import interval, known, percent

#: Room over and under the lines of a chart, in pixels: for a label, and for the waves' names.
_OVER, _UNDER = 20, 34
_LEFT, _RIGHT = 8.0, 94.0
#: Characters that fit side by side under a chart on a telephone.
_MOST = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A figure of one wave; None where there is none to show, and ``words`` say why."""

    wave: str
    value: float | None
    low: float | None = None
    high: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A series over the waves, in their order; ``kind`` is its class in the style."""

    label: str
    points: tuple[Point, ...]
    kind: str = "a"


def spoken(line: Line) -> str:
    """What a line shows, in words."""
    return f"{line.label}: " + "; ".join(
        f"{p.wave} {percent(p.value)} ({interval(p.low, p.high)})"
        if known(p.value)
        else f"{p.wave} {p.words or 'not shown'}"
        for p in line.points
    )


def wave_chart(
    lines: Sequence[Line], *, top: float, height: int = 220, bottom: float = 0.0,
    bases: Sequence[str] = (), unit: str = "percent",
) -> Markup:  # fmt: skip
    """Lines with their intervals, labelled where they end; ``bases``, n of each wave, below.

    The axis is labelled at its ends and at 0.
    """
    names = [p.wave for p in lines[0].points]
    floor, roof = height - _UNDER, _OVER
    span = top - bottom or 1.0

    def y(value: float) -> float:
        return floor - (floor - roof) * (value - bottom) / span

    places = [_across(i, len(names)) for i in range(len(names))]
    parts = [rule(0, y(v), 100, y(v), "grid") for v in {bottom, top}]
    if bottom < 0 < top:
        parts.append(rule(0, y(0), 100, y(0), "axis"))
    for value in dict.fromkeys((top, 0.0, bottom)):
        text = percent(value) if unit == "percent" else f"{100 * value:+.0f} points"
        parts.append(
            words(0, y(value) - 4, text.replace("+0 ", "0 ").replace("-", "\u2212"), "tick")
        )
    parts += _names(places, names, floor + 16, "wave")
    if not _crowded(bases):
        parts += _names(places, bases, floor + 30, "base")
    for i, x in enumerate(places):
        if any(line.points[i].words == SUPPRESSED for line in lines):
            parts.append(words(x, floor - 5, "[c]", "base"))
    for place, line in enumerate(lines):
        shift = (place - (len(lines) - 1) / 2) * 0.8
        parts += _line(line, [p + shift for p in places], y)
    shown = sorted(
        ((p, line) for line in lines if (p := _last(line)) is not None),
        key=lambda end: float(end[0].value or 0),
    )
    for rank, (point, line) in enumerate(shown):
        # The highest is named above its interval, any other below.
        own = float(point.value or 0)
        low, high = (float(v) if known(v) else own for v in (point.low, point.high))  # type: ignore[arg-type]
        above = rank == len(shown) - 1
        place_y = y(high) - 6 if above else min(y(low) + 15, floor - 3)
        parts.append(words(100, place_y, line.label, f"end {line.kind}"))
    return drawing(parts, height=height, kind="waves", label=". ".join(map(spoken, lines)))


def _crowded(names: Sequence[str]) -> bool:
    """Whether so many characters would meet on a telephone's screen."""
    return sum(map(len, names)) + len(names) > _MOST


def _names(places: Sequence[float], names: Sequence[str], y: float, kind: str) -> list[Markup]:
    """Words under the waves; of many or long ones the first and the last alone."""
    if len(names) > 1 and _crowded(names):
        ends = (0, names[0], "first"), (100, names[-1], "last")
        return [words(x, y, shorten(name, 20), f"{kind} {end}") for x, name, end in ends]
    return [words(x, y, name, kind) for x, name in zip(places, names, strict=False)]


def small_chart(lines: Sequence[Line], *, top: float, height: int = 64) -> Markup:
    """The same without words, for small multiples: the first and last wave are named beside it."""
    floor, roof = height - 4, 6

    def y(value: float) -> float:
        return floor - (floor - roof) * min(value / (top or 1.0), 1.0)

    parts = [rule(0, floor, 100, floor, "grid")]
    for line in lines:
        places = [_across(i, len(line.points)) for i in range(len(line.points))]
        parts += _line(line, places, y, r=2.6)
    return drawing(parts, height=height, kind="small", label=". ".join(map(spoken, lines)))


def _across(place: int, n: int) -> float:
    return (_LEFT + _RIGHT) / 2 if n == 1 else _LEFT + (_RIGHT - _LEFT) * place / (n - 1)


def _line(line: Line, places: Sequence[float], y, r: float = 4.5) -> list[Markup]:  # type: ignore[no-untyped-def]
    parts = []
    shown = [(x, p) for x, p in zip(places, line.points, strict=True) if known(p.value)]
    for (x, p), (x2, q) in pairwise(zip(places, line.points, strict=True)):
        if known(p.value) and known(q.value):  # no line over a wave that is not shown
            parts.append(rule(x, y(p.value), x2, y(q.value), f"stroke {line.kind}"))
    for x, p in zip(places, line.points, strict=True):
        if known(p.low) and known(p.high):  # of few respondents, an interval alone
            parts.append(rule(x, y(p.low), x, y(p.high), f"arm {line.kind}"))
    for x, p in shown:
        title = f"{line.label}, {p.wave}: {percent(p.value)} ({interval(p.low, p.high)})"
        title += f". {p.words}" if p.words else ""
        parts.append(dot(x, y(p.value), f"dot {line.kind}", title, r=r))
    return parts


def _last(line: Line) -> Point | None:
    shown = [p for p in line.points if known(p.value)]
    return shown[-1] if shown else None
