"""The two poles and the facets as charts: what is shown, and what is said of their accuracy."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import standins

from iapt_topics.publish import Private, keep_private
from iapt_topics.publish.disclosure import EXACT
from iapt_topics.report import poles
from iapt_topics.report.page import render
from iapt_topics.report.sections import page_values


def facets(theme):
    rows = [
        {"facet": "role", "facet_label": "Role", "value": v, "value_label": v.title(),
         "year": y, "theme": theme, "carried": v == "help", "count": 20 + 5 * i, "n": 100,
         "estimate": 0.2 + 0.05 * i, "low": 0.1, "high": 0.4, "status": "shown", "note": ""}
        for v in ("barrier", "help") for i, y in enumerate(standins.YEARS)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def version():
    survey = standins.responses()
    coded = standins.codes(survey)
    study = standins.study_of(
        responses=survey, codes=coded, axis_drift=standins.axis_drift(survey, coded)
    )
    made = keep_private(study)
    table = facets("S1")
    more = {"facet_years": table, "facet_themes": table.drop_duplicates("value")}
    return replace(made, tables=dict(made.tables) | more)


def test_both_poles_and_their_difference_are_drawn(version):
    found = poles.pole_charts(version)
    assert found["title"] == "Professional identity against The system"
    assert not found["blank"]
    for chart in (found["both"], found["difference"]):
        assert len(chart.table.head) == 1 + len(standins.YEARS)
        assert chart.svg.count("<circle") == len(chart.table.rows) * len(standins.YEARS)
    assert re.search(r"\d+ % to \d+ % of the responses", found["at_once"].replace("\u00a0", " "))


def test_suppressed_waves_have_no_point_and_all_of_them_no_chart(version):
    shares = version.tables["pole_shares"]
    gone = shares["year"] == 2016
    some = shares.assign(estimate=shares["estimate"].mask(gone), status="shown")
    shown = poles.pole_charts(replace(version, tables=dict(version.tables) | {"pole_shares": some}))
    assert shown["both"].svg.count("<circle") == 2 * (len(standins.YEARS) - 1)
    none = some.assign(estimate=np.nan)
    shown = poles.pole_charts(replace(version, tables=dict(version.tables) | {"pole_shares": none}))
    assert shown["blank"]
    values = page_values(replace(version, tables=dict(version.tables) | {"pole_shares": none}))
    assert "Every figure by wave is suppressed" in render(values)


def test_a_frame_without_poles_or_facets_has_none(version):
    tables = {k: v for k, v in version.tables.items() if not k.startswith(("pole", "facet"))}
    bare = Private(tables=tables, about=version.about, disclosure=EXACT)
    assert poles.pole_charts(bare) is None
    assert poles.facet_parts(bare) == []
    assert 'id="poles"' not in render(page_values(bare))


def test_values_are_apart_where_the_codebook_sets_one(version):
    (part,) = poles.facet_parts(version)
    assert part["label"] == "Role"
    assert part["by_wave"].svg.count("<circle") == 2 * len(standins.YEARS)
    ((how, table),) = part["themes"]
    assert how == "set by the codebook"
    assert table.rows[0][0] == "Targets and performance"
    assert table.rows[0][1].count('class="part') == 2


def test_accuracy_is_that_of_the_codebook_it_was_measured_on(version):
    assert "not known" in poles.facet_accuracy(version)
    about = replace(version.about, frame_version="iapt_identity_system, version 0.2")
    assert "F1 was .61 for barriers" in poles.facet_accuracy(replace(version, about=about))
    page = render(page_values(version))
    assert "How often it is right on these facets is not known." in page
    assert "Figures are associations within a response, not causes." in page
