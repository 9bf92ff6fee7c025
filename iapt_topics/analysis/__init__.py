"""The short way: one call analyses a survey, one object checks, reports, publishes and saves it.

- ``analyse`` runs every stage and returns an ``Analysis``; ``load_study`` loads a saved one.
- ``certify`` says which themes the machine may code alone.
- ``sensitivity`` says whether findings hang on choices, as a ``Sensitivity``.
- ``PublicVersion``: its version under disclosure control. ``ThemeSummary``: its results on one
  theme.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
