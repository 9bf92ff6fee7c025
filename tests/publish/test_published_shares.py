"""Published shares are the exact ones but for rounding: with weights, and where answers cluster."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from standins import published_tables, study_of
from test_publish import FRAME, crafted, dealt, limits

from iapt_topics._base.errors import InputError
from iapt_topics.codes.axis import axis_codes
from iapt_topics.drift.drift import measure_drift
from iapt_topics.drift.prevalence import corrected_shares
from iapt_topics.drift.standardise import standardise_drift
from iapt_topics.publish.disclosure import EXACT, STRICT, parse_rule, preset
from iapt_topics.publish.published import publish
from iapt_topics.stats.intervals import jeffreys_interval
from iapt_topics.survey.respondents import response_quality

OFF = EXACT


def with_columns(results: dict, **columns) -> dict:
    """The survey with other columns, and what is measured of it."""
    survey = replace(results["responses"], table=results["responses"].table.assign(**columns))
    if "respondent_id" in columns:
        for name in ("codes", "human"):
            own = results.get(name, ())
            own = [own] if name == "codes" else own
            made = tuple(c.with_respondents(survey) for c in own)
            results = results | ({name: made[0] if name == "codes" else made} if made else {})
    results = results | {"responses": survey, "drift": measure_drift(results["codes"], survey)}
    axis = measure_drift(axis_codes(results["codes"], FRAME), survey)
    return results | {"axis_drift": axis}


def two_groups(*years: tuple[int, int, int, int]) -> list[dict]:
    """Groups of role A and B by year: how many of each, and how many of these have S1."""
    return [
        {"n": n, "year": 2014 + y, "machine": given, "role": role}
        for y, (n_a, has_a, n_b, has_b) in enumerate(years)
        for role, of, has in (("A", n_a, has_a), ("B", n_b, has_b))
        for n, given in ((has, ("S1",)), (of - has, ()))
    ]


def weighted(groups: list[dict], weight: dict[tuple[int, str], float]) -> dict:
    results = crafted(*groups)
    table = results["responses"].table
    keys = zip(table["year"], table["role"], strict=True)
    return with_columns(results, weight=[weight[k] for k in keys])


# Half of the year are A and half B; in 2015 few A answered, and weights make up for it.
EVEN_MIX = two_groups((300, 180, 300, 30), (80, 48, 520, 52))
EVEN_WEIGHTS = {
    (2014, "A"): 1.0, (2014, "B"): 1.0, (2015, "A"): 300 / 80, (2015, "B"): 300 / 520,
}  # fmt: skip


def test_weights_that_restore_the_mix_leave_no_published_change():
    results = weighted(EVEN_MIX, EVEN_WEIGHTS)
    exact = results["drift"].changes.query("theme == 'S1'").iloc[0]
    assert exact["estimate"] == pytest.approx(0, abs=1e-6)
    tables = published_tables(**results)
    shares = tables["drift_shares"].set_index(["theme", "year"]).loc["S1"]
    assert shares["estimate"].tolist() == pytest.approx([0.35, 0.35])  # unweighted, 1/6 in 2015
    assert (shares["note"] == "weighted").all()
    change = tables["drift_changes"].query("theme == 'S1'").iloc[0]
    for column in ("estimate", "low", "high"):
        assert change[column] == pytest.approx(exact[column], abs=0.01)
    assert tables["drift_trends"].query("theme == 'S1' and test == 'linear'")[
        "estimate"
    ].item() == pytest.approx(0, abs=1e-9)


def random_survey(seed: int) -> dict:
    """A survey of three years, of uneven weights, in which themes go with the weight."""
    rng = np.random.default_rng(seed)
    groups = []
    for year in (2014, 2015, 2016):
        for role in ("A", "B", "C"):
            n, share = int(rng.integers(60, 200)), rng.uniform(0.05, 0.6, 3)
            for k in range(n):
                given = tuple(t for t, s in zip(("I1", "S1", "S2"), share, strict=True)
                              if rng.random() < s)  # fmt: skip
                seen = given if k % 3 == 0 else None
                own = None if seen is None else tuple(t for t in given if rng.random() < 0.8)
                groups.append({"n": 1, "year": year, "machine": given, "human": own, "role": role})
    results = crafted(*groups)
    table = results["responses"].table
    level = {(y, r): rng.uniform(0.3, 2.0) for y in (2014, 2015, 2016) for r in "ABC"}
    by_group = [level[k] for k in zip(table["year"], table["role"], strict=True)]
    person = [f"p{i}" for i in rng.integers(0, len(table), len(table))]
    weight = np.array(by_group) * rng.uniform(0.7, 1.3, len(table))
    results = with_columns(results, respondent_id=person, weight=weight)
    standard = standardise_drift(results["codes"], results["responses"], ["role"])
    return results | {"standardised": standard}


@pytest.fixture(
    scope="module", params=[0, 1, *(pytest.param(i, marks=pytest.mark.slow) for i in range(2, 6))]
)
def case(request):
    results = random_survey(request.param)
    return results, published_tables(**results), published_tables(**results, disclosure=OFF)


def step_of(results: dict) -> float:
    """What sums of weights are rounded to: 5, or the multiple of it at twice the largest."""
    kept = results["responses"].kept
    mean = kept.groupby("year")["weight"].transform("mean")
    return float(5 * np.ceil(2 * (kept["weight"] / mean).max() / 5))


def test_published_shares_and_changes_are_the_exact_ones_but_for_rounding(case):
    results, tables, _ = case
    smallest = results["drift"].shares["n"].min()
    off = (step_of(results) / 2 + 2.5) / (smallest - 2.5)
    for name, exact in (("drift", results["drift"]), ("axis", results["axis_drift"])):
        keys = ["theme", "year"]
        both = tables[f"{name}_shares"].merge(exact.shares, on=keys, suffixes=("", "_exact"))
        shown = both["estimate"].notna()
        assert shown.sum() >= 9
        gap = (both["estimate"] - both["estimate_exact"])[shown].abs()
        assert gap.max() <= off
        assert (
            ((both["high"] - both["low"]) / (both["high_exact"] - both["low_exact"]))[shown]
            .between(0.85, 1.15)
            .all()
        )
    keys = ["theme", "year", "kind"]
    both = tables["drift_changes"].merge(results["drift"].changes, on=keys, suffixes=("", "_exact"))
    assert (both["estimate"] - both["estimate_exact"]).abs().max() <= 2 * off
    clear = both[(both["estimate_exact"].abs() > 2 * off) & both["estimate"].notna()]
    assert len(clear) >= 3
    assert (np.sign(clear["estimate"]) == np.sign(clear["estimate_exact"])).all()
    crude = tables["standardised_changes"].merge(
        results["standardised"].changes.query("method == 'crude'"), on=["theme", "year"]
    )
    assert (crude["crude"] - crude["estimate_y"]).abs().max() <= 2 * off + 0.005


def test_weights_change_nothing_of_what_is_suppressed(case):
    results, tables, _ = case
    table = results["responses"].table.drop(columns="weight")
    survey = replace(results["responses"], table=table)
    plain = published_tables(**results | {"responses": survey})
    for name in ("drift_shares", "axis_shares", "pole_shares", "theme_shares", "agreement_years"):
        assert (tables[name]["note"] == "suppressed").equals(plain[name]["note"] == "suppressed")
        assert tables[name]["status"].equals(plain[name]["status"])
    # What is not weighted when exact is not weighted when published.
    for name in (
        "agreement_years",
        "agreement_themes",
        "topics",
        "respondent_mix",
        "response_quality",
    ):
        pd.testing.assert_frame_equal(tables[name], plain[name])


def test_where_nothing_is_rounded_the_published_shares_are_the_exact_ones(case):
    results, _, off = case
    exact = results["drift"].shares
    for column, near in (("estimate", 1e-6), ("low", 0.003), ("high", 0.003)):
        np.testing.assert_allclose(off["drift_shares"][column], exact[column], atol=near)
    human = corrected_shares(results["codes"], results["human"][0], results["responses"])
    human = human[human["method"] == "corrected"]
    both = off["corrected_shares"].merge(human, on=["theme", "year"], suffixes=("", "_exact"))
    np.testing.assert_allclose(both["estimate"], both["estimate_exact"], atol=1e-6)
    # All years together: each year's weights have mean 1.
    kept = results["responses"].kept
    given = results["codes"].matrix(kept["response_id"].tolist())
    weight = kept["weight"] / kept.groupby("year")["weight"].transform("mean")
    np.testing.assert_allclose(
        off["theme_shares"]["estimate"], np.average(given, axis=0, weights=weight)
    )


@pytest.mark.slow
@pytest.mark.parametrize("heavy", [1.2, 3.75, 20.0])
def test_no_count_of_a_group_follows_from_a_weighted_one(heavy):
    # A reader knows the weights and, from elsewhere, that 60 of 200 have the theme: how many of
    # the 30 of the heavier group are among them?
    rules = (STRICT, preset("min10"), preset("default"))
    found: dict[str, dict[float, list[int]]] = {rule.name: {} for rule in rules}
    for has in range(10, 27):
        groups = two_groups((30, has, 170, 60 - has), (100, 50, 100, 50))
        weight = {(2014, "A"): heavy, (2014, "B"): 1.0, (2015, "A"): 1.0, (2015, "B"): 1.0}
        study = study_of(**weighted(groups, weight))
        for rule in rules:
            shares = publish(study, rule).tables["drift_shares"]
            row = shares.set_index(["theme", "year"]).loc[("S1", 2014)]
            assert row["n"] == rule.rounded(200)
            found[rule.name].setdefault(row["count"], []).append(has)
    for name, counts in found.items():
        # The first and last values go on beyond those that were tried.
        inner = list(counts.values())[1:-1]
        assert all(len(values) >= 2 for values in inner), name
        assert max(map(len, counts.values())) >= 2, name


def pairs(n: int, share: float) -> dict:
    """``n`` responses of each year, two of each person, who gave the theme to both or to none."""
    has = 2 * round(n * share / 2)
    groups = [
        {"n": k, "year": y, "machine": given}
        for y in (2014, 2015)
        for k, given in ((has, ("S1",)), (n - has, ()))
    ]
    results = crafted(*groups)
    person = [f"p{i // 2}" for i in range(2 * n)]
    return with_columns(results, respondent_id=person)


@pytest.mark.parametrize(("n", "share"), [(600, 26 / 600), (100, 0.9), (600, 0.5), (300, 0.1)])
def test_the_design_effect_of_a_published_interval_is_that_of_the_exact_one(n, share):
    results = pairs(n, share)
    exact = results["drift"].shares.query("theme == 'S1'").iloc[0]
    assert exact["n"] / exact["n_effective"] == pytest.approx(2, abs=0.05)
    fine = published_tables(**results, disclosure=preset("min5"))
    row = fine["drift_shares"].query("theme == 'S1'").iloc[0]
    assert "n_effective" not in row
    low, high = (float(x) for x in jeffreys_interval(exact["count"] / 2, n / 2))
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert (row["low"], row["high"]) == pytest.approx((exact["low"], exact["high"]), abs=0.002)
    rounded = published_tables(**results, disclosure=parse_rule(5))
    row = rounded["drift_shares"].query("theme == 'S1'").iloc[0]
    low, high = limits(row["count"], row["n"], 2)
    assert (row["low"], row["high"]) == pytest.approx((low, high))


def test_how_people_answered_is_as_sure_when_published_as_when_exact():
    results = pairs(600, 0.5)
    table = results["responses"].table
    status = np.where(table["respondent_id"].str[1:].astype(int) % 5 == 0, "blank", "kept")
    survey = replace(results["responses"], table=table.assign(status=status))
    results |= {"responses": survey, "drift": measure_drift(results["codes"], survey)}
    exact = response_quality(survey).query("measure == 'blank'")
    assert (exact["n"] / exact["n_effective"]).tolist() == pytest.approx([2, 2], abs=0.05)
    kept = survey.kept["response_id"].tolist()
    same = np.zeros(len(kept), dtype=int)
    results["topics"], results["mapping"] = dealt(kept, same, np.full(len(kept), 0.9), 1)
    shown = published_tables(**{k: v for k, v in results.items() if k != "axis_drift"})
    shown = shown["response_quality"].query("measure == 'blank'")
    for column in ("estimate", "low", "high"):
        assert shown[column].tolist() == pytest.approx(exact[column].tolist(), abs=0.002)


def test_the_width_from_how_responses_were_assigned_is_published():
    results = pairs(600, 0.3)
    codes, rng = results["codes"], np.random.default_rng(0)
    draws = [
        replace(codes, table=codes.table.sample(frac=f, random_state=int(rng.integers(99))))
        for f in (0.8, 0.9, 1.0)
    ]
    drift = measure_drift(codes, results["responses"], draws=draws)
    exact = drift.shares.query("theme == 'S1'").iloc[0]
    assert exact["n"] / exact["n_effective"] > 3
    row = published_tables(**results | {"drift": drift})["drift_shares"]
    row = row.query("theme == 'S1'").iloc[0]
    assert row["high"] - row["low"] == pytest.approx(exact["high"] - exact["low"], rel=0.05)


def test_corrected_shares_are_not_published_as_those_of_the_codes():
    results = random_survey(0)
    human = results["human"][0]
    results["drift"] = measure_drift(results["codes"], results["responses"], human=human)
    with pytest.raises(InputError, match="without human="):
        published_tables(**results)
