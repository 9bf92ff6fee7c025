"""The tables of a comparison, made from the two codings on common rows and columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics.inference import percentile_interval
from iapt_topics.metrics import (
    cohen_kappa,
    expected_disagreement,
    f1,
    f1_per_unit,
    gwet_ac1,
    jaccard_distance,
    masi_distance,
    negative_agreement,
    pabak,
    precision,
    recall,
    set_alpha,
    table_2x2,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
MIN_POSITIVES = 10
FEW = f"not estimable: fewer than {MIN_POSITIVES} positives"
_ALPHA_DRAWS = 200
_PERMUTATIONS = 200
_CELLS = 4_000_000  # weights held as floats at once


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Pair:
    """The two codings on common rows and columns, and the counts of each bootstrap draw."""

    x: Bools  # (n, k), the reference
    y: Bools
    weights: NDArray[np.int32]  # (n_boot, n)
    size: Floats  # (n_boot,) units in each draw
    both: Floats  # (n_boot, k)
    only_x: Floats
    only_y: Floats
    neither: Floats
    samples: Floats  # (n_boot,) samples F1


def resample(x: Bools, y: Bools, weights: NDArray[np.int32]) -> Pair:
    """Counts of every theme in every bootstrap draw."""
    n, k = x.shape
    cells = np.concatenate([x & y, x & ~y, y & ~x, ~x & ~y], axis=1).astype(np.float32)
    samples = f1_per_unit(x, y)
    drawn = np.empty((len(weights), 4 * k))
    score = np.empty(len(weights))
    chunk = max(1, _CELLS // n)
    for start in range(0, len(weights), chunk):
        part = slice(start, start + chunk)
        drawn[part] = weights[part].astype(np.float32) @ cells
        score[part] = weights[part] @ samples
    size = weights.sum(axis=1, dtype=np.float64)
    both, only_x, only_y, neither = np.split(drawn, 4, axis=1)
    return Pair(
        x=x, y=y, weights=weights, size=size, both=both, only_x=only_x, only_y=only_y,
        neither=neither, samples=score / size,
    )  # fmt: skip


def _counts(x: Bools, y: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    """Units with the theme from both, the first only, the second only, and neither; each (k,)."""
    both = (x & y).sum(axis=0).astype(float)
    only_x, only_y = x.sum(axis=0) - both, y.sum(axis=0) - both
    return both, only_x, only_y, len(x) - both - only_x - only_y


def _mean_f1(both: Floats, only_x: Floats, only_y: Floats, wide: Bools) -> Floats:
    """Mean F1 over the ``wide`` themes along the last axis; NaN if there are none."""
    each = f1(both, only_x, only_y)[..., wide]
    known = ~np.isnan(each)
    number = known.sum(axis=-1)
    total = np.where(known, each, 0.0).sum(axis=-1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _summed_f1(both: Floats, only_x: Floats, only_y: Floats) -> Floats:
    return f1(both.sum(axis=-1), only_x.sum(axis=-1), only_y.sum(axis=-1))


def overall_table(pair: Pair, caveat: str, limited: int, seed: int) -> pd.DataFrame:
    """The ``overall`` table of a comparison."""
    x, y = pair.x, pair.y
    n = len(x)
    a, b, c, _ = _counts(x, y)
    wide = x.sum(axis=0) >= MIN_POSITIVES
    # The first row, each unit once, is the estimate.
    draws_once = np.concatenate([np.ones((1, n)), pair.weights[:_ALPHA_DRAWS]])
    masi = set_alpha(x, y, "masi", weights=draws_once)
    jaccard = set_alpha(x, y, "jaccard", weights=draws_once)
    rows: dict[str, tuple[float, Floats]] = {
        "alpha_masi": (float(masi[0]), masi[1:]),
        "alpha_jaccard": (float(jaccard[0]), jaccard[1:]),
        "f1_samples": (float(f1_per_unit(x, y).mean()), pair.samples),
        "f1_micro": (float(_summed_f1(a, b, c)), _summed_f1(pair.both, pair.only_x, pair.only_y)),
        "f1_macro": (
            float(_mean_f1(a, b, c, wide)),
            _mean_f1(pair.both, pair.only_x, pair.only_y, wide),
        ),
    }
    chance = _chance(pair, wide, seed)
    empty = int((~x.any(axis=1) & ~y.any(axis=1)).sum())
    own = dict.fromkeys(rows, "")
    if empty:
        for name in ("alpha_masi", "alpha_jaccard", "f1_samples"):
            own[name] = f"{empty} responses without a theme from either count as agreement"
    own["f1_macro"] = (
        f"over {wide.sum()} of {len(wide)} themes, with at least {MIN_POSITIVES} positives"
        " of the reference"
    )
    shared = [f"{limited} themes could be given by one coder only"] if limited else []
    shared += [caveat] if caveat else []
    table = []
    for name, (estimate, draws) in rows.items():
        low, high = percentile_interval(draws)
        note = [own[name]] if own[name] else []
        if np.isnan(estimate):
            low, high = np.array(np.nan), np.array(np.nan)
            note.append("not estimable: no variation or too few positives")
        table.append(
            (name, estimate, float(low), float(high), n, chance[name], "; ".join(note + shared))
        )
    columns = ["measure", "estimate", "low", "high", "n", "chance", "note"]
    return pd.DataFrame(table, columns=columns)


def _chance(pair: Pair, wide: Bools, seed: int) -> dict[str, float]:
    """Mean of each overall measure when the other's rows are dealt out at random."""
    x, y = pair.x, pair.y
    rng = np.random.default_rng([seed, 1])
    f1s, apart = np.empty((_PERMUTATIONS, 3)), np.empty((_PERMUTATIONS, 2))
    for i in range(_PERMUTATIONS):
        z = y[rng.permutation(len(y))]
        a, b, c, _ = _counts(x, z)
        f1s[i] = f1_per_unit(x, z).mean(), _summed_f1(a, b, c), _mean_f1(a, b, c, wide)
        apart[i] = masi_distance(x, z).mean(), jaccard_distance(x, z).mean()
    # A permutation leaves the expected disagreement as it is.
    expected = [expected_disagreement(x, y, "masi"), expected_disagreement(x, y, "jaccard")]
    alphas = [
        1 - m / e if e > 0 else float("nan") for m, e in zip(apart.mean(0), expected, strict=True)
    ]
    names = ("alpha_masi", "alpha_jaccard", "f1_samples", "f1_micro", "f1_macro")
    return dict(zip(names, map(float, [*alphas, *f1s.mean(axis=0)]), strict=True))


def themes_table(
    pair: Pair, themes: tuple[str, ...], labels: list[str], limits: list[str]
) -> pd.DataFrame:
    """The ``themes`` table of a comparison."""
    a, b, c, d = _counts(pair.x, pair.y)
    n = len(pair.x)
    first, second = pair.x.sum(axis=0), pair.y.sum(axis=0)
    counts = table_2x2(a, b, c, d)
    f1_low, f1_high = percentile_interval(f1(pair.both, pair.only_x, pair.only_y))
    drawn = table_2x2(pair.both, pair.only_x, pair.only_y, pair.neither)
    kappa = cohen_kappa(counts)
    few = np.minimum(first, second) < MIN_POSITIVES
    kappa_low, kappa_high = (
        np.where(few | np.isnan(kappa), np.nan, bound)
        for bound in percentile_interval(cohen_kappa(drawn))
    )
    flat = ~few & np.isnan(kappa)
    notes = []
    for limit, is_few, is_flat in zip(limits, few, flat, strict=True):
        parts = [FEW if is_few else "", "kappa not defined: given to all" if is_flat else "", limit]
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
            "f1_low": f1_low,
            "f1_high": f1_high,
            "negative_agreement": negative_agreement(b, c, d),
            "kappa": np.where(few, np.nan, kappa),
            "kappa_low": kappa_low,
            "kappa_high": kappa_high,
            "ac1": gwet_ac1(counts),
            "pabak": pabak(counts),
            "note": notes,
        }
    )


def matches_table(pair: Pair, themes: tuple[str, ...]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Pairs of themes that meet, and the partner of each reference theme that has one."""
    from scipy.optimize import linear_sum_assignment

    x, y = pair.x.astype(float), pair.y.astype(float)
    both = x.T @ y
    score = f1(both, x.sum(axis=0)[:, None] - both, y.sum(axis=0)[None, :] - both)
    # Between equals, a theme goes with itself.
    cost = 1 - np.nan_to_num(score) - 1e-9 * np.eye(len(themes))
    rows, columns = linear_sum_assignment(cost)
    partner = {themes[i]: themes[j] for i, j in zip(rows, columns, strict=True) if both[i, j] > 0}
    found = [
        (
            themes[i],
            themes[j],
            float(score[i, j]),
            int(both[i, j]),
            partner.get(themes[i]) == themes[j],
        )
        for i in range(len(themes))
        for j in np.argsort(-np.nan_to_num(score[i]), kind="stable")
        if both[i, j] > 0
    ]
    columns_ = ["reference_theme", "other_theme", "f1", "n_both", "matched"]
    table = pd.DataFrame(found, columns=columns_)
    if not found:
        kinds = dict(zip(columns_, (str, str, float, np.int64, bool), strict=True))
        table = table.astype(kinds)
    return table, partner


def _rate(
    kappa: float, few: tuple[bool, bool], coders: tuple[str, str], theme: str, partner: str | None
) -> tuple[str, str]:
    """Proposed rating of a theme and its ground, by the rule in :class:`Comparison`."""
    if all(few):
        return "not estimable", f"fewer than {MIN_POSITIVES} positives of both coders"
    if any(few):
        return "silent", f"fewer than {MIN_POSITIVES} positives of {coders[few.index(True)]}"
    if np.isnan(kappa):
        return "not estimable", "kappa not defined: given to all"
    ground = f"kappa {kappa:.2f}"
    if kappa < 0.2:
        return "dissonant", ground
    if kappa < 0.6:
        return "complementary", ground
    if partner != theme:
        return "complementary", f"{ground}, but matched with {partner or 'no theme'}"
    return "agreement", f"{ground}, matched with itself"


def convergence_table(
    pair: Pair, table: pd.DataFrame, partner: dict[str, str], coders: tuple[str, str]
) -> pd.DataFrame:
    """The ``convergence`` table of a comparison."""
    low, high = percentile_interval((pair.only_y - pair.only_x) / pair.size[:, None])
    rated = [
        _rate(
            float(kappa),
            (int(first) < MIN_POSITIVES, int(second) < MIN_POSITIVES),
            coders,
            str(theme),
            partner.get(str(theme)),
        )
        for theme, kappa, first, second in zip(
            table["theme"], table["kappa"], table["positives_reference"],
            table["positives_other"], strict=True,
        )
    ]  # fmt: skip
    limits = [str(note).rpartition("; ")[2] for note in table["note"]]
    return pd.DataFrame(
        {
            "theme": table["theme"],
            "label": table["label"],
            "rating": [rating for rating, _ in rated],
            "f1": table["f1"],
            "share_difference": (pair.y.sum(axis=0) - pair.x.sum(axis=0)) / len(pair.x),
            "low": low,
            "high": high,
            "n": table["n"],
            "note": [
                f"{ground}; {limit}" if limit.startswith("only ") else ground
                for (_, ground), limit in zip(rated, limits, strict=True)
            ],
            "rater": "",
        }
    )
