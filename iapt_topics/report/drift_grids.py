"""Tables of the report on change over the years."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from iapt_topics._base.status import CORRECTED
from iapt_topics.report.format import (
    DASH,
    Grid,
    coefficient,
    count,
    direction,
    interval,
    known,
    label_of,
    p_value,
    percent,
    points,
    whole_points,
    why_missing,
)
from iapt_topics.report.grid import (
    Labels,
    Waves,
    coefficients_between,
    largest_first,
    make_grid,
    points_between,
    unless_suppressed,
    wave_name,
)


def standardised_grid(table: pd.DataFrame, labels: Labels, *, exact: bool = False) -> Grid:
    """Changes as they are and at a fixed respondent mix, for one year."""
    return make_grid(
        table,
        "Changes at a fixed respondent mix",
        ("Theme", partial(label_of, labels), "theme"),
        ("Unadjusted change (points)", whole_points, "crude"),
        ("Standardised change (points)", whole_points, "estimate"),
        ("Significant after standardisation", str, "changed"),
        ("Result", str, "finding"),
        note=""
        if exact
        else "Whole points without intervals: more detail could disclose the codes of small "
        "groups. The private tables have the intervals.",
    )


def changes_grid(rows: pd.DataFrame, labels: Labels, caption: str) -> Grid:
    """Last year against the baseline, largest change first."""
    return make_grid(
        largest_first(rows, "estimate"),
        caption,
        ("Theme", partial(label_of, labels), "theme"),
        (
            "Change (percentage points)",
            partial(unless_suppressed, points),
            "status",
            "estimate",
        ),
        ("95 % CI", points_between, "low", "high"),
        ("Adjusted p", p_value, "p_bh"),
        (
            "Minimum detectable change (points)",
            lambda v: f"{100 * v:.1f}" if known(v) else DASH,
            "smallest_detectable",
        ),
        ("Result", lambda r: direction(r) if known(r["estimate"]) else why_missing(r)),
        note=f"{_tested_together(rows)} {_whose_result(rows)}".strip(),
    )


def _whose_result(rows: pd.DataFrame) -> str:
    """Of which change the result is, where that is not the one in the same row."""
    if not rows["checked"].eq(CORRECTED).any():
        return ""
    return "Change and p are of machine codes; the result is of the change as corrected."


def _tested_together(rows: pd.DataFrame) -> str:
    """The tests that p is adjusted over."""
    family = rows["family"].dropna()
    return f"p is adjusted over one family: {family.iloc[0]}." if len(family) else ""


def trends_grid(
    trends: pd.DataFrame, labels: Labels, waves: Waves, caption: str = "Trends over all years"
) -> Grid | None:
    """Linear trend, any difference and shape, for the themes that are shown in enough years."""
    shown = trends[trends["estimate"].notna()]
    if shown.empty:
        return None
    slope = shown[shown["test"] == "linear"].sort_values("p", kind="stable")
    any_year = shown[shown["test"] == "omnibus"].set_index("theme")["p_bh"]
    shape = shown[shown["test"] == "shape"].set_index("theme").to_dict("index")
    return make_grid(
        slope,
        caption,
        ("Theme", partial(label_of, labels), "theme"),
        ("Linear trend (points per year)", points, "estimate"),
        ("95 % CI", points_between, "low", "high"),
        ("Adjusted p (linear trend)", p_value, "p_bh"),
        ("Adjusted p (any difference)", lambda t: p_value(any_year[t]), "theme"),
        ("Best-supported shape", lambda t: _named(shape[t]["shape"], waves), "theme"),
        ("Size of the shape (points)", lambda t: points(shape[t]["estimate"]), "theme"),
        (
            "Simultaneous 95 % CI",
            lambda t: points_between(shape[t]["low"], shape[t]["high"]),
            "theme",
        ),
        ("Adjusted p (shape)", lambda t: p_value(shape[t]["p_bh"]), "theme"),
        *((("Result (linear)", str, "finding"),) if "finding" in slope else ()),
        *((("Waves", str, "note"),) if slope["note"].astype(bool).any() else ()),
        note="Each p is adjusted over its own test: all themes.",
    )


def merged_grid(merged: pd.DataFrame, labels: Labels, waves: Waves) -> Grid | None:
    """Themes too rare to be shown in each wave, over several waves as one."""
    if merged.empty:
        return None
    return make_grid(
        merged,
        "Rare themes over several waves as one",
        ("Theme", partial(label_of, labels), "theme"),
        ("Waves", lambda *ends: " to ".join(waves.get(y, str(y)) for y in ends), "first", "last"),
        ("Responses", count, "count"),
        ("Out of", count, "n"),
        ("Prevalence", percent, "estimate"),
        ("95\u00a0% CI", interval, "low", "high"),
        note="Each of these waves by itself is suppressed; trends take them as one.",
    )


def _named(shape: str, waves: Waves) -> str:
    """The name of a shape with the year that ends it as the wave is called."""
    words, _, last = shape.rpartition(" ")
    return f"{words} {waves.get(int(last), last)}" if last.isdecimal() else shape


def steps_grid(changepoints: pd.DataFrame, labels: Labels, waves: Waves) -> Grid:
    """The step changes found in a long series."""
    wave = partial(wave_name, waves)
    return make_grid(
        changepoints[changepoints["p_bh"] < 0.05],
        "Step changes",
        ("Theme", partial(label_of, labels), "theme"),
        ("From", wave, "year"),
        ("Years searched", lambda first, last: f"{wave(first)} to {wave(last)}", "first", "last"),
        ("Step change (points)", points, "estimate"),
        ("Simultaneous 95 % CI", points_between, "low", "high"),
        ("Adjusted p", p_value, "p_bh"),
        note="p is adjusted over all themes and stretches of one depth.",
    )


def sources_grid(sources: pd.DataFrame, baseline: str) -> Grid:
    """Width of the interval of the median change, by source."""
    names = {
        "sampling": "Sampling (who responded)",
        "assignment": "Topic assignment (clustering run)",
        "coding": "Coding (machine errors)",
        "together": "Combined",
    }
    width = sources.set_index(["source", "what"])["width"]
    rows = tuple(
        (name, *(_width(width.get((source, of))) for of in ("themes", "topics")))
        for source, name in names.items()
        if source in set(sources["source"])
    )
    caption = f"Width of the 95 % CI of the median change against {baseline}, in points"
    note = "Rounded up to whole points."
    if len(rows) > 1:
        note += " Components combine in quadrature."
    return Grid(caption=caption, head=("Source", "Themes", "Topics"), rows=rows, note=note)


def _width(width: Any) -> str:
    return f"{100 * width:.0f}" if known(width) else DASH


def corrected_grid(rows: pd.DataFrame, labels: Labels, caption: str) -> Grid:
    """Changes by the machine, and as corrected by human codes, largest first."""
    return make_grid(
        largest_first(rows, "estimate"),
        caption,
        ("Theme", partial(label_of, labels), "theme"),
        ("Machine (points)", points, "machine"),
        ("95 % CI", points_between, "machine_low", "machine_high"),
        ("Corrected (points)", points, "estimate"),
        ("95 % CI", points_between, "low", "high"),
        ("Adjusted p (corrected)", p_value, "p_bh"),
        ("Result", str, "finding"),
        note=_tested_together(rows)
        + " The correction assumes that the hand-coded responses are a random sample.",
    )


def panel_grid(rows: pd.DataFrame, labels: Labels, caption: str) -> Grid:
    """Changes within the respondents of both years, largest first."""
    return make_grid(
        largest_first(rows, "estimate"),
        caption,
        ("Theme", partial(label_of, labels), "theme"),
        ("Change (points)", points, "estimate"),
        ("Respondents of both years", count, "n"),
        ("Significant (McNemar)", str, "changed"),
        ("Result", str, "finding"),
        note=_tested_together(rows),
    )


def distances_grid(distances: pd.DataFrame, waves: Waves) -> Grid:
    """How far the years differ in their mix of themes."""
    wave = partial(wave_name, waves)
    return make_grid(
        distances,
        "Difference between years in the mix of themes",
        ("Years", lambda y, before: f"{wave(y)} against {wave(before)}", "year", "against"),
        ("Jensen–Shannon distance", coefficient, "estimate"),
        ("95th percentile of the null", coefficient, "null_p95"),
        ("Corrected for noise", coefficient, "corrected"),
        ("95 % CI", coefficients_between, "low", "high"),
        ("Adjusted p", p_value, "p_bh"),
        note=_tested_together(distances)
        + " 0: the same mix of themes; 1: no theme in common. The null is a permutation of "
        "respondents between the years. Sampling noise raises a distance; the interval is that of "
        "the corrected one.",
    )
