"""Several sentence encoders as one: two opinions on what is alike, in one vector."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from iapt_topics._base.arrays import Floats32
from iapt_topics._base.errors import InputError
from iapt_topics.encoders.encoder import Encoder


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class JoinedEncoder:
    """Encoders whose vectors stand beside each other; made by :func:`join_encoders`."""

    encoders: tuple[Encoder, ...]

    @property
    def name(self) -> str:
        """The names, with a plus between them."""
        return " + ".join(e.name for e in self.encoders)

    @property
    def fingerprint(self) -> str:
        """Hash of the encoders' fingerprints, in their order."""
        return hashlib.sha256("\n".join(e.fingerprint for e in self.encoders).encode()).hexdigest()

    @property
    def for_themes(self) -> JoinedEncoder:
        """The same, for texts that describe themes."""
        return replace(self, encoders=tuple(getattr(e, "for_themes", e) for e in self.encoders))

    def encode(self, texts: Sequence[str]) -> Floats32:
        """Encode ``texts`` by each encoder, and put the vectors side by side.

        Parameters
        ----------
        texts : sequence of str
            At least one.

        Returns
        -------
        ndarray of float32, shape (len(texts), sum of the encoders' dimensions)
            Rows of unit length; the cosine of two is the mean of the encoders' cosines.
        """
        parts = [np.asarray(e.encode(texts), dtype=np.float32) for e in self.encoders]
        return np.hstack(parts) / np.float32(np.sqrt(len(parts)))


def one_encoder(encoders: Sequence[Encoder]) -> Encoder:
    """The encoder, or several joined."""
    return encoders[0] if len(encoders) == 1 else join_encoders(*encoders)


def join_encoders(*encoders: Encoder) -> JoinedEncoder:
    """Join sentence encoders into one, whose cosine is the mean of theirs.

    Parameters
    ----------
    *encoders : Encoder
        Two or more, for example ``sentence_encoder()`` and
        ``sentence_encoder("all-mpnet-base-v2")``. Each keeps its own cache.

    Returns
    -------
    JoinedEncoder
        An encoder like any other: topics, mapping and codes then rest on all of them alike.

    Raises
    ------
    InputError
        If there are fewer than two, or one is there twice.
    """
    if len({e.fingerprint for e in encoders}) < max(2, len(encoders)):
        raise InputError(
            "join_encoders()", "needs two different encoders or more",
            ", ".join(e.name for e in encoders) or "none",
            "Pass e.g. sentence_encoder() and sentence_encoder('all-mpnet-base-v2').",
        )  # fmt: skip
    return JoinedEncoder(encoders=encoders)
