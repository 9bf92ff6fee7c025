"""Shares by year as they would be had the same mix of people answered every year.

**Direct standardisation** [1]_: the share of a theme in each cell of the covariates, weighted by
the cell's part of the standard (all years together, or one year). Its variance is the sum over
cells of W^2 p (1 - p) / n, times the design effect of :mod:`iapt_topics.drift.drift` for answers
that cluster in respondents. In the variance alone, p of a cell is drawn towards the cell's share
over all years by five responses' worth, so that a cell of one or two responses does not pass for
certain. Share and variance give an effective number of responses, and from there on intervals and
tests are those of :mod:`iapt_topics.drift.drift`. The standard is taken as fixed.

References
----------
.. [1] Fleiss JL, Levin B, Paik MC (2003). *Statistical Methods for Rates and Proportions*, 3rd ed.,
   chapter 19 (the standardization of rates). Wiley.
.. [2] Holt D, Smith TMF (1979). Post stratification. *J R Stat Soc A* 142:33-46.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.one_line import one_line
from iapt_topics.drift.drift import coded_responses, require_baseline
from iapt_topics.drift.tables import FEW_RESPONSES
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.multiplicity import benjamini_hochberg, holm
from iapt_topics.stats.share_model import FEW_POSITIVES, Floats, ShareModel, share_model, sum_cells
from iapt_topics.survey.respondents import levels_of, require_covariates

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.survey.responses import Responses

_PRIOR = 5.0
_SHARES = ["theme", "year", "method", "estimate", "low", "high", "n", "covered", "note"]
_TRENDS = [
    *("theme", "method", "test", "estimate", "low", "high", "n", "covered"),
    *("p", "p_bh", "p_holm", "note"),
]
_CHANGES = [
    *("theme", "year", "against", "method", "estimate", "low", "high", "n", "covered"),
    *("p", "p_bh", "p_holm", "note"),
]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Standardised:
    """Crude and standardised shares of themes, and their changes from a baseline.

    Attributes
    ----------
    shares : pandas.DataFrame
        Key (theme, year, method). ``method`` is "crude" or "standardised"; ``estimate``, ``low``,
        ``high`` (95 %); ``n`` kept responses that the coder saw; ``covered``: the part of the
        standard whose cells have a response in this year (the rest cannot be standardised to and
        is left out); ``note``.
    changes : pandas.DataFrame
        Key (theme, year, method): the share in ``year`` less that in ``against``, the baseline.
        Both are standardised to the cells that have a response in both years, ``covered`` of the
        standard. ``p`` two-sided; ``p_bh``, ``p_holm`` over all themes and years of the method.
        Empty with one coded year.
    trends : pandas.DataFrame
        Key (theme, method, test): ``test`` "omnibus" (is the share equal in all years? ``estimate``
        = highest less lowest share, without an interval) and "linear" (slope by calendar year),
        as in :class:`iapt_topics.Drift`, on the cells that have a response in every coded year.
        ``p_bh``, ``p_holm`` over the themes of the method and test. Empty with one coded year.
    covariates : tuple of str
        What was standardised for.
    baseline : int
        The year that the others are compared with.
    """

    shares: pd.DataFrame
    changes: pd.DataFrame
    trends: pd.DataFrame
    covariates: tuple[str, ...]
    baseline: int

    __repr__ = one_line

    def _repr_html_(self) -> str:
        """The shares, the changes and the trends."""
        from iapt_topics.figures.notebook import as_html

        title = f"The same mix of {', '.join(self.covariates)} in each year"
        return as_html(title, {n: getattr(self, n) for n in ("shares", "changes", "trends")})


def standardise_drift(
    codes: Codes,
    responses: Responses,
    covariates: Sequence[str],
    *,
    baseline: int | None = None,
    standard: int | None = None,
) -> Standardised:
    """Measure shares and changes as if the same mix of people had answered each year.

    Parameters
    ----------
    codes : Codes
        What one coder gave.
    responses : Responses
        The survey.
    covariates : sequence of str
        Columns of the survey whose levels, crossed, are the cells. Missing and blank cells are a
        level of their own.
    baseline : int, optional
        Year to compare with; the first coded year if None.
    standard : int, optional
        Year whose mix is the standard; the mix of all coded years together if None.

    Returns
    -------
    Standardised
        Crude and standardised results side by side. A change that is there when crude and gone
        when standardised came from who answered, as far as the covariates tell.

    Raises
    ------
    InputError
        If no kept response was seen, a covariate is not a column of the survey, or the baseline or
        standard is not a coded year.
    """
    require_covariates(responses, covariates)
    data, _ = coded_responses(codes, responses)
    years, year = np.unique(data["year"].to_numpy(np.int64), return_inverse=True)
    base = int(years[0]) if baseline is None else int(baseline)
    for one in (base, *(() if standard is None else (standard,))):
        require_baseline(one, years.tolist())
    table = responses.table.set_index("response_id").loc[data["response_id"]]
    crossed = pd.DataFrame({name: levels_of(table[name]) for name in covariates})
    cell = crossed.groupby(list(covariates)).ngroup().to_numpy(np.intp)
    given = codes.matrix(data["response_id"].tolist(), codes.themes)
    _, person = np.unique(data["person"].to_numpy(str), return_inverse=True)
    given_weight = table["weight"].to_numpy(float) if "weight" in table else None
    crude = share_model(sum_cells(person, year, given, given_weight))
    weight = np.ones(len(year)) if given_weight is None else given_weight
    # Weights of mean 1 in each year, so that sizes still add up to its responses.
    weight = weight * (np.bincount(year) / np.bincount(year, weight))[year]
    size = np.zeros((len(years), int(cell.max()) + 1))
    np.add.at(size, (year, cell), weight)
    count = np.zeros((*size.shape, given.shape[1]))
    np.add.at(count, (year, cell), given * weight[:, None])
    part = size.sum(axis=0) if standard is None else size[years == standard][0]
    cells = StandardCells(size=size, count=count, part=part / part.sum(), crude=crude)
    alike = [c for c in covariates if crossed[c].nunique() == 1]
    idle = [f"{c!r} has one level or no value, so changes nothing." for c in alike]
    at_base = int(np.flatnonzero(years == base)[0])
    shares, changes = [], []
    for y in range(len(years)):
        keys = {
            "theme": list(codes.themes),
            "year": int(years[y]),
            "n": round(float(size[y].sum())),
        }
        for method in ("crude", "standardised"):
            model, covered, note = cells.model(method, [y])
            limits = {"estimate": model.share[0], "low": model.low[0], "high": model.high[0]}
            said = note + (idle if method == "standardised" else [])
            if len(years) == 1:
                said = [*said, "Only one year was coded, so no change can be measured."]
            same: dict[str, Any] = {"method": method, "covered": covered, "note": " ".join(said)}
            shares.append(pd.DataFrame(keys | same | limits))
            if y == at_base:
                continue
            model, covered, note = cells.model(method, [y, at_base])
            estimate, low, high, p = model.contrast(np.array([1.0, -1.0]))
            n = round(float(size[[y, at_base]].sum()))
            same |= {"against": base, "covered": covered, "n": n}
            same["note"] = " ".join(note + (idle if method == "standardised" else []))
            limits = {"estimate": estimate, "low": low, "high": high}
            limits["p"] = np.where(np.isnan(estimate), np.nan, p)
            changes.append(pd.DataFrame(keys | same | limits))
    trends = []
    for method in ("crude", "standardised") if len(years) > 1 else ():
        model, covered, note = cells.model(method, list(range(len(years))))
        n = size.sum(axis=1)
        centred = years - np.average(years, weights=n)
        estimate, low, high, p = model.contrast(n * centred / (n * centred**2).sum())
        note += idle if method == "standardised" else []
        same = {"theme": list(codes.themes), "method": method, "covered": covered}
        same |= {"n": round(float(n.sum())), "note": " ".join(note)}
        slope: dict[str, Any] = {"test": "linear", "estimate": estimate, "low": low, "high": high}
        slope["p"] = np.where(np.isnan(estimate), np.nan, p)
        spread: dict[str, Any] = {"test": "omnibus", "estimate": np.ptp(model.share, axis=0)}
        spread |= {"low": np.nan, "high": np.nan}
        spread["p"] = np.where(np.isnan(estimate), np.nan, model.omnibus())
        spread["note"] = " ".join(["Highest less lowest share; a range has no interval.", *note])
        trends += [pd.DataFrame(same | row) for row in (spread, slope)]
    return Standardised(
        shares=_ordered(shares, codes.themes, _SHARES),
        changes=_adjusted(changes, ["method"], codes.themes, _CHANGES),
        trends=_adjusted(trends, ["method", "test"], codes.themes, _TRENDS),
        covariates=tuple(covariates),
        baseline=base,
    )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class StandardCells:
    """Counts by year (Y), cell of the covariates (C) and theme (T)."""

    size: Floats  # (Y, C)
    count: Floats  # (Y, C, T)
    part: Floats  # (C,) of the standard
    crude: ShareModel

    def model(self, method: str, years: list[int]) -> tuple[ShareModel, float, list[str]]:
        """Return the shares of these years on their common cells, what they cover, and notes."""
        small = self.size[years].sum(axis=1).min() < FEW_RESPONSES
        said = [f"n below {FEW_RESPONSES}."] if small else []
        crude = self.crude
        correlation = crude.correlation[:, years][:, :, years]
        if method == "crude":
            some = {k: getattr(crude, k)[years] for k in ("share", "low", "high", "effective")}
            return ShareModel(**some, correlation=correlation), 1.0, said
        common = (self.size[years] > 0).all(axis=0)
        covered = float(self.part[common].sum())
        if missing := int(((self.part > 0) & ~common).sum()):
            said.append(f"{missing} cells ({1 - covered:.0%} of the standard) are empty, left out.")
        thin = int((self.size[years][:, common & (self.part > 0)] < FEW_POSITIVES).any(0).sum())
        if thin:
            said.append(f"{thin} cells rest on fewer than {FEW_POSITIVES} responses.")
        if covered == 0:
            said.append("No cell of the standard can be compared.")
            none = np.full((len(years), self.count.shape[2]), np.nan)
            empty = dict.fromkeys(("share", "low", "high", "effective"), none)
            return ShareModel(**empty, correlation=correlation), covered, said
        n, count = self.size[years][:, common], self.count[years][:, common]
        weight = self.part[common] / covered
        share = np.einsum("c,yct->yt", weight, count / n[:, :, None])
        ever = self.count.sum(axis=0) / self.size.sum(axis=0)[:, None]
        drawn = (count + _PRIOR * ever[common]) / (n + _PRIOR)[:, :, None]
        design = self.size[years].sum(axis=1)[:, None] / crude.effective[years]
        spread = np.einsum("c,yct,yc->yt", weight**2, drawn * (1 - drawn), 1 / n) * design
        middle = np.einsum("c,yct->yt", weight, drawn)
        # A theme that all or none have in these cells leaves no spread: the size of the weights.
        plain = 1 / (np.einsum("c,yc->y", weight**2, 1 / n)[:, None] * design)
        known = spread > 0
        effective = np.where(known, middle * (1 - middle) / np.where(known, spread, 1.0), plain)
        low, high = wilson_interval(np.clip(share, 0, 1) * effective, effective)
        made = ShareModel(
            share=share, low=low, high=high, effective=effective, correlation=correlation
        )
        return made, covered, said


def _ordered(parts: list[pd.DataFrame], themes: Sequence[str], columns: list[str]) -> pd.DataFrame:
    """Stack the rows in the order of themes and the key."""
    table = pd.concat(parts, ignore_index=True)
    place = table["theme"].map({t: i for i, t in enumerate(themes)})
    key = [c for c in ("year", "method", "test") if c in columns]
    order = table.assign(place=place).sort_values(["place", *key], kind="stable").index
    return table.loc[order, columns].reset_index(drop=True)


def _adjusted(
    parts: list[pd.DataFrame], family: list[str], themes: Sequence[str], columns: list[str]
) -> pd.DataFrame:
    """Stack the rows and adjust p within each family."""
    if not parts:
        return pd.DataFrame({c: pd.Series([], dtype="float64") for c in columns})
    table = pd.concat(parts, ignore_index=True)
    by = table.groupby(family, sort=False)["p"]
    table["p_bh"] = by.transform(lambda p: benjamini_hochberg(p.to_numpy()))
    table["p_holm"] = by.transform(lambda p: holm(p.to_numpy()))
    return _ordered([table], themes, columns)
