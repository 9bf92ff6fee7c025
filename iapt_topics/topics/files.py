"""Topics on disk: tables as Parquet, arrays as safetensors, the rest as JSON; nothing runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_file
from iapt_topics._base.files import MOST_BYTES, whole_folder
from iapt_topics._base.parquet_size import require_decodable
from iapt_topics._base.private import private_file, refuse_link
from iapt_topics.topics.topics import TopicConfig, Topics

FORMAT = 3  #: it changes with what a fit gives, too: what was kept is then fitted anew
_TABLES = ("assignments", "topics", "hierarchy", "resolution", "runs", "edits")
_ARRAYS = ("votes", "distribution", "centroids")
_NAMES = {"topics.json", "arrays.safetensors", *(f"{name}.parquet" for name in _TABLES)}


def save_topics(folder: str | Path, topics: Topics) -> Path:
    """Save topics to a folder that :func:`load_topics` loads.

    Parameters
    ----------
    folder : str or path
        Made anew, for its owner alone; one with saved topics and nothing else is replaced.
    topics : Topics
        From :func:`iapt_topics.fit_topics`.

    Returns
    -------
    Path
        The folder. It holds response ids, topic words and mean vectors, and no text of a response.

    Raises
    ------
    InputError
        If the folder holds something other than saved topics.
    """
    from safetensors.numpy import save_file

    folder = Path(folder)
    refuse_link(folder)
    found = {p.name for p in folder.iterdir()} if folder.exists() else set()
    if found and ("topics.json" not in found or found - _NAMES):
        got = listed(sorted(found - _NAMES or found))
        raise InputError(
            f"folder {folder.name!r}", "must be new or hold topics alone", got, "Name another."
        )
    with whole_folder(folder, private=True) as part:
        for name in _NAMES:
            private_file(part / name)  # before it holds anything
        for name in _TABLES:
            table = getattr(topics, name)
            if name == "topics":
                table = table.assign(exemplars=[list(e) for e in table["exemplars"]])
            table.to_parquet(part / f"{name}.parquet", engine="pyarrow", index=False)
        # Contiguous, since safetensors writes the memory as it lies.
        arrays = {n: np.ascontiguousarray(getattr(topics, n)) for n in _ARRAYS}
        save_file(arrays, part / "arrays.safetensors")
        content = {"format": FORMAT, "config": asdict(topics.config), "versions": topics.versions}
        (part / "topics.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    return folder


def load_topics(folder: str | Path) -> Topics:
    """Load topics from a folder of :func:`save_topics`.

    Parameters
    ----------
    folder : str or path
        The folder.

    Returns
    -------
    Topics
        As they were written, bit for bit.

    Raises
    ------
    InputError
        If it holds no topics, or its files do not belong together.
    """
    from safetensors.numpy import load_file

    folder = Path(folder)
    what = f"folder {folder.name!r}"
    if not (folder / "topics.json").is_file():
        raise InputError(what, "must contain saved topics", "no topics.json", "Check the path.")
    try:
        require_file(folder / "topics.json", "topics", MOST_BYTES)
        content = json.loads((folder / "topics.json").read_text("utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}, not {FORMAT}")
        for name in _TABLES:
            require_decodable(folder / f"{name}.parquet", f"{name}.parquet")
        tables: dict[str, Any] = {
            n: pd.read_parquet(folder / f"{n}.parquet", engine="pyarrow") for n in _TABLES
        }
        arrays: dict[str, Any] = load_file(folder / "arrays.safetensors")
        tables["topics"]["exemplars"] = [tuple(e) for e in tables["topics"]["exemplars"]]
        topics = Topics(
            **tables,
            **{n: arrays[n] for n in _ARRAYS},
            config=TopicConfig(**content["config"]),
            versions=dict(content["versions"]),
        )
        sizes = (len(topics.assignments), topics.n_topics)
        if topics.distribution.shape != sizes or topics.votes.shape[1] != sizes[0]:
            raise ValueError("files of different fits")
    except Exception as error:  # a damaged file raises whatever its reader raises
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(
            what, "must contain complete saved topics", reason, "Save them again."
        ) from error
    return topics
