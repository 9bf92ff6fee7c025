"""What goes into a report, with what may not be shown of it worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics.axis import axis_codes, pole_codes
from iapt_topics.drift import Drift, measure_drift
from iapt_topics.report import compute, disclosure

if TYPE_CHECKING:
    from iapt_topics.agreement import Comparison
    from iapt_topics.codes import Codes
    from iapt_topics.frame import ThemeFrame
    from iapt_topics.mapping import TopicMapping
    from iapt_topics.responses import Responses
    from iapt_topics.topics import Topics

Cells = set[tuple[str, int]]


@dataclass(frozen=True, eq=False, kw_only=True)  # no slots: the properties are kept once worked out
class Results:
    """The results of one report; every property that ends in "hidden" is disclosure control.

    The attributes are the parameters of :func:`iapt_topics.write_report`.
    """

    responses: Responses
    topics: Topics
    mapping: TopicMapping
    codes: Codes
    comparison: Comparison | None = None
    drift: Drift | None = None
    ceiling: Comparison | None = None
    axis_drift: Drift | None = None
    min_cell: int = 10

    @property
    def frame(self) -> ThemeFrame:
        """The theme frame."""
        return self.mapping.frame

    @property
    def waves(self) -> dict[int, str]:
        """What to call each year."""
        return {y: compute.clean(w) for y, w in self.responses.wave_labels.items()}

    @cached_property
    def hidden(self) -> Cells:
        """Theme and year of shares that rest on too few people or would give such a one away."""
        if self.drift is None:
            return set()
        same = self.drift.coder == self.codes.coder
        counted = disclosure.cells(self.codes.table, self.responses) if same else None
        return disclosure.hidden_cells(self.drift, counted, self.min_cell)

    @cached_property
    def thin(self) -> Cells:
        """Theme and year of shares on too small a base for a percentage."""
        return set() if self.drift is None else disclosure.thin_cells(self.drift)

    @cached_property
    def pole_drift(self) -> Drift | None:
        """Shares of the two poles, of which a response can have both; None without an axis."""
        if self.axis_drift is None or self.frame.axis is None:
            return None
        poles = pole_codes(self.codes, self.frame)
        return measure_drift(poles, self.responses, baseline=self.axis_drift.baseline, n_boot=1)

    @cached_property
    def axis_hidden(self) -> Cells:
        """As ``hidden``, of the classes of the axis."""
        if self.axis_drift is None:
            return set()
        counted = None
        if self.axis_drift.coder == self.codes.coder and self.frame.axis is not None:
            counted = disclosure.cells(axis_codes(self.codes, self.frame).table, self.responses)
        return disclosure.hidden_cells(self.axis_drift, counted, self.min_cell, exclusive=True)

    @cached_property
    def axis_thin(self) -> Cells:
        """As ``thin``, of the classes of the axis."""
        return set() if self.axis_drift is None else disclosure.thin_cells(self.axis_drift)

    @cached_property
    def pair_hidden(self) -> set[str]:
        """Themes that machine or people gave to too few responses."""
        return set() if self.comparison is None else disclosure.few(self.comparison, self.min_cell)

    @cached_property
    def ceiling_hidden(self) -> set[str]:
        """Themes that one of two people gave to too few responses."""
        return set() if self.ceiling is None else disclosure.few(self.ceiling, self.min_cell)

    @cached_property
    def topics_hidden(self) -> tuple[set[int], set[int]]:
        """Topics of which nothing may be shown, and topics without their count (perhaps -1)."""
        return disclosure.hidden_topics(self.topics, self.responses, self.min_cell)

    @cached_property
    def word_users(self) -> dict[str, set[object]]:
        """Who used each word."""
        return disclosure.word_users(self.responses)

    @cached_property
    def topic_words(self) -> dict[int, tuple[str, ...]]:
        """Words of each topic that may be shown; a topic of which nothing may be is not a key."""
        hidden, _ = self.topics_hidden
        return {
            int(t): disclosure.common_words(str(words).split(","), self.word_users, self.min_cell)
            for t, words in zip(
                self.topics.topics["topic"], self.topics.topics["words"], strict=True
            )
            if int(t) not in hidden
        }

    @cached_property
    def topic_names(self) -> dict[int, str]:
        """Label of each topic that may be shown: its own, or its commonest words."""
        labels = dict(zip(self.topics.topics["topic"], self.topics.topics["label"], strict=True))
        names = {}
        for topic, words in self.topic_words.items():
            parts = str(labels[topic]).split(",")
            safe = len(disclosure.common_words(parts, self.word_users, self.min_cell)) == len(parts)
            name = labels[topic] if safe else ", ".join(words[:3])
            names[topic] = compute.clean(name) or f"topic {topic}"
        return names

    @cached_property
    def theme_rows(self) -> pd.DataFrame:
        """Share of each theme over all years."""
        return compute.theme_rows(self.codes, self.responses, self.frame)

    @cached_property
    def changes(self) -> pd.DataFrame | None:
        """Changes of the last year against the baseline, with a column ``show``."""
        if self.drift is None:
            return None
        return compute.last_changes(self.drift, self.hidden, self.thin)
