"""The same over partitions of a survey too large for one machine, joined by sums.

- ``scale_study`` gives a ``ScaledStudy``.
- ``collect_study``: one study of all its rows, for the same two reports as of any survey.
- ``sample_stability``: how many responses the topics must be fitted to.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
