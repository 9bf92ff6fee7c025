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
    pieces: list[str] = []
    for piece in _BREAK.split(text.strip()):
        if pieces and (len(piece.split()) < _LEAST_WORDS or len(pieces[-1].split()) < _LEAST_WORDS):
            pieces[-1] = f"{pieces[-1]} {piece}".strip()
        else:
            pieces.append(piece)
    return pieces
