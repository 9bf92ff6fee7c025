"""Two coders side by side: agreement by theme and over all, matching themes, convergence coding."""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
