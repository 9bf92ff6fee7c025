"""Cut a response into the sentences that may each carry a theme of its own."""

from __future__ import annotations

import re

#: After . ! ? or ; and a space, at line breaks, and before a turn of thought: people write long
#: survey answers with few full stops.
_BREAK = re.compile(
    r"(?<=[.!?;])\s+|\s*[\r\n]+\s*|,?\s+(?=(?:but|however|although)\b)", re.IGNORECASE
)
_LEAST_WORDS = 3


def split_sentences(text: str) -> list[str]:
    """Split a response into sentences.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str
        At least one. A piece of fewer than 3 words stays with the piece before it, for it rarely
        means anything alone.

    Examples
    --------
    >>> split_sentences("Targets rule. I love my team but I am tired of the phone.")
    ['Targets rule. I love my team', 'but I am tired of the phone.']
    """
    return [sentence for sentence, _, _ in _pieces(text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end in the text, end exclusive, of each sentence of :func:`split_sentences`."""
    return [(start, end) for _, start, end in _pieces(text)]


def _pieces(text: str) -> list[tuple[str, int, int]]:
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())
    breaks = [m.span() for m in _BREAK.finditer(text.strip())] if first < last else []
    starts = [first, *(first + end for _, end in breaks)]
    ends = [*(first + start for start, _ in breaks), max(first, last)]
    pieces: list[tuple[str, int, int]] = []
    for start, end in zip(starts, ends, strict=True):
        piece = text[start:end]
        before, since, until = pieces[-1] if pieces else ("", start, start)
        if pieces and (len(piece.split()) < _LEAST_WORDS or len(before.split()) < _LEAST_WORDS):
            pieces[-1] = (f"{before} {piece}".strip(), since, end if piece else until)
        else:
            pieces.append((piece, start, end))
    return pieces
