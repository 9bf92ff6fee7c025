"""Topics as a fitted BERTopic model, for those who want its figures and files."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from iapt_topics._base.arrays import Floats32, Ints
from iapt_topics.topics.words import N_WORDS, clean, count_terms, weigh_words


def build_model(texts: list[str], vectors: Floats32, topic: Ints) -> Any:
    """Fit BERTopic to topics that are given: it counts their words and finds nothing new.

    Parameters
    ----------
    texts : list of str
    vectors : ndarray of float32, shape (n, d)
    topic : ndarray of int, shape (n,)
        -1 is unassigned.

    Returns
    -------
    bertopic.BERTopic
        New texts go to the topic with the nearest mean vector.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing it takes ten seconds and warns
        from bertopic import BERTopic
        from bertopic.cluster import BaseCluster
        from bertopic.dimensionality import BaseDimensionalityReduction
        from bertopic.vectorizers import ClassTfidfTransformer
        from sklearn.feature_extraction.text import CountVectorizer

        terms, _ = count_terms(texts)
        settings = {"vocabulary": sorted(terms)} if len(terms) else {"token_pattern": r"\S+"}
        model = BERTopic(
            language="multilingual",  # else it strips hyphens and accents from the texts
            umap_model=BaseDimensionalityReduction(),
            hdbscan_model=BaseCluster(),
            vectorizer_model=CountVectorizer(preprocessor=clean, binary=True, **settings),
            ctfidf_model=ClassTfidfTransformer(),
            top_n_words=N_WORDS,
        ).fit(texts, embeddings=vectors.copy(), y=topic.tolist())
        # It numbers topics of one size as it likes; ours are put back.
        theirs = np.asarray(model.topics_)
        if (theirs != topic).any():
            first = int(topic.min() < 0)
            place = [int(theirs[topic == t][0]) + first for t in np.unique(topic)]
            middle = model.topic_embeddings_[place]
            model.update_topics(
                texts,
                topics=topic.tolist(),
                vectorizer_model=model.vectorizer_model,
                ctfidf_model=model.ctfidf_model,
            )
            model.topic_embeddings_ = middle
    # It counts the words of all responses of a topic as one text; ours are the report's.
    words = weigh_words(texts, topic, int(topic.max()) + 1)
    model.topic_representations_ |= {t: found for t, found in enumerate(words) if found}
    return model
