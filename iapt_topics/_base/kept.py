"""Results that are kept for a later run: a record says what made them, and what they were.

The record is no signature: whoever may write to the folder can write a record that fits whatever
they put there. It tells results of other responses, vectors or settings, and files that were
damaged or edited, from those that a run wrote. Against people it is the folder's permissions that
help.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import MOST_BYTES, file_hash, write_whole
from iapt_topics._base.private import private_tree, refuse_link

_RECORD = "record.json"
T = TypeVar("T")


def keep_once(
    place: Path,
    made_of: str,
    what: str,
    make: Callable[[], T],
    save: Callable[[Path, T], object],
    load: Callable[[Path], T],
) -> T:
    """What a folder keeps, if it was made of the same; else what ``make`` gives, which is kept.

    What is damaged, or was made of something else, is made anew, and what cannot be kept is not; a
    warning says so.
    """
    refuse_link(place)
    if place.is_dir():
        private_tree(place)
        fault = find_fault(place / _RECORD, made_of, _hashes(place))
        try:
            if not fault:
                return load(place)
        except InputError as error:
            fault = str(error)
        warnings.warn(f"{what} again: {place.name}: {fault}", stacklevel=3)
        shutil.rmtree(place, ignore_errors=True)
    made = make()
    try:
        save(place, made)
        write_record(place / _RECORD, made_of, _hashes(place))
    except (OSError, TypeError, ValueError) as error:  # the disk, or what no file can hold
        warnings.warn(f"{place.name} is not kept: {error}", stacklevel=3)
    return made


def _hashes(place: Path) -> dict[str, str]:
    """Hash of each file that is kept, but for the record of them."""
    return {p.name: file_hash(p) for p in sorted(place.iterdir()) if p.name != _RECORD}


def write_record(
    record: Path, made_of: str, files: Mapping[str, str], *, within: Path | None = None
) -> None:
    """Write down the hash of what made some files, and the hash of each; ``within`` a folder."""
    content = json.dumps({"made_of": made_of, "files": dict(files)}, indent=1)
    write_whole(record, content, private=True, within=within)


def find_fault(record: Path, made_of: str, files: Mapping[str, str]) -> str:
    """Why files must not be taken for what a run wrote; "" if they may be."""
    if not record.is_file() or record.stat().st_size > MOST_BYTES:
        return "there is no record of their source"
    try:
        content = json.loads(record.read_text("utf-8"))
        told_of, told = str(content["made_of"]), dict(content["files"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "their record cannot be read"
    if told_of != made_of:
        return "they belong to other responses, vectors or settings"
    other = sorted(n for n in {*told, *files} if told.get(n) != files.get(n))
    return f"{other[0]} has changed since it was written" if other else ""
