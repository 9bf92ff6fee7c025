"""How long does a large comparison take, and how much memory?

Run as ``python benchmarks/agreement_speed.py [--responses 20000] [--themes 40] [--boot 1000]``.
Two coders are simulated on as many responses and themes; theme shares run from 1 to 20 %.
"""

import argparse
import resource
import time

import numpy as np
from simulated import codes_of, names

from iapt_topics import compare_codes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=20_000)
    parser.add_argument("--themes", type=int, default=40)
    parser.add_argument("--boot", type=int, default=1000)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    shape = (args.responses, args.themes)
    x = rng.random(shape) < np.linspace(0.01, 0.2, args.themes)
    y = x ^ (rng.random(shape) < 0.03)
    number = np.arange(args.responses)
    ids, person = names("r", number), names("p", number // 2)
    one, two = (codes_of(c, "human", ids, person, g) for c, g in (("one", x), ("two", y)))
    start, cpu = time.perf_counter(), time.process_time()
    compare_codes(one, two, n_boot=args.boot)
    took, used = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{shape[0]} x {shape[1]} x {args.boot}: {took:.1f} s, {used:.1f} s of CPU, {peak:.2f} GB"
    )


if __name__ == "__main__":
    main()
