from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from iapt_topics import stats as m
from iapt_topics._base.errors import InputError

TABLE = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
ON_TABLES = [m.cohen_kappa, m.scott_pi, m.gwet_ac1, m.pabak, m.nominal_alpha]
DISTANCES = {"masi": m.masi_distance, "jaccard": m.jaccard_distance}
counts_2x2 = arrays(int, (2, 2), elements=st.integers(0, 50))
pairs_of_sets = arrays(bool, (2, 12, 4))


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (m.cohen_kappa, 0.7964094),
        (m.scott_pi, 0.7962397),
        (m.gwet_ac1, 0.8493305),
        (m.pabak, 0.835),
        (m.nominal_alpha, 0.7972585),
    ],
)
def test_published_table(measure, value):
    assert float(measure(TABLE)) == pytest.approx(value, abs=1e-6)


def test_prevalence_paradox():
    a, b, c, d = np.array([[23, 23, 23, 1474], [748, 23, 23, 749], [0, 23, 23, 1497]]).T
    table = m.table_2x2(a, b, c, d)
    assert table.shape == (3, 2, 2)
    # To three places as published (.485, .940, -.015 and .968, .940, .969); the rest worked by hand
    # from the definitions, in fractions.
    kappa = [1451 / 2994, 559723 / 595212, -23 / 1520]
    ac1 = [2172147 / 2243125, 1119447 / 1190425, 2239951 / 2310929]
    assert m.cohen_kappa(table) == pytest.approx(kappa, abs=1e-6)
    assert m.gwet_ac1(table) == pytest.approx(ac1, abs=1e-6)
    assert m.pabak(table) == pytest.approx([1 - 4 * 23 / 1543] * 3, abs=1e-6)
    assert m.f1(a, b, c) == pytest.approx([0.5, 748 / 771, 0], abs=1e-6)


def test_worked_values_of_cells():
    assert m.precision(3, 1) == pytest.approx(0.75)
    assert m.recall(3, 1) == pytest.approx(0.75)
    assert m.negative_agreement(1, 3, 8) == pytest.approx(0.8)


def test_masi_and_jaccard():
    one, two = [1, 1, 0, 0], [1, 1, 1, 1]
    assert float(m.masi_distance(one, two)) == pytest.approx(2 / 3, abs=1e-6)
    assert float(m.jaccard_distance(one, two)) == pytest.approx(0.5)
    assert float(m.masi_distance([1, 1, 0], [0, 1, 1])) == pytest.approx(1 - 1 / 9)
    for distance in DISTANCES.values():
        assert distance([[0, 0], [1, 0], [1, 0]], [[0, 0], [0, 0], [0, 1]]).tolist() == [0, 1, 1]


@settings(max_examples=60, deadline=None)
@given(counts_2x2)
def test_table_measures_are_symmetric_and_bounded(table):
    for measure in ON_TABLES:
        value = measure(table)
        np.testing.assert_allclose(measure(table.T), value, atol=1e-12)
        np.testing.assert_allclose(measure(table[::-1, ::-1]), value, atol=1e-12)
        assert np.isnan(value) or value <= 1 + 1e-12
    for measure in (m.cohen_kappa, m.scott_pi):
        value = measure(table)
        assert np.isnan(value) or value >= -1 - 1e-12


@pytest.mark.parametrize("measure", ON_TABLES)
def test_perfect_chance_and_empty(measure):
    assert float(measure([[5, 0], [0, 7]])) == pytest.approx(1)
    assert np.isnan(measure([[0, 0], [0, 0]]))
    assert float(measure([[2500, 2500], [2500, 2500]])) == pytest.approx(0, abs=1e-3)
    stack = np.array([[[5, 0], [0, 7]], [[0, 0], [0, 0]], [[1, 2], [3, 4]]])
    np.testing.assert_allclose(measure(stack), [float(measure(t)) for t in stack])


@pytest.mark.parametrize("measure", [m.cohen_kappa, m.scott_pi, m.nominal_alpha])
def test_one_label_throughout_is_not_defined(measure):
    assert np.isnan(measure([[0, 0], [0, 9]]))


@pytest.mark.parametrize("table", [[1, 2], [[1, 2, 3], [1, 2, 3]], [[1, -1], [0, 1]]])
@pytest.mark.parametrize("measure", ON_TABLES)
def test_bad_tables(measure, table):
    with pytest.raises(InputError):
        measure(table)


def test_counts_are_nan_where_not_defined():
    assert np.isnan(m.f1(0, 0, 0))
    assert np.isnan(m.precision(0, 0))
    assert np.isnan(m.recall(0, 0))
    assert np.isnan(m.negative_agreement(0, 0, 0))


def test_confusion_table():
    got = m.confusion_table(["b", "a", "c", "a"], ["b", "b", "c", "a"])
    assert got.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert m.confusion_table([], []).shape == (0, 0)
    with pytest.raises(InputError):
        m.confusion_table(["a"], ["a", "b"])


def plain_alpha(x, y, distance):
    values = np.concatenate([x, y])
    n = len(values)
    expected = sum(
        float(distance(values[i], values[j])) for i in range(n) for j in range(n) if i != j
    ) / (n * (n - 1))
    return 1 - distance(x, y).mean() / expected if expected else np.nan


@settings(max_examples=25, deadline=None)
@given(pairs_of_sets)
def test_set_alpha_is_that_of_all_pairs(sets):
    x, y = sets
    for name, distance in DISTANCES.items():
        np.testing.assert_allclose(m.set_alpha(x, y, name), plain_alpha(x, y, distance), atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(pairs_of_sets, st.randoms(use_true_random=False))
def test_set_measures_do_not_depend_on_order(sets, random):
    x, y = sets
    order, columns = list(range(12)), list(range(4))
    random.shuffle(order)
    random.shuffle(columns)
    for measure in (
        lambda a, b: m.set_alpha(a, b, "masi"),
        lambda a, b: m.set_alpha(a, b, "jaccard"),
        m.samples_f1,
        m.micro_f1,
        m.macro_f1,
    ):
        value = measure(x, y)
        np.testing.assert_allclose(measure(y, x), value, atol=1e-9)
        np.testing.assert_allclose(measure(x[order], y[order]), value, atol=1e-9)
        np.testing.assert_allclose(measure(x[:, columns], y[:, columns]), value, atol=1e-9)
        if x.any():
            assert float(measure(x, x)) == pytest.approx(1) or len(np.unique(x, axis=0)) == 1


@settings(max_examples=25, deadline=None)
@given(pairs_of_sets, arrays(int, 12, elements=st.integers(0, 3)))
def test_alpha_without_each_is_that_of_the_other_units(sets, cluster):
    x, y = sets
    cluster = np.unique(cluster, return_inverse=True)[1]
    for name in DISTANCES:
        got = m.alpha_without_each(x, y, cluster, name)
        wanted = [m.set_alpha(x[cluster != c], y[cluster != c], name) for c in np.unique(cluster)]
        np.testing.assert_allclose(got, wanted, atol=1e-9)


def test_set_alpha_of_independent_sets_is_about_zero():
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 4000, 6)) < 0.3
    for name in DISTANCES:
        assert float(m.set_alpha(x, y, name)) == pytest.approx(0, abs=0.03)


def test_set_alpha_with_one_theme_each_is_nominal_alpha():
    labels = np.random.default_rng(1).integers(0, 4, (2, 300))
    labels[1, :200] = labels[0, :200]
    x, y = np.eye(4, dtype=bool)[labels]
    nominal = float(m.nominal_alpha(m.confusion_table(*labels)))
    for name in DISTANCES:
        assert float(m.set_alpha(x, y, name)) == pytest.approx(nominal, abs=1e-12)


def test_alpha_equals_the_krippendorff_package():
    krippendorff = pytest.importorskip("krippendorff")
    rows, columns = np.nonzero(TABLE)
    times = np.array(TABLE)[rows, columns]
    data = [np.repeat(rows, times), np.repeat(columns, times)]
    alpha = krippendorff.alpha(data, level_of_measurement="nominal")
    assert float(m.nominal_alpha(TABLE)) == pytest.approx(alpha, abs=1e-9)


def test_f1_equals_scikit_learn():
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(2)
    x, y = rng.random((2, 200, 5)) < 0.25
    for average, value in (
        ("micro", m.micro_f1(x, y)),
        ("macro", m.macro_f1(x, y)),
        ("samples", m.samples_f1(x, y)),
    ):
        assert value == pytest.approx(f1_score(x, y, average=average, zero_division=1))


def test_no_units():
    none = np.zeros((0, 3), dtype=bool)
    for value in (
        m.set_alpha(none, none),
        m.samples_f1(none, none),
        m.micro_f1(none, none),
        m.macro_f1(none, none),
        m.expected_disagreement(none, none, "masi"),
    ):
        assert np.isnan(value)


def test_a_unit_without_themes_from_either_is_full_agreement():
    assert m.f1_per_unit([[0, 0], [1, 0]], [[0, 0], [0, 0]]).tolist() == [1, 0]


def test_bad_sets():
    with pytest.raises(InputError, match="boolean"):
        m.masi_distance([0, 2], [0, 1])
    with pytest.raises(InputError, match="columns"):
        m.masi_distance([0, 1, 1], [0, 1])
    with pytest.raises(InputError, match="row per unit"):
        m.set_alpha([[0, 1]], [[0, 1], [1, 1]])
    with pytest.raises(InputError, match="distance"):
        m.set_alpha([[0, 1]], [[0, 1]], "hamming")


def test_a_remainder_of_rounding_leaves_no_room_above_chance():
    from iapt_topics.stats.set_agreement import corrected

    assert np.isnan(corrected(0.5, 1 - 1e-15))
    assert np.isnan(corrected(0.5, 1 + 1e-15))


def test_intervals_of_alpha_cover():
    # Independent themes, so that the distances of all 16 x 16 pairs of sets have known shares.
    share, found, wrong = np.array([0.05, 0.1, 0.2, 0.4]), 0.7, 0.05
    every = np.arange(16)[:, None] >> np.arange(4) & 1 == 1
    first = np.where(every, share, 1 - share)
    second = np.where(
        every[:, None], np.where(every, found, 1 - found), np.where(every, wrong, 1 - wrong)
    )
    both = (first[:, None] * second).prod(axis=2)
    apart = m.masi_distance(every[:, None], every)
    any_of_both = (both.sum(axis=0) + both.sum(axis=1)) / 2
    truth = 1 - (both * apart).sum() / (any_of_both @ apart @ any_of_both)
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x = rng.random((100, 4)) < share
        y = rng.random((100, 4)) < np.where(x, found, wrong)
        low, high = m.jackknife_interval(
            m.set_alpha(x, y), m.alpha_without_each(x, y, np.arange(100))
        )
        held += low <= truth <= high
    assert 186 <= held <= 198
