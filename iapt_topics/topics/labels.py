"""Readable labels of topics from their own words and typical responses, without a language model.

Candidates are the phrases of one to three words that enough people used in the topic. They are
ranked by how near they are in meaning to the topic's typical responses (KeyBERT: Grootendorst
2020), and picked so that each says something the ones before do not (maximal marginal relevance:
Carbonell and Goldstein 1998).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats32
from iapt_topics._base.door import Checked
from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import Embeddings, require_same_encoder
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.survey.redaction import safe_texts
from iapt_topics.survey.responses import Responses, cluster_ids
from iapt_topics.topics.topics import Topics, fitted_rows
from iapt_topics.topics.words import N_WORDS, clean

#: A phrase that fewer people used describes them rather than the topic.
FEWEST_PEOPLE = 5
_CANDIDATES = 50
#: Weight of being near the topic against being unlike the words before.
_RELEVANCE = 0.7
_PHRASES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicBrief(Checked):
    """What a namer of topics is given: words and typical responses of one topic.

    Attributes
    ----------
    topic : int
    words : tuple of str
        The most telling first.
    exemplars : tuple of str
        Typical responses, redacted by pattern. They are people's words: a namer must not send them
        off the machine.
    """

    topic: int
    words: tuple[str, ...]
    exemplars: tuple[str, ...]


def label_topics(
    topics: Topics,
    responses: Responses,
    embeddings: Embeddings,
    encoder: Encoder,
    *,
    namer: Callable[[TopicBrief], str] | None = None,
) -> Topics:
    """Label topics by key phrases, and choose words by maximal marginal relevance.

    Parameters
    ----------
    topics : Topics
        From :func:`iapt_topics.fit_topics`. It is not changed.
    responses : Responses
        Those that the topics were fitted to.
    embeddings : Embeddings
        Of the same responses.
    encoder : Encoder
        The one that made the embeddings.
    namer : callable, optional
        Your own, for example a local language model: it is given a :class:`TopicBrief` and
        returns a label.

    Returns
    -------
    Topics
        With other ``words`` and ``label`` in ``topics``; a topic without a phrase that five
        respondents used keeps its own.

    Raises
    ------
    InputError
        If the responses or the encoder are others, or the namer returns no text.

    References
    ----------
    Grootendorst (2020), "KeyBERT". Carbonell and Goldstein (1998), "The use of MMR,
    diversity-based reranking for reordering documents and producing summaries", SIGIR.
    """
    require_same_encoder(encoder, embeddings)
    kept = fitted_rows(topics, responses)
    kept = kept.assign(text=safe_texts(responses, kept["response_id"].tolist()))
    topic = topics.assignments["topic"].to_numpy()
    candidates = [_phrases(kept[topic == t]) for t in topics.topics["topic"]]
    every = sorted({phrase for some in candidates for phrase in some})
    vector = dict(zip(every, encoder.encode(every), strict=True)) if every else {}
    table = topics.topics.copy()
    words, labels = [], []
    for row, some in zip(table.to_dict("records"), candidates, strict=True):
        typical = embeddings.rows(list(row["exemplars"])).mean(axis=0)
        picked = _pick(some, np.stack([vector[p] for p in some]), typical) if some else []
        found = picked or row["words"].split(", ")
        label = ", ".join(picked[:_PHRASES]) or row["label"]
        if namer is not None:
            quotes = tuple(safe_texts(responses, row["exemplars"]))
            brief = TopicBrief(topic=row["topic"], words=tuple(found), exemplars=quotes)
            label = namer(brief)
            if not isinstance(label, str) or not label.strip():
                raise InputError(
                    f"namer, topic {row['topic']}",
                    "must return a label",
                    repr(label),
                    "Correct it.",
                )
            label = " ".join(label.split())
        words.append(", ".join(found))
        labels.append(label)
    return replace(topics, topics=table.assign(words=words, label=labels))


def _phrases(rows: pd.DataFrame) -> list[str]:
    """Phrases that the topic's people use, those of most people first."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    # Stop words are not taken out before phrases are made: "out of hours" is one.
    people = rows.groupby(cluster_ids(rows))["text"].agg("\n".join)
    try:
        vectorizer = CountVectorizer(ngram_range=(1, 3), preprocessor=clean, binary=True)
        counts = vectorizer.fit_transform(people)
    except ValueError:  # no words at all
        return []
    used = np.asarray(counts.sum(axis=0)).ravel()
    found = [
        (-n, phrase)
        for phrase, n in zip(vectorizer.get_feature_names_out().tolist(), used, strict=True)
        if n >= FEWEST_PEOPLE
        and not {phrase.split()[0], phrase.split()[-1]} & ENGLISH_STOP_WORDS
        and not phrase.replace(" ", "").isdecimal()
    ]
    return [phrase for _, phrase in sorted(found)[:_CANDIDATES]]


def _pick(phrases: list[str], vectors: Floats32, typical: Floats32) -> list[str]:
    """Pick phrases one by one: near the topic, unlike those picked before."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    near = vectors @ typical / max(float(np.linalg.norm(typical)), 1e-9)
    alike = vectors @ vectors.T
    picked: list[int] = []
    while len(picked) < min(N_WORDS, len(phrases)):
        worst = alike[:, picked].max(axis=1) if picked else np.zeros(len(phrases))
        score = _RELEVANCE * near - (1 - _RELEVANCE) * worst
        # "targets" after "recovery targets" says nothing, nor does "high targets" say much.
        said = {word for p in picked for word in phrases[p].split()} - ENGLISH_STOP_WORDS
        score[[bool(said & set(phrase.split())) for phrase in phrases]] = -np.inf
        if not np.isfinite(score).any():
            break
        picked.append(int(score.argmax()))
    return [phrases[p] for p in picked]
