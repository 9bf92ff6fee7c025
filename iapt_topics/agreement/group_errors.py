"""Whether the machine errs more in some groups of responses than in others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.errors import InputError, listed
from iapt_topics.codes.codes import Codes, spread
from iapt_topics.codes.hand_sample import hand_sample
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.stats.set_agreement import ratio
from iapt_topics.survey.responses import Responses

LENGTH, CODER = "length", "coder"
_MEASURES = ("recall", "precision", "over-coding")
_DRAWS = 4999
_TERTILES = ("short", "medium", "long")


def error_by_group(
    machine: Codes,
    human: Codes | Sequence[Codes],
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
    human : Codes or sequence of Codes
        One person's codes of a random sample, which are taken for the truth. Of several the first
        is used, and all of them for "coder". Those in ``picked``, and those that the machine was
        trained on without cross-fitting, are left out.
    responses : Responses
        The survey.
    by : sequence of str, default ("year",)
        What the groups are: "year", a column of covariates, "length" (thirds of the responses that
        the machine coded, by number of words) or "coder" (whose codes the machine is held
        against).
    seed : int, default 7
        Of the permutations.

    Returns
    -------
    DataFrame
        Key (``theme``, ``measure``, ``by``, ``level``), in the order of the themes. ``measure``
        "recall" (of the responses with the theme by people, the share that the machine found),
        "precision" (of the machine's, the share that people have too), "over-coding" (of the
        responses without the theme by people, the share that the machine gave it); ``estimate``
        with ``low``, ``high`` (95 %, Wilson), weighted by inclusion probabilities if the codes
        have them; ``n`` responses that it is a share of; ``p`` of no
        difference between the levels, the same for each row of a test; ``p_bh``
        (Benjamini-Hochberg) over all tests of one measure; ``n_needed`` responses a level for power
        .8 to tell a share of .75 from one of .5; ``note``.

    Raises
    ------
    InputError
        If a column is not in the survey, none of the hand codes was drawn at random, or "coder" is
        asked of one person.

    Notes
    -----
    The test is Pearson's chi-square of the table of levels by right and wrong, with its exact
    distribution given the margins approximated by 4,999 draws [1]_; with unequal inclusion
    probabilities, the same of weighted shares, whose responses are permuted between the levels
    with their weights. It is one for independent responses: where respondents gave many, read it
    with care.

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
    people = [human] if isinstance(human, Codes) else list(human)
    if not people:
        raise InputError("human", "must be codes", "an empty list", "Give a person's codes.")
    themes = [t for t in people[0].themes if t in machine.themes]
    rng = np.random.default_rng(seed)
    out: list[dict[str, object]] = []
    for name in by:
        pair = both_coded(machine, people, responses, name, themes)
        for j, theme in enumerate(themes):
            for measure, (among, hit) in pair.measures(j).items():
                head: dict[str, object] = {"theme": theme, "measure": measure, "by": name}
                out += [head | row for row in _rows(among, hit, pair, rng)]
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
    from scipy.special import ndtri

    middle, gap = (first + second) / 2, abs(first - second)
    spread_0 = (2 * middle * (1 - middle)) ** 0.5
    spread_1 = (first * (1 - first) + second * (1 - second)) ** 0.5
    n = ((ndtri(0.975) * spread_0 + ndtri(power) * spread_1) / gap) ** 2
    return int(np.ceil(n / 4 * (1 + (1 + 4 / (n * gap)) ** 0.5) ** 2))


class BothCoded(NamedTuple):
    """Responses that people drew and coded: both coders' codes, the level and weight of each."""

    y: Bools
    f: Bools
    levels: list[str]
    at: Ints  # level of each, -1 where it is unknown
    weight: Floats

    def measures(self, j: int) -> dict[str, tuple[Bools, Bools]]:
        """Return of each measure what it is a share of, and what counts."""
        y, f = self.y[:, j], self.f[:, j]
        return dict(zip(_MEASURES, ((y, f), (f, y), (~y, f)), strict=True))


def both_coded(
    machine: Codes, people: Sequence[Codes], responses: Responses, name: str, themes: Sequence[str]
) -> BothCoded:
    """The random hand codes of the first person, or by coder those of all of them."""
    if name == CODER and len(people) < 2:
        raise InputError(
            "by", "must not be 'coder' with one person's codes", "one", "Give human= several codes."
        )
    parts = []
    for k, human in enumerate(people if name == CODER else people[:1]):
        sample = hand_sample(machine, human, responses)
        ids = sample.table.loc[sample.drawn, "response_id"].tolist()
        y, f = (spread(c, ids, themes)[0] for c in (human, machine))
        if name == CODER:
            levels, at = [c.coder for c in people], np.full(len(ids), k)
        else:
            levels, at = find_levels(sample.table, name)
            at = at[sample.drawn]
        weight = sample.design(np.ones(len(sample.drawn)))[sample.drawn]
        parts.append((y, f, at, weight if sample.known else np.ones(len(ids))))
    y, f, at, weight = (np.concatenate(x) for x in zip(*parts, strict=True))
    return BothCoded(y, f, levels, at, weight)


def find_levels(rows: pd.DataFrame, name: str) -> tuple[list[str], Ints]:
    """Names of the levels, and that of each response; -1 where it is unknown."""
    if name == LENGTH:
        words = rows["text"].map(lambda text: len(text.split()))
        cuts = np.quantile(words, [1 / 3, 2 / 3])
        return list(_TERTILES), np.searchsorted(cuts, words.to_numpy(), side="left")
    if name not in rows or name in ("text", "status", "respondent_id"):
        known = [c for c in rows if c not in ("text", "status", "respondent_id", "question")]
        raise InputError(
            "by", f"must be columns of the survey, {LENGTH!r} or {CODER!r}", repr(name),
            f"Use any of {listed([*known, LENGTH, CODER], most=20)}.",
        )  # fmt: skip
    values = rows[name].where(rows[name].notna(), "").astype(str)
    found = sorted(set(values) - {""})
    return found, pd.Index(found).get_indexer(pd.Index(values))


def share_by_level(among: Bools, hit: Bools, pair: BothCoded) -> tuple[Ints, Floats, Floats, Bools]:
    """Units of each level, their effective number and share (NaN without any), and who they are."""
    use = among & (pair.at >= 0)
    at, w, k = pair.at[use], pair.weight[use], len(pair.levels)
    n, total = np.bincount(at, minlength=k), np.bincount(at, w, k)
    effective = ratio(total**2, np.bincount(at, w**2, k))
    share = ratio(np.bincount(at, w * hit[use], k), total)
    return n, np.where(n > 0, effective, 0.0), share, use


def _rows(
    among: Bools, hit: Bools, pair: BothCoded, rng: np.random.Generator
) -> list[dict[str, object]]:
    """One measure of one theme in each level, with the test of no difference."""
    n, effective, share, use = share_by_level(among, hit, pair)
    if np.ptp(pair.weight) < 1e-9:
        p = _homogeneity(np.bincount(pair.at[use & hit], minlength=len(n)), n, rng)
    else:
        p = _weighted_homogeneity(hit[use], pair.at[use], pair.weight[use], rng)
    needed = needed_per_level()
    rows: list[dict[str, object]] = []
    low, high = wilson_interval(np.where(n > 0, share * effective, 0.0), effective)
    for k, (level, size) in enumerate(zip(pair.levels, n.tolist(), strict=True)):
        rows.append(
            {
                "level": level,
                "estimate": float(share[k]),
                "low": float(low[k]),
                "high": float(high[k]),
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


def _weighted_homogeneity(hit: Bools, at: Ints, weight: Floats, rng: np.random.Generator) -> float:
    """The same of weighted shares: responses change levels, and take their weights along."""
    found, at = np.unique(at, return_inverse=True)
    if len(found) < 2 or hit.all() or not hit.any():
        return float("nan")
    k = len(found)

    def statistic(levels: Ints) -> Floats:
        """Sum over levels of effective number times squared distance, by row of ``levels``."""
        row = np.arange(len(levels))[:, None] * k + levels
        total, square, right = (
            np.bincount(row.ravel(), np.tile(w, len(levels)), len(levels) * k).reshape(-1, k)
            for w in (weight, weight**2, weight * hit)
        )
        share, effective = right / total, total**2 / square
        middle = (effective * share).sum(axis=1, keepdims=True) / effective.sum(axis=1)[:, None]
        return np.asarray((effective * (share - middle) ** 2).sum(axis=1))

    seen, above, done = float(statistic(at[None])[0]), 0, 0
    while done < _DRAWS:
        size = min(500, _DRAWS - done)
        draws = statistic(rng.permuted(np.tile(at, (size, 1)), axis=1))
        above += int((draws >= seen * (1 - 1e-9)).sum())
        done += size
    return (1 + above) / (_DRAWS + 1)
