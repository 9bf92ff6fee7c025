"""Tables in, a matplotlib figure out: one style, colour-blind safe, never a chart without n.

Every function returns a :class:`matplotlib.figure.Figure` and neither shows nor saves it.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
