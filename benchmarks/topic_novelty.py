"""Is a new topic found, and is none invented? Real comments dealt into two made-up years.

Run as ``python benchmarks/topic_novelty.py --data FOLDER [--splits 20]`` where FOLDER holds
``nhs_fft/phase1_singlelabel.csv`` (comments with one of 44 sub-categories each). Each split draws
1,000 comments and deals them at random into the years 2021 and 2022. "null" leaves it at that;
"planted" first takes every comment of one sub-category out of 2021 and tops it up in 2022 to 60.

It prints, of each design: topics a year, the share of topics linked, topics without a partner,
topics shown to be new or gone, the share of splits with any shown, and, when planted, the share of
splits in which a topic shown to be new in 2022 holds most of the planted comments.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from iapt_topics import TopicConfig, embed, load_responses, sentence_encoder
from iapt_topics.topics import topic_tracking

SIZE, PLANTED = 1000, 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--runs", type=int, default=6)
    args = parser.parse_args()
    path = args.data / "nhs_fft" / "phase1_singlelabel.csv"
    if not path.is_file():
        sys.exit(f"{path} is not there")
    raw = pd.read_csv(path, dtype=str).fillna("")
    raw = pd.DataFrame({"text": raw["text"], "label": raw["subcategory"]})
    raw = raw[raw["text"].str.len() > 15].drop_duplicates("text").reset_index(drop=True)
    survey = load_responses(raw.assign(year=2021), text="text", year="year", covariates=("label",))
    raw = survey.kept
    vectors = embed(survey, sentence_encoder())
    common = raw["label"].value_counts()
    names = sorted(common[(common >= 2 * PLANTED)].index)
    config = TopicConfig(seed=0, n_runs=args.runs)
    print("design | topics | linked | unmatched | shown | splits with any shown | planted found")
    for design in ("null", "planted"):
        rows = []
        for split in range(args.splits):
            rng = np.random.default_rng(split)
            part = raw.sample(SIZE, random_state=split)
            part = part.assign(year=rng.permutation(np.arange(SIZE) % 2) + 2021)
            special = names[split % len(names)]
            if design == "planted":
                rest = part[part["label"] != special]
                more = raw[raw["label"] == special].sample(PLANTED, random_state=split)
                part = pd.concat([rest, more.assign(year=2022)], ignore_index=True)
            one = load_responses(
                part[["response_id", "text", "year", "label"]],
                text="text", year="year", covariates=("label",),
            )  # fmt: skip
            flow = topic_tracking(one, vectors, config)
            shown = flow.novelty[flow.novelty["shown"]]
            hit = False
            planted = set(one.kept.loc[one.kept["label"] == special, "response_id"])
            for topic in shown.loc[shown["kind"] == "new", "topic"]:
                given = flow.fits[2022].assignments
                inside = set(given.loc[given["topic"] == topic, "response_id"])
                hit |= len(inside & planted) > len(planted) / 2
            later = flow.topics[flow.topics["year"] == 2022]
            linked = later["topic"].isin(flow.links["topic"]).mean()
            counts = (len(flow.topics) / 2, linked, len(flow.novelty), len(shown))
            rows.append((*counts, len(shown) > 0, hit))
        print(f"{design} | " + " | ".join(f"{v:.3f}" for v in np.mean(rows, axis=0)), flush=True)


if __name__ == "__main__":
    main()
