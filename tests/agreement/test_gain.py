"""What one coder gains on another, worked by hand, and on nothing that taught either."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.agreement.gain import measure_gain
from iapt_topics.codes.codes import Codes
from iapt_topics.survey.responses import Responses

IDS = [f"r{i}" for i in range(120)]


def coded(coder, given, themes=("A", "B"), ids=IDS):
    seen = pd.DataFrame({"response_id": ids, "respondent_id": ids})
    rows = [(i, t, np.nan) for t, of in given.items() for i in of]
    table = pd.DataFrame(rows, columns=["response_id", "theme", "score"])
    kind = "human" if coder == "person" else "machine"
    return Codes(coder=coder, kind=kind, themes=themes, seen=seen, table=table)


@pytest.fixture
def responses():
    table = pd.DataFrame({"response_id": IDS, "respondent_id": IDS, "year": 2014})
    return Responses(table=table.assign(question="", text="text", status="kept"), source="made up")


PERSON = coded("person", {"A": IDS[:40], "B": IDS[:5]})


def test_the_gain_is_that_of_f1(responses):
    before = coded("one", {"A": IDS[:20]})  # F1 2 * 20 / (40 + 20)
    after = coded("two", {"A": IDS[:30]})  # F1 2 * 30 / (40 + 30)
    table = measure_gain(PERSON, before, after, responses)
    assert table["theme"].tolist() == ["", "A", "B"]
    assert table["before"].tolist()[:2] == pytest.approx([2 / 3, 2 / 3])
    assert table["after"].tolist()[:2] == pytest.approx([6 / 7, 6 / 7])
    assert table["gain"].tolist()[:2] == pytest.approx([6 / 7 - 2 / 3] * 2)
    assert (table["low"][:2] > 0.05).all()
    assert (table["high"][:2] < 0.35).all()
    assert table.loc[2, ["before", "gain", "low"]].isna().all()  # five positives
    assert table["note"].tolist() == ["mean over 1 of 2 themes", "", table["note"][2]]
    assert "fewer than 10 positives" in table["note"][2]
    same = measure_gain(PERSON, after, after, responses)
    assert same[["gain", "low", "high"]].iloc[0].tolist() == [0, 0, 0]
    back = measure_gain(PERSON, after, before, responses)
    assert back["gain"][0] == pytest.approx(-table["gain"][0])
    assert back["low"][0] == pytest.approx(-table["high"][0])


def test_what_taught_either_measures_neither(responses):
    before = coded("one", {"A": IDS[:20]})
    after = replace(coded("two", {"A": IDS[:20]}), trained_on=frozenset(IDS[:20]))
    table = measure_gain(PERSON, before, after, responses)
    assert table["n"].tolist() == [100] * 3
    assert table["before"].tolist()[:2] == [0, 0]
    few = measure_gain(PERSON, before, replace(after, trained_on=frozenset(IDS[:21])), responses)
    assert few["note"].str.endswith("fewer than 100 responses: the intervals are rough").all()
    with pytest.raises(InputError, match="must have the same themes"):
        measure_gain(PERSON, coded("one", {}, ("A",)), after, responses)
