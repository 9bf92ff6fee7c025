"""Are planted changes stable under other choices, and seldom so others?

``python benchmarks/sensitivity.py [--surveys 20] [--first 3001] [--coded 0] [--whole]``.
Regenerates the synthetic survey, runs the study and its sensitivity, and counts verdicts on the
change from 2014 to 2018: of the themes with a planted change, and of the others. ``--coded N``:
with one simulated coder's codes of N random responses, by which changes are corrected. ``--whole``:
with the claims on topics too, and how long it takes beside the main job.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import iapt_topics as it
from iapt_topics.analysis import specifications
from iapt_topics.datasets.make_example import make_example


def one(seed: int, coded: int, whole: bool, vectors: str | None) -> pd.DataFrame:
    tables = make_example(seed)
    encoder = it.sentence_encoder(cache=vectors)
    codes = None
    if coded:
        human = tables["coders"].query("coder == 'coder_a'")
        ids = np.random.default_rng(seed).permutation(human["response_id"].unique())[:coded]
        codes = human[human["response_id"].isin(ids)]
    with tempfile.TemporaryDirectory() as cache:
        began = time.perf_counter()
        study = it.analyse(
            tables["survey"], text="comment", year="year", respondent="person",
            response="response_id", question="question", frame="iapt_identity_system",
            codes=codes, encoder=encoder, cache=cache,
            config=it.TopicConfig() if whole else it.TopicConfig(n_runs=2),
        )  # fmt: skip
        main = time.perf_counter() - began
        if not whole:
            specifications._topics = lambda *_: []
        began = time.perf_counter()
        claims = it.analysis.sensitivity(study, encoder, cache=cache).claims
        took = time.perf_counter() - began
    claims = claims[claims["claim"].str.startswith("change: ")]
    theme = claims["claim"].str.removeprefix("change: ")
    planted = tables["planted_change"].set_index("theme")
    size = (planted["2018"] - planted["2014"]).reindex(theme).to_numpy()
    found = ~claims["result"].isin(["", "no significant change"])
    right = found & (np.sign(claims["estimate"]) == np.sign(size))
    return pd.DataFrame(
        {
            "seed": seed, "theme": theme, "planted": np.abs(size) > 0.05,
            "verdict": claims["verdict"], "found": found, "right": right,
            "same_side": claims["n_same_side"] == claims["n"],
            "depends_on": claims["depends_on"], "main": main, "took": took,
        }
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=20)
    parser.add_argument("--first", type=int, default=3001)
    parser.add_argument("--coded", type=int, default=0)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--vectors", default=None, help="folder of vectors, to save time")
    parser.add_argument("--out", type=Path, default=None, help="a CSV file of every verdict")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.surveys)
    tables = []
    for seed in seeds:
        tables.append(one(seed, given.coded, given.whole, given.vectors))
        if given.out:
            pd.concat(tables).to_csv(given.out, index=False)
    table = pd.concat(tables)
    for planted, of in table.groupby("planted"):
        stable = of["verdict"] == "stable"
        print(
            f"{'planted' if planted else 'level'}: {len(of)} themes of {given.surveys} surveys; "
            f"stable {stable.mean():.0%}; "
            f"stable and significant {(stable & of['found']).mean():.1%}; "
            f"significant in the study {of['found'].mean():.1%}; of these stable "
            f"{stable[of['found']].mean():.0%}, with all intervals on one side of 0 "
            f"{of.loc[of['found'], 'same_side'].mean():.0%}, in the planted direction "
            f"{of.loc[of['found'], 'right'].mean():.0%}"
        )
    each = table.drop_duplicates("seed")
    print(
        f"main job {each['main'].median():.1f} s, sensitivity {each['took'].median():.1f} s "
        "(medians)"
    )


if __name__ == "__main__":
    main()
