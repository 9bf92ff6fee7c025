"""Do the intervals of change cover, and how often is no change flagged? A simulation.

Run as ``python benchmarks/drift_coverage.py [--surveys 200]``. Each survey has five years of about
300 responses and 20 themes of the same true share, with no change. It prints, for each design, the
share of 95 % intervals of change that hold the true change (0), the share of p-values below .05,
and the share of surveys with any theme flagged after Benjamini-Hochberg.
"""

import argparse

import numpy as np
import pandas as pd

from iapt_topics import Codes, Responses, measure_drift

YEARS = np.arange(2014, 2019)
N_THEMES = 20


def survey(rng: np.random.Generator, share: float, per_person: int) -> tuple[Responses, Codes]:
    """Draw one survey; a person's answers resemble each other when there are several of them."""
    people = 300 // per_person
    person = np.repeat(np.arange(people * len(YEARS)), per_person)
    year = np.repeat(YEARS, people * per_person)
    # A beta-binomial with an intra-person correlation of .3 where a person answers repeatedly.
    spread = 0.7 / 0.3
    own = (
        rng.beta(share * spread, (1 - share) * spread, (people * len(YEARS), N_THEMES))
        if per_person > 1
        else np.full((people * len(YEARS), N_THEMES), share)
    )
    given = rng.random((len(person), N_THEMES)) < own[person]
    ids = np.array([f"r{i}" for i in range(len(person))], dtype=object)
    who = np.array([f"p{i}" for i in person], dtype=object)
    table = pd.DataFrame(
        {
            "response_id": ids,
            "respondent_id": who,
            "year": year,
            "question": "",
            "text": "text",
            "status": "kept",
        }
    )
    themes = tuple(f"t{i}" for i in range(N_THEMES))
    row, column = np.nonzero(given)
    codes = Codes(
        coder="simulated",
        kind="machine",
        themes=themes,
        seen=table[["response_id", "respondent_id"]],
        table=pd.DataFrame(
            {
                "response_id": ids[row],
                "theme": np.array(themes, dtype=object)[column],
                "score": np.nan,
            }
        ),
    )
    return Responses(table=table, source="simulated"), codes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print("share  answers a person  coverage  p < .05  surveys with a flag")
    for share in (0.02, 0.1, 0.3):
        for per_person in (1, 3):
            rng = np.random.default_rng([args.seed, int(100 * share), per_person])
            covered, small, flagged = [], [], []
            for _ in range(args.surveys):
                responses, codes = survey(rng, share, per_person)
                drift = measure_drift(codes, responses, n_boot=20)
                changes = drift.changes[drift.changes["kind"] == "baseline"]
                covered.append(((changes["low"] <= 0) & (changes["high"] >= 0)).mean())
                small.append((changes["p"] < 0.05).mean())
                flagged.append((changes["p_bh"] < 0.05).any())
            print(
                f"{share:5.0%}  {per_person:16d}  {np.mean(covered):8.3f}  {np.mean(small):7.3f}"
                f"  {np.mean(flagged):19.3f}"
            )


if __name__ == "__main__":
    main()
