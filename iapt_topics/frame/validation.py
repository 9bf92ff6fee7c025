"""What makes a codebook unfit for use, every fault named at once."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from iapt_topics._base.errors import InputError, listed
from iapt_topics.frame.theme import STATUSES, Facet, Theme


def find_faults(
    themes: Iterable[Theme],
    axis: tuple[str, ...] | None,
    facets: Iterable[Facet],
    about: Mapping[str, str],
) -> list[str]:
    """Say what is wrong with a codebook, each fault in words."""
    themes = list(themes)
    uses = Counter(t.id for t in themes if t.id)
    parent = {t.id: t.parent for t in themes if t.id}
    faults = [f"theme number {i} has no id" for i, t in enumerate(themes, 1) if not t.id]
    faults += [f"theme {t.id!r} has no label" for t in themes if t.id and not t.label]
    faults += [f"id {i!r} is used {n} times" for i, n in uses.items() if n > 1]
    for t in themes:
        if t.parent and t.parent not in parent:
            faults.append(f"theme {t.id!r} has the unknown parent {t.parent!r}")
        if t.status not in STATUSES:
            faults.append(f"theme {t.id!r} has the unknown status {t.status!r}")
        faults += [f"theme {t.id!r} is near the unknown {n!r}" for n in t.near if n not in parent]
    faults += [f"theme {i!r} is below itself" for i in _in_cycles(parent)]
    if not any(t.codable for t in themes):
        faults.append("no theme is codable")
    if axis is not None and (
        len(axis) != 2 or axis[0] == axis[1] or any(parent.get(a) != "" for a in axis)
    ):
        faults.append(f"the axis {listed(axis)} does not name two domains")
    faults += _facet_faults(themes, list(facets))
    named: list[tuple[str, Any]] = [(f"theme {t.id!r}", t) for t in themes]
    named += [(f"facet {f.id!r}", i) for f in facets for i in (f, *f.values)]
    faults += [f"{what} holds a character that files cannot" for what, i in named if _unfit(i)]
    faults += [
        f"{k!r} of the frame holds a character that files cannot"
        for k, v in about.items()
        if any(map(_is_unfit, v))
    ]
    return faults


def _facet_faults(themes: list[Theme], facets: list[Facet]) -> list[str]:
    values: dict[str, list[str]] = {f.id: [v.id for v in f.values] for f in facets}
    faults = [f"facet number {i} has no id" for i, f in enumerate(facets, 1) if not f.id]
    faults += [
        f"facet {i!r} is used {n} times" for i, n in Counter(f.id for f in facets).items() if n > 1
    ]
    for f in facets:
        faults += [f"facet {f.id!r} has no label"] if not f.label else []
        faults += [f"facet {f.id!r} has fewer than two values"] if len(f.values) < 2 else []
        for i, v in enumerate(f.values, 1):
            faults += [f"value number {i} of facet {f.id!r} has no id"] if not v.id else []
            faults += [f"value {v.id!r} of facet {f.id!r} has no label"] if not v.label else []
        faults += [
            f"value {i!r} of facet {f.id!r} is used {n} times"
            for i, n in Counter(v.id for v in f.values if v.id).items()
            if n > 1
        ]
        faults += [f"{i!r} of facet {f.id!r} has a '='" for i in (f.id, *values[f.id]) if "=" in i]
    for t in themes:
        pairs = [p.partition("=")[::2] for p in t.facets]
        for p, (facet, value) in zip(t.facets, pairs, strict=True):
            if value not in values.get(facet, ()):
                faults.append(f"theme {t.id!r} has the unknown facet and value {p!r}")
        faults += [
            f"theme {t.id!r} has {n} values of the facet {f!r}"
            for f, n in Counter(f for f, _ in pairs).items()
            if n > 1
        ]
    return faults


def _unfit(item: Any) -> bool:
    """Whether any text of the item holds a character that is lost in a file."""
    texts = [getattr(item, f.name) for f in fields(item) if f.name != "values"]
    parts = [p for t in texts for p in (t if isinstance(t, tuple) else (t,)) if isinstance(p, str)]
    return any(_is_unfit(c) for p in parts for c in p)


def _is_unfit(char: str) -> bool:
    # Control characters, halves of surrogate pairs and code points that are no characters.
    return char not in "\n\t" and (
        unicodedata.category(char) in ("Cc", "Cs") or ord(char) & 0xFFFE == 0xFFFE
    )


def _in_cycles(parent: Mapping[str, str]) -> list[str]:
    """Ids that are above themselves, each looked at once."""
    cyclic: list[str] = []
    done: set[str] = set()
    for start in parent:
        path: dict[str, int] = {}
        node = start
        while node in parent and node not in done and node not in path:
            path[node] = len(path)
            node = parent[node]
        if node in path:
            cyclic += list(path)[path[node] :]
        done.update(path)
    return cyclic


_MOST_FAULTS = 200  # named in one error


def refuse(name: str, faults: list[str]) -> None:
    """Raise one error that names every fault, if there is any."""
    if faults:
        more = len(faults) - _MOST_FAULTS
        said = "; ".join([*faults[:_MOST_FAULTS], *([f"and {more} more"] if more > 0 else [])])
        got = f"{len(faults)} fault(s): {said}"
        what = f"frame {name!r}"
        raise InputError(what, "must be a consistent codebook", got, "Correct them in the file.")
