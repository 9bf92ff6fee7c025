"""The parts of a study: one result of each stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from iapt_topics._base.result import Result
from iapt_topics.agreement.comparison import Comparison
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.drift import Drift
from iapt_topics.drift.standardise import Standardised
from iapt_topics.mapping.mapping import TopicMapping
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.new_wave import Wave
from iapt_topics.topics.topics import Topics


@dataclass(frozen=True, eq=False, kw_only=True)
class Results(Result):
    """The attributes of :class:`iapt_topics.Study`, of which its tables are made."""

    responses: Responses
    topics: Topics
    mapping: TopicMapping
    codes: Codes
    drift: Drift
    axis_drift: Drift | None = None
    comparison: Comparison | None = None
    benchmark: Comparison | None = None
    topic_comparison: Comparison | None = None
    standardised: Standardised | None = None
    redactions: pd.DataFrame | None = None
    facets: pd.DataFrame | None = None
    human: tuple[Codes, ...] = ()
    wave: Wave | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
