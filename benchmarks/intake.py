"""What intake does to real answers, and how long it takes: counts and times only, no text.

python benchmarks/intake.py --data ../shared/data
python benchmarks/intake.py --rows 100000
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

import iapt_topics as it

FILES = {
    "OSMI": ("osmi/osmi_responses.csv", {"respondent": "respondent_id", "question": "question"}),
    "NHS v6": ("nhs_fft/v6_multilabel.csv", {"respondent": "respondent_id"}),
    "NHS phase 1": ("nhs_fft/phase1_singlelabel.csv", {}),
}


def real(folder: Path) -> None:
    for name, (file, columns) in FILES.items():
        table = pd.read_csv(folder / file, dtype=str, keep_default_na=False)
        # Some rows have no year; nothing here is by year.
        table["year"] = "2020"
        responses = it.load_responses(table, text="text", year="year", **columns)
        redacted, log = it.redact_responses(responses)
        counts = responses.ledger.groupby("status")["n"].sum()
        copies = int((responses.kept["copy_of"] != "").sum())
        per = 1000 * log["kind"].value_counts() / len(redacted.table)
        print(f"{name}: {counts.to_dict()}; copies of another's text {copies}")
        print(f"  redactions per 1,000: {per.round(2).to_dict()}, all {per.sum():.2f}")


def invented(rows: int) -> None:
    """Texts of words drawn by Zipf's law, of 3 to 80 words; 5 % are near copies of another."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(20_000)])
    p = 1 / np.arange(1, len(words) + 1)
    texts = [" ".join(rng.choice(words, size=n, p=p / p.sum())) for n in rng.integers(3, 81, rows)]
    for i in range(0, rows, 20):
        texts[i] = f"{texts[(i * 7 + 1) % rows]} and more"
    table = pd.DataFrame({"text": texts, "year": 2016})
    start = time.perf_counter()
    responses = it.load_responses(table, text="text", year="year")
    took = time.perf_counter() - start
    copies = (responses.kept["copy_of"] != "").sum()
    print(f"{rows:,} rows read in {took:.1f} s; {copies:,} copies flagged")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int)
    given = parser.parse_args()
    if not (given.data or given.rows):
        parser.error("--data or --rows must be given")
    if given.data:
        real(given.data)
    if given.rows:
        invented(given.rows)
