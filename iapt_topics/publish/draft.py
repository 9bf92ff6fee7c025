"""A methods-and-results draft in Word, filled in from the run, with blanks for what people know."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iapt_topics._base.status import (
    CORRECTED,
    FELL,
    NO_CHANGE,
    ROSE,
    SIGNIFICANT,
    SUPPRESSED,
    UNCHECKED,
)
from iapt_topics._base.text import clean
from iapt_topics.publish.exports import add_table, write_document
from iapt_topics.publish.wording import MEASURES, coefficient, known, p_value, points

if TYPE_CHECKING:
    from iapt_topics.publish.published import Published
    from iapt_topics.study.about import About

#: The item that the tables stand under.
_RESULTS = "S16 Synthesis and interpretation"


def write_draft(path: str | Path, published: Published) -> Path:
    """Write a draft of methods and results to a ``.docx`` file, in the order of SRQR.

    Parameters
    ----------
    path : str or Path
        The file to write.
    published : Published
        From :func:`iapt_topics.publish.publish`; the draft has no figure that is not in its tables.

    Returns
    -------
    Path
        The file. What only people know is marked "[to be written: ...]".

    References
    ----------
    O'Brien BC, Harris IB, Beckman TJ, Reed DA, Cook DA (2014). Standards for reporting qualitative
    research: a synthesis of recommendations. *Acad Med* 89:1245-1251 (SRQR, the 21 items).
    """
    from docx import Document

    document = Document()
    document.add_heading("Methods and results: draft", 0)
    document.add_paragraph("Generated draft following SRQR; verify every statement.")
    for heading, text in _items(published):
        document.add_heading(heading, 1)
        document.add_paragraph("".join(c for c in text if c >= " "))
        if heading == _RESULTS:
            for name in ("ledger", "theme_shares", "drift_shares", "agreement_themes"):
                if name in published.tables:
                    document.add_heading(name.replace("_", " "), 2)
                    add_table(document, published.tables[name])
    write_document(Path(path), document)
    return Path(path)


def _items(published: Published) -> tuple[tuple[str, str], ...]:
    """The 21 items of SRQR: what the run knows of each, and what only people know."""
    about, tables = published.about, published.tables
    waves = [published.wave(y) for y in about.years]
    totals = tables["ledger_totals"].set_index("status")["n"]
    n, people = (
        f"{totals[name]:,.0f}" if known(totals[name]) else SUPPRESSED for name in ("kept", "people")
    )
    versions = ", ".join(f"{k} {v}" for k, v in sorted(about.versions.items()))
    agreed = [s for start in ("people", "agreement") for s in _agreement(published, start)]
    checked = " ".join(agreed) or "[to be written: how the coding was checked by people]"
    weighted = "Prevalence carries survey weights. " if about.weighted else ""
    start = "SYNTHETIC EXAMPLE DATA. " if about.synthetic else ""
    return (
        ("S1 Title", f"{start}[to be written: title]"),
        ("S2 Abstract", "[to be written: abstract]"),
        ("S3 Problem formulation", "[to be written: the problem and what is known of it]"),
        ("S4 Purpose or research question", "[to be written: the question]"),
        ("S5 Approach and paradigm", "Themes of the frame "
         f"{about.frame} ({about.frame_version}) were coded in free-text responses, and their "
         f"prevalence was estimated in {_counted(len(waves), 'wave')}. "
         "[to be written: paradigm and reasons]"),
        ("S6 Researchers and reflexivity", "[to be written: who the researchers are, who named the "
         "themes, hours of human work]"),
        ("S7 Context", "[to be written: setting]"),
        ("S8 Sampling", f"{n} responses from {people} respondents were analysed "
         f"({', '.join(waves)}). [to be written: who was invited, how many responded]"),
        ("S9 Ethics", "[to be written: approvals and consent]"),
        ("S10 Data collection", "[to be written: when and how the survey was conducted]"),
        ("S11 Instruments", "Questions: " + ("; ".join(about.questions) or "[to be written: "
         "wording]")),
        ("S12 Units of study", "The unit is one response. The table ledger shows how many rows "
         "were excluded, and why."),
        ("S13 Data processing", "Non-answers and copies of a respondent's own text were excluded "
         f"by rule. {published.disclosure.sentence} [to be written: how quotes were checked]"),
        ("S14 Data analysis", f"Topics are a consensus of {about.n_runs} clustering runs (seed "
         f"{about.config.seed}). Themes were coded by {_coder(about)}. "
         f"{weighted}Confidence intervals allow for several responses from one respondent; p "
         "values of change are adjusted for multiple testing (Benjamini-Hochberg). "
         f"Versions: {versions}."),
        ("S15 Trustworthiness", checked),
        (_RESULTS, f"{' '.join(_changes(published))} [to be written: interpretation]".strip()),
        ("S17 Links to empirical data", "[to be written: quotes that a person approved]"),
        ("S18 Integration with prior work", "[to be written: discussion]"),
        ("S19 Limitations", "Machine coding shows similarity to the definitions of the frame, not "
         "confirmed meaning. A change over the years may reflect who responded or what was asked. "
         "Confidence intervals of prevalence and change reflect sampling, not coding errors. "
         "[to be written: other limits]"),
        ("S20 Conflicts of interest", "[to be written: conflicts]"),
        ("S21 Funding", "[to be written: funding]"),
    )  # fmt: skip


def _coder(about: About) -> str:
    """Who coded the themes; the machine of this library has no name of its own."""
    if about.coder == about.coder_kind:
        return f"the {about.coder}"
    return f"{about.coder} ({about.coder_kind})"


def _agreement(published: Published, start: str) -> list[str]:
    """A sentence for each measure of agreement of two coders."""
    table = published.tables.get(f"{start}_overall")
    if table is None:
        return []
    one, two = (clean(c) for c in published.about.coders[start])
    rows = table[table["estimate"].notna()].to_dict("records")
    sentences = [
        f"{MEASURES.get(r['measure'], r['measure'])} was {coefficient(r['estimate'])}, "
        + (
            f"95 % CI [{coefficient(r['low'])}, {coefficient(r['high'])}], "
            if known(r["low"])
            else ""
        )
        + f"n = {r['n']:,.0f}."
        for r in rows
    ]
    return [f"Between {one} and {two}, {s}" if s is sentences[0] else s for s in sentences]


def _changes(published: Published) -> list[str]:
    """A sentence for each change found from the baseline to the last wave; one for the others."""
    changes = published.tables["drift_changes"]
    changes = changes[changes["kind"] == "baseline"]
    shown = changes[(changes["year"] == changes["year"].max()) & changes["estimate"].notna()]
    if shown.empty:
        return []
    row = shown.iloc[0]
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
    return sentences


def _moved(row: dict[Hashable, Any]) -> str:
    """A rise or a fall with its interval, all as sizes."""
    sign = 1 if row["estimate"] > 0 else -1
    size, *ends = (points(sign * row[c]).lstrip("+") for c in ("estimate", "low", "high"))
    low, high = ends[::sign]
    way = "rose" if sign > 0 else "fell"
    return f"{way} by {size} percentage points, 95 % CI [{low}, {high}]"


def _equals(p: str) -> str:
    return p if p[0] in "<>" else f"= {p}"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'s' if n != 1 else ''}"
