"""What changed: the change of each theme, a heat map, and a small chart for each theme."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from iapt_topics._base.status import (
    BY_PEOPLE,
    FELL,
    FEW,
    ROSE,
    SIGNIFICANT,
    SUPPRESSED,
    UNCHECKED,
)
from iapt_topics._base.text import clean
from iapt_topics.report import format as form
from iapt_topics.report.changes import Change
from iapt_topics.report.charts.rows import dumbbell_row
from iapt_topics.report.charts.svg import Scale, element
from iapt_topics.report.charts.waves import Line, Point, small_chart
from iapt_topics.report.format import Grid
from iapt_topics.report.grid import by_theme, wave_name

if TYPE_CHECKING:
    from iapt_topics.publish.published import Version

#: Classes of shade in the heat map, from the palest.
_SHADES = 8
#: Words to list of those that rose, and of those that fell.
_WORDS = 8


def change_chart(version: Version, changes: Sequence[Change]) -> Grid | None:
    """Each theme's first and last prevalence, joined, with its change in points."""
    if not changes:
        return None
    rows = version.tables["drift_changes"]
    last = version.wave(rows.loc[rows["kind"] == "baseline", "year"].max())
    first = version.wave(version.about.baseline)
    top = _round_up(max(max(c.first[2], c.last[2]) for c in changes))
    scale = Scale(0.0, top)
    by = "corrected by human codes" if any(c.corrected for c in changes) else codes_of(version)
    mixed = len({c.corrected for c in changes}) > 1
    if all(c.checked == UNCHECKED for c in changes):
        by += ", not checked"
    body = tuple(
        (
            f"{c.label} (machine)" if mixed and not c.corrected else c.label,
            dumbbell_row(scale, c.first, c.last, c.kind),
            f"{c.printed[0]} to {c.printed[1]}",
            f"{form.points(c.change[0])} [{form.points(c.change[1])}, {form.points(c.change[2])}]",
        )
        for c in changes
    )
    bases = version.tables["drift_shares"].groupby("year")["n"].max()
    n = [form.count(bases.get(y)) for y in (version.about.baseline, int(rows["year"].max()))]
    return Grid(
        caption=f"Change in each theme, {first} to {last} ({by})",
        head=("Theme", f"0 to {form.percent(top)}", "Prevalence", "Change, points [95\u00a0% CI]"),
        rows=body,
        note=f"Hollow: {first} (n\u00a0=\u00a0{n[0]}). Filled: {last} (n\u00a0=\u00a0{n[1]}). Thin "
        "lines are 95\u00a0% confidence intervals. Colour: adjusted p < .05"
        + (", and checked." if any(c.checked == UNCHECKED for c in changes) else "."),
        links=tuple(form.anchor(c.theme) for c in changes),
    )


def codes_of(version: Version) -> str:
    """Whose codes prevalence is of."""
    return f"{version.about.coder_kind} codes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A theme's small chart, with its first and last wave in words."""

    anchor: str
    label: str
    svg: Markup
    words: str


def theme_lines(version: Version) -> dict[str, list[Line]]:
    """Each theme by wave, by the machine and, where both coded, by people."""
    people = by_theme(version.tables.get("agreement_years"))
    out = {}
    for theme, rows in by_theme(version.tables["drift_shares"]).items():
        lines = [_line(version, rows, "Machine", "a")]
        other = [
            {"year": r["year"], "status": r["status"], "note": "", **{
                column: r[f"share_reference{end}"] for end, column in _ENDS.items()
            }}
            for r in people.get(theme, ())
        ]  # fmt: skip
        if any(form.known(r["estimate"]) for r in other):
            lines.append(_line(version, other, "People", "b"))
        out[theme] = lines
    return out


_ENDS = {"": "estimate", "_low": "low", "_high": "high"}


def _line(version: Version, rows: Sequence[dict[Any, Any]], label: str, kind: str) -> Line:
    by_year = {int(r["year"]): r for r in rows}
    points = tuple(_point(version, y, by_year.get(y)) for y in version.about.years)
    return Line(label=label, kind=kind, points=points)


def _point(version: Version, year: int, row: dict[Any, Any] | None) -> Point:
    wave = version.wave(year)
    if row is None or not form.known(row["estimate"]):
        why = "not coded" if row is None else form.why_missing(row)
        return Point(wave=wave, value=None, words=why)
    return Point(wave=wave, value=row["estimate"], low=row["low"], high=row["high"])


def small_charts(
    version: Version, changes: Sequence[Change], lines: Mapping[str, list[Line]]
) -> list[Small]:
    """A small chart for each theme with two waves or more to show, the largest change first."""
    sizes = {c.theme: abs(c.change[0]) for c in changes}
    themes = [t for t, of in lines.items() if sum(form.known(p.value) for p in of[0].points) > 1]
    themes.sort(key=lambda t: -sizes.get(t, -1.0))
    highs = [p.high or 0.0 for t in themes for line in lines[t] for p in line.points]
    top = max((h for h in highs if form.known(h)), default=1.0)
    out = []
    for theme in themes:
        machine = [p for p in lines[theme][0].points if form.known(p.value)]
        ends = (
            f"{machine[0].wave}: {form.percent(machine[0].value)}",
            (f"{machine[-1].wave}: {form.percent(machine[-1].value)}"),
        )
        out.append(
            Small(
                anchor=form.anchor(theme),
                label=form.label_of(version.labels, theme),
                svg=small_chart(lines[theme], top=top),
                words=", ".join(ends),
            )
        )
    return out


def heat_map(version: Version) -> Grid | None:
    """Prevalence of each theme in each wave, shaded; each cell leads to the theme's quotes."""
    shares, waves = version.tables["drift_shares"], version.waves
    bases = shares.groupby("year")["n"].max()
    years = [int(str(y)) for y in bases.index]
    if len(years) < 2 or not (shares["count"] > 0).any():
        return None
    top = float(shares["estimate"].max(skipna=True))
    order = version.tables["theme_shares"].sort_values("count", ascending=False, kind="stable")
    cells = {(str(r["theme"]), int(r["year"])): r for r in shares.to_dict("records")}
    rows = []
    for theme in map(str, order["theme"]):
        label = form.label_of(version.labels, theme)
        row: list[str] = [label]
        for year in years:
            row.append(_heat(version, theme, year, cells.get((theme, year)), top))
        rows.append(tuple(row))
    return Grid(
        caption="Prevalence of each theme by wave",
        head=("Theme", *(f"{wave_name(waves, y)} (n\u00a0=\u00a0{form.count(bases[y])})"
                         for y in years)),
        rows=tuple(rows),
        note=f"{codes_of(version).capitalize()}. Darker: more frequent. Each figure leads to the "
        "quotes of its theme and wave."
        + _symbols(version, shares),
        links=tuple(form.anchor(t) for t in order["theme"]),
    )  # fmt: skip


def _symbols(version: Version, shares: pd.DataFrame) -> str:
    """What stands for a figure that is not shown, of the symbols that are there."""
    few = f" {version.disclosure.few_count}: so many respondents."
    hidden = shares["status"]
    return (few if hidden.eq(FEW).any() else "") + (
        " [c]: suppressed." if hidden.eq(SUPPRESSED).any() else ""
    )


def _heat(version: Version, theme: str, year: int, row: dict[Any, Any] | None, top: float) -> str:
    if row is None or row["n"] == 0:
        return form.DASH
    if not form.known(row["estimate"]):
        if form.known(row["count"]):
            return f"{form.count(row['count'])} of {form.count(row['n'])}"
        if row["status"] == FEW:
            return form.few_cell(row)
        return form.SUPPRESSED_CELL
    shade = min(int(_SHADES * float(row["estimate"]) / (top or 1.0)), _SHADES - 1)
    return element(
        "a", form.percent(row["estimate"]), class_=f"heat h{shade}",
        href=f"#{form.anchor(theme)}", data_wave=version.wave(year),
        title=f"{form.label_of(version.labels, theme)}, {version.wave(year)}: "
        f"{form.percent(row['estimate'])} ({form.interval(row['low'], row['high'])})",
    )  # fmt: skip


def word_chart(version: Version) -> dict[str, Any] | None:
    """Words said more and less often in the last wave than in the first: a sentence and a table."""
    words = version.tables["word_shifts"]
    if words.empty:
        return None
    last, first = (version.wave(words[c].iloc[0]) for c in ("year", "against"))
    n, n_first = (form.count(words[c].iloc[0]) for c in ("n", "n_against"))
    found = words[words["p_bh"] < SIGNIFICANT]
    ways = [
        f"{way}: {', '.join(clean(w) for w in of['word'])}"
        for way, of in (("More often", found[found["estimate"] > 0]),
                        ("Less often", found[found["estimate"] < 0]))
        if len(of)
    ]  # fmt: skip
    shown = words.sort_values("p", kind="stable")
    ends = [shown[sign * shown["estimate"] > 0].head(_WORDS) for sign in (1, -1)]
    rows = pd.concat([ends[0], ends[1]]).sort_values("estimate", ascending=False, kind="stable")
    shares = [(r["count_against"] / r["n_against"], r["count"] / r["n"])
              for r in rows.to_dict("records")]  # fmt: skip
    top = _round_up(max((max(pair) for pair in shares), default=0.05))
    scale = Scale(0.0, top)
    grid = Grid(
        caption=f"Words most changed, {first} to {last}",
        head=("Word", f"0 to {form.percent(top)}", "Responses that use it",
              "Odds ratio [95\u00a0% CI]", "Adjusted p"),
        rows=tuple(
            (
                clean(r["word"]),
                dumbbell_row(scale, (a, a, a), (b, b, b), _way(r)),
                f"{form.percent(a)} to {form.percent(b)}",
                f"{_ratio(r['estimate'])} [{_ratio(r['low'])}, {_ratio(r['high'])}]",
                form.p_value(r["p_bh"]),
            )
            for r, (a, b) in zip(rows.to_dict("records"), shares, strict=True)
        ),
        note=f"Hollow: {first} (n\u00a0=\u00a0{n_first}). Filled: {last} (n\u00a0=\u00a0{n}). The "
        "odds of the word among all words said, so that longer responses do not count as a change.",
    )  # fmt: skip
    tested = f"{len(words):,} word{'s' if len(words) > 1 else ''}"
    between = f"in {last} than in {first} (adjusted p\u00a0<\u00a0.05, of {tested} tested)"
    return {
        "said": f"Words said {between}. {'. '.join(ways)}."
        if ways
        else f"No word was said significantly more or less often {between}.",
        "table": grid,
    }


def _way(row: dict[Any, Any]) -> str:
    """Class in the style of a word's change."""
    if not row["p_bh"] < SIGNIFICANT:
        return "level"
    return "up" if row["estimate"] > 0 else "down"


def _ratio(log_odds: float) -> str:
    """An odds ratio, to two decimals below 10."""
    ratio = math.exp(min(log_odds, 10.0))
    if ratio < 0.005:
        return "<\u00a00.01"
    return ">\u00a0100" if ratio > 100 else f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2f}"


def trend_words(version: Version) -> list[dict[str, Any]]:
    """Each significant trend over all waves, as a sentence: those found, and the unchecked ones."""
    trends = version.tables["drift_trends"]
    if version.tables["drift_shares"]["year"].nunique() < 3 or trends.empty:
        return []
    corrected = version.tables.get("corrected_trends")
    found, whose = trends[trends["checked"] == BY_PEOPLE], "by human codes"
    if corrected is not None:
        found = corrected[corrected["finding"].isin((ROSE, FELL))]
        whose = "as corrected by human codes"
    alone = trends[trends["checked"] == UNCHECKED]
    parts = {whose: found, "by machine codes, not checked by people": alone}
    out = []
    for of, table in parts.items():
        rows = table[(table["test"] == "linear") & (table["p_bh"] < SIGNIFICANT)]
        rows = rows[rows["estimate"].notna()].sort_values("estimate", ascending=False)
        said = [_trend(version, row, found=of == whose) for row in rows.to_dict("records")]
        if said:
            out.append({"whose": of, "said": said})
    return out


def _trend(version: Version, row: Mapping[Hashable, Any], *, found: bool) -> str:
    # A trend of machine codes alone is not said to be one.
    way = ":" if not found else " rose by" if row["estimate"] > 0 else " fell by"
    size = form.points(abs(row["estimate"])).lstrip("+") if found else form.points(row["estimate"])
    between = form.interval(row["low"], row["high"], form.points)
    return (
        f"{form.label_of(version.labels, row['theme'])}{way} {size} points a year "
        f"(95\u00a0% CI {between}; adjusted p {_p(row['p_bh'])})"
    )


def _p(p: float) -> str:
    printed = form.p_value(p)
    return printed if printed[0] in "<>" else f"= {printed}"


def _round_up(share: float) -> float:
    """The next 5 per cent."""
    return min(math.ceil(20 * share) / 20, 1.0) or 0.05
