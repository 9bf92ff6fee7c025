"""Consensus topics: many runs, one set of topics, how far each can be relied on.

Also their words, labels, edits, files, new waves and tracking over the years.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
