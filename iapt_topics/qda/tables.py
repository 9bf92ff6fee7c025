"""Tables of coded segments as tools export them, told by their column names."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics.frame.refi import BELOW
from iapt_topics.qda.project import Export, make_export

#: For each tool: its columns of the document, the code, the segment and, if any, the coder. A table
#: must have the first two to be of the tool; names are compared in small letters.
COLUMNS: Mapping[str, tuple[str, str, str, str]] = {
    "Taguette": ("document", "tag", "content", ""),
    "MAXQDA": ("document name", "code", "segment", "created by"),
}
#: MAXQDA's names in other languages of its interface, by the English one.
_ALSO = {
    "dokumentname": "document name", "nombre del documento": "document name",
    "nom du document": "document name", "nome del documento": "document name",
    "segmento": "segment", "c\u00f3digo": "code", "codice": "code", "erstellt von": "created by",
    "autor": "created by", "creado por": "created by", "cr\u00e9\u00e9 par": "created by",
    "creato da": "created by",
}  # fmt: skip


def infer_tool(columns: pd.Index) -> str:
    """Tool whose export has these columns, or ""."""
    there = {_english(c) for c in columns}
    found = (tool for tool, names in COLUMNS.items() if {*names[:2]} <= there)
    return "" if "response_id" in there else next(found, "")


def _english(column: object) -> str:
    name = " ".join(str(column).casefold().split())
    return _ALSO.get(name, name)


def read_segments(table: pd.DataFrame, what: str) -> Export:
    """Read an export of coded segments; it lists only the documents that have one."""
    tool = infer_tool(table.columns)
    document, code, segment, coder = COLUMNS[tool]
    cells = table.rename(columns=_english)
    cells = cells[(cells != "").any(axis=1)]
    columns = {
        name: [str(v).strip() for v in cells[name]] if name in cells else [""] * len(cells)
        for name in (document, code, segment, coder or "\0")
    }
    blank = [d or c for d, c in zip(columns[document], columns[code], strict=True) if not (d and c)]
    if blank:
        raise InputError(
            f"{what}: rows", "must name a document and a code", f"one alone: {listed(blank)}",
            "Export it again.",
        )  # fmt: skip
    # Taguette writes a path with full stops, which may stand in a tag as well: left as it is.
    if tool == "MAXQDA":
        columns[code] = [BELOW.join(re.split(r"\\| > |>", c)) for c in columns[code]]
    segments = [
        (d, who or "human", c, np.nan, np.nan, s, np.nan)
        for d, c, s, who in zip(*columns.values(), strict=True)
    ]
    documents = [(d, None, "") for d in dict.fromkeys(columns[document])]
    found = {"documents": documents, "segments": segments}
    return make_export(found, tool=tool, what=what, lists_all=False)
