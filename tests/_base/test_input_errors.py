from __future__ import annotations

import pickle

import pandas as pd
import pytest

from iapt_topics._base.errors import (
    InputError,
    listed,
    require_columns,
    require_file,
    require_unique,
    suggestion,
)


def test_error_is_one_line_of_four_parts_and_survives_pickling():
    error = InputError("column 'year'", "must contain whole years", "'x'", "Write 2016.")
    assert str(error) == "column 'year' must contain whole years; got 'x'. Write 2016."
    assert isinstance(error, ValueError)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), str(again), again.do) == (InputError, str(error), "Write 2016.")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "nothing"),
        (["a", 1], "'a', 1"),
        (range(5), "0, 1, 2, 3, 4"),
        (range(7), "0, 1, 2, 3, 4 and 2 more"),
    ],
)
def test_listed(values, said):
    assert listed(values) == said


def test_suggestion():
    assert suggestion("Coment", ["comment", "year"]) == "Did you mean 'comment'? "
    assert suggestion("YEAR", ["Year"]) == "Did you mean 'Year'? "
    assert suggestion("zzz", ["comment"]) == ""
    assert suggestion("x", []) == ""


def test_require_columns():
    table = pd.DataFrame({"comment": ["a"], 2016: [1]})
    require_columns(table, ["comment", "2016"], "survey")
    with pytest.raises(InputError, match=r"survey must have a column 'coment'.*'comment'\?"):
        require_columns(table, ["coment"], "survey")


def test_require_file(tmp_path):
    file = tmp_path / "a.csv"
    with pytest.raises(InputError, match="no such file"):
        require_file(file, "survey")
    with pytest.raises(InputError, match="a folder"):
        require_file(tmp_path, "survey")
    file.touch()
    assert require_file(file, "survey") == file


def test_require_unique():
    require_unique(pd.Series(["a", "b"]), "ids", "Mend.")
    with pytest.raises(InputError, match=r"ids must be unique; got 'a' more than once\. Mend\."):
        require_unique(pd.Series(["a", "b", "a"]), "ids", "Mend.")
