from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import make, pair, survey_of
from standins import topics_of

from iapt_topics import stats as m
from iapt_topics._base.errors import InputError
from iapt_topics.agreement.comparison import compare_codes, topic_codes

MEASURES = ["alpha_masi", "alpha_jaccard", "f1_samples", "f1_micro", "f1_macro"]


def test_tables_have_their_columns_keys_and_order():
    x, y = pair()
    got = compare_codes(make(x), make(y, "m"), n_boot=50)
    assert (got.reference, got.other, got.n) == ("h", "m", 300)
    assert list(got.overall.columns) == [
        "measure", "estimate", "low", "high", "interval_status", "n", "expected_by_chance", "note",
    ]  # fmt: skip
    assert list(got.overall["measure"]) == MEASURES
    assert list(got.themes.columns) == [
        "theme", "label", "n", "positives_reference", "positives_other", "share_reference",
        "share_other", "precision", "recall", "f1", "f1_low", "f1_high", "negative_agreement",
        "kappa", "kappa_low", "kappa_high", "kappa_status", "ac1", "pabak", "note",
    ]  # fmt: skip
    assert list(got.themes["theme"]) == [f"T{j}" for j in range(5)]
    assert list(got.matches.columns) == [
        "reference_theme", "other_theme", "f1", "n_both", "matched", "f1_held_out",
        "f1_expected_by_chance",
    ]  # fmt: skip
    assert not got.matches.duplicated(["reference_theme", "other_theme"]).any()
    assert list(got.convergence.columns) == [
        "theme", "label", "proposed", "rating", "rater", "rationale", "partner", "f1",
        "share_difference", "low", "high", "n", "exemplars", "note",
    ]  # fmt: skip
    assert (got.convergence["rater"] == "").all()


def test_estimates_are_those_of_the_metrics():
    x, y = pair()
    got = compare_codes(make(x), make(y, "m"), n_boot=50)
    overall = got.overall.set_index("measure")["estimate"]
    wanted = [
        m.set_alpha(x, y, "masi"), m.set_alpha(x, y, "jaccard"), m.samples_f1(x, y),
        m.micro_f1(x, y), m.macro_f1(x, y),
    ]  # fmt: skip
    np.testing.assert_allclose(overall[MEASURES], [float(v) for v in wanted], atol=1e-12)
    for j, row in enumerate(got.themes.itertuples()):
        table = m.confusion_table(~x[:, j], ~y[:, j])
        assert row.kappa == pytest.approx(float(m.cohen_kappa(table)))
        assert row.precision == pytest.approx((x & y)[:, j].sum() / y[:, j].sum())
        assert row.recall == pytest.approx((x & y)[:, j].sum() / x[:, j].sum())
        assert row.kappa_low < row.kappa < row.kappa_high
        assert row.f1_low < row.f1 < row.f1_high
    inside = got.overall
    assert (inside["low"] <= inside["estimate"]).all()
    assert (inside["estimate"] <= inside["high"]).all()
    assert (inside["expected_by_chance"] < inside["estimate"]).all()


def test_perfect_agreement():
    x, _ = pair()
    got = compare_codes(make(x), make(x, "m"), n_boot=50)
    np.testing.assert_allclose(got.overall["estimate"], 1)
    # Nor does it tell how far these could be off.
    assert got.overall[["low", "high"]].isna().all(axis=None)
    assert (got.overall["interval_status"] == "no disagreement").all()
    assert got.overall["note"].str.contains("the coders never differ").all()
    np.testing.assert_allclose(got.themes[["f1", "f1_high", "kappa", "ac1", "pabak"]], 1)
    # Full agreement on some sixty positives does not show that there never is disagreement.
    assert got.themes["kappa_low"].between(0.9, 0.99).all()
    assert (got.convergence["rating"] == "agreement").all()
    assert (got.convergence["share_difference"] == 0).all()
    matched = got.matches[got.matches["matched"]]
    assert (matched["reference_theme"] == matched["other_theme"]).all()


def test_independent_codings_are_near_their_chance():
    rng = np.random.default_rng(4)
    x, y = rng.random((2, 1500, 5)) < 0.3
    got = compare_codes(make(x), make(y, "m"), n_boot=50)
    np.testing.assert_allclose(
        got.overall["estimate"], got.overall["expected_by_chance"], atol=0.04
    )
    np.testing.assert_allclose(got.overall["expected_by_chance"][:2], 0, atol=0.01)
    np.testing.assert_allclose(got.themes["kappa"], 0, atol=0.08)
    assert (got.convergence["rating"] == "dissonance").all()


@pytest.mark.parametrize("seed", range(3))
def test_either_way_round(seed):
    x, y = pair(seed=seed, noise=0.2)
    one = compare_codes(make(x), make(y, "m"), n_boot=50)
    two = compare_codes(make(y, "m"), make(x), n_boot=50)
    same = ["f1", "f1_low", "f1_high", "negative_agreement", "kappa", "kappa_low", "ac1", "pabak"]
    np.testing.assert_allclose(one.themes[same], two.themes[same], atol=1e-12)
    np.testing.assert_allclose(one.themes["precision"], two.themes["recall"])
    difference = one.convergence["share_difference"]
    np.testing.assert_allclose(difference, -two.convergence["share_difference"], atol=1e-12)
    np.testing.assert_allclose(one.overall["estimate"], two.overall["estimate"], atol=1e-12)


def test_order_of_responses_does_not_matter():
    x, y = pair()
    order = np.random.default_rng(1).permutation(len(x))
    one = compare_codes(make(x), make(y, "m"), n_boot=50)
    two = compare_codes(make(x, order=order), make(y, "m", order=order[::-1]), n_boot=50)
    for name in ("overall", "themes", "matches", "convergence"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))


def test_seed_decides_the_draws():
    x, y = pair()
    runs = [compare_codes(make(x), make(y, "m"), n_boot=50, seed=s) for s in (1, 1, 2)]
    pd.testing.assert_frame_equal(runs[0].themes, runs[1].themes)
    assert not runs[0].themes["f1_low"].equals(runs[2].themes["f1_low"])


def test_respondents_are_resampled_whole_and_found_in_either_coding():
    x, y = pair(n=60)
    # Each response five times by one person: the interval must stay that of 60, not narrow to 300.
    big_x, big_y = np.repeat(x, 5, axis=0), np.repeat(y, 5, axis=0)
    people = np.repeat([f"p{i}" for i in range(60)], 5)
    unknown = np.full(300, "")

    def width(first, second):
        got = compare_codes(make(big_x, people=first), make(big_y, "m", people=second), n_boot=400)
        return (got.themes["f1_high"] - got.themes["f1_low"]).mean(), got.overall["note"][0]

    whole, note = width(people, unknown)
    assert "respondent" not in note
    assert width(unknown, people)[0] == whole
    alone, note = width(unknown, unknown)
    assert "respondent unknown for 300 responses" in note
    assert whole > 1.6 * alone
    _, note = width(people, people[::-1])
    assert "respondent ids differ for 300 responses" in note


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_answers_said_twice_by_everyone_leave_the_intervals_as_they_were(noise):
    x, y = pair(noise=noise)
    people = [f"p{i:03d}" for i in range(len(x))]
    once = compare_codes(make(x, people=people), make(y, "m", people=people), n_boot=200)
    twice = compare_codes(
        *(make(np.tile(c, (2, 1)), w, people=people * 2) for c, w in ((x, "h"), (y, "m"))),
        n_boot=200,
    )
    ends = ["f1_low", "f1_high", "kappa_low", "kappa_high"]
    np.testing.assert_allclose(twice.themes[ends], once.themes[ends], atol=1e-12)
    # One leaves with both of the answers, which do not lie side by side.
    f1 = once.overall["measure"].isin(["f1_samples", "f1_micro"])
    ends = ["estimate", "low", "high"]
    np.testing.assert_allclose(twice.overall.loc[f1, ends], once.overall.loc[f1, ends], atol=1e-12)


def test_only_common_responses_count():
    x, y = pair(n=40)
    ids = [f"r{i:05d}" for i in range(5, 45)]
    got = compare_codes(make(x), make(y, "m", ids=ids), n_boot=20)
    assert got.n == 35
    assert all("5 responses coded by h only and 5 by m only" in n for n in got.overall["note"])
    with pytest.raises(InputError, match="40 coded by 'h' only, 40 by 'm' only"):
        compare_codes(make(x), make(y, "m", ids=[f"z{i}" for i in range(40)]))


def test_themes_of_one_coder_only():
    x, y = pair(k=3)
    got = compare_codes(
        make(x, themes=("A", "B", "C"), labels={"A": "Alpha"}),
        make(y, "m", themes=("D", "C", "A"), labels={"D": "Delta"}),
        n_boot=20,
    )
    themes = got.themes.set_index("theme")
    assert list(themes.index) == ["A", "B", "C", "D"]
    assert list(themes["label"]) == ["Alpha", "B", "C", "Delta"]
    assert "not in the code set of m" in themes.loc["B", "note"]
    assert "not in the code set of h" in themes.loc["D", "note"]
    assert themes.loc["A", "note"] == ""
    assert "2 themes are in one coder's code set only" in got.overall["note"][0]
    ratings = got.convergence.set_index("theme")
    assert ratings.loc["B", "rating"] == ratings.loc["D", "rating"] == "silence"
    assert "not in the code set of m" in ratings.loc["B", "note"]


def test_few_positives_leave_kappa_out():
    x, y = pair(k=4)
    x[:, 0], y[:, 1] = False, False
    x[:9, 0] = True
    x[:, 2], y[:, 2] = False, False
    got = compare_codes(make(x), make(y, "m"), n_boot=20)
    rows = got.themes
    assert rows.loc[:2, ["kappa", "kappa_low", "kappa_high"]].isna().all(axis=None)
    assert rows.loc[:2, "note"].str.startswith("not estimable: fewer than 10 positives").all()
    assert rows.loc[:3, "kappa_status"].tolist() == ["too few positives"] * 3 + ["estimated"]
    assert rows.loc[2, ["f1", "precision", "recall"]].isna().all()
    assert rows.loc[3, "kappa"] > 0
    assert list(got.convergence["rating"])[:3] == ["silence", "silence", "not estimable"]
    assert "over 2 of 4 themes" in got.overall["note"][4]


def test_ratings_follow_the_stated_rule():
    n = 400
    x, y = np.zeros((2, n, 4), dtype=bool)
    x[:100, 0] = y[:95, 0] = True  # near the same
    x[100:200, 1] = y[140:240, 1] = True  # kappa about .47
    x[200:300, 2] = y[300:400, 2] = True  # apart
    x[:, 3] = y[:, 3] = True  # applied to all
    got = compare_codes(make(x), make(y, "m"), n_boot=20)
    assert list(got.convergence["rating"]) == [
        "agreement", "partial agreement", "dissonance", "not estimable",
    ]  # fmt: skip
    assert "coders applied it to every response" in got.themes["note"][3]


def test_swapped_themes_are_matched_crosswise():
    x, _ = pair(k=3, n=200)
    got = compare_codes(make(x), make(x[:, [1, 0, 2]], "m"), n_boot=20)
    matched = got.matches[got.matches["matched"]]
    assert list(zip(matched["reference_theme"], matched["other_theme"], strict=True)) == [
        ("T0", "T1"), ("T1", "T0"), ("T2", "T2"),
    ]  # fmt: skip
    np.testing.assert_allclose(matched["f1"], 1)


def test_high_kappa_without_a_match_on_itself_is_complementary():
    x = np.zeros((200, 2), dtype=bool)
    x[:60, 0], x[5:65, 1] = True, True
    y = x[:, ::-1]
    got = compare_codes(make(x), make(y, "m"), n_boot=20)
    assert (got.themes["kappa"] > 0.6).all()
    assert (got.convergence["rating"] == "partial agreement").all()
    assert "matched with T1" in got.convergence["note"][0]


def test_share_difference_is_paired():
    x, y = pair(noise=0.02)
    got = compare_codes(make(x), make(y, "m"), n_boot=200).convergence
    np.testing.assert_allclose(got["share_difference"], (y.mean(0) - x.mean(0)))
    assert (got["low"] <= got["share_difference"]).all()
    assert (got["share_difference"] <= got["high"]).all()
    # Two independent samples of 300 would be about 0.1 wide or more.
    assert (got["high"] - got["low"] < 0.05).all()


def test_no_theme_given_at_all():
    none = np.zeros((12, 2), dtype=bool)
    got = compare_codes(make(none), make(none, "m"), n_boot=20)
    assert (
        got.overall.set_index("measure")
        .loc[["alpha_masi", "f1_micro", "f1_macro"]][["estimate", "low", "high"]]
        .isna()
        .all(axis=None)
    )
    assert got.overall["note"].str.contains("not estimable").sum() == 4
    assert len(got.matches) == 0
    assert (got.convergence["rating"] == "not estimable").all()


def test_one_response():
    got = compare_codes(make([[1, 0]]), make([[1, 1]], "m"), n_boot=5)
    assert got.n == 1


def test_n_boot_must_be_positive():
    with pytest.raises(InputError, match="n_boot"):
        compare_codes(make([[1, 0]]), make([[1, 1]], "m"), n_boot=0)


def test_design_is_as_given_or_not_stated():
    x, y = pair(n=40)
    got = compare_codes(make(x), make(y, "m"), n_boot=5, design={"sampling": "random"}).design
    assert list(got) == ["units", "coders", "sampling", "blinding", "codebook"]
    assert got["units"] == "40 responses of 40 respondents"
    assert got["coders"] == "h (human), m (human)"
    assert (got["sampling"], got["blinding"]) == ("random", "not stated")
    with pytest.raises(InputError, match="'coder'"):
        compare_codes(make(x), make(y, "m"), design={"coder": "two"})


def test_kappa_can_be_left_out_and_the_convergence_stays():
    x, y = pair()
    full = compare_codes(make(x), make(y, "m"), n_boot=20)
    got = compare_codes(make(x), make(y, "m"), n_boot=20, kappa=False)
    assert got.themes[["kappa", "kappa_low", "kappa_high", "ac1", "pabak"]].isna().all(axis=None)
    assert got.themes["note"].str.contains("not requested").all()
    overall = got.overall.set_index("measure")
    assert overall.loc[["alpha_masi", "alpha_jaccard"], "estimate"].isna().all()
    assert "not requested" in overall.loc["alpha_masi", "note"]
    same = ["f1", "f1_low", "f1_high", "precision", "negative_agreement"]
    pd.testing.assert_frame_equal(got.themes[same], full.themes[same])
    assert list(got.convergence["rating"]) == list(full.convergence["rating"])
    assert not got.convergence["note"].str.contains("kappa").any()
    assert full.convergence["note"].str.contains("kappa").all()


def test_no_agreement_is_measured_on_what_a_coder_was_trained_on():
    x, y = pair(n=60)
    ids = [f"r{i:05d}" for i in range(60)]
    learned = replace(make(y, "m"), trained_on=ids[:20])
    got = compare_codes(make(x), learned, n_boot=20)
    rest = compare_codes(make(x[20:], ids=ids[20:]), make(y[20:], "m", ids=ids[20:]), n_boot=20)
    assert got.n == 40
    assert "excluded: 20 responses that a coder was trained on" in got.overall["note"][0]
    np.testing.assert_allclose(got.themes["f1"], rest.themes["f1"])
    with pytest.raises(InputError, match="neither coder was trained on"):
        compare_codes(make(x), replace(learned, trained_on=ids))


def test_codes_that_cannot_be_compared():
    x, y = pair(n=20)
    nothing = make(x[:0], "idle")
    with pytest.raises(InputError, match=r"'idle'.*no coded response"):
        compare_codes(make(x), nothing)
    survey = survey_of(make(x[:10]), 2015)
    with pytest.raises(InputError, match=r"'h' must be for responses of this survey"):
        compare_codes(make(x), make(y, "m"), responses=survey)


def test_shares_by_year_are_paired():
    x, y = pair(n=400, noise=0.02)
    years = np.repeat([2015, 2016], [100, 300])
    y[:100, 4] = True
    human = make(x)
    got = compare_codes(human, make(y, "m"), responses=survey_of(human, years), n_boot=20).years
    assert list(got.columns) == [
        "theme", "year", "share_reference", "share_other", "estimate", "low", "high", "n", "note",
    ]  # fmt: skip
    assert list(got["theme"][:4]) == ["T0", "T0", "T1", "T1"]
    last = got[got["theme"] == "T4"].set_index("year")
    assert last.loc[2015, "estimate"] == pytest.approx(1 - x[:100, 4].mean())
    assert last.loc[2015, "low"] > 0.2
    assert last.loc[2016, "low"] < 0.02
    assert (got["low"] <= got["estimate"]).all()
    assert (got["high"] > got["estimate"]).all()
    assert len(compare_codes(human, make(y, "m"), n_boot=5).years) == 0


def topics_like(x, rng, k=6, noise=0.05):
    """One class each: a theme's number shifted by one, now and then another, -1 without a theme."""
    label = np.where(x.any(axis=1), (x.argmax(axis=1) + 1) % x.shape[1], -1)
    other = rng.random(len(x)) < noise
    label[other] = rng.integers(-1, k, other.sum())
    return label


def one_each(n, k, rng):
    x = np.eye(k + 1, dtype=bool)[rng.integers(0, k + 1, n)]
    return x[:, :k]


def test_topics_without_a_mapping_are_matched_and_rated_out_of_sample():
    rng = np.random.default_rng(3)
    x = one_each(700, 6, rng)
    label = topics_like(x, rng)
    human = make(x)
    topics = topics_of(
        pd.DataFrame({"topic": range(6), "label": [f"about {i}" for i in range(6)]}),
        assignments=pd.DataFrame(
            {"response_id": human.seen["response_id"], "topic": label, "support": 0.9}
        ),
    )
    survey = survey_of(human, 2015)
    machine = topic_codes(topics, survey)
    assert machine.themes[0] == "topic 0"
    assert machine.labels["topic 0"] == "about 0"
    # A run of the consensus: what the consensus leaves unassigned stays so.
    open_ends = replace(
        topics, assignments=topics.assignments.assign(topic=np.where(label == 0, -1, label))
    )
    turned = topic_codes(open_ends, survey, run=(label + 1) % 6).matrix()
    assert not turned[label == 0].any()
    assert turned[label > 0].argmax(axis=1).tolist() == ((label[label > 0] + 1) % 6).tolist()
    for wrong in (label[:5], label + 1):
        with pytest.raises(InputError, match=r"a row of topics\.votes"):
            topic_codes(topics, survey, run=wrong)
    got = compare_codes(human, machine, responses=survey, n_boot=50)
    matched = got.matches[got.matches["matched"]].set_index("reference_theme")
    assert list(matched["other_theme"]) == [f"topic {(i + 1) % 6}" for i in range(6)]
    assert (matched["f1_held_out"] > 0.85).all()
    assert (matched["f1_expected_by_chance"] < 0.35).all()
    rated = got.convergence.set_index("theme")
    assert (rated["rating"] == "agreement").all()
    assert rated.loc["T0", "partner"] == "topic 1"
    assert rated.loc["topic 1", "partner"] == "T0"
    assert "did not choose the pair" in rated.loc["T0", "note"]
    assert len(rated.loc["T0", "exemplars"].split(", ")) == 3
    ami = got.partition[got.partition["measure"] == "ami"].set_index("unassigned")
    assert list(ami.index) == ["in", "out"]
    assert (ami["estimate"] > 0.75).all()
    assert ami["expected_by_chance"].abs().max() < 0.02
    assert ami.loc["in", "n"] == 700


def test_a_match_by_chance_is_not_rated_agreement():
    rng = np.random.default_rng(4)
    x, z = one_each(900, 6, rng), one_each(900, 6, rng)
    got = compare_codes(make(x), make(z, "m", themes=[f"topic {i}" for i in range(6)]), n_boot=50)
    assert set(got.convergence["rating"]) <= {"dissonance", "silence"}
    matched = got.matches[got.matches["matched"]]
    # Chosen and measured on the same responses, chance looks like overlap.
    assert matched["f1"].mean() > matched["f1_held_out"].mean()
    np.testing.assert_allclose(matched["f1"], matched["f1_expected_by_chance"], atol=0.12)
    v = got.partition.query("measure == 'v' and unassigned == 'in'").iloc[0]
    assert v["estimate"] > 0.005
    assert v["expected_by_chance"] == pytest.approx(v["estimate"], abs=0.03)


def test_levels_follow_their_definitions():
    x = np.zeros((400, 3), dtype=bool)
    x[:100, 0] = x[100:200, 1] = x[200:300, 2] = True
    y = np.zeros((400, 4), dtype=bool)
    y[:50, 0] = y[50:100, 1] = True  # the first theme split in two: F1 2/3 each
    y[100:300, 2] = True  # the other two fused: F1 2/3 each
    y[300:400, 3] = True  # new
    got = compare_codes(
        make(x), make(y, "m", themes=[f"topic {i}" for i in range(4)]), n_boot=50
    ).levels.set_index(["measure", "threshold"])
    for threshold, values in {0.6: (1, 0.25, 4 / 3, 4 / 3), 0.7: (0, 1, np.nan, np.nan)}.items():
        names = ("coverage", "novelty", "fragmentation", "fusion")
        found = [got.loc[(name, threshold), "estimate"] for name in names]
        np.testing.assert_allclose(found, values)
    assert got.loc[("coverage", 0.6), "n"] == 3
    assert got.loc[("novelty", 0.6), "n"] == 4
    assert got.loc[("coverage", 0.6), "expected_by_chance"] == 0
    assert got.loc[("coverage", 0.1), "expected_by_chance"] > 0.5
    assert "no pair" in got.loc[("fusion", 0.7), "note"]
    known = got[got["estimate"].notna()]
    assert (known["low"] <= known["estimate"]).all()
    assert (known["estimate"] <= known["high"]).all()


def test_macro_is_over_themes_with_ten_positives_of_the_reference():
    x, y = np.zeros((2, 60, 3), bool)
    x[:10, 0] = x[:20, 1] = x[:4, 2] = True
    y[:4, 0] = y[:15, 1] = y[:30, 2] = True
    got = compare_codes(make(x), make(y, "m"), n_boot=20)
    overall = got.overall.set_index("measure")
    assert overall.loc["f1_macro", "estimate"] == pytest.approx((8 / 14 + 30 / 35) / 2)
    assert "over 2 of 3 themes" in overall.loc["f1_macro", "note"]
    assert "30 responses without a theme from either" in overall.loc["f1_samples", "note"]
    assert got.themes["share_other"].tolist() == [4 / 60, 15 / 60, 30 / 60]
    assert got.themes["share_reference"].tolist() == [10 / 60, 20 / 60, 4 / 60]


def test_people_of_unequal_size_do_not_change_a_measure_that_all_units_share():
    # Every unit is coded {A, B} and {A}: F1 2/3 whatever is drawn, and alpha nearly so.
    x = np.ones((240, 2), bool)
    y = x & [True, False]
    people = [f"p{int(i**0.5)}" for i in range(240)]
    got = compare_codes(make(x, people=people), make(y, "m", people=people), n_boot=200)
    row = got.overall.set_index("measure").loc["f1_samples"]
    assert row[["estimate", "low", "high"]].tolist() == pytest.approx([2 / 3] * 3)
    alpha = got.overall.set_index("measure").loc["alpha_jaccard"]
    assert alpha["high"] - alpha["low"] < 0.02
