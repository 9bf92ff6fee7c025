import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics._base.sheets import read_sheet, write_sheet
from iapt_topics.codes.codes import Codes
from iapt_topics.codes.sampling import SamplePlan, next_to_code, sample_size, write_sample
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.qda.load import load_codes
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.survey.responses import load_responses

THEMES = ("A", "B", "C")


def wide(share, n):
    low, high = wilson_interval(share * n, n)
    return float(high - low)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.02, 0.9), st.floats(0, 1))
def test_sample_size_is_the_smallest_that_is_enough(width, share):
    n = sample_size(width, share=share)
    assert wide(share, n) <= width
    assert n == 1 or wide(share, n - 1) > width


def test_sample_size_against_the_worked_rule():
    # Cochran's n0 = z^2 p q / d^2 with d = .05 and p = .5 is 384.1; Wilson's interval is narrower
    # by about z^2 = 3.8 responses. Of 1,000: 385 / (1 + 384 / 1000) = 278.
    assert sample_size(0.1) in range(380, 386)
    assert sample_size(0.1, population=1000) == pytest.approx(278, abs=3)
    assert sample_size(0.05, population=10) == 10
    for bad in (0, 1, -0.1):
        with pytest.raises(InputError, match="width must be between 0 and 1"):
            sample_size(bad)
    with pytest.raises(InputError, match="share"):
        sample_size(0.1, share=2)


@pytest.fixture
def big():
    rng = np.random.default_rng(0)
    n = 600
    years = rng.choice([2014, 2015, 2016, 2017], n, p=[0.5, 0.3, 0.19, 0.01])
    years[0] = 2017
    table = pd.DataFrame(
        {
            "response_id": [f"r{i}" for i in range(n)],
            "person": [f"p{i % 450}" for i in range(n)],
            "year": years,
            "text": [f"answer number {i}" for i in range(n)],
        }
    )
    return load_responses(
        table, text="text", year="year", respondent="person", response="response_id"
    )


def coded(responses, rng_seed=1, kind="machine"):
    rng = np.random.default_rng(rng_seed)
    kept = responses.kept
    rows = [
        (r, t, float(rng.random()))
        for r in kept["response_id"]
        for t, p in zip(THEMES, (0.4, 0.1, 0.02), strict=True)
        if rng.random() < p
    ]
    return Codes(
        coder="m",
        kind=kind,
        themes=THEMES,
        seen=kept[["response_id", "respondent_id"]],
        table=pd.DataFrame(rows, columns=["response_id", "theme", "score"]),
    )


def test_two_parts_that_share_no_respondent(big):
    plan = next_to_code(big, coded(big), n=90, seed=3)
    table = plan.table
    part = dict(tuple(table.groupby("part")))
    assert table["response_id"].is_unique
    assert len(part["informative"]) == 90
    assert len(part["evaluation"]) == pytest.approx(sample_size(0.2, population=600), abs=2)
    assert not set(part["informative"]["respondent_id"]) & set(part["evaluation"]["respondent_id"])
    share = part["evaluation"]["year"].value_counts() / big.kept["year"].value_counts()
    assert share[[2014, 2015, 2016]].to_numpy() == pytest.approx(
        part["evaluation"]["inclusion_probability"]
        .groupby(part["evaluation"]["year"])
        .first()[[2014, 2015, 2016]]
    )
    assert share[[2014, 2015, 2016]].std() < 0.02
    assert 2017 in set(part["evaluation"]["year"])  # one at least of the smallest year
    reasons = part["informative"]["reason"].value_counts()
    assert reasons.to_dict() == {"uncertain": 30, "rare": 30, "unassigned": 30}
    assert part["informative"]["inclusion_probability"].isna().all()


def test_what_is_picked_and_why(big):
    machine = coded(big)
    plan = next_to_code(big, machine, n=60, seed=3)
    picked = plan.table[plan.table["part"] == "informative"].set_index("reason")["response_id"]
    given = machine.table
    bare = set(machine.seen["response_id"]) - set(given["response_id"])
    assert set(picked["unassigned"]) <= bare
    best = given.groupby("response_id")["score"].max()
    assert best[picked["uncertain"]].max() < best.quantile(0.2)
    rare = given[given["theme"] == "C"].sort_values("score", ascending=False)["response_id"]
    held = plan.held_out(big)
    free = [r for r in rare if r not in held]
    assert picked["rare"].iloc[0] == free[0]


def test_the_evaluation_part_is_random(big):
    # Each response of a year has the same chance, whatever the machine says of it.
    machine = coded(big)
    hits = pd.Series(0, index=big.kept["response_id"])
    for seed in range(25):
        table = next_to_code(big, machine, n=0, seed=seed).table
        hits[table["response_id"]] += 1
    given = hits[sorted(set(machine.table["response_id"]))].mean()
    other = hits[~hits.index.isin(machine.table["response_id"])].mean()
    assert given == pytest.approx(other, rel=0.12)


def test_order_of_rows_does_not_matter(big):
    machine = coded(big)
    mixed = dataclasses.replace(big, table=big.table.sample(frac=1, random_state=1))
    one, two = (next_to_code(s, machine, n=30, seed=5).table for s in (big, mixed))
    pd.testing.assert_frame_equal(one, two)


def test_a_second_round_keeps_the_first_and_its_evaluation_part(big):
    machine = coded(big)
    first = next_to_code(big, machine, n=30, seed=1)
    human = coded(big, 2, "human")
    some = human.seen["response_id"].iloc[:50]
    human = dataclasses.replace(
        human,
        seen=human.seen.iloc[:50],
        table=human.table[human.table["response_id"].isin(some)],
    )
    second = next_to_code(big, machine, n=30, human=human, previous=first, seed=2)
    pd.testing.assert_frame_equal(second.table.iloc[: len(first.table)], first.table)
    new = second.table.iloc[len(first.table) :]
    assert (new["part"] == "informative").all()
    assert (new["round"] == 2).all()
    assert not set(new["response_id"]) & (set(first.table["response_id"]) | set(some))
    assert not set(new["respondent_id"]) & set(
        first.table.loc[first.table["part"] == "evaluation", "respondent_id"]
    )


def test_everything_is_asked_for_at_most_once(big):
    plan = next_to_code(big, coded(big), n=10_000)
    assert plan.table["response_id"].is_unique
    assert len(plan.table) <= 600
    with pytest.raises(InputError, match="n must be at least 0"):
        next_to_code(big, coded(big), n=-1)


def test_picked_responses_are_named_in_the_codes(big):
    plan = next_to_code(big, coded(big), n=10)
    marked = plan.marked(coded(big, 2, "human"))
    rows = plan.table[plan.table["part"] == "informative"]
    drawn = plan.table[plan.table["part"] == "evaluation"].set_index("response_id")
    # What the plan did not draw has no known probability, so it stands for no others.
    assert marked.picked == set(marked.seen["response_id"]) - set(drawn.index)
    assert set(rows["response_id"]) <= marked.picked
    assert marked.probabilities == drawn["inclusion_probability"].astype(float).to_dict()


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_sheet_to_code_on(big, tmp_path, ending):
    plan = next_to_code(big, coded(big), n=40, seed=1)
    path = write_sample(tmp_path / f"sheet.{ending}", plan, big)
    sheet = read_sheet(path, "sheet")
    assert set(sheet["response_id"]) == set(plan.table["response_id"])
    assert "part" not in sheet
    texts = big.table.set_index("response_id")["text"]
    assert (sheet["text"].to_numpy() == texts[sheet["response_id"]].to_numpy()).all()
    part = plan.table.set_index("response_id")["part"][sheet["response_id"]]
    assert 10 < (part.iloc[:60] == "informative").sum() < 50  # mixed
    frame = ThemeFrame(name="n", themes=tuple(Theme(id=t, label=t) for t in THEMES))
    with pytest.raises(InputError, match="'coder' must not be blank"):
        load_codes(path, frame=frame)
    # A name dragged down over rows that nobody coded yet does not make them coded.
    filled = sheet.assign(coder="Ann")
    filled.loc[0, "theme"] = "A"
    write_sheet(path, list(filled.columns), filled.to_numpy().tolist())
    begun = load_codes(path, frame=frame)
    assert len(begun.seen) == 1
    assert begun.findings[["kind", "n"]].to_numpy().tolist() == [
        ["not coded yet", len(plan.table) - 1]
    ]
    filled.loc[1:, "theme"] = "none"
    write_sheet(path, list(filled.columns), filled.to_numpy().tolist())
    human = load_codes(path, frame=frame)
    assert len(human.seen) == len(plan.table)
    assert human.table["theme"].tolist() == ["A"]


def test_a_plan_survives_a_file(big, tmp_path):
    plan = next_to_code(big, coded(big), n=20, seed=1)
    plan.table.to_csv(tmp_path / "plan.csv", index=False)
    back = SamplePlan(table=pd.read_csv(tmp_path / "plan.csv"), width=0.2)
    pd.testing.assert_frame_equal(back.table, plan.table, check_dtype=False)
    assert back.held_out(big) == plan.held_out(big)
    numbers = plan.table.assign(response_id=range(len(plan.table)))
    assert SamplePlan(table=numbers, width=0.2).table["response_id"].tolist()[0] == "0"
    with pytest.raises(InputError, match="the plan: part"):
        SamplePlan(table=plan.table.assign(part="?"), width=0.2)
    with pytest.raises(InputError, match="must be unique"):
        SamplePlan(table=plan.table.assign(response_id="r1"), width=0.2)


def test_without_respondents_each_response_is_a_person_of_its_own(big):
    alone = dataclasses.replace(big, table=big.table.assign(respondent_id=""))
    plan = next_to_code(alone, coded(alone), n=90, seed=3)
    part = dict(tuple(plan.table.groupby("part")))
    assert len(part["informative"]) == 90
    assert plan.held_out(alone) == set(part["evaluation"]["response_id"])
