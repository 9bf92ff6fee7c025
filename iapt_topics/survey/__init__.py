"""The survey: its responses, what became of every row, redaction, respondents by wave.

Everything that reads or cleans what people wrote is here.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
