"""Do effects of year and role cover when the machine's errors depend on both?

``python benchmarks/corrected_effects.py [--surveys 400] [--hand 300]``

Each survey has 1,500 responses of three years; people's prevalence is .20, .05 higher in the last
year and .10 higher in one role. The machine's recall is .5, .2 higher in that year and in that
role. Prints bias, coverage and mean width of the 95 % interval of both effects, and of their
interaction (there is none), by the machine's codes, by the same corrected with random hand codes,
and by the hand codes alone.
"""

from __future__ import annotations

import argparse

import numpy as np
from simulated import codes_of, names, survey_of

from iapt_topics import theme_regression

N = 1500
TRUE = {("year", "2016"): 0.05, ("role", "PWP"): 0.1, ("year:role", "2016:PWP"): 0.0}


def effects(rng: np.random.Generator, hand: int) -> np.ndarray:
    """Error, coverage and width, by method and effect."""
    year = 2014 + np.arange(N) % 3
    role = np.where(rng.random(N) < 0.4, "PWP", "HIT")
    late, pwp = year == 2016, role == "PWP"
    y = rng.random(N) < 0.2 + 0.05 * late + 0.1 * pwp
    f = rng.random(N) < np.where(y, 0.5 + 0.2 * late + 0.2 * pwp, 0.05)
    ids, person = names("r", range(N)), names("p", range(N))
    rows = np.sort(rng.permutation(N)[:hand])
    survey = survey_of(ids, person, year, role=role)
    part = survey_of(ids[rows], person[rows], year[rows], role=role[rows])
    machine = codes_of("machine", "machine", ids, person, f[:, None])
    human = codes_of("person", "human", ids[rows], person[rows], y[rows, None])
    tables = (
        theme_regression(machine, survey, ["role"], interactions=["role"]),
        theme_regression(machine, survey, ["role"], human=human, interactions=["role"]),
        theme_regression(human, part, ["role"], interactions=["role"]),
    )
    found = []
    for table in tables:
        table = table.set_index(["covariate", "level"])
        for key, true in TRUE.items():
            estimate, low, high = table.loc[key, ["estimate", "low", "high"]].astype(float)
            found.append((estimate - true, low <= true <= high, high - low))
    return np.array(found, float).reshape(3, len(TRUE), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=400)
    parser.add_argument("--hand", type=int, default=300)
    args = parser.parse_args()
    found = np.mean(
        [effects(np.random.default_rng(seed), args.hand) for seed in range(args.surveys)], axis=0
    )
    for method, rows in zip(("machine", "corrected", "hand codes alone"), found, strict=True):
        for (covariate, level), (bias, covered, width) in zip(TRUE, rows, strict=True):
            text = f"bias {bias:+.3f}, coverage {covered:.3f}, width {width:.3f}"
            print(f"{method}, {covariate} {level}: {text}")


if __name__ == "__main__":
    main()
