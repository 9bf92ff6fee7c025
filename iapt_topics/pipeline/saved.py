"""What a stage gives, kept: tables as Parquet, arrays as safetensors, the rest as JSON.

A stage is kept under the hash of all that it is made of, the program included. No response's text
is kept with a stage: responses and people's codes are read anew by each command. A whole study is
saved with its texts, where the user says. Nothing in a folder is run.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_file
from iapt_topics._base.files import file_hash, hash_parts, whole_folder
from iapt_topics._base.kept import keep_once
from iapt_topics._base.parquet_size import require_decodable
from iapt_topics._base.private import private_file, refuse_link
from iapt_topics.agreement.comparison import Comparison
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.drift import Drift
from iapt_topics.drift.standardise import Standardised
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Facet, FacetValue, Theme
from iapt_topics.mapping.mapping import TopicMapping
from iapt_topics.study.study import Study
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.fit import package_versions
from iapt_topics.topics.new_wave import Wave
from iapt_topics.topics.topics import TopicConfig, Topics

#: What a file may name; a class of any other name is not made.
_CLASSES = {
    c.__name__: c
    for c in (Codes, Comparison, Drift, Facet, FacetValue, Responses, Standardised, Study, Theme,
              ThemeFrame, TopicConfig, TopicMapping, Topics, Wave)
}  # fmt: skip
_SERIES = {c.__name__: c for c in (tuple, list, frozenset)}
_PLAIN = {"bool", "int64", "float64", "str"}  # kinds of columns that Parquet gives back as they are
_VALUES = "values.json"
_LARGEST = 100_000_000  # bytes of it
T = TypeVar("T")


def stage_once(folder: Path | None, stage: str, made_of: object, make: Callable[[], T]) -> T:
    """What ``make`` gives, from the folder if it was made of the same; one a stage is kept."""
    if folder is None:
        return make()
    key = hash_parts(_parts((stage, _program(), made_of)))
    place = folder / f"stage-{stage}-{key[:16]}"
    made: T = keep_once(place, key, f"{stage} results are made", make, save, load)
    for other in folder.iterdir():
        if re.fullmatch(rf"stage-{stage}-[0-9a-f]{{16}}", other.name) and other != place:
            shutil.rmtree(other, ignore_errors=True)
    return made


def tables_once(folder: Path, study: Study) -> dict[str, pd.DataFrame]:
    """The study's tables, from the folder if they were worked out of the same results.

    The study has them from then on, as if it had worked them out. They have no text of a response,
    nor is the manifest in them.
    """
    results = tuple(getattr(study, f.name) for f in fields(study) if f.name != "manifest")
    tables = stage_once(folder, "tables", results, lambda: study.tables)
    vars(study)["tables"] = tables  # where its cached_property looks
    return tables


def save(folder: Path, value: object) -> None:
    """Write results, or a tuple of them, to a folder for its owner alone."""
    with whole_folder(folder, private=True) as part:
        content = json.dumps(_pack(value, part, count()))
        private_file(part / _VALUES)
        (part / _VALUES).write_text(content, encoding="utf-8")


def save_study(folder: str | Path, study: Study) -> Path:
    """Write a whole study, WITH TEXTS, to a folder for its owner alone.

    Raises
    ------
    InputError
        If the folder holds something other than saved results.
    """
    folder = Path(folder)
    refuse_link(folder)
    if folder.exists() and not (folder / _VALUES).is_file() and any(folder.iterdir()):
        got = listed(sorted(p.name for p in folder.iterdir()))
        raise InputError(
            f"folder {folder.name!r}", "must be new or hold a saved study", got, "Name another."
        )
    save(folder, study)
    return folder


def load(folder: Path) -> Any:
    """Read what :func:`save` wrote, as it was; :class:`InputError` if that cannot be done."""
    try:
        require_file(folder / _VALUES, "results", _LARGEST)
        return _unpack(json.loads((folder / _VALUES).read_text("utf-8")), folder)
    except Exception as error:  # a damaged file raises whatever its reader raises
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        what = f"folder {folder.name!r}"
        raise InputError(what, "must contain complete results", reason, "Run it again.") from error


def _pack(value: Any, folder: Path, numbers: Iterator[int]) -> Any:
    """The value as JSON has it; its tables are written beside."""
    if isinstance(value, pd.DataFrame):
        number = next(numbers)
        mixed = [c for c in value if value[c].dtype == object]  # Parquet has no tuple, nor None
        plain, path = value.drop(columns=mixed), folder / f"{number}.parquet"
        private_file(path)  # before it holds anything
        plain.to_parquet(path, engine="pyarrow")
        kinds = {str(d) for d in plain.dtypes}
        # Whether any other kind comes back as it was is seen by reading it.
        if kinds - _PLAIN and not _read(path).dtypes.equals(plain.dtypes):
            raise TypeError(f"no way to keep a table of {listed(sorted(kinds))}")
        objects = {c: [_pack(v, folder, numbers) for v in value[c]] for c in mixed}
        return {"table": number, "columns": list(value), "objects": objects}
    if isinstance(value, np.ndarray):
        from safetensors.numpy import save_file

        path = folder / f"{next(numbers)}.safetensors"
        private_file(path)
        # Contiguous, since safetensors writes the memory as it lies.
        save_file({"array": np.ascontiguousarray(value)}, path)
        return {"array": path.name}
    if type(value) in _CLASSES.values():
        parts = {f.name: _pack(getattr(value, f.name), folder, numbers) for f in fields(value)}
        return {"class": type(value).__name__, "fields": parts}
    if type(value) in _SERIES.values():
        return {type(value).__name__: [_pack(v, folder, numbers) for v in value]}
    if isinstance(value, Mapping):
        return {"dict": [[_pack(v, folder, numbers) for v in pair] for pair in value.items()]}
    if value is not None and type(value) not in (str, int, float, bool):
        raise TypeError(f"no way to keep a {type(value).__name__}")
    return value


def _read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path, engine="pyarrow")


def _unpack(packed: Any, folder: Path) -> Any:
    match packed:
        case {"table": int(number), "columns": columns, "objects": objects}:
            require_decodable(folder / f"{number}.parquet", f"{number}.parquet")
            table = _read(folder / f"{number}.parquet")
            for name, values in objects.items():
                cells = np.empty(len(values), dtype=object)
                cells[:] = [_unpack(v, folder) for v in values]
                table[name] = pd.Series(cells, index=table.index, dtype=object)
            return table if list(table) == columns else table[columns]
        case {"array": str(name)}:
            from safetensors.numpy import load_file

            return load_file(folder / Path(name).name)["array"]
        case {"class": name, "fields": parts}:
            return _CLASSES[name](**{k: _unpack(v, folder) for k, v in parts.items()})
        case {"dict": pairs}:
            return {_unpack(k, folder): _unpack(v, folder) for k, v in pairs}
        case dict():
            ((kind, values),) = packed.items()
            return _SERIES[kind](_unpack(v, folder) for v in values)
    return packed


def _parts(value: Any) -> Iterator[bytes]:
    """Bytes that tell a value from any other."""
    if isinstance(value, pd.DataFrame):
        yield repr([*zip(value.columns, map(str, value.dtypes), strict=True)]).encode()
        for i in range(value.shape[1]):
            yield repr(value.iloc[:, i].tolist()).encode("utf-8", "surrogatepass")
    elif isinstance(value, np.ndarray):
        yield repr((value.dtype, value.shape)).encode()
        yield value.tobytes()
    elif is_dataclass(value):
        for field in fields(value):
            yield field.name.encode()
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple | Mapping):
        yield repr((type(value).__name__, len(value))).encode()
        for item in value.items() if isinstance(value, Mapping) else value:
            yield from _parts(item)
    elif isinstance(value, frozenset):
        yield from _parts(tuple(sorted(value)))
    elif value is None or isinstance(value, str | int | float | np.generic):
        yield f"{type(value).__name__} {value!r}".encode("utf-8", "surrogatepass")
    else:
        raise TypeError(f"no way to hash a {type(value).__name__}")


@cache
def _program() -> tuple[str, ...]:
    """Versions, and the code itself, which changes within a version as it is worked on."""
    root = Path(__file__).parents[1]
    code = (file_hash(p) for p in sorted(root.rglob("*")) if p.suffix in (".py", ".toml", ".txt"))
    return platform.python_version(), repr(package_versions()), *code
