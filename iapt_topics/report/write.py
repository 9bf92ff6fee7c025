"""The report: one HTML file that opens offline and asks nothing of the network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics.codes.axis import axis_codes
from iapt_topics.drift.drift import Drift, measure_drift
from iapt_topics.publish.disclosure import Disclosure, rule_of
from iapt_topics.publish.quotes import choose_quotes
from iapt_topics.publish.results import Results, publish
from iapt_topics.report.page import render
from iapt_topics.report.sections import page_values

if TYPE_CHECKING:
    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.codes.codes import Codes
    from iapt_topics.drift.standardise import Standardised
    from iapt_topics.mapping.mapping import TopicMapping
    from iapt_topics.survey.responses import Responses
    from iapt_topics.topics.topics import Topics

__all__ = ["write_report"]


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
    standardised: Standardised | None = None,
    human: Sequence[Codes] = (),
    min_cell: int | Disclosure = 10,
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
    standardised : Standardised, optional
        Change with the mix of people held fixed, as for :func:`publishable_tables`.
    human : sequence of Codes, optional
        The people's codes behind the comparisons, as for :func:`publishable_tables`.
    min_cell : int or Disclosure, default 10
        Fewest respondents that anything shown may rest on; or a whole rule, such as
        ``preset("hes")``. Every number of the report is one of :func:`publishable_tables`. With 1
        nothing is withheld or rounded, and a banner says so.
    quotes : DataFrame or bool, optional
        The quotes to print: a table with ``response_id``, ``text``, ``approved_by`` and
        ``paraphrase``, of which the rows that somebody approved are printed: the text, which must
        be words of the response, redacted; or the paraphrase if there is one, marked as such. True
        prints typical responses, redacted by machine but read by nobody. By default only the
        synthetic example has quotes.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        If ``min_cell`` is not a whole number of at least 1, ``path`` is a folder, or the table of
        quotes lacks a column, has responses that were not kept, or words that they do not say.
    """
    target = Path(path)
    rule = rule_of(min_cell)
    if target.is_dir():
        raise InputError(
            f"report {str(target)!r}", "must be a file", "a folder", "Add a file name."
        )
    if axis_drift is None and drift is not None and mapping.frame.axis is not None:
        poles = axis_codes(codes, mapping.frame)
        axis_drift = measure_drift(poles, responses, baseline=drift.baseline)
    results = publish(
        responses=responses,
        topics=topics,
        mapping=mapping,
        codes=codes,
        comparison=comparison,
        drift=drift,
        ceiling=ceiling,
        axis_drift=axis_drift,
        standardised=standardised,
        human=human,
        rule=rule,
    )
    return write_page(target, results, quotes)


def write_page(path: Path, results: Results, quotes: pd.DataFrame | bool | None) -> Path:
    """Write the page of published results."""
    values = page_values(results, choose_quotes(results, quotes))
    page = render({**values, "approved": isinstance(quotes, pd.DataFrame)})
    write_whole(path, page)
    return path
