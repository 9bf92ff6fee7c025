"""Readable labels of topics from what people wrote in them, without a language model.

Candidates are the phrases of one to three words that enough people used in the topic, and a
larger part of its people than of all. They are ranked by how much nearer in meaning they are to the
topic than to the others (KeyBERT, Grootendorst 2020, with the other topics for contrast: a label
has to tell its topic from them), and picked so that each says something the ones before do not
(maximal marginal relevance: Carbonell and Goldstein 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Floats32, Ints
from iapt_topics._base.door import Checked
from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import Embeddings, require_same_encoder
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.survey.redaction import safe_texts
from iapt_topics.survey.responses import Responses, cluster_ids
from iapt_topics.topics.topics import Topics, fitted_rows
from iapt_topics.topics.words import clean, name_topic, stem

#: A phrase that fewer people used describes them rather than the topic.
FEWEST_PEOPLE = 5
_SHARE = 0.03  # part of a topic's people who use a phrase of its label
_PHRASES = 3
# Weights in cosines. Half or twice of each changes little in benchmarks/topic_labels.py.
_REPEATS = 0.3  # against a phrase that is like one before it, times their cosine
_COMMON = 0.08  # for a phrase that is used e times as often
_WORDY = 0.1  # for a phrase of more than one word
#: Stop words that may stand within a phrase: "out of hours", but not "hours is monitored".
_JOINING = {"a", "an", "and", "at", "by", "for", "from", "in", "my", "of", "on", "or", "our", "the"}
_JOINING |= {"to", "up", "with"}


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
    """Label topics by the key phrases that tell them from each other.

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
        With other labels in ``topics``; a topic without a phrase that five respondents used keeps
        its own.

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
    found = _labels(kept, topics, encoder)
    labels = []
    for row, label in zip(topics.topics.to_dict("records"), found, strict=True):
        if namer is not None:
            quotes = tuple(safe_texts(responses, row["exemplars"]))
            words = tuple(row["words"].split(", "))
            label = namer(TopicBrief(topic=row["topic"], words=words, exemplars=quotes))
            if not isinstance(label, str) or not label.strip():
                raise InputError(
                    f"namer, topic {row['topic']}",
                    "must return a label",
                    repr(label),
                    "Correct it.",
                )
        labels.append(" ".join(label.split()))
    return replace(topics, topics=topics.topics.assign(label=labels))


def _labels(kept: pd.DataFrame, topics: Topics, encoder: Encoder) -> list[str]:
    """Label of each topic; its own where too few people share a phrase."""
    phrases, used, people = _phrases(kept, topics.assignments["topic"].to_numpy(), topics.n_topics)
    if not phrases:
        return topics.topics["label"].tolist()
    vectors = np.asarray(encoder.encode(phrases))
    near = vectors @ topics.centroids.T
    share = used / np.maximum(people, 1)
    usual = used.sum(axis=1, keepdims=True) / people.sum()
    fits = (used >= FEWEST_PEOPLE) & (share >= _SHARE) & (share > usual)
    contrast = near - (near.sum(axis=1, keepdims=True) - near) / max(topics.n_topics - 1, 1)
    wordy = np.array([" " in phrase for phrase in phrases])
    labels = []
    for t, row in enumerate(topics.topics.to_dict("records")):
        some = np.flatnonzero(fits[:, t])
        score = contrast[some, t] + _COMMON * np.log(share[some, t]) + _WORDY * wordy[some]
        picked = [phrases[j] for j in some[_pick([phrases[j] for j in some], vectors[some], score)]]
        if len(picked) == 1 and " " not in picked[0]:  # one bare word names little
            picked += row["words"].split(", ")
        labels.append(name_topic(picked) if picked else row["label"])
    return labels


def _phrases(kept: pd.DataFrame, topic: Ints, n_topics: int) -> tuple[list[str], Ints, Ints]:
    """Phrases that enough people use in a topic; how many do in each; how many speak of each."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    people = kept.assign(topic=topic, person=cluster_ids(kept))[topic >= 0]
    texts = people.groupby(["topic", "person"])["text"].agg("\n".join)
    home = texts.index.get_level_values("topic").to_numpy()
    speak = np.bincount(home, minlength=n_topics)
    try:
        # Stop words are not taken out before phrases are made: "out of hours" is one.
        vectorizer = CountVectorizer(ngram_range=(1, 3), preprocessor=clean, binary=True)
        counts = vectorizer.fit_transform(texts)
    except ValueError:  # no words at all
        return [], np.empty((0, n_topics), dtype=np.intp), speak
    used = np.stack([np.asarray(counts[home == t].sum(axis=0))[0] for t in range(n_topics)], axis=1)
    phrases = vectorizer.get_feature_names_out()
    rows = [
        j
        for j in np.flatnonzero(used.max(axis=1) >= FEWEST_PEOPLE)
        if _is_whole(phrases[j].split(), ENGLISH_STOP_WORDS)
    ]
    return [str(phrases[j]) for j in rows], used[rows], speak


def _is_whole(words: list[str], stop: Set[str]) -> bool:
    """Whether words are a phrase, and neither a number nor cut out of a sentence."""
    inside = set(words[1:-1]) & stop
    return (
        not {words[0], words[-1]} & stop and inside <= _JOINING and not "".join(words).isdecimal()
    )


def _pick(phrases: list[str], vectors: Floats32, score: Floats) -> list[int]:
    """Places of the phrases picked one by one: of a good score, and unlike those before."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    stems = [{stem(w) for w in p.split() if w not in ENGLISH_STOP_WORDS} for p in phrases]
    alike = vectors @ vectors.T
    picked: list[int] = []
    while len(picked) < _PHRASES:
        before = alike[:, picked].max(axis=1) if picked else np.zeros(len(phrases))
        # "targets" after "recovery targets" says nothing, nor does "high target" say much.
        said = {s for p in picked for s in stems[p]}
        left = np.where([bool(said & s) for s in stems], -np.inf, score - _REPEATS * before)
        if not np.isfinite(left).any():
            break
        picked.append(int(left.argmax()))
    return picked
