"""Two one-sided tests: that prevalence did not change beyond a bound."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from statsmodels.stats.weightstats import zconfint

from iapt_topics import InputError
from iapt_topics.drift import equivalence_table


def changes(estimate, half, **more):
    estimate, half = np.asarray(estimate, float), np.asarray(half, float)
    return pd.DataFrame(
        {
            "theme": [f"t{i}" for i in range(len(estimate))],
            "year": 2018,
            "against": 2014,
            "estimate": estimate,
            "low": estimate - half,
            "high": estimate + half,
            "n": 600,
        }
        | more
    )


def test_p_is_the_larger_of_two_one_sided_z_tests():
    found = equivalence_table(changes([0.01], [0.0392]), bound=0.05)
    assert found["p"][0] == pytest.approx(norm.sf(0.04 / 0.02), rel=1e-3)
    assert found[["low", "high"]].to_numpy()[0] == pytest.approx(
        [0.01 - 1.6449 * 0.02, 0.01 + 1.6449 * 0.02], abs=1e-5
    )


def test_it_rejects_just_where_the_90_percent_interval_lies_within_the_bound():
    rng = np.random.default_rng(1)
    for row in range(200):
        found = equivalence_table(
            changes(rng.normal(0, 0.03, 1), rng.uniform(0.01, 0.1, 1)), bound=0.05
        )
        inside = (found["low"] > -0.05) & (found["high"] < 0.05)
        assert ((found["p"] < 0.05) == inside).all(), row


def test_the_tests_of_many_themes_are_holms_and_one_without_an_interval_is_not_shown():
    found = equivalence_table(changes([0.0, 0.0, np.nan], [0.03, 0.07, 0.01]), bound=0.05)
    assert found["p_holm"][0] == pytest.approx(2 * found["p"][0])
    assert found["verdict"].tolist() == ["no change beyond the bound", "not shown", "not shown"]
    assert np.isnan(found["p"][2])


def test_size_at_the_bound_is_five_percent():
    rng = np.random.default_rng(2)
    n, p0 = 400, 0.2
    said = 0
    for _ in range(400):
        first, last = rng.binomial(n, p0, 5) / n, rng.binomial(n, p0 + 0.05, 5) / n
        half = 1.96 * np.sqrt(first * (1 - first) / n + last * (1 - last) / n)
        said += (equivalence_table(changes(last - first, half), bound=0.05)["p"] < 0.05).sum()
    assert said / 2000 <= 0.06


def test_bad_bounds_and_tables_are_refused_and_only_the_baseline_is_tested():
    both = pd.concat([changes([0.0], [0.02]).assign(kind=k) for k in ("baseline", "previous")])
    assert len(equivalence_table(both)) == 1
    with pytest.raises(InputError, match="bound"):
        equivalence_table(both, bound=5)
    with pytest.raises(InputError, match="low"):
        equivalence_table(both.drop(columns="low"))


def test_the_90_percent_interval_is_statsmodels():
    rng = np.random.default_rng(0)
    sample = rng.normal(size=50)
    low, high = zconfint(sample, alpha=0.05)
    table = changes([sample.mean()], [(high - low) / 2])
    found = equivalence_table(table, bound=0.5)
    assert found[["low", "high"]].to_numpy()[0] == pytest.approx(zconfint(sample, alpha=0.1))
