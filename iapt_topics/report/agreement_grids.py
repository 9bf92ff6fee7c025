"""Tables of the report on agreement between coders."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from iapt_topics._base.status import TOO_SPARSE
from iapt_topics._base.text import clean
from iapt_topics.figures.agreement import code_pairs
from iapt_topics.report.format import (
    DASH,
    Grid,
    count,
    decimal,
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
    decimals_between,
    largest_first,
    make_grid,
    points_between,
    shown_or_not,
    spaced,
    wave_name,
)

MEASURES = {
    "alpha_masi": "Krippendorff's alpha on whole sets of themes (MASI distance)",
    "alpha_jaccard": "Krippendorff's alpha on whole sets of themes (Jaccard distance)",
    "f1_samples": "F1, mean over responses",
    "f1_micro": "F1, all themes pooled",
    "f1_macro": "F1, mean over themes",
}


def agreement_grid(themes: pd.DataFrame, one: str, two: str) -> Grid:
    """Agreement per theme; the chance-corrected figures never without F1 beside them."""

    def beside_f1(value: Any, f1: Any) -> str:
        return decimal(value) if known(f1) else DASH

    return make_grid(
        themes,
        f"{two} against {one}, {count(themes['n'].max())} responses both saw",
        ("Theme", clean, "label"),
        (f"Given by {one}", count, "positives_reference"),
        (f"Given by {two}", count, "positives_other"),
        ("F1", partial(shown_or_not, decimal), "positives_reference", "f1"),
        (
            "95 % interval",
            partial(shown_or_not, decimals_between),
            "positives_reference",
            "f1_low",
            "f1_high",
        ),
        ("Kappa", decimal, "kappa"),
        ("95 % interval", decimals_between, "kappa_low", "kappa_high"),
        ("AC1", beside_f1, "ac1", "f1"),
        ("PABAK", beside_f1, "pabak", "f1"),
        ("Note", lambda n, note: clean(note) if known(n) else "", "positives_reference", "note"),
    )


def agreement_years_grid(
    table: pd.DataFrame, labels: Labels, waves: Waves, coders: tuple[str, str]
) -> Grid:
    """Share of each theme by both coders, by year, and how far apart the two are."""
    sizes = table.groupby("year")["n"].max()
    years = [int(str(y)) for y in sizes.index]
    rows = []
    for theme, part in table.groupby("theme", sort=False):
        cells = {
            r["year"]: f"{percent(r['share_reference'])}, {percent(r['share_other'])} "
            f"({interval(r['low'], r['high'], points)})"
            for r in part[part["estimate"].notna()].to_dict("records")
        }
        rows.append((label_of(labels, theme), *(cells.get(y, "hidden") for y in years)))
    head = ("Theme", *(f"{wave_name(waves, y)} (n = {count(sizes[y])})" for y in years))
    caption = f"Share by {coders[0]}, by {coders[1]}, by year"
    note = (
        "Of the responses that both saw. In brackets the second less the first in points, a 95 % "
        "interval that takes the two as independent, so rather too wide."
    )
    return Grid(caption=caption, head=head, rows=tuple(rows), note=note)


def agreement_changes_grid(rows: pd.DataFrame, labels: Labels, caption: str) -> Grid:
    """Change of each theme by people's codes and by the machine's, largest first."""
    ways = {"same": "the same way", "opposite": "opposite ways"}
    return make_grid(
        largest_first(rows, "change_reference"),
        caption,
        ("Theme", partial(label_of, labels), "theme"),
        ("By people", points, "change_reference"),
        ("95 % interval", points_between, "change_reference_low", "change_reference_high"),
        ("By the machine", points, "change_other"),
        ("95 % interval", points_between, "change_other_low", "change_other_high"),
        ("Both go", lambda way: ways.get(way, "not clear"), "way"),
        note="In points, of the responses that both saw. Clear: neither interval holds 0.",
        choices=(5,),
    )


def overall_grid(overall: pd.DataFrame) -> Grid:
    """Agreement over all themes at once."""
    return make_grid(
        overall,
        "All themes together",
        ("Measure", lambda m: MEASURES.get(m, spaced(m)), "measure"),
        ("Value", decimal, "estimate"),
        ("95 % interval", decimals_between, "low", "high"),
        ("By chance alone", decimal, "expected_by_chance"),
        ("n", count, "n"),
        ("Note", clean, "note"),
    )


def convergence_grid(convergence: pd.DataFrame) -> Grid:
    """Where machine and people meet and part, as proposed by the machine."""
    return make_grid(
        convergence,
        "Where they meet and where they part",
        ("Theme", clean, "label"),
        ("Proposed rating", lambda v: clean(v) or "not shown", "rating"),
        ("F1", decimal, "f1"),
        ("Share: machine minus people (points)", points, "share_difference"),
        ("95 % interval", points_between, "low", "high"),
        ("Note", lambda v, note: clean(note) if v else "too few people", "rating", "note"),
    )


def matches_grid(matches: pd.DataFrame, labels: Labels, least: int) -> Grid:
    """Different themes that the two coders gave to the same responses."""
    pairs = code_pairs(matches, least=1, most=len(matches))
    label = partial(label_of, labels)
    return make_grid(
        pairs[pairs["reference_theme"] != pairs["other_theme"]].head(12),
        "Different themes for the same response",
        ("People said", label, "reference_theme"),
        ("The machine said", label, "other_theme"),
        ("Responses", count, "n_both"),
        ("F1 of the pair", decimal, "f1"),
        note=f"The twelve commonest pairs of at least {least} people.",
    )


def levels_grid(levels: pd.DataFrame) -> Grid:
    """How many themes meet one of the other coder's, for each threshold of F1."""
    return make_grid(
        levels,
        "Themes that meet a theme of the other",
        ("Measure", spaced, "measure"),
        ("F1 of a pair at least", decimal, "threshold"),
        *VALUE,
        ("Themes", format_integer, "n"),
        note="Coverage: share of the first coder’s themes that meet one of the other’s. Novelty: "
        "share of the other’s that meet none. Fragmentation: how many of the other’s a covered "
        "theme meets. Fusion: the reverse.",
        choices=(0, 1),
    )


def partition_grid(partition: pd.DataFrame) -> Grid:
    """Agreement as two partitions, which needs no themes in common."""
    measures = {"ami": "AMI", "ari": "ARI", "v": "V measure"}
    ways = {"in": "a class of their own"}
    sparse = (partition["interval_status"] == TOO_SPARSE).any()
    return make_grid(
        partition,
        "As partitions of the responses",
        ("Measure", lambda v: measures.get(v, clean(v)), "measure"),
        ("Responses without a theme", lambda v: ways.get(v, "left out"), "unassigned"),
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
    return Grid(caption="How the comparison was set up", head=("What", "How"), rows=rows)
