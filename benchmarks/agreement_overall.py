"""Do the intervals of the measures over all themes, and of the partition measures, cover?

Run as ``python benchmarks/agreement_overall.py [--surveys 1000] [--part overall|partition]``.
Themes are independent of each other, so that the true alphas, F1 and partition measures follow from
the shares of all pairs of sets or classes. In "several each" people give one to three responses,
whose themes go together at an intraclass correlation of .3.
"""

import argparse

import numpy as np

from iapt_topics.agreement.tables import OVERALL, _overall, resample
from iapt_topics.agreement.theme_matching import (
    PARTITION,
    count_2x2,
    partition_measures,
    partition_table,
)
from iapt_topics.stats.agreement import f1
from iapt_topics.stats.resampling import cluster_weights, jackknife_interval, percentile_interval
from iapt_topics.stats.set_agreement import (
    f1_per_unit,
    jaccard_distance,
    masi_distance,
    set_alpha,
)

SIZES = ((100, False), (300, False), (1500, False), (150, True))
#: Shares of four themes, recall and false alarms of the other coder.
CODERS = {
    "rare themes, little agreement": ([0.03, 0.05, 0.08, 0.1], 0.5, 0.02),
    "rare themes, much": ([0.03, 0.05, 0.08, 0.1], 0.9, 0.005),
    "rare to common, little": ([0.03, 0.08, 0.2, 0.4], 0.6, 0.08),
    "rare to common, much": ([0.03, 0.08, 0.2, 0.4], 0.9, 0.02),
    "common, near full": ([0.1, 0.2, 0.3, 0.4], 0.98, 0.004),
}


def people_of(rng, people, several):
    each = rng.integers(1, 4, people) if several else np.ones(people, int)
    return np.repeat(np.arange(people), each)


def draw(rng, people, several, share, found, wrong):
    """Both coders' themes, and the person behind each response."""
    person = people_of(rng, people, several)
    a = np.array(share) * 0.7 / 0.3
    own = rng.beta(a, a * (1 - np.array(share)) / share, (people, 4)) if several else share
    chance = own[person] if several else np.broadcast_to(share, (len(person), 4))
    x = rng.random(chance.shape) < chance
    return x, rng.random(x.shape) < np.where(x, found, wrong), person


def truth(share, found, wrong):
    """The measures of endless responses."""
    every = np.arange(16)[:, None] >> np.arange(4) & 1 == 1
    second = np.where(
        every[:, None], np.where(every, found, 1 - found), np.where(every, wrong, 1 - wrong)
    )
    both = (np.where(every, share, 1 - np.array(share))[:, None] * second).prod(axis=2)
    pairs = (np.repeat(every, 16, axis=0), np.tile(every, (16, 1)))
    out = []
    for distance in (masi_distance, jaccard_distance):
        apart = distance(*pairs).reshape(16, 16)
        pooled = (both.sum(axis=0) + both.sum(axis=1)) / 2
        out.append(1 - (both * apart).sum() / (pooled @ apart @ pooled))
    a = np.array(share) * found
    sizes = np.array(share) + a + (1 - np.array(share)) * wrong
    f1 = 2 * a / sizes
    return np.array([*out, f1_per_unit(*pairs) @ both.ravel(), 2 * a.sum() / sizes.sum()]), f1


def overall(surveys):
    print(f"{surveys} surveys a row, one for each response or several each of 150 people.\n")
    names = " | ".join(OVERALL)
    print(f"| themes | people | {names} | percentile bootstrap: the same |")
    print("|" + "---|" * 8)
    for name, design in CODERS.items():
        known, f1 = truth(*design)
        for people, several in SIZES:
            rng = np.random.default_rng([people, len(name)])
            hits, before = [], []
            for survey in range(surveys):
                x, y, person = draw(rng, people, several, *design)
                wide = x.sum(axis=0) >= 10
                true = np.append(known, f1[wide].mean() if wide.any() else np.nan)
                pair = resample(x, y, person, cluster_weights(person, 1, survey))
                value, rest = _overall(pair, wide, kappa=True)
                hits.append(covered(jackknife_interval(value, rest), true))
                if survey < surveys // 5:
                    w = cluster_weights(person, 200, survey)
                    units = [np.repeat(np.arange(len(x)), k) for k in w]
                    drawn = [measured(x[u], y[u], wide) for u in units]
                    before.append(covered(percentile_interval(drawn), true))
            row = [f"{v:.3f}" for v in np.nanmean(hits, axis=0)]
            old = ", ".join(f"{v:.2f}" for v in np.nanmean(before, axis=0))
            print(
                f"| {name} | {people}{', several each' if several else ''} | "
                + " | ".join(row) + f" | {old} |", flush=True,
            )  # fmt: skip


def measured(x, y, wide):
    """The measures of some units."""
    a, b, c, _ = count_2x2(x, y)
    with np.errstate(invalid="ignore"):
        macro = np.nanmean(f1(a, b, c)[wide]) if wide.any() else np.nan
    alphas = (float(set_alpha(x, y, d)) for d in ("masi", "jaccard"))
    return np.array([*alphas, f1_per_unit(x, y).mean(), f1(a.sum(), b.sum(), c.sum()), macro])


def covered(ends, true):
    low, high = ends
    return np.where(np.isnan(low) | np.isnan(true), np.nan, (low <= true) & (true <= high))


#: Classes and how often the second coder gives the class of the first; else one at random.
CLASSES = ((3, 0.7), (4, 0.2), (4, 0.7), (4, 0.95), (8, 0.2), (8, 0.7), (8, 0.95), (16, 0.6))


def partition(surveys):
    print(f"\n{surveys} surveys a row; the classes' shares fall as 1, 1/2, 1/3, ...\n")
    print("| classes | right | people | with an interval | " + " | ".join(PARTITION) + " |")
    print("|" + "---|" * (4 + len(PARTITION)))
    for k, right in CLASSES:
        share = 1 / np.arange(1, k + 1)
        share /= share.sum()
        both = right * np.diag(share) + (1 - right) * np.outer(share, share)
        true = partition_measures(both * 1e12, 0.0)
        for people, several in (*SIZES[:3], (700, True), (6000, False)):
            rng = np.random.default_rng([people, k, int(100 * right)])
            hits = []
            for _ in range(surveys if people < 5000 else surveys // 5):
                person = people_of(rng, people, several)
                n = len(person)
                x = rng.choice(k, n, p=share)
                if several:  # two in five responses speak of what their writer speaks of
                    home = rng.choice(k, people, p=share)
                    x = np.where(rng.random(n) < 0.4, home[person], x)
                y = np.where(rng.random(n) < right, x, rng.choice(k, n, p=share))
                table = partition_table(np.eye(k)[x] > 0, np.eye(k)[y] > 0, person, 1, 0)
                table = table[table["unassigned"] == "in"]
                hits.append(covered((table["low"], table["high"]), true))
            shown = 1 - np.isnan(hits).mean(axis=0)[0]
            row = [f"{v:.3f}" if v == v else "none" for v in np.nanmean(hits, axis=0)]
            print(
                f"| {k} | {right} | {people}{', several each' if several else ''} | {shown:.2f} | "
                + " | ".join(row) + " |", flush=True,
            )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=1000)
    parser.add_argument("--part", choices=("overall", "partition"))
    args = parser.parse_args()
    for name, part in {"overall": overall, "partition": partition}.items():
        if args.part in (None, name):
            part(args.surveys)


if __name__ == "__main__":
    main()
