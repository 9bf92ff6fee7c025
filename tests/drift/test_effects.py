from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import berkeley, exact, made, survey

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.effects import theme_regression
from iapt_topics.figures import effects_figure


def test_berkeley_effect_of_sex_within_department_is_that_of_statsmodels():
    import statsmodels.api as sm

    codes, responses = berkeley()
    table = theme_regression(codes, responses, ["department"]).set_index(["covariate", "level"])
    data = responses.table
    design = pd.get_dummies(data["department"], drop_first=True).astype(float)
    design.insert(0, "women", (data["year"] == 2022).astype(float))
    y = codes.matrix(data["response_id"].tolist())[:, 0].astype(float)
    fit = sm.Logit(y, sm.add_constant(design)).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": np.arange(len(y))}
    )
    margin = fit.get_margeff(dummy=True)
    row = table.loc[("year", "2022")]
    assert row["model"] == "logistic"
    assert row["estimate"] == pytest.approx(margin.margeff[0], rel=1e-6)
    half = 1.96 * margin.margeff_se[0]
    assert row["high"] - row["estimate"] == pytest.approx(half, rel=2e-3)
    # Bickel, Hammel, O'Connell (1975): within departments women were admitted a little more.
    assert 0 < row["estimate"] < 0.05
    assert table.loc[("department", "F"), "estimate"] < -0.5


def test_year_alone_gives_the_difference_of_shares():
    codes, responses = survey(*exact([100, 200, 50], [[30, 90, 10]]))
    table = theme_regression(codes, responses)
    assert table["level"].tolist() == ["2022", "2023"]
    assert table["estimate"].tolist() == pytest.approx([0.15, -0.1])
    se = np.sqrt(0.3 * 0.7 / 100 + 0.45 * 0.55 / 200)
    assert (table["high"] - table["estimate"])[0] == pytest.approx(1.967 * se, rel=5e-3)
    assert table["n"].tolist() == [300, 150]


def test_repeated_answers_widen_the_interval():
    year, given = exact([100, 100], [[30, 50]])
    one = theme_regression(*survey(year, given)).iloc[0]
    twice = np.repeat(np.arange(len(year)), 2)
    two = theme_regression(*survey(year[twice], given[twice], person=twice)).iloc[0]
    assert two["high"] - two["low"] == pytest.approx(one["high"] - one["low"], rel=0.01)


def test_weights_give_the_weighted_difference():
    year, given = exact([100, 100], [[30, 50]])
    # Those with the theme count three times in the second year.
    weight = np.where((year == 2022) & given[:, 0], 3.0, 1.0)
    row = theme_regression(*made(year, given, weight=weight)).iloc[0]
    assert row["estimate"] == pytest.approx(150 / 200 - 0.3)
    # The linearised variance of a ratio, with the small-sample factor of the clusters.
    p, w = 0.75, weight[year == 2022]
    error = w * (given[year == 2022, 0] - p) / w.sum()
    se = np.sqrt((error**2).sum() + 0.3 * 0.7 / 100)
    assert row["high"] - row["estimate"] == pytest.approx(1.972 * se, rel=0.01)


def test_a_confounded_year_is_freed():
    # Roles differ, years do not; the mix of roles moves.
    year = np.repeat([2021, 2022], 400)
    role = np.array(["A"] * 100 + ["B"] * 300 + ["A"] * 300 + ["B"] * 100)
    counts = ((100, 50), (300, 30), (300, 150), (100, 10))
    given = np.concatenate([np.arange(n) < k for n, k in counts])[:, None]
    table = theme_regression(*made(year, given, role=role), ["role"]).set_index("covariate")
    assert table.loc["year", "estimate"] == pytest.approx(0, abs=1e-6)
    assert table.loc["role", "estimate"] == pytest.approx(-0.4, abs=1e-6)
    assert table.loc["role", "reference"] == "A"


def test_separation_falls_back_to_the_linear_model_and_says_so():
    codes, responses = survey(*exact([40, 40], [[0, 20]]))
    row = theme_regression(codes, responses).iloc[0]
    assert row["model"] == "linear"
    assert row["estimate"] == pytest.approx(0.5)
    assert "linear model" in row["note"]


@pytest.mark.parametrize("value", ["same", "", None])
def test_a_covariate_without_variation_has_a_row_that_says_so(value):
    rng = np.random.default_rng(0)
    year, given = np.repeat([2021, 2022], 50), rng.random((100, 2)) < 0.4
    table = theme_regression(*made(year, given, role=value), ["role"])
    rows = table[table["covariate"] == "role"]
    assert len(rows) == 2
    assert rows["estimate"].isna().all()
    assert rows["note"].str.startswith("Only one level or no value").all()
    assert table.loc[table["covariate"] == "year", "estimate"].notna().all()


def test_aliased_rare_and_single_years_are_said():
    rng = np.random.default_rng(0)
    year, given = np.repeat([2021, 2022], 50), rng.random((100, 1)) < 0.4
    alias = theme_regression(*made(year, given, wave=np.where(year == 2021, "w1", "w2")), ["wave"])
    assert alias["note"].str.contains("Aliased").sum() == 1
    rare = theme_regression(*survey(*exact([50, 50], [[1, 2], [50, 50], [0, 0]])))
    assert rare["estimate"].isna().all()
    assert rare["note"].str.contains("with the theme").tolist() == [
        True,
        False,
        True,
    ]
    single = theme_regression(*survey([2021] * 30, np.ones((30, 1))))
    assert single["note"].tolist() == ["Only one year: no effect."]
    tiny = theme_regression(*survey([2021, 2021, 2022], np.ones((3, 1))))
    assert tiny["note"].ne("").all()


def test_effects_are_drawn():
    year, given = np.repeat([2021, 2022], 50), np.arange(100)[:, None] % 3 == 0
    effects = theme_regression(*made(year, given, role="same"), ["role"])
    figure = effects_figure(effects, theme="t0")
    names = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert names[0] == "year: 2022 against 2021 (n=100)"
    assert any("not estimable" in t.get_text() for t in figure.axes[0].texts)
    with pytest.raises(InputError):
        effects_figure(effects, theme="nothing")


def test_inputs_are_unchanged_and_order_does_not_matter():
    codes, responses = berkeley()
    before = responses.table.copy()
    first = theme_regression(codes, responses, ["department"])
    pd.testing.assert_frame_equal(responses.table, before)
    mixed = replace(responses, table=before.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(first, theme_regression(codes, mixed, ["department"]), rtol=1e-6)


def test_wrong_input_is_refused():
    codes, responses = berkeley()
    with pytest.raises(InputError):
        theme_regression(codes, responses, ["nothing"])
    with pytest.raises(InputError):
        theme_regression(codes, responses, baseline=1999)


def by_hand(codes, given, rows, **more):
    """One person's codes of some responses, ``given`` for all of them."""
    seen = codes.seen.iloc[rows]
    ids = seen.loc[np.asarray(given)[rows, 0], "response_id"]
    table = pd.DataFrame({"response_id": ids, "theme": "t0", "score": np.nan})
    return Codes(coder="person", kind="human", themes=("t0",), seen=seen, table=table, **more)


def test_with_all_coded_by_hand_the_corrected_effect_is_that_of_peoples_codes():
    year, given = exact([100, 200], [[30, 90]])
    machine, responses = survey(year, np.random.default_rng(0).random(given.shape) < 0.4)
    human = by_hand(machine, given, np.arange(300))
    row = theme_regression(machine, responses, human=human).iloc[0]
    assert row["model"] == "corrected"
    assert row["estimate"] == pytest.approx(0.15)
    se = np.sqrt(0.3 * 0.7 / 100 + 0.45 * 0.55 / 200)
    assert (row["high"] - row["low"]) / 2 == pytest.approx(1.967 * se, rel=0.01)


@pytest.mark.slow
def test_hand_codes_take_off_the_machines_errors_that_depend_on_the_group():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(30):
        year = np.repeat([2021, 2022], 600)
        y = rng.random((1200, 1)) < 0.3
        f = y & (rng.random((1200, 1)) < np.where(year == 2022, 0.9, 0.5)[:, None])
        machine, responses = survey(year, f)
        human = by_hand(machine, y, np.sort(rng.permutation(1200)[:300]))
        for hand in (None, human):
            row = theme_regression(machine, responses, human=hand).iloc[0]
            found.append((row["estimate"], row["low"] <= 0 <= row["high"]))
    estimate, covered = np.array(found, float).reshape(30, 2, 2).transpose(2, 1, 0)
    assert estimate.mean(axis=1)[0] > 0.1  # the machine alone: a rise that nobody wrote about
    assert abs(estimate.mean(axis=1)[1]) < 0.02
    assert covered[1].mean() >= 0.85


def test_codes_that_were_picked_stand_for_themselves_and_too_few_give_no_estimate():
    year, given = exact([100, 200], [[30, 90]])
    machine, responses = survey(year, given)
    ids = machine.seen["response_id"]
    human = by_hand(machine, given, np.arange(300), picked=frozenset(ids[::2]))
    row = theme_regression(machine, responses, human=human).iloc[0]
    assert row["estimate"] == pytest.approx(0.15, abs=0.01)
    assert "150 random hand-coded responses" in row["note"]
    few = by_hand(machine, given, np.arange(0, 300, 60))
    row = theme_regression(machine, responses, human=few).iloc[0]
    assert row["model"] == "none"
    assert "random hand-coded responses" in row["note"]


def four_cells():
    """Years and roles with 200 responses in each of four cells, of these 40, 60, 50 and 110."""
    year = np.repeat([2021, 2021, 2022, 2022], 200)
    role = np.tile(np.repeat(["HIT", "PWP"], 200), 2)
    given = np.concatenate([np.arange(200) < k for k in (40, 60, 50, 110)])[:, None]
    return year, role, given


def test_an_interaction_is_the_difference_in_differences_of_the_cells():
    year, role, given = four_cells()
    table = theme_regression(*made(year, given, role=role), ["role"], interactions=["role"])
    row = table[table["covariate"] == "year:role"].iloc[0]
    # (110 - 60) / 200 - (50 - 40) / 200: a saturated model has the cells' own shares.
    assert row["estimate"] == pytest.approx(0.2)
    assert (row["level"], row["reference"], row["n"]) == ("2022:PWP", "2021:HIT", 800)
    shares = np.array([0.2, 0.3, 0.25, 0.55])
    se = np.sqrt((shares * (1 - shares) / 200).sum())
    assert (row["high"] - row["low"]) / 2 == pytest.approx(1.963 * se, rel=0.005)
    by_covariate = table.set_index("covariate")["estimate"]
    assert by_covariate["year"] == pytest.approx((0.05 + 0.25) / 2)
    assert by_covariate["role"] == pytest.approx((0.1 + 0.3) / 2)


def test_a_corrected_interaction_is_that_of_peoples_codes():
    year, role, given = four_cells()
    noise = np.random.default_rng(0).random(given.shape) < 0.4
    machine, responses = made(year, noise, role=role)
    human = by_hand(machine, given, np.arange(800))
    table = theme_regression(machine, responses, ["role"], human=human, interactions=["role"])
    row = table[table["covariate"] == "year:role"].iloc[0]
    assert row["estimate"] == pytest.approx(0.2)
    assert row["model"] == "corrected"


@pytest.mark.slow
def test_errors_that_depend_on_year_and_group_together_are_taken_off():
    rng = np.random.default_rng(4)
    found = []
    for _ in range(12):
        year, role = np.repeat([2021, 2022], 500), np.tile(["HIT", "PWP"], 500)
        both = (year == 2022) & (role == "PWP")
        y = rng.random((1000, 1)) < 0.3
        f = y & (rng.random((1000, 1)) < np.where(both, 0.9, 0.5)[:, None])
        machine, responses = made(year, f, role=role)
        human = by_hand(machine, y, np.sort(rng.permutation(1000)[:300]))
        for hand in (None, human):
            table = theme_regression(
                machine, responses, ["role"], human=hand, interactions=["role"]
            )
            row = table[table["covariate"] == "year:role"].iloc[0]
            found.append((row["estimate"], row["low"] <= 0 <= row["high"]))
    estimate, covered = np.array(found, float).reshape(12, 2, 2).transpose(2, 1, 0)
    assert estimate.mean(axis=1)[0] > 0.08
    assert abs(estimate.mean(axis=1)[1]) < 0.04
    assert covered[1].mean() >= 0.75


def test_an_empty_cell_is_aliased_and_an_interaction_must_be_a_covariate():
    year, role, given = four_cells()
    some = ~((year == 2022) & (role == "PWP"))
    table = theme_regression(
        *made(year[some], given[some], role=role[some]), ["role"], interactions=["role"]
    )
    row = table[table["covariate"] == "year:role"].iloc[0]
    assert row["note"].startswith("Aliased")
    with pytest.raises(InputError, match="must be covariates of the regression"):
        theme_regression(*made(year, given, role=role), interactions=["role"])
