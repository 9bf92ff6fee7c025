"""Write a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
