from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import survey
from standins import topics_of

from iapt_topics._base.errors import InputError
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.figures import topic_tracking_figure
from iapt_topics.topics import tracking as module
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.refit import compare_refit
from iapt_topics.topics.topics import TopicConfig
from iapt_topics.topics.tracking import topic_tracking

WORDS = ("alpha, one", "beta, two", "gamma, three", "delta, four", "epsilon, five")


def planted(sizes, seed=0, person=None):
    """Clouds about axes of a 12-dimensional space: sizes is (years, clouds)."""
    rng = np.random.default_rng(seed)
    sizes = np.asarray(sizes)
    cloud = np.concatenate([np.repeat(np.arange(sizes.shape[1]), row) for row in sizes])
    year = np.repeat(2021 + np.arange(len(sizes)), sizes.sum(axis=1))
    vectors = 0.5 * np.eye(12)[cloud] + rng.normal(0, 0.1, (len(cloud), 12)) + 0.1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    _, responses = survey(year, np.zeros((len(year), 1)), person=person)
    text = [f"{WORDS[c].replace(',', '')} {i}" for i, c in enumerate(cloud)]
    responses = replace(responses, table=responses.table.assign(text=text))
    ids = tuple(responses.table["response_id"])
    made = Embeddings(
        vectors=vectors.astype(np.float32), response_id=ids, model="m", fingerprint="f"
    )
    return responses, made


@pytest.fixture
def quick(monkeypatch):
    """Topics by the axis that a vector is nearest to: a fit that takes no time."""

    def fit(responses, embeddings, config):
        kept = responses.kept
        vectors = embeddings.rows(kept["response_id"].tolist())
        names, label = np.unique(vectors[:, :5].argmax(axis=1), return_inverse=True)
        centres = np.stack([vectors[label == k].mean(axis=0) for k in range(len(names))])
        return topics_of(
            pd.DataFrame(
                {
                    "topic": range(len(names)),
                    "label": [WORDS[k] for k in names],
                    "words": [WORDS[k] for k in names],
                    "n": np.bincount(label),
                }
            ),
            assignments=pd.DataFrame({"response_id": kept["response_id"], "topic": label}),
            centroids=centres / np.linalg.norm(centres, axis=1, keepdims=True),
            config=config,
        )

    monkeypatch.setattr(module, "fit_topics", fit)
    return fit


def test_topics_that_stay_are_linked_one_to_one(quick):
    flow = topic_tracking(*planted([[30, 30, 30]] * 3))
    assert len(flow.links) == 6
    assert (flow.links["topic"] == flow.links["topic_against"]).all()
    assert (flow.links["kind"] == "same").all()
    assert flow.links["matched"].all()
    assert flow.novelty.empty
    assert flow.topics["before"].tolist() == ["first"] * 3 + ["same"] * 6
    assert flow.topics["after"].tolist() == ["same"] * 6 + ["last"] * 3
    assert np.allclose(flow.topics["estimate"], 1 / 3)
    assert flow.windows["n_topics"].tolist() == [3, 3, 3]


def test_a_new_and_a_gone_topic_are_shown(quick):
    flow = topic_tracking(*planted([[40, 40, 40, 0], [40, 40, 0, 40]]))
    assert len(flow.links) == 2
    found = flow.novelty.set_index("kind")
    assert found.loc["new", "shown"]
    assert found.loc["gone", "shown"]
    # A third of the year, less the tenth of each topic that lies beyond its reach.
    assert 0.25 < found.loc["new", "estimate"] < 1 / 3
    assert found.loc["new", "low"] > 0
    topics = flow.topics.set_index(["year", "label"])
    assert topics.loc[(2022, WORDS[3]), "before"] == "new"
    assert topics.loc[(2021, WORDS[2]), "after"] == "gone"
    assert topics.loc[(2022, WORDS[0]), "before"] == "same"


def test_a_few_stray_responses_are_not_shown_to_be_new(quick):
    flow = topic_tracking(*planted([[40, 40, 40, 0], [40, 40, 40, 3]]))
    row = flow.novelty.iloc[0]
    assert row["kind"] == "new"
    assert not row["shown"]
    assert flow.topics.set_index(["year", "label"]).loc[(2022, WORDS[3]), "before"] == "unmatched"


def test_novelty_is_rarely_shown_when_the_years_are_alike(monkeypatch, quick):
    # With no link allowed, every topic is tested, though nothing changed.
    monkeypatch.setattr(module, "_links", lambda *_: module._none("links"))
    shown, p = [], []
    for seed in range(25):
        flow = topic_tracking(*planted([[30, 30, 30]] * 2, seed))
        shown.append(flow.novelty["shown"].any())
        p += flow.novelty["p"].tolist()
    assert np.mean(shown) <= 0.1
    assert np.mean(np.array(p) < 0.05) < 0.1


def test_split_and_merged():
    centres = {
        2021: np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], float),
        2022: np.array([[1, 0.25, 0, 0], [1, 0, 0.25, 0], [0, 0, 0.1, 1]], float),
    }
    fits = {
        year: topics_of(
            pd.DataFrame({"words": ["same"] * len(c), "n": 10}),
            centroids=c / np.linalg.norm(c, axis=1, keepdims=True),
        )
        for year, c in centres.items()
    }
    centre = np.zeros(4, np.float32)
    null = np.linspace(-0.4, 0.4, 30)
    links = module._links(fits, 2022, 2021, centre, null)
    kinds = links.set_index(["topic", "topic_against"])["kind"].to_dict()
    assert kinds == {(0, 0): "split", (1, 0): "split", (2, 3): "same"}
    assert links["matched"].sum() == 2
    back = module._links({2022: fits[2021], 2021: fits[2022]}, 2022, 2021, centre, null)
    assert set(back["kind"]) == {"merged", "same"}
    fits[2022] = replace(fits[2022], topics=fits[2022].topics.assign(words="other"))
    assert module._links(fits, 2022, 2021, centre, null).empty


def test_small_and_single_years_are_said(quick):
    flow = topic_tracking(*planted([[30, 30], [2, 1], [30, 30]]))
    assert flow.windows["n_topics"].tolist() == [2, 0, 2]
    assert "not fitted" in flow.windows["note"].iloc[1]
    assert set(flow.links["year"]) == {2023}
    assert set(flow.links["against"]) == {2021}
    single = topic_tracking(*planted([[30, 30]]))
    assert "nothing to match" in single.windows["note"].iloc[0]
    assert single.links.empty
    assert single.novelty.empty
    tiny = topic_tracking(*planted([[2, 1]]))
    assert tiny.topics.empty
    with pytest.raises(InputError, match="width"):
        topic_tracking(*planted([[30, 30]]), width=0)


def test_windows_of_two_years(quick):
    flow = topic_tracking(*planted([[15, 15]] * 5), width=2)
    assert flow.windows["year"].tolist() == [2021, 2023, 2025]
    assert flow.windows["last_year"].tolist() == [2022, 2024, 2025]
    assert flow.windows["n"].tolist() == [60, 60, 30]


def test_refit_agrees_with_the_fixed_fit_where_topics_are_the_same(quick):
    responses, vectors = planted([[30, 30, 30], [60, 20, 10]])
    fixed = quick(responses, vectors, TopicConfig())
    table = compare_refit(fixed, topic_tracking(responses, vectors), responses)
    by = table.pivot(index=["topic", "year"], columns="method", values="estimate")
    assert np.allclose(by["fixed"], by["refit"])
    assert np.allclose(by["difference"], 0)
    assert by["fixed"].tolist() == pytest.approx(
        [1 / 3, 2 / 3, 1 / 3, 2 / 9, 1 / 3, 1 / 9], abs=0.02
    )
    assert (table.loc[table["method"] == "difference", "p_bh"] == 1).all()


def test_refit_shows_a_topic_that_a_year_alone_does_not_have(quick):
    responses, vectors = planted([[30, 30, 30], [30, 30, 30]])
    flow = topic_tracking(responses, vectors)
    fixed = quick(responses, vectors, TopicConfig())
    swapped = fixed.assignments["topic"].replace({2: 1}).where(responses.kept["year"] == 2022)
    given = swapped.fillna(fixed.assignments["topic"]).astype(int)
    flow.fits[2022].assignments["topic"] = given[responses.kept["year"] == 2022].to_numpy()
    table = compare_refit(fixed, flow, responses).set_index(["topic", "year", "method"])
    assert "No topic of this window" in table.loc[(2, 2022, "difference"), "note"]
    row = table.loc[(2, 2022, "difference")]
    assert row["high"] < 0
    assert row["p_bh"] < 0.001


def test_flow_is_drawn(quick):
    flow = topic_tracking(*planted([[40, 40, 40, 0], [40, 40, 0, 40]]))
    figure = topic_tracking_figure(flow.topics, flow.links, flow.windows)
    said = [text.get_text() for text in figure.axes[0].texts]
    assert f"+ {WORDS[3]}" in said
    assert f"{WORDS[2]} -" in said
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == [
        "2021\nn=120",
        "2022\nn=120",
    ]
    # Six bars and two links.
    assert len(figure.axes[0].patches) == 8
    none = topic_tracking(*planted([[2, 1]]))
    with pytest.raises(InputError):
        topic_tracking_figure(none.topics, none.links, none.windows)


def test_inputs_are_unchanged_and_order_does_not_matter(quick):
    responses, vectors = planted([[40, 40, 40, 0], [40, 40, 0, 40]])
    before = responses.table.copy()
    first = topic_tracking(responses, vectors)
    pd.testing.assert_frame_equal(responses.table, before)
    mixed = replace(responses, table=before.sample(frac=1, random_state=5))
    second = topic_tracking(mixed, vectors)
    for name in ("topics", "links", "novelty", "windows"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))


@pytest.mark.slow
def test_real_topics_flow():
    responses, vectors = planted([[40, 40, 40, 0], [40, 40, 0, 40]])
    config = TopicConfig(n_runs=4)
    flow = topic_tracking(responses, vectors, config)
    assert flow.novelty.set_index("kind")["shown"].loc["new"].all()
    table = compare_refit(fit_topics(responses, vectors, config), flow, responses)
    assert table[["estimate", "low", "high"]].notna().all(axis=None)
