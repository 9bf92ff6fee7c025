"""How much of the texts a frame reaches: whether it is about what they are about."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iapt_topics._base.arrays import Floats32
from iapt_topics._base.errors import InputError
from iapt_topics._base.result import Result
from iapt_topics.encoders.encoder import Encoder, encode_themes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.anchors import theme_anchors
from iapt_topics.stats.intervals import wilson_interval

#: What a frame reaches of texts that it has nothing to do with, and half way from there to all.
CHANCE, HALF_WAY = 0.5, 0.75
_LEAST = 300  # texts of the frame in random order, so that one order does not decide
_ROWS = 4096


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class FrameReach(Result):
    """What part of texts lies nearer to a frame than to its words in random order.

    Attributes
    ----------
    estimate, low, high : float
        Proportion of the texts, 0 to 1, with its 95 % interval (Wilson); chance alone gives .5.
    n : int
        Texts.
    status : {"reached", "little", "chance"}
        "chance" if the interval holds .5 or lies below, "little" if all of it lies below .75, half
        way from chance to all.
    """

    estimate: float
    low: float
    high: float
    n: int
    status: str

    def __str__(self) -> str:
        """In a sentence."""
        said = (
            f"the codebook reaches {self.estimate:.0%} of {self.n:,} texts "
            f"(95 % CI {self.low:.0%} to {self.high:.0%}; its words in random order would reach "
            f"{CHANCE:.0%})"
        )
        ends = {
            "chance": "; no more than is expected by chance: it is about something else",
            "little": "; that is little: check that it is a codebook for these texts",
        }
        return said + ends.get(self.status, "")


def measure_reach(
    vectors: Floats32, frame: ThemeFrame, encoder: Encoder, *, seed: int = 7
) -> FrameReach:
    """Measure what part of texts lies nearer to a frame than to its words in random order.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Unit vectors of the texts, such as ``embeddings.vectors``.
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        The one that made the vectors.
    seed : int, default 7
        Of the random order.

    Returns
    -------
    FrameReach
        The proportion with its interval, and what to make of it.

    Raises
    ------
    InputError
        If there are no texts, or they were embedded with another encoder.

    Notes
    -----
    The anchors of the frame (label, definition, examples and the like) are set against as many
    texts of the same words in random order, each as long as an anchor. These keep the vocabulary
    of the field and lose what is said in it. A text is reached if its nearest anchor is nearer
    than the nearest of these; small frames are shuffled more than once, and the proportion is the
    mean over these. Where the frame has nothing to do with the texts, each is as likely.
    """
    anchors = [a.text for a in theme_anchors(frame)]
    own = encode_themes(encoder, anchors)
    if not len(vectors) or vectors.shape[1] != own.shape[1]:
        raise InputError(
            "vectors", "must be of one text or more, by the same encoder",
            f"shape {vectors.shape}", "Embed the texts with this encoder.",
        )  # fmt: skip
    rng = random.Random(seed)
    nearest = _nearest(vectors, own)
    reached = []
    for _ in range(-(-_LEAST // len(anchors))):
        other = _nearest(vectors, encode_themes(encoder, _in_random_order(anchors, rng)))
        # Texts that are as near to both say nothing of either.
        reached.append(np.mean(nearest > other) + np.mean(nearest == other) / 2)
    n, estimate = len(vectors), float(np.mean(reached))
    low, high = (float(v) for v in wilson_interval(estimate * n, n))
    status = "chance" if low <= CHANCE else "little" if high < HALF_WAY else "reached"
    return FrameReach(estimate=estimate, low=low, high=high, n=n, status=status)


def _in_random_order(texts: Sequence[str], rng: random.Random) -> list[str]:
    """Texts of the same lengths, of the same words in random order."""
    words = [w for text in texts for w in text.split()]
    rng.shuffle(words)
    lengths = [len(text.split()) for text in texts]
    ends = np.cumsum(lengths)
    return [" ".join(words[end - n : end]) for n, end in zip(lengths, ends, strict=True)]


def _nearest(vectors: Floats32, anchors: Floats32) -> Floats32:
    """Cosine of each text to its nearest anchor."""
    parts = [
        (vectors[i : i + _ROWS] @ anchors.T).max(axis=1) for i in range(0, len(vectors), _ROWS)
    ]
    return np.concatenate(parts)
