"""Specification curves as one offline page: estimates in their order, the choices below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics._base.standalone import inline, page_template
from iapt_topics._base.text import clean
from iapt_topics.report.charts.svg import Scale, dot, drawing, element, rule, words
from iapt_topics.report.format import known

#: Across: where the names of the choices end, in per cent. Down, in pixels: the upper panel, a row.
_NAMES, _PANEL, _ROW = 30.0, 150, 15
_STYLE = """
:root{color-scheme:light}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;
padding:1rem;color:#1f2a33}.private{background:#444;color:#fff;padding:.5rem 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .6rem;
border-bottom:1px solid #d9dee3;vertical-align:top}svg{font-size:11px}.own{fill:#d55e00}
.spec{fill:#0072b2}.limit{stroke:#0072b2;stroke-opacity:.5}.zero{stroke:#66727d}
summary{cursor:pointer;font-weight:600}
"""


def write_curve(
    path: str | Path, claims: pd.DataFrame, curve: pd.DataFrame, choices: Sequence[str]
) -> Path:
    """Write a private page of claims and their specification curves.

    Parameters
    ----------
    path : str or Path
        An ``.html`` file.
    claims, curve : DataFrame
        Verdicts, and what each specification says.
    choices : sequence of str
        Columns of the curve, from the top.

    Returns
    -------
    Path
        The file, for this account alone.
    """
    target = Path(path)
    if target.suffix.casefold() not in (".html", ".htm"):
        do = "Use a name that ends in .html."
        raise InputError(f"page {target.name!r}", "must be an .html file", target.suffix, do)
    of = dict(list(curve.groupby("claim", sort=False)))
    shown: list[dict[str, Any]] = [
        {**{str(k): clean(v) for k, v in row.items()}, "chart": _chart(of[row["claim"]], choices)}
        for row in claims.to_dict("records")
    ]
    shown.sort(key=lambda c: (c["claim"].startswith("topic: "), _is_level(c)))  # what hangs first
    counts = claims["verdict"].value_counts().to_dict()
    page = page_template("report", "curve.html.j2").render(
        claims=shown, counts=counts, **inline("style", _STYLE)
    )
    write_whole(target, str(page), private=True)
    return target


def _is_level(claim: Mapping[str, str]) -> bool:
    """Whether nothing was found, under any specification."""
    return claim["result"].startswith("no ") and claim["verdict"] == "stable"


def _chart(rows: pd.DataFrame, choices: Sequence[str]) -> Markup:
    """One curve: points with their intervals above, a mark for each choice below."""
    rows = rows[rows["estimate"].map(known)].sort_values("estimate", kind="stable")
    if rows.empty:
        return Markup("")
    ends = [float(v) for c in ("estimate", "low", "high") for v in rows[c] if known(v)]
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    scale = Scale(low, high, edge=5.0)

    def y(value: float) -> float:
        return _PANEL * (1 - scale(value) / 100)

    step = (100 - _NAMES - 2) / len(rows)
    places = [_NAMES + step * (i + 0.5) for i in range(len(rows))]
    parts = [rule(_NAMES, y(0.0), 100, y(0.0), "zero"), words(0, y(0.0) + 4, "0")]
    parts += [words(0, y(v) + 4, f"{v:.3g}") for v in {high, low} - {0.0}]
    for x, row in zip(places, rows.to_dict("records"), strict=True):
        if known(row["low"]) and known(row["high"]):
            parts.append(rule(x, y(row["low"]), x, y(row["high"]), "limit"))
        said = f"{row['estimate']:.3g}: {clean(row['result']) or 'no result'}"
        parts.append(dot(x, y(row["estimate"]), _kind(row), said))
    at = float(_PANEL + 20)
    for choice in choices:
        values = sorted({v for v in rows[choice] if v})
        if len(values) < 2:
            continue
        for value in values:
            parts.append(words(0, at + 4, f"{choice}: {clean(value)}"))
            parts += [
                dot(x, at, _kind(row), r=3)
                for x, row in zip(places, rows.to_dict("records"), strict=True)
                if row[choice] == value
            ]
            at += _ROW
    label = "Estimate under each specification, from the lowest, and its choices below"
    return drawing([element("g", *parts)], height=int(at), kind="curve", label=label)


def _kind(row: dict[Any, Any]) -> str:
    return "own" if row["own"] else "spec"
