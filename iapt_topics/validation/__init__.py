"""People test the topics and the codes: one task for every judgement, and what came of it.

- Blind tests of topics and themes: ``draw_test`` makes a ``Task`` from a study, ``score_test``
  gives a ``BlindResult``, ``mark_topics`` notes in a study which topics people could not tell
  apart; ``simulate_answers`` has SIMULATED raters, to try a test out.
- Coding a sample blind: ``make_coding``, ``build_codes``. Approving quotes: ``make_quotes``,
  ``build_quotes``. Deciding a mapping: ``make_mapping``, ``build_mapping_edits``.
- Deciding disagreements of coders: ``make_adjudication``, ``build_gold`` gives a ``Gold``,
  ``replay_gold`` makes its codes again from their trail.
- A task goes out by ``write_task``, as an offline page or a sheet for each rater, and comes back by
  ``read_answers`` as ``Answers``. ``save_task`` and ``load_task`` keep it with its private key.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
