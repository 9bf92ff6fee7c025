"""Which themes the machine may code alone, with a guarantee that holds at any sample size.

A random part of the hand codes, which taught nothing, is a simple random sample of what the machine
coded. So, of the responses to which the machine applied a theme and which people coded, the number
that have the theme by people is hypergeometric, and the lower bound of precision is exact [1]_. The
guarantee is about this survey's responses; it needs no model of them, and no independence of a
respondent's answers, since all chance is in the draw. Two sets may be accepted, all of a theme's
codes or the half with the higher scores; the confidence is shared out between their bounds by how
many codes were checked, never by how many were right, so that both hold together (a fixed, weighted
Bonferroni rule, as in learn-then-test [2]_).

References
----------
.. [1] Wright T (1991). *Exact Confidence Bounds when Sampling from Small Finite Universes*.
   Springer.
.. [2] Angelopoulos AN, Bates S, Candes EJ, Jordan MI, Lei L (2025). Learn then test: calibrating
   predictive algorithms to achieve risk control. *Ann Appl Stat* 19:1641-1662.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, log
from typing import NamedTuple

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats
from iapt_topics._base.errors import InputError
from iapt_topics._base.result import Result
from iapt_topics._base.status import AUTOMATE, AUTOMATE_ABOVE, DEFINITION, PEOPLE, UNKNOWN
from iapt_topics.agreement.even_sample import EvenSample, even_sample
from iapt_topics.agreement.review_queue import review_queue
from iapt_topics.codes.codes import Codes, attach_respondents, spread
from iapt_topics.stats.exact import exact_bounds
from iapt_topics.stats.intervals import require_fraction
from iapt_topics.survey.responses import Responses

#: Part of the allowed error that goes to the bounds of all codes; the rest to the upper half.
_SHARE_ALL = 0.7


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Certificate(Result):
    """What the machine may code alone, by theme. Made by :func:`certify_codes`.

    Attributes
    ----------
    precision : float
        Precision that an accepted set must have.
    recall : float or None
        Recall that it must have, if one was asked for.
    confidence : float
        With which each verdict "automate" holds: for each theme, or for all together.
    together : bool
        Whether for all themes together.
    n : int
        Randomly sampled hand-coded responses that the verdicts rest on.
    units : frozenset of str
        Responses that the verdicts are about.
    left_out : tuple of int
        Years with too few random hand codes, for which no verdict holds.
    looks : int
        Which look at these hand codes it was, counting each coding and target that they tested; 0
        where no record is kept. The confidence is that of a first look.
    themes : DataFrame
        Key ``theme``, ``label``; ``verdict`` ("automate", "automate above the score", "people code
        it", "definition at fault", "not enough evidence"); ``score`` (codes of at least this score
        are accepted; -inf for all, NaN for none); ``accepted`` (responses whose code is accepted,
        or of all the machine's codes where none is); ``n_checked`` and ``n_right`` (of these, coded
        by people, and with the theme by them); ``precision``, ``precision_low``,
        ``precision_high``; ``n_positives`` and ``n_found`` (randomly sampled responses with the
        theme by people, and of these accepted); ``recall``, ``recall_low``; ``n_more`` (further
        random codes after which the rates seen would settle it; NaN where it is settled); ``note``.
        The bounds are one-sided, each at the confidence of its verdict.
    queue : DataFrame
        Key ``response_id``: responses that people have not coded, those first whose coding raises
        mean kappa most; ``gain`` (expected rise, at least 0).
    """

    precision: float
    recall: float | None
    confidence: float
    together: bool
    n: int
    units: frozenset[str]
    left_out: tuple[int, ...]
    looks: int = 0
    themes: pd.DataFrame
    queue: pd.DataFrame

    _view = (
        "themes: theme label verdict score precision precision_low recall recall_low n_checked "
        "n_more note",
    )

    def _title(self) -> str:
        able = self.themes["verdict"].isin((AUTOMATE, AUTOMATE_ABOVE)).sum()
        return (
            f"{able} of {len(self.themes)} themes certified for machine coding: precision at least "
            f"{self.precision:g} with {self.confidence:.0%} confidence, {self.n:,} hand codes"
            f"{f', look {self.looks} at them' if self.looks else ''}"
        )

    def accepted(self, machine: Codes) -> Codes:
        """Return the machine's codes that may stand without a person.

        Parameters
        ----------
        machine : Codes
            The codes that were certified.

        Returns
        -------
        Codes
            Of the certified themes alone, at or above their scores, on the certificate's units.

        Raises
        ------
        InputError
            If no theme was certified.
        """
        able = self.themes[self.themes["verdict"].isin((AUTOMATE, AUTOMATE_ABOVE))]
        if able.empty:
            raise InputError(
                "the certificate", "must have a theme that the machine may code", "none",
                "Let people code, or code more responses at random and certify again.",
            )  # fmt: skip
        least = dict(zip(able["theme"], able["score"], strict=True))
        table, seen = machine.table, machine.seen
        enough = table["score"].fillna(np.inf) >= table["theme"].map(least).fillna(np.inf)
        use = table["theme"].isin(least) & enough & table["response_id"].isin(self.units)
        return replace(
            machine, themes=tuple(t for t in machine.themes if t in least), table=table[use],
            seen=seen[seen["response_id"].isin(self.units)], evidence=None,
        )  # fmt: skip


def certify_codes(
    machine: Codes,
    human: Codes | Sequence[Codes],
    responses: Responses,
    *,
    precision: float = 0.8,
    recall: float | None = None,
    confidence: float = 0.9,
    together: bool = False,
    seed: int = 7,
) -> Certificate:
    """Decide for each theme whether the machine may code it alone, from a random hand-coded sample.

    Parameters
    ----------
    machine : Codes
        The machine's codes.
    human : Codes or sequence of Codes
        One person's codes (or agreed ones) of a random sample, drawn over all years, within each,
        or with the inclusion probabilities that the codes have. Those in ``picked``, and those that
        the machine was trained on without cross-fitting, are not used. Of several, the first
        measures the machine, and the second tells on which themes people disagree.
    responses : Responses
        The survey.
    precision : float, default 0.8
        What the precision of an accepted set must be, 0 to 1.
    recall : float, optional
        What its recall must be; by default recall is reported alone.
    confidence : float, default 0.9
        Of each verdict "automate", 0 to 1.
    together : bool, default False
        Whether the confidence is that of all themes' verdicts together (Bonferroni).
    seed : int, default 7
        Of the draw that evens out sampling rates.

    Returns
    -------
    Certificate
        *Automate*: the lower bound of precision (and of recall, if asked for) reaches what is
        wanted. *Automate above the score*: that of the half of the codes with the higher scores
        does. *Definition at fault*: neither does, and the two people's F1 is surely below
        ``precision``, or most of the machine's wrong codes are, by people, one other theme.
        *People code it*: precision is surely below what is wanted, or the machine never applies
        the theme. *Not enough evidence*: none of these.

    Raises
    ------
    InputError
        If a target is out of range, or no response of the sample was drawn at random.

    Notes
    -----
    Where inclusion probabilities differ, or years were sampled at rates more unlike than a draw
    over all years makes them (chi-square test at .05), sampled responses are left out at random
    until the rates are equal, so that the rest is a simple random sample: for precision among the
    codes that may be accepted, for recall among all responses. A year with less than half the rate
    of the whole (or, with known probabilities, without any) is left out and named.

    Of codes of :func:`iapt_topics.mapping.cross_fit_codes` the bounds are exact for each part given
    the models of the others; that they hold for all parts together is simulated, not proved.

    References
    ----------
    As for :mod:`iapt_topics.agreement.certify`.

    Examples
    --------
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
    >>> human = coded("person", "human", ids[10:60], ids[10:30])
    >>> certify_codes(machine, human, survey).themes[["verdict", "n_checked"]].values.tolist()
    [['automate', 20]]
    """
    for name, value in (("precision", precision), ("recall", recall), ("confidence", confidence)):
        if value is not None:
            require_fraction(value, name)
    people = [human] if isinstance(human, Codes) else list(human)
    if not people:
        raise InputError("human", "must be codes", "an empty list", "Give a person's codes.")
    machine, human, *others = (attach_respondents(c, responses) for c in (machine, *people))
    sample = even_sample(machine, human, responses, seed)
    drawn = sample.even()
    used = drawn.copy()
    themes = tuple(dict.fromkeys([*machine.themes, *human.themes]))
    f, score = spread(machine, sample.ids, themes)
    score = np.where(f & np.isnan(score), np.inf, score)  # one without a score counts as highest
    y = spread(human, sample.ids, themes)[0]
    labels = [machine.labels.get(t) or human.labels.get(t) or t for t in themes]
    asked = _Asked(precision, recall, (1 - confidence) / (len(themes) if together else 1))
    disputed = _disputed([human, *others], sample.ids, asked)
    rows: list[dict[str, object]] = []
    for j, theme in enumerate(themes):
        head: dict[str, object] = {"theme": theme, "label": labels[j]}
        if theme not in human.themes:
            rows.append(
                head | {"verdict": UNKNOWN, "score": np.nan, "note": "not in the human code set"}
            )
            continue
        checked = sample.even(f[:, j]) & f[:, j]
        used |= checked
        wrong = checked & ~y[:, j]
        fault = _taken_for(y[wrong], f[wrong], labels, asked.alpha)
        if theme in disputed:
            fault = "two people agree less on it than the target"
        sets = _sets(f[:, j], score[:, j], y[:, j], sample, drawn, asked)
        rows.append(head | _verdict(sets, asked, fault))
    table = pd.DataFrame(rows).reindex(columns=_COLUMNS)
    waiting = ~np.isin(sample.ids, list(human.seen["response_id"]))
    return Certificate(
        precision=precision, recall=recall, confidence=confidence, together=together,
        n=int(used.sum()), units=frozenset(sample.ids), left_out=sample.left_out,
        themes=table,
        queue=review_queue(sample.ids, f, score, y, drawn, waiting),
    )  # fmt: skip


_COLUMNS = [
    "theme", "label", "verdict", "score", "accepted", "n_checked", "n_right", "precision",
    "precision_low", "precision_high", "n_positives", "n_found", "recall", "recall_low", "n_more",
    "note",
]  # fmt: skip


class _Asked(NamedTuple):
    precision: float
    recall: float | None
    alpha: float


class _Set(NamedTuple):
    """Codes of one theme from a score upwards, and what the sample says of them."""

    score: float
    accepted: int
    checked: int
    right: int
    positives: int
    found: int
    total: int  # responses that the sample stands for
    low: float
    high: float
    recall_low: float

    def passes(self, asked: _Asked) -> bool:
        return self.low >= asked.precision and self.recall_low >= (asked.recall or 0.0)


def _sets(
    f: Bools, score: Floats, y: Bools, sample: EvenSample, drawn: Bools, asked: _Asked
) -> list[_Set]:
    """All codes of a theme, and the half with the higher scores if enough of it were checked.

    Precision rests on the part of the sample that is even among these codes, recall on ``drawn``,
    which is even among all responses.
    """
    middle = float(np.quantile(score[f], 0.5, method="higher")) if f.any() else np.inf
    upper = f & (score >= middle)
    two = upper.sum() < f.sum() and sample.even(upper).sum() >= _fewest(asked)
    shares = (_SHARE_ALL, 1 - _SHARE_ALL) if two else (1.0,)
    sets = []
    for least, chosen, share in zip((-np.inf, middle), (f, upper), shares, strict=False):
        checked = sample.even(chosen)
        m, right = int(checked.sum()), int((checked & y).sum())
        positives, caught = int((drawn & y).sum()), int((drawn & y & chosen).sum())
        level = 1 - asked.alpha * share
        low, high = exact_bounds(right, m, level, total=int(chosen.sum()))
        sets.append(
            _Set(
                score=least,
                accepted=int(chosen.sum()),
                checked=m,
                right=right,
                positives=positives,
                found=caught,
                total=len(f),
                low=low,
                high=high,
                recall_low=exact_bounds(caught, positives, level)[0],
            )
        )
    return sets


def _verdict(sets: list[_Set], asked: _Asked, fault: str) -> dict[str, object]:
    """The verdict on a theme, the set it is about, and what it rests on."""
    best = next((s for s in sets if s.passes(asked)), None)
    if best is not None:
        return _row(AUTOMATE if best is sets[0] else AUTOMATE_ABOVE, best, best.score)
    whole = sets[0]
    if not whole.accepted:
        return _row(PEOPLE, whole, np.nan, note="the machine never applies the theme")
    if fault:
        return _row(DEFINITION, whole, np.nan, note=fault)
    if all(s.high < asked.precision for s in sets):
        return _row(PEOPLE, whole, np.nan)
    return _row(UNKNOWN, whole, np.nan, n_more=_more(whole, asked))


def _disputed(people: Sequence[Codes], ids: list[str], asked: _Asked) -> set[str]:
    """Themes whose F1 between two people is surely below the precision asked of the machine."""
    if len(people) < 2:
        return set()
    both = set.intersection(*(set(c.seen["response_id"]) for c in people[:2]))
    common = [i for i in ids if i in both]
    themes = [t for t in people[0].themes if t in people[1].themes]
    one, two = (spread(c, common, themes)[0] for c in people[:2])
    found = set()
    for j, theme in enumerate(themes):
        either = int((one[:, j] | two[:, j]).sum())
        share = exact_bounds(int((one[:, j] & two[:, j]).sum()), either, 1 - asked.alpha)[1]
        if 2 * share / (1 + share) < asked.precision:  # F1, of the proportion of both among either
            found.add(theme)
    return found


def _taken_for(wrong: Bools, given: Bools, labels: list[str], alpha: float) -> str:
    """The one theme that most of a theme's wrong codes should have been, in words, or "".

    ``wrong`` is people's codes of the responses where the theme is wrong, ``given`` the machine's.
    """
    missed = (wrong & ~given).sum(axis=0)
    if not len(wrong) or not missed.any():
        return ""
    k, level = int(missed.argmax()), 1 - alpha / len(labels)
    if exact_bounds(int(missed[k]), len(wrong), level)[0] <= 0.5:  # most of them
        return ""
    return f"{int(missed[k])} of {len(wrong)} wrong codes are by people {labels[k]!r}"


def _more(found: _Set, asked: _Asked) -> float:
    """Further random codes after which the bounds settle the verdict, if the rates stay."""
    share = (found.right + 0.5) / (found.checked + 1)
    level = 1 - asked.alpha * _SHARE_ALL
    m = fewest = max(found.checked + 1, _fewest(asked))
    while m < found.accepted and found.checked:
        low, high = exact_bounds(round(share * m), m, level, total=found.accepted)
        if low >= asked.precision or high < asked.precision:
            break
        m += max(1, m // 20)
    m = min(m if found.checked else fewest, found.accepted)
    return float(ceil((m - found.checked) * found.total / found.accepted))


def _fewest(asked: _Asked) -> int:
    """Codes to check below which the smaller set cannot pass even if all are right."""
    return ceil(log(asked.alpha * (1 - _SHARE_ALL)) / log(asked.precision))


def _row(verdict: str, found: _Set, score: float, **more: object) -> dict[str, object]:
    return {
        "verdict": verdict,
        "score": score,
        "accepted": found.accepted,
        "n_checked": found.checked,
        "n_right": found.right,
        "precision": found.right / found.checked if found.checked else np.nan,
        "precision_low": found.low,
        "precision_high": found.high,
        "n_positives": found.positives,
        "n_found": found.found,
        "recall": found.found / found.positives if found.positives else np.nan,
        "recall_low": found.recall_low,
        "note": "",
    } | more
