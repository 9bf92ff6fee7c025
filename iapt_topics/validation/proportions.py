"""Proportions right, raters' p together, and agreement among raters, of rated items."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.many_coders import chance_p, krippendorff_alpha, many_coder_ac1
from iapt_topics.stats.resampling import cluster_weights, design_effect, percentile_interval


def fisher_p(p: Floats) -> float:
    """Combine p of several raters by Fisher's method."""
    from scipy.stats import combine_pvalues

    return float(combine_pvalues(np.clip(p, 1e-300, 1.0), "fisher").pvalue)


def proportion_right(rows: pd.DataFrame) -> dict[str, object]:
    """Judgements, items, right ones, their proportion with its interval, and the test."""
    right = rows["right"].to_numpy(dtype=float)
    n = len(right)
    effect = design_effect(right - right.mean(), np.ones(n), rows["item"].to_numpy()) if n else 1.0
    low, high = wilson_interval(right.sum() / effect, n / effect)
    chances = rows["chance"].to_numpy(dtype=float)
    return {
        "n": n,
        "n_items": rows["item"].nunique(),
        "n_right": int(right.sum()),
        "estimate": float(right.mean()) if n else np.nan,
        "low": float(low),
        "high": float(high),
        "expected_by_chance": float(chances.mean()) if n else np.nan,
        "p": chance_p(int(right.sum()), chances) if n and not np.isnan(chances).any() else np.nan,
    }


def rater_agreement(rows: pd.DataFrame, column: str, seed: int) -> pd.DataFrame:
    """Agreement among raters on the items that two at least judged."""
    wide = rows.pivot(index="item", columns="rater", values=column)
    wide = wide[wide.notna().sum(axis=1) > 1]
    values = wide.to_numpy(dtype=object)
    measures = {"alpha": krippendorff_alpha, "ac1": many_coder_ac1, "same": _same}
    out = []
    draws = cluster_weights(wide.index.to_numpy(), 500, seed).astype(float)
    for name, measure in measures.items():
        estimate = low = high = np.nan
        if len(values):
            estimate = float(measure(values))
            limits = percentile_interval(measure(values, draws))
            low, high = (float(v) for v in limits)
        out.append((name, estimate, low, high, len(values)))
    return pd.DataFrame(out, columns=["measure", "estimate", "low", "high", "n"])


def _same(labels: np.ndarray, weights: Floats | None = None) -> Floats:
    """Mean over items of the proportion of pairs of raters with the same answer."""
    known = pd.notna(labels)
    share = np.zeros(len(labels))
    for i, row in enumerate(labels):
        given = row[known[i]].tolist()
        m = len(given)
        share[i] = sum(a == b for a in given for b in given) - m
        share[i] /= m * (m - 1)
    each = np.ones(len(labels)) if weights is None else weights
    return np.asarray(each @ share / each.sum(axis=-1))
