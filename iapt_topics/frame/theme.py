"""One theme of a codebook, and the facets that can be held beside it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from iapt_topics._base.door import Checked

#: PAPER: named in the paper's public abstract. PART: the abstract names the idea, the boundary is
#: ours. INFERRED: from other sources. USER: from a frame of the user's own.
STATUSES = ("PAPER", "PART", "INFERRED", "USER")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme(Checked):
    """One code of a codebook: its id, label, definition and place in the tree.

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
    facets : tuple of str
        What goes with the theme unless a response says otherwise, each as ``"facet=value"``, e.g.
        ``"role=protective"``.
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
    facets: tuple[str, ...] = ()
    source: str = ""
    codable: bool = True

    def __post_init__(self) -> None:
        trim(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue(Checked):
    """One of the things that a facet can be: its id, label, definition and example sentences."""

    id: str
    label: str
    definition: str = ""
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        trim(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet(Checked):
    """What is held beside each theme given, such as its role as a barrier or a protection.

    Attributes
    ----------
    id, label, definition : str
    values : tuple of FacetValue
        At least two. A response may show none of them, or several.
    """

    id: str
    label: str
    definition: str = ""
    values: tuple[FacetValue, ...] = ()

    def __post_init__(self) -> None:
        trim(self)


def trim(item: Any) -> None:
    """Take blanks off the ends of an item's texts, and empty texts out of its lists.

    Files do so too: what is the same in a file is then the same here.
    """

    def tidy(text: Any) -> Any:
        if not isinstance(text, str):
            return text
        return text.replace("\r\n", "\n").replace("\r", "\n").strip()

    for field in fields(item):
        value = getattr(item, field.name)
        if isinstance(value, str):
            object.__setattr__(item, field.name, tidy(value))
        elif field.name in LISTS and isinstance(value, tuple):
            object.__setattr__(item, field.name, tuple(t for v in value if (t := tidy(v)) != ""))


LISTS = ("near", "synonyms", "examples", "facets")
