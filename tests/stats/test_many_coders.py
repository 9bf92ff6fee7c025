"""Agreement among many coders against irrCAC's and oolong's published values and krippendorff."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from iapt_topics import stats
from iapt_topics._base.errors import InputError

N = None
#: irrCAC's cac.raw4raters: 12 units, 4 raters, some missing.
FOUR_RATERS = [
    [1, 1, N, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [N, 5, 5, 5], [N, N, 1, 1], [N, N, 3, N],
]  # fmt: skip
#: irrCAC's distrib.6raters: how many of 6 raters put a patient in each of 5 categories.
SIX_RATERS = [
    "00060", "03003", "01401", "00006", "03030", "20400", "00402", "20310", "20040", "00006",
    "10050", "11040", "03300", "10050", "02031",
]  # fmt: skip


def from_counts(rows):
    return [[k for k, n in enumerate(row) for _ in range(int(n))] for row in rows]


def of_chance(observed, expected):
    return (observed - expected) / (1 - expected)


@pytest.mark.parametrize(
    ("measure", "observed", "expected", "printed"),
    [  # pa, pe and the coefficient of irrCAC's README; the last is printed to five places
        (stats.krippendorff_alpha, 0.805, 0.24, 0.74342),
        (stats.fleiss_kappa, 0.8181818, 0.2387153, 0.76117),
        (stats.conger_kappa, 0.8181818, 0.2334252, 0.76282),
        (stats.many_coder_ac1, 0.8181818, 0.1903212, 0.77544),
    ],
)
def test_four_raters_as_published_by_irrcac(measure, observed, expected, printed):
    found = float(measure(FOUR_RATERS))
    assert found == pytest.approx(of_chance(observed, expected), abs=1e-6)
    assert round(found, 5) == printed


@pytest.mark.parametrize(
    ("measure", "printed"),
    [
        (stats.many_coder_ac1, 0.4448007),
        (stats.fleiss_kappa, 0.4139265),
        (stats.krippendorff_alpha, 0.4204384),
    ],
)
def test_six_raters_as_published_by_irrcac(measure, printed):
    assert float(measure(from_counts(SIX_RATERS))) == pytest.approx(printed, abs=1e-6)


def test_groups_as_published_by_irrcac():
    rows = [
        "301",
        "211",
        "211",
        "202",
        "310",
        "310",
        "040",
        "031",
        "004",
        "310",
        "040",
        "031",
        "022",
        "004",
        "310",
    ]
    found = stats.many_coder_ac1(from_counts(rows))
    assert float(found) == pytest.approx(0.3518903, abs=1e-6)


labels_with_gaps = arrays(int, (12, 4), elements=st.integers(-1, 3))


@given(labels_with_gaps)
@settings(max_examples=60)
def test_alpha_is_that_of_krippendorff(table):
    known = np.where(table < 0, np.nan, table)
    used = np.unique(table[(table >= 0) & ((table >= 0).sum(axis=1) > 1)[:, None]])
    found = float(stats.krippendorff_alpha(known))
    if len(used) < 2:
        assert np.isnan(found)
        return
    theirs = krippendorff.alpha(reliability_data=known.T, level_of_measurement="nominal")
    assert found == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("name", ["masi", "jaccard"])
def test_set_alpha_is_that_of_krippendorff_with_the_same_distance(name):
    rng = np.random.default_rng(3)
    sets = rng.random((40, 3, 4)) < 0.35
    coded = rng.random((40, 3)) < 0.8
    number = sets @ (2 ** np.arange(4))
    data = np.where(coded, number, -1)
    of = {"masi": stats.masi_distance, "jaccard": stats.jaccard_distance}[name]
    bits = (np.arange(16)[:, None] >> np.arange(4)) & 1

    def distance(v1, v2, **_):
        return of(bits[np.asarray(v1, int)], bits[np.asarray(v2, int)]).astype(float)

    theirs = krippendorff.alpha(
        reliability_data=np.where(data < 0, np.nan, data).T,
        value_domain=list(range(16)),
        level_of_measurement=distance,
    )
    found = stats.many_coder_set_alpha(sets, coded, name)
    assert float(found) == pytest.approx(theirs, abs=1e-9)


def test_with_two_coders_they_are_the_measures_of_two():
    rng = np.random.default_rng(1)
    pair = rng.integers(0, 3, (50, 2))
    table = stats.confusion_table(pair[:, 0], pair[:, 1])
    for many, two in (
        (stats.krippendorff_alpha, stats.nominal_alpha),
        (stats.fleiss_kappa, stats.scott_pi),
        (stats.conger_kappa, stats.cohen_kappa),
        (stats.many_coder_ac1, stats.gwet_ac1),
    ):
        assert float(many(pair)) == pytest.approx(float(two(table)), abs=1e-12)
    sets = rng.random((30, 2, 4)) < 0.4
    both = stats.many_coder_set_alpha(sets, np.ones((30, 2), bool))
    assert float(both) == pytest.approx(float(stats.set_alpha(sets[:, 0], sets[:, 1])), abs=1e-12)


@given(labels_with_gaps, st.integers(0, 9))
@settings(max_examples=30)
def test_a_weight_of_two_is_the_unit_twice(table, seed):
    labels = np.where(table < 0, None, table)
    counts = np.random.default_rng(seed).integers(0, 3, 12)
    repeated = np.repeat(labels, counts, axis=0)
    sets = (table[:, :, None] >> np.arange(2)) & 1 == 1
    twice = np.repeat(sets, counts, axis=0), np.repeat(table >= 0, counts, axis=0)
    for measure in (stats.krippendorff_alpha, stats.fleiss_kappa, stats.conger_kappa):
        np.testing.assert_allclose(measure(labels, counts), measure(repeated), atol=1e-12)
    np.testing.assert_allclose(
        stats.many_coder_set_alpha(sets, table >= 0, weights=counts),
        stats.many_coder_set_alpha(*twice), atol=1e-12,
    )  # fmt: skip


def test_the_published_example_of_oolong():
    """Chan & Saelzer (2020), JOSS 5(55):2461: 20 topics, six words each, two raters."""
    from scipy.stats import combine_pvalues

    both = [0.5, 0, 0, 0.5, 0, 0.5, 0, 0, 1, 0, 0, 1, 0, 1, 0.5, 0, 0.5, 0.5, 0.5, 0.5]
    right = np.array([[s >= 0.5, s == 1] for s in both])
    # Their precisions are .3 and .4: one of the halves is the second rater's... five, of eight.
    halves = np.flatnonzero(np.array(both) == 0.5)
    right[halves[3:], :] = [False, True]
    n_right = right.sum(axis=0)
    assert sorted(n_right / 20) == [0.3, 0.4]
    assert right.mean() == pytest.approx(0.35)
    assert np.quantile(right.mean(axis=0), [0, 0.25, 0.5, 0.75, 1]).round(3).tolist() == [
        0.3, 0.325, 0.35, 0.375, 0.4,
    ]  # fmt: skip
    p = [stats.chance_p(int(n), [1 / 6] * 20) for n in n_right]
    assert round(float(combine_pvalues(p, "fisher").pvalue), 4) == 0.0089
    assert round(float(stats.krippendorff_alpha(right)), 3) == 0.143


def test_chance_is_binomial_where_all_chances_are_one():
    from scipy.stats import binom

    for n in range(11):
        assert stats.chance_p(n, [0.25] * 10) == pytest.approx(binom.sf(n - 1, 10, 0.25))
    assert stats.chance_p(2, [1.0, 0.5, 0.0]) == pytest.approx(0.5)


def test_what_cannot_be_measured_is_nan_or_refused():
    assert np.isnan(stats.krippendorff_alpha([[1, None], [None, 2]]))
    assert np.isnan(stats.fleiss_kappa([[1, 1], [1, 1]]))
    assert np.isnan(stats.conger_kappa([[1], [2]]))
    with pytest.raises(InputError, match="a row for each unit"):
        stats.krippendorff_alpha([1, 2, 3])
    with pytest.raises(InputError, match="weights"):
        stats.fleiss_kappa([[1, 2]], [1, 1, 1])
    with pytest.raises(InputError, match="n_labels"):
        stats.many_coder_ac1([[1, 2]], n_labels=1)
    with pytest.raises(InputError, match="sets"):
        stats.many_coder_set_alpha([[1, 0]], [[1, 1]])
    with pytest.raises(InputError, match="distance"):
        stats.many_coder_set_alpha(np.ones((2, 2, 2)), np.ones((2, 2)), "cosine")
    with pytest.raises(InputError, match="chances"):
        stats.chance_p(1, [2.0])
    with pytest.raises(InputError, match="n_right"):
        stats.chance_p(3, [0.5])
