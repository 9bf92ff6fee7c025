"""Does the test of any difference between years keep its size where the same people answer?

Run as ``python benchmarks/omnibus_panels.py [--themes 4000]``. Nothing changes: each person has a
share of a theme of their own (beta-binomial), and answers in each year with the chance ``attend``.
Every column of the simulated table is one theme of one survey.
"""

import argparse
from dataclasses import replace

import numpy as np

from iapt_topics.stats.share_model import share_model, sum_cells

#: People, years, share, intraclass correlation, attendance; 0: new people each year.
DESIGNS = (
    *((40, 8, 0.3, 0.3, 1), (60, 5, 0.1, 0.3, 1), (60, 8, 0.3, 0.3, 1), (100, 5, 0.2, 0.3, 1)),
    *((100, 8, 0.2, 0.3, 0.7), (120, 5, 0.1, 0.6, 0.6), (100, 8, 0.3, 0.3, 0.3)),
    *((400, 8, 0.2, 0.3, 1), (60, 8, 0.3, 0.3, 0), (300, 5, 0.1, 0.3, 0)),
)
BATCH = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--themes", type=int, default=4000)
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    print(f"{args.themes} themes a row, p below .05.\n")
    print("| people | years | share | ICC | attend | chi-square | as it is (Hotelling) |")
    print("|---|---|---|---|---|---|---|")
    for people, n_years, share, icc, attend in DESIGNS:
        a, found = share * (1 - icc) / icc, []
        person, year = np.tile(np.arange(people), n_years), np.repeat(np.arange(n_years), people)
        if not attend:
            person = np.arange(len(year))
        here = rng.random(len(year)) < (attend or 1)
        who, at = np.unique(person[here], return_inverse=True)
        for _ in range(args.themes // BATCH):
            own = rng.beta(a, a * (1 - share) / share, (len(who), BATCH))
            given = rng.random((len(at), BATCH)) < own[at]
            model = share_model(sum_cells(at, year[here], given))
            apart = replace(model, people=float("inf"))
            found.append([(m.omnibus() < 0.05).mean() for m in (apart, model)])
        sizes = " | ".join(f"{v:.3f}" for v in np.mean(found, axis=0))
        design = " | ".join(map(str, (people, n_years, share, icc, attend or "new people")))
        print(f"| {design} | {sizes} |", flush=True)


if __name__ == "__main__":
    main()
