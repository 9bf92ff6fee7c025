"""Results say themselves in one line, without a text of anyone."""

from __future__ import annotations

import standins

import iapt_topics as it


def test_a_result_says_what_it_holds_and_no_text(survey):
    said = repr(survey)
    assert said.startswith("Responses(table: 150 rows, source: ")
    assert not any(text in said for text in survey.table["text"])


def test_no_result_prints_its_tables(survey):
    codes = standins.codes(survey)
    comparison = it.compare_codes(codes, codes, n_boot=5)
    drift = it.measure_drift(codes, survey)
    for result in (codes, comparison, drift, it.load_frame("iapt_identity_system")):
        assert len(repr(result)) < 500
        assert "\n" not in repr(result)
        assert "rows" in repr(result) or "entries" in repr(result)
