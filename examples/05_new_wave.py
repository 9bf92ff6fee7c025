"""Place a later wave on topics fitted before: python examples/05_new_wave.py [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import iapt_topics as it
from iapt_topics.datasets import example_path


def load(table: pd.DataFrame) -> it.Responses:
    """Read part of the SYNTHETIC survey as if it were a file of its own."""
    return it.load_responses(table, text="comment", year="year", respondent="person")


def main(folder: Path) -> None:
    """Keep topics of 2014 to 2017 in the folder, and place 2018 on them."""
    survey = pd.read_csv(example_path(), dtype={"comment": "str"}, keep_default_na=False)
    encoder = it.sentence_encoder()

    earlier = load(survey[survey["year"] < 2018])
    embedded = it.embed(earlier, encoder)
    # Few runs, to be quick; keep the default of 12 for real work.
    topics = it.fit_topics(earlier, embedded, it.TopicConfig(n_runs=4))
    it.topics.save_topics(folder / "topics", topics)  # no text of a response, nothing that runs

    # A year later.
    topics = it.topics.load_topics(folder / "topics")
    later = load(survey[survey["year"] == 2018])
    wave = it.topics.assign_wave(
        topics, later, it.embed(later, encoder), fitted=(earlier, embedded)
    )
    new = wave.novelty.iloc[0]
    print(
        f"{new['estimate']:.0%} of {new['n']} SYNTHETIC responses of 2018 fit no topic "
        f"({new['low']:.0%} to {new['high']:.0%}; {new['expected']:.0%} expected)."
    )
    print(f"{len(wave.groups)} groups among them, {wave.groups['shown'].sum()} shown to be new.")
    share = wave.assignments["topic"].value_counts(normalize=True).head(3)
    labels = topics.topics.set_index("topic")["label"]
    for topic, part in share.items():
        print(f"{part:.0%}: {labels.get(topic, 'no topic')}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "new_wave"))
