"""What may leave the machine: disclosure control once for all outputs, and the files made of it.

- ``publish`` gives ``Published``, by a rule, ``Disclosure``, and with each ``Quote`` approved.
- ``keep_private`` gives ``Private``: nothing suppressed, for the researcher's own report.
- ``write_tables``: tables in files.
- ``write_quotes``, ``read_quotes``: the sheet on which a person approves quotes.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
