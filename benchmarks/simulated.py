"""What the simulations share: a survey without texts, and the codes of a matrix."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from iapt_topics import Codes, Responses


def names(letter: str, numbers: ArrayLike) -> np.ndarray:
    """Names such as ``r0``, ``r1``."""
    return np.array([f"{letter}{i}" for i in np.asarray(numbers)], dtype=object)


def survey_of(ids: np.ndarray, person: np.ndarray, year: ArrayLike, **columns: object) -> Responses:
    table = pd.DataFrame({"response_id": ids, "respondent_id": person, "year": year, **columns})
    return Responses(table=table.assign(question="", text="x", status="kept"), source="simulated")


def codes_of(
    coder: str, kind: str, ids: np.ndarray, person: np.ndarray, given: np.ndarray
) -> Codes:
    """Themes ``t0``, ``t1``, as in the columns of ``given``, of the responses in its rows."""
    themes = names("t", range(given.shape[1]))
    row, column = np.nonzero(given)
    table = pd.DataFrame({"response_id": ids[row], "theme": themes[column], "score": np.nan})
    seen = pd.DataFrame({"response_id": ids, "respondent_id": person})
    return Codes(coder=coder, kind=kind, themes=tuple(themes), seen=seen, table=table)
