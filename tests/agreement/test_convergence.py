from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from coded_surveys import make, pair, survey_of

from iapt_topics._base.errors import InputError
from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.agreement.convergence import disagreements, read_convergence, write_convergence


@pytest.fixture
def comparison():
    x, y = pair(k=4)
    labels = {"T0": "=1+1", "T1": "  Naïve, “quoted”\nlabel"}
    return compare_codes(make(x, labels=labels), make(y, "m"), n_boot=20)


def edited(path, change):
    read, write = (pd.read_excel, "to_excel") if path.suffix == ".xlsx" else (pd.read_csv, "to_csv")
    sheet = read(path, dtype=str, keep_default_na=False)
    getattr(change(sheet), write)(path, index=False)


def with_cells(**cells):
    def change(sheet):
        for column, (row, value) in cells.items():
            sheet.loc[row, column] = value
        return sheet

    return change


@pytest.mark.parametrize("name", ["matrix.csv", "matrix.xlsx"])
def test_ratings_come_back_as_edited_and_nothing_else_does(comparison, tmp_path, name):
    path = write_convergence(tmp_path / name, comparison)
    same = read_convergence(path, comparison)
    pd.testing.assert_frame_equal(same.convergence, comparison.convergence, check_dtype=False)

    def change(sheet):
        sheet.loc[0, ["rating", "rater", "rationale"]] = ["Dissonance ", "J. Reader", "other sense"]
        sheet.loc[1, "rater"] = "J. Reader"
        sheet["f1"] = "9"
        return sheet.iloc[::-1]

    edited(path, change)
    got = read_convergence(path, comparison).convergence
    assert list(got["theme"]) == ["T0", "T1", "T2", "T3"]
    assert list(got["rating"])[:2] == ["dissonance", comparison.convergence["rating"][1]]
    assert list(got["rater"]) == ["J. Reader", "J. Reader", "", ""]
    assert list(got["rationale"]) == ["other sense", "", "", ""]
    assert list(got["proposed"]) == list(comparison.convergence["proposed"])
    assert list(got["f1"]) == list(comparison.convergence["f1"])
    assert (comparison.convergence["rater"] == "").all()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"rating": (0, "fine")}, r"must be one of 'agreement'.*'T0'"),
        ({"rating": (1, "silence"), "rationale": (1, "why")}, r"must name a rater.*'T1'"),
        ({"rationale": (1, "why")}, r"must name a rater.*'T1'"),
        ({"rating": (2, "silence"), "rater": (2, "J")}, r"must give a rationale.*'T2'"),
        ({"proposed": (3, "silence")}, r"as proposed by this comparison.*'T3'"),
        ({"theme": (3, "T9")}, r"'T3' missing and 'T9' unknown"),
        ({"theme": (3, "T0")}, r"must be unique"),
    ],
)
def test_faulty_rows_are_named(comparison, tmp_path, cells, said):
    path = write_convergence(tmp_path / "m.csv", comparison)
    edited(path, with_cells(**cells))
    with pytest.raises(InputError, match=said):
        read_convergence(path, comparison)


def test_faulty_files(comparison, tmp_path):
    with pytest.raises(InputError, match=r"\.csv or \.xlsx"):
        write_convergence(tmp_path / "m.txt", comparison)
    path = write_convergence(tmp_path / "m.csv", comparison)
    edited(path, lambda sheet: sheet.drop(columns="rater"))
    with pytest.raises(InputError, match="'rater'"):
        read_convergence(path, comparison)
    with pytest.raises(InputError, match="no such file"):
        read_convergence(tmp_path / "none.csv", comparison)


def scored():
    x, y = np.zeros((2, 30, 2), dtype=bool)
    x[:10, 0] = y[5:20, 0] = True  # five of the person's alone, ten of the machine's alone
    y[:5, 1] = True
    human, machine = make(x), make(y, "m")
    number = machine.table["response_id"].str[1:].astype(int)
    table = machine.table.assign(score=0.5 + 0.01 * number)
    return human, type(machine)(
        coder="m", kind="machine", themes=machine.themes, seen=machine.seen, table=table
    )


def test_disagreements_are_the_surest_of_both_ways():
    human, machine = scored()
    got = disagreements(human, machine, most=3)
    assert list(got.columns) == [
        "theme", "label", "given_by", "rank", "response_id", "score", "others", "n",
    ]  # fmt: skip
    assert list(got["response_id"]) == [
        "r00004", "r00003", "r00002", "r00019", "r00018", "r00017", "r00004", "r00003", "r00002",
    ]  # fmt: skip
    assert list(got["given_by"]) == ["h"] * 3 + ["m"] * 6
    assert list(got["n"]) == [5] * 3 + [10] * 3 + [5] * 3
    assert list(got["rank"]) == [1, 2, 3] * 3
    assert (got["others"][:3] == "T1").all()
    assert got["score"][3] == pytest.approx(0.69)
    read = disagreements(human, machine, responses=survey_of(human, 2015), most=3)
    assert (read["text"] == "call [phone]").all()
    assert (read["year"] == 2015).all()


def test_disagreements_of_people_and_of_none():
    human, _ = scored()
    assert len(disagreements(human, human)) == 0
    x, y = pair(n=60)
    got = disagreements(make(x), make(y, "m"))
    assert got["score"].isna().all()
    assert len(got) == got.groupby(["theme", "given_by"])["n"].first().clip(upper=10).sum()
    with pytest.raises(InputError, match="most"):
        disagreements(human, human, most=0)
