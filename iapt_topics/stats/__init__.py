"""Arrays in, arrays out: intervals, resampling, multiplicity, agreement, the model of prevalence.

Nothing here knows what a response or a theme is.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
