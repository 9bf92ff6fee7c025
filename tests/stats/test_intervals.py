from __future__ import annotations

import numpy as np
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.stats.divergence import jensen_shannon
from iapt_topics.stats.intervals import (
    jeffreys_interval,
    newcombe_interval,
    normal_quantile,
    paired_interval,
    smallest_detectable,
    wilson_interval,
)
from iapt_topics.stats.multiplicity import benjamini_hochberg, holm
from iapt_topics.stats.resampling import (
    cluster_weights,
    design_effect,
    jackknife_interval,
    kish_size,
    percentile_interval,
    resample_counts,
)

# Benjamini and Hochberg (1995), J R Stat Soc B 57:289-300, section 4: fifteen p-values. At 5 %
# their method rejects the four smallest; Bonferroni and Holm reject three.
BH_1995 = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
    0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # Newcombe (1998), Stat Med 17:857-872, table I, method 3 (score, no continuity correction).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_matches_the_published_intervals(count, n, low, high):
    assert np.allclose(wilson_interval(count, n), (low, high), atol=6e-5)


def test_wilson_broadcasts_and_is_nan_only_for_an_empty_sample():
    low, high = wilson_interval([[0], [0]], [0, 10, 5])
    assert low.shape == high.shape == (2, 3)
    assert np.isnan(low[:, 0]).all()
    assert np.isnan(high[:, 0]).all()
    assert not np.isnan(low[:, 1:]).any()


def test_wilson_is_symmetric_and_exact_at_the_ends():
    low, high = wilson_interval([0, 3, 10], 10)
    other_low, other_high = wilson_interval([10, 7, 0], 10)
    assert np.allclose(low, 1 - other_high)
    assert np.allclose(high, 1 - other_low)
    assert low[0] == 0.0
    assert high[2] == 1.0


@pytest.mark.parametrize(("count", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_wilson_rejects_an_impossible_count(count, n):
    with pytest.raises(InputError, match="between 0 and n"):
        wilson_interval(count, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_confidence_must_be_a_fraction(confidence):
    with pytest.raises(InputError, match="confidence"):
        normal_quantile(confidence)


def test_jeffreys_matches_statsmodels_and_closes_the_ends():
    from statsmodels.stats.proportion import proportion_confint

    for count, n in ((3, 20), (1, 7), (40, 41), (2.5, 9.5)):
        wanted = proportion_confint(count, n, method="jeffreys")
        assert np.allclose(jeffreys_interval(count, n), wanted, atol=1e-9)
    low, high = jeffreys_interval([0, 10, 0], [10, 10, 0])
    assert low.tolist() == [0, jeffreys_interval(10, 10)[0], 0]
    assert high.tolist() == [jeffreys_interval(0, 10)[1], 1, 1]
    assert np.allclose(low[1], 1 - high[0])


@pytest.mark.parametrize(
    ("x1", "n1", "x2", "n2", "low", "high"),
    # Newcombe (1998), Stat Med 17:873-890, table II, method 10.
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0000),
        (10, 10, 0, 10, 0.6075, 1.0000),
    ],
)
def test_newcombe_matches_the_published_intervals(x1, n1, x2, n2, low, high):
    assert np.allclose(newcombe_interval(x1, n1, x2, n2), (low, high), atol=6e-5)


def test_cluster_weights_draw_whole_clusters():
    clusters = np.array(["b", "a", "b", "c", "a", "b"])
    weights = cluster_weights(clusters, 200, seed=3)
    assert weights.dtype == np.int32
    assert weights.shape == (200, 6)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 1] == weights[:, 4]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert abs(weights.mean() - 1) < 0.1


def test_cluster_weights_follow_the_seed_and_not_the_order_of_units():
    clusters = np.array(["b", "a", "b", "c", "a", "b"])
    order = np.array([5, 3, 1, 0, 2, 4])
    weights = cluster_weights(clusters, 50, seed=1)
    assert (cluster_weights(clusters, 50, seed=1) == weights).all()
    assert (cluster_weights(clusters[order], 50, seed=1) == weights[:, order]).all()
    assert (cluster_weights(clusters, 50, seed=2) != weights).any()


def test_cluster_weights_degenerate_cases():
    assert cluster_weights([], 5, seed=0).shape == (5, 0)
    assert (cluster_weights(["a", "a"], 5, seed=0) == 1).all()
    assert resample_counts(0, 2, np.random.default_rng(0)).shape == (2, 0)
    with pytest.raises(InputError, match="n_boot"):
        cluster_weights(["a"], 0, seed=0)
    with pytest.raises(InputError, match="one-dimensional"):
        cluster_weights([["a"]], 1, seed=0)


def test_percentile_interval_ignores_missing_draws():
    draws = np.stack([np.arange(101.0), np.full(101, np.nan), np.full(101, 7.0)], axis=1)
    draws = np.concatenate([draws, [[np.nan, np.nan, np.nan]]])
    low, high = percentile_interval(draws, 0.9)
    assert np.allclose(low, [5, np.nan, 7], equal_nan=True)
    assert np.allclose(high, [95, np.nan, 7], equal_nan=True)
    assert np.isnan(percentile_interval([])).all()


def test_benjamini_hochberg_matches_the_published_example():
    adjusted = benjamini_hochberg(BH_1995)
    assert (adjusted <= 0.05).tolist() == [True] * 4 + [False] * 11
    # By hand: p(i) * 15 / i, made monotone from the largest.
    by_hand = [0.0015, 0.0030, 0.0095, 0.035625, 0.0603]
    assert np.allclose(adjusted[:5], by_hand)
    assert adjusted[-1] == 1.0


@pytest.mark.parametrize(
    "names",
    [
        lambda c: c, lambda c: 7 * c, lambda c: c - 3, lambda c: c * 10**9,
        lambda c: c.astype(str), lambda c: c.astype(object),
    ],
)  # fmt: skip
def test_a_design_effect_does_not_hang_on_the_names_of_clusters(names):
    rng = np.random.default_rng(3)
    clusters, weights = np.sort(rng.integers(0, 40, 90)), rng.uniform(0.5, 2, 90)
    errors = rng.integers(0, 2, 90) - rng.uniform(0.2, 0.3)
    at = np.unique(clusters, return_inverse=True)[1]
    own, largest = (
        (np.bincount(at, v) ** 2).sum() / (v**2).sum() for v in (weights * errors, weights)
    )
    got = design_effect(errors, weights, names(clusters))
    assert got == pytest.approx(min(max(own, 1), largest), abs=1e-12)
    assert design_effect(errors, weights, names(np.arange(90))) == 1.0


@pytest.mark.parametrize(("n_clusters", "n_boot"), [(2, 9), (318, 500), (70_000, 4), (1, 3)])
def test_resamples_are_those_of_one_draw_after_the_other(n_clusters, n_boot):
    rng, by_row = np.random.default_rng(7), np.random.default_rng(7)
    counts = resample_counts(n_clusters, n_boot, rng)
    for row in counts if n_clusters > 1 else ():
        drawn = by_row.integers(0, n_clusters, n_clusters)
        assert np.array_equal(row, np.bincount(drawn, minlength=n_clusters))
    assert (counts.sum(axis=1) == n_clusters).all()
    assert rng.bit_generator.state == by_row.bit_generator.state


def test_benjamini_hochberg_is_that_of_scipy_to_the_bit():
    from scipy.stats import false_discovery_control

    rng = np.random.default_rng(0)
    for n in (1, 2, 17, 400):
        p = rng.uniform(0, 1, n) ** 3
        p[::3] = p[0]  # ties
        assert np.array_equal(benjamini_hochberg(p), false_discovery_control(p))


def test_holm_matches_the_published_example():
    adjusted = holm(BH_1995)
    assert (adjusted <= 0.05).tolist() == [True] * 3 + [False] * 12
    assert np.allclose(adjusted[:4], [0.0015, 0.0056, 0.0247, 0.1140])
    assert (adjusted[9:] == 1.0).all()


def test_a_jackknife_of_means_is_a_t_interval():
    from scipy import stats

    roots = np.random.default_rng(0).uniform(0.2, 0.8, (30, 2))
    # If disagreement is the square of a mean, its roots without each value are those of means.
    n, mean = len(roots), roots.mean(axis=0)
    got = jackknife_interval(1 - mean**2, 1 - ((n * mean - roots) / (n - 1)) ** 2)
    wanted = stats.t.interval(0.95, n - 1, mean, stats.sem(roots))
    assert np.allclose(got, 1 - np.array(wanted)[::-1] ** 2)
    # A mean has no bias to take off.
    assert np.allclose(
        jackknife_interval(1 - mean**2, 1 - ((n * mean - roots) / (n - 1)) ** 2, unbiased=True),
        got,
    )


def test_a_jackknife_takes_off_bias_and_holds_the_estimate():
    # A root of disagreement of 0.5 - 2 / n on n = 10 clusters, which differ but little.
    n, noise = 10, np.linspace(-1e-4, 1e-4, 10)
    estimate, rest = 1 - (0.5 - 2 / n) ** 2, 1 - (0.5 - 2 / (n - 1) + noise) ** 2
    low, high = jackknife_interval(estimate, rest, unbiased=True)
    assert low == pytest.approx(1 - 0.5**2, abs=2e-3)
    assert high == estimate


def test_a_jackknife_without_a_width():
    for estimate, rest in ((1.0, [1.0, 1.0, 1.0]), (0.5, [0.5]), (0.5, [np.nan, 0.5])):
        assert np.isnan(jackknife_interval(estimate, rest)).all()
    assert np.allclose(jackknife_interval(0.5, [0.5, 0.5]), 0.5)


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm])
def test_adjustment_keeps_missing_values_shape_and_order(adjust):
    p = np.array([[0.04, np.nan], [0.001, 0.03]])
    before = p.copy()
    out = adjust(p)
    assert np.array_equal(p, before, equal_nan=True)
    assert out.shape == (2, 2)
    assert np.isnan(out[0, 1])
    assert np.allclose(out[[0, 1, 1], [0, 0, 1]], adjust([0.04, 0.001, 0.03]))
    assert np.isnan(adjust([np.nan])).all()
    assert adjust([]).shape == (0,)
    with pytest.raises(InputError, match="between 0 and 1"):
        adjust([1.2])


def test_jensen_shannon_known_values():
    assert jensen_shannon([2, 2], [1, 1]) == 0.0
    assert jensen_shannon([1, 0], [0, 5]) == pytest.approx(1.0)
    # By hand: divergence of (1, 0) and (1/2, 1/2) is 1.5 - 0.75 log2 3 = 0.311278.
    assert jensen_shannon([1, 0], [0.5, 0.5]) == pytest.approx(np.sqrt(1.5 - 0.75 * np.log2(3)))
    assert jensen_shannon([3, 1, 0], [1, 1, 2]) == jensen_shannon([1, 1, 2], [3, 1, 0])
    assert np.isnan(jensen_shannon([0, 0], [1, 2]))
    with pytest.raises(InputError, match="weights"):
        jensen_shannon([-1, 2], [1, 1])


def test_jensen_shannon_agrees_with_scipy_and_with_one_row():
    from scipy.spatial.distance import jensenshannon

    rng = np.random.default_rng(0)
    p, q = rng.integers(0, 9, (20, 6)) + 0.0, rng.integers(1, 9, (20, 6)) + 0.0
    rows = jensen_shannon(p, q)
    assert np.allclose(rows, [jensenshannon(a, b, 2) for a, b in zip(p, q, strict=True)])
    assert np.allclose(rows, [jensen_shannon(a, b) for a, b in zip(p, q, strict=True)])


def test_smallest_detectable_matches_power_prop_test():
    # R documentation of power.prop.test: n = 50 a group, p1 = 0.50, power 0.90 gives p2 = 0.8026;
    # p1 = 0.50, p2 = 0.75, power 0.90 needs n = 76.7.
    assert smallest_detectable(0.5, 50, 50, power=0.9) == pytest.approx(0.3026, abs=5e-5)
    assert smallest_detectable(0.5, 76.65, 76.65, power=0.9) == pytest.approx(0.25, abs=5e-4)


def test_smallest_detectable_falls_with_n_and_is_nan_when_nothing_is_detectable():
    out = smallest_detectable(0.2, [30, 100, 1000], [30, 100, 1000])
    assert (np.diff(out) < 0).all()
    assert np.allclose(smallest_detectable(0.3, 80, 90), smallest_detectable(0.7, 80, 90))
    assert smallest_detectable(0.0, 500, 500) > 0
    assert np.isnan(smallest_detectable([0.5, 0.2], [2, 0], [2, 50])).all()
    with pytest.raises(InputError, match="power"):
        smallest_detectable(0.2, 10, 10, power=80)
    with pytest.raises(InputError, match="p must"):
        smallest_detectable(20, 10, 10)


def test_paired_interval_by_hand_and_its_ends():
    # Bonett and Price (2012), equation 5: p12 = 5/102, p21 = 13/102.
    low, high = paired_interval(4, 12, 100)
    half = 1.959964 * np.sqrt((18 / 102 - (8 / 102) ** 2) / 102)
    assert np.allclose((low, high), (8 / 102 - half, 8 / 102 + half), atol=1e-6)
    back = paired_interval(12, 4, 100)
    assert np.allclose((low, high), (-back[1], -back[0]))
    low, high = paired_interval([0, 9, 0], [0, 0, 9], [50, 9, 9])
    assert (low[0] < 0 < high[0], low[1], high[2]) == (True, -1, 1)


def test_paired_interval_covers():
    rng = np.random.default_rng(0)
    for n, cells in ((30, (0.1, 0.02, 0.88)), (300, (0.02, 0.02, 0.96)), (100, (0.3, 0.1, 0.6))):
        b, c, _ = rng.multinomial(n, cells, 4000).T
        low, high = paired_interval(b, c, n)
        truth = cells[1] - cells[0]
        assert 0.93 < np.mean((low <= truth) & (truth <= high)) < 0.985


def test_effective_numbers():
    assert kish_size([2, 2, 2]) == 3
    assert kish_size([]) == 0
    assert kish_size([1, 1, 2]) == pytest.approx(16 / 6)
    error = np.tile([0.9, -0.1, -0.1, 0.9, -0.1, -0.1], 10)
    once = np.ones(60)
    assert design_effect(error, once, np.arange(60)) == 1
    assert design_effect(error, once, np.arange(60) // 3) == pytest.approx(1.0)
    alike = np.repeat([0.9, -0.1, -0.1, 0.9], 15)
    assert design_effect(alike, once, np.arange(60) // 3) == pytest.approx(3)
    # Too few errors to tell: taken to be alike.
    assert design_effect(np.zeros(60), once, np.arange(60) // 3) == pytest.approx(3)
