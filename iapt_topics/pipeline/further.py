"""Further private tables that a plan asks for: groups over time, the same respondents, words."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from iapt_topics.codes.codes import Codes
from iapt_topics.drift.effects import theme_regression
from iapt_topics.drift.panel import panel_transitions
from iapt_topics.drift.word_shift import survey_words
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.study.study import Study
from iapt_topics.survey.respondents import is_panel


def further_tables(study: Study, plan: StudyPlan) -> dict[str, pd.DataFrame]:
    """Make the private tables that a plan asks for.

    Parameters
    ----------
    study : Study
        Of the plan.
    plan : StudyPlan
        ``groups`` and ``theme_words`` say what is wanted; the tables of a panel need respondent
        ids alone.

    Returns
    -------
    dict of str to DataFrame
        "group_effects": what :func:`iapt_topics.drift.theme_regression` gives for the groups, with
        the change over time of each group less that of the reference ("year:role"); by human codes
        where some were drawn at random. "panel_transitions": from which theme to which the same
        respondents went. "theme_words": word shifts within each theme from the baseline to the
        last year, ``p_bh`` over all.
    """
    out = {}
    responses, baseline = study.responses, study.drift.baseline
    if plan.groups and len(responses.years) > 1:
        out["group_effects"] = theme_regression(
            study.codes, responses, plan.groups, baseline=baseline,
            human=random_codes(study), interactions=plan.groups,
        )  # fmt: skip
    if is_panel(responses):
        out["panel_transitions"] = panel_transitions(study.codes, responses, baseline=baseline)
    if plan.theme_words:
        out["theme_words"] = theme_words(study)
    return out


def random_codes(study: Study) -> Codes | None:
    """The first person's codes if some of them were drawn at random and taught nothing."""
    if not study.human or study.codes.kind == "human":
        return None
    human = study.human[0]
    apart = human.picked | human.trained_on | study.codes.trained_on
    return human if set(human.seen["response_id"]) - apart else None


def theme_words(study: Study) -> pd.DataFrame:
    """Word shifts among the responses with each theme, of the last year against the baseline."""
    responses, parts = study.responses, []
    for theme in study.codes.themes:
        ids = study.codes.table.loc[study.codes.table["theme"] == theme, "response_id"]
        rows = responses.table[responses.table["response_id"].isin(ids)]
        if {study.drift.baseline, responses.years[-1]} <= set(rows["year"]):
            own = replace(responses, table=rows.reset_index(drop=True))
            table = survey_words(own, study.drift.baseline)
            parts.append(table.assign(theme=theme))
    if not parts:
        return survey_words(responses, responses.years[-1]).assign(theme="")
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(p_bh=benjamini_hochberg(table["p"].to_numpy(float)))
    return table[["theme", *(c for c in table if c != "theme")]]
