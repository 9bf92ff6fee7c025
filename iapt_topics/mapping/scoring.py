"""Relevance score of each theme for each text, from the frame's own wording alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Floats32, Ints
from iapt_topics.encoders.embeddings import Embeddings, require_same_encoder
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.acronyms import expand_acronyms
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.anchors import split_levels
from iapt_topics.mapping.likelihood import any_theme_cutoff, theme_probability
from iapt_topics.mapping.self_taught import SelfTaught, teach_by_sentences
from iapt_topics.mapping.views import Views, make_views, view_texts, weigh_views
from iapt_topics.survey.responses import Responses
from iapt_topics.survey.sentences import split_sentences
from iapt_topics.topics.runs import nearest_rows

#: A sentence's score is three parts its own and one part its response's.
RESPONSE_WEIGHT = 0.25
#: A response's score is half its own, half the mean of this many nearest responses.
NEIGHBOURS = 15
#: A theme whose best sentences score higher than those of others draws in sentences that are not
#: its own: of what the mean of this many exceeds that of other themes, a part is taken off.
HUBNESS_SENTENCES = 10
HUBNESS_WEIGHT = 0.25


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ReferenceScale:
    """All that scores and codes take from a survey as a whole; held fixed, a text stands alone.

    There is one for each level of the codebook. ``vectors`` and ``score`` are of the survey's
    responses, the scores before those of neighbours come in; ``hubness`` is that of each theme;
    ``any_theme_cutoff``: spread of nearness and of score to the best theme, and the sum of both
    from which on a sentence has any theme.
    """

    views: Views
    response_id: list[str]
    vectors: Floats32
    score: Floats
    hubness: Floats
    any_theme_cutoff: tuple[float, float, float] = (1.0, 1.0, 0.0)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SentenceScores:
    """Every sentence of the kept responses against every codable theme.

    ``score`` says which theme: in standard deviations, relative to the other themes of its level.
    ``nearness`` says whether any theme at all: a cosine.  ``margin`` is the score less that of the
    best other theme of the level, NaN where there is none; ``likely`` the probability of the theme
    that scores best there, 0 for the others.  ``whole`` is the score of each response.
    """

    response_id: list[str]
    sentences: list[str]
    owner: Ints
    vectors: Floats32
    score: Floats
    nearness: Floats
    margin: Floats
    likely: Floats
    whole: Floats
    reference_scale: tuple[ReferenceScale, ...]


def score_themes(
    responses: Responses, embeddings: Embeddings, frame: ThemeFrame, encoder: Encoder
) -> pd.DataFrame:
    """Compute relevance scores of each kept response for each codable theme, without training.

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
        ``theme``; ``score`` (of the response as a whole, and its neighbours); ``sentence`` (of its
        best sentence: the theme with the highest is the response's best one); ``margin`` (the most
        by which one of its sentences scores the theme above all others). In standard deviations
        over responses and themes; none is a probability.

    Raises
    ------
    InputError
        If the encoder is not the one that made the embeddings.

    Notes
    -----
    A text's score for a theme is the mean of four views, each standardised: nearness in meaning
    (cosine to the theme's nearest anchor) [1]_; nearness in wording (cosine of character n-grams
    weighted by rarity, against all the theme's anchors at once) [2]_; the log-odds of a logistic
    regression taught to tell the theme's anchors from those of the others; and those of one taught
    by the sentences that the first three are surest of, too [3]_. Where themes that are not codable
    describe one, wording and anchors are held against it as a whole and against its best part.
    A sentence's score is three parts its own and one part its response's, which is averaged with
    its nearest responses. Some themes are near to everything; so a quarter of the theme's hubness,
    the mean of its ten best sentences, is taken off, as far as it differs from that of the others
    [4]_. In a codebook of several levels, themes compete with those of their level alone.

    References
    ----------
    .. [1] Yin, Hay and Roth (2019), "Benchmarking zero-shot text classification", EMNLP.
    .. [2] Luan, Eisenstein, Toutanova and Collins (2021), "Sparse, dense, and attentional
       representations for text retrieval", TACL 9:329-345.
    .. [3] Meng et al. (2020), "Text classification using label names only", EMNLP.
    .. [4] Lample, Conneau, Ranzato, Denoyer and Jégou (2018), "Word translation without parallel
       data", ICLR (cross-domain similarity local scaling, against hubs).
    """
    return tabulate_scores(score_sentences(responses, embeddings, frame, encoder), frame)


def tabulate_scores(s: SentenceScores, frame: ThemeFrame) -> pd.DataFrame:
    """The table of :func:`score_themes`."""
    best, margin = np.full_like(s.whole, -np.inf), np.full_like(s.whole, -np.inf)
    np.maximum.at(best, s.owner, s.score)
    np.maximum.at(margin, s.owner, np.nan_to_num(s.margin, nan=0.0))
    n, k = s.whole.shape
    return pd.DataFrame(
        {
            "response_id": np.repeat(np.array(s.response_id, dtype=object), k),
            "theme": [t.id for t in frame.codable] * n,
            "score": s.whole.ravel(),
            "sentence": best.ravel(),
            "margin": margin.ravel(),
        }
    )


class _Texts(NamedTuple):
    """The kept responses, then their sentences; and whose each sentence is."""

    response_id: list[str]
    texts: list[str]
    vectors: Floats32
    owner: Ints
    near: Ints  # places of the nearest responses on the reference scale


def score_sentences(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    evidence: Floats | None = None,
    fixed: tuple[ReferenceScale, ...] | None = None,
) -> SentenceScores:
    """Score the sentences of each kept response; ``evidence`` is added to the responses' scores.

    Each level of the codebook is scored by itself: that of one level is in no way changed by what
    is codable below it.  With ``fixed``, what is taken from the survey as a whole is that of an
    earlier one.
    """
    require_same_encoder(encoder, embeddings)
    kept = responses.kept
    ids, pieces = kept["response_id"].tolist(), [split_sentences(text) for text in kept["text"]]
    sentences = [s for p in pieces for s in p]
    expand = expand_acronyms(frame.acronyms)
    read = [expand(s) for s in sentences]
    known = dict(embeddings.sentences)
    if new := [s for s in dict.fromkeys(read) if s not in known]:
        known |= zip(new, encoder.encode(new), strict=True)
    vectors = np.vstack([embeddings.rows(ids), np.stack([known[s] for s in read])])
    owner = np.repeat(np.arange(len(ids)), [len(p) for p in pieces])
    near = _nearest(vectors[: len(ids)], ids, fixed[0] if fixed else None)
    texts = _Texts(ids, [*map(expand, kept["text"]), *read], vectors, owner, near)
    codable = [t.id for t in frame.codable]
    if evidence is None:
        evidence = np.zeros((len(ids), len(codable)))
    columns: dict[str, tuple[Floats, ...]] = {}
    scales = []
    for depth, level in enumerate(split_levels(frame)):
        own = [codable.index(t.id) for t in level.codable]
        scale, found = _score_level(
            texts, level, encoder, evidence[:, own], fixed[depth] if fixed else None
        )
        scales.append(scale)
        for j, theme in enumerate(level.codable):
            columns.setdefault(theme.id, tuple(values[:, j] for values in found))
    of_theme = zip(*(columns[t] for t in codable), strict=True)
    score, nearness, margin, likely, whole = (np.stack(c, axis=1) for c in of_theme)
    return SentenceScores(
        response_id=ids,
        sentences=sentences,
        owner=owner,
        vectors=vectors[len(ids) :],
        score=score,
        nearness=nearness,
        margin=margin,
        likely=likely,
        whole=whole,
        reference_scale=tuple(scales),
    )


def _score_level(
    texts: _Texts,
    frame: ThemeFrame,
    encoder: Encoder,
    evidence: Floats,
    fixed: ReferenceScale | None,
) -> tuple[ReferenceScale, tuple[Floats, ...]]:
    """Score, nearness, margin and likelihood of sentences, and score of responses, on one level."""
    views = fixed.views if fixed else make_views(texts.texts, frame, encoder)
    found, nearness = view_texts(texts.texts, texts.vectors, views)
    near = nearness[len(texts.response_id) :]
    if fixed is None:
        views = replace(views, spread=tuple(float(v.std()) for v in found))
    if fixed is None and len(frame.codable) > 1:
        # What people decided on topics does not teach: it is of their own responses alone.
        scale, _, score = _scaled_to(texts, found, near, views, 0.0, None)
        views = replace(views, taught=_taught(texts, score, near, scale))
    if views.taught is not None:
        found.append(views.taught.log_odds(texts.texts, texts.vectors))
        if fixed is None:
            views = replace(views, spread=(*views.spread, float(found[-1].std())))
    scale, whole, score = _scaled_to(texts, found, near, views, evidence, fixed)
    likely = np.zeros_like(score)
    rows, best = np.arange(len(score)), score.argmax(axis=1)
    likely[rows, best] = theme_probability(score, near, scale.any_theme_cutoff)
    return scale, (score, near, _margin(score), likely, whole)


def _taught(texts: _Texts, score: Floats, near: Floats, scale: ReferenceScale) -> SelfTaught:
    whole, n = scale.views.whole, len(texts.response_id)
    return teach_by_sentences(
        ([a.text for a in whole.anchors], whole.vectors, whole.of),
        texts.texts[n:],
        texts.vectors[n:],
        score.argmax(axis=1),
        theme_probability(score, near, scale.any_theme_cutoff),
    )


def _scaled_to(
    texts: _Texts,
    found: Sequence[Floats],
    near: Floats,
    views: Views,
    evidence: Floats | float,
    fixed: ReferenceScale | None,
) -> tuple[ReferenceScale, Floats, Floats]:
    """Scores of responses and of their sentences by an earlier survey's scale, or by their own."""
    score, n = weigh_views(found, views), len(texts.response_id)
    scale = fixed or ReferenceScale(
        views=views,
        response_id=texts.response_id,
        vectors=texts.vectors[:n],
        score=score[:n],
        hubness=np.zeros(0),
    )
    whole = _smoothed(score[:n], scale.score, texts.near) + evidence
    own = (1 - RESPONSE_WEIGHT) * score[n:] + RESPONSE_WEIGHT * whole[texts.owner]
    if fixed is None:
        hubness = _hubness(own)
        cutoff = any_theme_cutoff(_levelled(own, hubness), near)
        scale = replace(scale, hubness=hubness, any_theme_cutoff=cutoff)
    return scale, whole, _levelled(own, scale.hubness)


def _margin(score: Floats) -> Floats:
    """Score of each theme less the best of the others; NaN if there is no other."""
    if score.shape[1] < 2:
        return np.full(score.shape, np.nan)
    ranked = np.sort(score, axis=1)
    return score - np.where(score == ranked[:, -1:], ranked[:, -2:-1], ranked[:, -1:])


def _hubness(score: Floats) -> Floats:
    """Mean of each theme's best scores."""
    return np.asarray(np.sort(score, axis=0)[-HUBNESS_SENTENCES:].mean(axis=0))


def _levelled(score: Floats, hubness: Floats) -> Floats:
    """Scores with the themes' hubness brought nearer to each other."""
    return np.asarray(score - HUBNESS_WEIGHT * (hubness - hubness.mean()))


def _smoothed(score: Floats, of_scale: Floats, near: Ints) -> Floats:
    """Half each response's own score, half its nearest of the reference scale's."""
    return (score + of_scale[near].mean(axis=1)) / 2 if near.shape[1] else score


def _nearest(vectors: Floats32, ids: list[str], scale: ReferenceScale | None) -> Ints:
    """Places of each response's nearest others, among those of the scale or each other."""
    among, known = (scale.vectors, scale.response_id) if scale else (vectors, ids)
    k = min(NEIGHBOURS + 1, len(among))
    own = pd.Index(known).get_indexer(pd.Index(ids))
    near, _ = nearest_rows(vectors, k, among=among, own=own)
    return np.where(own[:, None] >= 0, near[:, 1:], near[:, :-1])
