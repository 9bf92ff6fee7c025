"""Tables worked out from published tables, so that they give no more away than those do.

Only a p value, a limit of a slope and a smallest change come from exact counts, rounded, and only
where every share behind them is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics.drift.trends import shapes
from iapt_topics.stats.intervals import wilson_interval

if TYPE_CHECKING:
    from iapt_topics.frame.frame import ThemeFrame
    from iapt_topics.publish.disclosure import Disclosure

WITHHELD = "withheld"
#: Said of a share whose count is a sum of survey weights.
WEIGHTED = "weighted"
#: How the columns of a named figure end.
ENDS = {"estimate": "", "low": "_low", "high": "_high"}


def changes_of(changes: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Differences of published shares, with Newcombe's interval on them; p as it was."""
    now, then = both_years(changes, shares)
    change = difference(now, then)
    shown = change["estimate"].notna().to_numpy()
    out = changes.reset_index(drop=True).assign(
        **change, n=now["n"] + then["n"], note=np.where(shown, "", WITHHELD)
    )  # fmt: skip
    return _coarse(out, shown, p=("p", "p_bh", "p_holm"), two=("smallest_detectable",))


def both_years(changes: pd.DataFrame, shares: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares of the year of each change, and of the one that it is set against, row by row."""
    known = shares.set_index(["theme", "year"])[["estimate", "low", "high", "n"]]
    now, then = (
        known.reindex(pd.MultiIndex.from_frame(changes[["theme", y]])).reset_index(drop=True)
        for y in ("year", "against")
    )
    return now, then


def difference(one: pd.DataFrame, two: pd.DataFrame) -> dict[str, pd.Series]:
    """One figure less another, with the interval of their difference as if independent."""
    gap = one["estimate"] - two["estimate"]
    down = np.hypot(one["estimate"] - one["low"], two["high"] - two["estimate"])
    up = np.hypot(one["high"] - one["estimate"], two["estimate"] - two["low"])
    return {"estimate": gap, "low": gap - down, "high": gap + up}


def beside(reference: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Shares of two coders in each year, row by row the same, and their difference."""
    sides = {"reference": reference, "other": other}
    return reference[["theme", "year"]].assign(
        **{f"share_{side}{end}": t[c] for side, t in sides.items() for c, end in ENDS.items()},
        **difference(other, reference),
        n=reference["n"],
        note=reference["note"].where(reference["note"] != "", other["note"]),
    )


def changes_beside(years: pd.DataFrame, baseline: int | None) -> pd.DataFrame:
    """Changes of both coders' shares, and whether they go the same way.

    They are against the baseline, or the first year that both coded if that is none of them.
    """
    coded = years["year"].unique()
    baseline = baseline if baseline in coded else coded.min(initial=9999)
    now = years[years["year"] != baseline].reset_index(drop=True)
    then = years[years["year"] == baseline].set_index("theme").reindex(now["theme"])
    out = now[["theme", "year"]].assign(against=baseline, n=now["n"] + then["n"].to_numpy())
    signs = []
    for side in ("reference", "other"):
        pair = (
            pd.DataFrame({c: t[f"share_{side}{end}"].to_numpy() for c, end in ENDS.items()})
            for t in (now, then)
        )
        change = difference(*pair)
        out = out.assign(**{f"change_{side}{end}": change[c] for c, end in ENDS.items()})
        signs.append(np.sign(change["low"]).where(change["low"] * change["high"] > 0, 0))
    way = np.select(
        [signs[0] * signs[1] > 0, signs[0] * signs[1] < 0], ["same", "opposite"], "unclear"
    )
    shown = out[["change_reference", "change_other"]].notna().all(axis=1)
    return out.assign(way=np.where(shown, way, ""), note=np.where(shown, "", WITHHELD))


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


def _coarse(
    table: pd.DataFrame,
    shown: np.ndarray,
    *,
    p: Sequence[str] = (),
    two: Sequence[str] = (),
    three: Sequence[str] = (),
) -> pd.DataFrame:
    """Round what was worked out from exact counts, and leave out what is not shown."""
    digits = dict.fromkeys((*p, *three), 3) | dict.fromkeys(two, 2)
    table = table.assign(**{c: table[c].astype(float).round(d) for c, d in digits.items()})
    table = table.assign(**{c: table[c].clip(lower=0.001) for c in p})
    return table.assign(**{c: table[c].where(shown) for c in digits})


def hierarchy_of(hierarchy: pd.DataFrame, topics: pd.DataFrame) -> pd.DataFrame:
    """The broad topic of each topic that is shown, the largest broad one first."""
    shown = topics[(topics["topic"] >= 0) & (topics["label"] != "")]
    broad = dict(zip(hierarchy["topic"], hierarchy["broad"], strict=True))
    out = shown[["topic", "label", "n"]].assign(broad=[broad[t] for t in shown["topic"]])
    out = out.sort_values(["broad", "topic"], kind="stable").reset_index(drop=True)
    return out[["broad", "topic", "label", "n"]]


def coverage_of(
    frame: ThemeFrame, placed: pd.DataFrame, topics: pd.DataFrame, rule: Disclosure
) -> pd.DataFrame:
    """How many of the topics that are shown reach each theme, and how many responses are in them.

    The other way round, the topics that no theme explains, is in the table of the mapping.
    """
    counts, n = topics.set_index("topic")["n"], topics["of"].max()
    rows = []
    for theme in frame.codable:
        reached = placed.loc[placed["theme"] == theme.id, "topic"]
        count = counts[reached].sum(skipna=False) if len(reached) else 0.0
        row = {"theme": theme.id, "label": theme.label, "n_topics": len(reached), "count": count}
        low = high = np.nan
        if known := bool(n >= rule.min_base and not np.isnan(count)):
            low, high = (float(x) for x in wilson_interval(min(count, n), n))
        row |= {"n": n, "estimate": count / n if known else np.nan, "low": low, "high": high}
        rows.append(row | {"note": WITHHELD if np.isnan(count) else ""})
    return pd.DataFrame(rows)
