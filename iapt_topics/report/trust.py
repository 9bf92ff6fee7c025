"""Can I trust it? Agreement theme by theme, and both coders' prevalence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.status import AUTOMATE, AUTOMATE_ABOVE, SUPPRESSED, UNKNOWN
from iapt_topics._base.text import clean
from iapt_topics.report import format as form
from iapt_topics.report.charts.rows import interval_row
from iapt_topics.report.charts.svg import Scale
from iapt_topics.report.format import Grid
from iapt_topics.report.grid import make_grid

if TYPE_CHECKING:
    from iapt_topics.publish.published import Version

#: F1 of a theme at or above which, and below which, it is called good and poor.
_GOOD, _POOR = 0.7, 0.5


def f1_chart(version: Version) -> Grid | None:
    """Precision, recall and F1 of each theme, the best first, beside that of two people."""
    themes = version.tables.get("agreement_themes")
    if themes is None or not len(themes):
        return None
    people = version.tables.get("people_themes")
    benchmark = {} if people is None else dict(zip(people["theme"], people["f1"], strict=True))
    scale, rows, links = Scale(0.0, 1.0), [], []
    order = themes.sort_values("f1", ascending=False, kind="stable", na_position="last")
    for row in order.to_dict("records"):
        links.append(form.anchor(row["theme"]))
        other = benchmark.get(row["theme"])
        if form.known(row["f1"]):
            ends = [row[c] if form.known(row[c]) else row["f1"] for c in ("f1_low", "f1_high")]
            drawn: Any = interval_row(
                scale,
                (row["f1"], *ends),
                beside=[other] if form.known(other) else [],  # type: ignore[list-item]
            )
            f1 = (
                f"{form.coefficient(row['f1'])} [{form.coefficient(row['f1_low'])}, "
                f"{form.coefficient(row['f1_high'])}]"
            )
        else:
            drawn, f1 = "", form.SUPPRESSED_CELL if row["status"] == "suppressed" else form.DASH
        rows.append(
            (
                clean(row["label"]), drawn, f1, form.coefficient(row["precision"]),
                form.coefficient(row["recall"]), form.percent(row["share_other"]),
                form.percent(row["share_reference"]),
            )
        )  # fmt: skip
    n = form.count(themes["n"].max())
    reference, other_name = (clean(c) for c in version.about.coders["agreement"])
    return Grid(
        caption=f"Agreement by theme: {other_name} against {reference}, n\u00a0=\u00a0{n}",
        head=("Theme", "F1, 0 to 1", "F1 [95\u00a0% CI]", "Precision", "Recall",
              f"Prevalence: {other_name}", f"Prevalence: {reference}"),
        rows=tuple(rows), links=tuple(links),
        note="Precision: of the responses that the machine coded with the theme, the share that "
        "people coded with it, too. Recall: of those that people coded, the share that the "
        "machine found."
        + (" Hollow point: two people." if benchmark else ""),
    )  # fmt: skip


def f1_words(version: Version) -> str:
    """How many themes can be relied on, in a sentence."""
    themes = version.tables.get("agreement_themes")
    if themes is None:
        return ""
    f1 = themes["f1"].dropna()
    if f1.empty:
        return ""
    good, poor = int((f1 >= _GOOD).sum()), themes[themes["f1"] < _POOR]
    words = f"F1 is {form.coefficient(_GOOD)} or above for {good} of {len(f1)} themes"
    if len(poor):
        named = ", ".join(clean(v) for v in poor.sort_values("f1")["label"].head(5))
        words += f" and below {form.coefficient(_POOR)} for {len(poor)} ({named}"
        words += f" and {len(poor) - 5} more" if len(poor) > 5 else ""
        words += "): do not rely on these"
    return f"{words}."


def certified_words(version: Version) -> str:
    """How many themes the machine may code alone, in a sentence; "" where that is not known."""
    table = version.tables.get("certificate")
    if table is None or not len(table):
        return ""
    public = "n_checked" not in table
    again = _looks(table)
    table = table[table["verdict"] != SUPPRESSED]
    if table.empty:
        return f"No verdict on what the machine may code alone can be shown.{again}"
    able = int(table["verdict"].isin((AUTOMATE, AUTOMATE_ABOVE)).sum())
    open_ = int((table["verdict"] == UNKNOWN).sum())
    words = (
        f"The machine may code {able or 'none'} of {len(table)} themes alone (precision at least "
        ".80 with 90\u00a0% confidence)"
    )
    if public:
        return f"{words}, by rounded counts; for the others they do not show it.{again}"
    if open_:
        words += f"; for {open_} the hand codes are too few to tell"
    return f"{words}.{again}"


def _looks(table: pd.DataFrame) -> str:
    """What further looks at the same hand codes do to the confidence; "" of a first look."""
    if "looks" not in table or table["looks"].max() < 2:
        return ""
    return (
        f" This was look {int(table['looks'].max())} at these hand codes: the confidence is that "
        "of a first look."
    )


def certificate_grid(version: Version) -> Grid | None:
    """The verdict on each theme, for the researcher alone."""
    table = version.tables.get("certificate")
    if table is None:
        return None
    if "n_checked" not in table:
        table = table.assign(score=np.nan)
        return make_grid(
            table,
            "What the machine may code alone",
            ("Theme", clean, "label"),
            ("Verdict", _verdict, "verdict", "score"),
            ("Precision at least", form.coefficient, "precision_low"),
            note="One-sided bounds at 90\u00a0% confidence, from the published counts alone: of "
            "all counts that round to these, the least favourable." + _looks(table),
            links=tuple(form.anchor(t) for t in table["theme"]),
        )
    return make_grid(
        table,
        "What the machine may code alone",
        ("Theme", clean, "label"),
        ("Verdict", _verdict, "verdict", "score"),
        ("Codes checked", form.count, "n_checked"),
        ("Right", form.count, "n_right"),
        ("Precision at least", form.coefficient, "precision_low"),
        ("Recall at least", form.coefficient, "recall_low"),
        ("Further random codes to settle it", form.count, "n_more"),
        ("Note", clean, "note"),
        note="Exact one-sided bounds from the random hand codes, which taught none of the codes "
        "that they measure, each at 90\u00a0% confidence." + _looks(table),
        links=tuple(form.anchor(t) for t in table["theme"]),
    )


def _verdict(verdict: str, score: float) -> str:
    if verdict == AUTOMATE_ABOVE:
        return f"{verdict} {score:.2f}"
    return form.SUPPRESSED_CELL if verdict == SUPPRESSED else verdict
