"""Codes from the tools people code in: positions, documents, coders and themes."""

from __future__ import annotations

import pandas as pd
import pytest
from qda_files import FRAME, GUIDS, TEXTS, archive, qde, same, survey

from iapt_topics._base.errors import InputError
from iapt_topics.qda import read_project
from iapt_topics.qda._offsets import WAYS, score_offsets
from iapt_topics.qda.load import coders_in, load_codes, match_themes


def counted(text: str, i: int, j: int, unit: str, line_break: int, end: str) -> tuple[int, int]:
    """Positions of text[i:j] as a tool would write them."""

    def units(part: str) -> int:
        n = len(part.encode("utf-16-le")) // 2 if unit == "utf16" else len(part)
        return n + part.count("\n") * (line_break - 1)

    return units(text[:i]), units(text[:j]) - (end == "inclusive")


def words(text: str) -> list[tuple[int, int]]:
    spots, at = [], 0
    for word in text.split():
        i = text.index(word, at)
        at = i + len(word)
        spots.append((i, at))
    return spots


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_way_of_counting_is_found_and_gives_the_same_segments(tmp_path, way):
    spans, wanted = [], []
    for document, text in TEXTS.items():
        for i, j in words(text):
            spans.append((document, "A", "T", *counted(text, i, j, *way)))
            wanted.append((document, float(i), float(j), text[i:j]))
    # As NVivo writes a text: with a byte-order mark, and CRLF between lines.
    texts = {n: ("\ufeff" + t.replace("\n", "\r\n")).encode() for n, t in TEXTS.items()}
    path = archive(tmp_path / "p.qdpx", qde(TEXTS, spans), texts)
    project = read_project(path, responses=survey())
    chosen = project.offsets[project.offsets["chosen"]]
    assert chosen[["unit", "line_break", "end"]].to_records(index=False).tolist() == [way]
    assert chosen["score"].item() == 1
    columns = ["response_id", "start", "end", "snippet"]
    assert project.segments[columns].to_records(index=False).tolist() == wanted
    assert project.notes == ()
    assert set(project.segments["source_tool"]) == {"Tool 1"}


def test_positions_that_fit_no_way_are_not_used_but_their_codes_are(tmp_path):
    spans = [("r1", "A", "T", 4, 9), ("r1", "A", "U", 4, 6), ("r3", "B", "T", 1, 5)]
    path = archive(tmp_path / "p.qdpx", qde(TEXTS, spans), TEXTS)
    project = read_project(path, unlisted="none")
    assert not project.offsets["chosen"].any()
    assert project.segments[["start", "end"]].isna().all(axis=None)
    assert list(project.segments["snippet"]) == ["", "", ""]
    assert "0 of 3 selections" in project.notes[0]
    assert load_codes(project, frame=FRAME, coder="A").matrix(
        ["r1", "r3"], ["S1", "W1"]
    ).tolist() == [[True, True], [False, False]]


def test_the_limit_of_belief_is_95_of_100():
    text = "word " * 100
    rows = [("d", 5.0 * k, 5.0 * k + 4, "") for k in range(95)] + [("d", 1.0, 4.0, "")] * 5
    table = pd.DataFrame(rows, columns=["document", "start", "end", "snippet"])
    scores, places = score_offsets(table, {"d": text})
    assert scores["score"].max() == 0.95
    assert scores["chosen"].sum() == 1
    assert places[1].tolist() == [5, 9]
    scores, places = score_offsets(pd.concat([table, table.tail(1)]), {"d": text})
    assert not scores["chosen"].any()
    assert (places == -1).all()


def test_spaces_dragged_along_do_not_spoil_the_score():
    table = pd.DataFrame(
        [("d", 0.0, 5.0, ""), ("d", 4.0, 9.0, ""), ("d", 5.0, 9.0, "")],
        columns=["document", "start", "end", "snippet"],
    )
    scores, _ = score_offsets(table, {"d": "some words here"[:9]})
    assert scores.loc[scores["chosen"], "end"].item() == "exclusive"


def test_several_coders_of_a_project_and_what_they_saw(tmp_path):
    spans = [("r1", "A", "T", 3, 11), ("r2", "B", "U", 0, 7), ("r1", "A", "T", 25, 29)]
    path = archive(tmp_path / "p.qdpx", qde(TEXTS, spans), TEXTS)
    assert coders_in(path) == ("A", "B")
    project = read_project(path, responses=survey())
    # What has no code of theirs they may not have read.
    assert project.seen[["coder", "response_id"]].to_numpy().tolist() == [["A", "r1"], ["B", "r2"]]
    assert project.findings[["kind", "n"]].to_numpy().tolist() == [["unlisted responses", 3]] * 2
    project = read_project(path, responses=survey(), unlisted="none")
    assert coders_in(project) == ("A", "B")
    with pytest.raises(InputError, match="one of 'not_coded', 'none'"):
        read_project(path, unlisted="seen")
    a, b = (load_codes(project, frame=FRAME, coder=c) for c in "AB")
    assert a.themes == b.themes == ("S1", "W1")
    assert list(a.seen["response_id"]) == list(TEXTS)
    assert list(a.seen["respondent_id"]) == ["p0", "p0", "p1", "p1"]
    assert a.table[["response_id", "theme"]].to_numpy().tolist() == [["r1", "S1"]]
    assert b.table[["response_id", "theme"]].to_numpy().tolist() == [["r2", "W1"]]
    same(load_codes(path, frame=FRAME, coder="B", responses=survey(), unlisted="none"), b)
    with pytest.raises(InputError, match="'A', 'B'"):
        load_codes(path, frame=FRAME, coder="C")


def test_codes_on_whole_sources_and_pictures_and_a_sole_user(tmp_path):
    users = f'<User guid="{GUIDS["A"]}" name="A"/>'
    xml = qde({"r1": "x"}, [], users=users, inside=True).replace(
        "</TextSource>",
        f'<Coding guid="{GUIDS["V"]}"><CodeRef targetGUID="{GUIDS["T"]}"/></Coding></TextSource>'
        f'<PictureSource guid="{GUIDS["W"]}" name="r2.pdf"><PictureSelection guid="{GUIDS["X"]}" '
        f'firstX="0" firstY="0" secondX="1" secondY="1"><Coding guid="{GUIDS["Y"]}">'
        f'<CodeRef targetGUID="{GUIDS["U"]}"/></Coding></PictureSelection></PictureSource>',
    )
    project = read_project(archive(tmp_path / "p.qdpx", xml, {}), responses=survey())
    got = load_codes(project, frame=FRAME)
    assert got.coder == "A"
    assert got.table[["response_id", "theme"]].to_numpy().tolist() == [["r1", "S1"], ["r2", "W1"]]
    assert project.segments["start"].isna().all()


def test_one_document_of_many_responses_needs_the_places(tmp_path):
    text = "One: my caseload. Two: the team."
    spans = [("2015", "A", "T", 8, 16), ("2015", "A", "U", 27, 31)]
    path = archive(tmp_path / "p.qdpx", qde({"2015": text}, spans), {"2015": text})
    with pytest.raises(InputError, match=r"'2015'.*documents="):
        read_project(path, responses=survey())
    places = pd.DataFrame(
        {"document": "2015", "response_id": ["r1", "r2"], "start": [5, 23], "end": [17, 32]}
    )
    project = read_project(path, responses=survey(), documents=places)
    rows = project.segments[["response_id", "start", "end", "snippet"]].to_numpy().tolist()
    assert rows == [["r1", 3.0, 11.0, "caseload"], ["r2", 4.0, 8.0, "team"]]
    for wrong, say in (
        (places.assign(start=[5, 10]), "overlap"),
        (places.assign(end=[4, 32]), "backwards"),
        (places.assign(start=[5, 28]), "1 that do not"),
        (places.assign(start=[5, -1]), "whole numbers"),
        (places.assign(response_id=["r1", "r1"]), "must be unique"),
        (places.assign(response_id=["r1", "r9"]), "'r9'"),
        (places.assign(document="2016"), "'2016'"),
        (places[["document", "response_id"]], "start and end"),
    ):
        with pytest.raises(InputError, match=say):
            read_project(path, responses=survey(), documents=wrong)


def test_documents_named_otherwise_are_mapped_or_left_out(tmp_path):
    texts = {"first": TEXTS["r1"], "r2.docx": TEXTS["r2"], "notes": "of the coder"}
    path = archive(tmp_path / "p.qdpx", qde(texts, [("first", "A", "T", 3, 11)]), texts)
    with pytest.raises(InputError, match="'first', 'notes'"):
        read_project(path, responses=survey())
    map_ = {"first": "r1", "notes": ""}
    project = read_project(path, responses=survey(), documents=map_, unlisted="none")
    assert list(project.seen["response_id"]) == ["r1", "r2"]


def test_themes_are_matched_or_all_named(tmp_path):
    codes = "".join(
        f'<Code guid="{GUIDS[g]}" name="{n}" isCodable="true"/>'
        for g, n in zip(
            "STUVWX", ("s1 caseload", "Teams", "Odd", "System", "Idle", "S2"), strict=True
        )
    )
    spans = [("r1", "A", g, 3, 11) for g in "STUV"]
    path = archive(tmp_path / "p.qdpx", qde(TEXTS, spans, codes=codes), TEXTS)
    with pytest.raises(InputError, match=r"'Teams', 'Odd'.*code_map="):
        load_codes(path, frame=FRAME)
    table = match_themes(path, frame=FRAME)
    assert table.to_numpy().tolist() == [
        ["s1 caseload", "S1", "id and label", 1],
        ["Teams", "", "not in the frame", 1],
        ["Odd", "", "not in the frame", 1],
        ["System", "", "not codable", 1],
        ["Idle", "", "not in the frame", 0],
        ["S2", "S2", "id", 0],
    ]
    table.loc[1, "theme"] = "W1"
    before = table.copy()
    got = load_codes(path, frame=FRAME, code_map=table)
    pd.testing.assert_frame_equal(table, before)
    assert got.themes == ("S1", "S2", "W1")
    assert set(got.table["theme"]) == {"S1", "W1"}
    table.to_csv(tmp_path / "map.csv", index=False)
    same(load_codes(path, frame=FRAME, code_map=tmp_path / "map.csv"), got)
    with pytest.raises(InputError, match="'Teams'"):
        load_codes(path, frame=FRAME, code_map={"Odd": "", "System": "", "Teams": "W9"})
    with pytest.raises(InputError, match="once"):
        load_codes(path, frame=FRAME, code_map=pd.concat([table, table]))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_taguette_and_maxqda_exports_take_the_survey_as_what_was_read(tmp_path, ending):
    taguette = pd.DataFrame(
        {"id": [1, 2, 2], "document": ["r1", "r2", "r2"], "tag": ["S1", "S1", "Targets"],
         "content": ["caseload", "Targets rule", "Targets rule"]}
    )  # fmt: skip
    maxqda = pd.DataFrame(
        {"Document group": "all", "Document name": taguette["document"],
         "Code": ["System\\Caseload", "System > Caseload", "Targets"],
         "Segment": taguette["content"], "Created by": ["A", "A", "B"]}
    )  # fmt: skip
    for name, table in (("t", taguette), ("m", maxqda)):
        path = tmp_path / f"{name}.{ending}"
        table.to_csv(path, index=False) if ending == "csv" else table.to_excel(path, index=False)
        with pytest.raises(InputError, match="responses="):
            load_codes(path, frame=FRAME, unlisted="none")
    path = tmp_path / f"t.{ending}"
    got = load_codes(path, frame=FRAME, responses=survey(), coder="human")
    assert list(got.seen["response_id"]) == ["r1", "r2"]
    assert got.findings[["kind", "n"]].to_numpy().tolist() == [["unlisted responses", 2]]
    got = load_codes(path, frame=FRAME, responses=survey(), coder="human", unlisted="none")
    assert got.themes == ("S1", "S2", "W1")
    assert list(got.seen["response_id"]) == list(TEXTS)
    assert got.matrix(["r1", "r2", "r3"], ["S1", "S2"]).tolist() == [
        [True, False], [True, True], [False, False],
    ]  # fmt: skip
    path = tmp_path / f"m.{ending}"
    assert coders_in(path) == ("A", "B")
    project = read_project(path, responses=survey())
    assert project.tool == "MAXQDA"
    assert list(project.segments["snippet"]) == list(maxqda["Segment"])
    assert load_codes(project, frame=FRAME, coder="A").table["response_id"].tolist() == ["r1", "r2"]
    stray = taguette.assign(document=["r1", "r9", "r2"])
    with pytest.raises(InputError, match="'r9'"):
        load_codes(stray, frame=FRAME, responses=survey())
    with pytest.raises(InputError, match="must name a document and a code"):
        load_codes(taguette.assign(tag=["", "S1", "S1"]), frame=FRAME, responses=survey())
    with pytest.raises(InputError, match="Taguette's or MAXQDA's"):
        read_project(pd.DataFrame({"response_id": ["r1"], "theme": ["S1"]}))
