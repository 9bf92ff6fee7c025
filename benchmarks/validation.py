"""Do blind tests of topics keep their level, and do they find topics that are bad?

``python benchmarks/validation.py [--guessing 1000] [--planted 100] [--coverage 400]``

*Guessing*: raters who answer at random; how often each test rejects chance at .05 (at most .05 is
right; an exact test of few judgements stays below).

*Planted*: surveys of 600 responses on 12 subjects, of which 6 of 12 topics are bad: four are two
subjects merged at random, in two a third of the responses were exchanged for any others. SIMULATED
raters recognise the subject of a response or word with probability .9 (else they take it for any
other) and choose what stands out, or guess between what does. Share of bad and of good topics that
are "not told apart", at the default size.

*Coverage*: how often the interval of alpha among three coders, each of whom coded 70 % of the
responses, holds alpha in 320,000 responses.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from iapt_topics.stats.many_coders import conger_kappa, krippendorff_alpha, many_coder_set_alpha
from iapt_topics.stats.resampling import cluster_weights, percentile_interval
from iapt_topics.survey.responses import Responses
from iapt_topics.validation.answers import COLUMNS, Answers
from iapt_topics.validation.blind import draw_test
from iapt_topics.validation.results import score_test
from iapt_topics.validation.simulate import simulate_answers
from iapt_topics.validation.task import LABELS, RESPONSES, TESTS, WORDS, Task

SUBJECTS, N, SEEN = 12, 600, 0.9
WORDS_OF = [[f"word{s}x{k}" for k in range(10)] for s in range(SUBJECTS)]


def planted(rng: np.random.Generator) -> SimpleNamespace:
    """A study with good and bad topics, the subject of each response, and which topics are bad."""
    subject = np.arange(N) % SUBJECTS
    merged = rng.permutation(SUBJECTS)[:4]
    topic = subject.copy()
    # Each of two topics takes half of another subject, which has the other half of its own.
    for a, b in (merged[:2], merged[2:]):
        both = np.flatnonzero((subject == a) | (subject == b))
        topic[both] = rng.permutation(np.repeat([a, b], len(both) // 2))
    rest = [s for s in range(SUBJECTS) if s not in merged]
    exchanged = rng.permutation(rest)[:2]
    for t in exchanged:
        out = rng.permutation(np.flatnonzero(topic == t))[: N // SUBJECTS // 3]
        pool = np.flatnonzero(~np.isin(topic, [*exchanged, *merged]) & (topic != t))
        instead = rng.permutation(pool)[: len(out)]
        topic[out], topic[instead] = topic[instead], t
    ids = [f"r{i}" for i in range(N)]
    texts = [
        " ".join([*rng.permutation(WORDS_OF[s])[:5], f"number{i}"]) for i, s in enumerate(subject)
    ]
    table = pd.DataFrame(
        {
            "response_id": ids, "respondent_id": [f"p{i}" for i in range(N)], "year": 2020,
            "question": "", "text": texts, "status": "kept",
        }
    )  # fmt: skip
    rows = []
    for t in range(SUBJECTS):
        share = np.bincount(subject[topic == t], minlength=SUBJECTS)
        # The most telling words: those of the subjects in it, as often as these are.
        words = [
            WORDS_OF[s][k]
            for s in np.argsort(-share)[:3]
            for k in range(round(10 * share[s] / share.sum()))
        ]
        rows.append({"topic": t, "label": ", ".join(words[:3]), "words": ", ".join(words)})
    topics = SimpleNamespace(
        topics=pd.DataFrame(rows),
        assignments=pd.DataFrame({"response_id": ids, "topic": topic, "runner_up": -1}),
        centroids=np.eye(SUBJECTS, dtype=np.float32),
    )
    study = SimpleNamespace(responses=Responses(table=table, source="simulated"), topics=topics)
    kind = {int(t): "merged" for t in merged} | {int(t): "exchanged" for t in exchanged}
    return SimpleNamespace(study=study, subject=dict(zip(ids, subject, strict=True)), bad=kind)


def odd_one(seen: list[int], rng: np.random.Generator) -> int:
    """What stands out: one of those whose subject is the rarest."""
    n = np.array([seen.count(s) for s in seen])
    return int(rng.choice(np.flatnonzero(n == n.min())))


def rated(task: Task, subject: dict[str, int], rng: np.random.Generator) -> Answers:
    """Answers of raters who see subjects, and now and then another."""

    def see(s: int) -> int:
        return s if rng.random() < SEEN else int(rng.integers(SUBJECTS))

    key = task.key.set_index("item")
    choices = dict(zip(task.items["item"], task.items["choices"], strict=True))
    rows = []
    for item, rater in zip(task.assigned["item"], task.assigned["rater"], strict=True):
        if task.kind == WORDS:
            seen = [see(int(c[1][4:].split("x")[0])) for c in choices[item]]
            k = odd_one(seen, rng)
        elif task.kind == RESPONSES:
            k = odd_one([see(subject[i]) for i in key.loc[item, "responses"]], rng)
        else:
            s = see(subject[key.loc[item, "responses"][0]])
            fit = np.array([f"{c[1]}, {c[2]}".count(f"word{s}x") for c in choices[item]])
            k = int(rng.choice(np.flatnonzero(fit == fit.max())))
        rows.append((item, rater, (str(k + 1),), "", "2020-01-01T00:00:00Z", "simulated"))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return Answers(task=task.fingerprint, table=table, log=pd.DataFrame())


def find_planted(n: int) -> None:
    for kind in (WORDS, RESPONSES, LABELS):
        flagged: dict[str, list[bool]] = {"merged": [], "exchanged": [], "good": []}
        size = []
        for seed in range(n):
            rng = np.random.default_rng(seed)
            made = planted(rng)
            task = draw_test(made.study, kind, seed=seed)
            found = score_test(task, rated(task, made.subject, rng))
            size.append(found.topics["n"].mean())
            for topic, status in zip(found.topics["topic"], found.topics["status"], strict=True):
                flagged[made.bad.get(topic, "good")].append(status == "not told apart")
        said = ", ".join(f"{k} {np.mean(v):.3f} of {len(v)}" for k, v in flagged.items())
        print(f"{kind}: not told apart: {said}; {np.mean(size):.0f} judgements a topic")


def guess(n: int) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import standins

    survey = standins.responses()
    texts = survey.table["text"] + " I am " + survey.table["response_id"]
    survey = replace(survey, table=survey.table.assign(text=texts))
    study = standins.study_of(responses=survey, codes=standins.codes(survey))
    for kind in TESTS:
        task = draw_test(study, kind, width=0.6)
        each = [
            score_test(task, simulate_answers(task, skill=0.0, seed=s)).overall.loc[0]
            for s in range(n)
        ]
        p = np.mean([row["p"] < 0.05 for row in each])
        fisher = np.mean([row["p_fisher"] < 0.05 for row in each])
        print(f"{kind}: guessing rejects chance in {p:.3f} (p), {fisher:.3f} (p_fisher) of {n}")


def cover(n: int) -> None:
    def drawn(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        truth = rng.random((size, 3)) < 0.3
        sets = np.stack([truth ^ (rng.random((size, 3)) < 0.1) for _ in range(3)], axis=1)
        coded = rng.random((size, 3)) < 0.7
        coded[coded.sum(axis=1) < 2, :2] = True
        return sets, coded

    def measured(sets: np.ndarray, coded: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
        label = np.where(coded, sets[:, :, 0], None)
        return [
            many_coder_set_alpha(sets, coded, weights=weights),
            krippendorff_alpha(label, weights),
            conger_kappa(label, weights),
        ]

    many = [measured(*drawn(40_000, 9_000 + s), np.ones((1, 40_000))) for s in range(8)]
    true = np.mean(many, axis=0)[:, 0]
    for size in (60, 150, 400):
        held = np.zeros(3)
        for seed in range(n):
            weights = cluster_weights(np.arange(size), 500, seed).astype(float)
            low, high = percentile_interval(np.array(measured(*drawn(size, seed), weights)).T)
            held += (low <= true) & (true <= high)
        masi, one, conger = held / n
        print(
            f"{size} responses: alpha_masi {masi:.3f}, alpha of a theme {one:.3f}, "
            f"Conger's kappa {conger:.3f} of {n}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--guessing", type=int, default=1000)
    parser.add_argument("--planted", type=int, default=100)
    parser.add_argument("--coverage", type=int, default=400)
    given = parser.parse_args()
    if given.planted:
        find_planted(given.planted)
    if given.guessing:
        guess(given.guessing)
    if given.coverage:
        cover(given.coverage)
