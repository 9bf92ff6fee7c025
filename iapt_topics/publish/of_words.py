"""What is published of the words that were said more or less often."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.status import SHOWN
from iapt_topics.drift.word_shift import word_shift
from iapt_topics.publish.cells import Cells, round_p, rounding_variance

_COLUMNS = [
    *("word", "year", "against", "count", "count_against", "n", "n_against", "estimate", "low"),
    *("high", "p", "p_bh", "status", "note"),
]


def publish_words(exact: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """Shifts of words from rounded counts.

    A word is named only if in each of the two waves enough respondents use it or none does, and
    enough do not; and no word if a wave is suppressed or too small for percentages.
    """
    rule = cells.rule
    if exact.empty or not all(_known(cells, int(exact[c].iloc[0])) for c in ("year", "against")):
        return pd.DataFrame(columns=_COLUMNS)
    shown = np.ones(len(exact), dtype=bool)
    for end in ("", "_against"):
        # Responses that do not use it: no more people than that can be behind them.
        rest = exact[f"n{end}"] - exact[f"count{end}"]
        for few in (exact[f"n_respondents{end}"], rest):
            shown &= ~few.map(rule.is_small_base).to_numpy(dtype=bool)
    # None that rounding takes to nothing in both.
    largest = exact[["count", "count_against"]].max(axis=1)
    shown &= largest.map(rule.rounded).to_numpy() > 0
    rows = exact[shown].sort_values("word")
    count, against = (
        rows[c].map(rule.rounded).to_numpy(dtype=float) for c in ("count", "count_against")
    )
    step = rounding_variance(rule.round_to)
    # Coarsened, so that no number of respondents follows.
    effect = [max(1.0, round(float(exact[c].iloc[0]), 1)) for c in ("effect", "effect_against")]
    table = word_shift(
        count, against, count + against, rows["word"].to_numpy(), 0,
        rounding=step, effect=(effect[0], effect[1]),
    )  # fmt: skip
    same = {c: exact[c].iloc[0] for c in ("year", "against")}
    same |= {c: rule.rounded(exact[c].iloc[0]) for c in ("n", "n_against")}
    table = table.assign(**same, status=SHOWN, note="")
    figures = ["estimate", "low", "high"]
    table[figures] = table[figures].round(2)
    return table.assign(p=round_p(table["p"]), p_bh=round_p(table["p_bh"]))[_COLUMNS]


def _known(cells: Cells, year: int) -> bool:
    key = ("kept", year)
    return key not in cells.suppressed and cells.counts.cells[key].count >= cells.rule.percent_base
