import dataclasses

import numpy as np
import pandas as pd
import pytest
from conftest import read

from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import embed
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.mapping.coding import (
    assign_themes,
    code_responses,
    explain_codes,
)
from iapt_topics.mapping.likelihood import any_theme_cutoff, theme_probability
from iapt_topics.mapping.mapping import map_topics
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.topics import TopicConfig


def make_frame(*names):
    themes = tuple(
        Theme(
            id=name,
            label=name,
            definition=f"About the {name}",
            examples=(f"something on {name} and again {name}",),
        )
        for name in names
    )
    return ThemeFrame(name="small", themes=themes)


FRAME = make_frame("caseload", "supervision", "targets", "team", "pay", "weather")


@pytest.fixture
def topics(survey, embeddings):
    return fit_topics(survey, embeddings, TopicConfig(seed=1, n_runs=4, n_topics=5))


@pytest.fixture
def mapping(topics, encoder, embeddings):
    return map_topics(topics, FRAME, encoder, embeddings=embeddings)


def test_every_topic_meets_its_theme(topics, mapping):
    best = mapping.table.drop_duplicates("topic").set_index("topic")["theme"]
    for topic, words in zip(topics.topics["topic"], topics.topics["words"], strict=True):
        assert best[topic] in words
    assert "weather" in mapping.themes_without_topic


def test_scores_are_complete_and_within_their_interval(topics, mapping):
    scores = mapping.scores
    assert len(scores) == topics.n_topics * len(FRAME.codable)
    assert ((scores["low"] <= scores["score"]) & (scores["score"] <= scores["high"])).all()
    assert (scores.loc[scores["chosen"], "score"] > mapping.threshold).all()
    assert (scores[scores["chosen"]].groupby("topic").size() <= 3).all()
    assert set(mapping.table["topic"]) == set(topics.topics["topic"])


def test_responses_get_their_theme(survey, embeddings, encoder, mapping, topics):
    codes = code_responses(survey, embeddings, FRAME, encoder, mapping=mapping, topics=topics)
    subject = survey.kept.set_index("response_id")["subject"]
    assert codes.kind == "machine"
    assert len(codes.seen) == len(survey)
    right = codes.table["theme"].to_numpy() == subject.loc[codes.table["response_id"]].to_numpy()
    assert right.mean() > 0.95
    assert codes.table["response_id"].nunique() > 0.7 * len(survey)


def test_only_what_people_decided_on_a_topic_moves_its_responses(
    survey, embeddings, encoder, mapping, topics
):
    def scores(mapping, topics):
        return assign_themes(survey, embeddings, FRAME, encoder, mapping, topics)[0]

    plain = scores(None, None)
    np.testing.assert_array_equal(scores(mapping, topics).score, plain.score)
    place = topics.assignments.set_index("response_id").loc[list(plain.response_id)]
    inside = (place["topic"] == 0).to_numpy()[plain.owner]
    weather = FRAME.ids.index("weather")
    for decision, sign in (("add", 1), ("reject", -1)):
        pair = (mapping.scores["topic"] == 0) & (mapping.scores["theme"] == "weather")
        said = mapping.scores.assign(decision=np.where(pair, decision, ""))
        moved = scores(dataclasses.replace(mapping, scores=said), topics).score - plain.score
        # How far a theme's pull is taken off changes alike for all. A quarter of a sentence's
        # score is its response's.
        moved -= moved[~inside][0]
        expected = np.zeros_like(moved)
        expected[inside, weather] = sign * place["support"].to_numpy()[plain.owner][inside] / 4
        np.testing.assert_allclose(moved, expected, atol=1e-6)


def test_a_response_can_have_two_themes_by_its_sentences(survey_table, encoder):
    table = survey_table.copy()
    table.loc[0, "comment"] = "The caseload caseload is big. The team team is kind."
    survey = read(table)
    codes = code_responses(survey, embed(survey, encoder), FRAME, encoder)
    assert set(codes.table.loc[codes.table["response_id"] == "r0", "theme"]) == {"caseload", "team"}


def test_row_order_does_not_matter(survey_table, encoder):
    def coded(table):
        survey = read(table)
        codes = code_responses(survey, embed(survey, encoder), FRAME, encoder)
        return set(zip(codes.table["response_id"], codes.table["theme"], strict=True))

    one, two = coded(survey_table), coded(survey_table.sample(frac=1, random_state=2))
    assert len(one ^ two) <= 0.02 * len(one)  # equally near neighbours may change places


def test_a_frame_of_one_theme_does_not_take_everything(survey, embeddings, encoder):
    codes = code_responses(survey, embeddings, make_frame("pay"), encoder)
    subject = survey.kept.set_index("response_id")["subject"]
    given = subject.loc[codes.table["response_id"]]
    assert (given == "pay").sum() == (subject == "pay").sum()
    assert len(given) < 0.7 * len(survey)


def test_inputs_are_unchanged(survey, embeddings, encoder, mapping, topics):
    before = survey.table.copy(), embeddings.vectors.copy(), topics.assignments.copy()
    code_responses(survey, embeddings, FRAME, encoder, mapping=mapping, topics=topics)
    assert before[0].equals(survey.table)
    np.testing.assert_array_equal(before[1], embeddings.vectors)
    assert before[2].equals(topics.assignments)


def test_another_encoder_is_refused(survey, embeddings, encoder):
    other = dataclasses.replace(embeddings, fingerprint="other")
    with pytest.raises(InputError, match="must be the one that made the embeddings"):
        code_responses(survey, other, FRAME, encoder)


def test_mapping_without_topics_and_other_frames_are_refused(
    survey, embeddings, encoder, mapping, topics
):
    with pytest.raises(InputError, match="mapping and topics together"):
        code_responses(survey, embeddings, FRAME, encoder, mapping=mapping)
    with pytest.raises(InputError, match="onto the same frame"):
        code_responses(
            survey, embeddings, make_frame("pay"), encoder, mapping=mapping, topics=topics
        )


def test_every_decision_is_explained_and_the_same(survey, embeddings, encoder, mapping, topics):
    both = {"mapping": mapping, "topics": topics}
    codes = code_responses(survey, embeddings, FRAME, encoder, **both)
    why = explain_codes(survey, embeddings, FRAME, encoder, **both)
    assert set(why["response_id"]) == set(survey.kept["response_id"])
    given = why[why["theme"] != ""]
    assert set(zip(given["response_id"], given["theme"], strict=True)) == set(
        zip(codes.table["response_id"], codes.table["theme"], strict=True)
    )
    best = given.groupby(["response_id", "theme"])["score"].max()
    pairs = pd.MultiIndex.from_frame(codes.table[["response_id", "theme"]])
    np.testing.assert_allclose(best.loc[pairs], codes.table["score"])
    assert (why["margin"] >= 0).all()
    assert (why["runner_up"] != why["theme"]).all()
    assert (why.loc[why["theme"] == "", "note"] != "").all()
    for row in given.itertuples():
        assert row.theme in row.anchor
    assert set(why["anchor_kind"]) <= {"label", "definition", "example"}


def test_the_probability_of_a_theme_is_that_of_any_times_that_of_this():
    # Nothing far from its theme: the share of exp(5 x score), here 1 / (1 + exp(-5 x .2)).
    score, near = np.array([[0.5, 0.3], [0.1, 0.3]]), np.array([[0.6, 0.1], [0.1, 0.6]])
    np.testing.assert_allclose(
        theme_probability(score, near, any_theme_cutoff(score, near)), 1 / (1 + np.exp(-1))
    )
    # Of eight alike but for their nearness, one in four is less near than the runners-up are.
    score = np.tile([9.0, -9.0], (8, 1))
    near = np.stack([np.array([0.1, 0.2, *[0.8] * 6]), np.full(8, 0.3)], axis=1)
    probability = theme_probability(score, near, any_theme_cutoff(score, near))
    assert (probability[:2] < 0.5).all()
    # z of .8 is 2.831, of the quantile (.65, interpolated) 2.300: 1 / (1 + exp(-4 x .531)) = .893.
    np.testing.assert_allclose(probability[2:], 0.893, atol=0.001)


def test_a_sentence_between_two_themes_is_left_without():
    score = np.array([[1.0, 0.99, 0.98], *[[2.0, 0.0, 0.0]] * 9])
    near = np.array([[0.9, 0.9, 0.9], *[[0.9, 0.1, 0.1]] * 9])
    assert (theme_probability(score, near, any_theme_cutoff(score, near)) >= 0.5).tolist() == [
        False,
        *[True] * 9,
    ]


def test_a_text_that_speaks_of_no_theme_is_left_without(survey_table, encoder):
    table = survey_table.copy()
    table.loc[0, "comment"] = "zebra quartz volcano xylophone"
    survey = read(table)
    codes = code_responses(survey, embed(survey, encoder), FRAME, encoder)
    assert "r0" not in set(codes.table["response_id"])
