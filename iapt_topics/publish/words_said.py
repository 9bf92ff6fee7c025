"""Whether a response says the words of a quote, as it may be printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from iapt_topics._base.sheets import restored
from iapt_topics.survey.redaction import safe_texts

if TYPE_CHECKING:
    from iapt_topics.survey.responses import Responses

#: What may stand for the rest of a response before or after some words of it.
_REST = r"(?:\u2026|\.\.\.|\[\u2026\]|\[\.\.\.\])"
_ENDS = re.compile(rf"^{_REST}\s*|\s*{_REST}$")
OTHER_WORDS = "Copy the response's own words, as redacted, or put other words under paraphrase."


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
