"""The tables of the report: results in, rows of text out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from iapt_topics._base.text import clean
from iapt_topics.figures.agreement import code_pairs
from iapt_topics.figures.rows import STATUSES
from iapt_topics.report.format import (
    DASH,
    Grid,
    anchor,
    count,
    decimal,
    interval,
    known,
    label_of,
    p_value,
    percent,
    points,
    verdict,
    whole,
)

if TYPE_CHECKING:
    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.codes.codes import Codes
    from iapt_topics.drift.drift import Drift
    from iapt_topics.frame.frame import ThemeFrame
    from iapt_topics.publish.quotes import Quote
    from iapt_topics.topics.topics import Topics

#: Heading of a column, how its cells are printed, and the values that this takes (none: the row).
Column = tuple[str, Callable[..., str], *tuple[str, ...]]
_PARAPHRASE = "Paraphrase:"
SURENESS = ((0.9, "high"), (0.6, "medium"), (float("-inf"), "low"))
MEASURES = {
    "alpha_masi": "Krippendorff's alpha on whole sets of themes (MASI distance)",
    "alpha_jaccard": "Krippendorff's alpha on whole sets of themes (Jaccard distance)",
    "f1_samples": "F1, mean over responses",
    "f1_micro": "F1, all themes pooled",
    "f1_macro": "F1, mean over themes",
}

_points_between = partial(interval, how=points)
_decimals_between = partial(interval, how=decimal)
_VALUE: tuple[Column, ...] = (
    ("Value", decimal, "estimate"),
    ("Low", decimal, "low"),
    ("High", decimal, "high"),
    ("By chance alone", decimal, "chance"),
)


def _grid(table: pd.DataFrame, caption: str, *columns: Column, **more: Any) -> Grid:
    """A table row by row, each cell printed as its column says."""
    rows = tuple(
        tuple(how(*(row[n] for n in names)) if names else how(row) for _, how, *names in columns)
        for row in table.to_dict("records")
    )
    return Grid(caption=caption, head=tuple(c[0] for c in columns), rows=rows, **more)


def _wave(waves: Mapping[int, str], year: int) -> str:
    return waves.get(year, str(year))


def _shown(how: Callable[..., str], given: Any, *values: Any) -> str:
    return how(*values) if known(given) else "not shown"


def _spaced(name: str) -> str:
    return clean(name).replace("_", " ")


def ledger_grid(
    ledger: pd.DataFrame, totals: Mapping[str, float], waves: Mapping[int, str]
) -> Grid:
    """What became of every row, by year."""
    table = ledger.pivot_table(index="year", columns="status", values="n", aggfunc="sum")
    table = table.reindex(columns=list(STATUSES), fill_value=0)
    # A sum that pandas makes of hidden numbers would be 0.
    gone = set(ledger.loc[ledger["n"].isna(), "year"])
    table = table.fillna(0)
    rows = []
    for year, row in table.iterrows():
        cells = [*row, row.sum()]
        texts = ("hidden" if year in gone else count(n) for n in cells)
        rows.append((_wave(waves, int(str(year))), *texts))
    rows.append(("all years", *(count(totals.get(s, 0)) for s in (*STATUSES, "read"))))
    head = ("Year", *STATUSES.values(), "rows in the file")
    note = "Each number is rounded by itself, so sums can be some way off."
    return Grid(caption="Rows of the file by year", head=head, rows=tuple(rows), note=note)


def theme_grid(rows: pd.DataFrame, frame: ThemeFrame) -> Grid:
    """The table of themes, most frequent first."""
    domains = {t.id: label_of(frame, frame.domain_of(t.id)) for t in frame.themes}
    status = {t.id: t.status for t in frame.themes}
    rows = rows.sort_values("count", ascending=False, kind="stable")
    return _grid(
        rows,
        "Share of responses with each theme",
        ("Theme", partial(label_of, frame), "theme"),
        ("Domain", lambda t: domains.get(t, DASH), "theme"),
        ("Status", lambda t: status.get(t, DASH), "theme"),
        ("Responses", count, "count"),
        ("Out of", count, "n"),
        ("Share", partial(_shown, percent), "estimate", "estimate"),
        ("95 % interval", interval, "low", "high"),
        links=tuple(anchor(t) for t in rows["theme"]),
        choices=(1, 2),
    )


def shares_grid(
    shares: pd.DataFrame, frame: ThemeFrame, caption: str, waves: Mapping[int, str]
) -> Grid:
    """Published shares by year, a row per theme and a column per year."""
    bases = shares.groupby("year")["n"].max()
    years = [int(str(y)) for y in bases.index]
    cells: dict[tuple[str, int], str] = {}
    for row in shares.to_dict("records"):
        text = "hidden"
        if known(row["estimate"]):
            text = f"{percent(row['estimate'])} ({interval(row['low'], row['high'])})"
        elif row["n"] == 0:
            text = DASH
        elif known(row["count"]):
            text = f"{count(row['count'])} of {count(row['n'])}"
        cells[str(row["theme"]), int(row["year"])] = text
    themes = dict.fromkeys(shares["theme"])
    rows = [(label_of(frame, t), *(cells.get((t, y), DASH) for y in years)) for t in themes]
    head = ("Theme", *(f"{_wave(waves, y)} (n = {count(bases[y])})" for y in years))
    return Grid(caption=caption, head=head, rows=tuple(rows))


def who_grid(who: pd.DataFrame, waves: Mapping[int, str]) -> Grid:
    """Who answered: a row for each level of a covariate, a column for each year."""
    years = sorted(who["year"].unique())
    rows = []
    for (name, level), part in who.groupby(["covariate", "level"], sort=False):
        cells = ("hidden" if not known(s) else percent(s) for s in part["estimate"])
        rows.append((clean(level), clean(name), *cells, p_value(part["p_bh"].iloc[0])))
    caption = "Share of the analysed responses, by who wrote them"
    return _tested_grid(caption, ("Who", "What"), [_wave(waves, y) for y in years], rows, (1,))


def how_grid(how: pd.DataFrame, waves: Mapping[int, str]) -> Grid:
    """How they answered: rows left out, and the length of the rest."""
    rows = []
    for measure, part in how.groupby("measure", sort=False):
        words = measure == "words"
        cells = (
            "hidden" if not known(v) else f"{v:.1f}" if words else percent(v)
            for v in part["estimate"]
        )
        name = "words of an analysed response (geometric mean)" if words else STATUSES[str(measure)]
        rows.append((name, *cells, p_value(part["p_bh"].iloc[0])))
    years = [_wave(waves, y) for y in sorted(how["year"].unique())]
    return _tested_grid("How they answered, by year", ("Rows that were",), years, rows)


def _tested_grid(
    caption: str,
    start: tuple[str, ...],
    years: Sequence[str],
    rows: Iterable[tuple[str, ...]],
    choices: tuple[int, ...] = (),
) -> Grid:
    """A column for each year, and p of any difference last, which one year alone cannot have."""
    head = (*start, *years, "Adjusted p of any difference")
    most = len(head) - (len(years) < 2)
    cut = tuple(row[:most] for row in rows)
    return Grid(caption=caption, head=head[:most], rows=cut, choices=choices)


def standardised_grid(table: pd.DataFrame, frame: ThemeFrame) -> Grid:
    """Changes as they are and at the same mix of people, for one year."""
    return _grid(
        table,
        "Changes at the same mix of people",
        ("Theme", partial(label_of, frame), "theme"),
        ("Change (points)", points, "crude"),
        ("At the same mix", points, "estimate"),
        ("More than chance at the same mix", str, "changed"),
        note="In whole points and without intervals, which would tell how many of a small group "
        "had a theme. The private tables have them.",
    )


def unassigned_grid(table: pd.DataFrame, waves: Mapping[int, str]) -> Grid:
    """Responses whose topic is not sure, by year."""
    return _grid(
        table,
        "Responses whose topic fewer than half of the runs agree on",
        ("Year", partial(_wave, waves), "year"),
        ("Responses not sure", count, "count"),
        ("Out of", count, "n"),
        ("Share", percent, "estimate"),
        ("95 % interval", interval, "low", "high"),
        (
            "Most that a topic’s share moves (points)",
            lambda v: points(v).lstrip("+"),
            "moves",
        ),
        note="Three ways to treat them: with their nearest topic (as here), as a group of their "
        "own, or left out. The last column is the widest gap between the three, over all topics.",
    )


def changes_grid(rows: pd.DataFrame, frame: ThemeFrame, caption: str) -> Grid:
    """Last year against the baseline, largest change first."""
    return _grid(
        _largest_first(rows, "estimate"),
        caption,
        ("Theme", partial(label_of, frame), "theme"),
        ("Change (percentage points)", partial(_shown, points), "estimate", "estimate"),
        ("95 % interval", _points_between, "low", "high"),
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


def trends_grid(trends: pd.DataFrame, frame: ThemeFrame, waves: Mapping[int, str]) -> Grid | None:
    """Slope, any difference and shape, for the themes of which every year is given."""
    shown = trends[trends["estimate"].notna()]
    if shown.empty:
        return None
    slope = shown[shown["test"] == "linear"].sort_values("p", kind="stable")
    any_year = shown[shown["test"] == "omnibus"].set_index("theme")["p_bh"]
    shape = shown[shown["test"] == "shape"].set_index("theme").to_dict("index")
    return _grid(
        slope,
        "Over all years together",
        ("Theme", partial(label_of, frame), "theme"),
        ("Slope (points a year)", points, "estimate"),
        ("95 % interval", _points_between, "low", "high"),
        ("Adjusted p of the slope", p_value, "p_bh"),
        ("Adjusted p of any difference between years", lambda t: p_value(any_year[t]), "theme"),
        ("Shape that stands out most", lambda t: _named(shape[t]["shape"], waves), "theme"),
        ("Its height (points)", lambda t: points(shape[t]["estimate"]), "theme"),
        (
            "95 % interval over all shapes",
            lambda t: _points_between(shape[t]["low"], shape[t]["high"]),
            "theme",
        ),
        ("Adjusted p of the shape", lambda t: p_value(shape[t]["p_bh"]), "theme"),
    )


def _named(shape: str, waves: Mapping[int, str]) -> str:
    """The name of a shape with the year that ends it as the wave is called."""
    words, _, last = shape.rpartition(" ")
    return f"{words} {waves.get(int(last), last)}" if last.isdecimal() else shape


def steps_grid(changepoints: pd.DataFrame, frame: ThemeFrame, waves: Mapping[int, str]) -> Grid:
    """The steps found in a long series."""
    wave = partial(_wave, waves)
    return _grid(
        changepoints[changepoints["p_bh"] < 0.05],
        "Steps in the series",
        ("Theme", partial(label_of, frame), "theme"),
        ("From", wave, "year"),
        ("Looked for in", lambda first, last: f"{wave(first)} to {wave(last)}", "first", "last"),
        ("Step (points)", points, "estimate"),
        ("95 % interval over all steps", _points_between, "low", "high"),
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


def _largest_first(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    size = rows[column].abs().sort_values(ascending=False, kind="stable")
    return rows.loc[size.index]


def corrected_grid(rows: pd.DataFrame, frame: ThemeFrame, caption: str) -> Grid:
    """Changes by the machine, and as corrected by people's codes, largest first."""
    return _grid(
        _largest_first(rows, "estimate"),
        caption,
        ("Theme", partial(label_of, frame), "theme"),
        ("By the machine", points, "machine"),
        ("95 % interval", _points_between, "machine_low", "machine_high"),
        ("Corrected", points, "estimate"),
        ("95 % interval", _points_between, "low", "high"),
        note="In points. The corrected ones take the responses that people coded for a random "
        "sample.",
    )


def distances_grid(drift: Drift, waves: Mapping[int, str]) -> Grid:
    """How far the whole mix of themes moved."""
    wave = partial(_wave, waves)
    return _grid(
        drift.distances,
        "Movement of the mix as a whole",
        ("Years", lambda y, before: f"{wave(y)} against {wave(before)}", "year", "against"),
        ("Distance", decimal, "estimate"),
        ("95 % interval", _decimals_between, "low", "high"),
        ("Chance reaches", decimal, "chance"),
        ("p", p_value, "p"),
        note="Jensen–Shannon distance between the mixes of themes: 0 is the same mix, 1 nothing "
        "shared. “Chance reaches” is what shuffled years stay below 95 times in 100.",
    )


def agreement_grid(comparison: Comparison) -> Grid:
    """Agreement per theme; the chance-corrected figures never without F1 beside them."""
    one, two = clean(comparison.reference), clean(comparison.other)

    def beside_f1(value: Any, f1: Any) -> str:
        return decimal(value) if known(f1) else DASH

    return _grid(
        comparison.themes,
        f"{two} against {one}, {comparison.n:,} responses both saw",
        ("Theme", clean, "label"),
        (f"Given by {one}", count, "positives_reference"),
        (f"Given by {two}", count, "positives_other"),
        ("F1", partial(_shown, decimal), "positives_reference", "f1"),
        (
            "95 % interval",
            partial(_shown, _decimals_between),
            "positives_reference",
            "f1_low",
            "f1_high",
        ),
        ("Kappa", decimal, "kappa"),
        ("95 % interval", _decimals_between, "kappa_low", "kappa_high"),
        ("AC1", beside_f1, "ac1", "f1"),
        ("PABAK", beside_f1, "pabak", "f1"),
        ("Note", lambda n, note: clean(note) if known(n) else "", "positives_reference", "note"),
    )


def agreement_years_grid(
    comparison: Comparison, frame: ThemeFrame, waves: Mapping[int, str]
) -> Grid:
    """Share of each theme by both coders, by year, and how far apart the two are."""
    table = comparison.years
    sizes = table.groupby("year")["n"].max()
    years = [int(str(y)) for y in sizes.index]
    rows = []
    for theme, part in table.groupby("theme", sort=False):
        cells = {
            r["year"]: f"{percent(r['share_reference'])}, {percent(r['share_other'])} "
            f"({interval(r['low'], r['high'], points)})"
            for r in part[part["estimate"].notna()].to_dict("records")
        }
        rows.append((label_of(frame, theme), *(cells.get(y, "hidden") for y in years)))
    head = ("Theme", *(f"{_wave(waves, y)} (n = {count(sizes[y])})" for y in years))
    caption = f"Share by {clean(comparison.reference)}, by {clean(comparison.other)}, by year"
    note = (
        "Of the responses that both saw. In brackets the second less the first in points, a 95 % "
        "interval that takes the two as independent, so rather too wide."
    )
    return Grid(caption=caption, head=head, rows=tuple(rows), note=note)


def agreement_changes_grid(rows: pd.DataFrame, frame: ThemeFrame, caption: str) -> Grid:
    """Change of each theme by people's codes and by the machine's, largest first."""
    ways = {"same": "the same way", "opposite": "opposite ways"}
    return _grid(
        _largest_first(rows, "change_reference"),
        caption,
        ("Theme", partial(label_of, frame), "theme"),
        ("By people", points, "change_reference"),
        ("95 % interval", _points_between, "change_reference_low", "change_reference_high"),
        ("By the machine", points, "change_other"),
        ("95 % interval", _points_between, "change_other_low", "change_other_high"),
        ("Both go", lambda way: ways.get(way, "not clear"), "way"),
        note="In points, of the responses that both saw. Clear: neither interval holds 0.",
        choices=(5,),
    )


def overall_grid(comparison: Comparison) -> Grid:
    """Agreement over all themes at once."""
    return _grid(
        comparison.overall,
        "All themes together",
        ("Measure", lambda m: MEASURES.get(m, _spaced(m)), "measure"),
        ("Value", decimal, "estimate"),
        ("95 % interval", _decimals_between, "low", "high"),
        ("By chance alone", decimal, "chance"),
        ("n", count, "n"),
        ("Note", clean, "note"),
    )


def convergence_grid(comparison: Comparison) -> Grid:
    """Where machine and people meet and part, as proposed by the machine."""
    return _grid(
        comparison.convergence,
        "Where they meet and where they part",
        ("Theme", clean, "label"),
        ("Proposed rating", lambda v: clean(v) or "not shown", "rating"),
        ("F1", decimal, "f1"),
        ("Share: machine minus people (points)", points, "share_difference"),
        ("95 % interval", _points_between, "low", "high"),
        ("Note", lambda v, note: clean(note) if v else "too few people", "rating", "note"),
    )


def matches_grid(comparison: Comparison, frame: ThemeFrame, least: int) -> Grid:
    """Different themes that the two coders gave to the same responses."""
    pairs = code_pairs(comparison, least=1, most=len(comparison.matches))
    label = partial(label_of, frame)
    return _grid(
        pairs[pairs["reference_theme"] != pairs["other_theme"]].head(12),
        "Different themes for the same response",
        ("People said", label, "reference_theme"),
        ("The machine said", label, "other_theme"),
        ("Responses", count, "n_both"),
        ("F1 of the pair", decimal, "f1"),
        note=f"The twelve commonest pairs of at least {least} people.",
    )


def levels_grid(comparison: Comparison) -> Grid:
    """How many themes meet one of the other coder's, for each threshold of F1."""
    return _grid(
        comparison.levels,
        "Themes that meet a theme of the other",
        ("Measure", _spaced, "measure"),
        ("F1 of a pair at least", decimal, "threshold"),
        *_VALUE,
        ("Themes", whole, "n"),
        note="Coverage: share of the first coder’s themes that meet one of the other’s. Novelty: "
        "share of the other’s that meet none. Fragmentation: how many of the other’s a covered "
        "theme meets. Fusion: the reverse.",
        choices=(0, 1),
    )


def partition_grid(comparison: Comparison) -> Grid:
    """Agreement as two partitions, which needs no themes in common."""
    measures = {"ami": "AMI", "ari": "ARI", "v": "V measure"}
    ways = {"in": "a class of their own"}
    return _grid(
        comparison.partition,
        "As partitions of the responses",
        ("Measure", lambda v: measures.get(v, clean(v)), "measure"),
        ("Responses without a theme", lambda v: ways.get(v, "left out"), "unassigned"),
        *_VALUE,
        ("Responses", whole, "n"),
    )


def design_grid(comparison: Comparison) -> Grid:
    """How the comparison was set up."""
    rows = tuple((clean(k), clean(v)) for k, v in comparison.design.items())
    return Grid(caption="How the comparison was set up", head=("What", "How"), rows=rows)


def hierarchy_grid(hierarchy: pd.DataFrame) -> Grid:
    """Each broad topic with the fine ones in it."""
    rows: list[tuple[str, ...]] = []
    for _, part in hierarchy.groupby("broad"):
        fine = (f"{t}: {clean(name)}" for t, name in zip(part["topic"], part["label"], strict=True))
        size = part["n"].sum(skipna=False)
        rows.append((str(len(rows) + 1), "; ".join(fine), count(size)))
    head = ("Broad topic", "Its topics", "Responses in them")
    return Grid(caption="Broad topics and the topics in each", head=head, rows=tuple(rows))


def coverage_grid(coverage: pd.DataFrame) -> Grid:
    """How many topics reach each theme, the fewest first."""
    coverage = coverage.sort_values("n_topics", kind="stable")
    return _grid(
        coverage,
        "Themes by the number of topics that reach them",
        ("Theme", clean, "label"),
        ("Topics that reach it", str, "n_topics"),
        ("Responses in them", count, "count"),
        ("Share", percent, "estimate"),
        ("95 % interval", interval, "low", "high"),
        links=tuple(anchor(t) for t in coverage["theme"]),
    )


def quotes_grid(quotes: Sequence[Quote], frame: ThemeFrame, topics: Mapping[int, str]) -> Grid:
    """Every quote that may be shown, with what it can be looked up by."""
    rows = tuple(
        (
            f"{_PARAPHRASE} {q.text}" if q.paraphrase else q.text,
            q.year,
            "; ".join(label_of(frame, t) for t in q.themes) or "none",
            f"{q.topic}: {topics[q.topic]}" if q.topic in topics else "none",
            next(words for least, words in SURENESS if q.support >= least),
        )
        for q in quotes
    )
    head = ("Quote", "Year", "Themes", "Topic", "Sureness")
    note = (
        "Sureness is the share of runs that put the response into its topic: high is 90\u00a0% or "
        "more, medium 60\u00a0% or more. Each person is quoted once at most."
    )
    if any(q.paraphrase for q in quotes):
        note += f" What begins with \u201c{_PARAPHRASE}\u201d is in other words than the person's."
    return Grid(caption="Quotes", head=head, rows=rows, note=note, choices=(1, 2, 3, 4))


def resolution_grid(topics: Topics) -> Grid:
    """The numbers of topics that were tried."""
    return _grid(
        topics.resolution,
        "Numbers of topics tried",
        ("Topics", whole, "n_topics"),
        ("Agreement with the runs (ARI)", decimal, "estimate"),
        ("Low", decimal, "low"),
        ("High", decimal, "high"),
        ("Support", percent, "support"),
        ("Topics reappear (Jaccard)", decimal, "stability"),
        ("Responses of the smallest", count, "smallest"),
        ("Chosen", lambda v: "yes" if v else "", "chosen"),
    )


def runs_grid(topics: Topics) -> Grid:
    """The runs behind the topics."""
    return _grid(
        topics.runs,
        "Runs of the topic model",
        ("Run", str, "run"),
        ("Seed", str, "seed"),
        ("Neighbours", str, "n_neighbors"),
        ("Smallest cluster", str, "min_cluster_size"),
        ("Clusters", str, "n_clusters"),
        ("Unassigned", percent, "unassigned"),
    )


def frame_grid(frame: ThemeFrame) -> Grid:
    """Every theme with its status, definition and source."""
    rows = [
        (
            clean(t.label),
            label_of(frame, frame.domain_of(t.id)),
            t.status,
            clean(t.definition),
            clean(t.source),
        )
        for t in frame.codable
    ]
    head = ("Theme", "Domain", "Status", "Definition", "Source")
    return Grid(caption="The themes and where each comes from", head=head, rows=tuple(rows))


def settings_grid(topics: Topics, codes: Codes, frame: ThemeFrame) -> Grid:
    """Settings and versions needed to run the analysis again."""
    config = topics.config
    pairs: Iterable[tuple[str, str]] = (
        ("Seed", str(config.seed)),
        ("Runs", str(config.n_runs)),
        ("Number of topics asked for", whole(config.n_topics)),
        ("Smallest topic asked for", whole(config.min_topic_size)),
        ("Coder", f"{codes.coder} ({codes.kind})"),
        ("Theme frame", f"{frame.title} ({frame.name}, version {frame.version})"),
        *sorted((str(k), str(v)) for k, v in topics.versions.items()),
    )
    rows = tuple((clean(a), clean(b)) for a, b in pairs)
    return Grid(caption="Settings and versions", head=("Setting", "Value"), rows=rows)
