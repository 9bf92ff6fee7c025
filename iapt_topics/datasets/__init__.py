"""The bundled SYNTHETIC survey: 1,543 invented responses, 2014 to 2018, its truth and its maker.

Written for this project from no source. It is not the data of any study.

- ``load_example``: the survey and a coder's codes; ``example_path``: its file.
- ``load_truth``, ``true_sentences``, ``planted_change``: the themes it was made with, where each
  is, and how they change.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
