"""Which themes the machine may code alone, as published: from published counts and nothing else."""

from __future__ import annotations

from math import ceil, floor, gcd

import numpy as np
import pandas as pd

from iapt_topics._base.status import AUTOMATE, SHOWN, SUPPRESSED, UNKNOWN
from iapt_topics.codes.hand_sample import drawn_evenly
from iapt_topics.publish.cells import Cells
from iapt_topics.stats.exact import exact_bounds
from iapt_topics.study.study import Study
from iapt_topics.study.tables import Tables

_PRECISION, _CONFIDENCE = 0.8, 0.9


def publish_certificate(study: Study, published: Tables, cells: Cells) -> Tables:
    """A verdict on each theme whose agreement is shown, if the hand codes are evenly drawn.

    What follows from published figures gives nothing more away: the lower bound of precision is
    that of the fewest right codes, and the most codes, that round to what is published. So it holds
    for the exact counts too, and fewer themes reach the target than on the private page.
    """
    exact, table = study.tables.get("certificate"), published.get("agreement_themes")
    if exact is None or table is None or not _as_drawn(study, exact, cells):
        return {}
    rows = []
    for row in table.to_dict("records"):
        shown = row["status"] == SHOWN and row["positives_other"] > 0
        low = _least(row["precision"], row["positives_other"], cells) if shown else np.nan
        verdict = (AUTOMATE if low >= _PRECISION else UNKNOWN) if shown else SUPPRESSED
        rows.append((row["theme"], row["label"], verdict, low))
    columns = ["theme", "label", "verdict", "precision_low"]
    return {"certificate": pd.DataFrame(rows, columns=columns)}


def _as_drawn(study: Study, exact: pd.DataFrame, cells: Cells) -> bool:
    """Whether the certificate took all that was compared, none being left out to even out rates."""
    pair = cells.counts.compared.get("comparison")
    compared = None if study.comparison is None else study.comparison.themes
    if compared is None or pair is None or not drawn_evenly(pair[0], study.responses):
        return False
    checked = exact[~np.isfinite(exact["score"]) & exact["n_checked"].notna()]
    given = checked["theme"].map(compared.set_index("theme")["positives_other"])
    return bool((given == checked["n_checked"]).all())


def _least(precision: float, given: float, cells: Cells) -> float:
    """Lower bound of precision of all counts that those published can stand for, rounded down."""
    step, rule = cells.step, cells.rule
    # What the right codes are published in, but for decimals.
    unit = 1 if rule.noise else gcd(step, rule.round_to)
    both = ceil(((precision - 0.005) * given - 1e-9) / unit) * unit
    right = floor(min(both, (precision + 0.005) * given + 1e-9)) - step // 2
    most = ceil(given + max(rule.noise, (rule.round_to - 1) / 2))
    fewest = min(max(right, 0), most)
    return floor(100 * exact_bounds(fewest, most, _CONFIDENCE)[0]) / 100
