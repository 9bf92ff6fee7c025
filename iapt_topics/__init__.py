"""Machine themes beside human themes in free-text surveys, and what changed over the years.

The stages follow each other, each a function from typed values to a new typed value::

    load_responses -> embed -> fit_topics -> map_topics -> code_responses
        -> compare_codes, measure_drift -> write_report
"""

import lazy_loader as lazy

__version__ = "0.1.0"

# Each name is loaded when it is first used, so that importing the package costs next to nothing.
__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
