"""Waves merged where a theme is too rare in each: worked by hand, and nothing new is told."""

from __future__ import annotations

import pytest
from standins import published_tables
from test_publish import crafted

from iapt_topics.drift.drift import measure_drift


def survey(*counts: int) -> dict:
    """100 responses a year from 2014, so many of them with S1."""
    results = crafted(
        *(
            group
            for year, n in enumerate(counts, start=2014)
            for group in (
                {"n": n, "year": year, "machine": ("S1",)},
                {"n": 100 - n, "year": year, "machine": ()},
            )
            if group["n"]
        )
    )
    drift = measure_drift(results["codes"], results["responses"], n_boot=1)
    return results | {"drift": drift}


@pytest.fixture(scope="module")
def strict():
    return published_tables(**survey(4, 8, 40, 30), disclosure="strict")


def test_the_waves_that_cannot_be_shown_are_one(strict):
    (row,) = strict["merged_shares"].query("theme == 'S1'").to_dict("records")
    assert (row["first"], row["last"], row["n"]) == (2014, 2015, 200)
    # 82 in all, rounded to 80; 40 and 30 stand beside it.
    assert row["count"] == 10
    assert row["estimate"] == pytest.approx(0.05)
    assert row["low"] < 12 / 200 < row["high"]


def test_it_follows_from_what_is_published_besides(strict):
    (row,) = strict["merged_shares"].query("theme == 'S1'").to_dict("records")
    total = strict["theme_shares"].set_index("theme").loc["S1", "count"]
    years = strict["drift_shares"].query("theme == 'S1' and year > 2015")["count"]
    assert row["count"] == total - years.sum()


def test_a_trend_takes_them_as_one_and_says_so(strict):
    rows = strict["drift_trends"].query("theme == 'S1'").set_index("test")
    assert set(rows["note"].str.contains("2014 to 2015 as one")) == {True}
    assert rows.loc["linear", "estimate"] > 0
    assert rows.loc["omnibus", "p"] < 0.05


def test_a_theme_that_is_rare_in_the_first_and_last_wave_has_no_merged_ones():
    tables = published_tables(**survey(4, 40, 30, 8), disclosure="strict")
    assert tables["merged_shares"].empty
    rows = tables["drift_trends"].query("theme == 'S1'")
    assert set(rows["note"]) == {"without 2014, 2017"}


def test_of_few_nothing_is_merged():
    tables = published_tables(**survey(2, 3, 40, 30), disclosure="default")
    assert tables["merged_shares"].empty
    assert tables["drift_trends"].query("theme == 'S1'")["p"].notna().all()
