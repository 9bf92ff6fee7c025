"""Two coders side by side: agreement by theme and over all, matching themes, convergence coding."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
