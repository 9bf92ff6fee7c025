"""Who applied which theme to which response, of which coded units; the poles; what to code next."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
