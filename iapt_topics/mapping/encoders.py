"""Which encoder serves a survey best, measured on the user's own hand-coded sample."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats
from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes, refuse_sealed
from iapt_topics.encoders.embeddings import embed
from iapt_topics.encoders.encoder import Encoder, SentenceEncoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.coding import as_codes, assign_themes
from iapt_topics.stats.agreement import cohen_kappa, f1, table_2x2
from iapt_topics.stats.resampling import cluster_weights, percentile_interval
from iapt_topics.stats.set_agreement import mean_defined
from iapt_topics.survey.responses import Responses, cluster_ids
from iapt_topics.survey.sentences import split_sentences

FEWEST = 10  # positives by hand that a theme needs to count
_TIMED = 200  # responses


def compare_encoders(
    responses: Responses,
    frame: ThemeFrame,
    human: Codes,
    encoders: Sequence[Encoder],
    *,
    n_boot: int = 1000,
    seed: int = 7,
) -> pd.DataFrame:
    """Compare encoders by the agreement of their codes with human codes.

    Parameters
    ----------
    responses : Responses
        The survey.
    frame : ThemeFrame
        The codebook.
    human : Codes
        The codes of one person on some of the kept responses, best a random sample of them: see
        :func:`iapt_topics.codes.next_to_code`.
    encoders : sequence of Encoder
        At least one, with different names or fingerprints. The first is what the others are
        compared with.
    n_boot : int, default 1000
        Bootstrap draws, of respondents; the same for all encoders.
    seed : int, default 7
        Of the bootstrap.

    Returns
    -------
    DataFrame
        Key (``encoder``, ``measure``), in the order of the encoders and "f1_macro", "kappa_mean"
        (means over the themes that the person applied at least 10 times): ``estimate``, ``low``,
        ``high`` (95 % percentile interval); ``gain``, ``gain_low``, ``gain_high`` (over the first
        encoder, on the same draws); ``n`` (responses coded by both); ``n_themes``; ``seconds`` (for
        1,000 responses, encoded anew on this machine, loading not counted); ``note``.

    Raises
    ------
    InputError
        If there is no encoder, two are the same, no kept response is coded by hand, one is a sealed
        test code, or no theme was applied 10 times.

    Notes
    -----
    Codes are made from the frame alone, without topics. If an encoder is chosen by this table, its
    figures here flatter it a little: measure on other responses afterwards.
    """
    if not encoders or len({e.fingerprint for e in encoders}) < len(encoders):
        raise InputError(
            "encoders", "must be one or more, all different",
            f"{len(encoders)}" + (", some the same" if encoders else ""),
            "Pass e.g. [sentence_encoder(), sentence_encoder('all-mpnet-base-v2')].",
        )  # fmt: skip
    kept = responses.kept
    both = kept[kept["response_id"].isin(human.seen["response_id"])]
    ids = sorted(both["response_id"])
    refuse_sealed(human, ids)  # a model chosen by them is tuned to them
    themes = [t.id for t in frame.codable if t.id in human.themes]
    truth = human.matrix(ids, themes)
    common = truth.sum(axis=0) >= FEWEST
    if not common.any():
        most = int(truth.sum(axis=0).max(initial=0))
        raise InputError(
            "human", f"must have a theme of the frame in {FEWEST} kept responses or more",
            f"{len(ids)} kept responses coded, the most frequent theme {most} times",
            "Code more responses.",
        )  # fmt: skip
    themes = [t for t, c in zip(themes, common, strict=True) if c]
    truth = truth[:, common]
    people = cluster_ids(both.set_index("response_id").loc[ids].reset_index())
    weights = np.vstack([np.ones(len(ids)), cluster_weights(people, n_boot, seed)])
    note = "" if len(ids) >= 100 else "fewer than 100 responses: the intervals are rough"
    rows = []
    first: dict[str, Floats] = {}
    for encoder in encoders:
        decided = assign_themes(responses, embed(responses, encoder), frame, encoder)
        codes = as_codes(*decided, responses, frame)  # no sentence is quoted
        seconds = _seconds(encoder, kept["text"].tolist())
        for measure, draws in _measures(truth, codes.matrix(ids, themes), weights).items():
            gain = draws - first.setdefault(measure, draws)
            (low, high), (gain_low, gain_high) = map(percentile_interval, (draws[1:], gain[1:]))
            rows.append(
                {
                    "encoder": encoder.name,
                    "measure": measure,
                    "estimate": float(draws[0]),
                    "low": float(low),
                    "high": float(high),
                    "gain": float(gain[0]),
                    "gain_low": float(gain_low),
                    "gain_high": float(gain_high),
                    "n": len(ids),
                    "n_themes": len(themes),
                    "seconds": seconds,
                    "note": note,
                }
            )
    return pd.DataFrame(rows)


def _measures(truth: Bools, given: Bools, weights: Floats) -> dict[str, Floats]:
    """Means over themes, for all responses and then for each draw."""
    a = weights @ (truth & given)
    b = weights @ (truth & ~given)
    c = weights @ (~truth & given)
    d = weights.sum(axis=1, keepdims=True) - a - b - c
    each = {"f1_macro": f1(a, b, c), "kappa_mean": cohen_kappa(table_2x2(a, b, c, d))}
    # A draw may leave a theme without positives: it then counts for nothing in that draw.
    return {k: np.nan_to_num(mean_defined(v)) for k, v in each.items()}


def _seconds(encoder: Encoder, texts: list[str]) -> float:
    """Seconds to encode 1,000 of the texts, none of them from the cache."""
    if isinstance(encoder, SentenceEncoder):
        encoder = replace(encoder, cache=None)
    sample = texts[:: max(1, len(texts) // _TIMED)][:_TIMED]
    sentences = [s for text in sample for s in split_sentences(text)]
    encoder.encode(sentences[:1])  # loads the model
    start = time.perf_counter()
    encoder.encode(sentences)
    return (time.perf_counter() - start) * 1000 / len(sample)
