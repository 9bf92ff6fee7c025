"""Do the intervals of corrected shares cover, and how much narrower are they than hand-only ones?

Run as ``python benchmarks/corrected_shares.py [--draws 1000] [--per-person 1] [--by-year]``. Each
draw is a new survey of five years (1,543 responses by default) of which 200 are coded by hand. A
theme has a true share p, the machine gives it to a share p + bias, and the overlap is set by F1.
Prints, for each theme: the correlation r of machine and hand codes, the coverage of the true share
by the three intervals, and the width of the corrected interval over that of the hand-only one,
as simulated and by the formula sqrt(1 - r^2 (1 - n / N)).
"""

import argparse

import numpy as np
import pandas as pd
from simulated import codes_of, names, survey_of

from iapt_topics import corrected_shares

YEARS = np.arange(2014, 2019)
#: true share, bias of the machine's share, F1
THEMES = [
    *((0.03, 0.0, 0.7), (0.05, 0.1, 0.45), (0.1, 0.0, 0.7), (0.1, 0.0, 0.8), (0.1, 0.1, 0.6)),
    *((0.1, -0.05, 0.65), (0.2, 0.1, 0.7), (0.2, 0.1, 0.8), (0.2, -0.1, 0.65), (0.3, 0.0, 0.7)),
    *((0.3, 0.1, 0.7), (0.3, 0.1, 0.85), (0.3, -0.1, 0.7), (0.5, 0.1, 0.7), (0.5, 0.1, 0.9)),
    *((0.3, 0.1, 0.45), (0.02, 0.1, 0.2)),
]


def cells(share: float, bias: float, f1: float) -> tuple[float, float, float]:
    """Chances of: both, hand only, machine only."""
    other = share + bias
    both = f1 * (share + other) / 2
    assert max(0, share + other - 1) <= both <= min(share, other) + 1e-12, (share, bias, f1)
    return both, share - both, other - both


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--n", type=int, default=1543)
    parser.add_argument("--hand", type=int, default=200)
    parser.add_argument("--per-person", type=int, default=1)
    parser.add_argument("--by-year", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    chances = np.array([cells(*t) for t in THEMES])
    edges = np.cumsum(chances, axis=1)
    number = np.arange(args.n)
    ids, person = names("r", number), names("p", number // args.per_person)
    survey = survey_of(ids, person, YEARS[number // args.per_person % len(YEARS)])
    truth = chances[:, 0] + chances[:, 1]
    results = []
    for _ in range(args.draws):
        u = rng.random((args.n, len(THEMES)))
        if args.per_person > 1:
            # With chance .5 an answer repeats the person's first one.
            again = rng.random(u.shape) < 0.5
            first = u[number // args.per_person * args.per_person]
            u = np.where(again, first, u)
        hand = u < edges[:, 1]
        machine = (u < edges[:, 0]) | ((u >= edges[:, 1]) & (u < edges[:, 2]))
        drawn = np.sort(rng.choice(args.n, args.hand, replace=False))
        results.append(
            corrected_shares(
                codes_of("machine", "machine", ids, person, machine),
                codes_of("human", "human", ids[drawn], person[drawn], hand[drawn]),
                survey, by_year=args.by_year,
            )
        )  # fmt: skip
    whole = pd.concat(results)
    at = whole["theme"].str[1:].astype(int).to_numpy()
    whole["covers"] = (whole["low"] <= truth[at]) & (whole["high"] >= truth[at])
    whole["width"] = whole["high"] - whole["low"]
    mean = whole.groupby(["theme", "method"])[["covers", "width", "estimate"]].mean()
    print(f"{args.draws} draws, N = {args.n}, {args.hand} hand codes,", end=" ")
    print(f"{args.per_person} answers a person, by year: {args.by_year}")
    print("share  bias    F1     r | corrected  machine  human | bias left | width ratio  formula")
    for j, (share, bias, f1) in enumerate(THEMES):
        other, both = share + bias, chances[j, 0]
        r = (both - share * other) / np.sqrt(share * other * (1 - share) * (1 - other))
        row = mean.loc[f"t{j}"]
        ratio = row.loc["corrected", "width"] / row.loc["human", "width"]
        formula = np.sqrt(1 - r**2 * (1 - args.hand / args.n))
        print(
            f"{share:5.2f} {bias:5.2f} {f1:5.2f} {r:5.2f} | {row.loc['corrected', 'covers']:9.3f}"
            f" {row.loc['machine', 'covers']:8.3f} {row.loc['human', 'covers']:6.3f} |"
            f" {row.loc['corrected', 'estimate'] - share:9.4f} | {ratio:11.3f} {formula:8.3f}"
        )


if __name__ == "__main__":
    main()
