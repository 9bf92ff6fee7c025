"""Arrays in, arrays out. Nothing here knows what a response or a theme is.

- Intervals: ``wilson_interval``, ``jeffreys_interval``, ``newcombe_interval``,
  ``paired_interval``, ``percentile_interval``, ``normal_quantile``, ``smallest_detectable``,
  ``exact_bounds``.
- Clusters and weights: ``cluster_weights``, ``resample_counts``, ``design_effect``, ``kish_size``,
  ``jackknife_interval``.
- Many tests: ``benjamini_hochberg``, ``holm``. Two distributions: ``jensen_shannon``.
- Agreement on one theme: ``table_2x2``, ``cohen_kappa``, ``scott_pi``, ``nominal_alpha``,
  ``gwet_ac1``, ``pabak``, ``f1``, ``precision``, ``recall``, ``negative_agreement``.
- Any number of coders, codes missing: ``krippendorff_alpha``, ``fleiss_kappa``, ``conger_kappa``,
  ``many_coder_ac1``, ``many_coder_set_alpha``. Answers against guessing: ``chance_p``.
- Agreement on sets of themes: ``set_alpha``, ``masi_distance``, ``jaccard_distance``,
  ``macro_f1``, ``micro_f1``, ``samples_f1``, ``f1_per_unit``, ``confusion_table``,
  ``alpha_without_each``, ``expected_disagreement``, ``corrected``, ``ratio``.
"""

from iapt_topics._base.door import open_room

__getattr__, __dir__, __all__ = open_room(__name__, __file__)
