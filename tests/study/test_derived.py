"""Tables worked out from other tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.study.derived import pole_difference

CLASSES = ("I only", "S only", "both", "neither")


def shares(counts, year=2014):
    """Prevalence of the four classes, with Wilson intervals."""
    n = int(np.sum(counts))
    low, high = wilson_interval(np.array(counts), np.full(4, n))
    return pd.DataFrame(
        {"theme": CLASSES, "year": year, "estimate": np.array(counts) / n, "low": low,
         "high": high, "n": n, "status": "shown", "note": ""}
    )  # fmt: skip


def test_in_a_large_sample_it_is_the_interval_of_a_multinomial():
    p, q, n = 0.2, 0.35, 100_000
    (row,) = pole_difference(
        shares([p * n, q * n, 0.1 * n, 0.35 * n])
    ).to_dict("records")  # fmt: skip
    se = np.sqrt((p + q - (p - q) ** 2) / n)
    assert np.isclose(row["estimate"], 0.15)
    np.testing.assert_allclose([row["low"], row["high"]], 0.15 + 1.96 * se * np.array([-1, 1]),
                               atol=1e-5)  # fmt: skip


@pytest.mark.slow
def test_its_interval_covers_in_small_samples():
    rng = np.random.default_rng(7)
    p = np.array([0.15, 0.25, 0.05, 0.55])
    drawn = rng.multinomial(120, p, size=2000)
    table = pd.concat([shares(counts, year) for year, counts in enumerate(drawn)])
    found = pole_difference(table)
    inside = (found["low"] <= 0.1) & (found["high"] >= 0.1)
    assert 0.94 < inside.mean() < 0.965


def test_what_is_suppressed_has_no_difference():
    table = shares([20, 40, 10, 30])
    table.loc[1, ["estimate", "low", "high"]] = np.nan
    table.loc[1, "status"] = "suppressed"
    before = table.copy()
    (row,) = pole_difference(table).to_dict("records")
    assert np.isnan([row["estimate"], row["low"], row["high"]]).all()
    assert row["status"] == "suppressed"
    pd.testing.assert_frame_equal(table, before)


def test_where_no_one_or_everyone_has_a_pole_the_interval_is_finite():
    for counts in ([0, 50, 0, 0], [0, 0, 0, 50], [50, 0, 0, 0]):
        (row,) = pole_difference(shares(counts)).to_dict("records")
        assert -1 <= row["low"] <= row["estimate"] <= row["high"] <= 1.0001
