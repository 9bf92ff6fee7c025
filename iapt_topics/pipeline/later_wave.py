"""A later wave placed on what was found of the earlier ones: their topics, codes and scale stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.events import Event
from iapt_topics.codes.codes import Codes
from iapt_topics.encoders.embeddings import Embeddings, embed
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.coding import assign_themes, explained_codes
from iapt_topics.mapping.facets import assign_facets
from iapt_topics.mapping.mapping import TopicMapping
from iapt_topics.pipeline.keys import KEYS
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.pipeline.run import CodedSurvey, Setup
from iapt_topics.pipeline.saved import stage_once
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.expected_novelty import compare_novelty, novel_if_held_out
from iapt_topics.topics.extend import extend_topics
from iapt_topics.topics.new_wave import assign_wave
from iapt_topics.topics.topics import Topics

#: What is settled by the earlier study, and cannot be another for a later wave.
_SETTLED = (
    "frame", "model", "second_model", "prompt", "theme_prompt", "topic_model", "seed", "n_runs",
    "n_topics", "min_topic_size", "min_support", "names", "redact_text",
)  # fmt: skip


def require_settled(plan: StudyPlan, earlier: StudyPlan) -> None:
    """Raise :class:`InputError` if the plan of a wave differs where the earlier study decides."""
    other = [
        f"{key} {getattr(plan, key.field)} for {getattr(earlier, key.field)}"
        for key in KEYS
        if key.field in _SETTLED and getattr(plan, key.field) != getattr(earlier, key.field)
    ]
    kept = ("topic_edits", "mapping_edits")
    other += [str(key) for key in KEYS if key.field in kept and getattr(plan, key.field)]
    if bool(plan.waves) != bool(earlier.waves):
        other.append("survey.waves: name this wave if those before are named, and only then")
    if other:
        raise InputError(
            "the plan of a later wave", "must leave to the earlier study what is settled there",
            "; ".join(other), f"Change it in {str(earlier.out)!r}, or correct the plan.",
        )  # fmt: skip


def place_wave(
    before: CodedSurvey, responses: Responses, frame: ThemeFrame, encoder: Encoder, setup: Setup
) -> CodedSurvey:
    """Code a survey of which a part is coded: that part stays as it is.

    Parameters
    ----------
    before : CodedSurvey
        The earlier waves.
    responses : Responses
        They and the later wave.
    frame : ThemeFrame
        The codebook of both.
    encoder : Encoder
    setup : Setup

    Returns
    -------
    CodedSurvey
        Sentences of the wave are scored on the scale of the earlier waves, so that a theme means
        the same in both. ``wave`` says how well it fits their topics.

    Raises
    ------
    InputError
        If the wave has no response, or an earlier response has changed.
    """
    setup.on_event(Event("stage", "Placing the later wave on topics and themes"))
    if setup.lesson is not None:
        said = "The machine learns once more, on all waves: codes of the earlier ones can differ."
        setup.on_event(Event("note", said))
    known = set(before.responses.table["response_id"])
    rows = ~responses.table["response_id"].isin(known)
    later = replace(responses, table=responses.table[rows].reset_index(drop=True))
    embeddings = embed(responses, encoder)
    _require_same(before, responses, embeddings)
    topics = extend_topics(before.topics, responses, embeddings)
    own = _part(embeddings, later)
    decided = before.mapping.scores["decision"].ne("").any()
    scale, known_given = assign_themes(
        before.responses, before.embeddings, frame, encoder,
        before.mapping if decided else None, before.topics if decided else None,
    )  # fmt: skip
    mapping = _counted(before.mapping, topics)
    scores, given = assign_themes(
        later, own, frame, encoder, mapping if decided else None, topics if decided else None,
        fixed=scale.reference_scale,
    )  # fmt: skip
    codes = explained_codes(scores, given, later, frame, encoder)
    facets = before.facets
    if facets is not None:
        _, spread = assign_facets(scale, known_given, frame, encoder)
        of_wave, _ = assign_facets(scores, given, frame, encoder, fixed=spread)
        facets = pd.concat([facets, of_wave], ignore_index=True)
    seed = setup.config.seed
    found = assign_wave(
        before.topics, later, own, fitted=(before.responses, before.embeddings), seed=seed
    )
    setup.on_event(Event("stage", "Finding how many would fit no topic if nothing were new"))
    held_out = stage_once(
        setup.cache,
        "novelty",
        (before.responses, before.embeddings, before.topics, seed),
        lambda: novel_if_held_out(before.topics, before.responses, before.embeddings, seed=seed),
    )
    found = replace(found, novelty=compare_novelty(found.novelty, held_out))
    return CodedSurvey(
        responses=responses,
        embeddings=embeddings,
        topics=topics,
        mapping=mapping,
        machine=_joined(before.machine, codes, responses),
        facets=facets,
        wave=found,
    )


def _require_same(before: CodedSurvey, responses: Responses, embeddings: Embeddings) -> None:
    """Raise if the earlier responses are not what the earlier study had."""
    ids = before.embeddings.response_id
    kept = set(responses.kept["response_id"])
    gone = [i for i in ids if i not in kept]
    if gone or not np.allclose(embeddings.rows(list(ids)), before.embeddings.vectors, atol=1e-4):
        raise InputError(
            "the earlier waves", "must be as they were", listed(gone) if gone else "other texts",
            "Run the earlier study again, then place the wave.",
        )  # fmt: skip


def _part(embeddings: Embeddings, responses: Responses) -> Embeddings:
    ids = responses.kept["response_id"].tolist()
    if not ids:
        raise InputError(
            "the later wave", "must have a codable response", "none", "Check the column of texts."
        )
    return replace(embeddings, vectors=embeddings.rows(ids), response_id=tuple(ids))


def _counted(mapping: TopicMapping, topics: Topics) -> TopicMapping:
    """The mapping with the size that topics have now."""
    n = mapping.scores["topic"].map(topics.topics.set_index("topic")["n"])
    return replace(mapping, scores=mapping.scores.assign(n=n))


def _joined(before: Codes, later: Codes, responses: Responses) -> Codes:
    """Machine codes of both, in the order of the survey."""
    order = {i: k for k, i in enumerate(responses.kept["response_id"])}

    def both(name: str) -> pd.DataFrame:
        table = pd.concat([getattr(before, name), getattr(later, name)], ignore_index=True)
        place = table["response_id"].map(order).to_numpy()
        rows = np.argsort(place, kind="stable")
        sorted_table: pd.DataFrame = table.iloc[rows].reset_index(drop=True)
        return sorted_table

    return replace(
        before,
        seen=both("seen"),
        table=both("table"),
        evidence=None if before.evidence is None or later.evidence is None else both("evidence"),
    )
