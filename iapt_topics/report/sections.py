"""The content of each section of the page: published tables in, the template's values out.

A part of the page is whole or None: no name that the template reads is set by one branch alone.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from iapt_topics._base.status import SHOWN, SIGNIFICANT, SUPPRESSED, UNCHECKED
from iapt_topics._base.text import clean
from iapt_topics.figures.ledger import STATUSES
from iapt_topics.publish.published import Private, Version
from iapt_topics.report import agreement_grids, checked, drift_grids, grids, themes, topic_map
from iapt_topics.report import format as form
from iapt_topics.report.pictures import Picture, data_address, figure_makers, last_changes


def page_values(published: Version) -> dict[str, Any]:
    """Everything that the template prints."""
    makers = figure_makers(published)
    makers.pop("changes", None)  # for a paper and a notebook: the page has the table
    sources = {name: data_address(make()) for name, make in makers.items()}
    return {
        **_survey(published, sources),
        **_themes(published, sources),
        **_topics(published, sources),
        **_method(published, sources),
        "drift": _drift(published, sources),
        "agreement": _agreement(published, sources),
    }


def _survey(published: Version, sources: dict[str, str]) -> dict[str, Any]:
    """The survey, its rows and its respondents."""
    about, tables = published.about, published.tables
    totals = tables["ledger_totals"].set_index("status")["n"].to_dict()
    n_rows, n_kept, n_people = (form.count(totals.get(n, 0)) for n in ("read", "kept", "people"))
    changes = last_changes(tables["drift_changes"])
    years = [published.waves[y] for y in about.years]
    return {
        "title": _title(about.source, years),
        "synthetic": about.synthetic,
        "weighted": about.weighted,
        "source": clean(about.source),
        "rule": published.disclosure,
        "private": isinstance(published, Private),
        "n_rows": n_rows,
        "n_kept": n_kept,
        "n_people": n_people,
        "excluded": [
            f"{words} ({form.count(n)})"
            for status, words in STATUSES.items()
            if status != "kept" and (n := totals.get(status, 0)) != 0
        ],
        "years": years,
        "one_year": len(about.years) < 2 or changes.empty,
        "questions": [clean(q) for q in about.questions],
        "ledger": _picture(
            sources["ledger"],
            "Rows analysed and excluded",
            f"Flow from rows read to responses by year: {n_kept} of {n_rows} rows were analysed.",
            grids.ledger_grid(
                tables["ledger"], totals, published.waves, exact=isinstance(published, Private)
            ),
        ),
        "who": _who(published),
        "how": _how(published),
    }


def _title(source: str, years: list[str]) -> str:
    """The survey by the name of its file, and its years."""
    name = clean(source).rsplit(".", 1)[0].replace("_", " ").strip()
    ends = list(dict.fromkeys([years[0], years[-1]])) if years else []
    dash = "–" if all(y.isdecimal() for y in ends) else " to "
    return ", ".join(part for part in (name[:1].upper() + name[1:], dash.join(ends)) if part)


def _themes(published: Version, sources: dict[str, str]) -> dict[str, Any]:
    """Themes at a glance, and a page for each."""
    pages = themes.theme_pages(published)
    frame, shares = published.tables["frame"], published.tables["theme_shares"]
    best = shares[shares["estimate"].notna()]
    best = best.sort_values("count", ascending=False, kind="stable").head(3)
    poles = " and ".join(form.label_of(published.labels, p) for p in published.about.poles)
    return {
        "coder": clean(published.about.coder),
        "coder_kind": published.about.coder_kind,
        "themes": grids.theme_grid(shares, frame, published.labels),
        "top": [
            f"{form.label_of(published.labels, r['theme'])} ({form.percent(r['estimate'])})"
            for r in best.to_dict("records")
        ],
        "pages": pages,
        "has_dots": any(p.dots for p in pages),
        "poles": poles or "Two poles",
        "axis": _axis(published, sources, poles),
    }


def _topics(published: Version, sources: dict[str, str]) -> dict[str, Any]:
    """The topics, their themes and their stability."""
    tables, cards = published.tables, themes.topic_cards(published)
    notes = {c.note for c in cards if not c.small}
    rows = tables["topics"]
    unassigned = rows.loc[rows["topic"] == -1, "estimate"]
    coverage, placed = tables["theme_coverage"], tables["topic_mapping"]
    codable = tables["frame"]["codable"].sum()
    return {
        "unsure": _unsure(published),
        "cards": cards,
        "bubbles": topic_map.lay_out(published),
        "groups": topic_map.groups(published),
        "map_size": (int(topic_map.WIDTH), int(topic_map.HEIGHT)),
        "broad": grids.hierarchy_grid(tables["topic_hierarchy"]),
        "coverage": {
            "themes": len(coverage),
            "matched": int((coverage["n_topics"] > 0).sum()),
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
        else "a suppressed share"
        if unassigned.isna().all()
        else form.percent(unassigned.iloc[0]),
        "quotes": grids.quotes_grid(published.quotes, published.labels, published.topic_names)
        if published.quotes
        else None,
        "approved": published.approved,
        "mapping": _picture(
            sources.get("mapping"),
            "Relevance of each theme for each topic",
            f"Heat map of {len(published.topic_names)} topics by {codable} themes; matched "
            "pairs are outlined. The list of topics names them.",
        ),
        "resolution": _picture(
            sources.get("resolution"),
            "Choice of the number of topics",
            "Agreement between runs for each number of topics tried.",
            grids.resolution_grid(tables["topic_resolution"]),
        ),
    }


def _method(published: Version, sources: dict[str, str]) -> dict[str, Any]:
    """How it was done."""
    about, frame = published.about, published.tables["frame"]
    statuses = frame.loc[frame["codable"], "provenance"].tolist()
    return {
        "runs": grids.runs_grid(published.tables["topic_runs"]),
        "settings": grids.settings_grid(about.settings),
        "frame": grids.frame_grid(frame, published.labels),
        "frame_title": clean(about.frame),
        "frame_note": clean(about.frame_note),
        "anchored": bool({"PART", "INFERRED"} & set(statuses)),
        "statuses": [
            (words, statuses.count(name))
            for name, words in form.STATUS_WORDS.items()
            if name in statuses
        ],
    }


def _picture(
    source: str | None, title: str, alt: str, table: form.Grid | None = None
) -> Picture | None:
    """The figure at this data address; None if it was not drawn."""
    return Picture(title=title, alt=alt, source=source, table=table) if source else None


def _axis(published: Version, sources: dict[str, str], poles: str) -> dict[str, Any] | None:
    shares = published.tables.get("axis_shares")
    if shares is None:
        return None
    caption = f"{poles}: prevalence by year"
    return {
        "second": form.label_of(published.labels, published.about.poles[-1]),
        "years": _picture(
            sources["poles"],
            caption,
            f"Prevalence by year: {', '.join(shares['theme'].unique())}.",
            grids.shares_grid(shares, published.labels, caption, published.waves),
        ),
        "plane": _picture(
            sources.get("plane"),
            f"{poles}: one point per year",
            "Each year as a point: prevalence of the first pole on the horizontal axis and of the "
            "second on the vertical axis, with 95 % confidence intervals.",
        ),
    }


def _drift(published: Version, sources: dict[str, str]) -> dict[str, Any] | None:
    tables, labels, waves = published.tables, published.labels, published.waves
    changes, baseline = last_changes(tables["drift_changes"]), published.about.baseline
    if changes.empty:
        return None
    shown = changes[changes["estimate"].notna()]
    of_people = shown[shown["checked"] != UNCHECKED]
    alone = shown[shown["checked"] == UNCHECKED]
    last, shares = int(changes["year"].max()), tables["drift_shares"]
    names = {y: published.wave(y) for y in (last, baseline)}
    moved = [
        (
            form.anchor(r["theme"]),
            form.label_of(labels, r["theme"]),
            f"{form.verdict(r)} by {form.points(abs(r['estimate'])).lstrip('+')} points "
            f"(95\u00a0% CI {form.interval(r['low'], r['high'], form.points)})",
        )
        for r in checked.checked_figures(published, of_people).to_dict("records")
        if form.is_significant(r)
    ]
    caption = "Prevalence of each theme by year"
    steps, distances = tables["drift_changepoints"], tables["drift_distances"]
    n_years = shares.loc[shares["n"] != 0, "year"].nunique()
    hidden = changes.loc[changes["estimate"].isna(), "status"]
    return {
        "figure": _picture(
            sources["prevalence"],
            caption,
            "One panel per theme: prevalence by year with 95 % confidence intervals; n is under "
            "each year. The table has the figures.",
            grids.shares_grid(shares, labels, caption, waves),
        ),
        "changes": drift_grids.changes_grid(
            changes, labels, f"{names[last]} against {names[baseline]}"
        ),
        # Two years have a change and no trend beside it.
        "trends": drift_grids.trends_grid(tables["drift_trends"], labels, waves)
        if n_years > 2
        else None,
        "steps": drift_grids.steps_grid(steps, labels, waves) if len(steps) else None,
        "distances": drift_grids.distances_grid(distances, waves) if len(distances) else None,
        "moved": moved,
        "panel": checked.panel(published, last, names),
        "n_shown": len(shown),
        "n_checked": len(of_people),
        "n_alone": len(alone),
        "n_alone_differ": int((alone["p_bh"] < SIGNIFICANT).sum()),
        "mix": _same_mix(published, changes),
        "sources": _sources(published, last, names),
        "n_hidden": len(hidden),
        "why_hidden": "suppressed in this public version"
        if hidden.eq(SUPPRESSED).all()
        else "suppressed or based on too few responses",
        "cells": f"{len(shares):,}",
        "cells_hidden": f"{(shares['estimate'].isna() & (shares['n'] != 0)).sum():,}",
        "last": names[last],
        "baseline": names[baseline],
    }


def _who(published: Version) -> dict[str, Any] | None:
    """Respondent mix: what changed significantly, in words, and the table."""
    who = published.tables.get("respondent_mix")
    if who is None or who.empty:
        return None
    moved = who[who["p_bh"] < 0.05].drop_duplicates(["covariate", "level"])
    return {
        "table": grids.who_grid(who, published.waves),
        "tested": _tested(who),
        "moved": [clean(v) for v in moved["level"]],
        "covariates": [clean(c) for c in who["covariate"].unique()],
    }


def _how(published: Version) -> dict[str, Any]:
    """Response quality, likewise; ``lengths`` of the first and the last year that are shown."""
    how = published.tables["response_quality"]
    words = how[(how["measure"] == "words") & how["estimate"].notna()].to_dict("records")
    return {
        "table": grids.how_grid(how, published.waves),
        "tested": _tested(how),
        "moved": [
            "length" if m == "words" else STATUSES[m]
            for m in how.loc[how["p_bh"] < 0.05, "measure"].unique()
        ],
        "lengths": [
            (published.wave(r["year"]), f"{r['estimate']:.0f}")
            for r in (words[:1] + words[-1:] if len(words) > 1 else [])
        ],
    }


def _tested(table: pd.DataFrame) -> bool:
    """Whether there are years to differ, and a test of it that may be shown."""
    return table["year"].nunique() > 1 and bool(table["p_bh"].notna().any())


def _unsure(published: Version) -> dict[str, Any]:
    table = published.tables["topic_unassigned"]
    shown = table[table["estimate"].notna()]
    return {
        "table": grids.unassigned_grid(table, published.waves),
        "low": form.percent(shown["estimate"].min()),
        "high": form.percent(shown["estimate"].max()),
        "moves": form.points(shown["moves"].max()).lstrip("+"),
        "known": len(shown) > 0,
    }


def _same_mix(published: Version, changes: pd.DataFrame) -> dict[str, Any] | None:
    """Changes of the last year at a fixed respondent mix, beside the unadjusted ones."""
    table = published.tables.get("standardised_changes")
    if table is None:
        return None
    rows = table[(table["year"] == changes["year"].max()) & (table["status"] == SHOWN)]
    if rows.empty:
        return None
    found = set(rows.loc[rows["changed"] == "yes", "theme"])
    as_is = set(changes.loc[changes["p_bh"] < 0.05, "theme"])
    return {
        "table": drift_grids.standardised_grid(
            rows, published.labels, exact=isinstance(published, Private)
        ),
        "stay": len(as_is & found),
        "were": len(as_is),
        "new": len(found - as_is),
    }


def _sources(published: Version, last: int, names: dict[int, str]) -> dict[str, Any]:
    """Sources of uncertainty, and corrected changes of the last year."""
    tables, baseline = published.tables, names[published.about.baseline]
    table, changes = tables["change_sources"], tables.get("corrected_changes")
    out: dict[str, Any] = {"table": drift_grids.sources_grid(table, baseline)}
    out |= {"corrected": None, "errors": None}
    if changes is not None:
        rows = changes[(changes["year"] == last) & (changes["status"] == SHOWN)]
        caption = f"{names[last]} against {baseline}: machine and corrected"
        grid = drift_grids.corrected_grid(rows, published.labels, caption)
        out["corrected"] = grid if len(rows) else None
        out["errors"] = checked.errors(published)
    return out


def _by_year(published: Version) -> dict[str, Any] | None:
    """Both coders by year: where their prevalence differs, and the direction of their changes."""
    years, changes = (published.tables.get(f"agreement_{name}") for name in ("years", "changes"))
    if years is None or changes is None:
        return None
    shown = years[years["status"] == SHOWN]
    if shown.empty:
        return None
    one, two = (clean(c) for c in published.about.coders["agreement"])
    return {
        "table": agreement_grids.agreement_years_grid(
            years,
            published.labels,
            published.waves,
            (one, two),
            exact=isinstance(published, Private),
        ),
        "shown": f"{len(shown):,}",
        "differ": int(((shown["low"] > 0) | (shown["high"] < 0)).sum()),
        "changes": _both_changes(published, changes),
    }


def _both_changes(published: Version, changes: pd.DataFrame) -> dict[str, Any] | None:
    """Changes to the last year by both coders; None if none can be shown."""
    rows = changes[(changes["year"] == changes["year"].max()) & (changes["status"] == SHOWN)]
    if rows.empty:
        return None
    last, first = (published.wave(y) for y in rows.iloc[0][["year", "against"]])
    caption = f"{last} against {first}: human and machine codes"
    return {
        "table": agreement_grids.agreement_changes_grid(rows, published.labels, caption),
        "between": (first, last),
        "n_changed": int((rows["way"] != "unclear").sum()),
        "n_same": int((rows["way"] == "same").sum()),
    }


def _agreement(published: Version, sources: dict[str, str]) -> dict[str, Any] | None:
    out = {
        "benchmark": _measures(published, "people"),
        "pair": _measures(published, "agreement"),
    }
    if out["pair"] is not None:
        out["pair"] |= _pair(published, sources)
    return out if any(out.values()) else None


def _measures(published: Version, start: str) -> dict[str, Any] | None:
    """Agreement of any two coders."""
    overall = published.tables.get(f"{start}_overall")
    if overall is None:
        return None
    themes = published.tables[f"{start}_themes"]
    f1 = overall.set_index("measure")["estimate"].get("f1_macro")
    one, two = (clean(c) for c in published.about.coders[start])
    return {
        "n": form.count(overall["n"].iloc[0]),
        "f1": form.coefficient(f1) if form.known(f1) else "not estimable",
        "overall": agreement_grids.overall_grid(overall),
        "themes": agreement_grids.agreement_grid(themes, one, two),
        "several": len(themes) > 1,
    }


def _pair(published: Version, sources: dict[str, str]) -> dict[str, Any]:
    """What the report adds on machine and human codes."""
    rule, labels = published.disclosure, published.labels
    of = {
        name: published.tables[f"agreement_{name}"]
        for name in ("overall", "themes", "convergence", "matches", "levels", "partition", "design")
    }
    return {
        "few": bool(of["overall"]["n"].iloc[0] < rule.min_base),
        "suppressed": of["themes"]["status"].eq(SUPPRESSED).any(),
        "convergence": agreement_grids.convergence_grid(of["convergence"]),
        "different": agreement_grids.matches_grid(of["matches"], labels, rule.min_respondents),
        "levels": agreement_grids.levels_grid(of["levels"]),
        "partition": agreement_grids.partition_grid(of["partition"]),
        "design": agreement_grids.design_grid(of["design"]),
        "years": _by_year(published),
        "figure": _picture(
            sources.get("agreement"),
            "F1 and kappa for each theme",
            f"Forest plot of F1 and kappa with 95 % confidence intervals for {len(of['themes'])} "
            "themes; in brackets the human-coded responses of each. The table has the figures.",
        ),
        "flow": _picture(
            sources.get("confusion"),
            "Human and machine themes in the same responses",
            "Flow from the human themes, left, to the machine themes of the same responses, right. "
            "The table of different themes has the largest flows.",
        ),
    }
