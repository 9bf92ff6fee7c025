"""Topics and responses placed on the frame, what people decide on that, and learning from codes.

- Topics: ``map_topics`` gives a ``TopicMapping``; ``mapping_coverage`` says what it leaves out.
- Decisions on it: ``write_mapping``, ``read_mapping`` and ``apply_edits``; ``MappingEdits``, kept
  with ``write_edits`` and ``read_edits``, are carried to another fit by ``replay_edits``.
- Responses: ``code_responses``, ``explain_codes``, ``score_themes``, ``code_facets``.
- Whether a code's sentence says its theme or denies it: ``mark_polarity``.
- With people's codes: ``learn_codes``, ``cross_fit_codes``, ``compare_encoders``.
- Themes that the encoder cannot tell apart: ``indistinct_themes``; how much of the texts a frame
  reaches: ``measure_reach`` gives a ``FrameReach``.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
