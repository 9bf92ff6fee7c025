"""Whether memory stays flat over repeated fits in one process.

    python benchmarks/memory.py --fits 20 --rows 300

A small survey is analysed again and again; the resident memory after each time is read from the
system. Growth is the slope over the second half, when caches and compiled code are there.
"""

from __future__ import annotations

import argparse
import gc
import sys
import warnings
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
    from conftest import SUBJECTS, BagOfWords

    from iapt_topics.frame import Theme, ThemeFrame
    from iapt_topics.responses import load_responses
    from iapt_topics.study import run_study
    from iapt_topics.topics import TopicConfig

    texts = list(SUBJECTS.values())
    table = pd.DataFrame(
        {
            "text": [f"{texts[i % 5]} in week {i}" for i in range(rows)],
            "year": [2014 + i % 3 for i in range(rows)],
            "who": [f"p{i}" for i in range(rows)],
        }
    )
    survey = load_responses(table, text="text", year="year", respondent_id="who")
    frame = ThemeFrame(name="f", themes=tuple(Theme(id=s, label=s) for s in SUBJECTS))
    seen = []
    for i in range(fits):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run_study(survey, frame, BagOfWords(), config=TopicConfig(seed=i, n_runs=4))
        gc.collect()
        seen.append(resident())
        print(f"after fit {i + 1}: {seen[-1]:.0f} MB", flush=True)
    late = np.array(seen[fits // 2 :])
    slope = np.polyfit(np.arange(len(late)), late, 1)[0] if len(late) > 1 else float("nan")
    print(f"{fits} fits of {rows} responses: {slope:+.2f} MB a fit over the second half")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=20)
    parser.add_argument("--rows", type=int, default=300)
    given = parser.parse_args()
    main(given.fits, given.rows)
