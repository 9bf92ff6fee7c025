import dataclasses

import numpy as np
import pandas as pd
import pytest
from coded_surveys import FRAME, hand_codes
from conftest import SUBJECTS, read

from iapt_topics._base.errors import InputError
from iapt_topics.agreement.certify import certify_codes
from iapt_topics.codes.sampling import next_to_code
from iapt_topics.encoders.embeddings import embed
from iapt_topics.mapping import learning as coding
from iapt_topics.mapping.coding import code_responses
from iapt_topics.mapping.encoders import compare_encoders
from iapt_topics.mapping.learning import learn_codes
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
