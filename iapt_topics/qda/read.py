"""Files of the tools that people code in: read, and written for them to read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.tables import read_table
from iapt_topics.qda import qualcoder, refi, tables
from iapt_topics.qda.export import write_codes
from iapt_topics.qda.project import Export, Project, placed

if TYPE_CHECKING:
    from iapt_topics.survey.responses import Responses

__all__ = ["Project", "is_project", "read_export", "read_project", "write_codes"]


def is_project(path: Path) -> bool:
    """Whether a path is, by its ending, a project rather than a table."""
    return path.suffix.casefold() in (".qda", ".qdpx")


def read_project(
    source: str | Path | pd.DataFrame,
    *,
    responses: Responses | None = None,
    documents: str | Path | pd.DataFrame | Mapping[str, str] | None = None,
    unlisted: str = "not_coded",
) -> Project:
    """Read a project of NVivo, ATLAS.ti, MAXQDA, QualCoder or Taguette.

    Parameters
    ----------
    source : str, Path or DataFrame
        - ``.qdpx``: a REFI-QDA project, from any tool;
        - ``.qda``: QualCoder's own project, the folder or the ``data.qda`` in it, which is opened
          without leave to write;
        - ``.csv`` or ``.xlsx``, or such a table: the highlights of Taguette (columns ``document``,
          ``tag``, ``content``), or the coded segments of MAXQDA (``Document name``, ``Code``,
          ``Segment``). These list only what has a code.
    responses : Responses, optional
        The survey that was coded. Documents are matched to its ids, and an unknown one is an
        error; without it, the name of a document, less the ending of a file, is the response's
        id. For a table it is also the list of what could be read: all kept responses.
    documents : mapping, table or path of a table, optional
        ``document`` and ``response_id``, for documents that are not named by the id: blank to
        leave one out. With ``start`` and ``end``, code points from 0, a row for each response
        where one document holds several.

    unlisted : {"not_coded", "none"}, default "not_coded"
        What a response is that has no code by a coder, where the file does not say who read what:
        not coded yet, or coded with no theme. ``Project.findings`` has their number.

    Returns
    -------
    Project
        Segments and coded units of each coder. Pass it to :func:`iapt_topics.load_codes`.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged or made to do harm, or a document cannot be matched
        (all are named). Nothing is written and nothing unpacked.

    Notes
    -----
    Tools differ in what a position counts [1]_: code points or UTF-16 units, a line end as one
    or two, the end inclusive or exclusive. Every combination is tried, and the one kept with
    which most selections begin and end at words; if fewer than 95 % do, no position is used and
    codes hold for whole responses. ``Project.offsets`` has the scores.

    References
    ----------
    .. [1] REFI-QDA standard 1.5, sections 3 and 4, www.qdasoftware.org.
    """
    return placed(read_export(source), responses, documents, unlisted)


def read_export(source: str | Path | pd.DataFrame) -> Export:
    """Read a file by its kind, before its documents are matched to responses."""
    if isinstance(source, pd.DataFrame):
        table, what = source, "the table of segments"
    else:
        path = Path(source)
        if path.suffix.casefold() == ".qdpx":
            return refi.read_refi(path)
        if path.suffix.casefold() == ".qda":
            return qualcoder.read_qualcoder(path)
        table, what = read_table(path, "segments")[0], f"segments {path.name!r}"
    if not tables.infer_tool(table.columns):
        raise InputError(
            what, "must have the columns of Taguette's or MAXQDA's export",
            listed(table.columns, most=20), "Use load_codes for a table of your own.",
        )  # fmt: skip
    return tables.read_segments(table, what)
