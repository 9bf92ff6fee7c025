"""What may leave the machine: disclosure control once for all outputs, and the files made of it."""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
