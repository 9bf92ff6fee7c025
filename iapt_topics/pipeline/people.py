"""People's codes and the codebook that they and the machine share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.events import Event, OnEvent
from iapt_topics._base.findings import findings_of
from iapt_topics.codes.codes import Codes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.load import load_frame
from iapt_topics.qda.load import Source, coders_in, load_codes
from iapt_topics.qda.own_frame import frame_of_codes
from iapt_topics.qda.read import is_project, read_project
from iapt_topics.survey.responses import Responses


def read_people(
    codes: str | Path | pd.DataFrame | None,
    frame: str | Path | ThemeFrame | None,
    responses: Responses,
    code_map: str | Path | pd.DataFrame | Mapping[str, str] | None,
    on_event: OnEvent,
    *,
    purposive: bool = False,
    documents: str | Path | pd.DataFrame | Mapping[str, str] | None = None,
    unlisted: str = "not_coded",
) -> tuple[ThemeFrame, tuple[Codes, ...]]:
    """Read the codebook and the codes of the first two people.

    Parameters
    ----------
    codes : str, Path, DataFrame or None
        As for :func:`iapt_topics.load_codes`.
    frame : str, Path, ThemeFrame or None
        As for :func:`iapt_topics.load_frame`; without one, the labels of the codes are the themes.
    responses : Responses
        The survey that was coded.
    code_map : mapping, table or path of a table, or None
        As for :func:`iapt_topics.load_codes`.
    purposive : bool
        Whether the coded responses were picked for their content, so that they stand for no others.
    on_event : callable
        Called with an :class:`iapt_topics.Event` for each finding on the file of codes.
    documents, unlisted : optional
        As for :func:`iapt_topics.load_codes`.

    Raises
    ------
    InputError
        If there is neither a codebook nor codes, or either cannot be read.
    """
    if frame is None and codes is None:
        raise InputError(
            "the codebook", "must be named, or come with human codes", "neither",
            "Name your codebook as frame: its file, or a bundled one (iapt_identity_system suits "
            "NHS talking-therapy staff only). Or give human codes, whose labels are then the "
            "themes.",
        )  # fmt: skip
    source: Source | None = codes
    if isinstance(codes, str | Path) and is_project(Path(codes)):
        source = read_project(codes, responses=responses, documents=documents, unlisted=unlisted)
        documents = None
    if frame is None:
        assert source is not None
        frame = frame_of_codes(source)
    elif not isinstance(frame, ThemeFrame):
        frame = load_frame(frame)
    if source is None:
        return frame, ()
    every = _each_coder(source, frame, responses, code_map, documents, unlisted)
    people = (c for c in every if c.kind == "human")
    human = tuple(islice(people, 2))
    if purposive:
        human = tuple(replace(c, picked=frozenset(c.seen["response_id"])) for c in human)
    for note in dict.fromkeys(str(f) for c in human for f in findings_of(c.findings)):
        on_event(Event("note", note))
    if others := len(list(people)):
        names = " and ".join(c.coder for c in human)
        on_event(Event("note", f"{others + 2} coders found; compared: {names}."))
    return frame, human


def _each_coder(
    source: Source,
    frame: ThemeFrame,
    responses: Responses,
    code_map: str | Path | pd.DataFrame | Mapping[str, str] | None,
    documents: str | Path | pd.DataFrame | Mapping[str, str] | None,
    unlisted: str,
) -> Iterator[Codes]:
    for name in coders_in(source) or ("human",):
        yield load_codes(
            source, frame=frame, coder=name, responses=responses, code_map=code_map,
            documents=documents, unlisted=unlisted,
        )  # fmt: skip


def read_coders(
    codes: Path,
    frame: ThemeFrame,
    responses: Responses,
    code_map: Path | None = None,
    documents: Path | None = None,
    unlisted: str = "not_coded",
) -> list[Codes]:
    """Read the codes of every coder in a file, machines too.

    Parameters
    ----------
    codes, frame, responses, code_map, documents, unlisted
        As for :func:`read_people`.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    source: Source = codes
    if is_project(codes):
        source = read_project(codes, responses=responses, documents=documents, unlisted=unlisted)
        documents = None
    return list(_each_coder(source, frame, responses, code_map, documents, unlisted))


def codes_of(responses: Responses, codes: Codes) -> Codes:
    """The codes of a survey's responses, without a word on others that the file has."""
    known = set(responses.table["response_id"])
    gone = [str(i) for i in codes.seen["response_id"] if i not in known]
    if not gone:
        return codes
    # A finding may quote an id. One that only looks as if it did goes too, which loses no figure.
    named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, gone))})(?!\w)")
    findings = codes.findings
    said = [
        bool(named.search(f"{where} {done}"))
        for where, done in zip(findings["where"], findings["done"], strict=True)
    ]
    here = [codes.seen["response_id"].isin(known), codes.table["response_id"].isin(known)]
    evidence = codes.evidence
    return replace(
        codes,
        seen=codes.seen[here[0]].reset_index(drop=True),
        table=codes.table[here[1]].reset_index(drop=True),
        findings=findings[~np.asarray(said, dtype=bool)].reset_index(drop=True),
        trained_on=codes.trained_on & known,
        cross_fitted=codes.cross_fitted & known,
        picked=codes.picked & known,
        evidence=None if evidence is None else evidence[evidence["response_id"].isin(known)],
    )
