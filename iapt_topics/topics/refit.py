"""Shares of topics fitted once to all years, beside those of topics fitted to each year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.stats.share_model import share_model, sum_cells
from iapt_topics.survey.respondents import clustered_variance
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.topics import Topics
from iapt_topics.topics.tracking import TopicTracking


def compare_refit(topics: Topics, tracking: TopicTracking, responses: Responses) -> pd.DataFrame:
    """Compare topic prevalence of one fit to all years with that of a fit to each year.

    Parameters
    ----------
    topics : Topics
        Fitted to the whole survey.
    tracking : TopicTracking
        Topics of each window of the same survey.
    responses : Responses
        The survey.

    Returns
    -------
    pandas.DataFrame
        Key (topic, year, method). ``method`` "fixed": prevalence of the topic of the one fit;
        "refit": prevalence of the window's topics that go to it, each going to the topic that most
        of its responses have; "difference": refit less fixed. ``estimate``, ``low``, ``high``;
        ``n`` responses; ``p`` of the difference (t test, clustered by respondent), ``p_bh``;
        ``note``. A drift that only one of the methods shows is one of fitting.
    """
    from scipy.stats import t as student

    person = responses.cluster_id
    fixed_all = topics.assignments.set_index("response_id")["topic"]
    columns = ["topic", "label", "year", "method", "estimate", "low", "high", "n"]
    columns = [*columns, "p", "p_bh", "note"]
    rows = []
    for year, fit in sorted(tracking.fits.items()):
        own = fit.assignments.set_index("response_id")["topic"]
        fixed = fixed_all.loc[own.index]
        both = np.zeros((fit.n_topics, topics.n_topics))
        placed = (own.to_numpy() >= 0) & (fixed.to_numpy() >= 0)
        np.add.at(both, (own.to_numpy()[placed], fixed.to_numpy()[placed]), 1)
        home = np.where(both.any(axis=1), both.argmax(axis=1), -1)
        refit = np.where(own.to_numpy() >= 0, home[own.to_numpy()], -1)
        who = np.unique(person.loc[own.index].to_numpy(str), return_inverse=True)[1]
        for topic, label in topics.topics[["topic", "label"]].itertuples(index=False):
            sides = {"fixed": fixed.to_numpy() == topic, "refit": refit == topic}
            common = {"topic": topic, "label": label, "year": year, "n": len(own)}
            note = "" if sides["refit"].any() else "No topic of this window matches it."
            model = share_model(
                sum_cells(who, np.zeros(len(who), np.intp), np.column_stack([*sides.values()]))
            )
            for k, method in enumerate(sides):
                limits = (model.share[0, k], model.low[0, k], model.high[0, k])
                row = dict(zip(("estimate", "low", "high"), limits, strict=True))
                rows.append(common | row | {"method": method, "p": np.nan, "note": note})
            gap = sides["refit"].astype(float) - sides["fixed"]
            variance, people = clustered_variance(gap - gap.mean(), who)
            half = float(student.ppf(0.975, max(people - 1, 1)) * np.sqrt(variance))
            p = 1.0
            if variance > 0:
                p = float(2 * student.sf(abs(gap.mean()) / np.sqrt(variance), people - 1))
            row = {"estimate": gap.mean(), "low": gap.mean() - half, "high": gap.mean() + half}
            rows.append(common | row | {"method": "difference", "p": p, "note": note})
    table = pd.DataFrame(rows, columns=[c for c in columns if c != "p_bh"])
    table = table.assign(p_bh=benjamini_hochberg(table["p"].to_numpy(float)))
    return table.sort_values(["topic", "year"], kind="stable", ignore_index=True)[columns]
