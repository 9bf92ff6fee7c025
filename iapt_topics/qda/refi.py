"""REFI-QDA files, as NVivo, ATLAS.ti, MAXQDA and QualCoder write them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from iapt_topics._base.errors import InputError, listed, require_file, require_unique
from iapt_topics._base.findings import Finding
from iapt_topics._base.opening import LARGEST_TEXT, LARGEST_XML, Archive, decoded, parse_xml
from iapt_topics.frame.refi import (
    BELOW,
    MACHINE,
    MACHINE_TOP,
    index_by_guid,
    list_codes,
    local_name,
    normalise_guid,
    require_root,
)
from iapt_topics.qda.project import Export, make_export, position

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element
SEEN_BY = "Seen by "
RESPONDENT = "respondent_id"
SCORES = "Score of "

_MOST_TEXT = 512_000_000


def read_refi(path: Path) -> Export:
    """Read a ``.qdpx``: who gave which code to which document, and where in it."""
    what = f"project {path.name!r}"
    with Archive(require_file(path, "project"), what) as archive:
        inner = [n for n in archive.names if n.endswith(".qde") and "/" not in n]
        if len(inner) > 1 and "project.qde" in inner:
            inner = ["project.qde"]
        if len(inner) != 1:
            raise InputError(
                what, "must contain one .qde file", f"{len(inner)} among {listed(archive.names)}",
                "Export the project again.",
            )  # fmt: skip
        root = parse_xml(archive.read(inner[0], LARGEST_XML), f"{what}: {inner[0]!r}")
        require_root(root, "Project", what)
        texts = _texts(root, archive, what)
    origin = root.get("origin", "")
    ours = origin.startswith(MACHINE)
    people = index_by_guid(root.iterfind("{*}Users/{*}User"), what, "users")
    users = {
        guid: (e.get("id", "") if ours else "") or e.get("name", "") or guid
        for guid, e in people.items()
    }
    machines = {users[g] for g, e in people.items() if e.get("name", "").startswith(MACHINE)}
    require_unique(users.values(), f"{what}: names of users", "Rename one in the tool.")
    codebook = list_codes(root, what)
    code = dict(zip(codebook["guid"], codebook["code"], strict=True))
    name = dict(zip(codebook["guid"], codebook["name"], strict=True))
    sources = index_by_guid(root.iterfind("{*}Sources/*"), what, "sources")
    names = {guid: e.get("name", "") or guid for guid, e in sources.items()}
    variables = index_by_guid(root.iterfind("{*}Variables/{*}Variable"), what, "variables")
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
                    "Export it again.",
                )  # fmt: skip
            coder = _coder(users, user, what)
            if code[target].startswith(MACHINE_TOP + BELOW) and coder not in machines:
                coder = MACHINE  # the tool that wrote the file did not keep the user
            score = scores.get((coder, name[target]), float("nan"))
            segments.append((names[guid], coder, code[target], start, end, "", score))
    # Tools keep sets, also those that call the project their own.
    seen, themes = _sets(root, users, names, code)
    cases = len(root.findall("{*}Cases/{*}Case/{*}CodeRef"))
    codes = codebook.drop(columns="guid").itertuples(index=False, name=None)
    return make_export(
        {"documents": documents, "segments": segments, "codebook": codes, "seen": seen},
        tool=origin or "REFI-QDA",
        what=what,
        machines=tuple(sorted(machines | ({MACHINE} & {coder for _, coder, *_ in segments}))),
        themes=themes,
        findings=(
            (
                Finding(
                    "codes", what, cases, f"{cases} codes given to cases, not to text, are not used"
                ),
            )
            if cases
            else ()
        ),
    )


def _texts(root: Element, archive: Archive, what: str) -> dict[str, str]:
    """Plain text of each text source that the file holds; links out of it are not followed."""
    texts: dict[str, str] = {}
    total = 0
    for source in root.iterfind("{*}Sources/{*}TextSource"):
        path = source.get("plainTextPath", "")
        if path.casefold().startswith("internal://"):
            name = f"sources/{path[len('internal://') :]}"
            content = archive.read(name, LARGEST_TEXT)
            total += len(content)
            text = decoded(content, f"{what}: {name!r}")
        elif (held := source.findtext("{*}PlainTextContent")) is not None:
            text = held
        else:
            continue
        if total > _MOST_TEXT:
            raise InputError(
                f"{what}: text", f"must be at most {_MOST_TEXT:,} bytes", "more", "Split it."
            )
        texts[normalise_guid(source.get("guid", ""))] = text
    return texts


def _codings(source: Element, what: str) -> Iterator[tuple[str, str, float, float]]:
    """User, code, start and end of everything that a source is coded with."""
    for parent in source.iter():
        start = end = float("nan")
        for coding in parent.iterfind("{*}Coding"):
            if local_name(parent) == "PlainTextSelection":
                start = position(parent.get("startPosition"), what)
                end = position(parent.get("endPosition"), what)
            user = coding.get("creatingUser") or parent.get("creatingUser") or ""
            yield normalise_guid(user), _target(coding, "CodeRef"), start, end


def _target(element: Element, reference: str) -> str:
    """GUID that the child of this name refers to, or ""."""
    child = element.find(f"{{*}}{reference}")
    return "" if child is None else normalise_guid(child.get("targetGUID", ""))


def _coder(users: dict[str, str], user: str, what: str) -> str:
    if user in users:
        return users[user]
    if user:
        raise InputError(
            f"{what}: codings", "must be by users of the project", repr(user), "Export it again."
        )
    return next(iter(users.values())) if len(users) == 1 else "unnamed"


def _values(source: Element, variables: set[str]) -> Iterator[str]:
    """Texts of these variables of a source."""
    for value in source.iterfind("{*}VariableValue"):
        if _target(value, "VariableRef") in variables:
            yield value.findtext("{*}TextValue", "")


def _scores(source: Element, machines: set[str]) -> dict[tuple[str, str], float]:
    """Score of each code that a machine gave, from the lines of the description."""
    found = {}
    for line in source.findtext("{*}Description", "").split("\n"):
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
    """Coded units and code set of each coder, as the writer notes them."""
    seen: list[tuple[str, str]] = []
    themes = {}
    for element in root.iterfind("{*}Sets/{*}Set"):
        coder = element.get("name", "").removeprefix(SEEN_BY)
        if coder not in users.values():
            continue
        sources, codes = (
            [normalise_guid(m.get("targetGUID", "")) for m in element.iterfind(kind)]
            for kind in ("{*}MemberSource", "{*}MemberCode")
        )
        seen += [(coder, names[g]) for g in sources if g in names]
        themes[coder] = tuple(code[g] for g in codes if g in code)
    return seen, themes
