"""Do corrected prevalence and changes cover when the machine's recall rises from .5 to .7?

``python benchmarks/corrected_change.py [--surveys 300]``. Three years of 500 responses by other
people of another mix of two roles, or a panel of 500 in two years; 100 responses a year are coded
by hand, at random or more often where the machine applied the theme. The theme has .2 in one role
and .35 in the other, in all years or .08 more in the last. Prints the coverage of the 95 %
intervals and their mean width: prevalence by year, change, change at a fixed mix, change of a
panel.
"""

from __future__ import annotations

import argparse

import numpy as np
from simulated import codes_of, drawn_for, hand_codes, names, survey_of

from iapt_topics import measure_drift, measure_panel, standardise_drift

RECALL, FALSE = (0.5, 0.6, 0.7), 0.05
BASE, MORE = 0.2, 0.15


def one(rng: np.random.Generator, shift: float, named: bool) -> dict[str, list[tuple[bool, float]]]:
    n = 500
    year = np.repeat([0, 1, 2], n)
    mix = np.array([0.3, 0.4, 0.5])
    role = rng.random(3 * n) < mix[year]
    y = rng.random(3 * n) < BASE + MORE * role + shift * (year == 2)
    f = rng.random(3 * n) < np.where(y, np.take(RECALL, year), FALSE)
    ids, person = names("r", range(3 * n)), names("p", range(3 * n))
    responses = survey_of(ids, person, 2014 + year, role=np.where(role, "PWP", "HIT"))
    machine = codes_of("machine", "machine", ids, person, f[:, None])
    human = by_hand(rng, responses, machine, y, ids, person, year, named)
    drift = measure_drift(machine, responses, human=human, n_boot=1)
    true = BASE + MORE * mix + shift * np.array([0, 0, 1])
    shares = drift.shares
    last = drift.changes.query("kind == 'baseline' and year == 2016").iloc[0]
    fixed = standardise_drift(machine, responses, ["role"], human=human).changes
    fixed = fixed[(fixed["method"] == "standardised") & (fixed["year"] == 2016)].iloc[0]
    return {
        "prevalence": [
            seen(low, high, t)
            for low, high, t in zip(shares["low"], shares["high"], true, strict=True)
        ],
        "change": [seen(last["low"], last["high"], true[2] - true[0])],
        "change at a fixed mix": [seen(fixed["low"], fixed["high"], shift)],
        "change of a panel": [panel(rng, shift, named)],
    }


def panel(rng: np.random.Generator, shift: float, named: bool) -> tuple[bool, float]:
    n = 500
    year, person = np.repeat([0, 2], n), names("p", np.tile(np.arange(n), 2))
    before = rng.random(n) < BASE
    # Of those without it some take it up; a fifth of all change their minds anew.
    again = np.where(rng.random(n) < 0.2, rng.random(n) < BASE, before)
    after = again | (rng.random(n) < shift / (1 - BASE))
    y = np.r_[before, after]
    f = rng.random(2 * n) < np.where(y, np.take(RECALL, year), FALSE)
    ids = names("r", range(2 * n))
    responses = survey_of(ids, person, 2014 + year)
    machine = codes_of("machine", "machine", ids, person, f[:, None])
    human = by_hand(rng, responses, machine, y, ids, person, year, named)
    row = measure_panel(machine, responses, human=human).changes.iloc[0]
    return seen(row["low"], row["high"], shift)


def by_hand(rng, responses, machine, y, ids, person, year, named):
    """100 hand codes a year."""
    if not named:
        rows = [rng.choice(np.flatnonzero(year == v), 100, False) for v in np.unique(year)]
        return hand_codes(y[:, None], ids, person, np.sort(np.concatenate(rows)))
    seed, n = int(rng.integers(1 << 30)), 100 * len(np.unique(year))
    return drawn_for("t0", responses, machine, y[:, None], n, seed)


def seen(low: float, high: float, true: float) -> tuple[bool, float]:
    return bool(low <= true <= high), float(high - low)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=300)
    args = parser.parse_args()
    for named in (False, True):
        for shift in (0.0, 0.08):
            found: dict[str, list[tuple[bool, float]]] = {}
            for seed in range(args.surveys):
                for what, rows in one(np.random.default_rng([seed, named]), shift, named).items():
                    found.setdefault(what, []).extend(rows)
            print(f"{'more often where applied' if named else 'at random'}, true change {shift}:")
            for what, rows in found.items():
                covered, width = np.mean(rows, axis=0)
                print(f"  {what}: coverage {covered:.3f}, width {width:.3f}", flush=True)


if __name__ == "__main__":
    main()
