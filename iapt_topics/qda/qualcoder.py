"""QualCoder's own project: a folder ``.qda`` with the SQLite file ``data.qda`` in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from iapt_topics._base.errors import InputError, listed, require_file
from iapt_topics._base.findings import Finding
from iapt_topics.frame.refi import BELOW, MACHINE
from iapt_topics.qda.project import Export, make_export, position

_LARGEST = 2_000_000_000
_MOST_ROWS = 5_000_000  # of each table; 20,000 responses with five codes each have 100,000
_COLUMNS = {
    "source": ("id", "name", "fulltext"),
    "code_name": ("cid", "name", "memo", "catid"),
    "code_cat": ("catid", "name", "memo", "supercatid"),
    "code_text": ("cid", "fid", "seltext", "pos0", "pos1", "owner"),
    "cases": ("caseid", "name"),
    "case_text": ("caseid", "fid", "pos0", "pos1"),
}
_Rows = dict[str, list[tuple[object, ...]]]


def read_qualcoder(path: Path) -> Export:
    """Read the sources, codes and coded segments; the owner of a segment is its coder."""
    what = f"project {path.name!r}"
    path = path / "data.qda" if path.is_dir() else path
    database = require_file(path, "QualCoder's database", _LARGEST)
    rows = _rows(database, what)
    names = {i: _text(name, what) for i, name, _ in rows["source"]}
    codebook, code = _codebook(rows, what)
    segments = []
    for cid, fid, snippet, start, end, owner in rows["code_text"]:
        if cid not in code or fid not in names:
            raise InputError(
                f"{what}: coded text", "must refer to a code and a file of the project",
                listed([str(cid), str(fid)]), "Repair the project in QualCoder.",
            )  # fmt: skip
        segments.append(
            (names[fid], _text(owner, what) or "unnamed", code[cid], position(start, what),
             position(end, what), _text(snippet, what), float("nan"))
        )  # fmt: skip
    cases = {i: _text(name, what) for i, name in rows["cases"]}
    places = [
        (names[fid], position(start, what), position(end, what), cases[case])
        for case, fid, start, end in rows["case_text"]
        if case in cases and fid in names
    ]
    owners = dict.fromkeys(str(s[1]) for s in segments)
    other = {t: len(rows[t]) for t in ("code_image", "code_av") if rows[t]}
    documents = [
        (names[i], None if text is None else _text(text, what), "") for i, _, text in rows["source"]
    ]
    return make_export(
        {"documents": documents, "segments": segments, "codebook": codebook, "places": places},
        tool="QualCoder",
        what=what,
        machines=tuple(o for o in owners if o.startswith(MACHINE)),
        findings=tuple(
            Finding("codes", what, n, f"{n} segments of {t}, which are not of text, are not used")
            for t, n in other.items()
        ),
    )


def _rows(database: Path, what: str) -> _Rows:
    """The rows wanted, read without leave to write, and without the help of views or triggers."""
    with database.open("rb") as stream:
        head = stream.read(16)
    if head != b"SQLite format 3\0":
        raise InputError(what, "must be an SQLite database", "another kind of file",
                         "Point to the .qda folder.")  # fmt: skip
    for ending in ("-wal", "-journal"):
        beside = database.with_name(database.name + ending)
        if beside.is_file() and beside.stat().st_size:
            raise InputError(
                what, "must be closed in QualCoder", f"unsaved changes in {beside.name!r}",
                "Close the project there, then try again.",
            )  # fmt: skip
    found: _Rows = {}
    try:
        # Immutable: neither locked nor given a journal, so that reading leaves no trace.
        uri = f"file:{quote(str(database.resolve()))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            kinds = dict(connection.execute("SELECT name, type FROM sqlite_master"))
            for table, columns in _COLUMNS.items():
                there = {r[1] for r in connection.execute(f"PRAGMA table_info({table})")}
                missing = [c for c in columns if c not in there]
                if kinds.get(table) != "table" or missing:
                    raise InputError(
                        what, f"must have QualCoder's table {table!r}",
                        f"no {listed(missing)} in it" if there else "none",
                        "Open it in QualCoder once, which brings it up to date.",
                    )  # fmt: skip
                wanted = columns
                if table == "code_name":
                    wanted = (*columns, "supercid" if "supercid" in there else "NULL")
                found[table] = connection.execute(
                    f"SELECT {', '.join(wanted)} FROM {table} ORDER BY rowid"
                ).fetchmany(_MOST_ROWS + 1)
                if len(found[table]) > _MOST_ROWS:
                    raise InputError(
                        f"{what}: table {table!r}", f"must have at most {_MOST_ROWS:,} rows",
                        "more", "Split the project in QualCoder.",
                    )  # fmt: skip
            for table in ("code_image", "code_av"):
                found[table] = []
                if kinds.get(table) == "table":
                    found[table] = connection.execute(f"SELECT 1 FROM {table}").fetchall()
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise InputError(
            what, "must be a readable SQLite database", str(error), "Repair it in QualCoder."
        ) from error
    return found


def _text(value: object, what: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise InputError(
        f"{what}: names and texts", "must be text", type(value).__name__, "Repair it in QualCoder."
    )


def _codebook(rows: _Rows, what: str) -> tuple[list[tuple[object, ...]], dict[object, str]]:
    """Categories and codes with their paths, and the path of each code by its id."""
    above: dict[tuple[str, object], tuple[str, object] | None] = {}
    about: dict[tuple[str, object], tuple[str, str]] = {}
    for catid, name, memo, parent in rows["code_cat"]:
        above["cat", catid] = ("cat", parent) if parent is not None else None
        about["cat", catid] = (_text(name, what), _text(memo, what))
    for cid, name, memo, catid, supercid in rows["code_name"]:
        above["code", cid] = (
            ("code", supercid) if supercid is not None
            else ("cat", catid) if catid is not None else None
        )  # fmt: skip
        about["code", cid] = (_text(name, what), _text(memo, what))
    paths: dict[tuple[str, object], list[str]] = {}
    for key in about:
        path, node, passed = [], key, set()
        while node in about and node not in passed:
            passed.add(node)
            path.append(about[node][0])
            node = above[node] or ("", None)
        paths[key] = path[::-1]
    book: list[tuple[object, ...]] = [
        (BELOW.join(path), path[-1], BELOW.join(path[:-1]), kind == "code", about[kind, i][1])
        for (kind, i), path in paths.items()
    ]
    return book, {i: BELOW.join(path) for (kind, i), path in paths.items() if kind == "code"}
