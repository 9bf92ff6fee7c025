"""Changes at a fixed respondent mix and within the same respondents, exact.

Where people coded a random sample, what is said of each is said of the change as corrected by it.
The machine's figures and the corrected ones stand in tables of their own.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics._base.status import SIGNIFICANT
from iapt_topics.drift.panel import measure_panel
from iapt_topics.drift.standardise import standardised_changes
from iapt_topics.drift.tables import FAMILIES, adjust_p
from iapt_topics.study.derived import (
    RANDOM,
    UNLIKE,
    add_findings,
    add_status,
    crude_changes,
    find_changes,
)
from iapt_topics.survey.respondents import is_panel

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.study.results import Results

Tables = dict[str, pd.DataFrame]
_FIGURES = ("estimate", "low", "high", "p")


def adjusted_tables(study: Results, human: Codes | None, odd: Set[str]) -> Tables:
    """Both, with what may be said of each change; ``human`` is a random sample, if there is one.

    The sample does not look like one in the themes of ``odd``.
    """
    return _standardised(study, human, odd) | _panel(study, human, odd)


def _standardised(study: Results, human: Codes | None, odd: Set[str]) -> Tables:
    """Changes at a fixed mix beside the crude ones, and all tables by method."""
    result = study.standardised
    if result is None:
        return {}
    table = _of_method(result.changes, "standardised")
    crude = crude_changes(table, study.drift.changes)["estimate"]
    table = add_status(table.assign(crude=crude, changed=_changed(table)))
    tables = {
        "standardised_by_method": result.changes,
        "standardised_shares": result.shares,
        "standardised_trends": result.trends,
    }
    corrected = None
    if human is not None:
        fixed = standardised_changes(
            study.codes, study.responses, result.covariates, result.baseline, human
        )
        plain = _corrected(_of_method(fixed, "crude"), odd)["estimate"]
        corrected = _corrected(_of_method(fixed, "standardised"), odd).assign(crude=plain)
        tables["standardised_corrected"] = corrected
    return tables | {"standardised_changes": add_findings(table, study.codes.kind, corrected)}


def _panel(study: Results, human: Codes | None, odd: Set[str]) -> Tables:
    """Changes within the respondents of both years, of a survey whose respondents recur."""
    if not is_panel(study.responses):
        return {}
    baseline = study.drift.baseline
    table = measure_panel(study.codes, study.responses, baseline=baseline).changes
    table = add_status(table.assign(changed=_changed(table), family=FAMILIES["panel"]))
    tables: Tables = {}
    corrected = None
    if human is not None:
        changes = measure_panel(study.codes, study.responses, baseline=baseline, human=human)
        corrected = _corrected(changes.changes, odd).assign(family=FAMILIES["panel"])
        tables["panel_corrected"] = corrected
    return tables | {"panel_changes": add_findings(table, study.codes.kind, corrected)}


def _of_method(changes: pd.DataFrame, method: str) -> pd.DataFrame:
    return changes[changes["method"] == method].reset_index(drop=True)


def _changed(table: pd.DataFrame) -> np.ndarray:
    return np.where(table["p_bh"] < SIGNIFICANT, "yes", "no")


def _corrected(table: pd.DataFrame, odd: Set[str]) -> pd.DataFrame:
    """Corrected changes alone: where hand codes correct none, the machine's is not given."""
    table = table.assign(**{c: table[c].where(table["corrected"]) for c in _FIGURES})
    sample = np.where(table["theme"].isin(odd), UNLIKE, RANDOM)
    table = add_status(adjust_p(table).assign(sample=sample))
    return table.assign(finding=find_changes(table, table["sample"] == RANDOM))
