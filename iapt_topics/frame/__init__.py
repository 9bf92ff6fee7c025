"""The codebook that topics and responses are placed on: themes, their files, what makes one unfit.

Bundled frames lie in ``frames/``.

- ``load_frame`` gives a ``ThemeFrame``, of ``Theme`` by ``Theme``; ``write_frame`` writes one.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
