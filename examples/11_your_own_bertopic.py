"""A BERTopic model of your own on the SYNTHETIC survey: python examples/11_your_own_bertopic.py."""

from __future__ import annotations

import sys
from pathlib import Path

from bertopic import BERTopic
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer

import iapt_topics as it
from iapt_topics.datasets import example_path


def main(folder: Path) -> None:
    """Write the report, with topics by a model that is quick to run."""
    folder.mkdir(parents=True, exist_ok=True)
    mine = BERTopic(
        umap_model=PCA(10), hdbscan_model=KMeans(20, n_init=1),
        vectorizer_model=CountVectorizer(stop_words="english", min_df=5),
    )  # fmt: skip
    study = it.analyse(
        example_path(), text="comment", year="year", respondent="person",
        frame="iapt_identity_system", topics=mine, config=it.TopicConfig(n_runs=6),
    )  # fmt: skip
    print(study.topics.topics[["label", "n", "stability"]].head(10).to_string(index=False))
    print(study.publish().report(folder / "report.html"))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "bertopic_report"))
