"""The theme frame: the codebook that topics and responses are placed on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from iapt_topics._base.errors import InputError, listed, suggestion
from iapt_topics._base.result import Result
from iapt_topics.frame.theme import Facet, Theme, trim
from iapt_topics.frame.validation import find_faults, refuse

ABOUT = ("name", "title", "version", "note")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ThemeFrame(Result):
    """A codebook: themes in a tree, and where it comes from.

    Attributes
    ----------
    name, title, version, note : str
    themes : tuple of Theme
    axis : tuple of two str, optional
        Ids of the two domains that are set against each other, e.g. identity and system.
    facets : tuple of Facet
        What is held beside the themes, and not as themes of their own.

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

    def __post_init__(self) -> None:
        trim(self)
        about = {k: getattr(self, k) for k in ABOUT}
        refuse(self.name, find_faults(self.themes, self.axis, self.facets, about))

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
        """Themes that a response can be given."""
        return tuple(t for t in self.themes if t.codable)

    @property
    def domains(self) -> tuple[Theme, ...]:
        """Themes at the top."""
        return tuple(t for t in self.themes if not t.parent)

    @property
    def table(self) -> pd.DataFrame:
        """One row for each theme, one column for each field, in the order of the file."""
        return pd.DataFrame(list(self.themes))

    def find_domain(self, theme_id: str) -> str:
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
