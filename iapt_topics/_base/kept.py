"""Results that are kept for a later run: a record says what made them, and what they were.

The record is no signature: whoever may write to the folder can write a record that fits whatever
they put there. It tells results of other responses, vectors or settings, and files that were
damaged or edited, from those that a run wrote. Against people it is the folder's permissions that
help.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from iapt_topics._base.files import MOST_BYTES, write_whole


def write_record(
    record: Path, made_of: str, files: Mapping[str, str], *, within: Path | None = None
) -> None:
    """Write down the hash of what made some files, and the hash of each; ``within`` a folder."""
    content = json.dumps({"made_of": made_of, "files": dict(files)}, indent=1)
    write_whole(record, content, private=True, within=within)


def fault_of(record: Path, made_of: str, files: Mapping[str, str]) -> str:
    """Why files must not be taken for what a run wrote; "" if they may be."""
    if not record.is_file() or record.stat().st_size > MOST_BYTES:
        return "no record of what made them"
    try:
        content = json.loads(record.read_text("utf-8"))
        told_of, told = str(content["made_of"]), dict(content["files"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "their record cannot be read"
    if told_of != made_of:
        return "they were made of other responses, vectors or settings"
    other = sorted(n for n in {*told, *files} if told.get(n) != files.get(n))
    return f"{other[0]} is not as it was written" if other else ""
