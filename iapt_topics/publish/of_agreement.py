"""What is published of agreement between coders."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats
from iapt_topics._base.status import FEW, SUPPRESSED
from iapt_topics.agreement.comparison import Comparison
from iapt_topics.publish.cells import (
    Cells,
    follow,
    mark,
    not_estimable,
    round_measures,
    rounding_variance,
)
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
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.study.derived import ENDS, both_years, compare_changes, difference
from iapt_topics.study.study import Study
from iapt_topics.study.tables import Tables, model_shares

SIDES = ("reference", "other")


def publish_agreement(study: Study, cells: Cells, years: pd.DataFrame | None) -> Tables:
    """Tables of the machine against people, ``years`` among them, and of two people."""
    out: Tables = {}
    for start, name, result in (
        ("agreement", "comparison", study.comparison),
        ("people", "benchmark", study.benchmark),
    ):
        if result is None:
            continue
        themes = _themes(name, result, cells)
        matches = _matches(result, cells.counts.behind.get(name, {}), themes, cells)
        out[f"{start}_overall"] = round_measures(result.overall, cells.rule)
        out[f"{start}_themes"] = themes
        out[f"{start}_convergence"] = _convergence(result, themes)
        out[f"{start}_matches"] = matches
        if name == "comparison" and years is not None:
            out[f"{start}_years"] = years.drop(columns="effect")
            changes = compare_changes(years, study.drift.baseline)
            out[f"{start}_changes"] = follow(
                changes, *both_years(changes, years), value="change_other"
            )
        out[f"{start}_levels"] = result.levels.round(2)
        out[f"{start}_partition"] = round_measures(result.partition, cells.rule)
        out[f"{start}_design"] = _design(study.tables[f"{start}_design"], themes)
    return out


def _design(exact: pd.DataFrame, themes: pd.DataFrame) -> pd.DataFrame:
    """How the comparison was set up, with the number of responses rounded."""
    n = themes["n"].max()
    units = f"{n:,.0f} responses" if n == n else SUPPRESSED
    return exact.assign(value=exact["value"].mask(exact["part"] == "units", units))


def _themes(name: str, result: Comparison, cells: Cells) -> pd.DataFrame:
    """Agreement by theme; nothing of a theme that either applied for too few people.

    The measures are those of rounded counts, also of the responses that both gave it: with exact
    ones the few on which they differ could be counted.
    """
    table, rule = result.themes, cells.rule
    suppressed = np.array(
        [any((name, side, t) in cells.suppressed for side in SIDES) for t in table["theme"]],
        dtype=bool,
    )
    few = rule.is_small_base(result.n)
    suppressed |= few
    n = np.nan if few else rule.rounded(result.n)
    first, second = (
        np.array([min(n, cells.count((name, s, t))) for t in table["theme"]], dtype=float)
        for s in SIDES
    )
    exact = table["f1"] * (table["positives_reference"] + table["positives_other"]) / 2
    both = np.minimum(cells.coarse(exact.fillna(0)), np.minimum(first, second))
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
    kept = {m: np.where(suppressed | table[m].isna(), np.nan, v).round(2) for m, v in new.items()}
    out = table.assign(n=n, kappa_status=table["kappa_status"].mask(suppressed, ""), **kept)
    for side, count in zip(SIDES, (first, second), strict=True):
        out[f"positives_{side}"] = np.where(suppressed, np.nan, count)
        base = n if result.n >= rule.percent_base else np.nan
        out[f"share_{side}"] = out[f"positives_{side}"] / base
    out = _outward(out, "kappa", "kappa_low", "kappa_high", cells.step / 100)
    if cells.step == 1:
        out = _outward(out, "f1", "f1_low", "f1_high", 0.01)
    else:
        out = out.assign(**_f1_limits(table, (both, first, second), out["f1"].isna(), cells))
    limit = np.where(table["kappa"].isna() & ~suppressed, "kappa is not estimable", "")
    out = mark(out, ~suppressed, limit)
    small = [any(cells.is_few((name, side, t)) for side in SIDES) for t in table["theme"]]
    out.loc[np.array(small, dtype=bool) & (not few), ["status", "note"]] = FEW, rule.few
    return not_estimable(out, "f1")


def _f1_limits(
    exact: pd.DataFrame, rounded: tuple[Floats, Floats, Floats], missing: pd.Series, cells: Cells
) -> dict[str, Floats]:
    """Limits of F1 from the rounded counts of both coders and of each, with their rounding.

    F1 is 2 J / (1 + J), with J the proportion of the responses with the theme from either coder
    that have it from both: Wilson's interval of that proportion. What respondents who answered more
    than once, and a bootstrap, make of the exact interval goes in as a design effect, to the
    nearest half.
    """
    both, first, second = rounded
    either = np.maximum(first + second - both, 1.0)
    joint = both / either
    counts = [exact[c].to_numpy(float) for c in ("positives_reference", "positives_other")]
    exact_both = exact["f1"].fillna(0).to_numpy() * sum(counts) / 2
    exact_either = np.maximum(sum(counts) - exact_both, 1.0)
    plain = np.subtract(
        *_as_f1(wilson_interval(np.minimum(exact_both, exact_either), exact_either))
    )
    width = (exact["f1_low"] - exact["f1_high"]).to_numpy(float)
    effect = np.maximum(1.0, np.round(2 * np.nan_to_num(width / plain, nan=1.0) ** 2) / 2)
    v_both, v_one = rounding_variance(cells.step), rounding_variance(cells.rule.round_to)
    spread = joint * (1 - joint)
    error = (v_both * (either + both) ** 2 + 2 * v_one * both**2) / either**4
    n = np.where(
        spread > 0, 1 / (effect / either + error / np.where(spread > 0, spread, 1)), either
    )
    low, high = _as_f1(wilson_interval(np.minimum(joint * n, n), n))
    return {
        "f1_low": np.where(missing, np.nan, low).round(2),
        "f1_high": np.where(missing, np.nan, high).round(2),
    }


def _as_f1(limits: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """F1 where the proportion of both among either has these limits."""
    low, high = limits
    return 2 * low / (1 + low), 2 * high / (1 + high)


def agreement_by_year(cells: Cells, *, weighted: bool = False) -> pd.DataFrame:
    """Shares of both coders by year, of the responses coded by both, and their difference.

    Its interval takes the coders as independent, so it is wider than that of the pairs, which would
    tell on how many responses they differ. Agreement is not weighted; shares corrected by it are.
    ``effect`` is the design effect of the reference's share, which is not published.
    """
    name, counts = "comparison", cells.counts
    one, two, both = counts.compared[name]
    years = [y for y, ids in sorted(counts.by_year.items()) if ids & both]
    wave = {i: at for at, y in enumerate(years) for i in counts.by_year[y] & both}
    parts = []
    for side, codes in zip(SIDES, (one, two), strict=True):
        weights = counts.weights if weighted else None
        _, model = model_shares(codes, counts.cluster, wave, weights)
        rows = []
        for i, theme in enumerate(codes.themes):
            for at, year in enumerate(years if theme in one.themes and theme in two.themes else ()):
                keys = (name, side, theme, year), (name, "base", year)
                effective = model.effective[at, i]
                row = cells.share(*keys, effective, weighted=weighted)
                effect = max(1.0, counts.cells[keys[1]].count / effective)
                rows.append({"theme": theme, "year": year, "effect": effect} | row)
        parts.append(pd.DataFrame(rows, columns=_SHARE_OF_YEAR))
    first = parts[0]
    second = first[["theme", "year"]].merge(parts[1])
    out = first[["theme", "year"]].assign(
        **{
            f"share_{side}{end}": t[c]
            for side, t in zip(SIDES, (first, second), strict=True)
            for c, end in ENDS.items()
        },
        **difference(second, first),
        n=first["n"],
        effect=first["effect"],
    )
    return follow(out, first, second)


_SHARE_OF_YEAR = [
    *("theme", "year", "count", "n", "estimate", "low", "high", "status", "note", "effect"),
]


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
    table = result.convergence
    rows = themes.set_index("theme").reindex(table["theme"]).reset_index(drop=True)
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
    )
    out = mark(_outward(out, "share_difference", "low", "high", 0.01), shown)
    out = not_estimable(out, "f1")
    return out[[*columns, "f1", "share_difference", "low", "high", "n", "status", "note"]]


def _matches(
    result: Comparison,
    behind: Mapping[tuple[str, str], int],
    themes: pd.DataFrame,
    cells: Cells,
) -> pd.DataFrame:
    """Pairs of themes applied to the same responses of enough people; F1 of rounded counts."""
    known = themes.set_index("theme")
    pairs = ["reference_theme", "other_theme"]
    first, second = (
        known[f"positives_{side}"].reindex(result.matches[f"{side}_theme"]).to_numpy(dtype=float)
        for side in SIDES
    )
    enough = [
        behind.get((a, b), n) >= cells.rule.min_cell
        for a, b, n in result.matches[[*pairs, "n_both"]].itertuples(index=False)
    ]
    n = np.minimum(cells.coarse(result.matches["n_both"]), np.minimum(first, second))
    out = result.matches[[*pairs, "matched"]].assign(n_both=n, f1=f1(n, first - n, second - n))
    shown: pd.DataFrame = out[np.asarray(enough, dtype=bool) & ~np.isnan(n)]
    return shown.reset_index(drop=True).round(2)
