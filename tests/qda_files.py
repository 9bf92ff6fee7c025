"""A small survey and frame, and projects of them, for the tests of files from other tools."""

from __future__ import annotations

import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pandas as pd

from iapt_topics.codes.codes import Codes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.survey.responses import load_responses

NAN = float("nan")
TEXTS = {
    "r1": "My caseload is high.\nThe team helps me.",
    "r2": "Targets \U0001f600\U0001f600 rule us, and the caseload grows.",
    "r3": "Nothing to report from the service",
    "r4": "Pay has not kept up\nand people leave \U0001f44d each week.",
}
FRAME = ThemeFrame(
    name="small",
    themes=(
        Theme(id="S", label="System", codable=False),
        Theme(id="S1", label="Caseload", parent="S", definition="Too many\nclients.",
              include="Waiting lists.", synonyms=("workload", "volume"), near=("S2",)),
        Theme(id="S2", label="Targets", parent="S", exclude="Pay."),
        Theme(id="W1", label="Team & <care>", status="PAPER", examples=("We help each other.",)),
    ),
)  # fmt: skip


def survey(texts: dict[str, str] = TEXTS):
    table = pd.DataFrame(
        {
            "id": list(texts),
            "who": [f"p{i // 2}" for i in range(len(texts))],
            "year": [2015 + i % 3 for i in range(len(texts))],
            "text": list(texts.values()),
        }
    )
    return load_responses(table, text="text", year="year", respondent="who", response="id")


def same(one: Codes, two: Codes) -> None:
    assert (one.coder, one.kind, set(one.themes)) == (two.coder, two.kind, set(two.themes))
    for name, key in (("seen", ["response_id"]), ("table", ["response_id", "theme"])):
        left, right = (getattr(c, name).sort_values(key).reset_index(drop=True) for c in (one, two))
        pd.testing.assert_frame_equal(left, right)


GUIDS = {name: f"{i:08X}-0000-0000-0000-000000000000" for i, name in enumerate("ABSTUVWXYZ", 1)}


def qde(
    texts: dict[str, str],
    spans: list[tuple[str, str, str, int, int]],
    *,
    inside: bool = False,
    origin: str = "Tool 1",
    extra: str = "",
    codes: str | None = None,
    users: str | None = None,
) -> str:
    """A project: spans are document, coder, code, start, end."""
    users = users or "".join(f'<User guid="{GUIDS[n]}" name="{n}"/>' for n in "AB")
    codes = codes or (
        f'<Code guid="{GUIDS["S"]}" name="System" isCodable="false">'
        f'<Code guid="{{{GUIDS["T"].lower()}}}" name="caseload" isCodable="true"/></Code>'
        f'<Code guid="{GUIDS["U"]}" name="W1" isCodable="true"/>'
    )
    sources = []
    for i, (name, text) in enumerate(texts.items()):
        guid = f"{i:08X}-1111-0000-0000-000000000000"
        where = "" if inside else f' plainTextPath="internal://{i}.txt"'
        body = f"<PlainTextContent>{text}</PlainTextContent>" if inside else ""
        for k, (document, coder, code, start, end) in enumerate(spans):
            if document == name:
                body += (
                    f'<PlainTextSelection guid="{k:08X}-2222-0000-0000-000000000000" '
                    f'startPosition="{start}" endPosition="{end}" creatingUser="{GUIDS[coder]}">'
                    f'<Coding guid="{k:08X}-3333-0000-0000-000000000000">'
                    f'<CodeRef targetGUID="{GUIDS[code]}"/></Coding></PlainTextSelection>'
                )
        sources.append(f'<TextSource guid="{guid}" name="{name}"{where}>{body}</TextSource>')
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<Project xmlns="urn:QDA-XML:project:1.0" name="p" origin="{origin}">'
        f"<Users>{users}</Users>"
        f"<CodeBook><Codes>{codes}</Codes></CodeBook><Sources>{''.join(sources)}</Sources>{extra}"
        "</Project>"
    )


def archive(path: Path, project: str | bytes, texts: dict[str, str | bytes], **more: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("project.qde", project)
        for i, text in enumerate(texts.values()):
            out.writestr(f"Sources/{i}.txt", text)
        for name, content in more.items():
            out.writestr(name, content)
    return path


def coded(coder, given, *, kind="human", themes=("S1", "S2", "W1"), responses=None) -> Codes:
    rows = [(r, t, s) for r, mine in given.items() for t, s in mine.items()]
    return Codes(
        coder=coder,
        kind=kind,
        themes=themes,
        seen=pd.DataFrame({"response_id": list(given), "respondent_id": ""}, dtype=object),
        table=pd.DataFrame(rows, columns=["response_id", "theme", "score"]),
    ).with_respondents(responses or survey())


HUMAN = coded("A", {"r1": {"S1": NAN, "W1": NAN}, "r2": {"S1": NAN}, "r3": {}})


MACHINE = coded("machine", {"r1": {"S1": 0.1 + 0.2}, "r3": {}, "r2": {"S2": 1e-17}}, kind="machine")


TABLES = """
CREATE TABLE source (id integer primary key, name text, fulltext text, mediapath text);
CREATE TABLE code_name (cid integer primary key, name text, memo text, catid integer{supercid});
CREATE TABLE code_cat (catid integer primary key, name text, memo text, supercatid integer);
CREATE TABLE code_text (ctid integer primary key, cid integer, fid integer, seltext text,
    pos0 integer, pos1 integer, owner text);
CREATE TABLE cases (caseid integer primary key, name text);
CREATE TABLE case_text (id integer primary key, caseid integer, fid integer, pos0 integer,
    pos1 integer);
CREATE TABLE code_image (imid integer primary key, cid integer);
INSERT INTO code_cat VALUES (1, 'System', 'a memo', NULL);
INSERT INTO code_name VALUES (1, 'caseload', '', 1{null}), (2, 'W1', NULL, NULL{one});
INSERT INTO code_image VALUES (1, 1);
"""


def project_of(folder: Path, texts=TEXTS, spans=(), *, newer=False, sql="") -> Path:
    """A QualCoder project: spans are document, coder, code id, start, end."""
    folder.mkdir(exist_ok=True)
    fill = {"supercid": ", supercid integer", "null": ", NULL", "one": ", 1"}
    with closing(sqlite3.connect(folder / "data.qda")) as base:
        base.executescript(TABLES.format(**{k: v if newer else "" for k, v in fill.items()}))
        rows = [(i, n, t) for i, (n, t) in enumerate(texts.items())]
        base.executemany("INSERT INTO source VALUES (?, ?, ?, NULL)", rows)
        of = {n: i for i, n, _ in rows}
        base.executemany(
            "INSERT INTO code_text VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            [(c, of[d], texts[d][i:j], i, j, who) for d, who, c, i, j in spans],
        )
        base.executescript(sql)
        base.commit()
    return folder
