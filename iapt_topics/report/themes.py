"""A page for each theme, and a card for each topic, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iapt_topics._base.text import clean
from iapt_topics.publish.results import hidden_themes
from iapt_topics.report import format as compute
from iapt_topics.report.format import count, decimal, interval, known, percent, points

if TYPE_CHECKING:
    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.publish.disclosure import Disclosure
    from iapt_topics.publish.quotes import Quote
    from iapt_topics.publish.results import Results

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
    """What the report says of one theme; "" or () where there is nothing, or not to be shown."""

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
    """What the report says of one topic; a small one has only its number."""

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


def theme_pages(results: Results, quotes: list[Quote]) -> list[ThemePage]:
    """A page for each theme that could be given, in the order of the frame."""
    frame = results.frame
    rows = results.tables["theme_shares"].set_index("theme")
    pairs = results.mapping.table
    pages = []
    for theme in frame.codable:
        if theme.id not in rows.index:
            continue
        reached = pairs.loc[pairs["theme"] == theme.id, "topic"].astype(int)
        pages.append(
            ThemePage(
                anchor=compute.anchor(theme.id),
                label=clean(theme.label),
                domain=compute.label_of(frame, frame.domain_of(theme.id)),
                status=theme.status,
                definition=clean(theme.definition),
                share=_share(rows.loc[theme.id].to_dict(), results.rule),
                dots=_dots(results, theme.id),
                change=_change(results, theme.id),
                agreement=_agreement(results, theme.id),
                topics=tuple(
                    (t, results.topic_names[t]) for t in reached if t in results.topic_names
                ),
                quotes=tuple(q for q in quotes if theme.id in q.themes)[:MOST_QUOTES],
            )
        )
    return pages


def _share(row: dict[Any, Any], rule: Disclosure) -> str:
    if not known(row["count"]):
        least = rule.min_respondents
        return f"Not shown: it rests on fewer than {least} people, or would give away what does."
    of = f"{count(row['count'])} of {count(row['n'])} responses"
    if not known(row["estimate"]):
        return f"In {of}."
    return f"In {percent(row['estimate'])} ({interval(row['low'], row['high'])}): {of}."


def _dots(results: Results, theme: str) -> tuple[Dot, ...]:
    """Places in a chart 100 units high: the highest upper limit that is shown is at its top.

    One year alone has no chart: the share in words says as much.
    """
    if results.drift is None or theme not in results.drift.themes:
        return ()
    shares = results.drift.shares
    if shares["year"].nunique() < 2:
        return ()
    most = float(shares["high"].max())
    out = []
    for i, row in enumerate(shares[shares["theme"] == theme].to_dict("records")):
        year, x = results.waves.get(int(row["year"]), str(row["year"])), 60.0 * i + 30
        if not known(row["high"]):
            out.append(Dot(year=year, x=x, words="not shown"))
            continue
        y, top, bottom = (
            round(100 - 100 * float(row[c]) / most, 1) for c in ("estimate", "high", "low")
        )
        between = interval(row["low"], row["high"])
        words = f"{percent(row['estimate'])} ({between}), n = {count(row['n'])}"
        out.append(Dot(year=year, x=x, words=words, y=y, top=top, bottom=bottom))
    return tuple(out)


def _change(results: Results, theme: str) -> str:
    if results.changes is None:
        return ""
    rows = results.changes[results.changes["theme"] == theme].to_dict("records")
    if not rows:
        return ""
    row = rows[0]
    year, against = (results.waves.get(int(row[c]), row[c]) for c in ("year", "against"))
    years = f"{year} against {against}"
    if not known(row["estimate"]):
        return f"{years}: not shown, too few people or responses."
    by = points(row["estimate"])
    between = interval(row["low"], row["high"], points)
    return f"{years}: {by} points ({between}); {compute.verdict(row)}.{_by_people(results, row)}"


def _by_people(results: Results, change: dict[Any, Any]) -> str:
    """The same change by the codes of people, if they coded both years."""
    table = results.tables.get("agreement_changes")
    if table is None:
        return ""
    rows = table[
        (
            table[["theme", "year", "against"]] == [change[c] for c in ("theme", "year", "against")]
        ).all(axis=1)
    ]
    return "".join(
        f" By people’s codes: {points(r['change_reference'])} "
        f"({interval(r['change_reference_low'], r['change_reference_high'], points)})."
        for r in rows[rows["note"] == ""].to_dict("records")
    )


def _agreement(results: Results, theme: str) -> tuple[str, ...]:
    out = []
    for who, result in (
        ("Machine and people", results.comparison),
        ("Two people", results.ceiling),
    ):
        if result is not None and theme in set(result.themes["theme"]):
            out.append(f"{who}: {_agreed(result, theme, theme in hidden_themes(result))}.")
    return tuple(out)


def _agreed(result: Comparison, theme: str, hidden: bool) -> str:
    if hidden:
        return "not shown, too few people"
    row = result.themes[result.themes["theme"] == theme].to_dict("records")[0]
    words = f"F1 {decimal(row['f1'])} ({interval(row['f1_low'], row['f1_high'], decimal)})"
    if known(row["kappa"]):
        words += f", kappa {decimal(row['kappa'])}"
    rated = result.convergence
    rating = rated.loc[rated["theme"] == theme, "rating"]
    return f"{words}; {clean(rating.iloc[0])}" if len(rating) else words


def topic_cards(results: Results, quotes: list[Quote]) -> list[Card]:
    """A card for each topic, small ones without content."""
    pairs = results.mapping.table
    notes = dict(zip(results.topics.topics["topic"], results.topics.topics["note"], strict=True))
    shown = {int(r["topic"]): r for r in results.topic_rows.to_dict("records")}
    cards = []
    for number in (int(t) for t in results.topics.topics["topic"]):
        row = shown.get(number)
        if row is None:
            size = f"fewer than {results.rule.min_respondents}"
            cards.append(Card(number=number, label="small topic, not shown", small=True, size=size))
            continue
        of = pairs[(pairs["topic"] == number) & (pairs["theme"] != "")]
        counted = known(row["estimate"])
        cards.append(
            Card(
                number=number,
                label=row["name"],
                size=count(row["n"]),
                share=percent(row["estimate"]) if counted else "",
                interval=interval(row["low"], row["high"]) if counted else "",
                support=percent(row["support"]),
                words=tuple(clean(w) for w in str(row["words"]).split(", ") if w),
                themes=tuple(
                    (compute.anchor(t), clean(label))
                    for t, label in zip(of["theme"], of["theme_label"], strict=True)
                ),
                quotes=tuple(q for q in quotes if q.topic == number)[:MOST_QUOTES],
                note=clean(notes[number]),
            )
        )
    return cards
