"""The tables of a :class:`iapt_topics.Drift`, made of the model of shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Floats
from iapt_topics.drift.distances import distance
from iapt_topics.drift.trends import MANY_YEARS, change_rows, trend_rows
from iapt_topics.stats.intervals import normal_quantile, smallest_detectable
from iapt_topics.stats.multiplicity import benjamini_hochberg, holm
from iapt_topics.stats.share_model import FEW_POSITIVES, ShareModel, YearSums

COLUMNS = {
    "shares": [
        *("theme", "year", "count", "n", "estimate", "low", "high"),
        *("n_respondents", "n_effective", "note"),
    ],
    "changes": [
        *("theme", "year", "against", "kind", "estimate", "low", "high", "n"),
        *("p", "p_bh", "p_holm", "family", "smallest_detectable", "note"),
    ],
    "trends": [
        *("theme", "test", "estimate", "low", "high", "n"),
        *("p", "p_bh", "p_holm", "family", "smallest_detectable", "shape", "note"),
    ],
    "changepoints": [
        *("theme", "year", "first", "last", "depth", "estimate", "low", "high", "n"),
        *("p", "p_bh", "p_holm", "family", "smallest_detectable", "note"),
    ],
    "distances": [
        *("year", "against", "estimate", "corrected", "low", "high", "n", "null_p95"),
        *("p", "p_bh", "p_holm", "family", "note"),
    ],
    "sources": ["measure", "theme", "year", "source", "estimate", "low", "high", "n", "note"],
}
#: The tests that p is adjusted over: one family for each question, by ``kind`` or ``test``.
FAMILIES = {
    "baseline": "change against the baseline: all themes and years",
    "previous": "change against the year before: all themes and years",
    "omnibus": "any difference between years: all themes",
    "linear": "linear trend: all themes",
    "shape": "shape of the trend: all themes",
    "panel": "change of the same respondents: all themes and pairs of years",
    "distance": "difference in the mix of themes: all pairs of years",
}
#: Below this many responses, a year is said to be small.
FEW_RESPONSES = 30
_TOO_SMALL = "No change is detectable at this sample size."


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Prevalence:
    """Prevalence of each theme (T) in each coded year (Y), which the tables are made of."""

    sums: YearSums
    models: dict[str, ShareModel]  # by source of uncertainty, the last of all sources together
    themes: tuple[str, ...]  # (T,)
    years: NDArray[np.int64]  # (Y,)
    at_base: int  # place of the baseline among the years
    notes: dict[int, list[str]]  # by year of the survey
    marks: list[list[str]]  # notes on each share, (Y, T)

    @property
    def model(self) -> ShareModel:
        """The model of all sources together."""
        return self.models["together"]


def shares_table(prevalence: Prevalence) -> pd.DataFrame:
    """Prevalence by theme and year of the survey."""
    sums, model, themes = prevalence.sums, prevalence.model, prevalence.themes
    years = prevalence.years.tolist()
    rows = []
    low, high = model.limits()
    effective = model.n_effective()
    for year, lines in prevalence.notes.items():
        row: dict[str, Any] = {"theme": list(themes), "year": year, "place": range(len(themes))}
        if year not in years:
            row |= dict.fromkeys(("estimate", "low", "high"), np.nan)
            row |= dict.fromkeys(("count", "n", "n_respondents", "n_effective"), 0)
            row["note"] = " ".join(["No response of this year was coded.", *lines])
        else:
            y = years.index(year)
            size, people = int(sums.n[y]), int(sums.people[y])
            said = [*_small([size]), *lines]
            if people < size:
                said.append("Interval allows for several responses from one respondent.")
            if len(years) == 1:
                said.append("Only one year was coded, so no change can be estimated.")
            row |= {"count": sums.count[y].astype(int), "n": size, "n_respondents": people}
            row |= {"estimate": model.share[y], "low": low[y], "high": high[y]}
            row |= {"n_effective": effective[y]}
            row["note"] = [" ".join(filter(None, [*said, mark])) for mark in prevalence.marks[y]]
        rows.append(pd.DataFrame(row))
    return _stacked(rows, "shares", ["place", "year"])


def changes_table(prevalence: Prevalence, pairs: list[tuple[str, int, int]]) -> pd.DataFrame:
    """Changes between the pairs of years: kind, later and earlier place."""
    sums, model, years = prevalence.sums, prevalence.model, prevalence.years
    rows = []
    for kind, a, b in pairs:
        change = change_columns(model, a, b)
        size = sums.n[[a, b]]
        few = sums.count[[a, b]].max(axis=0) < FEW_POSITIVES
        shared = len(np.intersect1d(sums.person[sums.year == a], sums.person[sums.year == b]))
        said = _small(size.tolist())
        if shared:
            said.append(f"{shared} respondents are in both years; the interval allows for this.")
        rare = f"Fewer than {FEW_POSITIVES} positives in both years."
        row = {
            "theme": list(prevalence.themes),
            "place": range(len(prevalence.themes)),
            "year": int(years[a]),
            "against": int(years[b]),
            "kind": kind,
            **change,
            "n": int(size.sum()),
            "note": [
                " ".join(([rare] if f else []) + said + ([_TOO_SMALL] if np.isnan(d) else []))
                for f, d in zip(few, change["smallest_detectable"], strict=True)
            ],
        }
        rows.append(pd.DataFrame(row))
    return _stacked(rows, "changes", ["kind", "place", "year"], "kind")


def change_columns(model: ShareModel, now: int, then: int) -> dict[str, Floats]:
    """Change of every theme between two years, by place: estimate, limits, p, least detectable."""
    c = np.zeros(len(model.share))
    c[now], c[then] = 1.0, -1.0
    estimate, low, high, p = model.contrast(c)
    effective = model.effective
    least = smallest_detectable(model.share[then], effective[then], effective[now])
    extra = (normal_quantile() + normal_quantile(0.6)) * np.sqrt(model.extra_variance(c))
    out = {"estimate": estimate, "low": low, "high": high, "p": p}
    return out | {"smallest_detectable": np.hypot(least, extra)}


def trends_table(prevalence: Prevalence, seed: int) -> pd.DataFrame:
    """The tests of each theme over all years."""
    sums = prevalence.sums
    if len(prevalence.years) == 1:
        return _empty("trends")
    rare = f"Fewer than {FEW_POSITIVES} positives in every year."
    few = np.where(sums.count.max(axis=0) < FEW_POSITIVES, rare, "")
    said = _small(sums.n.tolist())
    shared: dict[str, Any] = {"theme": list(prevalence.themes), "n": int(sums.n.sum())}
    tests = trend_rows(prevalence.model, prevalence.years, sums.n, seed)
    for test in tests:
        undetectable = np.isnan(test["smallest_detectable"])
        test["note"] = [
            " ".join(filter(None, [test["note"], rare, _TOO_SMALL if none else "", *said]))
            for rare, none in zip(few, undetectable, strict=True)
        ]
    rows = [pd.DataFrame(shared | test | {"place": i}) for i, test in enumerate(tests)]
    return _stacked(rows, "trends", ["place"], "test")


def changepoints_table(prevalence: Prevalence, seed: int) -> pd.DataFrame:
    """The steps of each theme in long series."""
    if len(prevalence.years) < MANY_YEARS:
        return _empty("changepoints")
    rows = change_rows(prevalence.model, prevalence.years, prevalence.sums.n, seed)
    table = pd.DataFrame(rows)
    table["theme"] = [prevalence.themes[t] for t in table["place"]]
    none = table["smallest_detectable"].isna()
    table["note"] = [
        " ".join(filter(None, [note, _TOO_SMALL if n else ""]))
        for note, n in zip(table["note"], none, strict=True)
    ]
    return _stacked([table], "changepoints", ["place", "depth", "first"], "depth")


def sources_table(
    sums: YearSums,
    models: dict[str, ShareModel],
    themes: tuple[str, ...],
    years: NDArray[np.int64],
    at_base: int,
) -> pd.DataFrame:
    """Shares, and changes against the baseline, with the interval of each source."""
    rows: list[pd.DataFrame] = []
    if len(models) == 2:
        return _empty("sources")
    for order, (source, model) in enumerate(models.items()):
        low, high = model.limits()
        for y, year in enumerate(years):
            key = {"theme": list(themes), "place": range(len(themes)), "year": int(year)}
            key |= {"source": source, "order": order, "note": ""}
            share = {"estimate": model.share[y], "low": low[y], "high": high[y]}
            rows.append(pd.DataFrame(key | share | {"measure": "share", "n": int(sums.n[y])}))
            if y == at_base:
                continue
            c = np.zeros(len(years))
            c[y], c[at_base] = 1.0, -1.0
            change = dict(zip(("estimate", "low", "high"), model.contrast(c)[:3], strict=True))
            both = int(sums.n[[y, at_base]].sum())
            rows.append(pd.DataFrame(key | change | {"measure": "change", "n": both}))
    return _stacked(rows, "sources", ["measure", "place", "year", "order"])


def distances_table(
    prevalence: Prevalence, pairs: list[tuple[str, int, int]], n_boot: int, seed: int
) -> pd.DataFrame:
    """Distances of the pairs of years."""
    sums, years = prevalence.sums, prevalence.years
    rows = []
    for a, b in sorted({(a, b) for _, a, b in pairs}):
        size = sums.n[[a, b]]
        row = distance(sums, a, b, n_boot, seed)
        row["note"] = " ".join([*filter(None, [row["note"]]), *_small(size.tolist())])
        keys = {"year": int(years[a]), "against": int(years[b]), "n": int(size.sum())}
        rows.append(row | keys)
    if not rows:
        return _empty("distances")
    table = adjust_p(pd.DataFrame(rows)).assign(family=FAMILIES["distance"])
    return table[COLUMNS["distances"]]


def _small(sizes: Sequence[float]) -> list[str]:
    small = min(sizes) < FEW_RESPONSES
    return [f"n below {FEW_RESPONSES}{' in a year' if len(sizes) > 1 else ''}."] if small else []


def adjust_p(table: pd.DataFrame, family: Sequence[str] = ()) -> pd.DataFrame:
    """Add ``p_bh`` and ``p_holm`` within each family; by default, all rows are one."""
    by = table.groupby(list(family) if family else np.zeros(len(table)), sort=False)["p"]
    ways = {"p_bh": benjamini_hochberg, "p_holm": holm}
    return table.assign(
        **{c: by.transform(lambda p, f=f: f(p.to_numpy(float))) for c, f in ways.items()}
    )


def name_families(of: pd.Series) -> list[str]:
    """The tests that p is adjusted over, by the kind of change, the test or the depth."""
    return [FAMILIES.get(f, f"step change at depth {f}: all themes") for f in of]


def _stacked(
    rows: list[pd.DataFrame], name: str, order: list[str], family: str = ""
) -> pd.DataFrame:
    """Stack the rows, adjust p within each family, and put rows and columns in order."""
    if not rows:
        return _empty(name)
    table = pd.concat(rows, ignore_index=True)
    if family:
        table = adjust_p(table, [family]).assign(family=name_families(table[family]))
    return table.sort_values(order, kind="stable", ignore_index=True)[COLUMNS[name]]


def _empty(name: str) -> pd.DataFrame:
    texts = ("theme", "test", "kind", "measure", "source", "shape", "family", "note")
    kinds = dict.fromkeys(texts, "str")
    kinds |= dict.fromkeys(("year", "against", "first", "last", "depth", "n"), "int64")
    return pd.DataFrame({c: pd.Series([], dtype=kinds.get(c, "float64")) for c in COLUMNS[name]})
