"""Consensus topics: many runs, one set of topics, how far each can be relied on.

Also their words, labels, edits, files, new waves and tracking over the years.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
