"""What was run in a folder of results, one line a run: settings, files by hash, main figures.

Lines are added and never changed. None has a word of a response, an id, or a topic's words.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from iapt_topics._base.errors import InputError, require_file
from iapt_topics._base.files import file_hash
from iapt_topics._base.private import private_file, refuse_link
from iapt_topics._base.status import SIGNIFICANT
from iapt_topics.pipeline.keys import KEYS
from iapt_topics.pipeline.manifest import read_manifest
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.study.study import Study

#: In a folder of results; a run adds a line to it.
HISTORY = "history.jsonl"
_LARGEST = 50_000_000  # bytes
_PARTS = ("settings", "files", "versions", "figures")
#: Settings that say where, not how.
_PLACES = ("out",)


def add_run(folder: Path, study: Study, plan: StudyPlan) -> None:
    """Add a run that has just ended to the history of its folder."""
    path = folder / HISTORY
    refuse_link(path)
    manifest = read_manifest(folder)
    entry = {
        "finished": manifest["finished"],
        "command": manifest["command"],
        "settings": _settings(plan),
        "files": _files(plan),
        "versions": dict(manifest["versions"]),
        "figures": headline(study),
    }
    private_file(path)
    line = json.dumps(entry, ensure_ascii=False, default=str)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")
        stream.flush()
        os.fsync(stream.fileno())


def _settings(plan: StudyPlan) -> dict[str, Any]:
    """Values of the keys, with the names of files alone."""
    out: dict[str, Any] = {}
    for key in KEYS:
        value = getattr(plan, key.field)
        if key.field in _PLACES or value in (None, ()):
            continue
        values = value if isinstance(value, tuple) else (value,)
        shown = [v.name if isinstance(v, Path) else v for v in values]
        out[str(key)] = shown if isinstance(value, tuple) else shown[0]
    return out


def _files(plan: StudyPlan) -> dict[str, str]:
    """Hash of each file that a plan names, by key and, of several, by place."""
    out = {}
    for key in KEYS:
        value = getattr(plan, key.field)
        several = isinstance(value, tuple)
        for k, path in enumerate(value if several else (value,), 1):
            if isinstance(path, Path) and path.is_file():
                out[f"{key} {k}" if several else str(key)] = file_hash(path)
    return out


def headline(study: Study) -> dict[str, Any]:
    """The main figures of a study: counts, agreement, changes from the baseline to the last year.

    Parameters
    ----------
    study : Study
        Any.

    Returns
    -------
    dict of str to object
        ``rows``, ``kept``, ``topics``, ``unassigned`` (proportion), macro-F1 with the first person
        if there is one, and the change of each theme whose adjusted p is below .05, in points.
    """
    drift, topic = study.drift, study.topics.assignments["topic"]
    out: dict[str, Any] = {
        "rows": len(study.responses.table),
        "kept": len(study.responses),
        "topics": study.topics.n_topics,
        "unassigned": round(float((topic < 0).mean()), 4),
    }
    if study.comparison is not None:
        overall = study.comparison.overall.set_index("measure")["estimate"]
        out["macro-F1"] = round(float(overall["f1_macro"]), 4)
    rows = drift.changes[drift.changes["kind"] == "baseline"]
    rows = rows[(rows["year"] == rows["year"].max()) & (rows["p_bh"] < SIGNIFICANT)]
    for row in rows.to_dict("records"):
        out[f"change of {row['theme']}"] = f"{100 * row['estimate']:+.1f} points"
    return out


def read_history(folder: str | Path) -> list[dict[str, Any]]:
    """Read the runs of a folder, the first one first.

    Raises
    ------
    InputError
        If there is no history, or a line of it is damaged.
    """
    path = Path(folder) / HISTORY
    what = f"the history in {str(folder)!r}"
    if not path.exists():
        raise InputError(
            what, "must have a run", f"no {HISTORY}", "Run it: iapt-topics run FOLDER."
        )
    refuse_link(path)
    require_file(path, "history", _LARGEST)
    runs: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        try:
            run = json.loads(line)
            whole = all(isinstance(run[part], dict) for part in _PARTS) and run["finished"]
        except (ValueError, KeyError, TypeError, RecursionError):
            whole = None
        if not whole:
            do = "Restore it, or delete it: the next run begins another."
            raise InputError(what, "must have a run in each line", f"no run in line {number}", do)
        runs.append(run)
    return runs


def differences(runs: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """For each run, what differs from the one before; of the first, nothing.

    Parameters
    ----------
    runs : sequence of mapping
        From :func:`read_history`.

    Returns
    -------
    list of list of dict
        ``part`` ("settings", "files", "versions" or "figures"), ``what``, ``before``, ``after``
        (None if it has none).
    """
    out: list[list[dict[str, Any]]] = [[]] if runs else []
    for one, two in pairwise(runs):
        apart = []
        for part in _PARTS:
            for name in dict.fromkeys((*one[part], *two[part])):
                before, after = (run[part].get(name) for run in (one, two))
                if before != after:
                    apart.append({"part": part, "what": name, "before": before, "after": after})
        out.append(apart)
    return out
