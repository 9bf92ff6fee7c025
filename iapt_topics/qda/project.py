"""Coding as a tool exported it: its documents matched to responses, its codes as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.cells import cell_text
from iapt_topics._base.errors import InputError, listed, require_columns, require_unique
from iapt_topics._base.findings import Finding, findings_of, findings_table
from iapt_topics._base.result import Result
from iapt_topics._base.tables import make_table, read_table
from iapt_topics.qda._offsets import LEAST_ALIGNED, score_offsets
from iapt_topics.qda.sheets import require_unlisted, unlisted_finding

if TYPE_CHECKING:
    from iapt_topics.survey.responses import Responses
_ENDINGS = (".txt", ".docx", ".doc", ".rtf", ".odt", ".md", ".pdf", ".htm", ".html")
_LAST = 2**31
_SEGMENTS = [
    "response_id", "coder", "code_path", "start", "end", "snippet", "score", "source_tool",
]  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Project(Result):
    """A coding tool's project: codebook, coded segments and coded units, by response.

    Attributes
    ----------
    tool : str
        The tool that wrote the file, as the file says.
    codebook : DataFrame
        ``code`` (its path, unique: the names above it and its own, joined by " > "), ``name``,
        ``parent`` (path, "" at the top), ``codable`` (bool),
        ``definition``. Empty if the file lists only the codes in use.
    segments : DataFrame
        One row for each code applied: ``response_id``, ``coder``, ``code_path``, ``start``, ``end``
        (code points of the response's text, end exclusive; NaN for a code on the whole response,
        and for all if the positions could not be believed), ``snippet`` ("" if unknown), ``score``
        (NaN for a person), ``source_tool``.
    seen : DataFrame
        ``coder``, ``response_id`` (together the key), ``respondent_id`` ("" if unknown). Where a
        file does not say who read what, a coder is taken to have coded what has a code of theirs,
        or by ``unlisted="none"`` every response in it.
    machines : tuple of str
        Coders that are machines.
    themes : mapping of str to tuple of str
        Paths of each coder's code set, where the file says so.
    offsets : DataFrame
        How the positions were read: each way of counting that was tried, ``unit``,
        ``line_break``, ``end``, ``aligned``, ``n``, ``score`` and whether it was ``chosen``, as
        none is below a score of .95.
    findings : DataFrame
        What was found out about the file, as in :class:`iapt_topics.Responses`.
    """

    tool: str
    codebook: pd.DataFrame
    segments: pd.DataFrame
    seen: pd.DataFrame
    machines: tuple[str, ...] = ()
    themes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    offsets: pd.DataFrame
    findings: pd.DataFrame = field(default_factory=findings_table)

    _view = ("codebook: code parent codable definition",)

    @property
    def notes(self) -> tuple[str, ...]:
        """The findings in words, a line each."""
        return tuple(str(f) for f in findings_of(self.findings))

    @property
    def coders(self) -> tuple[str, ...]:
        """Names of the coders, in the order of the file."""
        return tuple(dict.fromkeys(self.seen["coder"]))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Export:
    """What a reader found in a file, before its documents are matched to responses.

    ``documents``: document, text (None if it has none), respondent_id. ``segments``: document,
    coder, code_path, start, end, snippet, score. ``seen``: coder, document; empty where the file
    does not say. ``places``: document, start, end, response_id, as the file itself suggests.
    """

    tool: str
    what: str
    documents: pd.DataFrame
    segments: pd.DataFrame
    codebook: pd.DataFrame
    seen: pd.DataFrame
    places: pd.DataFrame
    machines: tuple[str, ...] = ()
    themes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists_all: bool = True
    findings: tuple[Finding, ...] = ()


_TABLES = {
    "documents": "document text respondent_id",
    "segments": "document coder code_path start end snippet score",
    "codebook": "code name parent codable definition",
    "seen": "coder document",
    "places": "document start end response_id",
}


def make_export(rows: Mapping[str, Any], **about: Any) -> Export:
    """Make tables of the rows found, by name; those not named are empty."""
    tables: dict[str, Any] = {
        name: make_table(rows.get(name, ()), columns) for name, columns in _TABLES.items()
    }
    return Export(**tables, **about)


def position(value: object, what: str) -> float:
    """A position in a text as a number; InputError if it is none."""
    try:
        whole = int(str(value))
    except ValueError:
        whole = -1
    if not 0 <= whole <= _LAST:
        raise InputError(
            f"{what}: positions", "must be whole numbers from 0", repr(str(value)[:40]),
            "Export it again.",
        )  # fmt: skip
    return float(whole)


def require_table(
    source: str | Path | pd.DataFrame | Mapping[str, str] | None,
    columns: tuple[str, str],
    what: str,
) -> pd.DataFrame:
    """A mapping, a table or a file of one, as a table of text with these columns at least."""
    if isinstance(source, Mapping):
        table = pd.DataFrame(list(source.items()), columns=list(columns), dtype=object)
    elif isinstance(source, pd.DataFrame):
        table = source
    else:
        table = read_table(Path(source), what)[0] if source else pd.DataFrame(columns=list(columns))
    require_columns(table, columns, what)
    return pd.DataFrame(
        {str(c): [cell_text(v).strip() for v in table[c]] for c in table.columns}, dtype=object
    )


def placed(
    export: Export,
    responses: Responses | None,
    documents: str | Path | pd.DataFrame | Mapping[str, str] | None,
    unlisted: str,
) -> Project:
    """Match the documents to responses, and every segment to the response it stands in."""
    require_unlisted(unlisted)
    places = _places(export, responses, documents)
    segments = export.segments.reset_index(drop=True)
    texts = {str(d): t for d, t in zip(export.documents["document"], export.documents["text"],
                                       strict=True) if isinstance(t, str)}  # fmt: skip
    offsets, spots = score_offsets(segments, texts)
    reversed_ = segments[segments["start"] > segments["end"]]
    if len(reversed_):
        raise InputError(
            f"{export.what}: selections", "must not end before they begin",
            f"{len(reversed_)}, in {listed(reversed_['document'].unique())}", "Export it again.",
        )  # fmt: skip
    rows = _in_places(segments, spots, places, export.what)
    kept = segments.loc[rows.index]
    snippets = [
        s or (texts[d][int(i) : int(j)] if i >= 0 else "")
        for s, d, (i, j) in zip(kept["snippet"], kept["document"], spots[rows.index], strict=True)
    ]
    kept = kept.assign(**rows, snippet=snippets, source_tool=export.tool)
    table = kept[_SEGMENTS].astype({"start": float, "end": float, "score": float})
    found, n = list(export.findings), int(offsets["n"].iloc[0])
    if n and not offsets["chosen"].any():
        done = (
            f"positions not used: at best {offsets['aligned'].max()} of {n} selections begin and "
            f"end at words, below {LEAST_ALIGNED}; codes are taken for whole responses"
        )
        found.append(Finding("codes", export.what, n, done))
    seen, lacking = _seen(export, kept["document"], places, responses, unlisted)
    for coder, several in lacking.items():
        found += unlisted_finding(several, coder, export.what, unlisted)
    return Project(
        tool=export.tool,
        codebook=export.codebook,
        segments=table.reset_index(drop=True),
        seen=seen,
        machines=export.machines,
        themes=export.themes,
        offsets=offsets,
        findings=findings_table(found),
    )


def _places(
    export: Export,
    responses: Responses | None,
    documents: str | Path | pd.DataFrame | Mapping[str, str] | None,
) -> pd.DataFrame:
    """Response of each document or part of one: document, start, end, response_id."""
    what, names = export.what, export.documents["document"].tolist()
    require_unique(names, f"{what}: names of documents", "Rename them in the tool.")
    given = require_table(documents, ("document", "response_id"), "documents")
    strange = sorted(set(given["document"]) - set(names))
    if strange:
        raise InputError(
            "documents", f"must be names of documents in {what}", listed(strange, most=50),
            "Name them as the tool does.",
        )  # fmt: skip
    known = None if responses is None else set(responses.table["response_id"])
    mapped = {str(d): rows for d, rows in given.groupby("document", sort=False)}
    suggested = {str(d): rows for d, rows in export.places.groupby("document", sort=False)}
    found: list[tuple[object, ...]] = []
    unmatched = []
    for name in names:
        if name in mapped:
            found += _mapped(name, mapped[name])
        elif (one := _find_response(name, known)) is not None:
            found.append((name, np.nan, np.nan, one))
        elif name in suggested and known and set(suggested[name]["response_id"]) <= known:
            found += suggested[name].itertuples(index=False, name=None)
        else:
            unmatched.append(name)
    if unmatched:
        raise InputError(
            f"{what}: documents", "must be named by the response's id, one for each response",
            listed(unmatched, most=50),
            "Give a table of document and response_id, --documents (documents=): blank to leave "
            "one out; with start and end, a row for each response, where one document holds "
            "several.",
        )  # fmt: skip
    places = make_table([f for f in found if f[3] != ""], _TABLES["places"])
    require_unique(
        places["response_id"], f"{what}: responses of the documents", "Give each one document."
    )
    strange = [r for r in places["response_id"] if known is not None and r not in known]
    if strange:
        raise InputError(
            f"{what}: responses", "must be in the survey", listed(strange, most=50),
            "Correct --documents (documents=).",
        )  # fmt: skip
    _require_apart(places, what)
    return places


def _find_response(name: str, known: set[str] | None) -> str | None:
    """Id that a document is named by, with or without the ending of a file."""
    stem = next((name[: -len(e)] for e in _ENDINGS if name.casefold().endswith(e)), name)
    if known is None:
        return stem
    return name if name in known else stem if stem in known else None


def _mapped(name: str, rows: pd.DataFrame) -> list[tuple[object, ...]]:
    """Places that the caller gives for a document: one without positions, or all with them."""
    if {"start", "end"} <= set(rows.columns) and (rows["start"] != "").all():
        return [
            (name, position(start, "documents"), position(end, "documents"), response)
            for start, end, response in rows[["start", "end", "response_id"]].to_numpy()
        ]
    if len(rows) > 1:
        raise InputError(
            f"documents: {name!r}", "must have start and end in each row where it has several",
            "none", "Say where each response begins and ends.",
        )  # fmt: skip
    return [(name, np.nan, np.nan, rows["response_id"].iloc[0])]


def _require_apart(places: pd.DataFrame, what: str) -> None:
    """Responses in one document must neither overlap nor run backwards."""
    parts = places.dropna(subset=["start"]).sort_values(["document", "start"], kind="stable")
    wrong = parts["start"] >= parts["end"]
    wrong |= (parts["document"] == parts["document"].shift()) & (
        parts["start"] < parts["end"].shift()
    )
    if wrong.any():
        raise InputError(
            f"{what}: places of responses", "must neither overlap nor run backwards",
            listed(parts.loc[wrong, "response_id"]), "Correct start and end.",
        )  # fmt: skip


def _in_places(
    segments: pd.DataFrame, spots: np.ndarray, places: pd.DataFrame, what: str
) -> pd.DataFrame:
    """Response, start and end of each segment, indexed as they are; those left out are gone."""
    of: dict[str, list[tuple[float, float, str]]] = {}
    for name, begin, end, response in places.itertuples(index=False, name=None):
        of.setdefault(name, []).append((begin, end, response))
    rows: dict[int, tuple[str, float, float]] = {}
    astray = []
    for k, (document, (i, j)) in enumerate(zip(segments["document"], spots, strict=True)):
        if document not in of:
            continue
        begin, _, response = of[document][0]
        if begin != begin:  # NaN: the document is the response
            rows[k] = (response, *((float(i), float(j)) if i >= 0 else (np.nan, np.nan)))
            continue
        within = [(b, r) for b, e, r in of[document] if 0 <= b <= i and j <= e]
        if i < 0 or not within:
            astray.append(document)
            continue
        begin, response = within[0]
        rows[k] = (response, i - begin, j - begin)
    if astray:
        raise InputError(
            f"{what}: codes", "must each lie within one response where a document holds several",
            f"{len(astray)} that do not, in {listed(dict.fromkeys(astray))}",
            "Correct --documents (documents=), or export one document for each response.",
        )  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index", columns=["response_id", "start", "end"])


def _seen(
    export: Export,
    coded: pd.Series,
    places: pd.DataFrame,
    responses: Responses | None,
    unlisted: str,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Who saw what: as the file says, else what has their code; and how many have none, by coder.

    ``coded`` is the document of each segment that has a response.
    """
    who = dict(zip(export.documents["document"], export.documents["respondent_id"], strict=True))
    there = places.assign(respondent_id=[who[d] for d in places["document"]])
    there = there[["document", "response_id", "respondent_id"]]
    every = there
    if not export.lists_all and responses is not None:
        every = responses.kept[["response_id", "respondent_id"]].assign(document="")
        more = there[~there["response_id"].isin(every["response_id"])]
        every = pd.concat([every, more])
    elif not export.lists_all and unlisted == "none":
        raise InputError(
            export.what, "must come with the list of all coded responses",
            "only responses with a code, which is all that this export has",
            "Give the survey: responses=.",
        )  # fmt: skip
    said = set(export.seen["coder"])
    mine = export.segments.loc[coded.index, ["coder", "document"]]
    tables = [export.seen.merge(there, on="document"), mine.merge(there, on="document")]
    lacking: dict[str, int] = {}
    for coder in dict.fromkeys(export.segments["coder"]):
        if coder in said:
            continue
        has = set(there.loc[there["document"].isin(mine.loc[mine["coder"] == coder, "document"]),
                            "response_id"])  # fmt: skip
        lacking[coder] = int((~every["response_id"].isin(list(has))).sum())
        if unlisted == "none":
            tables.append(every.assign(coder=coder))
    seen = pd.concat(tables)[["coder", "response_id", "respondent_id"]]
    if responses is not None:
        ids = responses.table.set_index("response_id")["respondent_id"]
        seen = seen.assign(respondent_id=seen["response_id"].map(ids))
    order = {r: i for i, r in enumerate(every["response_id"])}
    seen = seen.drop_duplicates(["coder", "response_id"])
    rank = seen["response_id"].map(order).fillna(len(order))
    coders = list(dict.fromkeys([*export.seen["coder"], *export.segments["coder"]]))
    place = seen["coder"].map({c: i for i, c in enumerate(coders)})
    ranked = np.lexsort((rank.to_numpy(float), place.to_numpy(float)))
    return seen.iloc[ranked].reset_index(drop=True), lacking
