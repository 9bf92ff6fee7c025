"""Tables of the report on change over the years."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from iapt_topics.report.format import (
    DASH,
    Grid,
    decimal,
    known,
    label_of,
    p_value,
    points,
    verdict,
)
from iapt_topics.report.grid import (
    Labels,
    Waves,
    decimals_between,
    largest_first,
    make_grid,
    points_between,
    shown_or_not,
    wave_name,
)


def standardised_grid(table: pd.DataFrame, labels: Labels) -> Grid:
    """Changes as they are and at the same mix of people, for one year."""
    return make_grid(
        table,
        "Changes at the same mix of people",
        ("Theme", partial(label_of, labels), "theme"),
        ("Change (points)", points, "crude"),
        ("At the same mix", points, "estimate"),
        ("More than chance at the same mix", str, "changed"),
        note="In whole points and without intervals, which would tell how many of a small group "
        "had a theme. The private tables have them.",
    )


def changes_grid(rows: pd.DataFrame, labels: Labels, caption: str) -> Grid:
    """Last year against the baseline, largest change first."""
    return make_grid(
        largest_first(rows, "estimate"),
        caption,
        ("Theme", partial(label_of, labels), "theme"),
        ("Change (percentage points)", partial(shown_or_not, points), "estimate", "estimate"),
        ("95 % interval", points_between, "low", "high"),
        ("Adjusted p", p_value, "p_bh"),
        (
            "Smallest detectable (points)",
            lambda v: f"{100 * v:.1f}" if known(v) else DASH,
            "smallest_detectable",
        ),
        (
            "In words",
            lambda r: verdict(r) if known(r["estimate"]) else "too few people or responses",
        ),
    )


def trends_grid(trends: pd.DataFrame, labels: Labels, waves: Waves) -> Grid | None:
    """Slope, any difference and shape, for the themes of which every year is given."""
    shown = trends[trends["estimate"].notna()]
    if shown.empty:
        return None
    slope = shown[shown["test"] == "linear"].sort_values("p", kind="stable")
    any_year = shown[shown["test"] == "omnibus"].set_index("theme")["p_bh"]
    shape = shown[shown["test"] == "shape"].set_index("theme").to_dict("index")
    return make_grid(
        slope,
        "Over all years together",
        ("Theme", partial(label_of, labels), "theme"),
        ("Slope (points a year)", points, "estimate"),
        ("95 % interval", points_between, "low", "high"),
        ("Adjusted p of the slope", p_value, "p_bh"),
        ("Adjusted p of any difference between years", lambda t: p_value(any_year[t]), "theme"),
        ("Shape that stands out most", lambda t: _named(shape[t]["shape"], waves), "theme"),
        ("Its height (points)", lambda t: points(shape[t]["estimate"]), "theme"),
        (
            "95 % interval over all shapes",
            lambda t: points_between(shape[t]["low"], shape[t]["high"]),
            "theme",
        ),
        ("Adjusted p of the shape", lambda t: p_value(shape[t]["p_bh"]), "theme"),
    )


def _named(shape: str, waves: Waves) -> str:
    """The name of a shape with the year that ends it as the wave is called."""
    words, _, last = shape.rpartition(" ")
    return f"{words} {waves.get(int(last), last)}" if last.isdecimal() else shape


def steps_grid(changepoints: pd.DataFrame, labels: Labels, waves: Waves) -> Grid:
    """The steps found in a long series."""
    wave = partial(wave_name, waves)
    return make_grid(
        changepoints[changepoints["p_bh"] < 0.05],
        "Steps in the series",
        ("Theme", partial(label_of, labels), "theme"),
        ("From", wave, "year"),
        ("Looked for in", lambda first, last: f"{wave(first)} to {wave(last)}", "first", "last"),
        ("Step (points)", points, "estimate"),
        ("95 % interval over all steps", points_between, "low", "high"),
        ("Adjusted p", p_value, "p_bh"),
    )


def sources_grid(sources: pd.DataFrame, baseline: str) -> Grid:
    """Width of the interval of the median change, by source."""
    names = {
        "sampling": "Who happened to answer (sampling)",
        "assignment": "Which run of the clustering",
        "coding": "The machine’s errors (coding)",
        "together": "All together",
    }
    width = sources.set_index(["source", "what"])["width"]
    rows = tuple(
        (name, *(_whole_points(width.get((source, of))) for of in ("themes", "topics")))
        for source, name in names.items()
        if source in set(sources["source"])
    )
    caption = f"Width of the 95 % interval of the median change against {baseline}, in points"
    note = "Rounded up to whole points. Widths add up by their squares."
    return Grid(caption=caption, head=("Source", "Themes", "Topics"), rows=rows, note=note)


def _whole_points(width: Any) -> str:
    return f"{100 * width:.0f}" if known(width) else DASH


def corrected_grid(rows: pd.DataFrame, labels: Labels, caption: str) -> Grid:
    """Changes by the machine, and as corrected by people's codes, largest first."""
    return make_grid(
        largest_first(rows, "estimate"),
        caption,
        ("Theme", partial(label_of, labels), "theme"),
        ("By the machine", points, "machine"),
        ("95 % interval", points_between, "machine_low", "machine_high"),
        ("Corrected", points, "estimate"),
        ("95 % interval", points_between, "low", "high"),
        note="In points. The corrected ones take the responses that people coded for a random "
        "sample.",
    )


def distances_grid(distances: pd.DataFrame, waves: Waves) -> Grid:
    """How far the whole mix of themes moved."""
    wave = partial(wave_name, waves)
    return make_grid(
        distances,
        "Movement of the mix as a whole",
        ("Years", lambda y, before: f"{wave(y)} against {wave(before)}", "year", "against"),
        ("Distance", decimal, "estimate"),
        ("Chance reaches", decimal, "null_p95"),
        ("Less what noise adds", decimal, "corrected"),
        ("95 % interval", decimals_between, "low", "high"),
        ("p", p_value, "p"),
        note="Jensen–Shannon distance between the mixes of themes: 0 is the same mix, 1 nothing "
        "shared. “Chance reaches” is what shuffled years stay below 95 times in 100. The interval "
        "is that of the distance less what noise adds.",
    )
