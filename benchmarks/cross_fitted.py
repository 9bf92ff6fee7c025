"""May one random sample teach the machine and measure it, if it is cross-fitted?

``python benchmarks/cross_fitted.py [--draws 40] [--hand 200]``. The bundled example, whose true
themes are known. In each draw a random sample is "coded by hand" and used in four ways: all of it
measures the codes of the frame alone; half of it teaches and half measures; all of it does both,
with the survey coded in five parts (``mapping.cross_fit_codes``); and, wrongly, all of it teaches
one model and measures it as if it had not. Prints kappa of the machine with the truth; coverage and
width of corrected prevalence over all years and of the corrected change from the first year to the
last, for themes in at least 3 % of responses, against the survey's own true figures; how often a
certified theme is below .8, and how many are certified.

``--simulated 400``: that many surveys of 750 new responses each in place of the example, of which
150 are coded by hand, with five themes (prevalence .05 to .3) that the frame's score tells in part
and the vectors tell more of. Coverage is then of the population's figures, which is what the
intervals are for.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
from simulated import codes_of, hand_codes, names, survey_of

import iapt_topics as it
from iapt_topics.agreement.certify import certify_codes
from iapt_topics.codes.codes import restrict_codes
from iapt_topics.datasets import load_truth
from iapt_topics.mapping import learning
from iapt_topics.stats.agreement import cohen_kappa, confusion_table

LEAST = 0.03


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--hand", type=int, default=200)
    parser.add_argument("--simulated", type=int, default=0)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    if args.simulated:
        simulated(args.simulated)
        return
    responses, _ = it.load_example()
    responses = replace(responses, table=responses.table.sort_values("response_id"))
    frame, encoder = it.load_frame("iapt_identity_system"), it.sentence_encoder()
    embeddings = it.embed(responses, encoder)
    scores = learning.assign_themes(responses, embeddings, frame, encoder)
    learning.assign_themes = lambda *_: scores  # the same in each draw
    learning.find_evidence = lambda *_: None
    alone = it.code_responses(responses, embeddings, frame, encoder)
    kept = responses.kept
    ids, year = kept["response_id"].tolist(), kept["year"].to_numpy()
    truth = load_truth()
    given = truth.matrix(ids, truth.themes)
    at_ends = [given[year == y].mean(axis=0) for y in (year.min(), year.max())]
    exact = {"share": given.mean(axis=0), "change": at_ends[1] - at_ends[0]}
    use = exact["share"] >= LEAST
    found: dict[str, list[dict[str, object]]] = {}
    for draw in range(args.draws):
        rng = np.random.default_rng(draw)
        drawn = rng.permutation(ids)[: args.hand].tolist()
        human = replace(restrict_codes(truth, drawn), kind="human", coder="truth")
        half = restrict_codes(human, drawn[: args.hand // 2])

        survey = (responses, embeddings, frame, encoder)
        wrong = it.learn_codes(*survey, human, machine=alone, seed=draw)
        wrong = replace(wrong, trained_on=frozenset())
        halved = it.learn_codes(*survey, half, machine=alone, seed=draw)
        crossed = it.mapping.cross_fit_codes(*survey, human, machine=alone, seed=draw)
        ways = {
            "frame alone": alone,
            "half and half": halved,
            "cross-fitted": crossed,
            "as if untaught": wrong,
        }
        for way, machine in ways.items():
            row = measured(machine, human, responses, truth, given, exact, ids, use)
            found.setdefault(way, []).append(row)
    print(f"{args.draws} draws, {len(ids)} responses, {args.hand} hand codes, {use.sum()} themes")
    for way, rows in found.items():
        table = pd.DataFrame(rows)
        mean = {c: np.mean(np.concatenate(table[c].tolist())) for c in table.columns}
        print(f"{way:15s} " + "  ".join(f"{c} {v:.3f}" for c, v in mean.items()))


def simulated(surveys: int) -> None:
    n, hand, at = 750, 150, np.array([0.05, 0.1, 0.15, 0.2, 0.3])
    ids, person = names("r", range(n)), names("p", range(n))
    survey = survey_of(ids, person, 2014 + np.arange(n) % 2)
    way = np.random.default_rng(0).normal(size=(12, len(at)))
    way *= 2 / np.linalg.norm(way, axis=0)
    cut = np.array([_cut(p) for p in at])
    found: dict[str, list[np.ndarray]] = {}
    for seed in range(surveys):
        rng = np.random.default_rng(seed)
        vectors = rng.normal(size=(n, 12)).astype(np.float32)
        y = rng.random((n, len(at))) < 1 / (1 + np.exp(-(vectors @ way - cut)))
        frame = y + rng.normal(size=y.shape)  # AUC .76
        top = [f > np.quantile(f, 1 - p) for f, p in zip(frame.T, at, strict=True)]
        x = np.stack([frame, np.transpose(top)], axis=2).astype(float)
        rows = np.sort(rng.choice(n, hand, replace=False))
        kernel = learning._likeness(vectors, rows)
        part = learning._parts(person, rows, 5, seed)
        human = hand_codes(y, ids, person, rows)
        crossed, one = np.zeros((2, n, len(at)), bool)
        for k in range(5):
            teach, own = part[rows] != k, part == k
            crossed[own] = _given(x, kernel[:, teach], rows[teach], y[rows[teach]], seed)[own]
        one = _given(x, kernel, rows, y[rows], seed)
        fit = learning._fit(x, kernel, rows, y[rows].astype(float), np.ones(hand, bool))
        itself = fit > 0
        for name, f in (
            ("cross-fitted", crossed),
            ("one model, own codes crossed", one),
            ("one model, nothing crossed", itself),
        ):
            machine = codes_of("machine", "machine", ids, person, f)
            shares = it.corrected_shares(machine, human, survey, by_year=False)
            change = it.measure_drift(machine, survey, human=human, n_boot=1).changes
            change = change[change["kind"] == "baseline"]
            effect = it.drift.theme_regression(machine, survey, human=human)
            verdict = certify_codes(machine, human, survey).themes
            yes = (verdict["verdict"] == "automate").to_numpy()
            right = (f & y).sum(axis=0) / np.maximum(f.sum(axis=0), 1)
            wide = shares[shares["method"] == "human"]
            shares = shares[shares["method"] == "corrected"]
            bound = verdict["precision_low"].to_numpy() > right + 1e-9
            row = [
                _in(shares, at),
                _width(shares) / _width(wide),
                shares["estimate"] - at,
                _in(change, 0.0),
                _width(change),
                np.where(effect["low"].isna(), np.nan, _in(effect, 0.0)),
                bound,
                yes,
                yes & (right < 0.8),
            ]
            found.setdefault(name, []).append(np.array([np.asarray(v, float) for v in row]))
    print(f"{surveys} simulated surveys of {n}, {hand} hand codes, {len(at)} themes")
    columns = [
        "share covered",
        "width over hand-only",
        "error",
        "change covered",
        "width",
        "effect of the year covered",
        "bound above the truth",
        "certified",
        "wrongly",
    ]
    for name, each in found.items():
        mean = np.nanmean(each, axis=(0, 2))  # no effect of too few hand codes
        told = "  ".join(f"{c} {v:.3f}" for c, v in zip(columns, mean, strict=True))
        print(f"{name:30s} {told}", flush=True)


def _cut(share: float) -> float:
    """Cut of a logistic with a normal of SD 2 in it, above which this share is."""
    from scipy.optimize import brentq

    z = np.linspace(-8, 8, 4001)
    mass = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    return float(brentq(lambda c: (mass / (1 + np.exp(-(2 * z - c)))).sum() - share, -20, 20))


def _given(x, kernel, rows, y, seed) -> np.ndarray:
    people = names("p", rows)
    found = learning._calibrated(x, kernel, rows, y.astype(float), learning._folds(people, seed))
    return found >= np.array([learning._threshold(p) for p in found.T])


def _in(table: pd.DataFrame, true) -> np.ndarray:
    return ((table["low"] <= true) & (table["high"] >= true)).to_numpy()


def _width(table: pd.DataFrame) -> np.ndarray:
    return (table["high"] - table["low"]).to_numpy()


def measured(machine, human, responses, truth, given, exact, ids, use) -> dict[str, np.ndarray]:
    f = machine.matrix(ids, [t for t in truth.themes if t in machine.themes])
    kappa = [cohen_kappa(confusion_table(a, b)) for a, b in zip(f.T, given.T, strict=True)]
    precision = (f & given).sum(axis=0) / np.maximum(f.sum(axis=0), 1)
    shares = it.corrected_shares(machine, human, responses, by_year=False)
    shares = shares[shares["method"] == "corrected"].set_index("theme").loc[list(truth.themes)]
    drift = it.measure_drift(machine, responses, human=human, n_boot=1).changes
    last = drift[(drift["kind"] == "baseline") & (drift["year"] == drift["year"].max())]
    last = last.set_index("theme").loc[list(truth.themes)]
    verdicts = certify_codes(machine, human, responses).themes.set_index("theme")["verdict"]
    automated = (verdicts.loc[list(truth.themes)] == "automate").to_numpy()
    out = {"kappa": np.array([np.nanmean(kappa)])}
    for what, part in (("share", shares), ("change", last)):
        inside = (part["low"] <= exact[what] + 1e-9) & (part["high"] >= exact[what] - 1e-9)
        out |= {f"{what} covered": inside.to_numpy()[use]}
        out |= {f"{what} error": (part["estimate"] - exact[what]).to_numpy()[use]}
        out |= {f"{what} width": (part["high"] - part["low"]).to_numpy()[use]}
    return out | {"certified": automated, "wrongly": automated & (precision < 0.8)}


if __name__ == "__main__":
    main()
