"""Prevalence of each theme by survey year: intervals, changes, trends and distances.

One method serves the shares, changes and trends, and reduces to a published one whenever every
respondent gave a single response:

* **Design effect.** For each theme and year the variance of the share is taken between
  respondents and divided by the binomial variance. The responses count as ``n`` divided by that
  ratio (never less than 1). A year with fewer than 20 positives (or negatives) cannot estimate
  the ratio and takes that of all years together; a theme with fewer than 5 over all years takes
  each respondent's answers to be alike, the largest ratio there can be [1]_ [2]_.
* **Shares.** Wilson's score interval; Jeffreys' on the effective number where somebody gave several
  responses of the year or responses are weighted, since Wilson's is then too wide for a rare
  theme [3]_ [14]_.
* **Changes and slopes.** The limits of the years are combined by the square-and-add rule,
  with the correlation between years that comes from respondents seen in both [4]_ [5]_ [6]_. For
  two independent samples this is Newcombe's hybrid score interval. No bootstrap is used
  for these, since its interval has no width at a count of 0.
* **p-values.** Score tests (variance at the pooled share) on the same effective numbers and
  correlations: for independent respondents the two-sample z test, Pearson's chi-square across
  years and the Cochran-Armitage test for trend [1]_.
  Where respondents recur, the test of all years has Hotelling's F for its reference [15]_,
  since the correlation of the years is estimated from them.
* **Shape.** A test that assumes no straight line takes the best-supported contrast among a
  line, a step at each year and a peak or trough at each inner year, and refers it to the joint
  normal distribution of them all, by 20,000 draws; its interval is simultaneous [7]_ [8]_ [9]_.
* **Change points.** With eight coded years or more, binary segmentation: the step that stands out
  most, by the same test over steps alone, then within the parts on either side of it as long as
  the step before was found after Benjamini-Hochberg [10]_ [11]_.
* **Weights.** Where the survey has a column ``weight``, shares are weighted, and the design effect
  is that of the linearised weighted share.
* **Assignment.** Given other codings of the same responses that were equally likely, such as those
  of the runs behind a consensus, the covariance of the shares between them is added to that of
  sampling [12]_ [13]_.
* **Coding error.** Given hand codes of a random sample, shares are corrected as
  :mod:`iapt_topics.drift.prevalence` says; where respondents recur, the years go together as
  :mod:`iapt_topics.drift.recurring` says; p-values take a quarter of the corrected interval's
  width (more exactly, its width over 3.92) for the standard error.
* **Distances.** Bootstrap and permutation of whole respondents. They allow for sampling only, and
  are those of the codes as given.

References
----------
.. [1] Rao JNK, Scott AJ (1992). A simple method for the analysis of clustered binary data.
   *Biometrics* 48:577-585.
.. [2] Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected
   number of positive counts estimated from survey data. *Survey Methodology* 24:193-201.
.. [3] Wilson EB (1927). *J Am Stat Assoc* 22:209-212.
.. [4] Newcombe RG (1998). Interval estimation for the difference between independent
   proportions. *Stat Med* 17:873-890 (independent) and 17:2635-2650 (paired).
.. [5] Zou GY, Donner A (2008). Construction of confidence limits about effect measures: a general
   approach. *Stat Med* 27:1693-1702.
.. [6] Zou GY, Huang W, Zhang X (2009). A note on confidence interval estimation for a linear
   function of binomial proportions. *Comput Stat Data Anal* 53:1080-1085.
.. [7] Bretz F, Hothorn LA (2001). Testing dose-response relationships with a priori unknown,
   possibly nonmonotone shapes. *J Biopharm Stat* 11:193-207.
.. [8] Bretz F, Hothorn LA (2002). Detecting dose-response using contrasts: asymptotic power and
   sample size determination for binomial data. *Stat Med* 21:3325-3335.
.. [9] Hothorn T, Bretz F, Westfall P (2008). Simultaneous inference in general parametric models.
   *Biom J* 50:346-363.
.. [10] Scott AJ, Knott M (1974). A cluster analysis method for grouping means in the analysis of
   variance. *Biometrics* 30:507-512.
.. [11] Vostrikova LJ (1981). Detecting "disorder" in multidimensional random processes. *Soviet
   Math Dokl* 24:55-59.
.. [12] Rubin DB (1987). *Multiple Imputation for Nonresponse in Surveys*. Wiley.
.. [13] Treier S, Jackman S (2008). Democracy as a latent variable. *Am J Polit Sci* 52:201-217.
.. [14] Brown LD, Cai TT, DasGupta A (2001). Interval estimation for a binomial proportion.
   *Statist Sci* 16:101-133.
.. [15] Hotelling H (1931). The generalization of Student's ratio. *Ann Math Stat* 2:360-378.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Floats
from iapt_topics._base.errors import InputError, require_columns
from iapt_topics._base.result import Result
from iapt_topics.codes.hand_sample import hand_sample
from iapt_topics.drift.coded import CodedResponses, find_baseline, join_codes
from iapt_topics.drift.prevalence import shares_by_hand
from iapt_topics.drift.recurring import corrected_correlation
from iapt_topics.drift.tables import (
    COLUMNS,
    Prevalence,
    changepoints_table,
    changes_table,
    distances_table,
    shares_table,
    sources_table,
    trends_table,
)
from iapt_topics.drift.uncertainty import assignment_covariance, by_source, corrected_model
from iapt_topics.stats.share_model import ShareModel, YearSums, share_model

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.survey.responses import Responses


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Drift(Result):
    """Prevalence of themes by year, with changes, trend tests, change points and distances.

    Prevalence and changes are fractions (0.10 is ten percentage points). Intervals are 95 %.

    Attributes
    ----------
    shares : pandas.DataFrame
        Key (theme, year), every theme in every year, by theme (order of ``themes``) then year.
        ``count`` responses with the theme; ``n`` kept responses that were coded in that year (the
        denominator); ``estimate`` = count / n, or the weighted or corrected proportion, with
        ``low``, ``high``; ``n_respondents`` respondents behind ``n``; ``n_effective`` the effective
        sample size (``n`` over the design effect, smaller still with draws; with hand codes the
        number that tests rest on); ``note``. A year with no coded response has n = 0 and NaN.
    changes : pandas.DataFrame
        Key (kind, theme, year), in that order. ``kind`` "baseline" compares each other coded year
        with the baseline, "previous" with the coded year before; ``against`` is the year compared
        with. ``estimate`` = prevalence in ``year`` minus that in ``against``; ``low``, ``high``;
        ``n`` responses in both years together; ``p`` two-sided; ``p_bh`` (Benjamini-Hochberg) and
        ``p_holm`` over all themes and years of the same kind, which ``family`` says in words (so in
        the tables below); ``smallest_detectable`` the change in
        prevalence that is detectable at these effective sample sizes with 80 % power at the
        two-sided 5 % level (it takes the years as independent); ``note``. Empty with fewer than two
        coded years.
    trends : pandas.DataFrame
        Key (test, theme), in that order. ``test`` "omnibus": is prevalence equal in all years?
        ``estimate`` = highest minus lowest prevalence, which has no interval (NaN, said in the
        note). "linear": least-squares slope of prevalence per calendar year, ``low``, ``high``.
        "shape": the best-supported line, step or peak, named in ``shape``; ``estimate`` = its
        height as a difference in prevalence, ``low``, ``high`` simultaneous over all shapes. ``n``
        responses of all years; ``p``; ``p_bh``, ``p_holm`` over all themes of the same test;
        ``smallest_detectable`` the slope or height that these effective numbers would detect with
        80 % power at the 5 % level, for "omnibus" the range if only the two years with the smallest
        numbers differ; ``note``. Empty with fewer than two coded years.
    changepoints : pandas.DataFrame
        Key (theme, depth, first), in that order; one row for each stretch of years (``first`` to
        ``last``) in which a step change was searched for. ``year`` first year after the
        best-supported step; ``estimate`` = prevalence from then on minus before, in the stretch;
        ``low``, ``high`` simultaneous over all steps; ``depth`` 0 for all years, 1 for the parts
        on either side of a step found (``p_bh`` below .05) at depth 0, and so on; ``n``; ``p``;
        ``p_bh``, ``p_holm`` over all stretches of one depth; ``smallest_detectable``; ``note``.
        Empty with fewer than eight coded years.
    distances : pandas.DataFrame
        Key (year, against), in that order; every coded year against the baseline and the year
        before. ``estimate`` = Jensen-Shannon distance (base 2, 0 to 1) between the years'
        distributions of all codes (responses with no theme do not enter). Noise raises a distance,
        so read it beside ``null_p95``, the 95th percentile when whole respondents are permuted
        between the two years, and ``p`` from the same 500 permutations, ``p_bh`` and ``p_holm``
        over all pairs of years. ``corrected``: the
        distance less what noise adds, with its interval ``low``, ``high`` by a basic bootstrap
        over respondents on the square; ``estimate`` can lie above both. ``n`` responses in both
        years. NaN, with a note, when a year has no theme at all.
    sources : pandas.DataFrame
        Key (measure, theme, year, source), in that order; empty without ``draws`` and ``human``.
        ``measure`` "change" (against the baseline) or "share"; ``source`` "sampling", "assignment"
        (if there are draws), "coding" (if there are hand codes), "together" (as in ``shares`` and
        ``changes``); ``estimate``, ``low``, ``high``, with the uncertainty of that source alone;
        ``n``; ``note``. The estimates of "coding" and "together" are corrected.
    baseline : int
        Baseline year.
    years : tuple of int
        Every year with kept responses, rising.
    themes : tuple of str
        Theme ids in the order of the codes.
    coder : str
        Name of the coder whose codes were measured.
    """

    shares: pd.DataFrame
    changes: pd.DataFrame
    trends: pd.DataFrame
    changepoints: pd.DataFrame
    distances: pd.DataFrame
    sources: pd.DataFrame
    baseline: int
    years: tuple[int, ...]
    themes: tuple[str, ...]
    coder: str

    def __post_init__(self) -> None:
        for name in COLUMNS:
            require_columns(getattr(self, name), COLUMNS[name], f"Drift.{name}")
        if self.baseline not in self.years:
            got = str(self.baseline)
            raise InputError("baseline", "must be one of the years", got, "Use one of them.")

    _view = (
        "shares: theme year count n estimate low high note",
        "changes: theme year against kind estimate low high n p p_bh note",
        "trends: theme test estimate low high n p p_bh shape note",
    )

    def _title(self) -> str:
        return f"Drift of {len(self.themes)} themes over {len(self.years)} years, {self.coder}"

    def _picture(self) -> str:
        from iapt_topics.figures.notebook import as_picture
        from iapt_topics.figures.shares import drift_figure

        return as_picture(self._title(), lambda: drift_figure(self.shares))


def measure_drift(
    codes: Codes,
    responses: Responses,
    *,
    baseline: int | None = None,
    draws: Sequence[Codes] = (),
    human: Codes | None = None,
    n_boot: int = 1000,
    seed: int = 7,
) -> Drift:
    """Estimate prevalence by year with design-based intervals, trend tests and change points.

    The denominator of a year is its kept coded responses. The two are joined on
    response_id; responses on one side only are counted in the notes of ``shares``. Rows may come
    in any order. See the module's notes for the methods.

    Parameters
    ----------
    codes : Codes
        The codes of one coder.
    responses : Responses
        The survey.
    baseline : int, optional
        Year to compare with; the first coded year if None.
    draws : sequence of Codes, optional
        At least two other codings of the same responses by the same themes, each as likely as the
        next. How far they differ widens the intervals of prevalence, changes and trends;
        ``sources`` shows by how much. For topics, those of the runs behind the consensus:
        ``[topic_codes(topics, responses, run=run) for run in topics.votes]``.
    human : Codes, optional
        Hand codes of a random sample of the responses, drawn over all years or within each.
        Prevalence, changes and trends are then those of :func:`iapt_topics.corrected_shares`, whose
        intervals carry sampling and coding error; a theme or year that cannot be corrected keeps
        the machine's prevalence and says so. ``sources`` has the parts.
    n_boot : int
        Bootstrap draws for the intervals of ``distances``, at least 1. The other intervals are
        worked out exactly as the module's notes say and need no draws.
    seed : int, default 7
        Seed of the bootstrap and the permutations, at least 0.

    Returns
    -------
    Drift
        Prevalence, changes, trends, change points and distances, each with intervals and notes.

    Raises
    ------
    InputError
        If no kept response was coded, the baseline is not a coded year, ``n_boot`` or ``seed`` is
        out of range, or ``draws`` is a single one or lacks a response or theme.
    """
    _require_draws(n_boot, seed)
    coded = join_codes(codes, responses, baseline)
    sums = coded.sum_cells()
    sampling = share_model(sums)
    marks = [[""] * len(coded.themes) for _ in coded.years]
    corrected = None
    if human is not None:
        _, corrected, marks = corrected_years(codes, human, responses, sampling, coded)
    if coded.weight is not None:
        marks = _weighted(sampling, marks)
    prevalence = Prevalence(
        sums=sums,
        models=by_source(sampling, _between(draws, coded), corrected),
        themes=coded.themes,
        years=coded.years,
        at_base=coded.at_base,
        notes=coded.notes,
        marks=marks,
    )
    return _tabulate(prevalence, codes.coder, n_boot, seed)


def drift_of_sums(
    sums: YearSums,
    themes: tuple[str, ...],
    years: NDArray[np.int64],
    *,
    weighted: bool,
    baseline: int | None,
    coder: str,
    n_boot: int,
    seed: int,
) -> Drift:
    """What :func:`measure_drift` makes of codes, from their sums by respondent and year."""
    _require_draws(n_boot, seed)
    sampling = share_model(sums)
    marks = [[""] * len(themes) for _ in years]
    prevalence = Prevalence(
        sums=sums,
        models=by_source(sampling, None, None),
        themes=themes,
        years=years,
        at_base=find_baseline(baseline, years),
        notes={int(y): [] for y in years},
        marks=_weighted(sampling, marks) if weighted else marks,
    )
    return _tabulate(prevalence, coder, n_boot, seed)


def _require_draws(n_boot: int, seed: int) -> None:
    if n_boot < 1 or seed < 0:
        raise InputError(
            "n_boot and seed", "must be at least 1 and at least 0", f"{n_boot} and {seed}",
            "Use e.g. n_boot=1000, seed=7.",
        )  # fmt: skip


def _weighted(sampling: ShareModel, marks: list[list[str]]) -> list[list[str]]:
    """Say of each weighted share, by year and theme, as how many equal responses it is as sure."""
    return [
        [f"Weighted: effective sample size {x:.0f}. {mark}".strip() for x, mark in row]
        for row in (zip(*pair, strict=True) for pair in zip(sampling.effective, marks, strict=True))
    ]


def _tabulate(prevalence: Prevalence, coder: str, n_boot: int, seed: int) -> Drift:
    """Make every table."""
    at_base, n = prevalence.at_base, len(prevalence.years)
    pairs = [("baseline", i, at_base) for i in range(n) if i != at_base]
    pairs += [("previous", i, i - 1) for i in range(1, n)]
    return Drift(
        shares=shares_table(prevalence),
        changes=changes_table(prevalence, pairs),
        trends=trends_table(prevalence, seed),
        changepoints=changepoints_table(prevalence, seed),
        distances=distances_table(prevalence, pairs, n_boot, seed),
        sources=sources_table(
            prevalence.sums, prevalence.models, prevalence.themes, prevalence.years, at_base
        ),
        baseline=int(prevalence.years[at_base]),
        years=tuple(prevalence.notes),
        themes=prevalence.themes,
        coder=coder,
    )


def _between(draws: Sequence[Codes], coded: CodedResponses) -> Floats | None:
    """Covariance of the shares between the draws."""
    if not draws:
        return None
    if len(draws) < 2:
        raise InputError("draws", "must be two or more", "one", "Give several, or none.")
    ids = coded.table["response_id"].tolist()
    by_year = np.zeros((len(coded.years), len(ids)))
    by_year[coded.year, np.arange(len(ids))] = 1.0 if coded.weight is None else coded.weight
    size = by_year.sum(axis=1, keepdims=True)
    return assignment_covariance([by_year @ d.matrix(ids, coded.themes) / size for d in draws])


def corrected_years(
    codes: Codes, human: Codes, responses: Responses, sampling: ShareModel, coded: CodedResponses
) -> tuple[pd.DataFrame, ShareModel, list[list[str]]]:
    """Shares corrected by hand codes: by year and theme, as a model, and what was done to each."""
    sample = hand_sample(codes, human, responses)
    table = shares_by_hand(codes, human, responses, methods=["corrected"], sample=sample)
    table = table.set_index(["year", "theme"])
    table = table.reindex(pd.MultiIndex.from_product([coded.years, coded.themes]))
    table["said"] = [
        f"Corrected from {machine:.1%} by {n_human:.0f} hand-coded responses."
        if known
        else f"Not corrected: {note}."
        for known, machine, n_human, note in zip(
            table["estimate"].notna(), sampling.share.flat, table["n_human"], table["note"],
            strict=True,
        )
    ]  # fmt: skip
    by_year = {c: table[c].to_numpy().reshape(len(coded.years), -1) for c in table.columns}
    parts = (by_year[c].astype(float) for c in ("estimate", "low", "high", "variance"))
    recurring = corrected_correlation(codes, human, sample, coded.themes, coded.years)
    return table, corrected_model(sampling, *parts, recurring=recurring), by_year["said"].tolist()
