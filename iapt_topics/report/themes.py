"""A page for each theme, and a card for each topic, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from iapt_topics._base.status import SHOWN, SUPPRESSED, UNCHECKED
from iapt_topics._base.text import clean
from iapt_topics.report import format as form
from iapt_topics.report.changes import Change
from iapt_topics.report.charts.waves import Line, wave_chart
from iapt_topics.report.format import coefficient, count, interval, known, percent, points
from iapt_topics.report.grid import by_theme

if TYPE_CHECKING:
    from iapt_topics.publish.published import Version
    from iapt_topics.publish.quotes import Quote

    #: Rows of tables by theme, by the name of the table.
    Found = Mapping[str, Mapping[str, list[dict[Any, Any]]]]

#: Quotes on a theme's page, and beside a topic.
MOST_QUOTES, OF_A_TOPIC = 500, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemePage:
    """The report's text on one theme; "" or () where there is nothing, or not to be shown."""

    anchor: str
    label: str
    domain: str
    status: str
    definition: str
    source: str
    brief: tuple[str, ...]
    share: str
    chart: Markup | None
    people: bool
    change: str
    agreement: tuple[str, ...]
    polarity: str
    topics: tuple[tuple[int, str], ...]
    quotes: tuple[Quote, ...]
    n_quotes: int


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
    replicability: str = ""
    words: tuple[str, ...] = ()
    themes: tuple[tuple[str, str], ...] = ()
    quotes: tuple[Quote, ...] = ()
    n_quotes: int = 0
    note: str = ""


def theme_pages(
    published: Version, changes: Sequence[Change], lines: Mapping[str, list[Line]]
) -> list[ThemePage]:
    """A page for each theme that could be applied, in the order of the frame."""
    tables, labels = published.tables, published.labels
    rows = tables["theme_shares"].set_index("theme")
    moved = {c.theme: c for c in changes}
    found = {
        name: by_theme(tables.get(name))
        for name in ("drift_changes", "agreement_changes", "agreement_themes", "people_themes",
                     "agreement_convergence", "people_convergence", "certificate",
                     "error_contrasts", "theme_polarity")
    }  # fmt: skip
    quotes: dict[str, list[Quote]] = {}
    for quote in published.quotes:
        quotes.setdefault(quote.theme, []).append(quote)
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
                source=clean(theme["source"]),
                brief=_brief(found, rows.loc[name].to_dict(), name, moved.get(name)),
                share=_share(rows.loc[name].to_dict()),
                chart=_chart(lines[name]) if name in lines else None,
                people=len(lines.get(name, ())) > 1,
                change=_change(published, found, name),
                agreement=_agreement(found, name),
                polarity=_polarity(found, name),
                topics=tuple((t, published.topic_names[t]) for t in matching),
                quotes=tuple(quotes.get(name, ())[:MOST_QUOTES]),
                n_quotes=len(quotes.get(name, ())),
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


def _polarity(found: Found, theme: str) -> str:
    """How many of a theme's codes deny it or only mention it: of a private version alone."""
    for row in found["theme_polarity"].get(theme, ()):
        if not row["said"] + row["denied"]:  # as of a theme that is neither good nor bad
            return ""
        told = [f"{count(row['said'])} say it", f"{count(row['denied'])} deny it"]
        told.append(f"{count(row['mentioned'])} mention it")
        ways = (("past", "of the past"), ("hypothetical", "as possible"), ("others", "of others"))
        some = [f"{count(row[c])} {words}" for c, words in ways if row[c]]
        more = f" ({', '.join(some)})" if some else ""
        return f"Of {count(row['n'])} machine codes, {', '.join(told)}{more}."
    return ""


def _brief(found: Found, row: dict[Any, Any], theme: str, change: Change | None) -> tuple[str, ...]:
    """Prevalence, change and F1 in a few words, for the line that a folded page shows."""
    parts = [percent(row["estimate"]) if known(row["estimate"]) else form.SUPPRESSED_CELL]
    if change is not None:
        size = f" {points(abs(change.change[0])).lstrip('+')} points" if change.significant else ""
        words = "change not checked" if change.finding == UNCHECKED else change.finding
        parts.append(f"{words}{size}")
    for agreed in found["agreement_themes"].get(theme, ()):
        if known(agreed["f1"]):
            parts.append(f"F1 {coefficient(agreed['f1'])}")
    return tuple(parts)


def _chart(lines: list[Line]) -> Markup | None:
    """A theme by wave; none where a wave alone says as much."""
    points_ = [p for line in lines for p in line.points if known(p.value)]
    if len(lines[0].points) < 2 or not points_:
        return None
    top = -(-max(p.high if known(p.high) else p.value for p in points_) * 20 // 1) / 20  # type: ignore[operator, type-var]
    return wave_chart(lines, top=min(top, 1.0), height=170)


def _change(published: Version, found: Found, theme: str) -> str:
    """The change of the last year against the baseline, by the machine and by people."""
    rows = [r for r in found["drift_changes"].get(theme, ()) if r["kind"] == "baseline"]
    if not rows:
        return ""
    row = max(rows, key=lambda r: r["year"])
    years = " against ".join(published.wave(row[c]) for c in ("year", "against"))
    if not known(row["estimate"]):
        return f"{years}: {form.why_missing(row)}."
    by = points(row["estimate"])
    between = interval(row["low"], row["high"], points)
    by_people = _by_people(found, row)
    return f"{years}: {by} points (95\u00a0% CI {between}); {form.verdict(row)}.{by_people}"


def _by_people(found: Found, change: dict[Any, Any]) -> str:
    """The same change by human codes, if there are any of both years."""
    key = ("year", "against")
    return "".join(
        f" By human codes: {points(r['change_reference'])} "
        f"({interval(r['change_reference_low'], r['change_reference_high'], points)})."
        for r in found["agreement_changes"].get(str(change["theme"]), ())
        if r["status"] == SHOWN and all(r[c] == change[c] for c in key)
    )


def _agreement(found: Found, theme: str) -> tuple[str, ...]:
    out = []
    for who, start in (("Machine-human", "agreement"), ("Human-human", "people")):
        rated = [str(r["rating"]) for r in found[f"{start}_convergence"].get(theme, ())]
        for row in found[f"{start}_themes"].get(theme, ()):
            out.append(f"{who}: {_agreed(row, rated)}.")
    verdicts = [row["verdict"] for row in found["certificate"].get(theme, ())]
    out += [f"Machine coding: {verdict}." for verdict in verdicts if verdict != SUPPRESSED]
    for row in [*found["error_contrasts"].get(theme, ())][-1:]:
        if known(row["error"]) and row["change"]:
            out.append(f"{row['level']} against {row['reference']}: {row['note']}")
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
    found = tables["topic_mapping"]
    pairs: dict[int, list[tuple[str, str]]] = {}
    for topic, theme, label in zip(
        found["topic"], found["theme"], found["theme_label"], strict=True
    ):
        if theme:
            pairs.setdefault(int(topic), []).append((form.anchor(theme), clean(label)))
    topical: dict[int, list[Quote]] = {}
    for quote in published.quotes:
        if not quote.theme:
            topical.setdefault(quote.topic, []).append(quote)
    cards = []
    for row in tables["topics"].to_dict("records"):
        number = int(row["topic"])
        if number < 0:
            continue
        if number not in published.topic_names:
            size = f"fewer than {published.disclosure.min_cell}"
            label = "small topic, suppressed"
            cards.append(Card(number=number, label=label, small=True, size=size))
            continue
        counted = known(row["estimate"])
        cards.append(
            Card(
                number=number,
                label=published.topic_names[number],
                size=count(row["n"]),
                share=percent(row["estimate"]) if counted else "",
                interval=interval(row["low"], row["high"]) if counted else "",
                support=percent(row["support"]),
                replicability=coefficient(row["replicability"]),
                words=tuple(clean(w) for w in str(row["words"]).split(", ") if w),
                themes=tuple(pairs.get(number, ())),
                quotes=tuple(topical.get(number, ())[:OF_A_TOPIC]),
                n_quotes=len(topical.get(number, ())),
                note=clean(row["remark"]),
            )
        )
    return cards
