"""Every exact result of one run, as one value, and its tables.

A study's tables have the names and columns of the published ones, so figures and the report are
made of either alike. Nothing here is fit to leave the machine.

- ``Study``; ``About``: its names and settings.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
