"""The report as one standalone HTML file, made of what may be published."""

from __future__ import annotations

from pathlib import Path

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics.publish.published import Private, Version
from iapt_topics.report.page import render
from iapt_topics.report.sections import page_values


def write_report(path: str | Path, version: Version) -> Path:
    """Write the report as one standalone HTML file.

    Parameters
    ----------
    path : str or Path
        The file to write. Its folder is made if need be; a file of that name is replaced, and only
        once the new one is complete.
    version : Published or Private
        From :func:`iapt_topics.publish.publish`, for anybody; or from
        :func:`iapt_topics.publish.keep_private`, for the researcher alone: such a report says
        PRIVATE on every page, and its file can be read by this account only. Every number of the
        report is one of its tables.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        If ``path`` is a folder.
    """
    target = Path(path)
    if target.is_dir():
        raise InputError(
            f"report {str(target)!r}", "must be a file", "a folder", "Add a file name."
        )
    private = isinstance(version, Private)
    write_whole(target, render(page_values(version)), private=private)
    return target
