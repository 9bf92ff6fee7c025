"""What is held beside each theme given: barrier or protection, agreement or conflict, impact."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Floats32
from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Facet, Theme
from iapt_topics.mapping.coding import assign_themes
from iapt_topics.mapping.scoring import SentenceScores
from iapt_topics.mapping.views import classify, nearness_in_meaning
from iapt_topics.survey.responses import Responses

#: A value is given if the sentence leans to it, over the next value, by this many standard
#: deviations of the leaning of all sentences.
LEAST_MARGIN = 1.0
#: What a theme says of itself counts as a leaning of this size: the sentence has to be plain to
#: overrule it.
CARRIED = 4.0
#: Facets that a sentence on any theme may show.
TONE = ("role",)


def code_facets(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    *,
    of_every_theme: Collection[str] = TONE,
) -> pd.DataFrame:
    """Classify the facets of each theme in a response by logistic regression on its sentence.

    Parameters
    ----------
    responses : Responses
        The survey.
    embeddings : Embeddings
        Of the same responses.
    frame : ThemeFrame
        The codebook, with its facets.
    encoder : Encoder
        The one that made the embeddings.
    of_every_theme : collection of str, default ("role",)
        Ids of facets that a sentence on any theme may show by its tone. The others are looked for
        only in sentences as near to one of their values as to some theme that is not their own, and
        in themes that carry the facet.

    Returns
    -------
    DataFrame
        One row for each facet and sentence that :func:`iapt_topics.code_responses` codes with a
        theme: ``response_id``; ``sentence`` (its place, from 0); ``theme``; ``facet``; ``value``
        (``""`` if none is assigned); ``margin`` (over the next value, in standard deviations of the
        leaning of all sentences); ``carried`` (the value that the theme itself carries in the
        frame, or ``""``); ``note``.

    Raises
    ------
    InputError
        If the frame has no facets, or the encoder is not the one that made the embeddings.

    Notes
    -----
    A sentence leans by a logistic regression that was taught to tell the descriptions and examples
    of one value from those of the others: contrast is what tells "helps" from "hinders", which a
    cosine hardly does. The theme's own value is added. Accuracy on the bundled example and on the
    tone of patients' comments is in ``docs/laboratory.md``: tone is right more often than expected
    by chance, and far from always.
    """
    if not frame.facets:
        raise InputError(f"frame {frame.name!r}", "must have facets", "none", "Add [[facet]]s.")
    scores, given = assign_themes(responses, embeddings, frame, encoder)
    return assign_facets(scores, given, frame, encoder, of_every_theme=of_every_theme)[0]


def assign_facets(
    scores: SentenceScores,
    given: Bools,
    frame: ThemeFrame,
    encoder: Encoder,
    *,
    of_every_theme: Collection[str] = TONE,
    fixed: Mapping[str, float] | None = None,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """The table of :func:`code_facets`, and the spread of the leaning by facet.

    With ``fixed``, in units of the spread in an earlier survey (or part of one).
    """
    ids = [t.id for t in frame.codable]
    sentence, theme = np.nonzero(given)
    runner_up = np.sort(scores.nearness, axis=1)[:, -2:][:, 0]
    places = pd.Series(scores.owner).groupby(scores.owner).cumcount().to_numpy()
    parts, spread = [], {}
    for facet in frame.facets:
        values = np.array([v.id for v in facet.values], dtype=object)
        leaning, near, spread[facet.id] = _leaning(
            scores.vectors, facet, encoder, fixed[facet.id] if fixed is not None else None
        )
        own = np.array([[f"{facet.id}={v}" in t.facets for v in values] for t in frame.codable])[
            theme
        ]
        leaning = leaning[sentence] + CARRIED * own
        ranked = np.sort(leaning, axis=1)
        margin = ranked[:, -1] - ranked[:, -2]
        spoken_of = own.any(axis=1) | (near >= runner_up)[sentence] | (facet.id in of_every_theme)
        clear = margin >= LEAST_MARGIN
        part = pd.DataFrame(
            {
                "response_id": np.array(scores.response_id, dtype=object)[scores.owner[sentence]],
                "sentence": places[sentence],
                "theme": np.array(ids, dtype=object)[theme],
                "facet": facet.id,
                "value": np.where(spoken_of & clear, values[leaning.argmax(axis=1)], ""),
                "margin": margin,
                "carried": np.where(own.any(axis=1), values[own.argmax(axis=1)], ""),
                "note": np.select(
                    [~spoken_of, ~clear], ["not mentioned", "no clear value"], default=""
                ),
            },
            index=sentence,
        )
        parts.append(part)
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True), spread


def _leaning(
    vectors: Floats32, facet: Facet, encoder: Encoder, spread: float | None
) -> tuple[Floats, Floats, float]:
    """How far each row leans to each value; how near it is to the nearest one; the spread."""
    values = tuple(
        Theme(id=v.id, label=v.label, definition=v.definition, examples=v.examples)
        for v in facet.values
    )
    frame = ThemeFrame(name=facet.id, themes=values)
    nearness = nearness_in_meaning(vectors, frame, encoder)
    leaning, spread = classify(vectors, frame, encoder, spread)
    return leaning, nearness.max(axis=1), spread
