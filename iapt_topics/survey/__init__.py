"""The survey: its responses, what became of every row, redaction, respondents by wave.

Everything that reads or cleans what people wrote is here.

- ``load_responses`` gives ``Responses``; ``one_question`` takes one question of several.
- Redaction: ``redact_responses``, ``redact``, ``model_names`` (``NameModel``),
  ``presidio_names``, ``count_redactions``.
- By wave: ``respondent_mix``, ``response_quality``.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
