"""Coders side by side: a person and the machine, two people, or more.

- ``compare_codes`` gives a ``Comparison``: agreement over all and by theme, prevalence by year,
  matched themes, convergence coding; ``topic_codes`` makes codes of topics, to compare as well.
- ``certify_codes`` gives a ``Certificate``: which themes the machine may code alone, and which
  responses people had best code next.
- ``compare_coders`` gives a ``CoderAgreement``: two coders or more, who need not have coded the
  same responses; ``plan_overlap`` says who codes what.
- ``error_by_group``: does the machine err more in some years or groups than in others?
  ``error_contrasts``: how much of a difference between them could its errors make?
- ``disagreements``: the responses to talk about at a coding meeting.
- ``write_convergence``, ``read_convergence``: the ratings as a sheet that a person confirms.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
