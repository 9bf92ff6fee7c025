"""What the simulations share: a survey without texts, codes of a matrix, and what is published."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from iapt_topics import Codes, Responses
from iapt_topics.codes import draw_for_theme, next_to_code, sample_size
from iapt_topics.publish.cells import Cells
from iapt_topics.publish.corrected import _correct, _tests
from iapt_topics.publish.counts import LinkedCounts, given_by
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.of_agreement import agreement_by_year
from iapt_topics.publish.of_drift import _changes, _shares_by_year
from iapt_topics.publish.year_model import YearModel, year_model
from iapt_topics.study.tables import model_shares


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


def counted(codes: Codes, responses: Responses, rule: Disclosure) -> Cells:
    """Counts of a survey with those of too few people suppressed, and no others."""
    counts = LinkedCounts(responses, codes)
    small = {k for k, c in counts.cells.items() if rule.is_small(len(c.people))}
    return Cells(counts, frozenset(small), rule)


def published_changes(codes: Codes, cells: Cells) -> tuple[pd.DataFrame, pd.DataFrame, YearModel]:
    """Published shares, changes against the first year, and the model of the years."""
    counts = cells.counts
    years = sorted(counts.by_year)
    wave = {i: at for at, y in enumerate(years) for i in counts.by_year[y]}
    model = model_shares(codes, counts.cluster, wave, counts.weights)[1]
    table = pd.DataFrame({"theme": np.repeat(codes.themes, len(years))})
    table = table.assign(year=np.tile(years, len(codes.themes)))
    shares = _shares_by_year(table.assign(n_effective=model.effective.T.ravel()), cells, "theme")
    found = year_model(shares, codes, cells)
    rows = table[table["year"] != years[0]].assign(against=years[0], kind="baseline", note="")
    return shares, _changes(rows, shares, found), found


def published_corrected(
    codes: Codes, human: Codes, cells: Cells, shares: pd.DataFrame, model: YearModel
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Published corrected shares, and the tests of their changes against the first year."""
    counts = cells.counts
    themes = pd.DataFrame({"theme": codes.themes})
    pair = SimpleNamespace(reference="h", other="m", n=len(human.seen), themes=themes)
    counts.add_comparison("comparison", pair, [human, codes])
    counts.add_years("comparison")
    small = {k for k, c in counts.cells.items() if cells.rule.is_small(len(c.people))}
    cells = Cells(counts, frozenset(small), cells.rule)
    years = agreement_by_year(cells, weighted=bool(counts.weights))
    one, two = (given_by(c) for c in (human, codes))
    both = counts.compared["comparison"][2]
    joint = [
        cells.joint(one[t] & two[t] & both & counts.by_year[y], y)
        for t, y in zip(years["theme"], years["year"], strict=True)
    ]
    table = _correct(shares, years, np.array(joint, float), cells)
    return table, _tests(table, model, int(model.years[0]))[0]


def hand_codes(
    y: np.ndarray, ids: np.ndarray, person: np.ndarray, rows: np.ndarray, chance: ArrayLike = None
) -> Codes:
    """A person's codes of some responses, with their inclusion probabilities if given; y (n, k)."""
    human = codes_of("person", "human", ids[rows], person[rows], y[rows])
    if chance is None:
        return human
    return replace(human, seen=human.seen.assign(inclusion_probability=chance))


@cache
def _width(n: int, population: int) -> float:
    widths = np.arange(0.02, 0.5, 0.0002)
    return float(next(w for w in widths if sample_size(w, population=population) <= n))


def drawn_for(
    theme: str | None,
    responses: Responses,
    machine: Codes,
    y: np.ndarray,
    n: int,
    seed: int,
    scores: pd.DataFrame | None = None,
) -> Codes:
    """A person's codes of about ``n`` responses, drawn for a theme or evenly."""
    width = _width(n, len(responses.kept))
    if theme is None:
        plan = next_to_code(responses, machine, n=0, width=width, seed=seed)
    else:
        plan = draw_for_theme(responses, machine, theme, width=width, scores=scores, seed=seed)
    known = plan.table.set_index("response_id")["inclusion_probability"].astype(float)
    ids, person = (responses.table[c].to_numpy() for c in ("response_id", "respondent_id"))
    rows = np.flatnonzero(np.isin(ids, known.index))
    return hand_codes(y, ids, person, rows, known[ids[rows]].to_numpy())
