"""Theme by year and covariates as a regression, read as percentage points.

For each theme a logistic regression on the year and the covariates, with errors clustered by
respondent [1]_, and from it average marginal effects: how much the expected share would differ
if every response were of this level in place of the reference, all else as it is [2]_. Intervals
are by the delta method with Student's t on the number of respondents less one. It answers the
question that ``estimateEffect`` of R's stm answers for its topics; that one is a linear model [3]_,
which is also used here where the logistic one has no finite estimate.

With people's codes of a random sample the machine's errors, which may depend on the year or a
covariate, are taken off by design-based supervised learning [4]_: each response counts as what the
machine's code says of it on average, plus, if it was drawn for hand coding, the error of that over
its chance of being drawn. The mean of this is people's prevalence in any group, whatever the
machine does there, and a linear model of it has people's coefficients.

References
----------
.. [1] Liang KY, Zeger SL (1986). Longitudinal data analysis using generalized linear models.
   *Biometrika* 73:13-22.
.. [2] Williams R (2012). Using the margins command to estimate and interpret adjusted predictions
   and marginal effects. *Stata Journal* 12:308-331.
.. [3] Roberts ME, Stewart BM, Tingley D (2019). stm: An R package for structural topic models.
   *J Stat Softw* 91(2).
.. [4] Egami N, Hinck M, Stewart BM, Wei H (2023). Using imperfect surrogates for downstream
   inference: design-based supervised learning for social science applications of large language
   models. *NeurIPS* 36.
.. [5] Ai C, Norton EC (2003). Interaction terms in logit and probit models. *Econ Lett* 80:123-129.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Ints
from iapt_topics._base.errors import InputError, listed
from iapt_topics.codes.codes import spread
from iapt_topics.codes.hand_sample import hand_sample
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
    human: Codes | None = None,
    interactions: Sequence[str] = (),
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
    human : Codes, optional
        One person's codes of a random sample of the responses, as for
        :func:`iapt_topics.corrected_shares`: the effects are then those on people's codes, by a
        linear model, and their intervals allow for the machine's errors.
    interactions : sequence of str
        Those of ``covariates`` whose levels may have changed unlike each other over the years.

    Returns
    -------
    pandas.DataFrame
        Key (theme, covariate, level), ``covariate`` "year" first. ``estimate``: average marginal
        effect against ``reference`` as a fraction (0.10 is ten percentage points), ``low``,
        ``high`` (95 %); ``n`` responses of the level and the reference; ``p`` two-sided, ``p_bh``
        over all rows of the same covariate; ``model``: "logistic", "linear",
        "corrected" (linear, with hand codes) or "none"; ``note``. A covariate with one level has
        one row, without an estimate. For each of ``interactions`` there are rows of the covariate
        "year:role", say, with ``level`` "2018:PWP" and ``reference`` "2014:HIT": by how much more
        the share changed between these years in that level than in the reference (a difference in
        differences: Ai and Norton 2003).

    Raises
    ------
    InputError
        If no kept response was coded, a covariate is not a column of the survey, an interaction is
        not of a covariate, or the baseline is not a coded year.

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
    if other := [name for name in interactions if name not in covariates]:
        raise InputError(
            "interactions", "must be covariates of the regression", listed(other),
            "Name them in covariates= too.",
        )  # fmt: skip
    design, terms, products = _design(factors, str(coded.baseline), interactions)
    weight = np.ones(len(coded.table)) if coded.weight is None else coded.weight
    weight = weight / weight.mean()
    live, rows = [term for term in terms if "place" in term], []
    outcomes = coded.given.astype(float)
    by_hand = None
    if human is not None:
        outcomes, by_hand = _by_people(codes, human, responses)
    for j, theme in enumerate(codes.themes):
        found = None if by_hand is None else by_hand[j]
        fitted = iter(_effects(outcomes[:, j], design, live, products, coded.person, weight, found))
        rows += [{"theme": theme} | (next(fitted) if "place" in term else term) for term in terms]
    return adjust_p(pd.DataFrame(rows), ["covariate"])[_COLUMNS]


def _design(
    factors: dict[str, pd.Series], base: str, interactions: Sequence[str]
) -> tuple[Floats, list[dict[str, Any]], list[tuple[int, int, int]]]:
    """Return the columns after a constant, the terms that they and others stand for, and products.

    ``place`` of a term is its column, ``siblings`` the columns of the same covariate, ``at`` the
    columns that are 1 and those that are 0 in each part of its contrast, with the part's sign; a
    term that was left out has none of these, and stands after those of its covariate that have.
    A product is its own column and the two that it is of.
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
        for term in here:
            at = [(1, [term["place"]]), (-1, [])]
            terms.append(term | {"siblings": siblings, "at": at})
        terms += skipped
    products: list[tuple[int, int, int]] = []
    for name in interactions:
        pairs = [
            (a, b)
            for a in terms
            for b in terms
            if (a["covariate"], b["covariate"]) == ("year", name) and "place" in a and "place" in b
        ]
        skipped = []
        for a, b in pairs:
            pair = [a["place"], b["place"]]
            dummy = columns[pair[0]] * columns[pair[1]]
            inside = factors["year"].isin([a["level"], a["reference"]])
            inside &= factors[name].isin([b["level"], b["reference"]])
            term = {"covariate": f"year:{name}", "n": int(inside.sum())}
            term |= {key: f"{a[key]}:{b[key]}" for key in ("level", "reference")}
            if np.linalg.matrix_rank(np.column_stack([*columns, dummy])) <= len(columns):
                skipped.append(term | _none("Aliased with the other covariates: excluded."))
                continue
            k = int(dummy.sum())
            note = "" if k >= FEW_POSITIVES else f"n of the level is {k}."
            at = [(1, pair), (-1, pair[:1]), (-1, pair[1:]), (1, [])]
            siblings = [*a["siblings"], *b["siblings"]]
            terms.append(
                term | {"note": note, "place": len(columns), "siblings": siblings, "at": at}
            )
            products.append((len(columns), *pair))
            columns.append(dummy)
        terms += skipped
    return np.column_stack(columns), terms, products


def _none(note: str) -> dict[str, Any]:
    nan = dict.fromkeys(("estimate", "low", "high", "p"), float("nan"))
    return nan | {"model": "none", "note": note}


def _effects(
    y: Floats,
    design: Floats,
    terms: list[dict[str, Any]],
    products: list[tuple[int, int, int]],
    person: Ints,
    weight: Floats,
    by_hand: tuple[int, int] | None,
) -> list[dict[str, Any]]:
    """Fit one theme and return a row for each term.

    ``by_hand`` is how many random hand codes have the theme, and how many have not, if ``y`` is
    corrected by them.
    """
    from scipy.special import expit
    from scipy.stats import t as student

    if not terms:
        return []
    n, k = design.shape
    with_it, without = by_hand or (int(y.sum()), int(n - y.sum()))
    rarer, people = min(with_it, without), int(person.max()) + 1
    shared = [{x: term[x] for x in ("covariate", "reference", "level", "n")} for term in terms]
    if rarer < FEW_POSITIVES or people <= k:
        which = "with the theme" if with_it <= without else "without the theme"
        what = "random hand-coded responses" if by_hand else "responses"
        said = f"Fewer than {FEW_POSITIVES} {what} {which}."
        said = said if rarer < FEW_POSITIVES else f"{people} respondents for {k} coefficients."
        return [row | _none(said) for row in shared]
    model, coefficients, covariance = _fit(y, design, person, weight, linear=by_hand is not None)
    notes = []
    if model == "linear":
        notes.append("Complete separation at a level: linear model, interval too narrow.")
    elif model == "corrected":
        notes.append(f"{with_it + without} random hand-coded responses.")
    elif rarer < _EVENTS_EACH * k:
        notes.append(f"Fewer than {_EVENTS_EACH} responses with the theme per coefficient.")
    if people < _FEW_PEOPLE:
        notes.append(f"Fewer than {_FEW_PEOPLE} respondents.")
    rows = []
    for row, term in zip(shared, terms, strict=True):
        effect, slope = 0.0, np.zeros(k)
        for sign, ones in term["at"]:
            x = design.copy()
            x[:, term["siblings"]] = 0
            x[:, ones] = 1
            for own, one, two in products:
                x[:, own] = x[:, one] * x[:, two]
            linear = x @ coefficients
            share, steep = linear, np.ones(n)
            if model == "logistic":
                share = np.asarray(expit(linear))
                steep = share * (1 - share)
            effect += sign * float(weight @ share) / n
            slope += sign * ((weight * steep) @ x) / n
        se = max(float(slope @ covariance @ slope), 0.0) ** 0.5
        half = float(student.ppf(0.975, people - 1)) * se
        p = float(2 * student.sf(abs(effect) / se, people - 1)) if se > 0 else 1.0
        note = " ".join(filter(None, [term["note"], *notes]))
        limits = {"estimate": float(effect), "low": effect - half, "high": effect + half}
        rows.append(row | limits | {"p": p, "model": model, "note": note})
    return rows


def _fit(
    y: Floats, design: Floats, person: Ints, weight: Floats, *, linear: bool
) -> tuple[str, Floats, Floats]:
    """Coefficients and their clustered covariance: logistic, or linear where that is infinite."""
    import statsmodels.api as sm

    clustered = {"cov_type": "cluster", "cov_kwds": {"groups": person}}
    model = sm.WLS(y, design, weights=weight)
    if linear:
        fit = model.fit(**clustered)
        return "corrected", np.asarray(fit.params), np.asarray(fit.cov_params())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of separation, which is looked for here
        fit = sm.GLM(y, design, family=sm.families.Binomial(), var_weights=weight).fit(**clustered)
        fitted = np.asarray(fit.fittedvalues)
        if fit.converged and fitted.min() > _EXTREME and fitted.max() < 1 - _EXTREME:
            return "logistic", np.asarray(fit.params), np.asarray(fit.cov_params())
        fit = model.fit(**clustered)
    return "linear", np.asarray(fit.params), np.asarray(fit.cov_params())


def _by_people(
    machine: Codes, human: Codes, responses: Responses
) -> tuple[Floats, list[tuple[int, int]]]:
    """What each response counts for each theme, and random hand codes with the theme and without.

    The mean of each column is an unbiased estimate of people's prevalence, in any group of
    responses. A theme that people did not code has no hand codes.
    """
    sample = hand_sample(machine, human, responses)
    ids, themes = sample.table["response_id"].tolist(), machine.themes
    f, y = (spread(codes, ids, themes)[0] for codes in (machine, human))
    certain, drawn, design = sample.certain, sample.drawn, sample.design(np.ones(len(f)))
    outcomes = np.full(f.shape, np.nan)
    counts = []
    for j, theme in enumerate(themes):
        here = theme in human.themes
        counts.append((int(y[drawn, j].sum()), int((~y[drawn, j]).sum())) if here else (0, 0))
        expected = np.zeros(len(f))
        for given in (True, False):
            cell = f[:, j] == given
            among, each = y[drawn & cell, j], design[drawn & cell]
            each = each / each.mean() if len(each) else each
            expected[cell] = (each @ among + 0.5 * given) / (len(among) + 0.5)
        error = design * (y[:, j] - expected)
        outcomes[:, j] = np.where(certain, y[:, j], expected + error)
    return outcomes, counts
