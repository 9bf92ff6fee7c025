"""Showing that prevalence did not change: two one-sided tests against a bound set beforehand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.errors import require_columns
from iapt_topics.stats.intervals import normal_quantile, require_fraction
from iapt_topics.stats.multiplicity import holm

_COLUMNS = ["theme", "year", "against", "estimate", "low", "high", "n"]
EQUIVALENT, NOT_SHOWN = "no change beyond the bound", "not shown"


def equivalence_table(changes: pd.DataFrame, *, bound: float = 0.05) -> pd.DataFrame:
    """Test each change against a bound: TOST, two one-sided tests.

    That a change is not significant does not show that there was none; this does, within a bound
    that was chosen before the results were seen.

    Parameters
    ----------
    changes : DataFrame
        ``Drift.changes``, or other changes with these columns: ``theme``, ``year``, ``against``,
        ``estimate``, ``low``, ``high`` (95 % confidence interval), ``n``.
    bound : float, default 0.05
        Change in prevalence that counts as none, as a fraction (0.05 is five
        points), above 0 and below 1. To be set before the results are seen.

    Returns
    -------
    DataFrame
        The rows of ``changes`` against the baseline, with ``low`` and ``high`` of the 90 %
        confidence interval; ``p``, the larger of the two one-sided tests' (NaN where a change has
        no interval); ``p_holm`` over all rows; ``bound``; ``smallest_detectable`` where
        ``changes`` has it; ``verdict``: "no change beyond the bound" where ``p_holm`` is below
        .05, else "not shown".

    Raises
    ------
    InputError
        If a column is missing or the bound is out of range.

    Notes
    -----
    Each side's standard error is the distance from the estimate to that limit of the 95 % interval
    over 1.96; the test at .05 rejects just where the 90 % interval lies within the bound [1]_ [2]_.

    References
    ----------
    .. [1] Schuirmann DJ (1987). A comparison of the two one-sided tests procedure and the power
       approach. *J Pharmacokinet Biopharm* 15:657-680.
    .. [2] Lakens D (2017). Equivalence tests: a practical primer. *Soc Psychol Personal Sci*
       8:355-362.

    Examples
    --------
    >>> table = pd.DataFrame({"theme": ["S1"], "year": 2018, "against": 2014, "estimate": 0.01,
    ...                       "low": -0.02, "high": 0.04, "n": 800})
    >>> equivalence_table(table, bound=0.05)[["p", "verdict"]].round(4).values.tolist()
    [[0.0045, 'no change beyond the bound']]
    """
    require_columns(changes, _COLUMNS, "the table of changes")
    require_fraction(bound, "bound")
    if "kind" in changes:
        changes = changes[changes["kind"] == "baseline"]
    from scipy.stats import norm

    estimate, low, high = (changes[c].to_numpy(float) for c in ("estimate", "low", "high"))
    z95, z90 = normal_quantile(0.95), normal_quantile(0.9)
    below, above = (np.maximum(v, 1e-12) / z95 for v in (estimate - low, high - estimate))
    # Against a change downwards the lower limit's error counts, and the upper one's upwards.
    p = np.maximum(norm.sf((estimate + bound) / below), norm.sf((bound - estimate) / above))
    columns = [*_COLUMNS, *(c for c in ("smallest_detectable",) if c in changes)]
    table = changes[columns].assign(
        low=estimate - z90 * below, high=estimate + z90 * above, p=p, p_holm=holm(p), bound=bound
    )
    verdict = np.where(table["p_holm"] < 0.05, EQUIVALENT, NOT_SHOWN)
    return table.assign(verdict=verdict).reset_index(drop=True)
