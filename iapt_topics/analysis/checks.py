"""What to look at before the results of a study are believed."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from iapt_topics.publish.wording import coefficient
from iapt_topics.study.study import Study
from iapt_topics.topics.topics import MIN_SUPPORT

FINE, LOOK, NOT_CHECKED = "fine", "look", "not checked"
#: Adjusted p below which a change of the mix of respondents or of response quality is told.
_LEVEL = 0.05
#: Share of responses or topics above which it is told that the codebook or the topics fit badly.
_MANY = 0.5
#: Fewest responses of a wave that a change can be expected to be seen in.
_SMALL_WAVE = 100


class Check(NamedTuple):
    """One thing that was looked at: its status, what was found, and what that rests on."""

    check: str
    status: str
    finding: str
    n: int


def check_study(study: Study) -> pd.DataFrame:
    """Tabulate what stands for and against a study's results, each with what it rests on.

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
        _validation(study),
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


def _validation(study: Study) -> Check:
    name, comparison = "validation", study.comparison
    if comparison is None:
        return Check(
            name, NOT_CHECKED,
            "No response was coded by people, so the machine's codes are not validated. Code a "
            "random sample: next_to_code chooses one.", 0,
        )  # fmt: skip
    f1 = comparison.overall.set_index("measure").loc["f1_macro"]
    if pd.isna(f1["estimate"]):
        return Check(
            name, NOT_CHECKED, "Too few hand-coded responses to estimate F1.", comparison.n
        )
    return Check(
        name,
        FINE if f1["low"] >= _MANY else LOOK,
        f"Macro-F1 of the machine with {comparison.reference} is {coefficient(f1['estimate'])} "
        f"(95 % CI {coefficient(f1['low'])} to {coefficient(f1['high'])}). Agreement varies by "
        "theme: see "
        "tables['agreement_themes'].",
        comparison.n,
    )


def _benchmark(study: Study) -> Check:
    name, benchmark = "human-human agreement", study.benchmark
    if benchmark is None:
        finding = "No second person coded, so there is no benchmark for the machine."
        return Check(name, NOT_CHECKED, finding, 0)
    f1 = benchmark.overall.set_index("measure").loc["f1_macro"]
    finding = "Too few responses coded by both to estimate F1."
    if pd.notna(f1["estimate"]):
        finding = (
            f"Macro-F1 of {benchmark.reference} and {benchmark.other} is "
            f"{coefficient(f1['estimate'])} (95 % CI {coefficient(f1['low'])} to "
            f"{coefficient(f1['high'])}): a practical benchmark for the machine."
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
        return Check(name, NOT_CHECKED, f"No change of {name} could be tested.", 0)
    n = int(rows.drop_duplicates("year")["n"].sum())
    if moved := [str(v) for v in rows.loc[rows["p_bh"] < _LEVEL, column].unique()]:
        finding = f"It changed between waves ({', '.join(moved)}): compare at a fixed mix."
        return Check(name, LOOK, finding, n)
    return Check(name, FINE, f"No evidence that {name} changed between waves.", n)


def _panel(study: Study) -> Check:
    kept = study.responses.kept
    known = kept[~kept["respondent_id"].str.startswith("row:") & (kept["respondent_id"] != "")]
    waves = known.groupby("respondent_id")["year"].nunique()
    again = int((waves > 1).sum())
    if not again:
        return Check("panel", FINE, "No respondent answered in more than one wave.", len(waves))
    finding = (
        f"{again:,} of {len(waves):,} respondents answered in more than one wave: this is a panel, "
        "in part at least. Look at measure_panel as well."
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
        return Check("file", FINE, "Nothing was found that needs a look.", n)
    return Check("file", LOOK, " ".join(notes), n)
