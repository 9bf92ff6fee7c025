"""Relevance score of each theme for each text, from the frame's own wording alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Floats32, Ints
from iapt_topics.encoders.embeddings import Embeddings, require_same_encoder
from iapt_topics.encoders.encoder import Encoder, encode_themes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.survey.responses import Responses
from iapt_topics.survey.sentences import split_sentences
from iapt_topics.topics.runs import nearest_rows

#: Whether a text mentions a theme at all is told by the mean cosine to this many of the theme's
#: nearest anchors: with one, a single odd anchor decides; with all, a theme described from several
#: sides loses. Which theme it mentions is told by the nearest anchor, beside two other views.
NEAREST = 3
#: Inverse strength of the penalty in the classifier taught with the anchors.
PENALTY = 10.0
#: A sentence's score is three parts its own and one part its response's.
RESPONSE_WEIGHT = 0.25
#: A response's score is half its own, half the mean of this many nearest responses.
NEIGHBOURS = 15
#: A theme whose best sentences score higher than those of others draws in sentences that are not
#: its own: of what the mean of this many exceeds that of other themes, a part is taken off.
HUBNESS_SENTENCES = 10
HUBNESS_WEIGHT = 0.25
_ROWS = 4096
_BELONGS = re.compile(r"([^;.()]+)\(([^()]+)\)")
_PART = re.compile(r"[,;:]\s+|\.\s+|\s+(?:and|or)\s+")


class Anchor(NamedTuple):
    """A text that stands for a theme, and the field of the frame it comes from."""

    theme: str
    text: str
    kind: str


def theme_anchors(frame: ThemeFrame) -> list[Anchor]:
    """Every text that stands for a codable theme, in the order of the frame, each once.

    These are its label; label and definition; each part of the definition and of what it includes,
    led by the label; each synonym; each example; the same for themes below it that are not codable
    themselves; and what another theme excludes with the theme's id in brackets, as in "hopes for
    promotion (S8)".
    """
    below: dict[str, list[Theme]] = {}
    for theme in frame.themes:
        if not theme.codable:
            below.setdefault(theme.parent, []).append(theme)

    def described(theme: Theme) -> Iterator[tuple[str, str]]:
        yield "label", theme.label
        for kind, text in (("definition", theme.definition), ("include", theme.include)):
            if text:
                yield kind, f"{theme.label}. {text}"
                parts = [p for part in _PART.split(text) if (p := part.strip(" ."))]
                if len(parts) > 1:
                    yield from ((kind, f"{theme.label}: {part}") for part in parts)
        yield from (("synonym", s) for s in theme.synonyms)
        yield from (("example", e) for e in theme.examples)
        for child in below.get(theme.id, ()):
            yield from described(child)

    elsewhere: dict[str, list[str]] = {theme.id: [] for theme in frame.codable}
    for theme in frame.codable:
        for text, ids in _BELONGS.findall(theme.exclude):
            for belongs in ids.split(", "):
                elsewhere.get(belongs, []).append(text.strip())

    anchors = []
    for theme in frame.codable:
        kinds: dict[str, str] = {}
        for kind, text in [*described(theme), *(("exclude", e) for e in elsewhere[theme.id])]:
            kinds.setdefault(text, kind)
        anchors += [Anchor(theme.id, text, kind) for text, kind in kinds.items()]
    return anchors


class Views(NamedTuple):
    """What the views of a text take from the frame and from the survey around the text."""

    anchor_vectors: Floats32
    grams: Any  # n-grams and how rare they are
    margins: Any  # the classifier taught with the anchors; None for one theme
    spread: tuple[float, ...]  # standard deviation of each view


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ReferenceScale:
    """All that scores and codes take from a survey as a whole; held fixed, a text stands alone.

    ``vectors`` and ``score`` are of its responses, the scores before those of neighbours come in;
    ``hubness`` is that of each theme; ``any_theme_cutoff``: spread of nearness and of score to the
    best theme, and the sum of both from which on a sentence has any theme.
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

    ``score`` says which theme: in standard deviations, relative to the other themes.  ``nearness``
    says whether any theme at all: a cosine.  ``whole`` is the score of each response.
    """

    response_id: list[str]
    sentences: list[str]
    owner: Ints
    vectors: Floats32
    score: Floats
    nearness: Floats
    whole: Floats
    reference_scale: ReferenceScale


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
    A text's score for a theme is the mean of three views, each standardised: nearness in meaning
    (cosine to the theme's nearest anchor) [1]_; nearness in wording (cosine of character n-grams
    weighted by rarity, against all the theme's anchors at once) [2]_; and the log-odds of a
    logistic regression taught to tell the theme's anchors from those of the others [3]_. A
    sentence's score is three parts its own and one part its response's, which is averaged with its
    nearest responses. Some themes are near to everything; so a quarter of the theme's hubness, the
    mean of its ten best sentences, is taken off, as far as it differs from that of the others
    [4]_.

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
    ranked = np.sort(s.score, axis=1)
    rival = np.zeros_like(s.score)
    if s.score.shape[1] > 1:
        rival = np.where(s.score == ranked[:, -1:], ranked[:, -2:-1], ranked[:, -1:])
    best, margin = np.full_like(s.whole, -np.inf), np.full_like(s.whole, -np.inf)
    np.maximum.at(best, s.owner, s.score)
    np.maximum.at(margin, s.owner, s.score - rival)
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


def score_sentences(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    evidence: Floats | float = 0.0,
    fixed: ReferenceScale | None = None,
) -> SentenceScores:
    """Score the sentences of each kept response; ``evidence`` is added to the responses' scores.

    With ``fixed``, what is taken from the survey as a whole is that of an earlier one.
    """
    require_same_encoder(encoder, embeddings)
    kept = responses.kept
    vectors = embeddings.rows(kept["response_id"].tolist())
    pieces = [split_sentences(text) for text in kept["text"]]
    sentences = [s for p in pieces for s in p]
    owner = np.repeat(np.arange(len(kept)), [len(p) for p in pieces])
    known = dict(embeddings.sentences)
    if new := [s for s in dict.fromkeys(sentences) if s not in known]:
        known |= zip(new, encoder.encode(new), strict=True)
    sentence_vectors = np.stack([known[s] for s in sentences])
    n = len(kept)
    score, nearness, views = _views(
        [*kept["text"], *sentences],
        np.vstack([vectors, sentence_vectors]),
        frame,
        encoder,
        fixed.views if fixed else None,
    )
    ids = kept["response_id"].tolist()
    reference_scale = fixed or ReferenceScale(
        views=views, response_id=ids, vectors=vectors, score=score[:n], hubness=np.zeros(0)
    )
    response = _smoothed(score[:n], vectors, ids, reference_scale) + evidence
    own = (1 - RESPONSE_WEIGHT) * score[n:] + RESPONSE_WEIGHT * response[owner]
    if fixed is None:
        reference_scale = replace(reference_scale, hubness=_hubness(own))
    return SentenceScores(
        response_id=ids,
        sentences=sentences,
        owner=owner,
        vectors=sentence_vectors,
        score=_levelled(own, reference_scale.hubness),
        nearness=nearness[n:],
        whole=response,
        reference_scale=reference_scale,
    )


def nearness_in_meaning(vectors: Floats32, frame: ThemeFrame, encoder: Encoder) -> Floats:
    """Mean cosine of each row to each codable theme's nearest anchors."""
    anchors = theme_anchors(frame)
    anchor_vectors = encode_themes(encoder, [a.text for a in anchors])
    return _nearness(vectors, anchor_vectors, _places(anchors, frame))[1]


def classify(vectors: Floats32, frame: ThemeFrame, encoder: Encoder) -> Floats:
    """Standardised log-odds of each codable theme for each row, taught by the anchors alone."""
    anchors = theme_anchors(frame)
    anchor_vectors = encode_themes(encoder, [a.text for a in anchors])
    log_odds = _centred(_log_odds(_taught(anchor_vectors, _places(anchors, frame)), vectors))
    return _scaled(log_odds, float(log_odds.std()))


def _views(
    texts: Sequence[str],
    vectors: Floats32,
    frame: ThemeFrame,
    encoder: Encoder,
    fixed: Views | None,
) -> tuple[Floats, Floats, Views]:
    """Score of each text for each theme, the mean of three standardised views; and its nearness."""
    anchors = theme_anchors(frame)
    of = _places(anchors, frame)
    words = [" ".join(a.text for a in anchors if a.theme == t.id) for t in frame.codable]
    if fixed is None:
        anchor_vectors = encode_themes(encoder, [a.text for a in anchors])
        margins = _taught(anchor_vectors, of) if len(words) > 1 else None
        grams = _grams([*words, *texts])
    else:
        anchor_vectors, grams, margins, _ = fixed
    nearest, nearness = _nearness(vectors, anchor_vectors, of)
    views = [nearest, _same_wording(grams, texts, words)]
    if margins is not None:
        views.append(_log_odds(margins, vectors))
    views = [_centred(v) for v in views]
    spread = fixed.spread if fixed else tuple(float(v.std()) for v in views)
    score = np.mean([_scaled(v, s) for v, s in zip(views, spread, strict=True)], axis=0)
    return score, nearness, Views(anchor_vectors, grams, margins, spread)


def _places(anchors: Sequence[Anchor], frame: ThemeFrame) -> Ints:
    """Place in the frame of each anchor's theme."""
    place = {t.id: j for j, t in enumerate(frame.codable)}
    return np.array([place[a.theme] for a in anchors], dtype=np.intp)


def _nearness(vectors: Floats32, anchor_vectors: Floats32, of: Ints) -> tuple[Floats, Floats]:
    """Cosine to each theme's nearest anchor, and mean cosine to its NEAREST nearest."""
    first, mean = np.empty((2, len(vectors), of.max() + 1))
    for part in _parts(len(vectors)):
        cosines = vectors[part] @ anchor_vectors.T
        for j in range(of.max() + 1):
            near = np.sort(cosines[:, of == j], axis=1)[:, -NEAREST:]
            first[part, j], mean[part, j] = near[:, -1], near.mean(axis=1)
    return first, mean


def _parts(n: int) -> Iterator[slice]:
    """Rows that are handled together, since more is made of each than is kept."""
    return (slice(start, start + _ROWS) for start in range(0, n, _ROWS))


def _grams(texts: Sequence[str]) -> Any:
    """Learn character n-grams and how rare they are: forgiving of endings and slips of typing."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = {"analyzer": "char_wb", "ngram_range": (3, 5), "sublinear_tf": True}
    analyze = TfidfVectorizer(**words).build_analyzer()
    # By a fit of its own scikit-learn would hold every n-gram of every text at once.
    found = Counter(gram for text in texts for gram in set(analyze(text)))
    grams = TfidfVectorizer(**words, vocabulary=sorted(found))
    grams.idf_ = np.log((1 + len(texts)) / (1 + np.array([found[g] for g in sorted(found)]))) + 1
    return grams


def _same_wording(grams: Any, texts: Sequence[str], themes: Sequence[str]) -> Floats:
    """Cosine of weighted character n-grams."""
    # A response of one sentence is among the texts twice.
    code, distinct = pd.factorize(np.asarray(texts, dtype=object))
    wanted = grams.transform(themes).T
    same = [(grams.transform(distinct[p]) @ wanted).toarray() for p in _parts(len(distinct))]
    return np.concatenate(same)[code]


def _taught(anchor_vectors: Floats32, of: Ints) -> Any:
    """Teach a logistic regression to tell the anchors of one theme from those of others."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=1000)
    return model.fit(anchor_vectors, of)


def _log_odds(model: Any, vectors: Floats32) -> Floats:
    """Log-odds of each theme."""
    margins = model.decision_function(vectors)
    if margins.ndim == 1:  # two themes
        margins = np.stack([-margins, margins], axis=1) / 2
    return np.asarray(margins, dtype=np.float64)


def _centred(view: Floats) -> Floats:
    """Scores relative to the mean theme of their text."""
    return view - view.mean(axis=1, keepdims=True) if view.shape[1] > 1 else view


def _scaled(view: Floats, spread: float) -> Floats:
    return view / spread if spread > 0 else view


def _hubness(score: Floats) -> Floats:
    """Mean of each theme's best scores."""
    return np.asarray(np.sort(score, axis=0)[-HUBNESS_SENTENCES:].mean(axis=0))


def _levelled(score: Floats, hubness: Floats) -> Floats:
    """Scores with the themes' hubness brought nearer to each other."""
    return np.asarray(score - HUBNESS_WEIGHT * (hubness - hubness.mean()))


def _smoothed(
    score: Floats,
    vectors: Floats32,
    response_id: Sequence[str],
    reference_scale: ReferenceScale,
) -> Floats:
    """Half each response's own score, half its nearest of the reference scale's."""
    k = min(NEIGHBOURS + 1, len(reference_scale.vectors))
    if k < 2:
        return score
    own = pd.Index(reference_scale.response_id).get_indexer(pd.Index(response_id))
    near, _ = nearest_rows(vectors, k, among=reference_scale.vectors, own=own)
    near = np.where(own[:, None] >= 0, near[:, 1:], near[:, :-1])
    return np.asarray((score + reference_scale.score[near].mean(axis=1)) / 2)
