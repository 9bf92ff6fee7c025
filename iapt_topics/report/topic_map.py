"""A map of the topics: those that read alike lie near each other. Topics only, never a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from iapt_topics._base.text import clean
from iapt_topics.publish.of_topics import _axes
from iapt_topics.report.format import label_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iapt_topics.publish.results import Results

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


def lay_out(results: Results) -> list[Bubble]:
    """Place the topics that may be shown by the first two principal axes of their centroids.

    The area of a bubble is the topic's share; one whose count may not be shown has the least. Those
    that would overlap are pushed apart.
    """
    topics = results.topics.topics.reset_index(drop=True)
    rows = [i for i, t in enumerate(topics["topic"]) if int(t) in results.topic_names]
    if len(rows) < 2:
        return []
    numbers = [int(t) for t in topics.loc[rows, "topic"]]
    shares = results.topic_rows.set_index("topic")["estimate"].reindex(numbers)
    known = np.nan_to_num(shares.to_numpy(dtype=float))
    radius = np.maximum(LEAST, MOST * np.sqrt(known / max(known.max(), 1e-12)))
    best = results.mapping.table.drop_duplicates("topic").set_index("topic")["theme"]
    places = _spread(_axes(results.topics.centroids[rows]), radius)
    out = []
    for number, (x, y), r in zip(numbers, places, radius, strict=True):
        theme = str(best.get(number, ""))
        out.append(
            Bubble(
                number=number,
                x=round(float(x), 1),
                y=round(float(y), 1),
                r=round(float(r), 1),
                name=results.topic_names[number],
                theme=label_of(results.frame, theme) if theme else "",
                group=_group(results, theme),
            )
        )
    return out


def groups(results: Results) -> list[str]:
    """What the four groups of bubbles are called."""
    poles = results.frame.axis or ()
    return [*(clean(label_of(results.frame, p)) for p in poles), "other theme", "no theme"]


def _group(results: Results, theme: str) -> int:
    poles = results.frame.axis or ()
    if not theme:
        return len(poles) + 1
    domain = results.frame.domain_of(theme)
    return poles.index(domain) if domain in poles else len(poles)


def _spread(flat: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit the places into the drawing and push overlapping bubbles apart."""
    box = np.array([WIDTH, HEIGHT])
    span = np.ptp(flat, axis=0)
    at: NDArray[np.float64] = (flat - flat.min(axis=0)) / np.where(span > 0, span, 1) * (
        box - 2 * EDGE
    ) + EDGE
    at[:, 1] = HEIGHT - at[:, 1]
    for _ in range(200):
        moved = False
        for i in range(len(at)):
            for j in range(i):
                apart = at[i] - at[j]
                gap = float(np.hypot(*apart))
                short = radius[i] + radius[j] + 3 - gap
                if short > 0:
                    way = apart / gap if gap > 1e-9 else np.array([1.0, 0.0])
                    at[i] += way * short / 2
                    at[j] -= way * short / 2
                    moved = True
        np.clip(at, radius[:, None] + 2, box - radius[:, None] - 2, out=at)
        if not moved:
            break
    return at
