"""Sensitivity of topic shares to the treatment of low-support responses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.topics import MIN_SUPPORT, UNASSIGNED, Topics


def unassigned_band(
    topics: Topics, responses: Responses, *, min_support: float = MIN_SUPPORT
) -> pd.DataFrame:
    """Sensitivity of topic prevalence by year to the treatment of low-support responses.

    Parameters
    ----------
    topics : Topics
        From :func:`iapt_topics.fit_topics`.
    responses : Responses
        Those that the topics were fitted to.
    min_support : float, default 0.5
        Responses with less consensus support have no stable topic.

    Returns
    -------
    DataFrame
        One row for each topic and year, and with ``topic`` -1 one for the responses of the year
        without a stable topic: ``topic``; ``year``; ``reassign`` (all with their nearest topic),
        ``own_group`` (they stay in the denominator), ``exclude`` (they do not); ``low``,
        ``high`` (least and greatest of the three; for -1, a 95 % interval of the rate); ``n``
        (kept responses of the year); ``note``.
    """
    found = topics.assignments.merge(
        responses.kept[["response_id", "year"]], on="response_id", validate="one_to_one"
    )
    sure = found["support"] >= min_support
    years = sorted(found["year"].unique())
    n = found.groupby("year").size()

    def count(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.crosstab(rows["year"], rows["nearest"]).reindex(
            index=years, columns=range(topics.n_topics), fill_value=0
        )

    all_of, sure_of = count(found), count(found[sure])
    n_sure = sure_of.sum(axis=1)
    shares = {
        "reassign": all_of.div(n, axis=0),
        "own_group": sure_of.div(n, axis=0),
        "exclude": sure_of.div(n_sure.where(n_sure > 0), axis=0),
    }
    band = pd.concat({k: v.T.stack() for k, v in shares.items()}, axis=1)
    band = band.rename_axis(["topic", "year"]).reset_index()
    band["low"] = band[list(shares)].min(axis=1)
    band["high"] = band[list(shares)].max(axis=1)
    band["n"] = band["year"].map(n)
    band["note"] = np.where(
        band["exclude"].isna(), "no response of the year has a stable topic", ""
    )
    low, high = wilson_interval((n - n_sure).to_numpy(), n.to_numpy())
    unsure = pd.DataFrame(
        {
            "topic": UNASSIGNED,
            "year": years,
            "reassign": 0.0,
            "own_group": (1 - n_sure / n).to_numpy(),
            "exclude": np.nan,
            "low": low,
            "high": high,
            "n": n.to_numpy(),
            "note": f"support below {min_support:.0%}",
        }
    )
    return pd.concat([band, unsure], ignore_index=True)
