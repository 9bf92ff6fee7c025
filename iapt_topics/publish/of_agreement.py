"""What is published of agreement between coders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics.publish.cells import (
    ENDS,
    WITHHELD,
    _coarse_counts,
    _model,
    _share,
    _step,
    difference,
)
from iapt_topics.publish.counts import System
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.suppression import Key
from iapt_topics.stats.agreement import (
    cohen_kappa,
    f1,
    gwet_ac1,
    negative_agreement,
    pabak,
    precision,
    recall,
    table_2x2,
)

if TYPE_CHECKING:
    from iapt_topics.agreement.comparison import Comparison


def _agreement(name: str, result: Comparison, hidden: set[Key], rule: Disclosure) -> pd.DataFrame:
    """Agreement by theme; nothing of a theme that either gave to too few people.

    The measures are those of rounded counts, also of the responses that both gave it: with exact
    ones the few on which they differ could be counted.
    """
    table = result.themes
    sides = ("reference", "other")
    gone = np.array(
        [any((name, side, t) in hidden for side in sides) for t in table["theme"]], dtype=bool
    )
    few = rule.is_small(result.n)
    gone |= few
    n = np.nan if few else rule.rounded(result.n)
    first, second = (
        np.array([min(n, rule.rounded(v)) for v in table[f"positives_{s}"]], dtype=float)
        for s in sides
    )
    exact = table["f1"] * (table["positives_reference"] + table["positives_other"]) / 2
    both = np.minimum(_coarse_counts(exact.fillna(0), rule), np.minimum(first, second))
    b, c = first - both, second - both
    d = np.maximum(0, (0 if few else n) - both - b - c)
    square = table_2x2(both, b, c, d)
    new = {
        "precision": precision(both, c),
        "recall": recall(both, b),
        "f1": f1(both, b, c),
        "negative_agreement": negative_agreement(b, c, d),
        "kappa": cohen_kappa(square),
        "ac1": gwet_ac1(square),
        "pabak": pabak(square),
    }
    # What was not defined on exact counts stays so.
    kept = {m: np.where(gone | table[m].isna(), np.nan, v).round(2) for m, v in new.items()}
    out = table.assign(n=n, **kept)
    for side, count in zip(sides, (first, second), strict=True):
        out[f"positives_{side}"] = np.where(gone, np.nan, count)
        base = n if result.n >= rule.min_base else np.nan
        out[f"share_{side}"] = out[f"positives_{side}"] / base
    for measure in ("f1", "kappa"):
        out = _outward(out, measure, f"{measure}_low", f"{measure}_high", _step(rule) / 100)
    limit = np.where(table["kappa"].isna() & ~gone, "kappa is not estimable", "")
    return out.assign(note=np.where(gone, WITHHELD, limit))


def _agreement_years(
    system: System, name: str, hidden: set[Key], rule: Disclosure, *, weighted: bool = False
) -> pd.DataFrame:
    """Shares of both coders by year, of the responses that both saw, and their difference.

    Its interval takes the coders as independent, so it is wider than that of the pairs, which would
    tell on how many responses they differ. Agreement is not weighted; shares corrected by it are.
    ``effect`` is the design effect of the reference's share, which is not published.
    """
    one, two, both = system.compared[name]
    years = [y for y, ids in sorted(system.by_year.items()) if ids & both]
    wave = {i: at for at, y in enumerate(years) for i in system.by_year[y] & both}
    parts = []
    for side, codes in (("reference", one), ("other", two)):
        model, rows = _model(system, codes, wave, weighted=weighted), []
        for i, theme in enumerate(codes.themes):
            for at, year in enumerate(years if theme in one.themes and theme in two.themes else ()):
                keys = (name, side, theme, year), (name, "base", year)
                effective = model.effective[at, i]
                row = _share(system, *keys, effective, hidden, rule, weighted=weighted)
                effect = max(1.0, system.cells[keys[1]].count / effective)
                rows.append({"theme": theme, "year": year, "effect": effect} | row)
        parts.append(pd.DataFrame(rows, columns=_SHARE_OF_YEAR))
    table = beside(parts[0], parts[0][["theme", "year"]].merge(parts[1]))
    return table.assign(effect=parts[0]["effect"])


_SHARE_OF_YEAR = ["theme", "year", "count", "n", "estimate", "low", "high", "note", "effect"]


def _outward(table: pd.DataFrame, estimate: str, low: str, high: str, step: float) -> pd.DataFrame:
    """Round an interval outwards to multiples of ``step``, so that it holds the estimate."""
    middle = table[estimate].to_numpy(dtype=float)
    down = np.floor(np.round(table[low].to_numpy(dtype=float) / step, 6)) * step
    up = np.ceil(np.round(table[high].to_numpy(dtype=float) / step, 6)) * step
    # Where there is no estimate, the least and the most are missing too.
    ends = {low: np.minimum(down, middle), high: np.maximum(up, middle)}
    return table.assign(**{name: end.round(2) for name, end in ends.items()})


def _convergence(result: Comparison, themes: pd.DataFrame) -> pd.DataFrame:
    """The convergence matrix, of the themes whose agreement is shown."""
    known = themes.set_index("theme")
    table = result.convergence
    rows = known.reindex(table["theme"]).reset_index(drop=True)
    shown = rows["positives_reference"].notna().to_numpy()
    columns = [c for c in ("theme", "label", "proposed", "rating", "rater", "rationale", "partner")
               if c in table.columns]  # fmt: skip
    out = table[[*columns, "low", "high"]].reset_index(drop=True)
    text = [c for c in columns if c not in ("theme", "label")]
    out = out.assign(
        **{c: out[c].where(shown, "") for c in text},
        f1=rows["f1"],
        share_difference=rows["share_other"] - rows["share_reference"],
        n=rows["n"],
        note=np.where(shown, "", WITHHELD),
    )
    out = _outward(out, "share_difference", "low", "high", 0.01)
    return out[[*columns, "f1", "share_difference", "low", "high", "n", "note"]]


def _matches(
    result: Comparison,
    behind: Mapping[tuple[str, str], int],
    themes: pd.DataFrame,
    rule: Disclosure,
) -> pd.DataFrame:
    """Pairs of themes given to the same responses of enough people; F1 of rounded counts."""
    known = themes.set_index("theme")
    pairs = ["reference_theme", "other_theme"]
    first, second = (
        known[f"positives_{side}"].reindex(result.matches[f"{side}_theme"]).to_numpy(dtype=float)
        for side in ("reference", "other")
    )
    enough = [
        behind.get((a, b), n) >= rule.min_respondents
        for a, b, n in result.matches[[*pairs, "n_both"]].itertuples(index=False)
    ]
    n = np.minimum(_coarse_counts(result.matches["n_both"], rule), np.minimum(first, second))
    out = result.matches[[*pairs, "matched"]].assign(n_both=n, f1=f1(n, first - n, second - n))
    shown: pd.DataFrame = out[np.asarray(enough, dtype=bool) & ~np.isnan(n)]
    return shown.reset_index(drop=True).round(2)


def beside(reference: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Shares of two coders in each year, row by row the same, and their difference."""
    sides = {"reference": reference, "other": other}
    return reference[["theme", "year"]].assign(
        **{f"share_{side}{end}": t[c] for side, t in sides.items() for c, end in ENDS.items()},
        **difference(other, reference),
        n=reference["n"],
        note=reference["note"].where(reference["note"] != "", other["note"]),
    )


def changes_beside(years: pd.DataFrame, baseline: int | None) -> pd.DataFrame:
    """Changes of both coders' shares, and whether they go the same way.

    They are against the baseline, or the first year that both coded if that is none of them.
    """
    coded = years["year"].unique()
    baseline = baseline if baseline in coded else coded.min(initial=9999)
    now = years[years["year"] != baseline].reset_index(drop=True)
    then = years[years["year"] == baseline].set_index("theme").reindex(now["theme"])
    out = now[["theme", "year"]].assign(against=baseline, n=now["n"] + then["n"].to_numpy())
    signs = []
    for side in ("reference", "other"):
        pair = (
            pd.DataFrame({c: t[f"share_{side}{end}"].to_numpy() for c, end in ENDS.items()})
            for t in (now, then)
        )
        change = difference(*pair)
        out = out.assign(**{f"change_{side}{end}": change[c] for c, end in ENDS.items()})
        signs.append(np.sign(change["low"]).where(change["low"] * change["high"] > 0, 0))
    way = np.select(
        [signs[0] * signs[1] > 0, signs[0] * signs[1] < 0], ["same", "opposite"], "unclear"
    )
    shown = out[["change_reference", "change_other"]].notna().all(axis=1)
    return out.assign(way=np.where(shown, way, ""), note=np.where(shown, "", WITHHELD))
