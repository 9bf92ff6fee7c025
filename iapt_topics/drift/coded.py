"""The coded responses behind every result on change: a year, a respondent and themes for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.errors import InputError, listed
from iapt_topics.codes.codes import is_among
from iapt_topics.stats.share_model import YearSums, sum_cells
from iapt_topics.survey.responses import Responses, number_clusters

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CodedResponses:
    """Kept coded responses: N responses, T themes, Y years with one of them."""

    table: pd.DataFrame  # (N rows) of the survey
    themes: tuple[str, ...]
    given: Bools  # (N, T)
    years: NDArray[np.int64]  # (Y,) rising
    year: Ints  # (N,) place among the years
    person: Ints  # (N,)
    weight: Floats | None  # (N,) of the survey, if it has weights
    at_base: int  # place of the baseline among the years
    notes: dict[int, list[str]]  # on responses left out, by year of the survey

    @property
    def baseline(self) -> int:
        """The year that others are compared with."""
        return int(self.years[self.at_base])

    def sum_cells(self) -> YearSums:
        """Add up the responses by respondent and year."""
        return sum_cells(self.person, self.year, self.given, self.weight)


def find_baseline(baseline: int | None, years: Sequence[int] | NDArray[np.int64]) -> int:
    """Place of the baseline, the first year if None, among the years with coded responses."""
    found = np.flatnonzero(np.asarray(years) == (years[0] if baseline is None else int(baseline)))
    if not len(found):
        raise InputError(
            "baseline", "must be a year with coded responses", str(baseline),
            f"Choose one of {listed(list(years), most=50)}.",
        )  # fmt: skip
    return int(found[0])


def join_codes(
    codes: Codes,
    responses: Responses,
    baseline: int | None = None,
    themes: Sequence[str] | None = None,
) -> CodedResponses:
    """Join codes and kept responses on the response id; all themes of the codes by default."""
    from iapt_topics.survey.respondents import changed_mix

    kept, seen = responses.kept, codes.seen
    was_seen = is_among(kept["response_id"], seen["response_id"])
    data = kept.loc[was_seen]
    if data.empty:
        raise InputError(
            "codes", "must cover at least one kept response",
            f"{len(seen)} seen and {len(kept)} kept with no response_id in common",
            "Check that both files name the responses in the same way.",
        )  # fmt: skip
    year_of = responses.table.set_index("response_id")["year"]
    left = seen.loc[~is_among(seen["response_id"], kept["response_id"]), "response_id"]
    unknown = int((~left.isin(year_of.index)).sum())
    not_kept = year_of.loc[year_of.index.isin(left)].value_counts()
    not_seen = kept.loc[~was_seen, "year"].value_counts()
    notes: dict[int, list[str]] = {}
    moved = changed_mix(responses)
    for year in responses.years:
        notes[year] = lines = []
        if k := int(not_seen.get(year, 0)):
            lines.append(f"{k} kept responses of this year were not coded.")
        if k := int(not_kept.get(year, 0)):
            lines.append(f"{k} coded responses are not kept and are not counted.")
        if unknown:
            lines.append(f"{unknown} coded responses are not in the survey.")
        if moved:
            lines.append(f"Questions are pooled although their mix changed between years: {moved}.")
    # A blank respondent is looked up in the codes.
    own, coded = data["respondent_id"], seen.set_index("response_id")["respondent_id"]
    known = own.where(own != "", data["response_id"].map(coded))
    years, place = np.unique(data["year"].to_numpy(np.int64), return_inverse=True)
    themes = tuple(codes.themes if themes is None else themes)
    return CodedResponses(
        table=data,
        themes=themes,
        given=codes.matrix(data["response_id"].tolist(), themes),
        years=years,
        year=place,
        person=number_clusters(data.assign(respondent_id=known)),
        weight=data["weight"].to_numpy(float) if "weight" in data else None,
        at_base=find_baseline(baseline, years),
        notes=notes,
    )
