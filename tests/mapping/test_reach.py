from __future__ import annotations

import hashlib

import numpy as np
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.mapping.anchors import theme_anchors
from iapt_topics.mapping.reach import measure_reach

FRAME = ThemeFrame(
    name="small",
    themes=(
        Theme(id="A", label="Night work", definition="Shifts that end after midnight."),
        Theme(id="B", label="Pay", examples=("My wages do not last the month.",)),
    ),
)


class Noise:
    """Each text has a direction of its own, that of no other is near to."""

    name, fingerprint = "noise", "noise"

    def encode(self, texts):
        vectors = np.stack([
            np.random.default_rng(int(hashlib.sha256(t.encode()).hexdigest()[:12], 16))
            .standard_normal(32) for t in texts
        ])  # fmt: skip
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_a_frames_own_texts_are_reached_and_others_by_chance():
    own = [a.text for a in theme_anchors(FRAME)]
    reach = measure_reach(Noise().encode(own), FRAME, Noise())
    # A lone word can come out of the shuffle as it was: as near to both, and so half reached.
    assert 0.95 < reach.estimate <= 1
    assert (reach.n, reach.status) == (len(own), "reached")
    others = Noise().encode([f"another text {i}" for i in range(2000)])
    chance = measure_reach(others, FRAME, Noise())
    assert chance.low < 0.5 < chance.high
    assert chance.status == "chance"
    assert "expected by chance" in str(chance)
    assert chance.estimate == measure_reach(others, FRAME, Noise()).estimate
    mixed = np.vstack([others[:500], np.repeat(Noise().encode(own)[:1], 200, axis=0)])
    assert measure_reach(mixed, FRAME, Noise()).status == "little"
    with pytest.raises(InputError, match="of one text or more"):
        measure_reach(others[:0], FRAME, Noise())
