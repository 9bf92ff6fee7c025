"""Places on the map of the responses: each topic has a disc, each response a place in its topic's.

No layout is fitted. Topics lie on the first two principal axes of their mean vectors and are pushed
apart until no two discs meet. A response lies the nearer to the middle of its topic's disc the more
of it is in that topic, by rank, so that each disc is evenly filled, and on the side of the topics
that it is in besides. Places are in the units of the drawing, ``WIDTH`` by ``HEIGHT``, down from
the top.
"""

from __future__ import annotations

import numpy as np

from iapt_topics._base.arrays import Floats, Floats32, Ints

WIDTH, HEIGHT = 720.0, 440.0
#: Part of the map that discs cover, and the least and the largest radius of one.
_FILLED, _LEAST, _MOST = 0.4, 11.0, 90.0
#: Turn from one response to the next of a topic that leaves no gaps, in radians.
_GOLDEN = np.pi * (3 - np.sqrt(5))


def topic_places(centroids: Floats32, sizes: Floats) -> Floats:
    """Middle and radius of each topic's disc, whose area goes with the topic's size.

    Parameters
    ----------
    centroids : ndarray, shape (n_topics, d)
        Mean vectors.
    sizes : ndarray of float, shape (n_topics,)
        Responses, or their share; one that is not known has the smallest disc.

    Returns
    -------
    ndarray of float, shape (n_topics, 3)
        x, y, radius.
    """
    if not len(centroids):
        return np.zeros((0, 3))
    known = np.nan_to_num(np.asarray(sizes, dtype=float))
    part = known / (known.sum() or 1.0)
    radius = np.clip(np.sqrt(_FILLED * WIDTH * HEIGHT * part / np.pi), _LEAST, _MOST)
    radius *= min(1.0, np.sqrt(1.5 * _FILLED * WIDTH * HEIGHT / (np.pi * (radius**2).sum())))
    return np.column_stack([_apart(_principal_axes(centroids), radius), radius])


def response_places(discs: Floats, distribution: Floats32, at: Ints) -> Floats:
    """Place of each response in the disc of its topic.

    Parameters
    ----------
    discs : ndarray, shape (n_topics, 3)
        From :func:`topic_places`.
    distribution : ndarray, shape (n, n_topics)
        How much of each response is in each topic.
    at : ndarray of int, shape (n,)
        Column of each response's topic.

    Returns
    -------
    ndarray of float, shape (n, 2)
        x, y. They follow from these numbers alone; the order of the responses matters only to
        which of those with equal shares is in which of their places.
    """
    share = np.asarray(distribution, dtype=float)
    middle, rows = discs[:, :2], np.arange(len(at))
    own = share[rows, at]
    # Of equal ones the rest decides: the order of the file matters to responses that are all equal.
    order = np.lexsort((*share.T, -own, at))
    size = np.bincount(at, minlength=len(discs))
    rank = np.empty(len(at))
    rank[order] = rows - np.repeat(np.cumsum(size) - size, size)
    out = np.sqrt((rank + 0.5) / np.maximum(size, 1)[at])
    gap = middle[None] - middle[:, None]
    far = np.hypot(gap[..., 0], gap[..., 1])
    towards = gap / np.where(far > 0, far, 1.0)[..., None]
    pull = np.einsum("nt,ntk->nk", share**2, towards[at])
    strength = np.hypot(pull[:, 0], pull[:, 1])
    # Turned either way, so that those of one neighbour do not lie in a line;
    # one that no other topic pulls, by any angle.
    turn = np.mod(rank * _GOLDEN, 2 * np.pi) - np.pi
    angle = np.arctan2(pull[:, 1], pull[:, 0]) + np.where(strength > 1e-9, 0.7 * turn, turn)
    reach = (out * (discs[at, 2] - 1.5))[:, None]
    out_there: Floats = middle[at] + reach * np.column_stack([np.cos(angle), np.sin(angle)])
    return out_there


def _principal_axes(centroids: Floats32) -> Floats:
    """First two principal coordinates, each with its longest arm to the right or up."""
    x = np.asarray(centroids, dtype=float)
    x = x - x.mean(axis=0)
    # By the small matrix of their products: the vectors are long and the topics few.
    size, axes = np.linalg.eigh(x @ x.T)
    flat = np.zeros((len(x), 2))
    flat[:, : min(2, len(x))] = (axes * np.sqrt(np.maximum(size, 0.0)))[:, :-3:-1]
    longest = np.abs(flat).argmax(axis=0)
    flat *= np.where(flat[longest, [0, 1]] < 0, -1.0, 1.0)
    return flat


def _apart(flat: Floats, radius: Floats) -> Floats:
    """Fit the places into the drawing and push discs that meet apart."""
    box, edge = np.array([WIDTH, HEIGHT]), 2.0
    room = box - 2 * radius.max() - 2 * edge
    span = np.ptp(flat, axis=0)
    at: Floats = (flat - flat.min(axis=0)) / np.where(span > 0, span, 1) * room
    at += radius.max() + edge
    at[:, 1] = HEIGHT - at[:, 1]
    # Of topics in one place, each has a way of its own to go.
    turn = _GOLDEN * np.arange(len(at))
    at += 0.01 * np.column_stack([np.cos(turn), np.sin(turn)])
    for _ in range(400):
        apart = at[:, None] - at[None]
        gap = np.hypot(apart[..., 0], apart[..., 1])
        short = radius[:, None] + radius[None] + 3 - gap
        np.fill_diagonal(short, 0.0)
        if not (short > 0.05).any():
            break
        np.fill_diagonal(gap, 1.0)
        way = apart / gap[..., None]
        at += (way * (np.maximum(short, 0.0) / 2)[..., None]).sum(axis=1) * 0.6
        np.clip(at, radius[:, None] + edge, box - radius[:, None] - edge, out=at)
    return at
