import numpy as np
import pandas as pd
import pytest
from conftest import SIX_SUBJECTS, read, six_groups
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_rand_score

from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import Embeddings, embed
from iapt_topics.topics.fit import _drop_empty, fit_topics
from iapt_topics.topics.runs import _neighbours, nearest_rows, smooth
from iapt_topics.topics.topics import TopicConfig
from iapt_topics.topics.unassigned import unassigned_band

CONFIG = TopicConfig(seed=1, n_runs=6)


@pytest.fixture(scope="module")
def planted():
    """Six planted groups, of two subjects a year."""
    rng = np.random.default_rng(0)
    table, group, vectors = six_groups(rng.normal(size=(6, 32)), 0.25, rng)
    return table.assign(year=2014 + group // 2), group, vectors


def wrap(vectors, ids):
    return Embeddings(vectors=vectors, response_id=tuple(ids), model="m", fingerprint="f")


@pytest.fixture(scope="module")
def fitted(planted):
    table, _, vectors = planted
    return fit_topics(read(table), wrap(vectors, table["response_id"]), CONFIG)


def test_planted_groups_are_found(planted, fitted):
    _, group, _ = planted
    assert fitted.n_topics == 6
    assert adjusted_rand_score(group, fitted.assignments["topic"]) > 0.95


def test_words_and_labels_name_the_groups(fitted):
    subjects = set(SIX_SUBJECTS)
    firsts = {words.replace(",", "").split()[0] for words in fitted.topics["words"]}
    assert firsts == subjects
    assert all(subjects & set(label.replace(",", "").split()) for label in fitted.topics["label"])


def test_tables_add_up(planted, fitted):
    table, _, _ = planted
    a, t = fitted.assignments, fitted.topics
    assert a["response_id"].tolist() == table["response_id"].tolist()
    assert t["n"].tolist() == [int((a["topic"] == k).sum()) for k in t["topic"]]
    assert t["n"].is_monotonic_decreasing
    assert t["n"].sum() + (a["topic"] < 0).sum() == len(a)
    assert ((t["low"] <= t["estimate"]) & (t["estimate"] <= t["high"])).all()
    assert a["support"].between(0, 1).all()
    assert (a["runner_up"] != a["nearest"]).all()
    assert fitted.resolution["chosen"].sum() == 1
    assert len(fitted.runs) == CONFIG.n_runs
    assert fitted.votes.shape == (CONFIG.n_runs, len(a))
    np.testing.assert_allclose((fitted.votes == a["nearest"].to_numpy()).mean(axis=0), a["support"])
    assert fitted.hierarchy["topic"].tolist() == t["topic"].tolist()
    assert fitted.hierarchy.drop_duplicates("broad")["n"].sum() == t["n"].sum()
    assert ((t["stability_low"] <= t["stability"]) & (t["stability"] <= 1)).all()
    np.testing.assert_allclose(np.linalg.norm(fitted.centroids, axis=1), 1, atol=1e-5)
    people = table.set_index("response_id")["person"]
    for ids in t["exemplars"]:
        assert people.loc[list(ids)].is_unique


def test_row_order_does_not_matter(planted, fitted):
    table, _, vectors = planted
    order = np.random.default_rng(5).permutation(len(table))
    again = fit_topics(
        read(table.iloc[order]), wrap(vectors[order], table["response_id"].iloc[order]), CONFIG
    )
    both = fitted.assignments.merge(again.assignments, on="response_id")
    assert (both["topic_x"] == both["topic_y"]).all()


def test_one_text_has_one_topic_whatever_the_order(planted):
    table, _, vectors = planted
    # 25 copies each of twelve texts: more than there are neighbours.
    row = np.arange(300) % 12
    table = table.assign(comment=table["comment"].to_numpy()[row], person=table["response_id"])
    order = np.random.default_rng(6).permutation(len(table))
    found = []
    for rows in (np.arange(300), order):
        # Numbered anew, as rows without ids of their own are.
        part = table.iloc[rows].assign(response_id=table["response_id"].to_numpy())
        survey = read(part)
        fit = fit_topics(survey, wrap(vectors[row][rows], survey.kept["response_id"]), CONFIG)
        both = survey.kept.assign(topic=fit.assignments["topic"].to_numpy())
        assert (both.groupby("text")["topic"].nunique() == 1).all()
        found.append(both.drop_duplicates("text").set_index("text")["topic"])
    assert found[0].sort_index().equals(found[1].sort_index())


def test_the_number_of_topics_can_be_asked_for(planted):
    table, _, vectors = planted
    config = TopicConfig(seed=1, n_runs=4, n_topics=3)
    found = fit_topics(read(table), wrap(vectors, table["response_id"]), config)
    assert found.n_topics == 3
    assert found.resolution.set_index("n_topics")["note"].loc[3] == "requested"
    assert found.resolution["chosen"].sum() == 1


def test_another_seed_gives_the_same_topics(planted, fitted):
    table, _, vectors = planted
    again = fit_topics(
        read(table), wrap(vectors, table["response_id"]), TopicConfig(seed=8, n_runs=6)
    )
    assert (again.runs["seed"] != fitted.runs["seed"]).all()
    assert (again.assignments["topic"] == fitted.assignments["topic"]).all()


def test_no_topic_is_smaller_than_asked_for(planted):
    table, _, vectors = planted
    config = TopicConfig(seed=1, n_runs=4, min_topic_size=90)
    found = fit_topics(read(table), wrap(vectors, table["response_id"]), config)
    assert found.topics["n"].min() >= 90


def test_unsure_responses_may_be_left_unassigned_and_the_band_holds_all_choices(planted):
    table, _, vectors = planted
    rng = np.random.default_rng(2)
    blurred = vectors + 0.22 * rng.normal(size=vectors.shape).astype(np.float32)
    blurred /= np.linalg.norm(blurred, axis=1, keepdims=True)
    survey = read(table)
    found = fit_topics(
        survey, wrap(blurred, table["response_id"]), TopicConfig(n_runs=6, min_support=0.9)
    )
    a = found.assignments
    assert ((a["topic"] == -1) == (a["support"] < 0.9)).all()
    band = unassigned_band(found, survey, min_support=0.9)
    shares = band[band["topic"] >= 0]
    np.testing.assert_allclose(shares.groupby("year")["reassign"].sum(), 1)
    np.testing.assert_allclose(shares.groupby("year")["exclude"].sum(), 1)
    assert (shares["low"] <= shares["high"]).all()
    rate = band[band["topic"] == -1].set_index("year")
    np.testing.assert_allclose(shares.groupby("year")["own_group"].sum() + rate["own_group"], 1)
    year = a.merge(survey.kept, on="response_id")["year"]
    np.testing.assert_allclose(rate["own_group"], (a["topic"] == -1).groupby(year).mean())
    assert 0 < rate["own_group"].mean() < 1


@pytest.mark.parametrize("n", [2, 3, 10, 39, 45, 100])
def test_few_responses_give_fewer_topics(planted, n):
    table, _, vectors = planted
    found = fit_topics(read(table.head(n)), wrap(vectors[:n], table["response_id"][:n]), CONFIG)
    assert 1 <= found.n_topics <= max(1, n // 2)
    assert len(found.assignments) == n
    assert found.resolution["note"].str.contains("fewer than 40").all() == (n < 40)


def test_identical_vectors_and_wordless_texts_give_one_topic():
    n = 60
    table = pd.DataFrame(
        {
            "person": range(n),
            "year": 2014,
            "comment": ["the and of it " + "so " * i for i in range(n)],
        }
    )
    vectors = np.tile(np.array([[1, 0, 0, 0]], dtype=np.float32), (n, 1))
    survey = read(table)
    found = fit_topics(survey, wrap(vectors, survey.kept["response_id"]), CONFIG)
    assert found.topics["n"].tolist() == [n]


def test_apostrophes_leave_no_fragments(survey_table, encoder):
    table = survey_table.assign(
        comment=survey_table["comment"] + " and I wouldn\u2019t say it's easy"
    )
    survey = read(table)
    words = " ".join(fit_topics(survey, embed(survey, encoder), CONFIG).topics["words"])
    assert "wouldn" not in words
    assert " s," not in words


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_runs", 1), ("n_topics", 1), ("seed", -1), ("min_topic_size", 0), ("n_runs", 2.5)],
)
def test_config_is_checked(name, value):
    with pytest.raises(InputError, match=f"`{name}` of TopicConfig must be a"):
        TopicConfig(**{name: value})


def test_min_support_is_a_share():
    with pytest.raises(InputError, match="from 0 to 1"):
        TopicConfig(min_support=1.5)


def test_more_topics_than_responses_allow(planted):
    table, _, vectors = planted
    with pytest.raises(InputError, match="two responses for each topic"):
        fit_topics(
            read(table.head(10)),
            wrap(vectors[:10], table["response_id"][:10]),
            TopicConfig(n_topics=8),
        )


def test_one_response_is_an_error(planted):
    table, _, vectors = planted
    with pytest.raises(InputError, match="at least 2 codable responses; got 1"):
        fit_topics(read(table.head(1)), wrap(vectors[:1], ["r0"]))


def test_neighbours_are_exact_and_start_with_the_row(planted):
    _, _, vectors = planted
    near, far = nearest_rows(vectors, 5, block=70)
    assert (near[:, 0] == np.arange(len(vectors))).all()
    distance = 1 - vectors @ vectors.T
    np.fill_diagonal(distance, -1)
    np.testing.assert_allclose(far[:, 1:], np.sort(distance, axis=1)[:, 1:5], atol=1e-6)


def test_neighbours_among_a_part_of_many_rows_reach_as_far_as_among_all(planted, monkeypatch):
    vectors = planted[2]
    n, k = len(vectors), 40
    whole = _neighbours(vectors, k)[1]
    monkeypatch.setattr("iapt_topics.topics.runs._AMONG", n // 2)
    near, far = _neighbours(vectors, k)
    assert near.shape == far.shape == (n, k // 2)
    assert (near[:, 0] == np.arange(n)).mean() == 0.5  # the others are not among the part
    np.testing.assert_allclose(far, 1 - np.einsum("id,ikd->ik", vectors, vectors[near]), atol=1e-5)
    assert np.median(far[:, -1]) == pytest.approx(np.median(whole[:, -1]), rel=0.05)
    assert _neighbours(vectors, 12)[0].shape[1] == 10  # as few as it gets


@pytest.mark.filterwarnings("ignore")  # umap, of its own internals
def test_last_digits_of_copies_do_not_move_the_points(planted):
    vectors = np.repeat(planted[2][:80], [1, 3] * 40, axis=0)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=vectors.shape) * 5e-8
    usual, moved = (
        smooth(v.astype(np.float32), [str(i) for i in range(len(v))])[1]
        for v in (vectors, vectors + noise)
    )
    np.testing.assert_allclose(pdist(moved), pdist(usual), atol=1e-3)


def test_a_topic_that_none_is_sure_of_vanishes():
    labels = np.array([0, 0, 1, 1, 2, 2])
    runner_up = np.array([1, 1, 0, 0, 1, 0])
    assigned = np.array([True, True, True, False, False, False])
    new, second, kept = _drop_empty(labels, runner_up, assigned)
    assert new.tolist() == [0, 0, 1, 1, 1, 0]
    assert second.tolist() == [1, 1, 0, 0, -1, -1]
    assert kept.tolist() == assigned.tolist()


def test_the_distribution_adds_up_and_agrees_with_the_topics(fitted):
    a = fitted.assignments
    np.testing.assert_allclose(fitted.distribution.sum(axis=1), 1, atol=1e-5)
    assert (fitted.distribution.argmax(axis=1) == a["nearest"]).all()
    own = fitted.distribution[np.arange(len(a)), a["nearest"]].mean()
    assert own == pytest.approx(a["support"].mean(), abs=0.01)


@pytest.mark.slow
def test_the_bertopic_model_agrees_and_outlives_its_file(grouped, tmp_path):
    found = grouped.topics
    model = found.to_bertopic(grouped.responses, grouped.embeddings)
    assert model.topics_ == found.assignments["topic"].tolist()
    for t, words in zip(found.topics["topic"], found.topics["words"], strict=True):
        assert [w for w, _ in model.get_topic(t) if w][:3] == words.split(", ")[:3]
    vectors = grouped.embeddings.vectors
    texts = grouped.responses.kept["text"].tolist()
    model.save(tmp_path / "model", serialization="safetensors", save_ctfidf=True)
    again = type(model).load(tmp_path / "model")
    assert again.topics_ == model.topics_
    for t in found.topics["topic"]:
        assert [w for w, _ in again.get_topic(t)] == [w for w, _ in model.get_topic(t)]
    new, _ = again.transform(texts[:60], embeddings=vectors[:60])
    assert list(new) == found.assignments["topic"].tolist()[:60]
    assert len(model.visualize_barchart().data) == found.n_topics


@pytest.mark.slow
def test_the_bertopic_model_keeps_numbers_of_equal_sizes_and_the_unassigned(grouped):
    from iapt_topics.topics.bertopic import build_model

    texts = grouped.responses.kept["text"].tolist()
    topic = np.where(np.arange(300) < 290, (5 - grouped.group), -1)
    model = build_model(texts, grouped.embeddings.vectors, topic)
    assert model.topics_ == topic.tolist()
    new, _ = model.transform(texts[:60], embeddings=grouped.embeddings.vectors[:60])
    assert list(new) == topic[:60].tolist()
