"""Prevalence by year and what can be said about its change, with each source of uncertainty."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
