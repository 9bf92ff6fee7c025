"""What stands beside a frame in a workbook: how to fill it in, and lists to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from iapt_topics.frame.theme import STATUSES

_ROWS = 500  # that have lists to choose from
_LINES = (
    "How to fill in this codebook",
    "",
    "Each row is a theme. It needs an id (short, such as A1) and a label. All else is optional, "
    "but a definition and a few examples make the mapping much better.",
    "kind: leave it blank for a theme. frame: a fact about the codebook itself (id is its name, "
    "label its value). facet and value: a second thing said beside a theme, such as barrier.",
    "parent: the id of the theme above. A theme that only heads others has codable = false.",
    "definition: what the theme is about, in one or two sentences. include, exclude: what belongs "
    "to it beside, and what does not.",
    "near: ids of themes that it is easily taken for.",
    "synonyms, examples: several in one cell are parted by a bar (|) or by line breaks "
    "(Alt+Enter). Write examples in the words of those who answer; copy none from the survey.",
    "status: where the theme comes from. USER is your own.",
    "Check it with: iapt-topics frame --check my_frame.xlsx",
)


def add_instructions(book: Any, names: Sequence[str]) -> None:
    """Add a sheet of instructions to a workbook, and lists to choose from to its first sheet."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet = book.worksheets[0]
    sheet.title = "codebook"
    for name, allowed in (
        ("kind", '"theme,frame,facet,value"'),
        ("codable", '"true,false"'),
        ("status", f'"{",".join(STATUSES)}"'),
        ("parent", f"=$B$2:$B${_ROWS}" if names[1:2] == ["id"] else ""),
    ):
        if allowed and name in names:
            letter = get_column_letter(list(names).index(name) + 1)
            choice = DataValidation(type="list", formula1=allowed, allow_blank=True)
            choice.showErrorMessage = False  # a list to choose from, not a rule
            choice.add(f"{letter}2:{letter}{_ROWS}")
            sheet.add_data_validation(choice)
    about = book.create_sheet("instructions")
    for i, line in enumerate(_LINES, start=1):
        cell = about.cell(i, 1, line or None)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if i == 1:
            cell.font = Font(bold=True)
    about.column_dimensions["A"].width = 100
