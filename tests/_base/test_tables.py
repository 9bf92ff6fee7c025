from __future__ import annotations

import datetime
import re
import sys
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from conftest import write
from hypothesis import given, settings
from hypothesis import strategies as st

from iapt_topics._base import limits as _limits
from iapt_topics._base.errors import InputError
from iapt_topics._base.parquet_pages import unpacked_sizes
from iapt_topics._base.tables import cell_text, read_table

ENDINGS = [".csv", ".tsv", ".xlsx", ".parquet", ".sav", ".zsav", ".dta"]
TEXT = "year,comment\n2016,Caf\u00e9 \u201cpay\u201d\n"


def book(path, rows, formats=(), sheets=()):
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for at, form in formats:
        made.active[at].number_format = form
    for name in sheets:
        made.create_sheet(name)
    made.save(path)
    return path


@pytest.mark.parametrize(
    ("encoding", "mark", "said"),
    [
        ("utf-8", "", ""),
        ("utf-8-sig", "", ""),
        ("cp1252", "", r"read as Windows-1252.* 3 other letter\(s\)"),
        ("utf-16", "", "read as UTF-16"),
        ("utf-16-le", "\ufeff", "read as UTF-16"),
        ("utf-16-be", "\ufeff", "read as UTF-16"),
        ("utf-16-le", "", "read as UTF-16"),
        ("utf-16-be", "", "read as UTF-16"),
    ],
)
def test_encodings_are_found_out_and_said(tmp_path, encoding, mark, said):
    table, notes = read_table(write(tmp_path / "s.csv", mark + TEXT, encoding), "survey")
    assert table.to_dict("list") == {"year": ["2016"], "comment": ["Caf\u00e9 \u201cpay\u201d"]}
    assert len(notes) == bool(said)
    assert re.search(said, "".join(map(str, notes)))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_found_out_and_said(tmp_path, separator):
    path = write(tmp_path / "s.csv", f"year{separator}comment\n2016{separator}Pay, mostly\n")
    table, (note,) = read_table(path, "survey")
    assert table.to_dict("list") == {"year": ["2016"], "comment": ["Pay, mostly"]}
    assert note.kind == "separator"


def test_a_workbook_gives_what_was_typed(tmp_path):
    day = datetime.datetime(2016, 2, 1)
    rows = [
        ["id", "what", "when"],
        ["a", 5, day],
        ["b", 5.0, day],
        ["c", 0.1 + 0.2, datetime.datetime(2016, 2, 1, 9, 30)],
        ["d", True, datetime.date(2016, 3, 1)],
        ["e", 0.5, "NA"],
        ["f", 7, "=- too busy"],
        ["g", "=1+1", None],
        ["h", "a_x000D_b", "#N/A"],
    ]
    formats = [("C3", "d-mmm"), ("C5", "mmm-yy"), ("B6", "0%"), ("B7", "000")]
    table, notes = read_table(book(tmp_path / "s.xlsx", rows, formats), "survey")
    assert table["what"].tolist() == ["5", "5", "0.3", "TRUE", "50%", "007", "", "a\rb"]
    assert table["when"].tolist() == [
        "2016-02-01", "1-Feb", "2016-02-01 09:30:00", "Mar-16", "NA", "=- too busy", "", "",
    ]  # fmt: skip
    # What a formula shows that was never worked out is not known, and an error is no answer.
    assert [(f.kind, f.n) for f in notes] == [("formulas", 1), ("error cells", 1)]


def test_sheets_and_merged_headers_are_said(tmp_path):
    path = book(tmp_path / "s.xlsx", [["Q1", None, "year"], ["a b", "c d", 2016]], sheets=["old"])
    merged = openpyxl.load_workbook(path)
    merged.active.merge_cells("A1:B1")
    merged.save(path)
    table, notes = read_table(path, "survey")
    assert table.columns.tolist() == ["Q1", "Unnamed: 1", "year"]
    assert [f.kind for f in notes] == ["sheets", "column names"]
    assert "left: 'old'" in notes[0].done
    assert "merged header cells?" in notes[1].done
    assert "'Unnamed: 1'" in notes[1].done


@pytest.mark.slow
def test_far_cells_do_not_fill_the_memory(tmp_path):
    path = book(tmp_path / "s.xlsx", [["year", "comment"], [2016, "a b"]])
    far = openpyxl.load_workbook(path)
    far.active["B50001"] = " "
    far.save(path)
    table, _ = read_table(path, "survey")
    assert len(table) == 50_000
    far.active["XFD1048576"] = "x"
    far.save(path)
    with pytest.raises(InputError, match=r"at most .* cells"):
        read_table(path, "survey")


def test_a_zip_bomb_is_found_before_it_is_unpacked(tmp_path):
    path = tmp_path / "s.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(520):
            part.write(bytes(1024**2))
    assert path.stat().st_size < 5 * 1024**2
    with pytest.raises(InputError, match="must unpack to at most"):
        read_table(path, "survey")


def test_large_files_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "s.parquet"
    pd.DataFrame({"a": np.zeros(1000)}).to_parquet(path)
    monkeypatch.setattr(_limits, "MOST_CELLS", 999)
    with pytest.raises(InputError, match="1,000 rows of 1 columns"):
        read_table(path, "survey")
    monkeypatch.setattr(_limits, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="must unpack to at most 10 bytes"):
        read_table(path, "survey")


def parquet(path, texts=None, **columns):
    """A Parquet file of which ``texts`` is a column with one text, in every row."""
    if texts is not None:
        text, n = texts
        columns["comment"] = pa.DictionaryArray.from_arrays(np.zeros(n, "int32"), pa.array([text]))
    pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False)
    return path


def test_a_parquet_bomb_is_found_before_it_is_decoded(tmp_path):
    path = parquet(tmp_path / "s.parquet", (100_000 * "x", 6_000))
    assert path.stat().st_size < 5_000
    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    with pytest.raises(InputError, match=r"at most 536,870,912 bytes.* got 600,000,000 bytes"):
        read_table(path, "survey")
    assert pool.bytes_allocated() - before < 10_000_000
    table, _ = read_table(parquet(path, (1_000 * "x", 6_000)), "survey")
    assert (table["comment"] == 1_000 * "x").all()


LONG = 50_000 * "x"
BOMBS = {
    "a list": ({"a": pa.array([[LONG]] * 400)}, {}, 20_000_000),
    "a struct": ({"a": pa.array([{"b": LONG}] * 400)}, {}, 20_000_000),
    "a map": ({"a": pa.array([[("k", LONG)]] * 400, pa.map_("str", "str"))}, {}, 20_000_400),
    "starts that repeat": (
        {"a": pa.array([LONG + str(i) for i in range(100, 500)])},
        {"column_encoding": "DELTA_BYTE_ARRAY", "use_dictionary": False},
        20_001_200,
    ),
    "one length": ({"a": pa.array([LONG.encode()] * 400, pa.binary(50_000))}, {}, 20_000_000),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_every_kind_of_parquet_column_is_measured(tmp_path, monkeypatch, kind):
    columns, how, size = BOMBS[kind]
    path = tmp_path / "s.parquet"
    pq.write_table(pa.table(columns), path, compression="zstd", **how)
    assert path.stat().st_size < size / 100
    monkeypatch.setattr(_limits, "MOST_BYTES", size - 1)
    with pytest.raises(InputError, match="must unpack to at most"):
        read_table(path, "survey")
    monkeypatch.setattr(_limits, "MOST_BYTES", size + 10_000)
    assert len(read_table(path, "survey")[0]) == 400


def test_a_row_of_a_parquet_file_can_hold_any_number_of_values(tmp_path, monkeypatch):
    path = parquet(tmp_path / "s.parquet", a=pa.array([np.zeros(1_000_001, "int8")]))
    assert path.stat().st_size < 5_000
    monkeypatch.setattr(_limits, "MOST_CELLS", 1_000_000)
    with pytest.raises(InputError, match="1,000,001 rows of 1 columns"):
        read_table(path, "survey")


@pytest.mark.slow
def test_a_footer_that_lies_is_not_believed(tmp_path):
    path = tmp_path / "s.parquet"
    table = pa.table({"comment": [30_000_000 * "x" + str(i) for i in range(20)]})
    pq.write_table(table, path, use_dictionary=False, write_statistics=False, compression="zstd")
    content, chunk = path.read_bytes(), pq.ParquetFile(path).metadata.row_group(0).column(0)
    real = varint(chunk.total_uncompressed_size)
    assert content.count(real) == 2  # of the chunk and of the row group
    path.write_bytes(content.replace(real, varint(1_000, len(real))))
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).total_uncompressed_size == 1_000
    with pytest.raises(InputError, match=r"must unpack to at most .* got 600,\d{3},\d{3} bytes"):
        read_table(path, "survey")


def varint(number, length=1):
    """A whole number as Thrift packs it, in at least so many bytes."""
    rest, out = 2 * number, []
    while rest or len(out) < length:
        out.append(rest & 127)
        rest >>= 7
    return bytes([b | 128 for b in out[:-1]] + out[-1:])


def test_pages_are_as_large_as_their_file_says(tmp_path):
    table = pa.table({"a": [f"text {i}" for i in range(5_000)], "b": [None, 1.5] * 2_500})
    for how in ({}, {"data_page_version": "2.0", "data_page_size": 500}, {"row_group_size": 700}):
        pq.write_table(table, tmp_path / "s.parquet", compression="gzip", **how)
        meta = pq.ParquetFile(tmp_path / "s.parquet").metadata
        chunks = [meta.row_group(g).column(c) for g in range(meta.num_row_groups) for c in (0, 1)]
        places = [(c.dictionary_page_offset, c.total_compressed_size) for c in chunks]
        told = [c.total_uncompressed_size for c in chunks]  # with the headers of the pages
        found = list(unpacked_sizes(tmp_path / "s.parquet", places))
        assert all(t - 200 < f < t or 0.8 * t < f < t for f, t in zip(found, told, strict=True))


def test_short_rows_of_a_wide_csv_are_not_filled_up(tmp_path, monkeypatch):
    monkeypatch.setattr(_limits, "MOST_CELLS", 100_000)
    monkeypatch.setattr(_limits, "MOST_COLUMNS", 1_000)
    path = write(tmp_path / "s.csv", ",".join(f"c{i}" for i in range(1_000)) + 30_000 * "\n1")
    with pytest.raises(InputError, match=r"101 rows of 1,000 columns"):
        read_table(path, "survey")
    write(path, 1_000 * "," + "\n")
    with pytest.raises(InputError, match=r"1 rows of 1,001 columns"):
        read_table(path, "survey")
    write(path, 200_001 * ",")
    with pytest.raises(InputError, match="about 200,001 cells"):
        read_table(path, "survey")


def test_a_text_that_many_cells_share_counts_in_each(tmp_path, monkeypatch):
    # In a workbook the text stands once; in SPSS and Stata it is the label of a value.
    text = 1_000 * "\u00e9"
    rows = [["year", "comment"], *[[2016, text]] * 500]
    files = [book(tmp_path / "s.xlsx", rows), tmp_path / "s.sav", tmp_path / "s.dta"]
    table = pd.DataFrame({"year": np.ones(5_000), "comment": 5_000 * [1.0]})
    labels = {"variable_value_labels": {"comment": {1.0: 100 * "x"}}}
    pyreadstat.write_sav(table, files[1], **labels)
    table.assign(comment=pd.Categorical(5_000 * [100 * "x"])).to_stata(files[2], write_index=False)
    monkeypatch.setattr(_limits, "MOST_BYTES", 490_000)
    for path in files:
        assert path.stat().st_size < 100_000
        with pytest.raises(InputError, match="must unpack to at most 490,000 bytes"):
            read_table(path, "survey")


@pytest.mark.parametrize("ending", [".sav", ".zsav"])
def test_spss_is_read_in_parts_that_fit(tmp_path, monkeypatch, ending):
    path, compress = tmp_path / f"s{ending}", {"compress": ending == ".zsav"}
    ids = [f"r{i}" for i in range(500)]
    source = pd.DataFrame({"id": ids, "comment": [200 * "x", *499 * "y"]})
    pyreadstat.write_sav(source, path, row_compress=ending == ".sav", **compress)
    monkeypatch.setattr(_limits, "MOST_BYTES", 40_000)  # fewer rows than there are, at their widest
    table, _ = read_table(path, "survey")
    assert table.to_dict("list") == source.to_dict("list")
    if ending == ".zsav":
        pyreadstat.write_sav(source.assign(comment=200 * "x"), path, **compress)
        assert path.stat().st_size < 40_000
        with pytest.raises(InputError, match="must unpack to at most 40,000 bytes"):
            read_table(path, "survey")


def test_wide_numbers_of_stata_are_refused_before_they_are_read(tmp_path, monkeypatch):
    path = tmp_path / "s.dta"
    pd.DataFrame({"a": np.zeros(1000, "int8")}).to_stata(path, write_index=False)
    monkeypatch.setattr(_limits, "MOST_CELLS", 99)
    with pytest.raises(InputError, match="100 rows of 1 columns"):
        read_table(path, "survey")


def test_parquet(tmp_path):
    source = pd.DataFrame(
        {
            "year": [2016, 2017],
            "day": pd.to_datetime(["2016-05-01", None]),
            "text": ["Pay \U0001f62d", None],
            "x": [0.5, 2.0],
        }
    )
    source.to_parquet(tmp_path / "s.parquet")
    table, notes = read_table(tmp_path / "s.parquet", "survey")
    assert table.to_dict("list") == {
        "year": ["2016", "2017"], "day": ["2016-05-01", ""], "text": ["Pay \U0001f62d", ""],
        "x": ["0.5", "2"],
    }  # fmt: skip
    assert notes == ()


@pytest.mark.parametrize("ending", [".sav", ".zsav"])
def test_spss_gives_the_labels_of_its_values(tmp_path, ending):
    pyreadstat = pytest.importorskip("pyreadstat")
    path = tmp_path / f"s{ending}"
    source = pd.DataFrame({"wave": [1.0, 2.0], "text": ["Pay", ""], "n": [3.0, np.nan]})
    labels = {"wave": {1: "2014/15", 2: "2015/16"}}
    pyreadstat.write_sav(source, path, variable_value_labels=labels, compress=ending == ".zsav")
    table, notes = read_table(path, "survey")
    assert table.to_dict("list") == {
        "wave": ["2014/15", "2015/16"], "text": ["Pay", ""], "n": ["3", ""]
    }  # fmt: skip
    assert notes == ()


def test_spss_without_its_reader_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(InputError, match=r"needs the package pyreadstat.*iapt-topics\[spss\]"):
        read_table(write(tmp_path / "s.sav", "x"), "survey")


def test_stata_gives_the_labels_of_its_values(tmp_path):
    path = tmp_path / "s.dta"
    source = pd.DataFrame({"wave": pd.Categorical(["Before", "After"]), "text": ["Pay", ""]})
    source.to_stata(path, write_index=False)
    table, _ = read_table(path, "survey")
    assert table.to_dict("list") == {"wave": ["Before", "After"], "text": ["Pay", ""]}
    twice = {"wave": {1: "same", 2: "same"}}
    pd.DataFrame({"wave": [1, 2]}).to_stata(path, write_index=False, value_labels=twice)
    table, (note,) = read_table(path, "survey")
    assert table["wave"].tolist() == ["1", "2"]
    assert "without labels" in note.done


def test_empty_rows_at_the_end_and_columns_without_name_are_no_data(tmp_path):
    path = write(tmp_path / "s.csv", "year,comment,,\n2016,One thing,,\n2016,,,\n,,,\n,,,\n")
    table, notes = read_table(path, "survey")
    assert table.to_dict("list") == {"year": ["2016", "2016"], "comment": ["One thing", ""]}
    assert notes == ()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("s.csv", b"", "empty file"),
        ("s.csv", b"\xef\xbb\xbf", "readable table"),
        ("s.csv", b"PK\x03\x04\0\0", "NUL byte in line 1"),
        ("s.csv", b"a,b\n1,2\nx,y\0z\n", "NUL byte in line 3"),
        ("s.csv", b"\xff\xfey", "UTF-8, UTF-16 or Windows-1252"),
        ("s.csv", b"a,b\n1,\x81\x8d\n", "UTF-8, UTF-16 or Windows-1252"),
        ("s.csv", b'a,b\n1,"open\n', "close each quotation mark; got one open from line 2"),
        ("s.csv", b"a,b\n1,2,3,4\n", r"more in 1 row\(s\), of line\(s\) 2"),
        ("s.csv", b" <!DOCTYPE html><html>", "a web page"),
        ("s.xlsx", b"\xef\xbb\xbf<HTML><table>", "a web page"),
        ("s.xlsx", b"<table><tr>", "a web page"),
        ("s.xlsx", b"\xd0\xcf\x11\xe0rest", "an old or a protected workbook"),
        ("s.xlsx", b"year,comment\n", "a file of another kind"),
        ("s.xls", b"x", r"must end in \.csv, .*\.zsav; got '\.xls'"),
        ("s", b"x", "no ending"),
        ("s.parquet", b"PAR1", "readable table"),
        ("s.sav", b"$FL2 ...", "readable table"),
        ("s.dta", b"\x72\x01", "readable table"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, said):
    if name == "s.sav":
        pytest.importorskip("pyreadstat")
    with pytest.raises(InputError, match=said) as error:
        read_table(write(tmp_path / name, content), "survey")
    assert "\n" not in str(error.value)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ENDINGS), st.binary(max_size=300))
def test_any_bytes_give_a_table_or_one_line(tmp_path_factory, ending, content):
    path = write(tmp_path_factory.mktemp("files") / f"s{ending}", content)
    try:
        table, _ = read_table(path, "survey")
    except InputError as error:
        said = str(error)
        table = pd.DataFrame()
    else:
        said = ""
    assert "\n" not in said
    assert all(isinstance(v, str) for c in table for v in table[c])


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=30))
def test_a_text_comes_back_from_every_kind_of_file(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("files")
    source = pd.DataFrame({"a": [text, "x"], "b": ["1", "2"]})
    source.to_csv(folder / "s.csv", index=False, lineterminator="\n")
    source.to_parquet(folder / "s.parquet")
    for ending in (".csv", ".parquet"):
        # Without the mending, since some texts look like others that were saved wrongly.
        table, _ = read_table(folder / f"s{ending}", "survey", mend=False)
        assert table["a"].tolist() == [text, "x"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (np.nan, ""),
        (pd.NaT, ""),
        (pd.NA, ""),
        (3.0, "3"),
        (np.float64(2.5), "2.5"),
        (np.inf, "inf"),
        (pd.Timestamp("2016-02-01"), "2016-02-01"),
        (b"ab\xff", "ab\ufffd"),
        ("\ud800", "?"),
        ([1], "[1]"),
    ],
)
def test_cell_text(value, text):
    assert cell_text(value) == text
