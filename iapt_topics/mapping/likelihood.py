"""How likely a sentence is to mention its best theme, without a hand-coded one."""

from __future__ import annotations

import numpy as np

from iapt_topics._base.arrays import Floats

#: As many sentences are taken to mention no theme as are less near to their best theme than this
#: part of all sentences are to a theme that is not their best.
RUNNER_UP_QUANTILE = 0.25
#: How fast the probability of a theme rises with its score over those of others, and that
#: of any theme with nearness and score together; both in standard deviations.
THEME_SLOPE, ANY_SLOPE = 5.0, 4.0


def any_theme_cutoff(score: Floats, nearness: Floats) -> tuple[float, float, float]:
    """Spread of nearness and of score to the best theme, and the sum of both where any begins."""
    rows, best = np.arange(len(score)), score.argmax(axis=1)
    top, near = score[rows, best], nearness[rows, best]
    if nearness.shape[1] == 1:
        return 1.0, np.inf, float(np.median(near))
    # What does not vary tells nothing.
    of_near, of_top = (float(x.std()) or np.inf for x in (near, top))
    others = nearness.copy()
    others[rows, best] = -np.inf
    none = near < np.quantile(others.max(axis=1), RUNNER_UP_QUANTILE)
    if not none.any():
        return of_near, of_top, -np.inf
    return of_near, of_top, float(np.quantile(near / of_near + top / of_top, none.mean()))


def theme_probability(
    score: Floats, nearness: Floats, cutoff: tuple[float, float, float]
) -> Floats:
    """How likely each sentence is to mention its best theme, 0 to 1; of one theme, 0 or 1."""
    if nearness.shape[1] == 1:
        return (nearness[:, 0] > cutoff[2]).astype(np.float64)
    rows, best = np.arange(len(score)), score.argmax(axis=1)
    top, near = score[rows, best], nearness[rows, best]
    this = 1 / np.exp(THEME_SLOPE * (score - top[:, None])).sum(axis=1)
    of_near, of_top, begins = cutoff
    spoken = near / of_near + top / of_top - begins
    return np.asarray(this / (1 + np.exp(np.clip(-ANY_SLOPE * spoken, -30, 30))))
