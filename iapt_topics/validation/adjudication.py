"""Disagreements among coders to one page, decisions back, and gold codes whose trail replays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns, require_unique
from iapt_topics._base.result import Result
from iapt_topics.codes.codes import PROBABILITY, Codes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.survey.responses import Responses
from iapt_topics.validation.answers import Answers
from iapt_topics.validation.judgements import kept_texts, require_answers, theme_choices
from iapt_topics.validation.task import (
    ADJUDICATION,
    MUST_NOTE,
    NONE,
    Item,
    Task,
    build_task,
    make_secret,
)

#: How a response came by its gold codes, or did not.
AGREED, DECIDED, ALONE, OPEN = "agreed", "decided", "one coder", "open"
TRAIL = ["response_id", "status", "themes", "coders", "who", "when", "why"]
#: Themes that each coder applied to a response, by name.
_Sets = dict[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Gold(Result):
    """Codes that coders agreed on or a person decided, and how each came about.

    Attributes
    ----------
    codes : Codes
        Coder "gold": responses with the status "agreed", "decided" or "one coder".
    trail : pandas.DataFrame
        Key ``response_id``: ``status`` ("agreed", "decided", "one coder", or "open" where a
        disagreement was not decided, which is not in the codes); ``themes`` (JSON list of the gold
        themes, "" if open); ``coders`` (JSON object: what each coder applied); ``who``, ``when``,
        ``why`` (of the decision; "" otherwise). All text, so that it can be kept as ``.csv``.
    """

    codes: Codes
    trail: pd.DataFrame

    def _title(self) -> str:
        counts = self.trail["status"].value_counts()
        return "Gold codes: " + ", ".join(f"{n:,} {s}" for s, n in counts.items())

    def _shown(self) -> dict[str, pd.DataFrame]:
        counts = self.trail["status"].value_counts().rename("n")
        return {"responses": counts.rename_axis("status").reset_index()}


def make_adjudication(
    coders: Sequence[Codes],
    responses: Responses,
    frame: ThemeFrame,
    *,
    response_ids: Sequence[str] | None = None,
    rater: str = "",
    seed: int = 7,
) -> Task:
    """Make a task of the responses on which coders disagree, for one person or a meeting to decide.

    Parameters
    ----------
    coders : sequence of Codes
        Two at least, by the frame. They are shown by number, not by name.
    responses : Responses
        The survey.
    frame : ThemeFrame
        The codebook.
    response_ids : sequence of str, optional
        Decide disagreements on these alone, e.g. a random sample; by default on all.
    rater : str, default ""
        Who decides; by default whoever opens the page.
    seed : int, default 7
        Of the ids, and of which coder is which number on each item.

    Returns
    -------
    Task
        Of kind "adjudication", a reason required for each decision.

    Raises
    ------
    InputError
        If there are fewer than two coders or no disagreement, or a theme is not in the frame.
    """
    sets = _sets_by_response(coders, frame)
    apart = [i for i, of in sets.items() if len(of) > 1 and len(set(of.values())) > 1]
    if response_ids is not None:
        apart = [i for i in apart if i in set(map(str, response_ids))]
    if not apart:
        raise InputError(
            "coders", "must disagree on a response at least", "no disagreement",
            "build_gold() needs no decision then: leave the task out.",
        )  # fmt: skip
    rng = np.random.default_rng(seed)
    labels = {t.id: t.label for t in frame.codable}
    texts = kept_texts(responses, apart)
    items = []
    for response, text in zip(apart, texts, strict=True):
        of = list(sets[response].values())
        shown = [of[k] for k in rng.permutation(len(of))]
        parts = [
            (f"Coder {k}", "; ".join(labels[t] for t in themes) or "none of the themes")
            for k, themes in enumerate(shown, 1)
        ]
        items.append(Item((*parts, ("Response", text))))
    return build_task(
        ADJUDICATION,
        make_secret(responses, seed, ADJUDICATION),
        (
            "Disagreements to decide",
            "Coders applied different themes to these responses. Choose every theme that the "
            "response mentions by the codebook, or that none applies, and say why.",
            "The decision need not be one of the coders'. Coders change numbers between items.",
        ),
        [(item, {"response": i}) for item, i in zip(items, apart, strict=True)],
        {rater: range(len(items))},
        choices=theme_choices(frame),
        several=True,
        note=MUST_NOTE,
    )


def build_gold(
    coders: Sequence[Codes],
    frame: ThemeFrame,
    *,
    task: Task | None = None,
    answers: Answers | None = None,
    single: bool = False,
) -> Gold:
    """Build gold codes: where coders agree, theirs; where they do not, what was decided.

    Parameters
    ----------
    coders : sequence of Codes
        As for :func:`make_adjudication`.
    frame : ThemeFrame
        The codebook.
    task, answers : Task and Answers, optional
        The disagreements and the decisions on them; may be left out where there are none.
    single : bool, default False
        Whether responses that one coder alone coded are taken as coded.

    Returns
    -------
    Gold
        Codes, and the trail of how each response came by them.

    Raises
    ------
    InputError
        If the decisions are to another task, two people decided differently, or a response of the
        task is none on which these coders disagree.
    """
    sets = _sets_by_response(coders, frame)
    if (task is None) != (answers is None):
        raise InputError(
            "build_gold()", "needs the task and its answers together", "one of them", "Pass both."
        )
    decided: dict[str, tuple[tuple[str, ...], str, str, str]] = {}
    if task is not None and answers is not None:
        rows = require_answers(task, answers, ADJUDICATION)
        for row in rows.to_dict("records"):
            response = row["response"]
            of = sets.get(response, {})
            if len(set(of.values())) < 2:
                raise InputError(
                    f"the decision on {response!r}", "must be on a disagreement of these coders",
                    "none", "Use the coders that the task was made of.",
                )  # fmt: skip
            themes = tuple(v for v in row["values"] if v != NONE)
            if response in decided and decided[response][0] != themes:
                raise InputError(
                    f"the decision on {response!r}", "must be one", "two that differ",
                    "Settle it, and give the answers of one person or of the meeting.",
                )  # fmt: skip
            decided.setdefault(response, (themes, row["rater"], row["when"], row["note"]))
    trail = []
    for response, of in sets.items():
        what = set(of.values())
        themes, who, when, why = next(iter(what)), "", "", ""
        if len(what) > 1:
            status = DECIDED if response in decided else OPEN
            if status == DECIDED:
                themes, who, when, why = decided[response]
        else:
            status = AGREED if len(of) > 1 else ALONE
            if status == ALONE and not single:
                continue
        kept = "" if status == OPEN else _as_json(themes)
        trail.append((response, status, kept, _as_json(of), who, when, why))
    table = pd.DataFrame(trail, columns=TRAIL, dtype=str)
    return Gold(codes=replay_gold(table, coders, frame), trail=table)


def replay_gold(trail: pd.DataFrame, coders: Sequence[Codes], frame: ThemeFrame) -> Codes:
    """Make the gold codes again from their trail and the coders' codes.

    Parameters
    ----------
    trail : pandas.DataFrame
        Of :class:`Gold`, perhaps kept as ``.csv`` and read again.
    coders : sequence of Codes
        Those that it was made of. What they applied has to be what the trail says.
    frame : ThemeFrame
        The codebook.

    Returns
    -------
    Codes
        The gold codes.

    Raises
    ------
    InputError
        If a coder's codes are not those of the trail, or the trail contradicts itself.
    """
    require_columns(trail, TRAIL, "the trail")
    require_unique(trail["response_id"].astype(str), "the trail: response_id", "Keep one row each.")
    sets = _sets_by_response(coders, frame)
    themes = tuple(t.id for t in frame.codable)
    who: dict[str, str] = {}
    for codes in coders:
        rows = codes.seen[["response_id", "respondent_id"]].itertuples(index=False, name=None)
        for response, person in rows:
            who[response] = who.get(response) or person
    seen, table = [], []
    for row in trail.fillna("").astype(str).to_dict("records"):
        response, what = row["response_id"], f"the trail of {row['response_id']!r}"
        of = sets.get(response)
        if of is None or _as_json(of) != row["coders"]:
            raise InputError(
                what, "must have what these coders applied", "other codes",
                "Use the coders that it was made of, or decide anew.",
            )  # fmt: skip
        if row["status"] == OPEN:
            continue
        gold = _from_json(row["themes"], what)
        agreed = len(set(of.values())) == 1
        fits = {
            AGREED: len(of) > 1 and agreed and gold in of.values(),
            ALONE: len(of) == 1 and gold in of.values(),
            DECIDED: not agreed and bool(row["who"] and row["when"] and row["why"]),
        }
        if not fits.get(row["status"], False) or not set(gold) <= set(themes):
            raise InputError(
                what, "must follow from the coders or from a decision with who, when and why",
                f"status {row['status']!r}", "Leave the trail as it was made.",
            )  # fmt: skip
        seen.append((response, who[response]))
        table += [(response, theme, np.nan) for theme in gold]
    decided = {i for i, _ in seen}
    coded = pd.DataFrame(seen, columns=["response_id", "respondent_id"])
    # How responses were drawn stays with them, or the gold codes would pass for evenly drawn.
    chance: dict[str, float] = {}
    for codes in reversed(coders):
        chance |= codes.probabilities
    if chance:
        coded[PROBABILITY] = coded["response_id"].map(chance)
    return Codes(
        coder="gold",
        kind="human",
        themes=themes,
        seen=coded,
        table=pd.DataFrame(table, columns=["response_id", "theme", "score"]),
        labels={t.id: t.label for t in frame.codable},
        picked=frozenset[str]().union(*(c.picked for c in coders)) & decided,
        sealed=frozenset[str]().union(*(c.sealed for c in coders)) & decided,
    )


def _sets_by_response(coders: Sequence[Codes], frame: ThemeFrame) -> dict[str, _Sets]:
    """What each coder applied to each response, in the order of the frame."""
    if len(coders) < 2:
        raise InputError("coders", "must be two at least", str(len(coders)), "Give all in a list.")
    require_unique([c.coder for c in coders], "the coders' names", "Give each another name.")
    order = {t.id: k for k, t in enumerate(frame.codable)}
    out: dict[str, _Sets] = {}
    for codes in coders:
        if set(codes.themes) != set(order):
            other = sorted(set(codes.themes) ^ set(order))
            raise InputError(
                f"the codes of {codes.coder!r}", "must be by the themes of the frame",
                listed(other), "Code by one codebook.",
            )  # fmt: skip
        of: dict[str, list[str]] = {i: [] for i in codes.seen["response_id"]}
        for response, theme in zip(codes.table["response_id"], codes.table["theme"], strict=True):
            of[response].append(theme)
        for response, themes in of.items():
            ordered = tuple(sorted(themes, key=order.__getitem__))
            out.setdefault(response, {})[codes.coder] = ordered
    return dict(sorted(out.items()))


def _as_json(value: Mapping[str, Sequence[str]] | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _from_json(text: str, what: str) -> tuple[str, ...]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(v, str) for v in found):
        raise InputError(
            what, "must have its themes as a JSON list", text[:80], "Leave it as it was."
        )
    return tuple(found)
