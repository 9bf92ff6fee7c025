"""The main results of a study: as facts for a machine, and as lines for a person."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

from iapt_topics._base.status import (
    AUTOMATE_ABOVE,
    BY_PEOPLE,
    CORRECTED,
    FELL,
    ROSE,
    SIGNIFICANT,
    UNCHECKED,
)
from iapt_topics.agreement.tables import FEW, TOO_FEW
from iapt_topics.cli._screen import plain
from iapt_topics.publish.disclosure import EXACT
from iapt_topics.publish.published import Private
from iapt_topics.publish.wording import coefficient, p_value, points
from iapt_topics.report.changes import theme_changes
from iapt_topics.report.findings import key_findings, validity

if TYPE_CHECKING:
    import pandas as pd

    from iapt_topics.agreement.certify import Certificate
    from iapt_topics.pipeline.withdrawal import Withdrawal
    from iapt_topics.study.study import Study

_AGREEMENT = ["theme", "f1", "f1_low", "f1_high", "n", "kappa_status", "note"]
_CHANGE = ["theme", "estimate", "low", "high", "n", "p_bh", "note"]
_FINDING = [*_CHANGE, "checked", "finding"]


def summarise(study: Study) -> dict[str, Any]:
    """Main results as values that JSON can hold; what is undefined is None."""
    responses, topics, drift = study.responses, study.topics, study.drift
    year = max((y for y in responses.years if y != drift.baseline), default=drift.baseline)
    trends = study.tables["drift_trends"]
    linear = trends[trends["test"] == "linear"] if len(trends) else trends
    labels = {theme.id: theme.label for theme in study.mapping.frame.themes}

    def rows(table: pd.DataFrame, columns: list[str]) -> list[dict[str, Any]]:
        return [
            {"label": labels[r["theme"]], **{str(k): v for k, v in r.items()}}
            for r in table[columns].to_dict("records")
        ]

    def changes(
        table: pd.DataFrame, kind: str, value: str, columns: list[str] = _CHANGE
    ) -> list[dict[str, Any]]:
        table = table[(table[kind] == value) & (table["year"] == year)]
        return rows(table.sort_values("estimate", ascending=False), columns)

    agreement = []
    for who, comparison in (("people", study.benchmark), ("machine", study.comparison)):
        if comparison is not None:
            overall = comparison.overall.set_index("measure")[["estimate", "low", "high", "n"]]
            row = overall.to_dict("index")["f1_macro"]  # by columns, so that n stays whole
            coders = {"of": who, "with": comparison.reference, "other": comparison.other}
            agreement.append(coders | {"measure": "f1_macro"} | row)
    version = Private(tables=study.tables, about=study.about, disclosure=EXACT)
    badge = validity(version)
    compared, held = study.comparison, study.standardised
    held_fixed = [] if held is None else changes(held.changes, "method", "standardised")
    corrected = study.tables.get("corrected_changes")
    by_hand = []
    if corrected is not None:
        known = corrected[corrected["finding"] != ""]
        by_hand = changes(known.assign(kind="baseline"), "kind", "baseline", [*_CHANGE, "finding"])
    errors = study.tables.get("error_by_year")
    facts: dict[str, Any] = {
        "figures": "exact",
        "synthetic": responses.synthetic,
        "validity": f"{badge.words}: {badge.figures}",
        "findings": key_findings(version, theme_changes(version)),
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
        "changes": changes(study.tables["drift_changes"], "kind", "baseline", _FINDING),
        "corrected_changes": by_hand,
        "error_differs": []
        if errors is None
        else list(errors.loc[errors["differs"] == "yes", "theme"]),
        "standardise": [] if held is None else list(held.covariates),
        "standardised_changes": held_fixed,
        "linear_trends": list(linear.loc[linear["finding"].isin((ROSE, FELL)), "theme"]),
        "linear_trends_unchecked": list(
            linear.loc[(linear["checked"] == UNCHECKED) & (linear["p_bh"] < SIGNIFICANT), "theme"]
        ),
        "panel": study.about.panel,
    }
    clean: dict[str, Any] = plain(facts)
    return clean


#: Printed before figures, since those of the report are rounded or suppressed.
_EXACT = "Exact figures; those of the report are rounded or suppressed and can differ:"


def result_lines(facts: dict[str, Any]) -> list[str]:
    """The same in a few lines."""
    first, last = (facts["waves"][str(facts["years"][at])] for at in (0, -1))
    lines = ["SYNTHETIC example data, made for this project."] if facts["synthetic"] else []
    topics = f"{facts['topics']} topics from a consensus of {facts['runs']} clustering runs"
    if facts["unassigned"]:
        topics += f"; {facts['unassigned']:.0%} of responses have no topic"
    if alone := facts["topics_without_theme"]:
        topics += f"; {alone} match{'es' if alone == 1 else ''} no theme"
    lines += [
        as_ascii(facts["validity"]),
        _EXACT,
        *map(as_ascii, facts["findings"]),
        f"{facts['kept']:,} of {facts['rows']:,} rows are codable responses, "
        f"{first if first == last else f'{first} to {last}'}.",
        f"{topics}.",
    ]
    return lines + agreement_lines(facts) + change_lines(facts)


def agreement_lines(facts: dict[str, Any], *, themes: bool = False) -> list[str]:
    """Inter-coder agreement, over all themes and if wanted by theme."""
    names = {"people": "Human-human", "machine": "Machine-human"}
    lines = [
        f"{names[row['of']]} agreement ({row['other']} against {row['with']}): macro-F1 "
        f"{_range(row, 'estimate', 'low', 'high')}, n = {row['n']:,.0f}."
        for row in facts["agreement"]
    ]
    if themes:
        lines.insert(0, _EXACT)
    for row in facts["agreement_themes"] if themes else ():
        # The note is on kappa, which can be undefined where F1 is not.
        note = f"; kappa {row['note']}" if row["kappa_status"] == TOO_FEW else ""
        lines.append(
            f"  {row['theme']} {row['label']}: F1 {_range(row, 'f1', 'f1_low', 'f1_high')}{note}"
        )
    return lines


def gain_lines(learned: Mapping[str, Any]) -> list[str]:
    """How much nearer to people's codes the machine is for what it learned."""
    first, *themes = learned["gain"]
    lines = [
        f"Learned from the codes of {learned['n_taught']:,} responses; measured on {first['n']:,} "
        "of other respondents.",
        f"Machine-human agreement: {_gain(first)}.",
    ]
    return [
        *lines,
        *(f"  {r['theme']} {r['label']}: {_gain(r)}" for r in themes if r["note"] != FEW),
    ]


def _gain(row: Mapping[str, Any]) -> str:
    if row["gain"] is None:
        return f"{row['label']} {row['note']}"
    before, after, gain, low, high = (
        as_ascii(coefficient(row[c])) for c in ("before", "after", "gain", "low", "high")
    )
    sure = row["low"] is not None and (row["low"] > 0 or row["high"] < 0)
    words = ("better" if row["gain"] > 0 else "worse") if sure else "not shown to differ"
    name = "" if row["theme"] else "macro-F1 "
    rough = f"; {row['note']}" if row["note"] and not row["theme"] else ""
    figures = f"{before} before, {after} after; gain {gain} (95 % CI {low} to {high})"
    return f"{name}{figures}, {words}{rough}"


def withdrawal_lines(found: Withdrawal) -> list[str]:
    """What was removed, what changed in public, and what is still to be done by hand."""
    lines = [
        f"{found.respondents} respondent(s) left out, with {found.rows} row(s), from these results "
        "and every later run in this folder."
    ]
    rows = found.tables.to_dict("records")
    if not found.compared:
        lines.append("There was no earlier public version in the folder to compare with.")
    elif rows:
        lines.append("Public tables that changed, and how many of their rows are new or other:")
        lines += [f"  {r['table']}: {r['new']} of {r['rows']}" for r in rows]
    else:
        lines.append("No public table changed.")
    if found.removed:
        lines.append(f"Removed, or written without them: {', '.join(found.removed)}.")
    if found.left:
        lines.append(
            f"Still hold an id or words of theirs; delete or make again: {', '.join(found.left)}."
        )
    lines.append(
        f"Not changed, since they are yours: {', '.join(map(str, found.yours))}. Delete their rows "
        "there, in backups and in what you sent out, as your protocol says."
    )
    return lines


def certificate_lines(found: Certificate) -> list[str]:
    """The verdict on each theme, with what it rests on."""
    recall = "" if found.recall is None else f" and recall {found.recall:g}"
    head = (
        f"Target: precision {found.precision:g}{recall}, {found.confidence:.0%} confidence for "
        f"{'all themes together' if found.together else 'each theme'}; {found.n:,} random hand "
        f"codes for {len(found.units):,} responses (exact figures)."
    )
    lines = [head]
    if found.looks > 1:
        lines.append(
            f"Look {found.looks} at these hand codes: the confidence is that of a first look. Code "
            "a new random sample before relying on what changed since."
        )
    if found.left_out:
        years = ", ".join(map(str, found.left_out))
        lines.append(f"Too few random hand codes, not certified: {years}.")
    for row in found.themes.to_dict("records"):
        line = f"  {row['theme']} {row['label']}: {row['verdict']}"
        if row["verdict"] == AUTOMATE_ABOVE:
            line += f" {row['score']:.3g}"
        if row["n_checked"] > 0:
            line += (
                f"; {row['n_right']:.0f} of {row['n_checked']:.0f} codes right, precision at least "
                f"{coefficient(row['precision_low'])}, recall at least "
                f"{coefficient(row['recall_low'])}"
            )
        if row["n_more"] > 0:
            line += f"; about {row['n_more']:,.0f} further random codes would settle it"
        lines.append(f"{line}; {row['note']}" if row["note"] else line)
    return lines


def change_lines(facts: dict[str, Any], *, every: bool = False) -> list[str]:
    """Change from the baseline: the significant ones, or every theme."""
    if facts["year"] == facts["baseline"]:
        return ["Only one year was coded, so no change can be estimated."] if every else []
    baseline, year = (facts["waves"][str(facts[name])] for name in ("baseline", "year"))
    between = f"from {baseline} to {year}"
    checked = [row for row in facts["changes"] if row["checked"] != UNCHECKED]
    by_people = {row["theme"]: row for row in facts["corrected_changes"]}
    lines = [_EXACT] if every else []
    if checked:
        figures = [by_people[r["theme"]] if r["checked"] == CORRECTED else r for r in checked]
        found = [row for row in figures if row["finding"] in (ROSE, FELL)]
        shown = figures if every else found
        corrected = ", corrected by human codes" if by_people else ""
        lines.append(
            f"{len(found)} of {len(checked)} themes changed {between}{corrected} "
            "(adjusted p < .05, Benjamini-Hochberg)" + (":" if shown else ".")
        )
        lines += _change_rows(shown, facts, every=every)
    if facts["error_differs"]:
        named = ", ".join(facts["error_differs"])
        lines.append(f"The machine's error differs between years (adjusted p < .05): {named}.")
    alone = [row for row in facts["changes"] if row["checked"] == UNCHECKED]
    if alone:
        differ = [row for row in alone if row["p_bh"] is not None and row["p_bh"] < SIGNIFICANT]
        shown = alone if every else differ
        lines.append(
            f"Not checked against human codes of a random sample: {len(alone)} themes {between}, "
            f"of which {len(differ)} differ in machine codes (adjusted p < .05)"
            + (":" if shown else ".")
        )
        lines += _change_rows(shown, facts, every=every)
    if facts["panel"]:
        lines.append(
            "A panel: respondents recur between years. The intervals allow for it; the table "
            "panel_changes has the change within the same respondents."
        )
    # Two years have a change and no trend beside it.
    if len(facts["years"]) > 2:
        human = all(row["checked"] == BY_PEOPLE for row in facts["changes"])
        kinds = {
            "linear_trends": "" if human else " as corrected by human codes",
            "linear_trends_unchecked": " in machine codes, not checked",
        }
        for kind, of in kinds.items():
            if named := ", ".join(facts[kind]):
                lines.append(f"Linear trend over all years{of} (adjusted p < .05): {named}.")
    return lines


def _change_rows(rows: list[dict[str, Any]], facts: dict[str, Any], *, every: bool) -> list[str]:
    """A line for each change, with that at a fixed respondent mix if there is one."""
    held = {row["theme"]: row for row in facts["standardised_changes"]}
    lines = []
    for row in rows:
        line = f"  {row['theme']} {row['label']}: {_points(row)}"
        if every:
            line += f", adjusted p {p_words(row['p_bh'])}"
        if row["theme"] in held:
            line += f"; at a fixed mix of {', '.join(facts['standardise'])}: "
            line += _points(held[row["theme"]])
        lines.append(line)
    return lines


def _points(row: dict[str, Any]) -> str:
    if row["estimate"] is None:
        return "not estimable"
    value, low, high = (row[c] for c in ("estimate", "low", "high"))
    limits = ""
    if low is not None and high is not None:
        limits = f" (95 % CI {as_ascii(points(low))} to {as_ascii(points(high))})"
    return f"{as_ascii(points(value))} points{limits}"


def _range(row: dict[str, Any], value: str, low: str, high: str) -> str:
    if row[value] is None:
        return "not estimable"
    between = " to ".join(as_ascii(coefficient(row[end])) for end in (low, high))
    return f"{as_ascii(coefficient(row[value]))} (95 % CI {between})"


def p_words(value: float | None) -> str:
    """A p as it follows the letter: "< .001", "= .03"."""
    printed = p_value(value)
    return printed if printed[0] in "<>" else f"= {as_ascii(printed)}"


def as_ascii(printed: str) -> str:
    """Without signs that a terminal may not have."""
    return printed.replace("\u2212", "-").replace("\u2013", "-").replace("\u00a0", " ")


def between(row: Mapping[Hashable, Any], words: Callable[[float], str]) -> str:
    """The 95 % interval of a row in words."""
    return f"95 % CI {words(row['low'])} to {words(row['high'])}"
