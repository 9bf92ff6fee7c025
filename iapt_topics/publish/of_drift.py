"""Tables worked out from published tables, so that they give no more away than those do.

Only a p value, a limit of a slope and a smallest change come from exact counts, rounded, and only
where every share behind them is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics.drift.trends import shapes
from iapt_topics.publish.cells import (
    WITHHELD,
    _coarse,
    _joint,
    _model,
    _share,
    both_years,
    difference,
)
from iapt_topics.publish.corrected import corrected_changes_of, corrected_of, sources_of
from iapt_topics.publish.counts import ALL, System, given_by
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.of_agreement import _agreement_years
from iapt_topics.publish.of_topics import topic_widths
from iapt_topics.publish.suppression import Key

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.mapping.mapping import TopicMapping
    from iapt_topics.publish.disclosure import Disclosure
    from iapt_topics.topics.topics import Topics


def changes_of(changes: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Differences of published shares, with Newcombe's interval on them; p as it was."""
    now, then = both_years(changes, shares)
    change = difference(now, then)
    shown = change["estimate"].notna().to_numpy()
    out = changes.reset_index(drop=True).assign(
        **change, n=now["n"] + then["n"], note=np.where(shown, "", WITHHELD)
    )  # fmt: skip
    return _coarse(out, shown, p=("p", "p_bh", "p_holm"), two=("smallest_detectable",))


def trends_of(trends: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Slopes, ranges and shapes of published shares; none for a theme with a year withheld."""
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
        row |= {"estimate": size, "n": bases.sum(), "note": "" if whole else WITHHELD}
        rows.append(row | {"shape": row["shape"] if whole else ""})
    out = pd.DataFrame(rows, columns=trends.columns)
    shown = out["estimate"].notna().to_numpy()
    return _coarse(
        out, shown, p=("p", "p_bh", "p_holm"), three=("low", "high", "smallest_detectable")
    )


def changepoints_of(changepoints: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Steps of published shares; none for a stretch with a year withheld."""
    out = changepoints.reset_index(drop=True)
    groups = dict(iter(shares.groupby("theme")))
    steps, sizes = [], []
    for row in out.to_dict("records"):
        part = groups[row["theme"]]
        part = part[part["year"].between(row["first"], row["last"]) & (part["n"] != 0)]
        after = (part["year"] >= row["year"]).to_numpy()
        values, bases = (part[c].to_numpy(float) for c in ("estimate", "n"))
        before, later = (np.average(values[a], weights=bases[a]) for a in (~after, after))
        steps.append(later - before)
        sizes.append(bases.sum())
    shown = ~np.isnan(np.array(steps, dtype=float))
    out = out.assign(estimate=steps, n=sizes, note=np.where(shown, "", WITHHELD))
    three = ("low", "high", "smallest_detectable")
    return _coarse(out, shown, p=("p", "p_bh", "p_holm"), three=three)


def standardised_of(changes: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Changes at the same mix of people, in whole percentage points; none without the crude one.

    Finer ones, an interval or a p value would tell how many of a small group had a theme, since its
    share of the responses and of the standard are known.
    """
    table = changes[changes["method"] == "standardised"].reset_index(drop=True)
    known = published[published["kind"] == "baseline"].set_index(["theme", "year"])["estimate"]
    crude = known.reindex(pd.MultiIndex.from_frame(table[["theme", "year"]])).to_numpy(float)
    shown = ~np.isnan(crude)
    whole: dict[str, pd.Series] = {
        "crude": pd.Series(crude).round(2) + 0, "estimate": table["estimate"].round(2) + 0,
        "covered": table["covered"].round(2),
    }  # fmt: skip
    out = table[["theme", "year", "against"]].assign(**whole)
    out = out.assign(**{c: out[c].where(shown) for c in whole})
    changed = np.where(table["p_bh"] < 0.05, "yes", "no")
    return out.assign(changed=np.where(shown, changed, ""), note=np.where(shown, "", WITHHELD))


def _sources(
    system: System,
    topics: Topics,
    out: Mapping[str, pd.DataFrame],
    years: pd.DataFrame | None,
    baseline: int,
    hidden: set[Key],
    rule: Disclosure,
) -> dict[str, pd.DataFrame]:
    """Corrected shares and changes, if people coded some of the responses; widths by source."""
    tables: dict[str, pd.DataFrame] = {}
    # What people picked to code is no sample that the rest could be corrected by.
    if years is not None and not system.compared["comparison"][0].picked:
        one, two, both = system.compared["comparison"]
        first, second = given_by(one), given_by(two)
        if system.weights:
            years = _agreement_years(system, "comparison", hidden, rule, weighted=True)
        counts = [
            _joint(system, first[t] & second[t] & both & system.by_year[y], y, rule)
            for t, y in zip(years["theme"], years["year"], strict=True)
        ]
        shares = corrected_of(out["drift_shares"], years, np.array(counts, dtype=float))
        tables["corrected_shares"] = shares
        tables["corrected_changes"] = corrected_changes_of(shares, out["drift_changes"])
    ids = topics.assignments["response_id"]
    kept = system.kept.set_index("response_id").reindex(ids)
    year = kept["year"].to_numpy(np.int64)
    person = pd.factorize(ids.map(system.person))[0]
    weight = kept["weight"].to_numpy(float) if "weight" in kept else None
    widths = topic_widths(topics, year, person, baseline, weight)
    changed = tables.get("corrected_changes")
    return tables | {"change_sources": sources_of(changed, out["drift_changes"], widths)}


def _theme_shares(
    system: System, codes: Codes, mapping: TopicMapping, hidden: set[Key], rule: Disclosure
) -> pd.DataFrame:
    """Share of each theme over all years."""
    model = _model(system, codes, dict.fromkeys(system.seen, 0))
    labels = {t.id: t.label for t in mapping.frame.themes}
    rows = []
    for i, theme in enumerate(codes.themes):
        keys = ("theme", theme, ALL), ("base", ALL)
        row = _share(system, *keys, model.effective[0, i], hidden, rule, weighted=True)
        rows.append({"theme": theme, "label": labels.get(theme, theme)} | row)
    return pd.DataFrame(rows)


def _pole_shares(system: System, poles: Codes, hidden: set[Key], rule: Disclosure) -> pd.DataFrame:
    """Share of each pole by year; a response can have both."""
    years = sorted(y for y, ids in system.by_year.items() if ids)
    model = _model(system, poles, {i: at for at, y in enumerate(years) for i in system.by_year[y]})
    rows = []
    for i, pole in enumerate(poles.themes):
        for at, year in enumerate(years):
            keys = ("pole", pole, year), ("base", year)
            effective = model.effective[at, i]
            share = _share(system, *keys, effective, hidden, rule, weighted=True)
            rows.append({"theme": pole, "year": year} | share)
    return pd.DataFrame(rows)


def _shares(
    system: System, shares: pd.DataFrame, kind: str, hidden: set[Key], rule: Disclosure
) -> pd.DataFrame:
    """Shares by year, with the columns of ``Drift.shares``."""
    rows = []
    for row in shares.to_dict("records"):
        year = int(row["year"])
        keys = (kind, row["theme"], year), ("base", year)
        share = _share(system, *keys, row["n_effective"], hidden, rule, weighted=True)
        rows.append({"theme": row["theme"], "year": year} | share)
    return pd.DataFrame(rows, columns=[c for c in shares.columns if c in rows[0]])
