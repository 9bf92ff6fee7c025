"""What people could tell in a blind test: as facts for a machine, and as lines for a person."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from iapt_topics.cli._summary import as_ascii, between, p_words
from iapt_topics.publish.wording import coefficient
from iapt_topics.validation.results import NOT_TOLD, TOLD
from iapt_topics.validation.task import THEMES

if TYPE_CHECKING:
    import pandas as pd

    from iapt_topics.validation.results import BlindResult

#: A theme of which fewer codes were checked has an interval that says nothing.
_FEWEST = 5


def facts_of_test(found: BlindResult) -> dict[str, Any]:
    """Tables of a test as values that JSON can hold."""
    tables = ("overall", "topics", "pairs", "themes", "raters", "agreement")
    rows = {name: getattr(found, name).to_dict("records") for name in tables}
    return {"kind": found.kind, "not_told_apart": list(found.unclear)} | rows


def lines_of_test(found: BlindResult) -> list[str]:
    """The same in a few lines: overall, what stands out, agreement among raters."""
    (row,) = found.overall.to_dict("records")
    checked = found.kind == THEMES
    said = "of the machine's codes that were judged fit" if checked else "right"
    other = "of responses without the code fit as well" if checked else "expected by chance"
    raters = int(row["n_raters"])
    lines = [
        f"{found.kind.capitalize()}: {_share(row['estimate'])} {said} ({between(row, _share)}; "
        f"{int(row['n']):,} judgements of {raters} rater{'s' * (raters != 1)}; "
        f"{_share(row['expected_by_chance'])} {other}, p {p_words(row['p'])})."
    ]
    lines += _theme_lines(found.themes) if checked else _topic_lines(found)
    for at in found.agreement.to_dict("records"):
        if at["measure"] == "alpha" and at["estimate"] == at["estimate"]:
            lines.append(
                f"Agreement among raters (Krippendorff's alpha): {_number(at['estimate'])} "
                f"({between(at, _number)}), n = {int(at['n']):,} items."
            )
    return lines


def _topic_lines(found: BlindResult) -> list[str]:
    table = found.topics
    told = int((table["status"] == TOLD).sum())
    lines = [f"{told} of {len(table)} topics could be told apart."]
    for row in table[table["status"] != TOLD].to_dict("records"):
        line = f"  {row['topic']} {row['label']}: {row['status']}"
        if row["n"]:
            line += f"; {_share(row['estimate'])} right of {int(row['n'])} ({between(row, _share)})"
        lines.append(f"{line}; {row['note']}" if row["note"] else line)
    if len(found.pairs):
        for row in found.pairs[found.pairs["status"] == NOT_TOLD].to_dict("records"):
            lines.append(
                f"  {row['topic']} {row['label']} and {row['other']} {row['other_label']} were "
                f"mixed up {int(row['n_mixed'])} of {int(row['n'])} times."
            )
    return lines


def _theme_lines(themes: pd.DataFrame) -> list[str]:
    lines = []
    for row in themes.to_dict("records"):
        line = f"  {row['theme']} {row['label']}: "
        if row["n_checked"] < _FEWEST:
            lines.append(f"{line}too few codes checked ({int(row['n_checked'])}).")
            continue
        precision: dict[Hashable, Any] = {
            "low": row["precision_low"],
            "high": row["precision_high"],
        }
        line += (
            f"{_share(row['precision'])} of {int(row['n_checked'])} codes fit "
            f"({between(precision, _share)})"
        )
        if row["recall_low"] == row["recall_low"]:
            line += f"; recall at least {_share(row['recall_low'])}"
        lines.append(f"{line}.")
    return lines


def _share(value: float) -> str:
    return "unknown" if value != value else f"{value:.0%}"


def _number(value: float) -> str:
    return as_ascii(coefficient(value))
