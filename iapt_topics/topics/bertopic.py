"""Topics as a fitted BERTopic model, for those who want its figures and files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from logging import getLogger
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats32, Ints
from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.encoders.encoder import Encoder, sentence_encoder
from iapt_topics.topics.words import N_WORDS, clean, count_terms, name_topic, weigh_words


@dataclass(frozen=True, slots=True)
class EncoderBackend:
    """An encoder as BERTopic asks for it, which ``transform`` of new texts does."""

    encoder: Encoder

    def embed_documents(self, document: Sequence[str], verbose: bool = False) -> Floats32:
        """Encode texts; an encoder says nothing of its progress here."""
        return self.encoder.encode(list(document))

    embed = embed_words = embed_documents


def build_model(
    texts: list[str], vectors: Floats32, topic: Ints, encoder: Encoder | None = None
) -> Any:
    """Fit BERTopic to topics that are given: it counts their words and finds nothing new.

    Parameters
    ----------
    texts : list of str
    vectors : ndarray of float32, shape (n, d)
    topic : ndarray of int, shape (n,)
        -1 is unassigned.
    encoder : Encoder, optional
        The one that made the vectors, with which the model can place new texts.

    Returns
    -------
    bertopic.BERTopic
        New texts go to the topic with the nearest mean vector.
    """
    with _quiet():
        from bertopic import BERTopic
        from bertopic.vectorizers import ClassTfidfTransformer
        from sklearn.feature_extraction.text import CountVectorizer

        terms, _ = count_terms(texts)
        settings = {"vocabulary": sorted(terms)} if len(terms) else {"token_pattern": r"\S+"}
        model = BERTopic(
            language="multilingual",  # else it strips hyphens and accents from the texts
            vectorizer_model=CountVectorizer(preprocessor=clean, binary=True, **settings),
            ctfidf_model=ClassTfidfTransformer(),
            top_n_words=N_WORDS,
        )
        _fit_given(model, texts, vectors, topic)
    if encoder is not None:  # not before: a fit would look for a class of BERTopic's own
        model.embedding_model = EncoderBackend(encoder)
    # It counts the words of all responses of a topic as one text; ours are the report's.
    words = weigh_words(texts, topic, int(topic.max()) + 1)
    model.topic_representations_ |= {t: found for t, found in enumerate(words) if found}
    return model


def find_encoder(encoder: Encoder | None, embeddings: Embeddings) -> Encoder | None:
    """The encoder that made the embeddings: the one given, or the default one if it is that."""
    if encoder is None:
        try:
            default = sentence_encoder(cache=None)
        except InputError:  # its weights are not installed
            return None
        return default if default.fingerprint == embeddings.fingerprint else None
    if encoder.fingerprint != embeddings.fingerprint:
        raise InputError(
            "encoder", f"must be the one of the embeddings ({embeddings.model})",
            encoder.name, "Give that one, or none.",
        )  # fmt: skip
    return encoder


def name_by_model(
    topics: pd.DataFrame, model: Any, kept: pd.DataFrame, vectors: Floats32, topic: Ints
) -> pd.DataFrame:
    """The table of topics with words and labels as a user's own BERTopic model gives them."""
    texts = (kept["redacted"] if "redacted" in kept else kept["text"]).tolist()
    model = deepcopy(model)
    with _quiet():
        _fit_given(model, texts, vectors, topic)
    words = [[w for w, _ in model.topic_representations_[t] if w] for t in topics["topic"]]
    return topics.assign(words=[", ".join(w) for w in words], label=[name_topic(w) for w in words])


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings: importing BERTopic gives some, and it logs one of topics that are given."""
    log = getLogger("BERTopic")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        silent, log.disabled = log.disabled, True  # its constructor sets the level anew
        try:
            yield
        finally:
            log.disabled = silent


def _fit_given(model: Any, texts: list[str], vectors: Floats32, topic: Ints) -> None:
    """Fit a model to topics that are given, and have it number them as they are."""
    from bertopic.cluster import BaseCluster
    from bertopic.dimensionality import BaseDimensionalityReduction

    model.umap_model, model.hdbscan_model = BaseDimensionalityReduction(), BaseCluster()
    model.nr_topics = None
    model.fit(texts, embeddings=vectors.copy(), y=topic.tolist())
    # It numbers topics of one size as it likes; ours are put back.
    theirs = np.asarray(model.topics_)
    if (theirs == topic).all():
        return
    first = int(topic.min() < 0)
    place = [int(theirs[topic == t][0]) + first for t in np.unique(topic)]
    middle = model.topic_embeddings_[place]
    model.update_topics(
        texts,
        topics=topic.tolist(),
        vectorizer_model=model.vectorizer_model,
        ctfidf_model=model.ctfidf_model,
        representation_model=model.representation_model,
    )
    model.topic_embeddings_ = middle
