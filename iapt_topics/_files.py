"""A file is written whole or not at all, and a folder by one run at a time."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from iapt_topics._checks import InputError, require_file

#: Of a file that a person writes by hand; a codebook of 300 themes is well below a million.
MOST_BYTES = 5_000_000


def write_whole(path: Path, content: str | bytes, *, encoding: str = "utf-8") -> None:
    """Write ``content`` beside ``path`` and move it there in one step.

    Parameters
    ----------
    path : Path
        Its folder is made if need be; a file of that name is replaced.
    content : str or bytes
    encoding : str, default "utf-8"
        Of text.

    Raises
    ------
    OSError
        If it cannot be written; what was there before is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode(encoding) if isinstance(content, str) else content)
        Path(name).chmod(0o644)  # mkstemp gives the file to its owner alone
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into, which takes the place of ``folder`` at the end, or is removed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        yield part
        part.chmod(0o755)  # mkdtemp gives the folder to its owner alone
        if folder.exists():
            shutil.rmtree(folder)
        part.replace(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a folder of results for this process; the lock goes with the process, however it ends.

    Raises
    ------
    InputError
        If another run holds it.
    """
    from filelock import FileLock, Timeout

    (folder / "cache").mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / "cache" / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"folder {str(folder)!r}", "must be used by one run at a time",
            "a run that is still going", "Wait for it, or name another folder.",
        ) from None  # fmt: skip
    try:
        for piece in list(folder.rglob(".*.part")):  # of a run that was killed as it wrote
            if piece.is_dir():
                shutil.rmtree(piece)
            else:
                piece.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Content of a TOML file, which ``what`` names to the user.

    Raises
    ------
    InputError
        If there is no such file, or it is too large or no TOML.
    """
    require_file(path, what, MOST_BYTES)
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, or nested without end
        raise InputError(
            f"{what} {path.name!r}", "must be valid TOML in UTF-8", str(error),
            "Mend that line; texts and paths stand in quotes.",
        ) from error  # fmt: skip


def file_hash(path: Path) -> str:
    """SHA-256 of a file, or that there is none."""
    if not path.is_file():
        return "no such file"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
