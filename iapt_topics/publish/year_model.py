"""The published shares of a survey's years as one model: what rests on it discloses no more.

Changes, trends and step changes are worked out from this model by the functions that work them out
from exact shares. So a p value follows from the figures that stand beside it, agrees with their
intervals, and gives no exact count back.

Where respondents recur, how far the years go together is the one thing that published shares do not
tell. It is published in steps: a theme's correlation between two years rounded towards 0 to a
multiple of .1, or of up to .3 if it takes that to leave open as many respondents as the rule asks
for; else that of all shown themes together, to a multiple of .1. Rounded so, intervals err on the
wide side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Bools, Floats
from iapt_topics._base.status import SHOWN
from iapt_topics.codes.codes import Codes
from iapt_topics.publish.cells import Cells
from iapt_topics.publish.counts import ALL
from iapt_topics.stats.share_model import ShareModel, share_limits
from iapt_topics.study.derived import FEWEST_CHANGES
from iapt_topics.study.tables import model_shares

#: What a theme's correlation between years is rounded to, and that of all themes together.
_STEP, _STEP_TOGETHER = 0.1, 0.1
#: Coarser than this a theme's own says less than that of all; or than none, if they are few.
_COARSE, _COARSEST = 0.3, 0.5
#: Respondents of all years are counted in steps of this where their number is suppressed.
_PEOPLE_STEP = 50


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class YearModel:
    """Published shares of T themes in Y coded years; a share that is not known is a stand-in.

    One of few respondents is known: the middle of what it can be.
    """

    themes: tuple[str, ...]
    years: NDArray[np.int64]  # (Y,)
    n: Floats  # (Y,) published bases
    known: Bools  # (Y, T)
    shown: Bools  # (Y, T) known, and not few
    model: ShareModel

    def place(self, year: int) -> int:
        """Where a year stands."""
        return int(np.flatnonzero(self.years == year)[0])

    def by_years(self, fewest: int = 2) -> list[YearModel]:
        """Themes of which the same years are known, by themselves, in those years alone.

        None of themes that are known in fewer than ``fewest``.
        """
        patterns, group = np.unique(self.known, axis=1, return_inverse=True)
        group = group.ravel()
        enough = [g for g in range(patterns.shape[1]) if patterns[:, g].sum() >= fewest]
        return [
            self._part(np.flatnonzero(patterns[:, g]), np.flatnonzero(group == g)) for g in enough
        ]

    def of_themes(self, use: Sequence[int]) -> YearModel:
        """Some themes, by place."""
        return self._part(np.arange(len(self.years)), np.array(use))

    def of_years(self, at: NDArray[np.intp]) -> YearModel:
        """Some years, by place."""
        return self._part(at, np.arange(len(self.themes)))

    def _part(self, at: NDArray[np.intp], use: NDArray[np.intp]) -> YearModel:
        """Some years of some themes."""
        cells = np.ix_(at, use)
        part = {c: getattr(self.model, c)[cells] for c in ("share", "low", "high", "effective")}
        pairs = np.ix_(use, at, at)
        assert self.model.extra is not None
        part |= {"correlation": self.model.correlation[pairs], "extra": self.model.extra[pairs]}
        return replace(
            self,
            themes=tuple(self.themes[i] for i in use),
            years=self.years[at],
            n=self.n[at],
            known=self.known[cells],
            shown=self.shown[cells],
            model=replace(self.model, **part),
        )


def year_model(shares: pd.DataFrame, codes: Codes, cells: Cells) -> YearModel:
    """Model of published shares by theme and year, which have the columns ``HELPERS``."""
    coded = shares[shares["n"] != 0]
    years = np.unique(coded["year"].to_numpy(np.int64))
    themes = tuple(dict.fromkeys(shares["theme"]))
    key = pd.MultiIndex.from_product([years, themes])
    wide = coded.set_index(["year", "theme"]).reindex(key)
    share, n, effect, rounding = (
        wide[c].to_numpy(float).reshape(len(years), -1)
        for c in ("point", "n", "effect", "rounding")
    )
    one_each = wide["one_each"].eq(True).to_numpy().reshape(share.shape)
    shown = (wide["status"] == SHOWN).to_numpy().reshape(share.shape)
    known = ~np.isnan(share) & shown.any(axis=0)  # of few in all years nothing is known
    share, effective = np.where(known, share, 0.5), np.where(known, n / effect, 1.0)
    low, high = share_limits(share, effective, one_each)
    extra = np.where(known, rounding, 0.0).T[:, :, None] * np.eye(len(years))
    correlation, people = _panel(codes, cells, years, themes, share, known)
    model = ShareModel(
        share=share, low=low, high=high, effective=effective, correlation=correlation,
        people=people, extra=extra,
    )  # fmt: skip
    # Of a year without any share shown, the base stands for nothing.
    bases = np.where(known.any(axis=1), np.where(known, n, 0.0).max(axis=1), 1.0)
    return YearModel(
        themes=themes, years=years, n=bases, known=known, shown=shown, model=model
    )  # fmt: skip


def any_difference(share: Floats, effective: Floats, rounding: Floats) -> Floats:
    """P of the test that published shares (Y, T) are the same in all years, taken as independent.

    NaN for one year, and where a share is not known.
    """
    known = ~np.isnan(share).any(axis=0)
    if len(share) < 2 or not known.any():
        return np.full(share.shape[1], np.nan)
    share = np.where(known, share, 0.5)
    effective, rounding = np.where(known, effective, 1.0), np.where(known, rounding, 0.0)
    alone = np.tile(np.eye(len(share)), (share.shape[1], 1, 1))
    extra = rounding.T[:, :, None] * np.eye(len(share))
    model = ShareModel(
        share=share, low=share, high=share, effective=effective, correlation=alone, extra=extra
    )
    return np.where(known, model.omnibus(), np.nan)


def _panel(
    codes: Codes,
    cells: Cells,
    years: NDArray[np.int64],
    themes: tuple[str, ...],
    share: Floats,
    given: Bools,
) -> tuple[Floats, float]:
    """Coarsened correlation (T, Y, Y) of the years' shares, and how many people tell it."""
    counts, rule = cells.counts, cells.rule
    alone = np.tile(np.eye(len(years)), (len(themes), 1, 1))
    wave = {i: at for at, y in enumerate(years) for i in counts.by_year[int(y)]}
    exact = model_shares(codes, counts.cluster, wave, counts.weights)[1]
    if np.isinf(exact.people):
        return alone, exact.people
    if rule.is_off and rule.round_to == 1:
        return exact.correlation[[codes.themes.index(t) for t in themes]], exact.people
    place = [codes.themes.index(t) for t in themes]
    sd = np.sqrt(share * (1 - share))
    people = [len(counts.cells["base", int(y)].people) for y in years]
    for a in range(len(years)):
        for b in range(a):
            both = given[a] & given[b]
            # Respondents with the theme in both years that a correlation of 1 stands for.
            size = np.where(both, sd[a] * sd[b] * np.sqrt(people[a] * people[b]), 0.0)
            known = exact.correlation[place, a, b]
            enough = both.sum() >= FEWEST_CHANGES and size.sum() > 0
            together = float(size @ known / size.sum()) if enough else 0.0
            # As coarse as leaves open the respondents that the rule asks for.
            fewest = rule.min_base if rule.noise else rule.min_cell
            least = np.ceil(20 * fewest / np.maximum(size, 1e-9)) / 20
            step = np.maximum(_STEP, least)
            own = step <= (_COARSE if enough else _COARSEST)
            found = np.where(
                own, _towards_0(known, step), _towards_0(np.array(together), _STEP_TOGETHER)
            )
            alone[:, a, b] = alone[:, b, a] = np.where(both, found, 0.0)
    return _positive(alone), _coarse_people(cells, exact.people)


def _towards_0(value: Floats, step: Floats | float) -> Floats:
    return np.asarray(np.trunc(np.round(value / step, 9)) * step)


def _positive(correlation: Floats) -> Floats:
    """Shrink each matrix towards the identity as far as it takes to be a correlation matrix."""
    least = np.linalg.eigvalsh(correlation)[:, 0]
    keep = np.where(least < 0.01, 0.99 / np.maximum(1 - least, 0.99), 1.0)
    keep = keep[:, None, None]
    return np.asarray(keep * correlation + (1 - keep) * np.eye(correlation.shape[1]))


def _coarse_people(cells: Cells, people: float) -> float:
    if ("people", ALL) in cells.suppressed:
        return float(people // _PEOPLE_STEP * _PEOPLE_STEP)
    return float(cells.rule.rounded(people))
