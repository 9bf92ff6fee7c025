"""Words, exemplars and broad groups of topics."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Floats32, Ints
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.resampling import percentile_interval
from iapt_topics.survey.responses import cluster_ids
from iapt_topics.topics import consensus
from iapt_topics.topics.topics import NOVELTY_QUANTILE
from iapt_topics.topics.words import name_topic, topic_words

_N_EXEMPLARS = 5
_SAME = 0.9  # cosine above which two exemplars say the same


def broad_topics(labels: Ints, broad: Ints, n: Ints) -> pd.DataFrame:
    """Each topic's broad one, which is that of most of its rows, and the responses in that."""
    home = consensus.home_of(labels, broad)
    sizes = np.bincount(home, weights=n).astype(int)
    return pd.DataFrame({"topic": np.arange(len(n)), "broad": home, "n": sizes[home]})


def unit_means(vectors: Floats32, topic: Ints) -> Floats32:
    """Unit mean vector of each topic 0, 1, ...; the unassigned are left out."""
    means = consensus.centres(vectors, topic)
    length = np.linalg.norm(means, axis=1, keepdims=True)
    return np.asarray(means / np.where(length > 0, length, 1), dtype=np.float32)


def describe_topics(
    kept: pd.DataFrame, vectors: Floats32, topic: Ints, nearest: Ints, votes: Ints
) -> pd.DataFrame:
    """Make the table of topics of the kept responses; see :class:`Topics`."""
    centroids = unit_means(vectors, topic)
    n_topics = len(centroids)
    share = (votes == nearest).mean(axis=0)
    # Words leave the process too: where the survey was redacted, those of the redacted texts.
    texts = kept["redacted"] if "redacted" in kept else kept["text"]
    words = topic_words(texts.tolist(), topic, n_topics)
    counts = np.bincount(topic[topic >= 0], minlength=n_topics)
    low, high = wilson_interval(counts, np.full(n_topics, len(kept)))
    again = consensus.reappearance(votes, nearest)
    again_low, again_high = percentile_interval(again)
    closeness = vectors @ centroids.T
    closest = closeness.argmax(axis=1)
    people = cluster_ids(kept)
    rows = []
    for t in range(n_topics):
        inside = np.flatnonzero(topic == t)
        order = inside[np.argsort(-(share[inside] + closeness[inside, t]), kind="stable")]
        typical = kept.iloc[unlike_rows(order, vectors, people, _N_EXEMPLARS)]
        near = closeness[closest == t, t] if (closest == t).any() else closeness[inside, t]
        rows.append(
            {
                "topic": t,
                "label": name_topic(words[t]),
                "n": int(counts[t]),
                "estimate": counts[t] / len(kept),
                "low": float(low[t]),
                "high": float(high[t]),
                "words": ", ".join(words[t]),
                "exemplars": tuple(typical["response_id"]),
                "support": float(share[inside].mean()),
                "stability": float(again[:, t].mean()),
                "stability_low": float(again_low[t]),
                "stability_high": float(again_high[t]),
                "cosine": float(near.mean()),
                "membership_cutoff": float(np.quantile(near, NOVELTY_QUANTILE)),
                "note": "the interval reflects sampling alone"
                if words[t]
                else "no words in its responses",
            }
        )
    return pd.DataFrame(rows)


def unlike_rows(order: Ints, vectors: Floats32, people: NDArray[np.str_], most: int) -> list[int]:
    """Take the first rows in order that are of different people and do not say the same."""
    chosen: list[int] = []
    for row in order:
        if not any(people[row] == people[c] or vectors[row] @ vectors[c] > _SAME for c in chosen):
            chosen.append(int(row))
        if len(chosen) == most:
            break
    return chosen
