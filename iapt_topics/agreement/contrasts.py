"""How much of a difference between two groups the machine's own errors could make."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.errors import InputError
from iapt_topics.agreement.group_errors import (
    CODER,
    BothCoded,
    both_coded,
    find_levels,
    share_by_level,
)
from iapt_topics.codes.codes import Codes, spread
from iapt_topics.codes.hand_sample import hand_sample
from iapt_topics.stats.intervals import newcombe_interval
from iapt_topics.survey.responses import Responses

_COLUMNS = [
    "theme", "by", "level", "reference", "change", "low", "high", "recall", "recall_low",
    "recall_high", "over_coding", "over_coding_low", "over_coding_high", "error", "error_low",
    "error_high", "n", "note",
]  # fmt: skip
_FEW = 5


def error_contrasts(
    machine: Codes,
    human: Codes | Sequence[Codes],
    responses: Responses,
    *,
    by: Sequence[str] = ("year",),
) -> pd.DataFrame:
    """Estimate how much of each difference between groups the machine's errors could make.

    Parameters
    ----------
    machine : Codes
        The machine's codes.
    human : Codes or sequence of Codes
        One person's codes of a random sample, which are taken for the truth; of several the first.
    responses : Responses
        The survey.
    by : sequence of str, default ("year",)
        As for :func:`iapt_topics.agreement.error_by_group`, but for "coder". The first year, or the
        first level by name, is the reference.

    Returns
    -------
    DataFrame
        Key (``theme``, ``by``, ``level``), in the order of the themes. ``change``: the machine's
        prevalence in ``level`` less that in ``reference``, a fraction, with ``low``, ``high``
        (95 %); of it what the difference in ``recall`` between the two makes, what that in
        ``over_coding`` makes, and both together (``error``), each with its interval; ``n``
        hand-coded responses of both; ``note`` says in words what the errors could make at most.
        NaN where people found the theme in fewer than 5 responses of either group, or all but 5.

    Raises
    ------
    InputError
        If a column is not in the survey, or none of the hand codes was drawn at random.

    Notes
    -----
    The machine's prevalence is ``R p + F (1 - p)``, with R its recall, F its over-coding and p
    people's prevalence [1]_. At one p, that of both groups' hand codes, it differs between them by
    ``(R1 - R0) p + (F1 - F0) (1 - p)``, though nobody wrote otherwise. Intervals are Newcombe's,
    joined by the square-and-add rule; p is taken as known. This bounds what the errors could make.
    What remains is better estimated by the corrected change (``measure_drift(human=)``).

    References
    ----------
    .. [1] Rogan WJ, Gladen B (1978). Estimating prevalence from the results of a screening test.
       *Am J Epidemiol* 107:71-76.

    Examples
    --------
    >>> ids = [f"r{i}" for i in range(400)]
    >>> table = pd.DataFrame({"response_id": ids, "respondent_id": ids, "year": [2014, 2018] * 200})
    >>> survey = Responses(
    ...     table=table.assign(question="", text="text", status="kept"), source="made up"
    ... )
    >>> def coded(coder, kind, given):
    ...     seen = pd.DataFrame({"response_id": ids, "respondent_id": ids})
    ...     given = pd.DataFrame({"response_id": given, "theme": "S1", "score": np.nan})
    ...     return Codes(coder=coder, kind=kind, themes=("S1",), seen=seen, table=given)
    >>> human = coded("person", "human", ids[:80])
    >>> machine = coded("m", "machine", [*ids[:40:2], *ids[1:80:2]])  # half of 2014's are found
    >>> error_contrasts(machine, human, survey)[["change", "recall"]].values.tolist()
    [[0.1, 0.1]]
    """
    people = [human] if isinstance(human, Codes) else list(human)
    if not people or CODER in by:
        got = "an empty list" if not people else repr(CODER)
        raise InputError(
            "human and by", "must be codes and groups of responses", got,
            "Give a person's codes; coders are compared by error_by_group().",
        )  # fmt: skip
    themes = [t for t in people[0].themes if t in machine.themes]
    table = hand_sample(machine, people[0], responses).table
    given = spread(machine, table["response_id"].tolist(), themes)[0]
    rows: list[dict[str, object]] = []
    for name in by:
        pair = both_coded(machine, people, responses, name, themes)
        levels, at = find_levels(table, name)
        for j, theme in enumerate(themes):
            shares = _shares(given[:, j], at, len(levels))
            for k in range(1, len(levels)):
                head = {"theme": theme, "by": name, "level": levels[k], "reference": levels[0]}
                rows.append(head | _contrast(pair, j, k, *shares))
    out = pd.DataFrame(rows, columns=_COLUMNS)
    order = out["theme"].map(themes.index).to_numpy(int)
    return out.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def _shares(given: Bools, at: Ints, levels: int) -> tuple[Ints, Ints]:
    """The machine's codes, and responses, of each level."""
    return np.bincount(at[(at >= 0) & given], minlength=levels), np.bincount(
        at[at >= 0], minlength=levels
    )


def _contrast(pair: BothCoded, j: int, k: int, count: Ints, size: Ints) -> dict[str, object]:
    """One level against the first, and what the errors could make of the difference."""
    change = _difference(count[[k, 0]] / size[[k, 0]], size[[k, 0]].astype(float), 1.0)
    here = (pair.at == 0) | (pair.at == k)
    y = pair.y[:, j]
    row: dict[str, object] = dict(zip(("change", "low", "high"), change, strict=True))
    row["n"] = int(here.sum())
    measures = pair.measures(j)
    parts = []
    p = float(np.average(y[here], weights=pair.weight[here])) if here.any() else np.nan
    for name, factor in (("recall", p), ("over-coding", 1 - p)):
        n, effective, share, _ = share_by_level(*measures[name], pair)
        if n[[k, 0]].min() < _FEW:
            return row | {"note": f"Fewer than {_FEW} hand codes for the machine's {name}."}
        found = _difference(share[[k, 0]], effective[[k, 0]], factor)
        columns = [f"{name.replace('-', '_')}{end}" for end in ("", "_low", "_high")]
        row |= dict(zip(columns, found, strict=True))
        parts.append(found)
    both = float(sum(part[0] for part in parts))
    below = sum((e - low) ** 2 for e, low, _ in parts) ** 0.5
    above = sum((high - e) ** 2 for e, _, high in parts) ** 0.5
    row |= {"error": both, "error_low": both - below, "error_high": both + above}
    return row | {"note": _words(change[0], parts[0], (both, both - below, both + above))}


def _difference(share: Floats, n: Floats, factor: float) -> tuple[float, float, float]:
    """A difference of two shares on effective numbers, with its interval, times a factor."""
    low, high = newcombe_interval(share[0] * n[0], n[0], share[1] * n[1], n[1])
    return tuple(float(v) * factor for v in (share[0] - share[1], low, high))  # type: ignore[return-value]


def _words(
    change: float, recall: tuple[float, float, float], both: tuple[float, float, float]
) -> str:
    """What the errors could make of a change at most, in points of it."""
    points = round(abs(change) * 100)
    if not points:
        return "A change of 0 points."

    def most(part: tuple[float, float, float]) -> str:
        value = max(part[2] if change > 0 else -part[1], 0.0)
        top = round(value * 100)
        return "all" if top >= points else str(top)

    return (
        f"A change of {points} points; differences in the machine's recall could make up to "
        f"{most(recall)} of them, with those in its over-coding up to {most(both)}."
    )
