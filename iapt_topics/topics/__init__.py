"""Consensus topics: many runs, one set of topics, how far each can be relied on.

- ``fit_topics`` gives ``Topics``, as ``TopicConfig`` says; ``unassigned_band``: what responses of
  low support would change.
- ``plain_runs``: what single BERTopic runs would have said, as ``PlainRuns``.
- Words for people: ``label_topics`` (of a ``TopicBrief`` each), ``find_exemplars``.
- Edits: ``TopicEdit``, ``edit_topics``, ``replay_topic_edits``.
- Kept: ``save_topics``, ``load_topics``.
- Later waves: ``assign_wave`` gives a ``Wave``; ``topic_tracking`` a ``TopicTracking``, and
  ``compare_refit`` sets it beside one fit.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
