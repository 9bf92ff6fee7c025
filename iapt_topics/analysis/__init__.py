"""The short way: a survey in, and one object that reports, checks, publishes and keeps it.

- ``analyse`` runs every stage and gives an ``Analysis``; ``load_study`` takes up a saved one.
- ``PublicVersion``: what may be passed on of it. ``ThemeSummary``: all that it says of one theme.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
