"""The stages in their order, from responses to a study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter

import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics._base.memory import check_memory
from iapt_topics._base.threads import one_thread_for_few
from iapt_topics.agreement.comparison import Comparison, compare_codes, topic_codes
from iapt_topics.agreement.gain import measure_gain
from iapt_topics.codes.axis import axis_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.coded import find_baseline
from iapt_topics.drift.drift import measure_drift
from iapt_topics.drift.standardise import standardise_drift
from iapt_topics.encoders.embeddings import Embeddings, embed
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.coding import assign_themes, explained_codes
from iapt_topics.mapping.edits import apply_edits
from iapt_topics.mapping.facets import assign_facets
from iapt_topics.mapping.learning import learn_codes
from iapt_topics.mapping.mapping import TopicMapping, map_topics
from iapt_topics.mapping.reach import measure_reach
from iapt_topics.pipeline.decided import (
    Decisions,
    decide_topics,
    placed_mapping_edits,
    rate_themes,
)
from iapt_topics.pipeline.lesson import Lesson, describe_lesson
from iapt_topics.pipeline.manifest import describe_run
from iapt_topics.pipeline.saved import stage_once
from iapt_topics.study.study import Study
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.cache import fit_once
from iapt_topics.topics.labels import label_topics
from iapt_topics.topics.new_wave import Wave
from iapt_topics.topics.topics import TopicConfig, Topics


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Setup:
    """What a run is told beside the survey, the codebook and the encoder."""

    human: tuple[Codes, ...] = ()
    config: TopicConfig = field(default_factory=TopicConfig)
    baseline: int | None = None
    cache: Path | None = None
    on_event: OnEvent = ignore
    decided: Decisions = field(default_factory=Decisions)
    lesson: Lesson | None = None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CodedSurvey:
    """A survey after the machine coded it."""

    responses: Responses
    embeddings: Embeddings
    topics: Topics
    mapping: TopicMapping
    machine: Codes
    facets: pd.DataFrame | None
    wave: Wave | None = None


def run_study(
    responses: Responses,
    frame: ThemeFrame,
    encoder: Encoder,
    *,
    human: Sequence[Codes] = (),
    config: TopicConfig | None = None,
    baseline: int | None = None,
    cache: str | Path | None = None,
    on_event: OnEvent = ignore,
) -> Study:
    """Run every stage: embeddings, topics, mapping, codes, comparison and drift.

    Parameters
    ----------
    responses : Responses
        The survey.
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        For example :func:`iapt_topics.sentence_encoder`.
    human : sequence of Codes, optional
        The first is compared with the machine and, if there is a second, with that one as well.
    config : TopicConfig, optional
        How topics are fitted; its seed serves the later stages too.
    baseline : int, optional
        Year that others are compared with; the first one by default.
    cache : str or Path, optional
        Folder in which fitted topics are kept, and from which they are taken if they were fitted
        to the same responses, vectors and config.
    on_event : callable, optional
        Called with an :class:`iapt_topics.Event` for each stage that begins and each run that ends.

    Returns
    -------
    Study
        The result of every stage, but for what :func:`iapt_topics.standardise_drift` and
        :func:`iapt_topics.survey.count_redactions` give; :func:`run_plan` adds them.

    Raises
    ------
    InputError
        Whatever a stage cannot use, or if the run cannot fit into memory. That it may not is a
        warning.
    """
    return run_stages(
        responses,
        frame,
        encoder,
        Setup(
            human=tuple(human),
            config=config or TopicConfig(),
            baseline=baseline,
            cache=None if cache is None else Path(cache),
            on_event=on_event,
        ),
    )


def run_stages(
    responses: Responses,
    frame: ThemeFrame,
    encoder: Encoder,
    setup: Setup,
    code: Callable[[Responses, ThemeFrame, Encoder, Setup], CodedSurvey] | None = None,
) -> Study:
    """Run every stage, with what people decided; ``code`` takes the place of the first ones."""
    began = perf_counter()
    _check_early(responses, setup.human, setup.baseline)
    with one_thread_for_few(len(responses)):
        coded = (code or code_survey)(responses, frame, encoder, setup)
        study = measure(responses, encoder, coded, setup)
    seconds = round(perf_counter() - began, 1)
    return replace(study, manifest={**study.manifest, "seconds": seconds})


def code_survey(
    responses: Responses, frame: ThemeFrame, encoder: Encoder, setup: Setup
) -> CodedSurvey:
    """Embeddings, topics, mapping and machine codes."""
    config, on_event = setup.config, setup.on_event
    check_memory(len(responses.kept))
    on_event(Event("stage", "Embedding the responses"))
    embeddings = embed(responses, encoder)
    reach = measure_reach(embeddings.vectors, frame, encoder, seed=config.seed)
    said = str(reach)
    on_event(Event("note", f"{said[0].upper()}{said[1:]}."))
    on_event(Event("stage", f"Finding topics: consensus of {config.n_runs} runs"))
    topics = fit_once(responses, embeddings, config, setup.cache, on_event)
    if not topics.config.is_own_model:  # whose names are its own
        fitted, made_of = topics, (topics, responses, embeddings, encoder.name, encoder.fingerprint)
        topics = stage_once(
            setup.cache, "labels", made_of,
            lambda: label_topics(fitted, responses, embeddings, encoder),
        )  # fmt: skip
    topics = decide_topics(setup.decided, topics, responses, embeddings, on_event)
    on_event(Event("stage", "Mapping topics and responses onto the frame"))
    mapping, machine, facets = code_once(responses, embeddings, topics, frame, encoder, setup)
    return CodedSurvey(
        responses=responses,
        embeddings=embeddings,
        topics=topics,
        mapping=mapping,
        machine=machine,
        facets=facets,
    )


def measure(responses: Responses, encoder: Encoder, coded: CodedSurvey, setup: Setup) -> Study:
    """Agreement and drift of a coded survey, as a study."""
    config, cache, on_event = setup.config, setup.cache, setup.on_event
    human, baseline, frame = setup.human, setup.baseline, coded.mapping.frame
    machine = coded.machine
    if setup.lesson is not None:
        machine = learn_once(responses, coded.embeddings, frame, encoder, machine, setup)
    on_event(Event("stage", "Measuring agreement and drift"))
    human = tuple(codes.with_respondents(responses) for codes in human)
    change = partial(measure_drift, responses=responses, baseline=baseline, seed=config.seed)
    drift, axis_drift = stage_once(
        cache,
        "drift",
        (machine, responses, frame, baseline, config.seed),
        lambda: (change(machine), change(axis_codes(machine, frame)) if frame.axis else None),
    )
    # The first coder with the machine and with the second coder, as far as there are any.
    design = {"sampling": "purposive"} if human and human[0].picked else None
    compare = partial(compare_codes, responses=responses, design=design, seed=config.seed)
    found: tuple[Comparison, ...] = stage_once(
        cache if human else None,
        "agreement",
        (human, machine, responses, config.seed),
        lambda: tuple(compare(human[0], c) for c in (machine, *human[1:2]) if human),
    )
    comparison, benchmark = (*found, None, None)[:2]
    comparison = rate_themes(setup.decided, comparison, on_event)
    manifest = describe_run(
        responses, coded.embeddings, coded.topics, frame, encoder, human, baseline=baseline,
        seconds=0.0,
    )  # fmt: skip
    if setup.lesson is not None:
        gain = measure_gain(human[0], coded.machine, machine, responses, seed=config.seed)
        manifest["learned"] = describe_lesson(setup.lesson, gain)
    return Study(
        responses=responses,
        topics=coded.topics,
        mapping=coded.mapping,
        codes=machine,
        drift=drift,
        axis_drift=axis_drift,
        comparison=comparison,
        benchmark=benchmark,
        facets=coded.facets,
        human=human,
        wave=coded.wave,
        manifest=manifest,
    )


def code_once(
    responses: Responses,
    embeddings: Embeddings,
    topics: Topics,
    frame: ThemeFrame,
    encoder: Encoder,
    setup: Setup,
) -> tuple[TopicMapping, Codes, pd.DataFrame | None]:
    """Mapping, machine codes and facets; what people decided on the mapping moves the codes."""
    made_of = (responses, embeddings, topics, frame, encoder.name, encoder.fingerprint)
    decided = setup.decided

    def make() -> tuple[TopicMapping, Codes, pd.DataFrame | None]:
        mapping = map_topics(topics, frame, encoder, embeddings=embeddings)
        scores, given = assign_themes(responses, embeddings, frame, encoder)
        facets = assign_facets(scores, given, frame, encoder)[0] if frame.facets else None
        edits = placed_mapping_edits(decided, mapping, topics, setup.on_event)
        if edits is not None:
            mapping = apply_edits(mapping, edits)
            scores, given = assign_themes(responses, embeddings, frame, encoder, mapping, topics)
        return mapping, explained_codes(scores, given, responses, frame, encoder), facets

    if decided.mapping is None:
        return stage_once(setup.cache, "codes", made_of, make)
    return stage_once(setup.cache, "codes", (*made_of, decided.mapping, decided.partial), make)


def learn_once(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    machine: Codes,
    setup: Setup,
) -> Codes:
    """Machine codes after hand codes have taught it."""
    assert setup.lesson is not None
    teacher, seed = setup.lesson.teacher, setup.config.seed
    n = len(teacher.seen)
    setup.on_event(Event("stage", f"Learning from the hand codes of {n:,} responses"))
    return stage_once(
        setup.cache,
        "learned",
        (responses, embeddings, frame, encoder.fingerprint, machine, teacher, seed),
        lambda: learn_codes(
            responses, embeddings, frame, encoder, teacher, machine=machine, seed=seed
        ),
    )


def complete_study(
    study: Study, standardise: Sequence[str], *, own_frame: bool, cache: Path | None
) -> Study:
    """Add what is not of every study.

    Parameters
    ----------
    study : Study
        From :func:`run_study`.
    standardise : sequence of str
        Covariates whose mix is held fixed; none for no standardisation.
    own_frame : bool
        Whether the codebook is made of people's codes, to which the topics are then compared with
        no mapping between.
    cache : path or None
        As for :func:`run_study`.
    """
    codes, responses, seed = study.codes, study.responses, study.topics.config.seed
    if standardise:
        baseline = study.drift.baseline
        held = stage_once(
            cache,
            "standardised",
            (codes, responses, tuple(standardise), baseline),
            lambda: standardise_drift(codes, responses, standardise, baseline=baseline),
        )
        study = replace(study, standardised=held)
    if own_frame:
        topics = topic_codes(study.topics, responses)
        found = stage_once(
            cache,
            "peopletopics",
            (study.human[0], topics, responses, seed),
            lambda: compare_codes(study.human[0], topics, responses=responses, seed=seed),
        )
        study = replace(study, topic_comparison=found)
    return study


def _check_early(responses: Responses, human: Sequence[Codes], baseline: int | None) -> None:
    """Find before the long stages what the last ones could not use."""
    if baseline is not None:
        find_baseline(baseline, responses.years)
    kept = responses.kept["response_id"]
    for codes in human:
        if not kept.isin(codes.seen["response_id"]).any():
            raise InputError(
                f"the codes of {codes.coder!r}", "must be for responses of this survey",
                f"ids such as {listed(codes.seen['response_id'].head(2))}, while the survey has "
                f"{listed(kept.head(2))}",
                "Name the column of response ids of the survey (--response).",
            )  # fmt: skip
