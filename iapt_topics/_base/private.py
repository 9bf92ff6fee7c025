"""Files and folders for their owner alone; a link where one of ours should be is refused."""

from __future__ import annotations

import os
import re
import stat
import warnings
from pathlib import Path

from iapt_topics._base.errors import InputError

#: Folder in a folder of results, its cache, in which whatever is not whole yet is made.
PARTS = "iapt_topics.parts"
#: What the program puts into a cache.
_CACHED = re.compile(
    rf"embeddings-[0-9a-f]+\.sqlite.*|(?:topics|stage-[a-z]+)-[0-9a-f]+|lock|{re.escape(PARTS)}"
)


def refuse_link(path: Path) -> None:
    """Raise :class:`InputError` if a link stands where a file or folder of ours should be."""
    if path.is_symlink():
        raise InputError(
            f"{str(path)!r}", "must not be a link", "a link to another place",
            "Remove the link, or name another folder.",
        )  # fmt: skip


def refuse_links(folder: Path, name: str | Path) -> None:
    """The same for each step from a folder, which may be a link itself, down to ``name``."""
    at = folder
    for step in Path(name).parts:
        at = at / step
        refuse_link(at)


def private_folder(folder: Path) -> Path:
    """Make a folder that its owner alone can open, or close one that is there to others.

    Raises
    ------
    InputError
        If there is a link or a file of that name.
    """
    refuse_link(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{str(folder)!r}", "must be a folder", "a file", "Name another.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _close(folder)
    return folder


def private_cache(folder: Path) -> Path:
    """The same for a cache; one that other programs use too keeps its mode."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if all(_CACHED.fullmatch(p.name) for p in folder.iterdir()):
        _close(folder)
    return folder


def private_file(path: Path) -> None:
    """Make an empty file for its owner alone, or close one that is there to others."""
    refuse_link(path)
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600))
    _close(path)


def private_tree(folder: Path) -> None:
    """Close a folder and all that is in it to others."""
    _close(private_folder(folder))
    for path in folder.rglob("*"):
        _close(path)


def _close(path: Path) -> None:
    """Take a file or folder of this account from the others; links are left alone."""
    info = path.lstat()
    ours = hasattr(os, "getuid") and info.st_uid == os.getuid()
    if not ours or stat.S_ISLNK(info.st_mode) or not stat.S_IMODE(info.st_mode) & 0o077:
        return
    try:
        path.chmod(0o700 if stat.S_ISDIR(info.st_mode) else 0o600)
    except OSError as error:  # a file system that knows no owners
        warnings.warn(f"others may be able to read {path}: {error}", stacklevel=3)
