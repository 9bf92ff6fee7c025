"""Every exact result of one run, as one value, and its tables.

A study's tables have the names and columns of the published ones, so figures and the report are
made of either alike. Nothing here is fit to leave the machine.

- ``Study``; ``About``: its names and settings.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
