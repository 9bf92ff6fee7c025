"""A verdict on each claim from its specification curve, and what of it may be published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from iapt_topics._base.result import Result
from iapt_topics._base.status import NO_CHANGE, SIGNIFICANT, UNCHECKED
from iapt_topics.analysis.claims import HIGHER, LOWER, NO_TREND
from iapt_topics.report.curve import write_curve
from iapt_topics.report.pictures import last_changes

if TYPE_CHECKING:
    from iapt_topics.publish.published import Published

STABLE, DEPENDS, UNDETERMINED = "stable", "depends", "undetermined"
#: The choices, in the order of the curve.
CHOICES = ("sentence model", "examples", "threshold", "borderline", "seed", "number of topics")
#: Part of the specifications that must say something of a claim.
_ENOUGH = 2 / 3


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Sensitivity(Result):
    """How far each claim of a report hangs on choices. EXACT, for the researcher alone.

    Attributes
    ----------
    claims : DataFrame
        One row a claim: ``claim`` (such as "change: S1"), ``label`` (what it is of), ``result``,
        ``estimate``, ``low``, ``high``, ``p`` (adjusted) of the study itself; ``verdict``: "stable"
        (the same result under every specification that gives one), "depends" (on the choices in
        ``depends_on``, each of which alone changes the result somewhere) or "undetermined" (too few
        specifications give a result, or the study itself gives none); ``n`` specifications,
        ``n_same`` of these with the study's result, ``n_same_side`` with a 95 % interval on the
        same side of 0 as the study's (none where that holds 0); ``lowest``, ``highest`` estimate;
        ``note``.
    curve : DataFrame
        One row for each claim and specification, by claim and rising estimate: ``claim``,
        ``estimate``, ``low``, ``high``, ``p``, ``result``, ``own`` (whether it is the study's own)
        and a column for each choice: "sentence model", "examples" (of the codebook), "threshold"
        (probability from which a sentence gets a theme), "borderline" (responses between the
        thresholds or, of topics, without a stable topic), "seed", "number of topics".
    """

    claims: pd.DataFrame
    curve: pd.DataFrame

    _view: ClassVar[tuple[str, ...]] = (
        "claims: claim label result verdict depends_on n_same n_same_side n lowest highest",
    )

    def _title(self) -> str:
        of = self.claims["verdict"].value_counts()
        words = ", ".join(f"{of.get(v, 0)} {v}" for v in (STABLE, DEPENDS, UNDETERMINED))
        return f"Sensitivity of {len(self.claims)} claims: {words}"

    def report(self, path: str | Path) -> Path:
        """Write the curves as one offline page, marked PRIVATE, for this account alone.

        Parameters
        ----------
        path : str or Path
            An ``.html`` file.

        Returns
        -------
        Path
            The file.
        """
        return write_curve(path, self.claims, self.curve, CHOICES)

    def publish(self, published: Published) -> pd.DataFrame:
        """Verdicts on the claims that a public version makes, without any estimate.

        Parameters
        ----------
        published : Published
            Of the same study.

        Returns
        -------
        DataFrame
            ``claim``, ``label``, ``result``, ``verdict``, ``depends_on``, ``n``, ``n_same``.
            A claim that is not shown there, or that says something else there than in the exact
            figures, is left out. Estimates of several specifications would tell small counts
            apart, so there are none.
        """
        shown = _public_results(published)
        rows = self.claims[[shown.get(c) == r for c, r in zip(
            self.claims["claim"], self.claims["result"], strict=True
        )]]  # fmt: skip
        columns = ["claim", "label", "result", "verdict", "depends_on", "n", "n_same"]
        return rows[columns].reset_index(drop=True)


def judge_claims(curve: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """A verdict on each claim from what the specifications say of it.

    Parameters
    ----------
    curve : DataFrame
        As ``Sensitivity.curve``.
    labels : mapping of str to str
        What each claim is of.

    Returns
    -------
    DataFrame
        As ``Sensitivity.claims``.
    """
    rows = [
        {"claim": claim, "label": labels.get(str(claim), ""), **_judged(of)}
        for claim, of in curve.groupby("claim", sort=False)
    ]
    return pd.DataFrame(rows)


def _judged(rows: pd.DataFrame) -> dict[str, Any]:
    own = rows[rows["own"]].iloc[0]
    known = rows[rows["result"] != ""]
    same = int((known["result"] == own["result"]).sum()) if own["result"] else 0
    depends, note = _depends_on(known), ""
    if not own["result"]:
        verdict, depends, note = UNDETERMINED, [], "the study itself gives no result"
    elif len(known) < 2 or len(known) < _ENOUGH * len(rows):
        verdict, depends = UNDETERMINED, []
        note = f"{len(known)} of {len(rows)} specifications give a result"
    elif known["result"].nunique() == 1:
        verdict = STABLE
    elif depends:
        verdict = DEPENDS
    else:
        verdict, note = UNDETERMINED, "no choice alone changes the result, several together do"
    figures = {c: own[c] for c in ("result", "estimate", "low", "high", "p")}
    return figures | {
        "verdict": verdict,
        "depends_on": ", ".join(depends) if verdict == DEPENDS else "",
        "n": len(rows),
        "n_same": same,
        "n_same_side": _same_side(rows, own),
        "lowest": known["estimate"].min(),
        "highest": known["estimate"].max(),
        "note": note,
    }


def _same_side(rows: pd.DataFrame, own: pd.Series[Any]) -> int:
    """In how many specifications the interval leaves 0 out on the side where the study's does."""
    if own["low"] > 0:
        return int((rows["low"] > 0).sum())
    return int((rows["high"] < 0).sum()) if own["high"] < 0 else 0


def _depends_on(rows: pd.DataFrame) -> list[str]:
    """Choices of which one alone, all others equal, changes the result somewhere."""
    found = set()
    table = rows[[*CHOICES, "result"]].to_dict("records")
    for one, two in combinations(table, 2):
        apart = [c for c in CHOICES if one[c] != two[c]]
        if len(apart) == 1 and one["result"] != two["result"]:
            found.add(apart[0])
    return [c for c in CHOICES if c in found]


def _public_results(published: Published) -> dict[str, str]:
    """What a public version says of each claim that it shows."""
    tables, out = published.tables, {}

    def way(row: Mapping[Any, Any], level: str) -> str:
        return level if row["p_bh"] >= SIGNIFICANT else HIGHER if row["estimate"] > 0 else LOWER

    for r in last_changes(tables["drift_changes"]).to_dict("records"):
        if np.isfinite([r["estimate"], r["p_bh"]]).all():
            unchecked = r["finding"] == UNCHECKED
            out[f"change: {r['theme']}"] = way(r, NO_CHANGE) if unchecked else r["finding"]
    trends = tables["drift_trends"]
    for r in trends[trends["test"] == "linear"].to_dict("records"):
        if np.isfinite([r["estimate"], r["p_bh"]]).all():
            checked = r["checked"] != UNCHECKED and r.get("finding", "")
            said = NO_TREND if checked == NO_CHANGE else checked
            out[f"trend: {r['theme']}"] = said or way(r, NO_TREND)
    shares = tables["theme_shares"].dropna(subset="estimate")
    if len(shares):
        out["largest theme"] = str(shares["theme"].iloc[int(shares["estimate"].argmax())])
    return out
