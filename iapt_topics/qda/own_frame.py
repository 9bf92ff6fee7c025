"""The codes of a file as a codebook of their own, where people coded without one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.refi import BELOW, MACHINE_TOP
from iapt_topics.frame.theme import Theme
from iapt_topics.qda.codes_table import times_given
from iapt_topics.qda.load import Source, open_codes
from iapt_topics.qda.project import Project

_NOTE = (
    "Made of the labels that people coded with. A machine code rests on these words alone where a "
    "label has no definition."
)


def frame_of_codes(source: Source) -> ThemeFrame:
    """Make a codebook of the labels of people's codes.

    Parameters
    ----------
    source : str, Path, DataFrame or Project
        As for :func:`iapt_topics.load_codes`.

    Returns
    -------
    ThemeFrame
        One theme for each code, of status USER, in the order of the file, with its definition and
        place in the hierarchy where the file has them. Codes of machines are left out.

    Raises
    ------
    InputError
        If the source cannot be read or holds no code.
    """
    opened = source if isinstance(source, Project) else open_codes(source)
    if isinstance(opened, tuple):
        themes = [Theme(id=name, label=name) for name in times_given(opened[0])]
    else:
        people = ~opened.segments["coder"].isin(opened.machines)
        themes = _themes(opened.codebook, opened.segments.loc[people, "code_path"])
    name = Path(source).stem if isinstance(source, str | Path) else "codes"
    if not themes:
        raise InputError("codes", "must contain at least one code", "none", "Check the file.")
    return ThemeFrame(name=name, title=f"Codes of {name}", note=_NOTE, themes=tuple(themes))


def _themes(book: pd.DataFrame, used: Iterable[str]) -> list[Theme]:
    """Themes of a codebook, and of the codes in use that it does not list."""
    listed = book[~book["code"].str.startswith(MACHINE_TOP)] if len(book) else book
    themes = [
        Theme(
            id=row["code"], label=row["name"] or row["code"], parent=row["parent"],
            definition=row["definition"], codable=bool(row["codable"]),
        )
        for row in listed.to_dict("records")
    ]  # fmt: skip
    known = {t.id for t in themes}
    return themes + [
        Theme(id=p, label=p.split(BELOW)[-1]) for p in dict.fromkeys(used) if p not in known
    ]
