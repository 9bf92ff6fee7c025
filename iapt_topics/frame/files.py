"""Frame files as plain entries: TOML, or one table that holds themes, facets and the frame itself.

The table has a column ``kind``: "theme" or nothing; "frame" (``id`` is a field of the frame and
``label`` its value); "facet"; "value" (of the facet that is its ``parent``).
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns, require_file, suggestion
from iapt_topics._base.files import MOST_BYTES, read_toml, write_whole
from iapt_topics._base.sheets import read_sheet, write_sheet
from iapt_topics._base.tables import read_tables
from iapt_topics.frame.codebooks import as_frame_rows, of_a_tool
from iapt_topics.frame.instructions import CHOICES, INSTRUCTIONS
from iapt_topics.frame.refi import read_codebook
from iapt_topics.frame.theme import LISTS

KINDS = ("theme", "frame", "facet", "value")
ENDINGS = (".toml", ".csv", ".xlsx", ".qdc")

Entries = tuple[Mapping[str, Any], list[Any], list[Any]]


def read_entries(path: Path, fields: Iterable[str], faults: list[str]) -> Entries:
    """Read what the frame says of itself, its themes and its facets; add faults of form."""
    require_file(path, "frame", MOST_BYTES)
    if path.suffix.casefold() == ".toml":
        return _toml(path, faults)
    if path.suffix.casefold() == ".qdc":
        return {}, read_codebook(path), []
    return _table(path, list(fields), faults)


def write_entries(path: Path, entries: Entries, fields: Iterable[str]) -> None:
    """Write entries so that :func:`read_entries` gives them back."""
    ending = path.suffix.casefold()
    if ending not in ENDINGS:
        raise InputError(
            f"frame file {path.name!r}", "must end in .toml, .csv, .xlsx or .qdc",
            repr(path.suffix), "Change the ending.",
        )  # fmt: skip
    if ending == ".toml":
        write_whole(path, _as_toml(*entries))
        return
    names = ["kind", *fields]
    wide = ("definition", "include", "exclude", *LISTS)
    write_sheet(
        path, names, _as_rows(*entries, names), wide=wide, private=False, choices=CHOICES,
        instructions=INSTRUCTIONS,
    )  # fmt: skip


def _toml(path: Path, faults: list[str]) -> Entries:
    content = read_toml(path, "frame")
    about, themes = content.pop("frame", {}), content.pop("theme", [])
    facets = content.pop("facet", [])
    if not (isinstance(about, dict) and isinstance(themes, list) and isinstance(facets, list)):
        raise InputError(
            f"frame {path.name!r}", "must contain [[theme]] tables", "other values of that name",
            "See the bundled frame for an example.",
        )  # fmt: skip
    faults += [f"{k!r} is none of [frame], [[theme]] and [[facet]]" for k in content]
    return about, themes, facets


def _table(path: Path, fields: list[str], faults: list[str]) -> Entries:
    """Read the rows of a table; rows without any content, as spreadsheets leave, are no themes."""
    table = _frame_sheet(path)
    if of_a_tool(list(table.columns)):
        table = as_frame_rows(table)  # counts and dates of the tool are left out
    elif not {"id", "label"} & set(table.columns):
        raise InputError(
            f"frame {path.name!r}",
            "must have the columns id and label, or be a codebook of NVivo, MAXQDA, ATLAS.ti or "
            "Taguette",
            f"columns {listed(table.columns, most=20)}",
            "Write a template with: iapt-topics frame my_frame.xlsx.",
        )  # fmt: skip
    require_columns(table, ("id", "label"), f"frame {path.name!r}")
    known = ["kind", *fields]
    unknown = [str(c) for c in table.columns if c not in known]
    faults += [f"the unknown column {c!r} {suggestion(c, known)}".strip() for c in unknown]
    about: dict[str, Any] = {}
    themes: list[Any] = []
    facets: list[Any] = []
    cells = table[[c for c in table.columns if c in known]].to_dict("records")
    for number, cell in enumerate(cells, 2):
        row = {str(k): "" if pd.isna(v) else v for k, v in cell.items()}
        if not any(str(v).strip() for v in row.values()):
            continue
        kind = str(row.pop("kind", "")).strip().casefold() or "theme"
        if kind == "theme":
            themes.append(row)
            continue
        given = {k: v for k, v in row.items() if str(v).strip()}
        if kind == "frame":
            about[str(row["id"]).strip()] = row["label"]
        elif kind == "facet":
            facets.append(given | {"value": []})
        elif kind == "value":
            parent = given.pop("parent", "")
            facet = next((f for f in facets if f.get("id") == parent), None)
            if facet is None:
                faults.append(f"row {number} is a value of the unknown facet {parent!r}")
            else:
                facet["value"].append(given)
        else:
            faults.append(f"row {number} is of the unknown kind {kind!r}")
    return about, themes, facets


def _frame_sheet(path: Path) -> pd.DataFrame:
    """The sheet that holds the frame; a warning names others that are tables."""
    if path.suffix.casefold() != ".xlsx":
        return read_sheet(path, "frame")
    sheets = {title: table for title, (table, _) in read_tables(path, "frame", mend=False).items()}
    known = [
        t for t, s in sheets.items() if {"id", "label"} <= set(s) or of_a_tool(list(s.columns))
    ]
    chosen = (known or list(sheets))[0]
    if left := [t for t in sheets if t != chosen]:
        warnings.warn(
            f"frame {path.name!r}: sheet {chosen!r} was read; left: {listed(left, 8)}.",
            stacklevel=2,
        )
    return sheets[chosen]


def _as_toml(about: Mapping[str, Any], themes: list[Any], facets: list[Any]) -> str:
    lines = ["[frame]", *_pairs(about)]
    for facet in facets:
        lines += ["", "[[facet]]", *_pairs({k: v for k, v in facet.items() if k != "value"})]
        for value in facet["value"]:
            lines += ["", "[[facet.value]]", *_pairs(value)]
    for theme in themes:
        lines += ["", "[[theme]]", *_pairs(theme)]
    return "\n".join(lines) + "\n"


def _pairs(entry: Mapping[str, Any]) -> list[str]:
    return [f"{k} = {_literal(v)}" for k, v in entry.items()]


def _literal(value: Any) -> str:
    # JSON's strings and booleans are TOML's, but for DEL, which a frame cannot hold.
    if isinstance(value, tuple):
        inner = [json.dumps(v, ensure_ascii=False) for v in value]
        short = ", ".join(inner)
        return f"[{short}]" if len(short) < 80 else "[\n  " + ",\n  ".join(inner) + ",\n]"
    return json.dumps(value, ensure_ascii=False)


def _as_rows(
    about: Mapping[str, Any], themes: list[Any], facets: list[Any], names: list[str]
) -> list[list[str]]:
    rows = [{"kind": "frame", "id": k, "label": v} for k, v in about.items()]
    for facet in facets:
        rows.append({"kind": "facet", **{k: v for k, v in facet.items() if k != "value"}})
        rows += [{"kind": "value", **v, "parent": facet["id"]} for v in facet["value"]]
    rows += [{"kind": "theme", **theme} for theme in themes]
    return [[_cell(row.get(n, "")) for n in names] for row in rows]


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        cell = " | ".join(v.replace("|", r"\|") for v in value)
        # A bar at the end says that a line break is part of the one text before it.
        return f"{cell} |" if len(value) == 1 and "\n" in cell else cell
    return str(value).casefold() if isinstance(value, bool) else str(value)


def split_cell(text: str) -> list[str]:
    r"""Parts of a cell between bars; ``\|`` is a bar in a part. Without a bar, of its lines."""
    if "\n" in text and not re.search(r"(?<!\\)\|", text):
        return [re.sub(r"^\s*[-*\u2022]\s+", "", v).replace(r"\|", "|") for v in text.split("\n")]
    return [p.replace(r"\|", "|") for p in re.split(r"(?<!\\)\|", text)]
