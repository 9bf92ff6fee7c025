"""A sample of a survey too large to be looked at as a whole, drawn by hashes of its ids.

Within a year, each respondent gives one response before any gives a second; which respondents
come first, and which of their responses, the hashes say. So the sample does not depend on how the
survey is cut into partitions, smaller samples are parts of larger ones, and the same people are
drawn in every year that they answered in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Ints
from iapt_topics._base.errors import InputError, listed
from iapt_topics.scale.partitions import Scan, as_responses, read_rows
from iapt_topics.survey.responses import Responses

if TYPE_CHECKING:
    from distributed import Client


def draw(
    person: NDArray[np.uint64], response: NDArray[np.uint64], year: NDArray[np.int64], size: int
) -> Ints:
    """Places of about ``size`` rows, each year in proportion; all rows if there are no more."""
    n = len(year)
    if size >= n:
        return np.arange(n)
    order = np.lexsort((response, person, year))
    first = np.ones(n, dtype=bool)
    first[1:] = (np.diff(person[order]) != 0) | (np.diff(year[order]) != 0)
    turn = np.empty(n, dtype=np.intp)
    at = np.arange(n)
    turn[order] = at - np.maximum.accumulate(np.where(first, at, 0))
    ranked = np.lexsort((response, person, turn, year))
    _, start, count = np.unique(year[ranked], return_index=True, return_counts=True)
    quota = np.clip(np.round(size * count / n).astype(int), 1, None)
    return np.sort(np.concatenate([ranked[s : s + q] for s, q in zip(start, quota, strict=True)]))


def check_scans(scans: Sequence[Scan], names: Sequence[str]) -> tuple[str, ...]:
    """Refuse what cannot be measured; say what should be known of the partitions."""
    response = np.concatenate([s.response for s in scans])
    if not len(response):
        raise InputError("the survey", "must have a row", "none", "Check the folder and question.")
    several = len(response) - len(np.unique(response))
    if several:
        raise InputError(
            "response_id", "must be unique over all partitions", f"{several} rows that repeat one",
            "Give each response its own id.",
        )  # fmt: skip
    asked = sorted({q for s in scans for q in s.questions})
    if len(asked) > 1:
        raise InputError(
            "questions", "must be one", listed(asked), "Hold one fixed with question=..."
        )
    if len({s.weighted for s in scans}) > 1:
        without = [n for n, s in zip(names, scans, strict=True) if not s.weighted]
        raise InputError(
            "column 'weight'", "must be in every partition or in none",
            f"none in {listed(without)}", "Write it in all.",
        )  # fmt: skip
    people = np.concatenate([np.unique(s.person) for s in scans])
    spread = len(people) - len(np.unique(people))
    if not spread:
        return ()
    return (
        f"Up to {spread:,} respondents have rows in several partitions: their sums are joined, but "
        "copies of a person's own text are looked for within a partition alone.",
    )


def find_partitions(source: str | Path | Sequence[str | Path]) -> list[Path]:
    """Parquet files of a folder, or those that were named."""
    if isinstance(source, str | Path):
        folder = Path(source).resolve()
        paths = sorted(folder.rglob("*.parquet")) if folder.is_dir() else [folder]
    else:
        paths = [Path(p).resolve() for p in source]
    if not paths or not all(p.is_file() for p in paths):
        raise InputError("the survey", "must be Parquet files", f"{str(source)[:80]!r}",
                         "Name the folder that holds them.")  # fmt: skip
    return paths


def map_on(
    client: Client | None, function: Callable[..., Any], *lists: Any, **more: Any
) -> list[Any]:
    """What a function gives for each partition, in their order, run on the workers if any."""
    if client is None:
        return list(map(partial(function, **more), *lists))
    return client.gather(client.map(function, *lists, pure=False, **more))  # type: ignore[no-any-return]


def join_scans(scans: Sequence[Scan]) -> tuple[Any, Any, Any]:
    """Ids of respondents, ids of responses and years of all partitions."""
    return tuple(  # type: ignore[return-value]
        np.concatenate([getattr(s, c) for s in scans]) for c in ("person", "response", "year")
    )


def take_rows(
    paths: Sequence[Path],
    scans: Sequence[Scan],
    rows: Ints,
    question: str | None,
    covariates: Sequence[str],
    client: Client | None = None,
) -> Responses:
    """Bring the rows of a sample together."""
    ends = np.cumsum([len(s.year) for s in scans])
    jobs = [
        (path, rows[(rows >= end - len(s.year)) & (rows < end)] - (end - len(s.year)))
        for path, s, end in zip(paths, scans, ends, strict=True)
    ]
    jobs = [(path, some) for path, some in jobs if len(some)]
    how = {"question": question, "covariates": covariates}
    tables = map_on(client, _read_rows, *zip(*jobs, strict=True), **how)
    table = pd.concat(tables).sort_values("response_id", ignore_index=True)
    return Responses(table=table, source="sample")


def _read_rows(
    path: Path, rows: Ints, question: str | None, covariates: Sequence[str]
) -> pd.DataFrame:
    """Some rows of a partition, each with the status that it has among all of them.

    By the sample alone, a copy whose original was not drawn would be kept.
    """
    return as_responses(read_rows(path, question, covariates), path.name).table.iloc[rows]
