"""The short way: a survey in, and one object that reads, checks, publishes and keeps its results.

- ``analyse`` runs every stage and gives an ``Analysis``; ``load_study`` takes up a saved one.
- ``ThemeSummary``: all that it says of one theme. ``PublicVersion``: what may be passed on of it.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
