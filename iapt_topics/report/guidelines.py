"""SRQR and COREQ as tables by item number: what the run knows, and what is for the authors.

Sources of the items: O'Brien et al. (2014), *Acad Med* 89:1245-1251; Tong, Sainsbury and Craig
(2007), *Int J Qual Health Care* 19:349-357. Their topics are named in short; read the originals.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from iapt_topics._base.text import clean
from iapt_topics.report.apa import apa, blank
from iapt_topics.report.findings import frequent, validity
from iapt_topics.report.format import Grid
from iapt_topics.report.methods import sample, software

if TYPE_CHECKING:
    from iapt_topics.publish.published import Published

_NONE = "Does not apply to a written survey; for the authors to confirm."


def checklists(
    published: Published, reported: Mapping[str, tuple[str, ...]]
) -> tuple[list[tuple[str, tuple[str, ...], Grid]], list[str]]:
    """Each guideline as (heading, text, table), and how the text cites their sources.

    ``reported`` has the paragraphs of the draft by their heading.
    """
    text = files("iapt_topics.report").joinpath("guidelines.toml").read_text(encoding="utf-8")
    facts = _facts(published, reported)
    lists: list[tuple[str, tuple[str, ...], Grid]] = []
    sources: list[str] = []
    for guideline in tomllib.loads(text).values():
        rows = tuple(
            (
                f"{guideline['prefix']}{i}",
                item["topic"],
                item.get("heading", ""),
                _said(item, facts),
            )
            for i, item in enumerate(guideline["items"], start=1)
        )
        note = f"{guideline.get('note', '')} ({guideline['source']})".strip()
        sources.append(note)
        head = ("No.", "Item", "Section", "From this run, and for the authors")
        grid = Grid(caption="", head=head, rows=rows)
        lists.append((guideline["title"], (note,), grid))
    return lists, sources


def _said(item: Mapping[str, Any], facts: Mapping[str, str]) -> str:
    """What is known of an item, and what is left to people."""
    if item.get("none"):
        return _NONE
    told = facts.get(item.get("fact", ""), "")
    left = item.get("authors", "" if told else item["topic"].casefold())
    return " ".join(part for part in (told, blank(left) if left else "") if part)


def _facts(published: Published, reported: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What the run knows, by the name that the items have for it; "" for what it does not."""
    about = published.about
    people = list(dict.fromkeys(
        clean(c) for pair in about.coders.values() for c in pair if c != about.coder
    ))  # fmt: skip
    codable = published.tables["frame"]["codable"].sum()
    mix = published.tables.get("respondent_mix")
    covariates = [] if mix is None else [clean(c) for c in mix["covariate"].unique()]
    questions = "; ".join(f"“{clean(q)}”" for q in about.questions)
    coders = f"{clean(about.coder)} ({about.coder_kind})"
    if people:
        coders += (
            f"; {len(people)} human coder{'s' if len(people) > 1 else ''}: {', '.join(people)}"
        )
    own = "People's codes were the codebook." if "topics_people_matches" in published.tables else ""
    return {
        "approach": f"Codebook coding of free text by {coders}, and topics of the same responses; "
        "prevalence was estimated by wave.",
        "sample": f"{sample(published)}.",
        "question": f"Asked: {questions}." if questions else "",
        "units": "The unit is one response; the table of rows shows which were left out, and why.",
        "disclosure": published.disclosure.sentence,
        "analysis": f"{about.n_runs} clustering runs, seed {about.config.seed}; estimates have 95% "
        "confidence intervals, and p is adjusted (Benjamini-Hochberg).",
        "agreement": apa(f"{validity(published).words}: {validity(published).figures}"),
        "found": reported["Change over the waves"][0],
        "quotes": f"{len(published.quotes)} quotes, each approved by a person, with theme and wave."
        if published.approved and published.quotes
        else "",
        "limits": "The limits that apply to this run are listed.",
        "mix": f"The file has {', '.join(covariates)}." if covariates else "",
        "repeat": "Some respondents answered in several waves."
        if about.panel
        else "No respondent is known to have answered in several waves.",
        "coders": f"{coders}.",
        "frame": f"{clean(about.frame)} ({clean(about.frame_version)}), {codable} themes.",
        "derivation": own
        or "Themes were identified in advance, in a codebook; topics come from the data.",
        "software": software(published),
        "frequent": apa(frequent(published)),
        "minor": "The tables have every theme that can be shown.",
    }
