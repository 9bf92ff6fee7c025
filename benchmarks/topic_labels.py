"""Labels: is a response that had no part in a topic matched to it by the topic's label alone?

``python benchmarks/topic_labels.py --data FOLDER [--rows 2500] [--topics 16] [--only NAME ...]``

FOLDER is as for ``topics.py``. Of random rows four fifths are fitted; each of the others belongs to
the topic with the nearest centroid. It is matched to the nearest in meaning of five labels, that of
its topic and those of four others drawn at random (chance: .20). Beside are the label by c-TF-IDF
words alone, as ``fit_topics`` gives it, and BERTopic's four words of the same topics.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from topics import surveys

import iapt_topics as it
from iapt_topics.topics import label_topics

DRAWS = 20


def matched(labels: list[str], vectors: np.ndarray, home: np.ndarray, encoder: it.Encoder) -> float:
    """Share of trials in which the label of a row's own topic is the nearest of five."""
    near = vectors @ np.asarray(encoder.encode(labels)).T
    rng = np.random.default_rng(0)
    right = []
    for _ in range(DRAWS):
        for row, own in enumerate(home):
            others = rng.choice([t for t in range(len(labels)) if t != own], 4, replace=False)
            right.append(near[row, own] > near[row, others].max())
    return float(np.mean(right))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=2500)
    parser.add_argument("--topics", type=int, default=16)
    parser.add_argument("--only", nargs="+", default=None)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    encoder = it.sentence_encoder()
    print("| set | label_topics | words alone | BERTopic's words |\n|---|---|---|---|")
    for name, table in surveys(args.data).items():
        if args.only is not None and name not in args.only:
            continue
        table = table.sample(min(args.rows, len(table)), random_state=1)
        cut = len(table) * 4 // 5
        fitted, held = (
            it.load_responses(rows, text="text", year="year", respondent="respondent_id")
            for rows in (table[:cut], table[cut:])
        )
        embeddings = it.embed(fitted, encoder)
        topics = it.fit_topics(fitted, embeddings, it.TopicConfig(n_topics=args.topics))
        vectors = it.embed(held, encoder).vectors
        home = (vectors @ topics.centroids.T).argmax(axis=1)
        model = topics.to_bertopic(fitted, embeddings)
        labels = {
            "label_topics": label_topics(topics, fitted, embeddings, encoder).topics["label"],
            "words": topics.topics["label"],
            "bertopic": [
                ", ".join(w for w, _ in model.get_topic(t)[:4]) for t in topics.topics["topic"]
            ],
        }
        found = [matched(list(some), vectors, home, encoder) for some in labels.values()]
        print(f"| {name} | " + " | ".join(f"{x:.2f}" for x in found) + " |", flush=True)


if __name__ == "__main__":
    main()
