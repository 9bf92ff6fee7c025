"""The tables of the report: results in, rows of text out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from iapt_topics.figures import STATUSES, code_pairs
from iapt_topics.report.compute import (
    DASH,
    Grid,
    anchor,
    clean,
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
    from iapt_topics.agreement import Comparison
    from iapt_topics.codes import Codes
    from iapt_topics.drift import Drift
    from iapt_topics.frame import ThemeFrame
    from iapt_topics.report.quotes import Quote
    from iapt_topics.topics import Topics

SURENESS = ((0.9, "high"), (0.6, "medium"), (float("-inf"), "low"))
MEASURES = {
    "alpha_masi": "Krippendorff's alpha on whole sets of themes (MASI distance)",
    "alpha_jaccard": "Krippendorff's alpha on whole sets of themes (Jaccard distance)",
    "f1_samples": "F1, mean over responses",
    "f1_micro": "F1, all themes pooled",
    "f1_macro": "F1, mean over themes",
}


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
        rows.append((waves.get(int(str(year)), str(year)), *texts))
    rows.append(("all years", *(count(totals.get(s, 0)) for s in (*STATUSES, "read"))))
    head = ("Year", *STATUSES.values(), "rows in the file")
    note = "Each number is rounded by itself, so sums can be some way off."
    return Grid(caption="Rows of the file by year", head=head, rows=tuple(rows), note=note)


def theme_grid(rows: pd.DataFrame, frame: ThemeFrame) -> Grid:
    """The table of themes, most frequent first."""
    domains = {t.id: label_of(frame, frame.domain_of(t.id)) for t in frame.themes}
    status = {t.id: t.status for t in frame.themes}
    rows = rows.sort_values("count", ascending=False, kind="stable")
    out = [
        (
            label_of(frame, row["theme"]),
            domains.get(row["theme"], DASH),
            status.get(row["theme"], DASH),
            count(row["count"]),
            count(row["n"]),
            percent(row["estimate"]) if known(row["estimate"]) else "not shown",
            interval(row["low"], row["high"]),
        )
        for row in rows.to_dict("records")
    ]
    head = ("Theme", "Domain", "Status", "Responses", "Out of", "Share", "95 % interval")
    links = tuple(anchor(t) for t in rows["theme"])
    caption = "Share of responses with each theme"
    return Grid(caption=caption, head=head, rows=tuple(out), links=links, choices=(1, 2))


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
    head = ("Theme", *(f"{waves.get(y, y)} (n = {count(bases[y])})" for y in years))
    return Grid(caption=caption, head=head, rows=tuple(rows))


def who_grid(who: pd.DataFrame, waves: Mapping[int, str]) -> Grid:
    """Who answered: a row for each level of a covariate, a column for each year."""
    years = sorted(who["year"].unique())
    rows = []
    for (name, level), part in who.groupby(["covariate", "level"], sort=False):
        cells = ("hidden" if not known(s) else percent(s) for s in part["estimate"])
        rows.append((clean(level), clean(name), *cells, p_value(part["p_bh"].iloc[0])))
    head = ("Who", "What", *(waves.get(y, str(y)) for y in years), "Adjusted p of any difference")
    caption = "Share of the analysed responses, by who wrote them"
    return Grid(caption=caption, head=head, rows=tuple(rows), choices=(1,))


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
    years = (waves.get(y, str(y)) for y in sorted(how["year"].unique()))
    head = ("Rows that were", *years, "Adjusted p of any difference")
    return Grid(caption="How they answered, by year", head=head, rows=tuple(rows))


def standardised_grid(table: pd.DataFrame, frame: ThemeFrame) -> Grid:
    """Changes as they are and at the same mix of people, for one year."""
    rows = tuple(
        (
            label_of(frame, row["theme"]),
            points(row["crude"]),
            points(row["estimate"]),
            row["changed"],
        )
        for row in table.to_dict("records")
    )
    head = (
        "Theme",
        "Change (points)",
        "At the same mix",
        "More than chance at the same mix",
    )
    note = (
        "In whole points and without intervals, which would tell how many of a small group had a "
        "theme. The private tables have them."
    )
    return Grid(caption="Changes at the same mix of people", head=head, rows=rows, note=note)


def unassigned_grid(table: pd.DataFrame, waves: Mapping[int, str]) -> Grid:
    """Responses whose topic is not sure, by year."""
    rows = tuple(
        (
            waves.get(row["year"], str(row["year"])),
            count(row["count"]),
            count(row["n"]),
            percent(row["estimate"]),
            interval(row["low"], row["high"]),
            points(row["moves"]).lstrip("+"),
        )
        for row in table.to_dict("records")
    )
    head = (
        "Year",
        "Responses not sure",
        "Out of",
        "Share",
        "95 % interval",
        "Most that a topic’s share moves (points)",
    )
    note = (
        "Three ways to treat them: with their nearest topic (as here), as a group of their own, or "
        "left out. The last column is the widest gap between the three, over all topics."
    )
    caption = "Responses whose topic fewer than half of the runs agree on"
    return Grid(caption=caption, head=head, rows=rows, note=note)


def changes_grid(rows: pd.DataFrame, frame: ThemeFrame, caption: str) -> Grid:
    """Last year against the baseline, largest change first."""
    size = rows["estimate"].abs().fillna(-1.0)
    out = []
    for row in rows.loc[size.sort_values(ascending=False, kind="stable").index].to_dict("records"):
        name = label_of(frame, row["theme"])
        if not known(row["estimate"]):
            out.append((name, "not shown", DASH, DASH, DASH, "too few people or responses"))
            continue
        out.append(
            (
                name,
                points(row["estimate"]),
                interval(row["low"], row["high"], points),
                p_value(row["p_bh"]),
                f"{100 * row['smallest_detectable']:.1f}"
                if known(row["smallest_detectable"])
                else DASH,
                verdict(row),
            )
        )
    head = (
        "Theme",
        "Change (percentage points)",
        "95 % interval",
        "Adjusted p",
        "Smallest detectable (points)",
        "In words",
    )
    return Grid(caption=caption, head=head, rows=tuple(out))


def trends_grid(trends: pd.DataFrame, frame: ThemeFrame, waves: Mapping[int, str]) -> Grid | None:
    """Slope, any difference and shape, for the themes of which every year is given."""
    shown = trends[trends["estimate"].notna()]
    if shown.empty:
        return None
    slope = shown[shown["test"] == "linear"].sort_values("p", kind="stable")
    any_year = shown[shown["test"] == "omnibus"].set_index("theme")["p_bh"]
    shape = shown[shown["test"] == "shape"].set_index("theme").to_dict("index")
    rows = tuple(
        (
            label_of(frame, row["theme"]),
            points(row["estimate"]),
            interval(row["low"], row["high"], points),
            p_value(row["p_bh"]),
            p_value(any_year[row["theme"]]),
            _named(shape[row["theme"]]["shape"], waves),
            points(shape[row["theme"]]["estimate"]),
            interval(shape[row["theme"]]["low"], shape[row["theme"]]["high"], points),
            p_value(shape[row["theme"]]["p_bh"]),
        )
        for row in slope.to_dict("records")
    )
    head = (
        "Theme",
        "Slope (points a year)",
        "95 % interval",
        "Adjusted p of the slope",
        "Adjusted p of any difference between years",
        "Shape that stands out most",
        "Its height (points)",
        "95 % interval over all shapes",
        "Adjusted p of the shape",
    )
    return Grid(caption="Over all years together", head=head, rows=rows)


def _named(shape: str, waves: Mapping[int, str]) -> str:
    """The name of a shape with the year that ends it as the wave is called."""
    words, _, last = shape.rpartition(" ")
    return f"{words} {waves.get(int(last), last)}" if last.isdecimal() else shape


def steps_grid(changepoints: pd.DataFrame, frame: ThemeFrame, waves: Mapping[int, str]) -> Grid:
    """The steps found in a long series."""
    found = changepoints[changepoints["p_bh"] < 0.05]
    rows = tuple(
        (
            label_of(frame, row["theme"]),
            waves.get(row["year"], str(row["year"])),
            " to ".join(waves.get(row[c], str(row[c])) for c in ("first", "last")),
            points(row["estimate"]),
            interval(row["low"], row["high"], points),
            p_value(row["p_bh"]),
        )
        for row in found.to_dict("records")
    )
    head = (
        "Theme",
        "From",
        "Looked for in",
        "Step (points)",
        "95 % interval over all steps",
        "Adjusted p",
    )
    return Grid(caption="Steps in the series", head=head, rows=rows)


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


def _largest_first(rows: pd.DataFrame, column: str) -> list[dict[Any, Any]]:
    size = rows[column].abs().sort_values(ascending=False, kind="stable")
    return rows.loc[size.index].to_dict("records")


def _change(row: Mapping[Any, Any], name: str) -> tuple[str, str]:
    """A change and its interval, in points."""
    return points(row[name]), interval(row[f"{name}_low"], row[f"{name}_high"], points)


def corrected_grid(rows: pd.DataFrame, frame: ThemeFrame, caption: str) -> Grid:
    """Changes by the machine, and as corrected by people's codes, largest first."""
    out = tuple(
        (
            label_of(frame, row["theme"]),
            *_change(row, "machine"),
            points(row["estimate"]),
            interval(row["low"], row["high"], points),
        )
        for row in _largest_first(rows, "estimate")
    )
    head = ("Theme", "By the machine", "95 % interval", "Corrected", "95 % interval")
    note = "In points. The corrected ones take the responses that people coded for a random sample."
    return Grid(caption=caption, head=head, rows=out, note=note)


def distances_grid(drift: Drift, waves: Mapping[int, str]) -> Grid:
    """How far the whole mix of themes moved."""
    rows = [
        (
            " against ".join(waves.get(int(r[c]), str(r[c])) for c in ("year", "against")),
            decimal(r["estimate"]),
            interval(r["low"], r["high"], decimal),
            decimal(r["chance"]),
            p_value(r["p"]),
        )
        for r in drift.distances.to_dict("records")
    ]
    head = ("Years", "Distance", "95 % interval", "Chance reaches", "p")
    note = (
        "Jensen–Shannon distance between the mixes of themes: 0 is the same mix, 1 nothing shared. "
        "“Chance reaches” is what shuffled years stay below 95 times in 100."
    )
    return Grid(caption="Movement of the mix as a whole", head=head, rows=tuple(rows), note=note)


def agreement_grid(comparison: Comparison) -> Grid:
    """Agreement per theme; the chance-corrected figures never without F1 beside them."""
    out = []
    for row in comparison.themes.to_dict("records"):
        pair = (count(row["positives_reference"]), count(row["positives_other"]))
        if pair[0] == "hidden":
            out.append((clean(row["label"]), *pair, *("not shown",) * 2, *(DASH,) * 4, ""))
            continue
        has_f1 = known(row["f1"])
        out.append(
            (
                clean(row["label"]),
                *pair,
                decimal(row["f1"]),
                interval(row["f1_low"], row["f1_high"], decimal),
                decimal(row["kappa"]),
                interval(row["kappa_low"], row["kappa_high"], decimal),
                decimal(row["ac1"]) if has_f1 else DASH,
                decimal(row["pabak"]) if has_f1 else DASH,
                clean(row["note"]),
            )
        )
    one, two = clean(comparison.reference), clean(comparison.other)
    head = (
        "Theme",
        f"Given by {one}",
        f"Given by {two}",
        "F1",
        "95 % interval",
        "Kappa",
        "95 % interval",
        "AC1",
        "PABAK",
        "Note",
    )
    caption = f"{two} against {one}, {comparison.n:,} responses both saw"
    return Grid(caption=caption, head=head, rows=tuple(out))


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
    head = ("Theme", *(f"{waves.get(y, str(y))} (n = {count(sizes[y])})" for y in years))
    caption = f"Share by {clean(comparison.reference)}, by {clean(comparison.other)}, by year"
    note = (
        "Of the responses that both saw. In brackets the second less the first in points, a 95 % "
        "interval that takes the two as independent, so rather too wide."
    )
    return Grid(caption=caption, head=head, rows=tuple(rows), note=note)


def agreement_changes_grid(rows: pd.DataFrame, frame: ThemeFrame, caption: str) -> Grid:
    """Change of each theme by people's codes and by the machine's, largest first."""
    out = tuple(
        (
            label_of(frame, row["theme"]),
            *_change(row, "change_reference"),
            *_change(row, "change_other"),
            {"same": "the same way", "opposite": "opposite ways"}.get(row["way"], "not clear"),
        )
        for row in _largest_first(rows, "change_reference")
    )
    head = ("Theme", "By people", "95 % interval", "By the machine", "95 % interval", "Both go")
    note = "In points, of the responses that both saw. Clear: neither interval holds 0."
    return Grid(caption=caption, head=head, rows=out, note=note, choices=(5,))


def overall_grid(comparison: Comparison) -> Grid:
    """Agreement over all themes at once."""
    rows = [
        (
            MEASURES.get(r["measure"], clean(r["measure"]).replace("_", " ")),
            decimal(r["estimate"]),
            interval(r["low"], r["high"], decimal),
            decimal(r["chance"]),
            count(r["n"]),
            clean(r["note"]),
        )
        for r in comparison.overall.to_dict("records")
    ]
    head = ("Measure", "Value", "95 % interval", "By chance alone", "n", "Note")
    return Grid(caption="All themes together", head=head, rows=tuple(rows))


def convergence_grid(comparison: Comparison) -> Grid:
    """Where machine and people meet and part, as proposed by the machine."""
    out = []
    for row in comparison.convergence.to_dict("records"):
        if row["rating"] == "":
            out.append((clean(row["label"]), "not shown", DASH, DASH, DASH, "too few people"))
            continue
        out.append(
            (
                clean(row["label"]),
                clean(row["rating"]),
                decimal(row["f1"]),
                points(row["share_difference"]),
                interval(row["low"], row["high"], points),
                clean(row["note"]),
            )
        )
    head = (
        "Theme",
        "Proposed rating",
        "F1",
        "Share: machine minus people (points)",
        "95 % interval",
        "Note",
    )
    return Grid(caption="Where they meet and where they part", head=head, rows=tuple(out))


def matches_grid(comparison: Comparison, frame: ThemeFrame, least: int) -> Grid:
    """Different themes that the two coders gave to the same responses."""
    pairs = code_pairs(comparison, least=1, most=len(comparison.matches))
    apart = pairs[pairs["reference_theme"] != pairs["other_theme"]].head(12)
    out = [
        (
            label_of(frame, r["reference_theme"]),
            label_of(frame, r["other_theme"]),
            count(r["n_both"]),
            decimal(r["f1"]),
        )
        for r in apart.to_dict("records")
    ]
    head = ("People said", "The machine said", "Responses", "F1 of the pair")
    note = f"The twelve commonest pairs of at least {least} people."
    caption = "Different themes for the same response"
    return Grid(caption=caption, head=head, rows=tuple(out), note=note)


def levels_grid(comparison: Comparison) -> Grid:
    """How many themes meet one of the other coder's, for each threshold of F1."""
    how: dict[str, tuple[str, Callable[[Any], str]]] = {
        "measure": ("Measure", lambda v: clean(v).replace("_", " ")),
        "threshold": ("F1 of a pair at least", decimal),
        "estimate": ("Value", decimal),
        "low": ("Low", decimal),
        "high": ("High", decimal),
        "chance": ("By chance alone", decimal),
        "n": ("Themes", whole),
    }
    grid = plain_grid(comparison.levels, how, "Themes that meet a theme of the other")
    note = (
        "Coverage: share of the first coder’s themes that meet one of the other’s. Novelty: share "
        "of the other’s that meet none. Fragmentation: how many of the other’s a covered theme "
        "meets. Fusion: the reverse."
    )
    return replace(grid, note=note, choices=(0, 1))


def partition_grid(comparison: Comparison) -> Grid:
    """Agreement as two partitions, which needs no themes in common."""
    names = {"ami": "AMI", "ari": "ARI", "v": "V measure", "in": "a class of their own"}
    how: dict[str, tuple[str, Callable[[Any], str]]] = {
        "measure": ("Measure", lambda v: names.get(v, clean(v))),
        "unassigned": ("Responses without a theme", lambda v: names.get(v, "left out")),
        "estimate": ("Value", decimal),
        "low": ("Low", decimal),
        "high": ("High", decimal),
        "chance": ("By chance alone", decimal),
        "n": ("Responses", whole),
    }
    return plain_grid(comparison.partition, how, "As partitions of the responses")


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
    rows = coverage.sort_values("n_topics", kind="stable").to_dict("records")
    out = tuple(
        (
            clean(row["label"]),
            str(row["n_topics"]),
            count(row["count"]),
            percent(row["estimate"]),
            interval(row["low"], row["high"]),
        )
        for row in rows
    )
    head = ("Theme", "Topics that reach it", "Responses in them", "Share", "95 % interval")
    caption = "Themes by the number of topics that reach them"
    links = tuple(anchor(row["theme"]) for row in rows)
    return Grid(caption=caption, head=head, rows=out, links=links)


def quotes_grid(quotes: Sequence[Quote], frame: ThemeFrame, topics: Mapping[int, str]) -> Grid:
    """Every quote that may be shown, with what it can be looked up by."""
    rows = tuple(
        (
            q.text,
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
    return Grid(caption="Quotes", head=head, rows=rows, note=note, choices=(1, 2, 3, 4))


def plain_grid(
    table: pd.DataFrame,
    columns: Mapping[str, tuple[str, Callable[[Any], str]]],
    caption: str,
) -> Grid:
    """A table as it is: ``columns`` gives each column its heading and its way of printing."""
    rows = [
        tuple(how(row[name]) for name, (_, how) in columns.items())
        for row in table.to_dict("records")
    ]
    return Grid(caption=caption, head=tuple(h for h, _ in columns.values()), rows=tuple(rows))


def resolution_grid(topics: Topics) -> Grid:
    """The numbers of topics that were tried."""
    how: dict[str, tuple[str, Callable[[Any], str]]] = {
        "n_topics": ("Topics", whole),
        "estimate": ("Agreement with the runs (ARI)", decimal),
        "low": ("Low", decimal),
        "high": ("High", decimal),
        "support": ("Support", percent),
        "reappears": ("Topics reappear (Jaccard)", decimal),
        "smallest": ("Responses of the smallest", count),
        "chosen": ("Chosen", lambda v: "yes" if v else ""),
    }
    return plain_grid(topics.resolution, how, "Numbers of topics tried")


def runs_grid(topics: Topics) -> Grid:
    """The runs behind the topics."""
    how: dict[str, tuple[str, Callable[[Any], str]]] = {
        "run": ("Run", str),
        "seed": ("Seed", str),
        "n_neighbors": ("Neighbours", str),
        "min_cluster_size": ("Smallest cluster", str),
        "n_clusters": ("Clusters", str),
        "unassigned": ("Unassigned", percent),
    }
    return plain_grid(topics.runs, how, "Runs of the topic model")


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
