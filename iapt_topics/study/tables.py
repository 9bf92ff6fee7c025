"""The exact tables of a study, by the names and with the columns of the published ones.

Beside these are tables that are never published: by response, by reason, by method.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.status import SIGNIFICANT
from iapt_topics.codes.axis import pole_codes
from iapt_topics.codes.codes import POLARITIES, is_among
from iapt_topics.drift.machine_error import corrected_tests, error_by_year
from iapt_topics.drift.prevalence import NOT_RANDOM, shares_by_hand
from iapt_topics.drift.word_shift import survey_words
from iapt_topics.stats.share_model import ShareModel, YearSums, share_model, sum_cells
from iapt_topics.study.adjusted import adjusted_tables
from iapt_topics.study.derived import (
    ENDS,
    RANDOM,
    UNCORRECTED,
    UNLIKE,
    add_findings,
    add_status,
    compare_changes,
    corrected_changes,
    corrected_trends,
    mark_checked,
    pole_difference,
    widths_by_source,
)
from iapt_topics.study.facets import carried_values, facet_codes, facet_sets, named_values
from iapt_topics.study.machine_checks import certificate_table, contrasts_table
from iapt_topics.study.topic_tables import topic_tables, topic_widths
from iapt_topics.survey.respondents import respondent_mix, response_quality, tabulated

if TYPE_CHECKING:
    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.codes.codes import Codes
    from iapt_topics.frame.frame import ThemeFrame
    from iapt_topics.study.results import Results
    from iapt_topics.survey.responses import Responses

Tables = dict[str, pd.DataFrame]


def exact_tables(study: Results) -> Tables:
    """Every table of a study by name."""
    drift = study.drift
    out = {
        "frame": frame_table(study.mapping.frame),
        **_survey_tables(study.responses),
        "theme_shares": _over_all_years(study),
        **{
            f"drift_{name}": add_status(getattr(drift, name))
            for name in ("shares", "changes", "trends", "changepoints", "distances")
        },
        "word_shifts": add_status(survey_words(study.responses, drift.baseline).assign(note="")),
        **_axis_tables(study),
        **_facet_tables(study),
        **topic_tables(study),
        **_agreement_tables("agreement", study.comparison),
        **_agreement_tables("people", study.benchmark),
    }
    if study.topic_comparison is not None:
        beside = ("matches", "levels", "partition")
        out |= {f"topics_people_{n}": getattr(study.topic_comparison, n) for n in beside}
    human = _random_hand_codes(study)
    out |= _coded_by_people(study, out, human)
    odd: set[str] = set()
    if human is not None:
        looks = out["corrected_shares"]
        odd = set(looks.loc[looks["sample"] == UNLIKE, "theme"])
    out |= adjusted_tables(study, human, odd)
    kind = study.codes.kind
    for name in ("changes", "trends"):
        table = out[f"drift_{name}"]
        out[f"drift_{name}"] = add_findings(table, kind, out.get(f"corrected_{name}"))
    for name in UNCORRECTED:
        if name in out:
            out[name] = mark_checked(out[name], kind)
    widths = topic_widths(study.topics, study.responses, drift.baseline)
    changed = out.get("corrected_changes")
    out["change_sources"] = widths_by_source(changed, out["drift_changes"], widths)
    private = {
        # What was noticed in the file can have counts and ids.
        "survey_findings": _all_findings(study),
        "certificate": certificate_table(study),
        "error_contrasts": contrasts_table(study),
        "topic_assignments": study.topics.assignments,
        "machine_codes": study.codes.table,
        "machine_evidence": study.codes.evidence,
        "machine_facets": study.facets,
        "theme_polarity": theme_polarity(study.codes),
        "drift_sources": drift.sources,
        "redactions": study.redactions,
    }
    if study.wave is not None:
        ids = study.wave.groups["response_ids"].map(", ".join)
        private["wave_novelty"] = study.wave.novelty
        private["wave_groups"] = study.wave.groups.assign(response_ids=ids)
    return out | {name: table for name, table in private.items() if table is not None}


def theme_polarity(codes: Codes) -> pd.DataFrame | None:
    """How many of each theme's codes say it, deny it or only mention it; None if none is marked.

    One row for each theme: ``theme``; ``said``, ``denied``, ``mentioned`` (codes); ``past``,
    ``hypothetical``, ``others`` (of those mentioned, where a cue says so); ``n`` (codes).
    """
    evidence = codes.evidence
    if evidence is None or "polarity" not in evidence:
        return None
    themes = pd.Index(codes.themes, name="theme")
    marks = pd.crosstab(evidence["theme"], evidence["polarity"])
    reasons = pd.crosstab(evidence["theme"], evidence["polarity_reason"])
    table = pd.concat(
        [
            marks.reindex(index=themes, columns=list(POLARITIES), fill_value=0),
            reasons.reindex(index=themes, columns=["past", "hypothetical", "others"], fill_value=0),
        ],
        axis=1,
    )
    table["n"] = table[list(POLARITIES)].sum(axis=1)
    return table.reset_index().rename_axis(columns=None)


def _all_findings(study: Results) -> pd.DataFrame:
    """What was found out about the file of the survey and those of codes."""
    tables = [study.responses.findings, *(c.findings for c in study.human)]
    return pd.concat(tables).drop_duplicates().reset_index(drop=True)


def frame_table(frame: ThemeFrame) -> pd.DataFrame:
    """The codebook: each theme with its domain, definition and where it comes from."""
    codable = {t.id for t in frame.codable}
    rows = [
        {
            "theme": t.id,
            "label": t.label,
            "domain": frame.find_domain(t.id),
            "codable": t.id in codable,
            "provenance": t.status,
            "definition": t.definition,
            "source": t.source,
        }
        for t in frame.themes
    ]
    return pd.DataFrame(rows)


def _survey_tables(responses: Responses) -> Tables:
    by_reason = responses.ledger
    ledger = by_reason.groupby(["year", "status"], sort=False)["n"].sum().reset_index()
    totals = by_reason.groupby("status", sort=False)["n"].sum()
    people = responses.cluster_id.nunique()
    rows = {"read": totals.sum(), **totals, "people": people}
    out = {
        "ledger": ledger.assign(note=""),
        "ledger_totals": pd.DataFrame({"status": list(rows), "n": list(rows.values()), "note": ""}),
        "ledger_questions": by_reason,
        "response_quality": add_status(response_quality(responses)),
    }
    if shown := tabulated(responses):
        out["respondent_mix"] = add_status(respondent_mix(responses, shown))
    return out


def coder_weights(responses: Responses, codes: Codes) -> dict[str, float]:
    """Survey weight of each response coded, of mean 1 in its year; none if all are 1."""
    kept = responses.kept
    if "weight" not in kept:
        return {}
    seen = kept[kept["response_id"].isin(codes.seen["response_id"])]
    weight = seen["weight"].astype(float)
    weight = weight / weight.groupby(seen["year"]).transform("mean")
    even = np.isclose(weight, 1, rtol=0, atol=1e-9).all()
    return {} if even else dict(zip(seen["response_id"], weight, strict=True))


def model_shares(
    codes: Codes,
    cluster: Mapping[Any, Any],
    wave: Mapping[str, int],
    weights: Mapping[str, float] | None = None,
) -> tuple[YearSums, ShareModel]:
    """YearSums and shares of each theme of some responses, by the wave of each.

    Parameters
    ----------
    codes : Codes
    cluster : mapping of str to str
        Cluster of each response.
    wave : mapping of str to int
        Number of the wave of each response that is counted, from 0.
    weights : mapping of str to float, optional
        Of each response.
    """
    ids = sorted(wave)
    person = np.unique([cluster[i] for i in ids], return_inverse=True)[1]
    waves = np.array([wave[i] for i in ids], dtype=np.intp)
    weight = np.array([weights[i] for i in ids]) if weights else None
    sums = sum_cells(person, waves, codes.matrix(ids, codes.themes), weight)
    return sums, share_model(sums)


def _prevalence(
    codes: Codes,
    responses: Responses,
    ids: Iterable[str],
    weights: Mapping[str, float] | None = None,
    *,
    pooled: bool = False,
) -> pd.DataFrame:
    """Prevalence of each theme among some responses: themes in their order, each with its years.

    ``pooled`` takes all years as one, year 0.
    """
    kept = responses.kept
    inside = is_among(kept["response_id"], set(ids))
    kept, cluster = kept[inside], responses.cluster_id[inside].to_dict()
    years, wave = np.unique(kept["year"].to_numpy(np.int64) * (not pooled), return_inverse=True)
    place = dict(zip(kept["response_id"].tolist(), wave.tolist(), strict=True))
    sums, model = model_shares(codes, cluster, place, weights)
    themes = len(codes.themes)
    figures = {"count": sums.count.astype(int), "n": np.tile(sums.n.astype(int), (themes, 1)).T}
    figures |= {"estimate": model.share, "low": model.low, "high": model.high}
    figures["n_effective"] = model.effective
    keys = {"theme": np.repeat(list(codes.themes), len(years)), "year": np.tile(years, themes)}
    return pd.DataFrame(keys | {name: cells.T.ravel() for name, cells in figures.items()})


def _over_all_years(study: Results) -> pd.DataFrame:
    codes, responses = study.codes, study.responses
    weights, seen = coder_weights(responses, codes), codes.seen["response_id"]
    table = _prevalence(codes, responses, seen, weights, pooled=True).drop(columns="year")
    labels = {t.id: t.label for t in study.mapping.frame.themes}
    table.insert(1, "label", [labels.get(t, t) for t in table["theme"]])
    return add_status(table.assign(note=""))


def _axis_tables(study: Results) -> Tables:
    if study.axis_drift is None:
        return {}
    codes, responses = study.codes, study.responses
    weights, seen = coder_weights(responses, codes), codes.seen["response_id"]
    poles = _prevalence(pole_codes(codes, study.mapping.frame), responses, seen, weights)
    classes = add_status(study.axis_drift.shares)
    return {
        "axis_shares": classes,
        "pole_difference": pole_difference(classes),
        "pole_shares": add_status(poles.assign(note="")),
    }


def _facet_tables(study: Results) -> Tables:
    """Prevalence of each value of a facet: beside each theme, and by year."""
    if study.facets is None:
        return {}
    frame, responses = study.mapping.frame, study.responses
    values, carried = facet_codes(study.facets, study.codes, frame), carried_values(frame)
    weights, seen = coder_weights(responses, study.codes), study.codes.seen["response_id"]
    beside = facet_sets(study.facets)
    given = {t: set(ids) for t, ids in study.codes.table.groupby("theme")["response_id"]}
    by_theme = []
    for theme in study.codes.themes:
        ids = given.get(theme, set())
        rows = [(i, v) for v, of in beside.items() for i in of.get(theme, ()) if i in ids]
        table = pd.DataFrame(rows, columns=["response_id", "theme"]).assign(score=np.nan)
        if not ids:
            continue
        coded = values.seen[
            is_among(values.seen["response_id"], ids)
        ]  # not all, once for each theme
        own = replace(values, seen=coded, table=table)
        part = _prevalence(own, responses, ids, weights, pooled=True)
        part = part.rename(columns={"theme": "value"}).drop(columns="year")
        known = [(theme, v) in carried for v in part["value"]]
        by_theme.append(part.assign(theme=theme, carried=known))
    by_year = _prevalence(values, responses, seen, weights).rename(columns={"theme": "value"})
    tables = {"facet_years": named_values(by_year, frame)}
    if by_theme:
        tables["facet_themes"] = named_values(pd.concat(by_theme, ignore_index=True), frame)
    return {name: add_status(t.assign(note="")) for name, t in tables.items()}


def _agreement_tables(start: str, result: Comparison | None) -> Tables:
    if result is None:
        return {}
    design = pd.DataFrame({"part": list(result.design), "value": list(result.design.values())})
    return {
        f"{start}_overall": add_status(result.overall),
        f"{start}_themes": add_status(result.themes, "f1"),
        f"{start}_convergence": add_status(result.convergence, "f1"),
        f"{start}_matches": result.matches,
        f"{start}_levels": result.levels,
        f"{start}_partition": add_status(result.partition),
        f"{start}_design": design,
    }


def _both_coders(study: Results) -> tuple[Codes, Codes] | None:
    """The reference and the other coder of the comparison, if it has years."""
    result = study.comparison
    if result is None or result.years.empty:
        return None
    known = {c.coder: c for c in (*study.human, study.codes)}
    one, two = known.get(result.reference), known.get(result.other)
    return None if one is None or two is None else (one, two)


def _random_hand_codes(study: Results) -> Codes | None:
    """People's codes that the machine's can be corrected by, if there are any.

    What people picked to code is no sample that the rest could be corrected by.
    """
    both = _both_coders(study)
    if both is None or both[0].kind != "human" or study.codes.kind == "human":
        return None
    return None if both[0].picked.issuperset(both[0].seen["response_id"]) else both[0]


def _coded_by_people(study: Results, out: Tables, human: Codes | None) -> Tables:
    """Both coders by year, their changes, and prevalence corrected by a random hand sample."""
    result, responses, coders = study.comparison, study.responses, _both_coders(study)
    if result is None or coders is None:
        return {}
    one, two = coders
    table = result.years
    for side, codes in (("reference", one), ("other", two)):
        shares = _prevalence(codes, responses, compared_ids(one, two))
        shares = shares.set_index(["theme", "year"]).reindex(
            pd.MultiIndex.from_frame(table[["theme", "year"]])
        )
        ends = {f"share_{side}{ENDS[c]}": shares[c].to_numpy() for c in ("low", "high")}
        table = table.assign(**ends)
    tables = {"agreement_years": add_status(table)}
    changes = compare_changes(table, study.drift.baseline).assign(note="")
    tables["agreement_changes"] = add_status(changes, "change_reference")
    if human is None:
        return tables
    both = shares_by_hand(study.codes, one, responses).set_index(["theme", "year"])
    corrected, machine = (both[both["method"] == m] for m in ("corrected", "machine"))
    corrected = corrected.assign(
        machine=machine["estimate"].reindex(corrected.index),
        sample=np.where(corrected["odd"], UNLIKE, RANDOM),
    )
    corrected = corrected.reset_index().drop(columns=["method", "variance", "odd"])
    tables["corrected_shares"] = add_status(corrected)
    tests = corrected_tests(study.codes, one, responses, study.drift.baseline)
    by_hand = corrected.assign(n=corrected["n_human"])
    found = {
        "changes": corrected_changes(by_hand, out["drift_changes"], tests[0]),
        "trends": corrected_trends(by_hand, out["drift_trends"], tests[1]),
    }
    for name, table in found.items():
        note = np.where(table["sample"] == UNLIKE, NOT_RANDOM, "")
        tables[f"corrected_{name}"] = add_status(table.assign(note=note))
    errors = error_by_year(study.codes, one, responses)
    errors = errors.assign(differs=np.where(errors["p_bh"] < SIGNIFICANT, "yes", "no"))
    tables["error_by_year"] = add_status(errors)
    return tables


def compared_ids(one: Codes, two: Codes) -> set[str]:
    """Responses that two coders saw and neither was trained on."""
    both = set(one.seen["response_id"]) & set(two.seen["response_id"])
    return both - one.unmeasured - two.unmeasured
