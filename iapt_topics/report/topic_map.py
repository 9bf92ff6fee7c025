"""A map of the topics: those that read alike lie near each other. Topics only, never a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from iapt_topics._base.arrays import Floats
from iapt_topics.report.format import label_of

if TYPE_CHECKING:
    from iapt_topics.publish.published import Version

WIDTH, HEIGHT, EDGE = 720.0, 440.0, 40.0
LEAST, MOST = 11.0, 34.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A topic on the map: place and radius in the units of the drawing, group from 0 to 3."""

    number: int
    x: float
    y: float
    r: float
    name: str
    theme: str
    group: int


def lay_out(published: Version) -> list[Bubble]:
    """Place the topics that may be shown by the two axes of the table of their map.

    The area of a bubble is the topic's share; one whose count may not be shown has the least. Those
    that would overlap are pushed apart.
    """
    tables = published.tables
    at = tables["topic_map"]
    if len(at) < 2:
        return []
    numbers = [int(t) for t in at["topic"]]
    shares = tables["topics"].set_index("topic")["estimate"].reindex(numbers)
    known = np.nan_to_num(shares.to_numpy(dtype=float))
    radius = np.maximum(LEAST, MOST * np.sqrt(known / max(known.max(), 1e-12)))
    best = tables["topic_mapping"].drop_duplicates("topic").set_index("topic")["theme"]
    frame = tables["frame"]
    domains = dict(zip(frame["theme"], frame["domain"], strict=True))
    poles = published.about.poles
    out = []
    for number, (x, y), r in zip(
        numbers, _spread(at[["x", "y"]].to_numpy(dtype=float), radius), radius, strict=True
    ):
        theme = str(best.get(number, ""))
        domain = domains.get(theme)
        other = len(poles) if theme else len(poles) + 1
        out.append(
            Bubble(
                number=number,
                x=round(float(x), 1),
                y=round(float(y), 1),
                r=round(float(r), 1),
                name=published.topic_names[number],
                theme=label_of(published.labels, theme) if theme else "",
                group=poles.index(domain) if domain in poles else other,
            )
        )
    return out


def groups(published: Version) -> list[str]:
    """What the four groups of bubbles are called."""
    named = (label_of(published.labels, pole) for pole in published.about.poles)
    return [*named, "other theme", "no theme"]


def _spread(flat: Floats, radius: Floats) -> Floats:
    """Fit the places into the drawing and push overlapping bubbles apart."""
    box = np.array([WIDTH, HEIGHT])
    span = np.ptp(flat, axis=0)
    at: Floats = (flat - flat.min(axis=0)) / np.where(span > 0, span, 1) * (box - 2 * EDGE) + EDGE
    at[:, 1] = HEIGHT - at[:, 1]
    for _ in range(200):
        apart = at[:, None] - at[None]
        gap = np.hypot(apart[..., 0], apart[..., 1])
        short = radius[:, None] + radius[None] + 3 - gap
        np.fill_diagonal(short, 0.0)
        if not (short > 0).any():
            break
        # Two in one place part to the right and left, by their order.
        same = gap < 1e-9
        order = np.sign(np.subtract.outer(np.arange(len(at)), np.arange(len(at))))
        way = apart / np.where(same, 1.0, gap)[..., None]
        way[..., 0] = np.where(same, order, way[..., 0])
        at += (way * (np.maximum(short, 0.0) / 2)[..., None]).sum(axis=1) * 0.6
        np.clip(at, radius[:, None] + 2, box - radius[:, None] - 2, out=at)
    return at
