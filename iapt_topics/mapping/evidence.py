"""What carried each code: a sentence, its place in the text, and the words of the frame near it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Ints
from iapt_topics.codes.codes import EVIDENCE
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.anchors import Anchor, split_levels
from iapt_topics.mapping.polarity import PolarityReader, read_polarity
from iapt_topics.mapping.scoring import SentenceScores
from iapt_topics.mapping.views import Anchored
from iapt_topics.survey.responses import Responses
from iapt_topics.survey.sentences import sentence_spans


def find_evidence(
    scores: SentenceScores,
    table: pd.DataFrame,
    responses: Responses,
    frame: ThemeFrame,
    encoder: Encoder,
    given: Bools | None = None,
    reader: PolarityReader | None = None,
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
    given : ndarray of bool, shape (n_sentences, n_themes), optional
        Which sentence was given which theme: a code's sentence is then one of these.
    reader : PolarityReader, optional
        One that was taught before.

    Returns
    -------
    DataFrame
        As ``evidence`` of :class:`iapt_topics.codes.Codes`.
    """
    ids = [t.id for t in frame.codable]
    row = pd.Index(scores.response_id).get_indexer(pd.Index(table["response_id"]))
    theme = pd.Index(ids).get_indexer(pd.Index(table["theme"]))
    first, last = (np.searchsorted(scores.owner, row, side) for side in ("left", "right"))
    possible = scores.score if given is None else np.where(given, scores.score, -np.inf)
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
        scores.margin[sentence, theme],
        [a.text for a in anchors], [a.kind for a in anchors],
    )  # fmt: skip
    evidence = pd.DataFrame(dict(zip(EVIDENCE, columns, strict=True)))
    vectors = dict(zip(scores.sentences, scores.vectors, strict=True))
    anchors_known = {
        anchor.text: vector
        for scale in scores.reference_scale
        for anchor, vector in zip(scale.views.whole.anchors, scale.views.whole.vectors, strict=True)
    }
    polarity = read_polarity(evidence, responses, frame, encoder, vectors, anchors_known, reader)
    return pd.concat([evidence, polarity], axis=1)


def nearest_anchors(
    scores: SentenceScores, sentence: Ints, theme: Ints, frame: ThemeFrame
) -> list[Anchor]:
    """For each sentence and theme, the text of the theme that is nearest in meaning."""
    own: dict[str, tuple[Anchored, int]] = {}
    for scale, level in zip(scores.reference_scale, split_levels(frame), strict=True):
        for j, t in enumerate(level.codable):
            own.setdefault(t.id, (scale.views.whole, j))
    found = np.empty(len(sentence), dtype=object)
    for j, (anchored, place) in enumerate(own[t.id] for t in frame.codable):
        rows, at = np.flatnonzero(theme == j), np.flatnonzero(anchored.of == place)
        near = (scores.vectors[sentence[rows]] @ anchored.vectors[at].T).argmax(axis=1)
        for row, anchor in zip(rows, at[near], strict=True):
            found[row] = anchored.anchors[anchor]
    return list(found)
