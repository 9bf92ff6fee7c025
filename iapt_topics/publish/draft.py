"""A methods-and-results draft in Word, filled in from the run, with blanks for what people know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from iapt_topics.publish.exports import add_table, save_document

if TYPE_CHECKING:
    from iapt_topics.publish.published import Published

#: The item that the tables stand under.
_RESULTS = "S16 Synthesis and interpretation"


def write_draft(path: str | Path, published: Published) -> Path:
    """Write a draft of methods and results as a ``.docx`` file.

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
    document.add_paragraph(
        "Filled in from the run, in the order of SRQR. Read it against the results before use."
    )
    for heading, text in _items(published):
        document.add_heading(heading, 1)
        document.add_paragraph("".join(c for c in text if c >= " "))
        if heading == _RESULTS:
            for name in ("ledger", "theme_shares", "drift_shares", "agreement_themes"):
                if name in published.tables:
                    document.add_heading(name.replace("_", " "), 2)
                    add_table(document, published.tables[name])
    save_document(document, Path(path))
    return Path(path)


def _items(published: Published) -> tuple[tuple[str, str], ...]:
    """The 21 items of SRQR: what the run knows of each, and what only people know."""
    about, tables = published.about, published.tables
    waves = [published.wave(y) for y in about.years]
    kept = tables["ledger_totals"].set_index("status")["n"]["kept"]
    n = f"{kept:,.0f}" if kept == kept else "[not shown]"
    versions = ", ".join(f"{k} {v}" for k, v in sorted(about.versions.items()))
    agreement = tables.get("agreement_overall")
    agreed = "[to be written: how the coding was checked by people]"
    if agreement is not None:
        agreed = "Agreement of machine and people: " + "; ".join(
            f"{r['measure']} {r['estimate']:.2f}"
            + (f" ({r['low']:.2f} to {r['high']:.2f})" if r["low"] == r["low"] else "")
            for r in agreement.to_dict("records")
        )
    weighted = "Their shares carry survey weights. " if about.weighted else ""
    start = "SYNTHETIC EXAMPLE DATA. " if about.synthetic else ""
    return (
        ("S1 Title", f"{start}[to be written: title]"),
        ("S2 Abstract", "[to be written: abstract]"),
        ("S3 Problem formulation", "[to be written: the problem and what is known of it]"),
        ("S4 Purpose or research question", "[to be written: the question]"),
        ("S5 Approach and paradigm", "Themes were given to free-text answers by machine, with the "
         f"frame {about.frame} ({about.frame_version}), and measured over "
         f"{len(waves)} waves. [to be written: paradigm and reasons]"),
        ("S6 Researchers and reflexivity", "[to be written: who the researchers are, who named the "
         "themes, hours of human work]"),
        ("S7 Context", "[to be written: setting]"),
        ("S8 Sampling", f"{n} codable responses, waves {', '.join(waves)}. [to be written: who was "
         "invited, how many answered]"),
        ("S9 Ethics", "[to be written: approvals and consent]"),
        ("S10 Data collection", "[to be written: when and how the survey was held]"),
        ("S11 Instruments", "Questions: " + ("; ".join(about.questions) or "[to be written: "
         "wording]")),
        ("S12 Units of study", "A unit is one response. What became of every row is in the table "
         "ledger."),
        ("S13 Data processing", "Non-answers and copies were left out by rule. "
         f"{published.rule.sentence} [to be written: how quotes were checked]"),
        ("S14 Data analysis", f"Topics: a consensus of {about.n_runs} runs, seed "
         f"{about.config.seed}. Themes were given by {about.coder} ({about.coder_kind}). "
         f"{weighted}Versions: {versions}."),
        ("S15 Trustworthiness", f"{agreed}."),
        (_RESULTS, "[to be written: what the figures below mean]"),
        ("S17 Links to empirical data", "[to be written: quotes that a person approved]"),
        ("S18 Integration with prior work", "[to be written: discussion]"),
        ("S19 Limitations", "The machine works from the wording of the frame. Change over the "
         "years may come from who answered or what was asked. [to be written: other limits]"),
        ("S20 Conflicts of interest", "[to be written: conflicts]"),
        ("S21 Funding", "[to be written: funding]"),
    )  # fmt: skip
