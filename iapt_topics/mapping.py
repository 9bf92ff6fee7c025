"""Place topics and single responses on a theme frame, without a hand-coded response.

Every theme is described by several anchors: its definition, what it includes, what people call it,
and example sentences. A text is scored by its cosine to them; what is scored is the whole response
and each of its sentences, for one response often says several things.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._checks import InputError
from iapt_topics._layouts import nearest_rows
from iapt_topics.codes import Codes
from iapt_topics.embeddings import Embeddings, Encoder, encode_themes
from iapt_topics.frame import ThemeFrame
from iapt_topics.responses import Responses
from iapt_topics.sentences import split_sentences
from iapt_topics.topics import Topics

#: Part of a theme's mean score that is taken off. Broad themes are a little like everything; all
#: of the mean would also take off what makes a frequent theme frequent.
CENTRING = 0.5
#: A theme's score is the mean cosine to this many of its nearest anchors: with one, a single odd
#: anchor decides; with all, a theme that is described from several sides loses.
ANCHORS = 2
#: A sentence's score is three parts its own and one part its response's.
RESPONSE_WEIGHT = 0.25
#: A response's score is half its own, half the mean of this many nearest responses.
NEIGHBOURS = 15
#: Weight of what the response's topic says, times the support of its place in it.
TOPIC_WEIGHT = 0.25
#: A sentence must score its best theme above this quantile of the scores of themes that are not
#: some sentence's best; else it is left without a theme.
SENTENCE_QUANTILE = 0.5
#: The same for a topic and its themes: a topic is a mean of many, so more is asked of it.
TOPIC_QUANTILE = 0.9
_MOST_THEMES = 3


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TopicMapping:
    """Which themes a topic speaks of: many to many, with abstention.

    Attributes
    ----------
    scores : DataFrame
        One row for each topic and codable theme, in the order of both: ``topic``; ``label`` (of
        the topic); ``theme``; ``theme_label``; ``score`` (how much nearer the topic's responses
        are to the theme than all responses are to it, and than they are to other themes, as a
        difference of cosines); ``low``, ``high`` (95 % interval of that mean over the
        topic's responses); ``n`` (responses); ``chosen``; ``note``.
    frame : ThemeFrame
    threshold : float
        Score that a theme has to pass to be chosen.
    """

    scores: pd.DataFrame
    frame: ThemeFrame
    threshold: float

    @property
    def table(self) -> pd.DataFrame:
        """Chosen pairs, best first within a topic; a topic without one has theme ``""``.

        Columns ``topic``, ``label``, ``theme``, ``theme_label``, ``score``, ``margin`` (score less
        threshold), ``n``, ``note``.
        """
        ranked = self.scores.sort_values(["topic", "score"], ascending=[True, False], kind="stable")
        best = ranked.drop_duplicates("topic")
        abstained = best[~best["chosen"]].assign(
            theme="", theme_label="", note="no theme passes the threshold: perhaps a new theme"
        )
        rows = pd.concat([ranked[ranked["chosen"]], abstained])
        rows = rows.assign(margin=rows["score"] - self.threshold)
        columns = ["topic", "label", "theme", "theme_label", "score", "margin", "n", "note"]
        return rows.sort_values("topic", kind="stable")[columns].reset_index(drop=True)

    @property
    def themes_without_topic(self) -> tuple[str, ...]:
        """Ids of the codable themes that no topic reaches."""
        reached = set(self.scores.loc[self.scores["chosen"], "theme"])
        return tuple(t.id for t in self.frame.codable if t.id not in reached)


def map_topics(
    topics: Topics, frame: ThemeFrame, encoder: Encoder, *, embeddings: Embeddings
) -> TopicMapping:
    """Score every topic against every codable theme and choose what stands out.

    Parameters
    ----------
    topics : Topics
        From :func:`iapt_topics.fit_topics`.
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        The one that made the embeddings.
    embeddings : Embeddings
        Those that the topics were fitted to.

    Returns
    -------
    TopicMapping
        Scores of every topic and codable theme, and which are chosen.

    Raises
    ------
    InputError
        If the encoder is not the one that made the embeddings.

    Notes
    -----
    The threshold needs no hand code: it is the 90th percentile of the scores of themes that are
    not their topic's best one, so a theme is chosen when it stands as far out as few others do, and
    at least half as far as the topic's best. At most three are chosen for a topic. No chosen pair
    is a finding before a person has read it.
    """
    members = topics.assignments.loc[topics.assignments["topic"] >= 0]
    vectors = embeddings.rows(members["response_id"].tolist())
    scores = _theme_cosines(vectors, frame, encoder, embeddings)
    scores = scores - scores.mean(axis=0)
    if scores.shape[1] > 1:
        scores = scores - scores.mean(axis=1, keepdims=True)
    topic = members["topic"].to_numpy()
    n_topics = len(topics.topics)
    n = np.bincount(topic, minlength=n_topics)
    mean = np.stack([scores[topic == t].mean(axis=0) for t in range(n_topics)])
    spread = np.stack([scores[topic == t].std(axis=0) for t in range(n_topics)])
    half = 1.96 * spread / np.sqrt(n)[:, None]
    threshold = _threshold(mean, TOPIC_QUANTILE)
    rank = (-mean).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    stands_out = (mean > threshold) & (mean >= mean.max(axis=1, keepdims=True) / 2)
    themes = frame.codable
    rows = pd.DataFrame(
        {
            "topic": np.repeat(np.arange(n_topics), len(themes)),
            "label": np.repeat(topics.topics["label"].to_numpy(dtype=object), len(themes)),
            "theme": [t.id for t in themes] * n_topics,
            "theme_label": [t.label for t in themes] * n_topics,
            "score": mean.ravel(),
            "low": (mean - half).ravel(),
            "high": (mean + half).ravel(),
            "n": np.repeat(n, len(themes)),
            "chosen": (stands_out & (rank < _MOST_THEMES)).ravel(),
            "note": np.repeat(np.where(n < 2, "one response: no interval", ""), len(themes)),
        }
    )
    return TopicMapping(scores=rows, frame=frame, threshold=threshold)


def code_responses(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    *,
    mapping: TopicMapping | None = None,
    topics: Topics | None = None,
) -> Codes:
    """Give themes to every kept response, none where nothing stands out.

    Each sentence gets its best theme, or none; a response has the themes of its sentences. The
    score of a sentence and a theme is three parts its own cosine and one part its response's, which
    itself is averaged with the nearest responses and, where ``mapping`` and ``topics`` are given,
    moved by what the response's topic speaks of.

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
        Of the topics onto this frame; together with ``topics`` or not at all.
    topics : Topics, optional
        Of the same responses.

    Returns
    -------
    Codes
        Kind "machine"; ``score`` is the best sentence's centred score, larger is surer. It is
        not a probability.

    Raises
    ------
    InputError
        If only one of mapping and topics is given, or the encoder is not the embeddings' one.
    """
    if (mapping is None) != (topics is None):
        raise InputError(
            "code_responses()",
            "needs mapping and topics together",
            "one of them",
            "Pass both, or neither.",
        )
    if mapping is not None and mapping.frame.ids != frame.ids:
        raise InputError(
            "code_responses()",
            "needs a mapping onto the same frame",
            f"one onto {mapping.frame.name!r}",
            "Run map_topics() with this frame.",
        )
    kept = responses.kept
    vectors = embeddings.rows(kept["response_id"].tolist())
    pieces = [split_sentences(text) for text in kept["text"]]
    owner = np.repeat(np.arange(len(kept)), [len(p) for p in pieces])
    # A response of one sentence is that sentence: the encoder need not see it twice.
    whole = np.array([len(p) == 1 for p in pieces])[owner]
    sentence_vectors = vectors[owner].copy()
    several = [s for p in pieces if len(p) > 1 for s in p]
    if several:
        sentence_vectors[~whole] = encoder.encode(several)

    both = _theme_cosines(np.vstack([vectors, sentence_vectors]), frame, encoder, embeddings)
    sentence = both[len(kept) :]
    response = _response_scores(both[: len(kept)], sentence, owner, vectors)
    if mapping is not None and topics is not None:
        response = response + TOPIC_WEIGHT * _topic_evidence(kept, mapping, topics)
    scores = _centred((1 - RESPONSE_WEIGHT) * sentence + RESPONSE_WEIGHT * response[owner])
    best = scores.argmax(axis=1)
    top = scores[np.arange(len(scores)), best]
    given = top > _threshold(scores, SENTENCE_QUANTILE)
    themes = tuple(t.id for t in frame.codable)
    table = (
        pd.DataFrame({"row": owner[given], "theme": best[given], "score": top[given]})
        .groupby(["row", "theme"], as_index=False)["score"]
        .max()
    )
    return Codes(
        coder="machine",
        kind="machine",
        themes=themes,
        seen=kept[["response_id", "respondent_id"]],
        table=pd.DataFrame(
            {
                "response_id": kept["response_id"].to_numpy(dtype=object)[table["row"]],
                "theme": np.array(themes, dtype=object)[table["theme"]],
                "score": table["score"].to_numpy(dtype=float),
            }
        ),
    )


def theme_anchors(frame: ThemeFrame) -> list[tuple[str, str]]:
    """Every text that stands for a codable theme.

    Parameters
    ----------
    frame : ThemeFrame
        The codebook.

    Returns
    -------
    list of (theme id, text)
        Label with definition, what it includes, its synonyms, and each example; at least one
        for each codable theme, in the order of the frame.
    """
    anchors: list[tuple[str, str]] = []
    for theme in frame.codable:
        texts = [f"{theme.label}. {theme.definition}".strip()]
        texts += [theme.include] if theme.include else []
        texts += [f"{theme.label}: {', '.join(theme.synonyms)}"] if theme.synonyms else []
        anchors += [(theme.id, text) for text in (*texts, *theme.examples)]
    return anchors


def _theme_cosines(
    vectors: NDArray[np.float32], frame: ThemeFrame, encoder: Encoder, embeddings: Embeddings
) -> NDArray[np.float64]:
    """Score each row and theme by the mean cosine to the theme's nearest anchors."""
    if encoder.fingerprint != embeddings.fingerprint:
        raise InputError(
            "the encoder",
            "must be the one that made the embeddings",
            f"{encoder.name!r} for embeddings of {embeddings.model!r}",
            "Pass the same encoder to embed() and here.",
        )
    anchors = theme_anchors(frame)
    of = np.array([theme for theme, _ in anchors], dtype=object)
    cosines = vectors @ encode_themes(encoder, [text for _, text in anchors]).T
    columns = [
        np.sort(cosines[:, of == theme.id], axis=1)[:, -ANCHORS:].mean(axis=1)
        for theme in frame.codable
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _response_scores(
    whole: NDArray[np.float64],
    sentence: NDArray[np.float64],
    owner: NDArray[np.intp],
    vectors: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Mean of the whole response and its best sentence, smoothed over the nearest responses."""
    best = np.full_like(whole, -1.0)
    np.maximum.at(best, owner, sentence)
    own = (whole + best) / 2
    k = min(NEIGHBOURS + 1, len(vectors))
    near, _ = nearest_rows(vectors, k)
    return own if k < 2 else np.asarray((own + own[near[:, 1:]].mean(axis=1)) / 2)


def _topic_evidence(
    kept: pd.DataFrame, mapping: TopicMapping, topics: Topics
) -> NDArray[np.float64]:
    """What each response's topic says of each theme, weighted by the response's support."""
    by_topic = mapping.scores.pivot_table(index="topic", columns="theme", values="score")
    by_topic = by_topic[[t.id for t in mapping.frame.codable]]
    place = topics.assignments.set_index("response_id").loc[kept["response_id"]]
    weight = np.where(place["topic"] >= 0, place["support"], 0.0)[:, None]
    evidence: NDArray[np.float64] = by_topic.to_numpy(dtype=np.float64)[place["nearest"]] * weight
    return evidence


def _centred(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    centred: NDArray[np.float64] = scores - CENTRING * scores.mean(axis=0)
    return centred


def _threshold(scores: NDArray[np.float64], quantile: float) -> float:
    """Quantile of the scores of the themes that are not their row's best."""
    if scores.shape[1] < 2:
        return float(np.quantile(scores, quantile)) if len(scores) > 1 else -1.0
    others = np.sort(scores, axis=1)[:, :-1]
    return float(np.quantile(others, quantile))


def score_themes(
    responses: Responses, embeddings: Embeddings, frame: ThemeFrame, encoder: Encoder
) -> pd.DataFrame:
    """Score every kept response against every codable theme, without a hand-coded response.

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

    Returns
    -------
    DataFrame
        One row for each kept response and codable theme, in the order of both: ``response_id``;
        ``theme``; ``score`` (of the response as a whole, smoothed over its neighbours, as a
        cosine); ``sentence`` (of its best sentence); ``margin`` (the most by which one of its
        sentences scores the theme above all others). Larger is surer; none is a probability.
    """
    kept = responses.kept
    vectors = embeddings.rows(kept["response_id"].tolist())
    pieces = [split_sentences(text) for text in kept["text"]]
    owner = np.repeat(np.arange(len(kept)), [len(p) for p in pieces])
    sentence = _theme_cosines(
        encoder.encode([s for p in pieces for s in p]), frame, encoder, embeddings
    )
    whole = _theme_cosines(vectors, frame, encoder, embeddings)
    response = _response_scores(whole, sentence, owner, vectors)
    mixed = _centred((1 - RESPONSE_WEIGHT) * sentence + RESPONSE_WEIGHT * response[owner])
    ranked = np.sort(mixed, axis=1)
    rival = np.zeros_like(mixed)
    if mixed.shape[1] > 1:
        rival = np.where(mixed == ranked[:, -1:], ranked[:, -2:-1], ranked[:, -1:])
    best, margin = np.full_like(whole, -np.inf), np.full_like(whole, -np.inf)
    np.maximum.at(best, owner, mixed)
    np.maximum.at(margin, owner, mixed - rival)
    return pd.DataFrame(
        {
            "response_id": np.repeat(kept["response_id"].to_numpy(dtype=object), whole.shape[1]),
            "theme": [t.id for t in frame.codable] * len(kept),
            "score": response.ravel(),
            "sentence": best.ravel(),
            "margin": margin.ravel(),
        }
    )
