"""Codebooks in REFI-QDA's exchange format, read and written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import pandas as pd

from iapt_topics._base.errors import InputError, require_file, require_unique
from iapt_topics._base.opening import LARGEST_XML, parse_xml
from iapt_topics._base.tables import make_table
from iapt_topics.frame.described import code_name, described, theme_fields

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from iapt_topics.frame.frame import ThemeFrame
    from iapt_topics.frame.theme import Theme

#: Between the names of a code and of those above it.
BELOW = " > "
#: Names that the writer gives and the reader knows again.
MACHINE, MACHINE_TOP, MACHINE_PREFIX = "iapt_topics", "Machine themes", "Machine: "
_DEEPEST = 60


def read_codebook(path: Path) -> list[dict[str, object]]:
    """Themes of a ``.qdc``, as the fields of :class:`iapt_topics.Theme`."""
    what = f"codebook {path.name!r}"
    require_file(path, "codebook", LARGEST_XML)
    root = parse_xml(path.read_bytes(), what)
    require_root(root, "CodeBook", what)
    table = list_codes(root, what)
    rows = list(table.drop(columns="guid").itertuples(index=False, name=None))
    if root.get("origin", "").startswith(MACHINE):
        themes = {code: theme_fields(name, text) for code, name, _, _, text in rows}
        ids = {code: theme["id"] for code, theme in themes.items()}
    else:  # the name is the id where it is enough to tell the code from others
        twice = set(table.loc[table["name"].duplicated(), "name"])
        ids = {code: code if name in twice else name for code, name, *_ in rows}
        themes = {
            code: {"id": ids[code], "label": name, "definition": text}
            for code, name, _, _, text in rows
        }
    return [
        {**themes[code], "parent": ids.get(parent, ""), "codable": codable}
        for code, _, parent, codable, _ in rows
    ]


def local_name(element: Element) -> str:
    """Name of an element without its namespace, which not every tool writes right."""
    return element.tag.rpartition("}")[2]


def normalise_guid(text: str) -> str:
    """GUID as upper-case text without braces."""
    return text.strip().strip("{}").upper()


def require_root(root: Element, name: str, what: str) -> None:
    """Raise InputError unless the root element has this name."""
    if local_name(root) != name:
        raise InputError(
            what, f"must have the root element {name!r}", repr(local_name(root)[:80]),
            "Export it as REFI-QDA.",
        )  # fmt: skip


def index_by_guid(elements: Iterable[Element], what: str, kind: str) -> dict[str, Element]:
    """Elements by GUID; InputError if one has none, or two have the same."""
    pairs = [(normalise_guid(e.get("guid", "")), e) for e in elements]
    require_unique((g for g, _ in pairs), f"{what}: GUIDs of {kind}", "Export the project again.")
    if any(not g for g, _ in pairs):
        raise InputError(f"{what}: {kind}", "must have GUIDs", "none", "Export it again.")
    return dict(pairs)


def list_codes(root: Element, what: str) -> pd.DataFrame:
    """Every code in the order of the file, with its path."""
    top = "{*}CodeBook/{*}Codes" if local_name(root) == "Project" else "{*}Codes"
    found: list[tuple[str, str, str, bool, str]] = []
    elements: list[Element] = []
    stack = [(e, "", 1) for e in reversed(root.findall(f"{top}/{{*}}Code"))]
    while stack:
        element, parent, depth = stack.pop()
        if depth > _DEEPEST:
            raise InputError(
                f"{what}: codes", f"must be at most {_DEEPEST} deep", "more", "Check the file."
            )
        name = element.get("name", "").strip() or normalise_guid(element.get("guid", ""))
        path = f"{parent}{BELOW}{name}" if parent else name
        codable = element.get("isCodable", "true").strip().casefold() in ("true", "1")
        found.append((path, name, parent, codable, element.findtext("{*}Description", "")))
        elements.append(element)
        stack += [(e, path, depth + 1) for e in reversed(element.findall("{*}Code"))]
    table = make_table(found, "code name parent codable definition")
    require_unique(table["code"], f"{what}: paths of codes", "Rename one of them in the tool.")
    return table.assign(guid=list(index_by_guid(elements, what, "codes")))


#: Names within it give the GUIDs, so that the same codes give the same file.
_SPACE = UUID("6a0c9a52-7d0b-5e0e-9d5c-0d3b8f0f4c11")
ORIGIN = f"{MACHINE} {version('iapt-topics')}"
#: Control characters and halves of surrogate pairs: neither XML nor a workbook can hold them.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def codebook_xml(frame: ThemeFrame) -> bytes:
    """The frame as the content of a ``.qdc``."""
    root = make_root("CodeBook", origin=ORIGIN)
    add_codes(add_element(root, "Codes"), frame, "")
    return xml_bytes(root)


def make_guid(*parts: str) -> str:
    """GUID that follows from these names alone."""
    return str(uuid5(_SPACE, "\x1f".join(parts))).upper()


def clean_text(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return NOT_XML.sub("\ufffd", text)


def add_element(parent: Element, tag: str, **attributes: str) -> Element:
    """A new child; InputError if a name or id holds what XML cannot."""
    from xml.etree.ElementTree import SubElement

    for name, value in attributes.items():
        if NOT_XML.search(value):
            raise InputError(
                f"{tag}: {name}", "must not hold control characters", repr(value), "Rename it."
            )
    return SubElement(parent, tag, attributes)


def make_root(tag: str, **attributes: str) -> Element:
    """Root element with the schema that tools look for."""
    from xml.etree.ElementTree import Element

    uri, schema = f"urn:QDA-XML:{tag.casefold()}:1.0", tag.capitalize()
    return Element(
        tag,
        {
            "xmlns": uri,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": f"{uri} http://schema.qdasoftware.org/versions/{schema}/v1.0/"
            f"{schema}.xsd",
            **attributes,
        },
    )


def xml_bytes(root: Element) -> bytes:
    """The tree as an indented file."""
    from xml.etree.ElementTree import indent, tostring

    indent(root)
    found: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return found


def add_code(parent: Element, name: str, guid: str, codable: bool, about: str) -> Element:
    """Add a code, with its description if there is one."""
    element = add_element(parent, "Code", guid=guid, name=name, isCodable=str(codable).lower())
    if about:
        add_element(element, "Description").text = clean_text(about)
    return element


def add_codes(top: Element, frame: ThemeFrame, prefix: str) -> None:
    """The themes as a tree of codes, those above before those below."""
    below: dict[str, list[Theme]] = {}
    for theme in frame.themes:
        below.setdefault(theme.parent, []).append(theme)
    stack = [(t, top) for t in reversed(below.get("", []))]
    while stack:
        theme, parent = stack.pop()
        element = add_code(
            parent, f"{prefix}{code_name(theme)}", make_guid("code", prefix, theme.id),
            theme.codable, described(theme),
        )  # fmt: skip
        stack += [(t, element) for t in reversed(below.get(theme.id, []))]
