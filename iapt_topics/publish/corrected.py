"""Where the doubt about a change comes from, and shares corrected by people's codes, as published.

Corrected shares are worked out from published counts and from one more, the responses to which both
coders gave the theme, which is rounded. Widths of intervals are given for the median change alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics.drift.tables import sources_table
from iapt_topics.drift.uncertainty import assignment_covariance, by_source, left
from iapt_topics.publish.of_drift import ENDS, WITHHELD, both_years, difference
from iapt_topics.stats.intervals import jeffreys_interval
from iapt_topics.stats.share_model import Floats, share_model, sum_cells

if TYPE_CHECKING:
    from iapt_topics.topics.topics import Topics

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
        parts = {"sampling": sampling, "coding": left(whole, sampling), "together": whole}
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


def topic_widths(
    topics: Topics,
    year: NDArray[np.int64],
    person: NDArray[np.intp],
    baseline: int,
    weight: Floats | None = None,
) -> dict[str, Floats]:
    """Widths of the intervals of the topics' changes against the baseline, by source.

    ``year``, ``person`` and the survey's ``weight`` are of the responses of
    ``topics.assignments``. Each run of the consensus is a draw; responses without a topic stay so.
    """
    topic = topics.assignments["topic"].to_numpy()
    ids = np.sort(topics.topics["topic"].to_numpy())
    years, at = np.unique(year, return_inverse=True)
    if baseline not in years or len(years) < 2 or len(topics.votes) < 2 or not len(ids):
        return {}
    given, size = topic >= 0, np.bincount(at, weight)[:, None]
    of_given = None if weight is None else weight[given]
    shares = []
    for run in topics.votes:
        cell = at[given] * len(ids) + np.searchsorted(ids, run[given])
        shares.append(
            np.bincount(cell, of_given, size.size * len(ids)).reshape(len(years), -1) / size
        )
    sums = sum_cells(person, at, topic[:, None] == ids, weight)
    models = by_source(share_model(sums), assignment_covariance(shares), None)
    at_base = int(np.searchsorted(years, baseline))
    table = sources_table(sums, models, tuple(map(str, ids)), years, at_base)
    changes = table[table["measure"] == "change"]
    return {
        str(source): (part["high"] - part["low"]).to_numpy(float)
        for source, part in changes.groupby("source")
    }
