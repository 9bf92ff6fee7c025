"""How narrow is corrected prevalence if the sample is drawn for one named theme, and does it cover?

``python benchmarks/named_theme.py [--draws 110]``. Surveys of five years and 1,543
responses of which 200 are coded by hand: for each theme a sample drawn by
``draw_for_theme``, the same with the machine's scores (of responses without the theme by
the machine those that people gave it score 1.2 standard deviations higher: AUC .80), and a random
one of the same size shared by all. A theme has a true share, the machine an F1 of .7 and a bias.
Prints coverage and the width over that of the hand-only interval of the random sample.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from corrected_shares import YEARS, cells
from simulated import codes_of, drawn_for, names, survey_of

from iapt_topics import corrected_shares

N, HAND, APART = 1543, 200, 1.2
THEMES = [
    *((0.03, 0.0, 0.7), (0.05, 0.0, 0.7), (0.08, 0.0, 0.7), (0.1, 0.0, 0.7), (0.1, -0.03, 0.7)),
    *((0.1, 0.05, 0.7), (0.15, 0.0, 0.7), (0.2, 0.0, 0.7), (0.2, 0.1, 0.7), (0.3, 0.0, 0.7)),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=110)
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    chances = np.array([cells(*t) for t in THEMES])
    edges, truth = np.cumsum(chances, axis=1), chances[:, 0] + chances[:, 1]
    ids, person = names("r", range(N)), names("p", range(N))
    survey = survey_of(ids, person, YEARS[np.arange(N) % len(YEARS)])
    k = len(THEMES)
    found: dict[str, list[np.ndarray]] = {"named": [], "scores": [], "shared": [], "hand": []}
    for draw in range(args.draws):
        u = rng.random((N, k))
        y, f = u < edges[:, 1], (u < edges[:, 0]) | ((u >= edges[:, 1]) & (u < edges[:, 2]))
        machine = codes_of("machine", "machine", ids, person, f)
        score = rng.normal(size=y.shape) + APART * y
        scores = pd.DataFrame({"response_id": np.repeat(ids, k), "score": score.ravel()})
        scores["theme"] = np.tile(np.array(machine.themes, object), N)
        human = drawn_for(None, survey, machine, y, HAND, draw)
        both = corrected_shares(machine, human, survey, by_year=False)
        found["shared"].append(_seen(both, "corrected", truth))
        found["hand"].append(_seen(both, "human", truth))
        for what, own in (("named", None), ("scores", scores)):
            rows = []
            for j, theme in enumerate(machine.themes):
                one = codes_of("machine", "machine", ids, person, f[:, [j]])
                mine = None if own is None else own[own["theme"] == theme].assign(theme="t0")
                human = drawn_for("t0", survey, one, y[:, [j]], HAND, draw, mine)
                table = corrected_shares(one, human, survey, by_year=False, scores=mine)
                rows.append(_seen(table, "corrected", truth[[j]])[0])
            found[what].append(np.array(rows))
    mean = {what: np.mean(rows, axis=0) for what, rows in found.items()}
    print(f"{args.draws} draws, N = {N}, {HAND} hand codes, F1 .7; covers and width over hand-only")
    print("share  bias |   named: covers width |  scores: covers width |  shared: covers width")
    for j, (share, bias, _) in enumerate(THEMES):
        parts = [
            f"{mean[w][j, 0]:15.3f} {mean[w][j, 1] / mean['hand'][j, 1]:5.2f}"
            for w in ("named", "scores", "shared")
        ]
        print(f"{share:5.2f} {bias:5.2f} | {' | '.join(parts)}")
    for what in ("named", "scores", "shared"):
        ratio = mean[what][:, 1] / mean["hand"][:, 1]
        print(f"{what}: median width {np.median(ratio):.2f}, least {ratio.min():.2f}")


def _seen(table: pd.DataFrame, method: str, truth: np.ndarray) -> np.ndarray:
    rows = table[table["method"] == method]
    inside = (rows["low"] <= truth) & (rows["high"] >= truth)
    return np.c_[inside, rows["high"] - rows["low"]]


if __name__ == "__main__":
    main()
