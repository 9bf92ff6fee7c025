from dataclasses import replace

import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.survey.redaction import redact_responses
from iapt_topics.topics import consensus
from iapt_topics.topics.exemplars import find_exemplars
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.topics import TopicConfig


def test_each_kind_by_topic_and_year_and_no_person_twice(grouped):
    # As if the runs were less sure: else all of every response is in its topic.
    soft = consensus.soft_membership(
        grouped.embeddings.vectors, grouped.topics.assignments["nearest"].to_numpy(), 0.7
    )
    topics = replace(grouped.topics, distribution=soft)
    found = find_exemplars(topics, grouped.responses, grouped.embeddings, per_year=2)
    assert set(found["kind"]) == {"typical", "boundary", "contrary"}
    assert found.groupby(["topic", "year", "kind"]).size().max() == 2
    person = grouped.responses.kept.set_index("response_id")["respondent_id"]
    who = found["response_id"].map(person)
    assert not found.assign(who=who).duplicated(["topic", "who"]).any()
    topic = grouped.topics.assignments.set_index("response_id")["topic"]
    assert (found["response_id"].map(topic) == found["topic"]).all()
    share = found.groupby("kind")["share"].mean()
    assert share["typical"] > share["boundary"]
    assert (found["runner_up"] != found["topic"]).all()


def test_texts_are_redacted(grouped):
    table = grouped.responses.table
    table = table.assign(text=table["text"] + " write to a.b@example.org")
    survey = replace(grouped.responses, table=table)
    found = find_exemplars(grouped.topics, survey, grouped.embeddings)
    assert found["text"].str.contains("[email]", regex=False).all()
    assert not found["text"].str.contains("example.org").any()


def test_other_responses_are_refused(grouped):
    other = replace(grouped.responses, table=grouped.responses.table.head(10))
    with pytest.raises(InputError, match="fitted to"):
        find_exemplars(grouped.topics, other, grouped.embeddings)


def test_a_deny_list_reaches_quotes_words_and_labels(grouped):
    table = grouped.responses.table
    survey = replace(grouped.responses, table=table.assign(text="Ashgrove: " + table["text"]))
    survey, _ = redact_responses(survey, deny={"site": ["Ashgrove"]})
    found = find_exemplars(grouped.topics, survey, grouped.embeddings)
    assert not found["text"].str.contains("Ashgrove").any()
    topics = fit_topics(survey, grouped.embeddings, TopicConfig(n_runs=2, n_topics=6))
    assert not topics.topics["words"].str.contains("ashgrove|deny|site").any()
