"""A study's plan carried out: files read, stages run or taken up again, results put in place."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial as partial_of
from pathlib import Path

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics._base.files import claimed, scratch_folder, write_whole
from iapt_topics._base.private import private_folder, refuse_link, refuse_links
from iapt_topics._base.threads import one_thread_for_few
from iapt_topics.datasets.example import mark_example
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.pipeline.decided import describe_decided, read_decided
from iapt_topics.pipeline.further import further_tables
from iapt_topics.pipeline.history import HISTORY, add_run
from iapt_topics.pipeline.judged import mark_study, score_tests, tables_of_tests
from iapt_topics.pipeline.keys import PURPOSIVE
from iapt_topics.pipeline.later_wave import place_wave, require_settled
from iapt_topics.pipeline.lesson import prepare_lesson, tables_of_lesson
from iapt_topics.pipeline.looks import count_look, record_look
from iapt_topics.pipeline.manifest import (
    MANIFEST,
    read_manifest,
    remove_manifest,
    require_own_manifest,
    with_names,
)
from iapt_topics.pipeline.people import codes_of, read_people
from iapt_topics.pipeline.plan import PLAN, StudyPlan, plan_text, read_plan
from iapt_topics.pipeline.run import (
    CodedSurvey,
    Setup,
    code_survey,
    complete_study,
    run_stages,
)
from iapt_topics.pipeline.saved import tables_once
from iapt_topics.pipeline.write import PRIVATE, PUBLIC, REPORT, write_study
from iapt_topics.publish.quotes_sheet import read_quotes
from iapt_topics.study.study import Study
from iapt_topics.survey.join_waves import join_waves
from iapt_topics.survey.redaction import count_redactions, redact_responses
from iapt_topics.survey.responses import Responses, load_responses
from iapt_topics.survey.withdrawn import Withdrawn
from iapt_topics.topics.topics import TopicConfig

#: List of respondents who withdrew, in a folder of results.
WITHDRAWN = "withdrawn.json"


def run_plan(
    plan: StudyPlan, encoder: Encoder, *, on_event: OnEvent = ignore, partial: bool = False
) -> Study:
    """Run every stage of a plan, from its files to a study.

    Parameters
    ----------
    plan : StudyPlan
        From :func:`read_plan`, or made in Python.
    encoder : Encoder
        For example ``sentence_encoder(plan.model, cache=plan.out / "cache")``.
    on_event : callable, optional
        Called with an :class:`iapt_topics.Event` for what was found out about the files, and as for
        :func:`iapt_topics.run_study`.
    partial : bool, default False
        Whether decisions of people that cannot be carried out any more are notes, not errors, as
        for one who is about to decide anew.

    Returns
    -------
    Study
        Fitted topics are kept in the folder ``cache`` of ``plan.out`` and taken up again, so a run
        that was stopped, or one with other codes, baseline or report, is quick and gives the same
        topics.

    Raises
    ------
    InputError
        Whatever a file or a stage cannot use.
    """
    _require_own(plan.out)  # before the long stages
    plan = with_withdrawn(plan)
    cache = plan.out / "cache"
    # The log stays in the process: it would undo what is redacted.
    responses, log = redact_responses(
        load_survey(plan, on_event), deny=plan.deny, names=plan.names, redact_text=plan.redact_text
    )
    everyone = _everyone(plan, responses)
    frame, human = read_people(
        plan.codes, plan.frame, everyone, plan.code_map, on_event,
        purposive=plan.codes_sample == PURPOSIVE,
        documents=plan.documents, unlisted=plan.unlisted,
    )  # fmt: skip
    if everyone is not responses:
        human = tuple(codes_of(responses, codes) for codes in human)
    if plan.approved is not None:
        _approved(plan, responses)  # before the long stages
    decided = read_decided(plan, partial=partial)
    lesson = prepare_lesson(plan, frame, responses, human)
    if lesson is not None:
        human = (replace(human[0], sealed=lesson.tested), *human[1:])
    setup = Setup(
        human=human,
        config=topic_config(plan),
        baseline=plan.baseline,
        cache=cache,
        on_event=on_event,
        decided=decided,
        lesson=lesson,
    )
    study = run_stages(responses, frame, encoder, setup, partial_of(_placed, plan))
    if said := describe_decided(plan, decided):
        study = replace(study, manifest={**study.manifest, "decisions": said})
    study = with_names(study, plan.names)
    with one_thread_for_few(len(responses)):
        study = complete_study(study, plan.standardise, own_frame=plan.frame is None, cache=cache)
    study = mark_study(study, plan, on_event)
    return replace(study, redactions=count_redactions(log))


def earlier_plan(plan: StudyPlan) -> StudyPlan:
    """The plan of the earlier waves, on whose topics a plan's wave is placed."""
    assert plan.after is not None
    earlier = with_withdrawn(read_plan(plan.after))
    if earlier.out.resolve() == plan.out.resolve():
        raise InputError(
            "survey.after", "must be another folder than that of these results", str(plan.out),
            "Give --out a new folder.",
        )  # fmt: skip
    require_settled(plan, earlier)
    return earlier


def _placed(
    plan: StudyPlan, responses: Responses, frame: ThemeFrame, encoder: Encoder, setup: Setup
) -> CodedSurvey:
    """The survey of a plan coded; a later wave is placed on what the earlier study has kept."""
    if plan.after is None:
        return code_survey(responses, frame, encoder, setup)
    earlier = earlier_plan(plan)
    _require_own(earlier.out)
    own = Setup(
        config=topic_config(earlier),
        cache=earlier.out / "cache",
        on_event=setup.on_event,
        decided=read_decided(earlier),
    )
    before = redact_survey(earlier, load_survey(earlier, ignore))
    with claimed(earlier.out):
        coded = _placed(earlier, before, frame, encoder, own)
    return place_wave(coded, responses, frame, encoder, setup)


def topic_config(plan: StudyPlan) -> TopicConfig:
    """Settings of the topics of a plan."""
    return TopicConfig(
        seed=plan.seed, n_runs=plan.n_runs, n_topics=plan.n_topics,
        min_topic_size=plan.min_topic_size, min_support=plan.min_support, model=plan.topic_model,
    )  # fmt: skip


def write_results(study: Study, plan: StudyPlan, command: Sequence[str] = ()) -> dict[str, Path]:
    """Write a study to the folder of its plan, with the plan: all of it, or nothing.

    Parameters
    ----------
    study : Study
        From :func:`run_plan`.
    plan : StudyPlan
        The same.
    command : sequence of str, optional
        As for :func:`iapt_topics.pipeline.write_study`.

    Returns
    -------
    dict of str to Path
        As :func:`iapt_topics.pipeline.write_study`. Files are written apart and put in place at the
        end. The results of an earlier run stay until then; those that are no longer made are
        removed, and nothing else in the folder is touched.
    """
    _require_own(plan.out)
    plan = with_withdrawn(plan)
    with scratch_folder(plan.out, "next") as part, one_thread_for_few(len(study.responses)):
        # The reports have the verdicts of the certificate.
        certified = "certificate" in tables_once(plan.out / "cache", study)
        written = write_study(
            part,
            study,
            disclosure=plan.disclosure,
            quotes=_approved(plan, study.responses) if plan.approved else plan.quotes,
            command=command,
            record=plan.out,
            more=tables_of_tests(score_tests(study, plan))
            | tables_of_lesson(study.manifest)
            | further_tables(study, plan),
            looks=count_look(plan.out, study.codes, study.human[0]) if certified else 0,
        )
        # It names the researcher's files, as the manifest does.
        write_whole(part / PLAN, plan_text(plan, plan.out / PLAN), private=True)
        with _undisturbed():
            _put_in_place(part, plan.out)
    if certified:
        record_look(plan.out, study.codes, study.human[0])
    add_run(plan.out, study, plan)
    return {name: plan.out / path.relative_to(part) for name, path in written.items()}


def load_survey(
    plan: StudyPlan, on_event: OnEvent, withdrawn: Withdrawn | None = None
) -> Responses:
    """Load the survey of a plan, with a note for each finding; with another list than its own.

    That of a later wave has the earlier waves, too.
    """
    earlier = None if plan.after is None else earlier_plan(plan)
    responses = load_responses(
        plan.file,
        text=plan.text[0] if len(plan.text) == 1 else plan.text,
        year=plan.year,
        respondent=plan.respondent,
        response=plan.response,
        question=plan.question,
        covariates=list(dict.fromkeys((*plan.covariates, *plan.standardise, *plan.groups))),
        weight=plan.weight,
        waves=plan.waves,
        language=plan.language,
        non_answers=plan.non_answers,
        skip_hidden=plan.skip_hidden,
        withdrawn=withdrawn or plan.withdrawn,
    )
    for found in responses.notes:
        on_event(Event("note", found))
    responses = mark_example(responses, plan.file)
    if earlier is None:
        return responses
    before = load_survey(replace(earlier, withdrawn=plan.withdrawn), ignore)
    numbered = plan.response is None
    return join_waves(before, responses, numbered=numbered, named=bool(plan.waves))


def with_withdrawn(plan: StudyPlan) -> StudyPlan:
    """The plan with the list of respondents who withdrew that lies in its folder of results.

    So a run by an older plan, or by options, does not count them again. A later wave goes by the
    list of the earlier study.
    """
    if plan.after is not None:
        return replace(plan, withdrawn=earlier_plan(plan).withdrawn)
    own = plan.out / WITHDRAWN
    refuse_link(own)
    if not own.exists():
        return plan
    if plan.withdrawn is not None and plan.withdrawn.resolve() != own.resolve():
        raise InputError(
            "the list of respondents who withdrew", "must be one", f"one in {str(plan.out)!r}, "
            "and another named in the plan", "Name another folder for the results.",
        )  # fmt: skip
    return replace(plan, withdrawn=own)


def redact_survey(plan: StudyPlan, responses: Responses) -> Responses:
    """The survey as a plan has it redacted."""
    return redact_responses(
        responses, deny=plan.deny, names=plan.names, redact_text=plan.redact_text
    )[0]


def _everyone(plan: StudyPlan, responses: Responses) -> Responses:
    """The whole survey, with those who withdrew: the researcher's other files still name them."""
    if plan.withdrawn is None or (plan.codes is None and plan.approved is None):
        return responses
    return redact_survey(plan, load_survey(replace(plan, withdrawn=None), ignore))


def _approved(plan: StudyPlan, responses: Responses) -> pd.DataFrame:
    """Quotes that somebody approved, of respondents who did not withdraw."""
    assert plan.approved is not None
    quotes = read_quotes(plan.approved, _everyone(plan, responses))
    kept = quotes["response_id"].isin(responses.table["response_id"])
    return quotes[kept].reset_index(drop=True)


def _put_in_place(part: Path, folder: Path) -> None:
    """Move files over those of the same names, the manifest last; remove what it named before."""
    try:
        before = set(read_manifest(folder)["files"])
    except InputError:  # there is none, or it is no manifest
        before = set()
    new = sorted(p.relative_to(part) for p in part.rglob("*") if p.is_file())
    old = [Path(n) for n in sorted(before - {n.as_posix() for n in new}) if _is_result(n)]
    for name in (*new, *old):
        refuse_links(folder, name)
    remove_manifest(folder)
    for private in (PRIVATE, REPORT):
        private_folder(folder / private)
    for name in sorted(new, key=lambda n: n.name == MANIFEST):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).replace(folder / name)
    for name in old:
        (folder / name).unlink(missing_ok=True)


def _is_result(name: str) -> bool:
    """Whether a manifest may have that file removed: one in a folder of results, and no other."""
    steps = Path(name).parts
    return len(steps) > 1 and steps[0] in (PRIVATE, REPORT, PUBLIC) and ".." not in steps


def _require_own(folder: Path) -> None:
    """Raise if what is not of a run stands where a run would write."""
    for name in (PRIVATE, REPORT, PUBLIC, "cache", PLAN, HISTORY):
        refuse_link(folder / name)
    require_own_manifest(folder)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait for what takes a moment; outside the main thread it reaches nobody anyway."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
