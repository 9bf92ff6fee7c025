"""Noise by the cell-key method: the distribution of changes, and what is published with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import standins
from scipy.optimize import minimize

from iapt_topics._base.errors import InputError
from iapt_topics.publish import publish
from iapt_topics.publish.disclosure import preset
from iapt_topics.publish.noise import MODULUS, _table, changed, noise_variance, record_keys

SECRET = b"a secret of 32 bytes, or so many"


def changes(count: int, noise: int) -> tuple[np.ndarray, np.ndarray]:
    values, cumulative = _table(count, noise)
    return values, np.diff(np.r_[0, cumulative])


@pytest.mark.parametrize("noise", [3, 4, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 8])
def test_changes_have_mean_0_and_never_give_1_or_2(noise, count):
    values, p = changes(count, noise)
    assert p.sum() == pytest.approx(1)
    assert values @ p == pytest.approx(0, abs=1e-9)
    assert not {1, 2} & set((count + values).astype(int).tolist())
    assert (count + values >= 0).all()
    assert np.abs(values).max() <= noise
    if count > noise + 2:
        assert values**2 @ p == pytest.approx(noise_variance(noise))


def test_no_other_distribution_of_that_mean_and_variance_has_more_entropy():
    values, p = changes(8, 3)
    found = minimize(
        lambda q: float(q @ np.log(q)), np.full(7, 1 / 7), bounds=[(1e-9, 1)] * 7,
        constraints=[
            {"type": "eq", "fun": lambda q: q.sum() - 1},
            {"type": "eq", "fun": lambda q: q @ values},
            {"type": "eq", "fun": lambda q: q @ values**2 - noise_variance(3)},
        ],
    )  # fmt: skip
    np.testing.assert_allclose(p, found.x, atol=1e-3)


def test_the_changes_of_random_keys_are_as_the_table_says():
    rng = np.random.default_rng(1)
    keys = rng.integers(0, MODULUS, 20_000, dtype=np.uint64, endpoint=False)
    got = pd.Series([changed(50, int(k), 3) - 50 for k in keys]).value_counts(normalize=True)
    values, p = changes(6, 3)
    np.testing.assert_allclose(got.reindex(values).to_numpy(), p, atol=0.012)


def test_a_key_depends_on_the_secret_and_the_response_alone():
    one, two = record_keys(["a", "b"], SECRET), record_keys(["b"], SECRET)
    assert one["b"] == two["b"] != record_keys(["b"], SECRET + b"x")["b"]
    assert 0 <= one["a"] < MODULUS


@pytest.fixture(scope="module")
def study():
    survey = standins.responses()
    return standins.study_of(responses=survey, codes=standins.codes(survey))


def test_the_same_secret_gives_the_same_tables_and_another_others(study):
    one, again, other = (
        publish(study, "noise", secret=s).tables["drift_shares"]
        for s in (SECRET, SECRET, SECRET[::-1])
    )
    pd.testing.assert_frame_equal(one, again)
    assert (one["count"] != other["count"]).mean() > 0.5
    exact = study.tables["drift_shares"]["count"]
    assert 0 < (one["count"] - exact).abs().max() <= preset("noise").noise
    assert one["count"].notna().all()
    assert not one["count"].isin([1, 2]).any()


def test_one_set_of_responses_has_one_count_in_every_table(study):
    tables = publish(study, "noise", secret=SECRET).tables
    ledger = tables["ledger"].query("status == 'kept'").set_index("year")["n"]
    bases = tables["drift_shares"].groupby("year")["n"].first()
    assert ledger.to_dict() == bases.to_dict()  # every response was coded


def test_changes_follow_from_the_published_counts_and_no_distance_is_given(study):
    tables = publish(study, "noise", secret=SECRET).tables
    shares = tables["drift_shares"].set_index(["theme", "year"])["estimate"]
    for row in tables["drift_changes"].to_dict("records"):
        gap = shares[row["theme"], row["year"]] - shares[row["theme"], row["against"]]
        assert row["estimate"] == pytest.approx(gap)
    distances = tables["drift_distances"]
    assert distances[["estimate", "p"]].isna().all(axis=None)
    assert set(distances["status"]) == {"not estimable"}


@pytest.mark.parametrize("secret", [None, b"short"])
def test_noise_needs_a_secret(study, secret):
    with pytest.raises(InputError, match="secret"):
        publish(study, "noise", secret=secret)


def test_weighted_sums_are_not_changed_by_noise():
    survey = standins.responses()
    weights = np.where(np.arange(len(survey.table)) % 2, 0.5, 1.5)
    survey = replace(survey, table=survey.table.assign(weight=weights))
    with pytest.raises(InputError, match="weights"):
        publish(standins.study_of(responses=survey), "noise", secret=SECRET)
