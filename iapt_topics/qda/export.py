"""Codes back out, in the kind of file that its name asks for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.files import write_whole
from iapt_topics._base.sheets import write_sheet
from iapt_topics.codes.codes import PROBABILITY
from iapt_topics.frame.refi import NOT_XML
from iapt_topics.qda.refi_writer import project_archive, require_known
from iapt_topics.survey.redaction import safe_texts

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.frame.frame import ThemeFrame
    from iapt_topics.survey.responses import Responses

_COLUMNS = ("response_id", "respondent_id", "coder", "kind", "theme", "label", "score")
_WHOLE = ("selection", "source")


def write_codes(
    path: str | Path,
    codes: Codes | Sequence[Codes] = (),
    *,
    frame: ThemeFrame,
    responses: Responses | None = None,
    original_text: bool = False,
    whole: str = "selection",
    model: str = "",
) -> Path:
    """Write codes to a REFI-QDA project or a table, for coding tools.

    Parameters
    ----------
    path : str or Path
        Its ending says what is written; a file of that name is replaced, as a whole.

        - ``.qdpx``: a REFI-QDA project [1]_ with a text source for each response, kept or seen,
          named by its id; the frame as codebook; each coder as a user, a machine as
          "iapt_topics" with its version; a machine's themes under the top code "Machine themes",
          apart from the people's; the year as a variable of source and case; and scores in the
          description of the source.
        - ``.csv`` or ``.xlsx``: a row for each theme given, and one for each response seen without
          a theme, as :func:`iapt_topics.load_codes` reads it.
    codes : Codes or sequence of Codes
        Of people and machines; none for a project that is still to be coded.
    frame : ThemeFrame
        The themes.
    responses : Responses, optional
        The survey that was coded; needed for a project.
    original_text : bool, default False
        Write what respondents wrote. By default the text is passed through
        :func:`iapt_topics.survey.redact`, which does not find every name: a person must read it
        before it leaves the house.
    whole : {"selection", "source"}, default "selection"
        A person's theme is applied to a whole response. As a selection from its first to its last
        character, every tool shows it; QualCoder does not read a code on the source itself. A
        machine's theme, with "selection", is on the sentence in which it was found.
    model : str, optional
        What made the machine's codes, e.g. the encoder's name; said in the descriptions.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the ending is unknown, responses or codes are wanting, two coders bear one name, or a
        response or theme is not in the survey or the frame. Nothing is then written.

    References
    ----------
    .. [1] REFI-QDA standard 1.5, www.qdasoftware.org.
    """
    target = Path(path)
    coders = tuple(codes) if isinstance(codes, Sequence) else (codes,)
    if whole not in _WHOLE:
        raise InputError("whole", f"must be one of {listed(_WHOLE)}", repr(whole), "Correct it.")
    if target.suffix.casefold() != ".qdpx":
        known = any(c.probabilities for c in coders)
        columns = [*_COLUMNS, PROBABILITY][: len(_COLUMNS) + known]
        rows = [row[: len(columns)] for row in _rows(coders, frame)]
        write_sheet(target, columns, rows, wide=("label",))
        return target
    if responses is None:
        raise InputError("responses", "must be given for a project", "none", "Give them.")
    table = responses.table
    ids = table["response_id"].tolist()
    shown = table["text"].tolist() if original_text else safe_texts(responses, ids)
    texts = dict(zip(ids, shown, strict=True))
    content = project_archive(coders, responses, frame, texts, whole=whole, model=model)
    write_whole(target, content, private=True)
    return target


def _rows(coders: Sequence[Codes], frame: ThemeFrame) -> list[list[str]]:
    """A row for each theme given, and for each response seen without one; the last cell is the
    inclusion probability.
    """
    if not coders:
        raise InputError("codes", "must contain at least one coder", "none", "Give codes.")
    require_known(coders, None, frame)
    rows = []
    for c in coders:
        known = {i: repr(p) for i, p in c.probabilities.items()}
        seen = c.seen[["response_id", "respondent_id"]]
        table = seen.merge(c.table, on="response_id", how="left")
        for response, respondent, theme, score in table.itertuples(index=False, name=None):
            given = isinstance(theme, str)
            label = frame[theme].label if given else ""
            number = repr(float(score)) if given and score == score else ""
            rows.append(
                [
                    response,
                    respondent,
                    c.coder,
                    c.kind,
                    theme if given else "",
                    label,
                    number,
                    known.get(response, ""),
                ]
            )
    bad = [v for row in rows for v in row if NOT_XML.search(v)]
    if bad:
        raise InputError("codes", "must not hold control characters", listed(bad), "Rename them.")
    return rows
