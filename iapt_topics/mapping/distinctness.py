"""Pairs of themes that the encoder cannot tell apart, judged by their own anchors."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats
from iapt_topics.encoders.encoder import Encoder, encode_themes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.stats.intervals import wilson_interval

_FENCE = 1.5  # interquartile ranges above the upper quartile: Tukey's rule for what stands out
#: Half way from themes that are told apart without fault (0) to a toss of a coin (1/2).
_MISPLACED = 0.25
_ALIKE = 0.9  # cosine above which two texts say the same to an encoder
_COLUMNS = [
    "theme", "other", "cosine", "estimate", "low", "high", "n", "anchor", "other_anchor", "note",
]  # fmt: skip


def indistinct_themes(frame: ThemeFrame, encoder: Encoder) -> pd.DataFrame:
    """Find pairs of themes that the encoder cannot discriminate, with the reason.

    Parameters
    ----------
    frame : ThemeFrame
        The codebook. Only codable themes are compared.
    encoder : Encoder
        The one that the survey will be embedded with.

    Returns
    -------
    DataFrame
        One row for each such pair, the most similar first: ``theme``; ``other``; ``cosine`` (of the
        two themes' mean anchors, -1 to 1); ``estimate``, ``low``, ``high`` (proportion of the two
        themes' anchors that lie nearer to the other theme than to the rest of their own, 0 to 1,
        with a 95 % interval); ``n`` (anchors); ``anchor``, ``other_anchor`` (the nearest two);
        ``note`` (why). Empty if all themes can be discriminated.

    Notes
    -----
    A theme's anchors are its label, definition, what it includes, synonyms and examples. A pair is
    reported if one of these holds.

    *Misplaced anchors*: each anchor is left out in turn and assigned to the nearer of the two
    themes' means. Half would go wrong if the two were one theme. Reported from a quarter on, half
    way to that, unless the upper Wilson limit still excludes a half. A theme's only anchor cannot
    be tested so.

    *Nearness*: the cosine is above 0.9; or it is above Tukey's upper fence over all pairs of the
    frame, and an anchor is misplaced.

    References
    ----------
    Tukey (1977), "Exploratory data analysis", Addison-Wesley. Wilson (1927), JASA 22:209-212.
    """
    anchors = [(t.id, text) for t in frame.codable for text in _wording(t)]
    vectors = np.asarray(encode_themes(encoder, [text for _, text in anchors]), dtype=np.float64)
    of = np.array([theme for theme, _ in anchors], dtype=object)
    places = {t.id: np.flatnonzero(of == t.id) for t in frame.codable}
    mean = {t: _unit(vectors[at].mean(axis=0)) for t, at in places.items()}
    pairs = list(combinations(places, 2))
    cosines = np.array([mean[a] @ mean[b] for a, b in pairs])
    fence = np.inf
    if len(pairs) > 3:  # fewer have no quartiles to speak of
        lower, upper = np.quantile(cosines, [0.25, 0.75])
        fence = upper + _FENCE * (upper - lower)
    rows = []
    for (theme, other), cosine in zip(pairs, cosines, strict=True):
        wrong, n = 0, 0
        for own, against in ((theme, other), (other, theme)):
            at = places[own]
            for i in at if len(at) > 1 else ():
                rest = _unit(vectors[at[at != i]].mean(axis=0))
                wrong += bool(vectors[i] @ mean[against] >= vectors[i] @ rest)
                n += 1
        low, high = wilson_interval(wrong, n) if n else (np.nan, np.nan)
        notes = []
        if n and wrong / n >= _MISPLACED and high >= 0.5:
            notes.append(f"{wrong} of {n} anchors lie nearer to the other theme")
        if cosine > _ALIKE:
            notes.append("their anchors say the same")
        elif cosine > fence and wrong:
            notes.append(f"nearer than other pairs of themes: cosine above {fence:.2f}")
        if notes:
            near = vectors[places[theme]] @ vectors[places[other]].T
            i, j = np.unravel_index(int(near.argmax()), near.shape)
            nearest = anchors[places[theme][i]][1], anchors[places[other][j]][1]
            share = wrong / n if n else np.nan
            measured = (float(cosine), share, float(low), float(high), n)
            rows.append((theme, other, *measured, *nearest, "; ".join(notes)))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.sort_values("cosine", ascending=False, kind="stable", ignore_index=True)


def _wording(theme: Theme) -> list[str]:
    """The theme's own texts, each once; its label leads none, or all of them would be alike."""
    texts = (theme.label, theme.definition, theme.include, *theme.synonyms, *theme.examples)
    return [text for text in dict.fromkeys(texts) if text]


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector))
