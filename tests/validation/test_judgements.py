"""Coding, quotes, mapping and adjudication come back as the library's own types."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import standins
from tasks import coding_task, survey_of
from test_answers import WHEN, content_of

import iapt_topics as it
from iapt_topics._base.errors import InputError
from iapt_topics.publish import publish
from iapt_topics.validation import (
    build_codes,
    build_gold,
    build_mapping_edits,
    build_quotes,
    make_adjudication,
    make_coding,
    make_mapping,
    make_quotes,
    read_answers,
    replay_gold,
)


def answered(folder, task, rater, say):
    """The answers of a rater, who says of each row of the key what (or nothing), and why."""
    own = task.assigned[task.assigned["rater"].isin([rater, ""])]
    key, allowed = task.key.set_index("item"), task.allowed()
    rows = []
    for item in own["item"]:
        values, note = say(key.loc[item])
        if values:
            rows.append([item, [v for v in allowed[item] if v in values], note, WHEN])
    path = folder / f"{rater}.json"
    path.write_bytes(content_of(task, rater, rows))
    return path


def test_a_coded_sample_comes_back_as_codes_and_the_next_comparison_has_it(tmp_path):
    study = survey_of()
    survey, frame = study.responses, standins.frame()
    ids = survey.kept["response_id"].tolist()[:80]
    task = make_coding(survey, frame, ids, raters=["Ann", "Ben"], overlap=0.5, again=0.25)
    truth = study.codes.matrix(ids)
    themes = np.array(study.codes.themes)

    def say(row, noise):
        rng = np.random.default_rng([noise, ids.index(row["response"]), int(row["again"])])
        given = truth[ids.index(row["response"])] ^ (rng.random(len(themes)) < 0.02 * noise)
        return themes[given].tolist() or ["none"], ""

    files = [answered(tmp_path, task, r, lambda row, k=k: say(row, k)) for k, r in
             enumerate(["Ann", "Ben"])]  # fmt: skip
    answers = read_answers(files, task)
    ann, ben = build_codes(task, answers, survey, frame)
    assert (ann.matrix() == study.codes.matrix(ann.seen["response_id"].tolist())).all()
    assert (ann.seen["respondent_id"] != "").all()
    assert len(set(ann.seen["response_id"]) & set(ben.seen["response_id"])) == 40
    found = it.agreement.compare_coders([ann, ben], n_boot=20)
    assert 0.5 < found.overall["estimate"][0] < 1
    again, _ = build_codes(task, answers, survey, frame, again=True)
    assert it.compare_codes(ann, again, n_boot=20).overall["estimate"][0] == 1
    assert len(again.seen) == 15
    assert it.compare_codes(ann, study.codes, n_boot=20).n == len(ann.seen)


def test_quotes_are_published_once_everybody_approved_them(tmp_path):
    study = survey_of()
    study = replace(study, responses=replace(study.responses, synthetic=False))
    task = make_quotes(study)

    def some(row):
        return (["approve"] if hash(row["response"]) % 2 or row["theme"] else ["reject"]), ""

    def most(row):
        return ["reject" if row["response"] == first else "approve"], ""

    first = next(r for r in task.key.to_dict("records") if some(r)[0] == ["approve"])["response"]
    files = [answered(tmp_path, task, r, s) for r, s in (("Ann", some), ("Ben", most))]
    quotes = build_quotes(task, read_answers(files, task))
    assert first not in set(quotes["response_id"])
    assert (quotes["approved_by"] == "Ann, Ben").all()
    published = publish(study, quotes=quotes)
    assert len(published.quotes) == len(quotes)
    assert publish(study).quotes == ()


def test_a_mapping_is_decided_and_applied(tmp_path):
    study = survey_of()
    task = make_mapping(study)
    theme = study.mapping.frame.codable[-1].id

    def say(row):
        if row["topic"] == 0:
            return [theme], "it is about leaving"
        return list(row["proposed"]) or ["none"], ""

    answers = read_answers(answered(tmp_path, task, "Ann", say), task)
    edits = build_mapping_edits(task, answers, study)
    by_topic = edits.table[edits.table["topic"] == 0].set_index("theme")["decision"].to_dict()
    assert by_topic[theme] == "add"
    assert set(by_topic.values()) == {"add", "reject"}
    assert set(edits.table["who"]) == {"Ann"}
    assert set(edits.table["when"]) == {WHEN}
    mapping = it.mapping.apply_edits(study.mapping, edits)
    chosen = mapping.table[mapping.table["topic"] == 0]["theme"].tolist()
    assert chosen == [theme]
    path = answered(tmp_path, task, "Ben", lambda row: ([theme], ""))
    with pytest.raises(InputError, match="say why"):
        build_mapping_edits(task, read_answers(path, task), study)


def coders(n=60):
    survey = survey_of().responses
    ids = survey.kept["response_id"].tolist()[:n]
    frame = standins.frame()
    themes = tuple(t.id for t in frame.codable)
    out = []
    for g in range(3):
        rng = np.random.default_rng(5)
        given = rng.random((n, len(themes))) < 0.2
        given ^= np.random.default_rng(g).random(given.shape) < 0.03
        use = np.arange(n) % 5 != g  # each leaves some out
        rows = [
            (ids[i], themes[k], np.nan) for i, k in zip(*np.nonzero(given), strict=True) if use[i]
        ]
        seen = pd.DataFrame({"response_id": np.array(ids, object)[use], "respondent_id": ""})
        table = pd.DataFrame(rows, columns=["response_id", "theme", "score"])
        out.append(it.Codes(coder=f"c{g}", kind="human", themes=themes, seen=seen, table=table))
    return out, survey, frame


def test_disagreements_are_decided_and_the_trail_replays(tmp_path):
    three, survey, frame = coders()
    task = make_adjudication(three, survey, frame)
    shown = task.items["parts"].iloc[0]
    assert [head for head, _ in shown][-1] == "Response"
    assert not any("c0" in head or "c1" in head for head, _ in shown)
    later = task.key["response"].iloc[-1]
    few = make_adjudication(three, survey, frame, response_ids=[later, "nobody"])
    assert few.key["response"].tolist() == [later]

    def say(row):
        return ([] if row["response"] == later else ["S1"]), "the response says so"

    answers = read_answers(answered(tmp_path, task, "Ann", say), task)
    gold = build_gold(three, frame, task=task, answers=answers)
    status = gold.trail.set_index("response_id")["status"]
    assert status[later] == "open"
    assert later not in set(gold.codes.seen["response_id"])
    decided = gold.trail[gold.trail["status"] == "decided"]
    assert len(decided) == len(task.items) - 1
    assert set(decided["who"]) == {"Ann"}
    assert set(decided["when"]) == {WHEN}
    assert (decided["why"] != "").all()
    chosen = gold.codes.table.groupby("response_id")["theme"].agg(list)
    assert all(chosen[i] == ["S1"] for i in decided["response_id"])
    agreed = gold.trail.loc[gold.trail["status"] == "agreed", "response_id"].tolist()
    of = next(c for c in three if agreed[0] in set(c.seen["response_id"]))
    assert (gold.codes.matrix(agreed[:1]) == of.matrix(agreed[:1])).all()
    # Kept as a file and read again, it gives the same codes.
    kept = pd.read_csv(io.StringIO(gold.trail.to_csv(index=False)), keep_default_na=False)
    again = replay_gold(kept, three, frame)
    pd.testing.assert_frame_equal(again.table, gold.codes.table)
    pd.testing.assert_frame_equal(again.seen, gold.codes.seen)


def test_gold_codes_keep_how_their_responses_were_drawn():
    three, _, frame = coders()
    one = three[0]
    chance = np.linspace(0.1, 0.9, len(one.seen))
    chance[:5] = np.nan
    drawn = replace(one, seen=one.seen.assign(inclusion_probability=chance)).seal()
    gold = build_gold([drawn, *three[1:]], frame).codes
    known = drawn.probabilities
    assert gold.probabilities
    assert all(known[i] == p for i, p in gold.probabilities.items())
    assert gold.picked == set(gold.seen["response_id"]) - set(known)
    assert gold.sealed == drawn.sealed & set(gold.seen["response_id"])


def test_a_trail_of_other_codes_or_without_a_reason_does_not_replay(tmp_path):
    three, survey, frame = coders()
    task = make_adjudication(three, survey, frame)
    path = answered(tmp_path, task, "Ann", lambda row: (["S1"], "so"))
    trail = build_gold(three, frame, task=task, answers=read_answers(path, task)).trail
    changed = replace(three[0], table=three[0].table.iloc[1:])
    with pytest.raises(InputError, match="what these coders applied"):
        replay_gold(trail, [changed, *three[1:]], frame)
    with pytest.raises(InputError, match="follow from"):
        replay_gold(trail.assign(why=""), three, frame)
    first = trail["status"] == "agreed"
    with pytest.raises(InputError, match="follow from"):
        replay_gold(trail.assign(themes=trail["themes"].mask(first, '["W4"]')), three, frame)
    with pytest.raises(InputError, match="JSON"):
        replay_gold(trail.assign(themes="S1"), three, frame)


def test_two_who_decide_differently_are_refused_and_one_coder_is_taken_if_asked(tmp_path):
    three, survey, frame = coders()
    task = make_adjudication(three, survey, frame)
    files = [
        answered(tmp_path, task, r, lambda row, t=t: ([t], "so"))
        for r, t in (("Ann", "S1"), ("Ben", "S2"))
    ]
    with pytest.raises(InputError, match="two that differ"):
        build_gold(three, frame, task=task, answers=read_answers(files, task))
    none = three[0], replace(three[0], coder="d", seen=three[0].seen[:20],
                             table=three[0].table[three[0].table["response_id"].isin(
                                 three[0].seen["response_id"][:20])])  # fmt: skip
    with pytest.raises(InputError, match="disagree"):
        make_adjudication(none, survey, frame)
    assert len(build_gold(none, frame).codes.seen) == 20
    whole = build_gold(none, frame, single=True)
    assert len(whole.codes.seen) == len(three[0].seen)
    assert (whole.codes.matrix() == three[0].matrix(whole.codes.seen["response_id"])).all()


def test_a_required_reason_is_required(tmp_path):
    three, survey, frame = coders()
    task = make_adjudication(three, survey, frame)
    with pytest.raises(InputError, match="no reason"):
        read_answers(answered(tmp_path, task, "Ann", lambda row: (["S1"], "")), task)


def test_what_is_of_another_kind_is_refused(tmp_path):
    study = survey_of()
    task = coding_task(5)
    answers = read_answers(answered(tmp_path, task, "Ann", lambda row: (["none"], "")), task)
    with pytest.raises(InputError, match="must be of kind"):
        build_quotes(task, answers)
    with pytest.raises(InputError, match="blind test"):
        it.validation.score_test(task, answers)
    with pytest.raises(InputError, match="responses that were kept"):
        make_coding(study.responses, standins.frame(), ["nobody"])
    themes = standins.frame().themes[:3]
    other = it.ThemeFrame(name="o", themes=(*themes, it.Theme(id="none", label="N", parent="I")))
    with pytest.raises(InputError, match="stands for no theme"):
        make_coding(study.responses, other, ["r0"])
