"""From a survey to its results: a plan read, stages run, results written and compared."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
