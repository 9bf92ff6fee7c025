"""The bundled SYNTHETIC survey: 1,543 invented responses, 2014 to 2018, its truth and its maker.

Written for this project from no source. It is not the data of any study.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
