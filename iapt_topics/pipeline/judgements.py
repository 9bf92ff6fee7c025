"""Decisions that people make on a page: quotes, themes of topics, and disagreements of coders.

Each comes back as a file of the private folder that the study's plan then names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import hash_parts, write_whole
from iapt_topics._base.private import private_folder
from iapt_topics._base.sheets import private_csv
from iapt_topics.codes.codes import Codes
from iapt_topics.mapping.edits import write_edits
from iapt_topics.pipeline.decided import Decisions
from iapt_topics.pipeline.edits import Decidable
from iapt_topics.pipeline.judged import TASKS
from iapt_topics.pipeline.people import read_coders
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.pipeline.write import REPORT
from iapt_topics.publish.disclosure import parse_rule
from iapt_topics.qda.export import write_codes
from iapt_topics.study.study import Study
from iapt_topics.validation.adjudication import OPEN, build_gold, make_adjudication
from iapt_topics.validation.answers import Answers, read_answers
from iapt_topics.validation.judgements import (
    build_mapping_edits,
    build_quotes,
    make_mapping,
    make_quotes,
)
from iapt_topics.validation.task import ADJUDICATION, MAPPING, QUOTES, Task

#: Kinds of tasks by which one person, or a meeting, decides.
DECISIONS = (QUOTES, MAPPING, ADJUDICATION)


def draw_decision(kind: str, study: Study, plan: StudyPlan, rater: str, seed: int) -> Task:
    """Make a task of deciding, for one person or a meeting.

    Raises
    ------
    InputError
        If there is nothing to decide.
    """
    if kind == QUOTES:
        rule = plan.disclosure if parse_rule(plan.disclosure).noise == 0 else 10
        return make_quotes(study, rater=rater, disclosure=rule, seed=seed)
    if kind == MAPPING:
        return make_mapping(_proposed(study), rater=rater, seed=seed)
    coders = _coders(plan, study)
    return make_adjudication(coders, study.responses, study.mapping.frame, rater=rater, seed=seed)


def take_decision(
    task: Task, files: Sequence[Path], study: Study, plan: StudyPlan, *, force: bool = False
) -> tuple[StudyPlan, list[str]]:
    """Keep what was decided, and name it in the plan.

    Parameters
    ----------
    task : Task
        From :func:`draw_decision`.
    files : sequence of Path
        Answers to it.
    study : Study
        The one that it was drawn of.
    plan : StudyPlan
        Of the study.
    force : bool, default False
        Whether it may take the place of quotes or of a mapping that were decided before.

    Returns
    -------
    StudyPlan
        With the decisions.
    list of str
        What was decided, in words.

    Raises
    ------
    InputError
        If a file is refused, the study is another, or there are earlier decisions, unless by
        ``force``.
    """
    answers = read_answers(files, task)
    earlier = {QUOTES: plan.approved, MAPPING: plan.mapping_edits}.get(task.kind)
    if earlier is not None and not force:
        raise InputError(
            f"decisions on the {task.kind}", "must not be there already", str(earlier),
            "Use --force to take the new ones in their place.",
        )  # fmt: skip
    folder = private_folder(private_folder(plan.out / REPORT) / TASKS)
    if task.kind == QUOTES:
        quotes = build_quotes(task, answers).assign(decision="approve")
        text = private_csv(quotes)
        write_whole(folder / "new.csv", text, encoding="utf-8-sig", private=True)
        said = [f"Quotes: {len(quotes)} approved of {len(answers.table)} judged."]
        return replace(plan, approved=_keep(folder / "new.csv", "approved_quotes")), said
    if task.kind == MAPPING:
        edits = build_mapping_edits(task, answers, _proposed(study))
        counts = edits.table["decision"].value_counts()
        said = [f"Mapping: {', '.join(f'{n} {d}' for d, n in counts.items()) or 'no decision'}."]
        path = _keep(write_edits(folder / "new.json", edits), MAPPING)
        return replace(plan, mapping_edits=path), said
    return _take_gold(task, answers, study, plan, folder)


def _take_gold(
    task: Task, answers: Answers, study: Study, plan: StudyPlan, folder: Path
) -> tuple[StudyPlan, list[str]]:
    """Gold codes in place of the coders', with the trail of how each came about."""
    coders, frame = _coders(plan, study), study.mapping.frame
    gold = build_gold(coders, frame, task=task, answers=answers, single=True)
    counts = gold.trail["status"].value_counts()
    said = [f"Gold codes: {', '.join(f'{n:,} {status}' for status, n in counts.items())}."]
    if counts.get(OPEN, 0):
        said.append(f"{counts[OPEN]:,} response(s) are not in them until they are decided.")
    said.append(
        "Agreement between the coders was measured before: their codes stay in "
        f"{plan.codes}, which the study no longer uses."
    )
    write_whole(folder / "new.csv", private_csv(gold.trail), encoding="utf-8-sig", private=True)
    trail = _keep(folder / "new.csv", "gold_trail")
    said.append(f"How each came about: {trail}")
    write_whole(folder / "new.csv", "", private=True)
    write_codes(folder / "new.csv", [gold.codes], frame=frame)
    path = _keep(folder / "new.csv", "gold_codes")
    return replace(plan, codes=path, code_map=None, documents=None, unlisted="not_coded"), said


def _proposed(study: Study) -> Study:
    """The study with the mapping as the machine proposed it."""
    given = Decidable(study=study, fitted=study.topics, decided=Decisions())
    return replace(study, mapping=given.proposals)


def _coders(plan: StudyPlan, study: Study) -> list[Codes]:
    """Everyone who coded by hand."""
    if plan.codes is None:
        do = "Add them first: iapt-topics compare RESULTS --codes FILE."
        raise InputError("disagreements", "need the codes of two people", "none", do)
    if plan.frame is None:
        do = "Name one in study.toml: frame.use."
        raise InputError("disagreements", "need a codebook", "codes without one", do)
    every = read_coders(
        plan.codes, study.mapping.frame, study.responses, plan.code_map, plan.documents,
        plan.unlisted,
    )  # fmt: skip
    return [c for c in every if c.kind == "human"]


def _keep(part: Path, name: str) -> Path:
    """Give a file a name that its content decides."""
    digest = hash_parts([part.read_bytes()])[:8]
    return part.replace(part.with_name(f"{name}_{digest}{part.suffix}")).resolve()
