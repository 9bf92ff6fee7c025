"""The report: one HTML file that opens offline and asks nothing of the network.

- ``write_report``: made of published tables alone.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
