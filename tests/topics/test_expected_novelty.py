"""What fits no topic though nothing is new is measured on respondents who were held out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from iapt_topics.topics.expected_novelty import compare_novelty, novel_if_held_out


def test_respondents_who_are_held_out_say_how_many_are_to_be_expected(grouped):
    found = novel_if_held_out(grouped.topics, grouped.responses, grouped.embeddings)
    (row,) = found.to_dict("records")
    assert row["n"] == 300
    assert 0 <= row["low"] <= row["estimate"] <= row["high"] < 0.6
    assert row["estimate"] > 0.05  # more than of the fitted ones
    few = grouped.responses.table.assign(respondent_id="one")
    few = replace(grouped.responses, table=few)
    assert novel_if_held_out(grouped.topics, few, grouped.embeddings).empty


def test_a_wave_is_set_beside_what_is_expected():
    novelty = pd.DataFrame(
        {"year": [2018, 2019], "estimate": [0.15, 0.4], "low": [0.11, 0.33], "high": [0.19, 0.47],
         "n": [300, 200], "expected": 0.05, "shown": True, "note": ""}
    )  # fmt: skip
    null = pd.DataFrame({"estimate": [0.13], "low": [0.11], "high": [0.16], "n": [1000]})
    found = compare_novelty(novelty, null)
    assert found["expected"].tolist() == [0.13, 0.13]
    assert found["shown"].tolist() == [False, True]
    assert found["note"].iloc[1].startswith("more than expected")
    # By hand: .40 - .13 = .27, and sqrt(.07 ** 2 + .03 ** 2) = .076.
    assert np.hypot(0.07, 0.03) == pytest.approx(0.076, abs=0.001)
    unknown = compare_novelty(novelty, null.iloc[:0])
    assert unknown["expected"].isna().all()
    assert not unknown["shown"].any()
