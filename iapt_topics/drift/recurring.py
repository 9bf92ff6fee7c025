"""How far corrected prevalence of several years goes together, where respondents recur.

The machine's codes of two years go together less than people's do, since each has errors of its
own. What corrected shares have in common is that of the responses' contributions to them [1]_: the
rate that people's codes have in the machine's class, and for a response that was drawn its own code
less that rate, over its chance of being drawn. The sum over respondents of the products of two
years is an unbiased estimate of the covariance, whatever the machine's errors, and whether the same
respondents were drawn in both years or others.

References
----------
.. [1] Binder DA (1983). On the variances of asymptotically normal estimators from complex surveys.
   *Int Stat Rev* 51:279-292.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics.codes.codes import Codes, spread
from iapt_topics.codes.hand_sample import HandSample
from iapt_topics.survey.responses import number_clusters


class Recurring(NamedTuple):
    """Correlation (T, Y, Y) of corrected shares between years, and the people who tell it."""

    correlation: Floats
    people: int


def corrected_correlation(
    machine: Codes,
    human: Codes,
    sample: HandSample,
    themes: Sequence[str],
    years: NDArray[np.int64],
) -> Recurring | None:
    """Correlation of corrected shares between years; None where no respondent recurs.

    ``sample`` is what :func:`iapt_topics.codes.hand_sample.hand_sample` finds of the codes.
    """
    table = sample.table
    person, year = number_clusters(table), pd.Index(years).get_indexer(pd.Index(table["year"]))
    n_people = int(person.max()) + 1
    if len(np.unique(person * len(years) + year)) == n_people:
        return None
    ids = table["response_id"].tolist()
    f, y = (spread(codes, ids, themes)[0] for codes in (machine, human))
    weight = table["weight"].to_numpy(float) if "weight" in table else np.ones(len(table))
    out = np.tile(np.eye(len(years)), (len(themes), 1, 1))
    cell, design = person * len(years) + year, sample.design(weight)
    for t in range(len(themes)):
        own = _contributions(f[:, t], y[:, t], sample, design, year, weight, len(years))
        wide = np.bincount(cell, own, n_people * len(years)).reshape(n_people, -1)
        product = wide.T @ wide
        sd = np.sqrt(np.diagonal(product))
        scale = np.where(sd > 0, sd, np.inf)
        out[t] = product / np.outer(scale, scale)
        np.fill_diagonal(out[t], 1.0)
    by_hand = len(np.unique(person[sample.by_hand]))
    # Shrunk a little, as that of the codes themselves is.
    off = ~np.eye(len(years), dtype=bool)
    out[:, off] *= 1 - 1 / (by_hand + 1)
    return Recurring(out, by_hand)


def _contributions(
    f: Bools,
    y: Bools,
    sample: HandSample,
    design: Floats,
    year: Ints,
    weight: Floats,
    n_years: int,
) -> Floats:
    """What each response adds to its year's corrected share, less the share, times the size."""
    drawn = sample.drawn
    cell = 2 * year + f
    size = 2 * n_years
    with_it, total = (
        np.bincount(cell, design * x, size).reshape(-1, 2) for x in (y & drawn, drawn)
    )
    # A class without hand codes in a year takes the rate of all years.
    pooled = with_it.sum(axis=0) / np.maximum(total.sum(axis=0), 1e-12)
    rate = np.where(total > 0, with_it / np.maximum(total, 1e-12), pooled).ravel()[cell]
    expected = np.where(sample.certain, y, rate)
    share, whole = (np.bincount(year, x, n_years) for x in (weight * expected, weight))
    mean = share / np.maximum(whole, 1e-12)
    return np.asarray(weight * (expected - mean[year]) + design * drawn * (y - rate))
