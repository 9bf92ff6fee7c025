"""A survey and a later wave of it, from two files, as one survey."""

from __future__ import annotations

import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics.survey.responses import Responses


def join_waves(before: Responses, later: Responses, *, numbered: bool, named: bool) -> Responses:
    """Join a later wave to a survey.

    Parameters
    ----------
    before, later : Responses
        Each from its file.
    numbered : bool
        Whether responses are known by their row alone; those of the later wave are then known by
        file and row.
    named : bool
        Whether waves were named, in both, and are numbered on.

    Returns
    -------
    Responses
        The rows of both, the earlier first.

    Raises
    ------
    InputError
        If a year or an id is in both, or a column is in one of them alone.
    """
    one, two = before.table, later.table
    what = f"the wave in {later.source!r}"
    if named:
        two = two.assign(year=two["year"] + int(one["year"].max()))
    if both := sorted(set(one["year"]) & set(two["year"])):
        raise InputError(
            what, "must be of years that the survey has not", listed(both),
            "Give the rows of the new wave alone.",
        )  # fmt: skip
    if numbered:
        stem = later.source.rsplit(".", 1)[0]
        ids = {i: f"{stem}:{i}" for i in two["response_id"]}
        two = two.assign(
            response_id=two["response_id"].map(ids),
            copy_of=two["copy_of"].map(lambda i: ids.get(i, i)),
        )
    if both_ids := sorted(set(one["response_id"]) & set(two["response_id"])):
        raise InputError(
            what, "must have response ids of its own", listed(both_ids, 3),
            "Make them differ between the files, such as 2018-17.",
        )  # fmt: skip
    if "wave" in one or "wave" in two:
        one, two = (t if "wave" in t else t.assign(wave=t["year"].astype(str)) for t in (one, two))
    if other := sorted(set(one.columns) ^ set(two.columns)):
        raise InputError(what, "must have the columns of the survey", listed(other), "Add them.")
    return Responses(
        table=pd.concat([one, two[list(one.columns)]], ignore_index=True),
        source=f"{before.source}, {later.source}",
        synthetic=before.synthetic or later.synthetic,
        findings=pd.concat([before.findings, later.findings], ignore_index=True),
    )
