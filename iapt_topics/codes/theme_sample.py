"""A sample to code by hand that tells most of one theme."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Ints
from iapt_topics._base.errors import InputError, listed
from iapt_topics.codes.codes import PROBABILITY, Codes
from iapt_topics.codes.proxies import APPLIED, FAR, NEAR, proxy_classes
from iapt_topics.codes.sampling import EVALUATION, PLAN_COLUMNS, SamplePlan, by_year, sample_size
from iapt_topics.survey.responses import Responses

#: What precision and recall of the machine a sample is planned for. Others make its intervals wider
#: than they could be, and no less right.
_PLANNED = 0.7


def draw_for_theme(
    responses: Responses,
    machine: Codes,
    theme: str,
    *,
    width: float = 0.2,
    scores: pd.DataFrame | None = None,
    human: Codes | None = None,
    seed: int = 7,
) -> SamplePlan:
    """Draw responses to code by hand so that the prevalence of one theme is known best.

    Responses to which the machine applied the theme are drawn more often, with probabilities that
    every estimate takes account of. The other themes are then estimated less well.

    Parameters
    ----------
    responses : Responses
        The survey; only kept responses are drawn.
    machine : Codes
        The machine's codes.
    theme : str
        One of its themes.
    width : float, default 0.2
        Decides the number of responses, as for :func:`iapt_topics.codes.next_to_code`.
    scores : DataFrame, optional
        ``response_id``, ``theme``, ``score`` of all responses, as from
        :func:`iapt_topics.mapping.score_themes`: of those without the theme by the machine, the
        fifth with the highest scores is then drawn more often too. Give the same to
        :func:`iapt_topics.corrected_shares`.
    human : Codes, optional
        What was coded already, which is not drawn again. The sample then stands for the responses
        that were not coded yet.
    seed : int, default 7
        Of the draw.

    Returns
    -------
    SamplePlan
        An evaluation part alone, drawn within each year, in proportion to the year's responses and
        at least one.

    Raises
    ------
    InputError
        If the machine's code set lacks ``theme``, the width is out of range, or a response has no
        score.

    Notes
    -----
    A year's part is shared out between the strata so that the variance is least (Neyman allocation
    [1]_), for a machine of precision and recall .7, seven in ten of whose misses are among the
    fifth with the highest scores; each stratum has one response at least.

    References
    ----------
    .. [1] Cochran (1977), "Sampling techniques", 3rd ed., section 5.5, Wiley.
    """
    if theme not in machine.themes:
        raise InputError(
            "theme", "must be in the machine's code set", repr(theme),
            f"Use one of {listed(machine.themes, most=30)}.",
        )  # fmt: skip
    rng = np.random.default_rng(seed)
    # Sorted, so that the order of the file cannot matter.
    kept = responses.kept.sort_values("response_id", kind="stable")
    ids = kept["response_id"].tolist()
    classes = proxy_classes(machine, ids, [theme], scores)[:, 0]
    done = set() if human is None else set(human.seen["response_id"])
    free = ~kept["response_id"].isin(done).to_numpy()
    rows = []
    wanted = by_year(kept["year"], sample_size(width, population=len(kept)))
    for year, count in wanted.items():
        at = rng.permutation(np.flatnonzero(free & (kept["year"] == year).to_numpy()))
        there = kept.iloc[at]
        for part, k in _strata(there, classes[at], min(count, len(there))):
            chosen = part.iloc[:k].assign(part=EVALUATION, reason="random", round=1)
            rows.append(chosen.assign(**{PROBABILITY: k / max(1, len(part))}))
    table = pd.concat(rows)[PLAN_COLUMNS].reset_index(drop=True)
    return SamplePlan(table=table, width=width)


def _strata(there: pd.DataFrame, classes: Ints, count: int) -> list[tuple[pd.DataFrame, int]]:
    """A year's responses by what the machine says of a theme, and how many of each to draw."""
    found = [c for c in (APPLIED, NEAR, FAR) if (classes == c).any()]
    if count < len(found) or len(found) < 2 or count >= len(there):
        return [(there, count)]
    n = np.array([(classes == c).sum() for c in found])
    with_it = n[0] if found[0] == APPLIED else 0
    share = np.clip((1 - _PLANNED) * with_it / np.maximum(n, 1), 0, 0.5)  # people's, if all missed
    part = {APPLIED: 1.0, NEAR: _PLANNED, FAR: 1.0 if NEAR not in found else 1 - _PLANNED}
    planned = np.array(
        [_PLANNED if c == APPLIED else part[c] * v for c, v in zip(found, share, strict=True)]
    )
    spread = n * np.sqrt(np.clip(planned * (1 - planned), 1e-4, None))
    # One of each at least, or some responses could not be drawn at all.
    drawn = np.clip(np.round(count * spread / spread.sum()).astype(int), 1, n)
    while (rest := count - int(drawn.sum())) != 0:
        able = np.flatnonzero(drawn < n) if rest > 0 else np.flatnonzero(drawn > 1)
        drawn[able[np.argmax((n - drawn)[able] if rest > 0 else drawn[able])]] += np.sign(rest)
    return [(there[classes == c], int(k)) for c, k in zip(found, drawn, strict=True)]
