"""Code single responses by a theme frame, without a hand-coded response.

Each sentence is scored against each theme in :mod:`iapt_topics.mapping.scoring`; here it is decided
which sentences are assigned their best theme and which none, and each decision is explained.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.anchors import codable_above
from iapt_topics.mapping.evidence import find_evidence, nearest_anchors
from iapt_topics.mapping.mapping import TopicMapping
from iapt_topics.mapping.scoring import (
    ReferenceScale,
    SentenceScores,
    score_sentences,
)
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.topics import Topics

#: What a person's decision on a topic and a theme moves the scores of the topic's responses by, in
#: standard deviations, times the support of a response's place in the topic.
DECISION_WEIGHT = 1.0
_LEFT = "no theme: relevance too low, or two themes too close"


def code_responses(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    *,
    mapping: TopicMapping | None = None,
    topics: Topics | None = None,
) -> Codes:
    """Apply themes to each kept response by semantic similarity, sentence by sentence.

    Each sentence gets its best theme, or none; a response has the themes of its sentences. How a
    sentence is scored is described at :func:`iapt_topics.mapping.score_themes`; where ``mapping``
    and ``topics`` are given, what people decided on the response's topic counts, too.

    Parameters
    ----------
    responses : Responses
        The survey.
    embeddings : Embeddings
        Of the same responses.
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        The one that made the embeddings.
    mapping : TopicMapping, optional
        Of the topics onto this frame, with decisions by :func:`iapt_topics.mapping.apply_edits`;
        without a decision it changes nothing. Together with ``topics`` or not at all.
    topics : Topics, optional
        Of the same responses.

    Returns
    -------
    Codes
        Kind "machine"; ``score`` is the best sentence's, in standard deviations. It is no
        probability. ``evidence`` names that sentence.

    Raises
    ------
    InputError
        If only one of mapping and topics is passed, or the encoder is not the embeddings' one.

    Notes
    -----
    A sentence gets its best theme when that is more likely than not. The probability is a product:
    that of any theme, a logistic function of its nearness to its best theme and of that theme's
    score; and that of this theme, its score's exponential over the sum of those of all themes. How
    many sentences mention none is estimated by nearness: as many as are less near to their best
    theme than a quarter of all sentences are to their nearest other one. The slopes were chosen on
    several sets together and no hand code was used, so it orders sentences and is not calibrated.
    """
    scores, given = assign_themes(responses, embeddings, frame, encoder, mapping, topics)
    return explained_codes(scores, given, responses, frame, encoder)


def explained_codes(
    scores: SentenceScores,
    given: Bools,
    responses: Responses,
    frame: ThemeFrame,
    encoder: Encoder,
) -> Codes:
    """As :func:`as_codes`, with the sentence that carried each code, and its polarity."""
    codes = as_codes(scores, given, responses, frame)
    evidence = find_evidence(scores, codes.table, responses, frame, encoder, given)
    return replace(codes, evidence=evidence)


def as_codes(
    scores: SentenceScores, given: Bools, responses: Responses, frame: ThemeFrame
) -> Codes:
    """Codes of the kept responses from what :func:`assign_themes` decided."""
    sentence, theme = np.nonzero(given)
    row, score = scores.owner[sentence], scores.score[sentence, theme]
    each = pd.DataFrame({"row": row, "theme": theme, "score": score})
    table = each.groupby(["row", "theme"])["score"].max().reset_index()
    themes = tuple(t.id for t in frame.codable)
    return Codes(
        coder="machine",
        kind="machine",
        themes=themes,
        seen=responses.kept[["response_id", "respondent_id"]],
        table=pd.DataFrame(
            {
                "response_id": np.array(scores.response_id, dtype=object)[table["row"]],
                "theme": np.array(themes, dtype=object)[table["theme"]],
                "score": table["score"].to_numpy(dtype=float),
            }
        ),
    )


def explain_codes(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    *,
    mapping: TopicMapping | None = None,
    topics: Topics | None = None,
) -> pd.DataFrame:
    """Tabulate the evidence for each code: sentence, nearest words of the codebook and margin.

    Parameters
    ----------
    responses : Responses
        The survey.
    embeddings : Embeddings
        Of the same responses.
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        The one that made the embeddings.
    mapping : TopicMapping, optional
        The one that was passed to :func:`iapt_topics.code_responses`, whose decisions are
        explained.
    topics : Topics, optional
        Likewise.

    Returns
    -------
    DataFrame
        One row for each sentence of each kept response, in order: ``response_id``; ``sentence``
        (its place in the response, from 0); ``text``; ``theme`` (applied; ``""`` if none);
        ``score``; ``margin`` (its score less the next theme's; NaN in a frame of one theme);
        ``runner_up`` (that theme); ``nearness`` (cosine to the best theme's anchors); ``anchor``,
        ``anchor_kind`` (the text of the best theme that is nearest in meaning, and its field in the
        frame); ``note``.

    Raises
    ------
    InputError
        As for :func:`iapt_topics.code_responses`.
    """
    scores, given = assign_themes(responses, embeddings, frame, encoder, mapping, topics)
    ids = np.array([t.id for t in frame.codable], dtype=object)
    best, runner_up = _best_themes(scores, given, frame)
    rows, some = np.arange(len(best)), given.any(axis=1)
    anchors = nearest_anchors(scores, rows, best, frame)
    return pd.DataFrame(
        {
            "response_id": np.array(scores.response_id, dtype=object)[scores.owner],
            "sentence": pd.Series(scores.owner).groupby(scores.owner).cumcount(),
            "text": scores.sentences,
            "theme": np.where(some, ids[best], ""),
            "score": scores.score[rows, best],
            "margin": scores.margin[rows, best],
            "runner_up": ids[runner_up] if len(ids) > 1 else "",
            "nearness": scores.nearness[rows, best],
            "anchor": [a.text for a in anchors],
            "anchor_kind": [a.kind for a in anchors],
            "note": np.where(some, "", _LEFT),
        }
    )


def _best_themes(scores: SentenceScores, given: Bools, frame: ThemeFrame) -> tuple[Ints, Ints]:
    """The deepest theme given to each sentence, or its best one; and the next beside that."""
    above = codable_above(frame)
    places = {t: j for j, t in enumerate(above)}
    depth = np.array([len(a) for a in above.values()])
    top = np.where(depth == 0, scores.score, -np.inf).argmax(axis=1)
    best = np.where(given.any(axis=1), (given * (depth + 1)).argmax(axis=1), top)
    apart = ~np.eye(len(above), dtype=bool)
    for theme, others in above.items():
        for other in others:
            apart[places[theme], places[other]] = apart[places[other], places[theme]] = False
    beside = np.where(apart[best], scores.score, -np.inf)
    return best, beside.argmax(axis=1)


def assign_themes(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    mapping: TopicMapping | None = None,
    topics: Topics | None = None,
    fixed: tuple[ReferenceScale, ...] | None = None,
) -> tuple[SentenceScores, Bools]:
    """Score every sentence, and say which is given which theme.

    With ``fixed``, by what an earlier survey (or part of one) was measured by.
    """
    if (mapping is None) != (topics is None):
        raise InputError(
            "code_responses()", "needs mapping and topics together", "one of them",
            "Pass both, or neither.",
        )  # fmt: skip
    if mapping is not None and mapping.frame.ids != frame.ids:
        raise InputError(
            "code_responses()", "needs a mapping onto the same frame",
            f"one onto {mapping.frame.name!r}", "Run map_topics() with this frame.",
        )  # fmt: skip
    evidence: Floats | None = None
    if mapping is not None and topics is not None:
        evidence = _decision_evidence(responses.kept, mapping, topics)
    scores = score_sentences(responses, embeddings, frame, encoder, evidence, fixed)
    return scores, given_themes(scores, frame)


def given_themes(scores: SentenceScores, frame: ThemeFrame, threshold: float = 0.5) -> Bools:
    """Say which sentence is given which theme: the best of its level, if as likely as this.

    One below another codable theme is given only in responses that have that one too.
    """
    given = scores.likely >= threshold
    places = {t.id: j for j, t in enumerate(frame.codable)}
    above = codable_above(frame)
    for theme in sorted(above, key=lambda t: len(above[t])):
        if above[theme]:
            has = np.zeros(len(scores.response_id), dtype=bool)
            has[scores.owner[given[:, places[above[theme][0]]]]] = True
            given[:, places[theme]] &= has[scores.owner]
    return np.asarray(given)


def _decision_evidence(kept: pd.DataFrame, mapping: TopicMapping, topics: Topics) -> Floats:
    """What people decided on each response's topic, for or against each theme.

    The machine's own mapping of a topic adds nothing: codes were better without it.
    """
    sign = mapping.scores["decision"].map({"accept": 1.0, "add": 1.0, "reject": -1.0}).fillna(0.0)
    by_topic = mapping.scores.assign(sign=sign).pivot(index="topic", columns="theme", values="sign")
    by_topic = by_topic[[t.id for t in mapping.frame.codable]]
    place = topics.assignments.set_index("response_id").loc[kept["response_id"]]
    weight = np.where(place["topic"] >= 0, place["support"], 0.0)[:, None]
    said: Floats = by_topic.to_numpy(dtype=np.float64)[place["nearest"]] * weight
    return DECISION_WEIGHT * said
