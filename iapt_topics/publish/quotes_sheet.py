"""Quotes out to a spreadsheet, for a person to approve one by one, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns
from iapt_topics._base.sheets import read_sheet, restored, write_sheet
from iapt_topics.publish.disclosure import Disclosure, parse_rule
from iapt_topics.survey.redaction import safe_texts

if TYPE_CHECKING:
    from iapt_topics.study.study import Study
    from iapt_topics.survey.responses import Responses

_COLUMNS = ("response_id", "topic", "label", "text", "decision", "approved_by", "paraphrase")
DECISIONS = ("", "approve", "reject")
#: What may stand for the rest of a response before or after some words of it.
_REST = r"(?:\u2026|\.\.\.|\[\u2026\]|\[\.\.\.\])"
_ENDS = re.compile(rf"^{_REST}\s*|\s*{_REST}$")
OTHER_WORDS = "Copy the response's own words, as redacted, or put other words under paraphrase."


def write_quotes(
    path: str | Path, study: Study, *, disclosure: int | str | Disclosure = 10
) -> Path:
    """Write candidate quotes of each topic to a sheet, for a person to approve.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` or ``.xlsx`` file to write.
    study : Study
        The survey and its topics; one with too few respondents is left out, and nobody is quoted
        twice.
    disclosure : int, str or Disclosure, default 10
        As for :func:`iapt_topics.publish.publish`.

    Returns
    -------
    Path
        The file: a row a quote, its text redacted. To be filled in: ``decision`` (approve or
        reject), ``approved_by`` (a name) and, if other words are to be printed, ``paraphrase``.
    """
    path, rule, responses = Path(path), parse_rule(disclosure), study.responses
    who = responses.cluster_id
    used: set[object] = set()
    rows = []
    given = study.topics.assignments.groupby("topic")["response_id"]
    for row in study.topics.topics.to_dict("records"):
        behind = who.reindex(given.get_group(row["topic"])).nunique() if row["n"] else 0
        if behind < rule.min_respondents:
            continue
        ids = [i for i in row["exemplars"] if i in who.index]
        for response_id, text in zip(ids, safe_texts(responses, ids), strict=True):
            if who[response_id] not in used:
                used.add(who[response_id])
                rows.append([response_id, str(row["topic"]), str(row["label"]), text, "", "", ""])
    write_sheet(path, _COLUMNS, rows, wide=("text", "paraphrase"))
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
        The rows with decision "approve": ``response_id``, ``text``, ``approved_by``,
        ``paraphrase``, as :func:`iapt_topics.write_report` takes them.

    Raises
    ------
    InputError
        Naming every faulty row: an unknown decision or response, an approval without a name or
        without words, a text that the response does not say, or a response twice.
    """
    path = Path(path)
    what = f"quotes {path.name!r}"
    table = read_sheet(path, "quotes")
    require_columns(table, _COLUMNS, what)
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
    kept = kept[["response_id", "text", "approved_by", "paraphrase"]]
    return kept.reset_index(drop=True)


def words_said(
    responses: Responses, response_ids: Sequence[str], texts: Sequence[str]
) -> list[str | None]:
    """Each text as it may be printed as a quote, None if its response does not say it.

    A response says its text, redacted, and any whole words in a row of it, with or without dots
    for the rest. White space does not matter, nor a mark that keeps a spreadsheet from running it.
    """
    known = set(responses.table["response_id"])
    safe = safe_texts(responses, [i if i in known else "" for i in response_ids])
    return [
        next((t for t in (text, restored(text)) if _says(whole, t)), None) if i in known else None
        for i, text, whole in zip(response_ids, texts, safe, strict=True)
    ]


def _says(whole: str, text: str) -> bool:
    whole, text = " ".join(whole.split()), " ".join(text.split())
    if not text or text == whole:
        return True
    part = _ENDS.sub("", text)
    # No word is cut; a part that begins or ends with a mark may stand against one.
    begins = r"(?<!\w)" if part[:1].isalnum() else ""
    ends = r"(?!\w)" if part[-1:].isalnum() else ""
    return bool(part) and re.search(f"{begins}{re.escape(part)}{ends}", whole) is not None
