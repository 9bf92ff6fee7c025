"""Believable results, made up without fitting: most of them real values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics.agreement import tables as agreement_tables
from iapt_topics.agreement import theme_matching
from iapt_topics.agreement.comparison import Comparison
from iapt_topics.codes.axis import axis_classes, axis_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.drift import tables as drift_tables
from iapt_topics.drift.drift import Drift, measure_drift
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.mapping.mapping import TopicMapping
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.published import publish
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.study.study import Study
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.topics import TopicConfig, Topics

YEARS = (2014, 2015, 2016, 2017, 2018)
THEMES = (
    ("I1", "Therapist identity", "I", "PAPER"),
    ("I2", "Training and competence", "I", "PART"),
    ("I3", "Role and standing", "I", "INFERRED"),
    ("S1", "Targets and performance", "S", "INFERRED"),
    ("S2", "Caseload and workload", "S", "INFERRED"),
    ("S3", "Service design", "S", "PAPER"),
    ("S6", "Staffing and turnover", "S", "INFERRED"),
    ("W1", "Stress and burnout", "W", "PAPER"),
    ("W4", "Wish to leave", "W", "INFERRED"),
)
RARE = "W4"
SCORES = [
    *("topic", "label", "theme", "theme_label", "score", "low", "high", "n"),
    *("chosen", "decision", "note"),
]
WORDS = (
    "targets, recovery, pressure, numbers, access, performance, data, meet, rates, waiting",
    "caseload, high, sessions, back, breaks, day, clients, hours, workload, volume",
    "burnout, stress, exhausted, tired, sick, anxious, sleep, leave, support, time",
    "training, supervision, learn, skills, course, trained, competence, qualified, cpd, study",
    "therapist, work, love, clients, rewarding, help, people, proud, difference, value",
    "band, pay, role, pwp, progression, stepping, stone, career, status, respect",
    "admin, notes, systems, computer, rooms, telephone, forms, desk, hot, laptop",
    "secretword, parking, canteen",
)
SENTENCES = (
    "The recovery targets put pressure on everyone and the numbers matter more than people.",
    "My caseload is high with back to back sessions, no breaks in the day and long hours.",
    "I feel exhausted and anxious, burnout and stress are normal here, two are off sick.",
    "Training and supervision are good and I could learn new skills on the course.",
    "I love being a therapist, the work with clients is rewarding and I am proud of it.",
    "A pwp on this band has no progression, it is a stepping stone without status or respect.",
    "Admin takes over: notes on slow systems, hot desk, no rooms, forms, telephone work.",
    "The secretword about parking by the canteen.",
)


def study_of(**parts: Any) -> Study:
    """A study of the parts that a test has; what else it needs is made up or measured."""
    needed = {
        "responses": responses,
        "topics": lambda: topics(parts["responses"]),
        "mapping": lambda: mapping(parts["topics"]),
        "codes": lambda: codes(parts["responses"]),
        "drift": lambda: measure_drift(parts["codes"], parts["responses"], n_boot=1),
    }
    for name, make in needed.items():
        if name not in parts:
            parts[name] = make()
    return Study(**parts)


def published_tables(
    disclosure: int | str | Disclosure = "strict", **parts: Any
) -> Mapping[str, pd.DataFrame]:
    """The published tables of a study of these parts."""
    return publish(study_of(**parts), disclosure).tables


def frame() -> ThemeFrame:
    def theme(key: str, label: str, parent: str, status: str) -> Theme:
        return Theme(
            id=key,
            label=label,
            parent=parent,
            status=status,
            definition=f"What is said about {label.lower()}.",
            source="abstract" if status == "PAPER" else "other literature",
            codable=bool(parent),
        )

    domains = (
        theme("I", "Professional identity", "", "PAPER"),
        theme("S", "The system", "", "PAPER"),
        theme("W", "Wellbeing", "", "PART"),
    )
    return ThemeFrame(
        name="iapt",
        title="Staff wellbeing themes",
        version="1",
        note="Anchored on a published abstract; the full codebook is not public.",
        themes=(*domains, *(theme(*t) for t in THEMES)),
        axis=("I", "S"),
    )


def responses(
    synthetic: bool = True, n: int = 700, extra: str = "", years: tuple[int, ...] = YEARS
) -> Responses:
    rng = np.random.default_rng(1)
    topic = rng.choice(7, n, p=[0.24, 0.2, 0.16, 0.13, 0.12, 0.08, 0.07])
    topic[:4] = 7
    table = pd.DataFrame(
        {
            "response_id": [f"r{i}" for i in range(n)],
            "respondent_id": [f"p{i % (n - 60)}" for i in range(n)],
            "year": np.sort(rng.choice(YEARS, n)),
            "question": "How is it to work in your service?",
            "text": [SENTENCES[t] + extra for t in topic],
            "status": rng.choice(
                ["kept", "blank", "non_answer", "duplicate"], n, p=[0.9, 0.05, 0.03, 0.02]
            ),
            "role": np.random.default_rng(8).choice(
                ["PWP", "HIT", "zookeeper"], n, p=[0.6, 0.395, 0.005]
            ),
        }
    )
    table.loc[:3, "status"] = "kept"
    table = table[table["year"].isin(years)].reset_index(drop=True)
    return Responses(table=table, source="survey.csv", synthetic=synthetic)


def topics(survey: Responses, label: str | None = None) -> Topics:
    kept = survey.kept
    nearest = kept["text"].map(_sentence)
    unsure = np.random.default_rng(2).random(len(kept)) < 0.12
    unsure[:4] = False
    given = nearest.where(~unsure, -1)
    support = np.random.default_rng(6).uniform(0.4, 1, len(kept))
    assignments = pd.DataFrame(
        {"response_id": kept["response_id"], "topic": given, "nearest": nearest, "support": support}
    ).assign(runner_up=(nearest + 1) % 8)
    rows = []
    for t in range(8):
        ids = kept.loc[given == t, "response_id"]
        low, high = wilson_interval(len(ids), len(kept))
        words = WORDS[t]
        name = label if label and t == 0 else f"{words.split(', ')[0]}, {words.split(', ')[1]}"
        rows.append(
            {
                "topic": t,
                "label": name,
                "n": len(ids),
                "estimate": len(ids) / len(kept),
                "low": float(low),
                "high": float(high),
                "words": words,
                "exemplars": tuple(ids[:6]),
                "support": 0.93 - 0.04 * t,
                "replicability": 0.9 - 0.06 * t,
                "replicability_low": 0.8 - 0.06 * t,
                "replicability_high": 0.95 - 0.06 * t,
                "note": "",
            }
        )
    tried = pd.DataFrame(
        {
            "n_topics": [4, 6, 8, 10, 14, 20],
            "estimate": [0.61, 0.68, 0.81, 0.74, 0.62, 0.51],
            "low": [0.52, 0.6, 0.75, 0.66, 0.52, 0.42],
            "high": [0.7, 0.76, 0.86, 0.81, 0.71, 0.6],
            "n": 12,
            "replicability": [0.9, 0.86, 0.88, 0.8, 0.74, 0.7],
            "replicability_low": [0.8, 0.78, 0.8, 0.7, 0.66, 0.6],
            "replicability_high": [0.95, 0.92, 0.94, 0.88, 0.82, 0.8],
            "support": [0.9, 0.88, 0.86, 0.8, 0.74, 0.6],
            "stability": [0.85, 0.8, 0.78, 0.7, 0.6, 0.4],
            "smallest": [90, 62, 41, 33, 20, 8],
            "chosen": [False, False, True, False, False, False],
            "note": "",
        }
    )
    runs = pd.DataFrame(
        {
            "run": range(12),
            "seed": range(12),
            "n_neighbors": 15,
            "min_cluster_size": 12,
            "n_responses": 400,
            "n_clusters": 8,
            "unassigned": 0.12,
        }
    )
    return Topics(
        assignments=assignments,
        votes=np.stack([(nearest + (np.arange(len(kept)) % 9 == i)) % 8 for i in range(4)]),
        topics=pd.DataFrame(rows),
        distribution=np.eye(8, dtype=np.float32)[nearest],
        hierarchy=pd.DataFrame(
            {"topic": range(8), "broad": [0, 0, 1, 2, 2, 3, 3, 4], "n": 0, "replicability": 0.9}
        ),
        resolution=tried,
        runs=runs,
        centroids=np.random.default_rng(5).normal(size=(8, 16)).astype(np.float32),
        config=TopicConfig(),
        versions={"bertopic": "0.17.3", "encoder": "all-MiniLM-L6-v2"},
    )


def _sentence(text: str) -> int:
    """Which of the sentences a response begins with."""
    return next(i for i, sentence in enumerate(SENTENCES) if text.startswith(sentence))


def topics_of(found: pd.DataFrame, **more: Any) -> Topics:
    """Topics of which a test needs a table, and what else it gives."""
    empty, no_votes = pd.DataFrame(), np.zeros((0, 0))
    parts = dict.fromkeys(("assignments", "hierarchy", "resolution", "runs"), empty) | {
        "votes": no_votes.astype(int),
        "distribution": no_votes.astype(np.float32),
        "centroids": no_votes.astype(np.float32),
        "config": TopicConfig(),
        "versions": {},
    }
    return Topics(topics=found, **parts | more)


def mapping(found: Topics, ids: tuple[int, ...] = (3, 4, 7, 1, 0, 2)) -> TopicMapping:
    rng = np.random.default_rng(3)
    book = frame()
    rows = []
    for t, label, n in found.topics[["topic", "label", "n"]].itertuples(index=False):
        best = ids[t] if t < len(ids) else None
        for j, theme in enumerate(book.codable):
            score = float(rng.uniform(0.1, 0.4) + (0.3 if j == best else 0))
            ends = (score - 0.05, score + 0.05)
            rows.append((t, label, theme.id, theme.label, score, *ends, n, j == best, "", ""))
    return TopicMapping(scores=pd.DataFrame(rows, columns=SCORES), frame=book, threshold=0.4)


def codes(survey: Responses) -> Codes:
    rng = np.random.default_rng(4)
    kept = survey.kept
    rows = []
    for i, (key, *_) in enumerate(THEMES):
        base = 0.012 if key == RARE else 0.06 + 0.035 * i
        p = base + (0.04 * (kept["year"] - 2014) if key == "S1" else 0)
        has = rng.random(len(kept)) < p
        rows.append(pd.DataFrame({"response_id": kept.loc[has, "response_id"], "theme": key}))
    table = pd.concat(rows, ignore_index=True).assign(score=0.5)
    return Codes(
        coder="machine",
        kind="machine",
        themes=tuple(t[0] for t in THEMES),
        seen=kept[["response_id", "respondent_id"]],
        table=table,
    )


def _drift(given: pd.DataFrame, names: tuple[str, ...], survey: Responses) -> Drift:
    bases = survey.kept.groupby("year").size()
    given = given.merge(survey.kept[["response_id", "year"]], on="response_id")
    shares, changes = [], []
    for name in names:
        p = {}
        for year in YEARS:
            k = int(((given["theme"] == name) & (given["year"] == year)).sum())
            n = int(bases[year])
            low, high = (float(x) for x in wilson_interval(k, n))
            p[year] = k / n
            shares.append((name, year, k, n, p[year], low, high, n, float(n), ""))
        gap = p[2018] - p[2014]
        chance = 0.002 if abs(gap) > 0.09 else 0.4
        tail = (gap, gap - 0.08, gap + 0.08, 250, chance, chance, chance, "changes", 0.095, "")
        changes.append((name, 2018, 2014, "baseline", *tail))
    return Drift(
        shares=pd.DataFrame(
            shares,
            columns=drift_tables.COLUMNS["shares"],
        ),
        changes=pd.DataFrame(
            changes,
            columns=drift_tables.COLUMNS["changes"],
        ),
        trends=pd.DataFrame(
            [
                (n, test, 0.01, low, 0.02, 700, 0.03, 0.04, 0.05, "trends", 0.06, shape, "")
                for test, low, shape in (
                    ("omnibus", np.nan, ""),
                    ("linear", 0.002, ""),
                    ("shape", 0.002, "step up from 2016"),
                )
                for n in names
            ],
            columns=drift_tables.COLUMNS["trends"],
        ),
        changepoints=drift_tables._empty("changepoints"),
        sources=drift_tables._empty("sources"),
        distances=pd.DataFrame(
            [(2018, 2014, 0.12, 0.11, 0.08, 0.17, 250, 0.1, 0.03, 0.03, 0.03, "distances", "")],
            columns=drift_tables.COLUMNS["distances"],
        ),
        baseline=2014,
        years=YEARS,
        themes=names,
        coder="machine",
    )


def drift(survey: Responses, coded: Codes) -> Drift:
    return _drift(coded.table, coded.themes, survey)


def axis_drift(survey: Responses, coded: Codes) -> Drift:
    classes = axis_codes(coded, frame()).table
    return _drift(classes, axis_classes(frame()), survey)


def comparison(reference: str = "human", other: str = "machine", lift: float = 0.0) -> Comparison:
    rows, meet = [], []
    for i, (key, label, *_) in enumerate(THEMES):
        rare = key == RARE
        f1 = 0.45 + 0.04 * i + lift
        gap = np.nan if rare else 0.0
        positives = 6 if rare else 30 + 9 * i
        rows.append(
            {
                "theme": key,
                "label": label,
                "n": 400,
                "positives_reference": positives,
                "positives_other": positives + 5,
                "share_reference": positives / 400,
                "share_other": (positives + 5) / 400,
                "precision": f1 - 0.02,
                "recall": f1 + 0.02,
                "f1": f1,
                "f1_low": f1 - 0.09,
                "f1_high": f1 + 0.08,
                "negative_agreement": 0.95,
                "kappa": f1 - 0.06 + gap,
                "kappa_low": f1 - 0.17 + gap,
                "kappa_high": f1 + 0.03 + gap,
                "kappa_status": "too few positives" if rare else "estimated",
                "ac1": 0.93,
                "pabak": 0.91,
                "note": "not estimable: fewer than 10 positives" if rare else "",
            }
        )
        rating = ("dissonance", "partial agreement", "agreement")[min(i // 3, 2)]
        meet.append((key, label, rating, "", f1, 0.012, -0.02, 0.05, 400, ""))
    return Comparison(
        reference=reference,
        other=other,
        n=400,
        themes=pd.DataFrame(rows),
        overall=pd.DataFrame(
            [
                ("f1_macro", 0.55 + lift, 0.5, 0.6, "estimated", 400, 0.15, ""),
                ("f1_micro", 0.58 + lift, 0.54, 0.62, "estimated", 400, 0.17, ""),
                ("alpha_masi", 0.49 + lift, 0.44, 0.53, "estimated", 400, 0.0, ""),
            ],
            columns=agreement_tables.OVERALL_COLUMNS,
        ),
        design={"units": "whole responses", "sampling": "not stated"},
        years=pd.DataFrame(
            columns=[
                "theme",
                "year",
                "share_reference",
                "share_other",
                "estimate",
                "low",
                "high",
                "n",
                "note",
            ],
        ),
        levels=pd.DataFrame(
            [("coverage", t, 0.9 - t, 0.8 - t, 1 - t, 0.1, 8, "") for t in (0.2, 0.4, 0.6)],
            columns=[
                "measure",
                "threshold",
                "estimate",
                "low",
                "high",
                "expected_by_chance",
                "n",
                "note",
            ],
        ),
        partition=pd.DataFrame(
            [("ami", "in", 0.4, 0.3, 0.5, "estimated", 300, 0.0, "")],
            columns=theme_matching.PARTITION_COLUMNS,
        ),
        matches=pd.DataFrame(
            [
                ("S1", "S2", 0.3, 22, False),
                ("S1", "S1", 0.6, 50, True),
                ("I2", "I3", 0.2, 4, False),
            ],
            columns=["reference_theme", "other_theme", "f1", "n_both", "matched"],
        ),
        convergence=pd.DataFrame(
            meet,
            columns=[
                "theme",
                "label",
                "rating",
                "rater",
                "f1",
                "share_difference",
                "low",
                "high",
                "n",
                "note",
            ],
        ),
    )


class Model:
    """Stands for a loaded model and counts what it is asked."""

    max_seq_length = 256
    default_prompt_name = truncate_dim = None
    device = SimpleNamespace(type="cuda")

    def __init__(self):
        self.asked = []

    def tokenizer(self, texts, **_):
        return {"input_ids": [[0] * 99 for _ in texts]}

    def encode(self, texts, **_):
        self.asked += texts
        digests = [hashlib.sha256(t.encode()).digest()[:8] for t in texts]
        vectors = np.array([np.frombuffer(d, dtype=np.uint8) for d in digests], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def compared_study() -> Study:
    """A study with the machine against a person, two people and the change of both poles."""
    survey = responses()
    coded, found = codes(survey), topics(survey)
    return study_of(
        responses=survey, topics=found, mapping=mapping(found), codes=coded,
        comparison=comparison(), benchmark=comparison("a", "b"),
        drift=drift(survey, coded), axis_drift=axis_drift(survey, coded),
    )  # fmt: skip
