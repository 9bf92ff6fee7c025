import numpy as np
import pandas as pd
import pytest
from standins import topics_of

from iapt_topics._base.errors import InputError
from iapt_topics.codes.axis import axis_by_topic, axis_codes, axis_scores, pole_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme

FRAME = ThemeFrame(
    name="f",
    axis=("I", "S"),
    themes=(
        Theme(id="I", label="Identity", codable=False),
        Theme(id="I1", label="a", parent="I"),
        Theme(id="S", label="System", codable=False),
        Theme(id="S1", label="b", parent="S"),
        Theme(id="S2", label="c", parent="S"),
        Theme(id="W", label="d"),
    ),
)
GIVEN = [("r1", "I1"), ("r2", "S1"), ("r2", "S2"), ("r3", "I1"), ("r3", "S2"), ("r4", "W")]
IDS = ["r1", "r2", "r3", "r4", "r5"]
CODES = Codes(
    coder="m",
    kind="machine",
    themes=("I1", "S1", "S2", "W"),
    seen=pd.DataFrame({"response_id": IDS, "respondent_id": IDS}),
    table=pd.DataFrame(GIVEN, columns=["response_id", "theme"]).assign(score=1.0),
)


def test_each_pole_is_coded_by_itself():
    poles = pole_codes(CODES, FRAME)
    assert poles.themes == ("I", "S")
    assert poles.labels == {"I": "Identity", "S": "System"}
    expected = [[1, 0], [0, 1], [1, 1], [0, 0], [0, 0]]
    assert poles.matrix().astype(int).tolist() == expected
    classes = axis_codes(CODES, FRAME).matrix().argmax(axis=1)
    assert classes.tolist() == [0, 1, 2, 3, 3]  # the same, each response once


def calibrate(score, y, who=None):
    """Scores of theme I1 beside a score of S1, calibrated by hand codes of all responses."""
    ids = [f"r{i}" for i in range(len(score))]
    seen = pd.DataFrame({"response_id": ids, "respondent_id": who or ids})
    scores = pd.DataFrame(
        {
            "response_id": np.repeat(ids, 2),
            "theme": ["I1", "S1"] * len(ids),
            "sentence": np.stack([score, np.zeros(len(score))], axis=1).ravel(),
        }
    )
    given = pd.DataFrame({"response_id": ids, "theme": "I1", "score": np.nan})[np.array(y) == 1]
    human = Codes(coder="p", kind="human", themes=("I1", "S1"), seen=seen, table=given)
    return axis_scores(scores, human, FRAME, human=human)


def test_hand_codes_calibrate_each_pole():
    # Two scores: the regression is saturated, so chances are the shares, 3 and 7 of 10, and the
    # variance of each log-odds is 1 / (10 x .3 x .7) times the correction 20/19 x 19/18.
    score = np.repeat([0.0, 1.0], 10)
    table = calibrate(score, [1] * 3 + [0] * 7 + [1] * 7 + [0] * 3)
    np.testing.assert_allclose(
        table["I_predicted_probability"], np.where(score == 0, 0.3, 0.7), atol=1e-6
    )
    half = 1.959964 * np.sqrt(20 / 18 / (10 * 0.3 * 0.7))
    low = 1 / (1 + np.exp(-(np.log(0.3 / 0.7) - half)))
    np.testing.assert_allclose(table.loc[0, "I_low"], low, atol=1e-4)
    assert (table["I_n"] == 20).all()
    assert table["S_predicted_probability"].isna().all()  # no response has the pole
    assert (table["note"] == "S is not calibrated: too few hand codes.").all()


def test_answers_of_one_person_count_as_less():
    score, y = np.repeat([0.0, 1.0], 20), ([1] * 6 + [0] * 14 + [1] * 14 + [0] * 6)
    alone = calibrate(score, y)
    pairs = calibrate(score, y, who=[f"p{i // 2}" for i in range(40)])
    width = [t["I_high"] - t["I_low"] for t in (alone, pairs)]
    assert (width[1] > 1.3 * width[0]).all()


def test_a_pole_with_complete_separation_has_no_probability():
    table = calibrate(np.arange(30.0), [0] * 15 + [1] * 15)
    assert table["I_predicted_probability"].isna().all()
    assert table["note"].str.contains("I is not calibrated: the score separates").all()


def test_scores_are_of_the_best_theme_of_each_pole():
    values = np.arange(20.0).reshape(5, 4)
    scores = pd.DataFrame(
        {
            "response_id": np.repeat(IDS, 4),
            "theme": ["I1", "S1", "S2", "W"] * 5,
            "sentence": values.ravel(),
        }
    )
    table = axis_scores(scores, CODES, FRAME)
    assert table.columns.tolist() == ["response_id", "I", "S", "class"]
    assert table["I"].tolist() == values[:, 0].tolist()
    assert table["S"].tolist() == values[:, 2].tolist()
    assert table["class"].tolist() == ["Identity only", "System only", "both"] + ["neither"] * 2


def test_topics_have_shares_with_intervals():
    topics = topics_of(
        pd.DataFrame({"topic": [0, 1], "label": ["x", "y"]}),
        assignments=pd.DataFrame({"response_id": [*IDS, "r9"], "topic": [0, 0, 0, 1, -1, 1]}),
    )
    table = axis_by_topic(CODES, FRAME, topics).set_index(["topic", "theme"])
    assert table.loc[(0, "I"), "estimate"] == pytest.approx(2 / 3)
    assert table.loc[(0, "both"), "estimate"] == pytest.approx(1 / 3)
    assert table.loc[(1, "neither"), ["estimate", "n"]].tolist() == [1, 1]
    # Wilson interval of 2 in 3, by hand: (p + z2/2n +- z sqrt(pq/n + z2/4n2)) / (1 + z2/n)
    assert table.loc[(0, "S"), ["low", "high"]].tolist() == pytest.approx(
        [0.2077, 0.9385], abs=1e-4
    )
    classes = table.drop(index=["I", "S"], level="theme")["estimate"]
    assert classes.groupby("topic").sum().tolist() == pytest.approx([1, 1])


def test_a_frame_without_an_axis_is_refused():
    bare = ThemeFrame(name="f", themes=FRAME.themes)
    with pytest.raises(InputError, match="two domains as its axis"):
        pole_codes(CODES, bare)
