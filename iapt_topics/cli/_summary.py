"""The main results of a study: as facts for a machine, and as lines for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iapt_topics.agreement.tables import TOO_FEW
from iapt_topics.cli._screen import plain

if TYPE_CHECKING:
    import pandas as pd

    from iapt_topics.study.study import Study

_P = 0.05
_AGREEMENT = ["theme", "f1", "f1_low", "f1_high", "n", "kappa_status", "note"]
_CHANGE = ["theme", "estimate", "low", "high", "n", "p_bh", "note"]


def summarise(study: Study) -> dict[str, Any]:
    """Main results as values that JSON can hold; what is undefined is None."""
    responses, topics, drift = study.responses, study.topics, study.drift
    year = max((y for y in responses.years if y != drift.baseline), default=drift.baseline)
    trend = drift.trends[(drift.trends["test"] == "linear") & (drift.trends["p_bh"] < _P)]
    labels = {theme.id: theme.label for theme in study.mapping.frame.themes}

    def rows(table: pd.DataFrame, columns: list[str]) -> list[dict[str, Any]]:
        return [
            {"label": labels[r["theme"]], **{str(k): v for k, v in r.items()}}
            for r in table[columns].to_dict("records")
        ]

    def changes(table: pd.DataFrame, kind: str, value: str) -> list[dict[str, Any]]:
        table = table[(table[kind] == value) & (table["year"] == year)]
        return rows(table.sort_values("estimate", ascending=False), _CHANGE)

    agreement = []
    for who, comparison in (("people", study.benchmark), ("machine", study.comparison)):
        if comparison is not None:
            overall = comparison.overall.set_index("measure")[["estimate", "low", "high", "n"]]
            row = overall.to_dict("index")["f1_macro"]  # by columns, so that n stays whole
            agreement.append({"of": who, "with": comparison.reference, "measure": "f1_macro"} | row)
    compared, held = study.comparison, study.standardised
    held_fixed = [] if held is None else changes(held.changes, "method", "standardised")
    facts: dict[str, Any] = {
        "synthetic": responses.synthetic,
        "rows": len(responses.table),
        "kept": len(responses),
        "years": list(responses.years),
        "waves": {str(y): w for y, w in responses.wave_labels.items()},
        "topics": topics.n_topics,
        "runs": len(topics.runs),
        "unassigned": float((topics.assignments["topic"] < 0).mean()),
        "topics_without_theme": int((study.mapping.table["theme"] == "").sum()),
        "agreement": agreement,
        "agreement_themes": [] if compared is None else rows(compared.themes, _AGREEMENT),
        "themes": len(drift.themes),
        "baseline": drift.baseline,
        "year": year,
        "changes": changes(drift.changes, "kind", "baseline"),
        "standardise": [] if held is None else list(held.covariates),
        "standardised_changes": held_fixed,
        "steady_trends": list(trend["theme"]),
    }
    clean: dict[str, Any] = plain(facts)
    return clean


def result_lines(facts: dict[str, Any]) -> list[str]:
    """The same in a few lines."""
    first, last = (facts["waves"][str(facts["years"][at])] for at in (0, -1))
    lines = ["SYNTHETIC example data, made for this project."] if facts["synthetic"] else []
    lines += [
        f"{facts['kept']} of {facts['rows']} rows are codable responses, "
        f"{first if first == last else f'{first} to {last}'}.",
        f"{facts['topics']} topics from a consensus of {facts['runs']} runs; "
        f"{facts['unassigned']:.0%} of responses unassigned; "
        f"{facts['topics_without_theme']} topics fit no theme.",
    ]
    return lines + agreement_lines(facts) + change_lines(facts)


def agreement_lines(facts: dict[str, Any], *, themes: bool = False) -> list[str]:
    """How far machine and people agree, over all themes and if wanted by theme."""
    names = {"people": "Two people", "machine": "Machine"}
    lines = [
        f"{names[row['of']]} against {row['with']}: macro-F1 "
        f"{_range(row, 'estimate', 'low', 'high')}, n {row['n']:.0f}."
        for row in facts["agreement"]
    ]
    for row in facts["agreement_themes"] if themes else ():
        # The note speaks of kappa, which stays undefined where F1 is not.
        note = f"; kappa {row['note']}" if row["kappa_status"] == TOO_FEW else ""
        lines.append(
            f"  {row['theme']} {row['label']}: F1 {_range(row, 'f1', 'f1_low', 'f1_high')}{note}"
        )
    return lines


def change_lines(facts: dict[str, Any], *, every: bool = False) -> list[str]:
    """What changed from the baseline: the themes that surely did, or every theme."""
    if facts["year"] == facts["baseline"]:
        return ["Only one year was coded, so no change can be measured."] if every else []
    seen = [row for row in facts["changes"] if row["p_bh"] is not None and row["p_bh"] < _P]
    shown = facts["changes"] if every else seen
    baseline, year = (facts["waves"][str(facts[name])] for name in ("baseline", "year"))
    lines = [
        f"{len(seen)} of {facts['themes']} themes changed from {baseline} to {year} "
        "(5 %, Benjamini-Hochberg)" + (":" if shown else ".")
    ]
    held = {row["theme"]: row for row in facts["standardised_changes"]}
    for row in shown:
        line = f"  {row['theme']} {row['label']}: {_points(row)}"
        if every:
            line += f", p {_number(row['p_bh'], 3)}"
        if row["theme"] in held:
            line += f"; with the same mix of {', '.join(facts['standardise'])} "
            line += _points(held[row["theme"]])
        lines.append(line)
    if facts["steady_trends"]:
        named = ", ".join(facts["steady_trends"])
        lines.append(f"Steady rise or fall over all years (slope): {named}.")
    return lines


def _points(row: dict[str, Any]) -> str:
    if row["estimate"] is None:
        return "undefined"
    value, low, high = (row[c] for c in ("estimate", "low", "high"))
    limits = "" if low is None or high is None else f" ({100 * low:+z.0f} to {100 * high:+z.0f})"
    return f"{100 * value:+z.0f} points{limits}"


def _range(row: dict[str, Any], value: str, low: str, high: str) -> str:
    return f"{_number(row[value])} ({_number(row[low])} to {_number(row[high])})"


def _number(value: float | None, digits: int = 2) -> str:
    return "undefined" if value is None else f"{value:.{digits}f}"
