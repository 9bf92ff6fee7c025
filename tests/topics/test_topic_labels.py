from dataclasses import replace

import numpy as np
import pytest
from conftest import SIX_SUBJECTS

from iapt_topics._base.errors import InputError
from iapt_topics.topics.labels import label_topics
from iapt_topics.topics.words import name_topic


class WordEncoder:
    """Vectors of words that are the centres of the groups whose subject they name."""

    name, fingerprint = "m", "f"

    def __init__(self, centres, subjects):
        self.of = dict(zip(subjects, centres, strict=True))

    def encode(self, texts):
        zero = np.zeros_like(next(iter(self.of.values())))
        rows = [sum((self.of.get(w, zero) for w in t.split()), zero) for t in texts]
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.where(length > 0, length, 1)).astype(np.float32)


@pytest.fixture
def encoder(grouped):
    return WordEncoder(grouped.centres, SIX_SUBJECTS)


def label(grouped, encoder, **more):
    return label_topics(grouped.topics, grouped.responses, grouped.embeddings, encoder, **more)


def test_labels_lead_with_the_subject_and_do_not_repeat(grouped, encoder):
    before = grouped.topics.topics.copy()
    found = label(grouped, encoder)
    for text in found.topics["label"]:
        said = [w for phrase in text.split(", ") for w in phrase.split()]
        assert len(set(said) & set(SIX_SUBJECTS)) == 1
        assert len(said) == len(set(said))
    assert found.topics["label"].is_unique
    assert before.equals(grouped.topics.topics)


def test_a_label_says_no_word_in_two_forms():
    assert name_topic(["hiring", "hired people", "hire", "fair pay"]) == "hiring, fair pay"


def test_a_namer_of_ones_own(grouped, encoder):
    told = []

    def namer(brief):
        told.append(brief)
        return f" Topic  {brief.words[0]} "

    found = label(grouped, encoder, namer=namer)
    assert found.topics["label"].tolist() == [f"Topic {b.words[0]}" for b in told]
    assert all(len(b.exemplars) >= 1 for b in told)
    with pytest.raises(InputError, match="must return a label"):
        label(grouped, encoder, namer=lambda brief: "")


def test_phrases_of_few_people_are_not_used(grouped, encoder):
    table = grouped.responses.table.copy()
    text = table["text"].to_numpy(dtype=object).copy()
    text[:4] = [t + " zanzibar" for t in text[:4]]
    survey = replace(grouped.responses, table=table.assign(text=text.astype(str)))
    found = label_topics(grouped.topics, survey, grouped.embeddings, encoder)
    assert not found.topics["label"].str.contains("zanzibar").any()


def test_texts_without_phrases_keep_their_label(grouped, encoder):
    table = grouped.responses.table
    survey = replace(grouped.responses, table=table.assign(text="the and of"))
    found = label_topics(grouped.topics, survey, grouped.embeddings, encoder)
    assert found.topics["label"].tolist() == grouped.topics.topics["label"].tolist()


def test_another_encoder_is_refused(grouped, encoder):
    encoder.fingerprint = "other"
    with pytest.raises(InputError, match="encoder"):
        label(grouped, encoder)
