"""Tables of codes as people keep them, brought into one form: long or wide, with the coder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.findings import Finding
from iapt_topics._base.sheets import restored
from iapt_topics._base.tables import read_tables
from iapt_topics.codes.codes import PROBABILITY

if TYPE_CHECKING:
    from iapt_topics.survey.responses import Responses

#: Columns by the letters of their names, whatever the case, spaces and marks.
_NAMES = {
    "responseid": "response_id", "respondentid": "respondent_id", "theme": "theme",
    "themes": "theme", "coder": "coder", "coders": "coder", "kind": "kind",
}  # fmt: skip
_SLOT = re.compile(r"(?:code|theme|thema|kode)[ _.-]?\d+", re.IGNORECASE)
#: What stands for "coded, and no theme applies" in a column of themes.
NO_THEME = frozenset({"none", "no theme", "no themes", "no code", "no codes", "(none)"})
_LEAST_RUN = 5  # rows at the end that are blank, for the rest of a sheet to be not coded yet


def known_names(table: pd.DataFrame) -> pd.DataFrame:
    """The table with our own names of columns; a table that has a name of ours keeps it."""
    there = set(table.columns)
    change = {}
    for column in table.columns:
        ours = _NAMES.get(re.sub(r"[\W_]+", "", str(column).casefold()), "")
        if ours and ours not in there:
            change[column] = ours
            there.add(ours)
    return table.rename(columns=change)


def read_sheets_of_codes(path: Path) -> tuple[pd.DataFrame, list[Finding]]:
    """Read a file of codes; several sheets with a column of response ids are a coder each.

    Raises
    ------
    InputError
        If several sheets hold codes and share no response, so that it is not told whose they are.
    """
    what = f"codes {path.name!r}"
    sheets: dict[str, tuple[pd.DataFrame, list[Finding]]] = {}
    for title, (sheet, told) in read_tables(path, "codes").items():
        sheet = sheet if path.suffix.casefold() == ".xlsx" else sheet.map(restored)
        sheets[title] = (known_names(sheet), list(told))
    coded = {t: s for t, s in sheets.items() if "response_id" in s[0]}
    if not coded:
        first = next(iter(sheets.values()))
        return first[0], first[1]
    found = [f for _, told in coded.values() for f in told if f.kind != "sheets"]
    left = [t for t in sheets if t not in coded]
    if left:
        done = f"sheet(s) without a column response_id were not read: {listed(left, 8)}"
        found.append(Finding("sheets", what, len(left), done))
    if len(coded) == 1:
        ((table, about),) = coded.values()
        return table, [*(f for f in about if f.kind == "sheets"), *found]
    ids = [set(t["response_id"]) - {""} for t, _ in coded.values()]
    if any("coder" not in t for t, _ in coded.values()):
        if not all(one & other for i, one in enumerate(ids) for other in ids[i + 1 :]):
            raise InputError(
                what, "must say who coded",
                f"{len(coded)} sheets of codes that share no response: {listed(coded, 8)}",
                "Put all rows into one sheet, with a column coder if there are several coders.",
            )  # fmt: skip
        done = f"each sheet is taken for a coder's: {listed(coded, 8)}"
        found.append(Finding("sheets", what, len(coded), done))
    parts = [t if "coder" in t else t.assign(coder=title) for title, (t, _) in coded.items()]
    return pd.concat(parts, ignore_index=True).fillna(""), found


def as_long(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Columns Code 1, Code 2 and so on as one column of themes; "" or what was done."""
    slots = [c for c in table.columns if _SLOT.fullmatch(str(c))]
    others = {"response_id", "respondent_id", "coder", "kind", "year", "question", "text"}
    others.add(PROBABILITY)
    if "theme" in table or not slots or set(table.columns) - set(slots) - others:
        return table, ""
    cells = [c for c in table.columns if c not in slots]
    parts = []
    for index, row in zip(table.index, table.to_dict("records"), strict=True):
        given = [row[s] for s in slots if row[s]] or [""]
        parts += [(index, *(row[c] for c in cells), g) for g in given]
    long = pd.DataFrame(parts, columns=["row", *cells, "theme"], dtype=object).set_index("row")
    return long.rename_axis(None), f"the columns {listed(slots)} were read as one column of themes"


def by_question(
    table: pd.DataFrame, responses: Responses, what: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Join rows of a response id and a question to the responses of a wide survey.

    Raises
    ------
    InputError
        If the ids are of rows that hold several responses, and no column says which.
    """
    known = list(responses.table["response_id"])
    ids = set(table["response_id"])
    if ids & set(known):
        return table, []
    of = {i.partition(":")[0] for i in known if ":" in i}
    if not ids <= of:
        return table, []
    if "question" not in table:
        raise InputError(
            what, "must say which question each code is of, where a row of the survey answers "
            "several questions", f"ids such as {listed(sorted(ids)[:2])}",
            f"Write ids such as {known[0]!r}, or add a column question.",
        )  # fmt: skip
    folded = {_plain(i): i for i in known}
    pairs = zip(table["response_id"], table["question"], strict=True)
    joined = [folded.get(_plain(f"{i}:{q}"), f"{i}:{q}") for i, q in pairs]
    done = f"{len(joined)} rows were joined by response_id and question"
    return table.assign(response_id=joined), [Finding("codes", what, len(joined), done)]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def split_themes(table: pd.DataFrame, known: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """Give each of several themes in one cell a row; how many cells there were."""
    names = {" ".join(k.casefold().split()) for k in known}

    def parts(cell: str) -> list[str]:
        if " ".join(cell.casefold().split()) in names or not re.search(r"[;|\n]", cell):
            return [cell]
        return [p.strip() for p in re.split(r"[;|\n]", cell) if p.strip()] or [""]

    split = table["theme"].map(parts)
    several = int((split.map(len) > 1).sum())
    if not several:
        return table, 0
    return table.assign(theme=split).explode("theme"), several


def without_words_for_none(table: pd.DataFrame, known: Sequence[str]) -> tuple[pd.DataFrame, bool]:
    """Cells that say that no theme applies, as blank ones; and whether there were any."""
    names = {k.casefold() for k in known}
    none = table["theme"].map(lambda v: v.casefold() in NO_THEME and v.casefold() not in names)
    if not none.any():
        return table, False
    return table.assign(theme=table["theme"].where(~none, "")), True


def not_coded_yet(
    table: pd.DataFrame, blank: np.ndarray, zeros: bool, what: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Leave out rows that nobody has coded yet.

    ``blank`` says which rows hold no mark. In a sheet that writes 0 where a theme was not applied
    (``zeros``) a blank row is not coded. Where a blank says both, only a long run of blank rows at
    the end is.
    """
    if zeros:
        gone = blank
    else:
        gone = np.zeros(len(blank), dtype=bool)
        run = len(blank) if blank.all() else int(np.argmin(blank[::-1]))
        before, longest = 0, 0
        for b in blank[: len(blank) - run]:
            before = before + 1 if b else 0
            longest = max(longest, before)
        if run >= _LEAST_RUN and run > 3 * longest and run < len(blank):
            gone[len(blank) - run :] = True
    if not gone.any():
        return table, []
    n = int(gone.sum())
    done = (
        f"{n} row(s) without any mark are taken for not coded yet, since "
        + ("others hold 0" if zeros else "they are the end of the sheet")
        + "; write 0 (or, in a long table, none) where no theme applies"
    )
    return table[~gone], [Finding("not coded yet", what, n, done)]


def unlisted_finding(n: int, coder: str, what: str, unlisted: str) -> list[Finding]:
    """Say how many responses a file without a list of them does not name."""
    if not n:
        return []
    as_none = unlisted == "none"
    done = f"{n} response(s) have no code by {coder!r} and are taken as "
    done += (
        "coded without a theme"
        if as_none
        else "not coded; if they were read and no theme applies: --unlisted none (unlisted='none')"
    )
    return [Finding("unlisted responses", what, n, done)]


UNLISTED: Mapping[str, str] = {
    "not_coded": "responses without a code were not coded",
    "none": "responses without a code were coded, and no theme applies",
}


def require_unlisted(value: str) -> str:
    """One of ``UNLISTED``; InputError if it is another."""
    if value not in UNLISTED:
        raise InputError(
            "unlisted", f"must be one of {listed(UNLISTED)}", repr(value), "Correct it."
        )
    return value
