"""Do the intervals of drift cover, how often is no change flagged, and which changes are found?

Run as ``python benchmarks/drift_coverage.py [--surveys 1000] [--part none|planted|draws]``. Each
survey has five years of 300 responses. Every column of the simulated table is one theme of one
survey, so that a thousand surveys are one call of the model behind ``measure_drift``; the first
survey of each design is put through ``measure_drift`` itself, and must give the same p-values.
"""

import argparse

import numpy as np
from simulated import codes_of, names, survey_of

from iapt_topics import measure_drift
from iapt_topics.drift.trends import largest_contrast, shapes
from iapt_topics.drift.uncertainty import assignment_covariance, by_source
from iapt_topics.stats.multiplicity import benjamini_hochberg, holm
from iapt_topics.stats.share_model import ShareModel, share_model, sum_cells

YEARS = np.arange(2014, 2019)
SIZE = 300
N_THEMES = 20
BATCH = 100  # surveys at a time
TESTS = ("change", "linear", "omnibus", "shape")


def draw(rng, share, n_columns, per_person=1, weights=False):
    """People, years, responses (rows) by themes (columns), and weights.

    ``share`` has one value a year, or one a year and column. Where a person answers repeatedly,
    their answers correlate at .3 (beta-binomial).
    """
    people = SIZE // per_person * len(YEARS)
    person = np.repeat(np.arange(people), per_person)
    year = np.repeat(np.arange(len(YEARS)), SIZE)
    share = np.broadcast_to(share, (len(YEARS), n_columns))
    chance = share[year]
    if per_person > 1:
        a = chance[::per_person] * 0.7 / 0.3
        own = rng.beta(a, a * (1 - chance[::per_person]) / chance[::per_person])
        chance = own[person]
    weight = np.exp(rng.normal(0, 0.6, len(year))) if weights else None
    return person, year, rng.random((len(year), n_columns)) < chance, weight


def as_survey(person, year, given, weight, first_year=2014):
    """The same as Codes and Responses, for the check through the front door."""
    ids, who = names("r", range(len(year))), names("p", person)
    more = {} if weight is None else {"weight": weight}
    codes = codes_of("simulated", "machine", ids, who, given)
    return codes, survey_of(ids, who, first_year + year, **more)


def measure(drawn, seed=0):
    """Model, changes from the first year, and p of every test, by theme."""
    model = share_model(sum_cells(*drawn))
    n = np.full(len(YEARS), float(SIZE))
    rows = np.eye(len(YEARS))[1:] - np.eye(len(YEARS))[0]
    changes = [np.stack(x) for x in zip(*(model.contrast(c) for c in rows), strict=True)]
    contrasts = shapes(YEARS, n)[1]
    p = {
        "change": changes[3],
        "linear": model.contrast(contrasts[0])[3][None],
        "omnibus": model.omnibus()[None],
        "shape": largest_contrast(model, contrasts, seed)[1][None],
    }
    return model, changes, model.contrast(contrasts[0]), p


def check(drawn, p):
    """One survey through measure_drift gives what the columns give."""
    drift = measure_drift(*as_survey(*drawn), n_boot=1, seed=0)
    base = drift.changes[drift.changes["kind"] == "baseline"]
    assert np.allclose(base["p"].to_numpy().reshape(-1, 4).T, p["change"][:, :N_THEMES], atol=1e-6)
    for test in TESTS[1:]:
        mine = drift.trends.loc[drift.trends["test"] == test, "p"]
        assert np.allclose(mine, p[test][0, :N_THEMES], atol=1e-6), test


def adjust(p, how, n_themes):
    """Adjust p (rows, columns) over the rows and themes of each survey."""
    surveys = p.reshape(len(p), -1, n_themes)
    return np.stack([how(surveys[:, i]) for i in range(surveys.shape[1])], axis=1)


def two_stage(p):
    """Benjamini, Krieger and Yekutieli (2006), Biometrika 93:491-507, at 5 %: 0 if rejected."""
    level = 0.05 / 1.05
    first = int((benjamini_hochberg(p) <= level).sum())
    true = p.size - first
    if first in (0, p.size):
        return np.where(benjamini_hochberg(p) <= level, 0.0, 1.0)
    return np.where(benjamini_hochberg(p) <= level * p.size / true, 0.0, 1.0)


def no_change(surveys, seed):
    print(f"No change planted: {surveys} surveys of 5 x {SIZE}, {N_THEMES} themes.\n")
    print(
        "| share | design | shares cover | changes cover | slopes cover | "
        + " | ".join(f"{t}: p < .05, themes flagged (BH), surveys with a flag (BH)" for t in TESTS)
        + " |"
    )
    print("|---|---|---|---|---|" + "---|" * len(TESTS))
    designs = {"1 answer": {}, "3 answers": {"per_person": 3}, "weights": {"weights": True}}
    for share in (0.02, 0.1, 0.3):
        for name, design in designs.items():
            rng = np.random.default_rng([seed, int(100 * share), len(name)])
            cover, level = [], {t: [] for t in TESTS}
            for b in range(surveys // BATCH):
                drawn = draw(rng, share, BATCH * N_THEMES, **design)
                model, (_, low, high, _), line, p = measure(drawn)
                if b == 0:
                    first = (*drawn[:2], drawn[2][:, :N_THEMES], drawn[3])
                    check(first, p)
                cover.append(
                    [
                        ((model.low <= share) & (share <= model.high)).mean(),
                        ((low <= 0) & (high >= 0)).mean(),
                        ((line[1] <= 0) & (line[2] >= 0)).mean(),
                    ]
                )
                for t in TESTS:
                    flagged = adjust(p[t], benjamini_hochberg, N_THEMES) < 0.05
                    level[t].append(
                        [
                            (p[t] < 0.05).mean(),
                            flagged.any(axis=0).mean(),
                            flagged.any(axis=(0, 2)).mean(),
                        ]
                    )
            cells = [f"{x:.3f}" for x in np.mean(cover, axis=0)]
            for t in TESTS:
                cells.append(", ".join(f"{x:.3f}" for x in np.mean(level[t], axis=0)))
            print(f"| {share:.0%} | {name} | " + " | ".join(cells) + " |", flush=True)


def planted(surveys, seed):
    print(f"\nPlanted in one theme or more, the others at 10 %: {surveys} surveys of 5 x {SIZE}.\n")
    print(
        "| change | themes, of them changed | "
        + " | ".join(f"{t}: alone, BH, two-stage BH, Holm" for t in TESTS)
        + " |"
    )
    print("|---|---|" + "---|" * len(TESTS))
    kinds = {
        "line 20, 22.5, 25, 27.5, 30 %": [0.2, 0.225, 0.25, 0.275, 0.3],
        "step 20, 20, 20, 30, 30 %": [0.2, 0.2, 0.2, 0.3, 0.3],
        "early 20, 30, 30, 30, 30 %": [0.2, 0.3, 0.3, 0.3, 0.3],
        "peak 20, 25, 30, 25, 20 %": [0.2, 0.25, 0.3, 0.25, 0.2],
    }
    frames = ((1, 1), (5, 1), (10, 1), (20, 1), (10, 5), (20, 6))
    for kind, shares in kinds.items():
        for n_themes, changed in frames if kind.startswith("line") else ((1, 1), (10, 1)):
            rng = np.random.default_rng([seed, n_themes, changed, len(kind)])
            found = {t: [] for t in TESTS}
            for _ in range(surveys // BATCH):
                by_theme = np.full((len(YEARS), n_themes), 0.1)
                by_theme[:, :changed] = np.array(shares)[:, None]
                drawn = draw(rng, np.tile(by_theme, (1, BATCH)), n_themes * BATCH)
                *_, p = measure(drawn)
                for t in TESTS:
                    # Of the changes, that of the last year alone; the family is all of them.
                    ways = (lambda x: x, benjamini_hochberg, two_stage, holm)
                    found[t].append(
                        [(adjust(p[t], w, n_themes)[-1, :, :changed] < 0.05).mean() for w in ways]
                    )
            cells = [", ".join(f"{x:.3f}" for x in np.mean(found[t], axis=0)) for t in TESTS]
            print(f"| {kind} | {n_themes}, {changed} | " + " | ".join(cells) + " |", flush=True)


def draws(surveys, seed):
    """Runs that each over- or under-assign a theme, alike in all years and a little by year."""
    print(f"\nCodings that differ: {surveys} surveys of 5 x {SIZE}, 12 runs, share 20 %.\n")
    print(
        "| spread of a run's share (SD, points) | of a run's share by year | "
        "sampling alone: shares, changes | together: shares, changes |"
    )
    print("|---|---|---|---|")
    rng = np.random.default_rng([seed, 3])
    n_columns, n_runs, truth = surveys, 12, 0.2
    year = np.repeat(np.arange(len(YEARS)), SIZE)
    for run_sd, year_sd in ((0.0, 0.0), (0.02, 0.0), (0.02, 0.01), (0.04, 0.02)):
        # A response has the theme in a run if its latent rank lies below the run's share.
        rank = rng.random((len(year), n_columns))
        shared = rng.normal(0, run_sd, (n_runs + 1, 1, n_columns))
        cut = truth + shared + rng.normal(0, year_sd, (n_runs + 1, len(YEARS), n_columns))
        runs = [rank < c[year] for c in cut]
        by_year = [np.stack([r[year == y].mean(axis=0) for y in range(len(YEARS))]) for r in runs]
        sampling = share_model(sum_cells(np.arange(len(year)), year, runs[0]))
        models = by_source(sampling, assignment_covariance(by_year[1:]), None)
        cells = [covered(models[k], truth) for k in ("sampling", "together")]
        print(
            f"| {100 * run_sd:.0f} | {100 * year_sd:.0f} | " + " | ".join(cells) + " |", flush=True
        )


def covered(model: ShareModel, truth: float) -> str:
    low, high = model.limits()
    _, below, above, _ = model.contrast(np.array([-1.0, 0, 0, 0, 1]))
    shares, changes = (
        ((low <= truth) & (truth <= high)).mean(),
        ((below <= 0) & (above >= 0)).mean(),
    )
    return f"{shares:.3f}, {changes:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=1000)
    parser.add_argument("--part", choices=("none", "planted", "draws"))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    parts = {"none": no_change, "planted": planted, "draws": draws}
    for name, part in parts.items():
        if args.part in (None, name):
            part(args.surveys, args.seed)


if __name__ == "__main__":
    main()
