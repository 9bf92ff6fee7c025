"""Codes as a REFI-QDA project, and a frame as a codebook, for the tools people code in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_unique
from iapt_topics.frame.described import code_name
from iapt_topics.frame.refi import (
    MACHINE_PREFIX,
    MACHINE_TOP,
    ORIGIN,
    add_code,
    add_codes,
    add_element,
    clean_text,
    make_guid,
    make_root,
    xml_bytes,
)
from iapt_topics.qda.refi import RESPONDENT, SCORES, SEEN_BY
from iapt_topics.survey.sentences import sentence_spans

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from iapt_topics.codes.codes import Codes
    from iapt_topics.frame.frame import ThemeFrame
    from iapt_topics.survey.responses import Responses
_Coding = tuple["Codes", str, float]  # who coded, the theme and its score
_THEN = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip knows; the true one would tell files apart


def project_archive(
    codes: Sequence[Codes],
    responses: Responses,
    frame: ThemeFrame,
    texts: Mapping[str, str],
    *,
    whole: str,
    model: str,
) -> bytes:
    """The content of a ``.qdpx``: a source for each response, a user for each coder."""
    table = responses.table
    seen = {r for c in codes for r in c.seen["response_id"]}
    require_known(codes, set(table["response_id"]), frame)
    table = table[table["response_id"].isin(list(seen)) | (table["status"] == "kept")]
    root = make_root("Project", name=frame.name, origin=ORIGIN)
    if codes:
        users = add_element(root, "Users")
        for c in codes:
            name = ORIGIN if c.kind == "machine" else c.coder
            if c.kind == "machine" and sum(o.kind == "machine" for o in codes) > 1:
                name += f" ({c.coder})"
            add_element(users, "User", guid=make_guid("user", c.coder), name=name, id=c.coder)
    book = add_element(add_element(root, "CodeBook"), "Codes")
    add_codes(book, frame, "")
    if any(c.kind == "machine" for c in codes):
        about = f"Coded by {ORIGIN}, not by a person." + (f" Model: {model}." if model else "")
        top = add_code(book, MACHINE_TOP, make_guid("top", MACHINE_TOP), False, about)
        add_codes(top, frame, MACHINE_PREFIX)
    variables = add_element(root, "Variables")
    for name, kind in (("year", "Integer"), (RESPONDENT, "Text")):
        add_element(
            variables, "Variable", guid=make_guid("variable", name), name=name, typeOfVariable=kind
        )
    _add_cases(add_element(root, "Cases"), table)
    sources = add_element(root, "Sources")
    codings: dict[str, list[_Coding]] = {}
    for c in codes:
        for response, theme, score in c.table.itertuples(index=False, name=None):
            codings.setdefault(response, []).append((c, theme, float(score)))
    spans = _sentences(codes, dict(zip(table["response_id"], table["text"], strict=True)), texts)
    members: list[tuple[str, str]] = []
    columns = ["response_id", "respondent_id", "year"]
    for response, respondent, year in table[columns].itertuples(index=False, name=None):
        guid = make_guid("source", response)
        text = texts[response].replace("\r\n", "\n").replace("\r", "\n")
        members.append((f"sources/{guid}.txt", text))
        source = add_element(
            sources, "TextSource", guid=guid, name=response,
            plainTextPath=f"internal://{guid}.txt",
        )  # fmt: skip
        _add_codings(
            source, codings.get(response, []), frame, len(text) * (whole == "selection"), model,
            spans,
        )  # fmt: skip
        _add_value(source, "year", "IntegerValue", str(year))
        _add_value(source, RESPONDENT, "TextValue", respondent)
    if not members:
        raise InputError("responses", "must contain a kept response", "none", "Check the survey.")
    if codes:
        _add_sets(add_element(root, "Sets"), codes)
    return _zipped([("project.qde", xml_bytes(root)), *((n, t.encode()) for n, t in members)])


def require_known(codes: Sequence[Codes], known: set[str] | None, frame: ThemeFrame) -> None:
    """Coders must differ, have seen something, and keep to the survey and the frame."""
    require_unique([c.coder for c in codes], "coders", "Give each another name.")
    for c in codes:
        strange = [] if known is None else [r for r in c.seen["response_id"] if r not in known]
        other = [t for t in c.themes if t not in frame]
        for values, rule in (
            (strange, "be for responses of the survey"),
            (other, "have themes of the frame"),
        ):
            if values:
                raise InputError(
                    f"the codes of {c.coder!r}", f"must {rule}", listed(values, most=20),
                    "Use the survey and the frame that they belong to.",
                )  # fmt: skip
        if c.seen.empty:
            raise InputError(
                f"the codes of {c.coder!r}", "must be for some responses", "none", "Leave them out."
            )


def _add_codings(
    source: Element,
    codings: list[_Coding],
    frame: ThemeFrame,
    selected: int,
    model: str,
    spans: Mapping[tuple[str, str, str], tuple[int, int]],
) -> None:
    """Codings of a source, or of its first ``selected`` characters; and the machines' scores.

    What a machine found in one sentence (``spans``) is a selection of that.
    """
    lines = [
        f"{SCORES}{c.coder}: {MACHINE_PREFIX}{code_name(frame[theme])} = {score!r}"
        for c, theme, score in codings
        if c.kind == "machine" and score == score
    ]
    if lines:
        first = [f"Model: {model}"] if model else []
        add_element(source, "Description").text = clean_text("\n".join(first + lines))
    holder = source
    for c, theme, _ in codings:
        user = make_guid("user", c.coder)
        if selected:
            start, end = spans.get((c.coder, source.attrib["name"], theme), (0, selected))
            holder = add_element(
                source, "PlainTextSelection",
                guid=make_guid("selection", source.attrib["name"], c.coder, theme),
                startPosition=str(start), endPosition=str(end), creatingUser=user,
            )  # fmt: skip
        guid = make_guid("coding", source.attrib["name"], c.coder, theme)
        coding = add_element(holder, "Coding", guid=guid, creatingUser=user)
        add_element(coding, "CodeRef", targetGUID=_code_guid(c, theme))


def _sentences(
    codes: Sequence[Codes], original: Mapping[str, str], shown: Mapping[str, str]
) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Start and end, in the text shown, of the sentence behind each code that has one.

    A redacted text has the same sentences at other places; where their number differs, the code
    stays on the whole response.
    """
    spans = {}
    for c in codes:
        if c.evidence is None:
            continue
        columns = ["response_id", "theme", "start", "end"]
        for response, theme, start, end in c.evidence[columns].itertuples(index=False, name=None):
            before, after = original[response], shown[response]
            at = (int(start), int(end))
            if before != after:
                places, others = sentence_spans(before), sentence_spans(after)
                if at not in places or len(places) != len(others):
                    continue
                at = others[places.index(at)]
            # A line end of two characters is written as one.
            found = tuple(i - after.count("\r\n", 0, i) for i in at)
            spans[c.coder, response, theme] = (found[0], found[1])
    return spans


def _code_guid(codes: Codes, theme: str) -> str:
    return make_guid("code", MACHINE_PREFIX if codes.kind == "machine" else "", theme)


def _add_value(parent: Element, variable: str, tag: str, text: str) -> None:
    value = add_element(parent, "VariableValue")
    add_element(value, "VariableRef", targetGUID=make_guid("variable", variable))
    add_element(value, tag).text = clean_text(text)


def _add_cases(cases: Element, table: pd.DataFrame) -> None:
    """A case for each respondent in each year, so that the year is one of the case's values."""
    of: dict[tuple[str, int], list[str]] = {}
    columns = ["response_id", "respondent_id", "year"]
    for response, who, year in table[columns].itertuples(index=False, name=None):
        of.setdefault((who, year), []).append(response)
    years = Counter(who for who, _ in of)
    for (who, year), ids in of.items():
        name = who if years[who] == 1 else f"{who} ({year})"
        case = add_element(cases, "Case", guid=make_guid("case", who, str(year)), name=name)
        _add_value(case, "year", "IntegerValue", str(year))
        for response in ids:
            add_element(case, "SourceRef", targetGUID=make_guid("source", response))


def _add_sets(sets: Element, codes: Sequence[Codes]) -> None:
    """Coded units and code set of each coder, for which the format has no place."""
    for c in codes:
        element = add_element(
            sets, "Set", guid=make_guid("seen", c.coder), name=f"{SEEN_BY}{c.coder}"
        )
        about = "Responses that the coder coded, with or without a theme, and the code set."
        add_element(element, "Description").text = about
        for theme in c.themes:
            add_element(element, "MemberCode", targetGUID=_code_guid(c, theme))
        for response in c.seen["response_id"]:
            add_element(element, "MemberSource", targetGUID=make_guid("source", response))


def _zipped(members: Sequence[tuple[str, bytes]]) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(ZipInfo(name, _THEN), content, ZIP_DEFLATED)
    return out.getvalue()
