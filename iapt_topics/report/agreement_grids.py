"""Tables of the report on agreement between coders."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from iapt_topics._base.status import TOO_SPARSE
from iapt_topics._base.text import clean
from iapt_topics.figures.agreement import code_pairs
from iapt_topics.publish.wording import MEASURES
from iapt_topics.report.format import (
    DASH,
    SUPPRESSED_CELL,
    Grid,
    coefficient,
    count,
    format_integer,
    interval,
    known,
    label_of,
    percent,
    points,
)
from iapt_topics.report.grid import (
    VALUE,
    Labels,
    Waves,
    by_theme,
    coefficients_between,
    largest_first,
    make_grid,
    points_between,
    spaced,
    unless_suppressed,
    wave_name,
)


def agreement_grid(themes: pd.DataFrame, one: str, two: str) -> Grid:
    """Agreement per theme; the chance-corrected figures never without F1 beside them."""

    def beside_f1(value: Any, f1: Any) -> str:
        return coefficient(value) if known(f1) else DASH

    return make_grid(
        themes,
        f"{two} against {one}, {count(themes['n'].max())} responses coded by both",
        ("Theme", clean, "label"),
        (f"Coded by {one}", count, "positives_reference"),
        (f"Coded by {two}", count, "positives_other"),
        ("F1", partial(unless_suppressed, coefficient), "status", "f1"),
        (
            "95 % CI",
            partial(unless_suppressed, coefficients_between),
            "status",
            "f1_low",
            "f1_high",
        ),
        ("Kappa", coefficient, "kappa"),
        ("95 % CI", coefficients_between, "kappa_low", "kappa_high"),
        ("AC1", beside_f1, "ac1", "f1"),
        ("PABAK", beside_f1, "pabak", "f1"),
        ("Note", clean, "note"),
    )


def agreement_years_grid(
    table: pd.DataFrame, labels: Labels, waves: Waves, coders: tuple[str, str], *, exact: bool
) -> Grid:
    """Prevalence of each theme by both coders, by year, and their difference."""
    sizes = table.groupby("year")["n"].max()
    years = [int(str(y)) for y in sizes.index]
    rows = []
    for theme, part in by_theme(table).items():
        cells = {
            r["year"]: f"{percent(r['share_reference'])}, {percent(r['share_other'])} "
            f"({interval(r['low'], r['high'], points)})"
            for r in part
            if known(r["estimate"])
        }
        rows.append((label_of(labels, theme), *(cells.get(y, SUPPRESSED_CELL) for y in years)))
    head = ("Theme", *(f"{wave_name(waves, y)} (n = {count(sizes[y])})" for y in years))
    caption = f"Prevalence by {coders[0]} and by {coders[1]}, by year"
    note = (
        f"Responses coded by both. In brackets: 95 % CI of the difference ({coders[1]} minus "
        f"{coders[0]}) in points."
    )
    if not exact:
        note += " It treats the coders as independent, so it is conservative."
    return Grid(caption=caption, head=head, rows=tuple(rows), note=note)


def agreement_changes_grid(rows: pd.DataFrame, labels: Labels, caption: str) -> Grid:
    """Change of each theme by human codes and by the machine's, largest first."""
    return make_grid(
        largest_first(rows, "change_reference"),
        caption,
        ("Theme", partial(label_of, labels), "theme"),
        ("Human codes (points)", points, "change_reference"),
        ("95 % CI", points_between, "change_reference_low", "change_reference_high"),
        ("Machine codes (points)", points, "change_other"),
        ("95 % CI", points_between, "change_other_low", "change_other_high"),
        ("Direction", str, "way"),
        note="Responses coded by both. Unclear: at least one interval includes 0.",
        choices=(5,),
    )


def overall_grid(overall: pd.DataFrame) -> Grid:
    """Agreement over all themes at once."""
    return make_grid(
        overall,
        "All themes together",
        ("Measure", lambda m: MEASURES.get(m, spaced(m)), "measure"),
        ("Value", coefficient, "estimate"),
        ("95 % CI", coefficients_between, "low", "high"),
        ("Expected by chance", coefficient, "expected_by_chance"),
        ("n", count, "n"),
        ("Note", clean, "note"),
    )


def convergence_grid(convergence: pd.DataFrame) -> Grid:
    """Convergence of machine and human codes, as rated."""
    return make_grid(
        convergence,
        "Convergence of machine and human codes",
        ("Theme", clean, "label"),
        ("Rating", lambda v: clean(v) or SUPPRESSED_CELL, "rating"),
        ("F1", coefficient, "f1"),
        ("Prevalence: machine minus human (points)", points, "share_difference"),
        ("95 % CI", points_between, "low", "high"),
        ("Note", clean, "note"),
    )


def matches_grid(matches: pd.DataFrame, labels: Labels, least: int) -> Grid:
    """Different themes that the two coders applied to the same responses."""
    pairs = code_pairs(matches, least=1, most=len(matches))
    label = partial(label_of, labels)
    return make_grid(
        pairs[pairs["reference_theme"] != pairs["other_theme"]].head(12),
        "Different themes applied to the same response",
        ("Human theme", label, "reference_theme"),
        ("Machine theme", label, "other_theme"),
        ("Responses", count, "n_both"),
        ("F1 of the pair", coefficient, "f1"),
        note="The twelve most frequent pairs"
        + (f" with at least {least} respondents." if least > 1 else "."),
    )


def levels_grid(levels: pd.DataFrame) -> Grid:
    """How many themes match one of the other coder's, for each threshold of F1."""
    return make_grid(
        levels,
        "Themes matched between coders, by F1 threshold",
        ("Measure", spaced, "measure"),
        ("F1 threshold", coefficient, "threshold"),
        *VALUE,
        ("Themes", format_integer, "n"),
        note="A theme matches if its F1 with a theme of the other coder reaches the threshold. "
        "Coverage: proportion of the reference coder’s themes that match. Novelty: proportion of "
        "the other coder’s themes that do not. Fragmentation: matches per covered theme. Fusion: "
        "the reverse.",
        choices=(0, 1),
    )


def partition_grid(partition: pd.DataFrame) -> Grid:
    """Agreement as two partitions, which needs no themes in common."""
    measures = {"ami": "AMI", "ari": "ARI", "v": "V measure"}
    ways = {"in": "class of their own"}
    sparse = (partition["interval_status"] == TOO_SPARSE).any()
    return make_grid(
        partition,
        "Agreement as partitions of the responses",
        ("Measure", lambda v: measures.get(v, clean(v)), "measure"),
        ("Responses without a theme", lambda v: ways.get(v, "excluded"), "unassigned"),
        *VALUE,
        ("Responses", format_integer, "n"),
        note="A dash: too few responses for so many pairs of classes, so no interval."
        if sparse
        else "",
    )


def design_grid(design: pd.DataFrame) -> Grid:
    """How the comparison was set up."""
    pairs = design[["part", "value"]].itertuples(index=False)
    rows = tuple((clean(k), clean(v)) for k, v in pairs)
    return Grid(caption="Design of the comparison", head=("Item", "Value"), rows=rows)
