"""Several encoders as one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import BagOfWords

from iapt_topics import analyse, load_example
from iapt_topics._base.errors import InputError
from iapt_topics.cli._screen import Screen
from iapt_topics.cli.make import make_encoder
from iapt_topics.encoders import join_encoders
from iapt_topics.pipeline.manifest import _model_files
from iapt_topics.pipeline.plan import read_plan


class Letters:
    """A second opinion: how often each letter is there."""

    name, fingerprint = "letters", "letters-1"

    def encode(self, texts):
        counts = np.array([[1 + t.count(c) for c in "abcdefghij"] for t in texts], dtype=np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


TEXTS = ["my caseload is heavy", "a kind team", "heavy caseload", "bad pay"]


def test_the_cosine_is_the_mean_of_the_cosines():
    one, other = BagOfWords(), Letters()
    both = join_encoders(one, other)
    vectors = both.encode(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    a, b = (e.encode(TEXTS) @ e.encode(TEXTS).T for e in (one, other))
    np.testing.assert_allclose(vectors @ vectors.T, (a + b) / 2, atol=1e-6)
    assert both.name == f"{one.name} + letters"
    assert both.fingerprint != join_encoders(other, one).fingerprint
    np.testing.assert_array_equal(both.for_themes.encode(TEXTS), vectors)


@pytest.mark.parametrize("encoders", [(), (Letters(),), (Letters(), Letters())])
def test_fewer_than_two_different_ones_are_refused(encoders):
    with pytest.raises(InputError, match="two different encoders"):
        join_encoders(*encoders)


def test_the_files_of_both_are_named_in_the_manifest(tmp_path):
    class Filed(Letters):
        def __init__(self, name):
            self.name = self.fingerprint = name
            self.folder = tmp_path / name
            self.folder.mkdir()
            Path(self.folder / "config.json").write_text(name, encoding="utf-8")

    one, other = Filed("one"), Filed("other")
    assert list(_model_files(one)) == ["config.json"]
    assert list(_model_files(join_encoders(one, other))) == ["one/config.json", "other/config.json"]


def test_a_study_by_two_encoders_names_both():
    survey, _ = load_example()
    few = survey.kept.groupby("year").head(40)
    columns = {"text": "text", "year": "year", "respondent": "respondent_id"}
    study = analyse(few, **columns, frame="iapt_identity_system", encoder=[BagOfWords(), Letters()])
    assert study.manifest["model"]["name"].endswith(" + letters")
    assert study.topics.versions["encoder"].endswith(" + letters")


def test_a_plan_names_a_second_model(tmp_path, monkeypatch):
    plan = tmp_path / "study.toml"
    plan.write_text(
        '[survey]\nfile = "s.csv"\ntext = "t"\nyear = "y"\n'
        '[embedding]\nsecond_model = "all-mpnet-base-v2"\n',
        encoding="utf-8",
    )
    (tmp_path / "s.csv").write_text("t,y\na,2020\n", encoding="utf-8")
    made = {None: BagOfWords(), "all-mpnet-base-v2": Letters()}
    monkeypatch.setattr(
        "iapt_topics.encoders.encoder.sentence_encoder", lambda model, **_: made[model]
    )
    encoder = make_encoder(read_plan(plan), Screen())
    assert encoder.encoders == tuple(made.values())
    monkeypatch.setattr(
        "iapt_topics.encoders.encoder.sentence_encoder", lambda model, **_: made[None]
    )
    assert make_encoder(replace(read_plan(plan), second_model=None), Screen()) is made[None]
