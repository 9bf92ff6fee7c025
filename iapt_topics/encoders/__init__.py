"""Text to vectors: sentence models by path, the cache of vectors, one unit vector a response.

The only room that loads a sentence model.

- ``sentence_encoder`` gives an ``Encoder``, and ``embed`` the ``Embeddings`` of responses.
- ``join_encoders``: several encoders as one, whose cosine is the mean of theirs.
- ``distil_encoder``: a static encoder, many times as fast, made from the full one.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
