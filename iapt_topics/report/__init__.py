"""The report: one HTML file that opens offline and asks nothing of the network.

It is made of tables alone.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
