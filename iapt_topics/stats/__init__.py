"""Arrays in, arrays out: intervals, resampling, multiplicity, agreement, the model of prevalence.

Nothing here knows what a response or a theme is.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
