"""Replace contact details and other patterned identifiers before text leaves the process."""

from __future__ import annotations

import re
from collections.abc import Callable

# "miss" is a title only with a capital: "I miss London" names no one.
_TITLE = r"(?:(?i:dr|mrs?|ms|mx|prof|professor)|Miss|MISS)"
_CAPITAL = r"[A-Z\u00c0-\u00d6\u00d8-\u00de]"
_WORD = rf"(?:{_CAPITAL}[\w'\u2019-]+|{_CAPITAL}\b\.?)"
_PARTICLES = r"(?:(?:van|von|de|der|den|del|la|le|du|al|el|bin|ter)\s){0,2}"
_END = r"[^\s<>\"'.,;:!?)\]]"

#: Kind and pattern, in the order they are tried: a URL may hold an e-mail, an e-mail holds an @.
#: Repeats are bounded or begin with a mark of their own, so that time grows with the text, and a
#: chain such as @one@two goes as a whole, so that the rounds of :func:`redact` stay few.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("url", re.compile(rf"\b(?:https?://|www\.)[^\s<>\"']*{_END}", re.IGNORECASE)),
    ("email", re.compile(r"[\w.%+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
    # A bare address of a site, such as example.nhs.uk/jobs.
    (
        "url",
        re.compile(
            rf"\b(?:[a-z0-9-]{{1,63}}\.){{1,5}}(?:com|org|net|uk)\b(?:/(?:[^\s<>\"']*{_END})?)?",
            re.IGNORECASE,
        ),
    ),
    ("handle", re.compile(r"(?<![\w@])(?:@+(?=[^\W\d])\w{2,})+")),
    (
        "ni-number",
        re.compile(
            r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
            r"[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]\b",
            re.IGNORECASE,
        ),
    ),
    ("nhs-number", re.compile(r"(?<![\w-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])")),
    # A leading 0 or +44, then nine or ten digits.
    (
        "phone",
        re.compile(
            r"(?<![\w+])(?:(?:\+|00)44[ .-]?(?:\(0\))?[ .-]?|\(?0)"
            r"(?:\d[ .()-]{0,2}){8,9}\d(?!\w)"
        ),
    ),
    ("postcode", re.compile(r"\b(?:[A-Z]{1,2}\d[A-Z\d]?\s?\d[ABD-HJLNP-UW-Z]{2}|GIR\s?0AA)\b")),
    # In small letters, "b5 1st" is a band and an ordinal.
    (
        "postcode",
        re.compile(
            r"\b[a-z]{1,2}\d[a-z\d]?\s?(?!\d(?:st|nd|rd|th))\d[abd-hjlnp-uw-z]{2}\b",
            re.IGNORECASE,
        ),
    ),
    (
        "name",
        re.compile(rf"\b{_TITLE}(?:\.\s{{0,2}}|\s{{1,2}}){_PARTICLES}{_WORD}(?:\s{_WORD}){{0,2}}"),
    ),
)


def redact(text: str) -> str:
    """Replace patterned identifiers by their kind in square brackets.

    Parameters
    ----------
    text : str
        What a respondent wrote.

    Returns
    -------
    str
        With ``[url]``, ``[email]``, ``[handle]``, ``[ni-number]``, ``[nhs-number]`` (only if its
        check digit is right), ``[phone]`` (UK), ``[postcode]`` (UK) and ``[name]`` (capitalised
        words after a title) in their place. A second call changes nothing.

    Notes
    -----
    Names in running text, sites, teams and rare events are not found: a person must read every
    quote before it is published. The forms are those of the UK: National Insurance numbers after
    HMRC's manual NIM39110, NHS numbers by their modulus-11 check digit (NHS Data Dictionary).

    Examples
    --------
    >>> redact("Ask Dr Jones on 01632 960123 or a.jones@example.org about PHQ-9 scores")
    'Ask [name] on [phone] or [email] about PHQ-9 scores'
    """
    # What is replaced can lay bare what stood beside it. Each round leaves less to replace.
    while (once := _once(text)) != text:
        text = once
    return text


def _once(text: str) -> str:
    for kind, pattern in _PATTERNS:
        text = pattern.sub(_checked if kind == "nhs-number" else _always(kind), text)
    return text


def _always(kind: str) -> Callable[[re.Match[str]], str]:
    return lambda _: f"[{kind}]"


def _checked(match: re.Match[str]) -> str:
    return "[nhs-number]" if _is_nhs_number(match[0]) else match[0]


def _is_nhs_number(text: str) -> bool:
    """Check the last of ten digits by the modulus-11 rule of the NHS number."""
    digits = [int(c) for c in text if c.isdecimal()]
    check = 11 - sum(d * w for d, w in zip(digits[:9], range(10, 1, -1), strict=True)) % 11
    return digits[9] == (0 if check == 11 else check)
