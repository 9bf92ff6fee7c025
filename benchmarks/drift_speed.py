"""How long does drift take at 100,000 responses, 40 themes, 10 years and 1,000 bootstraps?

Run as ``python benchmarks/drift_speed.py [--responses 100000]``. Some people answer more
than once and in several years, so that nothing takes the short way of independent responses.
"""

import argparse
import time

import numpy as np
from drift_coverage import as_survey

from iapt_topics import measure_drift


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=100_000)
    parser.add_argument("--themes", type=int, default=40)
    parser.add_argument("--bootstraps", type=int, default=1000)
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    year = rng.integers(0, 10, args.responses)
    person = rng.integers(0, int(0.7 * args.responses), args.responses)
    given = rng.random((args.responses, args.themes)) < rng.uniform(0.01, 0.3, args.themes)
    codes, responses = as_survey(person, year, given, None, first_year=2010)
    start = time.perf_counter()
    drift = measure_drift(codes, responses, n_boot=args.bootstraps)
    print(
        f"{args.responses:,} responses, {len(drift.themes)} themes, {len(drift.years)} years, "
        f"{args.bootstraps:,} bootstraps: {time.perf_counter() - start:.1f} s"
    )


if __name__ == "__main__":
    main()
