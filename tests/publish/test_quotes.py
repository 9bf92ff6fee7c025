"""Quotes of a theme: the sentence that carried it, one theme each, spread over years and people."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import standins
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from iapt_topics.publish import keep_private, publish, read_quotes, write_quotes
from iapt_topics.publish.cases import CASES, in_context, pick_cases
from iapt_topics.report.write import write_report
from iapt_topics.survey.sentences import sentence_spans

THEMES = ("S1", "S2", "I1")


@pytest.fixture(scope="module")
def study():
    """Each response has a sentence of its own for each of two themes."""
    survey = standins.responses(n=300)
    found = standins.topics(survey)
    ids = [int(i.removeprefix("r")) for i in survey.table["response_id"]]
    texts = [
        f"Hello there {i} friend. Targets rule us {i}. My caseload {i} grew x{i} y{i}." for i in ids
    ]
    survey = replace(survey, table=survey.table.assign(text=texts))
    coded = standins.codes(survey)
    rows = []
    for i, text in survey.kept[["response_id", "text"]].to_numpy():
        _, *spans = sentence_spans(text)
        for theme, (start, end) in zip(THEMES[:2], spans, strict=True):
            margin = 1 / (1 + int(i.removeprefix("r")) % 50)
            rows.append((i, theme, start, end, margin, "targets", "definition"))
    columns = ["response_id", "theme", "start", "end", "margin", "anchor", "anchor_kind"]
    evidence = pd.DataFrame(rows, columns=columns)
    given = evidence[["response_id", "theme"]].assign(score=1.0)
    coded = replace(coded, table=given, evidence=evidence)
    given = given[given["theme"] == "S1"].assign(score=float("nan"))
    human = replace(coded, coder="human", kind="human", evidence=None, table=given)
    return standins.study_of(responses=survey, topics=found, codes=coded, human=(human,))


def test_a_theme_is_quoted_by_its_own_sentence(study):
    quotes = [q for q in keep_private(study).quotes if q.theme]
    assert {q.theme for q in quotes} == {"S1", "S2"}
    for quote in quotes:
        assert ("Targets" if quote.theme == "S1" else "caseload") in quote.sentence
        assert quote.sentence in quote.text
        assert quote.text.startswith("Hello")
        assert quote.covariates
        assert quote.coders == (("human", quote.theme == "S1"),)


def test_cases_are_of_as_many_people_and_years_as_can_be(study):
    picked = pick_cases(study)
    assert picked["response_id"].is_unique
    assert study.responses.cluster_id[picked["response_id"]].is_unique
    count = picked.groupby(["theme", "case"]).size()
    assert count["S1", "typical"] == count["S2", "typical"] == CASES["typical"]
    assert count["S2", "contrary"] == 1
    assert ("S1", "contrary") not in count  # people applied it to every response
    years = study.responses.kept.set_index("response_id")["year"]
    typical = picked[picked["case"] == "typical"]
    of_year = years[typical["response_id"]].groupby(typical["theme"].to_numpy()).value_counts()
    assert of_year.max() == 2  # six from five years
    rows = picked.merge(study.codes.evidence)
    least = rows[rows["case"] == "typical"]["margin"].min()
    assert rows[rows["case"] == "borderline"]["margin"].max() < least


def test_the_same_words_are_quoted_once(study):
    texts = ["Targets rule us all here.", "TARGETS rule us, all here!"] * 150
    table = study.responses.table.assign(text=texts)
    start = study.codes.evidence.assign(start=0, end=25)
    codes = replace(study.codes, evidence=start)
    responses = replace(study.responses, table=table)
    picked = pick_cases(replace(study, responses=responses, codes=codes))
    assert picked["theme"].value_counts().to_dict() == {"S1": 1, "S2": 1}


def test_nobody_is_quoted_for_a_barred_theme_and_year(study):
    year = standins.YEARS[0]
    picked = pick_cases(study, {("S1", year)})
    years = study.responses.kept.set_index("response_id")["year"]
    assert year not in set(years[picked.loc[picked["theme"] == "S1", "response_id"]])
    assert year in set(years[picked.loc[picked["theme"] == "S2", "response_id"]])


def test_a_public_version_has_no_covariates_coders_or_contrary_case(study):
    quotes = publish(study, quotes=True).quotes
    assert {q.case for q in quotes if q.theme} == {"typical", "borderline"}
    assert not any(q.covariates or q.coders for q in quotes)


def test_a_private_version_marks_what_is_denied_or_only_mentioned(study, tmp_path):
    assert "theme_polarity" not in study.tables  # codes of an earlier version
    assert not any(q.polarity for q in keep_private(study).quotes)
    first = study.codes.evidence["theme"] == "S1"
    evidence = study.codes.evidence.assign(
        polarity=first.map({True: "denied", False: "mentioned"}),
        polarity_reason=first.map({True: "negated", False: "past"}),
        polarity_score=0.0,
    )
    study = replace(study, codes=replace(study.codes, evidence=evidence))
    private = keep_private(study)
    assert {(q.theme, q.polarity) for q in private.quotes if q.theme} == {
        ("S1", "denied"),
        ("S2", "past"),
    }
    counts = private.tables["theme_polarity"].set_index("theme")
    n = len(study.codes.table) // 2
    columns = ["said", "denied", "mentioned", "past", "hypothetical", "others", "n"]
    assert counts.loc["S1", columns].tolist() == [0, n, 0, 0, 0, 0, n]
    assert counts.loc["S2", columns].tolist() == [0, 0, n, n, 0, 0, n]
    assert counts.loc["I1", "n"] == 0
    page = write_report(tmp_path / "private.html", private).read_text("utf-8")
    assert f"Of {n} machine codes, 0 say it, {n} deny it, 0 mention it." in page
    assert f"{n} mention it" not in page  # nothing was read of S2
    assert "denied here" in page
    public = publish(study, quotes=True)
    assert not any(q.polarity for q in public.quotes)
    assert "theme_polarity" not in public.tables
    page = write_report(tmp_path / "public.html", public).read_text("utf-8")
    assert "deny it" not in page
    assert "denied here" not in page.casefold()


def test_the_sheet_names_theme_sentence_and_wave_and_lists_the_decisions(study, tmp_path):
    path = write_quotes(tmp_path / "quotes.xlsx", study)
    book = load_workbook(path)
    sheet, instructions = book.worksheets
    head = [c.value for c in sheet[1]]
    assert head[:7] == ["response_id", "theme", "label", "wave", "case", "sentence", "text"]
    (rule,) = sheet.data_validations.dataValidation
    assert rule.formula1 == '"approve,reject"'
    assert "approve" in instructions["A4"].value
    rows = pd.read_excel(path, dtype=str, keep_default_na=False)
    assert (rows["label"] == "Targets and performance").sum() >= 5
    assert all(s in t for s, t in zip(rows["sentence"], rows["text"], strict=True))
    rows["decision"], rows["approved_by"] = "approve", "A. Reader"
    rows.to_csv(tmp_path / "quotes.csv", index=False)
    approved = read_quotes(tmp_path / "quotes.csv", study.responses)
    found = publish(study, quotes=approved).quotes
    assert len(found) == len(rows)
    assert {q.text for q in found if q.theme} == set(rows.loc[rows["theme"] != "", "text"])
    assert all(q.sentence for q in found if q.theme)


@given(st.lists(st.text("ab cd.", min_size=1, max_size=60), min_size=1, max_size=6), st.data())
def test_words_in_context_are_the_response_s_own(parts, data):
    text = " ".join(parts)
    spans = sentence_spans(text)
    start, end = data.draw(st.sampled_from(spans))
    most = data.draw(st.integers(10, 200))
    shown, first, last = in_context(text, text, start, end, most)
    plain = " ".join(text.split())
    assert shown.strip("… ").strip() in plain
    assert shown[first:last].rstrip("…").strip() in " ".join(text[start:end].split())
    assert len(shown) <= most + 4
