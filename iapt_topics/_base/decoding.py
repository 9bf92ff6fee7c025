"""Bytes of a text file as text: each line in its own encoding, text saved wrongly once mended."""

from __future__ import annotations

import re
from collections.abc import Sequence

from iapt_topics._base.errors import InputError
from iapt_topics._base.findings import Finding, numbers

_DO = "Export it as CSV (UTF-8)."
_NAMES = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman"}
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")
#: A small letter followed by a capital with an accent, as typographic marks of Mac Roman look in
#: Windows-1252; no word of a language that it writes has one.
_TORN = re.compile(r"[a-z\u00df-\u00ff][\u00c0-\u00de\u0160\u017d\u0178]")
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
#: What UTF-8 looks like that was read as Windows-1252 and saved again.
_TWICE = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
    "|\u00e2[\u0080\u20ac]|\u00f0\u0178"
)


def decode(raw: bytes, name: str) -> tuple[str, list[Finding]]:
    """Decode a text file: by its byte-order mark, as UTF-8, as UTF-16, else line by line."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    # In UTF-16 every other byte of Latin letters is 0, and in a text file no byte else.
    elif len(raw) > 1 and 2 * raw[1::2].count(0) > len(raw[1::2]) and not raw[::2].count(0):
        encoding = "utf-16-le"
    elif len(raw) > 1 and 2 * raw[::2].count(0) > len(raw[::2]) and not raw[1::2].count(0):
        encoding = "utf-16-be"
    else:
        encoding = "utf-8"
        raw = raw.removeprefix(b"\xef\xbb\xbf")
    found: list[Finding] = []
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            rule = "must be text in UTF-8, UTF-16 or Windows-1252"
            raise InputError(name, rule, "other bytes", _DO) from None
        text, found = _by_line(raw, name)
    if encoding != "utf-8":
        found.append(Finding("encoding", name, 1, "read as UTF-16"))
    at = text.find("\0")
    if at >= 0:
        got = f"a NUL byte in line {text.count(chr(10), 0, at) + 1}, as in a binary file"
        raise InputError(name, "must be a text file", got, _DO)
    return text, found


def _by_line(raw: bytes, name: str) -> tuple[str, list[Finding]]:
    """Decode lines that are no UTF-8 by the encoding that suits all of them best."""
    lines = [m[0] for m in _LINE.finditer(raw)]
    wrong = [i for i, line in enumerate(lines) if not _is_utf8(line)]
    other = b"".join(lines[i] for i in wrong)
    if not (encoding := _old_encoding(other)):
        rule = "must be text in UTF-8, UTF-16 or Windows-1252"
        raise InputError(name, rule, "other bytes", _DO)
    apart = set(wrong)
    texts = [_mixed(v, encoding) if i in apart else v.decode() for i, v in enumerate(lines)]
    n = sum(b > 127 for b in other)
    said = _NAMES[encoding]
    whole = not any(_MULTIBYTE.search(line) for line in lines)
    done = (
        f"read as {said}, as it is not UTF-8; check its {n} other letter(s)"
        if whole
        else f"{len(wrong)} line(s) are not UTF-8 and were read as {said}; check line(s) "
        f"{numbers([i + 1 for i in wrong])}"
    )
    return "".join(texts), [Finding("encoding", name, len(wrong), done)]


def _is_utf8(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _old_encoding(raw: bytes) -> str:
    """Windows-1252, or Mac Roman if the letters make sense in that alone; "" if neither."""
    try:
        windows = raw.decode("cp1252")
    except UnicodeDecodeError:
        # One line in UTF-8 too can hold what Windows-1252 has not.
        return "cp1252" if _MULTIBYTE.search(raw) and _mixed_or_none(raw) else ""
    torn = len(_TORN.findall(windows))
    return "mac_roman" if torn > len(_TORN.findall(raw.decode("mac_roman"))) else "cp1252"


def _mixed_or_none(raw: bytes) -> bool:
    try:
        _mixed(raw, "cp1252")
    except UnicodeDecodeError:
        return False
    return True


def _mixed(line: bytes, encoding: str) -> str:
    """A line of which only some bytes are UTF-8: those that are not, by themselves."""
    if not _MULTIBYTE.search(line):
        return line.decode(encoding)
    parts = []
    while line:
        try:
            parts.append(line.decode())
            break
        except UnicodeDecodeError as error:
            bad = line[error.start : error.end]
            parts.append(line[: error.start].decode() + bad.decode(encoding))
            line = line[error.end :]
    return "".join(parts)


def mend_cells(columns: Sequence[list[str]]) -> int:
    """Mend, in place, cells that were saved in the wrong encoding once; how many there were."""
    n = 0
    for column in columns:
        if "".join(column).isascii():
            continue
        for i, cell in enumerate(column):
            if not cell.isascii() and _TWICE.search(cell):
                from ftfy import fix_encoding

                mended = fix_encoding(cell)
                if mended != cell:
                    column[i] = mended
                    n += 1
    return n
