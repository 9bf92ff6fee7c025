"""Whether what looks like change can be the machine: its error by year, corrected change and trend.

A machine that finds more of a theme in one year than in another makes a change where there is none.
People's codes of a random sample tell. Two things follow from them: a test of whether the machine's
error differs between years, and changes that are corrected for it, year by year. The test alone
clears no change: with few hand codes it seldom finds an error that is there. So what is found rests
on the corrected change.

**Test.** Per theme, machine less person (-1, 0 or 1) on each hand-coded response: the mean of a
year is the machine's error in prevalence. The analysis of variance of these between years, with F
for reference, the residual variance taken between respondents where they gave several responses.
With one pooled variance it is Cochran's Q [1]_ of the yearly errors, and stays defined in a year
without any.

References
----------
.. [1] Cochran WG (1954). The combination of estimates from different experiments. *Biometrics*
   10:101-129.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics.codes.codes import spread
from iapt_topics.codes.hand_sample import hand_sample
from iapt_topics.drift.coded import join_codes
from iapt_topics.drift.drift import corrected_years
from iapt_topics.drift.tables import adjust_p, change_columns
from iapt_topics.drift.trends import trend_rows
from iapt_topics.stats.share_model import ShareModel, share_model
from iapt_topics.survey.responses import number_clusters

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.survey.responses import Responses

#: The tests that p of corrected changes and of errors is adjusted over.
FAMILY = "corrected change against the baseline: all themes and years"
ERROR_FAMILY = "machine error by year: all themes"
TREND_FAMILIES = {
    "omnibus": "any corrected difference between years: all themes",
    "linear": "corrected linear trend: all themes",
    "shape": "shape of the corrected trend: all themes",
}
_TRENDS = [
    *("theme", "test", "estimate", "low", "high", "p", "p_bh", "p_holm"),
    *("family", "smallest_detectable", "shape"),
]
_ERRORS = ["theme", "estimate", "n", "p", "p_bh", "p_holm", "family", "note"]
_FEW = 30


def error_by_year(machine: Codes, human: Codes, responses: Responses) -> pd.DataFrame:
    """Test whether the machine's error in prevalence differs between years.

    Parameters
    ----------
    machine : Codes
        The machine's codes.
    human : Codes
        One person's codes of a random sample of the same responses, weighted by the inverse of
        their inclusion probabilities, if they have any. Those in ``human.picked`` and those that
        the machine was trained on without cross-fitting are left out.
    responses : Responses
        The survey.

    Returns
    -------
    pandas.DataFrame
        Key ``theme``, those of both code sets, in the order of ``human``. ``estimate``: the largest
        less the smallest yearly error (machine prevalence less the person's on the same responses),
        a fraction; ``n`` hand-coded responses; ``p``, ``p_bh``, ``p_holm`` over the ``family``;
        ``note``. NaN with fewer than two years. A large ``p`` does not say that the error is the
        same in all years.

    Raises
    ------
    InputError
        If no response that the machine coded was drawn at random and coded by hand.

    References
    ----------
    As for :mod:`iapt_topics.drift.machine_error`.

    Examples
    --------
    >>> from iapt_topics import Codes, Responses
    >>> ids = [f"r{i}" for i in range(80)]
    >>> table = pd.DataFrame({"response_id": ids, "respondent_id": ids})
    >>> table["year"] = [2016] * 40 + [2017] * 40
    >>> survey = Responses(
    ...     table=table.assign(question="", text="text", status="kept"), source="made up"
    ... )
    >>> def coded(coder, kind, given):
    ...     seen = pd.DataFrame({"response_id": ids, "respondent_id": ""})
    ...     given = pd.DataFrame({"response_id": given, "theme": "S1", "score": np.nan})
    ...     return Codes(coder=coder, kind=kind, themes=("S1",), seen=seen, table=given)
    >>> human = coded("person", "human", ids[:20] + ids[40:60])
    >>> machine = coded("machine", "machine", ids[:10] + ids[40:60])  # misses 10, all of 2016
    >>> row = error_by_year(machine, human, survey).iloc[0]
    >>> [round(float(x), 4) for x in row[["estimate", "p"]]]  # F = 80 (.125**2) / (7.5 / 78) = 13
    [0.25, 0.0005]
    """
    sample = hand_sample(machine, human, responses)
    table = sample.table[sample.drawn]
    weight = sample.design(np.ones(len(sample.drawn)))[sample.drawn] if sample.known else None
    themes = tuple(t for t in human.themes if t in machine.themes)
    ids = table["response_id"].tolist()
    (f, _), (y, _) = (spread(codes, ids, themes) for codes in (machine, human))
    error = f.astype(float) - y
    years, year = np.unique(table["year"].to_numpy(np.int64), return_inverse=True)
    n, k = len(ids), len(years)
    note = f"only {n} hand-coded responses" if n < _FEW else ""
    out = pd.DataFrame({"theme": list(themes), "estimate": np.nan, "n": n, "p": np.nan})
    if k > 1 and n > k:
        weight = np.ones(n) if weight is None else weight
        each = weight * (np.bincount(year) / np.bincount(year, weight))[year]
        size = np.bincount(year)[:, None]
        mean = np.stack([np.bincount(year, each * e, k) for e in error.T], axis=1) / size
        out["estimate"] = mean.max(axis=0) - mean.min(axis=0)
        out["p"] = _p_between(error, mean, each, year, number_clusters(table))
    else:
        note = "hand-coded responses of one year alone"
    out = adjust_p(out).assign(family=ERROR_FAMILY, note=note)
    return out[_ERRORS]


def _p_between(error: Floats, mean: Floats, weight: Floats, year: Ints, person: Ints) -> Floats:
    """P of F that the yearly means are the same; 1 where the coders never differ.

    ``weight`` is 1 on average in each year. A year of unequal weights counts as fewer responses.
    """
    from scipy.special import fdtrc

    n, k = len(error), len(mean)
    size = (np.bincount(year, weight) ** 2 / np.bincount(year, weight**2))[:, None]
    rest = error - mean[year]
    # A year's mean has this variance over ``size``; for weights of 1 the residual variance.
    part = weight[:, None] * rest * np.sqrt(size / np.bincount(year)[:, None])[year]
    whole = np.stack([np.bincount(person, e) for e in part.T], axis=1)
    within, clustered = (part**2).sum(axis=0), (whole**2).sum(axis=0)
    variance = np.maximum(within, clustered) / (n - k)
    middle = (size * mean).sum(axis=0) / size.sum()
    between = (size * (mean - middle) ** 2).sum(axis=0) / (k - 1)
    some = variance > 0
    ratio = np.divide(between, variance, out=np.zeros_like(between), where=some)
    p = np.where(some, fdtrc(k - 1, n - k, ratio), 1.0)
    # Each year of one error throughout, and not the same one: as clear as can be.
    return np.asarray(np.where(~some & (between > 0), 0.0, p))


def corrected_tests(
    machine: Codes, human: Codes, responses: Responses, baseline: int | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Changes and trends of corrected prevalence, as ``measure_drift(human=)`` has them.

    Columns as :func:`change_tests` and :func:`trend_tests`.
    """
    coded = join_codes(machine, responses, baseline)
    sums = coded.sum_cells()
    table, model, _ = corrected_years(machine, human, responses, share_model(sums), coded)
    known = table["estimate"].notna().to_numpy().reshape(len(coded.years), -1)
    changes = change_tests(model, known, coded.themes, coded.years, coded.at_base)
    return changes, trend_tests(model, known, coded.themes, coded.years, sums.n)


def trend_tests(
    model: ShareModel,
    known: Bools,
    themes: Sequence[str],
    years: NDArray[np.int64],
    n: Floats,
    seed: int = 7,
) -> pd.DataFrame:
    """Tests over all years of the themes whose shares (Y, T) are known in all of them.

    ``n`` (Y,) is the responses of each year, which its weight in a trend rests on. Columns as in
    :class:`iapt_topics.Drift`, p in a family of each test's own.
    """
    if len(years) < 2:
        return pd.DataFrame({c: pd.Series([], dtype="float64") for c in _TRENDS})
    whole = known.all(axis=0)
    rows = []
    for found in trend_rows(model, years, n, seed):
        figures = ("estimate", "low", "high", "p", "smallest_detectable")
        columns = {c: np.where(whole, found[c], np.nan) for c in figures}
        shape = np.where(whole, found["shape"], "")
        head = {"theme": list(themes), "test": found["test"], "shape": shape}
        rows.append(pd.DataFrame(head | columns))
    table = adjust_p(pd.concat(rows, ignore_index=True), ["test"])
    return table.assign(family=table["test"].map(TREND_FAMILIES))[_TRENDS]


def change_tests(
    model: ShareModel,
    known: Bools,
    themes: Sequence[str],
    years: NDArray[np.int64],
    at_base: int,
) -> pd.DataFrame:
    """Changes against the baseline of the shares that are known (Y, T), with p in one family."""
    rows = []
    for at in (i for i in range(len(years)) if i != at_base):
        both = known[at] & known[at_base]
        change = change_columns(model, at, at_base)
        keys = {"year": int(years[at]), "against": int(years[at_base])}
        found = {name: np.where(both, value, np.nan) for name, value in change.items()}
        rows.append(pd.DataFrame({"theme": list(themes), **keys, **found}))
    columns = ["theme", "year", "against", "estimate", "low", "high", "p", "smallest_detectable"]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    return adjust_p(table).assign(family=FAMILY)
