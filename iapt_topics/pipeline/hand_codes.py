"""Codes that people made on a page, back into a study: read, joined with those it has, kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.events import OnEvent, ignore
from iapt_topics._base.files import write_whole
from iapt_topics._base.private import private_folder
from iapt_topics.codes.codes import Codes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.load import load_frame
from iapt_topics.pipeline.execute_plan import load_survey
from iapt_topics.pipeline.judged import TASKS, kept_tasks
from iapt_topics.pipeline.keys import RANDOM
from iapt_topics.pipeline.people import read_coders
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.pipeline.write import REPORT
from iapt_topics.qda.export import write_codes
from iapt_topics.survey.redaction import redact_responses
from iapt_topics.survey.responses import Responses
from iapt_topics.validation.answers import find_task, read_answers
from iapt_topics.validation.judgements import build_codes
from iapt_topics.validation.task import CODING


def join_codes(earlier: Sequence[Codes], new: Sequence[Codes], *, force: bool) -> list[Codes]:
    """Hand codes of before and new ones, by coder.

    Raises
    ------
    InputError
        If a coder has coded a response twice and otherwise, unless by ``force``: the new one then
        stands. Or if those of before are not of every theme, so that a theme that nobody looked
        for would become one that is not there.
    """
    out = {c.coder: c for c in earlier}
    if partial := [c.coder for c in earlier if set(c.themes) != set(new[0].themes)]:
        raise InputError(
            "the study's codes", "must be of every theme, to be joined with new ones",
            f"fewer of {listed(partial)}", "Keep the new ones apart, and name one file as codes.",
        )  # fmt: skip
    for codes in new:
        before = out.get(codes.coder)
        if before is None:
            out[codes.coder] = codes
            continue
        both = set(before.seen["response_id"]) & set(codes.seen["response_id"])
        ids = sorted(both)
        differ = [
            i for i, a, b in zip(
                ids, before.matrix(ids, codes.themes), codes.matrix(ids, codes.themes), strict=True
            ) if not np.array_equal(a, b)
        ]  # fmt: skip
        if differ and not force:
            raise InputError(
                f"the codes of {codes.coder!r}", "must be one for each response",
                f"others than before for {listed(differ)}",
                "Use --force to take the new ones in their place.",
            )  # fmt: skip
        seen, table = (t[~t["response_id"].isin(both)] for t in (before.seen, before.table))
        out[codes.coder] = replace(
            before,
            seen=pd.concat([seen, codes.seen], ignore_index=True),
            table=pd.concat([table, codes.table], ignore_index=True),
            evidence=None,
        )
    return list(out.values())


def coded_by_people(plan: StudyPlan, responses: Responses, frame: ThemeFrame) -> Codes | None:
    """What any person has coded already, as one coder's, so that none of it is drawn again."""
    people = [c for c in _earlier(plan, responses, frame) if c.kind == "human"]
    if not people:
        return None
    seen = pd.concat([c.seen for c in people]).drop_duplicates("response_id", ignore_index=True)
    return replace(people[0], seen=seen)


def _earlier(plan: StudyPlan, responses: Responses, frame: ThemeFrame) -> list[Codes]:
    if plan.codes is None:
        return []
    return read_coders(
        plan.codes, frame, responses, plan.code_map, plan.documents, plan.unlisted
    )  # fmt: skip


def add_codes(
    plan: StudyPlan, files: Sequence[Path], *, force: bool = False, on_event: OnEvent = ignore
) -> tuple[StudyPlan, list[str]]:
    """Join codes that came back from people with those of a plan, in a new file.

    Parameters
    ----------
    plan : StudyPlan
        Whose folder of results has the tasks of coding.
    files : sequence of Path
        Files of answers to them.
    force : bool, default False
        As for :func:`join_codes`.
    on_event : callable, optional
        Called with an :class:`iapt_topics.Event` for what was found out about the survey.

    Returns
    -------
    StudyPlan
        With the new file as its codes; that of before stays where it is.
    list of str
        What was done, by coder.

    Raises
    ------
    InputError
        If a file is to no such task or is refused, or as for :func:`join_codes`.
    """
    tasks = list(kept_tasks(plan, (CODING,)).values())
    if not tasks:
        do = "Draw a sample first: iapt-topics sample RESULTS --raters NAMES."
        raise InputError("the study", "must have a sample to code", "none", do)
    if plan.frame is None:
        raise InputError(
            "a sample to code", "needs a codebook", "none", "Name one in study.toml: frame.use."
        )
    responses, _ = redact_responses(load_survey(plan, on_event), deny=plan.deny, names=plan.names)
    frame = load_frame(plan.frame)
    new: list[Codes] = []
    said = []
    of = {file: find_task(file, tasks) for file in files}
    for task in tasks:
        own = [file for file, its in of.items() if its is task]
        if own:
            new += build_codes(task, read_answers(own, task), responses, frame)
    if not new:
        raise InputError("the answers", "must have one at least", "none", "Wait for the coders.")
    earlier = _earlier(plan, responses, frame)
    joined = join_codes(earlier, new, force=force)
    known = {c.coder: len(c.seen) for c in earlier}
    totals = {c.coder: len(c.seen) for c in joined}
    for codes in new:
        text = f"{codes.coder}: {len(codes.seen):,} responses coded"
        before = known.get(codes.coder, 0)
        said.append(
            f"{text}; {totals[codes.coder]:,} with those of before." if before else f"{text}."
        )
    folder = private_folder(plan.out / REPORT / TASKS)
    places = (folder / f"hand_codes_{k}.csv" for k in count(1))
    path = next(p for p in places if not p.exists())
    write_whole(path, "", private=True)
    write_codes(path, joined, frame=frame)
    sample = plan.codes_sample if earlier else RANDOM  # how those of before were drawn is not known
    told: dict[str, Any] = {
        "code_map": None,
        "documents": None,
        "unlisted": "not_coded",
        "codes_sample": sample,
    }
    return replace(plan, codes=path.resolve(), **told), said
