"""Blind tests: what is drawn, and what is made of the answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, fisher_exact
from tasks import survey_of, with_evidence

from iapt_topics._base.errors import InputError
from iapt_topics.publish import keep_private, publish
from iapt_topics.report import write_report
from iapt_topics.stats import chance_p, krippendorff_alpha, wilson_interval
from iapt_topics.survey.sentences import sentence_spans
from iapt_topics.validation import (
    draw_test,
    load_task,
    mark_topics,
    save_task,
    score_test,
    simulate_answers,
)
from iapt_topics.validation.answers import Answers
from iapt_topics.validation.marked import marked_sentences
from iapt_topics.validation.task import (
    LABELS,
    RESPONSES,
    TESTS,
    THEMES,
    WORDS,
    Choice,
    Item,
    build_task,
)
from iapt_topics.validation.theme_check import exact_fit_p


def drawn(kind, **how):
    return draw_test(survey_of(), kind, **{"raters": ["A", "B", "C"], "width": 0.6} | how)


def shown(task):
    """Each item with what its choices are and its row of the key."""
    rows = task.items.merge(task.key, on="item")
    return rows.to_dict("records")


def test_an_intruding_word_is_of_another_topic_and_alone():
    study = survey_of()
    words = {
        int(t): set(w.split(", "))
        for t, w in zip(study.topics.topics["topic"], study.topics.topics["words"], strict=True)
    }
    for row in shown(drawn(WORDS)):
        labels = {c[0]: c[1] for c in row["choices"]}
        intruder = labels.pop(row["right"])
        assert intruder in words[row["others"][0]] - words[row["topic"]]
        assert set(labels.values()) <= words[row["topic"]]


def test_an_intruding_response_is_of_another_topic_and_all_are_of_different_people():
    study = survey_of()
    topic = study.topics.assignments.set_index("response_id")["topic"]
    person = study.responses.table.set_index("response_id")["respondent_id"]
    for row in shown(drawn(RESPONSES)):
        of = [int(topic[i]) for i in row["responses"]]
        k = int(row["right"]) - 1
        assert of[k] == row["others"][0] != row["topic"]
        assert of[:k] + of[k + 1 :] == [row["topic"]] * (len(of) - 1)
        own = [person[i] for j, i in enumerate(row["responses"]) if j != k]
        assert len(set(own)) == len(own)


def test_labels_to_choose_from_hold_the_right_one_and_the_nearest():
    study = survey_of()
    near = study.topics.centroids @ study.topics.centroids.T
    np.fill_diagonal(near, -np.inf)
    for row in shown(drawn(LABELS)):
        topics = row["others"]
        assert len(set(topics)) == len(topics) == 4
        assert topics[int(row["right"]) - 1] == row["topic"]
        nearest = np.argsort(-near[row["topic"]])[:2]
        assert set(nearest.tolist()) & set(topics)


def test_a_theme_is_checked_on_codes_and_on_what_has_none_by_known_weights():
    study = survey_of()
    given = study.codes.matrix()
    has = {t: given[:, k] for k, t in enumerate(study.codes.themes)}
    ids = study.codes.seen["response_id"].tolist()
    task = drawn(THEMES)
    for theme, part in task.key.groupby("theme"):
        assert part["weight"].sum() == pytest.approx(len(ids))
        for row in part.to_dict("records"):
            coded = has[theme][ids.index(row["responses"][0])]
            assert coded == (row["stratum"] == "coded")
        assert part["responses"].is_unique


@pytest.mark.parametrize("kind", TESTS)
def test_every_topic_and_theme_is_judged_as_often_as_the_width_asks(kind):
    study = survey_of()
    task = drawn(kind, width=0.5)
    n = task.assigned.merge(task.key, on="item")
    if kind == THEMES:
        n = n[n["stratum"] == "coded"].groupby("theme").size()
        assert set(n.index) == set(study.codes.themes)
        n = n.drop("W4")  # has few codes at all
    else:
        n = n.groupby("topic").size()
        assert len(n) == 8
    # The widest interval of so many judgements is as wide as was asked for.
    low, high = wilson_interval(n.min() / 2, n.min())
    assert high - low <= 0.53


def test_what_is_right_is_scored_by_topic_rater_and_agreement():
    task = drawn(RESPONSES)
    answers = simulate_answers(task, skill=0.7, seed=2)
    found = score_test(task, answers)
    rows = answers.table.merge(task.key, on="item")
    right = [v[0] == r for v, r in zip(rows["values"], rows["right"], strict=True)]
    assert found.overall["n_right"][0] == sum(right)
    assert found.overall["p"][0] == pytest.approx(
        binom.sf(sum(right) - 1, len(right), 0.25), rel=1e-6
    )
    by_topic = pd.Series(right).groupby(rows["topic"]).mean()
    assert found.topics.set_index("topic")["estimate"].to_dict() == by_topic.to_dict()
    by_rater = pd.Series(right).groupby(rows["rater"]).mean()
    assert found.raters.set_index("rater")["estimate"].to_dict() == by_rater.to_dict()
    wide = rows.assign(ok=right).pivot(index="item", columns="rater", values="ok").dropna()
    alpha = found.agreement.set_index("measure").loc["alpha"]
    assert alpha["estimate"] == pytest.approx(float(krippendorff_alpha(wide.to_numpy())))
    assert alpha["n"] == len(wide)
    assert (found.topics["low"] <= found.topics["estimate"]).all()
    assert (found.topics["p_holm"] >= found.topics["p"]).all()
    assert "themes: 0 rows" not in found._repr_html_()


def test_the_published_example_of_oolong_is_reproduced():
    """Chan & Sältzer (2020), JOSS 5(55):2461: the summary of two raters of 20 topics."""
    both = [0.5, 0, 0, 0.5, 0, 0.5, 0, 0, 1, 0, 0, 1, 0, 1, 0.5, 0, 0.5, 0.5, 0.5, 0.5]
    choices = tuple(Choice(str(k), f"word {k}") for k in range(1, 7))
    drawn_items = [
        (Item((("Topic", str(t)),), choices), {"topic": t, "label": "", "right": "1", "others": ()})
        for t in range(20)
    ]
    raters = {"one": range(20), "two": range(20)}
    task = build_task(WORDS, b"key", ("Words",), drawn_items, raters)
    halves = [t for t, share in enumerate(both) if share == 0.5]
    right = {"one": {t for t, s in enumerate(both) if s == 1} | set(halves[:3])}
    right["two"] = {t for t, s in enumerate(both) if s == 1} | set(halves[3:])
    rows = [
        (item, rater, ("1" if t in right[rater] else "2",), "", "", "")
        for rater in raters
        for t, item in enumerate(task.items["item"])
    ]
    columns = ["item", "rater", "values", "note", "when", "source"]
    answers = Answers(
        task=task.fingerprint, table=pd.DataFrame(rows, columns=columns), log=pd.DataFrame()
    )
    found = score_test(task, answers)
    assert found.overall["estimate"][0] == pytest.approx(0.35)  # mean model precision
    assert found.raters["estimate"].tolist() == [0.3, 0.4]
    assert round(found.overall["p_fisher"][0], 4) == 0.0089
    assert round(found.agreement.set_index("measure").loc["alpha", "estimate"], 3) == 0.143
    assert found.topics["estimate"].tolist() == both  # k precision


def test_topics_that_nobody_can_tell_apart_are_named():
    task = drawn(LABELS, width=0.3)
    answers = simulate_answers(task, skill=1.0)
    key = task.key.set_index("item")
    rng = np.random.default_rng(0)

    def mixed(item, values):
        row = key.loc[item]
        others = list(row["others"])
        if row["topic"] in (0, 1) and {0, 1} <= set(others):
            return (str(others.index(int(rng.integers(2))) + 1),)
        return values

    rows = answers.table
    values = [mixed(i, v) for i, v in zip(rows["item"], rows["values"], strict=True)]
    found = score_test(task, replace(answers, table=rows.assign(values=values)))
    pairs = found.pairs[found.pairs["status"] == "not told apart"]
    assert pairs[["topic", "other"]].to_numpy().tolist() == [[0, 1]]
    assert set(found.unclear) <= {0, 1}
    assert score_test(task, answers).unclear == ()


def test_a_topic_that_people_cannot_tell_apart_is_marked_in_both_reports(tmp_path):
    study = survey_of()
    task = drawn(RESPONSES, width=0.3)
    answers = simulate_answers(task, skill=1.0)
    topic = answers.table["item"].map(task.key.set_index("item")["topic"])
    wrong = [("1",) if t == 2 else v for t, v in zip(topic, answers.table["values"], strict=True)]
    found = score_test(task, replace(answers, table=answers.table.assign(values=wrong)))
    assert found.unclear == (2,)
    marked = mark_topics(study.topics, found)
    assert (marked.topics["note"] != "").tolist() == [t == 2 for t in range(8)]
    twice = mark_topics(marked, found)
    assert twice.topics["note"].tolist() == marked.topics["note"].tolist()
    assert (mark_topics(marked, score_test(task, answers)).topics["note"] == "").all()
    study = replace(study, topics=marked)
    for version in (publish(study), keep_private(study)):
        page = write_report(tmp_path / "report.html", version).read_text("utf-8")
        assert page.count("people could not tell it apart (response intrusion") == 1
    check = drawn(THEMES, width=0.8)
    with pytest.raises(InputError, match="test of topics"):
        mark_topics(study.topics, score_test(check, simulate_answers(check)))


@pytest.mark.slow
def test_precision_and_recall_are_those_of_all_responses():
    study = survey_of()
    codes = study.codes
    # The truth: of the machine's codes of each theme a quarter are wrong, and it missed some.
    rng = np.random.default_rng(1)
    true = codes.table[rng.random(len(codes.table)) < 0.75]
    pairs = set(zip(codes.table["response_id"], codes.table["theme"], strict=True))
    more = [
        (i, t, 1.0)
        for i in codes.seen["response_id"]
        for t in codes.themes
        if (i, t) not in pairs and rng.random() < 0.05
    ]
    table = pd.concat([true, pd.DataFrame(more, columns=["response_id", "theme", "score"])])
    truth = replace(codes, table=table, evidence=None)
    whole = {}
    for k, theme in enumerate(codes.themes):
        f, y = codes.matrix()[:, k], truth.matrix()[:, k]
        whole[theme] = ((f & y).sum() / f.sum(), (f & y).sum() / y.sum())
    misses, precision, recall = [0, 0], [], []
    for seed in range(12):
        task = drawn(THEMES, width=0.35, seed=seed)
        answers = simulate_answers(task, skill=1.0, truth=truth)
        for row in score_test(task, answers).themes.to_dict("records"):
            p, r = whole[row["theme"]]
            misses[0] += not row["precision_low"] <= p <= row["precision_high"]
            misses[1] += not row["recall_low"] <= r <= row["recall_high"]
            precision.append(row["precision"] - p)
            recall.append(1 / row["recall"] - 1 / r)
    assert misses[0] <= 0.08 * len(precision)
    assert misses[1] <= 0.05 * len(recall)
    assert abs(np.mean(precision)) < 0.02
    # A ratio of estimates, recall itself is a little too high with few checked; its inverse is not.
    assert abs(np.mean(recall)) < 0.1 * np.mean([1 / r for _, r in whole.values()])


def test_the_sentence_that_carried_a_theme_is_marked_and_no_mark_tells_which_is_coded():
    study = with_evidence(survey_of())
    task = draw_test(study, THEMES, raters=["A"], width=0.6)
    text = study.responses.table.set_index("response_id")["text"]
    seen = {"coded": 0, "near": 0, "far": 0}
    for row in shown(task):
        parts = dict(row["parts"])
        assert parts["Sentence"] in parts["Response"]
        assert "jo@x.org" not in parts["Response"]
        assert [head for head, _ in row["parts"]][-2:] == ["Sentence", "Response"]
        start, end = sentence_spans(text[row["responses"][0]])[1]
        if row["stratum"] == "coded":
            assert parts["Sentence"] == text[row["responses"][0]][start:end]
        seen[row["stratum"]] += 1
    assert min(seen.values()) > 0
    # The same responses are drawn with and without it.
    plain = draw_test(survey_of(), THEMES, raters=["A"], width=0.6)
    assert plain.key["responses"].tolist() == task.key["responses"].tolist()
    assert not any(head == "Sentence" for parts in plain.items["parts"] for head, _ in parts)


def test_where_no_sentence_carried_a_theme_one_with_its_words_is_marked():
    study = with_evidence(survey_of())
    theme = study.codes.themes[0]
    text = "The car park is far away. Something else is here. Targets, and the targets they set."
    table = study.responses.table
    first = table["response_id"].iloc[0]
    table = table.assign(text=table["text"].where(table["response_id"] != first, text))
    none = study.codes.evidence.iloc[:0]
    codes = replace(study.codes, table=study.codes.table.iloc[:0], evidence=none)
    frame = study.mapping.frame
    themes = tuple(
        replace(t, definition="To park a car far away.") if t.id == theme else t
        for t in frame.themes
    )
    mapping = replace(study.mapping, frame=replace(frame, themes=themes))
    survey = replace(study.responses, table=table)
    study = replace(study, codes=codes, mapping=mapping, responses=survey)
    found = marked_sentences(study, [(theme, first)], {first: text}, np.random.default_rng(0))
    assert found == ["The car park is far away."]


def test_marks_of_topics_that_have_changed_are_refused():
    study = survey_of()
    task = drawn(LABELS, width=0.8)
    found = score_test(task, simulate_answers(task))
    assert mark_topics(study.topics, found)
    rows = study.topics.assignments
    other = rows.assign(topic=rows["topic"].where(rows.index != 0, (rows["topic"] + 1) % 8))
    with pytest.raises(InputError, match="other responses than when it was tested"):
        mark_topics(replace(study.topics, assignments=other), found)


def test_the_exact_test_of_a_theme_is_fishers_in_one_stratum():
    rng = np.random.default_rng(3)
    for _ in range(20):
        coded, fits = rng.random(30) < 0.5, rng.random(30) < 0.4
        table = [
            [(coded & fits).sum(), (coded & ~fits).sum()],
            [(~coded & fits).sum(), (~coded & ~fits).sum()],
        ]
        wanted = fisher_exact(table, "greater").pvalue
        assert exact_fit_p(coded, fits, np.zeros(30)) == pytest.approx(wanted)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TESTS)
def test_raters_who_guess_are_seldom_taken_for_more(kind):
    """30 simulations here; 1,000 in benchmarks/validation.py."""
    task = drawn(kind, width=0.8)
    found = [
        score_test(task, simulate_answers(task, skill=0.0, seed=s)).overall["p"][0] < 0.05
        for s in range(30)
    ]
    assert sum(found) <= binom.ppf(0.999, 30, 0.05)


def test_an_item_that_several_judged_is_no_new_evidence_for_the_interval():
    task = drawn(WORDS, raters=list("ABCDEF"), overlap=1.0, width=0.9)
    answers = simulate_answers(task, skill=1.0)
    one = answers.table["item"].map(dict.fromkeys(task.items["item"][::2], "9"))
    values = [v if o != "9" else ("1",) for v, o in zip(answers.table["values"], one, strict=True)]
    rows = answers.table.assign(values=values)
    all_six = score_test(task, replace(answers, table=rows)).overall.loc[0]
    alone = score_test(task, replace(answers, table=rows[rows["rater"] == "A"])).overall.loc[0]
    assert all_six["high"] - all_six["low"] > 0.9 * (alone["high"] - alone["low"])


def test_what_cannot_be_drawn_or_scored_is_refused():
    study = survey_of()
    with pytest.raises(InputError, match="raters"):
        draw_test(study, WORDS, raters=[])
    with pytest.raises(InputError, match="overlap"):
        draw_test(study, WORDS, overlap=2.0)
    with pytest.raises(InputError, match="width"):
        draw_test(study, WORDS, width=0.0)
    one = study.topics.assignments.assign(topic=0)
    few = replace(study.topics, assignments=one)
    with pytest.raises(InputError, match="two topics"):
        draw_test(replace(study, topics=few), RESPONSES)
    task = drawn(WORDS)
    with pytest.raises(InputError, match="another"):
        score_test(task, replace(simulate_answers(task), task="other"))
    nobody = simulate_answers(task)
    with pytest.raises(InputError, match="at least"):
        score_test(task, replace(nobody, table=nobody.table[:0]))
    with pytest.raises(InputError, match="skill"):
        simulate_answers(task, skill=2.0)
    assert chance_p(0, [0.5]) == 1


def test_a_topic_that_cannot_be_tested_is_named_and_not_left_out_in_silence(tmp_path):
    study = survey_of()
    table = study.topics.topics
    words = table["words"].mask(table["topic"] == 5, "band")
    one = replace(study.topics, topics=table.assign(words=words))
    task = draw_test(replace(study, topics=one), WORDS, raters=["A"], width=0.8)
    assert set(task.left_out) == {5}
    task = load_task(save_task(tmp_path / "t.json", task))
    row = score_test(task, simulate_answers(task)).topics.set_index("topic").loc[5]
    assert row["status"] == "not tested"
    assert "two words" in row["note"]
    # All of a topic by one person: there are not two people to show.
    kept = study.responses.table
    of = kept["response_id"].isin(
        study.topics.assignments.query("topic == 6")["response_id"].tolist()
    )
    alone = replace(
        study.responses,
        table=kept.assign(respondent_id=kept["respondent_id"].mask(of, "somebody")),
    )
    task = draw_test(replace(study, responses=alone), RESPONSES, raters=["A"], width=0.8)
    assert set(task.left_out) == {6}


def test_a_topic_without_an_answer_says_so():
    task = drawn(LABELS)
    answers = simulate_answers(task, skill=1.0)
    topic = answers.table["item"].map(task.key.set_index("item")["topic"])
    found = score_test(task, replace(answers, table=answers.table[topic != 3]))
    row = found.topics.set_index("topic").loc[3]
    assert row["status"] == "too few judgements"
    assert np.isnan(row["estimate"])
    assert len(found.topics) == 8
