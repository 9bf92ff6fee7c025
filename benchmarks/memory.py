"""Whether memory stays flat over repeated fits in one process, and how much a run takes.

    python benchmarks/memory.py --fits 20 --rows 300
    python benchmarks/memory.py --peak 1000 5000 20000

A small survey is analysed again and again; the resident memory after each time is read from the
system. Growth is the slope over the second half, when caches and compiled code are there.

The peaks are those of a whole run with the bundled frame, each size in a process of its own, with
the sentence model loaded; the vectors are made up (384 numbers in 30 noisy groups), as is the text.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]


def resident() -> float:
    """Resident memory of this process in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main(fits: int, rows: int) -> None:
    import pandas as pd
    from conftest import SUBJECT_FRAME, SUBJECTS, BagOfWords, read

    from iapt_topics.pipeline.run import run_study
    from iapt_topics.topics.topics import TopicConfig

    texts = list(SUBJECTS.values())
    table = pd.DataFrame(
        {
            "comment": [f"{texts[i % 5]} in week {i}" for i in range(rows)],
            "year": [2014 + i % 3 for i in range(rows)],
            "person": [f"p{i}" for i in range(rows)],
        }
    )
    survey = read(table)
    seen = []
    for i in range(fits):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run_study(survey, SUBJECT_FRAME, BagOfWords(), config=TopicConfig(seed=i, n_runs=4))
        gc.collect()
        seen.append(resident())
        print(f"after fit {i + 1}: {seen[-1]:.0f} MB", flush=True)
    late = np.array(seen[fits // 2 :])
    slope = np.polyfit(np.arange(len(late)), late, 1)[0] if len(late) > 1 else float("nan")
    print(f"{fits} fits of {rows} responses: {slope:+.2f} MB a fit over the second half")


class Grouped:
    """Vectors of 30 groups by a text's first word, without a model's time."""

    name = fingerprint = "grouped"

    def encode(self, texts):
        centres = np.random.default_rng(0).normal(size=(30, 384))
        rng = np.random.default_rng(1)
        at = [zlib.crc32(t.split()[0].encode()) % 30 for t in texts]
        vectors = centres[at] + 1.5 * rng.normal(size=(len(texts), 384))
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def run_once(rows: int) -> None:
    """Run everything on ``rows`` responses and print the peak in MB and the seconds."""
    import resource
    import time

    import pandas as pd

    from iapt_topics.encoders.encoder import sentence_encoder
    from iapt_topics.frame.load import load_frame
    from iapt_topics.pipeline.run import run_study
    from iapt_topics.survey.responses import load_responses

    sentence_encoder(cache=None).encode([f"text number {i}" for i in range(64)])
    loaded = resident()
    rng = np.random.default_rng(2)
    words = rng.integers(0, 3000, (rows, 30))
    table = pd.DataFrame(
        {
            "text": [
                f"group{i % 30} " + " ".join(f"word{w}" for w in words[i]) for i in range(rows)
            ],
            "year": 2014 + np.arange(rows) % 5,
            "who": [f"p{i}" for i in range(rows)],
        }
    )
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        survey = load_responses(table, text="text", year="year", respondent="who")
        run_study(survey, load_frame("iapt_identity_system"), Grouped())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{rows:,} responses: peak {peak:.0f} MB, {loaded:.0f} MB of it the model and its library;"
        f" {time.perf_counter() - begun:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=20)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--peak", type=int, nargs="+", help="sizes of a whole run")
    given = parser.parse_args()
    if given.peak and len(given.peak) > 1:
        for size in given.peak:
            subprocess.run([sys.executable, __file__, "--peak", str(size)], check=True)
    elif given.peak:
        run_once(given.peak[0])
    else:
        main(given.fits, given.rows)
