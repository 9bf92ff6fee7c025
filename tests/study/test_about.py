"""The settings that a report prints say what people settled, without a name."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import standins

from iapt_topics.study.about import _by_people
from iapt_topics.topics.new_wave import Wave


def test_what_people_settled_is_said_without_a_name():
    decisions = [
        {"what": "topics", "who": ["Ann"], "n": 1},
        {"what": "mapping", "who": ["Ann", "Ben"], "n": 3},
        {"what": "convergence", "who": ["Ann"], "n": 30},
        {"what": "convergence", "who": ["Ben"], "n": 28},
    ]
    none = pd.DataFrame()
    study = standins.study_of(
        responses=standins.responses(n=200),
        manifest={"decisions": decisions, "learned": {}},
        wave=Wave(assignments=none, novelty=none, groups=none),
    )
    said = _by_people(study)
    assert said == (
        ("Topics edited by people", "1 decision"),
        ("Mapping edited by people", "3 decisions"),
        ("Convergence rated by", "2 people"),
        ("Learned from human codes", "yes, measured on codes of other respondents"),
        ("Topics", "found in earlier waves; the last wave was placed on them"),
    )
    assert "Ann" not in str(said)
    assert _by_people(replace(study, manifest={}, wave=None)) == ()
