from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import read

from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.topics.describe import describe_topics
from iapt_topics.topics.new_wave import assign_wave
from iapt_topics.topics.topics import NOVELTY_QUANTILE


def wave(vectors, word="parking"):
    table = pd.DataFrame(
        {
            "response_id": [f"new{i}" for i in range(len(vectors))],
            "person": [f"q{i}" for i in range(len(vectors))],
            "year": 2030,
            "comment": [f"The {word} again, said number {i}" for i in range(len(vectors))],
        }
    )
    survey = read(table)
    return survey, Embeddings(
        vectors=vectors.astype(np.float32), response_id=tuple(table["response_id"]), model="m",
        fingerprint="f",
    )  # fmt: skip


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def near(centres, n, rng, noise=0.1):
    which = rng.integers(len(centres), size=n)
    return which, unit(centres[which] + noise * rng.normal(size=(n, centres.shape[1])))


def test_the_fitted_responses_come_back_with_the_planned_share_of_novel(grouped):
    found = assign_wave(grouped.topics, grouped.responses, grouped.embeddings)
    a = found.assignments.merge(grouped.topics.assignments, on="response_id")
    assert (a["nearest_x"] == a["nearest_y"]).mean() > 0.99
    assert found.assignments["novel"].mean() == pytest.approx(NOVELTY_QUANTILE, abs=0.02)
    assert not found.novelty["shown"].any()


def test_more_of_the_same_is_not_new(grouped):
    rng = np.random.default_rng(4)
    which, vectors = near(grouped.centres, 400, rng)
    found = assign_wave(
        grouped.topics, *wave(vectors), fitted=(grouped.responses, grouped.embeddings)
    )
    a = found.assignments
    assert pd.crosstab(which, a["nearest"]).gt(3).sum(axis=1).eq(1).all()
    assert not found.groups["shown"].any()


def test_a_new_matter_is_flagged_and_tested(grouped):
    rng = np.random.default_rng(5)
    _, old = near(grouped.centres, 150, rng)
    other = unit(rng.normal(size=(1, old.shape[1])))
    _, new = near(other, 60, rng, noise=0.08)
    survey, embeddings = wave(np.concatenate([old, new]))
    found = assign_wave(
        grouped.topics, survey, embeddings, fitted=(grouped.responses, grouped.embeddings), seed=2
    )
    assert found.assignments["novel"].iloc[150:].mean() > 0.9
    assert found.novelty["shown"].all()
    shown = found.groups[found.groups["shown"]]
    assert (shown["low"] > 0).all()
    # Of 210 responses 60 are new; a tenth of a group's own lie outside its edge.
    assert 0.15 < shown["estimate"].sum() <= 60 / 210 + 0.02
    assert all(int(i[3:]) >= 150 for ids in shown["response_ids"] for i in ids)
    untested = assign_wave(grouped.topics, survey, embeddings)
    assert untested.groups["p"].isna().all()
    assert untested.groups["note"].str.contains("not tested").all()
    assert not untested.groups["shown"].any()


def test_a_wave_of_one_response(grouped):
    found = assign_wave(
        grouped.topics, *wave(grouped.centres[:1]), fitted=(grouped.responses, grouped.embeddings)
    )
    assert len(found.assignments) == 1
    assert found.groups.empty
    assert found.novelty["n"].tolist() == [1]


def test_another_encoder_and_an_empty_wave_are_refused(grouped):
    survey, embeddings = wave(grouped.centres)
    with pytest.raises(InputError, match="encoder that the topics were fitted with"):
        assign_wave(grouped.topics, survey, replace(embeddings, fingerprint="other"))
    empty = replace(survey, table=survey.table.assign(status="blank"))
    with pytest.raises(InputError, match="at least 1 kept"):
        assign_wave(grouped.topics, empty, embeddings)


def test_without_respondents_each_response_is_a_person_of_its_own(grouped):
    rng = np.random.default_rng(5)
    responses, embeddings = wave(near(grouped.centres, 60, rng)[1])
    unknown = replace(responses, table=responses.table.assign(respondent_id=""))
    found = [assign_wave(grouped.topics, r, embeddings).novelty for r in (responses, unknown)]
    pd.testing.assert_frame_equal(*found)
    # Typical responses of a topic are of different people, as many as there are.
    fit, kept = grouped.topics, grouped.responses.kept
    vectors = grouped.embeddings.rows(kept["response_id"].tolist())
    topic = fit.assignments["topic"].to_numpy()
    own, none = (
        describe_topics(kept.assign(respondent_id=who), vectors, topic, topic, fit.votes)
        for who in (kept["response_id"], "")
    )
    assert own["exemplars"].str.len().max() > 1
    pd.testing.assert_frame_equal(own, none)
