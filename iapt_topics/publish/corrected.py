"""Where the doubt about a change comes from, and shares corrected by people's codes, as published.

Corrected shares are worked out from published counts and from one more, the responses to which both
coders gave the theme, which is rounded. Widths of intervals are given for the median change alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics.drift.uncertainty import quadrature_difference
from iapt_topics.publish.cells import ENDS, WITHHELD, both_years, difference
from iapt_topics.stats.intervals import jeffreys_interval
from iapt_topics.stats.share_model import Floats

if TYPE_CHECKING:
    pass

#: The median of fewer changes says too much of each.
_FEWEST = 5


def corrected_of(shares: pd.DataFrame, years: pd.DataFrame, both: Floats) -> pd.DataFrame:
    """Shares of all responses of a year, corrected by what people gave some of them.

    As :mod:`iapt_topics.drift.prevalence` does it: the share of each machine class times that of the
    theme among its hand codes, with Jeffreys' intervals of these on effective numbers and the
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
    known = shares.set_index(["theme", "year"])[["estimate", "low", "high"]]
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
    return out.assign(note=np.where(shown, "", WITHHELD))


def corrected_changes_of(corrected: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Changes of corrected shares against the baseline, beside the machine's."""
    rows = changes[changes["kind"] == "baseline"]
    rows = rows[rows["theme"].isin(corrected["theme"])].reset_index(drop=True)
    now, then = both_years(rows, corrected)
    out = rows[["theme", "year", "against"]].assign(
        **{f"machine{end}": rows[c] for c, end in ENDS.items()},
        **difference(now, then),
        n=now["n"] + then["n"],
    )
    return out.assign(note=np.where(out["estimate"].notna(), "", WITHHELD))


def sources_of(
    corrected: pd.DataFrame | None, changes: pd.DataFrame, topics: dict[str, Floats]
) -> pd.DataFrame:
    """Width of the 95 % interval of the median change against the baseline, by source.

    In whole percentage points, rounded up. Coding error is what must be added by squares to the
    width from sampling to give that of the corrected change.
    """
    shown = changes[(changes["kind"] == "baseline") & (changes["note"] == "")]
    widths = {("themes", "sampling"): (shown["high"] - shown["low"]).to_numpy(float)}
    if corrected is not None and (corrected["note"] == "").sum() >= _FEWEST:
        rows = corrected[corrected["note"] == ""]
        sampling, whole = (
            (rows[f"{of}high"] - rows[f"{of}low"]).to_numpy(float) for of in ("machine_", "")
        )
        coding = quadrature_difference(whole, sampling)
        parts = {"sampling": sampling, "coding": coding, "together": whole}
        widths |= {("themes", source): width for source, width in parts.items()}
    widths |= {("topics", source): width for source, width in topics.items()}
    table = [
        {
            "what": what,
            "source": source,
            "n": len(width),
            "width": np.ceil(100 * np.median(width) - 1e-9) / 100 if enough else np.nan,
            "note": "" if enough else f"fewer than {_FEWEST} changes",
        }
        for (what, source), width in widths.items()
        for enough in [len(width) >= _FEWEST]
    ]
    return pd.DataFrame(table, columns=["what", "source", "n", "width", "note"])
