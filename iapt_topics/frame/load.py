"""Theme frames from files and to files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from iapt_topics._base.errors import InputError, listed, suggestion
from iapt_topics._base.files import write_whole
from iapt_topics.frame.acronyms import find_acronym_faults
from iapt_topics.frame.files import ENDINGS, read_entries, split_cell, write_entries
from iapt_topics.frame.frame import ABOUT, LISTED, ThemeFrame
from iapt_topics.frame.refi import codebook_xml
from iapt_topics.frame.theme import LISTS, Facet, FacetValue, Theme
from iapt_topics.frame.validation import find_faults, refuse

_YES, _NO = ("true", "yes", "1", ""), ("false", "no", "0")


_FIELDS = tuple(f.name for f in fields(Theme))


_Item = TypeVar("_Item", Theme, Facet, FacetValue)


def load_frame(source: str | Path) -> ThemeFrame:
    """Load a codebook from a file, or a bundled one by name.

    Parameters
    ----------
    source : str or path
        Name of a bundled frame, e.g. ``"iapt_identity_system"``, or a ``.toml``, ``.csv``,
        ``.xlsx`` or ``.qdc`` file, the last a REFI-QDA codebook from the tool that people code
        in. Codebooks that NVivo, MAXQDA, ATLAS.ti and Taguette export as tables are known by
        their columns, and so is a table of domains and themes. A TOML file has one
        ``[[theme]]`` for each theme and, optionally, a ``[frame]`` with name, title, version,
        note, axis and acronyms, and ``[[facet]]`` tables. A table has the columns ``id`` and
        ``label`` and any others of :class:`Theme`; lists are separated by ``|`` or by line breaks.
        A column ``kind`` tells rows on the frame and its facets from themes: see
        :func:`write_frame`. A definition and a few examples make the mapping much better than a
        bare label.

    Returns
    -------
    ThemeFrame
        The codebook, free of faults.

    Raises
    ------
    InputError
        If there is no such frame or file, it cannot be read, or it has faults.

    Examples
    --------
    >>> load_frame("iapt_identity_system")["S2"].label
    'Caseload and workload'
    """
    path = Path(source)
    if path.suffix.casefold() not in ENDINGS:
        path = _bundled(str(source))
    faults: list[str] = []
    about, rows, groups = read_entries(path, _FIELDS, faults)
    faults += [f"[frame] has the unknown field {k!r}" for k in about if k not in (*ABOUT, *LISTED)]
    themes = [_made(Theme, row, f"theme number {i}", faults) for i, row in enumerate(rows, 1)]
    facets = [_facet(group, i, faults) for i, group in enumerate(groups, 1)]
    texts = {k: _text(about.get(k, ""), f"{k!r} of [frame]", faults) for k in ABOUT}
    texts["name"] = texts["name"] or path.stem
    axis, acronyms = (
        _parts(about[k], f"{k!r} of [frame]", faults) if about.get(k) is not None else None
        for k in LISTED
    )
    acronyms = acronyms or ()
    if faults:  # of form; those of content are named with them
        faults += find_faults(themes, axis, facets, texts)
        refuse(texts["name"], faults + find_acronym_faults(acronyms))
    return ThemeFrame(
        themes=tuple(themes), axis=axis, facets=tuple(facets), acronyms=acronyms, **texts
    )


def write_frame(path: str | Path, frame: ThemeFrame) -> Path:
    """Write a codebook to a file that :func:`load_frame` loads without loss.

    Parameters
    ----------
    path : str or path
        Ends in ``.toml``, ``.csv``, ``.xlsx`` or ``.qdc``; a file of that name is replaced. A
        ``.qdc`` is a REFI-QDA codebook for the tools that people code in; it holds the themes but
        not their facets, nor what the frame says of itself. In a table,
        the column ``kind`` tells themes from the rows on the frame itself and on its facets; text
        that a spreadsheet would run as a formula stays text.
    frame : ThemeFrame
        The codebook. ``load_frame("template")`` is one to start from.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the ending is another, or a text is too long for a cell of a workbook.
    """
    if Path(path).suffix.casefold() == ".qdc":
        write_whole(Path(path), codebook_xml(frame))
        return Path(path)
    about = {k: getattr(frame, k) for k in ABOUT}
    entries = (
        about | {k: v for k in LISTED if (v := getattr(frame, k))},
        [_entry(t) for t in frame.themes],
        [_entry(f) | {"value": [_entry(v) for v in f.values]} for f in frame.facets],
    )
    write_entries(Path(path), entries, _FIELDS)
    return Path(path)


def _entry(item: Theme | Facet | FacetValue) -> dict[str, Any]:
    """Fields that are not at their default, but for a facet's values."""
    values = {f: getattr(item, f.name) for f in fields(item) if f.name != "values"}
    return {f.name: v for f, v in values.items() if f.name in ("id", "label") or v != f.default}


def _bundled(name: str) -> Path:
    folder = Path(str(files("iapt_topics.frame") / "frames"))
    known = sorted(p.stem for p in folder.glob("*.toml"))
    if name not in known:
        raise InputError(
            f"frame {name!r}", "must be a bundled frame or a .toml, .csv, .xlsx or .qdc file",
            "neither", f"{suggestion(name, known)}Bundled: {listed(known)}.",
        )  # fmt: skip
    return folder / f"{name}.toml"


def _facet(group: Any, number: int, faults: list[str]) -> Facet:
    """Make a facet of one entry, with its values."""
    what = f"facet number {number}"
    values = group.get("value", []) if isinstance(group, Mapping) else []
    if isinstance(group, Mapping):
        group = {k: v for k, v in group.items() if k != "value"}
    if not isinstance(values, list):
        faults.append(f"'value' of {what} is not a list of [[facet.value]] tables")
        values = []
    made = [
        _made(FacetValue, v, f"value number {i} of {what}", faults) for i, v in enumerate(values, 1)
    ]
    return replace(_made(Facet, group, what, faults), values=tuple(made))


def _made(kind: type[_Item], row: Any, what: str, faults: list[str]) -> _Item:
    """Make one item of an entry; unknown fields are a fault, for they are mostly misspelt."""
    if not isinstance(row, Mapping):
        faults.append(f"{what} is not a table of fields")
        return kind(id=f"?{what}", label="?")
    given = row.get("id")
    if isinstance(given, str) and given:
        what = f"{kind.__name__.casefold()} {given!r}"
    known = [f.name for f in fields(kind) if f.name != "values"]
    values: dict[str, Any] = {"id": "", "label": ""}
    for key, value in row.items():
        about = f"{key!r} of {what}"
        if key not in known:
            faults.append(
                f"{what} has the unknown field {key!r} {suggestion(str(key), known)}".strip()
            )
        elif key in LISTS:
            values[key] = _parts(value, about, faults)
        elif key == "codable":
            word = str(value).strip().casefold()
            if word not in _YES + _NO:
                faults.append(f"{about} is neither true nor false")
            values[key] = word in _YES
        else:
            values[key] = _text(value, about, faults)
    if "status" in known:
        values["status"] = values.get("status", "").upper() or "USER"
    return kind(**values)


def _text(value: Any, what: str, faults: list[str]) -> str:
    # Whole numbers are let through: spreadsheets make them of ids such as 1, 2, 3.
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value).strip()
    faults.append(f"{what} is not text")
    return ""


def _parts(value: Any, what: str, faults: list[str]) -> tuple[str, ...]:
    """Split the text of a cell at ``|``, or take the texts of a list."""
    if isinstance(value, list):
        parts = [_text(v, f"an entry of {what}", faults) for v in value]
    else:
        parts = [p.strip() for p in split_cell(_text(value, what, faults))]
    return tuple(p for p in parts if p)
