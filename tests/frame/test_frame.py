from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, fields

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.load import load_frame, write_frame
from iapt_topics.frame.theme import STATUSES, Facet, FacetValue, Theme

BUNDLED = "iapt_identity_system"
LISTS = ("near", "synonyms", "examples", "facets")
SMALL = (
    Theme(id="A", label="Top", codable=False),
    Theme(
        id="A1",
        label="Café and 'quotes'",
        parent="A",
        status="INFERRED",
        definition="Said, with a comma; and a semicolon.",
        include="This",
        exclude="That",
        near=("A2",),
        synonyms=("one", "two words"),
        examples=("A sentence, with a comma.", "Another one."),
        source="nowhere",
    ),
    Theme(id="A2", label="Second", parent="A", definition="Plain"),
)


@pytest.fixture(scope="module")
def bundled():
    return load_frame(BUNDLED)


def coded(frame):
    """The 31 themes that the frame is counted by: all but the domains and the N codes."""
    return [t for t in frame.themes if t.parent not in ("", "N")]


def as_rows(themes):
    rows = [asdict(t) for t in themes]
    return [{k: " | ".join(v) if k in LISTS else v for k, v in row.items()} for row in rows]


def as_toml(themes):
    lines = []
    for theme in themes:
        lines.append("[[theme]]")
        lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in asdict(theme).items()]
    return "\n".join(lines)


def written(folder, content, name="mine.toml"):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def refused(folder, content, name="mine.toml"):
    with pytest.raises(InputError) as caught:
        load_frame(written(folder, content, name))
    return str(caught.value)


# The bundled codebook


def test_counts_by_status(bundled):
    counts = Counter(t.status for t in coded(bundled))
    assert counts == {"PAPER": 11, "PART": 7, "INFERRED": 13}
    by_status = {s: {t.id for t in coded(bundled) if t.status == s} for s in STATUSES}
    assert by_status["PAPER"] == {"I1", "I2", "I3", "I4", "S4", "X1", "X2", "B0", "P1", "P2", "W2"}
    assert by_status["PART"] == {"S3", "S8", "S9", "X3", "P5", "T1", "W1"}


def test_what_can_be_coded(bundled):
    assert [t.id for t in bundled.domains] == list("ISXBPWTN")
    assert not any(t.codable for t in bundled.domains)
    assert {t.id for t in coded(bundled)} - {t.id for t in bundled.codable} == {"X3"}
    assert not {"N1", "N2", "N3"} & {t.id for t in bundled.codable}
    assert len(bundled.codable) == 30


def test_axis_is_identity_and_system(bundled):
    assert bundled.axis == ("I", "S")
    assert bundled.find_domain("I5") == "I"
    assert bundled.find_domain("S9") == bundled.find_domain("S") == "S"


def test_paper_only_holds_paper_codes_only(bundled):
    paper = bundled.paper_only()
    assert {t.status for t in paper.themes} == {"PAPER"}
    assert len(paper.codable) == 11
    assert [t.id for t in paper.domains] == list("ISXBPW")
    assert paper.axis == ("I", "S")
    assert all(n in paper for t in paper.themes for n in t.near)
    assert len(bundled.codable) == 30  # the frame itself is as before


def test_codable_themes_are_fully_described(bundled):
    for theme in bundled.codable:
        assert theme.definition, theme.id
        assert theme.include, theme.id
        assert theme.exclude, theme.id
        assert theme.source, theme.id
        assert theme.near, theme.id
        assert 6 <= len(theme.synonyms) <= 12, theme.id
        assert 5 <= len(theme.examples) <= 7, theme.id


def test_examples_are_distinct_sentences(bundled):
    examples = [e for t in bundled.codable for e in t.examples]
    assert len({e.casefold() for e in examples}) == len(examples)
    assert all(e[0].isupper() and e.endswith(".") and len(e.split()) >= 5 for e in examples)


def test_no_theme_is_near_itself_or_its_domain(bundled):
    for theme in bundled.themes:
        assert theme.id not in theme.near
        assert all(bundled[n].parent for n in theme.near)


def test_themes_named_in_the_rules_exist(bundled):
    for theme in bundled.themes:
        named = re.findall(r"\b[ISXBPWT]\d\b", f"{theme.include} {theme.exclude}")
        assert all(n in bundled for n in named), theme.id


def test_never_claims_to_be_the_papers_codebook(bundled):
    assert "not the paper's codebook" in bundled.note
    assert "abstract" in bundled.note
    for theme in coded(bundled):
        if theme.status in ("PAPER", "PART"):
            assert re.search(r"\bAB[1-8]\b", theme.source), theme.id
        else:
            assert not re.search(r"\bAB\d", theme.source), theme.id
    assert "burnout wording is from other work" in bundled["W1"].source
    assert all(sub in bundled["P1"].include for sub in ("P1a", "P1b", "P1c"))


def test_labels_are_unique(bundled):
    labels = [t.label.casefold() for t in bundled.themes]
    assert len(set(labels)) == len(labels)


def test_table_has_a_row_for_each_theme(bundled):
    table = bundled.table
    assert tuple(table["id"]) == bundled.ids
    assert table.loc[table["id"] == "X3", "codable"].tolist() == [False]
    table.loc[0, "label"] = "changed"
    assert bundled.themes[0].label == "Identity"


# Reading


def test_the_same_frame_from_each_kind_of_file(tmp_path):
    rows = pd.DataFrame(as_rows(SMALL))
    rows.to_csv(tmp_path / "f.csv", index=False, encoding="utf-8-sig")
    rows.to_excel(tmp_path / "f.xlsx", index=False)
    (tmp_path / "f.toml").write_text(as_toml(SMALL), encoding="utf-8")
    for name in ("f.csv", "f.xlsx", "f.toml"):
        frame = load_frame(tmp_path / name)
        assert frame.themes == SMALL, name
        assert frame.name == "f"
        assert frame.axis is None


def test_minimal_toml(tmp_path):
    frame = load_frame(
        written(tmp_path, '[[theme]]\nid = "a"\nlabel = "Alpha"\ndefinition = "The first."')
    )
    theme = Theme(id="a", label="Alpha", definition="The first.")
    assert frame.themes == (theme,)
    assert theme.status == "USER"
    assert frame.name == "mine"
    assert frame.codable == frame.domains == frame.themes


def test_minimal_csv_with_blank_cells_and_blank_rows(tmp_path):
    content = "id,label,status,codable,near\n1,One,,,\n2,Two,paper,No,1\n,,,,\n\n"
    frame = load_frame(written(tmp_path, content, "f.csv"))
    assert frame.ids == ("1", "2")
    assert [t.status for t in frame.themes] == ["USER", "PAPER"]
    assert [t.codable for t in frame.themes] == [True, False]
    assert frame["2"].near == ("1",)


def test_numbers_and_empty_cells_of_a_workbook(tmp_path):
    table = pd.DataFrame(
        {"id": [1, 2], "label": ["One", "Two"], "parent": [None, 1], "codable": [False, True]}
    )
    table.to_excel(tmp_path / "f.xlsx", index=False)
    frame = load_frame(tmp_path / "f.xlsx")
    assert frame["2"].parent == "1"
    assert [t.codable for t in frame.themes] == [False, True]


def test_about_the_frame(tmp_path):
    head = '[frame]\nname = "n"\ntitle = "t"\nversion = "2"\nnote = "o"\naxis = ["A", "B"]\n'
    frame = load_frame(
        written(tmp_path, head + as_toml((*SMALL, Theme(id="B", label="Other pole"))))
    )
    assert (frame.name, frame.title, frame.version, frame.note) == ("n", "t", "2", "o")
    assert frame.axis == ("A", "B")


def test_paper_only_keeps_every_level_above_and_does_not_code_it():
    themes = (
        Theme(id="a", label="a", status="PART"),
        Theme(id="b", label="b", parent="a", status="INFERRED"),
        Theme(id="c", label="c", parent="b", status="PAPER", near=("d", "b")),
        Theme(id="d", label="d", parent="b", status="INFERRED"),
    )
    paper = ThemeFrame(name="n", themes=themes).paper_only()
    assert paper.ids == ("a", "b", "c")
    assert [t.id for t in paper.codable] == ["c"]
    assert paper["c"].near == ("b",)
    assert paper.find_domain("c") == "a"


def test_paper_only_without_paper_codes():
    with pytest.raises(InputError, match="status PAPER"):
        ThemeFrame(name="n", themes=SMALL).paper_only()


def test_look_up(bundled):
    assert "S2" in bundled
    assert "s2" not in bundled
    assert 5 not in bundled
    with pytest.raises(InputError, match="Did you mean 'S2'"):
        bundled["s2"]


# What is refused


def test_every_fault_is_named_at_once():
    themes = (
        Theme(id="", label="nameless"),
        Theme(id="a", label=""),
        Theme(id="b", label="b", parent="missing"),
        Theme(id="c", label="c", parent="d"),
        Theme(id="d", label="d", parent="c"),
        Theme(id="e", label="e", near=("nowhere",)),
        Theme(id="f", label="f", status="MAYBE"),
        Theme(id="g", label="g"),
        Theme(id="g", label="g"),
        Theme(id="h", label="h", parent="h"),
        Theme(id="k", label="k", parent="h"),
    )
    themes = tuple(Theme(**(asdict(t) | {"codable": False})) for t in themes)
    with pytest.raises(InputError) as caught:
        ThemeFrame(name="n", themes=themes, axis=("a", "b"))
    for fault in (
        "11 fault(s)",
        "theme number 1 has no id",
        "theme 'a' has no label",
        "theme 'b' has the unknown parent 'missing'",
        "theme 'c' is below itself",
        "theme 'd' is below itself",
        "theme 'h' is below itself",
        "theme 'e' is near the unknown 'nowhere'",
        "theme 'f' has the unknown status 'MAYBE'",
        "id 'g' is used 2 times",
        "no theme is codable",
        "the axis 'a', 'b' does not name two domains",
    ):
        assert fault in str(caught.value)


@pytest.mark.parametrize("axis", [(), ("A",), ("A", "A"), ("A", "A1"), ("A", "?"), ("A", "B", "C")])
def test_axis_must_be_two_domains(axis):
    themes = (*SMALL, Theme(id="B", label="B"), Theme(id="C", label="C"))
    with pytest.raises(InputError, match="does not name two domains"):
        ThemeFrame(name="n", themes=themes, axis=axis)


def test_faults_of_form_and_content_in_one_error(tmp_path):
    content = """
    other = 1
    [frame]
    nmae = "x"
    title = ["x"]
    axis = 5
    [[theme]]
    id = "a"
    labell = "a"
    near = 5
    codable = "perhaps"
    [[theme]]
    id = ["a"]
    label = "b"
    examples = [["nested"]]
    """
    said = refused(tmp_path, content)
    for fault in (
        "'other' is none of [frame], [[theme]] and [[facet]]",
        "[frame] has the unknown field 'nmae'",
        "'title' of [frame] is not text",
        "theme 'a' has the unknown field 'labell' Did you mean 'label'?",
        "theme 'a' is near the unknown '5'",
        "'codable' of theme 'a' is neither true nor false",
        "theme 'a' has no label",
        "theme number 2 has no id",
        "'examples' of theme number 2 is not text",
    ):
        assert fault in said


def test_unknown_bundled_name():
    with pytest.raises(InputError) as caught:
        load_frame("iapt_identity_sytem")
    assert f"Did you mean {BUNDLED!r}?" in str(caught.value)
    assert f"Bundled: {BUNDLED!r}" in str(caught.value)


@pytest.mark.parametrize("name", ["", ".", "../frame", "frames", "frame.json", "a\0b", "x" * 5000])
def test_names_that_are_no_frame(name):
    with pytest.raises(InputError, match="must be a bundled frame"):
        load_frame(name)


@pytest.mark.parametrize("name", ["no.toml", "no.csv", "no.xlsx", "a\0b.toml"])
def test_missing_file(tmp_path, name):
    with pytest.raises(InputError, match="no such file"):
        load_frame(tmp_path / name)


def test_folder_that_looks_like_a_file(tmp_path):
    (tmp_path / "f.toml").mkdir()
    with pytest.raises(InputError, match="a folder"):
        load_frame(tmp_path / "f.toml")


@pytest.mark.parametrize(
    "content",
    [
        "not toml",
        "[[theme]\n",
        '[[theme]]\nid = "a"\nid = "b"',
        "a = " + "[" * 100_000,
        "a = " + "9" * 10_000,
        "\0",
    ],
)
def test_not_toml(tmp_path, content):
    assert "must be valid TOML" in refused(tmp_path, content)


@pytest.mark.parametrize("content", ["theme = 1", "theme = 'a'", "frame = 1", "[theme]\nid='a'"])
def test_toml_of_another_shape(tmp_path, content):
    assert "must contain [[theme]] tables" in refused(tmp_path, content)


def test_themes_that_are_no_tables(tmp_path):
    assert "theme number 2 is not a table" in refused(tmp_path, "theme = [{id='a',label='a'}, 3]")


def test_empty_files(tmp_path):
    assert "no theme is codable" in refused(tmp_path, "")
    assert "an empty file" in refused(tmp_path, "", "f.csv")
    assert "no theme is codable" in refused(tmp_path, "id,label\n", "f.csv")
    assert "must be an .xlsx workbook" in refused(tmp_path, "no workbook", "f.xlsx")


def test_not_utf8(tmp_path):
    (tmp_path / "f.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        load_frame(tmp_path / "f.toml")


def test_table_without_its_columns(tmp_path):
    assert "must have a column 'label'" in refused(tmp_path, "id,lable\na,b\n", "f.csv")


def test_unknown_column_is_named_once(tmp_path):
    said = refused(tmp_path, "id,label,synonym\na,b,c\nd,e,f\n", "f.csv")
    assert said.count("'synonym'") == 1
    assert "Did you mean 'synonyms'?" in said


def test_too_large(tmp_path):
    assert "must be at most 5,000,000 bytes" in refused(tmp_path, "#" * 5_000_001)


@pytest.mark.slow
def test_many_faults_are_bounded(tmp_path):
    rows = "\n".join(f"a{i},x,a{(i + 1) % 20_000}" for i in range(20_000))
    said = refused(tmp_path, "id,label,parent\n" + rows, "f.csv")
    assert "20000 fault(s)" in said
    assert "and 19800 more" in said
    assert len(said) < 20_000


def test_nothing_of_the_text_is_run_or_changed(tmp_path):
    label = "<script>alert(1)</script> {{ 7*7 }} =SUM(A1) %s"
    frame = load_frame(written(tmp_path, f'id,label\na,"{label}"\n', "f.csv"))
    assert frame["a"].label == label


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Theme,
            id=st.sampled_from("abcd") | st.just(""),
            label=st.sampled_from(["", "x"]),
            parent=st.sampled_from(["", "a", "b", "c", "d", "z"]),
            status=st.sampled_from([*STATUSES, "?"]),
            near=st.lists(st.sampled_from("abz"), max_size=2).map(tuple),
            codable=st.booleans(),
        ),
        max_size=5,
    )
)
def test_a_frame_that_is_made_has_a_domain_for_every_theme(themes):
    try:
        frame = ThemeFrame(name="n", themes=tuple(themes))
    except InputError:
        return
    tops = {t.id for t in frame.domains}
    assert len(set(frame.ids)) == len(frame.ids)
    assert all(frame.find_domain(t.id) in tops for t in frame.themes)


# Facets


FACET = Facet(
    id="role",
    label="Role",
    definition="Held beside a theme.",
    values=(
        FacetValue(id="bar", label="Barrier", examples=("It stops us.", "a | b")),
        FacetValue(id="help", label="Help", definition="It helps."),
    ),
)


def test_bundled_facets_are_complete_and_used(bundled):
    assert {f.id: tuple(v.id for v in f.values) for f in bundled.facets} == {
        "role": ("barrier", "protective"),
        "alignment": ("agreement", "conflict"),
        "impact": ("worse", "better"),
    }
    assert all(v.definition and len(v.examples) >= 2 for f in bundled.facets for v in f.values)
    assert {p for t in bundled.themes for p in t.facets} == {
        f"{f.id}={v.id}" for f in bundled.facets for v in f.values
    }
    assert bundled["P1"].facets == ("role=protective",)


def test_faults_of_facets_are_named_with_the_others():
    facets = (
        Facet(id="", label="x", values=FACET.values),
        Facet(id="one", label="", values=FACET.values[:1]),
        Facet(id="a=b", label="x", values=(*FACET.values, *FACET.values[:1])),
        Facet(id="two", label="x", values=(FacetValue(id="", label=""), FACET.values[0])),
        Facet(id="two", label="x", values=FACET.values),
    )
    themes = (
        Theme(id="t", label="t\x01", facets=("role=bar", "two", "two=bar")),
        Theme(id="u", label="", near=("nowhere",)),
    )
    with pytest.raises(InputError) as caught:
        ThemeFrame(name="n", themes=themes, facets=facets)
    for fault in (
        "14 fault(s)",
        "facet number 1 has no id",
        "facet 'one' has no label",
        "facet 'one' has fewer than two values",
        "'a=b' of facet 'a=b' has a '='",
        "value 'bar' of facet 'a=b' is used 2 times",
        "value number 1 of facet 'two' has no id",
        "value '' of facet 'two' has no label",
        "facet 'two' is used 2 times",
        "theme 't' has the unknown facet and value 'role=bar'",
        "theme 't' has the unknown facet and value 'two'",
        "theme 't' has 2 values of the facet 'two'",
        "theme 't' holds a character that files cannot",
        "theme 'u' has no label",
        "theme 'u' is near the unknown 'nowhere'",
    ):
        assert fault in str(caught.value)


def test_faults_of_form_in_facets(tmp_path):
    said = refused(
        tmp_path,
        '[[facet]]\nid = "r"\nlabel = "R"\nvalue = 5\ncolour = "x"\n'
        '[[theme]]\nid = "a"\nlabel = "A"\n',
    )
    assert "'value' of facet number 1 is not a list" in said
    assert "facet 'r' has the unknown field 'colour'" in said
    rows = "kind,id,label,parent\nvalue,v,V,r\nthing,x,X,\ntheme,a,A,\n"
    said = refused(tmp_path, rows, "f.csv")
    assert "row 2 is a value of the unknown facet 'r'" in said
    assert "row 3 is of the unknown kind 'thing'" in said


# Writing


def same(left, right):
    return all(getattr(left, f.name) == getattr(right, f.name) for f in fields(ThemeFrame))


@pytest.mark.parametrize("ending", ["toml", "csv", "xlsx"])
@pytest.mark.parametrize("name", [BUNDLED, "template"])
def test_bundled_frames_survive_every_kind_of_file(tmp_path, name, ending):
    frame = load_frame(name)
    path = write_frame(tmp_path / f"other.{ending}", frame)
    assert same(load_frame(path), frame)


TEXT = st.text(
    st.sampled_from("ab=+-@'\"|\\,;\n\t\r #[]{}é✓")
    | st.characters(exclude_categories=["Cs", "Cc"]),
    max_size=12,
)
WORDS = st.lists(TEXT, max_size=3).map(tuple)


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_written_frame_is_read_back_whole(tmp_path, data):
    ids = data.draw(st.lists(TEXT.filter(str.strip), min_size=1, max_size=4, unique_by=str.strip))
    draw = lambda kind, **given: data.draw(st.builds(kind, **given))  # noqa: E731
    label = TEXT.map(lambda t: f"{t}x")
    facet = draw(
        Facet, id=st.just("role"), label=label, definition=TEXT, values=st.just(FACET.values)
    )
    themes = [
        draw(
            Theme,
            id=st.just(i),
            label=label,
            status=st.sampled_from(STATUSES),
            definition=TEXT,
            include=TEXT,
            exclude=TEXT,
            near=st.lists(st.sampled_from(ids), max_size=2).map(tuple),
            synonyms=WORDS,
            examples=WORDS,
            source=TEXT,
            facets=st.sampled_from([(), ("role=bar",)]),
        )
        for i in ids
    ]
    try:
        frame = ThemeFrame(
            name=data.draw(label),
            title=data.draw(TEXT),
            version=data.draw(TEXT),
            note=data.draw(TEXT),
            themes=tuple(themes),
            facets=(facet,),
            axis=tuple(i.strip() for i in ids[:2]) if len(ids) > 1 else None,
        )
    except InputError:  # a character that no file can hold
        return
    for ending in ("toml", "csv", "xlsx"):
        assert same(load_frame(write_frame(tmp_path / f"f.{ending}", frame)), frame), ending


def test_formulas_stay_text(tmp_path):
    from openpyxl import load_workbook

    label = '=HYPERLINK("http://x","y")'
    frame = ThemeFrame(name="n", themes=(Theme(id="a", label=label, definition="-1+1"),))
    rows = write_frame(tmp_path / "f.csv", frame).read_text("utf-8-sig")
    assert "\"'=HYPERLINK" in rows
    assert ",'-1+1," in rows
    cells = load_workbook(write_frame(tmp_path / "f.xlsx", frame)).active
    found = [c for row in cells.iter_rows() for c in row if c.value == label]
    assert [c.data_type for c in found] == ["s"]


def test_what_cannot_be_written(tmp_path):
    frame = ThemeFrame(name="n", themes=(Theme(id="a", label="A", definition="x" * 40_000),))
    with pytest.raises(
        InputError, match=r"column 'definition' in row 6 of 'f.xlsx' must have at most 32,767"
    ):
        write_frame(tmp_path / "f.xlsx", frame)
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"must end in .toml, .csv, .xlsx or .qdc"):
        write_frame(tmp_path / "f.json", frame)
    assert load_frame(write_frame(tmp_path / "f.csv", frame)).themes == frame.themes
