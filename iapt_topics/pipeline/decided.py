"""What people decided on topics, mapping and convergence, carried out in each run.

A decision is on the responses of a topic, not on its number. If topics are other ones now, it goes
to the topic that lives on; where there is none the run ends with an error, so that no decision is
dropped, or applied to another topic, without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics._base.files import file_hash
from iapt_topics.agreement.comparison import Comparison
from iapt_topics.agreement.convergence import read_convergence, read_matrix
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.mapping.edits import (
    MappingEdits,
    read_edits,
    replay_edits,
    topics_by_response,
)
from iapt_topics.mapping.mapping import TopicMapping
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.edit_sheet import TopicDecisions, place_decisions, read_decisions
from iapt_topics.topics.edits import TopicEdit, edit_topics
from iapt_topics.topics.topics import Topics

_AGAIN = "Write the sheets again, with the other decisions in them (iapt-topics edits RESULTS), or"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Decisions:
    """What people decided, for a run to carry out.

    Attributes
    ----------
    topics : TopicDecisions or None
    mapping : MappingEdits or None
    ratings : tuple of Path
        Sheets of convergence ratings, one for each rater.
    partial : bool
        Whether what cannot be carried out is a note, as for one who is about to decide anew, and
        not an error.
    """

    topics: TopicDecisions | None = None
    mapping: MappingEdits | None = None
    ratings: tuple[Path, ...] = ()
    partial: bool = False


def read_decided(plan: StudyPlan, *, partial: bool = False) -> Decisions:
    """Read the decisions of a plan."""
    return Decisions(
        topics=None if plan.topic_edits is None else read_decisions(plan.topic_edits),
        mapping=None if plan.mapping_edits is None else read_edits(plan.mapping_edits),
        ratings=plan.ratings,
        partial=partial,
    )


def placed_topic_edits(
    decided: Decisions, topics: Topics, on_event: OnEvent = ignore
) -> tuple[TopicEdit, ...]:
    """Edits by the numbers of fitted topics.

    Raises
    ------
    InputError
        If a decision is on a topic that there is no more.
    """
    if decided.topics is None:
        return ()
    placed = place_decisions(decided.topics, topics)
    for said in placed.moved:
        on_event(Event("note", f"Topics were fitted anew: {said}."))
    _settle("topics", placed.lost, decided.partial, on_event)
    return placed.edits


def decide_topics(
    decided: Decisions,
    topics: Topics,
    responses: Responses,
    embeddings: Embeddings,
    on_event: OnEvent = ignore,
) -> Topics:
    """Topics as people decided on them; errors as for :func:`placed_topic_edits`."""
    edits = placed_topic_edits(decided, topics, on_event)
    return edit_topics(topics, edits, responses, embeddings) if edits else topics


def placed_mapping_edits(
    decided: Decisions, mapping: TopicMapping, topics: Topics, on_event: OnEvent = ignore
) -> MappingEdits | None:
    """Decisions on a mapping, by the numbers of topics as they are now.

    Raises
    ------
    InputError
        If a decision is on a topic or theme that there is no more.
    """
    edits = decided.mapping
    if edits is None:
        return None
    if dict(edits.topic_of) != topics_by_response(topics):
        before = edits.table
        edits = replay_edits(edits, topics)
        if (n := len(edits.table)) and edits.table["topic"].tolist() != before["topic"].tolist():
            text = f"Topics were fitted anew: {n} decisions on the mapping follow their topics."
            on_event(Event("note", text))
    known = {"", *(t.id for t in mapping.frame.codable)}
    other = ~edits.table["theme"].isin(known)
    lost = [f"{_said(row)}: {row['note']}" for row in edits.unplaced.to_dict("records")]
    lost += [
        f"{_said(row)}: the frame has no such theme"
        for row in edits.table[other].to_dict("records")
    ]
    _settle("mapping", lost, decided.partial, on_event)
    return replace(edits, table=edits.table[~other].reset_index(drop=True))


def _said(row: Mapping[Any, Any]) -> str:
    return (
        f"{row['decision']} of {row['theme'] or 'no theme'} for topic {row['topic']} ({row['who']})"
    )


def _settle(key: str, lost: Sequence[str], partial: bool, on_event: OnEvent) -> None:
    if not lost:
        return
    if partial:
        for said in lost:
            on_event(Event("note", f"Cannot be carried out any more, decide again: {said}."))
        return
    raise InputError(
        f"decisions.{key}", "must be on topics and themes that there still are", "; ".join(lost),
        f"{_AGAIN} take decisions.{key} out of study.toml.",
    )  # fmt: skip


def rate_themes(
    decided: Decisions, comparison: Comparison | None, on_event: OnEvent = ignore
) -> Comparison | None:
    """A comparison with the convergence ratings of people; where they differ, the proposed stays.

    Raises
    ------
    InputError
        If a sheet is of another comparison, two are of one rater, or there is no comparison.
    """
    if not decided.ratings:
        return comparison
    try:
        if comparison is None:
            raise InputError(
                "decisions.convergence", "needs human codes to compare with", "none",
                "Name them (codes.file), or take decisions.convergence out of study.toml.",
            )  # fmt: skip
        rated = [read_convergence(path, comparison) for path in decided.ratings]
        return join_ratings(comparison, rated, [path.name for path in decided.ratings])
    except InputError as error:
        if not decided.partial:
            do = error.do if comparison is None else f"{_AGAIN} take the sheet out of study.toml."
            raise InputError(error.what, error.rule, error.got, do) from error
        on_event(Event("note", f"Cannot be carried out any more, decide again: {error}"))
        return comparison


def join_ratings(
    comparison: Comparison, rated: Sequence[Comparison], names: Sequence[str]
) -> Comparison:
    """Join the ratings of several raters; a theme on which they differ is as proposed."""
    raters = [{r for r in one.convergence["rater"] if r} for one in rated]
    for k, names_of in enumerate(raters):
        if twice := names_of & set[str]().union(*raters[:k]):
            raise InputError(
                f"convergence matrix {names[k]!r}", "must be of another rater than the others",
                listed(sorted(twice)), "Name one sheet for each rater.",
            )  # fmt: skip
    table = comparison.convergence.copy()
    columns: dict[str, list[str]] = {c: [] for c in ("rating", "rater", "rationale", "note")}
    for i, row in enumerate(table.to_dict("records")):
        own = [r.convergence.iloc[i] for r in rated if r.convergence["rater"].iloc[i]]
        new = {c: str(row[c]) for c in columns}
        given = {str(r["rating"]) for r in own}
        if len(given) == 1:
            new["rating"] = given.pop()
            new["rater"] = ", ".join(r["rater"] for r in own)
            new["rationale"] = "; ".join(
                dict.fromkeys(r["rationale"] for r in own if r["rationale"])
            )
        elif given:
            apart = "; ".join(f"{r['rater']}: {r['rating']}" for r in own)
            new["note"] = "; ".join(x for x in (new["note"], f"raters differ ({apart})") if x)
        for c, value in new.items():
            columns[c].append(value)
    return replace(comparison, convergence=table.assign(**columns))


def ratings_alike(comparison: Comparison, rated: Sequence[Comparison]) -> tuple[int, int]:
    """Themes that two raters or more rated, and those of them that all rated alike."""
    both, alike = 0, 0
    for i in range(len(comparison.convergence)):
        ratings = [r.convergence["rating"].iloc[i] for r in rated if r.convergence["rater"].iloc[i]]
        both += len(ratings) > 1
        alike += len(ratings) > 1 and len(set(ratings)) == 1
    return both, alike


def describe_decided(plan: StudyPlan, decided: Decisions) -> list[dict[str, Any]]:
    """For the manifest, which decisions were carried out: file, hash, who by, when, how many."""
    said = []
    if decided.topics is not None and plan.topic_edits is not None:
        rows = [(e.who, e.when) for e in decided.topics.edits]
        said.append(_described("topics", plan.topic_edits, rows))
    if decided.mapping is not None and plan.mapping_edits is not None:
        table = decided.mapping.table
        rows = list(zip(table["who"], table["when"], strict=True))
        said.append(_described("mapping", plan.mapping_edits, rows))
    for path in decided.ratings:
        sheet = read_rated(path)
        said.append(_described("convergence", path, [(who, "") for who in sheet["rater"]]))
    return said


def read_rated(path: Path) -> pd.DataFrame:
    """The rows of a sheet of convergence ratings that somebody rated."""
    sheet = read_matrix(path)
    return sheet[sheet["rater"] != ""].reset_index(drop=True)


def _described(what: str, path: Path, rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    times = sorted(when for _, when in rows if when)
    return {
        "what": what,
        "file": path.name,
        "sha256": file_hash(path),
        "who": sorted({who for who, _ in rows}),
        "when": [times[0], times[-1]] if times else [],
        "n": len(rows),
    }
