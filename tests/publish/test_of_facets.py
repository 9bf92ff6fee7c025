"""Facets beside themes: counted by sets, and shown only where no small count follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import standins

from iapt_topics.frame.theme import Facet, FacetValue
from iapt_topics.publish import publish
from iapt_topics.publish.disclosure import at_least


def made(beside, *, n=700, min_respondents=10):
    """A study with one facet of two values; ``beside`` says who has which, by response."""
    survey = standins.responses(n=n)
    coded = standins.codes(survey)
    frame = standins.frame()
    values = tuple(FacetValue(id=v, label=v.title()) for v in ("barrier", "help"))
    frame = replace(frame, facets=(Facet(id="role", label="Role", values=values),))
    rows = coded.table.assign(
        sentence=0, facet="role", margin=2.0, carried="", note="",
        value=[beside(i, t) for i, t in zip(coded.table["response_id"], coded.table["theme"],
                                            strict=True)],
    ).drop(columns="score")  # fmt: skip
    topics = standins.topics(survey)
    mapping = replace(standins.mapping(topics), frame=frame)
    study = standins.study_of(responses=survey, codes=coded, topics=topics, mapping=mapping,
                              facets=rows)  # fmt: skip
    rule = at_least(min_respondents, "test", 1, 1)
    return study, publish(study, rule)


def number(response_id):
    return int(response_id.removeprefix("r"))


def test_exact_tables_count_each_response_once():
    study, _ = made(lambda i, t: "barrier" if number(i) % 2 else "")
    by_theme = study.tables["facet_themes"].set_index(["theme", "value"])
    given = study.codes.table
    for theme in study.codes.themes:
        ids = given.loc[given["theme"] == theme, "response_id"]
        odd = sum(number(i) % 2 for i in ids)
        assert by_theme.loc[(theme, "barrier"), "count"] == odd
        assert by_theme.loc[(theme, "barrier"), "n"] == len(ids)
        assert by_theme.loc[(theme, "help"), "count"] == 0
    by_year = study.tables["facet_years"]
    years = study.responses.kept.set_index("response_id")["year"]
    coded = {i for i in given["response_id"] if number(i) % 2}
    count = by_year[by_year["value"] == "barrier"].set_index("year")["count"]
    pd.testing.assert_series_equal(
        count.astype(int), years[sorted(coded)].value_counts().sort_index(), check_names=False,
        check_dtype=False,
    )  # fmt: skip


def test_neither_a_small_count_nor_a_small_rest_is_shown():
    # All but four of S1's responses have the value: the four would follow from the two counts.
    study, published = made(lambda i, t: "barrier" if t != "S1" or number(i) > 60 else "")
    rows = published.tables["facet_themes"].set_index(["theme", "value"])
    exact = study.tables["facet_themes"].set_index(["theme", "value"])
    for key, row in rows.iterrows():
        count, n = exact.loc[key, ["count", "n"]]
        if row["status"] == "shown":
            assert row["count"] == count
            assert count == 0 or count >= 10
            assert n - count == 0 or n - count >= 10
        else:
            assert np.isnan(row["estimate"])


def test_a_year_is_not_shown_where_a_theme_taken_off_it_leaves_few():
    # The value stands beside I1 alone, but for three responses.
    def beside(i, t):
        return "barrier" if t == "I1" or (t == "S3" and number(i) % 40 == 0) else ""

    study, published = made(beside)
    few = [i for i, t in study.codes.table[["response_id", "theme"]].to_numpy()
           if t == "S3" and number(i) % 40 == 0]  # fmt: skip
    assert 0 < len(few) < 10
    rows = published.tables["facet_years"]
    assert (rows.loc[rows["value"] == "barrier", "status"] == "suppressed").all()


def test_other_published_figures_do_not_change_for_the_facets():
    study, published = made(lambda i, t: "barrier" if number(i) % 3 else "help")
    without = publish(replace(study, facets=None), published.disclosure).tables
    assert {"facet_themes", "facet_years"} == set(published.tables) - set(without)
    for name, table in without.items():
        pd.testing.assert_frame_equal(table, published.tables[name])


def test_without_facets_there_is_no_table():
    study = standins.study_of(responses=standins.responses(n=200))
    assert "facet_years" not in study.tables
    assert "facet_years" not in publish(study).tables
    with pytest.raises(KeyError):
        study.tables["machine_facets"]
