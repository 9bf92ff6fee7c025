"""The plain BERTopic script that the main job is measured against: one fit and one figure.

Run as ``python benchmarks/plain_bertopic.py SURVEY.csv --text COL --year COL``. It prints wall time
and peak memory of the whole process.
"""

import time

START = time.perf_counter()

import argparse  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import pandas as pd  # noqa: E402
from bertopic import BERTopic  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402

from iapt_topics import sentence_encoder  # noqa: E402  (only to find the offline model's folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("survey", type=Path)
    parser.add_argument("--text", required=True)
    parser.add_argument("--year", required=True)
    parser.add_argument("--figure", type=Path, default=None)
    args = parser.parse_args()
    imported = time.perf_counter()
    table = pd.read_csv(args.survey, keep_default_na=False)
    table = table[table[args.text].str.strip() != ""]
    texts, years = table[args.text].tolist(), table[args.year].astype(int).tolist()
    model = SentenceTransformer(str(sentence_encoder().folder), local_files_only=True)
    vectors = model.encode(texts)
    embedded = time.perf_counter()
    topics = BERTopic(embedding_model=model)
    found, _ = topics.fit_transform(texts, vectors)
    figure = topics.visualize_topics_over_time(topics.topics_over_time(texts, years))
    if args.figure:
        figure.write_html(args.figure)
    stop = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / (1024**2 if sys.platform == "darwin" else 1024)
    print(f"responses {len(texts)}; topics {max(found) + 1}; unassigned {found.count(-1)}")
    print(
        f"import {imported - START:.1f} s, embed {embedded - imported:.1f} s, "
        f"fit and figure {stop - embedded:.1f} s, all {stop - START:.1f} s, peak {peak_mb:.0f} MB"
    )


if __name__ == "__main__":
    main()
