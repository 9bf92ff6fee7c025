"""Two coders side by side on the responses both saw: per theme, per response, and overall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._agreement_tables import (
    Bools,
    convergence_table,
    matches_table,
    overall_table,
    resample,
    themes_table,
)
from iapt_topics._checks import InputError
from iapt_topics.codes import Codes
from iapt_topics.inference import cluster_weights


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Comparison:
    """How far two coders agree. Made by :func:`compare_codes`.

    Shares, differences and measures are fractions. ``low`` and ``high`` bound 95 % percentile
    intervals from a bootstrap over respondents. ``note`` is "" or says what limits a row.

    Attributes
    ----------
    reference, other : str
        Names of the coders, e.g. a person and the machine.
    overall : pandas.DataFrame
        Key ``measure``, in the order ``alpha_masi``, ``alpha_jaccard``, ``f1_samples``,
        ``f1_micro``, ``f1_macro``; ``estimate``, ``low``, ``high``, ``n`` (responses), ``chance``
        (mean over 200 permutations of the other's rows), ``note``. A response without a theme
        from either coder counts as full agreement in the alphas and ``f1_samples``. ``f1_macro``
        is over themes with at least 10 positives of the reference.
    themes : pandas.DataFrame
        Key ``theme``, in the order of the reference's themes, then those only the other could
        give; ``label``, ``n``, ``positives_reference``, ``positives_other``, ``share_reference``,
        ``share_other``, ``precision`` and ``recall`` (of the other against the reference),
        ``f1``, ``f1_low``, ``f1_high``, ``negative_agreement``, ``kappa``, ``kappa_low``,
        ``kappa_high``, ``ac1``, ``pabak``, ``note``. With fewer than 10 positives of either
        coder, kappa and its interval are NaN. AC1 and PABAK can be high without any overlap on a
        rare theme: read them beside F1.
    matches : pandas.DataFrame
        Key ``reference_theme``, ``other_theme``: every pair given to a common response, in the
        order of the reference's themes, then by falling ``f1``; ``f1``, ``n_both`` (responses
        with both), ``matched`` (the pair is in the one-to-one assignment with the highest total
        F1).
    convergence : pandas.DataFrame
        Key ``theme``, in the order of ``themes``; ``label``, ``rating``, ``f1``,
        ``share_difference`` (other less reference, on the same responses) with its ``low`` and
        ``high``, ``n``, ``note`` (the ground of the rating), ``rater`` (""; for the named person
        who confirms or changes the rating). Proposed ratings, the first that applies:

        - "not estimable": fewer than 10 positives of both, or kappa not defined;
        - "silent": fewer than 10 positives of one;
        - "agreement": kappa at least 0.6 and the theme matched one-to-one with itself;
        - "complementary": kappa at least 0.2;
        - "dissonant": kappa below 0.2.
    n : int
        Responses both saw.

    References
    ----------
    Towler L et al. (2023). *Front Public Health* 11:1268223 (convergence ratings).
    Marchal M, Scholman M, Yung F, Demberg V (2022). Establishing annotation quality in multi-label
    annotations. *Proc COLING 2022* (chance by resampling).
    """

    reference: str
    other: str
    overall: pd.DataFrame
    themes: pd.DataFrame
    matches: pd.DataFrame
    convergence: pd.DataFrame
    n: int


def compare_codes(human: Codes, machine: Codes, *, n_boot: int = 1000, seed: int = 0) -> Comparison:
    """Compare two coders on the responses both saw.

    Parameters
    ----------
    human : Codes
        The reference. May be a machine too.
    machine : Codes
        The other coder. May be a second person, which shows how far people agree.
    n_boot : int
        Bootstrap draws, of respondents; at most 200 of them are used for the alphas.
    seed : int
        Seed of the bootstrap and of the permutations.

    Returns
    -------
    Comparison
        Over the themes that either could give. A theme that one could not give counts as never
        given by that coder, and its note says so.

    Raises
    ------
    InputError
        If there is no response that both saw, or ``n_boot`` is below 1.

    Notes
    -----
    Respondents are taken from ``human`` where known, else from ``machine``, else each response
    stands for its own. Chance is the mean over permutations of the other's rows among responses.

    Examples
    --------
    >>> seen = pd.DataFrame({"response_id": list("abcd"), "respondent_id": list("pqrs")})
    >>> given = pd.DataFrame({"response_id": ["a", "b"], "theme": "S1", "score": np.nan})
    >>> one = Codes(coder="one", kind="human", themes=("S1",), seen=seen, table=given)
    >>> two = Codes(coder="two", kind="human", themes=("S1",), seen=seen, table=given[:1])
    >>> compare_codes(one, two, n_boot=20).themes[["theme", "precision", "recall"]].values.tolist()
    [['S1', 1.0, 0.5]]
    """
    ids, clusters, caveat = _common(human, machine)
    themes = tuple(dict.fromkeys([*human.themes, *machine.themes]))
    x, y = (_cells(codes, ids, themes) for codes in (human, machine))
    pair = resample(x, y, cluster_weights(clusters, n_boot, seed))
    limits = [_limit(t, human, machine) for t in themes]
    names = [human.labels.get(t) or machine.labels.get(t) or t for t in themes]
    table = themes_table(pair, themes, names, limits)
    matches, partner = matches_table(pair, themes)
    return Comparison(
        reference=human.coder,
        other=machine.coder,
        overall=overall_table(pair, caveat, sum(map(bool, limits)), seed),
        themes=table,
        matches=matches,
        convergence=convergence_table(pair, table, partner, (human.coder, machine.coder)),
        n=len(ids),
    )


def _common(human: Codes, machine: Codes) -> tuple[list[str], NDArray[np.str_], str]:
    """Responses both saw, in sorted order, the respondent of each, and what to say of them."""
    own, others = (
        dict(zip(c.seen["response_id"], c.seen["respondent_id"], strict=True))
        for c in (human, machine)
    )
    ids = sorted(own.keys() & others.keys())
    left = (len(own) - len(ids), len(others) - len(ids))
    if not ids:
        raise InputError(
            "the two codings",
            "must have responses that both coders saw",
            f"none ({left[0]} seen by {human.coder!r} only, {left[1]} by {machine.coder!r} only)",
            "Use the same response ids in both.",
        )
    notes = []
    if any(left):
        notes.append(
            f"left out: {left[0]} responses seen by {human.coder} only"
            f" and {left[1]} by {machine.coder} only"
        )
    differ = sum(bool(own[i]) and bool(others[i]) and own[i] != others[i] for i in ids)
    if differ:
        notes.append(f"respondent ids differ for {differ} responses; those of {human.coder} used")
    known = [own[i] or others[i] for i in ids]
    unknown = known.count("")
    if unknown:
        notes.append(f"respondent unknown for {unknown} responses; each taken as its own")
    # The prefixes keep a response id apart from a respondent id of the same name.
    clusters = [f"p:{p}" if p else f"r:{i}" for p, i in zip(known, ids, strict=True)]
    return ids, np.array(clusters, dtype=np.str_), "; ".join(notes)


def _cells(codes: Codes, ids: list[str], themes: tuple[str, ...]) -> Bools:
    cells = np.zeros((len(ids), len(themes)), dtype=bool)
    place = {t: i for i, t in enumerate(themes)}
    cells[:, [place[t] for t in codes.themes]] = codes.matrix(ids)
    return cells


def _limit(theme: str, human: Codes, machine: Codes) -> str:
    able = [c.coder for c in (human, machine) if theme in c.themes]
    return "" if len(able) == 2 else f"only {able[0]} could give this"
