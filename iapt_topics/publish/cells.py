"""One published proportion: rounded counts, and what follows from them alone.

Rounding is an error like another: a reader of a count rounded to ``w`` knows it to within an error
of variance ``(w**2 - 1) / 12``, that of a whole number drawn evenly from ``w`` in a row. Its part
in the variance of a share (by the delta method) is added to that of sampling, so that a published
interval covers the prevalence and not the rounded figure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.status import FEW, NOT_CODED, NOT_ESTIMABLE, SHOWN, SMALL_BASE, SUPPRESSED
from iapt_topics.publish.counts import LinkedCounts, is_base
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.noise import changed, noise_variance
from iapt_topics.publish.suppression import Key
from iapt_topics.stats.intervals import normal_quantile, wilson_interval
from iapt_topics.stats.share_model import share_limits

#: Note on a figure whose year nobody coded.
NO_CODES = "no response of this year was coded"
#: Note on a prevalence whose count is a sum of survey weights.
WEIGHTED = "weighted"
#: Stands for every p value below .001.
SMALLEST_P = 0.0005
#: What else is worked out from a share needs, and no table shows.
HELPERS = ["point", "effect", "one_each", "rounding"]


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
        share = self.share_with_helpers(key, base, effective, weighted=weighted)
        return {name: value for name, value in share.items() if name not in HELPERS}

    def share_with_helpers(
        self, key: Key, base: Key, effective: float, *, weighted: bool = False
    ) -> dict[str, object]:
        """:meth:`share`, with what else is worked out from it needs.

        ``point`` is the estimate, or where the count is few the middle of what it can be;
        ``effect`` the coarsened design effect, ``one_each`` whether Wilson's limits are due,
        ``rounding`` the variance that rounding brings.
        """
        counts, rule = self.counts, self.rule
        weighted = weighted and bool(counts.weights)
        out: dict[str, object] = dict.fromkeys(("count", "n", "estimate", "low", "high"), np.nan)
        out |= {"point": np.nan, "effect": 1.0, "one_each": False, "rounding": 0.0}
        cell, of = counts.cells.get(key), counts.cells.get(base)
        if base in self.suppressed:
            return out | {"status": SUPPRESSED, "note": SUPPRESSED}
        if of is None or not of.count:
            return out | {"count": 0, "n": 0, "status": NOT_CODED, "note": NO_CODES}
        n = self.count(base)
        out["n"] = n
        if cell is None or (key in self.suppressed and not self.is_few(key)):
            return out | {"status": SUPPRESSED, "note": SUPPRESSED}
        if self.is_few(key):
            return out | self._few(n)
        step: float
        if weighted:
            count, share, step = self._weighted_count(counts.weighed[key][0], base)
        else:
            count, step = min(self.count(key), n), self.count_step
            share = count / n if n else np.nan
        out["count"] = count
        if of.count < rule.percent_base:
            return out | {"status": SMALL_BASE, "note": rule.too_small}
        # The design effect is coarsened so that it does not disclose the exact share.
        effect = max(1.0, round(float(of.count / effective), 1))
        one_each = effect == 1 and counts.one_each(base, weighted=weighted)
        # A count that is shown as 0 is 0 if those that would be rounded to it are suppressed.
        certain = not count and not weighted and rule.rounded(rule.min_cell) > 0
        error = 0.0 if certain else rounding_variance(step)
        rounding = (error + share**2 * rounding_variance(self.count_step)) / n**2
        low, high = (
            float(x) for x in widen(share, *share_limits(share, n / effect, one_each), rounding)
        )
        out |= {"estimate": share, "low": low, "high": high, "status": SHOWN}
        out |= {"point": share, "effect": effect, "one_each": one_each, "rounding": rounding}
        return out | {"note": WEIGHTED if weighted else ""}

    def count(self, key: Key) -> int:
        """A count as it is published: rounded, or changed by noise."""
        cell, noise = self.counts.cells[key], self.rule.noise
        if noise and key in self.counts.keyed:
            return changed(cell.count, self.counts.keyed[key], noise)
        return self.rule.rounded(cell.count)

    @property
    def count_step(self) -> float:
        """What counts would be rounded to for the error that they have."""
        noise = self.rule.noise
        return math.sqrt(12 * noise_variance(noise) + 1) if noise else self.rule.round_to

    def is_few(self, key: Key) -> bool:
        """Whether a count is shown as few: below the smallest cell, or none."""
        if self.rule.show_zero or is_base(key) or key not in self.counts.cells:
            return False
        return len(self.counts.cells[key].people) < self.rule.min_cell

    def _few(self, n: int) -> dict[str, object]:
        """A share of few respondents: at least 0, at most the upper limit of the most they can be.

        Its variance is that of a whole number drawn evenly from those that are not
        distinguished, as that of rounding.
        """
        rule = self.rule
        most = min(rule.min_cell - 1, n)
        high = float(wilson_interval(most, n)[1])
        return {
            "low": 0.0, "high": high, "point": most / 2 / n, "one_each": True,
            "rounding": rounding_variance(rule.min_cell) / n**2, "status": FEW, "note": rule.few,
        }  # fmt: skip

    def _weighted_count(self, total: float, base: Key) -> tuple[float, float, float]:
        """A sum of weights as it may be shown, its share of the base, and what it is rounded to.

        Weights have mean 1 in the base, so the two are those of as many equal responses.
        """
        rule, n = self.rule, self.counts.cells[base].count
        of = self.counts.weighed[base][0]
        total *= n / of
        if rule.is_off and rule.round_to == 1:
            return round(total), min(total / n, 1.0), 1
        step = self.weighted_step(base)
        count = min((total + step / 2) // step * step, rule.rounded(n))
        return int(count), count / max(rule.rounded(n), 1), step

    def weighted_step(self, base: Key) -> float:
        """What sums of weights of a base are rounded to: twice the largest weight, or more."""
        if self.rule.is_off and self.rule.round_to == 1:
            return 1
        of, largest = self.counts.weighed[base]
        step = max(5, self.rule.round_to)
        largest *= self.counts.cells[base].count / of
        return step * math.ceil(round(2 * largest / step, 9))

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
        if self.rule.is_off:
            return 1
        return self.rule.round_to if self.rule.round_to > 1 else 5

    def coarse(self, counts: Any) -> np.ndarray:
        """Counts of two coders together, rounded."""
        step = self.step
        return np.asarray((np.asarray(counts, dtype=float) + step / 2) // step * step)


def rounding_variance(step: Any) -> Any:
    """Variance of the error of a count that is rounded to a multiple of ``step``."""
    return (step**2 - 1) / 12


def widen(estimate: Any, low: Any, high: Any, variance: Any) -> tuple[np.ndarray, np.ndarray]:
    """Limits of a share (0 to 1) with another variance added in quadrature."""
    more = normal_quantile() ** 2 * np.asarray(variance, dtype=float)
    down = estimate - np.sqrt((estimate - low) ** 2 + more)
    up = estimate + np.sqrt((high - estimate) ** 2 + more)
    return np.clip(down, 0, 1), np.clip(up, 0, 1)


def mark(table: pd.DataFrame, shown: Any, note: Any = "") -> pd.DataFrame:
    """Add ``status`` and ``note``: shown, or suppressed."""
    shown = np.asarray(shown, dtype=bool)
    status = np.where(shown, SHOWN, SUPPRESSED)
    return table.assign(status=status, note=np.where(shown, note, SUPPRESSED))


def follow(table: pd.DataFrame, *parts: pd.DataFrame, value: str = "estimate") -> pd.DataFrame:
    """Add ``status`` and ``note`` of figures that are made of others, row by row.

    They are those of the first of ``parts`` that is not shown; what is missing though all are
    shown cannot be estimated. Of a few respondents a change can be estimated: only the note
    follows, unless it is missing.
    """
    status, note = np.full(len(table), SHOWN, object), np.full(len(table), "", object)
    missing = table[value].isna().to_numpy()
    for part in parts:
        # A row that is not there is of a year that was not coded.
        own, said = part["status"].fillna(NOT_CODED), part["note"].fillna(NO_CODES)
        few = (own == FEW).to_numpy()
        first = (status == SHOWN) & (own != SHOWN).to_numpy() & (~few | missing)
        status = np.where(first, own, status)
        note = np.where(first | (few & (status == SHOWN) & (note == "")), said, note)
    return not_estimable(table.assign(status=status, note=note), value)


def not_estimable(table: pd.DataFrame, value: str = "estimate") -> pd.DataFrame:
    """Say so of figures that are missing for no reason of disclosure control."""
    missing = (table["status"] == SHOWN) & table[value].isna()
    note = table["note"].mask(missing & (table["note"] == ""), NOT_ESTIMABLE)
    return table.assign(status=table["status"].mask(missing, NOT_ESTIMABLE), note=note)


def round_measures(table: pd.DataFrame, rule: Disclosure) -> pd.DataFrame:
    """A table of measures over all themes at once: two decimals."""
    out = table.round(dict.fromkeys(table.select_dtypes("float").columns, 2))
    out = out.assign(n=[rule.rounded(n) for n in table["n"]], status=SHOWN, note="")
    return not_estimable(out)


def round_p(p: pd.Series) -> pd.Series:
    """P values to three decimals; every one below .001 as the same smaller number, never as 0."""
    p = p.astype(float)
    return p.round(3).mask(p < 0.001, SMALLEST_P)
