"""A sample of a survey too large to be looked at as a whole, drawn by hashes of its ids.

Within a year, each respondent gives one response before any gives a second; which respondents
come first, and which of their responses, the hashes say. So the sample does not depend on how the
survey is cut into partitions, smaller samples are parts of larger ones, and the same people are
drawn in every year that they answered in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.errors import InputError, listed
from iapt_topics.scale.partitions import Scan


def draw(
    person: NDArray[np.uint64],
    response: NDArray[np.uint64],
    year: NDArray[np.int64],
    size: int,
) -> NDArray[np.intp]:
    """Places of about ``size`` rows, each year in proportion; all rows if there are no more."""
    n = len(year)
    if size >= n:
        return np.arange(n)
    order = np.lexsort((response, person, year))
    first = np.ones(n, dtype=bool)
    first[1:] = (np.diff(person[order]) != 0) | (np.diff(year[order]) != 0)
    turn = np.empty(n, dtype=np.intp)
    at = np.arange(n)
    turn[order] = at - np.maximum.accumulate(np.where(first, at, 0))
    ranked = np.lexsort((response, person, turn, year))
    _, start, count = np.unique(year[ranked], return_index=True, return_counts=True)
    quota = np.clip(np.round(size * count / n).astype(int), 1, None)
    return np.sort(np.concatenate([ranked[s : s + q] for s, q in zip(start, quota, strict=True)]))


def check_scans(scans: Sequence[Scan], names: Sequence[str]) -> tuple[str, ...]:
    """Refuse what cannot be measured; say what should be known of the partitions."""
    response = np.concatenate([s.response for s in scans])
    if not len(response):
        raise InputError("the survey", "must have a row", "none", "Check the folder and question.")
    several = len(response) - len(np.unique(response))
    if several:
        raise InputError(
            "response_id", "must be unique over all partitions", f"{several} rows that repeat one",
            "Give each response its own id.",
        )  # fmt: skip
    asked = sorted({q for s in scans for q in s.questions})
    if len(asked) > 1:
        raise InputError(
            "questions", "must be one", listed(asked), "Hold one fixed with question=..."
        )
    if len({s.weighted for s in scans}) > 1:
        without = [n for n, s in zip(names, scans, strict=True) if not s.weighted]
        raise InputError(
            "column 'weight'", "must be in every partition or in none",
            f"none in {listed(without)}", "Write it in all.",
        )  # fmt: skip
    people = np.concatenate([np.unique(s.person) for s in scans])
    spread = len(people) - len(np.unique(people))
    if not spread:
        return ()
    return (
        f"Up to {spread:,} respondents have rows in several partitions: their sums are joined, but "
        "copies of a person's own text are looked for within a partition alone.",
    )


def agreement_interval(
    one: NDArray[np.intp], other: NDArray[np.intp], seed: int, n_boot: int = 200
) -> tuple[float, float, float]:
    """Adjusted mutual information of two partitions; its interval, by the spread over draws."""
    from sklearn.metrics import adjusted_mutual_info_score

    rng = np.random.default_rng(seed)
    rows = [rng.integers(0, len(one), len(one)) for _ in range(n_boot)]
    # Drawing a row twice makes its copies agree; the spread is that of the draws, not their middle.
    drawn = np.array([adjusted_mutual_info_score(one[r], other[r]) for r in rows])
    estimate = float(adjusted_mutual_info_score(one, other))
    half = 1.96 * float(drawn.std())
    return estimate, estimate - half, min(1.0, estimate + half)


def compare_fits(
    sizes: Sequence[int],
    placed: Callable[[int, int], tuple[NDArray[np.intp], int]],
    n_probe: int,
    seed: int,
) -> pd.DataFrame:
    """Agreement of fits on two halves, and of each first half with the largest, on the probe.

    ``placed(half, size)`` gives the topic of each probe response and the number of topics.
    """
    from sklearn.metrics import adjusted_rand_score

    found = {(half, size): placed(half, size) for size in sizes for half in (0, 1)}
    largest = max(sizes)
    rows = []
    for size in sizes:
        pairs = {"halves": ((0, size), (1, size)), "largest": ((0, size), (1, largest))}
        for between, (a, b) in pairs.items():
            (one, n_one), (other, n_other) = found[a], found[b]
            estimate, low, high = agreement_interval(one, other, seed)
            rows.append(
                {
                    "size": size, "between": between, "estimate": estimate, "low": low,
                    "high": high, "rand": float(adjusted_rand_score(one, other)), "n": n_probe,
                    "n_topics": n_one, "n_topics_other": n_other, "note": "",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)
