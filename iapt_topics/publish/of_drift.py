"""What is published of prevalence by year and its change.

Tables are worked out from published shares, by the functions that work the exact ones out from
exact shares (:mod:`iapt_topics.publish.year_model`), so that they disclose no more than those do,
and a p value agrees with the interval beside it. Distances alone are of exact counts, of the themes
that are shown in both years.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.status import (
    BY_PEOPLE,
    NOT_ESTIMABLE,
    SHOWN,
    SMALL_BASE,
    SUPPRESSED,
    UNCHECKED,
)
from iapt_topics.drift.distances import distance
from iapt_topics.drift.tables import adjust_p, change_columns, name_families
from iapt_topics.drift.trends import change_rows, trend_rows
from iapt_topics.publish.cells import HELPERS, Cells, follow, not_estimable, round_p, widen
from iapt_topics.publish.counts import ALL
from iapt_topics.publish.merged_years import COLUMNS, TrendYears, years_of_trends
from iapt_topics.publish.suppression import Key
from iapt_topics.publish.year_model import YearModel, year_model
from iapt_topics.stats.share_model import share_limits
from iapt_topics.study.derived import (
    UNCORRECTED,
    both_years,
    crude_changes,
    mark_checked,
    pole_difference,
)
from iapt_topics.study.study import Study
from iapt_topics.study.tables import Tables, model_shares

#: Of the draws behind the test of shapes, and of the distances of what is shown.
SEED = 7
_N_BOOT = 1000
_NO_DISTANCE = "not worked out with noise, which a distance would take for change"
#: What the covered part of a standard is rounded down to, at the least.
_COVERED_STEP = 0.05


def publish_drift(study: Study, cells: Cells) -> tuple[Tables, YearModel]:
    """Tables of prevalence and its change, and the model of the years that they rest on."""
    exact = study.tables
    out = {
        "theme_shares": _shares(
            exact["theme_shares"], cells, lambda row: (("theme", row["theme"], ALL), ("base", ALL))
        )
    }
    for name, kind in (("drift", "theme"), ("axis", "class"), ("pole", "pole")):
        if (table := exact.get(f"{name}_shares")) is not None:
            out[f"{name}_shares"] = _shares_by_year(table, cells, kind)
    if "axis_shares" in out:
        out["pole_difference"] = pole_difference(out["axis_shares"], out.get("pole_shares"))
    shares = out["drift_shares"]
    out["theme_shares"] = _add_up(out["theme_shares"], shares)
    years = year_model(shares, study.codes, cells)
    out["drift_changes"] = _changes(exact["drift_changes"], shares, years)
    models, merged = years_of_trends(years, out["theme_shares"])
    labels = exact["theme_shares"][["theme", "label"]]
    out["merged_shares"] = pd.DataFrame(merged, columns=COLUMNS[:1] + COLUMNS[2:]).merge(
        labels, on="theme"
    )[COLUMNS]
    out["drift_trends"] = _trends(exact["drift_trends"], shares, models)
    out["drift_changepoints"] = _changepoints(exact["drift_changepoints"], shares, models)
    out["drift_distances"] = _distances(study, years, cells)
    if "standardised_changes" in exact:
        table = exact["standardised_changes"]
        out["standardised_changes"] = _standardised(table, out["drift_changes"], cells)
    if "panel_changes" in exact:
        out["panel_changes"] = _panel_changes(exact["panel_changes"], shares, cells)
    kind = study.codes.kind
    for name in UNCORRECTED:
        if name in out:
            out[name] = mark_checked(out[name], kind)
    tables = {n: t.drop(columns=HELPERS) if "rounding" in t else t for n, t in out.items()}
    return tables, years


def _shares(
    table: pd.DataFrame, cells: Cells, keys: Callable[[dict[Hashable, Any]], tuple[Key, Key]]
) -> pd.DataFrame:
    rows = []
    for row in table.to_dict("records"):
        share = cells.share_with_helpers(*keys(row), row["n_effective"], weighted=True)
        rows.append({c: row[c] for c in ("theme", "label", "year") if c in row} | share)
    return pd.DataFrame(rows)


def _shares_by_year(table: pd.DataFrame, cells: Cells, kind: str) -> pd.DataFrame:
    return _shares(
        table, cells, lambda row: ((kind, row["theme"], row["year"]), ("base", row["year"]))
    )


def _add_up(themes: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Prevalence over all years; where its count would disclose a few, the sum of the years'.

    Such a sum is of published figures, the few of a year taken as the middle of what they can be.
    """
    known = shares[shares["n"] != 0]
    known = known.assign(
        count=known["point"] * known["n"], rounding=known["rounding"] * known["n"] ** 2
    )
    # A theme with a year that is not known has no sum.
    unknown = known["count"].isna().groupby(known["theme"]).any()
    years = known.groupby("theme")[["count", "rounding"]].sum()[~unknown]
    shown = known["estimate"].notna().groupby(known["theme"]).any()
    rows = []
    for row in themes.to_dict("records"):
        theme = row["theme"]
        if row["status"] == SUPPRESSED and row["n"] > 0 and theme in years.index and shown[theme]:
            row |= _summed(row, *years.loc[theme])
        rows.append(row)
    return pd.DataFrame(rows, columns=themes.columns)


def _summed(row: dict[Hashable, Any], count: float, rounding: float) -> dict[Hashable, Any]:
    n = row["n"]
    share, extra = min(count / n, 1.0), rounding / n**2
    low, high = widen(share, *share_limits(share, n / row["effect"], False), extra)
    return {
        "count": round(count), "estimate": share, "low": float(low), "high": float(high),
        "point": share, "rounding": extra, "status": SHOWN, "note": "sum of the published waves",
    }  # fmt: skip


def _changes(changes: pd.DataFrame, shares: pd.DataFrame, years: YearModel) -> pd.DataFrame:
    """Differences of published shares, with the interval and the test that follow from them."""
    out = changes.reset_index(drop=True)
    now, then = both_years(out, shares)
    shown = (now["point"].notna() & then["point"].notna()).to_numpy()
    shown = shown & (now["estimate"].notna() | then["estimate"].notna()).to_numpy()
    columns = ["estimate", "low", "high", "p", "smallest_detectable"]
    figures = np.full((len(out), len(columns)), np.nan)
    place = {theme: i for i, theme in enumerate(years.themes)}
    for pair, part in out[shown].groupby(["year", "against"]):
        year, against = (int(str(y)) for y in pair)
        change = change_columns(years.model, years.place(year), years.place(against))
        at = [place[theme] for theme in part["theme"]]
        figures[part.index] = np.column_stack([change[c][at] for c in columns])
    out = out.assign(**dict(zip(columns, figures.T, strict=True)), n=now["n"] + then["n"])
    return _adjusted(follow(out, now, then), ["kind"])


def _adjusted(table: pd.DataFrame, family: list[str]) -> pd.DataFrame:
    """Adjust p within each family of what is shown, and print p as everywhere."""
    if table.empty:
        return table
    table = adjust_p(table, family)
    return table.assign(**{c: round_p(table[c]) for c in ("p", "p_bh", "p_holm")})


def _trends(
    trends: pd.DataFrame, shares: pd.DataFrame, models: Sequence[TrendYears]
) -> pd.DataFrame:
    """Tests of the published shares of all years that may be shown, which ``note`` names."""
    if trends.empty:
        return trends.copy()
    columns = ["estimate", "low", "high", "p", "smallest_detectable"]
    known: dict[tuple[str, str], dict[str, Any]] = {}
    for one in models:
        part = one.years
        for test in trend_rows(part.model, part.years, part.n, SEED):
            names = columns + (["shape"] if test["test"] == "shape" else [])
            for i, theme in enumerate(part.themes):
                tested = {c: test[c][i] for c in names}
                tested |= {"n": part.n.sum(), "status": SHOWN, "note": one.note}
                known[theme, test["test"]] = tested
    coded = shares[shares["n"] != 0].groupby("theme")
    status = {theme: _inherit_status(part) for theme, part in coded}
    none = dict.fromkeys(columns, np.nan)
    rows = []
    for row in trends.to_dict("records"):
        new = {"n": np.nan, "shape": "", **none} | status[row["theme"]]
        rows.append(row | new | known.get((row["theme"], row["test"]), {}))
    return _adjusted(pd.DataFrame(rows, columns=trends.columns), ["test"])


def _inherit_status(shares: pd.DataFrame) -> dict[str, Any]:
    """Status and note of a figure on these shares: of the first that is not shown."""
    hidden = shares.loc[shares["estimate"].isna(), ["status", "note"]]
    first = hidden.iloc[0] if len(hidden) else {"status": SHOWN, "note": ""}
    return {c: first[c] for c in ("status", "note")}


def _changepoints(
    exact: pd.DataFrame, shares: pd.DataFrame, models: Sequence[TrendYears]
) -> pd.DataFrame:
    """Steps searched for in the published shares of all years that may be shown."""
    if exact.empty:
        return exact.copy()
    rows: list[dict[str, Any]] = []
    for one in models:
        part = one.years
        for row in change_rows(part.model, part.years, part.n, SEED):
            theme = part.themes[row.pop("place")]
            row["note"] = " ".join(t for t in (row["note"], one.note) if t)
            rows.append(row | {"theme": theme, "status": SHOWN})
    tested = {row["theme"] for row in rows}
    coded = shares.loc[shares["n"] != 0, "year"]
    first, last = int(coded.min()), int(coded.max())
    for theme in exact["theme"].unique():
        if theme not in tested:
            part = shares[(shares["theme"] == theme) & (shares["n"] != 0)]
            stretch = {"theme": theme, "first": first, "last": last, "depth": 0}
            rows.append(stretch | _inherit_status(part))
    order = {theme: i for i, theme in enumerate(exact["theme"].unique())}
    out = pd.DataFrame(rows, columns=exact.columns).astype({"year": "Int64"})
    out = out[out["theme"].isin(order)]
    place = out.assign(place=out["theme"].map(order)).sort_values(["place", "depth", "first"])
    out = out.loc[place.index].reset_index(drop=True)
    return _adjusted(out.assign(family=name_families(out["depth"])), ["depth"])


def _distances(study: Study, years: YearModel, cells: Cells) -> pd.DataFrame:
    """Distances of the themes that are shown in both years: no other cell enters.

    p is rounded up to two decimals, the rest to two.
    """
    exact = study.tables["drift_distances"].reset_index(drop=True)
    if exact.empty:
        return exact.copy()
    counts = cells.counts
    if cells.rule.noise:
        # A distance takes noise for change: of 120 responses a year, .05 and more.
        figures = ["estimate", "corrected", "low", "high", "null_p95", "p", "p_bh", "p_holm", "n"]
        blank = exact.assign(**dict.fromkeys(figures, np.nan), note=_NO_DISTANCE)
        return blank.assign(status=NOT_ESTIMABLE)
    place = [study.codes.themes.index(theme) for theme in years.themes]
    wave = {i: at for at, y in enumerate(years.years) for i in counts.by_year[int(y)]}
    sums = model_shares(study.codes, counts.cluster, wave, counts.weights)[0]
    rows = []
    for row in exact.to_dict("records"):
        a, b = (years.place(row[c]) for c in ("year", "against"))
        both = years.shown[a] & years.shown[b]
        use = [place[i] for i in np.flatnonzero(both)]
        if len(use) < len(years.themes):
            names = ("estimate", "corrected", "low", "high", "null_p95", "p")
            row |= dict.fromkeys(names, np.nan) | {"status": SUPPRESSED, "note": SUPPRESSED}
            if len(use) > 1:
                few = replace(
                    sums,
                    total=sums.total[:, use],
                    count=sums.count[:, use],
                    cell_total=sums.cell_total[:, use],
                )
                row.update(distance(few, a, b, _N_BOOT, SEED), status=SHOWN)
                row["note"] = f"of the {len(use)} themes that are shown in both years"
        row["n"] = years.n[[a, b]].sum() if both.any() else np.nan
        rows.append(row)
    out = adjust_p(pd.DataFrame(rows, columns=exact.columns))
    tests = {c: np.ceil(out[c].round(6) * 100) / 100 for c in ("p", "p_bh", "p_holm")}
    return not_estimable(out.round(2).assign(**tests))


def _standardised(table: pd.DataFrame, published: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """Changes at a fixed respondent mix, in whole points; none without the crude one.

    Finer ones, an interval or a p value would tell how many of a small group had a theme, since its
    share of the responses and of the standard are known. The part of the standard that is covered
    would tell the size of a group that is not in both years: it is rounded down, to no finer than
    the respondents that the rule asks for in the smallest year.
    """
    rows = crude_changes(table, published)
    shown = rows["estimate"].notna().to_numpy()
    whole: dict[str, pd.Series] = {
        "crude": rows["estimate"].round(2) + 0, "estimate": table["estimate"].round(2) + 0,
        "covered": _coarse_part(table["covered"], cells),
    }  # fmt: skip
    out = table[["theme", "year", "against"]].assign(**whole)
    out = out.assign(**{c: out[c].where(shown) for c in whole})
    out = out.assign(changed=np.where(shown, table["changed"], ""))
    return _say_findings(follow(out, rows), table)


def _panel_changes(table: pd.DataFrame, shares: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """Changes within the respondents of both years: of rounded numbers of people, no p value.

    How many gained a theme and how many lost it is not given, and their difference is rounded
    under every rule: either can be a few. Where all are in both years it is the difference of two
    published counts, so it is rounded to twice as much as either: else it would narrow them.
    """
    rows = table.reset_index(drop=True)
    now, then = both_years(rows, shares)
    rule, people = cells.rule, rows["n"].to_numpy(float)
    few = np.array([rule.is_small_base(n) for n in people], dtype=bool)
    n = np.where(few, np.nan, cells.coarse(people))
    gap = 2 * cells.coarse((rows["gained"] - rows["lost"]).to_numpy(float) / 2)
    shown = (now["estimate"].notna() & then["estimate"].notna()).to_numpy()
    shown = shown & ~few & (people >= rule.percent_base)
    out = rows[["theme", "year", "against"]].assign(
        estimate=np.where(shown, gap / np.where(shown, n, 1), np.nan),
        n=n,
        changed=np.where(shown, rows["changed"], ""),
        family=rows["family"],
    )
    status = np.where(few, SUPPRESSED, np.where(people < rule.percent_base, SMALL_BASE, SHOWN))
    note = np.where(few, SUPPRESSED, np.where(people < rule.percent_base, rule.too_small, ""))
    out = follow(out, now, then, pd.DataFrame({"status": status, "note": note}))
    return _say_findings(out, rows)


def _say_findings(out: pd.DataFrame, exact: pd.DataFrame) -> pd.DataFrame:
    """What may be said of each change that is shown: a word, as ``changed`` is.

    The corrected changes themselves are not published: they would tell of small groups.
    """
    shown = (out["status"] == SHOWN).to_numpy()
    checked = exact["checked"].to_numpy()
    checked = np.where(shown | (checked == BY_PEOPLE), checked, UNCHECKED)
    return out.assign(checked=checked, finding=np.where(shown, exact["finding"], ""))


def _coarse_part(part: pd.Series, cells: Cells) -> pd.Series:
    """A part of a population rounded down: in steps from all of it, which is said if it is all."""
    if cells.rule.is_off:
        return part.round(2)
    sizes = [cells.counts.cells["base", y].count for y in cells.counts.by_year]
    step = max(_COVERED_STEP, cells.rule.min_base / max(min(sizes, default=1), 1))
    steps = np.ceil(((1 - part.to_numpy(float)) / step).round(9))
    return pd.Series(np.clip(1 - steps * step, 0, 1).round(2), part.index)
