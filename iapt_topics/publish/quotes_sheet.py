"""Quotes out to a spreadsheet, for a person to approve one by one, and back."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns
from iapt_topics._base.sheets import read_sheet, write_sheet
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.published import publish
from iapt_topics.publish.quotes import propose_quotes
from iapt_topics.publish.words_said import OTHER_WORDS, words_said

if TYPE_CHECKING:
    from iapt_topics.study.study import Study
    from iapt_topics.survey.responses import Responses

_COLUMNS = (
    "response_id", "theme", "label", "wave", "case", "sentence", "text", "decision", "approved_by",
    "paraphrase",
)  # fmt: skip
#: What is read again and has to be there.
_READ = ("response_id", "text", "decision", "approved_by", "paraphrase")
DECISIONS = ("", "approve", "reject")
INSTRUCTIONS = (
    "Each row is a response that may be quoted in the public report. Nothing is printed unless you "
    "approve it.",
    "label is the theme that it is quoted for; sentence is what carried the theme, and is "
    "highlighted in the report; text is what will be printed. A row without a theme is a typical "
    "response of a topic.",
    "Ask of each: is the sentence on the theme? Could a colleague or manager recognise who "
    "wrote it? Redaction by machine misses names, places and events.",
    "decision: choose approve or reject from the list. A blank row is not printed.",
    "approved_by: your name. Every approved row needs one.",
    "text: you may shorten it to some words in a row. Do not change words.",
    "paraphrase: to print other words instead, write them here. The report marks them as a "
    "paraphrase.",
    "Save the file and give it as: iapt-topics report ... --approved FILE, or read_quotes(FILE) in "
    "Python.",
)


def write_quotes(
    path: str | Path, study: Study, *, disclosure: int | str | Disclosure = "default"
) -> Path:
    """Write candidate quotes for each theme and topic to a sheet, for a person to approve.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` or ``.xlsx`` file to write.
    study : Study
        The survey, its codes and topics. Nobody is quoted twice, nor for a theme of a wave that the
        public report suppresses.
    disclosure : int, str or Disclosure, default "default"
        As for :func:`iapt_topics.publish.publish`.

    Returns
    -------
    Path
        The file: a row a quote, its text redacted, with the theme that it is quoted for and the
        sentence that carried it; rows without a theme are typical responses of a topic. To be
        filled in: ``decision`` (approve or reject), ``approved_by`` (a name) and, if other words
        are to be printed, ``paraphrase``. A workbook has a second sheet of instructions.
    """
    path = Path(path)
    # Of the tables only what may be shown matters, so any noise will do.
    published = publish(study, disclosure, quotes=False, secret=secrets.token_bytes(16))
    labels = published.labels
    rows = [
        [
            response_id, quote.theme,
            labels[quote.theme] if quote.theme else f"Topic {quote.topic}",
            quote.year, quote.case, quote.sentence, quote.text, "", "", "",
        ]
        for response_id, quote in propose_quotes(study, published.tables)
    ]  # fmt: skip
    write_sheet(
        path, _COLUMNS, rows, wide=("sentence", "text", "paraphrase"),
        choices={"decision": DECISIONS[1:]}, instructions=INSTRUCTIONS,
    )  # fmt: skip
    return path


def read_quotes(path: str | Path, responses: Responses) -> pd.DataFrame:
    """Read the approved quotes from a sheet of :func:`write_quotes`.

    Parameters
    ----------
    path : str or Path
        The sheet, filled in. A text may be shortened to some words in a row; other words are for
        ``paraphrase``.
    responses : Responses
        The survey, redacted as it was when the sheet was written.

    Returns
    -------
    DataFrame
        The rows with decision "approve", as :func:`iapt_topics.publish.publish` takes them:
        ``response_id``, ``theme`` and ``case`` (if the sheet has them), ``text``, ``approved_by``,
        ``paraphrase``.

    Raises
    ------
    InputError
        Naming every faulty row: an unknown decision or response, an approval without a name or
        without words, a text that the response does not say, or a response twice.
    """
    path = Path(path)
    what = f"quotes {path.name!r}"
    table = read_sheet(path, "quotes")
    require_columns(table, _READ, what)
    table = table.apply(lambda column: column.str.strip())
    known, seen, faults = set(responses.kept["response_id"]), set(), []
    words = words_said(responses, table["response_id"].tolist(), table["text"].tolist())
    for at, (row, said) in enumerate(zip(table.to_dict("records"), words, strict=True), start=2):
        decision, response_id = row["decision"].casefold(), row["response_id"]
        if decision not in DECISIONS:
            faults.append(f"row {at}: decision {row['decision']!r}")
        if response_id not in known:
            faults.append(f"row {at}: response {response_id!r} is not in the survey")
        if response_id in seen:
            faults.append(f"row {at}: response {response_id!r} a second time")
        seen.add(response_id)
        if decision == "approve" and not row["approved_by"]:
            faults.append(f"row {at}: approved by nobody")
        if decision == "approve" and not (row["text"] or row["paraphrase"]):
            faults.append(f"row {at}: no words")
        if decision == "approve" and response_id in known and said is None:
            faults.append(f"row {at}: a text that response {response_id!r} does not say")
    if faults:
        do = f"Approve with a name, reject, or leave the decision blank. {OTHER_WORDS}"
        raise InputError(what, "must contain decisions that can be used", listed(faults, 20), do)
    table = table.assign(text=[w or "" for w in words])
    kept: pd.DataFrame = table[table["decision"].str.casefold() == "approve"]
    wanted = ("response_id", "theme", "case", "text", "approved_by", "paraphrase")
    kept = kept[[c for c in wanted if c in kept]]
    return kept.reset_index(drop=True)
