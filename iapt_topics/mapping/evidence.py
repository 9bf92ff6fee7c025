"""What carried each code: a sentence, its place in the text, and the words of the frame near it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics.codes.codes import EVIDENCE
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.polarity import read_polarity
from iapt_topics.mapping.scoring import Anchor, SentenceScores, theme_anchors
from iapt_topics.survey.responses import Responses
from iapt_topics.survey.sentences import sentence_spans


def find_evidence(
    scores: SentenceScores,
    table: pd.DataFrame,
    responses: Responses,
    frame: ThemeFrame,
    encoder: Encoder,
    given: Bools | None = None,
) -> pd.DataFrame:
    """The sentence that carried each code, the response's best one for the theme, and its polarity.

    Parameters
    ----------
    scores : SentenceScores
        Of the kept responses.
    table : DataFrame
        ``response_id`` and ``theme`` of each code.
    responses : Responses
        The survey.
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        The one of the scores.
    given : ndarray of bool, shape (n_sentences,), optional
        Sentences that were given their best theme: a code's sentence is then one of these.

    Returns
    -------
    DataFrame
        As ``evidence`` of :class:`iapt_topics.codes.Codes`.
    """
    ids = [t.id for t in frame.codable]
    row = pd.Index(scores.response_id).get_indexer(pd.Index(table["response_id"]))
    theme = pd.Index(ids).get_indexer(pd.Index(table["theme"]))
    first, last = (np.searchsorted(scores.owner, row, side) for side in ("left", "right"))
    possible = scores.score
    if given is not None:
        best = possible.argmax(axis=1)[:, None] == np.arange(len(ids))
        possible = np.where(best & given[:, None], possible, -np.inf)
    ranges = zip(first, last, theme, strict=True)
    sentence = np.array([i + possible[i:j, t].argmax() for i, j, t in ranges], dtype=np.intp)
    kept = responses.kept
    coded = kept[kept["response_id"].isin(table["response_id"])]
    places = {
        i: sentence_spans(t) for i, t in zip(coded["response_id"], coded["text"], strict=True)
    }
    numbers = zip(table["response_id"], sentence - first, strict=True)
    spans = [places[response][number] for response, number in numbers]
    anchors = nearest_anchors(scores, sentence, theme, frame)
    columns = (
        table["response_id"].to_numpy(dtype=object), table["theme"].to_numpy(dtype=object),
        [start for start, _ in spans], [end for _, end in spans],
        margin_over_others(scores.score[sentence], theme),
        [a.text for a in anchors], [a.kind for a in anchors],
    )  # fmt: skip
    evidence = pd.DataFrame(dict(zip(EVIDENCE, columns, strict=True)))
    vectors = dict(zip(scores.sentences, scores.vectors, strict=True))
    anchor_vectors = scores.reference_scale.views.anchor_vectors
    polarity = read_polarity(evidence, responses, frame, encoder, vectors, anchor_vectors)
    return pd.concat([evidence, polarity], axis=1)


def margin_over_others(score: Floats, theme: Ints) -> Floats:
    """Score of one theme in each row less the best of the others; NaN if there is no other."""
    rows = np.arange(len(score))
    if score.shape[1] < 2:
        return np.full(len(score), np.nan)
    others = score.copy()
    others[rows, theme] = -np.inf
    return np.asarray(score[rows, theme] - others.max(axis=1))


def nearest_anchors(
    scores: SentenceScores, sentence: Ints, theme: Ints, frame: ThemeFrame
) -> list[Anchor]:
    """For each sentence and theme, the text of the theme that is nearest in meaning."""
    anchors = theme_anchors(frame)
    of = np.array([a.theme for a in anchors], dtype=object)
    nearest = np.zeros(len(sentence), dtype=np.intp)
    for j, name in enumerate(t.id for t in frame.codable):
        rows, own = np.flatnonzero(theme == j), np.flatnonzero(of == name)
        vectors = scores.reference_scale.views.anchor_vectors[own]
        nearest[rows] = own[(scores.vectors[sentence[rows]] @ vectors.T).argmax(axis=1)]
    return [anchors[i] for i in nearest]
