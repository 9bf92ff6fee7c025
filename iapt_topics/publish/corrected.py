"""Prevalence corrected by people's codes, as published, and the sources of uncertainty.

Corrected shares are worked out from published counts and from one more, the responses to which both
coders applied the theme, which is rounded. Widths of intervals are given for the median change
alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats
from iapt_topics.publish.cells import Cells, follow
from iapt_topics.publish.counts import given_by
from iapt_topics.publish.of_agreement import agreement_by_year
from iapt_topics.stats.intervals import jeffreys_interval
from iapt_topics.study.derived import both_years, corrected_changes, widths_by_source
from iapt_topics.study.study import Study
from iapt_topics.study.tables import Tables


def publish_corrected(
    study: Study, published: Tables, cells: Cells, years: pd.DataFrame | None
) -> Tables:
    """Corrected shares and changes, if people coded some of the responses; widths by source."""
    tables: Tables = {}
    counts, changes = cells.counts, published["drift_changes"]
    # A purposive sample is none that the rest could be corrected by.
    if years is not None and not counts.compared["comparison"][0].picked:
        one, two, both = counts.compared["comparison"]
        first, second = given_by(one), given_by(two)
        if counts.weights:
            years = agreement_by_year(cells, weighted=True)
        joint = [
            cells.joint(first[t] & second[t] & both & counts.by_year[y], y)
            for t, y in zip(years["theme"], years["year"], strict=True)
        ]
        shares = _correct(published["drift_shares"], years, np.array(joint, dtype=float))
        tables["corrected_shares"] = shares
        changed = corrected_changes(shares, changes)
        tables["corrected_changes"] = follow(changed, *both_years(changed, shares))
    themes = widths_by_source(tables.get("corrected_changes"), changes)
    exact = study.tables["change_sources"]  # the widths of topics' changes are public as they are
    topics = exact[exact["what"] == "topics"]
    return tables | {"change_sources": pd.concat([themes, topics], ignore_index=True)}


def _correct(shares: pd.DataFrame, years: pd.DataFrame, both: Floats) -> pd.DataFrame:
    """Shares of all responses of a year, corrected by what people coded of some of them.

    As :mod:`iapt_topics.drift.prevalence` does it: the share of each machine class times that of
    the theme among its hand codes, with Jeffreys' intervals of these on effective numbers and the
    machine's own interval, by square-and-add. It takes the hand codes for a random sample.

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
    rates, spread = [], np.zeros((2, len(out)))
    for size, k, of in ((share, both, given), (1 - share, n * p - both, n - given)):
        of = np.where(shown, of, 1)
        rate = np.clip(np.where(shown, k, 0) / of, 0, 1)
        ends = jeffreys_interval(rate * of / effect, of / effect)
        spread += [(size * (rate - ends[0])) ** 2, (size * (ends[1] - rate)) ** 2]
        rates.append(rate)
    slope = rates[0] - rates[1]
    sides = np.where(slope > 0, [share - low, high - share], [high - share, share - low])
    below, above = np.sqrt(spread + (slope * sides) ** 2)
    estimate = share * rates[0] + (1 - share) * rates[1]
    new = {
        "machine": share, "estimate": estimate,
        "low": np.maximum(estimate - below, 0), "high": np.minimum(estimate + above, 1),
    }  # fmt: skip
    out = out.assign(**{c: np.where(shown, v, np.nan) for c, v in new.items()}, n=n)
    return follow(out, machine, years)
