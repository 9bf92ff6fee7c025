"""How a spreadsheet shows the numbers of a published table: percentages, points, p; values stay."""

from __future__ import annotations

import pandas as pd

PERCENT = "0.0%"
#: Of a difference of shares. A format cannot multiply by 100 but by the sign of per cent.
POINTS = '+0.0%" pts";-0.0%" pts";0.0%" pts"'
#: Of a difference that is in points already.
WHOLE_POINTS = "+0.0;-0.0;0.0"
P_VALUE = '[<0.001]"< .001";0.000'
COUNT = "#,##0"
COEFFICIENT = "0.00"
#: Tables whose ``estimate``, with its interval, is a share.
_SHARES = frozenset(
    {
        "respondent_mix", "theme_shares", "drift_shares", "axis_shares", "pole_shares",
        "merged_shares", "topics", "topic_unassigned", "theme_coverage", "corrected_shares",
        "facet_themes", "facet_years",
    }
)  # fmt: skip
#: And those in which it is a difference of shares.
_DIFFERENCES = frozenset(
    {
        "pole_difference", "drift_changes", "drift_changepoints", "standardised_changes",
        "panel_changes", "corrected_changes", "agreement_years",
    }
)  # fmt: skip
_FIGURES = ("estimate", "low", "high")
_BY_COLUMN = {
    **dict.fromkeys(("p", "p_bh", "p_holm"), P_VALUE),
    **dict.fromkeys(
        ("n", "of", "count", "n_respondents", "positives_reference", "positives_other"), COUNT
    ),
    **dict.fromkeys(
        ("share_reference", "share_reference_low", "share_reference_high", "share_other",
         "share_other_low", "share_other_high", "covered"), PERCENT
    ),
    **dict.fromkeys(
        ("smallest_detectable", "crude", "share_difference", "machine_low", "machine_high",
         "change_reference", "change_reference_low", "change_reference_high", "change_other",
         "change_other_low", "change_other_high"), POINTS
    ),
    **dict.fromkeys(
        ("precision", "recall", "f1", "f1_low", "f1_high", "negative_agreement", "kappa",
         "kappa_low", "kappa_high", "ac1", "pabak", "support", "stability",
         "expected_by_chance"), COEFFICIENT
    ),
    "score": "0.000", "x": "0.000", "y": "0.000",
}  # fmt: skip


def number_formats(name: str, table: pd.DataFrame) -> dict[str, str]:
    """Number format of each column of a table that has one; of mixed measures there is none."""
    formats = {c: _BY_COLUMN[c] for c in table.columns if c in _BY_COLUMN}
    figure = PERCENT if name in _SHARES else POINTS if name in _DIFFERENCES else ""
    if name.startswith(("agreement_", "people_")) and not figure:
        differs = "share_difference" in table
        figure = POINTS if differs else COEFFICIENT if "measure" in table else ""
    if figure:
        formats |= {c: figure for c in (*_FIGURES, "machine") if c in table}
    return formats
