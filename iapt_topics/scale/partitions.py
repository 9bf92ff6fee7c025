"""What is done to one partition of a survey, without a look at any other.

Whatever a response's codes take from the survey as a whole is fixed beforehand, from the sample
that the topics were fitted to; so they are the same however the survey is cut into partitions.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Floats, Floats32, Ints
from iapt_topics._base.errors import InputError, listed, require_columns
from iapt_topics._base.files import file_hash, write_whole
from iapt_topics._base.kept import write_record
from iapt_topics._base.parquet_size import require_decodable
from iapt_topics.codes.codes import EVIDENCE, POLARITY
from iapt_topics.encoders.embeddings import embed_kept
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.coding import as_codes, assign_themes
from iapt_topics.mapping.evidence import find_evidence
from iapt_topics.mapping.facets import assign_facets
from iapt_topics.mapping.polarity import PolarityReader
from iapt_topics.mapping.scoring import ReferenceScale
from iapt_topics.stats.share_model import PersonYearSums, add_up, responses_as_cells
from iapt_topics.survey.responses import Responses, cluster_ids, fill_respondents
from iapt_topics.survey.statuses import STATUSES, assign_statuses, is_visible
from iapt_topics.topics.extend import run_votes
from iapt_topics.topics.new_wave import place
from iapt_topics.topics.topics import UNASSIGNED, Topics

_TEXTS = ("response_id", "respondent_id", "text")
_HASH_KEY = 16  # bytes
_WORDS = ("response_id", "theme", "anchor", "anchor_kind", "polarity", "polarity_reason")
_FACETS = ("response_id", "sentence", "theme", "facet", "value", "margin", "carried", "note")


class Scan(NamedTuple):
    """What the driver knows of a partition: ids as hashes, years, and never a text."""

    digest: str  # SHA-256 of the file
    person: NDArray[np.uint64]
    response: NDArray[np.uint64]
    year: NDArray[np.int64]
    questions: tuple[str, ...]
    weighted: bool


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Model:
    """All that a worker needs to code a partition; fitted to the sample."""

    topics: Topics
    runs: tuple[Floats32, ...]  # mean vectors of what each run speaks for
    frame: ThemeFrame
    encoder: Encoder
    reference_scale: tuple[ReferenceScale, ...]
    facet_spread: Mapping[str, float]  # of the leaning to each facet's values
    reader: PolarityReader
    question: str | None
    covariates: tuple[str, ...]


class Coded(NamedTuple):
    """A coded partition, a table to a file; none holds a text."""

    parts: pd.DataFrame  # by response
    codes: pd.DataFrame  # by response and theme, with the sentence that carried the code
    facets: pd.DataFrame  # by response, sentence, theme and facet


class Counted(NamedTuple):
    """Sums of a coded partition: no text, no response."""

    people: NDArray[np.str_]  # of each cell
    years: NDArray[np.int64]
    cells: PersonYearSums  # columns: themes, topics, novel
    ledger: pd.DataFrame


_NO_CODES = pd.DataFrame(
    {
        c: pd.Series(dtype="str" if c in _WORDS else "float64")
        for c in (*EVIDENCE, *POLARITY, "score")
    }
).astype({"start": "int64", "end": "int64"})
_NO_FACETS = pd.DataFrame(
    {c: pd.Series(dtype="str" if c != "margin" else "float64") for c in _FACETS}
).astype({"sentence": "int64"})

#: Models of this process by their key, put here once by the worker's plugin.
MODELS: dict[str, Model] = {}


def scan(path: Path, question: str | None, covariates: Sequence[str], seed: int) -> Scan:
    """Hash the ids of a partition."""
    table = read_rows(path, question, covariates, text=False)
    key = f"{seed:0{_HASH_KEY}d}"[-_HASH_KEY:]
    person, response = (
        pd.util.hash_array(table[c].to_numpy(object), hash_key=key, categorize=False)
        for c in ("respondent_id", "response_id")
    )
    asked = tuple(sorted(table["question"].unique())) if "question" in table else ()
    return Scan(
        file_hash(path), person, response, table["year"].to_numpy(), asked, "weight" in table
    )


def read_rows(
    path: Path, question: str | None, covariates: Sequence[str], *, text: bool = True
) -> pd.DataFrame:
    """Read the rows of a partition that answer the question, with nothing guessed."""
    import pyarrow.parquet as pq

    what = f"partition {path.name!r}"
    try:
        require_decodable(path, what)
        there = pq.read_schema(path).names
    except InputError:
        raise
    except Exception as error:  # a damaged file raises whatever its reader raises
        got = type(error).__name__
        raise InputError(what, "must be a Parquet file", got, "Check the folder.") from error
    need = [*_TEXTS, "year", *covariates, *(["question"] if question is not None else [])]
    require_columns(pd.DataFrame(columns=there), need, what)
    wanted = dict.fromkeys([*need, *(c for c in ("question", "weight") if c in there)])
    columns = [c for c in wanted if text or c != "text"]
    table = pd.read_parquet(path, columns=columns, engine="pyarrow")
    if not pd.api.types.is_integer_dtype(table["year"].dtype) or table["year"].isna().any():
        raise InputError(f"{what}: column 'year'", "must be whole numbers",
                         str(table["year"].dtype), "Write years as integers.")  # fmt: skip
    for name in (c for c in (*_TEXTS, "question") if c in table):
        cells = table[name].to_numpy(object)
        empty = pd.isna(cells)
        other = [v for v in cells[~empty] if not isinstance(v, str)]
        if other or (name == "response_id" and (empty.any() or not all(cells))):
            got = listed(other) if other else "an empty cell"
            raise InputError(f"{what}: column {name!r}", "must be text", got, "Write it as text.")
        table[name] = pd.Series(np.where(empty, "", cells), index=table.index, dtype="str")
    if "weight" in table and not (table["weight"].to_numpy(float, na_value=np.nan) > 0).all():
        raise InputError(f"{what}: column 'weight'", "must contain numbers above 0", "others",
                         "Correct them.")  # fmt: skip
    if question is not None:
        table = table[table["question"].str.strip() == question]
    who = fill_respondents(table["respondent_id"], table["response_id"])
    return table.assign(
        respondent_id=pd.Series(who, index=table.index, dtype="str"),
        year=table["year"].astype("int64"),
    ).reset_index(drop=True)


def visible_texts(texts: pd.Series) -> pd.Series:
    """Texts, "" for one that leaves no mark."""
    return pd.Series([t if is_visible(t) else "" for t in texts], index=texts.index, dtype="str")


def as_responses(table: pd.DataFrame, source: str) -> Responses:
    """Decide what becomes of each row, as :func:`iapt_topics.load_responses` does."""
    texts = visible_texts(table["text"])
    who = table["respondent_id"].tolist()
    asked = table["question"].str.strip() if "question" in table else ""
    questions = [*asked] if "question" in table else [""] * len(table)
    status = assign_statuses(who, table["year"].tolist(), texts.tolist(), questions)
    ids = table["response_id"].tolist()
    copy_of = ["" if at < 0 else ids[at] for at in status["copied"]]
    return Responses(
        table=table.assign(
            text=texts,
            question=pd.Series(asked, index=table.index, dtype="str"),
            status=status["status"].astype("str").to_numpy(),
            reason=status["reason"].astype("str").to_numpy(),
            copy_of=pd.Series(copy_of, index=table.index, dtype="str"),
        ),
        source=source,
    )


def code_partition(path: Path, target: Path, model_key: str) -> dict[str, Any]:
    """Write what the model says of a partition, unless it is there; say how it went."""
    import psutil

    began, there = perf_counter(), target.exists()
    if not there:
        model = MODELS[model_key]
        coded = code_rows(read_rows(path, model.question, model.covariates), path.name, model)
        files = dict(zip(coded_paths(target), map(_as_parquet, coded), strict=True))
        # The record first and the rows last: a stop between leaves nothing that could be taken.
        # A worker does not hold the folder; the run that it works for does.
        held = target.parent.parent
        made = {_short(f): hashlib.sha256(content).hexdigest() for f, content in files.items()}
        write_record(record_path(target), target.name, made, within=held)
        for file in reversed(files):
            write_whole(file, files[file], private=True, within=held)
    return {
        "partition": path.name,
        "file": str(target),
        "found": there,
        "seconds": perf_counter() - began,
        "memory_mb": psutil.Process().memory_info().rss / 2**20,
        "process": os.getpid(),
    }


def _as_parquet(table: pd.DataFrame) -> bytes:
    content = BytesIO()
    table.to_parquet(content, engine="pyarrow", index=False)
    return content.getvalue()


def coded_paths(target: Path) -> tuple[Path, ...]:
    """Files of a coded partition, that of its rows first."""
    return tuple(target.parent.parent / name / target.name for name in Coded._fields)


def coded_hashes(target: Path) -> dict[str, str]:
    """Hash of each file of a coded partition; "" of one that is missing."""
    return {_short(f): file_hash(f) if f.is_file() else "" for f in coded_paths(target)}


def _short(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def record_path(target: Path) -> Path:
    """Where it is written down what a coded partition was when it was made."""
    return target.parent.parent / "records" / f"{target.name}.json"


def code_rows(table: pd.DataFrame, source: str, model: Model) -> Coded:
    """Status, topic and themes of each row; the columns are told at ``scale_study``."""
    responses = as_responses(table, source)
    everyone = responses.table
    kept = (everyone["status"] == "kept").to_numpy()
    themes = [t.id for t in model.frame.codable]
    n, runs = len(everyone), len(model.runs)
    topic, nearest = np.full((2, n), UNASSIGNED, dtype=np.int32)
    support, cosine = np.full((2, n), np.nan)
    votes = np.full((runs, n), UNASSIGNED, dtype=np.int32)
    novel, given = np.zeros(n, dtype=bool), np.zeros((n, len(themes)), dtype=bool)
    codes, facets = _NO_CODES, _NO_FACETS
    if kept.any():
        embeddings = embed_kept(responses, model.encoder)
        close, cosine[kept], novel[kept] = place(model.topics, embeddings.vectors)
        topic[kept], nearest[kept], support[kept], votes[:, kept] = _assign(
            responses.kept["response_id"], embeddings.vectors, close, model.topics, model.runs
        )
        scores, decided = assign_themes(
            responses, embeddings, model.frame, model.encoder, fixed=model.reference_scale
        )
        found = as_codes(scores, decided, responses, model.frame)
        given[kept] = found.matrix()
        evidence = find_evidence(
            scores, found.table, responses, model.frame, model.encoder, decided, model.reader
        )
        codes = evidence.assign(score=found.table["score"])
        if model.frame.facets:
            spread = model.facet_spread
            facets, _ = assign_facets(scores, decided, model.frame, model.encoder, fixed=spread)
    keys = ["response_id", "respondent_id", "year", *model.covariates]
    keys += [c for c in ("weight",) if c in everyone]
    coded = everyone[[*keys, "status", "reason", "copy_of"]].assign(
        topic=topic, nearest=nearest, support=support, cosine=cosine, novel=novel
    )
    marks = pd.DataFrame(given, columns=[f"theme {t}" for t in themes], index=coded.index)
    runs_said = pd.DataFrame(votes.T, columns=run_columns(runs), index=coded.index)
    return Coded(pd.concat([coded, marks, runs_said], axis=1), codes, facets)


def run_columns(n_runs: int) -> list[str]:
    """Columns of what the runs would give."""
    return [f"run {i}" for i in range(n_runs)]


def _assign(
    response_id: pd.Series,
    vectors: Floats32,
    nearest: Ints,
    topics: Topics,
    centroids: Sequence[Floats32],
) -> tuple[Ints, Ints, Floats, Ints]:
    """Topic of each response, the nearest one, its support, and what each run would give.

    Of the sample it is what the fit says. The support of others is the share of runs that would
    vote as they do, each run voting for the nearest of the mean vectors of what it speaks for.
    """
    fit = topics.assignments
    at = pd.Index(fit["response_id"]).get_indexer(pd.Index(response_id))
    own = at >= 0
    votes = run_votes(centroids, vectors)
    support = (votes == nearest).mean(axis=0)
    support[own] = fit["support"].to_numpy()[at[own]]
    votes[:, own] = topics.votes[:, at[own]]
    nearest = np.where(own, fit["nearest"].to_numpy()[at], nearest)
    topic = np.where(support >= topics.config.min_support, nearest, UNASSIGNED)
    topic[own] = fit["topic"].to_numpy()[at[own]]
    return topic, nearest, support, votes


def count_coded(target: Path, themes: Sequence[str], n_topics: int, *, weighted: bool) -> Counted:
    """Sums by respondent and year of a coded partition."""
    there = ["response_id", "respondent_id", "year", "status", "topic", "novel"]
    there += [f"theme {t}" for t in themes]
    there += ["weight"] if weighted else []
    table = pd.read_parquet(target, columns=there, engine="pyarrow")
    kept = table[table["status"] == "kept"]
    ledger = table.groupby(["year", "status"]).size().rename("n").reset_index()
    names, person = np.unique(cluster_ids(kept), return_inverse=True)
    years, year = np.unique(kept["year"].to_numpy(), return_inverse=True)
    given = np.column_stack(
        [
            kept[[f"theme {t}" for t in themes]].to_numpy(bool),
            kept["topic"].to_numpy()[:, None] == np.arange(n_topics),
            kept["novel"].to_numpy(bool),
        ]
    )
    weight = kept["weight"].to_numpy(float) if weighted else None
    cells = responses_as_cells(person.astype(np.intp), year.astype(np.intp), given, weight)
    cells = add_up(cells) if len(kept) else cells
    count = cells.count.astype(np.uint16)  # no one answers more often than that in a year
    cells = replace(cells, count=count, total=cells.total if weight is not None else count)
    return Counted(names[cells.person], years[cells.year], cells, ledger)


def all_statuses(ledgers: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One ledger of many: every status for each year."""
    n = pd.concat(ledgers).groupby(["year", "status"])["n"].sum()
    years = n.index.get_level_values("year").unique().sort_values()
    full = pd.MultiIndex.from_product([years, STATUSES], names=["year", "status"])
    return n.reindex(full, fill_value=0).reset_index()
