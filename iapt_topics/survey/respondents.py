"""Who answered, how they answered and what they were asked, year by year.

A change in a theme's share need not be a change of mind. These tables say what else changed: the
mix of respondents, the share of rows that answer nothing, the length of the answers, the questions.

Shares, intervals and tests are those of :mod:`iapt_topics.drift.drift`, with a level of a
covariate (or a status) in the place of a theme: clustered by respondent, and with the correlation
that returning respondents bring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats, Ints
from iapt_topics._base.errors import InputError, listed, require_columns
from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.stats.share_model import share_model, sum_cells
from iapt_topics.survey.responses import Responses, number_clusters

BLANK = "(blank)"
#: A covariate with more levels, such as a post code, says little of the respondents.
MOST_LEVELS = 20
#: Respondents of two years or more from which a survey is a panel, and their share of all.
_FEW_AGAIN, _SHARE_AGAIN = 10, 0.05
#: A mix of questions that moved by less than this share is not worth refusing.
_SMALL_MOVE = 0.05
_LEVEL = 0.05
_ONE_YEAR = "Only one year, so no change can be tested."


def name_levels(column: pd.Series) -> pd.Series:
    """Return a covariate as text, every missing or blank cell as :data:`BLANK`."""
    text = column.astype(object).where(column.notna(), "").map(str).str.strip()
    return text.where(text != "", BLANK)


def tabulated(responses: Responses) -> list[str]:
    """Name the covariates of few levels, and the question if there are several."""
    kept = responses.kept
    asked = ["question"] if kept["question"].nunique() > 1 else []
    names = [*asked, *responses.covariates]
    return [c for c in names if name_levels(kept[c]).nunique() <= MOST_LEVELS]


def is_panel(responses: Responses) -> bool:
    """Test whether the same people answered in several years, and not just a few of them.

    Parameters
    ----------
    responses : Responses
        The survey.

    Returns
    -------
    bool
        True if at least 10 respondents, and 5 % of all, have kept responses of two years or more.
    """
    people = pd.DataFrame({"who": responses.cluster_id, "year": responses.kept["year"].to_numpy()})
    waves = people.groupby("who")["year"].nunique()
    again = int((waves > 1).sum())
    return again >= _FEW_AGAIN and again >= _SHARE_AGAIN * len(waves)


def respondent_mix(responses: Responses, covariates: Sequence[str]) -> pd.DataFrame:
    """Tabulate the respondent mix by year, with tests of homogeneity.

    Parameters
    ----------
    responses : Responses
        The survey.
    covariates : sequence of str
        Columns of its table, "question" among them if wanted.

    Returns
    -------
    pandas.DataFrame
        Key (covariate, level, year), in the order given, then sorted. ``count``; ``n`` kept
        responses of the year; ``estimate`` = count / n with ``low``, ``high``; ``n_effective`` as
        in :class:`iapt_topics.Drift`; ``p`` of homogeneity: the proportion of the level is the same
        in all years, ``p_bh`` over all levels; ``note``. Missing and blank cells are a level of
        their own, "(blank)".

    Raises
    ------
    InputError
        If there is no covariate, one is not a column of the survey or is its year, or no response
        is kept.
    """
    require_covariates(responses, covariates)
    kept = responses.kept
    if kept.empty:
        raise InputError("responses", "must contain a kept response", "none", "See their ledger.")
    parts = []
    for name in covariates:
        level = name_levels(kept[name])
        part = _shares_by_year(kept, level).rename(columns={"name": "level"})
        if level.nunique() == 1:
            note = "No value at all" if level.iloc[0] == BLANK else "Only one level"
            part = part.assign(p=np.nan, note=f"{note}, so no change can be tested.")
        parts.append(part.assign(covariate=name))
    columns = [
        *("covariate", "level", "year", "count", "n", "estimate", "low", "high", "n_effective"),
        *("p", "p_bh", "note"),
    ]
    return _with_bh(pd.concat(parts, ignore_index=True), ["covariate", "level"], columns)


def response_quality(responses: Responses) -> pd.DataFrame:
    """Tabulate response quality by year: item non-response and length, with tests of change.

    Parameters
    ----------
    responses : Responses
        The survey.

    Returns
    -------
    pandas.DataFrame
        Key (measure, year). ``measure`` is each status of the ledger but "kept", as a proportion of
        all rows of the year, and "words": the geometric mean of the words of a kept response. ``n``
        rows (or kept responses); ``estimate``, ``low``, ``high``; ``n_effective`` as in
        :class:`iapt_topics.Drift` (none for "words"); ``p`` that the measure is the same in all
        years, ``p_bh`` over the measures; ``note``.

    Notes
    -----
    "words" has a t interval on the log scale with the variance between respondents (the ratio
    estimator of a cluster sample, Cochran 1977, section 11.12), and a Wald test across years.
    """
    table = responses.table
    shares = _shares_by_year(table, table["status"]).rename(columns={"name": "measure"})
    shares = shares[shares["measure"] != "kept"]
    columns = ["measure", "year", "estimate", "low", "high", "n", "n_effective"]
    columns += ["p", "p_bh", "note"]
    both = pd.concat([shares, _words(responses.kept)], ignore_index=True)
    return _with_bh(both, ["measure"], columns)


def one_question(
    responses: Responses, question: str | None = None, *, pool: bool = False
) -> Responses:
    """Select one question, or pool questions whose mix is the same in all years.

    Parameters
    ----------
    responses : Responses
        The survey.
    question : str, optional
        The question to keep; the rows of all others are left out.
    pool : bool
        True to pool all questions although their mix may have changed.

    Returns
    -------
    Responses
        The survey with the one question, or, if ``question`` is None, as it was given.

    Raises
    ------
    InputError
        If no kept response answers ``question``; or if neither ``question`` nor ``pool`` is given
        and some question's share of the kept responses differs between years by more than 5
        percentage points and significantly (:func:`respondent_mix`, adjusted p below .05).
    """
    asked = sorted(responses.kept["question"].unique())
    if question is not None:
        if question not in asked:
            raise InputError(
                "question", "must be one that kept responses answer", repr(question),
                f"Choose from {listed(asked, most=20)}.",
            )  # fmt: skip
        return replace(responses, table=responses.table[responses.table["question"] == question])
    if not pool and (moved := changed_mix(responses)):
        raise InputError(
            "questions", "must be asked in a constant mix over the years to be pooled",
            f"by year {moved} of the kept responses",
            "Hold one fixed with question=..., or pool them knowingly with pool=True.",
        )  # fmt: skip
    return responses


def changed_mix(responses: Responses) -> str:
    """Name the questions whose share of the kept responses moved, or return an empty text.

    Parameters
    ----------
    responses : Responses
        The survey.

    Returns
    -------
    str
        Such as "'A' 20% to 60%", the lowest and highest share of a year; at most three.
    """
    if responses.kept["question"].nunique() < 2:
        return ""
    mix = respondent_mix(responses, ["question"]).groupby("level")
    share, p = mix["estimate"].agg(["min", "max"]), mix["p_bh"].first()
    moved = share[(share["max"] - share["min"] > _SMALL_MOVE) & (p < _LEVEL)]
    return "; ".join(f"{q!r} {a:.0%} to {b:.0%}" for q, a, b in moved.head(3).itertuples())


def require_covariates(responses: Responses, covariates: Sequence[str]) -> None:
    """Raise :class:`InputError` unless these are one or more columns of the survey, not its year.

    Parameters
    ----------
    responses : Responses
        The survey.
    covariates : sequence of str
        Names of columns.
    """
    if isinstance(covariates, str) or not len(covariates) or "year" in covariates:
        raise InputError(
            "covariates", "must be a list of one or more columns other than the year",
            repr(covariates), "Name e.g. ['role'].",
        )  # fmt: skip
    require_columns(responses.table, covariates, "the survey")


def _shares_by_year(table: pd.DataFrame, level: pd.Series) -> pd.DataFrame:
    """Share of each level in each year with its interval, and the test over all years."""
    names, place = np.unique(level.to_numpy(str), return_inverse=True)
    years, year = np.unique(table["year"].to_numpy(np.int64), return_inverse=True)
    sums = sum_cells(number_clusters(table), year, place[:, None] == np.arange(len(names)))
    model = share_model(sums)
    p = model.omnibus() if len(years) > 1 else np.full(len(names), np.nan)
    return pd.DataFrame(
        {
            "name": np.repeat(names, len(years)),
            "year": np.tile(years, len(names)),
            "count": sums.count.T.ravel().astype(int),
            "n": np.tile(sums.n.astype(int), len(names)),
            "estimate": model.share.T.ravel(),
            "low": model.low.T.ravel(),
            "high": model.high.T.ravel(),
            "n_effective": model.effective.T.ravel(),
            "p": np.repeat(p, len(years)),
            "note": "" if len(years) > 1 else _ONE_YEAR,
        }
    )


def _words(kept: pd.DataFrame) -> pd.DataFrame:
    """Geometric mean of the words of a response by year, and the test over all years."""
    from scipy.special import chdtrc, stdtrit

    if kept.empty:
        return pd.DataFrame()
    size = np.log([max(1, len(text.split())) for text in kept["text"]])
    years, year = np.unique(kept["year"].to_numpy(np.int64), return_inverse=True)
    person = number_clusters(kept)
    rows = []
    for y in range(len(years)):
        here = year == y
        mean = float(size[here].mean())
        variance, people = clustered_variance(size[here] - mean, person[here])
        note = "" if people > 1 else "One respondent, so no interval."
        half = float(stdtrit(people - 1, 0.975) * np.sqrt(variance)) if people > 1 else np.nan
        rows.append(
            (int(years[y]), mean, mean - half, mean + half, int(here.sum()), variance, note)
        )
    out = pd.DataFrame(rows, columns=["year", "estimate", "low", "high", "n", "variance", "note"])
    tested = out[out["variance"] > 0]
    p = np.nan
    if len(tested) > 1:
        weight = 1 / tested["variance"]
        middle = (weight * tested["estimate"]).sum() / weight.sum()
        statistic = float((weight * (tested["estimate"] - middle) ** 2).sum())
        p = float(chdtrc(len(tested) - 1, statistic))
    elif len(years) > 1:
        out["note"] += " Too little variation to test."
    else:
        out["note"] = [" ".join(filter(None, (x, _ONE_YEAR))) for x in out["note"]]
    out[["estimate", "low", "high"]] = np.exp(out[["estimate", "low", "high"]])
    return out.assign(measure="words", p=p).drop(columns="variance")


def clustered_variance(error: Floats, cluster: Ints) -> tuple[float, int]:
    """Variance of a mean from errors summed within clusters, and how many clusters there are.

    Parameters
    ----------
    error : ndarray of float, shape (n,)
        Values less their mean.
    cluster : ndarray of int, shape (n,)
        Respondent of each value.
    """
    total = np.bincount(cluster, weights=error)
    people = len(np.unique(cluster))
    return float((total**2).sum()) / len(error) ** 2 * people / max(people - 1, 1), people


def _with_bh(table: pd.DataFrame, key: list[str], columns: list[str]) -> pd.DataFrame:
    """Adjust p over the distinct keys, since each stands in the rows of all its years."""
    tests = table.drop_duplicates(key)
    adjusted = tests[key].assign(p_bh=benjamini_hochberg(tests["p"].to_numpy(float)))
    return table.merge(adjusted, on=key, validate="many_to_one")[columns]
