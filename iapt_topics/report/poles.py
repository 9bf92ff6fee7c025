"""The frame's two poles against each other, and the facets that stand beside the themes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from iapt_topics._base.status import FEW
from iapt_topics._base.text import clean
from iapt_topics.report import format as form
from iapt_topics.report.charts.rows import stacked_row
from iapt_topics.report.charts.waves import Line, Point, wave_chart
from iapt_topics.report.format import Grid
from iapt_topics.report.grid import by_theme, make_grid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iapt_topics.publish.published import Version


#: As measured in docs/laboratory.md.
_MEASURED = (
    "On the synthetic survey, F1 was .61 for barriers, .80 for protective factors, .62 for "
    "conflict, .48 for agreement, .67 for worse and .73 for better wellbeing. Where the codebook "
    "does not set whether a theme is a barrier or protects, the machine was right in 72\u00a0% of "
    "sentences, less often than always answering \u201cbarrier\u201d would be (84\u00a0%)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart in the page: its title says what it shows, and its table has the figures."""

    title: str
    svg: Markup
    table: Grid
    note: str = ""


def pole_charts(version: Version) -> dict[str, Any] | None:
    """Both poles by wave, their difference, and what is said of both; None without poles."""
    poles, gap = version.tables.get("pole_shares"), version.tables.get("pole_difference")
    if poles is None or gap is None:
        return None
    labels = [form.label_of(version.labels, p) for p in version.about.poles]
    one, two = labels
    series = {
        label: _by_year(poles[poles["theme"] == pole])
        for pole, label in zip(version.about.poles, labels, strict=True)
    }
    both = lines_chart(version, series, f"{one} and {two} by wave", "Share of coded responses")
    difference = lines_chart(
        version, {f"{two} minus {one}": _by_year(gap)}, f"{two} minus {one}", "Difference",
        points=True,
    )  # fmt: skip
    classes = version.tables["axis_shares"]
    together = list(dict.fromkeys(classes["theme"]))[2]
    rows = classes[(classes["theme"] == together) & classes["estimate"].notna()]
    at_once = ""
    if len(rows):
        shares = [form.percent(e) for e in (rows["estimate"].min(), rows["estimate"].max())]
        between = " to ".join(dict.fromkeys(shares))
        at_once = f"{between} of the responses of a wave mention both {one} and {two}."
    return {
        "title": f"{one} against {two}",
        "question": f"{one} or {two}?" if len(one + two) < 46 else "Which pole?",
        "both": both,
        "difference": difference,
        "at_once": at_once,
        "classes": classes_grid(version, classes),
        "blank": both is None,
    }


def _by_year(rows: pd.DataFrame) -> dict[int, dict[Any, Any]]:
    return {int(r["year"]): r for r in rows.to_dict("records")}


def lines_chart(
    version: Version, series: Mapping[str, Mapping[int, dict[Any, Any]]], title: str, what: str,
    *, points: bool = False,
) -> Chart | None:  # fmt: skip
    """A chart of lines over the waves with its table; None if no figure can be shown."""
    years = [y for y in version.about.years if any(y in of for of in series.values())]
    values = [r for of in series.values() for r in of.values() if form.known(r["estimate"])]
    if not values:
        return None
    lines = [
        Line(
            label=label, kind="abc"[place % 3],
            points=tuple(_point(version, y, of.get(y)) for y in years),
        )
        for place, (label, of) in enumerate(series.items())
    ]  # fmt: skip
    high, low = max(float(r["high"]) for r in values), min(float(r["low"]) for r in values)
    top = _step(high, up=True)
    bottom = min(_step(low, up=False), 0.0) if points else 0.0
    top = max(top, 0.0) if points else top
    bases = [
        f"n\u00a0=\u00a0{form.count(next(iter(series.values())).get(y, {}).get('n'))}"
        for y in years
    ]
    how = form.points if points else form.percent
    rows = [
        (label, *(
            f"{how(r['estimate'])} ({form.interval(r['low'], r['high'], how)})"
            if form.known((r := of.get(y) or {"estimate": None})["estimate"])
            else form.why_missing(r) if r.get("status") == FEW
            else form.SUPPRESSED_CELL if y in of else form.DASH
            for y in years
        ))
        for label, of in series.items()
    ]  # fmt: skip
    unit = "points" if points else "percent"
    svg = wave_chart(
        lines, top=top, bottom=bottom, bases=bases, unit=unit, height=170 if points else 240
    )
    head = (what, *(version.wave(y) for y in years))
    note = "In brackets: 95\u00a0% CI." + (" In percentage points." if points else "")
    sizes = [r["n"] for r in next(iter(series.values())).values() if form.known(r["n"]) and r["n"]]
    least_most = dict.fromkeys(form.count(n) for n in (min(sizes), max(sizes))) if sizes else {}
    of = f"n\u00a0=\u00a0{' to '.join(least_most)}" + (" a wave" if len(sizes) > 1 else "")
    table = Grid(caption=title, head=head, rows=tuple(rows), note=note)
    return Chart(title=title, svg=svg, note=f"({of})" if sizes else "", table=table)


def _point(version: Version, year: int, row: Mapping[Any, Any] | None) -> Point:
    if row is None or not form.known(row["estimate"]):
        if row is not None and row["status"] == FEW:
            return Point(wave=version.wave(year), value=None, low=row["low"], high=row["high"],
                         words=row["note"])  # fmt: skip
        return Point(wave=version.wave(year), value=None,
                     words="not coded" if row is None else "suppressed")  # fmt: skip
    return Point(wave=version.wave(year), value=row["estimate"], low=row["low"], high=row["high"])


def _step(value: float, *, up: bool) -> float:
    """The next tenth."""
    tenths = -(-value * 10 // 1) if up else value * 10 // 1
    return tenths / 10


def facet_accuracy(version: Version) -> str:
    """What is known of the facets' accuracy: that of the bundled codebook was measured."""
    if not version.about.frame_version.startswith("iapt_identity_system,"):
        return "How often it is right on these facets is not known."
    return _MEASURED


def facet_parts(version: Version) -> list[dict[str, Any]]:
    """For each facet: its values by wave, and beside each theme."""
    years, themes = (version.tables.get(f"facet_{by}") for by in ("years", "themes"))
    if years is None:
        return []
    out = []
    for facet, rows in years.groupby("facet", sort=False):
        label = clean(rows["facet_label"].iloc[0])
        series = {
            clean(name): _by_year(part) for name, part in rows.groupby("value_label", sort=False)
        }
        beside = themes[themes["facet"] == facet] if themes is not None else None
        title = f"{label} by wave"
        out.append(
            {
                "label": label,
                "by_wave": lines_chart(version, series, title, "Share of coded responses"),
                "themes": [] if beside is None else _beside(version, beside, label),
            }
        )
    return out


def _beside(version: Version, rows: pd.DataFrame, label: str) -> list[tuple[str, Grid]]:
    """Tables of the values beside each theme: where the codebook sets one, and elsewhere."""
    carrying = set(rows.loc[rows["carried"].astype(bool), "theme"])
    parts = (
        ("set by the codebook", rows[rows["theme"].isin(carrying)]),
        ("by the tone of the sentence", rows[~rows["theme"].isin(carrying)]),
    )
    out = []
    for how, part in parts:
        grid = _values_grid(version, part, f"{label}, {how}")
        if grid is not None:
            out.append((how, grid))
    return out


def _values_grid(version: Version, rows: pd.DataFrame, caption: str) -> Grid | None:
    shown = by_theme(rows[rows["estimate"].notna()])
    parts = {t: {r["value_label"]: r for r in of} for t, of in shown.items()
             if any(r["count"] > 0 for r in of)}  # fmt: skip
    if not parts:
        return None
    names = list(dict.fromkeys(rows["value_label"]))
    body = []
    for theme, part in parts.items():
        shares = [float(part[n]["estimate"]) if n in part else 0.0 for n in names]
        whole = max(sum(shares), 1.0)  # a response can have a sentence of either value
        cells = [
            f"{form.percent(part[n]['estimate'])} ({form.count(part[n]['count'])})"
            if n in part else form.SUPPRESSED_CELL
            for n in names
        ]  # fmt: skip
        drawn = stacked_row([(s / whole, "abc"[i % 3]) for i, s in enumerate(shares)])
        n = form.count(next(iter(part.values()))["n"])
        body.append((form.label_of(version.labels, theme), drawn, *cells, n))
    head = ("Theme", "0 to 100\u00a0%", *map(clean, names), "Responses with the theme")
    links = tuple(map(form.anchor, parts))
    return Grid(caption=caption, head=head, rows=tuple(body), links=links,
                note="In brackets: responses. The rest of a bar has no value.")  # fmt: skip


def classes_grid(version: Version, classes: pd.DataFrame) -> Grid:
    """The four classes of the axis by wave."""
    return make_grid(
        classes,
        "Responses that mention one pole, both or neither",
        ("Class", clean, "theme"),
        ("Wave", version.wave, "year"),
        ("Responses", form.count, "count"),
        ("Out of", form.count, "n"),
        ("Share", form.percent, "estimate"),
        ("95\u00a0% CI", form.interval, "low", "high"),
        choices=(0, 1),
    )
