"""Texts to vectors: the encoder, its on-disk cache, and the embeddings of a survey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from iapt_topics._base.arrays import Floats32
from iapt_topics._base.errors import InputError
from iapt_topics._base.result import Result
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.survey.responses import Responses
from iapt_topics.survey.sentences import split_sentences


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Embeddings(Result):
    """Sentence embeddings of the kept responses, one unit vector each.

    Attributes
    ----------
    vectors : ndarray of float32, shape (n, d)
        Row ``i`` belongs to ``response_id[i]``; each row has length 1.
    response_id : tuple of str, length n
    model : str
        Name of the encoder.
    fingerprint : str
        SHA-256 of its weights.
    sentences : mapping of str to ndarray of float32, shape (d,)
        The vector of each sentence of the responses, under its text; empty if the vectors were
        made in another way.
    """

    vectors: Floats32
    response_id: tuple[str, ...]
    model: str
    fingerprint: str
    sentences: Mapping[str, Floats32] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.response_id):
            raise InputError(
                "embeddings", "must contain one row for each response id",
                f"shape {self.vectors.shape} for {len(self.response_id)} ids",
                "Build them with embed().",
            )  # fmt: skip
        if not np.isfinite(self.vectors).all():
            bad = int((~np.isfinite(self.vectors)).any(axis=1).sum())
            raise InputError(
                "embeddings", "must be finite", f"{bad} rows with NaN or infinity",
                "Use another encoder, or check the one you passed.",
            )  # fmt: skip

    def rows(self, response_ids: Sequence[str]) -> Floats32:
        """Return the vectors of responses, in the order of their ids.

        Parameters
        ----------
        response_ids : sequence of str
            Responses wanted.

        Returns
        -------
        ndarray of float32, shape (len(response_ids), d)
            Their unit vectors.

        Raises
        ------
        InputError
            If a response has no vector.
        """
        place = {r: i for i, r in enumerate(self.response_id)}
        missing = [r for r in response_ids if r not in place]
        if missing:
            raise InputError(
                "embeddings", "must cover every kept response",
                f"none for {len(missing)} of them, first {missing[0]!r}",
                "Run embed() on the same responses.",
            )  # fmt: skip
        return self.vectors[[place[r] for r in response_ids]]


def embed(responses: Responses, encoder: Encoder) -> Embeddings:
    """Compute sentence embeddings of the kept responses.

    Parameters
    ----------
    responses : Responses
        Only rows with status "kept" are embedded.
    encoder : Encoder
        For example :func:`sentence_encoder`.

    Returns
    -------
    Embeddings
        In the order of ``responses.kept``.

    Raises
    ------
    InputError
        If fewer than two responses are left, or the encoder returns NaN or the wrong shape.

    Notes
    -----
    A response's vector is the mean of its sentences' vectors, each weighted by its letters, brought
    to unit length. So each sentence is encoded once for topics and themes alike, and of a long
    response nothing is cut off, as it is where a model reads a certain number of word pieces only.
    """
    kept = responses.kept
    if len(kept) < 2:
        raise InputError(
            "a survey", "must have at least 2 codable responses", f"{len(kept)}",
            "See responses.ledger for where the rows went.",
        )  # fmt: skip
    return embed_kept(responses, encoder)


def embed_kept(responses: Responses, encoder: Encoder) -> Embeddings:
    """What :func:`embed` does, for one kept response or more."""
    kept = responses.kept
    pieces = [split_sentences(text) for text in kept["text"]]
    every = [s for p in pieces for s in p]
    place = {s: i for i, s in enumerate(dict.fromkeys(every))}
    vectors = np.asarray(encoder.encode(list(place)), dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(place):
        raise InputError(
            "the encoder", "must return a row of numbers for each text",
            f"shape {vectors.shape} for {len(place)} texts",
            "Use another encoder, or check the one you passed.",
        )  # fmt: skip
    return Embeddings(
        vectors=_pooled(vectors[[place[s] for s in every]], pieces),
        response_id=tuple(kept["response_id"]),
        model=encoder.name,
        fingerprint=encoder.fingerprint,
        sentences=dict(zip(place, vectors, strict=True)),
    )


def _pooled(vectors: Floats32, pieces: list[list[str]]) -> Floats32:
    """Mean of the rows of each response's sentences, weighted by letters, of unit length."""
    many = np.array([len(p) for p in pieces])
    first = np.concatenate([[0], many.cumsum()[:-1]])
    letters = np.array([len(s) for p in pieces for s in p], dtype=np.float32)
    with np.errstate(invalid="ignore"):  # what is no number is refused by Embeddings
        total = np.add.reduceat(vectors * letters[:, None], first)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        unit = total / np.where(length == 0, 1, length)
    # One sentence stays as it is, to the bit; opposite ones may leave nothing but the first.
    return np.where((many == 1)[:, None] | (length == 0), vectors[first], unit)


def require_same_encoder(encoder: Encoder, embeddings: Embeddings) -> None:
    """Refuse an encoder whose vectors cannot be compared with the embeddings."""
    if encoder.fingerprint != embeddings.fingerprint:
        raise InputError(
            "the encoder", "must be the one that made the embeddings",
            f"{encoder.name!r} for embeddings of {embeddings.model!r}",
            "Pass the same encoder to embed() and here.",
        )  # fmt: skip
