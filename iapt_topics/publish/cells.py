"""One published proportion: rounded counts, and what follows from them alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.status import NOT_CODED, NOT_ESTIMABLE, SHOWN, SMALL_BASE, SUPPRESSED
from iapt_topics.publish.counts import LinkedCounts
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.suppression import Key
from iapt_topics.stats.share_model import share_limits

#: Note on a figure whose year nobody coded.
NO_CODES = "no response of this year was coded"
#: Note on a prevalence whose count is a sum of survey weights.
WEIGHTED = "weighted"
#: Stands for every p value below .001.
SMALLEST_P = 0.0005


@dataclass(frozen=True, slots=True)
class Cells:
    """The counts behind a study's tables, which of them are suppressed, and by what rule."""

    counts: LinkedCounts
    suppressed: frozenset[Key]
    rule: Disclosure

    def share(
        self, key: Key, base: Key, effective: float, *, weighted: bool = False
    ) -> dict[str, object]:
        """One share: rounded counts, and what follows from them alone.

        Parameters
        ----------
        key, base : key
            Of the count and of what it is out of.
        effective : float
            Number of equal responses that the exact share is as sure as.
        weighted : bool
            Whether the count is a sum of survey weights, if there are any.
        """
        counts, rule = self.counts, self.rule
        weighted = weighted and bool(counts.weights)
        out: dict[str, object] = dict.fromkeys(("count", "n", "estimate", "low", "high"), np.nan)
        cell, of = counts.cells.get(key), counts.cells.get(base)
        if base in self.suppressed:
            return out | {"status": SUPPRESSED, "note": SUPPRESSED}
        if of is None or not of.count:
            return out | {"count": 0, "n": 0, "status": NOT_CODED, "note": NO_CODES}
        n = rule.rounded(of.count)
        out["n"] = n
        if cell is None or key in self.suppressed:
            return out | {"status": SUPPRESSED, "note": SUPPRESSED}
        if weighted:
            count, share = self._weighted_count(counts.weighed[key][0], base)
        else:
            count = min(rule.rounded(cell.count), n)
            share = count / n if n else np.nan
        out["count"] = count
        if of.count < rule.min_base:
            return out | {"status": SMALL_BASE, "note": rule.too_small}
        # The design effect is coarsened so that it does not give the exact share away.
        effect = max(1.0, round(float(of.count / effective), 1))
        one_each = effect == 1 and counts.one_each(base, weighted=weighted)
        low, high = (float(x) for x in share_limits(share, n / effect, one_each))
        out |= {"estimate": share, "low": low, "high": high, "status": SHOWN}
        return out | {"note": WEIGHTED if weighted else ""}

    def _weighted_count(self, total: float, base: Key) -> tuple[float, float]:
        """A sum of weights as it may be shown, and its share of the base.

        Weights have mean 1 in the base, so the two are those of as many equal responses.
        """
        rule, n = self.rule, self.counts.cells[base].count
        of, largest = self.counts.weighed[base]
        total, largest = total * n / of, largest * n / of
        if rule.min_respondents == 1 and rule.round_to == 1:
            return round(total), min(total / n, 1.0)
        step = max(5, rule.round_to)
        step *= math.ceil(round(2 * largest / step, 9))
        count = min((total + step / 2) // step * step, rule.rounded(n))
        return int(count), count / max(rule.rounded(n), 1)

    def joint(self, ids: set[str], year: int) -> float:
        """Responses to which two coders applied a theme, or the sum of their weights, rounded."""
        if not self.counts.weights:
            return float(self.coarse(len(ids)))
        total, _ = self.counts.weigh(ids)
        base = ("comparison", "base", year)
        share = self._weighted_count(total, base)[1]
        return share * self.rule.rounded(self.counts.cells[base].count)

    @property
    def step(self) -> int:
        """What counts of two coders together are rounded to, whether or not the rule rounds."""
        return 1 if self.rule.min_respondents == 1 else max(5, self.rule.round_to)

    def coarse(self, counts: Any) -> np.ndarray:
        """Counts of two coders together, rounded."""
        step = self.step
        return np.asarray((np.asarray(counts, dtype=float) + step / 2) // step * step)


def mark(table: pd.DataFrame, shown: Any, note: Any = "") -> pd.DataFrame:
    """Add ``status`` and ``note``: shown, or suppressed."""
    shown = np.asarray(shown, dtype=bool)
    status = np.where(shown, SHOWN, SUPPRESSED)
    return table.assign(status=status, note=np.where(shown, note, SUPPRESSED))


def follow(table: pd.DataFrame, *parts: pd.DataFrame, value: str = "estimate") -> pd.DataFrame:
    """Add ``status`` and ``note`` of figures that are made of others, row by row.

    They are those of the first of ``parts`` that is not shown; what is missing though all are
    shown cannot be estimated.
    """
    status, note = np.full(len(table), SHOWN, object), np.full(len(table), "", object)
    for part in parts:
        # A row that is not there is of a year that was not coded.
        own, said = part["status"].fillna(NOT_CODED), part["note"].fillna(NO_CODES)
        first = (status == SHOWN) & (own != SHOWN).to_numpy()
        status, note = np.where(first, own, status), np.where(first, said, note)
    return not_estimable(table.assign(status=status, note=note), value)


def not_estimable(table: pd.DataFrame, value: str = "estimate") -> pd.DataFrame:
    """Say so of figures that are missing for no reason of disclosure control."""
    missing = (table["status"] == SHOWN) & table[value].isna()
    note = table["note"].mask(missing & (table["note"] == ""), NOT_ESTIMABLE)
    return table.assign(status=table["status"].mask(missing, NOT_ESTIMABLE), note=note)


def round_measures(table: pd.DataFrame, rule: Disclosure) -> pd.DataFrame:
    """A table of measures over all themes at once: two decimals, and p to three."""
    decimals = dict.fromkeys(table.select_dtypes("float").columns, 2)
    out = table.round({c: d for c, d in decimals.items() if c != "p"})
    if "p" in decimals:
        out["p"] = round_p(table["p"])
    out = out.assign(n=[rule.rounded(n) for n in table["n"]], status=SHOWN, note="")
    return not_estimable(out)


def round_and_mask(
    table: pd.DataFrame, shown: np.ndarray, decimals: Mapping[str, int]
) -> pd.DataFrame:
    """Round what was worked out from exact counts, and leave out what is not shown."""
    tests = {c for c in decimals if c == "p" or c.startswith("p_")}
    rounded = {
        c: round_p(table[c]) if c in tests else table[c].astype(float).round(d)
        for c, d in decimals.items()
    }
    return table.assign(**{c: values.where(shown) for c, values in rounded.items()})


def round_p(p: pd.Series) -> pd.Series:
    """P values to three decimals; every one below .001 as the same smaller number, never as 0."""
    p = p.astype(float)
    return p.round(3).mask(p < 0.001, SMALLEST_P)
