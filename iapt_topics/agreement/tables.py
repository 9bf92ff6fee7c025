"""The tables of a comparison, made from the two codings on common rows and columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.status import NO_INTERVAL, interval_status
from iapt_topics.agreement.theme_matching import (
    assign,
    count_2x2,
    cross_counts,
    cross_f1,
    drawn_cross_f1,
    held_out_cells,
    levels_table,
    match_by_chance,
)
from iapt_topics.stats.agreement import (
    cohen_kappa,
    f1,
    gwet_ac1,
    negative_agreement,
    pabak,
    precision,
    recall,
    table_2x2,
)
from iapt_topics.stats.intervals import paired_interval
from iapt_topics.stats.resampling import design_effect, jackknife_interval, percentile_interval
from iapt_topics.stats.set_agreement import (
    DistanceName,
    alpha_without_each,
    expected_disagreement,
    f1_per_unit,
    jaccard_distance,
    masi_distance,
    mean_defined,
    ratio,
    set_alpha,
)

MIN_POSITIVES = 10
#: Status of a kappa that is not estimated for want of positives.
TOO_FEW = "too few positives"
FEW = f"not estimable: fewer than {MIN_POSITIVES} positives"
LEFT_OUT = "not requested"
UNDEFINED = "kappa undefined: both coders applied it to every response"
_DRAWS = 200  # for what is slow to draw
_PERMUTATIONS = 200
OVERALL_COLUMNS = [
    "measure", "estimate", "low", "high", "interval_status", "n", "expected_by_chance", "note",
]  # fmt: skip
OVERALL = ("alpha_masi", "alpha_jaccard", "f1_samples", "f1_micro", "f1_macro")
_DISTANCES: tuple[DistanceName, ...] = ("masi", "jaccard")
_CELLS = 4_000_000  # weights held as floats at once


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Pair:
    """The two codings on common rows and columns, and the counts of each bootstrap draw."""

    x: Bools  # (n, k), the reference
    y: Bools
    cluster: Ints  # (n,) respondent
    weights: NDArray[np.int32]  # (n_boot, n)
    both: Floats  # (n_boot, k)
    only_x: Floats
    only_y: Floats
    neither: Floats


def resample(x: Bools, y: Bools, cluster: Ints, weights: NDArray[np.int32]) -> Pair:
    """Counts of every theme in every bootstrap draw."""
    n, k = x.shape
    cells = np.concatenate([x & y, x & ~y, y & ~x, ~x & ~y], axis=1).astype(np.float32)
    drawn = np.empty((len(weights), 4 * k))
    chunk = max(1, _CELLS // n)
    for start in range(0, len(weights), chunk):
        part = slice(start, start + chunk)
        drawn[part] = weights[part].astype(np.float32) @ cells
    both, only_x, only_y, neither = np.split(drawn, 4, axis=1)
    return Pair(
        x=x, y=y, cluster=cluster, weights=weights, both=both, only_x=only_x, only_y=only_y,
        neither=neither,
    )  # fmt: skip


def _mean_f1(both: Floats, only_x: Floats, only_y: Floats, wide: Bools) -> Floats:
    """Mean F1 over the ``wide`` themes along the last axis; NaN if there are none."""
    return mean_defined(f1(both, only_x, only_y)[..., wide])


def _summed_f1(both: Floats, only_x: Floats, only_y: Floats) -> Floats:
    return f1(both.sum(axis=-1), only_x.sum(axis=-1), only_y.sum(axis=-1))


def overall_table(pair: Pair, caveat: str, limited: int, seed: int, *, kappa: bool) -> pd.DataFrame:
    """The ``overall`` table of a comparison."""
    x, y = pair.x, pair.y
    n = len(x)
    wide = x.sum(axis=0) >= MIN_POSITIVES
    estimates, without_each = _overall(pair, wide, kappa=kappa)
    lows, highs = jackknife_interval(estimates, without_each)
    by_chance = _expected_by_chance(pair, wide, seed, kappa=kappa)
    own = dict.fromkeys(OVERALL, "")
    if empty := int((~x.any(axis=1) & ~y.any(axis=1)).sum()):
        for name in OVERALL[:3]:
            own[name] = f"{empty} responses without a theme from either coder count as agreement"
    own["f1_macro"] = (
        f"mean over {wide.sum()} of {len(wide)} themes, those with at least {MIN_POSITIVES} "
        "positives of the reference coder"
    )
    shared = [f"{limited} themes are in one coder's code set only"] if limited else []
    shared += [caveat] if caveat else []
    table = []
    for name, estimate, low, high in zip(OVERALL, estimates, lows, highs, strict=True):
        notes = [own[name]] if own[name] else []
        if np.isnan(estimate):
            out = not kappa and name.startswith("alpha")
            notes.append(LEFT_OUT if out else "not estimable: no variation or too few positives")
        status = interval_status(estimate, low)
        notes += [NO_INTERVAL[status]] if status in NO_INTERVAL else []
        ends = (float(low), float(high))
        row = (name, float(estimate), *ends, status, n, by_chance[name], "; ".join(notes + shared))
        table.append(row)
    return pd.DataFrame(table, columns=OVERALL_COLUMNS)


def _overall(pair: Pair, wide: Bools, *, kappa: bool) -> tuple[Floats, Floats]:
    """The overall measures (5,), and the same without each respondent in turn (G, 5)."""
    x, y, cluster = pair.x, pair.y, pair.cluster
    order = np.argsort(cluster, kind="stable")
    first = np.searchsorted(cluster[order], np.arange(int(cluster.max()) + 1))
    score = f1_per_unit(x, y)
    cells = np.stack([x & y, x & ~y, y & ~x], axis=1).astype(float)

    def without_each(values: Floats) -> Floats:
        """Sum of all first, then the sums that each respondent leaves."""
        whole = values.sum(axis=0)
        return np.concatenate([whole[None], whole - np.add.reduceat(values[order], first)])

    both, only_x, only_y = np.moveaxis(without_each(cells), 1, 0)
    alphas = [
        np.append(set_alpha(x, y, d), alpha_without_each(x, y, cluster, d))
        if kappa
        else np.full(len(first) + 1, np.nan)
        for d in _DISTANCES
    ]
    out = np.stack(
        [
            *alphas,
            ratio(without_each(score), without_each(np.ones(len(score)))),
            _summed_f1(both, only_x, only_y),
            _mean_f1(both, only_x, only_y, wide),
        ],
        axis=1,
    )
    return out[0], out[1:]


def _expected_by_chance(pair: Pair, wide: Bools, seed: int, *, kappa: bool) -> dict[str, float]:
    """Mean of each overall measure when the other's rows are permuted."""
    x, y = pair.x, pair.y
    rng = np.random.default_rng([seed, 1])
    f1s, apart = np.empty((_PERMUTATIONS, 3)), np.empty((_PERMUTATIONS, 2))
    for i in range(_PERMUTATIONS):
        z = y[rng.permutation(len(y))]
        a, b, c, _ = count_2x2(x, z)
        f1s[i] = f1_per_unit(x, z).mean(), _summed_f1(a, b, c), _mean_f1(a, b, c, wide)
        apart[i] = masi_distance(x, z).mean(), jaccard_distance(x, z).mean()
    # A permutation leaves the expected disagreement as it is.
    expected = [float(expected_disagreement(x, y, d)) if kappa else np.nan for d in _DISTANCES]
    alphas = 1 - ratio(apart.mean(axis=0), expected)
    return dict(zip(OVERALL, map(float, [*alphas, *f1s.mean(axis=0)]), strict=True))


def themes_table(
    pair: Pair,
    themes: tuple[str, ...],
    labels: list[str],
    limits: list[str],
    seed: int,
    *,
    kappa: bool,
) -> pd.DataFrame:
    """The ``themes`` table of a comparison."""
    a, b, c, d = count_2x2(pair.x, pair.y)
    n = len(pair.x)
    first, second = pair.x.sum(axis=0), pair.y.sum(axis=0)
    counts = table_2x2(a, b, c, d)
    drawn = _smoothed(pair, seed)
    f1_low, f1_high = percentile_interval(f1(*drawn[:3]))
    known = ~np.isnan(f1(a, b, c))
    few = np.minimum(first, second) < MIN_POSITIVES
    estimate = cohen_kappa(counts)
    flat = ~few & np.isnan(estimate)
    out = few | flat | (not kappa)
    status = np.select([few, flat, out], [TOO_FEW, "applied to all", "not requested"], "estimated")
    kappa_low, kappa_high = (
        np.where(out, np.nan, bound)
        for bound in percentile_interval(cohen_kappa(table_2x2(*drawn)))
    )
    notes = []
    for limit, is_few, is_flat in zip(limits, few, flat, strict=True):
        parts = [
            FEW if is_few else "",
            UNDEFINED if is_flat else "",
            limit,
        ]
        parts.append("" if kappa else f"kappa, AC1 and PABAK {LEFT_OUT}")
        notes.append("; ".join(p for p in parts if p))
    return pd.DataFrame(
        {
            "theme": list(themes),
            "label": labels,
            "n": n,
            "positives_reference": first.astype(np.int64),
            "positives_other": second.astype(np.int64),
            "share_reference": first / n,
            "share_other": second / n,
            "precision": precision(a, c),
            "recall": recall(a, b),
            "f1": f1(a, b, c),
            "f1_low": np.where(known, f1_low, np.nan),
            "f1_high": np.where(known, f1_high, np.nan),
            "negative_agreement": negative_agreement(b, c, d),
            "kappa": np.where(out, np.nan, estimate),
            "kappa_low": kappa_low,
            "kappa_high": kappa_high,
            "kappa_status": status,
            "ac1": np.where(kappa, gwet_ac1(counts), np.nan),
            "pabak": np.where(kappa, pabak(counts), np.nan),
            "note": notes,
        }
    )


def _smoothed(pair: Pair, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Counts of every draw with half a unit more, itself redrawn, in each of the four cells.

    Plain draws never leave a cell that is empty, so that few positives in full agreement would
    have an interval without a width. A unit is as many responses as are worth an independent one.
    """
    more = np.random.default_rng([seed, 5]).poisson((0.5, 1.0, 0.5), (len(pair.weights), 3))
    # Halved between the two kinds of disagreement, so that neither coder comes first.
    both, apart, neither = (more * (1, 0.5, 1)).T[:, :, None] * _unit_size(pair)
    return pair.both + both, pair.only_x + apart, pair.only_y + apart, pair.neither + neither


def _unit_size(pair: Pair) -> Floats:
    """Responses worth one independent one, by the design effect on each theme's F1; (k,)."""
    a, b, c, _ = count_2x2(pair.x, pair.y)
    score = np.nan_to_num(f1(a, b, c))
    # The part of each response in the estimating equation of F1.
    part = (pair.x & pair.y) - score * (pair.x.astype(float) + pair.y) / 2
    even = np.ones(len(part))
    # However few the errors: the unit is only there to keep an interval open.
    return np.array([design_effect(of_theme, even, pair.cluster, few=0) for of_theme in part.T])


def theme_level_tables(
    pair: Pair, themes: tuple[str, ...], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, Ints, Floats]:
    """The ``matches`` and ``levels`` tables; partners of the first themes and held-out cells."""
    x, y = pair.x, pair.y
    first, second = x.sum(axis=0), y.sum(axis=0)
    both = cross_counts(x, y)
    score = cross_f1(both, first, second)
    partner = assign(both, score)
    cells = held_out_cells(x, y, pair.cluster, seed)
    held_out = f1(*cells.T[:3])
    by_chance, permuted = match_by_chance(x, y, _PERMUTATIONS, seed)
    drawn = drawn_cross_f1(x, y, pair.weights[:_DRAWS])
    levels = levels_table(score, drawn, permuted, first >= MIN_POSITIVES, second >= MIN_POSITIVES)
    rows = []
    for i, theme in enumerate(themes):
        for j in np.argsort(-score[i], kind="stable"):
            if both[i, j] > 0:
                matched = bool(partner[i] == j)
                ends = (float(held_out[i]), float(by_chance[i])) if matched else (np.nan, np.nan)
                row = (theme, themes[j], float(score[i, j]), int(both[i, j]), matched, *ends)
                rows.append(row)
    kinds = {
        "reference_theme": str, "other_theme": str, "f1": float, "n_both": np.int64,
        "matched": bool, "f1_held_out": float, "f1_expected_by_chance": float,
    }  # fmt: skip
    matches = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    return matches, levels, partner, cells


def years_table(pair: Pair, themes: tuple[str, ...], years: NDArray[np.int64]) -> pd.DataFrame:
    """The ``years`` table of a comparison."""
    rows = []
    for year in np.unique(years).tolist():
        use = years == year
        x, y = pair.x[use], pair.y[use]
        low, high = paired_difference(x, y, pair.cluster[use])
        for j, theme in enumerate(themes):
            few = max(x[:, j].sum(), y[:, j].sum()) < MIN_POSITIVES
            note = f"fewer than {MIN_POSITIVES} positives of both coders" if few else ""
            one, two = float(x[:, j].mean()), float(y[:, j].mean())
            measured = (one, two, two - one, float(low[j]), float(high[j]), len(x), note)
            rows.append((j, year, theme, *measured))
    columns = [
        "theme", "year", "share_reference", "share_other", "estimate", "low", "high", "n", "note",
    ]  # fmt: skip
    table = pd.DataFrame(sorted(rows), columns=["place", "year", "theme", *columns[2:]])
    return table[columns].astype({"year": "int64", "n": "int64"})


def paired_difference(x: Bools, y: Bools, cluster: Ints) -> tuple[Floats, Floats]:
    """Interval of the share of y less that of x, for each column, by respondent."""
    n = len(x)
    gap = y.astype(float) - x
    error = gap - gap.mean(axis=0)
    once = np.ones(n)
    effect = np.array([design_effect(e, once, cluster) for e in error.T])
    b, c = (x & ~y).sum(axis=0) / effect, (y & ~x).sum(axis=0) / effect
    low, high = paired_interval(b, c, n / effect)
    estimate = gap.mean(axis=0)
    return np.minimum(low, estimate), np.maximum(high, estimate)
