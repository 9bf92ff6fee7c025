"""A file is written whole or not at all, and a folder by one run at a time."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from iapt_topics._base.errors import InputError, require_file
from iapt_topics._base.private import (
    PARTS,
    private_cache,
    private_file,
    private_folder,
    private_tree,
    refuse_link,
    refuse_links,
)

#: Of a file that a person writes by hand; a codebook of 300 themes is well below a million.
MOST_BYTES = 5_000_000
#: Folders that this process holds, the innermost last.
_HELD: list[Path] = []


def write_whole(
    path: Path,
    content: str | bytes,
    *,
    encoding: str = "utf-8",
    private: bool = False,
    within: Path | None = None,
) -> None:
    """Write ``content`` to a part, and move it to ``path`` in one step.

    Parameters
    ----------
    path : Path
        Its folder is made if need be; a file of that name is replaced.
    content : str or bytes
    encoding : str, default "utf-8"
        Of text.
    private : bool, default False
        For its owner alone; otherwise the umask says who may read it.
    within : Path, optional
        Folder of results in which the part is made; by default one that this process holds. The
        next run in it removes what a killed one left. Outside of such a folder the part stands
        beside ``path``.

    Raises
    ------
    OSError
        If it cannot be written; what was there before is then untouched.
    InputError
        If a link stands at ``path``, or on the way to it within a folder of results.
    """
    part = _name_part(path, within)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(part, flags, 0o600 if private else 0o666)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode(encoding) if isinstance(content, str) else content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(folder: Path, *, private: bool = False) -> Iterator[Path]:
    """A folder to write into, which takes the place of ``folder`` at the end, or is removed."""
    part = _name_part(folder, None)
    part.mkdir(mode=0o700 if private else 0o777)
    try:
        yield part
        if private:
            private_tree(part)
        if folder.exists():
            shutil.rmtree(folder)
        part.replace(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


@contextmanager
def scratch_folder(results: Path, name: str) -> Iterator[Path]:
    """A folder to work in, inside a folder of results; it is removed at the end."""
    part = _new_part(_parts_in(results), name)
    part.mkdir(mode=0o700)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        with suppress(OSError):  # others are at work in it
            part.parent.rmdir()


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a folder of results for this process; the lock goes with the process, however it ends.

    Raises
    ------
    InputError
        If another run holds it, or its cache is a link.
    """
    from filelock import FileLock, Timeout

    folder = Path(folder).absolute()
    refuse_links(folder, "cache/lock")
    private_file(private_cache(folder / "cache") / "lock")
    lock = FileLock(folder / "cache" / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"folder {str(folder)!r}", "must be used by one run at a time",
            "a run that is still going", "Wait for it, or name another folder.",
        ) from None  # fmt: skip
    try:
        for piece in _parts_in(folder).iterdir():  # of a run that was killed as it wrote
            if piece.is_dir() and not piece.is_symlink():
                shutil.rmtree(piece)
            else:
                piece.unlink(missing_ok=True)
        _HELD.append(folder)
        try:
            yield
        finally:
            _HELD.remove(folder)
            with suppress(OSError):
                (folder / "cache" / PARTS).rmdir()
    finally:
        lock.release()


def _name_part(path: Path, within: Path | None) -> Path:
    """A new name for what will be ``path``."""
    whole = path.absolute()
    results = within or next((h for h in reversed(_HELD) if whole.is_relative_to(h)), None)
    if results is None:
        refuse_link(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return _new_part(path.parent, f".{path.name}")
    refuse_links(results, whole.relative_to(results.absolute()))
    path.parent.mkdir(parents=True, exist_ok=True)
    return _new_part(_parts_in(results), path.name)


def _parts_in(results: Path) -> Path:
    refuse_links(results, f"cache/{PARTS}")
    private_cache(results / "cache")
    return private_folder(results / "cache" / PARTS)


def _new_part(folder: Path, name: str) -> Path:
    return folder / f"{name}.{secrets.token_hex(4)}.part"


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
            "Correct that line; texts and paths need quotation marks.",
        ) from error  # fmt: skip


def hash_parts(parts: Iterable[bytes]) -> str:
    """SHA-256 of parts, which tells where each ends."""
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file, or that there is none."""
    if not path.is_file():
        return "no such file"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def require_published(folder: Path, files: Mapping[str, str], of: str, do: str) -> None:
    """Raise :class:`InputError` for a file of a model whose hash is not the one that is known."""
    for name, digest in files.items():
        if (found := file_hash(folder / name)) != digest:
            do = f"Do not use it. {do} the folder of a model that you trust."
            raise InputError(f"{name} of {of}", f"must have the SHA-256 {digest}", found, do)
