"""A text's score for each theme by several views of it, from the frame's own wording alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Floats32, Ints
from iapt_topics.encoders.encoder import Encoder, encode_themes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.anchors import Anchor, theme_anchors, unfold
from iapt_topics.mapping.self_taught import SelfTaught, of_each_theme

#: Whether a text mentions a theme at all is told by the mean cosine to this many of the theme's
#: nearest anchors: with one, a single odd anchor decides; with all, a theme described from several
#: sides loses. Which theme it mentions is told by the nearest anchor, beside two other views.
NEAREST = 3
#: Inverse strength of the penalty in the classifier taught with the anchors.
PENALTY = 10.0
_ROWS = 4096


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Anchored:
    """Themes by their anchors: place and unit vector of each, and a classifier taught with them.

    ``documents`` are all the anchors of each theme as one text; ``theme`` says of which theme of
    the codebook each is, where these are what describes them.  ``classifier`` is None for one.
    """

    anchors: list[Anchor]
    vectors: Floats32
    of: Ints
    documents: list[str]
    theme: Ints
    classifier: Any


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Views:
    """What the views of a text take from the frame and from the survey around the text.

    ``apart`` has the parts that describe themes each by itself, if any; ``grams`` the n-grams and
    how rare they are; ``spread`` the standard deviation of each view.
    """

    whole: Anchored
    apart: Anchored | None
    grams: Any
    taught: SelfTaught | None = None
    spread: tuple[float, ...] = ()


def make_views(texts: Sequence[str], frame: ThemeFrame, encoder: Encoder) -> Views:
    """What the frame says, and what words the texts use; not yet what they teach."""
    places = {t.id: j for j, t in enumerate(frame.codable)}
    whole = _anchored(frame, list(places.values()), encoder)
    unfolded, whose = unfold(frame)
    apart = None
    if [t.id for t in unfolded.codable] != list(places):
        apart = _anchored(unfolded, [places[t] for t in whose], encoder)
    return Views(whole=whole, apart=apart, grams=_grams([*whole.documents, *texts]))


def _anchored(frame: ThemeFrame, whose: list[int], encoder: Encoder) -> Anchored:
    anchors = theme_anchors(frame)
    vectors = encode_themes(encoder, [a.text for a in anchors])
    of = _places(anchors, frame)
    return Anchored(
        anchors=anchors,
        vectors=vectors,
        of=of,
        documents=[" ".join(a.text for a in anchors if a.theme == t.id) for t in frame.codable],
        theme=np.array(whose, dtype=np.intp),
        classifier=_classifier(vectors, of) if len(whose) > 1 else None,
    )


def view_texts(
    texts: Sequence[str], vectors: Floats32, views: Views
) -> tuple[list[Floats], Floats]:
    """Each view of each text, shape (n, themes), relative to the mean theme; and its nearness."""
    whole, apart = views.whole, views.apart
    nearest, nearness = _nearness(vectors, whole.vectors, whole.of)
    found = [nearest, _same_wording(views.grams, texts, whole.documents)]
    if whole.classifier is not None:
        found.append(of_each_theme(whole.classifier.decision_function(vectors)))
    if apart is not None:
        found.append(_best(_same_wording(views.grams, texts, apart.documents), apart.theme))
        if apart.classifier is not None:
            odds = of_each_theme(apart.classifier.decision_function(vectors))
            found.append(_best(odds, apart.theme))
    return [_centred(v) for v in found], nearness


def weigh_views(found: Sequence[Floats], views: Views) -> Floats:
    """Mean of the views, each in its own standard deviations.

    Two that say the same of a theme as a whole and of its parts count as one.
    """
    halved = 2 * (1 + (views.whole.classifier is not None)) if views.apart is not None else 0
    weight = np.ones(len(found))
    weight[1 : 1 + halved] = 0.5
    scaled = (w * _scaled(v, s) for w, v, s in zip(weight, found, views.spread, strict=True))
    return np.asarray(sum(scaled) / weight.sum())


def nearness_in_meaning(vectors: Floats32, frame: ThemeFrame, encoder: Encoder) -> Floats:
    """Mean cosine of each row to each codable theme's nearest anchors."""
    anchors = theme_anchors(frame)
    anchor_vectors = encode_themes(encoder, [a.text for a in anchors])
    return _nearness(vectors, anchor_vectors, _places(anchors, frame))[1]


def classify(
    vectors: Floats32, frame: ThemeFrame, encoder: Encoder, spread: float | None = None
) -> tuple[Floats, float]:
    """Log-odds of each codable theme for each row, taught by the anchors alone, and their spread.

    They are in units of their spread over these rows, or of the one of an earlier survey.
    """
    anchors = theme_anchors(frame)
    anchor_vectors = encode_themes(encoder, [a.text for a in anchors])
    model = _classifier(anchor_vectors, _places(anchors, frame))
    odds = _centred(of_each_theme(model.decision_function(vectors)))
    spread = float(odds.std()) if spread is None else spread
    return _scaled(odds, spread), spread


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


def _classifier(anchor_vectors: Floats32, of: Ints) -> Any:
    """Teach a logistic regression to tell the anchors of one theme from those of others."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=1000)
    return model.fit(anchor_vectors, of)


def _best(view: Floats, theme: Ints) -> Floats:
    """For each theme, the view of its best part."""
    best = np.full((len(view), theme.max() + 1), -np.inf)
    for j, own in enumerate(theme):
        best[:, own] = np.maximum(best[:, own], view[:, j])
    return best


def _centred(view: Floats) -> Floats:
    """Scores relative to the mean theme of their text."""
    return view - view.mean(axis=1, keepdims=True) if view.shape[1] > 1 else view


def _scaled(view: Floats, spread: float) -> Floats:
    return view / spread if spread > 0 else view
