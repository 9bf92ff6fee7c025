"""Do published intervals cover, with the rounding, the weights and the panel that a survey has?

Run as ``python benchmarks/published_coverage.py [--themes 600] [--rule default]``. Each theme of a
survey is an independent replicate, ``--themes`` of each change, with a prevalence of its own, drawn
from .15 to .45 (rare themes: from .005 to .04): rounded counts are a lattice, and one prevalence
would be on it or off it. A figure that is suppressed is left out. Everything is worked out by the
functions that ``publish`` calls.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd
from simulated import (
    codes_of,
    counted,
    names,
    published_changes,
    published_corrected,
    survey_of,
)

from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.publish.cells import Cells
from iapt_topics.publish.counts import LinkedCounts
from iapt_topics.publish.disclosure import Disclosure, preset
from iapt_topics.publish.of_agreement import _themes as publish_themes

SIZES = (100, 300, 1500)
#: From the first year to the second.
CHANGES = (0.0, 0.1)
RARE_CHANGE = 0.3  # times as large
BATCH = 60  # themes of one survey
RECALL, FALSE = 0.65, 0.05
HUMAN, MACHINE = ("h", "human"), ("m", "machine")


def people_of(design: str, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Respondent and weight of each response of two years."""
    person = np.tile(np.arange(n), 2) if design == "panel" else np.arange(2 * n)
    weight = np.exp(rng.normal(0, 0.5, 2 * n)) if design == "weighted" else np.ones(2 * n)
    return person, weight


def truth(design: str, n: int, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What each response (2n) has of each theme: in a panel half of the people never change."""
    shares = np.repeat(shares, n, axis=0)
    noise = rng.random((2 * n, BATCH))
    if design == "panel":
        # The same draw in both years: a correlation of about the share of those who keep it.
        keeps = np.tile(rng.random((n, BATCH)) < 0.5, (2, 1))
        noise = np.where(keeps, np.tile(noise[:n], (2, 1)), noise)
    return noise < shares


def surveys(design: str, n: int, change: float, themes: int) -> Iterator[tuple]:
    rng = np.random.default_rng([n, int(1000 * change), len(design)])
    year = np.repeat([2014, 2015], n)
    for _ in range(max(1, themes // BATCH)):
        person, weight = people_of(design, n, rng)
        ids, who = names("r", range(2 * n)), names("p", person)
        first = rng.uniform(*((0.005, 0.04) if design == "rare" else (0.15, 0.45)), BATCH)
        change = change * RARE_CHANGE if design == "rare" else change
        shares = np.stack([first, first + change])
        true = truth(design, n, shares, rng)
        extra = {"weight": weight} if design == "weighted" else {}
        yield survey_of(ids, who, year, **extra), ids, who, year, true, shares, rng


def covered(table: pd.DataFrame, target: float | np.ndarray) -> list[bool]:
    known = table["estimate"].notna().to_numpy()
    low, high = (table[c].to_numpy(float) for c in ("low", "high"))
    return list(((low <= target) & (target <= high))[known])


def prevalence(table: pd.DataFrame, shares: np.ndarray) -> np.ndarray:
    """True prevalence of each row, whose themes are t0, t1, as in the columns of ``shares``."""
    return shares[table["year"] - 2014, table["theme"].str[1:].astype(int)]


def coverage(design: str, n: int, themes: int, rule: Disclosure) -> dict[str, float]:
    found: dict[str, list[bool]] = {"shares": [], "changes": []}
    for change in CHANGES:
        for responses, ids, who, _, true, target, _ in surveys(design, n, change, themes):
            codes = codes_of("m", "machine", ids, who, true)
            cells = counted(codes, responses, rule)
            shares, changes, _ = published_changes(codes, cells)
            found["shares"] += covered(shares, prevalence(shares, target))
            found["changes"] += covered(changes, float(target[1, 0] - target[0, 0]))
    return {name: float(np.mean(x)) for name, x in found.items()}


def corrected_coverage(
    design: str, n: int, by_hand: int, themes: int, rule: Disclosure
) -> dict[str, float]:
    found: dict[str, list[bool]] = {"corrected shares": [], "corrected changes": []}
    for change in CHANGES:
        for responses, ids, who, year, true, target, rng in surveys(design, n, change, themes):
            given = np.where(true, rng.random(true.shape) < RECALL, rng.random(true.shape) < FALSE)
            codes = codes_of("m", "machine", ids, who, given)
            hand = np.concatenate(
                [rng.choice(np.flatnonzero(year == y), by_hand, False) for y in (2014, 2015)]
            )
            human = codes_of("h", "human", ids[hand], who[hand], true[hand])
            cells = counted(codes, responses, rule)
            shares, _, model = published_changes(codes, cells)
            table, tests = published_corrected(codes, human, cells, shares, model)
            found["corrected shares"] += covered(table, prevalence(table, target))
            found["corrected changes"] += covered(tests, change)
    return {name: float(np.mean(x)) if x else np.nan for name, x in found.items()}


def agreement_coverage(n: int, themes: int, rule: Disclosure) -> float:
    """Of the published interval of F1 by theme, between people and the machine."""
    hits: list[bool] = []
    for responses, ids, who, _, true, target, rng in surveys("new people", n // 2, 0.0, themes):
        given = np.where(true, rng.random(true.shape) < RECALL, rng.random(true.shape) < FALSE)
        human, machine = (codes_of(*c, ids, who, x) for c, x in ((HUMAN, true), (MACHINE, given)))
        result = compare_codes(human, machine, n_boot=400)
        counts = LinkedCounts(responses, machine)
        counts.add_comparison("comparison", result, [human, machine])
        small = {k for k, c in counts.cells.items() if rule.is_small(len(c.people))}
        table = publish_themes("comparison", result, Cells(counts, frozenset(small), rule))
        share = target[0]
        both, other = share * RECALL, share * RECALL + (1 - share) * FALSE
        f1 = (2 * both / (share + other))[table["theme"].str[1:].astype(int)]
        ends = table[["f1_low", "f1_high"]].set_axis(["low", "high"], axis=1)
        hits += covered(ends.assign(estimate=table["f1"]), f1)
    return float(np.mean(hits))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--themes", type=int, default=600)
    parser.add_argument("--rule", default="default")
    args = parser.parse_args()
    rule = preset(args.rule)
    print("| survey | n a year | shares | changes |\n|---|---|---|---|")
    for design in ("new people", "weighted", "panel", "rare"):
        for n in SIZES:
            row = coverage(design, n, args.themes, rule)
            print(f"| {design} | {n} | {row['shares']:.3f} | {row['changes']:.3f} |", flush=True)
    print(
        "\n| survey | n | by hand | corrected shares | corrected changes |\n|---|---|---|---|---|"
    )
    for design, n, by_hand in (
        *(("new people", 100, 60), ("new people", 300, 60), ("new people", 300, 150)),
        *(("new people", 1500, 100), ("new people", 1500, 300), ("weighted", 300, 150)),
        *(("weighted", 1500, 300), ("panel", 300, 150)),
    ):
        row = corrected_coverage(design, n, by_hand, args.themes, rule)
        figures = " | ".join(f"{v:.3f}" for v in row.values())
        print(f"| {design} | {n} | {by_hand} | {figures} |", flush=True)
    print("\n| compared responses | F1 by theme |\n|---|---|")
    for n in SIZES:
        print(f"| {n} | {agreement_coverage(n, args.themes, rule):.3f} |", flush=True)


if __name__ == "__main__":
    main()
