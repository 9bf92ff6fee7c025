"""A task for people: items to judge, the answers they may give, who judges what, and the key.

What a person is shown is ``items`` and ``choices``. An item's id is made from its content with a
secret that is made from the texts of the survey, so that it tells nothing to anyone who has not got
the survey, and a task can be made again from the same study with the same seed. The ``key`` says
what each item is; it is written to private files alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.errors import (
    InputError,
    listed,
    require_columns,
    require_file,
    require_names,
    require_unique,
)
from iapt_topics._base.files import write_whole
from iapt_topics._base.result import Result
from iapt_topics._base.text import clean
from iapt_topics.survey.responses import Responses

FORMAT = "iapt_topics task 1"
LARGEST = 50_000_000  # bytes of a file of a task; 2,000 long responses have a tenth of it
#: May a person say why, and must they?
NO_NOTE, MAY_NOTE, MUST_NOTE = "none", "optional", "required"
#: Heading of a sentence that the page marks where it stands in the text below it.
SENTENCE = "Sentence"
#: A choice that excludes all others, where several may be chosen.
NONE = "none"
WORDS, RESPONSES, LABELS = "word intrusion", "response intrusion", "label choice"
THEMES = "theme check"
CODING, QUOTES, MAPPING = "coding", "quotes", "mapping"
ADJUDICATION = "adjudication"
#: Kinds of tasks: the blind tests, and the others.
TESTS = (WORDS, RESPONSES, LABELS, THEMES)
KINDS = (*TESTS, CODING, QUOTES, MAPPING, ADJUDICATION)


class Choice(NamedTuple):
    """An answer that may be given: what is kept, what is shown, and a line of help."""

    value: str
    label: str
    help: str = ""


class Item(NamedTuple):
    """What is shown at a time: texts, each under a heading; its own choices, if it has such."""

    parts: tuple[tuple[str, str], ...]
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)  # no slots: the fingerprint is kept
class Task(Result):
    """Items for people to judge, with what may be answered and the key that joins answers.

    Made by :func:`draw_test`, :func:`make_coding`, :func:`make_quotes`, :func:`make_mapping` and
    :func:`make_adjudication`. It is private: :func:`write_task` writes what raters may see.

    Attributes
    ----------
    kind : str
        "word intrusion", "response intrusion", "label choice", "theme check", "coding", "quotes",
        "mapping" or "adjudication".
    title : str
    instructions : tuple of str
    items : pandas.DataFrame
        Key ``item`` (an id that reveals nothing); ``parts`` (tuple of heading and text),
        ``choices`` (tuple of value, label and help; empty where all items have those of the task).
    choices : tuple of tuple
        Choices of all items.
    several : bool
        Whether several choices may be given to an item.
    note : {"none", "optional", "required"}
        Whether a reason may or must be given.
    key : pandas.DataFrame
        Key ``item``: what it is of and, in a blind test, which answer is right. Private.
    assigned : pandas.DataFrame
        Key (``rater``, ``turn``): ``item``. A rater named "" stands for anyone.
    left_out : mapping of int to str
        Topics that the test could not be made for, and why.

    Raises
    ------
    InputError
        If an id is there twice, or the tables do not fit.
    """

    kind: str
    title: str
    instructions: tuple[str, ...]
    items: pd.DataFrame
    choices: tuple[tuple[str, str, str], ...]
    several: bool
    note: str
    key: pd.DataFrame
    assigned: pd.DataFrame
    left_out: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(
                "kind", f"must be one of {listed(KINDS, 9)}", repr(self.kind), "Choose."
            )
        require_columns(self.items, ("item", "parts", "choices"), "items")
        require_columns(self.key, ("item",), "key")
        require_columns(self.assigned, ("rater", "turn", "item"), "assigned")
        require_unique(self.items["item"], "items: item", "Make the task again.")
        known = set(self.items["item"])
        if set(self.key["item"]) != known or not set(self.assigned["item"]) <= known:
            raise InputError(
                "a task", "must have the key of each item, and assign known ones",
                f"{len(known)} items, {len(self.key)} in the key", "Make it again.",
            )  # fmt: skip

    def _title(self) -> str:
        return f"Task ({self.kind}): {len(self.items):,} items for {listed(self.raters)}"

    def _shown(self) -> dict[str, pd.DataFrame]:
        """How many items each rater has; no text of anyone."""
        n = self.assigned.groupby("rater", sort=False).size()
        return {"raters": n.rename("items").reset_index()}

    @property
    def raters(self) -> tuple[str, ...]:
        """Names of the raters, in order; "" stands for anyone."""
        return tuple(dict.fromkeys(self.assigned["rater"]))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all that a rater may see and answer: answers to another task are refused."""
        shown = [
            FORMAT, self.kind, self.title, self.instructions, self.choices, self.several, self.note,
            [list(row) for row in self.items[["item", "parts", "choices"]].itertuples(index=False)],
        ]  # fmt: skip
        return hashlib.sha256(canonical(shown).encode()).hexdigest()

    def allowed(self) -> dict[str, tuple[str, ...]]:
        """Values that may be answered, by item.

        Returns
        -------
        dict of str to tuple of str
            In the order that they are shown in.
        """
        shared = tuple(c[0] for c in self.choices)
        rows = zip(self.items["item"], self.items["choices"], strict=True)
        return {item: tuple(c[0] for c in own) or shared for item, own in rows}


def canonical(value: object) -> str:
    """JSON that is the same for the same content, here and in the page (``JSON.stringify``)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def make_secret(responses: Responses, seed: int, kind: str) -> bytes:
    """A secret that whoever has the survey can make again, and nobody else."""
    made = hashlib.sha256(f"{FORMAT}|{kind}|{seed}".encode())
    table = responses.kept.sort_values("response_id", kind="stable")
    for response_id, text in zip(table["response_id"], table["text"], strict=True):
        for part in (str(response_id), str(text)):
            content = part.encode("utf-8", "surrogatepass")
            made.update(len(content).to_bytes(8, "big") + content)
    return made.digest()


def build_task(
    kind: str,
    secret: bytes,
    about: Sequence[str],
    drawn: Sequence[tuple[Item, Mapping[str, Any]]],
    assigned: Mapping[str, Sequence[int]],
    *,
    choices: Sequence[Choice] = (),
    several: bool = False,
    note: str = NO_NOTE,
) -> Task:
    """A task of items, each with its row of the key; ``assigned`` has their places by rater.

    ``about`` is its title and instructions.
    """
    if not drawn:
        raise InputError(
            f"a task ({kind})", "must have an item at least", "none",
            "There is nothing to judge: see the arguments.",
        )  # fmt: skip
    shown = [Item(_cleaned(item.parts), _cleaned_choices(item.choices)) for item, _ in drawn]
    ids = [
        hmac.new(secret, canonical([kind, i, item]).encode(), hashlib.sha256).hexdigest()[:20]
        for i, item in enumerate(shown)
    ]
    rows = [
        (rater, turn, ids[i])
        for rater, places in assigned.items()
        for turn, i in enumerate(places, 1)
    ]
    return Task(
        kind=kind,
        title=clean(about[0]),
        instructions=tuple(map(clean, about[1:])),
        items=pd.DataFrame(
            {
                "item": ids,
                "parts": pd.Series([i.parts for i in shown], dtype=object),
                "choices": pd.Series([i.choices for i in shown], dtype=object),
            }
        ),
        choices=_cleaned_choices(choices),
        several=several,
        note=note,
        key=pd.DataFrame([{"item": i} | dict(row) for i, (_, row) in zip(ids, drawn, strict=True)]),
        assigned=pd.DataFrame(rows, columns=["rater", "turn", "item"]),
    )


def share_out(
    n: int, raters: Sequence[str], overlap: float, rng: np.random.Generator
) -> dict[str, list[int]]:
    """Places of items for each rater in an order of their own: a part for all, the rest for one."""
    require_raters(raters)
    if not 0 <= overlap <= 1:
        raise InputError("overlap", "must be from 0 to 1", repr(overlap), "Give a fraction.")
    # Items of a topic stand together; every third, say, is for all.
    step = 1 / overlap if overlap else np.inf
    common = {int(k * step) for k in range(n) if k * step < n} if overlap else set()
    alone = [i for i in range(n) if i not in common]
    out = {}
    for g, rater in enumerate(raters):
        own = np.array([*sorted(common), *alone[g :: len(raters)]], dtype=np.intp)
        out[rater] = [int(i) for i in rng.permutation(own)]
    return out


def require_raters(raters: Sequence[str]) -> None:
    """Raise :class:`InputError` unless there are raters with a name each."""
    require_names(raters, "raters")
    require_unique(list(raters), "raters", "Name each one once.")
    if not len(raters) or not all(clean(r).strip() == r and 0 < len(r) <= 100 for r in raters):
        raise InputError(
            "raters", "must be names of 1 to 100 characters", listed(raters) or "none",
            "Name them, e.g. [\"A\", \"B\"].",
        )  # fmt: skip


def _cleaned(parts: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((clean(head), clean(text)) for head, text in parts)


def _cleaned_choices(choices: Sequence[Sequence[str]]) -> tuple[Choice, ...]:
    made = tuple(Choice(*(clean(v) for v in c)) for c in choices)
    require_unique([c.value for c in made], "choices", "Give each value once.")
    return made


def save_task(path: str | Path, task: Task) -> Path:
    """Keep a task with its key, for this account alone.

    Parameters
    ----------
    path : str or Path
        A ``.json`` file; one of that name is replaced.
    task : Task
        With the key: whoever has the file can join answers to responses.

    Returns
    -------
    Path
        The file.
    """
    content = {
        "format": FORMAT,
        "kind": task.kind,
        "title": task.title,
        "instructions": task.instructions,
        "choices": task.choices,
        "several": task.several,
        "note": task.note,
        "items": [list(r) for r in task.items.itertuples(index=False, name=None)],
        "key": {
            "columns": list(task.key.columns),
            "rows": [[_plain(v) for v in r] for r in task.key.itertuples(index=False, name=None)],
        },
        "assigned": [[_plain(v) for v in r] for r in task.assigned.itertuples(index=False)],
        "left_out": [[topic, why] for topic, why in task.left_out.items()],
        "fingerprint": task.fingerprint,
    }
    write_whole(Path(path), canonical(content), private=True)
    return Path(path)


def load_task(path: str | Path) -> Task:
    """Take up a task that :func:`save_task` kept.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Task
        As it was.

    Raises
    ------
    InputError
        If it is no such file, or was changed.
    """
    path = require_file(Path(path), "task", LARGEST)
    try:
        content = json.loads(path.read_text("utf-8"))
        items = [(str(i), _pairs(p, 2), _choices(c)) for i, p, c in content["items"]]
        key = content["key"]
        rows = [[tuple(v) if isinstance(v, list) else v for v in row] for row in key["rows"]]
        task = Task(
            kind=str(content["kind"]),
            title=str(content["title"]),
            instructions=tuple(map(str, content["instructions"])),
            items=pd.DataFrame(items, columns=["item", "parts", "choices"]),
            choices=_choices(content["choices"]),
            several=bool(content["several"]),
            note=str(content["note"]),
            key=_typed(pd.DataFrame(rows, columns=key["columns"])),
            assigned=pd.DataFrame(content["assigned"], columns=["rater", "turn", "item"]),
            left_out={int(topic): str(why) for topic, why in content["left_out"]},
        )
        if content["format"] != FORMAT or task.fingerprint != content["fingerprint"]:
            raise ValueError("its fingerprint is another")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"task {path.name!r}", "must be a file of save_task(), unchanged", str(error),
            "Make the task again with the same study and seed, and save it.",
        ) from error  # fmt: skip
    return task


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value


def _typed(key: pd.DataFrame) -> pd.DataFrame:
    return key.astype({c: float for c in ("weight",) if c in key})


def _pairs(values: Any, n: int) -> tuple[tuple[str, ...], ...]:
    if any(len(v) != n for v in values):
        raise ValueError(f"a list is not of {n}")
    return tuple(tuple(map(str, v)) for v in values)


def _choices(values: Any) -> tuple[Choice, ...]:
    return tuple(Choice(*v) for v in _pairs(values, 3))
