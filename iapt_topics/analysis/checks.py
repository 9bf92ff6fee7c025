"""Points to check before the results of a study are interpreted."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from iapt_topics.agreement.comparison import Comparison
from iapt_topics.publish.wording import coefficient
from iapt_topics.study.study import Study
from iapt_topics.topics.topics import MIN_SUPPORT

FINE, LOOK, NOT_CHECKED = "fine", "look", "not checked"
#: Adjusted p below which a change in respondent mix or response quality is reported.
_LEVEL = 0.05
#: Share of responses or topics above which a poor fit of the codebook or topics is reported.
_MANY = 0.5
#: Responses of a wave below which only large changes are detectable.
_SMALL_WAVE = 100


class Check(NamedTuple):
    """One check: its name, its status, the finding, and how many responses or rows it rests on."""

    check: str
    status: str
    finding: str
    n: int


def check_study(study: Study) -> pd.DataFrame:
    """Tabulate points to check before a study's results are interpreted.

    Parameters
    ----------
    study : Study
        Every exact result of one run.

    Returns
    -------
    DataFrame
        ``check``, ``status`` ("fine", "look", "not checked"), ``finding``, ``n``.
    """
    checks = (
        _machine_human(study),
        _benchmark(study),
        _frame_fit(study),
        _stability(study),
        _moved(study, "respondent_mix", "respondent mix", "level"),
        _moved(study, "response_quality", "response quality", "measure"),
        _panel(study),
        _waves(study),
        _file(study),
    )
    return pd.DataFrame(checks, columns=Check._fields)


def macro_f1(comparison: Comparison) -> Any:
    """The row of macro-F1 in a comparison."""
    return comparison.overall.set_index("measure").loc["f1_macro"]


def with_interval(row: Any) -> str:
    """A coefficient, with its 95 % confidence interval where that can be estimated."""
    value, low, high = (coefficient(row[c]) for c in ("estimate", "low", "high"))
    return value if pd.isna(row["low"]) else f"{value} (95 % CI {low} to {high})"


def _machine_human(study: Study) -> Check:
    name, comparison = "machine-human agreement", study.comparison
    if comparison is None:
        return Check(
            name, NOT_CHECKED,
            "No response was coded by people, so machine-human agreement is unknown. Code a "
            "random sample: codes.next_to_code draws one.", 0,
        )  # fmt: skip
    f1 = macro_f1(comparison)
    if pd.isna(f1["estimate"]):
        return Check(
            name, NOT_CHECKED, "Too few hand-coded responses to estimate F1.", comparison.n
        )
    return Check(
        name,
        FINE if (f1["estimate"] if pd.isna(f1["low"]) else f1["low"]) >= _MANY else LOOK,
        f"Macro-F1 between the machine and {comparison.reference} is {with_interval(f1)}. "
        "Agreement can vary by theme: see tables['agreement_themes'].",
        comparison.n,
    )


def _benchmark(study: Study) -> Check:
    name, benchmark = "human-human agreement", study.benchmark
    if benchmark is None:
        finding = "No response was coded by two people, so there is no benchmark for the machine."
        return Check(name, NOT_CHECKED, finding, 0)
    f1 = macro_f1(benchmark)
    finding = "Too few responses coded by both to estimate F1."
    if pd.notna(f1["estimate"]):
        finding = (
            f"Macro-F1 between {benchmark.reference} and {benchmark.other} is "
            f"{with_interval(f1)}: a practical benchmark for the machine."
        )
    return Check(name, FINE, finding, benchmark.n)


def _frame_fit(study: Study) -> Check:
    coded = study.codes.table["response_id"].nunique()
    n, topics = len(study.codes.seen), study.topics.n_topics
    alone = int((study.mapping.table["theme"] == "").sum())
    bad = coded < (1 - _MANY) * n or alone > _MANY * topics
    finding = (
        f"{coded / n:.0%} of responses have a theme of the codebook; {alone} of {topics} topics "
        "match no theme."
    )
    return Check("codebook", LOOK if bad else FINE, finding, n)


def _stability(study: Study) -> Check:
    support = study.topics.assignments["support"]
    low = float((support < MIN_SUPPORT).mean())
    finding = (
        f"{low:.0%} of responses have no stable topic: fewer than half of the "
        f"{len(study.topics.runs)} runs agree."
    )
    return Check("topics", LOOK if low > _MANY else FINE, finding, len(support))


def _moved(study: Study, table: str, name: str, column: str) -> Check:
    rows = study.tables.get(table)
    if rows is None or rows["p_bh"].isna().all():
        return Check(name, NOT_CHECKED, f"No change in {name} could be tested.", 0)
    n = int(rows.drop_duplicates("year")["n"].sum())
    if moved := [str(v) for v in rows.loc[rows["p_bh"] < _LEVEL, column].unique()]:
        finding = (
            f"Change in {name} between waves ({', '.join(moved)}). Prevalence can change for that "
            "reason alone."
        )
        return Check(name, LOOK, finding, n)
    return Check(name, FINE, f"We found no evidence of change in {name} between waves.", n)


def _panel(study: Study) -> Check:
    kept = study.responses.kept
    who = kept["respondent_id"]
    # Without a column of respondents each response has its own id in its place.
    known = kept[~who.str.startswith("row:") & (who != "") & (who != kept["response_id"])]
    waves = known.groupby("respondent_id")["year"].nunique()
    again = int((waves > 1).sum())
    if not len(waves):
        finding = (
            "The survey has no respondent ids of its own, so it is unknown whether anybody "
            "answered in more than one wave."
        )
        return Check("panel", NOT_CHECKED, finding, 0)
    if not again:
        return Check("panel", FINE, "No respondent answered in more than one wave.", len(waves))
    finding = (
        f"{again:,} of {len(waves):,} respondents answered in more than one wave. "
        "drift.measure_panel follows them."
    )
    return Check("panel", LOOK, finding, len(waves))


def _waves(study: Study) -> Check:
    sizes = study.responses.kept["year"].value_counts().sort_index()
    small = [study.about.wave(y) for y in sizes.index[sizes < _SMALL_WAVE]]
    finding = f"Each wave has at least {_SMALL_WAVE} responses."
    if small:
        finding = (
            f"Fewer than {_SMALL_WAVE} responses in {', '.join(small)}: only large changes are "
            "detectable."
        )
    return Check("waves", LOOK if small else FINE, finding, int(sizes.sum()))


def _file(study: Study) -> Check:
    notes, n = study.responses.notes, len(study.responses.table)
    if not notes:
        return Check("file", FINE, "Reading the file raised no notes.", n)
    return Check("file", LOOK, " ".join(notes), n)
