"""A plain value: every exact result of one run of the main job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from iapt_topics._base.one_line import one_line
from iapt_topics.agreement.comparison import Comparison
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.drift import Drift
from iapt_topics.drift.standardise import Standardised
from iapt_topics.mapping.mapping import TopicMapping
from iapt_topics.study.about import About, describe_study
from iapt_topics.study.tables import exact_tables
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.topics import Topics


@dataclass(frozen=True, eq=False, kw_only=True)  # no slots: the tables are kept once worked out
class Study:
    """Every result of one run of the main job.

    Attributes
    ----------
    responses : Responses
        The survey.
    topics : Topics
        Its topics.
    mapping : TopicMapping
        Their themes.
    codes : Codes
        The machine's, of which prevalence is measured.
    drift : Drift
        Of the machine's codes.
    axis_drift : Drift or None
        Of the frame's two poles; None if the frame names none.
    comparison : Comparison or None
        Machine with the first human coder; None without human codes.
    benchmark : Comparison or None
        First with second human coder, which the machine is read against; None without a second.
    standardised : Standardised or None
        Change at a fixed respondent mix; None unless it was asked for.
    redactions : DataFrame or None
        Counts of what was redacted, from :func:`iapt_topics.count_redactions`.
    human : tuple of Codes
        The people's codes behind the comparisons. Without them a person's count of responses
        stands for the number of respondents, who can be fewer.
    manifest : mapping of str to object
        What the result was made of: hashes, settings, versions, machine, time.
    """

    responses: Responses
    topics: Topics
    mapping: TopicMapping
    codes: Codes
    drift: Drift
    axis_drift: Drift | None = None
    comparison: Comparison | None = None
    benchmark: Comparison | None = None
    standardised: Standardised | None = None
    redactions: pd.DataFrame | None = None
    human: tuple[Codes, ...] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)

    __repr__ = one_line

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name, exact: those of :class:`iapt_topics.Published`, and private ones."""
        return exact_tables(self)

    @cached_property
    def about(self) -> About:
        """Names and settings of the study; nothing in it is counted."""
        return describe_study(self)

    def _repr_html_(self) -> str:
        """The topics, the changes, and prevalence by year as a figure; no quote."""
        from iapt_topics.figures.notebook import as_html
        from iapt_topics.figures.shares import drift_figure

        title = f"Study of {self.responses.source}: {len(self.responses):,} responses"
        topics = self.topics.topics.drop(columns="exemplars")
        labels = {theme.id: theme.label for theme in self.mapping.frame.themes}
        return as_html(
            title,
            {"topics": topics, "changes": self.drift.changes},
            lambda: drift_figure(self.drift.shares, labels=labels),
        )
