"""How large a sample must be for its topics to be those of another sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Ints
from iapt_topics._base.errors import InputError, listed
from iapt_topics.encoders.embeddings import Embeddings, embed
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.scale.partitions import scan
from iapt_topics.scale.sample import check_scans, draw, find_partitions, join_scans, take_rows
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.new_wave import place
from iapt_topics.topics.topics import TopicConfig

_PARTS = 5  # of the respondents: two for each half, one for the probe


def sample_stability(
    source: str | Path | Sequence[str | Path],
    encoder: Encoder,
    *,
    sizes: Sequence[int] = (1_000, 2_000, 5_000, 10_000),
    probe: int = 2_000,
    config: TopicConfig | None = None,
    question: str | None = None,
) -> pd.DataFrame:
    """Estimate the replicability of topics by sample size, on a probe that no fit sees.

    The respondents are split into two halves and a probe, which no fit sees. Topics are fitted to
    growing samples of each half, and the probe is put on each.

    Parameters
    ----------
    source : path, or sequence of path
        As for :func:`scale_study`.
    encoder : Encoder
        For example :func:`iapt_topics.sentence_encoder`.
    sizes : sequence of int
        Rows of each sample; two fits for each.
    probe : int, default 2,000
        Rows of the probe.
    config : TopicConfig, optional
        How topics are fitted.
    question : str, optional
        The question to keep, if the survey has several.

    Returns
    -------
    DataFrame
        Two rows for each size: ``size``; ``between`` ("halves": with the fit on the other half, of
        the same size; "largest": with the largest fit on the other half); ``estimate`` (adjusted
        mutual information of the two on the probe), ``low``, ``high`` (95 %, for the draw of the
        probe alone); ``rand`` (adjusted Rand index); ``n`` (responses of the probe); ``n_topics``,
        ``n_topics_other``; ``note``. A size is enough where "largest" no longer rises.

    Raises
    ------
    InputError
        As for :func:`scale_study`, or if a half has fewer rows than the largest size.

    References
    ----------
    Lange, Roth, Braun and Buhmann (2004), "Stability-based validation of clustering solutions",
    Neural Computation 16:1299-1323. Vinh, Epps and Bailey (2010), JMLR 11:2837-2854.
    """
    config = config or TopicConfig()
    paths = find_partitions(source)
    scans = [scan(p, question, (), config.seed) for p in paths]
    check_scans(scans, [p.name for p in paths])
    person, response, year = join_scans(scans)
    part = person % np.uint64(_PARTS)
    half_of = [np.flatnonzero(part < 2), np.flatnonzero((part >= 2) & (part < 4))]
    least = min(map(len, half_of))
    if max(sizes) > least or min(sizes) < 2:
        raise InputError(
            "sizes", f"must be from 2 to the {least} rows of a half", listed(sizes),
            "Leave the largest out.",
        )  # fmt: skip

    def embedded(of: Ints, size: int) -> tuple[Responses, Embeddings]:
        rows = of[draw(person[of], response[of], year[of], size)]
        drawn = take_rows(paths, scans, rows, question, ())
        return drawn, embed(drawn, encoder)

    _, probed = embedded(np.flatnonzero(part == 4), probe)

    def placed(half: int, size: int) -> tuple[Ints, int]:
        topics = fit_topics(*embedded(half_of[half], size), config)
        return place(topics, probed.vectors)[0], topics.n_topics

    return compare_fits(sorted(sizes), placed, len(probed.vectors), config.seed)


def agreement_interval(one: Ints, other: Ints, seed: int) -> tuple[float, float, float]:
    """Adjusted mutual information of two partitions; its interval, by the spread over draws."""
    from sklearn.metrics import adjusted_mutual_info_score

    rng = np.random.default_rng(seed)
    rows = [rng.integers(0, len(one), len(one)) for _ in range(200)]
    # Drawing a row twice makes its copies agree; the spread is that of the draws, not their middle.
    drawn = np.array([adjusted_mutual_info_score(one[r], other[r]) for r in rows])
    estimate = float(adjusted_mutual_info_score(one, other))
    half = 1.96 * float(drawn.std())
    return estimate, estimate - half, min(1.0, estimate + half)


def compare_fits(
    sizes: Sequence[int], placed: Callable[[int, int], tuple[Ints, int]], n_probe: int, seed: int
) -> pd.DataFrame:
    """Agreement of fits on two halves, and of each first half with the largest, on the probe.

    ``placed(half, size)`` gives the topic of each probe response and the number of topics.
    """
    from sklearn.metrics import adjusted_rand_score

    found = {(half, size): placed(half, size) for size in sizes for half in (0, 1)}
    largest = max(sizes)
    rows = []
    for size in sizes:
        pairs = {"halves": ((0, size), (1, size)), "largest": ((0, size), (1, largest))}
        for between, (a, b) in pairs.items():
            (one, n_one), (other, n_other) = found[a], found[b]
            estimate, low, high = agreement_interval(one, other, seed)
            rows.append(
                {
                    "size": size, "between": between, "estimate": estimate, "low": low,
                    "high": high, "rand": float(adjusted_rand_score(one, other)), "n": n_probe,
                    "n_topics": n_one, "n_topics_other": n_other, "note": "",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)
