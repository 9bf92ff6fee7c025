"""What is published of topics and of their place on the frame."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics.drift.tables import sources_table
from iapt_topics.drift.uncertainty import assignment_covariance, by_source
from iapt_topics.publish.cells import WITHHELD, _share
from iapt_topics.publish.counts import ALL, System
from iapt_topics.publish.disclosure import common_words, word_users
from iapt_topics.publish.suppression import Key
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.share_model import Floats, share_model, sum_cells
from iapt_topics.topics.unassigned import unassigned_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iapt_topics.frame.frame import ThemeFrame
    from iapt_topics.mapping.mapping import TopicMapping
    from iapt_topics.publish.disclosure import Disclosure
    from iapt_topics.survey.responses import Responses
    from iapt_topics.topics.topics import Topics


def _unassigned(
    system: System, topics: Topics, responses: Responses, hidden: set[Key], rule: Disclosure
) -> pd.DataFrame:
    """Responses of each year whose topic is not sure, and how far their treatment moves a share.

    ``moves`` is over all topics, and rounded up to a whole percentage point.
    """
    band, rows = unassigned_band(topics, responses), []
    of_topics = band[band["topic"] >= 0]
    width = (of_topics["high"] - of_topics["low"]).groupby(of_topics["year"]).max()
    for row in band[band["topic"] < 0].to_dict("records"):
        year = int(row["year"])
        share = _share(system, ("unsure", year), ("kept", year), row["n"], hidden, rule)
        moves = np.ceil(100 * width.get(year, 0.0) - 1e-9) / 100 if share["note"] == "" else np.nan
        note = share.pop("note")
        rows.append({"year": year} | share | {"moves": moves, "note": note})
    return pd.DataFrame(rows)


def _topics(
    system: System,
    responses: Responses,
    topics: Topics,
    mapping: TopicMapping,
    hidden: set[Key],
    rule: Disclosure,
) -> dict[str, pd.DataFrame]:
    users = word_users(responses)
    kept, least = ("kept", ALL), rule.min_respondents
    rows, labels = [], {}
    unassigned: dict[Hashable, Any] = {
        "topic": -1,
        "label": "unassigned",
        "words": "",
        "support": np.nan,
    }
    for row in [*topics.topics.to_dict("records"), unassigned]:
        topic = int(row["topic"])
        key = ("topic", topic)
        if key not in system.cells:
            continue
        small = topic >= 0 and rule.is_small(len(system.cells[key].people))
        words = () if small else common_words(str(row["words"]).split(","), users, least)
        parts = str(row["label"]).split(",")
        label = str(row["label"])
        if topic >= 0 and len(common_words(parts, users, least)) < len(parts):
            label = ", ".join(words[:3]) or f"topic {topic}"
        if not small and topic >= 0:
            labels[topic] = label
        share = _share(system, key, kept, system.cells[kept].count, hidden, rule)
        count, of = share.pop("count"), share.pop("n")
        rows.append(
            {"topic": topic, "label": "" if small else label, "n": count, "of": of}
            | {c: share[c] for c in ("estimate", "low", "high")}
            | {"words": ", ".join(words), "support": np.nan if small else round(row["support"], 2)}
            | {"note": share["note"]}
        )
    table = mapping.table
    table = table[table["topic"].isin(labels)].reset_index(drop=True)
    placed = table.assign(label=table["topic"].map(labels), score=table["score"].round(2))
    columns = ["topic", "label", "theme", "theme_label", "score"]
    return {"topics": pd.DataFrame(rows), "topic_mapping": placed[columns]}


def _resolution(topics: Topics, rule: Disclosure) -> pd.DataFrame:
    """The numbers of topics that were tried; no size of a topic that is too small."""
    table = topics.resolution
    small = table["smallest"] < rule.min_respondents
    size = [np.nan if s else rule.rounded(n) for s, n in zip(small, table["smallest"], strict=True)]
    return table.round(2).assign(smallest=size)


def hierarchy_of(hierarchy: pd.DataFrame, topics: pd.DataFrame) -> pd.DataFrame:
    """The broad topic of each topic that is shown, the largest broad one first."""
    shown = topics[(topics["topic"] >= 0) & (topics["label"] != "")]
    broad = dict(zip(hierarchy["topic"], hierarchy["broad"], strict=True))
    out = shown[["topic", "label", "n"]].assign(broad=[broad[t] for t in shown["topic"]])
    out = out.sort_values(["broad", "topic"], kind="stable").reset_index(drop=True)
    return out[["broad", "topic", "label", "n"]]


def coverage_of(
    frame: ThemeFrame, placed: pd.DataFrame, topics: pd.DataFrame, rule: Disclosure
) -> pd.DataFrame:
    """How many of the topics that are shown reach each theme, and how many responses are in them.

    The other way round, the topics that no theme explains, is in the table of the mapping.
    """
    counts, n = topics.set_index("topic")["n"], topics["of"].max()
    rows = []
    for theme in frame.codable:
        reached = placed.loc[placed["theme"] == theme.id, "topic"]
        count = counts[reached].sum(skipna=False) if len(reached) else 0.0
        row = {"theme": theme.id, "label": theme.label, "n_topics": len(reached), "count": count}
        low = high = np.nan
        if known := bool(n >= rule.min_base and not np.isnan(count)):
            low, high = (float(x) for x in wilson_interval(min(count, n), n))
        row |= {"n": n, "estimate": count / n if known else np.nan, "low": low, "high": high}
        rows.append(row | {"note": WITHHELD if np.isnan(count) else ""})
    return pd.DataFrame(rows)


def topic_widths(
    topics: Topics,
    year: NDArray[np.int64],
    person: NDArray[np.intp],
    baseline: int,
    weight: Floats | None = None,
) -> dict[str, Floats]:
    """Widths of the intervals of the topics' changes against the baseline, by source.

    ``year``, ``person`` and the survey's ``weight`` are of the responses of
    ``topics.assignments``. Each run of the consensus is a draw; responses without a topic stay so.
    """
    topic = topics.assignments["topic"].to_numpy()
    ids = np.sort(topics.topics["topic"].to_numpy())
    years, at = np.unique(year, return_inverse=True)
    if baseline not in years or len(years) < 2 or len(topics.votes) < 2 or not len(ids):
        return {}
    given, size = topic >= 0, np.bincount(at, weight)[:, None]
    of_given = None if weight is None else weight[given]
    shares = []
    for run in topics.votes:
        cell = at[given] * len(ids) + np.searchsorted(ids, run[given])
        shares.append(
            np.bincount(cell, of_given, size.size * len(ids)).reshape(len(years), -1) / size
        )
    sums = sum_cells(person, at, topic[:, None] == ids, weight)
    models = by_source(share_model(sums), assignment_covariance(shares), None)
    at_base = int(np.searchsorted(years, baseline))
    table = sources_table(sums, models, tuple(map(str, ids)), years, at_base)
    changes = table[table["measure"] == "change"]
    return {
        str(source): (part["high"] - part["low"]).to_numpy(float)
        for source, part in changes.groupby("source")
    }


def _axes(centroids: NDArray[np.float32]) -> NDArray[np.float64]:
    """First two principal coordinates, each with its longest arm to the right or up."""
    x = np.asarray(centroids, dtype=float)
    u, s, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    flat = np.zeros((len(x), 2))
    flat[:, : min(2, len(s))] = (u * s)[:, :2]
    longest = np.abs(flat).argmax(axis=0)
    flat *= np.where(flat[longest, [0, 1]] < 0, -1.0, 1.0)
    return flat
