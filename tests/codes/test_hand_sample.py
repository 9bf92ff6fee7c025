"""Which hand codes are a random sample, and how many responses each stands for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import survey

from iapt_topics import InputError
from iapt_topics._base.sheets import read_sheet, write_sheet
from iapt_topics.agreement.certify import certify_codes
from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.codes.hand_sample import _yearly, drawn_evenly, hand_sample
from iapt_topics.codes.proxies import APPLIED, FAR, NEAR, proxy_classes
from iapt_topics.codes.sampling import SamplePlan, next_to_code, write_sample
from iapt_topics.codes.theme_sample import draw_for_theme
from iapt_topics.drift.effects import theme_regression
from iapt_topics.drift.machine_error import error_by_year
from iapt_topics.drift.prevalence import corrected_shares
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.qda.export import write_codes
from iapt_topics.qda.load import load_codes


def by_person(codes, given, rows, probability=None, **more):
    """One person's codes of some responses, ``given`` for all of them."""
    seen = codes.seen.iloc[rows]
    if probability is not None:
        seen = seen.assign(inclusion_probability=np.asarray(probability, float)[rows])
    row, theme = np.nonzero(np.asarray(given)[rows])
    table = {"response_id": seen["response_id"].to_numpy()[row], "score": np.nan}
    table["theme"] = np.array(codes.themes, object)[theme]
    return Codes(
        coder="Ann", kind="human", themes=codes.themes, seen=seen, table=pd.DataFrame(table), **more
    )


@pytest.fixture
def two_rates():
    """200 responses; of the 40 that the machine gives the theme 20 are drawn, of the others 20."""
    f = np.arange(200) < 40
    y = np.zeros(200, bool)
    y[[*range(10), *range(20, 30), 40, 41]] = True
    machine, responses = survey(np.full(200, 2014), f[:, None])
    rows = np.r_[0:20, 40:60]
    return machine, responses, y[:, None], rows, np.where(f, 0.5, 0.125)


def test_each_drawn_response_stands_for_the_inverse_of_its_probability(two_rates):
    machine, responses, y, rows, chance = two_rates
    found = hand_sample(machine, by_person(machine, y, rows, chance), responses)
    design = found.design(np.ones(200))
    assert found.known
    assert set(design[:20]) == {2.0}
    assert set(design[40:60]) == {8.0}
    assert design.sum() == pytest.approx(200)
    plain = hand_sample(machine, by_person(machine, y, rows), responses)
    assert not plain.known
    assert set(plain.design(np.ones(200))[rows]) == {5.0}


def test_people_alone_are_weighted_too(two_rates):
    machine, responses, y, rows, chance = two_rates
    shares = corrected_shares(machine, by_person(machine, y, rows, chance), responses)
    found = shares.set_index("method")["estimate"]
    # .2 x 10/20 + .8 x 2/20 with the probabilities, in people's codes as in both together.
    assert found["corrected"] == pytest.approx(0.18)
    assert found["human"] == pytest.approx(0.18)
    plain = corrected_shares(machine, by_person(machine, y, rows), responses)
    assert plain.set_index("method").loc["human", "estimate"] == pytest.approx(12 / 40)


def test_what_has_no_probability_beside_some_that_have_was_picked(two_rates):
    machine, responses, y, rows, chance = two_rates
    chance = chance.copy()
    chance[[0, 1]] = np.nan
    human = by_person(machine, y, rows, chance)
    assert human.picked == {"r00000", "r00001"}
    assert not drawn_evenly(human, responses)
    assert hand_sample(machine, human, responses).certain.sum() == 2
    blank = by_person(machine, y, rows, np.full(200, np.nan))
    assert not blank.picked  # nothing is known of any: a random sample, as before
    with pytest.raises(InputError, match="inclusion_probability must be above 0"):
        by_person(machine, y, rows, np.full(200, 1.5))


def test_evenly_drawn_means_one_rate_in_each_year():
    machine, responses = survey(np.repeat([2014, 2015], 50), np.ones((100, 1)))
    rate = np.repeat([0.1, 0.2], 50)
    human = by_person(machine, np.ones((100, 1)), np.arange(0, 100, 5), rate)
    assert drawn_evenly(human, responses)
    assert drawn_evenly(by_person(machine, np.ones((100, 1)), np.arange(9)), responses)
    rate[0] = 0.5
    assert not drawn_evenly(
        by_person(machine, np.ones((100, 1)), np.arange(0, 100, 5), rate), responses
    )


def test_every_estimate_leaves_out_the_same_responses(two_rates):
    machine, responses, y, rows, _ = two_rates
    ids = machine.seen["response_id"]
    machine = replace(machine, trained_on=frozenset(ids[rows[:4]]))
    human = by_person(machine, y, rows, picked=frozenset(ids[rows[4:7]]))
    assert hand_sample(machine, human, responses).drawn.sum() == 33
    assert error_by_year(machine, human, responses)["n"].tolist() == [33]
    assert certify_codes(machine, human, responses).n == 33
    shares = corrected_shares(machine, human, responses)
    assert "7 hand-coded responses of a purposive sample" in shares["note"].iloc[0]


@pytest.mark.slow
def test_a_sample_for_one_theme_is_right_for_all_and_narrower_for_that_one():
    rng = np.random.default_rng(5)
    n, n_draws = 1500, 20
    y = rng.random((n, 2)) < [0.06, 0.3]
    f = rng.random((n, 2)) < np.where(y, [0.7, 0.6], [0.02, 0.2])
    machine, responses = survey(2014 + np.arange(n) % 3, f)
    found = {}
    for theme in ("t0", None):
        for seed in range(n_draws):
            plan = (
                next_to_code(responses, machine, n=0, width=0.135, seed=seed)
                if theme is None
                else draw_for_theme(responses, machine, theme, width=0.135, seed=seed)
            )
            chance = plan.table.set_index("response_id")["inclusion_probability"].astype(float)
            rows = np.flatnonzero(machine.seen["response_id"].isin(chance.index))
            known = machine.seen["response_id"].map(chance).to_numpy()
            human = by_person(machine, y, rows, known)
            table = corrected_shares(machine, human, responses, by_year=False)
            table = table[table["method"] == "corrected"]
            width = table["high"] - table["low"]
            inside = (table["low"] <= y.mean(0)) & (y.mean(0) <= table["high"])
            found.setdefault(theme, []).append(np.c_[table["estimate"], width, inside])
            assert theme is None or len(chance) == len(plan.table)
    one, none = (np.mean(found[t], axis=0) for t in ("t0", None))
    np.testing.assert_allclose(one[:, 0], y.mean(axis=0), atol=0.015)
    assert one[0, 1] < 0.95 * none[0, 1]
    assert one[:, 2].min() >= 0.85


def test_certified_by_an_uneven_sample_precision_keeps_all_and_recall_what_is_even(two_rates):
    machine, responses, y, rows, chance = two_rates
    row = certify_codes(machine, by_person(machine, y, rows, chance), responses).themes.iloc[0]
    assert (row["n_checked"], row["n_right"]) == (20, 10)
    # Thinned to .125 throughout: 5 of the 20 drawn at .5 stay, beside all 20 of the others.
    assert row["n_positives"] - row["n_found"] == 2
    assert row["n_found"] <= 5


@pytest.mark.slow
def test_a_regression_corrected_by_an_uneven_sample_is_right_on_average():
    rng = np.random.default_rng(2)
    year = np.repeat([2014, 2015], 600)
    y = rng.random((1200, 1)) < np.where(year == 2015, 0.3, 0.2)[:, None]
    f = np.where(rng.random((1200, 1)) < 0.6, y, rng.random((1200, 1)) < 0.1)
    machine, responses = survey(year, f)
    true = y[600:].mean() - y[:600].mean()
    found = []
    for seed in range(30):
        plan = draw_for_theme(responses, machine, "t0", width=0.12, seed=seed)
        chance = plan.table.set_index("response_id")["inclusion_probability"].astype(float)
        known = machine.seen["response_id"].map(chance).to_numpy()
        human = by_person(machine, y, np.flatnonzero(~np.isnan(known)), known)
        row = theme_regression(machine, responses, human=human).iloc[0]
        found.append((row["estimate"], row["low"] <= true <= row["high"]))
    estimate, inside = np.array(found, float).T
    assert estimate.mean() == pytest.approx(true, abs=0.02)
    assert inside.mean() >= 0.85


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_probabilities_come_back_from_the_sheet_and_go_out_with_the_codes(tmp_path, ending):
    rng = np.random.default_rng(1)
    machine, responses = survey(2014 + np.arange(300) % 2, rng.random((300, 1)) < 0.2)
    plan = draw_for_theme(responses, machine, "t0")
    more = next_to_code(responses, machine, n=10).table.query("part == 'informative'")
    table = pd.concat([plan.table, more[~more["response_id"].isin(plan.table["response_id"])]])
    plan = SamplePlan(table=table, width=0.2)
    path = write_sample(tmp_path / f"sheet.{ending}", plan, responses)
    sheet = read_sheet(path, "sheet").assign(coder="Ann", theme="t0")
    more = sheet.iloc[[0]].assign(inclusion_probability="")  # a row added for a further theme
    rows = pd.concat([sheet, more]).fillna("")
    write_sheet(path, list(rows.columns), rows.to_numpy().tolist())
    frame = ThemeFrame(name="n", themes=(Theme(id="t0", label="t0"),))
    human = load_codes(path, frame=frame)
    drawn = plan.table[plan.table["part"] == "evaluation"].set_index("response_id")
    assert human.probabilities == drawn["inclusion_probability"].astype(float).to_dict()
    assert len(set(human.probabilities.values())) == 4  # two years, with the theme and without
    assert human.picked == set(plan.table["response_id"]) - set(drawn.index)
    out = tmp_path / "codes.csv"
    write_codes(out, human, frame=frame)
    assert load_codes(out, frame=frame).probabilities == human.probabilities


def test_a_wrong_probability_in_a_sheet_is_named():
    frame = ThemeFrame(name="n", themes=(Theme(id="t0", label="t0"),))
    table = pd.DataFrame({"response_id": ["a", "a", "b"], "theme": ["t0", "t0", ""]})
    for values, message in (
        (["0.1", "0.2", "0.1"], "must be the same in all rows of a response; got 'a'"),
        (["0.1", "", "10%"], "must be above 0 and at most 1"),
    ):
        with pytest.raises(InputError, match=message):
            load_codes(table.assign(inclusion_probability=values), frame=frame)
    wide = pd.DataFrame({"response_id": ["a", "b"], "t0": [1, 0], "inclusion_probability": [1, 1]})
    assert load_codes(wide, frame=frame).probabilities == {"a": 1.0, "b": 1.0}


def test_a_theme_to_sample_for_must_be_the_machines():
    machine, responses = survey([2014, 2014], [[1], [0]])
    with pytest.raises(InputError, match="theme must be in the machine's code set"):
        draw_for_theme(responses, machine, "t9")


def test_sealed_codes_measure_and_never_teach(two_rates):
    machine, responses, y, rows, chance = two_rates
    sealed = by_person(machine, y, rows, chance).seal()
    assert sealed.sealed == set(sealed.seen["response_id"])
    assert hand_sample(machine, sealed, responses).drawn.sum() == 40
    taught = replace(machine, trained_on=frozenset(list(sealed.sealed)[:1]))
    for measure in (
        hand_sample,
        certify_codes,
        corrected_shares,
        error_by_year,
        lambda m, h, r: compare_codes(h, m, responses=r),
    ):
        with pytest.raises(InputError, match="sealed test codes must measure and never teach"):
            measure(taught, sealed, responses)
    some = by_person(machine, y, rows, picked=frozenset(machine.seen["response_id"][:3])).seal()
    assert len(some.sealed) == 37


def test_agreement_in_an_uneven_sample_says_so(two_rates):
    machine, _, y, rows, chance = two_rates
    uneven = compare_codes(by_person(machine, y, rows, chance), machine, n_boot=10)
    plain = compare_codes(by_person(machine, y, rows), machine, n_boot=10)
    said = "drawn with unequal probabilities"
    assert uneven.overall["note"].str.contains(said).all()
    assert not plain.overall["note"].str.contains(said).any()


def scores_of(machine, score):
    """A table of scores (n, k), as score_themes gives it."""
    ids, k = machine.seen["response_id"].to_numpy(object), len(machine.themes)
    table = pd.DataFrame({"response_id": np.repeat(ids, k), "score": np.ravel(score)})
    return table.assign(theme=np.tile(np.array(machine.themes, object), len(ids)))


def test_scores_make_a_class_of_what_the_machine_nearly_applied():
    f = np.arange(200)[:, None] < 40
    machine, responses = survey(np.full(200, 2014), f)
    y = f.copy()
    y[[0, 1, *range(180, 190)]] = ~y[[0, 1, *range(180, 190)]]
    scores = scores_of(machine, np.arange(200.0))
    classes = proxy_classes(machine, machine.seen["response_id"].tolist(), ["t0"], scores)[:, 0]
    assert (classes[:40] == APPLIED).all()
    assert (classes[168:] == NEAR).all()  # the highest fifth of the other 160
    assert (classes[40:168] == FAR).all()
    rows = np.r_[0:20, 40:72, 170:200]
    human = by_person(machine, y, rows)
    row = corrected_shares(machine, human, responses, scores=scores).iloc[0]
    # 18 of 20 applied, 10 of 30 near, none of 32 far.
    assert row["estimate"] == pytest.approx(0.2 * 18 / 20 + 0.16 * 10 / 30)
    plain = corrected_shares(machine, human, responses).iloc[0]
    assert plain["estimate"] == pytest.approx(0.2 * 18 / 20 + 0.8 * 10 / 62)
    assert row["high"] - row["low"] < plain["high"] - plain["low"]
    few = by_person(machine, y, np.r_[0:20, 40:72, 195:200])  # too few near ones: one class
    one, two = (corrected_shares(machine, few, responses, scores=s).iloc[0] for s in (scores, None))
    assert (one["estimate"], one["low"]) == (two["estimate"], two["low"])


def test_a_sample_by_scores_is_drawn_in_three_strata_and_every_response_can_be():
    rng = np.random.default_rng(3)
    f = rng.random((600, 1)) < 0.1
    machine, responses = survey(2014 + np.arange(600) % 2, f)
    scores = scores_of(machine, rng.normal(size=600))
    plan = draw_for_theme(responses, machine, "t0", width=0.15, scores=scores)
    chance = plan.table.set_index("response_id")["inclusion_probability"].astype(float)
    ids = machine.seen["response_id"]
    classes = proxy_classes(machine, ids.tolist(), ["t0"], scores)[:, 0]
    mean = [chance.reindex(ids[classes == c]).mean() for c in (APPLIED, NEAR, FAR)]
    assert mean[0] > mean[1] > mean[2] > 0
    # The probabilities add up to the survey: each stands for one over its own.
    assert (1 / chance).sum() == pytest.approx(600)
    tiny = draw_for_theme(responses, machine, "t0", width=0.9, scores=scores)
    assert (1 / tiny.table["inclusion_probability"].astype(float)).sum() == pytest.approx(600)


def test_scores_must_be_of_every_response():
    machine, responses = survey(np.full(30, 2014), np.arange(30)[:, None] < 9)
    human = by_person(machine, np.ones((30, 1)), np.arange(12))
    scores = scores_of(machine, np.arange(30.0))
    with pytest.raises(InputError, match="must be of each response and theme"):
        corrected_shares(machine, human, responses, scores=scores.iloc[1:])
    with pytest.raises(InputError, match="score"):
        corrected_shares(machine, human, responses, scores=scores.drop(columns="score"))


def test_the_part_drawn_of_a_year_is_of_those_that_nobody_picked():
    table = pd.DataFrame({"year": [2014] * 10 + [2015] * 5})
    by_hand, apart = np.zeros((2, 15), bool)
    by_hand[[0, 1, 2, 3, 10]] = True
    apart[[0, 1, 9]] = True  # one of these was not coded
    part = _yearly(table, by_hand, apart)
    assert part.tolist() == [2 / 8] * 10 + [1 / 5] * 5
