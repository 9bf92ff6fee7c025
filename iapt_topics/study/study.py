"""A plain value: every exact result of one run of the main job."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from iapt_topics.study.about import About, describe_study
from iapt_topics.study.results import Results
from iapt_topics.study.tables import exact_tables


@dataclass(frozen=True, eq=False, kw_only=True)  # no slots: the tables are kept once worked out
class Study(Results):
    """Every exact result of a study.

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
    topic_comparison : Comparison or None
        The topics with the first human coder, with no frame between; None where human codes come
        with a frame, by which the two are compared.
    standardised : Standardised or None
        Change at a fixed respondent mix; None unless it was asked for.
    redactions : DataFrame or None
        Counts of what was redacted, from :func:`iapt_topics.survey.count_redactions`.
    facets : DataFrame or None
        What stands beside each theme, from :func:`iapt_topics.mapping.code_facets`; None if the
        frame has no facets.
    human : tuple of Codes
        The human codes behind the comparisons. Without them a person's count of responses stands
        for the number of respondents, who can be fewer.
    wave : Wave or None
        How a later wave fits topics that were found before it; None unless topics stayed.
    manifest : mapping of str to object
        What the result was made of: hashes, settings, versions, machine, time.
    """

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name, exact: those of :class:`iapt_topics.Published`, and private ones."""
        return exact_tables(self)

    @cached_property
    def about(self) -> About:
        """Names and settings of the study, without counts."""
        return describe_study(self)

    def _title(self) -> str:
        return f"Study of {self.responses.source}: {len(self.responses):,} responses"

    def _shown(self) -> dict[str, pd.DataFrame]:
        return self.topics._shown() | {"changes": self.drift._shown()["changes"]}

    def _picture(self) -> str:
        from iapt_topics.figures.notebook import as_picture
        from iapt_topics.figures.shares import drift_figure

        labels = {theme.id: theme.label for theme in self.mapping.frame.themes}
        return as_picture(self._title(), lambda: drift_figure(self.drift.shares, labels=labels))

    def _sheets(self) -> dict[str, pd.DataFrame]:
        return self.tables
