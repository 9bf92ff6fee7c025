"""Three coders and more, and the plan of who codes what."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from iapt_topics import stats
from iapt_topics._base.errors import InputError
from iapt_topics.agreement import compare_coders, plan_overlap
from iapt_topics.codes.codes import Codes

THEMES = ("S", "T", "U")


def coder(name, given, coded=None, themes=THEMES, people=None):
    n = len(given)
    ids = [f"r{i:03d}" for i in range(n)]
    use = np.ones(n, bool) if coded is None else np.asarray(coded, bool)
    rows = [
        (ids[i], t, np.nan)
        for i in np.flatnonzero(use)
        for k, t in enumerate(THEMES)
        if given[i][k] and t in themes
    ]
    who = [f"p{i}" for i in range(n)] if people is None else people
    seen = pd.DataFrame({"response_id": ids, "respondent_id": who})[use]
    return Codes(
        coder=name, kind="human", themes=themes, seen=seen,
        table=pd.DataFrame(rows, columns=["response_id", "theme", "score"]),
    )  # fmt: skip


def three(n=120, noise=0.1, seed=1):
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 3)) < 0.3
    return truth, [truth ^ (rng.random((n, 3)) < noise) for _ in range(3)]


def measures(found, theme=None):
    table = found.overall if theme is None else found.themes[found.themes["theme"] == theme]
    return table.set_index("measure")


def test_every_measure_is_that_of_stats_on_what_was_coded():
    _, given = three()
    rng = np.random.default_rng(5)
    coded = rng.random((120, 3)) < 0.7
    coders = [coder(f"c{g}", given[g], coded[:, g]) for g in range(3)]
    found = compare_coders(coders, n_boot=60)
    use = coded.sum(axis=1) > 1
    sets = np.stack(given, axis=1)
    overall = measures(found)
    for name in ("masi", "jaccard"):
        wanted = stats.many_coder_set_alpha(sets[use], coded[use], name)
        assert overall.loc[f"alpha_{name}", "estimate"] == pytest.approx(float(wanted))
    assert (overall["n"] == use.sum()).all()
    assert (overall["low"] <= overall["estimate"]).all()
    assert (overall["estimate"] <= overall["high"]).all()
    labels = np.where(coded, sets[:, :, 1], None)[use]
    theme = measures(found, "T")
    assert theme.loc["fleiss_kappa", "estimate"] == pytest.approx(float(stats.fleiss_kappa(labels)))
    assert theme.loc["conger_kappa", "estimate"] == pytest.approx(float(stats.conger_kappa(labels)))
    assert theme.loc["ac1", "estimate"] == pytest.approx(float(stats.many_coder_ac1(labels)))
    assert found.coders["n"].tolist() == coded.sum(axis=0).tolist()
    assert found.coders["n_shared"].tolist() == coded[use].sum(axis=0).tolist()


def test_who_differs_most_is_seen_by_agreement_without_them():
    truth, given = three()
    given[2] = np.random.default_rng(9).random(truth.shape) < 0.3
    found = compare_coders([coder(f"c{g}", x) for g, x in enumerate(given)], n_boot=20)
    assert found.coders["alpha_without"].idxmax() == 2
    assert found.coders["alpha_without"][2] > measures(found).loc["alpha_masi", "estimate"] + 0.2


def test_a_coder_without_the_theme_is_missing_and_does_not_disagree():
    _, given = three(noise=0.0)
    coders = [coder("a", given[0]), coder("b", given[1]), coder("c", given[2], themes=("S", "T"))]
    found = compare_coders(coders, n_boot=20)
    rows = measures(found, "U")
    assert rows.loc["alpha", "estimate"] == 1
    assert (rows["interval_status"] == "no disagreement").all()
    assert "all coders could apply" in found.overall["note"][0]


def test_responses_of_one_person_are_drawn_together():
    rng = np.random.default_rng(2)
    truth = np.repeat(rng.random((40, 3)) < 0.3, 5, axis=0)
    flip = np.repeat(rng.random((3, 40, 3)) < 0.1, 5, axis=1)
    people = np.repeat([f"p{i}" for i in range(40)], 5).tolist()

    def width(who):
        coders = [coder(f"c{g}", truth ^ flip[g], people=who) for g in range(3)]
        row = measures(compare_coders(coders, n_boot=300)).loc["alpha_masi"]
        return row["high"] - row["low"]

    assert width(people) > 1.6 * width(None)


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    whole = three(n=40_000, seed=50)[1]
    wanted = float(stats.krippendorff_alpha(np.stack(whole, axis=1)[:, :, 0]))
    hits = 0
    for seed in range(100):
        coders = [coder(f"c{g}", x) for g, x in enumerate(three(n=150, seed=seed)[1])]
        row = measures(compare_coders(coders, n_boot=150, seed=seed), "S").loc["alpha"]
        hits += row["low"] <= wanted <= row["high"]
    assert 88 <= hits <= 100


def test_rare_themes_and_full_agreement_say_so():
    given = np.zeros((60, 3), bool)
    given[:30, 0] = True
    given[:4, 1] = True
    found = compare_coders([coder("a", given), coder("b", given)], n_boot=20)
    assert (measures(found)["interval_status"] == "no disagreement").all()
    rare = measures(found, "T")
    assert rare["estimate"].isna().all()
    assert (rare["note"] == "too few positives").all()
    assert found.coders["alpha_without"].isna().all()


def test_what_cannot_be_compared_is_refused():
    _, given = three(n=20)
    one = coder("a", given[0])
    with pytest.raises(InputError, match="two at least"):
        compare_coders([one])
    with pytest.raises(InputError, match="compare_codes"):
        compare_coders([one, coder("a", given[1])])
    with pytest.raises(InputError, match="all could apply"):
        compare_coders([one, coder("b", given[1], themes=("V",))])
    half = np.arange(20) < 10
    with pytest.raises(InputError, match="two of them coded"):
        compare_coders([coder("a", given[0], half), coder("b", given[1], ~half)])


def test_a_plan_shares_out_every_response():
    ids = [f"r{i}" for i in range(101)]
    plan = plan_overlap(ids, ["A", "B", "C"], overlap=0.3, again=0.1, seed=3)
    first = plan[plan["part"] != "again"]
    shared = first[first["part"] == "all coders"]
    assert shared["response_id"].nunique() == 30
    assert (shared.groupby("response_id")["coder"].nunique() == 3).all()
    assert set(first["response_id"]) == set(ids)
    alone = first[first["part"] == "one coder"]
    assert alone["response_id"].is_unique
    assert alone["coder"].value_counts().max() - alone["coder"].value_counts().min() <= 1
    for _, own in plan.groupby("coder"):
        assert own["turn"].tolist() == list(range(1, len(own) + 1))
        again = own[own["part"] == "again"]
        assert len(again) == round(0.1 * (own["part"] != "again").sum())
        assert own["part"].tolist()[-len(again) :] == ["again"] * len(again)
    pd.testing.assert_frame_equal(plan, plan_overlap(ids[::-1], ["A", "B", "C"], overlap=0.3,
                                                     again=0.1, seed=3))  # fmt: skip
    for bad in ({"overlap": 1.5}, {"again": -0.1}):
        with pytest.raises(InputError, match="from 0 to 1"):
            plan_overlap(ids, ["A"], **bad)
    with pytest.raises(InputError, match="one at least"):
        plan_overlap([], ["A"])
    with pytest.raises(InputError, match="unique"):
        plan_overlap(ids, ["A", "A"])
