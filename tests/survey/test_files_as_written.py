"""Files as people's tools write them, each with what is right for it.

Written from the documentation alone. A case is read rightly, or refused with a message that names
the cure; where both are fair, either will do. No case may be wrong in silence.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import iapt_topics as it

ANY = object()  # a respondent that the case says nothing about

# Invented: reference, year, person and answer of the staff of a ferry company.
STAFF = [
    ("K01", 2019, "w1", "The rota comes out too late to plan a weekend"),
    ("K02", 2019, "w2", "Nobody mends the heater in the ticket office"),
    ("K03", 2019, "w3", "My skipper takes time to explain each decision"),
    ("K04", 2019, "w4", "Passengers shout at us when the boat is cancelled"),
    ("K05", 2020, "w1", "New uniforms let the rain in at the shoulders"),
    ("K06", 2020, "w2", "I am proud when the first crossing leaves on time"),
    ("K07", 2020, "w3", "Managers on shore never answer the radio after six"),
    ("K08", 2020, "w5", "Training at the simulator made night work safer"),
    ("K09", 2021, "w1", "Parking at the north pier costs an hour of wages"),
    ("K10", 2021, "w4", "The canteen closes before the late crew comes ashore"),
    ("K11", 2021, "w5", "Two deckhands do the work that four did before"),
    ("K12", 2021, "w6", "Friends on the crew are the reason that I stay"),
]
RIGHT = [(year, who, text) for _, year, who, text in STAFF]
COLUMNS = ["ref", "year", "who", "comment"]
PLAIN = {"text": "comment", "year": "year", "respondent": "who", "response": "ref"}

Kept = Sequence[tuple[int, Any, str]]


@dataclass(frozen=True)
class Case:
    """A file, the call that reads it, and what is right.

    ``right`` holds the readings that are fair (kept rows: year, respondent or None for unknown,
    text); ``told`` are words of which the result's notes must then hold one. ``cures`` are words
    of which a refusal must hold one. Without ``right`` it must be refused; without ``cures``, read.
    """

    name: str
    build: Callable[[Path], Path]
    call: dict[str, Any] = field(default_factory=lambda: dict(PLAIN))
    right: tuple[Kept, ...] = ()
    told: tuple[str, ...] = ()
    cures: tuple[str, ...] = ()


CASES: list[Case] = []


def case(
    *right: Kept,
    call: dict[str, Any] | None = None,
    told: tuple[str, ...] = (),
    cures: tuple[str, ...] = (),
) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Enter the builder of a file, by its name, among the cases."""

    def enter(build: Callable[[Path], Path]) -> Callable[[Path], Path]:
        CASES.append(Case(build.__name__, build, dict(call or PLAIN), right, told, cures))
        return build

    return enter


# Writers ------------------------------------------------------------------------------------------


def as_csv(rows: Sequence[Sequence[Any]], sep: str = ",", **how: Any) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=sep, lineterminator="\n", **how).writerows(rows)
    return stream.getvalue()


def put(folder: Path, content: str | bytes, name: str = "survey.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def put_csv(folder: Path, rows: Sequence[Sequence[Any]], sep: str = ",", **how: Any) -> Path:
    return put(folder, as_csv(rows, sep, **how))


def put_xlsx(folder: Path, sheets: dict[str, Sequence[Sequence[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    path = folder / "survey.xlsx"
    book.save(path)
    return path


def edit_xlsx(path: Path, edit: Callable[[Any], None]) -> Path:
    book = openpyxl.load_workbook(path)
    edit(book.worksheets[0])
    book.save(path)
    return path


def worked_out(path: Path, values: dict[str, tuple[str, str]]) -> Path:
    """Give formulas the values that Excel keeps beside them: of each cell, its type and value."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode("utf-8")
    for cell, (kind, value) in values.items():
        found = rf'<c r="{cell}"([^>]*)><f>(.*?)</f><v\s*(?:/>|></v>)</c>'
        new = rf'<c r="{cell}"\g<1> t="{kind}"><f>\g<2></f><v>{value}</v></c>'
        sheet, n = re.subn(found, new, sheet)
        assert n == 1, cell
    parts["xl/worksheets/sheet1.xml"] = sheet.encode("utf-8")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def plain_rows() -> list[list[Any]]:
    return [list(COLUMNS), *(list(row) for row in STAFF)]


def with_years(labels: Sequence[Any]) -> list[list[Any]]:
    """The survey with its years written otherwise: a label for each row, or one for each year."""
    each = labels if len(labels) == len(STAFF) else [labels[i // 4] for i in range(len(STAFF))]
    rows = zip(STAFF, each, strict=True)
    return [list(COLUMNS), *([ref, label, who, text] for (ref, _, who, text), label in rows)]


def with_texts(texts: Sequence[str]) -> list[list[Any]]:
    rows = zip(STAFF, texts, strict=False)
    return [list(COLUMNS), *([ref, year, who, text] for (ref, year, who, _), text in rows)]


def kept_texts(*texts: str | None) -> Kept:
    """Rows of ``with_texts`` that are kept; None where the row is not."""
    rows = zip(STAFF, texts, strict=False)
    return [(year, who, text) for (_, year, who, _), text in rows if text is not None]


def nobody(rows: Kept = RIGHT) -> Kept:
    return [(year, None, text) for year, _, text in rows]


def whoever(rows: Kept = RIGHT) -> Kept:
    return [(year, ANY, text) for year, _, text in rows]


# Controls -----------------------------------------------------------------------------------------


@case(RIGHT)
def control_plain_csv(folder):
    return put_csv(folder, plain_rows())


@case(RIGHT)
def control_plain_workbook(folder):
    return put_xlsx(folder, {"Sheet1": plain_rows()})


# Headers of survey tools --------------------------------------------------------------------------


@case(
    RIGHT,
    call={"text": "QID9_TEXT", "year": "Round", "respondent": "PayNo", "response": "ResponseId"},
)
def qualtrics_three_header_rows(folder):
    names = ["StartDate", "Progress", "ResponseId", "Round", "PayNo", "QID9_TEXT"]
    asked = ["Start Date", "Progress", "Response ID", "Round", "PayNo", "What, if anything, irks?"]
    codes = ["startDate", "progress", "_recordId", "Round", "PayNo", "QID9_TEXT"]
    imports = [f'{{"ImportId":"{code}"}}' for code in codes]
    rows = [[f"{y}-02-03 08:00:00", 100, r, y, w, t] for r, y, w, t in STAFF]
    return put(folder, "\ufeff" + as_csv([names, asked, imports, *rows]))


@case(
    RIGHT,
    call={"text": "Q12", "year": "RecordedDate", "respondent": "Crew", "response": "ResponseId"},
    cures=("header", "row 2", "second row", "question text"),
)
def qualtrics_workbook_with_the_questions_below_the_names(folder):
    names = ["RecordedDate", "ResponseId", "Finished", "Crew", "Q12"]
    asked = ["Recorded Date", "Response ID", "Finished", "Crew", "What would make work better?"]
    rows = [[dt.datetime(y, 6, 1, 9, 30), r, True, w, t] for r, y, w, t in STAFF]
    return put_xlsx(folder, {"Sheet0": [names, asked, *rows]})


@case(
    RIGHT,
    call={
        "text": "If you could change one thing, what would it be?",
        "year": "Which season's survey is this?",
        "respondent": "Your crew code",
        "response": "Respondent ID",
    },
)
def surveymonkey_two_header_rows(folder):
    names = ["Respondent ID", "Collector ID", "Which season's survey is this?", "Your crew code"]
    names += ["Which boats do you work on?", "", "If you could change one thing, what would it be?"]
    below = ["", "", "Response", "Open-Ended Response", "Heron", "Gannet", "Open-Ended Response"]
    rows = [[118_400_000_10 + i, 402, y, w, "Heron", "", t] for i, (_, y, w, t) in enumerate(STAFF)]
    return put_csv(folder, [names, below, *rows])


LIME = {
    "text": "G2Q1. What, if anything, makes the work hard?",
    "year": "submitdate. Date submitted",
    "respondent": "token. Access code",
    "response": "id. Response ID",
}


def lime(folder: Path, dates: Callable[[int], str]) -> Path:
    names = [LIME["response"], LIME["year"], "lastpage. Last page", LIME["respondent"]]
    rows = [[i + 4, dates(y), 3, w, t] for i, (_, y, w, t) in enumerate(STAFF)]
    rows = [[*names, LIME["text"]], *rows]
    return put(folder, "\ufeff" + as_csv(rows, ";", quoting=csv.QUOTE_ALL))


@case(RIGHT, call=LIME)
def limesurvey_semicolons_and_commas_in_the_question(folder):
    return lime(folder, lambda year: f"{year}-04-09 17:20:31")


@case(
    [(1980, who, text) for _, who, text in RIGHT],
    call=LIME,
    told=("anonym",),
    cures=("anonym", "1980"),
)
def limesurvey_dates_made_anonymous(folder):
    return lime(folder, lambda year: "1980-01-01 00:00:00")


FORMS_QUESTION = "Thinking of the past year,\u00a0what\nwould have helped you most?\u00a0"


@case(
    RIGHT,
    call={
        "text": "Thinking of the past year, what would have helped you most?",
        "year": "Completion time",
        "respondent": "Crew code",
        "response": "ID",
    },
)
def ms_forms_no_break_spaces_in_the_question(folder):
    names = ["ID", "Start time", "Completion time", "Email", "Name", "Crew\u00a0code"]
    at = dt.datetime
    rows = [
        [i + 1, at(y, 3, 4, 8, 1), at(y, 3, 4, 8, 9), "anonymous", None, w, t]
        for i, (_, y, w, t) in enumerate(STAFF)
    ]
    return put_xlsx(folder, {"Form1": [[*names, FORMS_QUESTION], *rows]})


@case(
    nobody(),
    whoever(),
    call={"text": "Comment", "year": "Year", "respondent": "Email", "response": "ID"},
    told=("anonymous", "far more rows", "one id"),
    cures=("anonymous", "respondent"),
)
def ms_forms_everybody_is_anonymous(folder):
    rows = [[i + 1, "anonymous", y, t] for i, (_, y, _, t) in enumerate(STAFF)]
    return put_xlsx(folder, {"Form1": [["ID", "Email", "Year", "Comment"], *rows]})


# Shape --------------------------------------------------------------------------------------------


@case(RIGHT, cures=("header", "title", "first row", "line 4"))
def title_rows_in_a_csv(folder):
    return put(
        folder,
        "Crew voice: all seasons\nRun by J. Example, 3 May 2021\n\n" + as_csv(plain_rows()),
    )


@case(RIGHT, cures=("header", "title", "first row", "row 3"))
def merged_title_in_a_workbook(folder):
    path = put_xlsx(folder, {"Export": [["Crew voice, 2019 to 2021"], [None] * 4, *plain_rows()]})
    return edit_xlsx(path, lambda sheet: sheet.merge_cells("A1:D1"))


@case(RIGHT, told=("footer", "end of", "last", "line", "row"), cures=("footer", "line", "row"))
def footer_under_the_rows(folder):
    foot = "\nSource: crew office system\nConfidential: not for circulation; 12 records\n"
    return put(folder, as_csv(plain_rows()) + foot)


@case(RIGHT, told=("total",), cures=("total", "footer", "row 13", "row 14", "row(s) 13"))
def totals_row_in_a_workbook(folder):
    return put_xlsx(folder, {"Data": [*plain_rows(), ["Grand total", 12, 6, "12 answers"]]})


@case(RIGHT, told=("total",), cures=("total", "footer", "subtotal"))
def totals_row_of_each_year(folder):
    rows = plain_rows()
    for at, year in ((13, 2021), (9, 2020), (5, 2019)):
        rows.insert(at, [f"Total {year}", year, "", "4 comments"])
    return put_csv(folder, rows)


@case(RIGHT, cures=("header", "line"))
def header_again_where_files_were_pasted(folder):
    rows = plain_rows()
    rows.insert(9, list(COLUMNS))
    rows.insert(5, list(COLUMNS))
    return put_csv(folder, rows)


COMMAS = "What, in your view, should the company, or your skipper, change?"


COMMAS_CALL = {**PLAIN, "text": COMMAS}
WITH_COMMAS = [(year, who, f"{text}, and often, sadly") for year, who, text in RIGHT]


def commas() -> list[list[Any]]:
    rows = [[ref, *row] for (ref, *_), row in zip(STAFF, WITH_COMMAS, strict=True)]
    return [["ref", "year", "who", COMMAS], *rows]


@case(WITH_COMMAS, call=COMMAS_CALL)
def tabs_in_a_file_called_csv(folder):
    return put_csv(folder, commas(), "\t")


@case(WITH_COMMAS, call=COMMAS_CALL)
def semicolons_with_more_commas_than_semicolons(folder):
    return put_csv(folder, commas(), ";")


@case(WITH_COMMAS, call=COMMAS_CALL)
def pipes(folder):
    return put_csv(folder, commas(), "|")


@case(WITH_COMMAS, call=COMMAS_CALL)
def sep_line_and_tabs(folder):
    return put(folder, "\ufeffsep=\t\r\n" + as_csv(commas(), "\t").replace("\n", "\r\n"))


@case(WITH_COMMAS, call=COMMAS_CALL, cures=("utf", "encoding"))
def unicode_text_of_excel(folder):
    return put(folder, as_csv(commas(), "\t").replace("\n", "\r\n").encode("utf-16"))


@case(RIGHT)
def trailing_commas_under_the_header_alone(folder):
    head, *rows = plain_rows()
    return put_csv(folder, [head, *([*row, "", ""] for row in rows)])


@case(RIGHT)
def trailing_commas_and_empty_rows(folder):
    rows = [[*row, "", ""] for row in plain_rows()]
    return put_csv(folder, [*rows, [""] * 6, [""] * 6])


@case(cures=("quot & line 6", "quot & row 5"))
def quote_that_never_closes(folder):
    lines = as_csv(plain_rows()).splitlines()
    lines[5] = lines[5].replace("New", '"New')
    return put(folder, "\n".join(lines) + "\n")


@case(cures=("quot & line 6", "quot & row 5"))
def quote_that_closes_in_another_answer(folder):
    lines = as_csv(plain_rows()).splitlines()
    lines[5] = lines[5].replace("New", '"New')
    lines[9] = lines[9].replace("Parking", '"Parking, again,') + '"'
    return put(folder, "\n".join(lines) + "\n")


UNUSED_TWICE = {"text": "Comment", "year": "Year", "respondent": "Crew", "response": "Crew"}


@case(
    [(year, f"c{i}", text) for i, (year, _, text) in enumerate(RIGHT)],
    call=UNUSED_TWICE,
)
def headers_twice_among_columns_nobody_uses(folder):
    names = ["Crew", "Year", "Boat - Other", "Boat - Other", "Comment", "", ""]
    rows = [[f"c{i}", y, "x", "", t, "", "z"] for i, (_, y, _, t) in enumerate(STAFF)]
    return put_csv(folder, [names, *rows])


@case(cures=("twice", "two columns", "repeat", "unique", "more than one", "same name"))
def headers_twice_of_the_column_that_is_used(folder):
    rows = [[*row, f"Seen by the purser of boat {row[0]}"] for row in plain_rows()[1:]]
    return put_csv(folder, [[*COLUMNS, "comment"], *rows])


@case(RIGHT, call={**PLAIN, "year": "survey year", "text": "crew comment"})
def no_break_and_other_spaces_in_names(folder):
    names = ["\u00a0ref ", "survey\u00a0 year", " who\u00a0", "crew\u00a0comment\t"]
    return put_csv(folder, [names, *plain_rows()[1:]])


# Workbooks ----------------------------------------------------------------------------------------


@case(kept_texts(*(None if i % 3 == 1 else row[3] for i, row in enumerate(STAFF))))
def formulas_that_show_nothing(folder):
    rows = plain_rows()
    for i, row in enumerate(rows[1:]):
        row[3] = f'=IF(F{i + 2}="","",PROPER(F{i + 2}))'
    path = put_xlsx(folder, {"Sheet1": rows})
    shown = {f"D{i + 2}": ("str", "" if i % 3 == 1 else r[3]) for i, r in enumerate(STAFF)}
    return worked_out(path, shown)


@case(
    kept_texts(*(None if i in (2, 7) else row[3] for i, row in enumerate(STAFF))),
    told=("formula",),
    cures=("formula",),
)
def formulas_that_nobody_worked_out(folder):
    rows = plain_rows()
    rows[3][3], rows[8][3] = "=TRIM(F4)", "=VLOOKUP(A9,Other!A:B,2,FALSE)"
    return put_xlsx(folder, {"Sheet1": rows})


@case(
    kept_texts(*(None if i in (1, 5, 9) else row[3] for i, row in enumerate(STAFF))),
    told=("error", "#"),
    cures=("#", "error"),
)
def error_cells_in_a_workbook(folder):
    rows = plain_rows()
    rows[2][3], rows[10][3] = "=VLOOKUP(A3,F:G,2,FALSE)", "=-late again"
    rows[6][3] = "#REF!"
    path = put_xlsx(folder, {"Sheet1": rows})
    return worked_out(path, {"D3": ("e", "#N/A"), "D11": ("e", "#NAME?")})


@case(kept_texts(*(None if i in (0, 4, 8, 11) else row[3] for i, row in enumerate(STAFF))))
def error_texts_and_not_answered_in_a_csv(folder):
    texts = [row[3] for row in STAFF]
    texts[0], texts[4], texts[8], texts[11] = "#VALUE!", "Not answered", "#NAME?", "#DIV/0!"
    return put_csv(folder, with_texts(texts))


SEEN = [row for i, row in enumerate(RIGHT) if i not in (3, 4, 10)]


@case(RIGHT, SEEN, told=("hidden",), cures=("hidden",))
def rows_hidden_by_a_filter(folder):
    def hide(sheet: Any) -> None:
        sheet.auto_filter.ref = "A1:D13"
        for row in (5, 6, 12):
            sheet.row_dimensions[row].hidden = True

    return edit_xlsx(put_xlsx(folder, {"Sheet1": plain_rows()}), hide)


@case(RIGHT, cures=("sheet",))
def cover_sheet_before_the_answers(folder):
    cover = [["About this file"], ["Version", 3], ["Contact", "the crew office"]]
    return put_xlsx(folder, {"Read me": cover, "Answers": plain_rows()})


@case(RIGHT, RIGHT[:4], told=("sheet",), cures=("sheet",))
def a_sheet_for_each_year(folder):
    head, *rows = plain_rows()
    return put_xlsx(folder, {f"{2019 + i}": [head, *rows[4 * i : 4 * i + 4]] for i in range(3)})


@case(RIGHT, cures=("date", "format", "1905"))
def year_typed_into_a_date_cell(folder):
    def dress(sheet: Any) -> None:
        for row in range(2, 14):
            sheet.cell(row, 2).number_format = "dd/mm/yyyy"

    return edit_xlsx(put_xlsx(folder, {"Sheet1": plain_rows()}), dress)


# Characters ---------------------------------------------------------------------------------------

ACCENTS = [
    "The caf\u00e9 on deck two is our only place to sit",
    "We don\u2019t hear why a crossing is cancelled",
    "Pay went up by \u00a340 and the rent by \u00a360",
    "Our mate \u2013 the best I\u2019ve known \u2013 left in May",
    "Crew fr\u00f8m three countries and one joke between us",
    "It\u2019s the na\u00efve plans from shore that tire me",
    "A c\u00f4te of paint would cheer the mess room",
    "\u201cSafety first\u201d is said and never paid for",
    "Half of the crew can\u2019t swim \u2026 and nobody asks",
    "My r\u00f4le changed twice and my grade did not",
    "The engine room is 40 \u00b0C and there\u2019s no fan",
    "Se\u00e1n trained me and I\u2019d follow him anywhere",
]


@case(kept_texts(*ACCENTS), told=("encod", "line", "windows", "1252", "utf"))
def encodings_mixed_line_by_line(folder):
    lines = as_csv(with_texts(ACCENTS)).splitlines(keepends=True)
    odd = [line.encode("cp1252" if 5 <= i < 9 else "utf-8") for i, line in enumerate(lines)]
    return put(folder, b"".join(odd))


@case(kept_texts(*ACCENTS), told=("encod", "mend", "repair", "garbled", "mojibake"))
def saved_wrongly_once(folder):
    twice = [text.encode("utf-8").decode("cp1252", "replace") for text in ACCENTS]
    assert not any("\ufffd" in text for text in twice[:7])
    mixed = [t if "\ufffd" not in t else a for t, a in zip(twice, ACCENTS, strict=True)]
    return put_csv(folder, with_texts(mixed))


@case(
    kept_texts(
        "The tills & the ramp need mending",
        "I can't plan; my rota's never out",
        'They call it "lean" and we call it tired',
        "First the ramp broke Then the radio did",
        "Overtime is paid < 2 months late",
        "The crew \u2013 all of it \u2013 is kind",
        None,
        None,
        "Boats R&D never asks us",
        "Proper boots would help a lot",
    ),
    told=("markup", "html", "entit"),
)
def markup_of_rich_text_boxes(folder):
    return put_csv(
        folder,
        with_texts(
            [
                "<p>The tills &amp; the ramp need mending</p>",
                "I can&#39;t plan; my rota&rsquo;s&nbsp;never out",
                "They call it &quot;lean&quot; and we call it tired",
                "<div>First the ramp broke<br />Then the radio did</div>",
                "Overtime is paid < 2 months late",
                "The crew &ndash; all of it &#8211; is <b>kind</b>",
                "<p>&nbsp;</p>",
                "<p><br></p>",
                "Boats R&D never asks us",
                "<ul><li>Proper boots would help a lot</li></ul>",
            ]
        ),
    )


# Who ----------------------------------------------------------------------------------------------


def unknown_ids(marks: Sequence[str]) -> list[list[Any]]:
    rows = plain_rows()
    for at, mark in marks_at(marks):
        rows[at][2] = mark
        rows[at][3] = "Late rota"
    return rows


def marks_at(marks: Sequence[str]) -> list[tuple[int, str]]:
    return list(zip((1, 2, 3, 5, 6, 9, 10), marks, strict=False))


def unknown_right(marks: Sequence[str]) -> Kept:
    blank = {at for at, _ in marks_at(marks)}
    return [
        (year, None, "Late rota") if i + 1 in blank else (year, who, text)
        for i, (year, who, text) in enumerate(RIGHT)
    ]


@case(unknown_right(["NA"] * 7))
def na_of_r_among_the_ids(folder):
    rows = [["" if not i else str(i), *row] for i, row in enumerate(unknown_ids(["NA"] * 7))]
    return put_csv(folder, rows, quoting=csv.QUOTE_ALL)


NONES = ["NULL", "None", "NaN", "#N/A", "nan", "null", "NONE"]


@case(unknown_right(NONES))
def none_and_null_among_the_ids(folder):
    return put_xlsx(folder, {"Sheet1": unknown_ids(NONES)})


NUMBERS = {"w1": "101", "w2": "102", "w3": "103", "w4": "104", "w5": "105", "w6": "106"}


@case([(year, NUMBERS[who], text) for year, who, text in RIGHT], cures=(".0",))
def ids_with_a_point_nought_in_one_year(folder):
    rows = plain_rows()
    for row in rows[1:]:
        row[2] = NUMBERS[row[2]] + (".0" if row[1] == 2020 else " " if row[1] == 2021 else "")
    return put_csv(folder, rows)


@case(
    nobody(),
    whoever(),
    told=("e+", "excel", "spoil", "far more rows", "one id"),
    cures=("e+", "excel", "as text", "respondent"),
)
def long_ids_spoilt_by_excel(folder):
    rows = plain_rows()
    for row in rows[1:]:
        row[2] = "1.18401E+11" if row[2] in {"w1", "w2", "w3", "w4"} else "1.18402E+11"
    return put_csv(folder, rows)


@case(
    nobody(),
    whoever(),
    call={**PLAIN, "response": None},
    told=("e+", "excel", "spoil", "far more rows", "one id"),
    cures=("e+", "excel", "as text", "respondent"),
)
def ids_spoilt_in_a_semicolon_file_with_decimal_commas(folder):
    rows = plain_rows()
    for row in rows[1:]:
        row[2] = "1,184E+11"
    return put_csv(folder, rows, ";")


# When ---------------------------------------------------------------------------------------------

WHEN = ("write years", "name the wave", "waves=", "date")
PLACES = [(year - 2018, who, text) for year, who, text in RIGHT]  # waves by their place


@case(RIGHT)
def dates_with_points(folder):
    days = ["04.05", "17.05", "30.05", "02.06"]
    return put_csv(folder, with_years([f"{days[i % 4]}.{r[1]}" for i, r in enumerate(STAFF)]))


@case(RIGHT)
def dates_in_words(folder):
    days = ["4 May", "17th May", "30 May", "2 June"]
    return put_csv(folder, with_years([f"{days[i % 4]} {r[1]}" for i, r in enumerate(STAFF)]))


@case(RIGHT)
def dates_with_a_clock_and_zone(folder):
    days = ["05-04T23:59:59Z", "05-17T08:00:00+01:00", "05-30T12:00:00.123Z", "06-02T00:00:00Z"]
    return put_csv(folder, with_years([f"{r[1]}-{days[i % 4]}" for i, r in enumerate(STAFF)]))


@case(RIGHT, cures=WHEN)
def two_digit_years_that_one_reading_fits(folder):
    days = ["14/05", "22/05", "30/05", "31/05"]
    dates = [f"{days[i % 4]}/{r[1] % 100}" for i, r in enumerate(STAFF)]
    return put_csv(folder, with_years(dates))


@case(
    [({2019: 2012, 2020: 2011, 2021: 2010}[y], w, t) for y, w, t in RIGHT],
    told=("two-digit", "two digits", "day", "read as"),
    cures=("two-digit", "two digits", "four", "day", "reading", "ambiguous"),
)
def two_digit_years_that_two_readings_fit(folder):
    return put_csv(folder, with_years(["10/04/12", "11/04/11", "12/04/10"]))


@case(cures=("digit", "four", "notation", "same way"))
def two_digit_years_beside_four_digits(folder):
    return put_csv(folder, with_years(["19", "2020", "21"]))


@case([(year - 9, who, text) for year, who, text in RIGHT])
def financial_years_that_look_like_months(folder):
    return put_csv(folder, with_years(["2010-11", "2011-12", "2012-13"]))


@case(RIGHT, PLACES, cures=WHEN)
def academic_years_with_letters(folder):
    return put_csv(folder, with_years(["AY 2019/20", "AY 2020/21", "AY 2021/22"]))


@case(cures=("notation", "same way", "way", "written"))
def financial_years_beside_calendar_years(folder):
    return put_csv(folder, with_years(["2019", "2019/20", "2021"]))


@case(RIGHT, PLACES, cures=WHEN)
def quarters(folder):
    return put_csv(folder, with_years(["Q3 2019", "Q3 2020", "Q3 2021"]))


@case(RIGHT, PLACES, cures=WHEN)
def names_of_months(folder):
    return put_csv(folder, with_years(["Sept 2019", "October 2020", "Sep-2021"]))


@case(
    RIGHT,
    PLACES,
    call={**PLAIN, "waves": ["Autumn 2021", "Autumn 2020", "Autumn 2019"]},
    cures=("order", "newest", "oldest", "first"),
)
def waves_named_newest_first(folder):
    head, *rows = with_years(["Autumn 2019", "Autumn 2020", "Autumn 2021"])
    return put_csv(folder, [head, *rows])


@case(
    RIGHT[8:] + RIGHT[4:8] + RIGHT[:4],
    PLACES[8:] + PLACES[4:8] + PLACES[:4],
    cures=WHEN,
)
def seasons_newest_first_in_the_file(folder):
    head, *rows = with_years(["Winter 2019", "Winter 2020", "Winter 2021"])
    return put_csv(folder, [head, *rows[8:], *rows[4:8], *rows[:4]])


@case(RIGHT, told=("serial", "excel"), cures=("serial", "excel", "date"))
def serial_dates_of_excel(folder):
    return put_csv(folder, with_years([43586, 43970, 44340]))


# Answers ------------------------------------------------------------------------------------------


@case(
    [
        row
        for year, who, text in RIGHT[:4]
        for row in ((year, who, "Rota"), (year, who, "rota" if who != "w3" else text))
    ],
    call={**PLAIN, "text": ["harms", "change"]},
)
def same_word_to_two_questions(folder):
    rows = [[r, y, w, "Rota", "rota" if w != "w3" else t] for r, y, w, t in STAFF[:4]]
    return put_csv(folder, [["ref", "year", "who", "harms", "change"], *rows])


WELSH_KEPT = {
    4: "Dim digon o griw ar y cwch olaf",
    6: "Does dim amser i siarad gyda neb",
    9: "Mae'r criw yn garedig iawn",
}
WELSH_NONE = [
    "Dim",
    "Dim byd",
    "dim byd.",
    "Ddim yn berthnasol",
    None,
    "Amherthnasol",
    None,
    "Dim sylwadau",
    "Dim i'w ychwanegu",
    None,
    "Dim sylw",
    "Dim ateb",
]


@case([(*RIGHT[i][:2], text) for i, text in WELSH_KEPT.items()])
def welsh_non_answers_beside_welsh_answers(folder):
    texts = [WELSH_KEPT.get(i) or said for i, said in enumerate(WELSH_NONE)]
    return put_csv(folder, with_texts(texts))


# Trials of the surveys ----------------------------------------------------------------------------


def plain(text: str) -> str:
    """Leave white space and the shape of quotation marks out of account."""
    for curly, straight in (("\u2019", "'"), ("\u2018", "'"), ("\u201c", '"'), ("\u201d", '"')):
        text = text.replace(curly, straight)
    return " ".join(text.split())


def is_that(got: Kept, right: Kept) -> bool:
    """Whether rows are the right ones, the same people under one id and others under another."""
    if [(y, plain(t)) for y, _, t in got] != [(y, plain(t)) for y, _, t in right]:
        return False
    ids: dict[str, str] = {}
    for (_, found, _), (_, expected, _) in zip(got, right, strict=True):
        if expected is None and not found.startswith("row:"):
            return False
        if expected not in (None, ANY) and ids.setdefault(expected, found) != found:
            return False
    named = [found for found in ids.values() if not found.startswith("row:")]
    same = all(re.sub(r"\.0$", "", found.strip()).casefold() == e for e, found in ids.items())
    return len(set(named)) == len(ids) and same


def unless_refused(read: Callable[[], Any]) -> Any:
    """Give what is read, or the message of the refusal; any other exception goes on."""
    try:
        return read()
    except it.InputError as refused:
        return str(refused)


def names_one(words: Sequence[str], said: str) -> bool:
    """Whether one of the words is said; of "this & that", both."""
    said = said.casefold()
    return any(all(part in said for part in word.casefold().split(" & ")) for word in words)


@pytest.mark.parametrize("tried", CASES, ids=lambda tried: tried.name)
def test_a_file_is_read_rightly_or_refused_with_the_cure(tried, tmp_path):
    path = tried.build(tmp_path)
    responses = unless_refused(lambda: it.load_responses(path, **tried.call))
    if isinstance(responses, str):
        assert tried.cures, f"Refused, though it can be read: {responses}"
        assert "C error" not in responses, f"The words of another library: {responses}"
        assert names_one(tried.cures, responses), f"The refusal names no cure: {responses}"
        return
    kept = responses.kept
    got = list(
        zip(
            kept["year"].tolist(),
            kept["respondent_id"].tolist(),
            kept["text"].tolist(),
            strict=True,
        )
    )
    assert tried.right, f"Read in silence, though it is unclear: {got}"
    if not any(is_that(got, right) for right in tried.right):
        assert got == tried.right[0]
        pytest.fail(f"Other people: {got}")
    found = [*responses.notes, *map(str, getattr(responses, "findings", ()))]
    said = "\n".join(found).replace(path.name, "")
    assert not tried.told or names_one(tried.told, said), f"Not told: {said!r}"


# Codes --------------------------------------------------------------------------------------------

FRAME = it.ThemeFrame(
    name="ferry",
    themes=(
        it.Theme(id="R1", label="Rota and pay"),
        it.Theme(id="R2", label="Cold and wet"),
        it.Theme(id="R3", label="Crew and friends"),
    ),
)
Applied = set[tuple[str, str]]
THEMES = {"K01": "R1", "K02": "R2", "K03": "R3", "K05": "R2", "K06": "", "K09": "R1"}
APPLIED = {(ref, theme) for ref, theme in THEMES.items() if theme}


@dataclass(frozen=True)
class CodeCase:
    """Codes of the plain survey: which units are coded, and with what; or the refusal's cures."""

    name: str
    build: Callable[[Path], Path]
    seen: frozenset[str]
    applied: frozenset[tuple[str, str]]
    call: dict[str, Any]
    cures: tuple[str, ...]


CODE_CASES: list[CodeCase] = []


def codes_case(
    seen: Sequence[str] | None = None,
    applied: Applied | None = None,
    *,
    cures: tuple[str, ...] = (),
    **call: Any,
) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Enter the builder of a table of codes; by default those of ``THEMES`` are right."""

    def enter(build: Callable[[Path], Path]) -> Callable[[Path], Path]:
        units = frozenset(THEMES if seen is None else seen)
        given = frozenset(APPLIED if applied is None else applied)
        CODE_CASES.append(CodeCase(build.__name__, build, units, given, call, cures))
        return build

    return enter


def long_rows() -> list[list[Any]]:
    return [["response_id", "theme"], *([ref, theme] for ref, theme in THEMES.items())]


def wide_rows(blank: Any = "") -> list[list[Any]]:
    """A 0/1 sheet of all responses, those that nobody coded yet left blank."""
    rows: list[list[Any]] = [["response_id", "R1", "R2", "R3"]]
    for ref, *_ in STAFF:
        done = ref in THEMES
        marks = [int(THEMES[ref] == t) if done else blank for t in ("R1", "R2", "R3")]
        rows.append([ref, *marks])
    return rows


@codes_case()
def control_long_codes_of_a_part(folder):
    return put(folder, as_csv(long_rows()), "codes.csv")


@codes_case()
def wide_with_blank_rows_for_what_is_not_coded_yet(folder):
    return put(folder, as_csv(wide_rows()), "codes.csv")


@codes_case(coder="Asha")
def wide_with_a_coder_dragged_down_to_the_end(folder):
    rows = [[*row, "coder" if not i else "Asha"] for i, row in enumerate(wide_rows(None))]
    return put_xlsx(folder, {"Codes": rows})


@codes_case(cures=("'NA'", "blank"))
def wide_with_na_of_r_for_what_is_not_coded_yet(folder):
    return put(folder, as_csv(wide_rows("NA"), quoting=csv.QUOTE_NONNUMERIC), "codes.csv")


def two_sheets(folder: Path) -> Path:
    other = [["response_id", "theme"], ["K01", "R3"], ["K07", ""], ["K12", "R3"]]
    return put_xlsx(folder, {"Asha": long_rows(), "Bryn": other})


@codes_case(coder="Asha", cures=("sheet",))
def a_sheet_for_each_coder_the_first(folder):
    return two_sheets(folder)


@codes_case(["K01", "K07", "K12"], {("K01", "R3"), ("K12", "R3")}, coder="Bryn", cures=("sheet",))
def a_sheet_for_each_coder_the_second(folder):
    return two_sheets(folder)


@codes_case(cures=("total",))
def totals_row_under_the_codes(folder):
    rows = wide_rows()
    totals = [sum(row[i] == 1 for row in rows[1:]) for i in (1, 2, 3)]
    return put(folder, as_csv([*rows, ["Total", *totals]]), "codes.csv")


@codes_case(cures=("footer", "line", "row ", "row(s)", "remove"))
def footer_and_semicolons_under_the_codes(folder):
    foot = "\nSource: coding meeting of the crew office\n"
    return put(folder, as_csv(long_rows(), ";") + foot, "codes.csv")


@codes_case()
def labels_with_no_break_spaces_and_case(folder):
    labels = {
        "R1": "Rota\u00a0and pay ",
        "R2": "COLD AND WET",
        "R3": "Crew  and\u00a0friends",
        "": "",
    }
    rows = [[ref, labels[theme]] for ref, theme in THEMES.items()]
    return put(folder, as_csv([["response_id", "theme"], *rows]), "codes.csv")


@codes_case(cures=("'NA'", "blank", "code_map", "code-map"))
def none_in_words_for_coded_without_a_theme(folder):
    rows = [[ref, theme or "NA"] for ref, theme in long_rows()]
    return put(folder, as_csv(rows), "codes.csv")


@codes_case(cures=("formula",))
def marks_worked_out_by_formulas(folder):
    rows = wide_rows(None)
    for at in (2, 3, 4):
        rows[at][1:] = [f"=IF(H{at + 1}={n},1,0)" for n in (1, 2, 3)]
    path = put_xlsx(folder, {"Codes": rows})
    wanted = {2: "K02", 3: "K03", 4: "K04"}
    shown = {}
    for at, ref in wanted.items():
        for column, theme in zip("BCD", ("R1", "R2", "R3"), strict=True):
            value = str(int(THEMES.get(ref) == theme)) if ref in THEMES else ""
            shown[f"{column}{at + 1}"] = ("n" if value else "str", value)
    return worked_out(path, shown)


@pytest.mark.parametrize("tried", CODE_CASES, ids=lambda tried: tried.name)
def test_what_is_not_coded_yet_is_not_coded(tried, tmp_path):
    (tmp_path / "answers").mkdir()
    responses = it.load_responses(put_csv(tmp_path / "answers", plain_rows()), **PLAIN)
    path = tried.build(tmp_path)
    codes = unless_refused(
        lambda: it.load_codes(path, frame=FRAME, responses=responses, **tried.call)
    )
    if isinstance(codes, str):
        assert tried.cures, f"Refused, though it can be read: {codes}"
        assert names_one(tried.cures, codes), f"The refusal names no cure: {codes}"
        return
    assert sorted(codes.seen["response_id"]) == sorted(tried.seen)
    given = zip(codes.table["response_id"], codes.table["theme"], strict=True)
    assert sorted(given) == sorted(tried.applied)


@pytest.mark.parametrize("point", ["", ".0"])
def test_codes_join_the_survey_by_its_own_numbers_or_are_refused(point, tmp_path):
    """The column of ids was not named, and is in another order than the rows."""
    order = [7, 2, 11, 4, 9, 1, 12, 6, 3, 10, 5, 8]
    rows = [[n, y, w, t] for n, (_, y, w, t) in zip(order, STAFF, strict=True)]
    path = put_csv(tmp_path, [["Ref", *COLUMNS[1:]], *rows])
    wanted = {f"{n}{point}": "R1" if n < 6 else "R2" for n in order}
    table = as_csv([["response_id", "theme"], *wanted.items()])
    by_text = {text: wanted[f"{n}{point}"] for n, _, _, text in rows}

    def read() -> dict[str, str]:
        responses = it.load_responses(path, text="comment", year="year", respondent="who")
        codes = it.load_codes(put(tmp_path, table, "c.csv"), frame=FRAME, responses=responses)
        texts = dict(zip(responses.kept["response_id"], responses.kept["text"], strict=True))
        return {texts[row.response_id]: row.theme for row in codes.table.itertuples()}

    got = unless_refused(read)
    if isinstance(got, str):
        assert names_one(("response=", "--response", "row number", "'Ref'"), got), got
        return
    assert got == by_text
