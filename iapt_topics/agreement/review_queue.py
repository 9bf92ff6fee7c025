"""Which responses people had best code next, beside a machine that codes some themes alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats


def review_queue(
    ids: list[str], f: Bools, score: Floats, y: Bools, drawn: Bools, waiting: Bools
) -> pd.DataFrame:
    """Responses that wait for a person, by what their coding is expected to add to mean kappa.

    ``f`` and ``y`` are the machine's and people's codes, ``score`` those of ``f`` (NaN elsewhere),
    all (responses, themes); ``drawn`` are those that people coded, at random.

    Kappa of a theme is 1 less the share of errors over twice the variance of a code, so an error
    weighs the more, the rarer the theme. Errors are expected as often as the sample has them: among
    the upper and the lower half of a theme's codes, and among responses with and without any code.
    """
    error = f != y
    bare = np.asarray(~f.any(axis=1))
    missed = (error & ~f)[drawn].sum(axis=1)
    overall = (missed.sum() + 0.5) / (drawn.sum() + 1)
    gain = np.zeros(len(f))
    for j in range(f.shape[1]):
        share = (y[drawn, j].sum() + 0.5) / (drawn.sum() + 1)
        middle = np.nanmedian(score[:, j]) if f[:, j].any() else np.inf
        upper: Bools = f[:, j] & (score[:, j] >= middle)
        lower: Bools = f[:, j] & ~upper
        for cell in (upper, lower):
            seen = error[cell & drawn, j]
            expected = (seen.sum() + 0.5) / (len(seen) + 1)
            gain[cell] += expected / (2 * share * (1 - share))
        rate = (error[drawn & ~f[:, j], j].sum() + 0.5) / ((drawn & ~f[:, j]).sum() + 1)
        without: Bools = ~bare & ~f[:, j]
        for cell in (bare, without):
            misses = missed[cell[drawn]]
            ratio = (misses.sum() + 0.5) / (len(misses) + 1) / overall
            gain[cell] += min(rate * ratio, 1.0) / (2 * share * (1 - share))
    table = pd.DataFrame({"response_id": ids, "gain": gain / (f.shape[1] * len(f))})
    rows = table[waiting].sort_values("gain", ascending=False, kind="stable")
    return rows.reset_index(drop=True)
