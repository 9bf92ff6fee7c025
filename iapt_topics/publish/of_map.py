"""The public map: each topic that is shown, cut into hexagons of enough respondents.

Topics below the rule's smallest base have none. The hexagons of a topic hold all of its responses
and nobody else's, so that they add up to a count that is shown anyway: nothing is left out of them
that could be had by subtraction. Each, and so any sum of them, rests on as many respondents as the
smallest base has.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Ints
from iapt_topics._base.text import clean
from iapt_topics.publish.cells import Cells
from iapt_topics.study.hexagons import cut_hexagons
from iapt_topics.study.places import response_places, topic_places
from iapt_topics.study.study import Study
from iapt_topics.survey.redaction import safe_texts

#: Responses that a private report draws and has the texts of, at most.
MOST_DOTS = 100_000


def publish_map(study: Study, cells: Cells, topics: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Places of the topics that are shown, and the hexagons of those whose count is, too."""
    rule = cells.rule
    found, named = study.topics, topics[(topics["topic"] >= 0) & (topics["label"] != "")]
    numbers = found.topics["topic"].to_numpy()
    column = {int(t): i for i, t in enumerate(numbers)}
    shown = [int(t) for t in named["topic"]]
    at = [column[t] for t in shown]
    discs = topic_places(found.centroids[at], named["n"].to_numpy(dtype=float)).round(1)
    behind = {t: len(cells.counts.cells["topic", t].people) for t in shown}
    large = named["n"].notna() & ~named["topic"].map(behind).map(rule.is_small_base)
    counted = set(named.loc[large, "topic"])
    row = {t: i for i, t in enumerate(shown) if t in counted}
    given = found.assignments["topic"].map(row)
    of = np.flatnonzero(given.notna())
    own: Ints = given.to_numpy()[of].astype(np.intp)
    places = response_places(discs, found.distribution[of][:, at], own)
    person = found.assignments["response_id"].iloc[of].map(cells.counts.cluster).tolist()
    hexagons = cut_hexagons(places, own, discs, person, rule.min_base)
    hexagons = hexagons.assign(
        topic=[shown[t] for t in hexagons["topic"]],
        count=[rule.rounded(n) for n in hexagons["count"]],
    )
    return {
        "topic_map": pd.DataFrame({"topic": shown} | dict(zip("xyr", discs.T, strict=True))),
        "topic_hexagons": hexagons,
    }


def place_responses(study: Study) -> pd.DataFrame:
    """Every response on the map, for the researcher alone: a place, and what is read there.

    Of more than ``MOST_DOTS``, so many of them: no browser opens a page of a million texts.

    Returns
    -------
    DataFrame
        ``x``, ``y``; ``topic`` (-1: none); ``wave``, what it is called; ``themes``, a tuple of
        their ids; ``text``, redacted.
    """
    found = study.topics
    # Evenly spaced, so that each file and year of a large survey has its part.
    n = len(found.assignments)
    drawn = np.linspace(0, n - 1, min(n, MOST_DOTS)).astype(np.intp)
    rows = found.assignments.iloc[drawn]
    discs = study.tables["topic_map"]
    column = {int(t): i for i, t in enumerate(discs["topic"])}
    at: Ints = np.array([column[int(t)] for t in rows["nearest"]], dtype=np.intp)
    share = found.distribution[drawn]
    places = response_places(discs[["x", "y", "r"]].to_numpy(), share, at)
    ids = rows["response_id"]
    year = study.responses.kept.set_index("response_id")["year"]
    waves = {int(y): clean(study.about.wave(y)) for y in year.unique()}
    themes: dict[str, tuple[str, ...]] = {}
    codes = study.codes.table[["response_id", "theme"]]
    if len(drawn) < n:
        codes = codes[codes["response_id"].isin(ids)]
    for i, theme in codes.itertuples(index=False):
        themes[i] = (*themes.get(i, ()), theme)
    return pd.DataFrame(
        {
            "x": places[:, 0],
            "y": places[:, 1],
            "topic": rows["topic"].to_numpy(),
            "wave": ids.map(year).map(waves).to_numpy(),
            "themes": [themes.get(i, ()) for i in ids],
            "text": [clean(t) for t in safe_texts(study.responses, ids.tolist())],
        }
    )
