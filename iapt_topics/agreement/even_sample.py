"""The random hand codes of which each response had the same probability to be drawn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics.codes.codes import Codes
from iapt_topics.codes.hand_sample import hand_sample
from iapt_topics.survey.responses import Responses

#: A year whose sampling rate is below this part of the survey's is not certified.
_SPARSE = 0.5


class EvenSample(NamedTuple):
    """Responses that stand for the survey, and the random sample of them that people coded."""

    ids: list[str]
    coded: Bools
    probability: Floats  # inclusion probability of each that was coded
    year: Ints
    left_out: tuple[int, ...]
    order: Ints  # in which those that are left out, to even out, are taken

    def even(self, among: Bools | None = None) -> Bools:
        """Mark the largest part of the sample in which those of ``among`` had equal probability."""
        coded = self.coded if among is None else self.coded & among
        least = self.probability[coded].min(initial=1.0)
        kept = np.zeros(len(coded), bool)
        cells: dict[tuple[int, float], list[int]] = {}
        for i in self.order[coded[self.order]].tolist():
            cells.setdefault((int(self.year[i]), round(float(self.probability[i]), 9)), []).append(
                i
            )
        for (_, p), rows in cells.items():
            kept[rows[: round(len(rows) * least / p)]] = True
        return kept


def even_sample(machine: Codes, human: Codes, responses: Responses, seed: int) -> EvenSample:
    """What the machine coded and was not taught, with its random hand-coded sample."""
    found = hand_sample(machine, human, responses)
    ids = found.table["response_id"].to_numpy(dtype=object)
    rows = np.flatnonzero(~found.apart)
    rows = rows[np.argsort(ids[rows].astype(str), kind="stable")]
    year, coded = found.table["year"].to_numpy()[rows], found.drawn[rows]
    years, at = np.unique(year, return_inverse=True)
    drawn, size = np.bincount(at, coded, len(years)), np.bincount(at, minlength=len(years))
    rates = drawn / size
    # With probabilities that are known a year may have been drawn as thinly as was wanted.
    enough = drawn > 0 if found.known else rates >= _SPARSE * coded.mean()
    probability = found.probability[rows] if found.known else rates[at]
    if not found.known and enough.all() and _alike(drawn, size):
        probability = np.full(len(rows), coded.mean())
    inside = enough[at]
    order = np.random.default_rng(seed).permutation(int(inside.sum()))
    left = tuple(int(v) for v in years[~enough])
    return EvenSample(
        ids[rows][inside].tolist(), coded[inside], probability[inside], at[inside], left, order
    )


def _alike(coded: Ints, size: Ints) -> bool:
    """Whether years were sampled at rates no more unlike than a draw over all years makes them."""
    from scipy.stats import chi2_contingency

    if len(size) < 2 or (coded == size).all():
        return True
    return float(chi2_contingency([coded, size - coded], correction=False).pvalue) >= 0.05
