"""Prevalence corrected by people's codes, as published, and the sources of uncertainty.

Corrected shares are worked out from published counts and from one more, the responses to which both
coders applied the theme, which is rounded. Widths of intervals are given for the median change
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats
from iapt_topics._base.status import NOT_ESTIMABLE, SHOWN, UNEVEN
from iapt_topics.codes.hand_sample import evenly_drawn_themes
from iapt_topics.drift.machine_error import change_tests, trend_tests
from iapt_topics.drift.prevalence import NOT_RANDOM
from iapt_topics.drift.uncertainty import corrected_model
from iapt_topics.publish.cells import Cells, follow, mark, round_p, rounding_variance
from iapt_topics.publish.counts import given_by
from iapt_topics.publish.of_agreement import agreement_by_year
from iapt_topics.publish.year_model import YearModel
from iapt_topics.stats.intervals import jeffreys_interval, normal_quantile
from iapt_topics.study.derived import (
    RANDOM,
    UNLIKE,
    add_findings,
    both_years,
    corrected_changes,
    corrected_trends,
    widths_by_source,
)
from iapt_topics.study.study import Study
from iapt_topics.study.tables import Tables

_UNEVEN = "drawn with unequal probabilities or picked: corrected in the private tables alone"


def publish_corrected(
    study: Study, published: Tables, cells: Cells, years: pd.DataFrame | None, model: YearModel
) -> Tables:
    """Corrected shares, changes and trends, if people coded some responses; widths by source.

    And the changes and trends of the published tables, with what may be said of each.
    """
    tables: Tables = {}
    counts, changes = cells.counts, published["drift_changes"]
    kind = study.codes.kind
    pair = counts.compared.get("comparison")
    # What people picked to code, all of it, is none that the rest could be corrected by.
    some = pair is not None and not pair[0].picked.issuperset(pair[0].seen["response_id"])
    if years is not None and pair is not None and kind != "human" and some:
        one, two, both = pair
        first, second = given_by(one), given_by(two)
        if counts.weights:
            years = agreement_by_year(cells, weighted=True)
        joint = [
            cells.joint(first[t] & second[t] & both & counts.by_year[y], y)
            for t, y in zip(years["theme"], years["year"], strict=True)
        ]
        even = evenly_drawn_themes(one, two, study.responses)
        shares = _correct(published["drift_shares"], years, np.array(joint, dtype=float), cells)
        shares = _leave_out(shares.assign(sample=_sample(study, shares["theme"])), even)
        tests = _tests(shares, model, study.drift.baseline)
        changed = follow(
            corrected_changes(shares, changes, tests[0]), *both_years_of(changes, shares)
        )
        trends = corrected_trends(shares, published["drift_trends"], tests[1])
        trends = follow(trends, _trend_statuses(shares, trends["theme"]))
        tables["corrected_shares"] = shares.drop(columns="unchanged")
        for name, table in (("changes", changed), ("trends", trends)):
            odd = table["sample"] == UNLIKE
            table["note"] = table["note"].mask(odd & (table["note"] == ""), NOT_RANDOM)
            p = {c: round_p(table[c]) for c in ("p", "p_bh", "p_holm")}
            tables[f"corrected_{name}"] = table.assign(**p)
        if "error_by_year" in study.tables and even.issuperset(two.themes):
            tables["error_by_year"] = _errors(study.tables["error_by_year"], years)
    corrected = tables.get("corrected_changes")
    tables["drift_changes"] = add_findings(changes, kind, corrected)
    found = tables.get("corrected_trends")
    tables["drift_trends"] = add_findings(published["drift_trends"], kind, found)
    themes = widths_by_source(corrected, changes)
    exact = study.tables["change_sources"]  # the widths of topics' changes are public as they are
    topics = exact[exact["what"] == "topics"]
    return tables | {"change_sources": pd.concat([themes, topics], ignore_index=True)}


def both_years_of(changes: pd.DataFrame, shares: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Corrected shares of both years of each change against the baseline, row by row."""
    rows = changes[(changes["kind"] == "baseline") & changes["theme"].isin(shares["theme"])]
    return both_years(rows.reset_index(drop=True), shares)


def _leave_out(shares: pd.DataFrame, even: frozenset[str]) -> pd.DataFrame:
    """Corrected shares without those of themes for which the hand codes were drawn unevenly.

    Each hand code would have to be weighted by how it was drawn. Sums of such weights would have
    to be rounded to twice the largest, which leaves nothing of them.
    """
    out = ~shares["theme"].isin(even)
    figures = ["estimate", "low", "high", "unchanged", "n"]
    return shares.assign(
        **{c: shares[c].mask(out) for c in figures},
        sample=shares["sample"].mask(out, UNEVEN),
        status=shares["status"].mask(out, NOT_ESTIMABLE),
        note=shares["note"].mask(out, _UNEVEN),
    )


def _trend_statuses(shares: pd.DataFrame, themes: pd.Series) -> pd.DataFrame:
    """Status and note of each theme's trend: of its first year whose corrected share is missing."""
    hidden = shares[shares["estimate"].isna()].drop_duplicates("theme").set_index("theme")
    out = hidden[["status", "note"]].reindex(themes).reset_index(drop=True)
    return out.fillna({"status": SHOWN, "note": ""})


def _sample(study: Study, themes: pd.Series) -> np.ndarray:
    """Whether the hand codes of each theme look like a random sample, as the exact table says."""
    exact = study.tables.get("corrected_shares")
    odd = set() if exact is None else set(exact.loc[exact["sample"] == UNLIKE, "theme"])
    return np.where(themes.isin(odd), UNLIKE, RANDOM)


def _tests(
    shares: pd.DataFrame, years: YearModel, baseline: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tests of the changes and the trends of published corrected shares."""
    key = pd.MultiIndex.from_product([years.years, years.themes])
    wide = shares.set_index(["year", "theme"]).reindex(key)
    share, low, high, unchanged = (
        wide[c].to_numpy(float).reshape(len(years.years), -1)
        for c in ("estimate", "low", "high", "unchanged")
    )
    # What the machine's shares are off by is in the corrected limits.
    model = replace(corrected_model(years.model, share, low, high, unchanged), extra=None)
    known = ~np.isnan(share)
    trends = trend_tests(model, known, years.themes, years.years, years.n)
    at_base = np.flatnonzero(years.years == baseline)
    if not len(at_base):
        known, at_base = known & False, np.array([0])
    return change_tests(model, known, years.themes, years.years, int(at_base[0])), trends


def _errors(exact: pd.DataFrame, years: pd.DataFrame) -> pd.DataFrame:
    """Whether the machine's error differs between years: no p, which would count the errors."""
    gaps = years.groupby("theme", sort=False)["estimate"]
    whole = years["estimate"].notna().groupby(years["theme"]).all()
    size = (gaps.max() - gaps.min()).where(whole)
    n = years.groupby("theme", sort=False)["n"].sum()
    out = exact[["theme"]].assign(
        estimate=size.reindex(exact["theme"]).to_numpy(),
        n=n.reindex(exact["theme"]).to_numpy(),
    )
    shown = out["estimate"].notna()
    out = out.assign(differs=exact["differs"].where(shown, ""), family=exact["family"])
    return mark(out, shown)


def _correct(shares: pd.DataFrame, years: pd.DataFrame, both: Floats, cells: Cells) -> pd.DataFrame:
    """Shares of all responses of a year, corrected by what people coded of some of them.

    As :mod:`iapt_topics.drift.prevalence` does it: the share of each machine class times that of
    the theme among its hand codes, with Jeffreys' intervals of these on effective numbers and the
    machine's own interval, by square-and-add. It takes the hand codes for a random sample. The
    variance that rounding brings to the four counts is added. ``unchanged`` is the variance if no
    year's coding differs, with the hand codes of all years.

    Parameters
    ----------
    shares : DataFrame
        Published, of all responses.
    years : DataFrame
        Published, of those that people coded, with ``effect``, the design effect of the people's
        share; with survey weights, the weighted ones.
    both : ndarray
        Rounded number (or sum of weights) of responses with the theme from both coders, by row of
        ``years``.
    cells : Cells
        The counts.
    """
    out = years[["theme", "year"]]
    known = shares.set_index(["theme", "year"])
    machine = known.reindex(pd.MultiIndex.from_frame(out)).reset_index(drop=True)
    share, low, high = (machine[c].to_numpy(float) for c in ("estimate", "low", "high"))
    n = years["n"].to_numpy(float)
    p, other, effect = (
        years[c].to_numpy(float) for c in ("share_reference", "share_other", "effect")
    )
    given = n * other
    shown = ~np.isnan(share + p + other) & (given > 0) & (given < n)
    effect = np.where(shown, np.maximum(np.round(effect, 1), 1), 1)
    both = np.minimum(both, np.minimum(n * p, given))
    machine_variance = ((high - low) / (2 * normal_quantile())) ** 2
    rates, spread, unchanged = [], np.zeros((2, len(out))), np.zeros(len(out))
    pooled = []
    for size, k, of in ((share, both, given), (1 - share, n * p - both, n - given)):
        of, k = np.where(shown, of, 1), np.where(shown, k, 0)
        rate = np.clip(k / of, 0, 1)
        ends = jeffreys_interval(rate * of / effect, of / effect)
        spread += [(size * (rate - ends[0])) ** 2, (size * (ends[1] - rate)) ** 2]
        rates.append(rate)
        over_all = pd.DataFrame({"k": k, "of": np.where(shown, of, 0)})
        over_all = over_all.groupby(years["theme"].to_numpy()).transform("sum")
        steady = np.clip((over_all["k"] / over_all["of"]).to_numpy(float), 0, 1)
        unchanged += size**2 * steady * (1 - steady) / np.maximum(of / effect, 1)
        pooled.append(steady)
    slope = rates[0] - rates[1]
    hand, weighed = cells.rule.round_to, bool(cells.counts.weights)
    bases = [("comparison", "base", y) for y in out["year"]]
    steps = np.array([cells.weighted_step(b) if weighed else hand for b in bases], dtype=float)
    rounding = _rounding(share, rates, np.where(shown, given, n / 2), n, steps, cells)
    spread += normal_quantile() ** 2 * rounding
    unchanged += (pooled[0] - pooled[1]) ** 2 * machine_variance + rounding
    sides = np.where(slope > 0, [share - low, high - share], [high - share, share - low])
    below, above = np.sqrt(spread + (slope * sides) ** 2)
    estimate = share * rates[0] + (1 - share) * rates[1]
    new = {
        "machine": share, "estimate": estimate,
        "low": np.maximum(estimate - below, 0), "high": np.minimum(estimate + above, 1),
        "unchanged": unchanged,
    }  # fmt: skip
    out = out.assign(**{c: np.where(shown, v, np.nan) for c, v in new.items()}, n=n)
    return follow(out, machine, years)


def _rounding(
    share: Floats, rates: Sequence[Floats], given: Floats, n: Floats, steps: Floats, cells: Cells
) -> Floats:
    """Variance of a corrected share from the rounding of the counts of hand codes.

    By the delta method, with the share of the machine held: the numbers that both coders gave the
    theme, that either did, and of all hand codes.
    """
    either = rounding_variance(steps)
    yes, no = share / given, (1 - share) / (n - given)
    joint = rounding_variance(np.maximum(steps, cells.step)) * (yes - no) ** 2
    people = either * no**2
    machine = either * (yes * rates[0] - no * rates[1]) ** 2
    whole = rounding_variance(cells.rule.round_to) * (no * rates[1]) ** 2
    return np.asarray(joint + people + machine + whole)
