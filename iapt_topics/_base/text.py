"""Text that may be shown: cleaned and shortened."""

from __future__ import annotations

import unicodedata

import pandas as pd

_STEERING = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def clean(value: object) -> str:
    r"""Text that HTML may hold: no control characters, no direction overrides, no lone surrogates.

    Examples
    --------
    >>> clean("a\x00b\u202ec")
    'abc'
    """
    text = "" if value is None or value is pd.NA else str(value)
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return "".join(c for c in kept if c not in _STEERING)


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
