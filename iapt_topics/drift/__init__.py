"""Prevalence by year and its change, with each source of uncertainty.

- ``measure_drift`` gives a ``Drift``: prevalence, changes, trends, steps, distances between years.
- At a fixed respondent mix: ``standardise_drift`` gives a ``Standardised``; ``theme_regression``
  has the average marginal effects of year and covariates.
- Shown not to change, within a bound set beforehand: ``equivalence_table``.
- Corrected by people's codes of a random sample: ``corrected_shares``; whether the machine's error
  differs between years: ``error_by_year``.
- The same respondents twice: ``measure_panel`` gives a ``Panel``.
- What is said within a theme: ``measure_semantic_change`` gives a ``SemanticChange``.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
