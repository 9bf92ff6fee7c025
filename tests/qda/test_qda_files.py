"""Codes written for other tools, QualCoder's database, and files that are damaged or hostile."""

from __future__ import annotations

import sqlite3
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from qda_files import (
    FRAME,
    GUIDS,
    HUMAN,
    MACHINE,
    NAN,
    TEXTS,
    archive,
    coded,
    project_of,
    qde,
    same,
    survey,
)

from iapt_topics._base import opening as _opening
from iapt_topics._base.errors import InputError
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.load import load_frame, write_frame
from iapt_topics.frame.refi import read_codebook
from iapt_topics.frame.theme import Theme
from iapt_topics.qda import qualcoder, read_project, refi, write_codes
from iapt_topics.qda.load import load_codes, match_themes

SCHEMAS = Path(__file__).parents[1] / "reference" / "refi_qda"


OTHER = coded("B", {"r1": {"S1": NAN}, "r4": {}}, themes=("S1", "W1"))
ALL = (HUMAN, OTHER, MACHINE)


def valid(content: bytes, schema: str) -> etree._Element:
    root = etree.fromstring(content)
    etree.XMLSchema(etree.parse(SCHEMAS / schema)).assertValid(root)
    return root


def inner(path: Path) -> bytes:
    with zipfile.ZipFile(path) as opened:
        return opened.read("project.qde")


@pytest.mark.parametrize("whole", ["selection", "source"])
def test_a_project_is_valid_and_comes_back_whole(tmp_path, whole):
    responses = survey()
    before = responses.table.copy()
    path = write_codes(
        tmp_path / "out.qdpx", ALL, frame=FRAME, responses=responses, whole=whole, model="mini-lm"
    )
    root = valid(inner(path), "Project.xsd")
    ns = {"q": "urn:QDA-XML:project:1.0"}
    users = [u.get("name") for u in root.iterfind(".//q:User", ns)]
    assert users[:2] == ["A", "B"]
    assert users[2].startswith("iapt_topics ")
    top = [c.get("name") for c in root.iterfind("q:CodeBook/q:Codes/q:Code", ns)]
    assert top == ["S System", "W1 Team & <care>", "Machine themes"]
    names = [c.get("name") for c in root.iterfind(".//q:Code", ns)]
    assert len(names) == len(set(names)), "QualCoder takes no name twice"
    assert [s.get("name") for s in root.iterfind(".//q:TextSource", ns)] == list(TEXTS)
    assert "Model: mini-lm\nScore of machine: Machine: S1 Caseload = 0.30000000000000004" in [
        d.text for d in root.iterfind(".//q:TextSource/q:Description", ns)
    ]
    years = [v.text for v in root.iterfind(".//q:TextSource/q:VariableValue/q:IntegerValue", ns)]
    assert years == ["2015", "2016", "2017", "2015"]
    cases = [(c.get("name"), c.findtext(".//q:IntegerValue", namespaces=ns))
             for c in root.iterfind(".//q:Case", ns)]  # fmt: skip
    assert cases == [("p0 (2015)", "2015"), ("p0 (2016)", "2016"), ("p1 (2017)", "2017"),
                     ("p1 (2015)", "2015")]  # fmt: skip
    selections = root.findall(".//q:PlainTextSelection", ns)
    assert len(selections) == (6 if whole == "selection" else 0)
    project = read_project(path, responses=responses)
    assert project.coders == ("A", "B", "machine")
    assert project.machines == ("machine",)
    if whole == "selection":
        assert project.offsets["chosen"].any()
        assert set(project.segments["snippet"]) == {TEXTS["r1"], TEXTS["r2"]}
    for codes in ALL:
        same(load_codes(project, frame=FRAME, coder=codes.coder), codes)
        same(load_codes(path, frame=FRAME, coder=codes.coder), codes)
    assert (match_themes(project, frame=FRAME).query("n > 0")["theme"] != "").all()
    pd.testing.assert_frame_equal(responses.table, before)
    again = write_codes(
        tmp_path / "two.qdpx", ALL, frame=FRAME, responses=responses, whole=whole, model="mini-lm"
    )
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_tables_come_back_whole_with_kind_and_score(tmp_path, ending):
    full = coded("B", {"r1": {"S1": NAN}, "r4": {}})
    path = write_codes(tmp_path / f"out.{ending}", (HUMAN, full, MACHINE), frame=FRAME)
    for codes in (HUMAN, full, MACHINE):
        same(load_codes(path, frame=FRAME, coder=codes.coder, responses=survey()), codes)
    raw = pd.read_csv(path) if ending == "csv" else pd.read_excel(path)
    assert list(raw.columns) == [
        "response_id", "respondent_id", "coder", "kind", "theme", "label", "score"
    ]  # fmt: skip
    assert len(raw) == 4 + 2 + 3


def test_a_text_that_looks_like_a_formula_is_written_as_text(tmp_path):
    codes = coded("=1+1", {"r1": {"S1": NAN}})
    path = write_codes(tmp_path / "out.xlsx", codes, frame=FRAME)
    same(load_codes(path, frame=FRAME, coder="=1+1"), codes)
    with pytest.raises(InputError, match="control characters"):
        write_codes(tmp_path / "bad.xlsx", coded("a\x01", {"r1": {}}), frame=FRAME)
    assert not (tmp_path / "bad.xlsx").exists()


def test_text_is_redacted_unless_asked_for(tmp_path):
    responses = survey({"r1": "Write to someone@example.org,\r\nplease."})
    for original, wanted in ((False, "[email]"), (True, "someone@example.org")):
        path = write_codes(
            tmp_path / "out.qdpx", frame=FRAME, responses=responses, original_text=original
        )
        with zipfile.ZipFile(path) as opened:
            (name,) = [n for n in opened.namelist() if n.startswith("sources/")]
            assert opened.read(name).decode() == f"Write to {wanted},\nplease."


def test_a_project_without_codes_is_there_to_be_coded(tmp_path):
    path = write_codes(tmp_path / "out.qdpx", frame=FRAME, responses=survey())
    root = valid(inner(path), "Project.xsd")
    assert "Machine themes" not in [c.get("name") for c in root.iter("{*}Code")]
    with pytest.raises(InputError, match="It has no codes"):
        load_codes(path, frame=FRAME)


def test_a_code_of_the_machine_stays_the_machines_without_its_user(tmp_path):
    codes = (
        f'<Code guid="{GUIDS["S"]}" name="Machine themes" isCodable="false">'
        f'<Code guid="{GUIDS["T"]}" name="Machine: S1 Caseload" isCodable="true"/></Code>'
        f'<Code guid="{GUIDS["U"]}" name="W1 Team &amp; &lt;care&gt;" isCodable="true"/>'
    )
    spans = [("r1", "A", "T", 0, 39), ("r1", "A", "U", 0, 39)]
    path = archive(tmp_path / "p.qdpx", qde(TEXTS, spans, codes=codes), TEXTS)
    project = read_project(path, responses=survey())
    assert project.coders == ("iapt_topics", "A")
    machine, person = (load_codes(project, frame=FRAME, coder=c) for c in project.coders)
    assert (machine.kind, machine.themes) == ("machine", ("S1",))
    assert (person.kind, person.themes) == ("human", ("W1",))


def test_a_codebook_is_valid_and_comes_back(tmp_path):
    path = write_frame(tmp_path / "frame.qdc", FRAME)
    valid(path.read_bytes(), "Codebook.xsd")
    assert load_frame(path).themes == FRAME.themes


def test_the_codebook_of_another_tool_gives_a_frame_to_start_from(tmp_path):
    path = tmp_path / "book.qdc"
    path.write_text(
        '<?xml version="1.0"?><CodeBook xmlns="urn:QDA-XML:codebook:1.0" origin="Taguette"><Codes>'
        f'<Code guid="{GUIDS["A"]}" name="System" isCodable="false"><Description>All of it'
        f'</Description><Code guid="{GUIDS["B"]}" name="Pay" isCodable="true"/></Code>'
        f'<Code guid="{GUIDS["S"]}" name="Pay" isCodable="true"/></Codes><Sets/></CodeBook>',
        "utf-8",
    )
    found = load_frame(path)
    assert [(t.id, t.label, t.parent, t.codable, t.definition) for t in found.themes] == [
        ("System", "System", "", False, "All of it"),
        ("System > Pay", "Pay", "System", True, ""),
        ("Pay", "Pay", "", True, ""),
    ]
    path = tmp_path / "codebook.csv"
    path.write_text("tag,description,number of highlights\nPay,What is paid,3\nTeam,,1\n", "utf-8")
    assert [(t.id, t.label, t.definition) for t in load_frame(path).themes] == [
        ("Pay", "Pay", "What is paid"), ("Team", "Team", ""),
    ]  # fmt: skip


def test_what_cannot_be_written_is_refused_before_anything_is(tmp_path):
    responses = survey()
    out = tmp_path / "out.qdpx"
    stranger = coded("A", {"r9": {}})
    for codes, more, say in (
        (HUMAN, {"responses": None}, "must be given"),
        (HUMAN, {"whole": "half"}, "'half'"),
        (stranger, {}, "'r9'"),
        ((HUMAN, HUMAN), {}, "must be unique"),
        (coded("A", {"r1": {}}, themes=("X",)), {}, "'X'"),
        (coded("A\x02", {"r1": {}}), {}, "control characters"),
        (coded("A", {}), {}, "for some responses"),
    ):
        with pytest.raises(InputError, match=say):
            write_codes(out, codes, **{"frame": FRAME, "responses": responses, **more})
    with pytest.raises(InputError, match="must end in"):
        write_codes(tmp_path / "out.txt", HUMAN, frame=FRAME)
    with pytest.raises(InputError, match="at least one coder"):
        write_codes(tmp_path / "out.csv", frame=FRAME)
    assert not any(tmp_path.iterdir())


ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NAME = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp", "Cn", "Co"],
                  exclude_characters="\ufeff"), min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_written_is_valid_and_comes_back(tmp_path, data):
    several = st.lists(NAME, min_size=1, max_size=3, unique_by=str.casefold)
    names, themes = data.draw(several), data.draw(several)
    frame = ThemeFrame(
        name="f", themes=tuple(Theme(id=f"{i}{t}", label=f"{t} {i}") for i, t in enumerate(themes))
    )
    ids = tuple(t.id for t in frame.themes)
    texts = {n: data.draw(ANY_TEXT) for n in names} | {"kept": "Words of work"}
    responses = survey(texts)
    coders = []
    kinds = data.draw(st.lists(st.sampled_from(["human", "machine"]), max_size=3))
    for k, kind in enumerate(kinds):
        seen = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        score = st.floats(0, 1) if kind == "machine" else st.just(NAN)
        given_ = {r: data.draw(st.dictionaries(st.sampled_from(ids), score)) for r in seen}
        coders.append(coded(f"c{k}", given_, kind=kind, themes=ids, responses=responses))
    whole = data.draw(st.sampled_from(["selection", "source"]))
    path = write_codes(
        tmp_path / "out.qdpx", coders, frame=frame, responses=responses, whole=whole,
        original_text=True,
    )  # fmt: skip
    valid(inner(path), "Project.xsd")
    project = read_project(path, responses=responses)
    for codes in coders:
        same(load_codes(project, frame=frame, coder=codes.coder), codes)


def test_qualcoders_own_project(tmp_path):
    spans = [("r1", "A", 1, 3, 11), ("r2", "B", 2, 11, 18), ("r2", "A", 1, 28, 36)]
    for newer in (False, True):
        folder = project_of(tmp_path / f"p{newer}.qda", spans=spans, newer=newer)
        before = (folder / "data.qda").read_bytes()
        for path in (folder, folder / "data.qda"):
            project = read_project(path, responses=survey(), unlisted="none")
            assert project.coders == ("A", "B")
            got = load_codes(project, frame=FRAME, coder="A")
            assert got.matrix(list(TEXTS), ["S1", "W1"]).tolist() == [
                [True, False], [True, False], [False, False], [False, False],
            ]  # fmt: skip
        assert project.segments["snippet"].tolist() == ["caseload", "rule us", "caseload"]
        assert project.segments["start"].tolist() == [3, 11, 28]
        assert project.offsets.loc[project.offsets["chosen"], "unit"].item() == "codepoint"
        assert project.findings["kind"].tolist() == [
            "codes",
            "unlisted responses",
            "unlisted responses",
        ]
        assert project.findings["n"].tolist() == [1, 2, 3]
        above = "System > caseload" if newer else ""
        assert project.codebook["parent"].tolist() == ["", "System", above]
        assert (folder / "data.qda").read_bytes() == before
        assert [p.name for p in folder.iterdir()] == ["data.qda"]


def test_a_qualcoder_project_cannot_make_rows_or_texts_without_end(tmp_path, monkeypatch):
    spans = [("r1", "A", 1, 3, 11), ("r2", "B", 2, 11, 18), ("r2", "A", 1, 28, 36)]
    folder = project_of(tmp_path / "p.qda", spans=spans)
    monkeypatch.setattr(qualcoder, "_MOST_ROWS", 2)
    with pytest.raises(InputError, match="must have at most 2 rows"):
        read_project(folder)
    monkeypatch.undo()
    made = "ALTER TABLE source DROP COLUMN fulltext; ALTER TABLE source ADD COLUMN fulltext TEXT AS"
    folder = project_of(tmp_path / "q.qda", sql=f"{made} (hex(zeroblob(300000000)))")
    with pytest.raises(InputError, match="no 'fulltext' in it"):
        read_project(folder)


def test_positions_of_qualcoder_are_held_against_its_own_snippets(tmp_path):
    folder = project_of(tmp_path / "p.qda", spans=[("r2", "A", 1, 28, 36)])
    with closing(sqlite3.connect(folder / "data.qda")) as base:
        base.execute("UPDATE code_text SET pos0 = 30, pos1 = 38")  # as its editor counts: UTF-16
        base.commit()
    project = read_project(folder)
    assert project.segments[["start", "end"]].to_numpy().tolist() == [[28, 36]]
    with closing(sqlite3.connect(folder / "data.qda")) as base:
        base.execute("UPDATE code_text SET pos0 = 0, pos1 = 7")  # the text was edited since
        base.commit()
    project = read_project(folder)
    assert project.segments["start"].isna().all()
    assert project.segments["snippet"].tolist() == ["caseload"]


def test_a_survey_imported_by_qualcoder_has_its_responses_as_cases(tmp_path):
    text = "1] My caseload.\n2] The team."
    sql = """INSERT INTO cases VALUES (1, 'r1'), (2, 'r2');
    INSERT INTO case_text VALUES (1, 1, 0, 3, 15), (2, 2, 0, 19, 28);"""
    spans = [("Q1", "A", 1, 6, 14), ("Q1", "A", 2, 23, 27)]
    folder = project_of(tmp_path / "p.qda", {"Q1": text}, spans, sql=sql)
    project = read_project(folder, responses=survey())
    rows = project.segments[["response_id", "start", "end"]].to_numpy().tolist()
    assert rows == [["r1", 3.0, 11.0], ["r2", 4.0, 8.0]]


def test_databases_that_are_none_or_not_at_rest(tmp_path):
    folder = project_of(tmp_path / "p.qda")
    for sql, say in (
        ("DROP TABLE code_text", "'code_text'"),
        ("ALTER TABLE code_text DROP COLUMN owner", "'owner'"),
        ("DROP TABLE code_text; CREATE VIEW code_text AS SELECT 1 AS cid, 1 AS fid, '' AS seltext,"
         " 0 AS pos0, 1 AS pos1, 'A' AS owner", "'code_text'"),
        ("INSERT INTO code_text VALUES (NULL, 1, 1, x'FF', 0, 1, 'A')", "must be text"),
        ("INSERT INTO code_text VALUES (NULL, 1, 1, '', 'x', 1, 'A')", "whole numbers"),
        ("INSERT INTO code_text VALUES (NULL, 1, 1, '', -4, 1, 'A')", "whole numbers"),
        ("INSERT INTO code_text VALUES (NULL, 1, 1, '', 9, 1, 'A')", "end before they begin"),
        ("INSERT INTO code_text VALUES (NULL, 7, 1, '', 0, 1, 'A')", "must refer to a code"),
        ("UPDATE source SET name = CAST(x'FF' AS TEXT)", "readable SQLite"),
    ):  # fmt: skip
        (folder / "data.qda").unlink()
        project_of(folder, sql=sql)
        with pytest.raises(InputError, match=say):
            read_project(folder)
    (folder / "data.qda-wal").write_bytes(b"x")
    with pytest.raises(InputError, match="closed in QualCoder"):
        read_project(folder)
    other = tmp_path / "x.qda"
    other.write_text("no database")
    with pytest.raises(InputError, match="SQLite database"):
        read_project(other)
    for missing in (tmp_path / "none.qda", tmp_path / "none.qdpx"):
        with pytest.raises(InputError, match="no such file"):
            read_project(missing)


BOMB = (
    '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<Project xmlns="urn:QDA-XML:project:1.0" name="&b;"/>'
)


@pytest.mark.parametrize("name", ["../x.txt", "/x.txt", "C:\\x.txt", "a/../../x", "..\\x", "a\0b"])
def test_names_that_lead_out_of_the_archive(tmp_path, name):
    path = archive(tmp_path / "p.qdpx", qde(TEXTS, []), TEXTS)
    placeholder = "q" * len(name)
    with zipfile.ZipFile(path, "a") as out:
        out.writestr(placeholder, b"x")
    path.write_bytes(path.read_bytes().replace(placeholder.encode(), name.encode()))
    with pytest.raises(InputError, match="must stay inside"):
        read_project(path)
    assert [p.name for p in tmp_path.iterdir()] == ["p.qdpx"]


def test_projects_made_to_do_harm_or_broken(tmp_path, monkeypatch):
    path = tmp_path / "p.qdpx"
    fine = qde(TEXTS, [("r1", "A", "T", 3, 11)])
    deep = "".join(
        f'<Code guid="{i:08X}-4444-0000-0000-000000000000" name="c" isCodable="true">'
        for i in range(70)
    )
    for project, say in (
        (BOMB, "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><Project/>', "document type"),
        (fine[:-20], "must be XML"),
        (fine.replace("utf-8", "ascii").encode().replace(b"caseload", b"\xff"), "must be XML"),
        (fine.replace("utf-8", "no-such"), "must be XML"),
        ("<CodeBook/>", "root element"),
        (fine.replace(GUIDS["B"], GUIDS["A"]), "GUIDs of users"),
        (fine.replace(GUIDS["U"], GUIDS["S"]), "GUIDs of codes"),
        (fine.replace("00000001-1111", "00000000-1111"), "GUIDs of sources"),
        (fine.replace(f'guid="{GUIDS["A"]}" name="A"', 'name="A"'), "must have GUIDs"),
        (fine.replace('name="B"', 'name="A"'), "names of users"),
        (fine.replace('name="r2"', 'name="r1"'), "names of documents"),
        (fine.replace('name="r2"', 'name="r1.txt"'), "responses of the documents"),
        (fine.replace(f'targetGUID="{GUIDS["T"]}', f'targetGUID="{GUIDS["Z"]}'), "refer to codes"),
        (fine.replace(f'creatingUser="{GUIDS["A"]}', f'creatingUser="{GUIDS["Z"]}'), "by users"),
        (fine.replace('startPosition="3"', 'startPosition="12"'), "end before they begin"),
        (fine.replace('startPosition="3"', 'startPosition="-3"'), "whole numbers"),
        (fine.replace('startPosition="3"', 'startPosition="1e3"'), "whole numbers"),
        (fine.replace('startPosition="3"', f'startPosition="{10**30}"'), "whole numbers"),
        (fine.replace(' startPosition="3"', ""), "whole numbers"),
        (fine.replace("internal://2.txt", "internal://9.txt"), "no such file"),
        (fine.replace("<Codes>", f"<Codes>{deep}{'</Code>' * 70}"), "60 deep"),
    ):
        archive(path, project, TEXTS)
        with pytest.raises(InputError, match=say):
            read_project(path)
    archive(path, fine, TEXTS | {"r2": b"\xff\xfeab\xff"})
    with pytest.raises(InputError, match="UTF-8"):
        read_project(path)
    archive(path, fine, TEXTS | {"r2": b"caf\xe9"})
    with pytest.raises(InputError, match="UTF-8"):
        read_project(path)
    archive(path, fine, TEXTS, **{"project.QDE": b""})
    with pytest.raises(InputError, match="must differ"):
        read_project(path)
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("readme.txt", "")
    with pytest.raises(InputError, match=r"one \.qde"):
        read_project(path)
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(InputError, match="zip archive"):
        read_project(path)
    monkeypatch.setattr(_opening, "_MOST_MEMBERS", 2)
    archive(path, fine, TEXTS)
    with pytest.raises(InputError, match="at most 2 files"):
        read_project(path)


def test_sizes_are_bounded_as_declared_and_in_fact(tmp_path, monkeypatch):
    fine = qde(TEXTS, [])
    path = archive(tmp_path / "p.qdpx", fine, TEXTS | {"r4": b"x" * 17_000_000})
    assert path.stat().st_size < 50_000
    with pytest.raises(InputError, match="at most 16,000,000 bytes; got 17,000,000"):
        read_project(path)
    # A member that says it is small: the size is in the central directory and before the member.
    lying = path.read_bytes().replace((17_000_000).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    path.write_bytes(lying)
    with pytest.raises(InputError, match=r"readable|says less"):
        read_project(path)
    archive(path, fine, TEXTS)
    monkeypatch.setattr(refi, "_MOST_TEXT", 60)
    with pytest.raises(InputError, match="text must be at most 60"):
        read_project(path)
    for module in ("qda.refi", "frame.refi"):
        monkeypatch.setattr(f"iapt_topics.{module}.LARGEST_XML", 100)
    with pytest.raises(InputError, match="at most 100 bytes"):
        read_project(path)
    book = write_frame(tmp_path / "b.qdc", FRAME)
    with pytest.raises(InputError, match="at most 100 bytes"):
        read_codebook(book)
    folder = project_of(tmp_path / "p.qda")
    monkeypatch.setattr(qualcoder, "_LARGEST", 100)
    with pytest.raises(InputError, match="at most 100 bytes"):
        read_project(folder)


def changed(content: bytes, data: st.DataObject) -> bytes:
    """The content with a few bytes put in, taken out or replaced."""
    raw = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        new = data.draw(st.binary(min_size=0, max_size=4))
        raw[at : at + data.draw(st.integers(0, 4))] = new
        raw = raw or bytearray(b"x")
    return bytes(raw)


def only_input_errors(path: Path) -> None:
    try:
        project = read_project(path, responses=survey())
        for coder in project.coders:
            load_codes(project, frame=FRAME, coder=coder)
    except InputError:
        pass


FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@FUZZ
@given(data=st.data())
def test_damaged_archives_and_xml_give_input_errors_alone(tmp_path, data):
    path = write_codes(tmp_path / "p.qdpx", (HUMAN, MACHINE), frame=FRAME, responses=survey())
    if data.draw(st.booleans()):
        path.write_bytes(changed(path.read_bytes(), data))
    else:
        with zipfile.ZipFile(BytesIO(path.read_bytes())) as opened:
            members = {n: opened.read(n) for n in opened.namelist()}
        name = data.draw(st.sampled_from(sorted(members)))
        with zipfile.ZipFile(path, "w") as out:
            for n, content in members.items():
                out.writestr(n, changed(content, data) if n == name else content)
    only_input_errors(path)


@FUZZ
@given(data=st.data())
def test_damaged_databases_give_input_errors_alone(tmp_path, data):
    folder = tmp_path / "p.qda"
    if not (tmp_path / "whole").exists():
        project_of(folder, spans=[("r1", "A", 1, 3, 11)])
        (tmp_path / "whole").write_bytes((folder / "data.qda").read_bytes())
    content = (tmp_path / "whole").read_bytes()
    (folder / "data.qda").write_bytes(content[:16] + changed(content[16:], data))
    only_input_errors(folder)


def test_nothing_is_read_twice(tmp_path, monkeypatch):
    path = write_codes(tmp_path / "p.qdpx", (HUMAN, MACHINE), frame=FRAME, responses=survey())
    times = []
    real = refi.parse_xml
    monkeypatch.setattr(refi, "parse_xml", lambda *a: times.append(1) or real(*a))
    project = read_project(path, responses=survey())
    for coder in project.coders:
        load_codes(project, frame=FRAME, coder=coder)
    assert len(times) == 1
    assert np.isfinite(project.segments["score"]).sum() == 2
