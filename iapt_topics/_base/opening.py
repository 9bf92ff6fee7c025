"""Opening archives and XML made elsewhere, which may be damaged or made to do harm."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from zipfile import ZipFile, ZipInfo

from iapt_topics._base.errors import InputError, listed

#: Bytes. The XML of 20,000 responses with five codes each is about 40 million.
LARGEST_XML = 256_000_000
LARGEST_TEXT = 16_000_000
_MOST_MEMBERS = 200_000
_LEAVES_FOLDER = re.compile(r"^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)|\0")


class Archive:
    """A zip file whose members are read one by one, into memory, each up to a limit.

    Nothing is ever unpacked to the disk.
    """

    def __init__(self, path: Path, what: str) -> None:
        self.what = what
        try:
            self._zip = ZipFile(path)
            members = self._zip.infolist()
        except PermissionError:
            raise
        except Exception as error:  # zipfile raises many kinds on a file that is no archive
            raise InputError(
                what,
                "must be a zip archive",
                str(error) or type(error).__name__,
                "Export it again.",
            ) from error
        names = [m.orig_filename for m in members]
        outside = [n for n in names if _LEAVES_FOLDER.search(n)]
        if outside:
            raise InputError(
                f"{what}: names in the archive", "must stay inside it", listed(outside),
                "Do not use this file: its names lead outside the folder that it is unpacked to.",
            )  # fmt: skip
        if len(names) > _MOST_MEMBERS:
            raise InputError(
                f"{what}: the archive", f"must contain at most {_MOST_MEMBERS:,} files",
                f"{len(names):,}", "Check the file.",
            )  # fmt: skip
        self._by_name: dict[str, ZipInfo] = {}
        for member in members:
            fold = member.filename.casefold()
            if fold in self._by_name:
                raise InputError(
                    f"{what}: names in the archive", "must differ", repr(member.filename),
                    "Export it again.",
                )  # fmt: skip
            self._by_name[fold] = member

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the members, in small letters."""
        return tuple(self._by_name)

    def read(self, name: str, largest: int) -> bytes:
        """Content of a member; InputError if it is larger, declared or in fact, or damaged."""
        about = f"{self.what}: {name!r}"
        member = self._by_name.get(name.casefold())
        if member is None:
            raise InputError(about, "must be in the archive", "no such file", "Export it again.")
        size = f"{member.file_size:,} bytes"
        if member.file_size <= largest:
            try:
                with self._zip.open(member) as stream:
                    content = stream.read(largest + 1)
            except Exception as error:  # zlib, lzma, encryption, a wrong checksum, ...
                reason = str(error) or type(error).__name__
                raise InputError(about, "must be readable", reason, "Export it again.") from error
            if len(content) <= largest:
                return content
            size = "more than it declares"
        raise InputError(about, f"must be at most {largest:,} bytes", size, "Check the file.")


def parse_xml(content: bytes, what: str) -> Element:
    """Root element; InputError if it is no XML or declares a document type or entities."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise InputError(
            what, "must not declare a document type or entities", type(error).__name__,
            "Do not use this file: no coding tool writes them.",
        ) from error  # fmt: skip
    except (ParseError, ValueError, LookupError) as error:  # the last two: of its encoding
        raise InputError(what, "must be XML", str(error), "Export it again.") from error
    return root


def decoded(content: bytes, what: str) -> str:
    """Text in UTF-8, or in UTF-16 with its mark, with LF alone between its lines."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(what, "must be text in UTF-8", str(error), "Export it again.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
