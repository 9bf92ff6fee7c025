"""How many responses fit no topic though nothing is new: those that topics were not fitted to.

A topic lies where its responses are. So responses that had no part in the fit are farther from it,
even of the same people in the same year, and more than 5 % of them are novel. How many, is found by
cross-validation: topics are fitted without a part of the respondents, who are then placed on them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.stats.share_model import share_model, sum_cells
from iapt_topics.survey.responses import Responses, cluster_ids
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.new_wave import place
from iapt_topics.topics.topics import Topics

_FOLDS, _RUNS = 4, 4
#: Respondents below which folds are too small to fit topics to.
_FEWEST = 40


def novel_if_held_out(
    topics: Topics, responses: Responses, embeddings: Embeddings, *, seed: int = 7
) -> pd.DataFrame:
    """Estimate the share of novel responses where nothing is new, by cross-validation.

    Parameters
    ----------
    topics : Topics
        Whose number and settings the fits have; four runs each at most, to be quick.
    responses : Responses
        Those that they were fitted to.
    embeddings : Embeddings
        Of the same responses.
    seed : int, default 7
        Of the folds.

    Returns
    -------
    DataFrame
        One row: ``estimate``, ``low``, ``high`` (95 %, clustered by respondent), ``n`` responses.
        Without a row if there are fewer than 40 respondents.
    """
    kept = responses.kept
    people = cluster_ids(kept)
    names, person = np.unique(people, return_inverse=True)
    if len(names) < _FEWEST:
        return pd.DataFrame(columns=["estimate", "low", "high", "n"])
    fold = np.random.default_rng(seed).permutation(len(names))[person] % _FOLDS
    runs = min(_RUNS, topics.config.n_runs)
    config = replace(topics.config, n_runs=runs, n_topics=max(2, topics.n_topics))
    novel: Bools = np.zeros(len(kept), dtype=bool)
    for k in range(_FOLDS):
        out = fold == k
        ids = set(kept.loc[~out, "response_id"])
        table = responses.table[responses.table["response_id"].isin(ids)].reset_index(drop=True)
        fit = fit_topics(replace(responses, table=table), embeddings, config)
        held = embeddings.rows(kept.loc[out, "response_id"].tolist())
        novel[out] = place(fit, held)[2]
    once = np.zeros(len(kept), dtype=np.intp)
    model = share_model(sum_cells(person.astype(np.intp), once, novel[:, None]))
    row = {name: float(getattr(model, of)[0, 0]) for name, of in
           (("estimate", "share"), ("low", "low"), ("high", "high"))}  # fmt: skip
    return pd.DataFrame([row | {"n": len(kept)}])


def compare_novelty(novelty: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """The novelty of a wave beside that of responses of before that were held out.

    Parameters
    ----------
    novelty : DataFrame
        Of :class:`iapt_topics.topics.Wave`.
    held_out : DataFrame
        From :func:`novel_if_held_out`.

    Returns
    -------
    DataFrame
        ``expected`` is the share held out; ``shown`` says whether that of the wave is above it: the
        95 % interval of the difference, by the square-and-add rule of two independent shares, is
        above 0. Where nothing could be held out, ``expected`` is missing and nothing is shown.
    """
    if held_out.empty:
        note = "too few respondents to say how many are to be expected"
        return novelty.assign(expected=np.nan, shown=False, note=note)
    null = held_out.iloc[0]
    gap = novelty["estimate"] - null["estimate"]
    half = np.hypot(novelty["estimate"] - novelty["low"], null["high"] - null["estimate"])
    shown = gap > half
    said = "more than expected: new content, another question or other respondents"
    return novelty.assign(
        expected=float(null["estimate"]), shown=shown, note=np.where(shown, said, "")
    )
