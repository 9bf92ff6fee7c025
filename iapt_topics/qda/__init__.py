"""Files of the tools that people code in: read with care, matched to responses, and written.

- ``load_codes``: one coder's codes, from a table or a project; ``coders_in`` names the coders, and
  ``match_themes`` says which code is which theme.
- ``read_project`` gives a ``Project``, of NVivo, ATLAS.ti, MAXQDA, QualCoder or Taguette.
- ``write_codes``: machine and human codes as a project or a table.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
