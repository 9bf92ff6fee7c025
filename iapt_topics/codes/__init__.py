"""Who applied which theme to which response, of which coded units; the poles; what to code next."""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
