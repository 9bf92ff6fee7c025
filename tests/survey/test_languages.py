from __future__ import annotations

import sys

import pandas as pd
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.survey.languages import other_languages
from iapt_topics.survey.responses import load_responses

TEXTS = {
    "Die Arbeitsbelastung ist viel zu hoch und niemand h\u00f6rt uns zu": "de",
    "Mae'r llwyth gwaith yn rhy uchel ac nid oes neb yn gwrando": "cy",
    "Caseload too high and targets, targets, targets": "",
    "Bon travail": "",
}


def test_without_the_detector_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lingua", None)
    with pytest.raises(InputError, match=r"iapt-topics\[language\]"):
        other_languages(["a"], "en")


def test_unknown_languages():
    pytest.importorskip("lingua")
    with pytest.raises(InputError, match="ISO 639-1 code"):
        other_languages(["a"], "english")


@pytest.mark.slow
def test_other_languages_are_counted_and_not_kept():
    pytest.importorskip("lingua")
    source = pd.DataFrame({"text": list(TEXTS), "year": 2016})
    found = load_responses(source, text="text", year="year", language="en").table
    assert found["reason"].tolist() == [f"language {v}" if v else "" for v in TEXTS.values()]
    assert found["status"].tolist() == ["not_codable" if v else "kept" for v in TEXTS.values()]


def test_short_welsh_is_told_from_short_english():
    pytest.importorskip("lingua")
    welsh = ["Gormod o waith", "Llwyth gwaith", "Diolch", "Rhy brysur"]
    english = ["too busy", "gym", "low pay", "Caseload", "no rooms", "Targets, targets", "CBT"]
    assert other_languages([*welsh, *english], "en") == ["cy"] * len(welsh) + [""] * len(english)
