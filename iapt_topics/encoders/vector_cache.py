"""Vectors kept on disk under the hash of their text, and checked when they are read."""

from __future__ import annotations

import hashlib
import sqlite3
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from iapt_topics._base.arrays import Floats32
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics._base.private import private_cache, private_file, refuse_link

Vectors = dict[str, Floats32]

#: Texts whose vectors are kept at a time, so that a run that is stopped loses this many at most.
PART = 1024
_TABLE = "CREATE TABLE IF NOT EXISTS checked (text TEXT PRIMARY KEY, vector BLOB)"
_CHECK = 8  # bytes of checksum behind each vector


def remember(
    folder: Path | None,
    fingerprint: str,
    texts: Mapping[str, str],
    compute: Callable[[list[str]], Floats32],
    on_event: OnEvent = ignore,
) -> Vectors:
    """Vectors of texts, given under their keys; what is not in the store is computed and put there.

    The store is one SQLite file for each model. Without a usable one the vectors are computed all
    the same, and a warning says so; a damaged file or vector is replaced, and a warning says so.
    """
    store, known = _opened(folder, fingerprint, list(texts))
    try:
        # Of like length together, so that the encoder's batches of one length are full.
        todo = sorted((k for k in texts if k not in known), key=lambda k: (len(texts[k]), texts[k]))
        for start in range(0, len(todo), PART):
            keys = todo[start : start + PART]
            made = dict(zip(keys, compute([texts[k] for k in keys]), strict=True))
            known |= made
            on_event(Event("progress", done=start + len(keys), total=len(todo)))
            if store is not None and not _write(store, fingerprint, made):
                store.close()
                store = None
    finally:
        if store is not None:
            store.close()
    return known


def key_of(text: str) -> str:
    """Hash under which a text's vector is kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def keep_only(folder: Path, texts: Iterable[str]) -> int:
    """Keep the vectors of some texts in every store of a folder, and no byte of any other.

    Parameters
    ----------
    folder : Path
        A cache.
    texts : iterable of str
        Each with its prompt before it. What is dropped without need is computed again when it is
        wanted, so it is what stays that is named.

    Returns
    -------
    int
        Vectors that were dropped.
    """
    keys = {key_of(t) for t in texts}
    dropped = 0
    for path in sorted(folder.glob("embeddings-*.sqlite")):
        refuse_link(path)
        try:
            with closing(sqlite3.connect(path, timeout=60)) as store:
                rows = store.execute("SELECT text, vector FROM checked").fetchall()
        except sqlite3.DatabaseError:  # damaged: what is in it cannot be told
            rows = []
        # A deleted row's bytes stay in a file until others take their place, so it is a new file.
        for old in folder.glob(f"{path.name}*"):
            old.unlink()
        stays = [row for row in rows if row[0] in keys]
        dropped += len(rows) - len(stays)
        if stays:
            private_file(path)
            with closing(sqlite3.connect(path, timeout=60)) as store, store:
                store.execute(_TABLE)
                store.executemany("INSERT INTO checked VALUES (?, ?)", stays)
    return dropped


def _opened(
    folder: Path | None, fingerprint: str, keys: Sequence[str]
) -> tuple[sqlite3.Connection | None, Vectors]:
    if folder is None:
        return None, {}
    path = folder / f"embeddings-{fingerprint[:16]}.sqlite"
    try:
        private_cache(folder)
        private_file(path)  # SQLite gives its journal the same mode
        try:
            return _read(path, fingerprint, keys)
        except sqlite3.OperationalError:  # locked, read-only, disk full: not ours to delete
            raise
        except sqlite3.DatabaseError:
            _say(f"the damaged cache {path.name} is rebuilt")
            for end in ("", "-journal"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            private_file(path)
            return _read(path, fingerprint, keys)
    except (OSError, sqlite3.Error) as error:
        _say(f"embeddings are not cached: {folder} cannot be used ({error})")
        return None, {}


def _read(path: Path, fingerprint: str, keys: Sequence[str]) -> tuple[sqlite3.Connection, Vectors]:
    """Open the store and take out what it has; vectors that fail their checksum count as absent."""
    store = sqlite3.connect(path, timeout=60)
    found: Vectors = {}
    damaged = 0
    try:
        store.execute(_TABLE)
        for start in range(0, len(keys), 500):  # below SQLite's limit of bound variables
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            query = f"SELECT text, vector FROM checked WHERE text IN ({marks})"
            for key, blob in store.execute(query, part):
                if not isinstance(blob, bytes) or _sealed(fingerprint, key, blob[:-_CHECK]) != blob:
                    damaged += 1
                else:
                    found[key] = np.frombuffer(blob[:-_CHECK], dtype="<f4")
    except BaseException:
        store.close()
        raise
    if damaged:
        _say(
            f"{damaged} damaged vectors in the cache {path.name}, or of another model or version, "
            "are recomputed"
        )
    return store, found


def _write(store: sqlite3.Connection, fingerprint: str, vectors: Vectors) -> bool:
    """Put vectors in the store, all or none of them; whether it went well."""
    rows = [
        (key, _sealed(fingerprint, key, vector.astype("<f4").tobytes()))
        for key, vector in vectors.items()
        if np.isfinite(vector).all()
    ]
    try:
        with store:
            store.executemany("INSERT OR REPLACE INTO checked VALUES (?, ?)", rows)
    except sqlite3.Error as error:
        _say(f"no more embeddings are cached: {error}")
        return False
    return True


def _sealed(fingerprint: str, key: str, content: bytes) -> bytes:
    """A vector with the checksum of itself, its text and its model.

    It tells damage and mistakes. Whoever may write to the file can make one that fits.
    """
    origin = f"{fingerprint}:{key}:".encode()
    return content + hashlib.sha256(origin + content).digest()[:_CHECK]


def _say(what: str) -> None:
    warnings.warn(what, stacklevel=5)
