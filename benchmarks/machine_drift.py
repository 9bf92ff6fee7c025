"""Is the machine's drift taken for change? Nothing changes but its recall, .5 to .7 in five years.

Run as ``python benchmarks/machine_drift.py [--themes 600]``. Prevalence is .2 in all years. For
each survey: how often the last year differs from the first in machine codes (p below .05), how
often the corrected change does, exact and as published, and how often the machine's error is found
to differ between years. "found" is what the report says: adjusted p below .05 of corrected changes.
"""

import argparse

import numpy as np
from simulated import (
    codes_of,
    counted,
    names,
    published_changes,
    published_corrected,
    survey_of,
)

from iapt_topics.drift.machine_error import corrected_tests, error_by_year
from iapt_topics.publish.disclosure import STRICT

RECALL = np.array([0.5, 0.55, 0.6, 0.65, 0.7])
YEARS = 2014 + np.arange(5)
BATCH = 20
LAST = "year == 2018"


def flagged(n: int, by_hand: int, themes: int, false: float = 0.03) -> dict[str, str]:
    rng = np.random.default_rng([n, by_hand])
    place = np.repeat(np.arange(5), n)
    ids, found = names("r", range(5 * n)), {}
    for _ in range(themes // BATCH):
        true = rng.random((5 * n, BATCH)) < 0.2
        hit = rng.random(true.shape) < RECALL[place][:, None]
        given = np.where(true, hit, rng.random(true.shape) < false)
        responses = survey_of(ids, ids, YEARS[place])
        codes = codes_of("m", "machine", ids, ids, given)
        drawn = [rng.choice(np.flatnonzero(place == y), by_hand, False) for y in range(5)]
        hand = np.concatenate(drawn)
        human = codes_of("h", "human", ids[hand], ids[hand], true[hand])
        cells = counted(codes, responses, STRICT)
        shares, changes, model = published_changes(codes, cells)
        exact = corrected_tests(codes, human, responses)[0].query(LAST)
        shown = published_corrected(codes, human, cells, shares, model)[1].query(LAST)
        shown = shown[shown["estimate"].notna()]
        errors = error_by_year(codes, human, responses)
        for name, flags in {
            "machine": changes.query(LAST)["p"] < 0.05,
            "corrected": exact["p"] < 0.05,
            "covers 0": (exact["low"] <= 0) & (exact["high"] >= 0),
            "found": exact["p_bh"] < 0.05,
            "published": shown["p"] < 0.05,
            "published found": shown["p_bh"] < 0.05,
            "error by year": errors["p"] < 0.05,
        }.items():
            found.setdefault(name, []).extend(flags)
    rates = {name: f"{np.mean(flags):.3f}" for name, flags in found.items()}
    return rates | {"published of": f"{len(found['published'])}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--themes", type=int, default=600)
    args = parser.parse_args()
    for at, (n, by_hand) in enumerate(((300, 60), (300, 150), (1000, 60), (1000, 200))):
        row = flagged(n, by_hand, args.themes)
        if not at:
            print("| n a year | by hand | " + " | ".join(row) + " |")
            print("|" + "---|" * (len(row) + 2))
        print(f"| {n} | {by_hand} | {' | '.join(row.values())} |", flush=True)


if __name__ == "__main__":
    main()
