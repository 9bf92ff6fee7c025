"""Which hand codes are a random sample of what the machine coded, and how they were drawn.

Every estimate that takes people's codes asks here, so that none takes for random what another does
not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats
from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes, attach_respondents, is_among, require_sealed, spread
from iapt_topics.survey.responses import Responses


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class HandSample:
    """Kept responses that the machine coded, and which of them people coded at random.

    Attributes
    ----------
    table : DataFrame
        Rows of the survey, in its order and with its columns, index 0 to N - 1.
    by_hand : ndarray of bool, shape (N,)
        Coded by people.
    apart : ndarray of bool, shape (N,)
        Of a purposive sample, or what a coder learned from: drawn at random for nothing.
    probability : ndarray of float, shape (N,)
        Inclusion probability of those drawn, NaN elsewhere: as the codes have it, or else the
        part of the year's responses that was drawn.
    known : bool
        Whether it comes with the codes.
    notes : tuple of str
        What was left out.
    """

    table: pd.DataFrame
    by_hand: Bools
    apart: Bools
    probability: Floats
    known: bool
    notes: tuple[str, ...]

    @property
    def drawn(self) -> Bools:
        """Coded by people and drawn at random."""
        return self.by_hand & ~self.apart

    @property
    def certain(self) -> Bools:
        """Coded by people and not drawn at random: each stands for itself alone."""
        return self.by_hand & self.apart

    def design(self, weight: Floats) -> Floats:
        """Responses that each drawn one stands for, in survey weights; 0 for all others.

        Inverse probabilities, scaled in each year to the responses that are not certain (Hajek).
        """
        drawn, year = self.drawn, self.table["year"].to_numpy()
        found, at = np.unique(year, return_inverse=True)
        share = np.zeros(len(drawn))
        share[drawn] = weight[drawn] / self.probability[drawn]
        rest = np.bincount(at, np.where(self.certain, 0.0, weight), len(found))
        total = np.bincount(at, share, len(found))
        scale = np.divide(rest, total, out=np.zeros_like(rest), where=total > 0)
        return np.asarray(share * scale[at])


def hand_sample(machine: Codes, human: Codes, responses: Responses) -> HandSample:
    """Find which hand codes are a random sample of what the machine coded.

    Those in ``human.picked``, and those that either coder learned from without cross-fitting, are
    none.

    Raises
    ------
    InputError
        If codes are of responses that are not in the survey, no response that the machine coded was
        drawn at random and coded by hand, or a coder learned from sealed test codes.
    """
    require_sealed(machine, human)
    machine, human = (attach_respondents(codes, responses) for codes in (machine, human))
    kept = responses.kept
    seen = is_among(kept["response_id"], machine.seen["response_id"])
    table = kept[seen].reset_index(drop=True)
    ids = table["response_id"]
    by_hand = is_among(ids, human.seen["response_id"])
    apart = is_among(ids, human.picked | machine.unmeasured | human.unmeasured)
    drawn = by_hand & ~apart
    if not drawn.any():
        raise InputError(
            f"codes of {human.coder!r}", "must contain a random sample of what the machine coded",
            f"{int(by_hand.sum())} of the {len(table)} responses, none of them drawn at random",
            "Code responses drawn at random (codes.next_to_code draws them), and keep them out of "
            "what the machine learns from.",
        )  # fmt: skip
    known = human.probabilities
    probability = ids.map(known).to_numpy(float) if len(known) else _yearly(table, by_hand, apart)
    notes = []
    if unseen := len(kept) - len(table):
        notes.append(f"{unseen} kept responses that the machine did not code excluded")
    if outside := len(human.seen) - int(by_hand.sum()):
        notes.append(f"{outside} hand-coded responses outside the survey excluded")
    if chosen := int((by_hand & apart).sum()):
        notes.append(f"{chosen} hand-coded responses of a purposive sample represent no others")
    return HandSample(
        table=table, by_hand=by_hand, apart=apart,
        probability=np.where(drawn, probability, np.nan), known=len(known) > 0,
        notes=tuple(notes),
    )  # fmt: skip


def drawn_evenly(human: Codes, responses: Responses) -> bool:
    """Whether the responses of each year had the same probability of being drawn, and none was
    picked: then counts by year alone can be corrected by them.
    """
    if human.picked:
        return False
    known = pd.Series(human.probabilities, dtype=float)
    year = responses.table.set_index("response_id")["year"].reindex(known.index)
    ends = known.groupby(year).agg(["min", "max"])
    return bool((ends["max"] - ends["min"] < 1e-9).all())


def evenly_drawn_themes(human: Codes, machine: Codes, responses: Responses) -> frozenset[str]:
    """Themes that can be corrected from counts by year and machine code alone.

    In each year the responses with the theme by the machine had one probability of being drawn,
    and those without it one: all themes of an even sample, and the one that a sample in strata of
    its code was drawn for. None if a response was picked.
    """
    if human.picked:
        return frozenset()
    if drawn_evenly(human, responses):
        return frozenset(machine.themes)
    known = pd.Series(human.probabilities, dtype=float)
    year = responses.table.set_index("response_id")["year"].reindex(known.index).to_numpy()
    given = spread(machine, known.index.tolist(), machine.themes)[0]
    even = []
    for theme, has in zip(machine.themes, given.T, strict=True):
        ends = known.groupby([year, has]).agg(["min", "max"])
        if (ends["max"] - ends["min"] < 1e-9).all():
            even.append(theme)
    return frozenset(even)


def _yearly(table: pd.DataFrame, by_hand: Bools, apart: Bools) -> Floats:
    """The part drawn of each year's responses that are not certain."""
    found, at = np.unique(table["year"].to_numpy(), return_inverse=True)
    drawn = np.bincount(at, by_hand & ~apart, len(found))
    rest = np.bincount(at, ~(by_hand & apart), len(found))
    return np.asarray((drawn / np.maximum(rest, 1))[at])
