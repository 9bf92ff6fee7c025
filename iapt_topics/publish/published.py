"""Every table as it may be published, made once, so that no two outputs can be set off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics.codes.axis import axis_codes, pole_codes
from iapt_topics.publish.cells import _rounded
from iapt_topics.publish.counts import System
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.of_agreement import (
    _agreement,
    _agreement_years,
    _convergence,
    _matches,
    changes_beside,
)
from iapt_topics.publish.of_drift import (
    _pole_shares,
    _shares,
    _sources,
    _theme_shares,
    changepoints_of,
    changes_of,
    standardised_of,
    trends_of,
)
from iapt_topics.publish.of_survey import _how, _ledger, _ledger_totals, _levels, _who
from iapt_topics.publish.of_topics import (
    _resolution,
    _topics,
    _unassigned,
    coverage_of,
    hierarchy_of,
)
from iapt_topics.publish.suppression import suppress
from iapt_topics.topics.topics import MIN_SUPPORT

if TYPE_CHECKING:
    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.codes.codes import Codes
    from iapt_topics.drift.drift import Drift
    from iapt_topics.drift.standardise import Standardised
    from iapt_topics.mapping.mapping import TopicMapping
    from iapt_topics.survey.responses import Responses
    from iapt_topics.topics.topics import Topics


def publishable_tables(
    *,
    responses: Responses,
    topics: Topics,
    mapping: TopicMapping,
    codes: Codes,
    comparison: Comparison | None = None,
    drift: Drift | None = None,
    ceiling: Comparison | None = None,
    axis_drift: Drift | None = None,
    standardised: Standardised | None = None,
    human: Sequence[Codes] = (),
    disclosure: Disclosure | None = None,
) -> dict[str, pd.DataFrame]:
    """Tables of a study as they may be published.

    Parameters
    ----------
    responses : Responses
        The survey.
    topics : Topics
        Its topics.
    mapping : TopicMapping
        Their themes.
    codes : Codes
        The coding that the shares are taken from.
    comparison : Comparison, optional
        Machine against people.
    drift : Drift, optional
        Of ``codes``.
    ceiling : Comparison, optional
        One person against another.
    axis_drift : Drift, optional
        Of the classes of the axis.
    standardised : Standardised, optional
        Of ``codes``, against the same baseline as ``drift``.
    human : sequence of Codes, optional
        The people's codes behind the comparisons. Without them a person's count of responses
        stands for the number of respondents, who can be fewer.
    disclosure : Disclosure, optional
        The rule; by default 10 respondents and rounding to 5.

    Returns
    -------
    dict of str to DataFrame
        By name, with the columns of the results they come from. Where a figure is withheld it is
        missing (NaN) and ``note`` says so. Shares are those of rounded counts, and their intervals
        by the formula of the exact ones, with the exact design effect to one decimal; changes are
        differences of published shares. With survey weights the count of a theme is a rounded sum
        of weights, and ``note`` says "weighted". Agreement by theme is that of rounded counts, its
        intervals rounded outwards; other measures have two decimals. Shares corrected by people's
        codes are worked out from these, and widths of intervals by source are those of the median
        change.

    Raises
    ------
    InputError
        If the shares of ``drift`` were corrected by hand codes.

    Notes
    -----
    All tables are suppressed together: by year and theme, over all years, by class of the axis, by
    topic, by what became of each row, by covariate and year, and for the responses that people
    coded.

    With survey weights the same is withheld, since it is people that are protected. The count of a
    theme is then its sum of weights, of mean 1 in each year as in the exact shares, so that the
    base stays the number of responses. It is rounded to 5 or more (under every rule but that which
    rounds and withholds nothing) and to twice the largest weight or more; the number of responses
    behind it is not published. So one response exchanged for another of its year, in one of the
    two directions at least, moves no published sum of weights, and no count follows from one even
    for a reader who knows the weights.
    """
    rule = disclosure or Disclosure()
    if drift is not None and (drift.sources["source"] == "coding").any():
        raise InputError(
            "drift", "must be of codes that hand codes did not correct", "corrected shares",
            "Give measure_drift of the codes alone; the tables correct them by human=...",
        )  # fmt: skip
    system = System(responses, codes)
    poles = None if axis_drift is None else axis_codes(codes, mapping.frame)
    if poles is not None:
        system.add_axis(poles, codes, mapping)
    system.add_topics(topics)
    pairs = {"comparison": comparison, "ceiling": ceiling}
    years: pd.DataFrame | None = None
    for name, result in pairs.items():
        if result is not None:
            system.add_comparison(name, result, [*human, codes])
    if by_year := "comparison" in system.compared:
        system.add_years("comparison")
    system.add_unsure(topics, MIN_SUPPORT)
    system.add_people()
    levels = _levels(responses)
    for covariate, level in levels.items():
        system.add_levels(covariate, level)
    hidden = suppress(
        system.cells,
        system.lines,
        rule.min_respondents,
        most=system.most,
        never_shown=system.never_shown,
    )
    out = {"ledger": _ledger(responses, hidden, rule)}
    out["theme_shares"] = _theme_shares(system, codes, mapping, hidden, rule)
    out["ledger_totals"] = _ledger_totals(system, responses, out["ledger"], hidden, rule)
    if levels:
        out["who_answered"] = _who(system, responses, list(levels), hidden, rule)
    out["how_answered"] = _how(responses, out["ledger"], rule)
    if drift is not None:
        out["drift_shares"] = _shares(system, drift.shares, "theme", hidden, rule)
        out["drift_changes"] = changes_of(drift.changes, out["drift_shares"])
        out["drift_trends"] = trends_of(drift.trends, out["drift_shares"])
        out["drift_changepoints"] = changepoints_of(drift.changepoints, out["drift_shares"])
        out["drift_distances"] = _rounded(drift.distances, rule)
    if drift is not None and standardised is not None:
        out["standardised_changes"] = standardised_of(standardised.changes, out["drift_changes"])
    if axis_drift is not None and poles is not None:
        out["axis_shares"] = _shares(system, axis_drift.shares, "class", hidden, rule)
        both = pole_codes(codes, mapping.frame)
        out["pole_shares"] = _pole_shares(system, both, hidden, rule)
    out |= _topics(system, responses, topics, mapping, hidden, rule)
    out["topic_unassigned"] = _unassigned(system, topics, responses, hidden, rule)
    out["topic_resolution"] = _resolution(topics, rule)
    out["topic_hierarchy"] = hierarchy_of(topics.hierarchy, out["topics"])
    out["theme_coverage"] = coverage_of(mapping.frame, out["topic_mapping"], out["topics"], rule)
    for name, result in pairs.items():
        if result is not None:
            start = "agreement" if name == "comparison" else "people"
            out[f"{start}_overall"] = _rounded(result.overall, rule)
            out[f"{start}_themes"] = _agreement(name, result, hidden, rule)
            out[f"{start}_convergence"] = _convergence(result, out[f"{start}_themes"])
            behind = system.behind.get(name, {})
            out[f"{start}_matches"] = _matches(result, behind, out[f"{start}_themes"], rule)
            if name == "comparison" and by_year:
                years = _agreement_years(system, name, hidden, rule)
                out[f"{start}_years"] = years.drop(columns="effect")
                out[f"{start}_changes"] = changes_beside(
                    years, None if drift is None else drift.baseline
                )
            out[f"{start}_levels"] = result.levels.round(2)
            out[f"{start}_partition"] = _rounded(result.partition, rule)
    if drift is not None:
        out |= _sources(system, topics, out, years, drift.baseline, hidden, rule)
    return out
