"""Files of codes: a table of the user's own, or what a tool exported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_unique
from iapt_topics._base.findings import Finding, findings_of, findings_table
from iapt_topics.codes.codes import Codes, attach_respondents
from iapt_topics.frame.refi import BELOW
from iapt_topics.qda.codes_table import (
    infer_kind,
    long_pairs,
    match_names,
    project_pairs,
    read_table,
    respondents,
    times_given,
    wide_pairs,
)
from iapt_topics.qda.project import Export, Project, placed, require_table
from iapt_topics.qda.read import is_project, read_export
from iapt_topics.qda.sheets import as_long, by_question, known_names, read_sheets_of_codes
from iapt_topics.qda.tables import infer_tool, read_segments

if TYPE_CHECKING:
    from iapt_topics.frame.frame import ThemeFrame
    from iapt_topics.survey.responses import Responses

Source = str | Path | pd.DataFrame | Project
Table = tuple[pd.DataFrame, str, list[Finding]]
Names = str | Path | pd.DataFrame | Mapping[str, str]


def coders_in(source: Source) -> tuple[str, ...]:
    """List the coders in a file, in order of first appearance.

    Parameters
    ----------
    source : str, Path, DataFrame or Project
        As for :func:`iapt_topics.load_codes`.

    Returns
    -------
    tuple of str
        Of a table, the names in its column ``coder``: empty if there is none. Of a project, those
        who coded.

    Raises
    ------
    InputError
        If the source cannot be read, or a coder is blank.
    """
    if isinstance(source, Project):
        return source.coders
    opened = open_codes(source)
    if isinstance(opened, Export):
        return tuple(dict.fromkeys([*opened.seen["coder"], *opened.segments["coder"]]))
    table = opened[0]
    return tuple(dict.fromkeys(table["coder"])) if "coder" in table else ()


def match_themes(
    source: Source, *, frame: ThemeFrame, code_map: Names | None = None
) -> pd.DataFrame:
    """Match the codes in a file to the themes of the codebook.

    Parameters
    ----------
    source : str, Path, DataFrame or Project
        As for :func:`iapt_topics.load_codes`.
    frame : ThemeFrame
        The codebook.
    code_map : mapping, table or path of a table, optional
        As for :func:`iapt_topics.load_codes`.

    Returns
    -------
    DataFrame
        ``code`` (its path or name; the key), ``theme`` (id, "" if none), ``how`` (by id, label,
        mapping, or why there is none), ``n`` (times it was applied), in the order of the file.
        Saved, filled in and passed back as ``code_map``, it is the mapping.

    Raises
    ------
    InputError
        If the source cannot be read.
    """
    opened = source if isinstance(source, Project) else open_codes(source)
    if isinstance(opened, tuple):
        counts = times_given(opened[0])
        names = {n: n for n in counts}
    else:
        counts = dict(opened.segments["code_path"].value_counts())
        book = opened.codebook
        names = dict(zip(book["code"], book["name"], strict=True))
        used = dict.fromkeys(opened.segments["code_path"])
        names |= {p: p.split(BELOW)[-1] for p in used if p not in names}
    found = match_names(names, frame, _read_code_map(code_map))
    return pd.DataFrame(
        [(p, *found[p], int(counts.get(p, 0))) for p in names],
        columns=["code", "theme", "how", "n"],
    )


def load_codes(
    source: Source,
    *,
    frame: ThemeFrame,
    coder: str = "human",
    responses: Responses | None = None,
    code_map: Names | None = None,
    documents: Names | None = None,
    unlisted: str = "not_coded",
) -> Codes:
    """Load the codes of one coder from a table or a project of a coding tool.

    Parameters
    ----------
    source : str, Path, DataFrame or Project
        A ``.csv`` (UTF-8) or ``.xlsx`` file, or a table. Blank rows are passed over.

        - *Long*, if there is a column ``theme``: one row per ``response_id`` and theme. A blank
          theme, or "none", says that the response was coded and no theme applies. Rows that repeat
          a response and theme of the same coder are folded into one. Several themes in one cell are
          parted by ``;`` or ``|``. Columns other than those named here are not read. Columns
          "Code 1", "Code 2" and so on are read as one.
        - *Wide*, otherwise: one row per ``response_id``, one column per theme, with 1 or true
          (yes, x) for applied and 0, false (no) or blank for not. Columns ``year``, ``question``
          and ``text`` are not read; any other column must be a theme.

        A row that is blank in all themes, in a sheet that holds 0 elsewhere, is not coded yet, and
        so is a long run of blank rows at the end of any sheet. Of a workbook each sheet with a
        column ``response_id`` is a coder's, if there are several.

        Both may have ``respondent_id`` and ``coder``, and ``kind`` if it was a machine; the long
        one then ``score``. Else what :func:`iapt_topics.qda.read_project` reads, or gives: to read
        several coders, load the project once.
    frame : ThemeFrame
        Themes are matched to it by id, else by label, whatever the case. Only codable ones count.
    coder : str
        The coder wanted, when there are several; the coder's name, when a table has no ``coder``
        column. With a single coder the default takes that one.
    responses : Responses, optional
        The survey that was coded: an id that it does not have is an error, and its respondents
        are filled in.
    code_map : mapping, table or path of a table, optional
        ``code`` and ``theme`` (id or label, blank to leave the code out), for codes that are named
        otherwise in the source. See :func:`iapt_topics.qda.match_themes`.
    documents : mapping, table or path of a table, optional
        As for :func:`iapt_topics.qda.read_project`; so is ``unlisted``.
    unlisted : {"not_coded", "none"}, default "not_coded"

    Returns
    -------
    Codes
        Of kind "human", unless the file says machine. Its themes are all codable ones (long), the
        columns (wide) or the codes of the project's codebook, in the order of the frame.

    Raises
    ------
    InputError
        If the table is empty or lacks a column, holds themes that the frame does not (all are
        named), a cell that is neither yes nor no, a response twice (wide), with two respondents,
        or both with and without a theme, if the coder is not in it or coded nothing, if responses
        are unknown, or if the file is none that can be read.
    """
    given = _read_code_map(code_map)
    opened = source if isinstance(source, Project) else open_codes(source)
    if isinstance(opened, Export):
        opened = placed(opened, responses, documents, unlisted)
    elif documents is not None:
        raise InputError(
            "documents", "must come with the file of a project", "a table or a project that is "
            "loaded", "Leave it out, or give it to read_project.",
        )  # fmt: skip
    if isinstance(opened, Project):
        coder = _chosen(coder, opened.coders, f"those who coded in the {opened.tool} project")
        found, pairs = project_pairs(opened, coder, frame, given)
        seen = opened.seen.loc[opened.seen["coder"] == coder, ["response_id", "respondent_id"]]
        kind = "machine" if coder in opened.machines else "human"
        told = list(findings_of(opened.findings))
    else:
        table, what, told = opened
        if responses is not None:
            table, of_questions = by_question(table, responses, what)
            told = [*told, *of_questions]
        if "coder" in table:
            coder = _chosen(coder, tuple(dict.fromkeys(table["coder"])), f"those in {what}")
            table = table[table["coder"] == coder]
        pairs_of = long_pairs if "theme" in table else wide_pairs
        found, pairs, coded, more = pairs_of(table, frame, what, given)
        told = [*told, *more]
        seen, kind = respondents(coded, what), infer_kind(table, what)
    codes = Codes(
        coder=coder,
        kind=kind,
        themes=found,
        seen=seen,
        table=pairs,
        labels={t.id: t.label for t in frame.codable if t.id in set(found)},
        findings=findings_table(told),
    )
    return codes if responses is None else attach_respondents(codes, responses)


def open_codes(source: str | Path | pd.DataFrame) -> Export | Table:
    """What a tool exported, or a table of text cells, what to call it, and what was found."""
    found: list[Finding] = []
    if isinstance(source, pd.DataFrame):
        raw, what = known_names(source), "the table of codes"
    elif is_project(path := Path(source)):
        return read_export(path)
    else:
        what = f"codes {path.name!r}"
        raw, found = read_sheets_of_codes(path)
    if infer_tool(raw.columns):
        return read_segments(raw, what)
    table, done = as_long(read_table(raw, what))
    if done:
        found.append(Finding("codes", what, len(table), done))
    return table, what, found


def _read_code_map(code_map: Names | None) -> dict[str, str]:
    """Theme of each code as the caller says."""
    table = require_table(code_map, ("code", "theme"), "code_map")
    require_unique(table["code"], "code_map: column 'code'", "Name each code once.")
    return dict(zip(table["code"], table["theme"], strict=True))


def _chosen(coder: str, names: tuple[str, ...], of: str) -> str:
    """The coder wanted, or the only one by default."""
    if coder in names or (len(names) == 1 and coder == "human"):
        return coder if coder in names else names[0]
    raise InputError(
        "coder", f"must be one of {of}", repr(coder),
        f"Choose from {listed(names, most=30)}." if names else "It has no codes.",
    )  # fmt: skip
