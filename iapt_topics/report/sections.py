"""What each section of the page says: results in, the template's values out.

A part of the page is whole or None: no name that the template reads is set by one branch alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iapt_topics._base.text import clean
from iapt_topics.figures.ledger import STATUSES
from iapt_topics.publish.results import hidden_cells
from iapt_topics.report import format as compute
from iapt_topics.report import grids, themes, topic_map
from iapt_topics.report.pictures import Picture, data_address, draw

if TYPE_CHECKING:
    import pandas as pd

    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.publish.quotes import Quote
    from iapt_topics.publish.results import Results


def page_values(results: Results, quotes: list[Quote]) -> dict[str, Any]:
    """Everything that the template prints."""
    r, responses, topics, frame = results, results.responses, results.topics, results.frame
    cards = themes.topic_cards(r, quotes)
    pages = themes.theme_pages(r, quotes)
    sources = {name: data_address(figure) for name, figure in draw(r).items()}
    statuses = [t.status for t in frame.codable]
    questions = [clean(q) for q in responses.kept["question"].unique() if q]
    notes = {c.note for c in cards if not c.small}
    rows = r.tables["topics"]
    unassigned = rows.loc[rows["topic"] == -1, "estimate"]
    n_rows, n_kept = (compute.count(n) for n in (r.rows["read"], r.n_kept))
    coverage, placed = r.tables["theme_coverage"], r.tables["topic_mapping"]
    poles = " and ".join(compute.label_of(frame, pole) for pole in frame.axis or ())
    return {
        "synthetic": responses.synthetic,
        "weighted": "weight" in responses.kept,
        "source": clean(responses.source),
        "rule": r.rule,
        "n_rows": n_rows,
        "n_kept": n_kept,
        "n_people": compute.count(r.rows["people"]),
        "years": [r.waves[y] for y in responses.years],
        "questions": questions,
        "notes": [clean(n) for n in responses.notes],
        "ledger": _picture(
            sources["rows"],
            "What became of every row of the file",
            f"Flow from rows read to responses by year: {n_kept} of {n_rows} rows were analysed.",
            grids.ledger_grid(r.tables["ledger"], r.rows, r.waves),
        ),
        "who": _who(r),
        "how": _how(r),
        "unsure": _unsure(r),
        "coder": clean(r.codes.coder),
        "coder_kind": r.codes.kind,
        "themes": grids.theme_grid(r.tables["theme_shares"], frame),
        "top": _top(r),
        "pages": pages,
        "has_dots": any(p.dots for p in pages),
        "cards": cards,
        "bubbles": topic_map.lay_out(r),
        "groups": topic_map.groups(r),
        "map_size": (int(topic_map.WIDTH), int(topic_map.HEIGHT)),
        "broad": grids.hierarchy_grid(r.tables["topic_hierarchy"]),
        "coverage": {
            "themes": len(coverage),
            "reached": int((coverage["n_topics"] > 0).sum()),
            "topics": placed["topic"].nunique(),
            "alone": [
                (int(row["topic"]), clean(row["label"]))
                for row in placed[placed["theme"] == ""].to_dict("records")
            ],
            "table": grids.coverage_grid(coverage),
        },
        "topic_note": notes.pop() if len(notes) == 1 else "",
        "unassigned": "none"
        if unassigned.empty
        else "a share not shown"
        if unassigned.isna().all()
        else compute.percent(unassigned.iloc[0]),
        "quotes": grids.quotes_grid(quotes, frame, r.topic_names) if quotes else None,
        "mapping": _picture(
            sources.get("mapping"),
            "How near each topic is to each theme",
            f"Heat map of {len(r.topic_names)} topics by {len(frame.codable)} themes; chosen "
            "pairs are outlined. The list of topics says the same in words.",
        ),
        "resolution": _picture(
            sources.get("resolution"),
            "How the number of topics was chosen",
            "Agreement between runs for each number of topics that was tried.",
            grids.resolution_grid(topics),
        ),
        "runs": grids.runs_grid(topics),
        "settings": grids.settings_grid(topics, r.codes, frame),
        "frame": grids.frame_grid(frame),
        "frame_title": clean(frame.title),
        "frame_note": clean(frame.note),
        "anchored": bool({"PART", "INFERRED"} & set(statuses)),
        "statuses": [
            (words, statuses.count(name))
            for name, words in compute.STATUS_WORDS.items()
            if name in statuses
        ],
        "poles": poles or "Two poles",
        "axis": _axis(r, sources, poles),
        "drift": _drift(r, sources),
        "one_year": len(responses.years) < 2 or (r.changes is not None and r.changes.empty),
        "agreement": _agreement(r, sources),
    }


def _picture(
    source: str | None, title: str, alt: str, table: compute.Grid | None = None
) -> Picture | None:
    """The figure at this data address; None if it was not drawn."""
    return Picture(title=title, alt=alt, source=source, table=table) if source else None


def _top(results: Results) -> list[str]:
    """The three commonest themes in words."""
    rows = results.tables["theme_shares"]
    best = rows[rows["estimate"].notna()]
    best = best.sort_values("count", ascending=False, kind="stable").head(3)
    return [
        f"{compute.label_of(results.frame, r['theme'])} ({compute.percent(r['estimate'])})"
        for r in best.to_dict("records")
    ]


def _axis(
    results: Results, sources: dict[str, str], poles: str
) -> dict[str, Picture | None] | None:
    drift = results.axis_drift
    if drift is None:
        return None
    caption = f"{poles}, by year"
    return {
        "years": _picture(
            sources["axis"],
            caption,
            f"Share of responses by year: {', '.join(drift.themes)}.",
            grids.shares_grid(drift.shares, results.frame, caption, results.waves),
        ),
        "plane": _picture(
            sources.get("plane"),
            f"{poles}, a point for each year",
            "Each year as a point: the share of responses that speak of the first pole, across, "
            "and of the second, up, with 95 % intervals.",
        ),
    }


def _drift(results: Results, sources: dict[str, str]) -> dict[str, Any] | None:
    drift, changes, frame = results.drift, results.changes, results.frame
    if drift is None or changes is None or changes.empty:
        return None
    shown = changes[changes["estimate"].notna()]
    last = int(changes["year"].max())
    names = {y: results.waves.get(y, str(y)) for y in (last, drift.baseline)}
    moved = [
        (
            compute.anchor(r["theme"]),
            compute.label_of(frame, r["theme"]),
            f"{compute.verdict(r)} by {compute.points(abs(r['estimate'])).lstrip('+')} points "
            f"({compute.interval(r['low'], r['high'], compute.points)})",
        )
        for r in shown.to_dict("records")
        if not compute.verdict(r).startswith("no change")
    ]
    caption = "Share of responses with each theme, by year"
    return {
        "figure": _picture(
            sources["drift"],
            caption,
            "One small panel per theme: share by year with 95 % intervals; n is under each year. "
            "The table has the figures.",
            grids.shares_grid(drift.shares, frame, caption, results.waves),
        ),
        "changes": grids.changes_grid(
            changes, frame, f"{names[last]} against {names[drift.baseline]}"
        ),
        "trends": grids.trends_grid(drift.trends, frame, results.waves),
        "steps": grids.steps_grid(drift.changepoints, frame, results.waves)
        if len(drift.changepoints)
        else None,
        "distances": grids.distances_grid(drift, results.waves) if len(drift.distances) else None,
        "moved": moved,
        "n_shown": len(shown),
        "mix": _same_mix(results, last),
        "sources": _sources(results, last, names),
        "n_hidden": len(changes) - len(shown),
        "cells": f"{len(drift.shares):,}",
        "cells_hidden": f"{len(hidden_cells(drift)):,}",
        "last": names[last],
        "baseline": names[drift.baseline],
    }


def _who(results: Results) -> dict[str, Any] | None:
    """Who answered: what moved by more than chance, in words, and the table."""
    who = results.tables.get("who_answered")
    if who is None or who.empty:
        return None
    moved = who[who["p_bh"] < 0.05].drop_duplicates(["covariate", "level"])
    return {
        "table": grids.who_grid(who, results.waves),
        "tested": _tested(who),
        "moved": [clean(v) for v in moved["level"]],
        "covariates": [clean(c) for c in who["covariate"].unique()],
    }


def _how(results: Results) -> dict[str, Any]:
    """How they answered, likewise; ``lengths`` of the first and the last year that are shown."""
    how = results.tables["how_answered"]
    words = how[(how["measure"] == "words") & how["estimate"].notna()].to_dict("records")
    return {
        "table": grids.how_grid(how, results.waves),
        "tested": _tested(how),
        "moved": [
            "length" if m == "words" else STATUSES[m]
            for m in how.loc[how["p_bh"] < 0.05, "measure"].unique()
        ],
        "lengths": [
            (results.waves.get(r["year"], r["year"]), f"{r['estimate']:.0f}")
            for r in (words[:1] + words[-1:] if len(words) > 1 else [])
        ],
    }


def _tested(table: pd.DataFrame) -> bool:
    """Whether there are years to differ, and a test of it that may be shown."""
    return table["year"].nunique() > 1 and bool(table["p_bh"].notna().any())


def _unsure(results: Results) -> dict[str, Any]:
    table = results.tables["topic_unassigned"]
    shown = table[table["estimate"].notna()]
    return {
        "table": grids.unassigned_grid(table, results.waves),
        "low": compute.percent(shown["estimate"].min()),
        "high": compute.percent(shown["estimate"].max()),
        "moves": compute.points(shown["moves"].max()).lstrip("+"),
        "known": len(shown) > 0,
    }


def _same_mix(results: Results, last: int) -> dict[str, Any] | None:
    """Changes of the last year at the same mix of people, beside those as they are."""
    table, changes = results.tables.get("standardised_changes"), results.changes
    if table is None or changes is None:
        return None
    rows = table[(table["year"] == last) & (table["note"] == "")]
    if rows.empty:
        return None
    found = set(rows.loc[rows["changed"] == "yes", "theme"])
    as_is = set(changes.loc[changes["p_bh"] < 0.05, "theme"])
    return {
        "table": grids.standardised_grid(rows, results.frame),
        "stay": len(as_is & found),
        "were": len(as_is),
        "new": len(found - as_is),
    }


def _sources(results: Results, last: int, names: dict[int, str]) -> dict[str, Any]:
    """Widths of intervals by source, and corrected changes of the last year."""
    table, changes = results.tables["change_sources"], results.tables.get("corrected_changes")
    baseline = names[results.drift.baseline] if results.drift else ""
    out = {"table": grids.sources_grid(table, baseline), "corrected": None}
    if changes is not None:
        rows = changes[(changes["year"] == last) & (changes["note"] == "")]
        caption = f"{names[last]} against {baseline}, by the machine and corrected"
        out["corrected"] = grids.corrected_grid(rows, results.frame, caption) if len(rows) else None
    return out


def _f1(result: Comparison) -> str:
    value = result.overall.set_index("measure")["estimate"].get("f1_macro")
    return compute.decimal(value) if compute.known(value) else "not estimable"


def _by_year(results: Results, comparison: Comparison) -> dict[str, Any] | None:
    """Both coders by year: where their shares part, and whether their changes go the same way."""
    r, changes, years = results, results.tables.get("agreement_changes"), comparison.years
    shown = years[years["note"] == ""]
    if changes is None or shown.empty:
        return None
    return {
        "table": grids.agreement_years_grid(comparison, r.frame, r.waves),
        "shown": f"{len(shown):,}",
        "apart": f"{int(((shown['low'] > 0) | (shown['high'] < 0)).sum()):,}",
        "changes": _both_changes(r, changes),
    }


def _both_changes(results: Results, changes: pd.DataFrame) -> dict[str, Any] | None:
    """Changes to the last year by both coders; None if none can be shown."""
    r = results
    rows = changes[(changes["year"] == changes["year"].max()) & (changes["note"] == "")]
    if rows.empty:
        return None
    last, first = (r.waves.get(y, str(y)) for y in rows.iloc[0][["year", "against"]])
    caption = f"{last} against {first}, by people and by the machine"
    return {
        "table": grids.agreement_changes_grid(rows, r.frame, caption),
        "between": (first, last),
        "sure": int((rows["way"] != "unclear").sum()),
        "same": int((rows["way"] == "same").sum()),
    }


def _agreement(results: Results, sources: dict[str, str]) -> dict[str, Any] | None:
    pair, ceiling = results.comparison, results.ceiling
    if pair is None and ceiling is None:
        return None
    return {
        "ceiling": None if ceiling is None else _measures(ceiling),
        "pair": None if pair is None else _measures(pair) | _pair(results, pair, sources),
    }


def _measures(result: Comparison) -> dict[str, Any]:
    """What is said of any two coders."""
    return {
        "n": f"{result.n:,}",
        "f1": _f1(result),
        "overall": grids.overall_grid(result),
        "themes": grids.agreement_grid(result),
    }


def _pair(results: Results, comparison: Comparison, sources: dict[str, str]) -> dict[str, Any]:
    """What is said of machine and people beyond that."""
    r = results
    return {
        "few": comparison.n < r.rule.min_base,
        "meet": grids.convergence_grid(comparison),
        "apart": grids.matches_grid(comparison, r.frame, r.rule.min_respondents),
        "levels": grids.levels_grid(comparison),
        "partition": grids.partition_grid(comparison),
        "design": grids.design_grid(comparison),
        "years": _by_year(r, comparison),
        "figure": _picture(
            sources.get("agreement"),
            "F1 and kappa for each theme",
            f"Forest plot of F1 and kappa with 95 % intervals for {len(comparison.themes)} "
            "themes; in brackets how many responses the people gave each theme. The table has the "
            "figures.",
        ),
        "flow": _picture(
            sources.get("coding_flow"),
            "What the machine said where people gave a theme",
            "Flow from the themes that people gave, left, to the themes that the machine gave the "
            "same responses, right. The table of different themes has the largest flows.",
        ),
    }
