"""Waves merged where a theme is too rare to be shown in each.

The waves from the first to the last that may not be shown are taken as one. Their count is the
theme's total less the waves outside, all of which are published: it discloses nothing more, and a
trend with it rests on all waves, not on those alone in which the theme was frequent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Floats
from iapt_topics._base.status import SHOWN
from iapt_topics.publish.year_model import YearModel
from iapt_topics.stats.share_model import share_limits

#: Columns of the table of merged waves.
COLUMNS = ["theme", "label", "first", "last", "count", "n", "estimate", "low", "high", "status"]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TrendYears:
    """Themes of which the same waves are known, and what ``note`` says of the others."""

    years: YearModel
    note: str = ""


Rows = list[dict[str, object]]


def years_of_trends(years: YearModel, totals: pd.DataFrame) -> tuple[list[TrendYears], Rows]:
    """Models that trends are worked out from, and rows of the table of merged waves.

    Parameters
    ----------
    years : YearModel
        Published shares.
    totals : DataFrame
        Published prevalence over all waves, with the columns ``HELPERS``.

    Returns
    -------
    models : list of TrendYears
        Of every theme that is known in all waves, has some of them merged, or is known in half of
        them at least: those in which it was rare are not there, so fewer would mislead.
    rows : list of dict
        With ``COLUMNS``, but for the label.
    """
    total = totals[totals["estimate"].notna()].set_index("theme")
    models: list[TrendYears] = []
    rows: Rows = []
    for part in years.by_years(fewest=1):
        if len(part.years) == len(years.years):
            models.append(TrendYears(years=part))
            continue
        alone = []
        for theme, span in _spans(years, part.themes):
            one = part.of_themes([part.themes.index(theme)])
            whole = len(span) == len(years.years) or (years.n[span] <= 1).any()
            if whole or theme not in total.index:
                alone.append(part.themes.index(theme))
                continue
            merged, row = _merged(years, one, span, total)
            models.append(merged)
            rows.append(row)
        if alone and len(part.years) >= max(2, len(years.years) / 2):
            gone = years.years[~np.isin(years.years, part.years)]
            note = f"without {', '.join(map(str, gone))}"
            models.append(TrendYears(years=part.of_themes(alone), note=note))
    return models, rows


def _spans(years: YearModel, themes: Sequence[str]) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Of each theme the waves from the first to the last that is not shown, by place.

    One of few is not shown either: only with it do the others follow from the total.
    """
    for theme in themes:
        gone = np.flatnonzero(~years.shown[:, years.themes.index(theme)])
        yield theme, np.arange(gone.min(), gone.max() + 1)


def _merged(
    years: YearModel, part: YearModel, span: NDArray[np.intp], total: pd.DataFrame
) -> tuple[TrendYears, dict[str, object]]:
    """The model of one theme with some waves as one, and the row of these."""
    outside = np.flatnonzero(~np.isin(np.arange(len(years.years)), span))
    at = np.flatnonzero(np.isin(part.years, years.years[outside]))
    rest = part.of_years(at)
    n = float(years.n[span].sum())
    known = total.loc[list(part.themes)]
    others = rest.model.share * rest.n[:, None]
    count = np.maximum(known["count"].to_numpy(float) - others.sum(axis=0), 0.0)
    assert rest.model.extra is not None
    spread = np.diagonal(rest.model.extra, axis1=1, axis2=2) * rest.n**2
    all_n = known["n"].to_numpy(float)
    rounding = (known["rounding"].to_numpy(float) * all_n**2 + spread.sum(axis=1)) / n**2
    share = np.minimum(count / n, 1.0)
    effective = n / known["effect"].to_numpy(float)
    low, high = share_limits(share, effective, np.zeros(len(share), dtype=bool))
    first, last = (int(years.years[i]) for i in (span[0], span[-1]))
    middle = round(float(years.n[span] @ years.years[span] / n))
    model = _inserted(rest, int(span[0]), middle, n, (share, low, high, effective, rounding))
    row = {"theme": part.themes[0], "first": first, "last": last, "count": float(count[0]), "n": n}
    row |= {"estimate": float(share[0]), "low": float(low[0]), "high": float(high[0])}
    note = f"{first} to {last} as one"
    return TrendYears(years=model, note=note), row | {"status": SHOWN}


def _inserted(
    rest: YearModel, at: int, year: int, n: float, figures: tuple[Floats, ...]
) -> YearModel:
    """A wave put among others, uncorrelated with them."""
    share, low, high, effective, rounding = figures
    model, themes = rest.model, len(share)
    columns = {
        name: np.insert(getattr(model, name), at, row, axis=0)
        for name, row in (("share", share), ("low", low), ("high", high), ("effective", effective))
    }
    square = (themes, len(rest.years) + 1, len(rest.years) + 1)
    other = np.flatnonzero(np.arange(square[1]) != at)
    pairs = np.ix_(np.arange(themes), other, other)
    correlation, extra = np.zeros(square), np.zeros(square)
    correlation[pairs], extra[pairs] = model.correlation, model.extra
    correlation[:, at, at], extra[:, at, at] = 1.0, rounding
    return replace(
        rest,
        years=np.insert(rest.years, at, year),
        n=np.insert(rest.n, at, n),
        known=np.insert(rest.known, at, True, axis=0),
        shown=np.insert(rest.shown, at, True, axis=0),
        model=replace(model, **columns, correlation=correlation, extra=extra),
    )
