"""A survey that was coded in partitions, as one study: for the same tables and reports as any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics._base.files import file_hash
from iapt_topics._base.findings import Finding, findings_table
from iapt_topics._base.kept import find_fault
from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.codes.axis import axis_codes
from iapt_topics.codes.codes import EVIDENCE, POLARITY, Codes
from iapt_topics.drift.drift import measure_drift
from iapt_topics.scale.partitions import (
    coded_hashes,
    coded_paths,
    read_rows,
    record_path,
    run_columns,
    visible_texts,
)
from iapt_topics.scale.scale import ScaledStudy
from iapt_topics.study.study import Study
from iapt_topics.survey.responses import Responses, findings_in_rows
from iapt_topics.survey.who import clean_levels, find_panel
from iapt_topics.topics.extend import WEAK, add_placed
from iapt_topics.topics.topics import UNASSIGNED, Topics


def collect_study(
    study: ScaledStudy,
    *,
    human: Sequence[Codes] = (),
    n_boot: int = 1000,
    on_event: OnEvent = ignore,
) -> Study:
    """Bring a survey that was coded in partitions together as one study, for its reports.

    Parameters
    ----------
    study : ScaledStudy
        From :func:`scale_study`. The survey's files and the coded ones are where they were.
    human : sequence of Codes, optional
        As for :func:`iapt_topics.run_study`.
    n_boot : int, default 1000
        As for :func:`iapt_topics.measure_drift`, for the two poles of the frame.
    on_event : callable, optional
        Called with an :class:`iapt_topics.Event` for each stage that begins.

    Returns
    -------
    Study
        Of all rows, in the order of the files. If the sample was the whole survey, its tables are
        those of :func:`iapt_topics.run_study`, but for what was noticed in the file. Otherwise the
        topics are those of the sample with every other response placed on them, which the report
        says; support, stability and typical responses of a topic are those of the sample.

    Raises
    ------
    InputError
        If a file of the survey or a coded one is missing or has changed, or the codes are of other
        responses.

    Notes
    -----
    Texts are read into this process, and nothing is sent to a worker. Copies of other people's
    texts, which are counted among what was noticed in the file, are looked for within a partition.
    """
    on_event(Event("stage", f"Reading {len(study.partitions)} partitions"))
    rows, codes, facets = _read(study)
    responses = _responses(study, rows)
    kept = rows[(rows["status"] == "kept").to_numpy()]
    on_event(Event("stage", "Placing all responses on the topics"))
    topics = _all_topics(study.topics, kept)
    machine = _codes(study, responses, codes)
    frame, seed = study.mapping.frame, study.topics.config.seed
    on_event(Event("stage", "Measuring agreement and drift"))
    human = tuple(c.with_respondents(responses) for c in human)
    for one in human:
        if not one.seen["response_id"].isin(kept["response_id"]).any():
            raise InputError(
                f"the codes of {one.coder!r}", "must be for responses of this survey",
                f"ids such as {listed(one.seen['response_id'].head(2))}",
                "Give their rows the response ids of the partitions.",
            )  # fmt: skip
    axis = None
    if frame.axis:
        axis = measure_drift(
            axis_codes(machine, frame), responses, baseline=study.drift.baseline, n_boot=n_boot,
            seed=seed,
        )  # fmt: skip
    design = {"sampling": "purposive"} if human and human[0].picked else None
    found = [
        compare_codes(human[0], c, responses=responses, design=design, seed=seed)
        for c in (machine, *human[1:2])
        if human
    ]
    comparison, benchmark = (*found, None, None)[:2]
    n = study.mapping.scores["topic"].map(topics.topics.set_index("topic")["n"])
    return Study(
        responses=responses,
        topics=topics,
        mapping=replace(study.mapping, scores=study.mapping.scores.assign(n=n)),
        codes=machine,
        drift=study.drift,
        axis_drift=axis,
        comparison=comparison,
        benchmark=benchmark,
        facets=facets if frame.facets else None,
        human=human,
        manifest=_manifest(study, len(rows), len(kept)),
    )


def _read(study: ScaledStudy) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows with their texts, codes and facets of all partitions."""
    if study.partitions.empty:
        raise InputError("study", "must have a coded partition", "none", "Call scale_study().")
    tables: list[tuple[pd.DataFrame, ...]] = []
    for part in study.partitions.to_dict("records"):
        source, target = Path(part["source"]), Path(part["file"])
        what = f"partition {source.name!r}"
        if not source.is_file() or file_hash(source) != part["sha256"]:
            got = "another file" if source.is_file() else "none"
            raise InputError(what, "must be as it was when it was coded", got,
                             "Call scale_study() again.")  # fmt: skip
        if fault := find_fault(record_path(target), target.name, coded_hashes(target)):
            raise InputError(f"the coded rows of {what}", "must be as they were written", fault,
                             "Call scale_study() again: it makes them anew.")  # fmt: skip
        text = read_rows(source, study.question, study.covariates)
        coded, *more = (pd.read_parquet(p, engine="pyarrow") for p in coded_paths(target))
        asked = text["question"].str.strip() if "question" in text else ""
        coded = coded.assign(
            text=visible_texts(text["text"]),
            question=pd.Series(asked, index=text.index, dtype="str"),
        )
        tables.append((coded, *more))
    rows, codes, facets = (pd.concat(t, ignore_index=True) for t in zip(*tables, strict=True))
    return rows, codes, facets


def _responses(study: ScaledStudy, rows: pd.DataFrame) -> Responses:
    """The survey, its covariates as text."""
    source = _common_name(study.partitions["source"].tolist())
    found = [Finding("partitions", source, len(study.partitions), n) for n in study.notes]
    order = ["response_id", "respondent_id", "year", "question", "text", "status", "reason"]
    order += ["copy_of", *(["weight"] if "weight" in rows else []), *study.covariates]
    table = rows[order]
    for name in study.covariates:
        levels, odd = clean_levels(table[name], f"{source}: column {name!r}")
        table = table.assign(**{name: levels})
        found += odd
    known = table["respondent_id"].where(~table["respondent_id"].str.startswith("row:"), "")
    found += find_panel(known.tolist(), table["year"].tolist(), f"{source}: 'respondent_id'")
    found += findings_in_rows(table, source)
    return Responses(table=table, source=source, findings=findings_table(found))


def _common_name(paths: Sequence[str]) -> str:
    """What to call a survey of these files: the folder of several, or the one."""
    if len(paths) == 1:
        return Path(paths[0]).name
    parents = [Path(p).parent.parts for p in paths]
    same = [names[0] for names in zip(*parents, strict=False) if len(set(names)) == 1]
    return same[-1] if len(same) > 1 else "table"


def _all_topics(topics: Topics, kept: pd.DataFrame) -> Topics:
    """Topics of the sample with every other response placed on them."""
    ids = pd.Index(kept["response_id"].astype(object))
    new = ~ids.isin(topics.assignments["response_id"])
    others = kept[new]
    weak = others["topic"] == UNASSIGNED
    placed = pd.DataFrame(
        {
            "response_id": ids[new],
            "topic": others["topic"].to_numpy(np.intp),
            "nearest": others["nearest"].to_numpy(np.intp),
            "support": others["support"].to_numpy(),
            "note": np.where(weak, WEAK, ""),
        }
    )
    votes = others[run_columns(len(topics.votes))].to_numpy(np.intp).T
    return add_placed(topics, ids, placed, votes)


def _codes(study: ScaledStudy, responses: Responses, codes: pd.DataFrame) -> Codes:
    return Codes(
        coder="machine",
        kind="machine",
        themes=tuple(t.id for t in study.mapping.frame.codable),
        seen=responses.kept[["response_id", "respondent_id"]],
        table=codes[["response_id", "theme", "score"]],
        evidence=codes[[*EVIDENCE, *POLARITY]],
    )


def _manifest(study: ScaledStudy, n_rows: int, n_kept: int) -> dict[str, Any]:
    """What the study was made of; ``sample`` is there if topics were fitted to a part."""
    topics = study.topics
    fitted = len(topics.assignments)
    return {
        "n_rows": n_rows,
        "partitions": dict(
            zip(study.partitions["partition"], study.partitions["sha256"], strict=True)
        ),
        "config": asdict(topics.config),
        "baseline": study.drift.baseline,
        "versions": dict(topics.versions),
        **({"sample": fitted} if fitted < n_kept else {}),
    }
