"""How much nearer to a person's codes one coder is than another, on the same responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics.agreement.comparison import common_responses
from iapt_topics.agreement.tables import FEW, MIN_POSITIVES
from iapt_topics.codes.codes import Codes, attach_respondents, restrict_codes
from iapt_topics.stats.agreement import f1
from iapt_topics.stats.resampling import cluster_weights, percentile_interval
from iapt_topics.stats.set_agreement import mean_defined

if TYPE_CHECKING:
    from iapt_topics._base.arrays import Bools, Floats
    from iapt_topics.survey.responses import Responses

GAIN = ["theme", "label", "before", "after", "gain", "low", "high", "n", "note"]
_FEW_TESTED = 100
_N_BOOT = 1000


def measure_gain(
    human: Codes, before: Codes, after: Codes, responses: Responses, *, seed: int = 7
) -> pd.DataFrame:
    """Compare two coders by their F1 with a person, on responses that taught neither.

    Parameters
    ----------
    human : Codes
        The person's.
    before, after : Codes
        The two coders, of the same themes.
    responses : Responses
        The survey, for respondents.
    seed : int, default 7
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        First macro-F1 (``theme`` ""), the mean over themes with at least 10 positives of the
        person, then each theme: ``label``; ``before``, ``after`` (F1, 0 to 1); ``gain`` (after less
        before) with ``low``, ``high``; ``n`` responses; ``note``. NaN where the person applied a
        theme less than 10 times.

    Raises
    ------
    InputError
        If the coders' themes differ, or no response is left to compare on.

    Notes
    -----
    Percentile interval of 1,000 paired bootstrap draws of respondents [1]_.

    References
    ----------
    .. [1] Efron and Tibshirani (1993), "An introduction to the bootstrap", chapter 13, Chapman &
       Hall.
    """
    themes = [t for t in human.themes if t in after.themes]
    if set(before.themes) != set(after.themes):
        raise InputError("two coders", "must have the same themes", "others", "Use one frame.")
    human, before, after = (attach_respondents(c, responses) for c in (human, before, after))
    learned = before.trained_on | after.trained_on
    tested = [i for i in human.seen["response_id"] if i not in learned]
    ids, people, _ = common_responses(restrict_codes(human, tested), after)
    truth, old, new = (codes.matrix(ids, themes) for codes in (human, before, after))
    weights = np.vstack([np.ones(len(ids)), cluster_weights(people, _N_BOOT, seed)])
    wide = truth.sum(axis=0) >= MIN_POSITIVES
    one, two = (_f1(truth, given, weights, wide) for given in (old, new))
    gain = two - one
    low, high = percentile_interval(gain[1:])
    rough = f"fewer than {_FEW_TESTED} responses: the intervals are rough"
    shared = rough if len(ids) < _FEW_TESTED else ""
    labels = ["macro-F1", *(human.labels.get(t) or after.labels.get(t) or t for t in themes)]
    first = f"mean over {int(wide.sum())} of {len(themes)} themes" if wide.any() else FEW
    notes = [first, *("" if w else FEW for w in wide)]
    table = pd.DataFrame({"theme": ["", *themes], "label": labels})
    return table.assign(
        before=one[0], after=two[0], gain=gain[0], low=low, high=high, n=len(ids),
        note=["; ".join(x for x in (note, shared) if x) for note in notes],
    )[GAIN]  # fmt: skip


def _f1(truth: Bools, given: Bools, weights: Floats, wide: Bools) -> Floats:
    """Macro-F1 and each theme's F1, of all responses and then of each draw."""
    both, only_x, only_y = (
        weights @ cells for cells in (truth & given, truth & ~given, ~truth & given)
    )
    each = np.where(wide, f1(both, only_x, only_y), np.nan)
    return np.column_stack([mean_defined(each), each])
