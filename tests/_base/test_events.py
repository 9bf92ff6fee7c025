import numpy as np
import pytest

from iapt_topics._base.events import Event
from iapt_topics.encoders.vector_cache import PART, remember
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.topics import TopicConfig


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Event("stage", "Finding topics"), "Finding topics ..."),
        (Event("note", "3 coders found"), "Note: 3 coders found"),
        (Event("progress", done=1024, total=20480), "1,024 of 20,480"),
    ],
)
def test_an_event_is_a_line_for_people(event, line):
    assert str(event) == line


@pytest.mark.slow
def test_each_run_of_a_fit_is_told(survey, embeddings):
    told = []
    fit_topics(survey, embeddings, TopicConfig(seed=1, n_runs=3), on_event=told.append)
    assert told == [Event("progress", done=n, total=3) for n in (1, 2, 3)]


def test_each_part_of_the_texts_encoded_is_told():
    told = []
    texts = {f"{n}": f"text {n}" for n in range(PART + 1)}
    remember(None, "f", texts, lambda t: np.ones((len(t), 2), np.float32), told.append)
    assert [(e.done, e.total) for e in told] == [(PART, PART + 1), (PART + 1, PART + 1)]
