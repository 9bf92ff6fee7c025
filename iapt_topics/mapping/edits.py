"""What people decide on a mapping: a sheet to edit, a log of the edits, a replay after a refit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns, require_file, suggestion
from iapt_topics._base.files import write_whole
from iapt_topics._base.result import Result
from iapt_topics._base.sheets import read_sheet, write_sheet
from iapt_topics.mapping.mapping import TopicMapping
from iapt_topics.topics.edits import SAME_TOPIC, find_successor
from iapt_topics.topics.topics import Topics

DECISIONS = ("accept", "reject", "add")
_LARGEST = 50_000_000  # bytes; a million responses, each with its topic, have half of it
LOG = ["topic", "label", "theme", "decision", "who", "when", "why", "note"]
_SHEET = [
    "topic", "label", "words", "n", "theme", "theme_label", "score", "margin",
    "decision", "who", "when", "why", "note",
]  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MappingEdits(Result):
    """Human decisions on a mapping: accepted, rejected and added pairs, with who, when and why.

    Attributes
    ----------
    table : DataFrame
        One row for each decision: ``topic``; ``label`` (of the topic); ``theme`` ("" where a
        person agrees that no theme fits); ``decision`` (one of :data:`DECISIONS`); ``who``;
        ``when`` (as written, else the time of reading, ISO 8601); ``why``; ``note``.
    topic_of : mapping of str to int
        Topic of every response of the fit that was decided on, -1 if unassigned.
    unplaced : DataFrame
        Decisions that a replay could not place, with the same columns; ``note`` says why.
    """

    table: pd.DataFrame
    topic_of: Mapping[str, int]
    unplaced: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=LOG))

    _view = (
        "table",
        "unplaced",
    )


def write_mapping(
    path: str | Path, mapping: TopicMapping, topics: Topics, *, edits: MappingEdits | None = None
) -> Path:
    """Write a sheet for human decisions, one row for each topic and matched theme.

    Parameters
    ----------
    path : str or path
        A ``.csv`` or ``.xlsx`` file; one of that name is replaced. It shows the topics' words, not
        what people wrote.
    mapping : TopicMapping
        Its chosen pairs are proposals; a topic without one has a row with an empty theme.
    topics : Topics
        Those that were mapped.
    edits : MappingEdits, optional
        Earlier decisions on these topics, which then stand in the sheet.

    Returns
    -------
    Path
        The sheet. In ``decision``, write ``accept`` or ``reject``; to assign another theme to a
        topic, add a row with ``add``, its number and the theme's id or label. ``who`` is needed for
        each decision, ``why`` for all but ``accept``.

    Raises
    ------
    InputError
        If the ending is another.
    """
    words = dict(zip(topics.topics["topic"], topics.topics["words"], strict=True))
    table = mapping.table
    table = table.assign(words=table["topic"].map(words), decision="", who="", when="", why="")
    for column in ("score", "margin"):
        table[column] = table[column].map("{:.3f}".format)
    if edits is not None:
        table = _with_earlier(table, mapping, words, edits)
    write_sheet(
        Path(path),
        _SHEET,
        table[_SHEET].astype(str).to_numpy().tolist(),
        wide=("label", "words", "theme_label", "why", "note"),
    )
    return Path(path)


def _with_earlier(
    table: pd.DataFrame, mapping: TopicMapping, words: Mapping[int, str], edits: MappingEdits
) -> pd.DataFrame:
    """The rows of a sheet with earlier decisions, and rows of pairs that people added."""
    decided = ["decision", "who", "when", "why"]
    pairs = ["topic", "theme"]
    known = set(zip(table["topic"], table["theme"], strict=True))
    own = edits.table[[*pairs, *decided]]
    more = own[[p not in known for p in zip(own["topic"], own["theme"], strict=True)]]
    more = more.merge(mapping.scores[[*pairs, "label", "theme_label", "score", "n"]], on=pairs)
    more = more.assign(
        words=more["topic"].map(words), score=more["score"].map("{:.3f}".format), margin="", note=""
    )
    table = table.drop(columns=decided).merge(own, on=pairs, how="left")
    rows = pd.concat([table.fillna(dict.fromkeys(decided, "")), more], ignore_index=True)
    return rows.sort_values("topic", kind="stable", ignore_index=True)


def read_mapping(
    path: str | Path, mapping: TopicMapping, topics: Topics, *, when: str | None = None
) -> MappingEdits:
    """Read human decisions from a sheet of :func:`write_mapping`.

    Parameters
    ----------
    path : str or path
        The sheet, edited. Rows without a decision leave the proposal as it is.
    mapping : TopicMapping
        The one that was written.
    topics : Topics
        Those that were mapped.
    when : str, optional
        Time of the decisions that name none; by default now, in UTC.

    Returns
    -------
    MappingEdits
        In the order of the sheet.

    Raises
    ------
    InputError
        If rows are at fault, naming each: an unknown topic, theme or decision; a decision without
        who or why; a pair twice; a pair rejected that was not proposed or added that was; a
        proposal whose row is missing; a row whose words or responses are not the topic's, since it
        was written of others.
    """
    path = Path(path)
    what = f"sheet {path.name!r}"
    sheet = read_sheet(path, "sheet")
    require_columns(sheet, ("topic", "theme", "decision", "who", "why"), what)
    when = when or datetime.now(UTC).isoformat(timespec="seconds")
    labels = dict(zip(topics.topics["topic"], topics.topics["label"], strict=True))
    written = {
        int(r["topic"]): r for r in topics.topics[["topic", "words", "n"]].to_dict("records")
    }
    proposed = set(zip(mapping.table["topic"], mapping.table["theme"], strict=True))
    seen: set[tuple[int, str]] = set()
    rows, faults = [], []
    for line, cells in enumerate(sheet.to_dict("records"), 2):
        cell = {str(k): str(v).strip() for k, v in cells.items()}
        if not any(cell.values()):
            continue
        wrong: list[str] = []
        topic = int(cell["topic"]) if cell["topic"].isdecimal() else -1
        if topic not in labels:
            wrong.append(f"there is no topic {cell['topic']!r}")
        elif any(
            cell.get(c, "") not in ("", str(written[topic][c]).strip()) for c in ("words", "n")
        ):
            wrong.append(f"topic {topic} has become another: write the sheet again")
        theme = _theme_id(cell["theme"], mapping, wrong)
        decision = cell["decision"].casefold()
        if not wrong and (topic, theme) in seen:
            wrong.append(f"topic {topic} and theme {theme!r} stand in an earlier row")
        seen.add((topic, theme))
        if decision:
            wrong += _wrong(decision, (topic, theme) in proposed, theme, cell)
        elif cell["who"] or cell["why"]:
            wrong.append("who or why is given, but no decision")
        elif not wrong and (topic, theme) not in proposed:
            wrong.append(f"theme {theme!r} was not proposed: write 'add', with who and why")
        faults += [f"row {line}: {w}" for w in wrong]
        if decision and not wrong:
            time = cell.get("when", "") or when
            rows.append((topic, labels[topic], theme, decision, cell["who"], time, cell["why"], ""))
    faults += [
        f"the row of topic {t} and theme {theme!r} is gone: put it back, with 'reject' if so meant"
        for t, theme in sorted(proposed - seen)
        if theme or t not in {topic for topic, _ in seen}
    ]
    if faults:
        raise InputError(
            what,
            "must contain decisions that can be placed",
            "; ".join(faults),
            "Correct these rows.",
        )
    return MappingEdits(table=pd.DataFrame(rows, columns=LOG), topic_of=topics_by_response(topics))


def _theme_id(name: str, mapping: TopicMapping, wrong: list[str]) -> str:
    """The theme's id, from its id or its label."""
    by_label = {t.label.casefold(): t.id for t in mapping.frame.codable}
    ids = {t.id for t in mapping.frame.codable}
    found = name if name in ids or not name else by_label.get(name.casefold())
    if found is None:
        hint = suggestion(name, [*ids, *by_label])
        wrong.append(f"{name!r} is not a codable theme of the frame. {hint}".strip())
    return found or ""


def _wrong(decision: str, proposed: bool, theme: str, cell: Mapping[str, str]) -> list[str]:
    """What is wrong with a decision."""
    wrong = []
    if decision not in DECISIONS:
        wrong.append(f"decision {decision!r} is none of {listed(DECISIONS)}")
    elif decision == "add" and (proposed or not theme):
        wrong.append("'add' needs a theme that was not proposed for the topic")
    elif decision == "reject" and not theme:
        wrong.append("there is no theme to reject")
    elif decision != "add" and not proposed:
        wrong.append(f"'{decision}' is for a theme that was proposed: use 'add'")
    if not cell["who"]:
        wrong.append("who decided is not given")
    if not cell["why"] and decision != "accept":
        wrong.append("why is not given")
    return wrong


def topics_by_response(topics: Topics) -> dict[str, int]:
    """Topic of every response of a fit, -1 if unassigned."""
    rows = topics.assignments
    return dict(zip(rows["response_id"], rows["topic"].tolist(), strict=True))


def apply_edits(mapping: TopicMapping, edits: MappingEdits) -> TopicMapping:
    """Apply human decisions to a mapping.

    Parameters
    ----------
    mapping : TopicMapping
        Of the fit that the edits are for. It is not changed.
    edits : MappingEdits
        From :func:`read_mapping` or :func:`replay_edits`.

    Returns
    -------
    TopicMapping
        With ``chosen`` as decided, and ``decision``; who, when and why are in ``note``. Given to
        :func:`iapt_topics.code_responses`, it moves the codes of the topics' responses, too.

    Raises
    ------
    InputError
        If the edits are for another fit or frame.
    """
    n = pd.Series(edits.topic_of).value_counts()
    size = mapping.scores.drop_duplicates("topic").set_index("topic")["n"]
    pairs = zip(mapping.scores["topic"], mapping.scores["theme"], strict=True)
    places = {pair: i for i, pair in enumerate(pairs)}
    table = edits.table[edits.table["theme"] != ""]
    other = [t for t in size.index if n.get(t, 0) != size[t]]
    other += [p for p in zip(table["topic"], table["theme"], strict=True) if p not in places]
    if other:
        raise InputError(
            "edits", "must be for this mapping", f"other topics or themes: {listed(other)}",
            "Use replay_edits() after a new fit.",
        )  # fmt: skip
    chosen = mapping.scores["chosen"].to_numpy(dtype=bool).copy()
    decision, note = (mapping.scores[c].to_numpy(dtype=object).copy() for c in ("decision", "note"))
    for row in table.to_dict("records"):
        at = places[row["topic"], row["theme"]]
        chosen[at] = row["decision"] != "reject"
        decision[at] = row["decision"]
        said = f"{row['decision']} by {row['who']}, {row['when']}"
        said += f": {row['why']}" if row["why"] else ""
        note[at] = "; ".join(x for x in (note[at], said) if x)
    scores = mapping.scores.assign(chosen=chosen, decision=decision, note=note)
    return replace(mapping, scores=scores)


def replay_edits(edits: MappingEdits, topics: Topics) -> MappingEdits:
    """Transfer human decisions to the topics of a new fit.

    Parameters
    ----------
    edits : MappingEdits
        Of an earlier fit.
    topics : Topics
        Of the new fit, whose responses may be more or fewer.

    Returns
    -------
    MappingEdits
        With the decisions on topics that live on; the others are in ``unplaced``. What was
        unplaced before stays so.

    Notes
    -----
    Among the responses that both fits had, an old topic lives on in a new one if the Jaccard index
    of their responses is above 0.5; there can be no second. Nor can two old topics live
    on in one new one, so decisions cannot clash.

    References
    ----------
    Hennig (2007), "Cluster-wise assessment of cluster stability", Computational Statistics and
    Data Analysis 52:258-271.
    """
    new = topics_by_response(topics)
    label = topics.topics.set_index("topic")["label"]
    placed: list[Any] = []
    left: list[Any] = edits.unplaced.to_dict("records")
    for row in edits.table.to_dict("records"):
        members = [r for r, t in edits.topic_of.items() if t == row["topic"]]
        at, share = find_successor(members, edits.topic_of, new)
        if at < 0:
            note = f"no new topic shares more than {SAME_TOPIC:.0%} of it; the most is {share:.0%}"
            note = note if share else "none of its responses is in a topic of the new fit"
            left.append(row | {"note": note})
            continue
        note = f"was topic {row['topic']}, {row['label']!r}; {share:.0%} shared"
        placed.append(row | {"topic": at, "label": label[at], "note": note})
    return MappingEdits(
        table=pd.DataFrame(placed, columns=LOG),
        topic_of=new,
        unplaced=pd.DataFrame(left, columns=LOG),
    )


def write_edits(path: str | Path, edits: MappingEdits) -> Path:
    """Write human decisions to a file, with the topics that they are for, to replay later.

    Parameters
    ----------
    path : str or path
        A ``.json`` file; one of that name is replaced. It holds response ids, and no text of a
        response.
    edits : MappingEdits
        The decisions.

    Returns
    -------
    Path
        The file.
    """
    content = {
        "edits": edits.table.to_dict("records"),
        "unplaced": edits.unplaced.to_dict("records"),
        "topic_of": dict(edits.topic_of),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, default=int)
    write_whole(Path(path), text, private=True)
    return Path(path)


def read_edits(path: str | Path) -> MappingEdits:
    """Read human decisions from a file of :func:`write_edits`.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    MappingEdits
        As they were written.

    Raises
    ------
    InputError
        If it is no such file.
    """
    path = require_file(Path(path), "edits", _LARGEST)
    try:
        content = json.loads(path.read_text("utf-8"))
        table, unplaced = (
            pd.DataFrame(content[k], columns=LOG).astype({"topic": "int64"})
            for k in ("edits", "unplaced")
        )
        topic_of = {str(r): int(t) for r, t in content["topic_of"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"edits {path.name!r}", "must be a file of write_edits()", str(error), "Write it again."
        ) from error
    return MappingEdits(table=table, topic_of=topic_of, unplaced=unplaced)
