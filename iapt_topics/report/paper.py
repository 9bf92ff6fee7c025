"""What a paper says of a run, section by section: text and tables, from published tables alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iapt_topics._base.status import (
    BY_PEOPLE,
    CORRECTED,
    FELL,
    FEW,
    NO_CHANGE,
    ROSE,
    SIGNIFICANT,
    SUPPRESSED,
    UNCHECKED,
)
from iapt_topics._base.text import clean
from iapt_topics.publish.wording import MEASURES, coefficient, known, p_value, points
from iapt_topics.report import format as form
from iapt_topics.report.apa import apa, blank, paper_tables
from iapt_topics.report.findings import alerts, frequent, key_findings, validity
from iapt_topics.report.format import Grid
from iapt_topics.report.guidelines import checklists
from iapt_topics.report.methods import cited, method
from iapt_topics.report.trust import certified_words, f1_words

if TYPE_CHECKING:
    from iapt_topics.publish.published import Published
    from iapt_topics.report.changes import Change

#: Where the main figure stands.
FIGURE = "Change over the waves"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading of a level with what stands under it; tables come after the text."""

    heading: str
    level: int
    texts: tuple[str, ...] = ()
    tables: tuple[Grid, ...] = ()


def paper(published: Published, changes: list[Change]) -> tuple[Section, ...]:
    """The sections of the paper in their order; ``changes`` are those of ``theme_changes``."""
    tables = paper_tables(published, changes)
    refer = {name: f"Table {i}" for i, name in enumerate(tables, start=1)}
    done = method(published, refer)
    found = _results(published, refer)
    made_up = "SYNTHETIC EXAMPLE DATA, invented to test the software. " if (
        published.about.synthetic
    ) else ""  # fmt: skip
    place = {"rows": "Sample", "agreement": "Agreement", "changes": FIGURE, "waves": FIGURE}
    body = [
        Section(heading="Abstract", level=1, texts=(blank("abstract"),)),
        Section(heading="Introduction", level=1, texts=(
            blank("the problem, what is known of it, and the question of this study"),
        )),
        Section(heading="Method", level=1),
        *(Section(heading=name, level=2, texts=texts) for name, texts in done.items()),
        Section(heading="Results", level=1, texts=tuple(
            apa(t) for t in key_findings(published, changes)
        )),
        *(
            Section(heading=name, level=2, texts=texts, tables=tuple(
                grid for of, grid in tables.items() if place[of] == name
            ))
            for name, texts in found.items()
        ),
        Section(heading="Discussion", level=1, texts=(
            blank("interpretation, prior work, what follows for practice and research"),
        )),
        Section(heading="Limitations", level=2, texts=_limitations(published)),
        Section(heading="Declarations", level=1, texts=(
            blank("funding"), blank("conflicts of interest"), blank("who did what"),
            blank("where the data are, and who may have them"),
        )),
    ]  # fmt: skip
    texts = [t for section in body for t in section.texts]
    lists, sources = checklists(published, {**done, **found})
    body.append(Section(heading="References", level=1, texts=tuple(cited([*texts, *sources]))))
    start = Section(
        heading=f"{made_up}{blank('title')}",
        level=0,
        texts=(
            f"{made_up}Generated from the published tables of one run: verify every statement "
            "before use. What only people know is marked [to be written by the authors: ...].",
        ),
    )
    return (
        start,
        *body,
        *(
            Section(heading=name, level=1, texts=texts, tables=(grid,))
            for name, texts, grid in lists
        ),
    )


def _results(published: Published, refer: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Paragraphs of the Results section by their heading."""
    out = {
        "Sample": _sample(published, refer),
        "Agreement": _checked(published, refer),
        "Prevalence": _prevalence(published, refer),
        FIGURE: (" ".join([*change_sentences(published), *_trends(published)]),),
        "Topics": (_topics(published),),
        "Quotes": _quotes(published),
    }
    if published.tables["drift_changes"].empty:
        out[FIGURE] = ("One wave was coded, so no change can be estimated.",)
    elif not out[FIGURE][0]:
        out[FIGURE] = ("No change can be shown: every change is suppressed or of few respondents.",)
    return out


def _sample(published: Published, refer: Mapping[str, str]) -> tuple[str, ...]:
    mix = published.tables.get("respondent_mix")
    told = f"{refer['rows']} has the rows of the file by wave."
    if mix is None or mix.empty:
        return (f"{told} {blank('who responded, and how they compare with those invited')}",)
    names = ", ".join(clean(c) for c in mix["covariate"].unique())
    several = mix["year"].nunique() > 1 and mix["p_bh"].notna().any()
    moved = [clean(v) for v in mix.loc[mix["p_bh"] < SIGNIFICANT, "level"].unique()]
    if several and moved:
        told += (
            f" The respondent mix differed between waves in {', '.join(moved)} (adjusted p < .05)."
        )
    elif several:
        told += f" We found no evidence that the respondent mix ({names}) changed between waves."
    return (f"{told} {blank('how respondents compare with those invited')}",)


def _checked(published: Published, refer: Mapping[str, str]) -> tuple[str, ...]:
    badge = validity(published)
    if "agreement_overall" not in published.tables:
        return (f"The machine's codes were not validated. {badge.figures}",)
    people = [*agreement_sentences(published, "people")]
    machine = [*agreement_sentences(published, "agreement")]
    by_theme = apa(" ".join([f1_words(published), certified_words(published)])).strip()
    at = f" {refer['agreement']} has each theme." if "agreement" in refer else ""
    return tuple(t for t in (" ".join(people), " ".join(machine), f"{by_theme}{at}".strip()) if t)


def _prevalence(published: Published, refer: Mapping[str, str]) -> tuple[str, ...]:
    most = apa(frequent(published))
    codes = f"{published.about.coder_kind} codes"
    where = [refer[name] for name in ("changes", "waves") if name in refer]
    told = f" {' and '.join(where)} have every theme." if where else ""
    return (f"{most} ({codes}, over all waves).{told}".replace(". (", " (") if most else
            f"No prevalence can be shown.{told}",)  # fmt: skip


def agreement_sentences(published: Published, start: str) -> list[str]:
    """A sentence for each measure of agreement of two coders, shown or not."""
    table = published.tables.get(f"{start}_overall")
    if table is None:
        return []
    one, two = (clean(c) for c in published.about.coders[start])
    sentences = []
    for r in table.to_dict("records"):
        measure = MEASURES.get(r["measure"], clean(r["measure"]))
        if not known(r["estimate"]):
            why = "is suppressed" if r["status"] == SUPPRESSED else "could not be estimated"
            sentences.append(f"{measure} {why}.")
            continue
        ends = f", 95% CI [{coefficient(r['low'])}, {coefficient(r['high'])}]"
        n = f"n = {form.count(r['n'])}"
        ends = ends if known(r["low"]) else ""
        sentences.append(f"{measure} was {coefficient(r['estimate'])}{ends}, {n}.")
    return [f"Between {one} and {two}, {s}" if s is sentences[0] else s for s in sentences]


def change_sentences(published: Published) -> list[str]:
    """A sentence for each change found from the baseline to the last wave; one for the others."""
    changes = published.tables["drift_changes"]
    changes = changes[changes["kind"] == "baseline"]
    if changes.empty:
        return []
    every = changes[changes["year"] == changes["year"].max()]
    shown = every[every["estimate"].notna()]
    row = every.iloc[0]
    between = f"{published.wave(row['against'])} to {published.wave(row['year'])}"
    figures, by = shown, ""
    if shown["checked"].eq(CORRECTED).any():
        figures = published.tables["corrected_changes"].merge(shown[["theme", "year", "against"]])
        by = ", corrected by human codes,"
    found = figures[figures["finding"].isin([ROSE, FELL])]
    sentences = [
        f"Prevalence of {published.labels[r['theme']]}{by} {_moved(r)}, adjusted p "
        f"{_equals(p_value(r['p_bh']))} ({between})."
        for r in found.to_dict("records")
    ]
    if rest := int((shown["finding"] == NO_CHANGE).sum()):
        other = "other " if sentences else ""
        sentences.append(
            f"We found no significant change in {_counted(rest, f'{other}theme')} ({between})."
        )
    alone = shown[shown["finding"] == UNCHECKED]
    if n := len(alone):
        differ = int((alone["p_bh"] < SIGNIFICANT).sum())
        sentences.append(
            f"The change in machine codes of {_counted(n, 'theme')} was not checked against human "
            f"codes of a random sample ({between}; adjusted p < .05 in {differ})."
        )
    if left := len(every) - len(shown):
        sentences.append(
            f"No change can be shown of {_counted(left, 'theme')}: suppressed or of too few "
            "respondents."
        )
    return sentences


def _trends(published: Published) -> list[str]:
    """The significant linear trends: those found, and those of machine codes alone."""
    trends = published.tables["drift_trends"]
    if len(published.about.years) < 3 or trends.empty:
        return []
    corrected = published.tables.get("corrected_trends")
    found = trends[trends["checked"] == BY_PEOPLE]
    if corrected is not None:
        found = corrected[corrected["finding"].isin([ROSE, FELL])]
    words = (
        ("There was a linear trend over all waves in", found),
        (
            "In machine codes alone, not checked against human codes, there was a linear trend "
            "over all waves in",
            trends[trends["checked"] == UNCHECKED],
        ),
    )
    told = []
    for start, table in words:
        rows = table[(table["test"] == "linear") & (table["p_bh"] < SIGNIFICANT)]
        each = [
            f"{published.labels[r['theme']]} ({points(r['estimate'])} points a year, 95% CI "
            f"[{points(r['low'])}, {points(r['high'])}], adjusted p {_equals(p_value(r['p_bh']))})"
            for r in rows[rows["estimate"].notna()].to_dict("records")
        ]
        told += [f"{start} {'; '.join(each)}."] if each else []
    return told


def _topics(published: Published) -> str:
    """How many topics there are, how many match a theme, and how stable they are."""
    pairs = published.tables["topic_mapping"].drop_duplicates("topic")
    alone = int((pairs["theme"] == "").sum())  # a topic without a theme has one row
    n = len(pairs)
    text = f"The consensus has {_counted(n, 'topic')}, of which {alone or 'none'} match no theme."
    unsure = published.tables["topic_unassigned"]["estimate"].dropna()
    if len(unsure):
        low, high = (apa(form.percent(v)) for v in (unsure.min(), unsure.max()))
        each = "" if len(published.about.years) == 1 else "In each wave, "
        of = low if low == high else f"{low} to {high}"
        text += f" {each}{of} of responses had no stable topic."
    return text


def _quotes(published: Published) -> tuple[str, ...]:
    """The quotes that a named person approved; no others."""
    if not (published.approved and published.quotes):
        return (blank("quotes that a person approved"),)
    return tuple(
        f"“{clean(q.text)}” ({published.labels.get(q.theme, '') or 'no theme'}, {clean(q.year)}"
        f"{'; paraphrase' if q.paraphrase else ''})"
        for q in published.quotes
    )


def _limitations(published: Published) -> tuple[str, ...]:
    """The limits of this run: those of the method that apply, and those of the data."""
    tables = published.tables
    checked = tables["drift_changes"]["checked"]
    general = [
        "Machine coding shows similarity to the definitions of the codebook, not confirmed "
        "meaning, and agreement with people is not accuracy: people share blind spots."
        if published.about.coder_kind == "machine"
        else "",
        "A change over the waves may reflect who responded or what was asked."
        if len(checked)
        else "",
        "Intervals of machine prevalence and change reflect sampling, not coding errors."
        if len(checked) and (checked == UNCHECKED).any()
        else "",
        "The correction takes the hand codes for the truth and as a random sample."
        if len(checked) and (checked == CORRECTED).any()
        else "",
        "With another sentence model or codebook, themes and topics could differ.",
    ]
    badge = validity(published)
    own = [f"{badge.words.capitalize()}: {badge.figures}"] if badge.kind == "bad" else []
    own += [a.words for a in alerts(published)]
    hidden = [
        f"{table['status'].eq(status).sum():,} of {len(table):,} {what} {words}."
        for name, what in (
            ("drift_shares", "prevalences by wave"), ("drift_changes", "changes between waves"),
        )
        for status, words in ((SUPPRESSED, "are suppressed"), (FEW, f"are of "
                              f"{published.disclosure.few}, and no more is said"))
        for table in [tables[name]]
        if table["status"].eq(status).any()
    ]  # fmt: skip
    texts = (" ".join(g for g in general if g), " ".join(apa(t) for t in own), " ".join(hidden))
    return (*(t for t in texts if t), blank("other limits"))


def _moved(row: dict[Hashable, Any]) -> str:
    """A rise or a fall with its interval, all as sizes."""
    sign = 1 if row["estimate"] > 0 else -1
    size, *ends = (points(sign * row[c]).lstrip("+") for c in ("estimate", "low", "high"))
    low, high = ends[::sign]
    way = "rose" if sign > 0 else "fell"
    return f"{way} by {size} percentage points, 95% CI [{low}, {high}]"


def _equals(p: str) -> str:
    return p if p[0] in "<>" else f"= {p}"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'s' if n != 1 else ''}"
