"""One published proportion, and what is worked out from published proportions alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics.publish.counts import System
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.suppression import Key
from iapt_topics.stats.share_model import ShareModel, share_limits, share_model, sum_cells

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes


def _model(
    system: System, codes: Codes, wave: Mapping[str, int], *, weighted: bool = True
) -> ShareModel:
    """Exact shares of each theme by the wave of each response."""
    ids = sorted(wave)
    _, person = np.unique(system.who.reindex(ids).to_numpy(str), return_inverse=True)
    waves = np.array([wave[i] for i in ids], dtype=np.intp)
    weight = np.array([system.weights[i] for i in ids]) if weighted and system.weights else None
    return share_model(sum_cells(person, waves, codes.matrix(ids, codes.themes), weight))


def _share(
    system: System,
    key: Key,
    base: Key,
    effective: float,
    hidden: set[Key],
    rule: Disclosure,
    *,
    weighted: bool = False,
) -> dict[str, object]:
    """One share: rounded counts, and what follows from them alone.

    ``effective`` is the number of equal responses that the exact share is as sure as; with
    ``weighted`` the count is a sum of survey weights, if there are any.
    """
    weighted = weighted and bool(system.weights)
    out: dict[str, object] = dict.fromkeys(("count", "n", "estimate", "low", "high"), np.nan)
    cell, of = system.cells.get(key), system.cells.get(base)
    if base in hidden:
        return out | {"note": WITHHELD}
    if of is None or not of.count:
        return out | {"count": 0, "n": 0, "note": "no response of this year was coded"}
    n = rule.rounded(of.count)
    out["n"] = n
    if cell is None or key in hidden:
        return out | {"note": WITHHELD}
    if weighted:
        count, share = _weighted_count(system.weighed[key][0], system, base, rule)
    else:
        count = min(rule.rounded(cell.count), n)
        share = count / n if n else np.nan
    out["count"] = count
    if of.count < rule.min_base:
        return out | {"note": f"no percentage out of fewer than {rule.min_base} responses"}
    # The design effect is coarsened so that it does not give the exact share away.
    effect = max(1.0, round(float(of.count / effective), 1))
    one_each = effect == 1 and system.one_each(base, weighted=weighted)
    low, high = (float(x) for x in share_limits(share, n / effect, one_each))
    note = WEIGHTED if weighted else ""
    return out | {"estimate": share, "low": low, "high": high, "note": note}


def _weighted_count(
    total: float, system: System, base: Key, rule: Disclosure
) -> tuple[float, float]:
    """A sum of weights as it may be shown, and its share of the base.

    Weights have mean 1 in the base, so the two are those of as many equal responses.
    """
    n, (of, largest) = system.cells[base].count, system.weighed[base]
    total, largest = total * n / of, largest * n / of
    if rule.min_respondents == 1 and rule.round_to == 1:
        return round(total), min(total / n, 1.0)
    step = max(5, rule.round_to)
    step *= math.ceil(round(2 * largest / step, 9))
    count = min((total + step / 2) // step * step, rule.rounded(n))
    return int(count), count / max(rule.rounded(n), 1)


def _joint(system: System, ids: set[str], year: int, rule: Disclosure) -> float:
    """How many responses two coders gave a theme, or the sum of their weights, rounded."""
    if not system.weights:
        return float(_coarse_counts(len(ids), rule))
    total, _ = system.weight_of(ids)
    base = ("comparison", "base", year)
    return _weighted_count(total, system, base, rule)[1] * rule.rounded(system.cells[base].count)


def _rounded(table: pd.DataFrame, rule: Disclosure) -> pd.DataFrame:
    """A table of measures over all themes at once: two decimals, and p to three."""
    decimals = dict.fromkeys(table.select_dtypes("float").columns, 2) | {"p": 3}
    out = table.round({c: d for c, d in decimals.items() if c in table.columns})
    return out.assign(n=[rule.rounded(n) for n in table["n"]], note="")


def _step(rule: Disclosure) -> int:
    """What counts of two coders together are rounded to: a rule that does not round is no help."""
    return 1 if rule.min_respondents == 1 else max(5, rule.round_to)


def _coarse_counts(counts: Any, rule: Disclosure) -> np.ndarray:
    step = _step(rule)
    return np.asarray((np.asarray(counts, dtype=float) + step / 2) // step * step)


WITHHELD = "withheld"


#: Said of a share whose count is a sum of survey weights.
WEIGHTED = "weighted"


#: How the columns of a named figure end.
ENDS = {"estimate": "", "low": "_low", "high": "_high"}


def both_years(changes: pd.DataFrame, shares: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares of the year of each change, and of the one that it is set against, row by row."""
    known = shares.set_index(["theme", "year"])[["estimate", "low", "high", "n"]]
    now, then = (
        known.reindex(pd.MultiIndex.from_frame(changes[["theme", y]])).reset_index(drop=True)
        for y in ("year", "against")
    )
    return now, then


def difference(one: pd.DataFrame, two: pd.DataFrame) -> dict[str, pd.Series]:
    """One figure less another, with the interval of their difference as if independent."""
    gap = one["estimate"] - two["estimate"]
    down = np.hypot(one["estimate"] - one["low"], two["high"] - two["estimate"])
    up = np.hypot(one["high"] - one["estimate"], two["estimate"] - two["low"])
    return {"estimate": gap, "low": gap - down, "high": gap + up}


def _coarse(
    table: pd.DataFrame,
    shown: np.ndarray,
    *,
    p: Sequence[str] = (),
    two: Sequence[str] = (),
    three: Sequence[str] = (),
) -> pd.DataFrame:
    """Round what was worked out from exact counts, and leave out what is not shown."""
    digits = dict.fromkeys((*p, *three), 3) | dict.fromkeys(two, 2)
    table = table.assign(**{c: table[c].astype(float).round(d) for c, d in digits.items()})
    table = table.assign(**{c: table[c].clip(lower=0.001) for c in p})
    return table.assign(**{c: table[c].where(shown) for c in digits})
