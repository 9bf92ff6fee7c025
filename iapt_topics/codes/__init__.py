"""Codes: who applied which theme to which response, out of all the responses they coded.

People's and machines' codes are one type, ``Codes``.

- The poles of the frame's axis: ``pole_codes``, ``axis_codes``, ``axis_scores``, ``axis_by_topic``.
- What to code by hand next: ``next_to_code`` gives a ``SamplePlan``, ``draw_for_theme`` one that
  tells most of one theme, ``write_sample`` the sheet to
  code on, and ``sample_size`` says how many responses a given precision takes.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
