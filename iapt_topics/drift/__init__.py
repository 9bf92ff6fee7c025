"""Prevalence by year and what can be said about its change, with each source of uncertainty."""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
