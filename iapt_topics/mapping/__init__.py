"""Topics and responses placed on the frame; what people decide on it; learning from codes."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
