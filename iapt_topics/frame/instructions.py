"""What stands beside a frame in a workbook: how to fill it in, and lists to choose from."""

from __future__ import annotations

from iapt_topics.frame.theme import STATUSES

#: Lists to choose from; a parent is one of the ids, which stand in the second column.
CHOICES = {
    "kind": ("theme", "frame", "facet", "value"),
    "codable": ("true", "false"),
    "status": STATUSES,
    "parent": "=$B$2:$B$500",
}
INSTRUCTIONS = (
    "How to fill in this codebook",
    "",
    "Each row is a theme. It needs an id (short, such as A1) and a label. All else is optional, "
    "but a definition and a few examples make the mapping much better.",
    "kind: leave it blank for a theme. frame: a fact about the codebook itself (id is its name, "
    "label its value). facet and value: a second thing said beside a theme, such as barrier.",
    "parent: the id of the theme above. A theme that only heads others has codable = false.",
    "acronyms: a row of the kind frame, with the id acronyms and a label such as "
    "DNA = did not attend | CPD = training.",
    "definition: what the theme is about, in one or two sentences. include, exclude: what belongs "
    "to it beside, and what does not.",
    "near: ids of themes that it is easily taken for.",
    "synonyms, examples: several in one cell are parted by a bar (|) or by line breaks "
    "(Alt+Enter). Write examples in the words of those who answer; copy none from the survey.",
    "status: where the theme comes from. USER is your own.",
    "Check it with: iapt-topics frame --check my_frame.xlsx",
)
