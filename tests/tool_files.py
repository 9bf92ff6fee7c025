"""A small survey, written as tools write it: text files of many shapes, workbooks, exports."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import datetime

import openpyxl
import pandas as pd

ROWS = [
    ("a1", "2019", "ann", "The buses are late, and nobody says why"),
    ("a2", "2019", "bob", "My depot is warm and the tea is good"),
    ("a3", "2020", "ann", "Night shifts come without warning"),
    ("a4", "2020", "cy", "Our manager listens when it matters"),
    ("a5", "2021", "bob", "The new engines are quiet at last"),
    ("a6", "2021", "dee", "Split shifts eat the whole day"),
]
NAMES = ["ref", "year", "who", "answer"]
KEPT = [(int(y), w, t) for _, y, w, t in ROWS]
CALL = {"text": "answer", "year": "year", "respondent": "who", "response": "ref"}


def text_of(rows, separator=",", quote=csv.QUOTE_MINIMAL, end="\n"):
    out = io.StringIO()
    csv.writer(out, delimiter=separator, quoting=quote, lineterminator=end).writerows(rows)
    return out.getvalue()


def book(path, rows, *, sheets=(), title="data", change=None):
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(list(row))
    for name, more in sheets:
        sheet = made.create_sheet(name)
        for row in more:
            sheet.append(list(row))
    if change:
        change(made)
    made.save(path)
    return path


PLAIN = text_of([NAMES, *ROWS])
SHAPES = {
    "semicolons, commas in texts": (text_of([NAMES, *ROWS], ";"), {"separator"}),
    "tabs": (text_of([NAMES, *ROWS], "\t"), {"separator"}),
    "bars, all quoted": (text_of([NAMES, *ROWS], "|", csv.QUOTE_ALL), {"separator"}),
    "sep=; alone tells": ("sep=;\n" + text_of([NAMES, *ROWS], ";"), {"separator"}),
    "lines end with a return": (text_of([NAMES, *ROWS], end="\r"), set()),
    "spaces after commas": (text_of([NAMES, *ROWS], quote=csv.QUOTE_ALL).replace('","', '", "'),
                            set()),
    "a title and an empty row": ("Depot survey\n\n" + PLAIN, {"title rows"}),
    "a block of facts above": ("Survey,Depots\nExported,1 May 2022\n\n" + PLAIN, {"title rows"}),
    "a comment above": ("# exported by the tool\n" + PLAIN, {"title rows"}),
    "empty cells at the end of rows": (PLAIN.replace("\n", ",,\n").replace("answer,,", "answer"),
                                       {"trailing cells"}),
    "a total below": (PLAIN + "Total,6,,6 answers\n", {"footer rows"}),
    "a total for each year": (
        text_of([NAMES, *ROWS[:2], ("Subtotal 2019", "", "", "2"), *ROWS[2:],
                 ("Grand total", "", "", "6")]), {"footer rows"}),
    "a line below": (PLAIN + "\nExported from the survey tool on 1 May 2022\n", {"footer rows"}),
    "names again half way": (text_of([NAMES, *ROWS[:3], NAMES, *ROWS[3:]]), {"repeated header"}),
    "no-break spaces in names": (PLAIN.replace("ref,year", " ref ,\u00a0year"), set()),
    "names twice that nobody needs": (
        text_of([[*NAMES, "other", "other"], *((*r, "", "") for r in ROWS)]), {"column names"}),
    "row names without a name": (
        text_of([["", *NAMES], *((i, *r) for i, r in enumerate(ROWS, 1))]), {"row names"}),
    "row names and no place for one": (
        text_of([NAMES, *((f"x{i}", *r) for i, r in enumerate(ROWS))]), {"row names"}),
    "marks with backslashes": (
        text_of([NAMES, *ROWS], quote=csv.QUOTE_ALL).replace("late", r"said \"late\" twice"), None),
    "saved wrongly once": (PLAIN.replace("late", "it\u2019s late").encode().decode("cp1252"), None),
}  # fmt: skip


def hide(made):
    for row in (3, 5):
        made.active.row_dimensions[row].hidden = True
    made.active.column_dimensions["A"].hidden = True


def blank_formulas(made):
    made.active["E1"] = "note"
    for i in range(2, 8):
        made.active[f"E{i}"] = f'=IF(A{i}="","",TRIM(A{i}))'


def dates(made):
    for i in range(2, 8):
        made.active[f"B{i}"] = int(ROWS[i - 2][1])
        made.active[f"B{i}"].number_format = "dd/mm/yyyy"


COVER = [["About", "this file"], ["Made by", "the team"], ["Sent", "in May"]]
BOOKS = {
    "as it is": ({}, set()),
    "a cover first": ({"first": COVER}, {"sheets"}),
    "more sheets": ({"sheets": [("old", [NAMES, *ROWS[:1]])]}, {"sheets"}),
    "a title": ({"above": [["Depot survey"], []]}, {"title rows"}),
    "hidden rows and columns": ({"change": hide}, {"hidden rows", "hidden columns"}),
    "formulas never worked out": ({"change": blank_formulas}, {"formulas"}),
    "years in cells of dates": ({"change": dates}, {"dates"}),
    "years in cells of dates of a Mac": (
        {"change": lambda b: (setattr(b, "epoch", datetime(1904, 1, 1)), dates(b))}, {"dates"}),
}  # fmt: skip


def frame_of(rows):
    rows = [*rows, (2016, "p9", "clerk", "A whole answer to begin with"),
            (2018, "p9", "driver", "And another that is not the same")]  # fmt: skip
    table = pd.DataFrame(rows, columns=["year", "person", "role", "comment"], dtype=object)
    table.insert(0, "rid", [f"R_{i:03d}x" for i in range(len(table))])
    return table


def by_pandas(table, path):
    table.to_csv(path, index=False)


def by_r(table, path):
    """As write.csv does: texts and names quoted, NA for what is missing, row names first."""

    def cell(v):
        return (
            str(v) if isinstance(v, int) else "NA" if v == "" else '"' + v.replace('"', '""') + '"'
        )

    lines = [",".join(f'"{c}"' for c in ["", *table.columns])]
    for i, row in enumerate(table.itertuples(index=False), 1):
        # An answer that is blank is an empty text in R, not a missing one.
        cells = [cell(v) if c != "comment" or v else '""' for c, v in zip(table, row, strict=True)]
        lines.append(",".join([f'"{i}"', *cells]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def by_excel(table, path):
    """As Excel saves it, with the role worked out by formulas."""
    made = openpyxl.Workbook()
    made.active.append(list(table.columns))
    for row in table.itertuples(index=False):
        made.active.append([v if v != "" else None for v in row])
    for line in made.active.iter_rows(min_row=2):
        for cell in line:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    made.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    for i, role in enumerate(table["role"], 2):
        formula = f'<c r="D{i}" t="str"><f>TRIM(X{i})</f><v>{role}</v></c>'
        sheet, n = re.subn(rf'<c r="D{i}"[^>]*?(?:/>|>.*?</c>)', formula, sheet)
        if not n:
            sheet = sheet.replace(f'<c r="E{i}"', f'{formula}<c r="E{i}"')
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def by_qualtrics(table, path):
    meta = ["StartDate", "Status", "Finished"]
    names = [*meta, *table.columns]
    words = ["Start Date", "Response Type", "Finished", *table.columns]
    imported = [f'{{"ImportId":"QID{i}_TEXT"}}' for i in range(len(names))]
    body = [
        ["2021-05-01 10:00:00", "IP Address", "True", *row] for row in table.to_numpy().tolist()
    ]
    path.write_text(text_of([names, words, imported, *body], quote=csv.QUOTE_ALL), "utf-8-sig")


def by_surveymonkey(table, path):
    names = ["Respondent ID", "Collector ID", *table.columns]
    subs = ["", "", "", "Response", "Response", "Response", "Open-Ended Response"]
    body = [[f"1101{i:07d}", "380011223", *row] for i, row in enumerate(table.to_numpy().tolist())]
    path.write_text(text_of([names, subs, *body]), "utf-8-sig")


TOOLS = {
    "pandas": (by_pandas, ".csv"), "R": (by_r, ".csv"), "Excel": (by_excel, ".xlsx"),
    "Qualtrics": (by_qualtrics, ".csv"), "SurveyMonkey": (by_surveymonkey, ".csv"),
}  # fmt: skip
