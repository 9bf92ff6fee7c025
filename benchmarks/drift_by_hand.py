"""Is no change flagged when shares are corrected by hand codes? A simulation.

Run as ``python benchmarks/drift_by_hand.py [--surveys 200] [--hand 300]``. Each survey has five
years of 300 responses and 24 themes of shares from 3 to 20 %, which do not change; the machine
finds 65 % of a theme and gives it to some others, so that its F1 is about .65. A random sample of
each year is coded by hand. Prints how often a theme is flagged, alone (p < .05) and after
Benjamini-Hochberg, and how often a survey has any.
"""

import argparse

import numpy as np
import pandas as pd
from simulated import codes_of, names, survey_of

from iapt_topics import measure_drift

SHARES = np.repeat([0.03, 0.05, 0.1, 0.2], 6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=200)
    parser.add_argument("--hand", type=int, default=300)
    args = parser.parse_args()
    ids = names("r", range(1500))
    survey = survey_of(ids, ids, np.repeat(np.arange(2014, 2019), 300))
    flags = []
    for seed in range(args.surveys):
        rng = np.random.default_rng(seed)
        true = rng.random((1500, len(SHARES))) < SHARES
        false_rate = 0.35 * SHARES / (1 - SHARES)
        chance = rng.random(true.shape)
        given = np.where(true, chance < 0.65, chance < false_rate)
        sample = np.sort(
            np.concatenate([rng.choice(300, args.hand // 5, False) + 300 * y for y in range(5)])
        )
        human = codes_of("person", "human", ids[sample], ids[sample], true[sample])
        machine = codes_of("machine", "machine", ids, ids, given)
        trends = measure_drift(machine, survey, human=human, seed=0).trends
        flags.append(trends.assign(seed=seed))
    found = pd.concat(flags)
    found["share"] = SHARES[found["theme"].str[1:].astype(int)]
    print(f"{args.surveys} surveys, {args.hand} hand codes\n")
    print("| test | p < .05, at 3, 5, 10, 20 % | after Benjamini-Hochberg | surveys with any |")
    print("|---|---|---|---|")
    for test, rows in found.groupby("test"):
        alone = (rows["p"] < 0.05).groupby(rows["share"]).mean()
        any_ = (rows["p_bh"] < 0.05).groupby(rows["seed"]).any().mean()
        said = ", ".join(f"{v:.3f}" for v in alone)
        print(f"| {test} | {said} | {(rows['p_bh'] < 0.05).mean():.4f} | {any_:.3f} |")


if __name__ == "__main__":
    main()
