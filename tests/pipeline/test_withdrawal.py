"""A respondent withdraws: no byte of theirs is left, and the results are those without them."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import SUBJECT_FRAME, BagOfWords, subject_rows, survey_rows

from iapt_topics import load_responses
from iapt_topics._base.errors import InputError
from iapt_topics._base.files import claimed
from iapt_topics.encoders.vector_cache import keep_only, key_of, remember
from iapt_topics.pipeline import withdraw
from iapt_topics.pipeline.execute_plan import run_plan, write_results
from iapt_topics.pipeline.manifest import read_manifest
from iapt_topics.pipeline.people import codes_of
from iapt_topics.pipeline.plan import StudyPlan, read_plan
from iapt_topics.pipeline.saved import save_study
from iapt_topics.qda.load import load_codes
from iapt_topics.survey.withdrawn import Withdrawn, read_withdrawn, write_withdrawn
from iapt_topics.topics.edit_sheet import TopicDecisions, read_decisions, write_decisions
from iapt_topics.topics.edits import TopicEdit
from iapt_topics.validation import load_task, make_coding, read_answers, save_task
from iapt_topics.validation.answers import ANSWERS, check_of
from iapt_topics.validation.task import canonical

WHO, WHOSE = "anna-quill-7", "resp-0042"
WORDS = "My line manager Zebulon shouted about targets in the Tuesday huddle"


class KeptWords(BagOfWords):
    """The same, with vectors on disk, as a sentence model keeps them."""

    prompt = ""

    def __init__(self, cache):
        self.cache = cache

    def encode(self, texts):
        import numpy as np

        of = {key_of(t): t for t in texts}
        known = remember(self.cache, self.fingerprint, of, super().encode)
        return np.stack([known[key_of(t)] for t in texts])


def rows():
    table = survey_rows()
    at = table.index[[42, 43]]
    table.loc[at, "person"] = WHO
    table.loc[at[0], ["response_id", "comment"]] = [WHOSE, WORDS]
    # Another says word for word what she said once: theirs stays.
    table.loc[at[1], "comment"] = table.loc[44, "comment"]
    return table


def study_in(folder, table, **more):
    folder.mkdir()
    table.to_csv(folder / "survey.csv", index=False)
    subject_rows(table).to_csv(folder / "codes.csv", index=False)
    return StudyPlan(
        file=folder / "survey.csv", text=("comment",), year="year", respondent="person",
        response="response_id", codes=folder / "codes.csv", frame=None, n_runs=2,
        out=folder / "out", **more,
    )  # fmt: skip


def made(plan):
    with claimed(plan.out):
        study = run_plan(plan, KeptWords(plan.out / "cache"))
        write_results(study, plan, ("run",))
    return study


def remove(plan, *who, **more):
    with claimed(plan.out), pytest.warns(UserWarning, match="can be set against this one"):
        return withdraw(plan, who, KeptWords(plan.out / "cache"), **more)


def everything(folder):
    """All bytes in a folder, and of what is packed in it, but for the researcher's own files."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as packed:
                    yield from ((path, packed.read(name)) for name in packed.namelist())
            if path.suffix == ".parquet":
                yield path, pd.read_parquet(path).to_csv().encode()


@pytest.fixture(scope="module")
def withdrawn(tmp_path_factory):
    """Results after a withdrawal, what it said, and results of the survey without the person."""
    folder = tmp_path_factory.mktemp("withdrawn")
    table = rows()
    plan = study_in(folder / "with", table)
    study = made(plan)
    save_study(plan.out / "kept", study)
    task = make_coding(
        study.responses, SUBJECT_FRAME, [WHOSE, "r1", "r2"], raters=["Ann"], overlap=0, again=0
    )
    save_task(plan.out / "task.json", task)
    answers = [[item, ["none"], "", "2026-01-01T10:00:00Z"] for item in task.items["item"]]
    content = {"format": ANSWERS, "task": task.fingerprint, "rater": "Ann", "answers": answers,
               "check": check_of(task.fingerprint, "Ann", answers)}  # fmt: skip
    (plan.out / "answers.json").write_text(canonical(content), "utf-8")
    (plan.out / "notes.txt").write_text(f"Look again at {WHO}", "utf-8")
    for word in (WHO, WHOSE, WORDS):
        assert any(word.encode() in content for _, content in everything(plan.out)), word
    vector = KeptWords(None).encode([WORDS])[0].tobytes()
    assert any(vector in content for _, content in everything(plan.out / "cache"))
    said = remove(plan, WHO)
    other = study_in(folder / "without", table[table["person"] != WHO])
    made(other)
    return plan, said, other, vector


def test_no_byte_of_them_is_left(withdrawn):
    plan, _, _, vector = withdrawn
    (plan.out / "notes.txt").unlink()
    words = [WORDS, WORDS.replace(" ", "_"), "Zebulon", WHO, WHOSE, key_of(WORDS)]
    sought = [w.encode(code) for w in words for code in ("utf-8", "utf-16-le")] + [vector]
    left = [(p, s) for p, content in everything(plan.out) for s in sought if s in content]
    assert not left


def test_the_results_are_those_without_them(withdrawn):
    plan, _, other, _ = withdrawn
    for folder in ("tables_private", "publish/tables"):
        one, two = ({p.name: p.read_bytes() for p in (o / folder).glob("*")}
                    for o in (plan.out, other.out))  # fmt: skip
        assert one == two
        assert len(one) > 10
    inputs = ("data", "response_ids", "embeddings", "codes", "frame", "config")
    one, two = read_manifest(plan.out), read_manifest(other.out)
    assert {k: one[k] for k in inputs} == {k: two[k] for k in inputs}


def test_it_says_what_changed_and_what_is_left_to_do(withdrawn):
    plan, said, _, _ = withdrawn
    assert (said.respondents, said.rows, said.compared) == (1, 2, True)
    assert "drift_shares" in set(said.tables["table"])
    assert (said.tables["rows"] >= said.tables["new"]).all()
    assert said.left == ("notes.txt",)
    assert set(said.removed) == {"kept", "task.json", "answers.json"}
    assert [p.name for p in said.yours] == ["survey.csv", "codes.csv"]
    assert WHO in plan.file.read_text()  # the researcher's file is theirs


def test_judgements_on_others_stay_and_still_fit(withdrawn):
    plan = withdrawn[0]
    task = load_task(plan.out / "task.json")
    assert len(task.items) == 2
    answers = read_answers(plan.out / "answers.json", task)
    assert set(answers.table["item"]) == set(task.items["item"])


def test_vectors_of_others_are_kept(withdrawn):
    (store,) = (withdrawn[0].out / "cache").glob("embeddings-*.sqlite")
    with closing(sqlite3.connect(store)) as opened:
        keys = {k for (k,) in opened.execute("SELECT text FROM checked")}
    assert key_of(survey_rows()["comment"][44]) in keys
    assert key_of(WORDS) not in keys


def test_later_runs_leave_them_out_by_any_plan(withdrawn):
    plan = withdrawn[0]
    assert read_plan(plan.out).withdrawn == (plan.out / "withdrawn.json").resolve()
    for again in (plan, read_plan(plan.out), replace(read_plan(plan.out), out=plan.out / "x")):
        assert len(run_plan(again, BagOfWords()).responses.table) == 148
    own = plan.out / "y" / "withdrawn.json"
    write_withdrawn(own, Withdrawn())
    with pytest.raises(InputError, match="must be one"):
        run_plan(replace(read_plan(plan.out), out=plan.out / "y"), BagOfWords())


@pytest.mark.parametrize("who", [["nobody"], [], [" "], ["row:7"]])
def test_a_mistake_removes_nothing(tmp_path, short_report, who):
    table = rows()
    table.loc[6, "person"] = ""
    plan = replace(study_in(tmp_path / "s", table), response=None, codes=None, out=tmp_path / "o")
    table.drop(columns="response_id").to_csv(plan.file, index=False)
    plan = replace(plan, frame=frame_file(tmp_path))
    made(plan)
    before = dict(everything(plan.out))
    with pytest.raises(InputError, match="respondents"):
        withdraw(plan, who, KeptWords(plan.out / "cache"))
    assert {p: b for p, b in everything(plan.out) if p.name != "lock"} == {
        p: b for p, b in before.items() if p.name != "lock"
    }


def frame_file(folder):
    from iapt_topics.frame.load import write_frame

    return write_frame(folder / "frame.toml", SUBJECT_FRAME)


@pytest.mark.slow
def test_rows_that_are_gone_from_the_file_can_still_be_withdrawn(tmp_path, short_report):
    plan = study_in(tmp_path / "s", rows())
    made(plan)
    table = rows()
    table = table[table["person"] != WHO]
    table.to_csv(plan.file, index=False)
    subject_rows(table).to_csv(plan.codes, index=False)
    with pytest.raises(InputError, match="--rows-removed"):
        withdraw(plan, [WHO], KeptWords(plan.out / "cache"))
    said = remove(plan, WHO, rows_removed=True)
    assert said.rows == 0
    assert not [p for p, b in everything(plan.out) if WHO.encode() in b or WORDS.encode() in b]


# The list


def test_the_list_has_no_id_and_knows_every_spelling(tmp_path):
    made_of = Withdrawn().joined_by(["P 12", "17.0"])
    path = write_withdrawn(tmp_path / "w.json", made_of)
    assert path.stat().st_mode & 0o077 == 0
    assert "P 12" not in path.read_text()
    again = read_withdrawn(path)
    assert again == made_of
    assert all(map(again.has, ("p12", "P 12", "17", "17.0")))
    assert not again.has("P13")
    assert Withdrawn().joined_by(["P 12"]).hashes != made_of.joined_by([]).hashes  # another key


@pytest.mark.parametrize(
    "content",
    [
        *("", "{}", "[]"),
        {"format": "iapt_topics withdrawn 1"},
        {"format": "iapt_topics withdrawn 1", "key": "00", "respondents": []},
        {"format": "iapt_topics withdrawn 1", "key": "00" * 32, "respondents": ["x"]},
        {"format": "iapt_topics withdrawn 1", "key": "00" * 32, "respondents": 3},
        {"format": "another", "key": "00" * 32, "respondents": []},
    ],
)
def test_a_damaged_list_is_never_an_empty_one(tmp_path, content):
    path = Path(tmp_path / "w.json")
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(InputError, match="must be a list that"):
        read_withdrawn(path)


def test_rows_leave_before_anything_is_counted():
    table = pd.DataFrame({
        "id": ["a", "b", "c", "d"], "who": ["P1", "p1 ", "P2", ""], "year": 2020,
        "comment": ["Too many targets here", "Too many targets here", "The team is kind", "n/a"],
    })  # fmt: skip
    whole = {"text": "comment", "year": "year", "response": "id"}
    gone = load_responses(
        table, **whole, respondent="who", withdrawn=Withdrawn().joined_by(["P1", "row:d"])
    )
    assert gone.table["response_id"].tolist() == ["c"]
    alone = load_responses(table, **whole, withdrawn=Withdrawn().joined_by(["a"]))
    assert alone.table["response_id"].tolist() == ["b", "c", "d"]
    assert set(alone.table["copy_of"]) == {""}
    numbered = load_responses(table, text="comment", year="year", respondent="who",
                              withdrawn=Withdrawn().joined_by(["P1"]))  # fmt: skip
    assert numbered.table["response_id"].tolist() == ["3", "4"]  # as codes know them
    with pytest.raises(InputError, match="did not withdraw"):
        load_responses(
            table[:2], **whole, respondent="who", withdrawn=Withdrawn().joined_by(["P1"])
        )
    with pytest.raises(InputError, match="known by their number alone"):
        load_responses(table, text="comment", year="year", withdrawn=Withdrawn())


def test_codes_of_others_say_nothing_of_them(survey_table):
    from conftest import read

    everyone = read(survey_table)
    codes = load_codes(subject_rows(survey_table), frame=SUBJECT_FRAME, responses=everyone)
    here = replace(everyone, table=everyone.table[everyone.table["response_id"] != "r4"])
    left = codes_of(here, codes)
    assert len(left.seen) == len(codes.seen) - 1
    assert "r4" not in set(left.table["response_id"])
    assert codes_of(everyone, codes) is codes


def test_a_store_keeps_no_byte_of_what_is_dropped(tmp_path):
    encoder = KeptWords(tmp_path)
    vectors = encoder.encode(["the one", "the other"])
    assert keep_only(tmp_path, ["the one"]) == 1
    (store,) = tmp_path.iterdir()
    assert vectors[0].tobytes() in store.read_bytes()
    assert vectors[1].tobytes() not in store.read_bytes()
    store.write_text("damaged")
    assert keep_only(tmp_path, ["the one"]) == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("short_report")
def test_decisions_lose_the_responses_and_one_that_cannot_follow_is_told(tmp_path):
    plan = study_in(tmp_path / "study", rows())
    study = made(plan)
    topic_of = dict(study.topics.assignments[["response_id", "topic"]].to_numpy())
    own = topic_of[WHOSE]
    edit = TopicEdit(action="rename", topics=(own,), who="Ann", why="so", when="w", label="Huddle")
    folder = plan.out / "private" / "decisions"
    folder.mkdir()
    path = write_decisions(folder / "t.json", TopicDecisions(edits=(edit,), topic_of=topic_of))
    plan = replace(plan, topic_edits=path)
    remove(plan, WHO)
    assert WHOSE.encode() not in b"".join(content for _, content in everything(plan.out))
    assert read_decisions(path).edits == (edit,)
    assert WHOSE not in read_decisions(path).topic_of
    plan = read_plan(plan.out)
    assert plan.topic_edits == path
    labels = pd.read_csv(plan.out / "tables_private" / "topics.csv")["label"]
    assert "Huddle" in set(labels)
    # Now it is on a topic of one response, which lives on in none.
    alone = dict.fromkeys(topic_of, 0) | {"r1": 1}
    lost = replace(edit, topics=(1,))
    write_decisions(path, TopicDecisions(edits=(lost,), topic_of=alone))
    with pytest.raises(InputError, match="results are missing until it is run again"):
        withdraw(plan, ["p1"], KeptWords(plan.out / "cache"))
    assert not list((plan.out / "tables_private").glob("*.csv"))
    assert not (plan.out / "publish" / "draft.docx").exists()
