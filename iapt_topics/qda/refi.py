"""REFI-QDA files, as NVivo, ATLAS.ti, MAXQDA and QualCoder write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_file, require_unique
from iapt_topics._base.opening import LARGEST_TEXT, LARGEST_XML, Archive, decoded, parse_xml
from iapt_topics.frame.described import theme_fields
from iapt_topics.qda.project import BELOW, Export, position, rows_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: Names that the writer gives and the reader knows again.
MACHINE = "iapt_topics"
MACHINE_TOP = "Machine themes"
MACHINE_PREFIX = "Machine: "
SEEN_BY = "Seen by "
RESPONDENT = "respondent_id"
SCORES = "Score of "

_MOST_TEXT = 512_000_000
_DEEPEST = 60


def read_project(path: Path) -> Export:
    """Read a ``.qdpx``: who gave which code to which document, and where in it."""
    what = f"project {path.name!r}"
    with Archive(require_file(path, "project"), what) as archive:
        inner = [n for n in archive.names if n.endswith(".qde") and "/" not in n]
        if len(inner) > 1 and "project.qde" in inner:
            inner = ["project.qde"]
        if len(inner) != 1:
            raise InputError(
                what, "must hold one .qde file", f"{len(inner)} among {listed(archive.names)}",
                "Export the project anew.",
            )  # fmt: skip
        root = parse_xml(archive.read(inner[0], LARGEST_XML), f"{what}: {inner[0]!r}")
        _require_root(root, "Project", what)
        texts = _texts(root, archive, what)
    origin = root.get("origin", "")
    ours = origin.startswith(MACHINE)
    people = _by_guid(_under(root, "Users", "User"), what, "users")
    users = {
        guid: (e.get("id", "") if ours else "") or e.get("name", "") or guid
        for guid, e in people.items()
    }
    machines = {users[g] for g, e in people.items() if e.get("name", "").startswith(MACHINE)}
    require_unique(_series(users.values()), f"{what}: names of users", "Rename one in the tool.")
    codebook = _codebook(root, what)
    code = dict(zip(codebook["guid"], codebook["code"], strict=True))
    name = dict(zip(codebook["guid"], codebook["name"], strict=True))
    sources = _by_guid(_children(_child(root, "Sources")), what, "sources")
    names = {guid: e.get("name", "") or guid for guid, e in sources.items()}
    variables = _by_guid(_under(root, "Variables", "Variable"), what, "variables")
    respondent = {g for g, e in variables.items() if ours and e.get("name") == RESPONDENT}
    documents = [
        (names[g], texts.get(g), next(_values(e, respondent), "")) for g, e in sources.items()
    ]
    segments = []
    for guid, element in sources.items():
        scores = _scores(element, machines) if ours else {}
        for user, target, start, end in _codings(element, what):
            if target not in code:
                raise InputError(
                    f"{what}: codings", "must refer to codes of the project", repr(target),
                    "Export it anew.",
                )  # fmt: skip
            coder = _coder(users, user, what)
            if code[target].startswith(MACHINE_TOP + BELOW) and coder not in machines:
                coder = MACHINE  # the tool that wrote the file did not keep the user
            score = scores.get((coder, name[target]), float("nan"))
            segments.append((names[guid], coder, code[target], start, end, "", score))
    seen, themes = _sets(root, users, names, code) if ours else ([], {})
    table = rows_of(segments, "document coder code_path start end snippet score")
    cases = sum(1 for c in _under(root, "Cases", "Case") for _ in _children(c, "CodeRef"))
    return Export(
        tool=origin or "REFI-QDA",
        what=what,
        documents=rows_of(documents, "document text respondent_id"),
        segments=table,
        codebook=codebook.drop(columns="guid"),
        seen=rows_of(seen, "coder document"),
        places=rows_of([], "document start end response_id"),
        machines=tuple(sorted(machines | ({MACHINE} & set(table["coder"])))),
        themes=themes,
        notes=(f"{cases} codes given to cases rather than to text",) if cases else (),
    )


def read_codebook(path: Path) -> list[dict[str, object]]:
    """Themes of a ``.qdc``, as the fields of :class:`iapt_topics.Theme`."""
    what = f"codebook {path.name!r}"
    require_file(path, "codebook", LARGEST_XML)
    root = parse_xml(path.read_bytes(), what)
    _require_root(root, "CodeBook", what)
    table = _codebook(root, what)
    columns = ["code", "name", "parent", "codable", "definition"]
    rows = list(table[columns].itertuples(index=False, name=None))
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


def _local(element: Element) -> str:
    """Name of an element without its namespace, which not every tool writes right."""
    return element.tag.rpartition("}")[2]


def _children(element: Element | None, name: str | None = None) -> Iterator[Element]:
    """Children of this name, or all."""
    for child in element if element is not None else ():
        if name is None or _local(child) == name:
            yield child


def _child(element: Element, name: str) -> Element | None:
    return next(_children(element, name), None)


def _under(root: Element, group: str, name: str) -> Iterator[Element]:
    return _children(_child(root, group), name)


def _content(element: Element, name: str) -> str:
    """Text of the child of this name, or ""."""
    child = _child(element, name)
    return "" if child is None else child.text or ""


def _guid(text: str) -> str:
    return text.strip().strip("{}").upper()


def _series(values: Iterable[str]) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def _require_root(root: Element, name: str, what: str) -> None:
    if _local(root) != name:
        raise InputError(
            what, f"must have the root element {name!r}", repr(_local(root)[:80]),
            "Export it as REFI-QDA.",
        )  # fmt: skip


def _by_guid(elements: Iterable[Element], what: str, kind: str) -> dict[str, Element]:
    """Elements by GUID; InputError if one has none, or two have the same."""
    pairs = [(_guid(e.get("guid", "")), e) for e in elements]
    require_unique(
        _series(g for g, _ in pairs), f"{what}: GUIDs of {kind}", "Export the project anew."
    )
    if any(not g for g, _ in pairs):
        raise InputError(f"{what}: {kind}", "must have GUIDs", "none", "Export it anew.")
    return dict(pairs)


def _codebook(root: Element, what: str) -> pd.DataFrame:
    """Every code in the order of the file, with its path."""
    top = _child(root, "CodeBook") if _local(root) == "Project" else root
    found: list[tuple[str, str, str, bool, str]] = []
    elements: list[Element] = []
    stack = [(e, "", 1) for e in _children(_child(top, "Codes") if top is not None else None)]
    stack.reverse()
    while stack:
        element, parent, depth = stack.pop()
        if _local(element) != "Code":
            continue
        if depth > _DEEPEST:
            raise InputError(
                f"{what}: codes", f"must be at most {_DEEPEST} deep", "more", "Check the file."
            )
        name = element.get("name", "").strip() or _guid(element.get("guid", ""))
        path = f"{parent}{BELOW}{name}" if parent else name
        codable = element.get("isCodable", "true").strip().casefold() in ("true", "1")
        found.append((path, name, parent, codable, _content(element, "Description")))
        elements.append(element)
        stack += reversed([(e, path, depth + 1) for e in _children(element, "Code")])
    table = rows_of(found, "code name parent codable definition")
    require_unique(table["code"], f"{what}: paths of codes", "Rename one of them in the tool.")
    return table.assign(guid=list(_by_guid(elements, what, "codes")))


def _texts(root: Element, archive: Archive, what: str) -> dict[str, str]:
    """Plain text of each text source that the file holds; links out of it are not followed."""
    texts: dict[str, str] = {}
    total = 0
    for source in _under(root, "Sources", "TextSource"):
        path = source.get("plainTextPath", "")
        if path.casefold().startswith("internal://"):
            name = f"sources/{path[len('internal://') :]}"
            content = archive.read(name, LARGEST_TEXT)
            total += len(content)
            text = decoded(content, f"{what}: {name!r}")
        elif _child(source, "PlainTextContent") is not None:
            text = _content(source, "PlainTextContent")
        else:
            continue
        if total > _MOST_TEXT:
            raise InputError(
                f"{what}: text", f"must be at most {_MOST_TEXT:,} bytes", "more", "Split it."
            )
        texts[_guid(source.get("guid", ""))] = text
    return texts


def _codings(source: Element, what: str) -> Iterator[tuple[str, str, float, float]]:
    """User, code, start and end of everything that a source is coded with."""
    for parent in source.iter():
        start = end = float("nan")
        for coding in _children(parent, "Coding"):
            if _local(parent) == "PlainTextSelection":
                start = position(parent.get("startPosition"), what)
                end = position(parent.get("endPosition"), what)
            reference = _child(coding, "CodeRef")
            target = "" if reference is None else _guid(reference.get("targetGUID", ""))
            user = coding.get("creatingUser") or parent.get("creatingUser") or ""
            yield _guid(user), target, start, end


def _coder(users: dict[str, str], user: str, what: str) -> str:
    if user in users:
        return users[user]
    if user:
        raise InputError(
            f"{what}: codings", "must be by users of the project", repr(user), "Export it anew."
        )
    return next(iter(users.values())) if len(users) == 1 else "unnamed"


def _values(source: Element, variables: set[str]) -> Iterator[str]:
    """Texts of these variables of a source."""
    for value in _children(source, "VariableValue"):
        reference = _child(value, "VariableRef")
        if reference is not None and _guid(reference.get("targetGUID", "")) in variables:
            yield _content(value, "TextValue")


def _scores(source: Element, machines: set[str]) -> dict[tuple[str, str], float]:
    """Score of each code that a machine gave, from the lines of the description."""
    found = {}
    for line in _content(source, "Description").split("\n"):
        for coder in machines:
            name, is_, number = line.removeprefix(f"{SCORES}{coder}: ").rpartition(" = ")
            if is_ and line.startswith(f"{SCORES}{coder}: "):
                try:
                    found[coder, name] = float(number)
                except ValueError:
                    continue  # edited in the tool
    return found


def _sets(
    root: Element, users: dict[str, str], names: dict[str, str], code: dict[str, str]
) -> tuple[list[tuple[str, str]], dict[str, tuple[str, ...]]]:
    """Documents that each coder saw, and codes that each could give, as the writer notes them."""
    seen: list[tuple[str, str]] = []
    themes = {}
    for element in _under(root, "Sets", "Set"):
        coder = element.get("name", "").removeprefix(SEEN_BY)
        if coder not in users.values():
            continue
        members = {
            kind: [_guid(m.get("targetGUID", "")) for m in _children(element, kind)]
            for kind in ("MemberSource", "MemberCode")
        }
        seen += [(coder, names[g]) for g in members["MemberSource"] if g in names]
        themes[coder] = tuple(code[g] for g in members["MemberCode"] if g in code)
    return seen, themes
