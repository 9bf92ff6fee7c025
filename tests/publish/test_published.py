"""What may be published as one value: what it is made of, and why a figure is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pandas as pd
import pytest
import standins
from test_publish import crafted

from iapt_topics._base.findings import Finding, findings_table
from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.drift.drift import measure_drift
from iapt_topics.drift.standardise import standardise_drift
from iapt_topics.publish.disclosure import STRICT, Disclosure
from iapt_topics.publish.published import Published, publish
from iapt_topics.publish.quotes import Quote
from iapt_topics.study.about import About
from iapt_topics.study.study import Study
from iapt_topics.topics.topics import TopicConfig

NOTE = "survey: 3 text(s) are not coded: 'r17'."


@pytest.fixture(scope="module")
def study() -> Study:
    survey = replace(
        standins.responses(), findings=findings_table([Finding("long texts", "survey", 3, NOTE)])
    )
    coded, found = standins.codes(survey), standins.topics(survey)
    one, two = (
        replace(
            coded, coder=name, kind="human", table=coded.table.sample(frac=0.8, random_state=at)
        )
        for at, name in enumerate(("one", "two"))
    )
    return standins.study_of(
        responses=survey, topics=found, mapping=standins.mapping(found), codes=coded,
        human=(one, two),
        drift=measure_drift(coded, survey, n_boot=5), axis_drift=standins.axis_drift(survey, coded),
        comparison=compare_codes(one, coded, responses=survey, n_boot=5),
        benchmark=compare_codes(one, two, responses=survey, n_boot=5),
        standardised=standardise_drift(coded, survey, ["role"]),
    )  # fmt: skip


@pytest.fixture(scope="module")
def published(study) -> Published:
    return publish(study, "strict")


def reached(value: object, at: str = "published") -> Iterator[tuple[str, object]]:
    """Every value that a reader of this one comes to, and the way there."""
    yield at, value
    if is_dataclass(value):
        # Also what is kept once it was worked out.
        names = [f.name for f in fields(value)] + list(getattr(value, "__dict__", ()))
        inside = [(n, getattr(value, n)) for n in names]
    elif isinstance(value, pd.DataFrame):
        inside = [(c, v) for c in value.columns for v in value[c]] + list(value.attrs.items())
    elif isinstance(value, Mapping):
        inside = [*value.items(), *((f"key {k}", k) for k in value)]
    elif isinstance(value, (tuple, list, set, frozenset)):
        inside = list(enumerate(value))
    else:
        return
    for name, part in inside:
        yield from reached(part, f"{at}.{name}")


PLAIN = (str, int, float, np.integer, np.floating, np.bool_, type(None))
VALUES = (Published, About, Disclosure, Quote, TopicConfig, pd.DataFrame, Mapping, tuple)


def test_nothing_exact_is_reached_from_what_is_published(study, published):
    assert published.labels
    assert published.topic_names
    every = list(reached(published))
    assert len(every) > 10_000
    assert not {k: type(v) for k, v in every if not isinstance(v, (*PLAIN, *VALUES))}
    own = {id(v) for name, v in study.tables.items() if name != "frame"}
    assert not [k for k, v in every if id(v) in own]
    ids = set(study.responses.table["response_id"]) | set(study.responses.table["respondent_id"])
    assert not [k for k, v in every if isinstance(v, str) and v in ids]
    counts = {"n_effective", "n_respondents", "n_responses", "exemplars"}
    assert not [n for n, t in published.tables.items() if counts & set(t.columns)]


def test_notes_of_the_file_are_for_the_researcher_alone(study, published):
    assert study.tables["survey_findings"]["done"].tolist() == [NOTE]
    assert not [k for k, v in reached(published) if isinstance(v, str) and "r17" in v]


def test_every_published_table_is_one_of_the_study_with_its_columns(study, published):
    # Exactly, no wave need be merged with another.
    tables = {n: t for n, t in published.tables.items() if n != "merged_shares"}
    assert set(tables) <= set(study.tables)
    missing = {
        name: set(table.columns) - set(study.tables[name].columns) for name, table in tables.items()
    }
    assert not {name: columns for name, columns in missing.items() if columns}


# Why a figure is missing


def yearly(*years: tuple[int, int, int]) -> dict:
    """Years with so many responses, of which so many have S1."""
    return crafted(*(
        {"n": n, "year": year, "machine": given, "human": given}
        for year, of, has in years
        for n, given in ((has, ("S1",)), (of - has, ()))
    ))  # fmt: skip


def measured(results: dict) -> Mapping[str, pd.DataFrame]:
    results["drift"] = measure_drift(results["codes"], results["responses"], n_boot=1)
    return standins.published_tables(replace(STRICT, percent_base=50), **results)


def test_what_is_made_of_a_share_is_missing_for_the_reason_that_the_share_is():
    # Of 2015 there are too few for a percentage, of 2016 too few with S1, whom 2017 hides.
    years = (2014, 100, 40), (2015, 40, 30), (2016, 100, 4), (2017, 100, 12), (2018, 100, 30)
    tables = measured(yearly(*years))
    expected = {2015: "small base", 2016: "suppressed", 2017: "suppressed", 2018: "shown"}
    few = "base of fewer than 50 responses"
    notes = {2015: few, 2016: "suppressed", 2017: "suppressed", 2018: ""}
    for name in ("drift_changes", "agreement_changes", "corrected_changes"):
        rows = tables[name].query("theme == 'S1' and against == 2014")
        assert dict(zip(rows["year"], rows["status"], strict=True)) == expected, name
        assert dict(zip(rows["year"], rows["note"], strict=True)) == notes, name
    corrected = tables["corrected_shares"].query("theme == 'S1'").set_index("year")["status"]
    assert corrected.to_dict() == {2014: "shown"} | expected
    trends = measured(yearly((2014, 100, 40), (2015, 40, 20), (2016, 90, 30)))["drift_trends"]
    rows = trends.query("theme == 'S1'")
    assert set(rows["status"]) == {"shown"}
    assert rows["note"].str.contains("without 2015").all()


def test_a_corrected_share_is_suppressed_and_not_called_weighted():
    # Of the 36 to which people gave S1, the machine gave it to 4.
    results = crafted(
        {"n": 4, "year": 2014, "machine": ("S1",), "human": ("S1",)},
        {"n": 32, "year": 2014, "machine": (), "human": ("S1",)},
        {"n": 60, "year": 2014, "machine": (), "human": ()},
        {"n": 90, "year": 2014, "machine": ("S1",)}, {"n": 50, "year": 2014, "machine": ()},
    )  # fmt: skip
    table = results["responses"].table
    weight = np.where(np.arange(len(table)) % 2, 0.8, 1.2)
    results["responses"] = replace(results["responses"], table=table.assign(weight=weight))
    rows = measured(results)["corrected_shares"].query("theme == 'S1'")
    assert rows[["status", "note"]].to_numpy().tolist() == [["suppressed", "suppressed"]]


def test_a_year_that_people_did_not_code_is_said_to_be_so():
    results = crafted(
        {"n": 60, "year": 2014, "machine": ("S1",), "human": ("S1",)},
        {"n": 60, "year": 2014, "machine": (), "human": ()},
        {"n": 50, "year": 2015, "machine": ("S1",)}, {"n": 50, "year": 2015, "machine": ()},
    )  # fmt: skip
    rows = measured(results)["corrected_changes"].query("theme == 'S1'")
    assert rows["status"].tolist() == ["not coded"]
    assert rows["note"].str.startswith("no response of this year").all()


def test_a_measure_that_is_not_defined_is_not_said_to_be_shown_or_suppressed():
    # Nobody gave I1 or S2.
    results = yearly((2014, 100, 40), (2015, 100, 40))
    result = results["comparison"]
    overall = result.overall.assign(estimate=np.nan, note="7 responses left out")
    themes = result.themes.assign(f1=result.themes["f1"].where(result.themes["theme"] == "S1"))
    results["comparison"] = replace(result, overall=overall, themes=themes)
    tables = measured(results)
    assert (tables["agreement_overall"]["status"] == "not estimable").all()
    assert (tables["agreement_overall"]["note"] == "not estimable").all()
    for name in ("agreement_themes", "agreement_convergence"):
        status = tables[name].set_index("theme")["status"].to_dict()
        assert status == {"I1": "not estimable", "S1": "shown", "S2": "not estimable"}, name
    corrected = tables["corrected_shares"].query("theme == 'I1'")
    assert (corrected["status"] == "not estimable").all()
    widths = tables["change_sources"].query("what == 'themes'")
    assert (widths["status"] == "not estimable").all()


def test_why_kappa_is_not_estimated_is_not_said_of_a_theme_that_is_suppressed():
    # 4 with S1: "too few positives" or "applied to all" would say more of it than "suppressed".
    results = yearly((2014, 100, 4))
    themes = results["comparison"].themes.assign(kappa_status="too few positives")
    results["comparison"] = replace(results["comparison"], themes=themes)
    rows = measured(results)["agreement_themes"].set_index("theme")
    assert rows.loc["S1", ["status", "kappa_status"]].tolist() == ["suppressed", ""]
    assert rows.loc["S2", "kappa_status"] == "too few positives"
