"""Topics with further responses: what was fitted stays; new ones go to their nearest topic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.topics.extend import extend_topics


def test_nothing_new_changes_nothing(grouped):
    found = extend_topics(grouped.topics, grouped.responses, grouped.embeddings)
    pd.testing.assert_frame_equal(found.assignments, grouped.topics.assignments)
    pd.testing.assert_frame_equal(found.topics, grouped.topics.topics, check_dtype=False)
    np.testing.assert_array_equal(found.distribution, grouped.topics.distribution)


def test_a_copy_of_each_response_goes_where_the_response_is(grouped):
    table, e = grouped.responses.table, grouped.embeddings
    more = table.assign(response_id="new" + table["response_id"], year=2020)
    responses = replace(grouped.responses, table=pd.concat([more, table], ignore_index=True))
    both = replace(
        e, vectors=np.vstack([e.vectors, e.vectors]),
        response_id=(*e.response_id, *("new" + i for i in e.response_id)),
    )  # fmt: skip
    found = extend_topics(grouped.topics, responses, both)
    rows = found.assignments.set_index("response_id")
    old = grouped.topics.assignments.set_index("response_id")
    pd.testing.assert_frame_equal(rows.loc[old.index], old, check_names=False)
    new = rows.loc["new" + old.index]
    placed = new["topic"].to_numpy() >= 0
    assert placed.mean() > 0.9
    assert (new["topic"].to_numpy() == old["topic"].to_numpy())[placed].all()
    assert new["note"][~placed].str.startswith("more distant").all()
    np.testing.assert_allclose(found.distribution.sum(axis=1), 1, atol=1e-5)
    counts = rows.loc[rows["topic"] >= 0, "topic"].value_counts().sort_index()
    assert found.topics["n"].tolist() == counts.tolist()
    with pytest.raises(InputError, match="must have all that the topics were fitted to"):
        extend_topics(found, grouped.responses, e)
