"""The main results of a study: as facts for a machine, and as lines for a person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iapt_topics.study import Study

_P = 0.05


def facts_of(study: Study) -> dict[str, Any]:
    """Main results as values that JSON can hold; what is undefined is None."""
    responses, topics, drift = study.responses, study.topics, study.drift
    last = drift.changes
    last = last[(last["kind"] == "baseline") & (last["year"] == responses.years[-1])]
    columns = ["theme", "estimate", "low", "high", "n", "p_bh", "note"]
    trend = drift.trends[(drift.trends["test"] == "linear") & (drift.trends["p_bh"] < _P)]
    agreement = []
    for who, comparison in (("people", study.ceiling), ("machine", study.comparison)):
        if comparison is not None:
            rows = comparison.overall.set_index("measure")
            row = rows.loc["f1_macro", ["estimate", "low", "high", "n"]].to_dict()
            agreement.append({"of": who, "with": comparison.reference, "measure": "f1_macro"} | row)
    facts = {
        "synthetic": responses.synthetic,
        "rows": len(responses.table),
        "kept": len(responses),
        "years": list(responses.years),
        "topics": topics.n_topics,
        "runs": len(topics.runs),
        "unassigned": float((topics.assignments["topic"] < 0).mean()),
        "topics_without_theme": int((study.mapping.table["theme"] == "").sum()),
        "agreement": agreement,
        "themes": len(drift.themes),
        "baseline": drift.baseline,
        "changes": [
            {"label": study.mapping.frame[row["theme"]].label} | row
            for row in last.sort_values("estimate", ascending=False)[columns].to_dict("records")
        ],
        "steady_trends": list(trend["theme"]),
    }
    clean: dict[str, Any] = _plain(facts)
    return clean


def lines_of(facts: dict[str, Any]) -> list[str]:
    """The same in a few lines."""
    first, last = facts["years"][0], facts["years"][-1]
    lines = ["SYNTHETIC example data, made for this project."] if facts["synthetic"] else []
    lines += [
        f"{facts['kept']} of {facts['rows']} rows are codable responses, {first} to {last}.",
        f"{facts['topics']} topics from a consensus of {facts['runs']} runs; "
        f"{facts['unassigned']:.0%} of responses unassigned; "
        f"{facts['topics_without_theme']} topics fit no theme.",
    ]
    lines += agreement_lines(facts)
    return lines + change_lines(facts)


def agreement_lines(facts: dict[str, Any]) -> list[str]:
    """How far machine and people agree."""
    names = {"people": "Two people", "machine": "Machine"}
    return [
        f"{names[row['of']]} against {row['with']}: macro-F1 {_number(row['estimate'])} "
        f"({_number(row['low'])} to {_number(row['high'])}), n {row['n']:.0f}."
        for row in facts["agreement"]
    ]


def change_lines(facts: dict[str, Any]) -> list[str]:
    """What changed from the baseline to the last year."""
    seen = [row for row in facts["changes"] if row["p_bh"] is not None and row["p_bh"] < _P]
    years = f"from {facts['baseline']} to {facts['years'][-1]}"
    lines = [
        f"{len(seen)} of {facts['themes']} themes changed {years} "
        "(5 %, Benjamini-Hochberg)" + (":" if seen else ".")
    ]
    for row in seen:
        low, high = (100 * row[c] for c in ("low", "high"))
        lines.append(
            f"  {row['theme']} {row['label']}: {100 * row['estimate']:+.0f} points "
            f"({low:+.0f} to {high:+.0f})"
        )
    if facts["steady_trends"]:
        named = ", ".join(facts["steady_trends"])
        lines.append(f"Steady rise or fall over all years (slope): {named}.")
    return lines


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def _plain(value: Any) -> Any:
    """Values of Python's own, without NaN, which JSON has not."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value
