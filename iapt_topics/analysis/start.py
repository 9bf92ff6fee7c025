"""The two ways to an analysis: from a survey, and from a folder where one was saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics.analysis.face import Analysis
from iapt_topics.datasets.example import mark_example
from iapt_topics.encoders.encoder import Encoder, sentence_encoder
from iapt_topics.encoders.joined import one_encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.pipeline.manifest import with_names
from iapt_topics.pipeline.people import read_people
from iapt_topics.pipeline.run import complete_study, run_study
from iapt_topics.pipeline.saved import load
from iapt_topics.study.study import Study
from iapt_topics.survey.redaction import Recogniser, count_redactions, redact_responses
from iapt_topics.survey.responses import Responses, load_responses
from iapt_topics.topics.topics import TopicConfig


def analyse(
    source: str | Path | pd.DataFrame | Responses,
    *,
    text: str | Sequence[str] | None = None,
    year: str | None = None,
    respondent: str | None = None,
    response: str | None = None,
    question: str | None = None,
    covariates: Sequence[str] = (),
    weight: str | None = None,
    waves: Sequence[str] = (),
    language: str | None = None,
    non_answers: str | Path | None = None,
    skip_hidden: bool = False,
    deny: Mapping[str, Sequence[str]] | str | Path | None = None,
    names: Recogniser | Literal["model"] | None = None,
    redact_text: bool = False,
    frame: str | Path | ThemeFrame | None = None,
    codes: str | Path | pd.DataFrame | None = None,
    code_map: str | Path | pd.DataFrame | Mapping[str, str] | None = None,
    encoder: Encoder | str | Path | Sequence[Any] | None = None,
    topics: Any = None,
    config: TopicConfig | None = None,
    baseline: int | None = None,
    standardise: Sequence[str] = (),
    cache: str | Path | None = None,
    on_event: OnEvent = ignore,
) -> Analysis:
    """Find topics and themes in a survey, compare machine and human codes, and estimate change.

    Consensus topics by repeated UMAP and HDBSCAN (BERTopic), themes by sentence against a codebook,
    inter-coder agreement with human codes, and prevalence by wave with 95 % confidence intervals;
    every step is a function of its own, named below.

    Parameters
    ----------
    source : str, Path, DataFrame or Responses
        The survey: a ``.csv``, ``.tsv``, ``.xlsx``, ``.parquet``, ``.sav`` or ``.dta`` file, a
        table, or what :func:`iapt_topics.load_responses` or :func:`iapt_topics.load_example`
        returns; with ``Responses``, no column is named.
    text, year : str
        Columns of the response text (a list: one for each question) and of the wave.
    respondent, response, question : str, optional
        Further columns, as for :func:`iapt_topics.load_responses`; so are the next five.
    covariates : sequence of str, optional
        Columns to carry along.
    weight : str, optional
        Column of a survey weight.
    waves : sequence of str, optional
        Labels of the waves in their order.
    language : str, optional
        Code of the language, such as "en"; responses in another are left out.
    non_answers : str or Path, optional
        Rules of your own for non-answers.
    skip_hidden : bool, default False
        Leave out hidden rows of a workbook, such as those that a filter leaves out.
    deny, names, redact_text : optional
        Terms to redact, what finds names in running text ("model"), and whether the redacted text
        is analysed, as for :func:`iapt_topics.redact_responses`.
    frame : str, Path or ThemeFrame, optional
        The codebook: its file, or the name of a bundled one ("iapt_identity_system" suits NHS
        talking-therapy staff only). Without one, the labels of ``codes`` are the themes.
    codes : str, Path or DataFrame, optional
        Human codes, as for :func:`iapt_topics.load_codes`: the first coder is compared with the
        machine and, if there is a second, with that one as well.
    code_map : mapping, table or path of a table, optional
        Themes that the names in ``codes`` stand for, likewise.
    encoder : Encoder, str, Path or list, optional
        The sentence model: from :func:`iapt_topics.sentence_encoder`, or a name that it takes; or
        a list of these, which are joined (:func:`iapt_topics.encoders.join_encoders`).
    topics : {"bertopic"} or BERTopic, optional
        What the runs of the consensus are, in place of the library's own; see
        :class:`iapt_topics.TopicConfig`, whose ``model`` it is.
    config : TopicConfig, optional
        How topics are fitted; its seed serves the later stages too.
    baseline : int, optional
        Year that others are compared with; the first one by default.
    standardise : sequence of str, optional
        Covariates whose mix is held fixed (direct standardisation).
    cache : str or Path, optional
        Folder in which fitted stages are kept for the next call, for this account alone.
    on_event : callable, optional
        Called with an :class:`iapt_topics.Event` for what was found out about the files, each stage
        that begins and each run that ends.

    Returns
    -------
    Analysis
        With ``.report(path)``, ``.publish()``, ``.plot(name)``, ``.tables``, ``.theme(id)``,
        ``.check()``, ``.to_excel(path)`` and ``.save(folder)``.

    Raises
    ------
    InputError
        Whatever a file or a stage cannot use, or if there is neither a codebook nor codes.

    See Also
    --------
    load_responses, sentence_encoder, embed, fit_topics, load_frame, map_topics, code_responses,
    load_codes, compare_codes, measure_drift : The steps, one by one.
    """
    if isinstance(source, Responses):
        responses = source
    elif text is None or year is None:
        missing = "text" if text is None else "year"
        raise InputError(
            f"{missing}=", "must name a column of the survey", "nothing",
            f'Give {missing}="...", the name of the column.',
        )  # fmt: skip
    else:
        responses = load_responses(
            source,
            text=text,
            year=year,
            respondent=respondent,
            response=response,
            question=question,
            covariates=tuple(dict.fromkeys((*covariates, *standardise))),
            weight=weight,
            waves=waves,
            language=language,
            non_answers=non_answers,
            skip_hidden=skip_hidden,
        )
        responses = mark_example(responses, source)
    for note in responses.notes:
        on_event(Event("note", note))
    # The log of what was redacted is not kept: it would undo the redaction.
    responses, log = redact_responses(responses, deny=deny, names=names, redact_text=redact_text)
    codebook, human = read_people(codes, frame, responses, code_map, on_event)
    folder = None if cache is None else Path(cache)
    study = run_study(
        responses,
        codebook,
        _one_encoder(encoder, on_event),
        human=human,
        config=config if topics is None else replace(config or TopicConfig(), model=topics),
        baseline=baseline, cache=folder, on_event=on_event,
    )  # fmt: skip
    study = replace(with_names(study, names), redactions=count_redactions(log))
    return _held(complete_study(study, standardise, own_frame=frame is None, cache=folder))


def _one_encoder(encoder: Any, on_event: OnEvent) -> Encoder:
    """The sentence model that is named or passed; several are joined."""
    return one_encoder(
        [
            sentence_encoder(e, on_event=on_event) if e is None or isinstance(e, str | Path) else e
            for e in (encoder if isinstance(encoder, list | tuple) else [encoder])
        ]
    )


def load_study(folder: str | Path) -> Analysis:
    """Load a study that :meth:`Analysis.save` saved.

    Parameters
    ----------
    folder : str or Path
        The folder.

    Returns
    -------
    Analysis
        With equal tables and reports. It has no encoder: pass one to the functions that take it.

    Raises
    ------
    InputError
        If it does not contain a complete study.
    """
    study = load(Path(folder))
    if not isinstance(study, Study):
        raise InputError(
            f"folder {Path(folder).name!r}", "must contain a saved study", "other results",
            "Name the folder that .save() wrote.",
        )  # fmt: skip
    return _held(study)


def _held(study: Study) -> Analysis:
    return Analysis(**{f.name: getattr(study, f.name) for f in fields(Study)})
