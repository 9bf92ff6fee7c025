"""The report: one HTML file that opens offline and asks nothing of the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._checks import InputError
from iapt_topics._files import write_whole
from iapt_topics.axis import axis_codes
from iapt_topics.drift import Drift, measure_drift
from iapt_topics.report.page import render
from iapt_topics.report.quotes import choose_quotes
from iapt_topics.report.results import Results
from iapt_topics.report.sections import page_values

if TYPE_CHECKING:
    from iapt_topics.agreement import Comparison
    from iapt_topics.codes import Codes
    from iapt_topics.mapping import TopicMapping
    from iapt_topics.responses import Responses
    from iapt_topics.topics import Topics

__all__ = ["write_report"]


def require_min_cell(min_cell: object) -> None:
    """Raise :class:`InputError` unless ``min_cell`` is a whole number of 1 or more."""
    if isinstance(min_cell, bool) or not isinstance(min_cell, int) or min_cell < 1:
        raise InputError(
            "min_cell",
            "must be a whole number of 1 or more",
            repr(min_cell),
            "Use 10, or your rule.",
        )


def write_report(
    path: str | Path,
    *,
    responses: Responses,
    topics: Topics,
    mapping: TopicMapping,
    codes: Codes,
    comparison: Comparison | None = None,
    drift: Drift | None = None,
    ceiling: Comparison | None = None,
    axis_drift: Drift | None = None,
    min_cell: int = 10,
    quotes: pd.DataFrame | bool | None = None,
) -> Path:
    """Write the report as one standalone HTML file.

    Parameters
    ----------
    path : str or Path
        The file to write. Its folder is made if need be; a file of that name is replaced, and only
        once the new one is complete.
    responses : Responses
        The survey.
    topics : Topics
        Its topics.
    mapping : TopicMapping
        The topics' themes.
    codes : Codes
        The coding that the shares are taken from.
    comparison : Comparison, optional
        Machine against people.
    drift : Drift, optional
        Change of the themes over the years.
    ceiling : Comparison, optional
        One person against another.
    axis_drift : Drift, optional
        Drift of the four classes of the axis, from :func:`iapt_topics.axis_codes`. By default it
        is measured here if ``drift`` is given and the frame has an axis.
    min_cell : int, default 10
        Topics and theme-year cells resting on fewer respondents are not shown; 1 or more.
    quotes : DataFrame or bool, optional
        The quotes to print: a table with ``response_id``, ``text``, ``approved_by`` and
        ``paraphrase``, of which the rows that somebody approved are printed, in the paraphrase if
        there is one. True prints typical responses, redacted by machine but read by nobody. By
        default only the synthetic example has quotes.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        If ``min_cell`` is not a whole number of at least 1, ``path`` is a folder, or the table of
        quotes lacks a column or has responses that were not kept.
    """
    target = Path(path)
    require_min_cell(min_cell)
    if target.is_dir():
        raise InputError(
            f"report {str(target)!r}", "must be a file", "a folder", "Add a file name."
        )
    if axis_drift is None and drift is not None and mapping.frame.axis is not None:
        poles = axis_codes(codes, mapping.frame)
        axis_drift = measure_drift(poles, responses, baseline=drift.baseline)
    results = Results(
        responses=responses,
        topics=topics,
        mapping=mapping,
        codes=codes,
        comparison=comparison,
        drift=drift,
        ceiling=ceiling,
        axis_drift=axis_drift,
        min_cell=min_cell,
    )
    values = page_values(results, choose_quotes(results, quotes))
    page = render({**values, "approved": isinstance(quotes, pd.DataFrame)})
    write_whole(target, page)
    return target
