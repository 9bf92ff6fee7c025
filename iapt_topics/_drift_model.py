"""Shares of themes by year on an effective number of responses, and contrasts of the years.

The arithmetic behind :mod:`iapt_topics.drift`, whose docstring names the method and its sources.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iapt_topics.inference import wilson_interval

Floats = NDArray[np.float64]
#: Below this many responses with (or without) a theme, a year says little by itself.
FEW_POSITIVES = 5


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Sums:
    """Sums over the coded responses; Y coded years, T themes, one cell per person and year."""

    n: Floats  # (Y,) responses
    count: Floats  # (Y, T) responses with the theme
    people: NDArray[np.intp]  # (Y,)
    person: NDArray[np.intp]  # (cells,) sorted within a year
    year: NDArray[np.intp]  # (cells,)
    cell_n: Floats  # (cells,)
    cell_count: NDArray[np.float32]  # (cells, T)


def sum_cells(person: NDArray[np.intp], year: NDArray[np.intp], given: NDArray[np.bool_]) -> Sums:
    n_people = int(person.max()) + 1
    key = year * n_people + person
    order = np.argsort(key, kind="stable")
    cells, start, cell_n = np.unique(key[order], return_index=True, return_counts=True)
    cell_count = np.add.reduceat(given[order].astype(np.float32), start, axis=0)
    cell_year, cell_person = np.divmod(cells, n_people)
    first = np.searchsorted(cell_year, np.arange(int(year.max()) + 1))
    return Sums(
        n=np.add.reduceat(cell_n.astype(float), first),
        count=np.add.reduceat(cell_count.astype(float), first, axis=0),
        people=np.bincount(cell_year),
        person=cell_person,
        year=cell_year,
        cell_n=cell_n.astype(float),
        cell_count=cell_count,
    )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ShareModel:
    """Shares with effective numbers and the correlation between years."""

    share: Floats  # (Y, T)
    low: Floats
    high: Floats
    effective: Floats  # (Y, T)
    correlation: Floats  # (T, Y, Y)

    def contrast(self, c: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return estimate, low, high and two-sided p of sum(c * share), for every theme."""
        from scipy.special import erfc

        weight = c[:, None]
        below, above = self.share - self.low, self.high - self.share
        spread = []
        for side, other in ((below, above), (above, below)):
            v = weight * np.where(weight > 0, side, other)
            spread.append(np.sqrt(np.clip(self._form(v), 0, None)))
        estimate = np.asarray(c @ self.share)
        sd = np.sqrt(np.clip(self._form(weight * self._null_sd(c != 0)), 0, None))
        z = np.divide(np.abs(estimate), sd, out=np.zeros_like(estimate), where=sd > 0)
        p = np.asarray(erfc(z / np.sqrt(2)), float)
        return estimate, estimate - spread[0], estimate + spread[1], p

    def omnibus(self) -> Floats:
        """Return p of the test that the share is equal in all years, for every theme."""
        from scipy.special import chdtrc

        sd = self._null_sd(np.ones(len(self.share), bool)).T
        out = np.ones(len(sd))
        some = (sd > 0).all(axis=1)
        covariance = (self.correlation * sd[:, :, None] * sd[:, None, :])[some]
        step = np.diff(np.eye(len(self.share)), axis=0)
        gap = (step @ self.share).T[some]
        solved = np.linalg.solve(step @ covariance @ step.T, gap[:, :, None])[:, :, 0]
        out[some] = chdtrc(len(self.share) - 1, (gap * solved).sum(axis=1))
        return out

    def _form(self, v: Floats) -> Floats:
        return np.asarray(np.einsum("it,tij,jt->t", v, self.correlation, v))

    def _null_sd(self, use: NDArray[np.bool_]) -> Floats:
        weight = self.effective * use[:, None]
        pooled = (weight * self.share).sum(axis=0) / weight.sum(axis=0)
        return np.asarray(np.sqrt(np.clip(pooled * (1 - pooled), 0, None) / self.effective))


def _ratio(variance: Floats, binomial: Floats) -> Floats:
    """Design effect, 1 where the binomial variance is 0."""
    return np.divide(variance, binomial, out=np.ones_like(binomial), where=binomial > 0)


def share_model(sums: Sums) -> ShareModel:
    n = sums.n[:, None]
    share = sums.count / n
    n_years, n_themes = share.shape
    first = np.searchsorted(sums.year, np.arange(n_years))
    people, size = sums.people[:, None], sums.cell_n[:, None]
    error = sums.cell_count - share[sums.year] * size
    variance = np.add.reduceat(error**2, first, axis=0) / n**2
    ratio = _ratio(variance * people / np.maximum(people - 1, 1), share * (1 - share) / n)
    # Too few to estimate a ratio: use that of all years together, or the most it could be.
    overall = sums.count.sum(axis=0) / n.sum()
    pooled_error = ((sums.cell_count - overall * size) ** 2).sum(axis=0)
    pooled = _ratio(pooled_error, overall * (1 - overall) * n.sum())
    alike = (np.add.reduceat(sums.cell_n**2, first) / sums.n)[:, None]
    rarer = np.minimum(sums.count, n - sums.count)
    pooled = np.where(rarer.sum(axis=0) < FEW_POSITIVES, alike, np.minimum(pooled, alike))
    ratio = np.where((rarer < FEW_POSITIVES) | (people == 1), pooled, ratio)
    ratio = np.where(n == people, 1.0, np.maximum(ratio, 1.0))
    effective = n / ratio
    low, high = wilson_interval(share * effective, effective)

    correlation = np.tile(np.eye(n_years), (n_themes, 1, 1))
    several = np.bincount(sums.person)[sums.person] > 1
    if several.any():
        who, row = np.unique(sums.person[several], return_inverse=True)
        sd = np.sqrt(variance) * n
        for t in range(n_themes):
            wide = np.zeros((len(who), n_years))
            wide[row, sums.year[several]] = error[several, t]
            scale = np.where(sd[:, t] > 0, sd[:, t], np.inf)
            cross = (wide.T @ wide) / np.outer(scale, scale)
            # Shrunk a little, so that a panel that never changes keeps a width above 0.
            correlation[t] = cross * (1 - 1 / (len(who) + 1))
            np.fill_diagonal(correlation[t], 1.0)
    return ShareModel(share=share, low=low, high=high, effective=effective, correlation=correlation)
