"""From a survey to its results: a plan read, stages run, results written and compared."""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
