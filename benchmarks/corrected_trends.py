"""Do tests of corrected trends keep their size when the machine finds more each year?

``python benchmarks/corrected_trends.py [--surveys 100]``. Four themes of prevalence .25 that do not
change in four years of 300 responses, of which 80 a year are coded by hand; the machine's recall
rises from .5 to .7. The responses are of other people each year, or of a panel of 300 in which one
in five changes their mind each year. Prints how often a theme has p below .05 by the machine's
codes and by the corrected ones, and the coverage of the corrected slope.
"""

from __future__ import annotations

import argparse

import numpy as np
from simulated import codes_of, hand_codes, names, survey_of

from iapt_topics.drift.coded import join_codes
from iapt_topics.drift.drift import corrected_years
from iapt_topics.drift.machine_error import trend_tests
from iapt_topics.stats.share_model import share_model

N, HAND, YEARS, THEMES, SHARE = 300, 80, 4, 4, 0.25
RECALL, FALSE = np.linspace(0.5, 0.7, YEARS), 0.05


def one(rng: np.random.Generator, panel: bool) -> dict[str, np.ndarray]:
    year = np.repeat(np.arange(YEARS), N)
    true = [rng.random((N, THEMES)) < SHARE]
    for _ in range(YEARS - 1):
        anew = rng.random((N, THEMES)) < (0.2 if panel else 1.0)
        true.append(np.where(anew, rng.random((N, THEMES)) < SHARE, true[-1]))
    y = np.concatenate(true)
    f = rng.random(y.shape) < np.where(y, RECALL[year][:, None], FALSE)
    ids = names("r", range(len(y)))
    person = names("p", np.tile(np.arange(N), YEARS) if panel else np.arange(len(y)))
    survey, machine = survey_of(ids, person, 2014 + year), codes_of("m", "machine", ids, person, f)
    rows = [rng.choice(np.flatnonzero(year == v), HAND, False) for v in range(YEARS)]
    human = hand_codes(y, ids, person, np.sort(np.concatenate(rows)))
    coded = join_codes(machine, survey)
    sums = coded.sum_cells()
    sampling = share_model(sums)
    model = corrected_years(machine, human, survey, sampling, coded)[1]
    known = np.ones(sampling.share.shape, bool)
    out = {}
    for who, of in (("machine", sampling), ("corrected", model)):
        table = trend_tests(of, known, coded.themes, coded.years, sums.n)
        for test, part in table.groupby("test"):
            out[f"{who} {test}"] = (part["p"] < 0.05).to_numpy()
        line = table[table["test"] == "linear"]
        out[f"{who} slope covered"] = ((line["low"] <= 0) & (line["high"] >= 0)).to_numpy()
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=100)
    args = parser.parse_args()
    for panel in (False, True):
        found = [one(np.random.default_rng([s, panel]), panel) for s in range(args.surveys)]
        print(f"{args.surveys} surveys of {'a panel' if panel else 'other people each year'}:")
        for what in found[0]:
            print(f"  {what}: {np.mean([f[what] for f in found]):.3f}", flush=True)


if __name__ == "__main__":
    main()
