"""A page for each theme, and a card for each topic, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iapt_topics._base.status import SHOWN, SUPPRESSED
from iapt_topics._base.text import clean
from iapt_topics.report import format as form
from iapt_topics.report.format import coefficient, count, interval, known, percent, points

if TYPE_CHECKING:
    import pandas as pd

    from iapt_topics.publish.published import Version
    from iapt_topics.publish.quotes import Quote

    Tables = Mapping[str, pd.DataFrame]

MOST_QUOTES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A year's share in the small chart of a theme, in its units; ``words`` say it."""

    year: str
    words: str
    x: float
    y: float | None = None
    top: float = 0
    bottom: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemePage:
    """The report's text on one theme; "" or () where there is nothing, or not to be shown."""

    anchor: str
    label: str
    domain: str
    status: str
    definition: str
    share: str
    dots: tuple[Dot, ...]
    change: str
    agreement: tuple[str, ...]
    topics: tuple[tuple[int, str], ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The report's text on one topic; a small one has only its number."""

    number: int
    label: str
    small: bool = False
    size: str = ""
    share: str = ""
    interval: str = ""
    support: str = ""
    words: tuple[str, ...] = ()
    themes: tuple[tuple[str, str], ...] = ()
    quotes: tuple[Quote, ...] = ()
    note: str = ""


def theme_pages(published: Version) -> list[ThemePage]:
    """A page for each theme that could be applied, in the order of the frame."""
    tables, labels = published.tables, published.labels
    rows = tables["theme_shares"].set_index("theme")
    frame, pairs = tables["frame"], tables["topic_mapping"]
    pages = []
    for theme in frame[frame["codable"]].to_dict("records"):
        name = str(theme["theme"])
        if name not in rows.index:
            continue
        matching = pairs.loc[pairs["theme"] == name, "topic"].astype(int)
        pages.append(
            ThemePage(
                anchor=form.anchor(name),
                label=clean(theme["label"]),
                domain=form.label_of(labels, theme["domain"]),
                status=theme["provenance"],
                definition=clean(theme["definition"]),
                share=_share(rows.loc[name].to_dict()),
                dots=_dots(published, name),
                change=_change(published, name),
                agreement=_agreement(tables, name),
                topics=tuple((t, published.topic_names[t]) for t in matching),
                quotes=tuple(q for q in published.quotes if name in q.themes)[:MOST_QUOTES],
            )
        )
    return pages


def _share(row: dict[Any, Any]) -> str:
    if not known(row["count"]):
        return f"Prevalence: {form.why_missing(row)}."
    of = f"{count(row['count'])} of {count(row['n'])} responses"
    if not known(row["estimate"]):
        return f"{of}."
    limits = interval(row["low"], row["high"])
    return f"Prevalence {percent(row['estimate'])} (95\u00a0% CI {limits}): {of}."


def _dots(published: Version, theme: str) -> tuple[Dot, ...]:
    """Places in a chart 100 units high: the highest upper limit that is shown is at its top.

    One year alone has no chart: the share in words says as much.
    """
    shares = published.tables["drift_shares"]
    if shares["year"].nunique() < 2:
        return ()
    most = float(shares["high"].max())
    out = []
    for i, row in enumerate(shares[shares["theme"] == theme].to_dict("records")):
        year, x = published.wave(row["year"]), 60.0 * i + 30
        if not known(row["high"]):
            out.append(Dot(year=year, x=x, words=form.why_missing(row)))
            continue
        y, top, bottom = (
            round(100 - 100 * float(row[c]) / most, 1) for c in ("estimate", "high", "low")
        )
        between = interval(row["low"], row["high"])
        words = f"{percent(row['estimate'])} ({between}), n = {count(row['n'])}"
        out.append(Dot(year=year, x=x, words=words, y=y, top=top, bottom=bottom))
    return tuple(out)


def _change(published: Version, theme: str) -> str:
    """The change of the last year against the baseline, by the machine and by people."""
    table = published.tables["drift_changes"]
    rows = table[(table["kind"] == "baseline") & (table["theme"] == theme)].to_dict("records")
    if not rows:
        return ""
    row = max(rows, key=lambda r: r["year"])
    years = " against ".join(published.wave(row[c]) for c in ("year", "against"))
    if not known(row["estimate"]):
        return f"{years}: {form.why_missing(row)}."
    by = points(row["estimate"])
    between = interval(row["low"], row["high"], points)
    by_people = _by_people(published.tables, row)
    return f"{years}: {by} points (95\u00a0% CI {between}); {form.verdict(row)}.{by_people}"


def _by_people(tables: Tables, change: dict[Any, Any]) -> str:
    """The same change by human codes, if there are any of both years."""
    table = tables.get("agreement_changes")
    if table is None:
        return ""
    key = ["theme", "year", "against"]
    rows = table[(table[key] == [change[c] for c in key]).all(axis=1)]
    return "".join(
        f" By human codes: {points(r['change_reference'])} "
        f"({interval(r['change_reference_low'], r['change_reference_high'], points)})."
        for r in rows[rows["status"] == SHOWN].to_dict("records")
    )


def _agreement(tables: Tables, theme: str) -> tuple[str, ...]:
    out = []
    for who, start in (("Machine-human", "agreement"), ("Human-human", "people")):
        table = tables.get(f"{start}_themes")
        if table is None:
            continue
        for row in table[table["theme"] == theme].to_dict("records"):
            rated = tables[f"{start}_convergence"]
            rating = rated.loc[rated["theme"] == theme, "rating"].tolist()
            out.append(f"{who}: {_agreed(row, rating)}.")
    return tuple(out)


def _agreed(row: dict[Any, Any], rating: list[str]) -> str:
    if row["status"] == SUPPRESSED:
        return SUPPRESSED
    limits = interval(row["f1_low"], row["f1_high"], coefficient)
    words = f"F1 {coefficient(row['f1'])} (95\u00a0% CI {limits})"
    if known(row["kappa"]):
        words += f", kappa {coefficient(row['kappa'])}"
    return f"{words}; {clean(rating[0])}" if rating else words


def topic_cards(published: Version) -> list[Card]:
    """A card for each topic, small ones without content."""
    tables = published.tables
    pairs = tables["topic_mapping"]
    cards = []
    for row in tables["topics"].to_dict("records"):
        number = int(row["topic"])
        if number < 0:
            continue
        if number not in published.topic_names:
            size = f"fewer than {published.disclosure.min_respondents}"
            label = "small topic, suppressed"
            cards.append(Card(number=number, label=label, small=True, size=size))
            continue
        of = pairs[(pairs["topic"] == number) & (pairs["theme"] != "")]
        counted = known(row["estimate"])
        cards.append(
            Card(
                number=number,
                label=published.topic_names[number],
                size=count(row["n"]),
                share=percent(row["estimate"]) if counted else "",
                interval=interval(row["low"], row["high"]) if counted else "",
                support=percent(row["support"]),
                words=tuple(clean(w) for w in str(row["words"]).split(", ") if w),
                themes=tuple(
                    (form.anchor(t), clean(label))
                    for t, label in zip(of["theme"], of["theme_label"], strict=True)
                ),
                quotes=tuple(q for q in published.quotes if q.topic == number)[:MOST_QUOTES],
                note=clean(row["remark"]),
            )
        )
    return cards
