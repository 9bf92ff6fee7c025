"""The whole way from a survey to its results, as the command line runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from iapt_topics._base.one_line import one_line
from iapt_topics.agreement.comparison import Comparison
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.drift import Drift
from iapt_topics.drift.standardise import Standardised
from iapt_topics.mapping.mapping import TopicMapping, mapping_coverage
from iapt_topics.survey.respondents import respondent_mix, response_quality, tabulated
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.topics import Topics
from iapt_topics.topics.unassigned import unassigned_band

#: Folders of a result: for the researcher alone, and to be passed on.
PRIVATE, PUBLIC = "tables_private", "publish"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Study:
    """Every result of one run of the main job.

    Attributes
    ----------
    responses : Responses
    topics : Topics
    mapping : TopicMapping
    codes : Codes
        The machine's.
    drift : Drift
        Of the machine's codes.
    axis_drift : Drift or None
        Of the frame's two poles; None if the frame names none.
    comparison : Comparison or None
        Machine with the first human coder; None without human codes.
    ceiling : Comparison or None
        First with second human coder; None without a second.
    manifest : mapping of str to object
        What the result was made of: hashes, settings, versions, machine, time.
    standardised : Standardised or None
        Change with the mix of respondents held fixed; None unless it was asked for.
    redactions : DataFrame or None
        Counts of what was redacted, from :func:`iapt_topics.count_redactions`.
    human : tuple of Codes
        The people's codes that were compared.
    """

    responses: Responses
    topics: Topics
    mapping: TopicMapping
    codes: Codes
    drift: Drift
    axis_drift: Drift | None
    comparison: Comparison | None
    ceiling: Comparison | None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    standardised: Standardised | None = None
    redactions: pd.DataFrame | None = None
    human: tuple[Codes, ...] = ()

    __repr__ = one_line

    def _repr_html_(self) -> str:
        """The topics, the changes, and the shares by year as a figure; no quote."""
        from iapt_topics.figures.notebook import as_html
        from iapt_topics.figures.shares import drift_figure

        topics = self.topics.topics.drop(columns="exemplars")
        title = f"Study of {self.responses.source}: {len(self.responses):,} responses"
        tables = {"topics": topics, "changes": self.drift.changes}
        return as_html(title, tables, lambda: drift_figure(self.drift, self.mapping.frame))


_PARTS = (
    "responses", "topics", "mapping", "codes", "comparison", "drift", "ceiling", "axis_drift",
    "standardised", "human",
)  # fmt: skip


def parts_of(study: Study) -> dict[str, Any]:
    """What tables to publish are made of, by the names that :func:`publishable_tables` has."""
    return {name: getattr(study, name) for name in _PARTS}


def _tables(study: Study) -> dict[str, pd.DataFrame]:
    tables = {
        "ledger": study.responses.ledger,
        "answering": response_quality(study.responses),
        "topics": study.topics.topics.drop(columns="exemplars"),
        "topic_assignments": study.topics.assignments,
        "topic_resolution": study.topics.resolution,
        "topic_hierarchy": study.topics.hierarchy,
        "topic_unassigned": unassigned_band(study.topics, study.responses),
        "topic_mapping": study.mapping.table,
        "machine_codes": study.codes.table,
        "drift_shares": study.drift.shares,
        "drift_changes": study.drift.changes,
        "drift_trends": study.drift.trends,
        "drift_distances": study.drift.distances,
        "drift_changepoints": study.drift.changepoints,
        "drift_sources": study.drift.sources,
    }
    if shown := tabulated(study.responses):
        tables["who_answered"] = respondent_mix(study.responses, shown)
    covered = mapping_coverage(study.mapping, study.topics)
    tables |= dict(zip(("theme_coverage", "topic_coverage"), covered, strict=True))
    if study.redactions is not None:
        tables["redactions"] = study.redactions
    if study.standardised is not None:
        tables["standardised_shares"] = study.standardised.shares
        tables["standardised_changes"] = study.standardised.changes
        tables["standardised_trends"] = study.standardised.trends
    if study.axis_drift is not None:
        tables["axis_shares"] = study.axis_drift.shares
    if study.comparison is not None:
        tables["agreement_overall"] = study.comparison.overall
        tables["agreement_themes"] = study.comparison.themes
        tables["agreement_years"] = study.comparison.years
        tables["agreement_matches"] = study.comparison.matches
        tables["convergence"] = study.comparison.convergence
    if study.ceiling is not None:
        tables["agreement_of_people"] = study.ceiling.themes
    return tables
