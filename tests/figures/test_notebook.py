from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import standins

from iapt_topics._base.result import as_html
from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.drift import measure_drift
from iapt_topics.drift.standardise import standardise_drift
from iapt_topics.encoders.embeddings import embed
from iapt_topics.figures import drift_figure
from iapt_topics.figures.notebook import as_picture
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.topics import TopicConfig


def tags(html: str) -> list[str]:
    seen: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _attrs: seen.append(tag)  # type: ignore[method-assign]
    parser.feed(html)
    return seen


def test_text_is_escaped_and_long_tables_are_cut():
    table = pd.DataFrame({"<b>": ["<script>bad()</script>"] * 500, "n": np.nan})
    html = as_html("<img onerror=x>", {"<i>": table})
    assert not set(tags(html)) & {"script", "img", "i", "b"}
    assert html.count("&lt;script&gt;") <= 10
    assert "500 rows" in html


def test_nothing_to_draw_is_no_figure():
    survey = standins.responses()
    drift = standins.drift(survey, standins.codes(survey))
    assert "img" in tags(as_picture("x", lambda: drift_figure(drift.shares)))
    assert "img" not in tags(as_picture("x", lambda: drift_figure(drift.shares, themes=[])))


def test_a_figure_shows_itself():
    survey = standins.responses()
    figure = drift_figure(standins.drift(survey, standins.codes(survey)).shares)
    assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.fixture
def fitted(survey, encoder):
    embeddings = embed(survey, encoder)
    return fit_topics(survey, embeddings, TopicConfig(n_runs=2))


@pytest.mark.slow
def test_topics_show_themselves(fitted):
    html = fitted._repr_html_()
    assert "img" in tags(html)
    assert "exemplars" not in html


def test_responses_show_their_ledger_and_no_text(survey):
    html = survey._repr_html_()
    assert {"img", "table"} <= set(tags(html))
    assert "150 kept of 150 rows" in html
    assert "Clinical supervision" not in html


def test_drift_and_comparison_show_themselves(survey):
    ids = survey.kept[["response_id", "respondent_id"]]
    given = pd.DataFrame({"response_id": ids["response_id"][::3], "theme": "<S1>", "score": 0.5})
    made = {"themes": ("<S1>", "S2"), "seen": ids, "table": given}
    machine = Codes(coder="<machine>", kind="machine", **made)
    human = Codes(coder="anna", kind="human", **made)
    assert "&lt;machine&gt; (machine) on 150 responses" in machine._repr_html_()
    for result in (
        measure_drift(machine, survey, n_boot=10),
        compare_codes(human, machine, n_boot=10),
    ):
        html = result._repr_html_()
        assert {"img", "table"} <= set(tags(html))
        assert "s1" not in tags(html)
        assert "&lt;machine&gt;" in html


def test_a_study_and_a_fixed_mix_show_themselves():
    survey = standins.responses()
    coded = standins.codes(survey)
    drift = standins.drift(survey, coded)
    html = standins.study_of(responses=survey, codes=coded, drift=drift)._repr_html_()
    assert {"img", "table"} <= set(tags(html))
    assert not any(text in html for text in survey.kept["text"].head(20))
    html = standardise_drift(coded, survey, ["role"])._repr_html_()
    assert "Prevalence at a fixed mix of role" in html
