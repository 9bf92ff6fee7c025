"""The report: one HTML file that opens offline and asks nothing of the network.

- ``write_report``: made of published tables alone.
- ``write_draft``: a draft of a paper in Word, likewise.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
