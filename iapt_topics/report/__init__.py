"""The report: one HTML file that opens offline and asks nothing of the network.

It is made of tables alone.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
