"""Hexagons on the map of the responses: each topic cut into groups of enough people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Ints
from iapt_topics.study.places import HEIGHT, WIDTH

#: A cell of the grid by its place in it.
Hexagon = tuple[int, int]
#: Smallest and largest side, in units of the drawing.
_SIDES = 10.0, 40.0


def cut_hexagons(
    places: Floats, own: Ints, discs: Floats, person: Sequence[object], least: int
) -> pd.DataFrame:
    """Cut each topic into hexagons of one grid; what is in too small a one goes to its neighbour.

    Parameters
    ----------
    places : ndarray, shape (n, 2)
        Of the responses.
    own : ndarray of int, shape (n,)
        Place in ``discs`` of each one's topic.
    discs : ndarray, shape (n_topics, 3)
        Middle and radius of each topic.
    person : sequence, of length n
        Who gave each response.
    least : int
        Fewest people in a hexagon, if the topic has as many.

    Returns
    -------
    DataFrame
        A row for each hexagon: ``topic`` (its place in ``discs``), ``x``, ``y``, ``side``,
        ``count`` of responses. Those of a topic hold all of its responses and nobody else's.
    """
    side = _side(len(places), least)
    rows = [
        (topic, *_middle([cell], side)[0].round(1).tolist(), side, len(members))
        for topic, parts in _cut(places, own, discs, person, side, least).items()
        for cell, members in parts.items()
    ]
    return pd.DataFrame(rows, columns=["topic", "x", "y", "side", "count"])


def _side(n: int, least: int) -> float:
    """Side of a hexagon that holds rather more than the fewest respondents."""
    area = 2.2 * max(least, 10) * 0.4 * WIDTH * HEIGHT / max(n, 1)
    return round(float(np.clip(np.sqrt(area / (1.5 * np.sqrt(3))), *_SIDES)), 1)


def _cut(
    places: Floats,
    own: Ints,
    discs: Floats,
    person: Sequence[object],
    side: float,
    least: int,
) -> dict[int, dict[Hexagon, list[int]]]:
    """Hexagons of each topic, with the responses in each."""
    where = list(map(tuple, _hexagon_of(places, side).tolist()))
    owner: dict[Hexagon, int] = {}
    # Each topic has one hexagon at least: the free one nearest to its middle.
    every = sorted({*where, *map(tuple, _hexagon_of(discs[:, :2], side).tolist())})
    middles = _middle(every, side)
    for topic in sorted(set(own.tolist())):
        far = np.hypot(*(middles - discs[topic, :2]).T)
        owner[next(every[i] for i in np.argsort(far, kind="stable") if every[i] not in owner)] = (
            topic
        )
    inside: dict[Hexagon, Counter[int]] = defaultdict(Counter)
    for cell, topic in zip(where, own.tolist(), strict=True):
        inside[cell][topic] += 1
    for cell, counts in inside.items():
        owner.setdefault(cell, min(counts, key=lambda t: (-counts[t], t)))
    of_topic: dict[int, dict[Hexagon, list[int]]] = defaultdict(dict)
    for cell in sorted(owner):
        of_topic[owner[cell]][cell] = []
    for i, (cell, topic) in enumerate(zip(where, own.tolist(), strict=True)):
        mine = of_topic[topic]
        mine[cell if cell in mine else _nearest(cell, mine, side)].append(i)
    for parts in of_topic.values():
        people = {c: {person[i] for i in members} for c, members in parts.items()}
        # The fewest go to their neighbours until none is too few.
        while len(parts) > 1:
            cell = min(parts, key=lambda c: (len(people[c]), c))
            if len(people[cell]) >= least:
                break
            members, behind = parts.pop(cell), people.pop(cell)
            if members:
                to = _nearest(cell, parts, side)
                parts[to] += members
                people[to] |= behind
    return of_topic


def _hexagon_of(places: Floats, side: float) -> Ints:
    """The hexagon of a grid, standing on a corner, in which each place is."""
    r = places[:, 1] / (1.5 * side)
    q = places[:, 0] / (np.sqrt(3) * side) - r / 2
    cube = np.column_stack([q, r, -q - r])
    near = np.round(cube)
    # The coordinate that was rounded most follows from the other two.
    worst = np.abs(near - cube).argmax(axis=1)
    rows = np.arange(len(near))
    near[rows, worst] -= near.sum(axis=1)
    return near[:, :2].astype(np.intp)


def _middle(cells: Iterable[Hexagon], side: float) -> Floats:
    grid = np.array(list(cells), dtype=float).reshape(-1, 2)
    return np.column_stack(
        [np.sqrt(3) * side * (grid[:, 0] + grid[:, 1] / 2), 1.5 * side * grid[:, 1]]
    )


def _nearest(cell: Hexagon, among: Iterable[Hexagon], side: float) -> Hexagon:
    x, y = _middle([cell], side)[0]
    return min(among, key=lambda c: (_squared(c, x, y, side), c))


def _squared(cell: Hexagon, x: float, y: float, side: float) -> float:
    across = np.sqrt(3) * side * (cell[0] + cell[1] / 2) - x
    return float(across**2 + (1.5 * side * cell[1] - y) ** 2)
