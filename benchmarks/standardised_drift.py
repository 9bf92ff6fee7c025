"""Is a change in who answers taken for drift? A simulation.

Run as ``python benchmarks/standardised_drift.py [--surveys 1000]``. Each survey has five years of
300 responses, 10 themes and three roles. Within a role the share of each theme never changes; the
mix of roles moves from 60/30/10 % in the first year to 20/40/40 % in the last. Half of the themes
are spoken of at very different rates by the roles. A second design adds a covariate of four sites,
a third lets each person answer three times, a fourth plants a true rise of one theme (20 % to 30 %
in every role), to see that standardising does not hide it.

It prints, for the crude and the standardised changes from the first year: the share of p-values
below .05, the share of themes with any change flagged after Benjamini-Hochberg, the share of
surveys with any theme so flagged, the same by the test over all years, the coverage of the 95 %
intervals, and, in the fourth design, the share of surveys that flag the planted theme by a change
and by the linear trend.
"""

import argparse

import numpy as np
from simulated import codes_of, names, survey_of

from iapt_topics import standardise_drift

YEARS = np.arange(2014, 2019)
SIZE = 300
ROLES = np.array(["pwp", "hit", "other"], dtype=object)
FIRST, LAST = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.4, 0.4])
#: Share of each of 10 themes among each role: five alike, five far apart.
SHARE = np.array(
    [[0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.3, 0.2, 0.1, 0.05]] * 3
    + np.outer([1.0, 0.0, -1.0], [0, 0, 0, 0, 0, 0.2, -0.2, 0.12, 0.08, -0.04])
)
PLANTED = 3


def survey(rng, sites, per_person, planted):
    """Draw one survey whose content is the same within roles in all years."""
    people = SIZE // per_person
    year, who, columns, given = [], [], {"role": [], "site": []}, []
    for y, of in enumerate(YEARS):
        step = y / (len(YEARS) - 1)
        role = rng.choice(3, people, p=FIRST + step * (LAST - FIRST))
        site = rng.integers(0, sites, people)
        chance = SHARE[role].copy()
        if planted:
            chance[:, PLANTED] = 0.2 + 0.1 * step
        if per_person > 1:  # answers of one person resemble each other (correlation .3)
            spread = 0.7 / 0.3
            chance = rng.beta(chance * spread, (1 - chance) * spread)
        for _ in range(per_person):
            given.append(rng.random(chance.shape) < chance)
            year += [of] * people
            who += [f"p{of}-{i}" for i in range(people)]
            columns["role"] += ROLES[role].tolist()
            columns["site"] += names("s", site).tolist()
    ids, who = names("r", range(len(year))), np.array(who, dtype=object)
    codes = codes_of("simulated", "machine", ids, who, np.concatenate(given))
    return survey_of(ids, who, year, **columns), codes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    designs = {
        "role": (1, 1, False),
        "role x 4 sites": (4, 1, False),
        "role, 3 answers each": (1, 3, False),
        "role, planted rise": (1, 1, True),
    }
    print(
        "design | method | p < .05 | themes flagged | surveys with a flag | surveys by the omnibus"
        " test | coverage | planted, change | planted, trend"
    )
    for name, (sites, per_person, planted) in designs.items():
        rng = np.random.default_rng([args.seed, sites, per_person, planted])
        found = {m: [] for m in ("crude", "standardised")}
        for _ in range(args.surveys):
            responses, codes = survey(rng, sites, per_person, planted)
            by = ["role", "site"] if sites > 1 else ["role"]
            result = standardise_drift(codes, responses, by)
            changes, trends = result.changes, result.trends
            is_planted = (changes["theme"] == f"t{PLANTED}") & planted
            truth = np.where(is_planted, 0.1 * (changes["year"] - YEARS[0]) / 4, 0)
            changes = changes.assign(
                small=changes["p"] < 0.05,
                flag=changes["p_bh"] < 0.05,
                holds=(changes["low"] <= truth) & (changes["high"] >= truth),
            )
            for method, rows in changes.groupby("method"):
                null = rows[~is_planted[rows.index]]
                themes = null.groupby("theme")["flag"].any()
                tested = trends[trends["method"] == method].pivot(
                    index="theme", columns="test", values="p_bh"
                )
                true = (tested.index == f"t{PLANTED}") & planted
                omnibus = (tested.loc[~true, "omnibus"] < 0.05).any()
                hits = [rows.loc[is_planted[rows.index], "flag"].any()]
                hits.append((tested.loc[true, "linear"] < 0.05).any())
                flags = [null["small"].mean(), themes.mean(), themes.any(), omnibus]
                found[method].append((*flags, rows["holds"].mean(), *hits))
        for method, values in found.items():
            print(f"{name} | {method} | " + " | ".join(f"{v:.3f}" for v in np.mean(values, axis=0)))


if __name__ == "__main__":
    main()
