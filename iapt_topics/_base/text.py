"""Text that may be shown: cleaned and shortened."""

from __future__ import annotations

import re

import pandas as pd

#: Control characters but tab and new line, lone surrogates, what is no character, and what steers
#: the direction of text.
_GONE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)


def clean(value: object) -> str:
    r"""Text that HTML may hold: no control characters, no direction overrides, no lone surrogates.

    Examples
    --------
    >>> clean("a\x00b\u202ec")
    'abc'
    """
    return "" if value is None or value is pd.NA else _GONE.sub("", str(value))


def shorten(text: str, most: int = 300) -> str:
    """Cut ``text`` at a word so that it has at most ``most`` characters.

    Examples
    --------
    >>> shorten("too many targets", 10)
    'too many…'
    """
    # textwrap.shorten leaves nothing of a text that begins with a long word, or has no spaces.
    plain = " ".join(text.split())
    if len(plain) <= most:
        return plain
    cut = plain[: most - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:") + "…"
