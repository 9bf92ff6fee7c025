"""The same people in several waves: did they change, and from which theme to which?

**Changes.** Among respondents who answered in both years, the discordant pairs, who gained a theme
or lost it: McNemar's test with the mid-p value [1]_ [2]_, and the difference with Newcombe's
paired interval (square-and-add with the correlation, [3]_).

**Transitions.** Of those who spoke of one theme in the earlier year, how many spoke of another (or
the same) in the later, with Wilson's interval; beside it the share of that theme among all who
answered in both years.

References
----------
.. [1] McNemar Q (1947). Note on the sampling error of the difference between correlated proportions
   or percentages. *Psychometrika* 12:153-157.
.. [2] Fagerland MW, Lydersen S, Laake P (2013). The McNemar test for binary matched-pairs data:
   mid-p and asymptotic are better than exact conditional. *BMC Med Res Methodol* 13:91.
.. [3] Newcombe RG (1998). Improved confidence intervals for the difference between binomial
   proportions based on paired data. *Stat Med* 17:2635-2650.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.result import Result
from iapt_topics.codes.codes import restrict_codes
from iapt_topics.drift.coded import join_codes
from iapt_topics.drift.drift import corrected_years
from iapt_topics.drift.person_years import person_years
from iapt_topics.drift.tables import adjust_p
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.set_agreement import ratio
from iapt_topics.stats.share_model import share_model, sum_cells

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.drift.coded import CodedResponses
    from iapt_topics.survey.responses import Responses

#: Stands for a respondent who was given none of the themes in a year.
NO_THEME = "(no theme)"
_FEW_PEOPLE = 30
_CHANGES = [
    *("theme", "year", "against", "both", "gained", "lost", "estimate", "low", "high", "n"),
    *("p", "p_bh", "p_holm", "corrected", "note"),
]
_TRANSITIONS = [
    *("year", "against", "theme_from", "theme_to", "estimate", "low", "high", "n"),
    *("marginal_proportion", "note"),
]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Panel(Result):
    """Within-respondent change of themes between years, and transitions between themes.

    Attributes
    ----------
    changes : pandas.DataFrame
        Key (theme, year, against): each later year with the baseline and with the year before.
        ``n`` respondents in both; of these ``both`` had the theme in both years, ``gained`` only
        in ``year``, ``lost`` only in ``against``; ``estimate`` = (gained - lost) / n, ``low``,
        ``high`` (95 %); ``p`` (McNemar, mid-p), ``p_bh``, ``p_holm`` over all rows; ``corrected``,
        whether by hand codes; ``note``.
    transitions : pandas.DataFrame
        Key (year, against, theme_from, theme_to) for each year and the one before it. ``n``
        respondents in both years who had ``theme_from`` in ``against``; ``estimate``: the
        proportion of them who had ``theme_to`` in ``year``, ``low``, ``high``;
        ``marginal_proportion``: that proportion among all respondents in both years; ``note``. "(no
        theme)" stands for none at all.
    """

    changes: pd.DataFrame
    transitions: pd.DataFrame

    _view = (
        "changes: theme year against both gained lost estimate low high n p p_bh note",
        "transitions",
    )


def measure_panel(
    codes: Codes,
    responses: Responses,
    *,
    baseline: int | None = None,
    human: Codes | None = None,
) -> Panel:
    """Estimate within-respondent change between years by McNemar's test on discordant pairs.

    Parameters
    ----------
    codes : Codes
        The codes of one coder.
    responses : Responses
        The survey, with respondent ids that mean the same person in all years.
    baseline : int, optional
        Year to compare with; the first coded year if None.
    human : Codes, optional
        One person's codes of a random sample of the responses: ``estimate``, its interval and ``p``
        of ``changes`` are then those of corrected prevalence (as of ``measure_drift(human=)``)
        among the respondents of both years, and the interval widens by the machine's errors.
        ``both``, ``gained``, ``lost`` and ``transitions`` stay the machine's.

    Returns
    -------
    Panel
        A respondent has a theme in a year if any of their responses of the year has it. Years that
        no respondent shares are there with n = 0 and a note.

    Raises
    ------
    InputError
        If no kept response was coded, the baseline is not a coded year, or no response of ``human``
        was drawn at random.
    """
    seen = _pair_years(codes, responses, baseline)
    units = None if human is None else person_years(codes, human, responses, seen.coded)
    changes = []
    for a, b in seen.pairs:
        both, now, then = seen.people(a, b)
        rows = _changes(now, then, codes.themes, _note(len(now)))
        if units is not None and len(now):
            rows = _corrected(rows, *units, np.flatnonzero(both), seen.coded.years[[b, a]])
        changes.append(rows.assign(**seen.keys(a, b)))
    transitions = _all_transitions(seen)
    if not changes:
        return Panel(changes=pd.DataFrame(columns=_CHANGES), transitions=transitions)
    table = pd.concat(changes, ignore_index=True)
    by_theme = np.arange(len(table)).reshape(len(changes), -1).T.ravel()
    return Panel(
        changes=adjust_p(table.loc[by_theme].reset_index(drop=True))[_CHANGES],
        transitions=transitions,
    )


def panel_transitions(
    codes: Codes, responses: Responses, *, baseline: int | None = None
) -> pd.DataFrame:
    """``transitions`` of :func:`measure_panel` alone, without the work for the rest."""
    return _all_transitions(_pair_years(codes, responses, baseline))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _PairedYears:
    """Who answered in each year (Y, P), and which themes they had (Y, P, T)."""

    coded: CodedResponses
    answered: Bools
    has: Bools
    steps: list[tuple[int, int]]  # each year with the one before it
    pairs: list[tuple[int, int]]  # those, and each with the baseline

    def people(self, a: int, b: int) -> tuple[Bools, Bools, Bools]:
        """Who answered in both years, and the themes of these in either."""
        both = self.answered[a] & self.answered[b]
        return both, self.has[a, both], self.has[b, both]

    def keys(self, a: int, b: int) -> dict[str, int]:
        """Columns that name the two years."""
        return {"year": int(self.coded.years[a]), "against": int(self.coded.years[b])}


def _pair_years(codes: Codes, responses: Responses, baseline: int | None) -> _PairedYears:
    coded = join_codes(codes, responses, baseline)
    years, year, person = coded.years, coded.year, coded.person
    answered = np.zeros((len(years), int(person.max()) + 1), bool)
    answered[year, person] = True
    has = np.zeros((*answered.shape, len(coded.themes)), bool)
    row, theme = np.nonzero(coded.given)
    has[year[row], person[row], theme] = True
    steps = [(i, i - 1) for i in range(1, len(years))]
    from_base = ((i, coded.at_base) for i in range(len(years)) if i != coded.at_base)
    pairs = sorted({*steps, *from_base})
    return _PairedYears(coded=coded, answered=answered, has=has, steps=steps, pairs=pairs)


def _all_transitions(seen: _PairedYears) -> pd.DataFrame:
    if not seen.steps:
        return pd.DataFrame(columns=_TRANSITIONS)
    parts = []
    for a, b in seen.steps:
        _, now, then = seen.people(a, b)
        part = _transitions(now, then, seen.coded.themes, _note(len(now)))
        parts.append(part.assign(**seen.keys(a, b)))
    return pd.concat(parts, ignore_index=True)[_TRANSITIONS]


def mcnemar_mid_p(gained: ArrayLike, lost: ArrayLike) -> Floats:
    """Two-sided mid-p value of McNemar's test: the exact one less half the chance of the outcome.

    >>> round(float(mcnemar_mid_p(1, 7)), 4)
    0.0391
    """
    from scipy.stats import binom

    up, down = np.broadcast_arrays(np.asarray(gained), np.asarray(lost))
    fewer, moved = np.minimum(up, down), up + down
    half = binom.pmf(fewer, moved, 0.5)
    p = np.where(up == down, 1 - half / 2, 2 * binom.cdf(fewer, moved, 0.5) - half)
    return np.asarray(np.where(moved == 0, 1.0, p), float)


def _note(n: int) -> str:
    if n == 0:
        return "No respondent answered in both years."
    return f"n below {_FEW_PEOPLE}." if n < _FEW_PEOPLE else ""


def _changes(now: Bools, then: Bools, themes: tuple[str, ...], note: str) -> pd.DataFrame:
    n = len(now)
    gained, lost = (now & ~then).sum(axis=0), (then & ~now).sum(axis=0)
    estimate = low = high = p = np.full(len(themes), np.nan)
    if n:
        year, person = np.repeat([0, 1], n), np.tile(np.arange(n), 2)
        model = share_model(sum_cells(person, year, np.concatenate([then, now])))
        estimate, low, high, _ = model.contrast(np.array([-1.0, 1.0]))
        p = mcnemar_mid_p(gained, lost)
    return pd.DataFrame(
        {
            "theme": list(themes),
            "both": (now & then).sum(axis=0),
            "gained": gained,
            "lost": lost,
            "estimate": estimate,
            "low": low,
            "high": high,
            "n": n,
            "p": p,
            "corrected": False,
            "note": note,
        }
    )


def _corrected(
    rows: pd.DataFrame,
    machine: Codes,
    human: Codes,
    survey: Responses,
    people: Ints,
    years: NDArray[np.int64],
) -> pd.DataFrame:
    """Changes between two years with hand codes, where both years have some of the theme."""
    table = survey.table[
        survey.table["respondent_id"].isin({f"p{i}" for i in people})
        & survey.table["year"].isin(years)
    ]
    machine, human = (restrict_codes(c, table["response_id"]) for c in (machine, human))
    part = replace(survey, table=table)
    if len(human.picked) == len(human.seen):
        return rows.assign(note=[_joined(n, "Not corrected: no hand code.") for n in rows["note"]])
    coded = join_codes(machine, part, int(years.min()))
    shares, model, _ = corrected_years(machine, human, part, share_model(coded.sum_cells()), coded)
    whole = np.asarray(shares["estimate"].notna().to_numpy().reshape(2, -1).all(axis=0))
    # In the order of the years, which the baseline need not come first in.
    sign = np.array([-1.0, 1.0]) if years[0] < years[1] else np.array([1.0, -1.0])
    found = model.contrast(sign)
    n = shares["n_human"].to_numpy(float).reshape(2, -1).sum(axis=0)
    told = [
        f"Corrected by {k:.0f} hand-coded respondents and years." if ok else "Not corrected."
        for k, ok in zip(n, whole, strict=True)
    ]
    columns = dict(zip(("estimate", "low", "high", "p"), found, strict=True))
    new = {c: np.where(whole, v, rows[c]) for c, v in columns.items()}
    notes = [_joined(old, more) for old, more in zip(rows["note"], told, strict=True)]
    return rows.assign(**new, corrected=whole, note=notes)


def _joined(*notes: str) -> str:
    return " ".join(n for n in notes if n)


def _transitions(now: Bools, then: Bools, themes: tuple[str, ...], note: str) -> pd.DataFrame:
    names = [*themes, NO_THEME]
    now, then = (np.column_stack([x, ~x.any(axis=1)]) for x in (now, then))
    count = then.T.astype(float) @ now
    n = np.repeat(then.sum(axis=0), len(names))
    low, high = wilson_interval(count.ravel(), n)
    nobody = "No respondent of both years had the first theme." if len(now) else note
    return pd.DataFrame(
        {
            "theme_from": np.repeat(names, len(names)),
            "theme_to": np.tile(names, len(names)),
            "estimate": ratio(count.ravel(), n),
            "low": low,
            "high": high,
            "n": n,
            "marginal_proportion": np.tile(now.mean(axis=0), len(names)) if len(now) else np.nan,
            "note": [_note(int(k)) if k else nobody for k in n],
        }
    )
