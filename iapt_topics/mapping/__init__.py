"""Topics and responses placed on the frame; what people decide on it; learning from codes."""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
