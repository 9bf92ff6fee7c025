"""An encoder as BERTopic asks for it; apart, since importing BERTopic takes seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
from bertopic.backend import BaseEmbedder

from iapt_topics._base.arrays import Floats32
from iapt_topics.encoders.encoder import Encoder


class EncoderBackend(BaseEmbedder):  # type: ignore[misc]  # bertopic has no types
    """Vectors of new texts by the encoder that made those of the topics."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def embed(self, documents: list[str], verbose: bool = False) -> Floats32:
        """Encode texts."""
        texts: list[Any] = np.asarray(documents, dtype=object).tolist()
        return self.encoder.encode(texts)
