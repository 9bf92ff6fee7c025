"""A later wave on topics that stay fixed: which responses fit none, and do those form a new one?

A response goes to the topic with the nearest centroid, and is novel if it is farther from it than
all but 5 % of the fitted responses are from theirs. If nothing changed, about 5 % of a new wave are
novel; the share is tested against that.

Whether novel responses belong together is asked of people who had no part in finding out
(data splitting, Cox 1975): the wave's respondents are split into two halves, the novel responses of
the first are clustered, and the share of each cluster is compared between the second half and the
responses that the topics were fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Bools, Floats, Floats32, Ints
from iapt_topics._base.errors import InputError
from iapt_topics._base.result import Result
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.stats.share_model import YearSums, share_model, sum_cells
from iapt_topics.survey.responses import Responses, cluster_ids
from iapt_topics.topics import consensus
from iapt_topics.topics.topics import NOVELTY_QUANTILE, UNASSIGNED, Topics
from iapt_topics.topics.words import topic_words

#: People whose novel responses must belong together before a group is called one.
FEWEST_PEOPLE = 5
_INSIDE = 0.1  # part of a group's own responses that are farther from its centre than its cutoff


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Wave(Result):
    """A later wave assigned to fixed topics, with tests of novelty.

    Attributes
    ----------
    assignments : DataFrame
        One row for each kept response: ``response_id``; ``topic`` (-1 if novel); ``nearest``;
        ``cosine`` (to the centroid of ``nearest``, -1 to 1); ``novel``; ``note``.
    novelty : DataFrame
        One row for each year of the wave: ``year``; ``estimate``, ``low``, ``high`` (proportion of
        novel responses, with a 95 % interval clustered by respondent); ``n``; ``expected`` (.05);
        ``shown`` (the interval is above what is expected); ``note``.
    groups : DataFrame
        One row for each group of novel responses: ``group``; ``words``; ``n_found`` (responses in
        the half that it was found in); ``estimate``, ``low``, ``high`` (proportion in the other
        half less that in the fitted responses); ``n`` (responses compared); ``p``, ``p_bh``;
        ``shown`` (above 0, adjusted p below .05: perhaps a new topic); ``response_ids`` (tuple, of
        the half that it was found in); ``note``. Without the fitted responses' vectors, not tested
        (NaN).
    """

    assignments: pd.DataFrame
    novelty: pd.DataFrame
    groups: pd.DataFrame

    _view = (
        "novelty",
        "groups: group words n_found estimate low high n p p_bh shown note",
    )


def assign_wave(
    topics: Topics,
    responses: Responses,
    embeddings: Embeddings,
    *,
    fitted: tuple[Responses, Embeddings] | None = None,
    seed: int = 7,
) -> Wave:
    """Assign a later wave to fixed topics, and test for new topics by data splitting.

    Parameters
    ----------
    topics : Topics
        Fitted to earlier waves, perhaps read by :func:`iapt_topics.topics.load_topics`.
    responses : Responses
        The later wave.
    embeddings : Embeddings
        Of the later wave, by the encoder that the topics were fitted with.
    fitted : tuple of Responses and Embeddings, optional
        What the topics were fitted to. Needed to test groups of novel responses.
    seed : int, default 7
        Seed of the halves.

    Returns
    -------
    Wave
        Assignments, the proportion of novel responses by year, and groups among them.

    Raises
    ------
    InputError
        If nothing was kept, the encoder is another, or a response has no vector.

    Notes
    -----
    Other questions or other respondents also make responses novel. A group is a reason to read
    these responses, and to fit topics anew if they are about something new.

    References
    ----------
    Cox DR (1975). A note on data-splitting for the evaluation of significance levels. *Biometrika*
    62:441-444.
    """
    kept = responses.kept
    if kept.empty:
        raise InputError("responses", "need at least 1 kept", "none", "See responses.ledger.")
    for e in (embeddings, *(fitted[1:] if fitted else ())):
        if e.fingerprint != topics.versions["weights"]:
            raise InputError(
                "the embeddings", "must be of the encoder that the topics were fitted with",
                f"{e.model!r} for topics of {topics.versions['encoder']!r}",
                "Embed with that encoder.",
            )  # fmt: skip
    vectors = embeddings.rows(kept["response_id"].tolist())
    nearest, cosine, novel = place(topics, vectors)
    assignments = pd.DataFrame(
        {
            "response_id": kept["response_id"],
            "topic": np.where(novel, UNASSIGNED, nearest),
            "nearest": nearest,
            "cosine": cosine,
            "novel": novel,
            "note": np.where(
                novel, "more distant from its topic than 95 % of the fitted responses", ""
            ),
        }
    )
    years, year = np.unique(kept["year"], return_inverse=True)
    person = pd.factorize(cluster_ids(kept))[0].astype(np.intp)
    return Wave(
        assignments=assignments,
        novelty=novelty_by_year(sum_cells(person, year.astype(np.intp), novel[:, None]), years),
        groups=_groups(topics, kept, vectors, novel, fitted, seed),
    )


def place(topics: Topics, vectors: Floats32) -> tuple[Ints, Floats, Bools]:
    """Nearest topic, the cosine to it, and whether that is below the topic's cutoff."""
    closeness = vectors @ topics.centroids.T
    nearest = closeness.argmax(axis=1)
    cosine = closeness.max(axis=1).astype(np.float64)
    # Rounding must not make a fitted response novel that lies on the cutoff itself.
    return nearest, cosine, cosine < topics.topics["membership_cutoff"].to_numpy()[nearest] - 1e-6


def novelty_by_year(sums: YearSums, years: NDArray[np.int64]) -> pd.DataFrame:
    """Share of novel responses, from sums by respondent and year; see :class:`Wave`."""
    model = share_model(sums)
    table = pd.DataFrame(
        {
            "year": years,
            "estimate": model.share[:, 0],
            "low": model.low[:, 0],
            "high": model.high[:, 0],
            "n": sums.n.astype(int),
            "expected": NOVELTY_QUANTILE,
        }
    )
    shown = table["low"] > NOVELTY_QUANTILE
    note = np.where(
        shown, "more than expected: new content, another question or other respondents", ""
    )
    return table.assign(shown=shown, note=note)


def _groups(
    topics: Topics,
    kept: pd.DataFrame,
    vectors: Floats32,
    novel: Bools,
    fitted: tuple[Responses, Embeddings] | None,
    seed: int,
) -> pd.DataFrame:
    person = pd.factorize(cluster_ids(kept))[0]
    n_people = int(person.max()) + 1
    if n_people < 2 * FEWEST_PEOPLE:
        fitted = None
    order = np.random.default_rng(seed).permutation(n_people)
    # Without anything to test on, all respondents serve to find groups.
    first = np.isin(person, order[: n_people // 2]) if fitted else np.ones(len(kept), dtype=bool)
    found = np.flatnonzero(novel & first)
    # Two responses that lie independently about a centre at a cosine c are at c * c to each other.
    alike = float(topics.topics["cosine"].mean()) ** 2
    labels = _cluster(vectors[found], person[found], alike)
    words = topic_words(kept["text"].iloc[found].tolist(), labels, int(labels.max(initial=-1)) + 1)
    rows = []
    for g, said in enumerate(words):
        inside = found[labels == g]
        row = {"group": g, "words": ", ".join(said), "n_found": len(inside)}
        row |= dict.fromkeys(("estimate", "low", "high", "p"), float("nan"))
        row |= {"n": 0, "response_ids": tuple(kept["response_id"].iloc[inside])}
        row["note"] = "not tested: needs fitted= and ten respondents"
        if fitted is not None:
            row |= _tested(topics, kept[~first], vectors[~first], vectors[inside], fitted)
        rows.append(row)
    columns = ["group", "words", "n_found", "estimate", "low", "high", "n", "p", "p_bh", "shown"]
    table = pd.DataFrame(rows, columns=[*columns, "response_ids", "note"])
    table["p_bh"] = benjamini_hochberg(table["p"].to_numpy(float))
    table["shown"] = (table["estimate"].astype(float) > 0) & (table["p_bh"] < 0.05)
    return table


def _cluster(vectors: Floats32, person: Ints, alike: float) -> Ints:
    """Groups of several people's novel responses, as alike as those of a topic; -1 is in none."""
    from scipy.cluster.hierarchy import fcluster, linkage

    labels: Ints = np.full(len(vectors), -1, dtype=np.intp)
    if len(vectors) < FEWEST_PEOPLE:
        return labels
    rows = np.arange(len(vectors))[:: 1 + len(vectors) // consensus.TREE_ROWS]
    tree = linkage(vectors[rows].astype(np.float64), method="average", metric="cosine")
    found = fcluster(tree, 1 - alike, criterion="distance")
    people = pd.Series(person[rows]).groupby(found).nunique()
    for old in people.index[people >= FEWEST_PEOPLE]:
        labels[rows[found == old]] = old
    some = labels >= 0
    if some.any():
        labels[some] = consensus.by_size(labels[some])
    return labels


def _tested(
    topics: Topics,
    kept: pd.DataFrame,
    vectors: Floats32,
    own: Floats32,
    fitted: tuple[Responses, Embeddings],
) -> dict[str, object]:
    """Share of a group's content in the half that had no part in it, less that in the fitted."""
    before = fitted[0].kept
    total = own.sum(axis=0)
    centre = total / max(float(np.linalg.norm(total)), 1e-9)
    # Of each to the centre of the others, as those of other people are measured.
    others = total - own
    cosine = (own * others).sum(axis=1) / np.maximum(np.linalg.norm(others, axis=1), 1e-9)
    cutoff = np.quantile(cosine, _INSIDE)
    every = np.concatenate([fitted[1].rows(before["response_id"].tolist()), vectors])
    inside = (every @ centre >= cutoff) & (
        every @ centre > (every @ topics.centroids.T).max(axis=1)
    )
    person = pd.factorize(np.concatenate([cluster_ids(before), cluster_ids(kept)]))[0]
    late = np.repeat(np.array([0, 1], dtype=np.intp), [len(before), len(kept)])
    model = share_model(sum_cells(person.astype(np.intp), late, inside[:, None]))
    estimate, low, high, p = (float(x[0]) for x in model.contrast(np.array([-1.0, 1.0])))
    return {
        "estimate": estimate, "low": low, "high": high, "n": len(every), "p": p,
        "note": "found in one half of the respondents, tested in the other",
    }  # fmt: skip
