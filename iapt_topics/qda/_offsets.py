"""What the positions in a file count: code points or UTF-16 units, line ends as one or two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Share of selections that must begin and end at words for the positions to be believed.
LEAST_ALIGNED = 0.95
#: Every way of counting, the standard's first: it wins where several fit equally well.
WAYS = tuple(product(("codepoint", "utf16"), (1, 2), ("exclusive", "inclusive")))


def score_offsets(
    segments: pd.DataFrame, texts: Mapping[str, str]
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Try every way of counting, and place the selections by the one that fits best.

    A selection is aligned if it begins and ends at words, white space aside, or holds just the
    snippet; texts have LF between lines. The second table, (n_segments, 2), has code points from
    0, end exclusive; -1 without a position, or where none was believed.
    """
    rows = segments.reset_index(drop=True)
    rows = rows[rows["start"].notna() & rows["document"].isin(list(texts))]
    marks = np.zeros((len(WAYS), 2), dtype=np.int64)  # aligned: with spaces at the ends, without
    found = np.full((len(WAYS), len(segments), 2), -1, dtype=np.int64)
    for document, group in rows.groupby("document", sort=False):
        text = texts[str(document)]
        edges = _edges(text)
        spots = group[["start", "end"]].to_numpy(dtype=np.int64)
        for w, (unit, line_break, end) in enumerate(WAYS):
            shifted = spots + np.array([0, end == "inclusive"], dtype=np.int64)
            known = edges[unit, line_break]
            at = np.searchsorted(known, shifted)
            # None inside a pair or past the end.
            at = np.where(known[np.minimum(at, len(known) - 1)] == shifted, at, -1)
            found[w, group.index] = at
            spans = zip(at.tolist(), group["snippet"], strict=True)
            for ((i, j), snippet), times in Counter((tuple(at_), s) for at_, s in spans).items():
                marks[w] += np.multiply(_fits(text, i, j, snippet), times)
    n = len(rows)
    best = max(range(len(WAYS)), key=lambda w: (*marks[w], -w))
    table = pd.DataFrame(WAYS, columns=["unit", "line_break", "end"])
    table = table.assign(aligned=marks[:, 0], n=n, score=marks[:, 0] / n if n else np.nan)
    believed = n > 0 and marks[best, 0] / n >= LEAST_ALIGNED
    table["chosen"] = [believed and w == best for w in range(len(WAYS))]
    places = found[best]
    places[(places < 0).any(axis=1)] = -1
    return table, places if believed else np.full_like(places, -1)


def _edges(text: str) -> dict[tuple[str, int], NDArray[np.int64]]:
    """Position of every code point, and of the end, for each unit and width of a line end."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    widths = {
        (unit, line_break): 1
        + (points > 0xFFFF) * (unit == "utf16")
        + (points == 10) * (line_break - 1)
        for unit, line_break in product(("codepoint", "utf16"), (1, 2))
    }
    return {key: np.concatenate([[0], np.cumsum(w)]).astype(np.int64) for key, w in widths.items()}


def _fits(text: str, i: int, j: int, snippet: str) -> tuple[bool, bool]:
    """Whether a selection begins and ends at words, with white space at its ends and without."""
    if not 0 <= i < j <= len(text):
        return False, False
    chosen = text[i:j]
    if snippet:
        return chosen == snippet, chosen == snippet
    words = chosen.strip()
    if not words:
        return False, False
    left = i + len(chosen) - len(chosen.lstrip())
    right = left + len(words)
    cut = (left > 0 and text[left - 1].isalnum() and text[left].isalnum()) or (
        right < len(text) and text[right - 1].isalnum() and text[right].isalnum()
    )
    return not cut, not cut and words == chosen
