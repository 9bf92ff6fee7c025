"""Is a machine that errs more in one group found, and is no change shown only where there is none?

``python benchmarks/group_errors.py [--surveys 400]``. First the test of ``error_by_group``: how
often p is below .05 for recall, in years of as many responses with the theme by people as it asks
for, if recall is the same in both and if it differs by .25; by a random sample, and by one drawn
more often where the machine applied the theme. With ``error_contrasts``, how often its interval of
what the errors make of the change has the truth. Then ``equivalence_table``: how often a change of
exactly the bound is said to be within it, from people's codes and from corrected ones.
"""

from __future__ import annotations

import argparse

import numpy as np
from simulated import codes_of, drawn_for, hand_codes, names, survey_of

from iapt_topics.agreement import error_by_group, error_contrasts
from iapt_topics.agreement.group_errors import needed_per_level
from iapt_topics.drift import equivalence_table
from iapt_topics.drift.coded import join_codes
from iapt_topics.drift.machine_error import change_tests, corrected_tests
from iapt_topics.stats.share_model import share_model

PREVALENCE, FALSE = 0.2, 0.04


def survey(rng: np.random.Generator, n: int, recall: tuple[float, float], shift: float = 0.0):
    """Two years of ``n`` responses, and the machine's and people's codes of all of them."""
    late = np.repeat([False, True], n)
    ids, person = names("r", range(2 * n)), names("p", range(2 * n))
    y = rng.random(2 * n) < PREVALENCE + shift * late
    f = rng.random(2 * n) < np.where(y, np.where(late, recall[1], recall[0]), FALSE)
    responses = survey_of(ids, person, np.where(late, 2018, 2014))
    machine = codes_of("machine", "machine", ids, person, f[:, None])
    return responses, machine, y, ids, person


def tested(rng: np.random.Generator, recall: tuple[float, float], named: bool) -> list[bool]:
    """Whether p is below .05, and whether the interval of the errors' part has the truth."""
    each = int(np.ceil(needed_per_level() / PREVALENCE))  # hand codes of a year
    responses, machine, y, ids, person = survey(rng, 3 * each, recall)
    if named:
        seed = int(rng.integers(1 << 30))
        human = drawn_for("t0", responses, machine, y[:, None], 2 * each, seed)
    else:
        rows = np.r_[
            rng.choice(3 * each, each, replace=False), 3 * each + rng.choice(3 * each, each, False)
        ]
        human = hand_codes(y[:, None], ids, person, rows)
    table = error_by_group(machine, human, responses).set_index("measure")
    part = error_contrasts(machine, human, responses).iloc[0]
    true = PREVALENCE * (recall[1] - recall[0])
    return [
        bool((table.loc["recall", "p"] < 0.05).any()),
        bool(part["error_low"] <= true <= part["error_high"]),
    ]


def equivalent(rng: np.random.Generator, bound: float) -> list[bool]:
    """Whether a change of exactly the bound is called none, by people's, and corrected, codes."""
    responses, machine, y, ids, person = survey(rng, 600, (0.7, 0.7), shift=bound)
    people = codes_of("person", "human", ids, person, y[:, None])
    rows = np.sort(rng.permutation(1200)[:400])
    coded = join_codes(people, responses)
    model, known = share_model(coded.sum_cells()), np.ones((2, 1), bool)
    human = hand_codes(y[:, None], ids, person, rows)
    found = [
        change_tests(model, known, coded.themes, coded.years, 0),
        corrected_tests(machine, human, responses)[0],
    ]
    return [
        bool((equivalence_table(t.assign(n=1200), bound=bound)["p"] < 0.05).any()) for t in found
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=400)
    args = parser.parse_args()
    for named in (False, True):
        for recall in ((0.6, 0.6), (0.5, 0.75)):
            found = [
                tested(np.random.default_rng([seed, named]), recall, named)
                for seed in range(args.surveys)
            ]
            p, covers = np.mean(found, axis=0)
            what = "more often where applied" if named else "at random"
            print(
                f"drawn {what}, recall {recall[0]} and {recall[1]}: p < .05 in {p:.3f}, "
                f"the errors' part covered in {covers:.3f}",
                flush=True,
            )
    for bound in (0.08, 0.12):
        found = [equivalent(np.random.default_rng(seed), bound) for seed in range(args.surveys)]
        people, corrected = np.mean(found, axis=0)
        print(f"TOST at a change of its bound {bound}: {people:.3f}, corrected {corrected:.3f}")


if __name__ == "__main__":
    main()
