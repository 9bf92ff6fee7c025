"""What is published of topics and of their place on the frame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.status import SHOWN, SMALL_BASE
from iapt_topics.publish.cells import Cells, mark
from iapt_topics.publish.counts import ALL
from iapt_topics.publish.disclosure import common_words, word_users
from iapt_topics.publish.of_map import publish_map
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.study.study import Study
from iapt_topics.study.tables import Tables


def publish_topics(study: Study, cells: Cells) -> Tables:
    """Tables of the topics; of one with too few people only its number and size, if that."""
    exact, topics = study.tables, _topics(study, cells)
    named = topics[(topics["topic"] >= 0) & (topics["label"] != "")]
    labels = dict(zip(named["topic"], named["label"], strict=True))
    mapping, scores, runs = (exact[f"topic_{name}"] for name in ("mapping", "scores", "runs"))
    placed = mapping[mapping["topic"].isin(labels)].reset_index(drop=True)
    placed = placed.assign(label=placed["topic"].map(labels), score=placed["score"].round(2))
    placed = placed[["topic", "label", "theme", "theme_label", "score"]]
    scores = scores.loc[scores["topic"].isin(labels), ["topic", "theme", "score", "chosen"]]
    return {
        "topics": topics,
        "topic_mapping": placed,
        "topic_scores": scores.round({"score": 3}).reset_index(drop=True),
        **publish_map(study, cells, topics),
        "topic_runs": runs.drop(columns="n_responses").round({"unassigned": 2}),
        "topic_resolution": _resolution(exact["topic_resolution"], cells),
        "topic_hierarchy": _hierarchy(exact["topic_hierarchy"], named),
        "topic_unassigned": _unsure(exact["topic_unassigned"], cells),
        "theme_coverage": _coverage(exact["theme_coverage"], placed, topics, cells),
    }


def _topics(study: Study, cells: Cells) -> pd.DataFrame:
    users = word_users(study.responses)
    kept, least = ("kept", ALL), cells.rule.min_base
    rows = []
    for row in study.tables["topics"].to_dict("records"):
        topic = int(row["topic"])
        key = ("topic", topic)
        if key not in cells.counts.cells:
            continue
        small = topic >= 0 and cells.rule.is_small(len(cells.counts.cells[key].people))
        words = () if small else common_words(str(row["words"]).split(","), users, least)
        parts = str(row["label"]).split(",")
        label = str(row["label"])
        if topic >= 0 and len(common_words(parts, users, least)) < len(parts):
            label = ", ".join(words[:3]) or f"topic {topic}"
        share = cells.share(key, kept, cells.counts.cells[kept].count)
        rows.append(
            {"topic": topic, "label": "" if small else label, "n": share["count"], "of": share["n"]}
            | {c: share[c] for c in ("estimate", "low", "high")}
            | {"words": ", ".join(words)}
            | {c: np.nan if small else round(row[c], 2) for c in ("support", "replicability")}
            | {c: share[c] for c in ("status", "note")}
            | {"remark": "" if small or topic < 0 else row["note"]}
        )
    return pd.DataFrame(rows)


def _resolution(table: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """The numbers of topics that were tried; no size of a topic that is too small."""
    small = table["smallest"] < cells.rule.min_cell
    size = [
        np.nan if s else cells.rule.rounded(n)
        for s, n in zip(small, table["smallest"], strict=True)
    ]
    return table.round(2).assign(smallest=size)


def _hierarchy(exact: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    """The broad topic of each topic that is shown, the largest broad one first."""
    exact = exact[["broad", "topic", "replicability"]].round({"replicability": 2})
    out = exact.merge(named[["topic", "label", "n"]], on="topic")
    return out.sort_values(["broad", "topic"], kind="stable", ignore_index=True)


def _unsure(exact: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """Responses of each year without a stable topic, and how far their treatment moves a share.

    ``moves`` is over all topics, and rounded up to a whole percentage point.
    """
    rows = []
    for row in exact.to_dict("records"):
        year = int(row["year"])
        share = cells.share(("unsure", year), ("kept", year), row["n"])
        moves = np.ceil(100 * row["moves"] - 1e-9) / 100
        last = {c: share.pop(c) for c in ("status", "note")}
        moves = moves if last["status"] == SHOWN else np.nan
        rows.append({"year": year} | share | {"moves": moves} | last)
    return pd.DataFrame(rows)


def _coverage(
    exact: pd.DataFrame, placed: pd.DataFrame, topics: pd.DataFrame, cells: Cells
) -> pd.DataFrame:
    """How many of the topics that are shown reach each theme, and how many responses are in them.

    The other way round, the topics that no theme explains, is in the table of the mapping.
    """
    sizes, n = topics.set_index("topic")["n"], topics["of"].max()
    rows = []
    for theme, label in zip(exact["theme"], exact["label"], strict=True):
        reached = placed.loc[placed["theme"] == theme, "topic"]
        count = sizes[reached].sum(skipna=False) if len(reached) else 0.0
        row = {"theme": theme, "label": label, "n_topics": len(reached), "count": count}
        low = high = np.nan
        if known := bool(n >= cells.rule.percent_base and not np.isnan(count)):
            low, high = (float(x) for x in wilson_interval(min(count, n), n))
        row |= {"n": n, "estimate": count / n if known else np.nan, "low": low, "high": high}
        rows.append(row)
    out = pd.DataFrame(rows)
    small = out["estimate"].isna() & out["count"].notna()
    out = mark(out, out["count"].notna())
    return out.assign(
        status=out["status"].mask(small, SMALL_BASE),
        note=out["note"].mask(small, cells.rule.too_small),
    )
