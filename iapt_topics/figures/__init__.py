"""Tables in, a matplotlib figure out: one style, colour-blind safe, never a chart without n.

Every function returns a :class:`matplotlib.figure.Figure` and neither shows nor saves it.

- The survey and its topics: ``ledger_figure`` (its rows by ``STATUSES``), ``resolution_figure``,
  ``mapping_figure``, ``topic_tracking_figure``, ``plain_runs_figure``.
- Prevalence: ``drift_figure``, ``changes_figure``, ``axis_figure``, ``axis_plane_figure``,
  ``effects_figure``.
- Two coders: ``agreement_figure``, ``confusion_flow_figure`` (of ``code_pairs``).
- To a file: ``figure_bytes``. The colours: ``OKABE_ITO``.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
