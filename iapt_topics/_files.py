"""Write a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str, *, encoding: str = "utf-8") -> None:
    """Write ``text`` beside ``path`` and move it there in one step.

    Parameters
    ----------
    path : Path
        Its folder is made if need be; a file of that name is replaced.
    text : str
    encoding : str, default "utf-8"

    Raises
    ------
    OSError
        If it cannot be written; what was there before is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding=encoding, newline="") as stream:
            stream.write(text)
        Path(name).chmod(0o644)  # mkstemp gives the file to its owner alone
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
