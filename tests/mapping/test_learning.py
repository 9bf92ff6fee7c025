import dataclasses

import numpy as np
import pandas as pd
import pytest
from coded_surveys import FRAME, hand_codes
from conftest import SUBJECTS, read

from iapt_topics._base.errors import InputError
from iapt_topics.agreement.certify import certify_codes
from iapt_topics.agreement.group_errors import error_by_group
from iapt_topics.codes.codes import Codes
from iapt_topics.codes.hand_sample import hand_sample
from iapt_topics.codes.sampling import next_to_code
from iapt_topics.encoders.embeddings import embed
from iapt_topics.mapping import learning as coding
from iapt_topics.mapping.coding import code_responses
from iapt_topics.mapping.encoders import compare_encoders
from iapt_topics.mapping.learning import cross_fit_codes, learn_codes
from iapt_topics.mapping.scoring import score_themes


def right(codes, survey, theme):
    ids = survey.kept.iloc[60:]["response_id"].tolist()
    truth = survey.kept.iloc[60:]["subject"].to_numpy() == theme
    given = codes.matrix(ids, [theme])[:, 0]
    return 2 * (given & truth).sum() / (given.sum() + truth.sum())


def test_learns_what_the_frame_does_not_know(survey, embeddings, encoder):
    human = hand_codes(survey)
    before = code_responses(survey, embeddings, FRAME, encoder)
    codes = learn_codes(survey, embeddings, FRAME, encoder, human)
    assert right(before, survey, "pay") < 0.5
    for subject in SUBJECTS:
        assert right(codes, survey, subject) > 0.95
    assert codes.kind == "machine"
    assert codes.trained_on == set(human.seen["response_id"])
    assert len(codes.seen) == len(survey)
    assert codes.table["score"].between(0, 1).all()
    assert codes.themes == tuple(t.id for t in FRAME.themes)


def test_the_same_whatever_the_order_of_rows(survey, survey_table, encoder):
    mixed = read(survey_table.sample(frac=1, random_state=0))

    def run(responses):
        codes = learn_codes(
            responses, embed(responses, encoder), FRAME, encoder, hand_codes(survey)
        )
        return codes.table.sort_values(["response_id", "theme"], ignore_index=True)

    one, two = run(survey), run(mixed)
    pd.testing.assert_frame_equal(one, two, rtol=1e-6)


def test_the_evaluation_part_is_never_trained_on(survey, embeddings, encoder):
    machine = code_responses(survey, embeddings, FRAME, encoder)
    plan = next_to_code(survey, machine, n=50, width=0.4, seed=1)
    everything = hand_codes(survey, n=len(survey))
    held = plan.held_out(survey)
    codes = learn_codes(survey, embeddings, FRAME, encoder, everything, plan=plan)
    assert codes.trained_on == set(everything.seen["response_id"]) - held
    assert held
    # What is coded by hand in that part cannot change anything.
    table = everything.table
    lies = dataclasses.replace(
        everything,
        table=table.assign(theme=table["theme"].where(~table["response_id"].isin(held), "odd")),
    )
    again = learn_codes(survey, embeddings, FRAME, encoder, lies, plan=plan)
    pd.testing.assert_frame_equal(codes.table, again.table)


def test_own_codes_are_cross_fitted(survey, embeddings, encoder):
    # One response is coded against all others like it: its own code must not come back.
    human = hand_codes(survey)
    wrong = human.table.copy()
    wrong.loc[0, "theme"] = "odd"
    codes = learn_codes(survey, embeddings, FRAME, encoder, dataclasses.replace(human, table=wrong))
    mine = codes.table[codes.table["response_id"] == wrong["response_id"][0]]
    assert mine["theme"].tolist() == [human.table["theme"][0]]


def test_a_theme_without_positives_rests_on_the_frame(survey, embeddings, encoder):
    human = hand_codes(survey)
    other = human.table[human.table["theme"] != "team"]
    seen = human.seen[human.seen["response_id"].isin(other["response_id"])]
    without = dataclasses.replace(human, table=other, seen=seen)  # none that speaks of it was coded
    codes = learn_codes(survey, embeddings, FRAME, encoder, without)
    assert right(codes, survey, "team") > 0.7


def test_many_hand_codes_overrule_the_frame_and_a_few_do_not(survey, embeddings, encoder):
    rest = survey.kept.iloc[100:]
    team = rest.loc[rest["subject"] == "team", "response_id"].tolist()
    frame_alone = code_responses(survey, embeddings, FRAME, encoder)
    assert frame_alone.matrix(team, ["team"]).all()

    def taught(n):
        human = hand_codes(survey, n=n)
        denied = dataclasses.replace(human, table=human.table[human.table["theme"] != "team"])
        return learn_codes(survey, embeddings, FRAME, encoder, denied, seed=0)

    few, many = taught(20), taught(100)  # 4 and 20 of them speak of it
    assert few.matrix(team, ["team"]).mean() > 0.7
    assert many.matrix(team, ["team"]).mean() < 0.3
    assert (many.table.loc[many.table["theme"] == "team", "score"] < 0.5).all()
    assert right(many, survey, "caseload") > 0.95


def test_too_few_hand_codes_are_refused(survey, embeddings, encoder):
    with pytest.raises(InputError, match="at least 20 hand-coded responses"):
        learn_codes(survey, embeddings, FRAME, encoder, hand_codes(survey, n=19))
    learn_codes(survey, embeddings, FRAME, encoder, hand_codes(survey, n=20))
    other = hand_codes(survey, themes=(*(t.id for t in FRAME.themes), "unknown"))
    with pytest.raises(InputError, match="codable themes of the frame"):
        learn_codes(survey, embeddings, FRAME, encoder, other)


def test_inputs_are_unchanged(survey, embeddings, encoder):
    human = hand_codes(survey)
    before = survey.table.copy(), human.table.copy(), embeddings.vectors.copy()
    learn_codes(survey, embeddings, FRAME, encoder, human)
    pd.testing.assert_frame_equal(survey.table, before[0])
    pd.testing.assert_frame_equal(human.table, before[1])
    assert (embeddings.vectors == before[2]).all()


def test_folds_keep_respondents_together():
    people = np.array(list("aabbccddeeff"), dtype=object)
    folds = coding._folds(people, 0)
    assert len(set(folds)) == 5
    for person in "abcdef":
        assert len(set(folds[people == person])) == 1


def test_posterior_mode_against_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3))
    y = (x[:, 0] + rng.normal(size=80) > 0).astype(float)
    ours = coding._mode(x, y, np.full(3, 0.5), 0.0, np.zeros(3))
    theirs = LogisticRegression(C=2.0, fit_intercept=False, tol=1e-10, max_iter=1000).fit(x, y)
    assert ours == pytest.approx(theirs.coef_[0], abs=1e-4)


def test_threshold_maximises_expected_f1():
    rng = np.random.default_rng(1)
    chance = rng.beta(1, 5, size=60)
    best = coding._threshold(chance)

    def expected(t):
        given = chance >= t
        return 2 * chance[given].sum() / (given.sum() + chance.sum())

    assert expected(best) == pytest.approx(max(expected(t) for t in chance))


def test_scores_of_all_responses_and_themes(survey, embeddings, encoder):
    scores = score_themes(survey, embeddings, FRAME, encoder)
    assert len(scores) == len(survey) * len(FRAME.codable)
    assert not scores.isna().any(axis=None)
    best = scores.loc[scores.groupby("response_id")["margin"].idxmax()].set_index("response_id")
    subject = survey.kept.set_index("response_id")["subject"]
    known = subject[subject != "pay"]
    assert (best.loc[known.index, "theme"] == known).mean() > 0.9


def test_sealed_test_codes_are_not_learned_from(survey, embeddings, encoder):
    human = hand_codes(survey)
    with pytest.raises(InputError, match="must not teach where they are sealed test codes"):
        learn_codes(survey, embeddings, FRAME, encoder, human.seal())
    with pytest.raises(InputError, match="must not teach"):
        compare_encoders(survey, FRAME, human.seal(), [encoder])
    # A plan's random part is sealed, and the plan holds it out.
    machine = code_responses(survey, embeddings, FRAME, encoder)
    plan = next_to_code(survey, machine, n=50, width=0.4, seed=1)
    marked = plan.marked(hand_codes(survey, n=len(survey)))
    taught = learn_codes(survey, embeddings, FRAME, encoder, marked, plan=plan)
    assert not taught.trained_on & marked.sealed
    assert len(certify_codes(taught, marked, survey).themes) == len(FRAME.themes)


def test_in_parts_no_hand_code_changes_a_code_of_its_own_part(survey, embeddings, encoder):
    human = hand_codes(survey).seal()
    codes = cross_fit_codes(survey, embeddings, FRAME, encoder, human, folds=4)
    assert codes.cross_fitted == codes.trained_on == set(human.seen["response_id"])
    assert not codes.unmeasured
    table = survey.kept.sort_values("response_id")
    ids = table["response_id"].to_numpy()
    rows = np.flatnonzero(np.isin(ids, human.seen["response_id"]))
    part = coding._parts(table["respondent_id"].to_numpy(str), rows, 4, 7)
    first = set(ids[part == 0])
    given = human.table.copy()
    given.loc[given["response_id"].isin(first), "theme"] = "odd"
    lies = dataclasses.replace(human, table=given)
    again = cross_fit_codes(survey, embeddings, FRAME, encoder, lies, folds=4)
    mine = (c.table[c.table["response_id"].isin(first)] for c in (codes, again))
    here, there = (t.reset_index(drop=True) for t in mine)
    pd.testing.assert_frame_equal(here, there)
    assert not codes.table.equals(again.table)  # the other parts did learn from them


def test_one_sample_teaches_and_measures(survey, embeddings, encoder):
    human = hand_codes(survey).seal()
    codes = cross_fit_codes(survey, embeddings, FRAME, encoder, human, folds=5)
    sample = hand_sample(codes, human, survey)
    assert sample.drawn.sum() == len(human.seen)
    assert not sample.notes
    assert certify_codes(codes, human, survey).n == len(human.seen)
    assert len(error_by_group(codes, human, survey)) > 0
    # One model that all of it taught is measured by none of it.
    whole = learn_codes(
        survey, embeddings, FRAME, encoder, dataclasses.replace(human, sealed=frozenset())
    )
    with pytest.raises(InputError, match="never teach"):
        hand_sample(whole, human, survey)
    # What taught the codes that it started from is not made good by cross-fitting.
    tuned = dataclasses.replace(
        code_responses(survey, embeddings, FRAME, encoder),
        trained_on=frozenset(human.seen["response_id"][:3]),
    )
    found = cross_fit_codes(survey, embeddings, FRAME, encoder, human, machine=tuned, folds=5)
    assert found.unmeasured == tuned.trained_on
    # Nor what was cross-fitted in other parts: its codes there know those of these.
    again = dataclasses.replace(tuned, cross_fitted=tuned.trained_on)
    found_again = cross_fit_codes(survey, embeddings, FRAME, encoder, human, machine=again)
    assert found_again.unmeasured == tuned.trained_on
    with pytest.raises(InputError, match="never teach"):
        hand_sample(found, human, survey)


def test_parts_deal_respondents_evenly_and_refuse_too_few():
    people = np.array([f"p{i // 2}" for i in range(200)])
    rows = np.arange(0, 60)
    part = coding._parts(people, rows, 5, 1)
    assert all(len(set(part[people == p])) == 1 for p in set(people))
    assert np.bincount(part[rows]).tolist() == [12] * 5
    assert np.bincount(part).tolist() == [40] * 5
    for folds, coded in ((1, 60), (0, 60), (-2, 60), (2, 30)):
        with pytest.raises(InputError, match="folds must be 2 or more"):
            coding._parts(people, rows[:coded], folds, 1)


def test_cross_fitted_codes_must_have_taught():
    seen = pd.DataFrame({"response_id": ["a"], "respondent_id": [""]})
    table = pd.DataFrame({"response_id": ["a"], "theme": ["t"], "score": [1.0]})
    with pytest.raises(InputError, match="cross_fitted must be among the responses in trained_on"):
        Codes(
            coder="m", kind="machine", themes=("t",), seen=seen, table=table,
            cross_fitted=frozenset("a"),
        )  # fmt: skip
