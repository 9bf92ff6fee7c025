"""How the meaning of a theme moved: its words, its place in embedding space, quotes of both years.

**Words.** The log-odds of each word between two years under an informative Dirichlet prior [1]_.
A count is of respondents who use the word, not of its uses, so that one person who repeats a word
is one person. The prior is the word's share in all years of the survey, with a total weight of one
respondent a word.

**Place.** The energy distance between the vectors of the two years [2]_, the root of
2 E|X - Y| - E|X - X'| - E|Y - Y'|. Noise raises it, so it stands beside the 95th
percentile of its null, and a permutation test in which whole respondents change years.

References
----------
.. [1] Monroe BL, Colaresi MP, Quinn KM (2008). Fightin' Words: lexical feature selection and
   evaluation for identifying the content of political conflict. *Political Analysis* 16:372-403.
.. [2] Szekely GJ, Rizzo ML (2013). Energy statistics: a class of statistics based on distances.
   *J Stat Plan Inference* 143:1249-1272.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Ints
from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.result import Result
from iapt_topics.drift.coded import join_codes
from iapt_topics.drift.semantic_model import distances_apart, moved_place
from iapt_topics.drift.word_shift import people_using, word_shift, word_uses
from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.survey.redaction import safe_texts

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.encoders.embeddings import Embeddings
    from iapt_topics.survey.responses import Responses

_PLACEHOLDER = re.compile(r"\[[a-z-]+(?:-\d+)?\]")
_MOST = 2000  # responses of two years whose distances are held at once

_COLUMNS = {
    "words": [
        *("theme", "year", "against", "word", "count", "count_against", "estimate", "low", "high"),
        *("n", "z", "p", "p_bh", "note"),
    ],
    "distances": [
        *("theme", "year", "against", "estimate", "corrected", "low", "high", "n", "n_respondents"),
        *("null_p95", "p", "p_bh", "note"),
    ],
    "quotes": ["theme", "year", "against", "side", "response_id", "text", "score", "note"],
}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SemanticChange(Result):
    """Semantic change within themes: words, energy distances and typical responses by year.

    Attributes
    ----------
    words : pandas.DataFrame
        Key (theme, year, against, word), the most moved first. ``count`` and ``count_against``
        respondents who use the word in ``year`` and in ``against``; ``estimate``: change of the
        log-odds, above 0 for a word that rose, ``low``, ``high`` (95 %); ``n`` respondents with
        the theme in both years; ``z``; ``p``, ``p_bh`` over the words of the theme and year;
        ``note``. Words of fewer than ``min_respondents`` respondents are not there.
    distances : pandas.DataFrame
        Key (theme, year, against). ``estimate``: energy distance of unit vectors (0 to 2);
        ``corrected``: the same less what noise adds, with its interval ``low``, ``high`` by a basic
        bootstrap over respondents on the square; ``n`` responses, ``n_respondents``;
        ``null_p95``: 95th percentile when respondents are permuted between the years; ``p`` from
        the same permutations, ``p_bh`` over all rows; ``note``.
    quotes : pandas.DataFrame
        Key (theme, year, against, response_id). The responses that are most like their own year
        and least like the other: ``side`` "before" or "after", ``text`` redacted, ``score``: mean
        distance to the other year less that to its own; at most one per respondent.
    """

    words: pd.DataFrame
    distances: pd.DataFrame
    quotes: pd.DataFrame

    # Quotes are not shown: they are people's words.
    _view = (
        "words: theme year against word estimate low high n p p_bh note",
        "distances: theme year against estimate low high n null_p95 p p_bh note",
    )


def measure_semantic_change(
    codes: Codes,
    responses: Responses,
    embeddings: Embeddings,
    *,
    themes: Sequence[str] | None = None,
    baseline: int | None = None,
    min_respondents: int = 5,
    n_quotes: int = 3,
    seed: int = 7,
) -> SemanticChange:
    """Estimate semantic change within themes by log-odds of words and energy distance of vectors.

    Parameters
    ----------
    codes : Codes
        The codes of one coder.
    responses : Responses
        The survey.
    embeddings : Embeddings
        Of the same responses.
    themes : sequence of str, optional
        Themes wanted; all by default.
    baseline : int, optional
        Year to compare with; the first coded year if None.
    min_respondents : int
        Fewest respondents with the theme in each year, and fewest who use a word, at least 2.
    n_quotes : int
        Quotes of each side, at least 0.
    seed : int, default 7
        Seed of the permutations and the bootstrap, at least 0.

    Returns
    -------
    SemanticChange
        A theme with too few respondents in a year has a row of ``distances`` with a note.

    Raises
    ------
    InputError
        If a number is out of range, a theme is unknown, no kept response was coded, the baseline is
        not a coded year, or a response has no vector.

    Notes
    -----
    A response counts whole, although it may have other themes as well. Themes that rise with
    each other thus lend each other their words.
    """
    if min_respondents < 2 or n_quotes < 0 or seed < 0:
        raise InputError(
            "min_respondents, n_quotes and seed", "must be at least 2, 0 and 0",
            f"{min_respondents}, {n_quotes} and {seed}", "Use e.g. 5, 3 and 7.",
        )  # fmt: skip
    wanted = list(codes.themes if themes is None else themes)
    if unknown := [t for t in wanted if t not in codes.themes]:
        raise InputError(
            "themes", "must be among those of the codes", listed(unknown),
            f"Choose from {listed(codes.themes, most=30)}.",
        )  # fmt: skip
    # Sorted, so that the order of the file cannot matter to what is drawn.
    responses = replace(responses, table=responses.table.sort_values("response_id"))
    coded = join_codes(codes, responses, baseline, wanted)
    ids = coded.table["response_id"].tolist()
    texts, vectors, person = safe_texts(responses, ids), embeddings.rows(ids), coded.person
    vocabulary, uses = word_uses([_PLACEHOLDER.sub(" ", t).replace("\u2019", "'") for t in texts])
    everyone = people_using(uses, person)
    words, distances, quotes = [], [], []
    later = [y for y in range(len(coded.years)) if y != coded.at_base]
    for (t, theme), y in product(enumerate(wanted), later):
        year = int(coded.years[y])
        keys: dict[str, Any] = {"theme": theme, "year": year, "against": coded.baseline}
        now, then = (
            np.flatnonzero(coded.given[:, t] & (coded.year == k)) for k in (y, coded.at_base)
        )
        people = [len(np.unique(person[rows])) for rows in (now, then)]
        size = {"n": len(now) + len(then)}
        size["n_respondents"] = len(np.unique(person[np.concatenate([now, then])]))
        if min(people) < min_respondents:
            said = f"Fewer than {min_respondents} respondents with the theme in a year."
            nan = dict.fromkeys(("estimate", "corrected", "low", "high", "null_p95", "p"), np.nan)
            distances.append(keys | size | nan | {"note": said})
            continue
        moved = word_shift(
            people_using(uses[now], person[now]),
            people_using(uses[then], person[then]),
            everyone, vocabulary, min_respondents,
        )  # fmt: skip
        shared = sum(people) - size["n_respondents"]
        said = f"{shared} respondents are in both years." if shared else ""
        words.append(moved.assign(**keys, n=size["n_respondents"], note=said))
        rng = np.random.default_rng([seed, t, year])
        now, then, cut = _few(now, person, rng), _few(then, person, rng), ""
        if len(now) + len(then) < size["n"]:
            cut = f"Distances of {len(now) + len(then)} responses drawn at random."
        rows = np.concatenate([now, then])
        apart = distances_apart(vectors[rows])
        row = moved_place(apart, len(now), person[rows], rng)
        distances.append(keys | size | row | {"note": f"{cut} {said}".strip()})
        for i, score in _typical(apart, len(now), person[rows], n_quotes):
            side = {"side": "after" if i < len(now) else "before", "score": score, "note": ""}
            quotes.append(keys | side | {"response_id": ids[rows[i]], "text": texts[rows[i]]})
    none = pd.DataFrame(columns=_COLUMNS["words"])
    table = pd.DataFrame(distances, columns=_COLUMNS["distances"])
    return SemanticChange(
        words=pd.concat(words, ignore_index=True)[_COLUMNS["words"]] if words else none,
        distances=table.assign(p_bh=benjamini_hochberg(table["p"].to_numpy(float))),
        quotes=pd.DataFrame(quotes, columns=_COLUMNS["quotes"]),
    )


def _few(rows: Ints, person: Ints, rng: np.random.Generator) -> Ints:
    """At most half of the most rows that can be held, whole respondents at random."""
    if len(rows) <= _MOST // 2:
        return rows
    who, place = np.unique(person[rows], return_inverse=True)
    rank = rng.permutation(len(who))[place]
    taken = np.cumsum(np.bincount(rank)) <= _MOST // 2
    return rows[taken[rank]]


def _typical(apart: Floats, n_now: int, person: Ints, n_quotes: int) -> list[tuple[int, float]]:
    """Points most like their own year and least like the other, one per respondent."""
    n = len(apart)
    now = np.arange(n) < n_now
    to_now = apart[:, :n_now].sum(axis=1) / np.maximum(n_now - now, 1)
    to_then = apart[:, n_now:].sum(axis=1) / np.maximum(n - n_now - ~now, 1)
    score = np.where(now, to_then - to_now, to_now - to_then)
    chosen: list[tuple[int, float]] = []
    used: set[int] = set()
    left = [n_quotes, n_quotes]
    for i in np.argsort(-score, kind="stable").tolist():
        if left[int(now[i])] and int(person[i]) not in used:
            left[int(now[i])] -= 1
            used.add(int(person[i]))
            chosen.append((i, float(score[i])))
    return chosen
