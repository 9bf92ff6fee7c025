"""Texts that came out of a rich-text box: tags and entities decoded to what a reader saw."""

from __future__ import annotations

import re
from html import unescape

_TAG = (
    r"(?:p|br|div|span|b|i|u|s|em|strong|small|sub|sup|font|a|ul|ol|li|dl|dt|dd|h[1-6]|hr|img|table|"
    r"tbody|thead|tr|td|th|blockquote|pre|code|section|article|label|o:p|html|body|meta|style|"
    r"script|xml|center|del|ins|mark|iframe)"
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_MARKED = re.compile(rf"{_ENTITY.pattern}|</?{_TAG}(?:\s[^<>]*|/)?\s*>|<!--", re.IGNORECASE)
_UNSEEN = re.compile(r"<!--.*?(?:-->|\Z)|<(style|script|xml)\b[^>]*>.*?</\1\s*>", re.I | re.DOTALL)
_BREAK = re.compile(
    r"\s*(?:<(?:br|hr)(?:\s[^<>]*|/)?\s*>|</(?:p|div|li|tr|h[1-6]|blockquote|ul|ol)\s*>)\s*", re.I
)
_REST = re.compile(rf"</?{_TAG}(?:\s[^<>]*|/)?\s*>", re.IGNORECASE)


def plain_text(text: str) -> str:
    """Text without markup; text that has none is as it was.

    Examples
    --------
    >>> plain_text("<p>I don&#39;t know &amp; nobody asks&nbsp;</p><p><br></p>")
    "I don't know & nobody asks"
    >>> plain_text("pay < rent & R&D")
    'pay < rent & R&D'
    """
    if ("<" not in text and "&" not in text) or not _MARKED.search(text):
        return text
    for _ in range(2):  # markup that was itself written as markup: &lt;br&gt;, &amp;nbsp;
        text = _REST.sub("", _BREAK.sub("\n", _UNSEEN.sub("", text)))
        decoded = _ENTITY.sub(lambda m: unescape(m[0]), text)
        if decoded == text:
            break
        text = decoded
    return re.sub(r"\n{3,}", "\n\n", text.replace("\u00a0", " ")).strip()
