"""Theme by year and covariates as a regression, read as percentage points.

For each theme a logistic regression on the year and the covariates, with errors clustered by
respondent [1]_, and from it average marginal effects: how much the expected share would differ
if every response were of this level in place of the reference, all else as it is [2]_. Intervals
are by the delta method with Student's t on the number of respondents less one. It answers the
question that ``estimateEffect`` of R's stm answers for its topics; that one is a linear model [3]_,
which is also used here where the logistic one has no finite estimate.

References
----------
.. [1] Liang KY, Zeger SL (1986). Longitudinal data analysis using generalized linear models.
   *Biometrika* 73:13-22.
.. [2] Williams R (2012). Using the margins command to estimate and interpret adjusted predictions
   and marginal effects. *Stata Journal* 12:308-331.
.. [3] Roberts ME, Stewart BM, Tingley D (2019). stm: An R package for structural topic models.
   *J Stat Softw* 91(2).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Ints
from iapt_topics.drift.coded import join_codes
from iapt_topics.drift.tables import adjust_p
from iapt_topics.stats.share_model import FEW_POSITIVES
from iapt_topics.survey.respondents import name_levels, require_covariates

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.survey.responses import Responses

_COLUMNS = [
    *("theme", "covariate", "level", "reference", "estimate", "low", "high", "n"),
    *("p", "p_bh", "model", "note"),
]
#: Responses with the theme per coefficient, below which estimates are unsteady (Peduzzi et al.
#: 1996, J Clin Epidemiol 49:1373-1379).
_EVENTS_EACH = 10
_FEW_PEOPLE = 30
_EXTREME = 1e-6  # a fitted probability this near 0 or 1 is one that has no finite estimate


def theme_regression(
    codes: Codes,
    responses: Responses,
    covariates: Sequence[str] = (),
    *,
    baseline: int | None = None,
) -> pd.DataFrame:
    """Estimate average marginal effects from a logistic regression with clustered errors.

    Parameters
    ----------
    codes : Codes
        The codes of one coder.
    responses : Responses
        The survey.
    covariates : sequence of str
        Columns of the survey, such as role or service, each taken as levels (cut a number into
        bands first). Missing and blank cells are a level of their own.
    baseline : int, optional
        Reference year; the first coded year if None. Of a covariate the commonest level is the
        reference.

    Returns
    -------
    pandas.DataFrame
        Key (theme, covariate, level), ``covariate`` "year" first. ``estimate``: average marginal
        effect against ``reference`` as a fraction (0.10 is ten percentage points), ``low``,
        ``high`` (95 %); ``n`` responses of the level and the reference; ``p`` two-sided, ``p_bh``
        over all rows of the same covariate; ``model``: "logistic", "linear" or "none"; ``note``.
        A covariate with one level has one row, without an estimate.

    Raises
    ------
    InputError
        If no kept response was coded, a covariate is not a column of the survey, or the baseline is
        not a coded year.

    Notes
    -----
    Survey weights, if the survey has them, weight the fit and the averages.

    A level in which all or no responses have the theme separates the outcomes: the logistic
    estimate is infinite, and a linear probability model with the same errors takes its place.
    """
    if len(covariates):
        require_covariates(responses, covariates)
    coded = join_codes(codes, responses, baseline)
    factors = {"year": coded.table["year"].astype(str)}
    factors |= {name: name_levels(coded.table[name]) for name in covariates}
    design, terms = _design(factors, str(coded.baseline))
    weight = np.ones(len(coded.table)) if coded.weight is None else coded.weight
    weight = weight / weight.mean()
    live, rows = [term for term in terms if "place" in term], []
    for j, theme in enumerate(codes.themes):
        fitted = iter(_effects(coded.given[:, j].astype(float), design, live, coded.person, weight))
        rows += [{"theme": theme} | (next(fitted) if "place" in term else term) for term in terms]
    return adjust_p(pd.DataFrame(rows), ["covariate"])[_COLUMNS]


def _design(factors: dict[str, pd.Series], base: str) -> tuple[Floats, list[dict[str, Any]]]:
    """Return the dummy columns after a constant, and the terms that they and others stand for.

    ``place`` of a term is its column, ``siblings`` the columns of the same covariate; a term that
    was left out has neither, and stands after those of its covariate that have.
    """
    n = len(next(iter(factors.values())))
    columns: list[Floats] = [np.ones(n)]
    terms: list[dict[str, Any]] = []
    for name, values in factors.items():
        counts = values.value_counts()
        most = counts.max()
        reference = base if name == "year" else min(counts[counts == most].index)
        common = {"covariate": name, "reference": reference}
        if len(counts) == 1:
            said = f"Only one {'year' if name == 'year' else 'level or no value'}: no effect."
            terms.append(common | {"level": reference, "n": n} | _none(said))
            continue
        here: list[dict[str, Any]] = []
        skipped: list[dict[str, Any]] = []
        for level in sorted(counts.index.drop(reference)):
            dummy = (values == level).to_numpy(float)
            term = common | {"level": level, "n": int(counts[level] + counts[reference])}
            if np.linalg.matrix_rank(np.column_stack([*columns, dummy])) <= len(columns):
                said = "Aliased with the other covariates: excluded."
                skipped.append(term | _none(said))
                continue
            small = "" if counts[level] >= FEW_POSITIVES else f"n of the level is {counts[level]}."
            here.append(term | {"note": small, "place": len(columns)})
            columns.append(dummy)
        siblings = [term["place"] for term in here]
        terms += [*(term | {"siblings": siblings} for term in here), *skipped]
    return np.column_stack(columns), terms


def _none(note: str) -> dict[str, Any]:
    nan = dict.fromkeys(("estimate", "low", "high", "p"), float("nan"))
    return nan | {"model": "none", "note": note}


def _effects(
    y: Floats,
    design: Floats,
    terms: list[dict[str, Any]],
    person: Ints,
    weight: Floats,
) -> list[dict[str, Any]]:
    """Fit one theme and return a row for each term."""
    from scipy.stats import t as student

    if not terms:
        return []
    n, k = design.shape
    rarer, people = int(min(y.sum(), n - y.sum())), int(person.max()) + 1
    shared = [{x: term[x] for x in ("covariate", "reference", "level", "n")} for term in terms]
    if rarer < FEW_POSITIVES or people <= k:
        which = "with the theme" if y.sum() <= n / 2 else "without the theme"
        said = f"Fewer than {FEW_POSITIVES} responses {which}."
        said = said if rarer < FEW_POSITIVES else f"{people} respondents for {k} coefficients."
        return [row | _none(said) for row in shared]
    model, coefficients, covariance = _fit(y, design, person, weight)
    notes = []
    if model == "linear":
        notes.append("Complete separation at a level: linear model, interval too narrow.")
    elif rarer < _EVENTS_EACH * k:
        notes.append(f"Fewer than {_EVENTS_EACH} responses with the theme per coefficient.")
    if people < _FEW_PEOPLE:
        notes.append(f"Fewer than {_FEW_PEOPLE} respondents.")
    rows = []
    for row, term in zip(shared, terms, strict=True):
        off = design.copy()
        off[:, term["siblings"]] = 0
        on = off.copy()
        on[:, term["place"]] = 1
        if model == "linear":
            effect, slope = coefficients[term["place"]], weight @ (on - off) / n
        else:
            share_on, share_off = (1 / (1 + np.exp(-x @ coefficients)) for x in (on, off))
            effect = weight @ (share_on - share_off) / n
            slope = (weight * share_on * (1 - share_on)) @ on / n
            slope = slope - (weight * share_off * (1 - share_off)) @ off / n
        se = float(np.sqrt(max(slope @ covariance @ slope, 0.0)))
        half = float(student.ppf(0.975, people - 1)) * se
        p = float(2 * student.sf(abs(effect) / se, people - 1)) if se > 0 else 1.0
        note = " ".join(filter(None, [term["note"], *notes]))
        limits = {"estimate": float(effect), "low": effect - half, "high": effect + half}
        rows.append(row | limits | {"p": p, "model": model, "note": note})
    return rows


def _fit(y: Floats, design: Floats, person: Ints, weight: Floats) -> tuple[str, Floats, Floats]:
    """Coefficients and their clustered covariance: logistic, or linear where that is infinite."""
    import statsmodels.api as sm

    clustered = {"cov_type": "cluster", "cov_kwds": {"groups": person}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of separation, which is looked for here
        fit = sm.GLM(y, design, family=sm.families.Binomial(), var_weights=weight).fit(**clustered)
        fitted = np.asarray(fit.fittedvalues)
        if fit.converged and fitted.min() > _EXTREME and fitted.max() < 1 - _EXTREME:
            return "logistic", np.asarray(fit.params), np.asarray(fit.cov_params())
        linear = sm.WLS(y, design, weights=weight).fit(**clustered)
    return "linear", np.asarray(linear.params), np.asarray(linear.cov_params())
