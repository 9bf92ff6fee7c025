"""What people decide on topics, as a sheet: a name, a topic to merge with, or to leave it out.

Decisions are kept with the responses of the topics that they are for. A number alone would say
something else once topics are fitted anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from iapt_topics._base.errors import InputError, require_columns, require_file
from iapt_topics._base.files import write_whole
from iapt_topics._base.sheets import read_sheet, write_sheet
from iapt_topics.topics.edits import LEAVE_OUT, SAME_TOPIC, TopicEdit, find_successor
from iapt_topics.topics.topics import Topics

_FORMAT = "iapt_topics decisions on topics 1"
_LARGEST = 50_000_000  # bytes
_DECIDED = ("name", "merge_with", "leave_out")
_SHEET = ["topic", "label", "words", "n", "stability", *_DECIDED, "who", "when", "why"]
_KEPT = ("action", "topics", "label", "who", "when", "why")
_YES, _NO = ("yes", "y", "x"), ("", "no", "n")
_INSTRUCTIONS = (
    "Each row is a topic. Read some of its responses in the private report before you decide.",
    "name: another name for the topic. merge_with: the number of a topic that it is one with.",
    "leave_out: yes, if it is no topic; its responses are then without one.",
    "who (name or initials) and why are needed wherever something is decided.",
    "Leave the other columns, and all rows, as they are.",
)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TopicDecisions:
    """Decisions on the topics of a fit.

    Attributes
    ----------
    edits : tuple of TopicEdit
        They name topics by the numbers of that fit.
    topic_of : mapping of str to int
        Topic of every response of that fit, -1 if unassigned.
    """

    edits: tuple[TopicEdit, ...]
    topic_of: Mapping[str, int]


class Placed(NamedTuple):
    """Edits by the numbers of another fit; what moved and what could not be placed, in words."""

    edits: tuple[TopicEdit, ...]
    moved: tuple[str, ...]
    lost: tuple[str, ...]


class _Row(NamedTuple):
    topic: int
    name: str
    merge_with: int | None
    leave_out: bool
    who: str
    when: str
    why: str


def write_topic_sheet(path: str | Path, topics: Topics, edits: Sequence[TopicEdit] = ()) -> Path:
    """Write a sheet of topics to decide on, one row for each.

    Parameters
    ----------
    path : str or path
        A ``.csv`` or ``.xlsx`` file; one of that name is replaced. It shows the topics' words.
    topics : Topics
        As they were fitted, without edits.
    edits : sequence of TopicEdit, optional
        Earlier decisions, by the numbers of ``topics``; they stand in the sheet already.

    Returns
    -------
    Path
        The sheet, for :func:`read_topic_sheet`.
    """
    cells = {
        t: dict.fromkeys((*_DECIDED, "who", "when", "why"), "") for t in range(len(topics.topics))
    }
    for edit in edits:
        said = {"who": edit.who, "when": edit.when, "why": edit.why}
        first, *others = sorted(edit.topics)
        for other in others:
            cells[other] |= said | {"merge_with": str(first)}
        if edit.label:
            cells[first] |= said | {"name": edit.label}
        if edit.action == LEAVE_OUT:
            cells[first] |= said | {"leave_out": "yes"}
    rows = [
        {**row, "stability": f"{row['stability']:.2f}"} | cells[row["topic"]]
        for row in topics.topics.to_dict("records")
    ]
    write_sheet(
        Path(path),
        _SHEET,
        [[str(row[c]) for c in _SHEET] for row in rows],
        wide=("label", "words", "name", "why"),
        choices={"leave_out": ("yes",)},
        instructions=_INSTRUCTIONS,
    )
    return Path(path)


def read_topic_sheet(
    path: str | Path, topics: Topics, *, when: str | None = None
) -> TopicDecisions:
    """Read decisions on topics from a sheet of :func:`write_topic_sheet`.

    Parameters
    ----------
    path : str or path
        The sheet, edited. It has all decisions: what stands in it no more is decided no more.
    topics : Topics
        Those that were written.
    when : str, optional
        Time of the decisions that name none; by default now, in UTC.

    Returns
    -------
    TopicDecisions
        With an edit for each group of topics that are one, and for each other that is renamed or
        left out.

    Raises
    ------
    InputError
        If the sheet is of other topics, or rows are at fault, naming each: a row that is missing or
        twice; a decision without who or why; a topic to merge with that there is not; two names of
        one topic; a topic that is left out and named or merged; none that stays.
    """
    path = Path(path)
    what = f"sheet {path.name!r}"
    sheet = read_sheet(path, "sheet")
    require_columns(sheet, ("topic", "words", "n", *_DECIDED, "who", "why"), what)
    when = when or datetime.now(UTC).isoformat(timespec="seconds")
    known = {
        str(r["topic"]): (str(r["n"]), str(r["words"])) for r in topics.topics.to_dict("records")
    }
    lines = [
        (line, {str(k): _cell(k, v) for k, v in cells.items()})
        for line, cells in enumerate(sheet.to_dict("records"), 2)
        if any(str(v).strip() for v in cells.values())
    ]
    if other := [c["topic"] for _, c in lines if known.get(c["topic"]) != (c["n"], c["words"])]:
        raise InputError(
            what, "must be of the topics as they are", f"others: topic {', '.join(other)}",
            "Write the sheets again, and decide in those.",
        )  # fmt: skip
    rows: dict[int, _Row] = {}
    faults = []
    for line, cell in lines:
        row, wrong = _read_row(cell, len(known), when)
        wrong += ["stands in an earlier row"] if row.topic in rows else []
        rows[row.topic] = row
        faults += [f"row {line}: topic {cell['topic']} {w}" for w in wrong]
    faults += [f"the row of topic {t} is gone" for t in known if int(t) not in rows]
    edits: tuple[TopicEdit, ...] = ()
    if not faults:
        edits, faults = _edits_of(rows)
    if faults:
        rule = "must have decisions that can be carried out"
        raise InputError(what, rule, "; ".join(faults), "Correct these rows.")
    return TopicDecisions(edits=edits, topic_of=_topic_of(topics))


def _cell(name: object, value: object) -> str:
    """A cell as text; a number that a spreadsheet made of one is a whole number again."""
    text = str(value).strip()
    return text.removesuffix(".0") if name in ("topic", "n", "merge_with") else text


def _read_row(cell: Mapping[str, str], n: int, when: str) -> tuple[_Row, list[str]]:
    """A row of the sheet, and what is wrong with it by itself."""
    topic, wrong, merge = int(cell["topic"]), [], None
    if cell["merge_with"]:
        merge = int(cell["merge_with"]) if cell["merge_with"].isdecimal() else -1
        if not 0 <= merge < n or merge == topic:
            wrong.append(
                f"cannot be merged with {cell['merge_with']!r}: write another topic's number"
            )
    leave = cell["leave_out"].casefold()
    if leave not in (*_YES, *_NO):
        wrong.append(f"has {cell['leave_out']!r} under leave_out: write yes, or nothing")
    out = leave in _YES
    if out and (cell["name"] or cell["merge_with"]):
        wrong.append("is left out, and named or merged")
    if cell["name"] or cell["merge_with"] or out:
        wrong += [f"needs {c} for its decision" for c in ("who", "why") if not cell[c]]
    elif cell["who"] or cell["why"]:
        wrong.append("has who or why, and no decision")
    name = " ".join(cell["name"].split())
    time = cell.get("when", "") or when
    return _Row(topic, name, merge, out, cell["who"], time, cell["why"]), wrong


def _edits_of(rows: Mapping[int, _Row]) -> tuple[tuple[TopicEdit, ...], list[str]]:
    """An edit for each group of topics that people made one, and for each other decision."""
    head = {t: t for t in rows}
    for row in rows.values():
        if row.merge_with is not None:
            one, two = head[row.topic], head[row.merge_with]
            head = {t: min(one, two) if h in (one, two) else h for t, h in head.items()}
    edits, faults = [], []
    for first in sorted(set(head.values())):
        group = [rows[t] for t in sorted(rows) if head[t] == first]
        said = [r for r in group if r.name or r.merge_with is not None or r.leave_out]
        if not said:
            continue
        names = list(dict.fromkeys(r.name for r in group if r.name))
        if len(names) > 1:
            faults.append(f"topic {first} has the names {' and '.join(map(repr, names))}")
        if len(group) > 1 and any(r.leave_out for r in group):
            faults.append(f"topic {first} is one with a topic that is left out")
        action = "merge" if len(group) > 1 else LEAVE_OUT if group[0].leave_out else "rename"
        who, why = (dict.fromkeys(getattr(r, c) for r in said) for c in ("who", "why"))
        edits.append(
            TopicEdit(
                action=action,
                topics=tuple(r.topic for r in group),
                who=", ".join(who),
                why="; ".join(why),
                when=max(r.when for r in said),
                label=names[0] if names else "",
            )
        )
    if all(r.leave_out for r in rows.values()):
        faults.append("every topic is left out")
    return tuple(edits), faults


def place_decisions(decisions: TopicDecisions, topics: Topics) -> Placed:
    """Transfer decisions to the topics of another fit.

    Parameters
    ----------
    decisions : TopicDecisions
        Of an earlier fit, or of this one.
    topics : Topics
        Without edits.

    Returns
    -------
    Placed
        An old topic lives on in a new one by the rule of
        :func:`iapt_topics.topics.replay_topic_edits`.
    """
    new = _topic_of(topics)
    if new == dict(decisions.topic_of):
        return Placed(decisions.edits, (), ())
    label = dict(zip(topics.topics["topic"], topics.topics["label"], strict=True))
    members: dict[int, list[str]] = {}
    for response, topic in decisions.topic_of.items():
        members.setdefault(topic, []).append(response)
    edits, moved, lost = [], [], []
    for edit in decisions.edits:
        found = [find_successor(members.get(t, ()), decisions.topic_of, new) for t in edit.topics]
        said = f"{edit.action} of topic {', '.join(map(str, edit.topics))} ({edit.who}: {edit.why})"
        if any(at < 0 for at, _ in found):
            most = min(share for at, share in found if at < 0)
            lost.append(
                f"{said}: no topic shares more than {SAME_TOPIC:.0%} of it; the most is {most:.0%}"
            )
            continue
        numbers = tuple(at for at, _ in found)
        edits.append(replace(edit, topics=numbers))
        if numbers != edit.topics:
            now = ", ".join(f"{at} {label[at]!r}" for at in numbers)
            moved.append(f"{said} is now of {now}")
    return Placed(tuple(edits), tuple(moved), tuple(lost))


def _topic_of(topics: Topics) -> dict[str, int]:
    rows = topics.assignments
    return dict(zip(rows["response_id"], rows["topic"].tolist(), strict=True))


def write_decisions(path: str | Path, decisions: TopicDecisions) -> Path:
    """Write decisions to a ``.json`` file, for its owner alone: it holds response ids."""
    content = {
        "format": _FORMAT,
        "edits": [{c: getattr(edit, c) for c in _KEPT} for edit in decisions.edits],
        "topic_of": dict(decisions.topic_of),
    }
    write_whole(Path(path), json.dumps(content, ensure_ascii=False, indent=1), private=True)
    return Path(path)


def read_decisions(path: str | Path) -> TopicDecisions:
    """Read what :func:`write_decisions` wrote.

    Raises
    ------
    InputError
        If it is no such file.
    """
    path = require_file(Path(path), "decisions on topics", _LARGEST)
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["format"] != _FORMAT:
            raise ValueError(f"format {content['format']!r}")
        edits = [
            TopicEdit(
                action=str(row["action"]), topics=tuple(map(int, row["topics"])),
                label=str(row["label"]), who=str(row["who"]), when=str(row["when"]),
                why=str(row["why"]),
            )
            for row in content["edits"]
        ]  # fmt: skip
        topic_of = {str(r): int(t) for r, t in content["topic_of"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        got = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(
            f"decisions on topics {path.name!r}", "must be as 'iapt-topics edits' keeps them", got,
            "Read the sheet back again: iapt-topics edits RESULTS --decisions FILE.",
        ) from error  # fmt: skip
    return TopicDecisions(edits=tuple(edits), topic_of=topic_of)
