"""Codes, quotes and mappings as tasks, and what people answered as the library's own types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics.agreement.coders import AGAIN, plan_overlap
from iapt_topics.codes.codes import Codes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.edits import LOG, MappingEdits, topics_by_response
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.published import publish
from iapt_topics.publish.quotes import propose_quotes
from iapt_topics.study.study import Study
from iapt_topics.survey.redaction import safe_texts
from iapt_topics.survey.responses import Responses
from iapt_topics.validation.answers import Answers
from iapt_topics.validation.task import (
    CODING,
    MAPPING,
    MAY_NOTE,
    NONE,
    QUOTES,
    SENTENCE,
    Choice,
    Item,
    Task,
    build_task,
    make_secret,
    require_raters,
)

APPROVE, REJECT = "approve", "reject"


def make_coding(
    responses: Responses,
    frame: ThemeFrame,
    response_ids: Sequence[str],
    *,
    raters: Sequence[str] = ("A", "B"),
    overlap: float = 0.2,
    again: float = 0.0,
    seed: int = 7,
) -> Task:
    """Make a task of coding a sample blind: no machine code is shown, nor anyone else's.

    Parameters
    ----------
    responses : Responses
        The survey.
    frame : ThemeFrame
        The codebook; its codable themes are what may be chosen.
    response_ids : sequence of str
        Responses to code, e.g. of the ``table`` of :func:`iapt_topics.codes.next_to_code`.
    raters : sequence of str
        Names of the coders.
    overlap : float, default 0.2
        Part of the responses that all code, see :func:`iapt_topics.agreement.plan_overlap`.
    again : float, default 0
        Part of a coder's responses that come a second time.
    seed : int, default 7
        Of both parts and of the order.

    Returns
    -------
    Task
        Of kind "coding"; :func:`build_codes` makes ``Codes`` of the answers.

    Raises
    ------
    InputError
        If a response is not one that was kept, a theme's id is "none", or as for
        :func:`iapt_topics.agreement.plan_overlap`.
    """
    require_raters(raters)
    choices = theme_choices(frame)
    plan = plan_overlap(response_ids, raters, overlap=overlap, again=again, seed=seed)
    ids = list(map(str, response_ids))
    texts = dict(zip(ids, kept_texts(responses, ids), strict=True))
    kept = responses.kept.set_index("response_id")
    # The second time is an item of its own, so that the first answer does not stand there.
    second = list(dict.fromkeys(plan.loc[plan["part"] == AGAIN, "response_id"]))
    units = [(i, False) for i in ids] + [(i, True) for i in second]
    places = {unit: k for k, unit in enumerate(units)}
    parts = [(_question(kept, i), ("Response", texts[i])) for i, _ in units]
    rows = zip(plan["coder"], plan["response_id"], plan["part"] == AGAIN, strict=True)
    assigned: dict[str, list[int]] = {rater: [] for rater in raters}
    for rater, response, repeated in rows:
        assigned[rater].append(places[response, bool(repeated)])
    return build_task(
        CODING,
        make_secret(responses, seed, CODING),
        (
            f"Coding by {frame.title or frame.name}",
            "Read the response and choose every theme that it mentions, or that none applies.",
            "Press / to search the themes by a word.",
        ),
        [
            (Item(tuple(p for p in both if p[1])), {"response": i, "again": repeated})
            for both, (i, repeated) in zip(parts, units, strict=True)
        ],
        assigned,
        choices=choices,
        several=True,
        note=MAY_NOTE,
    )


def theme_choices(frame: ThemeFrame) -> list[Choice]:
    """None, and each codable theme with its definition."""
    if any(t.id == NONE for t in frame.codable):
        raise InputError(
            "the frame", f"must have no theme with the id {NONE!r}", "one",
            "Give it another id: the word stands for no theme.",
        )  # fmt: skip
    themes = [Choice(t.id, t.label, t.definition) for t in frame.codable]
    return [Choice(NONE, "None of the themes"), *themes]


def kept_texts(responses: Responses, ids: Sequence[str]) -> list[str]:
    """Redacted texts of responses that were kept."""
    known = set(responses.kept["response_id"])
    if other := [i for i in ids if i not in known]:
        raise InputError(
            "response_ids", "must be of responses that were kept", listed(other), "Check the ids."
        )
    return safe_texts(responses, ids)


def _question(kept: pd.DataFrame, response_id: str) -> tuple[str, str]:
    return "Question", str(kept.at[response_id, "question"]) if "question" in kept else ""


def require_answers(task: Task, answers: Answers, kind: str) -> pd.DataFrame:
    """The answers with the key of their items.

    Raises
    ------
    InputError
        If the task is of another kind, or the answers to another task.
    """
    if task.kind != kind:
        raise InputError("task", f"must be of kind {kind!r}", repr(task.kind), "Use its own task.")
    if answers.task != task.fingerprint:
        raise InputError(
            "answers", "must be to this task", "those to another", "Use read_answers() with it."
        )
    return answers.table.merge(task.key, on="item", how="left", validate="many_to_one")


def build_codes(
    task: Task, answers: Answers, responses: Responses, frame: ThemeFrame, *, again: bool = False
) -> tuple[Codes, ...]:
    """Build the codes of each coder from their answers to a coding task.

    Parameters
    ----------
    task : Task
        From :func:`make_coding`.
    answers : Answers
        From :func:`read_answers`.
    responses : Responses
        The survey, for respondents.
    frame : ThemeFrame
        The codebook of the task.
    again : bool, default False
        Whether to take what came a second time, to compare with the first by
        :func:`iapt_topics.compare_codes`: agreement of a coder with themselves.

    Returns
    -------
    tuple of Codes
        One for each coder with an answer, in the order of the raters.

    Raises
    ------
    InputError
        If the task is another, or its themes are not those of the frame.
    """
    rows = require_answers(task, answers, CODING)
    themes = tuple(t.id for t in frame.codable)
    if [c[0] for c in task.choices] != [NONE, *themes]:
        raise InputError(
            "frame", "must have the themes of the task", "others", "Use the frame of make_coding()."
        )
    rows = rows[rows["again"] == again]
    out = []
    labels = {t.id: t.label for t in frame.codable}
    for rater in dict.fromkeys([*task.raters, *rows["rater"]]):
        own = rows[rows["rater"] == rater]
        if not len(own):
            continue
        pairs = [
            (response, value, np.nan)
            for response, values in zip(own["response"], own["values"], strict=True)
            for value in values
            if value != NONE
        ]
        codes = Codes(
            coder=f"{rater}, again" if again else rater,
            kind="human",
            themes=themes,
            seen=pd.DataFrame({"response_id": own["response"].to_numpy(), "respondent_id": ""}),
            table=pd.DataFrame(pairs, columns=["response_id", "theme", "score"]),
            labels=labels,
        )
        out.append(codes.with_respondents(responses))
    return tuple(out)


def make_quotes(
    study: Study,
    *,
    rater: str = "",
    disclosure: int | str | Disclosure = 10,
    seed: int = 7,
) -> Task:
    """Make a task of approving quotes: the candidates of :func:`iapt_topics.publish.write_quotes`.

    Parameters
    ----------
    study : Study
        The survey, its codes and topics.
    rater : str, default ""
        Who approves; by default whoever opens the page, who then writes their name.
    disclosure : int, str or Disclosure, default 10
        As for :func:`iapt_topics.publish.publish`.
    seed : int, default 7
        Of the ids.

    Returns
    -------
    Task
        Of kind "quotes"; :func:`build_quotes` makes of the answers what
        :func:`iapt_topics.publish.publish` takes.

    Raises
    ------
    InputError
        If there is nothing that may be quoted.
    """
    published = publish(study, disclosure, quotes=False)
    items, key = [], []
    for response_id, quote in propose_quotes(study, published.tables):
        label = published.labels[quote.theme] if quote.theme else f"Topic {quote.topic}"
        parts = [("Quoted for", label), (SENTENCE, quote.sentence), ("Printed", quote.text)]
        items.append(Item(tuple(p for p in parts if p[1])))
        key.append(
            {"response": response_id, "theme": quote.theme, "case": quote.case, "text": quote.text}
        )
    return build_task(
        QUOTES,
        make_secret(study.responses, seed, QUOTES),
        (
            "Quotes to approve",
            "Each is a response that may be quoted in the public report. Nothing is printed unless "
            "you approve it.",
            "Is it on the theme? Could a colleague or manager recognise who wrote it? Redaction by "
            "machine misses names, places and events.",
        ),
        list(zip(items, key, strict=True)),
        {rater: range(len(items))},
        choices=[Choice(APPROVE, "Approve"), Choice(REJECT, "Reject")],
        note=MAY_NOTE,
    )


def build_quotes(task: Task, answers: Answers) -> pd.DataFrame:
    """Build the approved quotes from answers to a task of quotes.

    Parameters
    ----------
    task : Task
        From :func:`make_quotes`.
    answers : Answers
        From :func:`read_answers`. Where several people judged, all have to approve.

    Returns
    -------
    DataFrame
        As :func:`iapt_topics.publish.read_quotes` gives them: ``response_id``, ``theme``, ``case``,
        ``text``, ``approved_by``, ``paraphrase`` ("").

    Raises
    ------
    InputError
        If the task or the answers are others.
    """
    rows = require_answers(task, answers, QUOTES)
    rows = rows.assign(yes=[v == (APPROVE,) for v in rows["values"]])
    by_item = rows.groupby("item", sort=False)
    all_yes = rows[by_item["yes"].transform("all")]
    names = all_yes.groupby("item", sort=False)["rater"].agg(", ".join)
    kept = task.key[task.key["item"].isin(names.index)]
    return pd.DataFrame(
        {
            "response_id": kept["response"].to_numpy(),
            "theme": kept["theme"].to_numpy(),
            "case": kept["case"].to_numpy(),
            "text": kept["text"].to_numpy(),
            "approved_by": kept["item"].map(names).to_numpy(),
            "paraphrase": "",
        }
    )


def make_mapping(study: Study, *, rater: str = "", seed: int = 7) -> Task:
    """Make a task of deciding which themes a topic stands for, the machine's proposals beside.

    Parameters
    ----------
    study : Study
        Its topics, their exemplars and mapping.
    rater : str, default ""
        Who decides; by default whoever opens the page.
    seed : int, default 7
        Of the ids.

    Returns
    -------
    Task
        Of kind "mapping"; :func:`build_mapping_edits` makes of the answers what
        :func:`iapt_topics.mapping.apply_edits` takes.
    """
    mapping, topics = study.mapping, study.topics
    proposed = mapping.table[mapping.table["theme"] != ""]
    items, key = [], []
    for row in topics.topics.to_dict("records"):
        own = proposed[proposed["topic"] == row["topic"]]
        examples = safe_texts(study.responses, [str(i) for i in row["exemplars"]][:3])
        pairs = zip(own["theme_label"], own["score"], strict=True)
        said = [f"{label} (score {score:.2f})" for label, score in pairs]
        parts = [
            (f"Topic {row['topic']}, {int(row['n'])} responses", str(row["words"])),
            *(("Typical response", text) for text in examples),
            ("The machine proposes", "\n".join(said) or "no theme"),
        ]
        items.append(Item(tuple(p for p in parts if p[1])))
        key.append({"topic": int(row["topic"]), "label": str(row["label"]),
                    "proposed": tuple(own["theme"])})  # fmt: skip
    return build_task(
        MAPPING,
        make_secret(study.responses, seed, MAPPING),
        (
            "Themes of the topics",
            "Choose every theme that the topic stands for, or that none fits: the machine's "
            "proposals again where they are right.",
            "Say why wherever you differ from the machine.",
        ),
        list(zip(items, key, strict=True)),
        {rater: range(len(items))},
        choices=theme_choices(mapping.frame),
        several=True,
        note=MAY_NOTE,
    )


def build_mapping_edits(task: Task, answers: Answers, study: Study) -> MappingEdits:
    """Build decisions on a mapping from one person's answers.

    Parameters
    ----------
    task : Task
        From :func:`make_mapping`.
    answers : Answers
        From :func:`read_answers`, of one person. A topic without an answer stays as proposed.
    study : Study
        The one that the task was made of.

    Returns
    -------
    MappingEdits
        Accepted, rejected and added pairs with who, when and why.

    Raises
    ------
    InputError
        If several people answered, the study's proposals are others, or a person differs from the
        machine without saying why.
    """
    rows = require_answers(task, answers, MAPPING)
    if rows["rater"].nunique() > 1:
        raise InputError(
            "answers", "must be of one person", listed(rows["rater"].unique()),
            "Settle the mapping together, and give the answers of that meeting.",
        )  # fmt: skip
    now = study.mapping.table
    log: list[tuple[Any, ...]] = []
    for row in rows.to_dict("records"):
        own = tuple(now.loc[(now["topic"] == row["topic"]) & (now["theme"] != ""), "theme"])
        if own != tuple(row["proposed"]):
            raise InputError(
                f"the mapping of topic {row['topic']}", "must be that of the task",
                f"proposals {listed(own)}", "Use the study that the task was made of.",
            )  # fmt: skip
        chosen = [v for v in row["values"] if v != NONE]
        decided = [(t, "accept" if t in chosen else "reject") for t in own]
        decided += [(t, "add") for t in chosen if t not in own]
        if not chosen and not own:
            decided = [("", "accept")]
        if any(d != "accept" for _, d in decided) and not row["note"].strip():
            raise InputError(
                f"the decision on topic {row['topic']}", "must say why it differs from the machine",
                "no reason", "Open the page, write why, and export it again.",
            )  # fmt: skip
        log += [
            (row["topic"], row["label"], t, d, row["rater"], row["when"], row["note"], "")
            for t, d in decided
        ]
    return MappingEdits(
        table=pd.DataFrame(log, columns=LOG), topic_of=topics_by_response(study.topics)
    )
