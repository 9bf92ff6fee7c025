"""How far the mixes of themes of two years lie apart, and how far the permutation null does.

The arithmetic behind the distances of :mod:`iapt_topics.drift.drift`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from iapt_topics._base.arrays import Floats
from iapt_topics.stats.divergence import jensen_shannon
from iapt_topics.stats.resampling import distance_interval, resample_counts
from iapt_topics.stats.share_model import YearSums

N_PERMUTATIONS = 500
_BATCH_CELLS = 20_000_000


def distance(sums: YearSums, a: int, b: int, n_boot: int, seed: int) -> dict[str, Any]:
    """Distance of coded years ``a`` and ``b``, with interval and null 95th percentile."""
    none = dict.fromkeys(("estimate", "corrected", "low", "high", "null_p95", "p"), float("nan"))
    if not (sums.total[a].any() and sums.total[b].any()):
        return none | {"note": "No theme was applied in one of the years, so there is no distance."}
    estimate = float(jensen_shannon(sums.total[a], sums.total[b]))
    in_a, in_b = sums.year == a, sums.year == b
    both = np.intersect1d(sums.person[in_a], sums.person[in_b])
    one_a, one_b = (sums.cell_total[w][~np.isin(sums.person[w], both)] for w in (in_a, in_b))
    # Cells are sorted by person within a year, so these two line up.
    two_a, two_b = (sums.cell_total[w][np.isin(sums.person[w], both)] for w in (in_a, in_b))
    total = sums.total[a] + sums.total[b]
    single = np.concatenate([one_a, one_b])
    rng = np.random.default_rng([seed, a, b])
    size = max(1, _BATCH_CELLS // (len(single) + len(both)))
    permuted: list[Floats] = []
    for k in _batches(N_PERMUTATIONS, size):
        dealt = np.zeros((k, len(single)), np.float32)
        dealt[:, : len(one_a)] = 1
        swapped = rng.integers(0, 2, (k, len(both))).astype(np.float32)
        to_a = rng.permuted(dealt, axis=1) @ single + two_a.sum(0) + swapped @ (two_b - two_a)
        permuted.append(jensen_shannon(np.clip(to_a, 0, None), np.clip(total - to_a, 0, None)))
    draws: list[Floats] = []
    for k in _batches(n_boot, size):
        w_a, w_b, w_both = (
            resample_counts(len(x), k, rng).astype(np.float32) for x in (one_a, one_b, both)
        )
        draws.append(jensen_shannon(w_a @ one_a + w_both @ two_a, w_b @ one_b + w_both @ two_b))
    null = np.concatenate(permuted)
    return {
        "estimate": estimate,
        **distance_interval(estimate, np.concatenate(draws)),
        "null_p95": float(np.nanquantile(null, 0.95)),
        "p": float((1 + (null >= estimate - 1e-9).sum()) / (1 + len(null))),
        "note": "",
    }


def _batches(total: int, size: int) -> list[int]:
    return [min(size, total - done) for done in range(0, total, size)]
