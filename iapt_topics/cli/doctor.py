"""``doctor``: what is installed here, and whether a run would find what it needs."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Annotated, Any

import typer

from iapt_topics._base.errors import InputError
from iapt_topics._base.memory import memory
from iapt_topics.cli._screen import Json, Screen
from iapt_topics.pipeline.plan import read_plan

_DEVELOPERS = ("dev", "docs")
_NEEDED = ""


def doctor(
    place: Annotated[
        Path | None, typer.Argument(help="A study.toml or a results folder, to check its model.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the installation, the model and this machine.

    Nothing is fetched or sent. The exit code is 1 if something that a run needs is missing.
    """
    facts = _facts(None if place is None else read_plan(place).model)
    Screen(as_json=as_json).give(facts, _lines(facts))
    if facts["missing"]:
        raise typer.Exit(1)


def _facts(wanted: str | Path | None) -> dict[str, Any]:
    from platformdirs import user_cache_path

    from iapt_topics.topics.runs import n_cores

    packages = {extra: {n: _version(n) for n in names} for extra, names in _required().items()}
    model = _model(wanted)
    folders = {"This folder": Path.cwd(), "Cache": user_cache_path("iapt_topics")}
    missing = [name for name, found in packages[_NEEDED].items() if found is None]
    if model["problem"]:
        missing.append(f"model {model['name']}")
    sizes = dict(zip(("free", "all"), memory(), strict=True))
    return {
        "iapt_topics": _version("iapt-topics"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": packages.pop(_NEEDED),
        "extras": packages,
        "model": model,
        "offline": True,
        "cores": n_cores(),
        "memory_gb": {name: round(size / 1e9, 1) for name, size in sizes.items()},
        "writable": {name: _is_writable(path) for name, path in folders.items()},
        "missing": missing,
    }


def _lines(facts: dict[str, Any]) -> list[str]:
    lines = [
        f"iapt_topics {facts['iapt_topics']}, Python {facts['python']}, {facts['system']}",
        "Packages: " + ", ".join(f"{n} {v or 'MISSING'}" for n, v in facts["packages"].items()),
    ]
    for extra, names in facts["extras"].items():
        whole = all(names.values())
        shown = ", ".join(f"{n} {v or 'not installed'}" for n, v in names.items())
        hint = "" if whole else f" (pip install 'iapt-topics[{extra}]')"
        lines.append(f"Extra {extra}: {shown}{hint}")
    model = facts["model"]
    found = model["problem"] or f"found in {model['folder']}, SHA-256 {model['sha256']}"
    sizes = ", ".join(f"{size} GB {name}" for name, size in facts["memory_gb"].items())
    return [
        *lines,
        f"Model {model['name']}: {found}",
        "Network: not used; models are loaded from this machine only",
        f"Machine: {facts['cores']} cores, memory {sizes or 'unknown'}",
        *(f"{n}: {'writable' if w else 'NOT WRITABLE'}" for n, w in facts["writable"].items()),
        f"Missing: {', '.join(facts['missing'])}"
        if facts["missing"]
        else "A run has all it needs.",
    ]


def _required() -> dict[str, list[str]]:
    """Names of the packages that the project asks for, by extra; "" is what it always needs."""
    found: dict[str, list[str]] = {_NEEDED: []}
    for line in requires("iapt-topics") or ():
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)", line)
        key = extra[1] if extra else _NEEDED
        if key not in _DEVELOPERS:
            found.setdefault(key, []).append(re.split(r"[^\w.-]", line, maxsplit=1)[0])
    return found


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _model(wanted: str | Path | None) -> dict[str, str]:
    from iapt_topics.encoders.encoder import sentence_encoder
    from iapt_topics.encoders.names import DEFAULT_MODEL

    try:
        encoder = sentence_encoder(model=wanted, cache=None)  # checks the hashes; loads nothing
        said = (encoder.name, str(encoder.folder), encoder.fingerprint, "")
    except InputError as error:
        said = (str(wanted or DEFAULT_MODEL), "", "", str(error))
    return dict(zip(("name", "folder", "sha256", "problem"), said, strict=True))


def _is_writable(folder: Path) -> bool:
    """Whether it can be written to, or made."""
    there = next(p for p in (folder, *folder.parents) if p.exists())
    return there.is_dir() and os.access(there, os.W_OK)
