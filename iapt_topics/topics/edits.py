"""The analyst's hand on topics: merge, rename, split, reassign, leave out; recorded, replayable."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats32, Ints
from iapt_topics._base.door import Checked
from iapt_topics._base.errors import InputError, listed
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.survey.responses import Responses
from iapt_topics.topics import consensus
from iapt_topics.topics.describe import broad_topics, describe_topics, unit_means
from iapt_topics.topics.replicate import NOT_BACK, REPLICABILITY
from iapt_topics.topics.topics import EDIT_COLUMNS, Topics, fitted_rows

LEAVE_OUT = "leave out"
ACTIONS = ("merge", "rename", "split", "reassign", LEAVE_OUT)
#: An old topic lives on in the new one that shares more than this part of the responses of either
#: (Jaccard index). Above a half there is at most one such topic; Hennig (2007) takes a cluster for
#: dissolved below it.
SAME_TOPIC = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicEdit(Checked):
    """A human edit of topics: merge, rename, split, reassign or leave out, with who and why.

    Attributes
    ----------
    action : {"merge", "rename", "split", "reassign", "leave out"}
        Responses of a topic that is left out, as one of greetings, are unassigned.
    topics : tuple of int
        Topics to merge (two or more), or the one to rename, to split, to reassign to or to leave
        out.
    who, why : str
        Who decided, and the reason.
    when : str
        By default the time at which the edit is made, ISO 8601 in UTC.
    label : str
        Of the renamed topic, or of the merged one (by default from its words).
    parts : int, default 2
        Parts to split into; where the topic parts is found by the machine.
    response_ids : tuple of str
        Responses to reassign.

    Raises
    ------
    InputError
        If something that the action needs is missing.
    """

    action: str
    topics: tuple[int, ...]
    who: str
    why: str
    when: str = ""
    label: str = ""
    parts: int = 2
    response_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        what, do = f"edit {self.action!r} of topics {self.topics}", "Complete the edit."
        if self.action not in ACTIONS:
            raise InputError(what, f"must be one of {listed(ACTIONS)}", repr(self.action), do)
        n = len(set(self.topics))
        least = 2 if self.action == "merge" else 1
        if n != len(self.topics) or n < least or (self.action != "merge" and n > 1):
            rule = "needs two topics or more" if self.action == "merge" else "needs one topic"
            raise InputError(what, rule, str(self.topics), do)
        for name in ("who", "why", *(["label"] if self.action == "rename" else [])):
            if not getattr(self, name).strip():
                raise InputError(what, f"needs {name}", "none", do)
        if self.action == "split" and self.parts < 2:
            raise InputError(what, "needs two parts or more", str(self.parts), do)
        if self.action == "reassign" and not self.response_ids:
            raise InputError(what, "needs response_ids", "none", do)


def edit_topics(
    topics: Topics, edits: Sequence[TopicEdit], responses: Responses, embeddings: Embeddings
) -> Topics:
    """Apply human edits to topics, with a record of who, when and why.

    Parameters
    ----------
    topics : Topics
        From :func:`iapt_topics.fit_topics`. It is not changed.
    edits : sequence of TopicEdit
        All refer to the numbers in ``topics``; a topic is merged, renamed, split or left out once
        at most.
    responses : Responses
        Those that the topics were fitted to.
    embeddings : Embeddings
        Of the same responses.

    Returns
    -------
    Topics
        Numbered by size anew; ``topics.note`` and ``assignments.note`` name the edits, and
        ``edits`` records them with the responses that they were about.

    Raises
    ------
    InputError
        If an edit names an unknown topic or response, two edits are about one topic, or an edit
        leaves a topic without a response, or none at all.

    Notes
    -----
    A run that had a response in a topic that is left out is taken to have it in the next nearest
    one.
    """
    kept = fitted_rows(topics, responses)
    vectors = embeddings.rows(kept["response_id"].tolist())
    ids = pd.Index(kept["response_id"])
    _require_possible(topics, edits, ids)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    edits = [e if e.when else replace(e, when=now) for e in edits]
    rows, old = np.arange(len(ids)), topics.assignments
    nearest, topic = (old[c].to_numpy(dtype=np.intp) for c in ("nearest", "topic"))
    home, notes, labels = _regroup(edits, vectors, nearest, topics.n_topics)
    share = np.zeros((len(ids), int(home.max()) + 1), dtype=np.float32)
    for t in range(topics.n_topics):
        share[rows, home[:, t]] += topics.distribution[:, t]
    votes = home[rows, topics.votes]
    topic = np.where(topic >= 0, home[rows, nearest], topic)
    nearest = home[rows, nearest]
    response_note = old["note"].to_numpy(dtype=object).copy()
    for edit in edits:
        if edit.action == "reassign":
            at = ids.get_indexer(pd.Index(edit.response_ids))
            topic[at] = nearest[at] = home[at, edit.topics[0]]
            share[at] = 0
            share[at, nearest[at]] = 1
            response_note[at] = f"reassigned by {edit.who}, {edit.when}: {edit.why}"
    out = [e.topics[0] for e in edits if e.action == LEAVE_OUT]
    if out:
        for edit in (e for e in edits if e.action == LEAVE_OUT):
            note = f"its topic was left out by {edit.who}, {edit.when}: {edit.why}"
            response_note[topic == edit.topics[0]] = note
        topic, nearest, votes, share = _left_out(out, vectors, topic, nearest, votes, share)
    order = _by_size(np.setdiff1d(np.unique(home), out), topic)
    rank = np.full(share.shape[1], -1, dtype=np.intp)
    rank[order] = np.arange(len(order))
    topic = np.where(topic >= 0, rank[topic], topic)
    nearest, votes, share = rank[nearest], rank[votes], share[:, order]
    touched = {t for e in edits for t in e.topics}
    table = describe_topics(kept, vectors, topic, nearest, votes)
    table = _with_decisions(table, topics, order, labels, notes, touched)
    others = share.copy()
    others[rows, nearest] = -1
    assignments = pd.DataFrame(
        {
            "response_id": ids,
            "topic": topic,
            "nearest": nearest,
            "support": (votes == nearest).mean(axis=0),
            "runner_up": others.argmax(axis=1) if len(order) > 1 else -1,
            "note": response_note,
        }
    )
    log = _log(edits, topics)
    return replace(
        topics,
        assignments=assignments,
        topics=table,
        hierarchy=_broad(topics, old["nearest"].to_numpy(), nearest, table["n"].to_numpy()),
        votes=votes,
        distribution=share,
        centroids=unit_means(vectors, topic),
        edits=pd.concat([topics.edits, log], ignore_index=True) if len(topics.edits) else log,
    )


def replay_topic_edits(
    edited: Topics, topics: Topics, responses: Responses, embeddings: Embeddings
) -> tuple[Topics, pd.DataFrame]:
    """Transfer human edits to the topics of a new fit.

    Parameters
    ----------
    edited : Topics
        From :func:`edit_topics`, perhaps read by :func:`iapt_topics.topics.load_topics`.
    topics : Topics
        Of the new fit, whose responses may be more or fewer.
    responses : Responses
        Those of the new fit.
    embeddings : Embeddings
        Of the same responses.

    Returns
    -------
    topics : Topics
        Of the new fit, edited.
    unplaced : DataFrame
        Edits that could not be placed, with the columns of ``Topics.edits``; ``note`` says why.

    Notes
    -----
    Among the responses that both fits had, an old topic lives on in a new one if the Jaccard index
    of their responses is above 0.5; there can be no second. Edits made one after the other are
    placed one after the other, as they were.
    """
    everyone = edited.assignments["response_id"].tolist()
    unplaced = []
    for _, row in edited.edits.iterrows():
        detail = json.loads(row["detail"])
        new = dict(zip(topics.assignments["response_id"], topics.assignments["topic"], strict=True))
        found = [find_successor(members, everyone, new) for members in detail["members"]]
        ids = tuple(r for r in detail["response_ids"] if r in new)
        lost = [f"{share:.0%}" for at, share in found if at < 0]
        why = ""
        if lost:
            why = f"no new topic shares more than {SAME_TOPIC:.0%} of it; the most is {lost[0]}"
        elif len({at for at, _ in found}) < len(found):
            why = "its topics are one already"
        elif row["action"] == "reassign" and not ids:
            why = "none of its responses is in the new fit"
        if why:
            unplaced.append({**row, "note": why})
            continue
        edit = TopicEdit(
            action=row["action"], topics=tuple(at for at, _ in found), who=row["who"],
            why=row["why"], when=row["when"], label=detail["label"], parts=detail["parts"],
            response_ids=ids,
        )  # fmt: skip
        try:
            topics = edit_topics(topics, [edit], responses, embeddings)
        except InputError as error:
            unplaced.append({**row, "note": str(error)})
    return topics, pd.DataFrame(unplaced, columns=EDIT_COLUMNS)


def find_successor(
    members: Collection[str], everyone: Collection[str], new: Mapping[str, int]
) -> tuple[int, float]:
    """Topic of a new fit that an old one lives on in (-1 if none), and the greatest Jaccard index.

    Parameters
    ----------
    members : collection of str
        Responses of the old topic.
    everyone : collection of str
        All responses of the old fit.
    new : mapping of str to int
        Topic of each response of the new fit, -1 if unassigned.
    """
    sizes = Counter(new[r] for r in everyone if r in new)
    shared = Counter(new[r] for r in members if r in new)
    n = shared.total()
    share = {t: both / (sizes[t] + n - both) for t, both in shared.items() if t >= 0}
    if not share:
        return -1, 0.0
    best = min(share, key=lambda t: (-share[t], t))
    return (best if share[best] > SAME_TOPIC else -1), share[best]


_DONE = {
    "merge": "merged", "rename": "renamed", "split": "split", "reassign": "given responses",
    LEAVE_OUT: "left out",
}  # fmt: skip


def _require_possible(topics: Topics, edits: Sequence[TopicEdit], ids: pd.Index) -> None:
    taken: set[int] = set()
    for edit in edits:
        what = f"edit {edit.action!r} of topics {edit.topics}"
        if other := [t for t in edit.topics if t not in range(topics.n_topics)]:
            rule = f"must name topics from 0 to {topics.n_topics - 1}"
            raise InputError(what, rule, listed(other), "See topics.topics.")
        if unknown := [r for r in edit.response_ids if r not in ids]:
            raise InputError(what, "must name kept responses", listed(unknown), "Check the ids.")
        if edit.action == "reassign":
            continue
        if twice := taken & set(edit.topics):
            rule = "must be the only edit of its topics in one call"
            raise InputError(what, rule, f"{listed(twice)} twice", "Edit the result again.")
        taken |= set(edit.topics)
    if sum(edit.action == LEAVE_OUT for edit in edits) == topics.n_topics:
        raise InputError("edits", "must leave a topic", "all left out", "Keep one at least.")


def _regroup(
    edits: Sequence[TopicEdit], vectors: Floats32, nearest: Ints, n_topics: int
) -> tuple[Ints, dict[int, str], dict[int, str]]:
    """Where each response's part of each topic goes; notes and labels of the topics."""
    home = np.tile(np.arange(n_topics), (len(vectors), 1))
    notes: dict[int, str] = {}
    labels: dict[int, str] = {}
    for edit in edits:
        first = min(edit.topics)
        note = f"{_DONE[edit.action]} by {edit.who}, {edit.when}: {edit.why}"
        if edit.action == "merge":
            home[:, list(edit.topics)] = first
        elif edit.action == "split":
            part = _split(vectors, nearest == first, edit)
            home[:, first] = np.where(part > 0, n_topics + part - 1, first)
            notes |= {n_topics + j: note for j in range(edit.parts - 1)}
            n_topics += edit.parts - 1
        if edit.label:
            labels[first] = " ".join(edit.label.split())
        notes[first] = "; ".join(x for x in (notes.get(first), note) if x)
    return home, notes, labels


def _left_out(
    out: Sequence[int], vectors: Floats32, topic: Ints, nearest: Ints, votes: Ints, share: Floats32
) -> tuple[Ints, Ints, Ints, Floats32]:
    """Topic, nearest topic, votes and distribution of each response without some topics."""
    rows = np.arange(len(vectors))
    topic = np.where(np.isin(topic, out), -1, topic)
    stay = np.setdiff1d(np.unique(topic[topic >= 0]), out)
    closeness = np.full(share.shape, -np.inf)
    places = np.full(len(share), -1, dtype=np.intp)
    for place, t in enumerate(stay):
        places[topic == t] = place
    closeness[:, stay] = vectors @ unit_means(vectors, places).T
    share = share.copy()
    share[:, out] = 0
    bare = share.sum(axis=1) <= 0
    share[bare, closeness[bare].argmax(axis=1)] = 1
    share /= share.sum(axis=1, keepdims=True)
    nearest = np.where(np.isin(nearest, out), share.argmax(axis=1), nearest)
    if len(stay) > 1:
        closeness[rows, nearest] = -np.inf
    votes = np.where(np.isin(votes, out), closeness.argmax(axis=1), votes)
    return topic, nearest, votes, share


def _by_size(found: Ints, topic: Ints) -> Ints:
    """Order the topics by falling size; each must have a response."""
    sizes = (topic[:, None] == found).sum(axis=0)
    if empty := found[sizes == 0].tolist():
        raise InputError(
            "edits", "must leave a response in every topic", f"none in {listed(empty)}",
            "Merge the topic instead.",
        )  # fmt: skip
    return found[np.argsort(-sizes, kind="stable")]


def _split(vectors: Floats32, inside: Bools, edit: TopicEdit) -> Ints:
    """Part of the topic, 0, 1, ..., that each response is nearest to."""
    own = vectors[inside]
    labels = np.zeros(len(own), dtype=np.intp)
    if len(own) > edit.parts:
        labels = consensus.cut(*consensus.grow_tree(own), own, edit.parts)
    if labels.max() + 1 < edit.parts:
        raise InputError(
            f"edit 'split' of topics {edit.topics}",
            f"must leave {edit.parts} parts with different responses",
            f"{len(own)} responses, {int(labels.max()) + 1} part(s)", "Split into fewer.",
        )  # fmt: skip
    part = consensus.nearest_centre(vectors, consensus.centres(own, labels))
    part[inside] = labels
    return part


def _with_decisions(
    table: pd.DataFrame,
    before: Topics,
    order: Ints,
    labels: Mapping[int, str],
    said: Mapping[int, str],
    touched: Collection[int],
) -> pd.DataFrame:
    """Labels and notes as decided; a topic that no edit is about keeps its label and words."""
    old = before.topics.set_index("topic")
    table = table.assign(**dict.fromkeys(REPLICABILITY, np.nan))
    kept = ["label", "words", *REPLICABILITY]
    for at, was in enumerate(order.tolist()):
        note = old.loc[was, "note"] if was in old.index else table.loc[at, "note"]
        if was in old.index and was not in touched:
            table.loc[at, kept] = old.loc[was, kept].to_numpy()
        else:
            note = str(note).replace(NOT_BACK, "")
        if was in labels:
            table.loc[at, "label"] = labels[was]
        notes = [note, said.get(was)]
        table.loc[at, "note"] = "; ".join(str(n) for n in notes if n)
    return table


def _broad(before: Topics, was: Ints, nearest: Ints, n: Ints) -> pd.DataFrame:
    """Broad topics as they were: each topic's is that which most of its responses had."""
    old = before.hierarchy.set_index("topic")
    found = broad_topics(nearest, old.loc[was, "broad"].to_numpy(dtype=np.intp), n)
    again = old.drop_duplicates("broad").set_index("broad")[list(REPLICABILITY)]
    found = found.join(again, on="broad")
    order = found.drop_duplicates("broad").sort_values("n", ascending=False, kind="stable")
    number = pd.Series(range(len(order)), index=order["broad"].to_numpy())
    return found.assign(broad=found["broad"].map(number))


def _log(edits: Sequence[TopicEdit], topics: Topics) -> pd.DataFrame:
    """Edits as rows; ``detail`` is JSON and holds the responses of the topics, for a replay."""
    of = topics.assignments.groupby("topic")["response_id"].agg(list)
    rows: list[dict[str, Any]] = []
    for e in edits:
        detail = {
            "label": e.label, "parts": e.parts, "response_ids": list(e.response_ids),
            "members": [of[t] for t in e.topics],
        }  # fmt: skip
        rows.append(
            {
                "action": e.action, "topics": listed(e.topics, most=99),
                "detail": json.dumps(detail, ensure_ascii=False), "who": e.who, "when": e.when,
                "why": e.why, "note": "",
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=EDIT_COLUMNS)
