"""The theme frame: the codebook that topics and responses are placed on."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from iapt_topics._checks import InputError, listed, require_columns, require_file, suggestion
from iapt_topics._tables import read_table

#: PAPER: named in the paper's public abstract. PART: the abstract names the idea, the boundary is
#: ours. INFERRED: from other sources. USER: from a frame of the user's own.
STATUSES = ("PAPER", "PART", "INFERRED", "USER")
_LARGEST = 5_000_000  # bytes; a codebook of 300 themes is well below one million
_MOST_FAULTS = 200  # named in one error
_LISTS = ("near", "synonyms", "examples")
_ABOUT = ("name", "title", "version", "note")
_YES, _NO = ("true", "yes", "1", ""), ("false", "no", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """One code of a codebook.

    Attributes
    ----------
    id, label : str
    parent : str
        Id of the theme above, empty at the top. A theme at the top that has others below it is a
        domain.
    status : str
        One of :data:`STATUSES`.
    definition, include, exclude : str
    near : tuple of str
        Ids of themes that are easily taken for this one.
    synonyms, examples : tuple of str
    source : str
        Where the theme comes from.
    codable : bool
        False for domains and for codes that are derived from others.
    """

    id: str
    label: str
    parent: str = ""
    status: str = "USER"
    definition: str = ""
    include: str = ""
    exclude: str = ""
    near: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    source: str = ""
    codable: bool = True


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ThemeFrame:
    """A codebook: themes in a tree, and where it comes from.

    Attributes
    ----------
    name, title, version, note : str
    themes : tuple of Theme
    axis : tuple of two str, optional
        Ids of the two domains that are set against each other, e.g. identity and system.

    Raises
    ------
    InputError
        Naming every fault at once.
    """

    name: str
    themes: tuple[Theme, ...]
    title: str = ""
    version: str = ""
    note: str = ""
    axis: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        _refuse(self.name, _faults(self.themes, self.axis))

    def __getitem__(self, theme_id: str) -> Theme:
        """Return the theme of this id; raise :class:`InputError` if there is none."""
        for theme in self.themes:
            if theme.id == theme_id:
                return theme
        raise InputError(
            f"theme {theme_id!r}",
            f"must be in the frame {self.name!r}",
            "no such id",
            f"{suggestion(theme_id, self.ids)}Its ids are {listed(self.ids, most=40)}.",
        )

    def __contains__(self, theme_id: object) -> bool:
        return theme_id in self.ids

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all themes, in the order of the file."""
        return tuple(t.id for t in self.themes)

    @property
    def codable(self) -> tuple[Theme, ...]:
        """Themes that a response can be given."""
        return tuple(t for t in self.themes if t.codable)

    @property
    def domains(self) -> tuple[Theme, ...]:
        """Themes at the top."""
        return tuple(t for t in self.themes if not t.parent)

    @property
    def table(self) -> pd.DataFrame:
        """One row for each theme, one column for each field, in the order of the file."""
        names = [f.name for f in fields(Theme)]
        return pd.DataFrame([{n: getattr(t, n) for n in names} for t in self.themes], columns=names)

    def domain_of(self, theme_id: str) -> str:
        """Return the id of the theme at the top of this theme's branch."""
        theme = self[theme_id]
        while theme.parent:
            theme = self[theme.parent]
        return theme.id

    def paper_only(self) -> ThemeFrame:
        """Return the frame with the themes that the paper's abstract names, and those above them.

        Returns
        -------
        ThemeFrame
            Its codable themes all have the status PAPER.

        Raises
        ------
        InputError
            If the frame has no codable theme of that status.
        """
        paper = {t.id for t in self.codable if t.status == "PAPER"}
        if not paper:
            raise InputError(
                f"frame {self.name!r}",
                "must have a codable theme of status PAPER",
                "none",
                "Use the whole frame.",
            )
        ids = set(paper)
        for theme_id in paper:
            while theme_id := self[theme_id].parent:
                ids.add(theme_id)
        themes = tuple(
            replace(t, near=tuple(n for n in t.near if n in ids), codable=t.id in paper)
            for t in self.themes
            if t.id in ids
        )
        axis = self.axis if self.axis and set(self.axis) <= ids else None
        return replace(self, themes=themes, axis=axis)


def load_frame(source: str | Path) -> ThemeFrame:
    """Read a codebook.

    Parameters
    ----------
    source : str or path
        Name of a bundled frame, e.g. ``"iapt_identity_system"``, or a ``.toml``, ``.csv`` or
        ``.xlsx`` file. A TOML file has one ``[[theme]]`` for each theme and, optionally, a
        ``[frame]`` with name, title, version, note and axis. A table has the columns ``id`` and
        ``label`` and any others of :class:`Theme`; lists are separated by ``|``. A definition and
        a few examples make the mapping much better than a bare label.

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
    if path.suffix.casefold() not in (".toml", ".csv", ".xlsx"):
        path = _bundled(str(source))
    require_file(path, "frame")
    if path.stat().st_size > _LARGEST:
        raise InputError(
            f"frame {path.name!r}",
            f"must be below {_LARGEST:,} bytes",
            f"{path.stat().st_size:,} bytes",
            "Check that it is the codebook.",
        )
    faults: list[str] = []
    if path.suffix.casefold() == ".toml":
        about, rows = _toml(path, faults)
    else:
        about, rows = {}, _rows(path, faults)
    themes = [_theme(row, i, faults) for i, row in enumerate(rows, 1)]
    texts = {k: _text(about.get(k, ""), f"{k!r} of [frame]", faults) for k in _ABOUT}
    texts["name"] = texts["name"] or path.stem
    axis = about.get("axis")
    if axis is not None:
        axis = tuple(_parts(axis, "'axis' of [frame]", faults))
    if faults:  # of form; those of content are named with them
        _refuse(texts["name"], faults + _faults(themes, axis))
    return ThemeFrame(themes=tuple(themes), axis=axis, **texts)


def _refuse(name: str, faults: list[str]) -> None:
    """Raise one error that names every fault, if there is any."""
    if faults:
        more = len(faults) - _MOST_FAULTS
        raise InputError(
            f"frame {name!r}",
            "must be a consistent codebook",
            f"{len(faults)} fault(s): "
            + "; ".join(faults[:_MOST_FAULTS])
            + (f"; and {more} more" if more > 0 else ""),
            "Mend them in the file.",
        )


def _bundled(name: str) -> Path:
    folder = Path(str(files("iapt_topics") / "frames"))
    known = sorted(p.stem for p in folder.glob("*.toml"))
    if name not in known:
        raise InputError(
            f"frame {name!r}",
            "must be a bundled frame or a .toml, .csv or .xlsx file",
            "neither",
            f"{suggestion(name, known)}Bundled: {listed(known)}.",
        )
    return folder / f"{name}.toml"


def _toml(path: Path, faults: list[str]) -> tuple[Mapping[str, Any], list[Any]]:
    """Read [frame] and the [[theme]] entries."""
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, or nested without end
        raise InputError(
            f"frame {path.name!r}", "must be valid TOML in UTF-8", str(error), "Mend that line."
        ) from error
    about, rows = content.pop("frame", {}), content.pop("theme", [])
    if not isinstance(about, dict) or not isinstance(rows, list):
        raise InputError(
            f"frame {path.name!r}",
            "must hold [[theme]] tables",
            "other values of that name",
            "See the bundled frame for an example.",
        )
    faults += [f"{k!r} is neither [frame] nor [[theme]]" for k in content]
    faults += [f"[frame] has the unknown field {k!r}" for k in about if k not in (*_ABOUT, "axis")]
    return about, rows


def _rows(path: Path, faults: list[str]) -> list[dict[str, Any]]:
    """Read the rows of a table; rows without any content, as spreadsheets leave, are no themes."""
    table, _ = read_table(path, "frame")
    require_columns(table, ("id", "label"), f"frame {path.name!r}")
    known = [f.name for f in fields(Theme)]
    unknown = [str(c) for c in table.columns if c not in known]
    faults += [f"the unknown column {c!r} {suggestion(c, known)}".strip() for c in unknown]
    cells = table[[c for c in table.columns if c in known]].to_dict("records")
    rows = [{str(k): "" if pd.isna(v) else v for k, v in row.items()} for row in cells]
    return [row for row in rows if any(str(v).strip() for v in row.values())]


def _theme(row: Any, number: int, faults: list[str]) -> Theme:
    """Make a theme of one entry; unknown fields are a fault, for they are mostly misspelt."""
    if not isinstance(row, Mapping):
        faults.append(f"theme number {number} is not a table of fields")
        return Theme(id=f"?{number}", label="?")
    given = row.get("id")
    what = f"theme {given!r}" if isinstance(given, str) and given else f"theme number {number}"
    known = [f.name for f in fields(Theme)]
    values: dict[str, Any] = {"id": "", "label": ""}
    for key, value in row.items():
        about = f"{key!r} of {what}"
        if key not in known:
            faults.append(
                f"{what} has the unknown field {key!r} {suggestion(str(key), known)}".strip()
            )
        elif key in _LISTS:
            values[key] = _parts(value, about, faults)
        elif key == "codable":
            word = str(value).strip().casefold()
            if word not in _YES + _NO:
                faults.append(f"{about} is neither true nor false")
            values[key] = word in _YES
        else:
            values[key] = _text(value, about, faults)
    values["status"] = values.get("status", "").upper() or "USER"
    return Theme(**values)


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
        parts = [p.strip() for p in _text(value, what, faults).split("|")]
    return tuple(p for p in parts if p)


def _faults(themes: Iterable[Theme], axis: tuple[str, ...] | None) -> list[str]:
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
    return faults


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
