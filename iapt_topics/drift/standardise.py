"""Direct standardisation: prevalence by year at a fixed respondent mix.

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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.result import Result
from iapt_topics.codes.codes import restrict_codes
from iapt_topics.codes.hand_sample import hand_sample
from iapt_topics.drift.coded import CodedResponses, find_baseline, join_codes
from iapt_topics.drift.prevalence import shares_by_hand
from iapt_topics.drift.recurring import corrected_correlation
from iapt_topics.drift.tables import FEW_RESPONSES, adjust_p
from iapt_topics.drift.uncertainty import corrected_model
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.share_model import FEW_POSITIVES, ShareModel, share_model
from iapt_topics.survey.respondents import name_levels, require_covariates

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.survey.responses import Responses

METHODS = ("crude", "standardised")
_PRIOR = 5.0
_SHARES = [
    *("theme", "year", "method", "estimate", "low", "high", "n", "covered", "corrected", "note"),
]
_TRENDS = [
    *("theme", "method", "test", "estimate", "low", "high", "n", "covered"),
    *("p", "p_bh", "p_holm", "corrected", "note"),
]
_CHANGES = [
    *("theme", "year", "against", "method", "estimate", "low", "high", "n", "covered"),
    *("p", "p_bh", "p_holm", "corrected", "note"),
]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Standardised(Result):
    """Crude and directly standardised prevalence of themes, with changes from a baseline.

    Attributes
    ----------
    shares : pandas.DataFrame
        Key (theme, year, method). ``method`` is "crude" or "standardised"; ``estimate``, ``low``,
        ``high`` (95 %); ``n`` kept coded responses; ``covered``: the part of the
        standard whose cells have a response in this year (the rest cannot be standardised to and
        is left out); ``corrected``, whether by hand codes (so in the tables below); ``note``.
    changes : pandas.DataFrame
        Key (theme, year, method): prevalence in ``year`` less that in ``against``, the baseline.
        Both are standardised to the cells that have a response in both years, ``covered`` of the
        standard. ``p`` two-sided; ``p_bh``, ``p_holm`` over all themes and years of the method.
        Empty with one coded year.
    trends : pandas.DataFrame
        Key (theme, method, test): ``test`` "omnibus" (is prevalence equal in all years?
        ``estimate`` = highest less lowest prevalence, without an interval) and "linear" (slope by
        calendar year), as in :class:`iapt_topics.Drift`, on the cells that have a response in every
        coded year. ``p_bh``, ``p_holm`` over the themes of the method and test. Empty with one
        coded year.
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

    _view = (
        "shares: theme year method estimate low high n covered note",
        "changes: theme year against method estimate low high n covered p p_bh note",
        "trends",
    )

    def _title(self) -> str:
        return f"Prevalence at a fixed mix of {', '.join(self.covariates)}"


def standardise_drift(
    codes: Codes,
    responses: Responses,
    covariates: Sequence[str],
    *,
    baseline: int | None = None,
    standard: int | None = None,
    human: Codes | None = None,
) -> Standardised:
    """Estimate prevalence and change at a fixed respondent mix, by direct standardisation.

    Parameters
    ----------
    codes : Codes
        The codes of one coder.
    responses : Responses
        The survey.
    covariates : sequence of str
        Columns of the survey whose levels, crossed, are the cells. Missing and blank cells are a
        level of their own.
    baseline : int, optional
        Year to compare with; the first coded year if None.
    standard : int, optional
        Year whose mix is the standard; the mix of all coded years together if None.
    human : Codes, optional
        One person's codes of a random sample of the responses: crude and standardised results are
        then corrected as those of :func:`iapt_topics.corrected_shares`. A theme that cannot be
        corrected in all the years of a row keeps the machine's and says so.

    Returns
    -------
    Standardised
        Crude and standardised results side by side. A change that is there when crude and gone
        when standardised reflects the respondent mix, as far as the covariates tell.

    Raises
    ------
    InputError
        If no kept response was coded, a covariate is not a column of the survey, the baseline or
        standard is not a coded year, or no response of ``human`` was drawn at random.

    Notes
    -----
    To standardise is to weight each response by its cell's part of the standard over the cell's
    part of the year (Holt and Smith 1979). With hand codes it is the corrected prevalence by these
    weights that is taken, with the interval that its effective number of responses gives: a little
    too wide, since weights cannot tell that the cells' sizes are fixed.
    """
    cells = _cross(codes, responses, covariates, baseline, standard, human)
    shares, changes, trends = (
        [row for method in METHODS for row in rows(cells, method)]
        for rows in (_share_rows, _change_rows, _trend_rows)
    )
    return Standardised(
        shares=_ordered(shares, codes.themes, _SHARES),
        changes=_ordered(changes, codes.themes, _CHANGES, ["method"]),
        trends=_ordered(trends, codes.themes, _TRENDS, ["method", "test"]),
        covariates=tuple(covariates),
        baseline=cells.coded.baseline,
    )


def standardised_changes(
    codes: Codes, responses: Responses, covariates: Sequence[str], baseline: int, human: Codes
) -> pd.DataFrame:
    """``changes`` of :func:`standardise_drift` alone, without the work for the rest."""
    cells = _cross(codes, responses, covariates, baseline, None, human)
    changes = [row for method in METHODS for row in _change_rows(cells, method)]
    return _ordered(changes, codes.themes, _CHANGES, ["method"])


def _cross(
    codes: Codes,
    responses: Responses,
    covariates: Sequence[str],
    baseline: int | None,
    standard: int | None,
    human: Codes | None,
) -> StandardCells:
    """Cells of the levels of the covariates, with what corrects them."""
    require_covariates(responses, covariates)
    coded = join_codes(codes, responses, baseline)
    crossed = pd.DataFrame({name: name_levels(coded.table[name]) for name in covariates})
    alike = [c for c in covariates if crossed[c].nunique() == 1]
    idle = [f"{c!r} has one level or no value, so adjusts nothing." for c in alike]
    cell = np.asarray(crossed.groupby(list(covariates)).ngroup(), np.intp)
    cells = _count_cells(coded, cell, standard, idle)
    if human is not None:
        drawn = hand_sample(codes, human, responses).drawn
        by_hand = _ByHand(
            codes=codes, human=human, responses=responses, cell=cell, drawn=drawn
        )  # fmt: skip
        return replace(cells, by_hand=by_hand)
    return cells


def _count_cells(
    coded: CodedResponses, cell: Ints, standard: int | None, idle: list[str]
) -> StandardCells:
    """Counts by year and cell, and the cells' parts of the standard."""
    year = coded.year
    weight = np.ones(len(year)) if coded.weight is None else coded.weight
    # Weights of mean 1 in each year, so that sizes still add up to its responses.
    weight = weight * (np.bincount(year) / np.bincount(year, weight))[year]
    size = np.zeros((len(coded.years), int(cell.max()) + 1))
    np.add.at(size, (year, cell), weight)
    count = np.zeros((*size.shape, len(coded.themes)))
    np.add.at(count, (year, cell), coded.given * weight[:, None])
    part = size.sum(axis=0) if standard is None else size[find_baseline(standard, coded.years)]
    return StandardCells(
        coded=coded, size=size, count=count, part=part / part.sum(),
        crude=share_model(coded.sum_cells()), idle=idle,
    )  # fmt: skip


def _share_rows(cells: StandardCells, method: str) -> Iterator[pd.DataFrame]:
    alone = len(cells.coded.years) == 1
    for y, year in enumerate(cells.coded.years):
        model, shared = cells.model(method, [y])
        if alone:
            said = "Only one year was coded, so no change can be estimated."
            shared["note"] = [f"{note} {said}".strip() for note in shared["note"]]
        limits = {"estimate": model.share[0], "low": model.low[0], "high": model.high[0]}
        yield pd.DataFrame(shared | limits | {"year": int(year)})


def _change_rows(cells: StandardCells, method: str) -> Iterator[pd.DataFrame]:
    at_base, baseline = cells.coded.at_base, cells.coded.baseline
    for y, year in enumerate(cells.coded.years):
        if y != at_base:
            model, shared = cells.model(method, [y, at_base])
            change = _contrast(model, np.array([1.0, -1.0]))
            yield pd.DataFrame(shared | change | {"year": int(year), "against": baseline})


def _trend_rows(cells: StandardCells, method: str) -> Iterator[pd.DataFrame]:
    years = cells.coded.years
    if len(years) == 1:
        return
    model, shared = cells.model(method, list(range(len(years))))
    n = cells.size.sum(axis=1)
    centred = years - np.average(years, weights=n)
    slope = _contrast(model, n * centred / (n * centred**2).sum())
    p = np.where(np.isnan(slope["estimate"]), np.nan, model.omnibus())
    spread = {"estimate": np.ptp(model.share, axis=0), "low": np.nan, "high": np.nan, "p": p}
    said = "Highest minus lowest prevalence; no interval for a range."
    note = [f"{said} {more}".strip() for more in shared["note"]]
    yield pd.DataFrame(shared | spread | {"test": "omnibus", "note": note})
    yield pd.DataFrame(shared | slope | {"test": "linear"})


def _contrast(model: ShareModel, weights: Floats) -> dict[str, Floats]:
    """Contrast of the years with its interval and p, which is missing where it is."""
    estimate, low, high, p = model.contrast(weights)
    p = np.where(np.isnan(estimate), np.nan, p)
    return {"estimate": estimate, "low": low, "high": high, "p": p}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _ByHand:
    """What corrects the shares, and of each coded response its cell and whether people drew it."""

    codes: Codes
    human: Codes
    responses: Responses
    cell: Ints  # (N,)
    drawn: Bools  # (N,)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class StandardCells:
    """Counts by year (Y), cell of the covariates (C) and theme (T)."""

    coded: CodedResponses
    size: Floats  # (Y, C)
    count: Floats  # (Y, C, T)
    part: Floats  # (C,) of the standard
    crude: ShareModel
    idle: list[str]  # notes on covariates that change nothing
    by_hand: _ByHand | None = None

    def model(self, method: str, years: list[int]) -> tuple[ShareModel, dict[str, Any]]:
        """Return the shares of these years on their common cells, and columns that go with them."""
        crude = {k: getattr(self.crude, k)[years] for k in ("share", "low", "high", "effective")}
        crude["correlation"] = self.crude.correlation[:, years][:, :, years]
        notes: list[str] = []
        model, covered = ShareModel(**crude, people=self.crude.people), 1.0
        if method == "standardised":
            model, covered, notes = self._standardise(model, years)
        n = self.size[years].sum(axis=1)
        if n.min() < FEW_RESPONSES:
            notes = [f"n below {FEW_RESPONSES}.", *notes]
        themes = list(self.coded.themes)
        told, whole = [" ".join(notes)] * len(themes), np.zeros(len(themes), bool)
        if self.by_hand is not None and covered > 0:
            model, whole, done = self._correct(self.by_hand, model, years, method)
            told = [f"{note} {more}".strip() for note, more in zip(told, done, strict=True)]
        shared = {"theme": themes, "method": method, "covered": covered}
        shared |= {"n": round(float(n.sum())), "corrected": whole, "note": told}
        return model, shared

    def _correct(
        self, by_hand: _ByHand, model: ShareModel, years: list[int], method: str
    ) -> tuple[ShareModel, Bools, list[str]]:
        """Return the corrected shares of these years, and whether and how each theme's was."""
        coded = self.coded
        use = np.isin(coded.year, years)
        weight = np.ones(len(use)) if coded.weight is None else coded.weight
        if method == "standardised":
            common = (self.size[years] > 0).all(axis=0)
            use &= (common & (self.part > 0))[by_hand.cell]
            size = np.zeros_like(self.size)
            np.add.at(size, (coded.year, by_hand.cell), weight)
            weight = weight * self.part[by_hand.cell] / size[coded.year, by_hand.cell]
        table = coded.table[use].assign(weight=weight[use])
        part = replace(by_hand.responses, table=table)
        if not by_hand.drawn[use].any():
            none = ["Not corrected: no random hand code."] * len(coded.themes)
            return model, np.zeros(len(none), bool), none
        pair = (by_hand.codes, by_hand.human)
        machine, human = (restrict_codes(c, table["response_id"]) for c in pair)
        sample = hand_sample(machine, human, part)
        shares = shares_by_hand(machine, human, part, methods=["corrected"], sample=sample)
        shares = shares.set_index(["year", "theme"])
        wanted = pd.MultiIndex.from_product([coded.years[years], coded.themes])
        shares = shares.reindex(wanted)
        names = ("estimate", "low", "high", "variance", "n_human")
        columns = {c: shares[c].to_numpy(float).reshape(len(years), -1) for c in names}
        # A theme is corrected in all these years or in none, or they could not be compared.
        whole = ~np.isnan(columns["estimate"]).any(axis=0)
        parts = (np.where(whole, columns[c], np.nan) for c in names[:4])
        n = columns["n_human"].sum(axis=0)
        done = [
            f"Corrected by {k:.0f} hand-coded responses." if ok else "Not corrected."
            for k, ok in zip(n, whole, strict=True)
        ]
        recurring = corrected_correlation(machine, human, sample, coded.themes, coded.years[years])
        return corrected_model(model, *parts, recurring=recurring), whole, done

    def _standardise(
        self, crude: ShareModel, years: list[int]
    ) -> tuple[ShareModel, float, list[str]]:
        said: list[str] = []
        common = (self.size[years] > 0).all(axis=0)
        covered = float(self.part[common].sum())
        if missing := int(((self.part > 0) & ~common).sum()):
            said.append(f"{missing} empty cells ({1 - covered:.0%} of the standard) are excluded.")
        thin = int((self.size[years][:, common & (self.part > 0)] < FEW_POSITIVES).any(0).sum())
        if thin:
            said.append(f"{thin} cells rest on fewer than {FEW_POSITIVES} responses.")
        if covered == 0:
            said.append("No cell of the standard population can be compared.")
            none = crude.share * np.nan
            gone = replace(crude, share=none, low=none, high=none, effective=none)
            return gone, covered, said + self.idle
        n, count = self.size[years][:, common], self.count[years][:, common]
        weight = self.part[common] / covered
        share = np.einsum("c,yct->yt", weight, count / n[:, :, None])
        ever = self.count.sum(axis=0) / self.size.sum(axis=0)[:, None]
        drawn = (count + _PRIOR * ever[common]) / (n + _PRIOR)[:, :, None]
        design = self.size[years].sum(axis=1)[:, None] / crude.effective
        spread = np.einsum("c,yct,yc->yt", weight**2, drawn * (1 - drawn), 1 / n) * design
        middle = np.einsum("c,yct->yt", weight, drawn)
        # A theme that all or none have in these cells leaves no spread: the size of the weights.
        plain = 1 / (np.einsum("c,yc->y", weight**2, 1 / n)[:, None] * design)
        known = spread > 0
        effective = np.where(known, middle * (1 - middle) / np.where(known, spread, 1.0), plain)
        low, high = wilson_interval(np.clip(share, 0, 1) * effective, effective)
        made = replace(crude, share=share, low=low, high=high, effective=effective)
        return made, covered, said + self.idle


def _ordered(
    parts: list[pd.DataFrame], themes: Sequence[str], columns: list[str], family: Sequence[str] = ()
) -> pd.DataFrame:
    """Stack the rows, adjust p within each family, and order by themes and the key."""
    if not parts:
        return pd.DataFrame({c: pd.Series([], dtype="float64") for c in columns})
    table = pd.concat(parts, ignore_index=True)
    table = adjust_p(table, family) if family else table
    place = table["theme"].map({t: i for i, t in enumerate(themes)})
    key = [c for c in ("year", "method", "test") if c in columns]
    order = table.assign(place=place).sort_values(["place", *key], kind="stable").index
    return table.loc[order, columns].reset_index(drop=True)
