"""The codebook that topics and responses are placed on: themes, their files, what makes one unfit.

Bundled frames lie in ``frames/``.

- ``load_frame`` gives a ``ThemeFrame``, of ``Theme`` by ``Theme``; ``write_frame`` writes one.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
