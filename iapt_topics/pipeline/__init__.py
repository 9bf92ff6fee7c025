"""From a survey to its results: a plan read, stages run, results written and compared.

- ``run_study``: every stage, from values. ``read_plan`` gives a ``StudyPlan``, which ``run_plan``
  carries out, from files.
- ``write_study``, ``write_figures``: the folder of results, and figures for a paper.
- ``withdraw`` removes respondents from a folder of results and runs the study without them; it
  gives a ``Withdrawal``.
- ``compare_runs`` gives a ``RunComparison``: whether two results are the same.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
