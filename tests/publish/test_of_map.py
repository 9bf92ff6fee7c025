"""The public map: every hexagon rests on enough people, and nothing is left out of a topic's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import standins
from hypothesis import given, settings
from hypothesis import strategies as st

from iapt_topics.publish import keep_private, of_map, publish
from iapt_topics.publish.disclosure import at_least
from iapt_topics.publish.of_map import place_responses
from iapt_topics.report.write import write_report
from iapt_topics.study.hexagons import _cut, _hexagon_of, _middle, _side
from iapt_topics.study.places import response_places, topic_places


@settings(max_examples=40)
@given(
    st.integers(1, 600), st.integers(1, 15), st.integers(1, 15), st.integers(1, 3),
    st.integers(0, 1_000),
)  # fmt: skip
def test_hexagons_part_each_topic_into_groups_of_enough_people(n, k, least, each, seed):
    rng = np.random.default_rng(seed)
    given_, person = rng.dirichlet(np.full(k, 0.3), n), rng.integers(0, max(n // each, 1), n)
    own = given_.argmax(axis=1)
    discs = topic_places(rng.normal(size=(k, 8)), np.bincount(own, minlength=k).astype(float))
    places, side = response_places(discs, given_, own), _side(n, least)
    cut = _cut(places, own, discs, person.tolist(), side, least)
    every = [cell for parts in cut.values() for cell in parts]
    assert len(set(every)) == len(every)  # no hexagon is of two topics
    for topic in set(own.tolist()):
        members = [i for of in cut[topic].values() for i in of]
        # All of its responses and no other: the hexagons add up to the topic's count.
        assert sorted(members) == np.flatnonzero(own == topic).tolist()
        people = [len({int(person[i]) for i in of}) for of in cut[topic].values()]
        enough = len({int(person[i]) for i in members}) >= least
        assert min(people) >= least if enough else len(people) == 1


def test_a_place_is_in_the_hexagon_whose_middle_is_nearest():
    rng = np.random.default_rng(0)
    places, side = rng.uniform(0, 400, (500, 2)), 17.0
    found = _hexagon_of(places, side)
    middles = _middle(sorted({tuple(c) for c in found.tolist()}), side)
    own = np.hypot(*(_middle(map(tuple, found.tolist()), side) - places).T)
    others = np.hypot(*(middles[None] - places[:, None]).transpose(2, 0, 1)).min(axis=1)
    np.testing.assert_allclose(own, others)
    assert own.max() <= side


@pytest.mark.parametrize("rule", ["default", 10, "hes", 20, at_least(15, "ours", 10)])
def test_only_topics_whose_count_is_shown_have_hexagons_and_counts_are_rounded(rule):
    study = standins.study_of(responses=standins.responses())
    published = publish(study, rule)
    rows, topics = published.tables["topic_hexagons"], published.tables["topics"]
    shown = set(topics.loc[(topics["topic"] >= 0) & topics["n"].notna(), "topic"])
    # None of them is of 5 to 9 respondents.
    assert set(rows["topic"]) == shown
    assert 7 not in shown
    rule = published.disclosure
    assert (rows["count"] % rule.round_to == 0).all()
    assert (rows["count"] >= rule.rounded(rule.min_base)).all()
    exact = study.tables["topics"].set_index("topic")["n"]
    for topic, part in rows.groupby("topic"):
        # Each is rounded by itself.
        assert abs(part["count"].sum() - exact[topic]) <= len(part) * rule.round_to / 2
    assert list(rows.columns) == ["topic", "x", "y", "side", "count"]


def test_a_topic_that_is_suppressed_moves_nothing_on_the_public_map():
    """The map is that of the shown topics, whatever the mean vectors of small ones."""
    study = standins.study_of(responses=standins.responses())
    moved = study.topics.centroids.copy()
    moved[7] = 99.0
    other = replace(study, topics=replace(study.topics, centroids=moved))
    one, two = (publish(s).tables for s in (study, other))
    for name in ("topic_map", "topic_hexagons"):
        assert one[name].equals(two[name])


def test_every_response_has_a_place_and_its_redacted_text():
    survey = standins.responses()
    said = survey.table["text"].where(survey.table.index != 5, "[name] said so")
    survey = replace(survey, table=survey.table.assign(redacted=said))
    study = standins.study_of(responses=survey)
    rows = place_responses(study)
    assert len(rows) == len(survey.kept)
    assert "[name] said so" in set(rows["text"]) or survey.table.at[5, "status"] != "kept"
    given = study.codes.table.groupby("response_id")["theme"].agg(set).to_dict()
    for i, themes in zip(survey.kept["response_id"], rows["themes"], strict=True):
        assert set(themes) == given.get(i, set())
    assert rows[["x", "y"]].notna().all(axis=None)


def test_of_many_responses_a_part_is_drawn_and_the_report_says_so(monkeypatch, tmp_path):
    study = standins.study_of(responses=standins.responses())
    n = len(study.responses.kept)
    assert "are drawn and can be read" not in page_of(study, tmp_path)
    monkeypatch.setattr(of_map, "MOST_DOTS", 40)
    rows = place_responses(study)
    assert len(rows) == 40
    themes = study.codes.table.groupby("response_id")["theme"].agg(tuple)
    ids = study.topics.assignments["response_id"].iloc[np.linspace(0, n - 1, 40).astype(int)]
    assert rows["themes"].tolist() == [themes.get(i, ()) for i in ids]
    page = page_of(study, tmp_path)
    assert f"Of {n:,} responses, 40 are drawn and can be read here" in page


def page_of(study, folder):
    return write_report(folder / "report.html", keep_private(study)).read_text("utf-8")
