"""What is published of prevalence by year and its change.

Tables are worked out from published tables, so that they disclose no more than those do. Only a p
value, a limit of a slope and a smallest change come from exact counts, rounded, and only where
every share behind them is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.status import SHOWN
from iapt_topics.drift.trends import shapes
from iapt_topics.publish.cells import Cells, follow, round_and_mask, round_measures
from iapt_topics.publish.counts import ALL
from iapt_topics.publish.suppression import Key
from iapt_topics.study.derived import both_years, crude_changes, difference, pole_difference
from iapt_topics.study.tables import Tables

_TESTS = {"p": 3, "p_bh": 3, "p_holm": 3}
_LIMITS = {"low": 3, "high": 3, "smallest_detectable": 3}


def publish_drift(exact: Tables, cells: Cells) -> Tables:
    """Tables of prevalence and its change, of the exact ones."""
    out = {
        "theme_shares": _shares(
            exact["theme_shares"], cells, lambda row: (("theme", row["theme"], ALL), ("base", ALL))
        )
    }
    for name, kind in (("drift", "theme"), ("axis", "class"), ("pole", "pole")):
        if (table := exact.get(f"{name}_shares")) is not None:
            out[f"{name}_shares"] = _shares_by_year(table, cells, kind)
    if "axis_shares" in out:
        out["pole_difference"] = pole_difference(out["axis_shares"])
    shares = out["drift_shares"]
    out["drift_changes"] = _changes(exact["drift_changes"], shares)
    out["drift_trends"] = _trends(exact["drift_trends"], shares)
    out["drift_changepoints"] = _changepoints(exact["drift_changepoints"], shares)
    out["drift_distances"] = round_measures(exact["drift_distances"], cells.rule)
    if "standardised_changes" in exact:
        table = exact["standardised_changes"]
        out["standardised_changes"] = _standardised(table, out["drift_changes"])
    return out


def _shares(
    table: pd.DataFrame, cells: Cells, keys: Callable[[dict[Hashable, Any]], tuple[Key, Key]]
) -> pd.DataFrame:
    rows = []
    for row in table.to_dict("records"):
        share = cells.share(*keys(row), row["n_effective"], weighted=True)
        rows.append({c: row[c] for c in ("theme", "label", "year") if c in row} | share)
    return pd.DataFrame(rows)


def _shares_by_year(table: pd.DataFrame, cells: Cells, kind: str) -> pd.DataFrame:
    return _shares(
        table, cells, lambda row: ((kind, row["theme"], row["year"]), ("base", row["year"]))
    )


def _changes(changes: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Differences of published shares, with Newcombe's interval on them; p as it was."""
    now, then = both_years(changes, shares)
    change = difference(now, then)
    shown = change["estimate"].notna().to_numpy()
    out = changes.reset_index(drop=True).assign(**change, n=now["n"] + then["n"])
    return round_and_mask(follow(out, now, then), shown, _TESTS | {"smallest_detectable": 2})


def _trends(trends: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Slopes, ranges and shapes of published shares; none for a theme with a year suppressed."""
    rows = []
    groups = dict(iter(shares.groupby("theme")))
    for row in trends.to_dict("records"):
        part = groups[row["theme"]]
        part = part[part["n"] != 0]
        whole = bool(part["estimate"].notna().all())
        values, bases = (part[c].to_numpy(float) for c in ("estimate", "n"))
        years = part["year"].to_numpy(np.int64)
        size = np.nan
        if whole and row["test"] == "omnibus":
            size = float(values.max() - values.min())
        elif whole and row["test"] == "linear":
            centred = years - np.average(years, weights=bases)
            size = float((bases * centred * values).sum() / (bases * centred**2).sum())
        elif whole:
            names, contrasts = shapes(years, bases)
            at = next(k for k, pair in enumerate(names) if row["shape"] in pair)
            size = float(contrasts[at] @ values)
        row |= {"estimate": size, "n": bases.sum()}
        rows.append(row | {"shape": row["shape"] if whole else ""} | _inherit_status(part))
    out = pd.DataFrame(rows, columns=trends.columns)
    return round_and_mask(out, out["estimate"].notna().to_numpy(), _TESTS | _LIMITS)


def _inherit_status(shares: pd.DataFrame) -> dict[Hashable, str]:
    """Status and note of a figure on these shares: of the first that is not shown."""
    hidden = shares.loc[shares["status"] != SHOWN, ["status", "note"]].to_dict("records")
    return hidden[0] if hidden else {"status": SHOWN, "note": ""}


def _changepoints(changepoints: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Steps of published shares; none for a stretch with a year suppressed."""
    out = changepoints.reset_index(drop=True)
    groups = dict(iter(shares.groupby("theme")))
    rows = []
    for row in out.to_dict("records"):
        part = groups[row["theme"]]
        part = part[part["year"].between(row["first"], row["last"]) & (part["n"] != 0)]
        after = (part["year"] >= row["year"]).to_numpy()
        values, bases = (part[c].to_numpy(float) for c in ("estimate", "n"))
        before, later = (np.average(values[a], weights=bases[a]) for a in (~after, after))
        rows.append(row | {"estimate": later - before, "n": bases.sum()} | _inherit_status(part))
    out = pd.DataFrame(rows, columns=out.columns)
    return round_and_mask(out, out["estimate"].notna().to_numpy(), _TESTS | _LIMITS)


def _standardised(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Changes at a fixed respondent mix, in whole points; none without the crude one.

    Finer ones, an interval or a p value would tell how many of a small group had a theme, since its
    share of the responses and of the standard are known.
    """
    rows = crude_changes(table, published)
    shown = rows["estimate"].notna().to_numpy()
    whole: dict[str, pd.Series] = {
        "crude": rows["estimate"].round(2) + 0, "estimate": table["estimate"].round(2) + 0,
        "covered": table["covered"].round(2),
    }  # fmt: skip
    out = table[["theme", "year", "against"]].assign(**whole)
    out = out.assign(**{c: out[c].where(shown) for c in whole})
    return follow(out.assign(changed=np.where(shown, table["changed"], "")), rows)
