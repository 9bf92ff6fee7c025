"""Two sets of themes against each other: which meet, how many do, and how the partitions agree.

The arithmetic behind ``matches``, ``levels`` and ``partition`` of
:class:`iapt_topics.agreement.comparison.Comparison`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.status import ESTIMATED, NO_INTERVAL, TOO_SPARSE, interval_status
from iapt_topics.stats.agreement import f1
from iapt_topics.stats.resampling import jackknife_interval, percentile_interval
from iapt_topics.stats.set_agreement import mean_defined, ratio

THRESHOLDS = tuple(i / 10 for i in range(1, 10))
LEVELS = ("coverage", "novelty", "fragmentation", "fusion")
PARTITION_COLUMNS = [
    *("measure", "unassigned", "estimate", "low", "high", "interval_status", "n"),
    *("expected_by_chance", "note"),
]
PARTITION = ("ami", "ari", "homogeneity", "completeness", "v")
#: From this many responses for each pair of classes, the bias of information measures is nearly in
#: proportion to 1 / n, so that a jackknife takes it off (docs/laboratory.md).
_ENOUGH = 20
_CELLS = 4_000_000  # cells of contingency tables held at once


def count_2x2(x: Bools, y: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    """Units with the theme from both, the first only, the second only, and neither; each (k,)."""
    both = (x & y).sum(axis=0).astype(float)
    only_x, only_y = x.sum(axis=0) - both, y.sum(axis=0) - both
    return both, only_x, only_y, len(x) - both - only_x - only_y


def cross_counts(x: Bools, y: Bools) -> Floats:
    """Units with theme i from the first and theme j from the second, (k, k)."""
    return np.asarray(x.astype(np.float32).T @ y.astype(np.float32), float)


def drawn_cross_f1(x: Bools, y: Bools, weights: NDArray[np.int32]) -> list[Floats]:
    """F1 of every pair of themes in each draw."""
    k = x.shape[1]
    unit, i, j = np.nonzero(x[:, :, None] & y[:, None, :])
    pair = i * k + j
    out = []
    for w in weights:
        both = np.bincount(pair, w[unit], minlength=k * k).reshape(k, k)
        out.append(cross_f1(np.asarray(both, float), w @ x, w @ y))
    return out


def cross_f1(both: Floats, first: ArrayLike, second: ArrayLike) -> Floats:
    """F1 of every pair of themes, 0 where neither was given."""
    a, b = np.asarray(first, float)[:, None], np.asarray(second, float)[None, :]
    return np.nan_to_num(f1(both, a - both, b - both))


def assign(both: Floats, score: Floats) -> Ints:
    """Partner of each first theme in the one-to-one match of highest total F1; -1 without one."""
    from scipy.optimize import linear_sum_assignment

    # Between equals, a theme goes with itself.
    rows, columns = linear_sum_assignment(1 - score - 1e-9 * np.eye(len(score)))
    out = np.full(len(score), -1)
    out[rows] = np.where(both[rows, columns] > 0, columns, -1)
    return out


def held_out_cells(x: Bools, y: Bools, cluster: Ints, seed: int) -> Floats:
    """Cells a, b, c, d of each first theme with its partner, (k, 4).

    The partner is chosen on one half of the respondents and the cells are counted on the other.
    """
    n_clusters = int(cluster.max()) + 1
    half = np.random.default_rng([seed, 2]).permutation(n_clusters)[cluster] % 2 == 0
    out = np.zeros((x.shape[1], 4))
    for fold in (half, ~half):
        learn = ~fold
        both = cross_counts(x[learn], y[learn])
        partner = assign(both, cross_f1(both, x[learn].sum(axis=0), y[learn].sum(axis=0)))
        given = np.where(partner >= 0, y[fold][:, np.maximum(partner, 0)], False)
        out += np.stack(count_2x2(x[fold], given), axis=1)
    return out


def match_by_chance(
    x: Bools, y: Bools, n_permutations: int, seed: int
) -> tuple[Floats, list[Floats]]:
    """Mean F1 of each first theme's partner over permutations; the F1 of all pairs in each."""
    rng = np.random.default_rng([seed, 3])
    first, second = x.sum(axis=0), y.sum(axis=0)
    total, scores = np.zeros(x.shape[1]), []
    for _ in range(n_permutations):
        both = cross_counts(x, y[rng.permutation(len(y))])
        score = cross_f1(both, first, second)
        partner = assign(both, score)
        total += np.where(partner >= 0, score[np.arange(len(score)), partner], 0.0)
        scores.append(score)
    return total / n_permutations, scores


def level_curves(score: Floats) -> Floats:
    """Coverage, novelty, fragmentation and fusion at each threshold; (4, thresholds)."""
    # A tie with the threshold is above it, whatever the rounding.
    above = score[None] >= np.array(THRESHOLDS)[:, None, None] - 1e-12
    others, own = above.sum(axis=2), above.sum(axis=1)
    n_first, n_second = score.shape
    met, meets = (others > 0).sum(axis=1), (own > 0).sum(axis=1)
    pairs = others.sum(axis=1)
    return np.stack(
        [ratio(met, n_first), 1 - ratio(meets, n_second), ratio(pairs, met), ratio(pairs, meets)]
    )


def levels_table(
    score: Floats, drawn: list[Floats], permuted: list[Floats], first: Bools, second: Bools
) -> pd.DataFrame:
    """The ``levels`` table; scores are cut to the themes with enough positives of their coder."""
    cut = np.ix_(first, second)
    estimate = level_curves(score[cut])
    low, high = percentile_interval(np.stack([level_curves(s[cut]) for s in drawn]))
    low, high = np.minimum(low, estimate), np.maximum(high, estimate)
    # Without a pair above the threshold there is no number of partners.
    by_chance = mean_defined(np.stack([level_curves(s[cut]) for s in permuted]), axis=0)
    rows = []
    for i, measure in enumerate(LEVELS):
        n = int((first if measure in ("coverage", "fragmentation") else second).sum())
        for j, threshold in enumerate(THRESHOLDS):
            measured = [float(x[i, j]) for x in (estimate, low, high)]
            note = "no pair of themes reaches the threshold" if np.isnan(measured[0]) else ""
            if note and measure in ("coverage", "novelty"):
                note = "no theme with enough positives"
            rows.append((measure, threshold, *measured, n, float(by_chance[i, j]), note))
    columns = ["measure", "threshold", "estimate", "low", "high", "n", "expected_by_chance", "note"]
    return pd.DataFrame(rows, columns=columns)


def partition_measures(counts: ArrayLike, by_chance: ArrayLike | None = None) -> Floats:
    """AMI, ARI, homogeneity, completeness and V of contingency tables (..., k, m); (..., 5).

    ``by_chance`` is the mutual information expected by chance, of each table, worked out from a
    single one if None. A measure is NaN where it is not defined, e.g. for a single class on both
    sides.
    """
    table = np.asarray(counts, float)
    n = table.sum(axis=(-2, -1))
    rows, columns = table.sum(axis=-1), table.sum(axis=-2)

    def entropy(part: Floats) -> Floats:
        share = ratio(part, n[..., None])
        return np.asarray(-(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=-1))

    h, k = entropy(rows), entropy(columns)
    mutual = h + k - entropy(table.reshape(*table.shape[:-2], -1))
    emi = expected_information(table) if by_chance is None else np.asarray(by_chance, float)

    def pairs(part: Floats) -> Floats:
        return np.asarray((part * (part - 1) / 2).sum(axis=-1))

    both = pairs(table.reshape(*table.shape[:-2], -1))
    first, second = pairs(rows), pairs(columns)
    expected = ratio(first * second, n * (n - 1) / 2)
    room = np.where(np.abs((h + k) / 2 - emi) < 1e-12, 0.0, (h + k) / 2 - emi)
    return np.stack(
        [
            ratio(mutual - emi, room),
            ratio(both - expected, (first + second) / 2 - expected),
            np.where(h > 1e-12, ratio(mutual, h), 1.0),
            np.where(k > 1e-12, ratio(mutual, k), 1.0),
            ratio(2 * mutual, h + k),
        ],
        axis=-1,
    )


def expected_information(table: Floats) -> float:
    """Mutual information of two partitions with these sizes, expected by chance."""
    from sklearn.metrics.cluster import expected_mutual_information

    counts = np.asarray(table, np.int64)
    counts = counts[np.ix_(counts.any(axis=1), counts.any(axis=0))]
    return float(expected_mutual_information(counts, int(counts.sum())))


def partition_table(
    x: Bools, y: Bools, cluster: Ints, n_permutations: int, seed: int
) -> pd.DataFrame:
    """The ``partition`` table: responses with at most one theme from each coder."""
    single = (x.sum(axis=1) <= 1) & (y.sum(axis=1) <= 1)
    k = x.shape[1]
    left_out = f"{int((~single).sum())} responses with several themes excluded"
    rows = []
    for unassigned in ("in", "out"):
        use = single if unassigned == "in" else single & x.any(axis=1) & y.any(axis=1)
        first, second = (np.where(z.any(axis=1), z.argmax(axis=1), k)[use] for z in (x, y))
        n = int(use.sum())
        estimate = low = high = chance = np.full(len(PARTITION), np.nan)
        sparse = False
        if n > 1:
            whole = _contingency(first, second, k + 1)
            emi = expected_information(whole)
            estimate = partition_measures(whole, emi)
            people = np.unique(cluster[use], return_inverse=True)[1]
            rest = _partition_without_each(first, second, people, k + 1, emi)
            low, high = jackknife_interval(estimate, rest, unbiased=True)
            sparse = n < _ENOUGH * whole.any(axis=0).sum() * whole.any(axis=1).sum()
            rng = np.random.default_rng([seed, 4])
            dealt = [
                partition_measures(_contingency(first, rng.permutation(second), k + 1), emi)
                for _ in range(n_permutations)
            ]
            chance = np.mean(dealt, axis=0)
        for i, measure in enumerate(PARTITION):
            ends, status = (low[i], high[i]), interval_status(estimate[i], low[i])
            # ARI, which is of pairs of responses, has next to no such bias.
            if sparse and measure != "ari" and status == ESTIMATED:
                ends, status = (np.nan, np.nan), TOO_SPARSE
            missing = "undefined: no variation" if np.isnan(estimate[i]) else ""
            note = "; ".join(filter(None, [left_out, missing, NO_INTERVAL.get(status, "")]))
            row = (measure, unassigned, estimate[i], *ends, status, n, chance[i], note)
            rows.append(row)
    return pd.DataFrame(rows, columns=PARTITION_COLUMNS)


def _contingency(first: Ints, second: Ints, k: int) -> Floats:
    """Units by the class of the first coder and of the second, (k, k)."""
    return np.bincount(first * k + second, minlength=k * k).reshape(k, k).astype(float)


def _partition_without_each(first: Ints, second: Ints, cluster: Ints, k: int, emi: float) -> Floats:
    """Measures without the units of each cluster in turn, (n_clusters, 5)."""
    whole, n = _contingency(first, second, k).ravel(), len(first)
    order = np.argsort(cluster, kind="stable")
    of, cell = cluster[order], (first * k + second)[order]
    n_clusters = int(of[-1]) + 1
    chunk, out = max(1, _CELLS // len(whole)), []
    for start in range(0, n_clusters, chunk):
        stop = min(start + chunk, n_clusters)
        part = slice(*np.searchsorted(of, [start, stop]))
        place = (of[part] - start) * len(whole) + cell[part]
        tables = whole - np.bincount(place, minlength=(stop - start) * len(whole)).reshape(
            -1, len(whole)
        )
        # What is expected by chance falls as 1 / n, and hardly depends on which unit is left out.
        left = tables.sum(axis=1)
        by_chance = ratio(emi * n, left)
        out.append(partition_measures(tables.reshape(-1, k, k), by_chance))
    return np.concatenate(out)
