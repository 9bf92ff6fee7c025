"""The content of each section of the page: published tables in, the template's values out.

A part of the page is whole or None: no name that the template reads is set by one branch alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from iapt_topics._base.status import (
    CORRECTED,
    FELL,
    FEW,
    ROSE,
    SAMPLED,
    SHOWN,
    SIGNIFICANT,
    SUPPRESSED,
    UNCHECKED,
)
from iapt_topics._base.text import clean
from iapt_topics.figures.ledger import STATUSES
from iapt_topics.publish.published import Private, Version
from iapt_topics.report import (
    agreement_grids,
    change,
    checked,
    drift_grids,
    findings,
    grids,
    poles,
    themes,
    topic_map,
    trust,
)
from iapt_topics.report import format as form
from iapt_topics.report.changes import Change, theme_changes
from iapt_topics.report.charts.waves import Line
from iapt_topics.report.pictures import last_changes


def page_values(version: Version) -> dict[str, Any]:
    """Everything that the template prints."""
    changes, lines = theme_changes(version), change.theme_lines(version)
    return {
        "private": isinstance(version, Private),
        "rule": version.disclosure,
        "approved": version.approved,
        "quotes": len(version.quotes),
        # What stands beside a quote and has to be explained.
        "beside": {q.case for q in version.quotes}
        | {"coders" for q in version.quotes if q.coders}
        | {"polarity" for q in version.quotes if q.polarity},
        "badge": findings.validity(version),
        "findings": findings.key_findings(version, changes),
        "alerts": findings.alerts(version),
        "first_chart": change.change_chart(version, changes)
        or grids.share_chart(version.tables["theme_shares"], version.labels),
        **_survey(version),
        **_themes(version, changes, lines),
        "poles": poles.pole_charts(version),
        "facets": poles.facet_parts(version),
        "facet_accuracy": poles.facet_accuracy(version),
        "drift": _drift(version, changes, lines),
        "agreement": _agreement(version),
        **_topics(version),
        **_method(version),
    }


def _survey(version: Version) -> dict[str, Any]:
    """The survey, its rows and its respondents."""
    about, tables = version.about, version.tables
    totals = tables["ledger_totals"].set_index("status")["n"].to_dict()
    years = [version.waves[y] for y in about.years]
    return {
        "title": _title(about.source, years),
        "synthetic": about.synthetic,
        "weighted": about.weighted,
        "n_rows": form.count(totals.get("read", 0)),
        "n_kept": form.count(totals.get("kept", 0)),
        "n_people": form.count(totals.get("people", 0)),
        "excluded": excluded(totals),
        "years": years,
        "questions": [clean(q) for q in about.questions],
        "ledger": grids.ledger_grid(
            tables["ledger"], totals, version.waves, exact=isinstance(version, Private)
        ),
        "found": _found(version),
        "who": _who(version),
        "how": _how(version),
    }


def excluded(totals: dict[Any, Any]) -> list[str]:
    """Rows that were left out, by why; those of which the number may not be said, together."""
    rows = {words: totals.get(s, 0) for s, words in STATUSES.items() if s != "kept"}
    said = [f"{words} ({form.count(n)})" for words, n in rows.items() if form.known(n) and n]
    hidden = sum(not form.known(n) for n in rows.values())
    return said + ["rows whose number is suppressed"] * (hidden > 0)


def _found(version: Version) -> form.Grid | None:
    """What was noticed in the file and what was done about it, for the researcher alone."""
    table = version.tables.get("survey_findings")
    if table is None or table.empty or not isinstance(version, Private):
        return None
    rows = tuple(tuple(clean(v) for v in row) for row in table.itertuples(index=False))
    head = tuple(str(c).replace("_", " ").capitalize() for c in table.columns)
    return form.Grid(caption="What was noticed in the file", head=head, rows=rows)


def _title(source: str, years: list[str]) -> str:
    """The survey by the name of its file, and its years."""
    name = clean(source).rsplit(".", 1)[0].replace("_", " ").strip()
    name = "Survey" if name == "table" else name  # what a DataFrame is called
    ends = list(dict.fromkeys([years[0], years[-1]])) if years else []
    dash = "–" if all(y.isdecimal() for y in ends) else " to "
    return ", ".join(part for part in (name[:1].upper() + name[1:], dash.join(ends)) if part)


def _themes(
    version: Version, changes: list[Change], lines: dict[str, list[Line]]
) -> dict[str, Any]:
    """What they talk about, and a page for each theme."""
    frame, shares = version.tables["frame"], version.tables["theme_shares"]
    return {
        "coder": clean(version.about.coder),
        "coder_kind": version.about.coder_kind,
        "themes": grids.theme_grid(shares, frame, version.labels),
        "pages": themes.theme_pages(version, changes, lines),
    }


def _topics(version: Version) -> dict[str, Any]:
    """The topics, their themes and their stability."""
    tables, cards = version.tables, themes.topic_cards(version)
    bubbles = topic_map.lay_out(version)
    # What is to be noted of every topic is said once.
    noted = [c.note.split("; ") for c in cards if not c.small]
    common = [p for p in noted[0] if all(p in parts for parts in noted)] if noted else []
    cards = [
        replace(c, note="; ".join(p for p in c.note.split("; ") if p not in common)) for c in cards
    ]
    rows = tables["topics"]
    unassigned = rows.loc[rows["topic"] == -1, "estimate"]
    coverage, placed = tables["theme_coverage"], tables["topic_mapping"]
    return {
        "unsure": _unsure(version),
        "sampled": dict(version.about.settings).get(SAMPLED, ""),
        "cards": cards,
        "bubbles": bubbles,
        "bubble_table": topic_map.topic_grid(bubbles, rows),
        "responses_json": topic_map.responses_json(version, bubbles),
        "dots_left_out": topic_map.dots_left_out(version),
        "groups": topic_map.groups(version),
        "view_box": topic_map.view_box(version),
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
        "topic_note": "; ".join(common),
        "unassigned": "none"
        if unassigned.empty
        else "a suppressed share"
        if unassigned.isna().all()
        else form.percent(unassigned.iloc[0]),
        "resolution": grids.resolution_grid(tables["topic_resolution"])
        if len(tables["topic_resolution"])
        else None,
    }


def _method(version: Version) -> dict[str, Any]:
    """How it was done."""
    about, frame = version.about, version.tables["frame"]
    statuses = frame.loc[frame["codable"], "provenance"].tolist()
    return {
        "runs": grids.runs_grid(version.tables["topic_runs"]),
        "settings": grids.settings_grid(about.settings),
        "frame": grids.frame_grid(frame, version.labels),
        "frame_title": clean(about.frame),
        "frame_note": clean(about.frame_note),
        "anchored": bool({"PART", "INFERRED"} & set(statuses)),
        "statuses": [
            (words, statuses.count(name))
            for name, words in form.STATUS_WORDS.items()
            if name in statuses
        ],
        "withheld": _withheld(version),
    }


def _withheld(version: Version) -> list[str]:
    """What the public version leaves out, with the counts of this study."""
    if isinstance(version, Private) or version.disclosure.is_off:
        return []
    tables, rule = version.tables, version.disclosure
    out = []
    for name, what in (
        ("theme_shares", "of {of} themes over all waves"),
        ("drift_shares", "of {of} yearly figures"),
        ("drift_changes", "of {of} changes between waves"),
        ("agreement_themes", "of {of} agreement figures by theme"),
        ("facet_years", "of {of} yearly figures of facets"),
    ):
        table = tables.get(name)
        if table is not None and (n := int(table["status"].eq(SUPPRESSED).sum())):
            out.append(f"{n:,} {what.format(of=f'{len(table):,}')}")
        if table is not None and (n := int(table["status"].eq(FEW).sum())):
            of = what.format(of=f"{len(table):,}")
            out.append(f"{n:,} {of} {'is' if n == 1 else 'are'} of {rule.few}, and no more is said")
    small = int((tables["topics"]["label"] == "").sum())
    if small:
        topics = f"{small} topic{'s' if small > 1 else ''}"
        out.append(f"the words and quotes of {topics} of fewer than {rule.min_cell} respondents")
    if version.quotes:
        out.append("who is quoted: roles and other covariates, what each coder did, contrary cases")
    else:
        out.append("all quotes, since nobody approved any")
    out.append("tables by response")
    return out


def _drift(
    version: Version, changes: list[Change], lines: dict[str, list[Line]]
) -> dict[str, Any] | None:
    tables, labels, waves = version.tables, version.labels, version.waves
    last_rows, baseline = last_changes(tables["drift_changes"]), version.about.baseline
    if last_rows.empty:
        return None
    last = int(last_rows["year"].max())
    names = {y: version.wave(y) for y in (last, baseline)}
    steps, distances = tables["drift_changepoints"], tables["drift_distances"]
    shares = tables["drift_shares"]
    n_years = shares.loc[shares["n"] != 0, "year"].nunique()
    hidden = last_rows.loc[last_rows["estimate"].isna(), "status"]
    return {
        "heat": change.heat_map(version),
        "small": change.small_charts(version, changes, lines),
        "people": any(len(of) > 1 for of in lines.values()),
        "trend_words": change.trend_words(version),
        "words": change.word_chart(version),
        "changes": drift_grids.changes_grid(
            last_rows, labels, f"{names[last]} against {names[baseline]}, machine codes"
        ),
        # Two years have a change and no trend beside it.
        **checked.trends(version, n_years),
        "merged": drift_grids.merged_grid(tables["merged_shares"], labels, waves)
        if "merged_shares" in tables
        else None,
        "steps": drift_grids.steps_grid(steps, labels, waves) if len(steps) else None,
        "distances": drift_grids.distances_grid(distances, waves) if len(distances) else None,
        "moved": [c for c in changes if c.significant],
        "n_shown": len(changes),
        "corrected": any(c.corrected for c in changes),
        "mix": _same_mix(version, last_rows),
        "n_checked": sum(c.checked != UNCHECKED for c in changes),
        "left_private": checked.left_private(version),
        "n_alone": sum(c.checked == UNCHECKED for c in changes),
        "n_alone_differ": sum(c.checked == UNCHECKED and c.p < SIGNIFICANT for c in changes),
        "panel": checked.panel(version, last, names),
        "sources": _sources(version, last, names),
        "n_hidden": len(hidden),
        "why_hidden": "suppressed in this public version"
        if hidden.eq(SUPPRESSED).all()
        else "suppressed or based on too few responses",
        "last": names[last],
        "baseline": names[baseline],
    }


def _who(version: Version) -> dict[str, Any] | None:
    """Respondent mix: what changed significantly, in words, and the table."""
    who = version.tables.get("respondent_mix")
    if who is None or who.empty:
        return None
    moved = who[who["p_bh"] < SIGNIFICANT].drop_duplicates(["covariate", "level"])
    return {
        "table": grids.who_grid(who, version.waves),
        "tested": _tested(who),
        "moved": [clean(v) for v in moved["level"]],
        "covariates": [clean(c) for c in who["covariate"].unique()],
    }


def _how(version: Version) -> dict[str, Any]:
    """Response quality, likewise; ``lengths`` of the first and the last year that are shown."""
    how = version.tables["response_quality"]
    words = how[(how["measure"] == "words") & how["estimate"].notna()].to_dict("records")
    return {
        "table": grids.how_grid(how, version.waves),
        "tested": _tested(how),
        "moved": [
            "length" if m == "words" else STATUSES[m]
            for m in how.loc[how["p_bh"] < SIGNIFICANT, "measure"].unique()
        ],
        "lengths": [
            (version.wave(r["year"]), f"{r['estimate']:.0f}")
            for r in (words[:1] + words[-1:] if len(words) > 1 else [])
        ],
    }


def _tested(table: pd.DataFrame) -> bool:
    """Whether there are years to differ, and a test of it that may be shown."""
    return table["year"].nunique() > 1 and bool(table["p_bh"].notna().any())


def _unsure(version: Version) -> dict[str, Any]:
    table = version.tables["topic_unassigned"]
    shown = table[table["estimate"].notna()]
    return {
        "table": grids.unassigned_grid(table, version.waves),
        "low": form.percent(shown["estimate"].min()),
        "high": form.percent(shown["estimate"].max()),
        "moves": form.points(shown["moves"].max()).lstrip("+"),
        "known": len(shown) > 0,
    }


def _same_mix(version: Version, changes: pd.DataFrame) -> dict[str, Any] | None:
    """Changes of the last year at a fixed respondent mix, beside the unadjusted ones."""
    table = version.tables.get("standardised_changes")
    if table is None:
        return None
    rows = table[(table["year"] == changes["year"].max()) & (table["status"] == SHOWN)]
    if rows.empty:
        return None
    found = set(rows.loc[rows["changed"] == "yes", "theme"])
    as_is = set(changes.loc[changes["p_bh"] < SIGNIFICANT, "theme"])
    return {
        "table": drift_grids.standardised_grid(
            rows, version.labels, exact=isinstance(version, Private)
        ),
        "stay": len(as_is & found),
        "were": len(as_is),
        "new": len(found - as_is),
        "checked": int((rows["checked"] == CORRECTED).sum()),
        "found": int(rows["finding"].isin((ROSE, FELL)).sum()),
    }


def _sources(version: Version, last: int, names: dict[int, str]) -> dict[str, Any]:
    """Sources of uncertainty, and corrected changes of the last year."""
    tables, baseline = version.tables, names[version.about.baseline]
    table, changes = tables["change_sources"], tables.get("corrected_changes")
    out: dict[str, Any] = {"table": drift_grids.sources_grid(table, baseline)}
    out |= {"corrected": None, "errors": None}
    if changes is not None:
        rows = changes[(changes["year"] == last) & (changes["status"] == SHOWN)]
        caption = f"{names[last]} against {baseline}: machine and corrected"
        grid = drift_grids.corrected_grid(rows, version.labels, caption)
        out["corrected"] = grid if len(rows) else None
        out["errors"] = checked.errors(version)
    return out


def _by_year(version: Version) -> dict[str, Any] | None:
    """Both coders by year: where their prevalence differs, and the direction of their changes."""
    years, changes = (version.tables.get(f"agreement_{name}") for name in ("years", "changes"))
    if years is None or changes is None:
        return None
    shown = years[years["status"] == SHOWN]
    if shown.empty:
        return None
    one, two = (clean(c) for c in version.about.coders["agreement"])
    return {
        "table": agreement_grids.agreement_years_grid(
            years,
            version.labels,
            version.waves,
            (one, two),
            exact=isinstance(version, Private),
        ),
        "shown": f"{len(shown):,}",
        "differ": int(((shown["low"] > 0) | (shown["high"] < 0)).sum()),
        "changes": _both_changes(version, changes),
    }


def _both_changes(version: Version, changes: pd.DataFrame) -> dict[str, Any] | None:
    """Changes to the last year by both coders; None if none can be shown."""
    rows = changes[(changes["year"] == changes["year"].max()) & (changes["status"] == SHOWN)]
    if rows.empty:
        return None
    last, first = (version.wave(y) for y in rows.iloc[0][["year", "against"]])
    caption = f"{last} against {first}: human and machine codes"
    return {
        "table": agreement_grids.agreement_changes_grid(rows, version.labels, caption),
        "between": (first, last),
        "n_changed": int((rows["way"] != "unclear").sum()),
        "n_same": int((rows["way"] == "same").sum()),
    }


def _agreement(version: Version) -> dict[str, Any] | None:
    out = {"benchmark": _measures(version, "people"), "pair": _measures(version, "agreement")}
    if out["pair"] is not None:
        out["pair"] |= _pair(version)
    return out if any(out.values()) else None


def _measures(version: Version, start: str) -> dict[str, Any] | None:
    """Agreement of any two coders."""
    overall = version.tables.get(f"{start}_overall")
    if overall is None:
        return None
    themes = version.tables[f"{start}_themes"]
    f1 = overall.set_index("measure")["estimate"].get("f1_macro")
    one, two = (clean(c) for c in version.about.coders[start])
    return {
        "n": form.count(overall["n"].iloc[0]),
        "f1": form.coefficient(f1) if form.known(f1) else "not estimable",
        "overall": agreement_grids.overall_grid(overall),
        "themes": agreement_grids.agreement_grid(themes, one, two),
    }


def _pair(version: Version) -> dict[str, Any]:
    """What the report adds on machine and human codes."""
    rule, labels = version.disclosure, version.labels
    of = {
        name: version.tables[f"agreement_{name}"]
        for name in ("overall", "themes", "convergence", "matches", "levels", "partition", "design")
    }
    return {
        "few": bool(of["overall"]["n"].iloc[0] < rule.percent_base),
        "convergence": agreement_grids.convergence_grid(of["convergence"]),
        "different": agreement_grids.matches_grid(of["matches"], labels, rule.min_cell),
        "levels": agreement_grids.levels_grid(of["levels"]),
        "partition": agreement_grids.partition_grid(of["partition"]),
        "design": agreement_grids.design_grid(of["design"]),
        "years": _by_year(version),
        "f1_chart": trust.f1_chart(version),
        "words": trust.f1_words(version),
        "certified": trust.certified_words(version),
        "certificate": trust.certificate_grid(version),
    }
