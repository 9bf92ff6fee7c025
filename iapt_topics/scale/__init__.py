"""The same over partitions of a survey too large for one machine, joined by sums.

- ``scale_study`` gives a ``ScaledStudy``.
- ``sample_stability``: how many responses the topics must be fitted to.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
