"""Key findings: a badge of validity, sentences written from the numbers, and alerts that matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics._base.status import SIGNIFICANT, UNCHECKED
from iapt_topics._base.text import clean
from iapt_topics.report import format as form
from iapt_topics.report.changes import Change
from iapt_topics.report.trust import certified_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iapt_topics.publish.published import Version

#: Share of topics without a theme above which the codebook may not fit.
_MISFIT = 0.5
#: Responses of a wave below which only large changes are detectable.
_SMALL_WAVE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """How far the machine's codes were checked against people's: words, figures and a class."""

    words: str
    figures: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What to keep in mind before reading on, and the section that says more."""

    words: str
    section: str


def validity(version: Version) -> Badge:
    """The badge."""
    overall = version.tables.get("agreement_overall")
    if overall is None:
        return Badge(
            words="NOT VALIDATED", kind="bad",
            figures="0 responses were coded by people: the accuracy of these figures is unknown.",
        )  # fmt: skip
    row = overall.set_index("measure").loc["f1_macro"]
    n = form.count(row["n"])
    if not form.known(row["estimate"]):
        words = f"{n} responses were coded by people: too few to estimate agreement."
        return Badge(words="NOT VALIDATED", figures=words, kind="bad")
    low = row["low"] if form.known(row["low"]) else row["estimate"]
    figures = f"{n} hand-coded responses; macro-F1 {form.coefficient(row['estimate'])}"
    if form.known(row["low"]):
        figures += f" [{form.coefficient(row['low'])}, {form.coefficient(row['high'])}]"
    people = version.tables.get("people_overall")
    if people is not None:
        benchmark = people.set_index("measure")["estimate"].get("f1_macro")
        if form.known(benchmark):
            figures += f"; between two people {form.coefficient(benchmark)}"
    good = low >= _MISFIT
    words = "CHECKED AGAINST PEOPLE" if good else "LOW AGREEMENT WITH PEOPLE"
    figures = f"{figures}. {certified_words(version)}".rstrip()
    return Badge(words=words, figures=figures, kind="good" if good else "bad")


def key_findings(version: Version, changes: Sequence[Change]) -> list[str]:
    """One to three sentences, each from figures of the report."""
    told = (
        _poles(version),
        _changed(version, changes),
        "" if changes else frequent(version),  # where there is no change to tell of
    )
    return [sentence for sentence in told if sentence] or [
        "This survey is too small for any figure by theme to be published. The private report has "
        "them."
    ]


def _poles(version: Version) -> str:
    """Which pole is mentioned more often in the last wave, and in how many of the others."""
    table = version.tables.get("pole_difference")
    if table is None:
        return ""
    rows = table[table["estimate"].notna()].sort_values("year")
    if rows.empty:
        return ""
    last = rows.iloc[-1]
    one, two = (form.label_of(version.labels, p) for p in version.about.poles)
    shares = version.tables["pole_shares"]
    shares = shares[shares["year"] == last["year"]].set_index("theme")["estimate"]
    p, q = (shares.get(pole) for pole in version.about.poles)
    wave = version.wave(last["year"])
    gap = f"{form.points(abs(last['estimate'])).lstrip('+')} points"
    ends = sorted((abs(last["low"]), abs(last["high"])))
    between = f"95\u00a0% CI {' to '.join(form.points(e).lstrip('+') for e in ends)}"
    if last["low"] <= 0 <= last["high"]:
        return (
            f"In {wave}, we found no clear difference between {one} ({form.percent(p)} of "
            f"responses) and {two} ({form.percent(q)})."
        )
    more, less = ((two, q), (one, p)) if last["estimate"] > 0 else ((one, p), (two, q))
    same = int((rows["estimate"] * last["estimate"] > 0).sum())
    figures = f"{form.percent(more[1])} and {form.percent(less[1])} of responses"
    difference = f"(difference {gap}, {between})"
    if len(rows) == 1:
        return f"{more[0]} was mentioned more often than {less[0]}: {figures} {difference}."
    led = f"{same} of the {len(rows)} waves shown"
    if same == len(rows):
        led = "every wave" if same == len(version.about.years) else f"all {same} waves shown"
    return (
        f"{more[0]} was mentioned more often than {less[0]} in {led}: in {wave}, {figures} "
        f"{difference}."
    )


def _changed(version: Version, changes: Sequence[Change]) -> str:
    """How many themes changed, and the largest rise and fall; apart, what was not checked."""
    if not changes:
        return ""
    rows = version.tables["drift_changes"]
    last = version.wave(rows.loc[rows["kind"] == "baseline", "year"].max())
    between = f"Between {version.wave(version.about.baseline)} and {last}"
    checked = [c for c in changes if c.checked != UNCHECKED]
    alone = [c for c in changes if c.checked == UNCHECKED]
    every = len(changes) == rows["theme"].nunique()
    told = []
    if checked:
        by = ", corrected by human codes," if any(c.corrected for c in checked) else ","
        told.append(
            f"{between}{by} {_moved([c for c in checked if c.significant], checked, every)}"
        )
    if alone:
        differ = [c for c in alone if c.p < SIGNIFICANT]
        if not checked:
            told.append(
                f"{between}, {len(differ) or 'none'} of {len(alone)} themes"
                f"{'' if every else ' shown'} differ{'s' if len(differ) == 1 else ''} in machine "
                "codes (adjusted p < .05). No change was checked against human codes of a random "
                "sample, so none is reported as found."
            )
        else:
            n = f"{len(alone)} further theme{'s were' if len(alone) > 1 else ' was'}"
            told.append(f"{n} not checked against human codes.")
    return " ".join(told)


def _moved(moved: Sequence[Change], of: Sequence[Change], every: bool) -> str:
    """How many of some themes changed, and the largest rise and fall."""
    if not moved:
        smallest = pd.Series([c.smallest for c in of]).median()
        missed = f" Changes of fewer than about {100 * smallest:.0f} points could be missed."
        return "no theme changed significantly." + (missed if form.known(smallest) else "")
    ends = {
        c.theme: c
        for c in (max(moved, key=lambda c: c.change[0]), min(moved, key=lambda c: c.change[0]))
    }
    told = [
        f"{c.label} {'rose' if c.change[0] > 0 else 'fell'} from {c.printed[0]} to {c.printed[1]}"
        for c in ends.values()
    ]
    most = "the largest rise and fall: " if len(moved) > 2 and len(told) == 2 else ""
    n = f"{len(moved)} of {len(of)} themes{'' if every else ' shown'}"
    n = n if len(of) > 1 else "the one theme shown"
    return f"{n} changed significantly: {most}{' and '.join(told)}."


def frequent(version: Version) -> str:
    """The commonest themes."""
    table = version.tables["theme_shares"]
    rows = table[table["estimate"] > 0].sort_values("estimate", ascending=False, kind="stable")
    hidden = bool(table["count"].isna().any())
    named = [
        f"{form.label_of(version.labels, r['theme'])} ({form.percent(r['estimate'])})"
        for r in rows.head(3).to_dict("records")
    ]
    if not named:
        return ""
    which = "The most frequent themes that can be shown" if hidden else "The most frequent themes"
    return f"{which} were {', '.join(named)}."


def alerts(version: Version) -> list[Alert]:
    """What matters for this study, and nothing else."""
    tables = version.tables
    out = []
    pairs = tables["topic_mapping"].drop_duplicates("topic")
    alone = int((pairs["theme"] == "").sum())  # a topic without a theme has one row
    if alone > _MISFIT * len(pairs):
        out.append(Alert(
            words=f"{alone} of {len(pairs)} topics match no theme: the codebook may not "
            "fit this survey.", section="topics",
        ))  # fmt: skip
    mix = tables.get("respondent_mix")
    if mix is not None and mix["year"].nunique() > 1:
        levels = [clean(v) for v in mix.loc[mix["p_bh"] < SIGNIFICANT, "level"].unique()]
        if levels:
            out.append(Alert(
                words=f"The respondent mix changed between waves ({', '.join(levels)}), so a theme "
                "can change for that reason alone.", section="who",
            ))  # fmt: skip
    quality = tables["response_quality"]
    if quality["year"].nunique() > 1 and bool((quality["p_bh"] < SIGNIFICANT).any()):
        out.append(Alert(
            words="The length or quality of responses changed between waves, so a theme can change "
            "for that reason alone.", section="who",
        ))  # fmt: skip
    bases = tables["drift_shares"].groupby("year")["n"].max()
    small = [version.wave(y) for y in bases.index[bases.between(1, _SMALL_WAVE - 1)]]
    if small:
        out.append(Alert(
            words=f"Fewer than {_SMALL_WAVE} responses in {', '.join(small)}: only large changes "
            "can be detected.", section="change",
        ))  # fmt: skip
    totals = tables["ledger_totals"].set_index("status")["n"]
    kept, people, other, read = (
        float(totals.get(name, np.nan)) for name in ("kept", "people", "not_codable", "read")
    )
    if version.about.panel and people < kept and len(bases) > 1:
        out.append(Alert(
            words=f"Some people answered more than once ({form.count(kept)} responses from "
            f"{form.count(people)} respondents). The intervals allow for this; changes within the "
            "same people stand apart.", section="change",
        ))  # fmt: skip
    if other > 0.05 * read:
        out.append(Alert(
            words=f"{form.count(other)} responses are in another language or too long, and were "
            "left out.", section="who",
        ))  # fmt: skip
    return out
