"""BERTopic by name, or a model of the user's own: its runs are the members of the consensus."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from iapt_topics import InputError, TopicConfig
from iapt_topics.topics import fit_topics, load_topics, plain_runs, save_topics
from iapt_topics.topics.user_model import described_config


def small_model(**more):
    """A quick BERTopic: principal components and k-means."""
    from bertopic import BERTopic
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    return BERTopic(umap_model=PCA(5), hdbscan_model=KMeans(6, n_init=3), **more)


@pytest.mark.slow
def test_a_model_of_ones_own_gives_the_topics_with_all_that_follows(grouped, tmp_path):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.metrics import adjusted_rand_score

    model = small_model(vectorizer_model=CountVectorizer(stop_words=["the"], ngram_range=(1, 2)))
    config = TopicConfig(n_runs=6)
    found = fit_topics(grouped.responses, grouped.embeddings, config, model=model)
    assert adjusted_rand_score(grouped.group, found.assignments["topic"]) > 0.95
    assert found.runs["n_clusters"].eq(6).all()
    assert found.runs["seed"].nunique() == 6
    assert found.topics["stability"].between(0, 1).all()
    assert "the" not in found.topics["words"].str.cat(sep=", ").split(", ")
    assert found.config.model.startswith("BERTopic(umap_model=PCA(")
    assert "n_clusters=6" in found.config.model
    save_topics(tmp_path / "kept", found)
    assert load_topics(tmp_path / "kept").config == found.config
    again = fit_topics(grouped.responses, grouped.embeddings, replace(config, model=model))
    pd.testing.assert_frame_equal(found.assignments, again.assignments)
    with pytest.raises(InputError, match="must be given anew"):
        fit_topics(grouped.responses, grouped.embeddings, found.config)


@pytest.mark.slow
def test_bertopic_by_name_has_another_seed_in_each_run(grouped):
    found = fit_topics(
        grouped.responses, grouped.embeddings, TopicConfig(n_runs=2), model="bertopic"
    )
    assert found.config.model == "bertopic"
    assert found.runs["n_neighbors"].tolist() == [15, 15]
    assert found.runs["min_cluster_size"].tolist() == [10, 10]
    assert found.n_topics >= 2


def test_what_is_no_model_is_refused_and_its_settings_are_told(grouped):
    with pytest.raises(InputError, match="must be 'bertopic' or a BERTopic model"):
        TopicConfig(model="lda")
    with pytest.raises(InputError, match="must be 'bertopic' or a BERTopic model"):
        fit_topics(grouped.responses, grouped.embeddings, model=object())
    assert described_config(TopicConfig(model="bertopic")).model == "bertopic"
    assert described_config(TopicConfig()) == TopicConfig()


@pytest.mark.slow
def test_plain_runs_are_set_beside_each_other_and_the_consensus(grouped):
    found = plain_runs(
        grouped.responses, grouped.embeddings, grouped.topics, n_runs=3, model=small_model()
    )
    assert found.runs["run"].tolist() == ["run 1", "run 2", "run 3", "consensus"]
    assert found.runs["n_topics"].tolist() == [6, 6, 6, grouped.topics.n_topics]
    assert len(found.pairs) == 6
    assert found.pairs["ari"].between(-0.5, 1).all()
    placed = grouped.topics.assignments.set_index("response_id")["topic"]
    ours = found.assignments.set_index("response_id")["consensus"]
    assert (ours == placed.loc[ours.index]).all()
    texts = [t.get_text() for t in found.plot().axes[0].texts]
    assert len(texts) == 12
    with pytest.raises(InputError, match="at least 2"):
        plain_runs(grouped.responses, grouped.embeddings, n_runs=1)


@pytest.mark.slow
def test_the_bertopic_model_places_new_texts_also_after_its_file(grouped, encoder, tmp_path):
    embeddings = replace(grouped.embeddings, fingerprint=encoder.fingerprint)
    vectors = encoder.encode(grouped.responses.kept["text"].tolist())
    embeddings = replace(embeddings, vectors=vectors)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = grouped.topics.to_bertopic(grouped.responses, embeddings, encoder)
    texts = grouped.responses.kept["text"].tolist()[:40]
    first, _ = model.transform(texts)
    model.save(tmp_path / "model", serialization="pickle")
    again = type(model).load(tmp_path / "model")
    assert list(again.transform(texts)[0]) == list(first)
    assert len(np.unique(first)) > 1
    other = replace(embeddings, fingerprint="another")
    with pytest.raises(InputError, match="must be the one of the embeddings"):
        grouped.topics.to_bertopic(grouped.responses, other, encoder)
