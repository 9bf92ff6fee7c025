"""The short way: a survey in, and one object that reads, checks, publishes and keeps its results.

:func:`analyse` runs every stage and gives an :class:`Analysis`; :func:`load_study` takes up one
that was saved; :class:`PublicVersion` is what may be passed on of it.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
