"""The convergence matrix of a comparison: a rating proposed for every theme, with its ground."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics.agreement.tables import MIN_POSITIVES, UNDEFINED, Pair, paired_difference
from iapt_topics.agreement.theme_matching import count_2x2
from iapt_topics.stats.agreement import cohen_kappa, f1, table_2x2


def _rate(
    kappa: float, few: tuple[bool, bool], coders: tuple[str, str], theme: str, partner: str
) -> tuple[str, str]:
    """Proposed rating of a theme and its ground, by the rule in :class:`Comparison`."""
    if all(few):
        return "not estimable", f"fewer than {MIN_POSITIVES} positives of both coders"
    if any(few):
        return "silence", f"fewer than {MIN_POSITIVES} positives of {coders[few.index(True)]}"
    if np.isnan(kappa):
        return "not estimable", UNDEFINED
    if kappa < 0.2:
        return "dissonance", ""
    if kappa < 0.6:
        return "partial agreement", ""
    if partner != theme:
        return "partial agreement", f"but matched with {partner or 'no theme'}"
    return "agreement", "matched"


def convergence_table(
    pair: Pair,
    table: pd.DataFrame,
    able: Bools,
    level: tuple[Ints, Floats],
    coders: tuple[str, str],
    ids: list[str],
    scores: Floats,
    *,
    kappa: bool,
) -> pd.DataFrame:
    """The ``convergence`` table; ``able`` (2, k) says whose code set has a theme."""
    x, y = pair.x, pair.y
    partner, cells = level
    themes = [str(t) for t in table["theme"]]
    k = len(themes)
    first, second = np.arange(k), np.arange(k)
    counts = np.stack(count_2x2(x, y), axis=1)
    # A theme outside one coder's code set is compared with its partner, out of sample.
    crossed = np.zeros(k, dtype=bool)
    for i, j in enumerate(partner.tolist()):
        if j >= 0 and not able[1, i] and not able[0, j]:
            second[i], first[j] = j, i
            counts[i] = counts[j] = cells[i]
            crossed[[i, j]] = True
    estimate = cohen_kappa(table_2x2(*counts.T))
    overlap = f1(*counts.T[:3])
    low, high = paired_difference(x[:, first], y[:, second], pair.cluster)
    other = np.where(crossed, np.where(second == np.arange(k), first, second), partner)
    names = [themes[p] if p >= 0 else "" for p in other]
    ratings, notes = [], []
    for i, theme in enumerate(themes):
        few = (x[:, first[i]].sum() < MIN_POSITIVES, y[:, second[i]].sum() < MIN_POSITIVES)
        wanted = names[i] if crossed[i] else theme
        rating, ground = _rate(float(estimate[i]), few, coders, wanted, names[i])
        measured = rating in ("agreement", "partial agreement", "dissonance")
        value = f"kappa {estimate[i]:.2f}" if kappa else f"F1 {overlap[i]:.2f}"
        parts = [
            value if measured else "",
            ground,
            f"with {names[i]}, on responses that did not choose the pair" if crossed[i] else "",
            "" if able[:, i].all() else f"not in the code set of {coders[1 - int(able[1, i])]}",
        ]
        ratings.append(rating)
        notes.append("; ".join(p for p in parts if p))
    out = pd.DataFrame({"theme": themes, "label": table["label"]})
    return out.assign(
        proposed=ratings,
        rating=ratings,
        rater="",
        rationale="",
        partner=names,
        f1=overlap,
        share_difference=y[:, second].mean(axis=0) - x[:, first].mean(axis=0),
        low=low,
        high=high,
        n=table["n"],
        exemplars=[
            _exemplars(x[:, first[i]] & y[:, second[i]], ids, scores[:, second[i]])
            for i in range(k)
        ],
        note=notes,
    )


def _exemplars(both: Bools, ids: list[str], score: Floats) -> str:
    """Up to three responses with the theme from both, the other's highest scores first."""
    found = np.flatnonzero(both)
    found = found[np.argsort(-np.nan_to_num(score[found]), kind="stable")]
    return ", ".join(ids[i] for i in found[:3])
