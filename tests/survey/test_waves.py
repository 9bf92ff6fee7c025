from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.survey.waves import read_years


@pytest.mark.parametrize(
    ("cell", "year", "label"),
    [
        ("2016", 2016, "2016"),
        (" 2016.0 ", 2016, "2016"),
        ("16", 2016, "2016"),
        ("'98", 1998, "1998"),
        ("2014/15", 2014, "2014/15"),
        ("2014-2015", 2014, "2014/15"),
        ("2014 \u2013 15", 2014, "2014/15"),
        ("1999/2000", 1999, "1999/00"),
        ("14/15", 2014, "2014/15"),
        ("2016-03-01", 2016, "2016"),
        ("2016-03-01 09:30:00", 2016, "2016"),
        ("2016-03-01T09:30Z", 2016, "2016"),
        ("31/12/2016", 2016, "2016"),
        ("1.3.2016 10:00", 2016, "2016"),
        ("1st March 2016", 2016, "2016"),
        ("Sept 2016", 2016, "2016"),
    ],
)
def test_years_that_are_read(cell, year, label):
    years, labels, notes = read_years([cell], "column 'y'")
    assert (years, labels) == ([year], [label])
    plain = cell.strip(" .0").startswith(str(year)) and ("-0" not in cell)
    assert len(notes) == (not plain)


@pytest.mark.parametrize(
    "cell",
    ["2014/16", "2015/14", "1", "216", "3000", "2016 ish", "wave 2", "16.5", "-16"],
)
def test_years_that_are_not(cell):
    with pytest.raises(InputError, match=r"1 other value\(s\)"):
        read_years(["2016", cell], "column 'y'")


def test_a_column_is_written_in_one_way():
    with pytest.raises(InputError, match="written in one way; got '2015/16' beside '2014'"):
        read_years(["2014", "2015/16"], "column 'y'")
    with pytest.raises(InputError, match=r"none in data row\(s\) 2, 3"):
        read_years(["2014", " ", ""], "column 'y'")


@pytest.mark.parametrize(
    ("waves", "said"),
    [
        (("Before", "before"), "must differ"),
        ("Before", "must be a list"),
        (("Before", "Aftr"), r"got 'After'\. Did you mean 'Aftr'"),
    ],
)
def test_waves_that_cannot_be_used(waves, said):
    with pytest.raises(InputError, match=said):
        read_years(["Before", "After"], "column 'y'", waves)


@given(st.lists(st.text(max_size=12), min_size=1))
def test_any_text_is_a_year_or_refused(cells):
    try:
        years, labels, _ = read_years(cells, "column 'y'")
    except InputError as error:
        years, labels = [], [str(error)]
    assert all(1900 <= y <= 2100 for y in years)
    assert len(labels) == max(len(years), 1)
