"""The theme frame: the codebook that topics and responses are placed on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from iapt_topics._base.errors import InputError, listed, suggestion
from iapt_topics._base.result import Result
from iapt_topics.frame.acronyms import find_acronym_faults
from iapt_topics.frame.theme import Facet, Theme, trim
from iapt_topics.frame.validation import find_faults, refuse

ABOUT = ("name", "title", "version", "note")
LISTED = ("axis", "acronyms")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ThemeFrame(Result):
    """A codebook: a tree of themes, and its source.

    Attributes
    ----------
    name, title, version, note : str
    themes : tuple of Theme
    axis : tuple of two str, optional
        Ids of the two domains that are set against each other, e.g. identity and system.
    facets : tuple of Facet
        What is held beside the themes, and not as themes of their own.
    acronyms : tuple of str
        The field's acronyms and what each stands for, as ``"DNA = did not attend"``. A sentence is
        scored with the meaning behind the acronym, written just so, or with an ending such as s.

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
    axis: tuple[str, ...] | None = None
    facets: tuple[Facet, ...] = ()
    acronyms: tuple[str, ...] = ()

    _view = ("table: id label parent status codable definition",)

    def _title(self) -> str:
        name = self.title or self.name
        return f"{name}: {len(self.codable)} themes in {len(self.domains)} domains"

    def _sheets(self) -> dict[str, pd.DataFrame]:
        return {"themes": self.table}

    def __post_init__(self) -> None:
        trim(self)
        about = {k: getattr(self, k) for k in ABOUT}
        faults = find_faults(self.themes, self.axis, self.facets, about)
        refuse(self.name, faults + find_acronym_faults(self.acronyms))

    def __getitem__(self, theme_id: str) -> Theme:
        """Return the theme of this id; raise :class:`InputError` if there is none."""
        if found := next((t for t in self.themes if t.id == theme_id), None):
            return found
        raise InputError(
            f"theme {theme_id!r}", f"must be in the frame {self.name!r}", "no such id",
            f"{suggestion(theme_id, self.ids)}Its ids are {listed(self.ids, most=40)}.",
        )  # fmt: skip

    def __contains__(self, theme_id: object) -> bool:
        return theme_id in self.ids

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all themes, in the order of the file."""
        return tuple(t.id for t in self.themes)

    @property
    def codable(self) -> tuple[Theme, ...]:
        """The code set: themes that can be applied to a response."""
        return tuple(t for t in self.themes if t.codable)

    @property
    def domains(self) -> tuple[Theme, ...]:
        """The domains: themes at the top of the tree."""
        return tuple(t for t in self.themes if not t.parent)

    @property
    def table(self) -> pd.DataFrame:
        """The codebook as a table, one row for each theme and one column for each field."""
        return pd.DataFrame(list(self.themes))

    def find_domain(self, theme_id: str) -> str:
        """Return the id of the domain that a theme belongs to.

        Parameters
        ----------
        theme_id : str
            Id of a theme.

        Returns
        -------
        str
            Id of the theme at the top of its branch.
        """
        theme = self[theme_id]
        while theme.parent:
            theme = self[theme.parent]
        return theme.id

    def paper_only(self) -> ThemeFrame:
        """Restrict the codebook to the themes that the paper's abstract names.

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
                f"frame {self.name!r}", "must have a codable theme of status PAPER", "none",
                "Use the whole frame.",
            )  # fmt: skip
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
