"""A survey with one unit for each respondent and year, in place of one for each response."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools
from iapt_topics.codes.codes import PROBABILITY, Codes, spread
from iapt_topics.codes.hand_sample import hand_sample
from iapt_topics.survey.responses import Responses

if TYPE_CHECKING:
    from iapt_topics.drift.coded import CodedResponses


def person_years(
    machine: Codes, human: Codes, responses: Responses, coded: CodedResponses
) -> tuple[Codes, Codes, Responses]:
    """Both codings and the survey by respondent and year; a unit has what any response of it has.

    A unit is coded by hand if all its responses are, and was drawn if all of them were: with the
    product of their inclusion probabilities, as of draws that do not depend on each other.
    """
    sample = hand_sample(machine, human, responses)
    people = int(coded.person.max()) + 1
    found, at = np.unique(coded.year * people + coded.person, return_inverse=True)
    year, person = np.divmod(found, people)
    ids = coded.table["response_id"].tolist()
    by_hand, drawn = (_all(at, x, len(found)) for x in (sample.by_hand, sample.drawn))
    chance = np.ones(len(found))
    np.multiply.at(chance, at, np.where(sample.drawn, sample.probability, 1.0))
    units = np.array([f"u{i}" for i in range(len(found))], dtype=object)
    table = pd.DataFrame(
        {
            "response_id": units, "respondent_id": [f"p{i}" for i in person],
            "year": coded.years[year], "question": "", "text": "", "status": "kept",
        }
    )  # fmt: skip
    y, f = (_any(at, spread(c, ids, coded.themes)[0], len(found)) for c in (human, machine))
    seen = table[["response_id", "respondent_id"]]
    hand = seen[by_hand].assign(**{PROBABILITY: np.where(drawn, chance, np.nan)[by_hand]})
    known = [t in human.themes for t in coded.themes]
    return (
        _codes("machine", coded.themes, seen, f, units),
        _codes("human", coded.themes, hand, y & by_hand[:, None], units, known),
        Responses(table=table, source=responses.source),
    )


def _all(at: np.ndarray, marks: Bools, n: int) -> Bools:
    return np.asarray(np.bincount(at, ~marks, n) == 0)


def _any(at: np.ndarray, given: Bools, n: int) -> Bools:
    out = np.zeros((n, given.shape[1]), bool)
    np.logical_or.at(out, at, given)
    return out


def _codes(
    kind: str,
    themes: tuple[str, ...],
    seen: pd.DataFrame,
    given: Bools,
    units: np.ndarray,
    known: list[bool] | None = None,
) -> Codes:
    use = np.ones(len(themes), bool) if known is None else np.array(known)
    row, theme = np.nonzero(given & use)
    table = pd.DataFrame({"response_id": units[row], "score": np.nan})
    table["theme"] = np.array(themes, dtype=object)[theme]
    own = tuple(t for t, k in zip(themes, use, strict=True) if k)
    return Codes(coder=kind, kind=kind, themes=own, seen=seen, table=table)
