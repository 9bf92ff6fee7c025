"""How narrow is corrected prevalence if the sample is drawn for one named theme, and does it cover?

``python benchmarks/named_theme.py [--draws 110]``. Surveys of five years and 1,543 responses of
which 200 are coded by hand: for each theme a sample drawn by ``next_to_code(theme=...)``, and a
random one of the same size shared by all. A theme has a true share, the machine an F1 of .7 and a
bias. Prints coverage, the width over that of the hand-only interval of the random sample, and what
the named sample costs the theme after it in the list.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from corrected_shares import YEARS, cells
from simulated import codes_of, drawn_for, names, survey_of

from iapt_topics import corrected_shares

N, HAND = 1543, 200
THEMES = [
    *((0.03, 0.0, 0.7), (0.05, 0.0, 0.7), (0.08, 0.0, 0.7), (0.1, 0.0, 0.7), (0.1, -0.03, 0.7)),
    *((0.1, 0.05, 0.7), (0.15, 0.0, 0.7), (0.2, 0.0, 0.7), (0.2, 0.1, 0.7), (0.3, 0.0, 0.7)),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=300)
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    chances = np.array([cells(*t) for t in THEMES])
    edges, truth = np.cumsum(chances, axis=1), chances[:, 0] + chances[:, 1]
    ids, person = names("r", range(N)), names("p", range(N))
    survey = survey_of(ids, person, YEARS[np.arange(N) % len(YEARS)])
    k, found = len(THEMES), {}
    for draw in range(args.draws):
        u = rng.random((N, k))
        y, f = u < edges[:, 1], (u < edges[:, 0]) | ((u >= edges[:, 1]) & (u < edges[:, 2]))
        machine = codes_of("machine", "machine", ids, person, f)
        for theme in (None, *machine.themes):
            human = drawn_for(theme, survey, machine, y, HAND, draw)
            table = corrected_shares(machine, human, survey, by_year=False)
            table = table.assign(
                width=table["high"] - table["low"],
                covers=(table["low"] <= np.repeat(truth, 3))
                & (table["high"] >= np.repeat(truth, 3)),
            )
            found.setdefault(theme, []).append(
                table.set_index("method").loc[["corrected", "human"], ["theme", "width", "covers"]]
            )
    mean = {
        t: pd.concat(v).groupby(["method", "theme"]).mean() for t, v in found.items()
    }  # fmt: skip
    print(f"{args.draws} draws, N = {N}, {len(human.seen)} hand codes; F1 .7")
    print("share  bias | named: covers  width | shared: covers  width | next theme: covers  width")
    shared = []
    for j, (share, bias, _) in enumerate(THEMES):
        hand = mean[None].loc[("human", f"t{j}"), "width"]
        other = f"t{(j + 1) % k}"
        one, all_, beside = (
            mean[t].loc[("corrected", o)]
            for t, o in ((f"t{j}", f"t{j}"), (None, f"t{j}"), (f"t{j}", other))
        )
        shared.append(all_["width"] / hand)
        print(
            f"{share:5.2f} {bias:5.2f} | {one['covers']:13.3f} {one['width'] / hand:6.2f} |"
            f" {all_['covers']:14.3f} {shared[-1]:6.2f} | {beside['covers']:18.3f}"
            f" {beside['width'] / mean[None].loc[('human', other), 'width']:6.2f}"
        )
    print(f"median over the shared sample: {np.median(shared):.2f}")


if __name__ == "__main__":
    main()
