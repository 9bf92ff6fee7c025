"""The short way: a survey in, and one object that reads, checks, publishes and keeps its results.

:func:`analyse` runs every stage and gives an :class:`Analysis`; :func:`load_study` takes up one
that was saved; :class:`PublicVersion` is what may be passed on of it.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
