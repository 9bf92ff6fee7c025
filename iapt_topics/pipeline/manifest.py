"""What a result was made of, written beside it, and whether two results are the same."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, require_file
from iapt_topics._base.files import file_hash, hash_parts, write_whole
from iapt_topics._base.private import refuse_link
from iapt_topics._base.result import Result
from iapt_topics._base.sheets import restored
from iapt_topics.codes.codes import Codes
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.study.study import Study
from iapt_topics.survey.name_model import NameModel, model_names
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.topics import Topics

MANIFEST = "manifest.json"
_FORMAT = 1
_LARGEST = 5_000_000  # bytes of a manifest
#: What must be the same for two results to be of one analysis, in the order of the stages.
_INPUTS = ("data", "response_ids", "model", "frame", "codes", "config", "baseline")
#: The same, but not in every manifest.
_IF_ANY = ("decisions", "learned", "names")
#: What may differ between equivalent results, and is told.
_SETTING = ("embeddings", "versions", "machine")
#: Table, columns that name a row, what is compared, and the limit of "equivalent". Set beforehand,
#: not after what reruns happened to give: a point of a percentage, a twentieth of an index.
_MEASURES = (
    ("topic_assignments", ("response_id",), "adjusted Rand index of the topics", 0.95),
    ("machine_codes", ("response_id", "theme"), "codes in both, of those in either", 0.95),
    ("drift_shares", ("theme", "year"), "largest difference of a share", 0.01),
    ("drift_changes", ("theme", "year", "against", "kind"), "largest difference of a change", 0.01),
    ("agreement_overall", ("measure",), "largest difference of an agreement", 0.02),
)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RunComparison(Result):
    """A reproducibility check: whether two runs gave the same results.

    Attributes
    ----------
    verdict : {"same", "equivalent", "different"}
        "same": tables with the same bytes. "equivalent": of the same inputs, and each measure
        within its limit. Otherwise "different".
    table : DataFrame
        ``what``, ``measure``, ``value``, ``limit``, ``within``, ``note``: what differs, in the
        order of the stages, so that the first row that is not within its limit is what differs
        first. Empty if nothing does.
    """

    verdict: str
    table: pd.DataFrame

    _view = ("table",)

    def _title(self) -> str:
        return f"The two results are {self.verdict}"

    @property
    def first(self) -> str:
        """The first stage that differs beyond its limit; "" if none does."""
        out = self.table[~self.table["within"].astype(bool)]
        if out.empty:
            return ""
        row = out.iloc[0]
        return f"{row['what']}: {row['note'] or row['measure']}"


def describe_run(
    responses: Responses,
    embeddings: Embeddings,
    topics: Topics,
    frame: ThemeFrame,
    encoder: Encoder,
    human: Sequence[Codes],
    *,
    baseline: int | None,
    seconds: float,
) -> dict[str, Any]:
    """Describe what a result was made of: hashes of what went in, settings, versions, machine."""
    table = responses.table
    return {
        "format": _FORMAT,
        # Which of two copies is the first depends on the order of the rows.
        "data": _rows_hash(table.drop(columns=["response_id", "reason", "copy_of"])),
        "response_ids": _rows_hash(table[["response_id", "text"]]),
        "n_rows": len(table),
        "model": {
            "name": encoder.name,
            "fingerprint": encoder.fingerprint,
            "files": _model_files(encoder),
        },
        "embeddings": hash_parts(sorted(v.tobytes() for v in embeddings.vectors)),
        "frame": {"name": frame.name, "sha256": _frame_hash(frame)},
        "codes": {c.coder: _rows_hash(pd.concat([c.seen, c.table])) for c in human},
        "config": asdict(topics.config),
        "baseline": baseline,
        "versions": {"python": platform.python_version(), **topics.versions},
        "machine": {
            "system": platform.platform(),
            "cpu": _cpu(),
            "cpus": os.cpu_count(),
            "threads": _threads(),
        },
        "seconds": round(seconds, 1),
    }


def with_names(study: Study, names: object) -> Study:
    """A study whose manifest says which model found names, by name and hash; if one did."""
    if names is None:
        return study
    model = model_names() if isinstance(names, str) else names
    said = {"name": "a recogniser of the caller's"}
    if isinstance(model, NameModel):
        said = {"name": model.name, "fingerprint": model.fingerprint}
    return replace(study, manifest={**study.manifest, "names": said})


def _frame_hash(frame: ThemeFrame) -> str:
    """Hash of every word of the codebook."""
    return hash_parts([repr(asdict(frame)).encode()])


def write_manifest(
    folder: Path, content: Mapping[str, Any], files: Iterable[Path], command: Sequence[str] = ()
) -> Path:
    """Write the manifest beside the files of a result, as the last of them, with their hashes."""
    hashes = {f.relative_to(folder).as_posix(): file_hash(f) for f in sorted(files)}
    full = {
        **content,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command),
        "files": hashes,
    }
    # It names coders and, in the command, the researcher's files.
    write_whole(folder / MANIFEST, json.dumps(full, indent=1, default=str) + "\n", private=True)
    return folder / MANIFEST


def require_own_manifest(folder: Path) -> None:
    """Raise :class:`InputError` if the manifest of a folder is a link, or is not of a run."""
    path = folder / MANIFEST
    refuse_link(path)
    if not path.exists():
        return
    try:
        content = json.loads(path.read_text("utf-8")) if path.is_file() else None
    except (ValueError, RecursionError):
        content = None
    if not (isinstance(content, dict) and {"format", "command", "files"} <= set(content)):
        do = "Move it elsewhere, or name another folder."
        raise InputError(f"{str(path)!r}", "must be of an earlier run", "something else", do)


def remove_manifest(folder: Path) -> None:
    """Take the manifest of an earlier run away: what is there is no longer a whole result."""
    require_own_manifest(folder)
    (folder / MANIFEST).unlink(missing_ok=True)


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Read the manifest of a result.

    Raises
    ------
    InputError
        If there is none, since the run did not end, or it is no manifest.
    """
    path = Path(folder) / MANIFEST
    what = f"the result in {str(folder)!r}"
    do = "Run it again."
    if not path.is_file():
        raise InputError(what, f"must have a {MANIFEST}, the last file of a run", "none", do)
    require_file(path, "manifest", _LARGEST)
    try:
        content = json.loads(path.read_text("utf-8"))
        whole = content["format"] == _FORMAT and {*_INPUTS, "files", "command"} <= set(content)
        named = all(isinstance(v, str) for v in content["files"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        got = " ".join(str(error).split())[:200]
        raise InputError(what, f"must have a readable {MANIFEST}", got, do) from error
    if not (whole and named):
        got = f"format {content['format']!r}"
        raise InputError(what, f"must have a {MANIFEST} of format {_FORMAT}", got, do)
    return dict(content)


def compare_runs(one: str | Path, other: str | Path) -> RunComparison:
    """Compare two runs: the same, equivalent or different results.

    Parameters
    ----------
    one, other : str or path
        Folders that :func:`iapt_topics.pipeline.write_study` wrote.

    Returns
    -------
    RunComparison
        "same" if every table has the same bytes. "equivalent" if the inputs are the same (data,
        response ids, model, frame, human codes, settings), the adjusted Rand index of the topics
        [1]_ and the overlap of the codes are at least .95, no prevalence or change differs by more
        than .01, and no measure of agreement by more than .02.

    Raises
    ------
    InputError
        If a folder has no result.

    References
    ----------
    .. [1] Hubert and Arabie (1985), "Comparing partitions", Journal of Classification 2.
    """
    folders = (Path(one), Path(other))
    left, right = (read_manifest(f) for f in folders)
    rows: list[tuple[str, str, float, float, bool, str]] = []
    for folder, content in zip(folders, (left, right), strict=True):
        for name, digest in content["files"].items():
            if file_hash(_inside(folder, name)) != digest:
                note = f"{name} in {str(folder)!r} has changed since the run wrote it"
                rows.append(("files", "hash", np.nan, np.nan, False, note))
    for what in (*_INPUTS, *_IF_ANY, *_SETTING):
        if left.get(what) != right.get(what):
            note = f"{_brief(left.get(what))} and {_brief(right.get(what))}"
            rows.append((what, "hash or value", np.nan, np.nan, what in _SETTING, note))
    tables = [
        {Path(n).stem: n for n in c["files"] if n.endswith(".csv") and not n.startswith("publish/")}
        for c in (left, right)
    ]
    for name in sorted(set(tables[0]) ^ set(tables[1])):
        rows.append((name, "table", np.nan, np.nan, False, "in one of the two alone"))
    both = [n for n in tables[0] if n in tables[1]]
    unlike = [n for n in both if left["files"][tables[0][n]] != right["files"][tables[1][n]]]
    same = not unlike and all(row[4] for row in rows)
    for name, keys, measure, limit in _MEASURES if unlike else ():
        if name not in both:
            continue
        # Texts as they were before formulas were defused, which earlier versions did not do.
        a, b = (
            pd.read_csv(_inside(f, t[name]), dtype={"response_id": str}).map(
                lambda v: restored(v) if isinstance(v, str) else v
            )
            for f, t in zip(folders, tables, strict=True)
        )
        value, note = _measured(name, a, b, [k for k in keys if k in a])
        within = value >= limit if limit > 0.5 else value <= limit
        rows.append((name, measure, value, limit, bool(within), note))
    table = pd.DataFrame(
        rows, columns=["what", "measure", "value", "limit", "within", "note"]
    ).astype({"within": bool})
    alike = "equivalent" if table["within"].all() else "different"
    return RunComparison(verdict="same" if same else alike, table=table)


def _measured(
    name: str, one: pd.DataFrame, other: pd.DataFrame, keys: list[str]
) -> tuple[float, str]:
    """How far two tables agree, and a note on the row that differs most."""
    if name == "topic_assignments":
        from sklearn.metrics import adjusted_rand_score

        both = one.merge(other, on="response_id")
        if not len(both) == len(one) == len(other):
            return 0.0, "other responses"
        return float(adjusted_rand_score(both["topic_x"], both["topic_y"])), ""
    both = one.merge(other, on=keys, how="outer", indicator=True)
    matched = both["_merge"] == "both"
    if name == "machine_codes":
        return float(matched.mean()) if len(both) else 1.0, ""
    if not matched.all():
        return np.inf, "other rows"
    gap = (both["estimate_x"] - both["estimate_y"]).abs()
    # A value that is undefined in one alone differs; undefined in both, it does not.
    gap[both["estimate_x"].isna() ^ both["estimate_y"].isna()] = np.inf
    worst = gap.fillna(0.0).to_numpy()
    at = ", ".join(str(v) for v in both.iloc[int(worst.argmax())][keys]) if len(worst) else ""
    return float(worst.max(initial=0.0)), at


def _inside(folder: Path, name: str) -> Path:
    """The file of that name; a manifest must not lead out of its folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InputError(
            f"the {MANIFEST} in {str(folder)!r}", "must name files of its own folder", repr(name),
            "Do not use it: it leads outside its folder.",
        )  # fmt: skip
    return require_file(path, "the result's file")


def _brief(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _rows_hash(table: pd.DataFrame) -> str:
    """Hash of the rows of a table, whatever the order of its rows and columns."""
    names = sorted(map(str, table.columns))
    rows = zip(*(table[n].astype(object).where(table[n].notna(), None) for n in names), strict=True)
    encoded = sorted(repr(row).encode("utf-8", "surrogatepass") for row in rows)
    return hash_parts([repr(names).encode(), *encoded])


def _model_files(encoder: Encoder) -> dict[str, str]:
    """Hash of each file that a model is made of: weights, tokenizer, settings."""
    found, kinds = {}, (".json", ".txt", ".model", ".safetensors")
    joined = getattr(encoder, "encoders", ())
    for one in joined or (encoder,):
        folder: Path | None = getattr(one, "folder", None)
        for path in sorted(folder.rglob("*")) if folder else ():
            if path.suffix in kinds and path.is_file():
                name = path.relative_to(folder or path).as_posix()
                found[f"{one.name}/{name}" if joined else name] = file_hash(path)
    return found


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor()


def _threads() -> dict[str, int]:
    from threadpoolctl import threadpool_info

    # Of several pools of a kind, the largest.
    pools = sorted(threadpool_info(), key=lambda pool: int(pool["num_threads"]))
    return {str(pool["user_api"]): int(pool["num_threads"]) for pool in pools}
