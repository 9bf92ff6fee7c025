"""How common each theme is, from machine codes on all responses and hand codes on some.

The machine's share of a theme is wrong by the errors that it makes. People's share from a random
sample is right, but wide. Together: of the responses that the machine gave a theme to, and of those
that it did not, the sample says how many have it; the survey says how many of each there are.

For codes of 0 and 1 this is one estimator under several names: double sampling [1]_, the
post-stratified or regression estimator of survey sampling [2]_, and prediction-powered inference
with its power tuned [3]_ [4]_. Against the hand-only share its standard error is about
``sqrt(1 - r**2 * (1 - n / N))``, with r the correlation of machine and hand codes, n the hand-coded
responses and N all of them [1]_: a poor machine cannot make it worse, nor a perfect one better than
coding everything by hand.

References
----------
.. [1] Tenenbein A (1970). A double sampling scheme for estimating from binomial data with
   misclassifications. *J Am Stat Assoc* 65:1350-1361.
.. [2] Särndal C-E, Swensson B, Wretman J (1992). *Model Assisted Survey Sampling*, chapters 7 and
   9. Springer.
.. [3] Angelopoulos AN, Bates S, Fannjiang C, Jordan MI, Zrnic T (2023). Prediction-powered
   inference. *Science* 382:669-674.
.. [4] Angelopoulos AN, Duchi JC, Zrnic T (2023). PPI++: Efficient prediction-powered inference.
   arXiv:2311.01453.
.. [5] Brown LD, Cai TT, DasGupta A (2001). Interval estimation for a binomial proportion. *Statist
   Sci* 16:101-133.
.. [6] Zou GY, Donner A (2008). Construction of confidence limits about effect measures: a general
   approach. *Stat Med* 27:1693-1702.
.. [7] Kish L (1965). *Survey Sampling*. Wiley.
.. [8] Horvitz DG, Thompson DJ (1952). A generalization of sampling without replacement from a
   finite universe. *J Am Stat Assoc* 47:663-685.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.errors import listed
from iapt_topics.codes.codes import Codes, spread
from iapt_topics.codes.hand_sample import HandSample, hand_sample
from iapt_topics.codes.proxies import APPLIED, FAR, NEAR, proxy_classes
from iapt_topics.stats.intervals import jeffreys_interval, wilson_interval
from iapt_topics.stats.resampling import design_effect, kish_size
from iapt_topics.survey.responses import Responses, cluster_ids

_COLUMNS = ["theme", "year", "method", "estimate", "low", "high", "n", "n_human", "note"]
#: Note on a theme whose hand-coded responses are no random sample, by the look of them.
NOT_RANDOM = "machine prevalence differs between hand-coded and all responses: check the sampling"
METHODS = ("corrected", "machine", "human")
_FEW_HUMAN = 30
_FEWEST_NEAR = 10
_ODD = 4.0  # standard errors beyond which a sample is not taken for random


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Domain:
    """The responses whose share is wanted: those of one year, or of all years together."""

    f: Bools  # (N, k) machine
    said: Ints  # (N, k) class by the machine's code and score
    y: Bools  # (N, k) hand, False where not coded by hand
    drawn: Bools  # (N,) hand-coded and a random draw from the responses not certain
    certain: Bools  # (N,) hand-coded on purpose: stands for itself alone
    weight: Floats  # (N,) of the survey
    design: Floats  # (N,) weight of a drawn response
    person: Ints  # (N,)


def corrected_shares(
    machine: Codes,
    human: Codes,
    responses: Responses,
    *,
    by_year: bool = True,
    scores: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Estimate prevalence by double sampling: machine codes corrected by random hand codes.

    Parameters
    ----------
    machine : Codes
        Codes of all kept responses, or of as many as are to be counted.
    human : Codes
        One person's codes (or agreed ones) of a random sample of them, drawn over all years,
        within each, or with the inclusion probabilities that the codes have. Responses in
        ``human.picked``, and those that the machine was trained on without cross-fitting, are not
        taken for a random sample: each stands for itself alone.
    responses : Responses
        The survey: years, respondents and, if it has a column ``weight``, the survey weights.
    by_year : bool
        Whether to estimate within each year, from its own hand codes. Otherwise over all years,
        each hand code weighted by the responses of its year that it stands for.
    scores : DataFrame, optional
        ``response_id``, ``theme``, ``score`` of all responses, as from
        :func:`iapt_topics.mapping.score_themes`: responses without a theme by the machine are then
        a class apart if their score is among the highest fifth, and 10 or more of them were coded
        by hand. Where scores tell what the machine misses, the interval is narrower.

    Returns
    -------
    pandas.DataFrame
        Key (``theme``, ``year``, ``method``), in the order of the themes, the years and
        "corrected", "machine", "human"; ``estimate`` with ``low`` and ``high`` (95 %), fractions;
        ``n`` responses counted (for "human", those that people coded); ``n_human``; ``note``.
        ``year`` is missing if not ``by_year``. Themes are those of ``human``, then those of the
        machine alone, which cannot be corrected (NaN).

    Raises
    ------
    InputError
        If codes are of responses that are not in the survey, if none that the machine coded is
        coded by hand, if none of these was drawn at random, or if a response has no score.

    Notes
    -----
    ``estimate`` is the sum over the machine's classes (with the theme, and without it) of their
    proportion among all responses times the theme's proportion among their hand-coded ones, each
    weighted by the inverse of its inclusion probability (Horvitz and Thompson 1952). The
    proportions among hand-coded ones have Jeffreys intervals, those of the classes Wilson's, on
    effective sample sizes that carry weights and the clustering of responses within respondents
    (and for those without the theme, in two classes by their scores, the number that gives the
    variance of both together); they are combined by the square-and-add rule. A machine class
    without hand codes in a year takes the estimate of all years, and its interval is the widest
    possible. Prevalence is that in the population that the responses were drawn from, as in
    ``measure_drift``: coding all responses by
    hand would not bring the width to 0.

    References
    ----------
    As for :mod:`iapt_topics.drift.prevalence`.

    Examples
    --------
    >>> from iapt_topics import Codes, Responses
    >>> ids = [f"r{i}" for i in range(100)]
    >>> table = pd.DataFrame({"response_id": ids, "respondent_id": ids, "year": 2016})
    >>> survey = Responses(
    ...     table=table.assign(question="", text="text", status="kept"), source="made up"
    ... )
    >>> def coded(coder, kind, seen, given):
    ...     seen = pd.DataFrame({"response_id": seen, "respondent_id": ""})
    ...     given = pd.DataFrame({"response_id": given, "theme": "S1", "score": np.nan})
    ...     return Codes(coder=coder, kind=kind, themes=("S1",), seen=seen, table=given)
    >>> machine = coded("machine", "machine", ids, ids[:30])
    >>> human = coded("person", "human", ids[20:40], ids[24:32])
    >>> shares = corrected_shares(machine, human, survey)
    >>> [round(s, 3) for s in shares["estimate"]]  # .3 * 6/10 + .7 * 2/10, 30/100, 8/20
    [0.32, 0.3, 0.4]
    """
    table = shares_by_hand(machine, human, responses, by_year=by_year, scores=scores)
    return table[_COLUMNS]


def shares_by_hand(
    machine: Codes,
    human: Codes,
    responses: Responses,
    *,
    by_year: bool = True,
    scores: pd.DataFrame | None = None,
    methods: Sequence[str] = METHODS,
    sample: HandSample | None = None,
) -> pd.DataFrame:
    """:func:`corrected_shares`, ``variance`` and ``odd``; of some ``methods`` alone if so asked.

    ``sample`` is what :func:`hand_sample` finds of the same codes, where the caller has it.

    ``variance`` is that of a share if no year's coding differs, ``odd`` whether the hand-coded
    responses look too unlike all of them, by the machine's codes, to be a random sample.

    The variance takes from all years how often the hand codes give the theme where the machine did
    and where it did not, as a test of no change must: one year's few hand codes may happen to hold
    no error.
    """
    sample = hand_sample(machine, human, responses) if sample is None else sample
    table, notes = sample.table, list(sample.notes)
    themes = (*human.themes, *(t for t in machine.themes if t not in human.themes))
    ids = table["response_id"].tolist()
    f, y = (spread(c, ids, themes)[0] for c in (machine, human))
    y &= sample.by_hand[:, None]
    weight = table["weight"].to_numpy(float) if "weight" in table else np.ones(len(table))
    whole = _Domain(
        f=f, y=y, drawn=sample.drawn, certain=sample.certain, weight=weight,
        said=proxy_classes(machine, ids, themes, scores), design=sample.design(weight),
        person=pd.factorize(cluster_ids(table))[0],
    )  # fmt: skip
    odd = _odd(whole, sample)
    years = table["year"].to_numpy()
    domains: list[tuple[object, _Domain]]
    if by_year:
        domains = [(int(v), _within(whole, years == v)) for v in np.unique(years)]
    else:
        # A year without a random hand code cannot be stood for.
        able = np.isin(years, years[sample.drawn])
        domains = [(pd.NA, _within(whole, able))]
        if gone := sorted({int(v) for v in years[~able]}):
            notes = [
                *notes,
                f"years without a random hand-coded response excluded: {listed(gone, 50)}",
            ]
    rows = []
    for j, theme in enumerate(themes):
        both = theme in human.themes
        extra = [*notes, *([odd[j]] if odd[j] else [])]
        if theme not in machine.themes:
            extra.append("not in the machine's code set")
        for year, domain in domains:
            n_human = int((domain.drawn | domain.certain).sum()) if both else 0
            for method in methods:
                estimate, low, high, variance, own = _estimate(whole, domain, j, method, both)
                n = n_human if method == "human" else len(domain.f)
                said = own if method == "machine" else [*own, *extra]
                row = (theme, year, method, estimate, low, high, n, n_human, "; ".join(said))
                rows.append((*row, variance, bool(odd[j])))
    out = pd.DataFrame(rows, columns=[*_COLUMNS, "variance", "odd"])
    return out.astype({"year": "int64" if by_year else "Int64"})


def _within(domain: _Domain, use: Bools) -> _Domain:
    return _Domain(**{f.name: getattr(domain, f.name)[use] for f in fields(domain)})


def _odd(whole: _Domain, sample: HandSample) -> list[str]:
    """Note each theme whose machine prevalence in the sample is far from that in all responses."""
    gap, variance = np.zeros((2, whole.f.shape[1]))
    years = sample.table["year"].to_numpy()
    design = sample.design(np.ones(len(years)))[:, None]
    for year in np.unique(years):
        rest = (years == year) & ~whole.certain
        drawn = rest & whole.drawn
        n, total = int(drawn.sum()), int(rest.sum())
        if not n:
            continue
        share = whole.f[rest].mean(axis=0)
        each = design[drawn] * n / total
        gap += (each * (whole.f[drawn] - share)).sum(axis=0)
        # At one rate this is the variance of the hypergeometric distribution.
        kept = (total - n) / max(total - 1, 1) if np.ptp(each) < 1e-9 else 1.0
        variance += (each**2).sum() * share * (1 - share) * kept
    # Where all were coded by hand both are 0 but for the last digits.
    far = np.abs(gap) > _ODD * np.sqrt(variance) + 1e-6 * len(years)
    return [NOT_RANDOM if is_far else "" for is_far in far]


def _estimate(
    whole: _Domain, domain: _Domain, j: int, method: str, by_hand: bool
) -> tuple[float, float, float, float, list[str]]:
    """Share of theme ``j`` with its interval, its variance without change, and notes."""
    f, y, weight = domain.f[:, j], domain.y[:, j], domain.weight
    if method == "machine":
        return *_combine(f.astype(float), domain, []), []
    none = (float("nan"),) * 4
    if not by_hand:
        return *none, ["not in the human code set"]
    n_drawn = int(domain.drawn.sum())
    if not n_drawn:
        return *none, ["no response of this year was drawn at random and hand-coded"]
    said, whole_said = domain.said[:, j], whole.said[:, j]
    if (domain.drawn & (said == NEAR)).sum() < _FEWEST_NEAR:
        said, whole_said = (np.where(v == NEAR, FAR, v) for v in (said, whole_said))
    if method == "human":
        said = np.zeros_like(said)
    notes = [f"only {n_drawn} random hand-coded responses"] if n_drawn < _FEW_HUMAN else []
    share, parts = y.astype(float), []
    steady = share.copy()
    error = np.zeros(len(y))
    found: dict[int, list[_Stratum]] = {}
    for kind in (APPLIED, NEAR, FAR):
        rest = ~domain.certain & (said == kind)
        if not rest.any():
            continue
        member = domain.drawn & rest
        mean = _mean(y, domain.design, member)
        pooled = _mean(whole.y[:, j], whole.design, whole.drawn & (whole_said == kind))
        if np.isnan(pooled):
            pooled = _mean(y, domain.design, domain.drawn)
        if np.isnan(mean):
            mean = pooled
            what = "coded with the theme" if kind == APPLIED else "coded without the theme"
            notes.append(f"no hand-coded response that the machine {what}; all years pooled")
        share[rest], steady[rest] = mean, pooled
        error[member] = y[member] - mean
        one = _Stratum(mean, pooled, weight[rest].sum() / weight.sum(), member)
        # What is likely to be missed and what is not share an interval: either has few positives.
        found.setdefault(FAR if kind == NEAR else kind, []).append(one)
    drawn = domain.drawn
    effect = design_effect(error[drawn], domain.design[drawn], domain.person[drawn])
    variance = 0.0
    for strata in found.values():
        n = np.array([kish_size(domain.design[s.member]) / effect for s in strata])
        parts.append(_class_limits(strata, n))
        variance += sum(
            s.size**2 * s.pooled * (1 - s.pooled) / max(k, 1.0)
            for s, k in zip(strata, n.tolist(), strict=True)
        )
    variance += _combine(steady, domain, parts)[3]
    return *_combine(share, domain, parts)[:3], variance, notes


class _Stratum(NamedTuple):
    """Responses drawn alike: the theme's rate by people, in this year and in all."""

    mean: float
    pooled: float
    size: float  # of all responses
    member: Bools  # (N,) hand codes


def _class_limits(strata: list[_Stratum], n: Floats) -> tuple[float, float]:
    """How far below and above the strata's part of prevalence its limits are.

    One interval for all of them, on the effective number that gives their variance: the sum of one
    for each would be too wide where each has few positives. The variance of a stratum is at its
    rate drawn towards that of all by one response, so that none without a positive is certain.
    """
    size, mean = (np.array([getattr(s, name) for s in strata]) for name in ("size", "mean"))
    part = size / size.sum()
    rate = float(np.clip(part @ mean, 0, 1))
    at = (mean * n + rate) / (n + 1)
    spread = float((part**2) @ np.divide(at * (1 - at), n, out=np.ones_like(n), where=n > 0))
    number = 1 / float((part**2) @ np.divide(1, n, out=np.full_like(n, np.inf), where=n > 0))
    if len(strata) > 1 and spread > 1e-12 and (n > 0).all():
        number = rate * (1 - rate) / spread
    low, high = jeffreys_interval(rate * number, number)
    whole = float(size.sum())
    return whole * (rate - float(low)), whole * (float(high) - rate)


def _mean(y: Bools, weight: Floats, use: Bools) -> float:
    return float(np.average(y[use], weights=weight[use])) if use.any() else float("nan")


def _combine(
    share: Floats, domain: _Domain, parts: list[tuple[float, float]]
) -> tuple[float, float, float, float]:
    """Weighted mean of the share of each response's class; its interval by square-and-add.

    The last is the part of the variance that is not in ``parts``.
    """
    weight = domain.weight / domain.weight.sum()
    estimate = float(weight @ share)
    error = share - estimate
    spread, binomial = float(weight @ error**2), estimate * (1 - estimate)
    # The spread between classes, as a share of the spread of single responses.
    ratio = max(spread / binomial, 1e-9) if binomial > 0 else 1.0
    few = 0 if parts else 5  # what is spread between classes is not counted in ones
    n = kish_size(weight) / design_effect(error, weight, domain.person, few) / ratio
    low, high = wilson_interval(estimate * n, n)
    parts = [*parts, (estimate - float(low), float(high) - estimate)]
    below, above = np.sqrt((np.array(parts) ** 2).sum(axis=0))
    limits = max(estimate - float(below), 0.0), min(estimate + float(above), 1.0)
    return estimate, *limits, binomial / n
