"""The exact tables of a study's topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats
from iapt_topics.drift.tables import sources_table
from iapt_topics.drift.uncertainty import assignment_covariance, by_source
from iapt_topics.mapping.mapping import mapping_coverage
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.share_model import share_model, sum_cells
from iapt_topics.study.derived import add_status
from iapt_topics.study.hexagons import cut_hexagons
from iapt_topics.study.places import response_places, topic_places
from iapt_topics.topics.unassigned import unassigned_band

if TYPE_CHECKING:
    from iapt_topics.study.results import Results
    from iapt_topics.survey.responses import Responses
    from iapt_topics.topics.topics import Topics

Tables = dict[str, pd.DataFrame]


def topic_tables(study: Results) -> Tables:
    """Every table of the topics and of what they stand for."""
    topics, mapping = study.topics, study.mapping
    themes, alone = mapping_coverage(mapping, topics)
    band = unassigned_band(topics, study.responses)
    count = mapping.scores[mapping.scores["chosen"]].groupby("theme")["n"].sum()
    themes = themes.rename(columns={"theme_label": "label"})
    themes = themes.assign(count=themes["theme"].map(count).fillna(0).astype(int))
    return {
        "topics": _topic_rows(topics),
        "topic_mapping": mapping.table,
        "topic_scores": mapping.scores,
        **_topic_map(topics, study.responses),
        "topic_runs": topics.runs,
        "topic_resolution": topics.resolution,
        "topic_hierarchy": _hierarchy(topics),
        "topic_unassigned": _unsure(band),
        "topic_sensitivity": band,
        "topic_coverage": alone,
        "theme_coverage": add_status(themes),
    }


def _topic_rows(topics: Topics) -> pd.DataFrame:
    """The topics, and the responses without one as topic -1."""
    table, of = topics.topics.drop(columns="exemplars"), len(topics.assignments)
    n = int((topics.assignments["topic"] < 0).sum())
    if n:
        low, high = (float(x) for x in wilson_interval(n, of))
        row = {"topic": -1, "label": "unassigned", "n": n, "words": "", "note": ""}
        row |= {"estimate": n / of, "low": low, "high": high}
        table = pd.concat([table, pd.DataFrame([row])], ignore_index=True)
    return add_status(table.assign(of=of, remark=table["note"]))


def _hierarchy(topics: Topics) -> pd.DataFrame:
    """The broad topic of each topic, and how many responses are in both."""
    table = topics.hierarchy.rename(columns={"n": "n_broad"})
    return table.merge(topics.topics[["topic", "label", "n"]], on="topic")


def _unsure(band: pd.DataFrame) -> pd.DataFrame:
    """Responses of each year without a stable topic, and how far their treatment moves a share."""
    topics, rows = band[band["topic"] >= 0], band[band["topic"] < 0]
    width = (topics["high"] - topics["low"]).groupby(topics["year"]).max()
    out = rows[["year", "n", "low", "high", "note"]].assign(estimate=rows["own_group"])
    out = out.assign(count=(out["estimate"] * out["n"]).round().astype(int))
    out = out.assign(moves=out["year"].map(width).fillna(0.0))
    return add_status(out.reset_index(drop=True))


def _topic_map(topics: Topics, responses: Responses) -> Tables:
    """Middle and radius of the disc of each topic, and its hexagons."""
    numbers, given = topics.topics["topic"].to_numpy(), topics.assignments
    discs = topic_places(topics.centroids, topics.topics["n"].to_numpy(dtype=float))
    of = np.flatnonzero(given["topic"] >= 0)
    column = {int(t): i for i, t in enumerate(numbers)}
    own = np.array([column[int(t)] for t in given["topic"].iloc[of]], dtype=np.intp)
    places = response_places(discs, topics.distribution[of], own)
    person = given["response_id"].iloc[of].map(responses.cluster_id.to_dict()).tolist()
    hexagons = cut_hexagons(places, own, discs, person, least=1)
    return {
        "topic_map": pd.DataFrame({"topic": numbers} | dict(zip("xyr", discs.T, strict=True))),
        "topic_hexagons": hexagons.assign(topic=numbers[hexagons["topic"].to_numpy(np.intp)]),
    }


def topic_widths(topics: Topics, responses: Responses, baseline: int) -> dict[str, Floats]:
    """Widths of the intervals of the topics' changes against the baseline, by source.

    Each run of the consensus is a draw; responses without a topic stay so.
    """
    kept = responses.kept.set_index("response_id").reindex(topics.assignments["response_id"])
    weight = kept["weight"].to_numpy(float) if "weight" in kept else None
    person = pd.factorize(responses.cluster_id.reindex(kept.index))[0]
    topic, ids = topics.assignments["topic"].to_numpy(), np.sort(topics.topics["topic"].to_numpy())
    years, at = np.unique(kept["year"].to_numpy(np.int64), return_inverse=True)
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
