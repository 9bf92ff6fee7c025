"""Do the bootstrap intervals of F1 and kappa cover? A simulation.

Run as ``python benchmarks/agreement_coverage.py [--surveys 100] [--n 300] [--per-person 1]``. Each
survey has 10 themes of each kind below, so 100 surveys give 1,000 intervals a kind. A theme has
shares p and q with the two coders and an overlap set by F1. Themes with fewer than 10 positives in
a survey have no kappa and are left out of its coverage. Prints the share of 95 % intervals that
hold the true value, and their mean width.
"""

import argparse

import numpy as np

from iapt_topics.agreement.tables import resample, themes_table
from iapt_topics.stats.resampling import cluster_weights

#: shares of the two coders, F1
KINDS = [
    *((0.05, 0.05, 0.5), (0.05, 0.1, 0.4), (0.1, 0.1, 0.15), (0.1, 0.1, 0.5), (0.1, 0.1, 0.8)),
    *((0.1, 0.1, 0.95), (0.1, 0.2, 0.55), (0.3, 0.3, 0.7), (0.3, 0.4, 0.8), (0.5, 0.5, 0.9)),
]
REPEATS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=100)
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--per-person", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    p, q, f1 = np.repeat(KINDS, REPEATS, axis=0).T
    both = f1 * (p + q) / 2
    chance = p * q + (1 - p) * (1 - q)
    truth = {"f1": f1, "kappa": (1 + 2 * both - p - q - chance) / (1 - chance)}
    person = np.arange(args.n) // args.per_person
    covered = {name: [] for name in truth}
    width = {name: [] for name in truth}
    for survey in range(args.surveys):
        u = rng.random((args.n, len(p)))
        if args.per_person > 1:
            # With chance .5 an answer repeats the person's first one.
            u = np.where(rng.random(u.shape) < 0.5, u[person * args.per_person], u)
        one, two = u < p, (u < both) | ((u >= p) & (u < p + q - both))
        # The part of compare_codes that the intervals of themes come from.
        draws = resample(one, two, person, cluster_weights(person, 1000, survey))
        names = tuple(f"t{j}" for j in range(len(p)))
        themes = themes_table(draws, names, list(names), [""] * len(p), survey, kappa=True)
        for name, value in truth.items():
            low, high = (themes[f"{name}_{end}"].to_numpy() for end in ("low", "high"))
            hit = np.where(np.isnan(low), np.nan, (low <= value) & (value <= high))
            covered[name].append(hit)
            width[name].append(high - low)
    print(f"{args.surveys * REPEATS} themes a kind, n = {args.n},", end=" ")
    print(f"{args.per_person} answers a person")
    print("    p     q    F1 kappa | F1 covered  width | kappa covered  width  estimable")
    for i, (a, b, c) in enumerate(KINDS):
        at = slice(i * REPEATS, (i + 1) * REPEATS)
        cells = []
        for name in truth:
            hits = np.array(covered[name])[:, at]
            cells += [np.nanmean(hits), np.nanmean(np.array(width[name])[:, at])]
        known = 1 - np.isnan(np.array(covered["kappa"])[:, at]).mean()
        print(
            f"{a:5.2f} {b:5.2f} {c:5.2f} {truth['kappa'][i * REPEATS]:5.2f} |"
            f" {cells[0]:10.3f} {cells[1]:6.3f} | {cells[2]:13.3f} {cells[3]:6.3f} {known:10.2f}"
        )


if __name__ == "__main__":
    main()
