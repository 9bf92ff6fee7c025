"""Tables worked out from other tables, exact or published."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Floats
from iapt_topics._base.status import (
    BY_PEOPLE,
    CHANGED,
    CORRECTED,
    FELL,
    NO_CHANGE,
    NOT_CODED,
    NOT_ESTIMABLE,
    ROSE,
    SHOWN,
    SIGNIFICANT,
    UNCHECKED,
)
from iapt_topics.drift.uncertainty import quadrature_difference

#: How the columns of a named figure end.
ENDS = {"estimate": "", "low": "_low", "high": "_high"}
#: Tables of change that no hand codes correct.
UNCORRECTED = ("drift_changepoints", "drift_distances")
#: What ``sample`` says of hand codes, and of those that look otherwise.
RANDOM, UNLIKE = "random", "unlike the survey"
#: The median of fewer changes says too much of each.
FEWEST_CHANGES = 5


def add_status(table: pd.DataFrame, value: str = "estimate") -> pd.DataFrame:
    """An exact table with its ``status``: a figure is there, or cannot be estimated."""
    status = np.where(table[value].notna(), SHOWN, NOT_ESTIMABLE)
    if "n" in table:
        status = np.where(table["n"] == 0, NOT_CODED, status)
    return table.assign(status=status)


def difference(one: pd.DataFrame, two: pd.DataFrame) -> dict[str, pd.Series]:
    """One figure less another, with the interval of their difference as if independent."""
    gap = one["estimate"] - two["estimate"]
    down = np.hypot(one["estimate"] - one["low"], two["high"] - two["estimate"])
    up = np.hypot(one["high"] - one["estimate"], two["estimate"] - two["low"])
    return {"estimate": gap, "low": gap - down, "high": gap + up}


def pole_difference(classes: pd.DataFrame, poles: pd.DataFrame | None = None) -> pd.DataFrame:
    """By year, the second pole's prevalence less the first's, with its 95 % interval.

    ``classes`` has the prevalence of the four classes of the axis by year: first pole only, second
    only, both, neither. Who mentions both adds to either, so the difference is that of the first
    two classes. No response is in both of those, so their estimates are correlated: the interval is
    Newcombe's with that correlation (Zou GY (2007), "Toward using confidence intervals to compare
    correlations", Psychological Methods 12:399-413). Where one of the two is missing, the
    difference is that of ``poles``, the prevalence of both, with the least correlation that they
    can have.
    """
    one, two = _two_lines(classes)
    if poles is not None:
        missing = (one["estimate"].isna() | two["estimate"].isna()).to_numpy()
        one, two = (
            pd.concat([alone[~missing], whole.reindex(alone.index)[missing]]).reindex(alone.index)
            for alone, whole in zip((one, two), _two_lines(poles), strict=True)
        )
    p, q = one["estimate"].astype(float), two["estimate"].astype(float)
    odds = (p / (1 - p)) * (q / (1 - q))
    odds = odds.where(odds <= 1, 1 / odds)  # of poles that most responses mention
    r = -np.sqrt(odds.where((p < 1) & (q < 1), 0.0))
    down, up = q - two["low"], two["high"] - q
    less, more = p - one["low"], one["high"] - p
    gap = q - p
    status = one["status"].where(one["status"] != SHOWN, two["status"])
    return pd.DataFrame(
        {
            "year": one.index,
            "estimate": gap.to_numpy(),
            "low": (gap - np.sqrt(down**2 + more**2 - 2 * r * down * more)).to_numpy(),
            "high": (gap + np.sqrt(up**2 + less**2 - 2 * r * up * less)).to_numpy(),
            "n": one["n"].to_numpy(),
            "status": status.to_numpy(),
            "note": "",
        }
    )


def _two_lines(shares: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the first two themes of a table, by year."""
    names = list(dict.fromkeys(shares["theme"]))[:2]
    one, two = (shares[shares["theme"] == n].set_index("year") for n in names)
    return one, two.reindex(one.index)


def both_years(changes: pd.DataFrame, shares: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares of the year of each change, and of the one that it is set against, row by row."""
    known = shares.set_index(["theme", "year"])
    now, then = (
        known.reindex(pd.MultiIndex.from_frame(changes[["theme", y]])).reset_index(drop=True)
        for y in ("year", "against")
    )
    return now, then


def crude_changes(table: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """The change of prevalence as it is, for each row of changes at a fixed respondent mix."""
    known = changes[changes["kind"] == "baseline"].set_index(["theme", "year"])
    keys = pd.MultiIndex.from_frame(table[["theme", "year"]])
    return known.reindex(keys).reset_index(drop=True)


def compare_changes(years: pd.DataFrame, baseline: int) -> pd.DataFrame:
    """Changes of both coders' shares, and whether they go the same way.

    They are against the baseline, or the first year that both coded if that is none of them.
    ``years`` has ``share_reference`` and ``share_other`` with their limits, by theme and year.
    """
    coded = years["year"].unique()
    baseline = baseline if baseline in coded else coded.min(initial=9999)
    now = years[years["year"] != baseline].reset_index(drop=True)
    then = years[years["year"] == baseline].set_index("theme").reindex(now["theme"])
    out = now[["theme", "year"]].assign(against=baseline, n=now["n"] + then["n"].to_numpy())
    signs = []
    for side in ("reference", "other"):
        pair = (
            pd.DataFrame({c: t[f"share_{side}{end}"].to_numpy() for c, end in ENDS.items()})
            for t in (now, then)
        )
        change = difference(*pair)
        out = out.assign(**{f"change_{side}{end}": change[c] for c, end in ENDS.items()})
        signs.append(np.sign(change["low"]).where(change["low"] * change["high"] > 0, 0))
    way = np.select(
        [signs[0] * signs[1] > 0, signs[0] * signs[1] < 0], ["same", "opposite"], "unclear"
    )
    shown = out[["change_reference", "change_other"]].notna().all(axis=1)
    return out.assign(way=np.where(shown, way, ""))


def corrected_changes(
    corrected: pd.DataFrame, changes: pd.DataFrame, tests: pd.DataFrame
) -> pd.DataFrame:
    """Changes of corrected shares against the baseline, beside the machine's.

    Parameters
    ----------
    corrected : DataFrame
        Corrected shares by theme and year, with ``n`` hand-coded responses and ``sample``.
    changes : DataFrame
        The machine's changes.
    tests : DataFrame
        From :func:`iapt_topics.drift.machine_error.change_tests`.
    """
    rows = changes[changes["kind"] == "baseline"]
    rows = rows[rows["theme"].isin(corrected["theme"])].reset_index(drop=True)
    now, then = both_years(rows, corrected)
    key = ["theme", "year", "against"]
    tests = tests.set_index(key).reindex(pd.MultiIndex.from_frame(rows[key]))
    out = rows[key].assign(
        **{f"machine{end}": rows[c] for c, end in ENDS.items()},
        **{str(c): tests[c].to_numpy() for c in tests},
        n=now["n"] + then["n"],
        sample=now["sample"].fillna(""),
    )
    return out.assign(finding=find_changes(out, out["sample"] == RANDOM))


def corrected_trends(
    corrected: pd.DataFrame, trends: pd.DataFrame, tests: pd.DataFrame
) -> pd.DataFrame:
    """Trends of corrected shares beside the machine's.

    Parameters
    ----------
    corrected : DataFrame
        Corrected shares by theme and year, with ``n`` hand-coded responses and ``sample``.
    trends : DataFrame
        The machine's trends.
    tests : DataFrame
        From :func:`iapt_topics.drift.machine_error.trend_tests`.
    """
    tests = tests[tests["theme"].isin(corrected["theme"])].reset_index(drop=True)
    key = ["theme", "test"]
    machine = trends.set_index(key).reindex(pd.MultiIndex.from_frame(tests[key]))
    known = corrected.groupby("theme")
    out = tests.assign(
        **{f"machine{end}": machine[c].to_numpy() for c, end in ENDS.items()},
        n=tests["theme"].map(known["n"].sum(min_count=1)),
        sample=tests["theme"].map(known["sample"].first()),
    )
    return out.assign(finding=find_changes(out, out["sample"] == RANDOM))


def find_changes(changes: pd.DataFrame, checked: pd.Series) -> NDArray[Any]:
    """What may be said of each change: nothing of one that is missing, or that was not checked."""
    significant = changes["p_bh"] < SIGNIFICANT
    way = np.where(changes["estimate"] > 0, ROSE, FELL)
    if "test" in changes:  # a range has no direction, nor has a peak
        way = np.where(changes["test"] == "linear", way, CHANGED)
    found = np.where(checked, np.where(significant, way, NO_CHANGE), UNCHECKED)
    return np.asarray(np.where(changes["estimate"].notna(), found, ""))


def add_findings(
    changes: pd.DataFrame, coder_kind: str, corrected: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Add ``checked`` and ``finding`` to changes, or trends, of one coder.

    A change in a machine's codes can be the machine's: its errors differ from year to year. It is
    found only if the change as corrected by people's codes of a random sample is.
    """
    if coder_kind == "human":
        every = pd.Series(True, changes.index)
        return changes.assign(checked=BY_PEOPLE, finding=find_changes(changes, every))
    finding = np.where(changes["estimate"].notna(), UNCHECKED, "")
    out = changes.assign(checked=UNCHECKED, finding=finding)
    if corrected is None or corrected.empty or out.empty:
        return out
    key = [c for c in ("theme", "test", "year", "against") if c in out]
    known = corrected.set_index(key)["finding"].reindex(pd.MultiIndex.from_frame(out[key]))
    found = known.fillna("").to_numpy()
    use = ~np.isin(found, ["", UNCHECKED])
    if "kind" in out:
        use &= (out["kind"] == "baseline").to_numpy()
    use &= out["estimate"].notna().to_numpy()
    return out.assign(
        checked=np.where(use, CORRECTED, out["checked"]),
        finding=np.where(use, found, out["finding"]),
    )


def mark_checked(table: pd.DataFrame, coder_kind: str) -> pd.DataFrame:
    """Add ``checked`` to what no hand codes correct."""
    return table.assign(checked=BY_PEOPLE if coder_kind == "human" else UNCHECKED)


def widths_by_source(
    corrected: pd.DataFrame | None,
    changes: pd.DataFrame,
    topics: Mapping[str, Floats] = MappingProxyType({}),
) -> pd.DataFrame:
    """Width of the 95 % interval of the median change against the baseline, by source.

    In whole percentage points, rounded up. Coding error is what must be added in quadrature to the
    width from sampling to give that of the corrected change.
    """
    shown = changes[(changes["kind"] == "baseline") & (changes["status"] == SHOWN)]
    widths = {("themes", "sampling"): (shown["high"] - shown["low"]).to_numpy(float)}
    if corrected is not None and (corrected["status"] == SHOWN).sum() >= FEWEST_CHANGES:
        rows = corrected[corrected["status"] == SHOWN]
        sampling, whole = (
            (rows[f"{of}high"] - rows[f"{of}low"]).to_numpy(float) for of in ("machine_", "")
        )
        parts = {
            "sampling": sampling,
            "coding": quadrature_difference(whole, sampling),
            "together": whole,
        }
        widths |= {("themes", source): width for source, width in parts.items()}
    widths |= {("topics", source): width for source, width in topics.items()}
    table = [
        {
            "what": what,
            "source": source,
            "n": len(width),
            "width": np.ceil(100 * np.median(width) - 1e-9) / 100 if enough else np.nan,
            "status": SHOWN if enough else NOT_ESTIMABLE,
            "note": "" if enough else f"fewer than {FEWEST_CHANGES} changes",
        }
        for (what, source), width in widths.items()
        for enough in [len(width) >= FEWEST_CHANGES]
    ]
    return pd.DataFrame(table, columns=["what", "source", "n", "width", "status", "note"])
