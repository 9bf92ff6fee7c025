"""The exact tables of a study, by the names and with the columns of the published ones.

Beside these are tables that are never published: by response, by reason, by method.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats
from iapt_topics._base.status import SIGNIFICANT
from iapt_topics.codes.axis import pole_codes
from iapt_topics.drift.machine_error import corrected_change_tests, error_by_year
from iapt_topics.drift.panel import measure_panel
from iapt_topics.drift.prevalence import NOT_RANDOM, shares_by_hand
from iapt_topics.drift.tables import FAMILIES, sources_table
from iapt_topics.drift.uncertainty import assignment_covariance, by_source
from iapt_topics.drift.word_shift import survey_words
from iapt_topics.mapping.mapping import mapping_coverage
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.share_model import ShareModel, YearSums, share_model, sum_cells
from iapt_topics.study.derived import (
    ENDS,
    RANDOM,
    UNCORRECTED,
    UNLIKE,
    add_findings,
    add_status,
    compare_changes,
    corrected_changes,
    crude_changes,
    mark_checked,
    pole_difference,
    widths_by_source,
)
from iapt_topics.study.facets import carried_values, facet_codes, facet_sets, named_values
from iapt_topics.study.hexagons import cut_hexagons
from iapt_topics.study.machine_checks import certificate_table, contrasts_table
from iapt_topics.study.places import response_places, topic_places
from iapt_topics.survey.respondents import is_panel, respondent_mix, response_quality, tabulated
from iapt_topics.topics.unassigned import unassigned_band

if TYPE_CHECKING:
    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.codes.codes import Codes
    from iapt_topics.frame.frame import ThemeFrame
    from iapt_topics.study.results import Results
    from iapt_topics.survey.responses import Responses
    from iapt_topics.topics.topics import Topics

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
        **_standardised_tables(study),
        **_panel_tables(study),
        **_axis_tables(study),
        **_facet_tables(study),
        **_topic_tables(study),
        **_agreement_tables("agreement", study.comparison),
        **_agreement_tables("people", study.benchmark),
    }
    if study.topic_comparison is not None:
        beside = ("matches", "levels", "partition")
        out |= {f"topics_people_{n}": getattr(study.topic_comparison, n) for n in beside}
    out |= _coded_by_people(study, out)
    kind, corrected = study.codes.kind, out.get("corrected_changes")
    out["drift_changes"] = add_findings(out["drift_changes"], kind, corrected)
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
        "drift_sources": drift.sources,
        "redactions": study.redactions,
    }
    return out | {name: table for name, table in private.items() if table is not None}


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
    kept = kept[kept["response_id"].isin(ids)]
    years, wave = np.unique(kept["year"].to_numpy(np.int64) * (not pooled), return_inverse=True)
    place = dict(zip(kept["response_id"], wave, strict=True))
    sums, model = model_shares(codes, responses.cluster_id.to_dict(), place, weights)
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
    by_theme = []
    for theme in study.codes.themes:
        ids = set(study.codes.table.loc[study.codes.table["theme"] == theme, "response_id"])
        rows = [(i, v) for v, of in beside.items() for i in of.get(theme, ()) if i in ids]
        table = pd.DataFrame(rows, columns=["response_id", "theme"]).assign(score=np.nan)
        if not ids:
            continue
        part = _prevalence(replace(values, table=table), responses, ids, weights, pooled=True)
        part = part.rename(columns={"theme": "value"}).drop(columns="year")
        known = [(theme, v) in carried for v in part["value"]]
        by_theme.append(named_values(part.assign(theme=theme, carried=known), frame))
    by_year = _prevalence(values, responses, seen, weights).rename(columns={"theme": "value"})
    tables = {"facet_years": named_values(by_year, frame)}
    if by_theme:
        tables["facet_themes"] = pd.concat(by_theme, ignore_index=True)
    return {name: add_status(t.assign(note="")) for name, t in tables.items()}


def _standardised_tables(study: Results) -> Tables:
    """Changes at a fixed mix beside the crude ones, and all tables by method."""
    result = study.standardised
    if result is None:
        return {}
    table = result.changes[result.changes["method"] == "standardised"].reset_index(drop=True)
    crude = crude_changes(table, study.drift.changes)["estimate"]
    changed = np.where(table["p_bh"] < 0.05, "yes", "no")
    return {
        "standardised_changes": add_status(table.assign(crude=crude, changed=changed)),
        "standardised_by_method": result.changes,
        "standardised_shares": result.shares,
        "standardised_trends": result.trends,
    }


def _panel_tables(study: Results) -> Tables:
    """Changes within the respondents of both years, of a survey whose respondents recur."""
    if not is_panel(study.responses):
        return {}
    table = measure_panel(study.codes, study.responses, baseline=study.drift.baseline).changes
    changed = np.where(table["p_bh"] < SIGNIFICANT, "yes", "no")
    return {"panel_changes": add_status(table.assign(changed=changed, family=FAMILIES["panel"]))}


def _topic_tables(study: Results) -> Tables:
    topics, mapping = study.topics, study.mapping
    themes, alone = mapping_coverage(mapping, topics)
    band = unassigned_band(topics, study.responses)
    count = mapping.scores[mapping.scores["chosen"]].groupby("theme")["n"].sum()
    themes = themes.rename(columns={"theme_label": "label"})
    themes = themes.assign(count=themes["theme"].map(count).fillna(0).astype(int))
    return {
        "topics": _topic_rows(topics),
        "topic_mapping": mapping.table,
        "topic_scores": mapping.scores,
        **_topic_map(topics, study.responses),
        "topic_runs": topics.runs,
        "topic_resolution": topics.resolution,
        "topic_hierarchy": _hierarchy(topics),
        "topic_unassigned": _unsure(band),
        "topic_sensitivity": band,
        "topic_coverage": alone,
        "theme_coverage": add_status(themes),
    }


def _topic_rows(topics: Topics) -> pd.DataFrame:
    """The topics, and the responses without one as topic -1."""
    table, of = topics.topics.drop(columns="exemplars"), len(topics.assignments)
    n = int((topics.assignments["topic"] < 0).sum())
    if n:
        low, high = (float(x) for x in wilson_interval(n, of))
        row = {"topic": -1, "label": "unassigned", "n": n, "words": "", "note": ""}
        row |= {"estimate": n / of, "low": low, "high": high}
        table = pd.concat([table, pd.DataFrame([row])], ignore_index=True)
    return add_status(table.assign(of=of, remark=table["note"]))


def _hierarchy(topics: Topics) -> pd.DataFrame:
    """The broad topic of each topic, and how many responses are in both."""
    table = topics.hierarchy.rename(columns={"n": "n_broad"})
    return table.merge(topics.topics[["topic", "label", "n"]], on="topic")


def _unsure(band: pd.DataFrame) -> pd.DataFrame:
    """Responses of each year without a stable topic, and how far their treatment moves a share."""
    topics, rows = band[band["topic"] >= 0], band[band["topic"] < 0]
    width = (topics["high"] - topics["low"]).groupby(topics["year"]).max()
    out = rows[["year", "n", "low", "high", "note"]].assign(estimate=rows["own_group"])
    out = out.assign(count=(out["estimate"] * out["n"]).round().astype(int))
    out = out.assign(moves=out["year"].map(width).fillna(0.0))
    return add_status(out.reset_index(drop=True))


def _topic_map(topics: Topics, responses: Responses) -> Tables:
    """Middle and radius of the disc of each topic, and its hexagons."""
    numbers, given = topics.topics["topic"].to_numpy(), topics.assignments
    discs = topic_places(topics.centroids, topics.topics["n"].to_numpy(dtype=float))
    of = np.flatnonzero(given["topic"] >= 0)
    column = {int(t): i for i, t in enumerate(numbers)}
    own = np.array([column[int(t)] for t in given["topic"].iloc[of]], dtype=np.intp)
    places = response_places(discs, topics.distribution[of], own)
    person = given["response_id"].iloc[of].map(responses.cluster_id.to_dict()).tolist()
    hexagons = cut_hexagons(places, own, discs, person, least=1)
    return {
        "topic_map": pd.DataFrame({"topic": numbers} | dict(zip("xyr", discs.T, strict=True))),
        "topic_hexagons": hexagons.assign(topic=numbers[hexagons["topic"].to_numpy(np.intp)]),
    }


def topic_widths(topics: Topics, responses: Responses, baseline: int) -> dict[str, Floats]:
    """Widths of the intervals of the topics' changes against the baseline, by source.

    Each run of the consensus is a draw; responses without a topic stay so.
    """
    kept = responses.kept.set_index("response_id").reindex(topics.assignments["response_id"])
    weight = kept["weight"].to_numpy(float) if "weight" in kept else None
    person = pd.factorize(responses.cluster_id.reindex(kept.index))[0]
    topic, ids = topics.assignments["topic"].to_numpy(), np.sort(topics.topics["topic"].to_numpy())
    years, at = np.unique(kept["year"].to_numpy(np.int64), return_inverse=True)
    if baseline not in years or len(years) < 2 or len(topics.votes) < 2 or not len(ids):
        return {}
    given, size = topic >= 0, np.bincount(at, weight)[:, None]
    of_given = None if weight is None else weight[given]
    shares = []
    for run in topics.votes:
        cell = at[given] * len(ids) + np.searchsorted(ids, run[given])
        shares.append(
            np.bincount(cell, of_given, size.size * len(ids)).reshape(len(years), -1) / size
        )
    sums = sum_cells(person, at, topic[:, None] == ids, weight)
    models = by_source(share_model(sums), assignment_covariance(shares), None)
    at_base = int(np.searchsorted(years, baseline))
    table = sources_table(sums, models, tuple(map(str, ids)), years, at_base)
    changes = table[table["measure"] == "change"]
    return {
        str(source): (part["high"] - part["low"]).to_numpy(float)
        for source, part in changes.groupby("source")
    }


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


def _coded_by_people(study: Results, out: Tables) -> Tables:
    """Both coders by year, their changes, and prevalence corrected by a random hand sample."""
    result, responses = study.comparison, study.responses
    known = {c.coder: c for c in (*study.human, study.codes)}
    one, two = (known.get(x) for x in (result.reference, result.other)) if result else (None, None)
    if result is None or one is None or two is None or result.years.empty:
        return {}
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
    picked = one.picked.issuperset(one.seen["response_id"])
    if picked or one.kind != "human" or study.codes.kind == "human":
        return tables  # what people picked to code is no sample that the rest could be corrected by
    both = shares_by_hand(study.codes, one, responses).set_index(["theme", "year"])
    corrected, machine = (both[both["method"] == m] for m in ("corrected", "machine"))
    corrected = corrected.assign(
        machine=machine["estimate"].reindex(corrected.index),
        sample=np.where(corrected["odd"], UNLIKE, RANDOM),
    )
    corrected = corrected.reset_index().drop(columns=["method", "variance", "odd"])
    tables["corrected_shares"] = add_status(corrected)
    tests = corrected_change_tests(study.codes, one, responses, study.drift.baseline)
    changes = corrected_changes(
        corrected.assign(n=corrected["n_human"]), out["drift_changes"], tests
    )
    note = np.where(changes["sample"] == UNLIKE, NOT_RANDOM, "")
    tables["corrected_changes"] = add_status(changes.assign(note=note))
    errors = error_by_year(study.codes, one, responses)
    errors = errors.assign(differs=np.where(errors["p_bh"] < SIGNIFICANT, "yes", "no"))
    tables["error_by_year"] = add_status(errors)
    return tables


def compared_ids(one: Codes, two: Codes) -> set[str]:
    """Responses that two coders saw and neither was trained on."""
    both = set(one.seen["response_id"]) & set(two.seen["response_id"])
    return both - one.unmeasured - two.unmeasured
