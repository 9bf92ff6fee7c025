"""What may leave the machine: disclosure control once for all outputs, and the files made of it."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
