"""What a report shows: the published tables of a study, and the results made of them alone."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from iapt_topics._base.text import clean
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.published import publishable_tables

if TYPE_CHECKING:
    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.codes.codes import Codes
    from iapt_topics.drift.drift import Drift
    from iapt_topics.drift.standardise import Standardised
    from iapt_topics.frame.frame import ThemeFrame
    from iapt_topics.mapping.mapping import TopicMapping
    from iapt_topics.survey.responses import Responses
    from iapt_topics.topics.topics import Topics

T = TypeVar("T")
Cells = set[tuple[str, int]]


@dataclass(frozen=True, eq=False, kw_only=True)  # no slots: the properties are kept once worked out
class Results:
    """The results of one report; no figure in ``tables``, drift or comparisons is an exact one.

    The attributes are the parameters of :func:`iapt_topics.write_report`. ``responses``, ``topics``
    and ``codes`` are the exact ones: they give names, settings and quotes, never a count.
    """

    responses: Responses
    topics: Topics
    mapping: TopicMapping
    codes: Codes
    rule: Disclosure
    tables: dict[str, pd.DataFrame]
    comparison: Comparison | None = None
    drift: Drift | None = None
    ceiling: Comparison | None = None
    axis_drift: Drift | None = None
    pole_drift: Drift | None = None

    @property
    def frame(self) -> ThemeFrame:
        """The theme frame."""
        return self.mapping.frame

    @cached_property
    def waves(self) -> dict[int, str]:
        """What to call each year."""
        return {y: clean(w) for y, w in self.responses.wave_labels.items()}

    @cached_property
    def rows(self) -> dict[str, float]:
        """Rows of all years by what became of them, "read" and "people"; missing if hidden."""
        totals = self.tables["ledger_totals"]
        return dict(zip(totals["status"], totals["n"], strict=True))

    @property
    def n_kept(self) -> float:
        """Kept responses, rounded; missing if hidden."""
        return self.rows.get("kept", 0.0)

    @cached_property
    def topic_rows(self) -> pd.DataFrame:
        """Published topics of which anything may be said, with ``name`` to call them by."""
        rows = self.tables["topics"]
        rows = rows[(rows["topic"] >= 0) & (rows["label"] != "")]
        return rows.assign(name=[clean(label) for label in rows["label"]])

    @cached_property
    def topic_names(self) -> dict[int, str]:
        """What to call each topic of which anything may be said."""
        rows = self.topic_rows
        return {int(t): name for t, name in zip(rows["topic"], rows["name"], strict=True)}

    @cached_property
    def changes(self) -> pd.DataFrame | None:
        """Changes of the last year against the baseline."""
        if self.drift is None:
            return None
        rows: pd.DataFrame = self.drift.changes[self.drift.changes["kind"] == "baseline"]
        last: pd.DataFrame = rows[rows["year"] == rows["year"].max()]
        return last


def publish(
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
    rule: Disclosure,
) -> Results:
    """Put published tables in the place of the exact ones."""
    tables = publishable_tables(
        responses=responses, topics=topics, mapping=mapping, codes=codes, comparison=comparison,
        drift=drift, ceiling=ceiling, axis_drift=axis_drift, standardised=standardised,
        human=human, disclosure=rule,
    )  # fmt: skip
    poles = tables.get("pole_shares")
    return Results(
        responses=responses,
        topics=_with(topics, resolution=tables["topic_resolution"]),
        mapping=mapping,
        codes=codes,
        rule=rule,
        tables=tables,
        comparison=_pair(comparison, "agreement", tables),
        drift=drift
        and _with(
            drift,
            shares=tables["drift_shares"],
            changes=tables["drift_changes"],
            trends=tables["drift_trends"],
            changepoints=tables["drift_changepoints"],
            distances=tables["drift_distances"],
        ),
        ceiling=_pair(ceiling, "people", tables),
        axis_drift=axis_drift and _with(axis_drift, shares=tables["axis_shares"]),
        pole_drift=None
        if axis_drift is None or poles is None
        else _with(axis_drift, shares=poles, themes=tuple(poles["theme"].unique())),
    )


def hidden_cells(drift: Drift) -> Cells:
    """Theme and year of the published shares that are not given."""
    rows = drift.shares[drift.shares["estimate"].isna() & (drift.shares["n"] != 0)]
    return {(str(t), int(y)) for t, y in zip(rows["theme"], rows["year"], strict=True)}


def hidden_themes(comparison: Comparison | None) -> set[str]:
    """Themes of a published comparison of which nothing is given."""
    if comparison is None:
        return set()
    rows = comparison.themes
    return set(rows.loc[rows["positives_reference"].isna(), "theme"])


def _pair(
    result: Comparison | None, start: str, tables: dict[str, pd.DataFrame]
) -> Comparison | None:
    if result is None:
        return None
    names = ("themes", "overall", "convergence", "matches", "levels", "partition")
    n = tables[f"{start}_overall"]["n"]
    own = {name: tables[f"{start}_{name}"] for name in names}
    own["years"] = tables.get(f"{start}_years", result.years.head(0))
    return _with(result, n=int(n.iloc[0]), **own)


def _with(result: T, **values: object) -> T:
    """A copy of a result that holds other tables; the classes are frozen, so by the back door."""
    out = copy(result)
    for name, value in values.items():
        object.__setattr__(out, name, value)
    return out
