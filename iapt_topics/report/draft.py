"""A draft of a paper in Word: method, results, tables, figure, checklists, and marked blanks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from iapt_topics._base.status import UNCHECKED
from iapt_topics._base.text import clean
from iapt_topics.figures._style import figure_bytes
from iapt_topics.figures.shares import changes_figure, drift_figure
from iapt_topics.publish.exports import write_document
from iapt_topics.report.changes import Change, theme_changes
from iapt_topics.report.format import Grid
from iapt_topics.report.paper import FIGURE, paper
from iapt_topics.report.pictures import last_changes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from iapt_topics.publish.published import Published

#: Gives a picture that was drawn of the same before, or has it drawn.
Once = Callable[[object, Callable[[], bytes]], bytes]
#: A blank, and a statistic that is set in italics before its value.
_MARKS = re.compile(r"(\[to be written by the authors: [^\]]*\])|(?<![\w'])([pnNM])(?= [=<>])")
_SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_FONT = "Times New Roman"
_DPI = 150
#: Widest picture, in inches, between margins of one inch.
_WIDTH = 6.3
#: Letters that a column of a table is made wide for; and widths of the columns of a checklist.
_LONGEST = 24
_CHECKLIST = (0.5, 1.5, 1.3, 3.0)


def write_draft(path: str | Path, published: Published) -> Path:
    """Write a draft of a paper to a ``.docx`` file: method and results as this run did them.

    Parameters
    ----------
    path : str or Path
        The file to write.
    published : Published
        From :func:`iapt_topics.publish.publish`; the draft has no figure that is not in its tables,
        and says what is suppressed, of few respondents or not checked as they do.

    Returns
    -------
    Path
        The file. What only people know is marked "[to be written by the authors: ...]". Two drafts
        of one publication are equal byte by byte.

    Notes
    -----
    Statistics are in the form of the APA (2020, 7th ed.). The checklists have the 21 items of SRQR
    [1]_ and the 32 of COREQ [2]_.

    References
    ----------
    .. [1] O'Brien BC, Harris IB, Beckman TJ, Reed DA, Cook DA (2014). Standards for reporting
       qualitative research: a synthesis of recommendations. *Acad Med* 89:1245-1251.
    .. [2] Tong A, Sainsbury P, Craig J (2007). Consolidated criteria for reporting qualitative
       research (COREQ). *Int J Qual Health Care* 19:349-357.
    """
    return write_draft_once(path, published, lambda _, draw: draw())


def write_draft_once(path: str | Path, published: Published, once: Once) -> Path:
    """:func:`write_draft`, whose picture is taken from where ``once`` has kept it.

    ``once`` is given all that the picture is made of, and what draws it as the bytes of a file.
    """
    changes = theme_changes(published)
    document = _new_document()
    n_tables = 0
    for section in paper(published, changes):
        document.add_heading(clean(section.heading), section.level)
        for text in section.texts:
            style = "Reference List" if section.heading == "References" else None
            _add_text(document.add_paragraph(style=style), text)
        if section.heading == FIGURE:
            _add_figure(document, published, changes, once)
        for grid in section.tables:
            n_tables += bool(grid.caption)
            _add_table(document, grid, n_tables)
    write_document(Path(path), document)
    return Path(path)


def _new_document() -> Any:
    """An empty document in the style of a manuscript, without the name or the date of its maker."""
    from docx import Document
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_LINE_SPACING
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Inches, Pt, RGBColor

    document = Document()
    properties = document.core_properties
    properties.author = properties.comments = properties.last_modified_by = ""
    properties.title, properties.language = "Draft of a paper", "en-GB"
    styles = document.styles
    normal = styles["Normal"]
    normal.font.size = Pt(12)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.DOUBLE
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-GB")
    normal.element.get_or_add_rPr().append(language)
    for name in ("Normal", "Title", "Heading 1", "Heading 2"):
        font = styles[name].font
        font.name, font.color.rgb = _FONT, RGBColor(0, 0, 0)
        fonts = styles[name].element.get_or_add_rPr().get_or_add_rFonts()
        for of in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{of}"), None)
    for name, size in (("Title", 16), ("Heading 1", 14), ("Heading 2", 12)):
        styles[name].font.size, styles[name].font.bold = Pt(size), True
    small = styles.add_style("Table Text", WD_STYLE_TYPE.PARAGRAPH)
    small.base_style = normal
    small.font.size = Pt(9)
    small.paragraph_format.line_spacing = 1.0
    small.paragraph_format.space_after = Pt(0)
    hanging = styles.add_style("Reference List", WD_STYLE_TYPE.PARAGRAPH)
    hanging.base_style = normal
    hanging.paragraph_format.left_indent = Inches(0.5)
    hanging.paragraph_format.first_line_indent = Inches(-0.5)
    for section in document.sections:
        section.left_margin = section.right_margin = Inches(1)
    return document


def _add_text(paragraph: Any, text: str) -> None:
    """Text with its blanks highlighted and its statistics in italics."""
    from docx.oxml import parse_xml

    for run in parse_xml(f"<w:p {_SPACE}>{_runs(text)}</w:p>"):
        paragraph._p.append(run)


def _runs(text: str) -> str:
    """The runs of a text, as a document has them; nothing of it is markup."""
    # Between plain words stand, of each mark, a blank or a statistic; the other is None.
    parts = _MARKS.split(" ".join(clean(text).split()))
    looks = ("", '<w:rPr><w:highlight w:val="yellow"/></w:rPr>', "<w:rPr><w:i/></w:rPr>")
    return "".join(
        f'<w:r>{looks[i % 3]}<w:t xml:space="preserve">{escape(words)}</w:t></w:r>'
        for i, words in enumerate(parts)
        if words
    )


def _add_table(document: Any, grid: Grid, number: int) -> None:
    """A table of three rules, under its number and title, over its note."""
    from docx.oxml import parse_xml

    if grid.caption:
        _add_title(document, f"Table {number}", grid.caption)
    # By the longest text of each column, within bounds, and its margins; twentieths of a point.
    longest = [
        3 + min(max(map(len, [*head.split(), *column])), _LONGEST)
        for head, *column in zip(grid.head, *grid.rows, strict=True)
    ]
    widths = [round(1440 * _WIDTH * n / sum(longest)) for n in longest]
    if not grid.caption:
        widths = [round(1440 * w) for w in _CHECKLIST]
    columns = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    rows = [_row(grid.head, widths, ("top", "bottom"), "<w:trPr><w:tblHeader/></w:trPr>")]
    rows += [_row(row, widths, ()) for row in grid.rows[:-1]]
    rows += [_row(row, widths, ("bottom",)) for row in grid.rows[-1:]]
    table = (
        f'<w:tbl {_SPACE}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{columns}</w:tblGrid>'
        f"{''.join(rows)}</w:tbl>"
    )
    note = document.add_paragraph()
    note._p.addprevious(parse_xml(table))
    if grid.note:
        note.add_run("Note. ").italic = True
        _add_text(note, grid.note)


def _add_title(document: Any, number: str, title: str) -> None:
    """The number and the title of a table or figure, on the page that it begins on."""
    for text, look in ((number, "bold"), (clean(title), "italic")):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        setattr(paragraph.add_run(text).font, look, True)


def _row(
    cells: Sequence[str], widths: Sequence[int], rules: Sequence[str], properties: str = ""
) -> str:
    """A row with rules on these sides; a header is repeated on each page."""
    lines = "".join(f'<w:{side} w:val="single" w:sz="6" w:color="000000"/>' for side in rules)
    borders = f"<w:tcBorders>{lines}</w:tcBorders>" if rules else ""
    return (
        f"<w:tr>{properties}"
        + "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{borders}</w:tcPr>'
            f'<w:p><w:pPr><w:pStyle w:val="TableText"/></w:pPr>{_runs(cell)}</w:p></w:tc>'
            for cell, width in zip(cells, widths, strict=True)
        )
        + "</w:tr>"
    )


def _add_figure(document: Any, published: Published, changes: list[Change], once: Once) -> None:
    """The main figure: the change of each theme or, of one wave, its prevalence."""
    import io

    from docx.shared import Inches

    plan = _plan_figure(published, changes)
    if plan is None:
        return
    draw, table, labels, note = plan
    waves = published.waves
    picture = once(
        (draw.__name__, table, labels, waves),
        lambda: figure_bytes(draw(table, labels=labels, waves=waves), "png", dpi=_DPI),
    )
    title = "Prevalence of each theme" if note == "" else "Change of each theme"
    _add_title(document, "Figure 1", title)
    shown = document.add_picture(io.BytesIO(picture), Inches(_WIDTH))
    shown._inline.docPr.set("descr", f"{title}; the tables have its figures.")
    under = document.add_paragraph()
    under.add_run("Note. ").italic = True
    _add_text(under, f"Whiskers are 95% confidence intervals. {note}")


def _plan_figure(
    published: Published, changes: list[Change]
) -> tuple[Callable[..., Figure], pd.DataFrame, dict[str, str], str] | None:
    """What draws the figure, of the changes that the paper leads with, and what to say of it."""
    labels = published.labels
    if not changes:
        shares = published.tables["drift_shares"]
        if not shares["estimate"].notna().any():
            return None
        return drift_figure, shares, labels, ""
    machine = last_changes(published.tables["drift_changes"])
    if all(c.checked == UNCHECKED for c in changes):
        note = "Changes are in machine codes and were not checked against human codes: none is "
        return changes_figure, machine, labels, f"{note}reported as found."
    row = machine.iloc[0]
    table = pd.DataFrame({
        "theme": [c.theme for c in changes], "year": row["year"], "against": row["against"],
        **{name: [c.change[i] for c in changes] for i, name in enumerate(_ENDS)},
        # Hollow, whatever its p: what is not checked is not found.
        "p_bh": [np.nan if c.checked == UNCHECKED else c.p for c in changes],
    })  # fmt: skip
    alone = {c.theme for c in changes if c.checked == UNCHECKED}
    named = {t: f"{label} (not checked)" if t in alone else label for t, label in labels.items()}
    by = "Changes are corrected by human codes" if any(c.corrected for c in changes) else (
        "Changes are of human codes"
    )  # fmt: skip
    note = f"{by}; those marked as not checked are in machine codes alone." if alone else f"{by}."
    return changes_figure, table, named, note


_ENDS = ("estimate", "low", "high")
