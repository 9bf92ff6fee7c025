"""Shares of themes by year on an effective number of responses, and contrasts of the years.

The arithmetic behind :mod:`iapt_topics.drift.drift`, whose docstring names the method and its
sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iapt_topics._base.arrays import Bools, Floats, Floats32, Ints
from iapt_topics.stats.intervals import jeffreys_interval, normal_quantile, wilson_interval

#: Below this many responses with (or without) a theme, a year says little by itself.
FEW_POSITIVES = 5
#: Below this many, a year's own design effect is mostly noise.
_FEW_FOR_RATIO = 20


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class YearSums:
    """Sums over the coded responses; Y coded years, T themes, one cell per person and year.

    Weights have mean 1 in each year, so that ``n`` is the sum of weights too.
    """

    n: Floats  # (Y,) responses
    count: Floats  # (Y, T) responses with the theme
    total: Floats  # (Y, T) sum of their weights
    people: Ints  # (Y,)
    person: Ints  # (cells,) sorted within a year
    year: Ints  # (cells,)
    cell_n: Floats  # (cells,) sum of weights
    cell_total: Floats32  # (cells, T)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PersonYearSums:
    """Sums by person and year, by which parts of a survey can be added up; C cells, T themes."""

    person: Ints  # (C,)
    year: Ints  # (C,)
    n: Floats  # (C,) responses
    size: Floats  # (C,) sum of their weights
    count: NDArray[Any]  # (C, T) responses with the theme
    total: NDArray[Any]  # (C, T) sum of their weights; without weights, ``count`` itself


def sum_cells(
    person: Ints,
    year: Ints,
    given: Bools,
    weight: Floats | None = None,
) -> YearSums:
    """Sums by person and year of what each response was given, (n, T)."""
    return sum_up(add_up(responses_as_cells(person, year, given, weight)))


def responses_as_cells(
    person: Ints,
    year: Ints,
    given: Bools,
    weight: Floats | None = None,
) -> PersonYearSums:
    """Each response as a cell of its own."""
    one = np.ones(len(year))
    total = given if weight is None else given * weight[:, None]
    size = one if weight is None else weight
    return PersonYearSums(person=person, year=year, n=one, size=size, count=given, total=total)


def add_up(cells: PersonYearSums) -> PersonYearSums:
    """Join the cells of one person and year; in the order of year, then person."""
    n_people = int(cells.person.max()) + 1
    key = cells.year * n_people + cells.person
    order = np.argsort(key, kind="stable")
    found, start = np.unique(key[order], return_index=True)
    year, person = np.divmod(found, n_people)
    count = np.add.reduceat(cells.count[order], start, axis=0, dtype=np.float32)
    total = count
    if cells.total is not cells.count:
        total = np.add.reduceat(cells.total[order], start, axis=0)
    n, size = (np.add.reduceat(x[order], start) for x in (cells.n, cells.size))
    return PersonYearSums(person=person, year=year, n=n, size=size, count=count, total=total)


def sum_up(cells: PersonYearSums) -> YearSums:
    """Sums of cells that were added up."""
    first = np.searchsorted(cells.year, np.arange(int(cells.year.max()) + 1))
    n = np.add.reduceat(cells.n, first)
    cell_total = cells.count
    if weighted := cells.total is not cells.count:
        even = (n / np.add.reduceat(cells.size, first))[cells.year]
        cell_total = (cells.total * even[:, None]).astype(np.float32)
    total = np.add.reduceat(cell_total, first, axis=0, dtype=float)
    return YearSums(
        n=n,
        count=np.add.reduceat(cells.count, first, axis=0, dtype=float) if weighted else total,
        total=total,
        people=np.bincount(cells.year),
        person=cells.person,
        year=cells.year,
        cell_n=cells.size * even if weighted else cells.n,
        cell_total=cell_total,
    )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ShareModel:
    """Shares with effective numbers and the correlation between years."""

    share: Floats  # (Y, T)
    low: Floats
    high: Floats
    effective: Floats  # (Y, T)
    correlation: Floats  # (T, Y, Y)
    #: Respondents of all years, whose answers tell how the years go together; inf if none recurs.
    people: float = float("inf")
    extra: Floats | None = None  # (T, Y, Y) covariance of the shares from other than sampling

    def n_effective(self) -> Floats:
        """Return the equal responses (Y, T) that each share is as sure as, all sources together."""
        if self.extra is None:
            return self.effective
        # Half a response either way, so that a share of 0 or 1 has a variance to set beside.
        share = (self.share * self.effective + 0.5) / (self.effective + 1)
        one = share * (1 - share)
        more = np.diagonal(self.extra, axis1=1, axis2=2).T
        return np.asarray(one / (one / self.effective + more))

    def limits(self) -> tuple[Floats, Floats]:
        """Return the limits (Y, T) of the shares, all sources together."""
        if self.extra is None:
            return self.low, self.high
        more = np.diagonal(self.extra, axis1=1, axis2=2).T * normal_quantile() ** 2
        low = self.share - np.sqrt((self.share - self.low) ** 2 + more)
        high = self.share + np.sqrt((self.high - self.share) ** 2 + more)
        return np.clip(low, 0, 1), np.clip(high, 0, 1)

    def contrast(self, c: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return estimate, low, high and two-sided p of sum(c * share), for every theme."""
        from scipy.special import erfc

        weight = c[:, None]
        below, above = self.share - self.low, self.high - self.share
        more = normal_quantile() ** 2 * self.extra_variance(c)
        spread = []
        for side, other in ((below, above), (above, below)):
            v = weight * np.where(weight > 0, side, other)
            spread.append(np.sqrt(self._form(v, self.correlation) + more))
        estimate = np.asarray(c @ self.share)
        sd = self.null_sd(c)
        z = np.divide(np.abs(estimate), sd, out=np.zeros_like(estimate), where=sd > 0)
        p = np.asarray(erfc(z / np.sqrt(2)), float)
        return estimate, estimate - spread[0], estimate + spread[1], p

    def omnibus(self) -> Floats:
        """Return p of the test that the share is equal in all years, for every theme.

        Chi-square, or where respondents recur Hotelling's: the correlation of the years is then
        itself estimated, from as many people as there are.
        """
        from scipy.special import chdtrc, fdtrc

        covariance = self.null_covariance(np.ones(len(self.share), bool))
        out = np.ones(len(covariance))
        some = (np.diagonal(covariance, axis1=1, axis2=2) > 0).all(axis=1)
        covariance = covariance[some]
        step = np.diff(np.eye(len(self.share)), axis=0)
        gap = (step @ self.share).T[some]
        solved = np.linalg.solve(step @ covariance @ step.T, gap[:, :, None])[:, :, 0]
        size, df = (gap * solved).sum(axis=1), len(self.share) - 1
        if np.isinf(self.people):
            out[some] = chdtrc(df, size)
        elif (rest := self.people - df) > 0:
            out[some] = fdtrc(df, rest, size * rest / (df * (self.people - 1)))
        return out

    def null_covariance(self, use: Bools) -> Floats:
        """Return the covariance (T, Y, Y) of the shares if the years of ``use`` have one share."""
        sd = self._pooled_sd(use).T
        covariance = self.correlation * sd[:, :, None] * sd[:, None, :]
        return covariance if self.extra is None else covariance + self.extra

    def null_sd(self, c: Floats) -> Floats:
        """Return the SD of sum(c * share) if the years of ``c`` have one share, by theme."""
        sampling = self._form(c[:, None] * self._pooled_sd(c != 0), self.correlation)
        return np.asarray(np.sqrt(sampling + self.extra_variance(c)))

    def extra_variance(self, c: Floats) -> Floats:
        """Return the variance of sum(c * share) from other than sampling, by theme."""
        return self._form(np.broadcast_to(c[:, None], self.share.shape), self.extra)

    def detectable(self, c: Floats, z: Floats | float) -> Floats:
        """Size of sum(c * share) that is ``z`` times its SD, by theme; NaN if there is none.

        ``c`` (Y, T) is such that the sum is a difference in shares. The variance is taken where
        the share has moved by half of that difference from the pooled one towards one half.
        """
        pooled = self._pooled(np.ones(len(self.share), bool))
        pooled = np.minimum(pooled, 1 - pooled)
        unit = z**2 * self._form(c / np.sqrt(self.effective), self.correlation)
        fixed = unit * pooled * (1 - pooled) + z**2 * self._form(c, self.extra)
        # The root of d^2 = unit (pooled + d / 2) (1 - pooled - d / 2) + z^2 extra.
        a, b = 1 + unit / 4, unit * (1 - 2 * pooled) / 2
        size = (b + np.sqrt(b**2 + 4 * a * fixed)) / (2 * a)
        return np.asarray(np.where(size <= 1 - pooled, size, np.nan))

    def _form(self, v: Floats, matrix: Floats | None) -> Floats:
        if matrix is None:
            return np.zeros(v.shape[1])
        used = np.flatnonzero(v.any(axis=1))  # two of many years in a change
        v, matrix = v[used], matrix[:, used[:, None], used]
        return np.asarray(np.clip(np.einsum("it,tij,jt->t", v, matrix, v), 0, None))

    def _pooled(self, use: Bools) -> Floats:
        weight = self.effective * use[:, None]
        return np.asarray((weight * self.share).sum(axis=0) / weight.sum(axis=0))

    def _pooled_sd(self, use: Bools) -> Floats:
        pooled = self._pooled(use)
        return np.asarray(np.sqrt(np.clip(pooled * (1 - pooled), 0, None) / self.effective))


def share_limits(share: Any, effective: Any, one_each: Any) -> tuple[Floats, Floats]:
    """Return the 95 % limits of shares, Wilson's where every person gave one even response.

    Elsewhere Jeffreys': on an effective number Wilson's are too wide for a rare theme.
    """
    count = share * effective
    low, high = np.where(
        one_each, wilson_interval(count, effective), jeffreys_interval(count, effective)
    )
    # Jeffreys' limits can miss a share that one answer of tiny weight keeps from 0 or 1.
    return np.minimum(low, share), np.maximum(high, share)


def _ratio(variance: Floats, binomial: Floats) -> Floats:
    """Design effect, 1 where the binomial variance is 0."""
    return np.divide(variance, binomial, out=np.ones_like(binomial), where=binomial > 0)


def share_model(sums: YearSums) -> ShareModel:
    """Shares of each theme by year, with the variance and the correlation that persons bring."""
    n = sums.n[:, None]
    # Exactly 1 where all have the theme, whatever the rounding of the weights.
    share = np.where(sums.count == n, 1.0, np.clip(sums.total / n, 0.0, 1.0))
    n_years, n_themes = share.shape
    first = np.searchsorted(sums.year, np.arange(n_years))
    people, size = sums.people[:, None], sums.cell_n[:, None]
    error = sums.cell_total - share[sums.year] * size
    variance = np.add.reduceat(error**2, first, axis=0) / n**2
    ratio = _ratio(variance * people / np.maximum(people - 1, 1), share * (1 - share) / n)
    # Too few to estimate a ratio: use that of all years together, or the most it could be.
    overall = np.clip(sums.total.sum(axis=0) / n.sum(), 0.0, 1.0)
    pooled_error = ((sums.cell_total - overall * size) ** 2).sum(axis=0)
    pooled = _ratio(pooled_error, overall * (1 - overall) * n.sum())
    # A person's cell is the sum of their weights: the answers of one person taken to be alike.
    alike = (np.add.reduceat(sums.cell_n**2, first) / sums.n)[:, None]
    rarer = np.minimum(sums.count, n - sums.count)
    pooled = np.where(rarer.sum(axis=0) < FEW_POSITIVES, alike, np.minimum(pooled, alike))
    ratio = np.where((rarer < _FEW_FOR_RATIO) | (people == 1), pooled, ratio)
    single = (np.maximum.reduceat(sums.cell_n, first) <= 1 + 1e-9)[:, None]
    ratio = np.where(single, 1.0, np.maximum(ratio, 1.0))
    effective = n / ratio
    low, high = share_limits(share, effective, single)
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
    return ShareModel(
        share=share, low=low, high=high, effective=effective, correlation=correlation,
        people=float(len(np.unique(sums.person))) if several.any() else float("inf"),
    )  # fmt: skip
