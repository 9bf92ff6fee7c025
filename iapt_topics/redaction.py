"""Replace contact details and other patterned identifiers before text leaves the process."""

from __future__ import annotations

import re

_TITLES = r"(?:Dr|Mr|Mrs|Ms|Miss|Mx|Prof|Professor)"
_NAME = r"[A-Z][\w'\u2019-]+"

#: Kind and pattern, in the order they are tried: an e-mail holds an @, a URL may hold digits.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"\b[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b")),
    ("url", re.compile(r"\b(?:https?://|www\.)[^\s<>\"']+", re.IGNORECASE)),
    ("handle", re.compile(r"(?<![\w@])@\w{2,30}\b")),
    (
        "ni-number",
        re.compile(r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
                   r" ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", re.IGNORECASE),
    ),
    ("phone", re.compile(r"(?<![\w+])(?:(?:\+|00)44[ -]?(?:\(0\))?[ -]?|\(?0)"
                         r"(?:\d[ \-()]{0,2}){8,9}\d(?!\w)")),
    (
        "postcode",
        re.compile(r"\b(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}|GIR ?0AA)\b", re.IGNORECASE),
    ),
    ("name", re.compile(rf"\b{_TITLES}\.? {_NAME}(?: {_NAME})?")),
)
_NHS_NUMBER = re.compile(r"(?<![\w-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])")


def redact(text: str) -> str:
    """Replace patterned identifiers by their kind in square brackets.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        With ``[email]``, ``[url]``, ``[handle]``, ``[ni-number]``, ``[nhs-number]``, ``[phone]``,
        ``[postcode]`` and ``[name]`` (a capitalised name after a title) in their place.

    Notes
    -----
    Names in running text, sites, teams and rare events are not found: a person must read every
    quote before it is published.

    Examples
    --------
    >>> redact("Ask Dr Jones on 01632 960123 or a.jones@example.org about PHQ-9 scores")
    'Ask [name] on [phone] or [email] about PHQ-9 scores'
    """
    text = _NHS_NUMBER.sub(lambda m: "[nhs-number]" if _is_nhs_number(m[0]) else m[0], text)
    for kind, pattern in _PATTERNS:
        text = pattern.sub(f"[{kind}]", text)
    return text


def _is_nhs_number(text: str) -> bool:
    """Check the last digit by the modulus-11 rule of the NHS number."""
    digits = [int(c) for c in text if c.isdigit()]
    check = 11 - sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11
    return digits[9] == (0 if check == 11 else check)
