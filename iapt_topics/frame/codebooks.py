"""Codebooks as coding tools export them: tables told by their columns, as rows of a frame."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

#: For each tool: the columns that tell its export, that of the code, and that of its description.
_TOOLS: Sequence[tuple[str, frozenset[str], str, str]] = (
    ("Taguette", frozenset({"tag", "description"}), "tag", "description"),
    ("NVivo", frozenset({"name", "description"}), "name", "description"),
    ("MAXQDA", frozenset({"code", "memo"}), "code", "memo"),
    ("ATLAS.ti", frozenset({"code", "comment"}), "code", "comment"),
    ("a list", frozenset({"code", "definition"}), "code", "definition"),
    ("a list", frozenset({"code", "description"}), "code", "description"),
    ("a list", frozenset({"theme", "definition"}), "theme", "definition"),
    ("a list", frozenset({"theme", "description"}), "theme", "description"),
    ("a list", frozenset({"domain", "theme"}), "theme", ""),
)
#: Names in other languages of NVivo and MAXQDA.
_ALSO = {
    "beschreibung": "description", "nom": "name", "nombre": "name", "descripción": "description",
    "código": "code", "kommentar": "comment", "definition ": "definition", "codes": "code",
    "themes": "theme", "code name": "code", "domains": "domain",
}  # fmt: skip
_STEP = re.compile(r"\s*\\+\s*|\s+>\s+|\s*>\s*(?=[A-Z])")


def of_a_tool(columns: Sequence[str]) -> bool:
    """Whether a table has the columns of a tool's codebook."""
    return _told(columns) is not None


def as_frame_rows(table: pd.DataFrame) -> pd.DataFrame:
    """A tool's codebook as a table of ``id``, ``label``, ``parent`` and ``definition``.

    Paths such as "System > Caseload", and columns of a domain or of code groups, give the parents;
    one that is not listed becomes a heading. A label that is not unique has its path for an id.
    """
    told = _told(list(table.columns))
    assert told is not None
    tool, code, about = told
    cells = table.rename(columns=_name)
    groups = [c for c in cells.columns if c == "domain" or re.fullmatch(r"code group ?\d*", c)]
    entries: list[tuple[tuple[str, ...], str]] = []
    above = ""
    for row in cells.to_dict("records"):
        label = " ".join(row[code].split()) if tool == "Taguette" else row[code].strip()
        group = next((row[g].strip() for g in groups if row[g].strip()), "")
        if "domain" in groups:  # merged cells hold it in their first row alone
            above = group = group or above
        if not label:
            continue
        path = (label,) if tool == "Taguette" else tuple(p for p in _STEP.split(label) if p)
        if len(path) == 1 and group and group != path[0]:
            path = (group, *path)
        entries.append((path, row[about].strip() if about else ""))
    known = {p for p, _ in entries}
    rows: list[tuple[tuple[str, ...], str, bool]] = []
    # A group is often a code as well, listed without a group of its own.
    tops = {p[0] for p in known if len(p) == 1}
    for path, words in entries:
        for depth in range(1, len(path)):
            if path[:depth] not in known and not (depth == 1 and path[0] in tops):
                known.add(path[:depth])
                rows.append((path[:depth], "", False))
        rows.append((path, words, True))
    times = Counter(p[-1] for p, _, _ in rows)
    ids = {p: p[-1] if times[p[-1]] == 1 else " > ".join(p) for p, _, _ in rows}
    return pd.DataFrame(
        [
            {
                "id": ids[p], "label": p[-1], "parent": ids.get(p[:-1], p[-2] if p[1:] else ""),
                "definition": words, "codable": "" if codable else "false",
            }
            for p, words, codable in rows
        ]
    )  # fmt: skip


def _name(column: object) -> str:
    name = " ".join(str(column).casefold().split())
    return _ALSO.get(name, name)


def _told(columns: Sequence[str]) -> tuple[str, str, str] | None:
    """The tool, and its columns of the code and of the description."""
    there = {_name(c) for c in columns}
    if {"id", "label"} <= there:
        return None
    for tool, needed, code, about in _TOOLS:
        if needed <= there:
            also = about or next((c for c in ("definition", "description") if c in there), "")
            return tool, code, also
    return None
