"""A record of what was published, by which a second publication is set against the first.

It holds hashes alone: of the responses of each year, of the codes and of each table, with the rule
and the day. No text, count or id can be read from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from iapt_topics._base.errors import listed
from iapt_topics._base.files import hash_parts
from iapt_topics.publish.published import Published
from iapt_topics.study.study import Study

#: In what two publications can differ.
_WHAT = ("rule", "codes", "years", "tables")


def describe_publication(study: Study, published: Published, day: str) -> dict[str, Any]:
    """Hashes of what is published of a study, to be kept.

    Parameters
    ----------
    study : Study
        What it was made of.
    published : Published
        What is published.
    day : str
        The date, as "2026-01-31".

    Returns
    -------
    dict
        ``day``, ``rule``, ``years`` (name of each to the hash of its responses), ``codes`` and
        ``tables`` (name of each to its hash).
    """
    kept = study.responses.kept
    years = {
        published.wave(int(str(year))): _hash(
            f"{i}\0{text}"
            for i, text in sorted(zip(rows["response_id"], rows["text"], strict=True))
        )
        for year, rows in kept.groupby("year")
    }
    codes = study.codes.table
    return {
        "day": day,
        "rule": asdict(published.disclosure),
        "years": years,
        "codes": _hash(f"{i}\0{t}" for i, t in sorted(
            zip(codes["response_id"], codes["theme"], strict=True))),
        "tables": {
            name: _table_hash(table) for name, table in published.tables.items()
        },
    }  # fmt: skip


def same_publication(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Whether two records are of the same tables of the same responses, whatever the day."""
    return all(one.get(what) == two[what] for what in _WHAT)


def compare_publications(
    earlier: Sequence[Mapping[str, Any]], now: Mapping[str, Any]
) -> tuple[str, ...]:
    """What of an earlier publication can be set against this one, in a sentence for each.

    Parameters
    ----------
    earlier : sequence of dict
        From :func:`describe_publication`.
    now : dict
        Likewise, of what is to be published.

    Returns
    -------
    tuple of str
        None for one that shares no year, nor for one by the same rule of the same responses, even
        if they were coded otherwise.
    """
    return tuple(said for then in earlier if (said := _compared(then, now)))


def _compared(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What can be set against what; "" if nothing can."""
    common = [y for y in now["years"] if y in then["years"]]
    if not common:
        return ""
    other = [y for y in common if then["years"][y] != now["years"][y]]
    apart = sorted(set(now["years"]) ^ set(then["years"]))
    parts = []
    if other:
        parts.append(
            f"the responses of {listed(other)} are not the same: the difference of two counts is "
            "of those that were added or taken out, who can be fewer than any rule allows"
        )
    if apart:
        parts.append(
            f"only one of them has {listed(apart)}: a total of all years less the other's is of "
            "these alone"
        )
    if then["rule"] != now["rule"]:
        parts.append(
            f"the rules differ ({then['rule']['name']} and {now['rule']['name']}): what one "
            "suppresses or rounds can follow from the other"
        )
    if not parts:
        return ""
    differing = [n for n, h in now["tables"].items() if then["tables"].get(n, h) != h]
    return (
        f"A public version of overlapping responses was written on {then['day']}. If it was "
        f"passed on, it can be set against this one: {'; '.join(parts)}. Tables that differ: "
        f"{listed(differing, most=8)}."
    )


def _table_hash(table: pd.DataFrame) -> str:
    """Of what its cells say; the text of a file would have to be made for it once more."""
    rows = pd.util.hash_pandas_object(table.astype(str), index=False).to_numpy()
    return hash_parts([*(str(c).encode() for c in table.columns), rows.tobytes()])


def _hash(texts: Iterable[str]) -> str:
    return hash_parts(t.encode("utf-8", "surrogatepass") for t in texts)
