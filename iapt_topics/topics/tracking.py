"""Topics of each year matched with those of the next: which stay, split, merge, come and go.

**Fit.** Topics are fitted to the responses of each year (or window of years) alone.

**Match.** Two topics of successive years are linked if the cosine of their centroids, about the
mean of all responses, stands out from the cosines between different topics of the same year
(Student's t on Fisher's transform, adjusted by Benjamini-Hochberg over the pairs of both years),
and their top c-TF-IDF words have one in common. Links may be many to many; the best one-to-one
matching [1]_ among them is marked.

**New and gone.** That a topic has no partner may be chance: the same year fitted twice does not
give the same topics twice. So its content is tested [2]_: the respondents of its year are split
into two halves and topics fitted to each. A response of the other half, or of the other year, is
of a topic if it is nearest to that one and about as near as its own responses are (all but the
farthest tenth). Neither had a part in finding the topics, so if nothing changed both are of the
topic equally often. The two halves take turns, and the difference of the shares is tested as any
change is in :mod:`iapt_topics.drift.drift`.

References
----------
.. [1] Kuhn HW (1955). The Hungarian method for the assignment problem. *Nav Res Logist Q* 2:83-97.
.. [2] Cox DR (1975). A note on data-splitting for the evaluation of significance levels.
   *Biometrika* 62:441-444.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Floats32, Ints
from iapt_topics._base.errors import InputError
from iapt_topics._base.result import Result
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.stats.share_model import share_model, sum_cells
from iapt_topics.survey.responses import Responses, number_clusters
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.topics import TopicConfig, Topics

#: A window with fewer responses is not fitted.
FEWEST = 20
_LEVEL = 0.05
_COLUMNS = {
    "windows": ["year", "last_year", "n", "n_topics", "note"],
    "topics": [
        *("year", "topic", "label", "words", "estimate", "low", "high", "n", "before", "after"),
        "note",
    ],
    "links": [
        *("year", "topic", "against", "topic_against", "estimate", "low", "high", "n"),
        *("p", "p_bh", "words", "matched", "kind", "note"),
    ],
    "novelty": [
        *("kind", "year", "topic", "against", "estimate", "low", "high", "n", "p", "p_bh"),
        *("shown", "note"),
    ],
}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TopicTracking(Result):
    """Topics fitted to each window of years, with links between windows and tests of novelty.

    A window goes by its first year.

    Attributes
    ----------
    windows : pandas.DataFrame
        Key year. ``last_year``; ``n`` kept responses; ``n_topics`` (0 if not fitted); ``note``.
    topics : pandas.DataFrame
        Key (year, topic). ``label``, ``words``; ``estimate``: its proportion of the window's ``n``
        kept responses, ``low``, ``high`` (95 %, clustered by respondent); ``before``: "first",
        "same", "split", "merged", "new" or "unmatched"; ``after``: "last", "same", "split",
        "merged", "gone" or "unmatched"; ``note``. "unmatched" has no partner, but is not shown to
        be new.
    links : pandas.DataFrame
        Key (year, topic, against, topic_against), ``against`` being the window before. ``estimate``
        cosine of the centroids about the mean of all responses; it has no interval (NaN, said in
        the note); ``n`` responses of both topics; ``p``, ``p_bh``; ``words`` in common;
        ``matched``: in the best one-to-one matching; ``kind``: "same", "split", "merged" or
        "split and merged".
    novelty : pandas.DataFrame
        Key (kind, year, topic): every topic without a partner. ``kind`` "new" tests its window
        against the one before, "gone" against the one after; ``estimate``: proportion of its
        content in its own window less that in ``against``, ``low``, ``high``; ``n`` responses;
        ``p``, ``p_bh`` over the whole table; ``shown``: above 0 and adjusted p below .05; ``note``.
    fits : dict of int to Topics
        The topics of each fitted window.
    """

    windows: pd.DataFrame
    topics: pd.DataFrame
    links: pd.DataFrame
    novelty: pd.DataFrame
    fits: dict[int, Topics]

    _view = (
        "windows",
        "topics: year topic label estimate low high n before after note",
        "novelty",
    )


def topic_tracking(
    responses: Responses,
    embeddings: Embeddings,
    config: TopicConfig | None = None,
    *,
    width: int = 1,
) -> TopicTracking:
    """Track topics: fit each year alone, match between years, and test for new or lost topics.

    Parameters
    ----------
    responses : Responses
        The survey.
    embeddings : Embeddings
        Of the same responses.
    config : TopicConfig, optional
        How topics are fitted.
    width : int
        Successive survey years in a window, at least 1.

    Returns
    -------
    TopicTracking
        Windows, topics, links and tests. A window with fewer than 20 responses is not fitted, and
        those beside it are matched with each other.

    Raises
    ------
    InputError
        If ``width`` is below 1, or a response has no vector.
    """
    if width < 1:
        raise InputError("width", "must be at least 1", str(width), "Use e.g. 1.")
    config = config or TopicConfig()
    years, kept = list(responses.years), responses.kept
    windows, fits, parts = [], {}, {}
    for start in range(0, len(years), width):
        span = years[start : start + width]
        part = kept[kept["year"].isin(span)]
        row = {"year": span[0], "last_year": span[-1], "n": len(part), "n_topics": 0, "note": ""}
        if len(part) < FEWEST:
            row["note"] = f"Fewer than {FEWEST} responses: not fitted."
        else:
            fits[span[0]] = fit_topics(replace(responses, table=part), embeddings, config)
            parts[span[0]] = part
            row["n_topics"] = fits[span[0]].n_topics
        windows.append(row)
    if len(fits) < 2:
        for row in windows:
            row["note"] = f"{row['note']} Fewer than two windows: nothing to match.".strip()
    vectors = embeddings.rows(kept["response_id"].tolist())
    centre = vectors.mean(axis=0) if len(vectors) else np.zeros(1, np.float32)
    fitted = sorted(fits)
    pairs = list(zip(fitted[1:], fitted, strict=False))
    about = [_about(fits[y].centroids, centre) for y in fitted]
    # Fisher's transform of the cosines between different topics of the same window.
    own = np.concatenate([*((c @ c.T)[np.triu_indices(len(c), 1)] for c in about), np.empty(0)])
    null = np.arctanh(np.clip(own, -0.999, 0.999))
    links = [_links(fits, now, then, centre, null) for now, then in pairs]
    linked = pd.concat(links, ignore_index=True) if links else _none("links")
    novelty = _novelty(fits, parts, pairs, linked, responses, embeddings, config, centre)
    return TopicTracking(
        windows=pd.DataFrame(windows, columns=_COLUMNS["windows"]),
        topics=_topics(fits, parts, linked, novelty),
        links=linked,
        novelty=novelty,
        fits=fits,
    )


def _about(centroids: Floats32, centre: Floats32) -> Floats:
    """Unit vectors from the centre to the centroids."""
    moved = np.asarray(centroids, float) - centre
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.where(length > 0, length, 1))


def _chance(cosine: Floats, null: Floats) -> Floats:
    """Chance that two different topics are as near as this; NaN if none can be compared."""
    from scipy.stats import t as student

    if len(null) < 3 or null.std() == 0:
        return np.full(cosine.shape, np.nan)
    # The spread of one new value about the mean of those seen.
    spread = null.std(ddof=1) * np.sqrt(1 + 1 / len(null))
    z = (np.arctanh(np.clip(cosine, -0.999, 0.999)) - null.mean()) / spread
    return np.asarray(student.sf(z, len(null) - 1))


def _links(
    fits: dict[int, Topics], now: int, then: int, centre: Floats32, null: Floats
) -> pd.DataFrame:
    """Pairs of topics of two windows that are nearer than different topics are."""
    from scipy.optimize import linear_sum_assignment

    a, b = fits[now], fits[then]
    cosine = _about(a.centroids, centre) @ _about(b.centroids, centre).T
    p = _chance(cosine, null)
    p_bh = benjamini_hochberg(p)
    words = [[set(w.split(", ")) - {""} for w in fit.topics["words"]] for fit in (a, b)]
    rows = []
    for i, j in np.argwhere(np.isnan(p) | (p_bh < _LEVEL)).tolist():
        common = sorted(words[0][i] & words[1][j])
        if not common and words[0][i] and words[1][j]:
            continue
        row: dict[str, Any] = {"year": now, "topic": i, "against": then, "topic_against": j}
        row |= {"estimate": cosine[i, j], "low": np.nan, "high": np.nan, "p": p[i, j]}
        row |= {"p_bh": p_bh[i, j], "words": ", ".join(common), "note": "A cosine has no interval."}
        if np.isnan(p[i, j]):
            row["note"] += " Too few topics to test it."
        rows.append(row | {"n": int(a.topics["n"].iloc[i] + b.topics["n"].iloc[j])})
    if not rows:
        return _none("links")
    table = pd.DataFrame(rows)
    weight = np.zeros(cosine.shape)
    weight[table["topic"], table["topic_against"]] = 2 + table["estimate"]  # any link beats none
    best = set(zip(*(x.tolist() for x in linear_sum_assignment(-weight)), strict=True))
    splits = table.groupby("topic_against")["topic"].transform("size") > 1
    merges = table.groupby("topic")["topic_against"].transform("size") > 1
    names = ["split and merged", "split", "merged"]
    kind = np.select([splits & merges, splits, merges], names, default="same")
    ends = zip(table["topic"], table["topic_against"], strict=True)
    table = table.assign(matched=[pair in best for pair in ends], kind=kind)
    return table[_COLUMNS["links"]]


def _novelty(
    fits: dict[int, Topics],
    parts: dict[int, pd.DataFrame],
    pairs: list[tuple[int, int]],
    links: pd.DataFrame,
    responses: Responses,
    embeddings: Embeddings,
    config: TopicConfig,
    centre: Floats32,
) -> pd.DataFrame:
    """Test the content of every topic without a partner on respondents who did not shape it."""
    halves: dict[int, list[_Half]] = {}
    rows = []
    for kind, own, other in [
        *(("new", now, then) for now, then in pairs),
        *(("gone", then, now) for now, then in pairs),
    ]:
        side, far = ("topic", "against") if kind == "new" else ("topic_against", "year")
        near = "year" if kind == "new" else "against"
        met = links[(links[near] == own) & (links[far] == other)][side].tolist()
        alone = [k for k in range(fits[own].n_topics) if k not in met]
        if not alone:
            continue
        if own not in halves:
            halves[own] = _halves(parts[own], fits[own], responses, embeddings, config, centre)
        tested = _content(halves[own], parts[own], parts[other], fits[own].n_topics, embeddings)
        keys = {"kind": kind, "year": own, "against": other}
        rows += [keys | {"topic": k} | tested[k] for k in alone]
    if not rows:
        return _none("novelty").astype({"shown": bool})
    table = pd.DataFrame(rows)
    p_bh = benjamini_hochberg(table["p"].to_numpy(float))
    shown = (p_bh < _LEVEL) & (table["estimate"] > 0)
    return table.assign(p_bh=p_bh, shown=shown)[_COLUMNS["novelty"]]


#: Half of a window's respondents: which responses are theirs; which of any responses are of which
#: topic of the whole window, as the topics of the half say; which of these topics it found again.
_Half = tuple[Bools, Callable[[Floats32], Bools], Bools]


def _halves(
    part: pd.DataFrame,
    whole: Topics,
    responses: Responses,
    embeddings: Embeddings,
    config: TopicConfig,
    centre: Floats32,
) -> list[_Half]:
    """Fit topics to each half of the respondents; none if a half is too small."""
    from scipy.optimize import linear_sum_assignment

    names = number_clusters(part)
    n_people = int(names.max()) + 1
    first = np.random.default_rng(config.seed).permutation(n_people) < n_people / 2
    out: list[_Half] = []
    for rows in (first[names], ~first[names]):
        n_topics = min(whole.n_topics, int(rows.sum()) // 2)
        if n_topics < 2:
            return []
        those = replace(responses, table=part[rows])
        half = fit_topics(those, embeddings, replace(config, n_topics=n_topics))
        cosine = _about(whole.centroids, centre) @ _about(half.centroids, centre).T
        place = np.full(whole.n_topics, -1)
        i, j = linear_sum_assignment(-cosine)
        place[i] = j
        own = half.assignments.set_index("response_id")["topic"]
        near = (embeddings.rows(own.index.tolist()) @ half.centroids.T).astype(float)
        member = own.to_numpy()[:, None] == np.arange(half.n_topics)
        # The cosine that all but the farthest tenth of a topic's own responses have.
        reach = np.nanquantile(np.where(member, near, np.nan), 0.1, axis=0)
        belongs = partial(_belongs, np.asarray(half.centroids, float), reach, place)
        out.append((rows, belongs, place >= 0))
    return out


def _belongs(centroids: Floats, reach: Floats, place: Ints, vectors: Floats32) -> Bools:
    """Which response is of which topic, given the place of each topic among the centroids."""
    cosine = vectors @ centroids.T
    nearest = cosine.argmax(axis=1)
    inside = cosine[np.arange(len(cosine)), nearest] >= reach[nearest]
    return np.asarray((nearest[:, None] == place) & inside[:, None])


def _content(
    halves: list[_Half],
    own: pd.DataFrame,
    other: pd.DataFrame,
    n_topics: int,
    embeddings: Embeddings,
) -> list[dict[str, Any]]:
    """Share of each topic's content in its own window less that in the other, for every topic."""
    nan = dict.fromkeys(("estimate", "low", "high", "p"), np.nan)
    n = len(own) + len(other)
    if not halves:
        return [nan | {"n": n, "note": "Too few responses to halve."}] * n_topics
    inside, outside = (embeddings.rows(x["response_id"].tolist()) for x in (own, other))
    here, there = np.zeros((len(own), n_topics)), np.zeros((len(other), n_topics))
    for rows, belongs, _ in halves:
        # Those of the other half are judged by this one; the other window by both in turn.
        here[~rows] = belongs(inside[~rows])
        there += belongs(outside) / 2
    both = pd.concat([other, own], ignore_index=True)
    year = np.repeat([0, 1], [len(other), len(own)])
    model = share_model(sum_cells(number_clusters(both), year, np.concatenate([there, here])))
    found = pd.DataFrame(dict(zip(nan, model.contrast(np.array([-1.0, 1.0])), strict=True)))
    found = found.assign(n=n, note="")
    again = np.all([found_again for *_, found_again in halves], axis=0)
    found.loc[~again, list(nan)] = np.nan
    found.loc[~again, "note"] = "Not replicated in half of the responses, so not testable."
    return cast(list[dict[str, Any]], found.to_dict("records"))


def _topics(
    fits: dict[int, Topics],
    parts: dict[int, pd.DataFrame],
    links: pd.DataFrame,
    novelty: pd.DataFrame,
) -> pd.DataFrame:
    """Describe every topic of every window, and what it comes from and turns into."""
    kinds: dict[tuple[str, int, int], str] = {}
    for row in links.to_dict("records"):
        kinds["before", row["year"], row["topic"]] = row["kind"]
        kinds["after", row["against"], row["topic_against"]] = row["kind"]
    for row in novelty[novelty["shown"]].to_dict("records"):
        side = "before" if row["kind"] == "new" else "after"
        kinds[side, row["year"], row["topic"]] = row["kind"]
    tables = [_none("topics")]
    for year, fit in fits.items():
        given = fit.assignments.set_index("response_id")["topic"].loc[parts[year]["response_id"]]
        one = given.to_numpy()[:, None] == np.arange(fit.n_topics)
        model = share_model(
            sum_cells(number_clusters(parts[year]), np.zeros(len(one), np.intp), one)
        )
        limits = {"estimate": model.share[0], "low": model.low[0], "high": model.high[0]}
        table = fit.topics[["topic", "label", "words"]].assign(year=year, n=len(one), **limits)
        for side, edge, name in (("before", min(fits), "first"), ("after", max(fits), "last")):
            found = [kinds.get((side, year, k), "unmatched") for k in range(fit.n_topics)]
            table[side] = [name] * fit.n_topics if year == edge else found
        tables.append(table.assign(note="")[_COLUMNS["topics"]])
    return pd.concat(tables[1:] or tables, ignore_index=True)


def _none(name: str) -> pd.DataFrame:
    return pd.DataFrame({c: [] for c in _COLUMNS[name]})
