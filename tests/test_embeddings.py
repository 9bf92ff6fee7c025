import hashlib
import sqlite3
import stat
from pathlib import Path

import numpy as np
import pytest

from iapt_topics import embeddings
from iapt_topics._checks import InputError
from iapt_topics.embeddings import Embeddings, SentenceEncoder, embed, sentence_encoder


class Model:
    """Stands for a loaded model and counts what it is asked."""

    def __init__(self):
        self.asked = []

    def encode(self, texts, **_):
        self.asked += texts
        digests = [hashlib.sha256(t.encode()).digest()[:8] for t in texts]
        vectors = np.array([np.frombuffer(d, dtype=np.uint8) for d in digests], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def model(monkeypatch):
    made = Model()
    monkeypatch.setattr(embeddings, "_model", lambda folder: made)
    return made


def cached(tmp_path, fingerprint="a" * 64):
    return SentenceEncoder(
        name="m", folder=Path("nowhere"), fingerprint=fingerprint, cache=tmp_path / "cache"
    )


def test_each_text_is_computed_once(model, tmp_path):
    encoder = cached(tmp_path)
    first = encoder.encode(["one", "two", "one"])
    second = encoder.encode(["two", "one", "three"])
    assert model.asked == ["one", "two", "three"]
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(first[:2], second[[1, 0]])


def test_other_weights_have_another_cache(model, tmp_path):
    cached(tmp_path).encode(["one"])
    cached(tmp_path, "b" * 64).encode(["one"])
    assert model.asked == ["one", "one"]


def test_the_cache_is_private_and_holds_no_text(model, tmp_path):
    cached(tmp_path).encode(["a very private sentence"])
    folder = tmp_path / "cache"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert b"private" not in b"".join(p.read_bytes() for p in folder.iterdir())


def test_a_damaged_cache_is_built_anew(model, tmp_path):
    encoder = cached(tmp_path)
    encoder.encode(["one"])
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(b"not a database at all" * 100)
    with pytest.warns(UserWarning, match="built anew"):
        encoder.encode(["one"])
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (1,)
    connection.close()


def test_without_a_usable_cache_it_goes_on_and_says_so(model, tmp_path):
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.warns(UserWarning, match="not cached"):
        assert cached(tmp_path).encode(["one"]).shape == (1, 8)


def test_lone_surrogates_do_not_stop_it(model, tmp_path):
    assert cached(tmp_path).encode(["bad \ud800 text"]).shape == (1, 8)


def test_weights_that_are_not_the_published_ones_are_refused(monkeypatch, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(embeddings, "_offline_folder", lambda: tmp_path)
    with pytest.raises(InputError, match="must have the upstream SHA-256 53aa5117"):
        sentence_encoder()


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(embeddings, "OFFLINE_PACKAGE", "no_such_package_here")
    with pytest.raises(InputError, match=r"pip install 'iapt-topics\[offline\]'"):
        sentence_encoder()


def test_a_model_name_is_not_fetched_offline():
    with pytest.raises(InputError, match="offline=False"):
        sentence_encoder("some/model")


def test_a_folder_without_safetensors_is_refused(tmp_path):
    with pytest.raises(InputError, match="weights"):
        sentence_encoder(tmp_path)


def test_embed_joins_on_ids(survey, encoder):
    made = embed(survey, encoder)
    assert made.response_id == tuple(survey.kept["response_id"])
    some = ["r5", "r0"]
    np.testing.assert_array_equal(made.rows(some), made.vectors[[5, 0]])
    with pytest.raises(InputError, match="cover every kept response"):
        made.rows(["r0", "unknown"])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_vectors_must_be_finite(bad):
    vectors = np.array([[1, 0], [bad, 0]], dtype=np.float32)
    with pytest.raises(InputError, match="1 rows with NaN or infinity"):
        Embeddings(vectors=vectors, response_id=("a", "b"), model="m", fingerprint="f")


@pytest.mark.slow
def test_the_real_model_reads_meaning(tmp_path):
    encoder = sentence_encoder(cache=tmp_path)
    vectors = encoder.encode(
        [
            "My caseload is far too big.",
            "I see too many clients each week.",
            "The canteen sells good soup.",
        ]
    )
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
