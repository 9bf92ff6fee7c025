"""The theme frame: the codebook that topics and responses are placed on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from iapt_topics._checks import InputError, listed, require_file, suggestion

#: PAPER: named in the paper's public abstract. PART: the abstract names the idea, the boundary is
#: ours. INFERRED: from other sources. USER: from a frame of the user's own.
STATUSES = ("PAPER", "PART", "INFERRED", "USER")
_LARGEST = 5_000_000  # bytes; a codebook of 300 themes is well below one million
_LISTS = ("near", "synonyms", "examples")


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
        faults = _faults(self.themes, self.axis)
        if faults:
            raise InputError(
                f"frame {self.name!r}",
                "must be a consistent codebook",
                f"{len(faults)} fault(s): " + "; ".join(faults),
                "Mend them in the file.",
            )

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
        """Return the frame with the themes that the paper's abstract names, and their domains."""
        themes = tuple(t for t in self.themes if t.codable and t.status == "PAPER")
        needed = {self.domain_of(t.id) for t in themes}
        kept = tuple(t for t in self.themes if t in themes or t.id in needed)
        ids = {t.id for t in kept}
        return replace(
            self,
            themes=tuple(replace(t, near=tuple(n for n in t.near if n in ids)) for t in kept),
            axis=self.axis if self.axis and set(self.axis) <= ids else None,
        )


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
    if path.suffix.casefold() == ".toml":
        try:
            content = tomllib.loads(path.read_text("utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(
                f"frame {path.name!r}", "must be valid TOML in UTF-8", str(error), "Mend that line."
            ) from error
        about, rows = content.get("frame", {}), content.get("theme", [])
    else:
        from iapt_topics.responses import read_table

        about, rows = {}, read_table(path, "frame").to_dict("records")
    if not isinstance(about, dict) or not isinstance(rows, list):
        raise InputError(
            f"frame {path.name!r}",
            "must hold [[theme]] tables",
            "other values of that name",
            "See the bundled frame for an example.",
        )
    axis = about.get("axis")
    return ThemeFrame(
        name=str(about.get("name", path.stem)),
        title=str(about.get("title", "")),
        version=str(about.get("version", "")),
        note=str(about.get("note", "")),
        themes=tuple(_theme(row, path.name) for row in rows),
        axis=None if axis is None else tuple(str(a) for a in axis),  # type: ignore[arg-type]
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


def _theme(row: Any, file: str) -> Theme:
    """Make a theme of one entry; unknown fields are an error, for they are mostly misspelt."""
    what = f"a theme of frame {file!r}"
    if not isinstance(row, Mapping):
        raise InputError(what, "must be a table of fields", repr(row), "Write [[theme]] tables.")
    known = [f.name for f in fields(Theme)]
    unknown = [str(k) for k in row if k not in known]
    if unknown:
        raise InputError(
            what,
            f"may only have the fields {', '.join(known)}",
            listed(unknown),
            f"{suggestion(unknown[0], known)}Rename or remove it.",
        )
    values: dict[str, Any] = {"id": "", "label": ""}
    for key, value in row.items():
        if key in _LISTS:
            parts = value.split("|") if isinstance(value, str) else value
            values[key] = tuple(str(p).strip() for p in parts if str(p).strip())
        elif key == "codable":
            values[key] = str(value).strip().casefold() not in ("false", "no", "0")
        else:
            values[key] = str(value).strip()
    if not values.get("status", "USER"):
        values["status"] = "USER"
    return Theme(**values)


def _faults(themes: Iterable[Theme], axis: tuple[str, ...] | None) -> list[str]:
    themes = list(themes)
    ids = [t.id for t in themes]
    parent = {t.id: t.parent for t in themes}
    faults = [f"theme number {i} has no id" for i, t in enumerate(themes, 1) if not t.id]
    faults += [f"theme {t.id!r} has no label" for t in themes if t.id and not t.label]
    faults += [f"id {i!r} is used {ids.count(i)} times" for i in sorted(set(ids)) if ids.count(i) > 1]
    for t in themes:
        if t.parent and t.parent not in parent:
            faults.append(f"theme {t.id!r} has the unknown parent {t.parent!r}")
        if t.status not in STATUSES:
            faults.append(f"theme {t.id!r} has the unknown status {t.status!r}")
        faults += [f"theme {t.id!r} is near the unknown {n!r}" for n in t.near if n not in parent]
        above, steps = t.parent, 0
        while above and steps <= len(themes):
            above, steps = parent.get(above, ""), steps + 1
        if above:
            faults.append(f"theme {t.id!r} is below itself")
    if not any(t.codable for t in themes):
        faults.append("no theme is codable")
    if axis is not None and (len(set(axis)) != 2 or any(a not in parent or parent[a] for a in axis)):
        faults.append(f"the axis {listed(axis)} does not name two domains")
    return faults
