"""A methods-and-results draft in Word, filled in from the run, with blanks for what people know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.exports import add_table, save_document

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.mapping.mapping import TopicMapping
    from iapt_topics.survey.responses import Responses
    from iapt_topics.topics.topics import Topics


def write_draft(
    tables: Mapping[str, pd.DataFrame],
    path: str | Path,
    *,
    responses: Responses,
    topics: Topics,
    mapping: TopicMapping,
    codes: Codes,
    disclosure: Disclosure | None = None,
) -> Path:
    """Write a draft of methods and results as a ``.docx`` file.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        From :func:`publishable_tables`; the draft has no figure that is not in them.
    path : str or Path
        The file to write.
    responses : Responses
        The survey.
    topics : Topics
        Its topics.
    mapping : TopicMapping
        Their themes.
    codes : Codes
        The coding that the shares are taken from.
    disclosure : Disclosure, optional
        The rule that the tables were made by.

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

    rule, frame, config = disclosure or Disclosure(), mapping.frame, topics.config
    waves = [responses.wave_labels.get(y, str(y)) for y in responses.years]
    n = f"{rule.rounded(len(responses)):,}"
    versions = ", ".join(f"{k} {v}" for k, v in sorted(topics.versions.items()))
    agreement = tables.get("agreement_overall")
    agreed = "[to be written: how the coding was checked by people]"
    if agreement is not None:
        agreed = "Agreement of machine and people: " + "; ".join(
            f"{r['measure']} {r['estimate']:.2f} ({r['low']:.2f} to {r['high']:.2f})"
            for r in agreement.to_dict("records")
        )
    weighted = "Their shares carry survey weights. " if "weight" in responses.kept else ""
    start = "SYNTHETIC EXAMPLE DATA. " if responses.synthetic else ""
    items: tuple[tuple[str, str], ...] = (
        ("S1 Title", f"{start}[to be written: title]"),
        ("S2 Abstract", "[to be written: abstract]"),
        ("S3 Problem formulation", "[to be written: the problem and what is known of it]"),
        ("S4 Purpose or research question", "[to be written: the question]"),
        ("S5 Approach and paradigm", "Themes were given to free-text answers by machine, with the "
         f"frame {frame.title or frame.name} (version {frame.version}), and measured over "
         f"{len(waves)} waves. [to be written: paradigm and reasons]"),
        ("S6 Researchers and reflexivity", "[to be written: who the researchers are, who named the "
         "themes, hours of human work]"),
        ("S7 Context", "[to be written: setting]"),
        ("S8 Sampling", f"{n} codable responses, waves {', '.join(waves)}. [to be written: who was "
         "invited, how many answered]"),
        ("S9 Ethics", "[to be written: approvals and consent]"),
        ("S10 Data collection", "[to be written: when and how the survey was held]"),
        ("S11 Instruments", "Questions: " + ("; ".join(
            q for q in responses.kept["question"].unique() if q) or "[to be written: wording]")),
        ("S12 Units of study", "A unit is one response. What became of every row is in the table "
         "ledger."),
        ("S13 Data processing", f"Non-answers and copies were left out by rule. {rule.sentence} "
         "[to be written: how quotes were checked]"),
        ("S14 Data analysis", f"Topics: a consensus of {config.n_runs} runs, seed {config.seed}. "
         f"Themes were given by {codes.coder} ({codes.kind}). {weighted}Versions: {versions}."),
        ("S15 Trustworthiness", f"{agreed}."),
        ("S16 Synthesis and interpretation", "[to be written: what the figures below mean]"),
        ("S17 Links to empirical data", "[to be written: quotes that a person approved]"),
        ("S18 Integration with prior work", "[to be written: discussion]"),
        ("S19 Limitations", "The machine works from the wording of the frame. Change over the "
         "years may come from who answered or what was asked. [to be written: other limits]"),
        ("S20 Conflicts of interest", "[to be written: conflicts]"),
        ("S21 Funding", "[to be written: funding]"),
    )  # fmt: skip
    document = Document()
    document.add_heading("Methods and results: draft", 0)
    document.add_paragraph(
        "Filled in from the run, in the order of SRQR. Read it against the results before use."
    )
    for heading, text in items:
        document.add_heading(heading, 1)
        document.add_paragraph("".join(c for c in text if c >= " "))
        if heading.startswith("S16"):
            for name in ("ledger", "theme_shares", "drift_shares", "agreement_themes"):
                if name in tables:
                    document.add_heading(name.replace("_", " "), 2)
                    add_table(document, tables[name])
    save_document(document, Path(path))
    return Path(path)
