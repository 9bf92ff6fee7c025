"""Whether the machine errs more in some groups of responses than in others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Ints
from iapt_topics._base.errors import InputError, listed
from iapt_topics.agreement.comparison import common_responses
from iapt_topics.codes.codes import Codes, attach_respondents, spread
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.survey.responses import Responses

LENGTH = "length"
_MEASURES = ("recall", "precision", "over-coding")
_DRAWS = 4999
_TERTILES = ("short", "medium", "long")


def error_by_group(
    machine: Codes,
    human: Codes,
    responses: Responses,
    *,
    by: Sequence[str] = ("year",),
    seed: int = 7,
) -> pd.DataFrame:
    """Estimate and test the machine's recall, precision and over-coding by group.

    Parameters
    ----------
    machine : Codes
        The machine's codes.
    human : Codes
        One person's codes of a sample, which are taken for the truth.
    responses : Responses
        The survey.
    by : sequence of str, default ("year",)
        What the groups are: "year", a column of covariates, or "length" (thirds of the coded
        responses by number of words).
    seed : int, default 7
        Of the permutations.

    Returns
    -------
    DataFrame
        Key (``theme``, ``measure``, ``by``, ``level``), in the order of the themes. ``measure``
        "recall" (of the responses with the theme by people, the share that the machine found),
        "precision" (of the machine's, the share that people have too), "over-coding" (of the
        responses without the theme by people, the share that the machine gave it); ``estimate``
        with ``low``, ``high`` (95 %, Wilson); ``n`` responses that it is a share of; ``p`` of no
        difference between the levels, the same for each row of a test; ``p_bh``
        (Benjamini-Hochberg) over all tests of one measure; ``n_needed`` responses a level for power
        .8 to tell a share of .75 from one of .5; ``note``.

    Raises
    ------
    InputError
        If a column is not in the survey, or no response was coded by both.

    Notes
    -----
    The test is Pearson's chi-square of the table of levels by right and wrong, with its exact
    distribution given the margins approximated by 4,999 draws [1]_. It is one for independent
    responses: where respondents gave many, read it with care. Responses of which the machine was
    taught are left out.

    References
    ----------
    .. [1] Hope ACA (1968). A simplified Monte Carlo significance test procedure. *J R Stat Soc B*
       30:582-598.

    Examples
    --------
    >>> ids = [f"r{i}" for i in range(80)]
    >>> table = pd.DataFrame({"response_id": ids, "respondent_id": ids, "year": [2014, 2018] * 40})
    >>> survey = Responses(
    ...     table=table.assign(question="", text="text", status="kept"), source="made up"
    ... )
    >>> def coded(coder, kind, given):
    ...     seen = pd.DataFrame({"response_id": ids, "respondent_id": ids})
    ...     given = pd.DataFrame({"response_id": given, "theme": "S1", "score": np.nan})
    ...     return Codes(coder=coder, kind=kind, themes=("S1",), seen=seen, table=given)
    >>> human, machine = coded("person", "human", ids[:40]), coded("m", "machine", ids[:40:2])
    >>> found = error_by_group(machine, human, survey)  # all of 2014 is found, none of 2018
    >>> found.loc[found["measure"] == "recall", ["level", "estimate", "p"]].values.tolist()
    [['2014', 1.0, 0.0002], ['2018', 0.0, 0.0002]]
    """
    machine, human = (attach_respondents(c, responses) for c in (machine, human))
    ids = common_responses(human, machine)[0]
    rows = responses.table.set_index("response_id").loc[ids]
    themes = [t for t in human.themes if t in machine.themes]
    y, f = (spread(c, ids, themes)[0] for c in (human, machine))
    rng = np.random.default_rng(seed)
    out: list[dict[str, object]] = []
    for name in by:
        levels, at = _levels(rows, name)
        for j, theme in enumerate(themes):
            kinds = ((y[:, j], f[:, j]), (f[:, j], y[:, j]), (~y[:, j], f[:, j]))
            for measure, (among, hit) in zip(_MEASURES, kinds, strict=True):
                head: dict[str, object] = {"theme": theme, "measure": measure, "by": name}
                out += [head | row for row in _rows(among, hit, levels, at, rng)]
    table = pd.DataFrame(out)
    tests = table.drop_duplicates(["theme", "measure", "by"])
    for measure in _MEASURES:
        rows_of = tests["measure"] == measure
        tests.loc[rows_of, "p_bh"] = benjamini_hochberg(tests.loc[rows_of, "p"])
    key = ["theme", "measure", "by"]
    table = table.merge(tests[[*key, "p_bh"]], on=key, how="left")
    order = table["theme"].map(themes.index)
    return table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)[
        [*key, "level", "estimate", "low", "high", "n", "p", "p_bh", "n_needed", "note"]
    ]


def needed_per_level(first: float = 0.75, second: float = 0.5, power: float = 0.8) -> int:
    """Units of each of two groups in which shares as far apart are told with this power.

    At the two-sided 5 % level, with the continuity correction that an exact test calls for: Fleiss
    JL, Levin B, Paik MC (2003), *Statistical Methods for Rates and Proportions*, section 4.3.
    """
    from scipy.stats import norm

    middle, gap = (first + second) / 2, abs(first - second)
    spread_0 = (2 * middle * (1 - middle)) ** 0.5
    spread_1 = (first * (1 - first) + second * (1 - second)) ** 0.5
    n = ((norm.ppf(0.975) * spread_0 + norm.ppf(power) * spread_1) / gap) ** 2
    return int(np.ceil(n / 4 * (1 + (1 + 4 / (n * gap)) ** 0.5) ** 2))


def _levels(rows: pd.DataFrame, name: str) -> tuple[list[str], Ints]:
    """Names of the levels, and that of each response; -1 where it is unknown."""
    if name == LENGTH:
        words = rows["text"].map(lambda text: len(text.split()))
        cuts = np.quantile(words, [1 / 3, 2 / 3])
        return list(_TERTILES), np.searchsorted(cuts, words.to_numpy(), side="left")
    if name not in rows or name in ("text", "status", "respondent_id"):
        known = [c for c in rows if c not in ("text", "status", "respondent_id", "question")]
        raise InputError(
            "by", f"must be columns of the survey or {LENGTH!r}", repr(name),
            f"Use any of {listed([*known, LENGTH], most=20)}.",
        )  # fmt: skip
    values = rows[name].where(rows[name].notna(), "").astype(str)
    found = sorted(set(values) - {""})
    return found, pd.Index(found).get_indexer(pd.Index(values))


def _rows(
    among: Bools, hit: Bools, levels: list[str], at: Ints, rng: np.random.Generator
) -> list[dict[str, object]]:
    """One measure of one theme in each level, with the test of no difference."""
    use = among & (at >= 0)
    n = np.bincount(at[use], minlength=len(levels))
    right = np.bincount(at[use & hit], minlength=len(levels))
    p = _homogeneity(right, n, rng)
    needed = needed_per_level()
    rows: list[dict[str, object]] = []
    for level, x, size in zip(levels, right.tolist(), n.tolist(), strict=True):
        low, high = wilson_interval(x, size)
        rows.append(
            {
                "level": level,
                "estimate": x / size if size else np.nan,
                "low": float(low),
                "high": float(high),
                "n": size,
                "p": p,
                "n_needed": needed,
                "note": f"fewer than {needed} responses" if size < needed else "",
            }
        )
    return rows


def _homogeneity(right: Ints, n: Ints, rng: np.random.Generator) -> float:
    """Monte Carlo p of no difference between levels; NaN where there is nothing to compare."""
    right, n = right[n > 0], n[n > 0]
    total, size = int(right.sum()), int(n.sum())
    if len(n) < 2 or total in (0, size):
        return float("nan")
    draws = rng.multivariate_hypergeometric(n, total, size=_DRAWS)
    expected = n * total / size
    # Chi-square is this sum times what the margins fix.
    values = ((draws - expected) ** 2 / n).sum(axis=1)
    seen = float(((right - expected) ** 2 / n).sum())
    return float((1 + np.count_nonzero(values >= seen * (1 - 1e-9))) / (_DRAWS + 1))
