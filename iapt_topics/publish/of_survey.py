"""What is published of the survey itself: rows, respondents, response quality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics.publish.cells import WITHHELD, _share
from iapt_topics.publish.counts import ALL, System
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.suppression import Key
from iapt_topics.stats.share_model import share_limits
from iapt_topics.survey.respondents import levels_of, respondent_mix, response_quality, tabulated

if TYPE_CHECKING:
    from iapt_topics.survey.responses import Responses


def _ledger(responses: Responses, hidden: set[Key], rule: Disclosure) -> pd.DataFrame:
    """What became of the rows of each year, rounded; nothing of a year with too few responses.

    How many rows were blank or copies says nothing of what anybody wrote, so small numbers of these
    are not withheld.
    """
    table = responses.ledger.groupby(["year", "status"], sort=False)["n"].sum().reset_index()
    gone = np.array([("kept", int(y)) in hidden for y in table["year"]], dtype=bool)
    n = np.array([rule.rounded(v) for v in table["n"]], dtype=float)
    return table.assign(n=np.where(gone, np.nan, n), note=np.where(gone, WITHHELD, ""))


def _ledger_totals(
    system: System,
    responses: Responses,
    by_year: pd.DataFrame,
    hidden: set[Key],
    rule: Disclosure,
) -> pd.DataFrame:
    """What became of the rows of all years, each number rounded by itself.

    Also of all rows, "read", and of the respondents whose rows were kept, "people".
    """
    exact = responses.ledger.groupby("status", sort=False)["n"].sum()
    gone = {str(s) for s in by_year.loc[by_year["n"].isna(), "status"]}
    gone |= {"read"} if gone else set()
    gone -= set() if ("kept", ALL) in hidden else {"kept"}
    gone |= {"people"} if ("people", ALL) in hidden else set()
    rows = {"read": exact.sum(), **exact, "people": system.cells["people", ALL].count}
    n = [np.nan if s in gone else float(rule.rounded(v)) for s, v in rows.items()]
    note = [WITHHELD if s in gone else "" for s in rows]
    return pd.DataFrame({"status": list(rows), "n": n, "note": note})


def _levels(responses: Responses) -> dict[str, pd.Series]:
    """Level of each covariate by kept response."""
    kept = responses.kept.set_index("response_id")
    return {c: levels_of(kept[c]) for c in tabulated(responses)}


def _who(
    system: System,
    responses: Responses,
    covariates: Sequence[str],
    hidden: set[Key],
    rule: Disclosure,
) -> pd.DataFrame:
    """Who answered, by year; no name of a level of too few, and no test with a year withheld."""
    table, rows, few = respondent_mix(responses, covariates), [], 0
    for (name, level), part in table.groupby(["covariate", "level"], sort=False):
        keys = [("level", name, level, int(y)) for y in part["year"]]
        behind = set().union(*(system.cells[k].people for k in keys if k in system.cells))
        if rule.is_small(len(behind)):
            few += 1
            level = f"(too few people, {few})"
        for key, row in zip(keys, part.to_dict("records"), strict=True):
            share = _share(system, key, ("kept", key[3]), row["n_effective"], hidden, rule)
            tests = {c: float(np.clip(round(row[c], 3), 0.001, None)) for c in ("p", "p_bh")}
            share["note"] = share["note"] or row["note"]
            rows.append({"covariate": name, "level": level, "year": key[3]} | share | tests)
    columns = [c for c in table.columns if c != "n_effective"]
    out = pd.DataFrame(rows, columns=columns)
    gone = out["estimate"].isna().groupby([out["covariate"], out["level"]]).transform("any")
    return out.assign(p=out["p"].mask(gone), p_bh=out["p_bh"].mask(gone))


def _how(responses: Responses, ledger: pd.DataFrame, rule: Disclosure) -> pd.DataFrame:
    """Rows that are no answer, as shares of published counts, and words of a response."""
    out = response_quality(responses)
    rows = ledger.groupby("year")["n"].agg(lambda n: n.sum(skipna=False))
    count = ledger.set_index(["status", "year"])["n"]
    words = (out["measure"] == "words").to_numpy()
    keys = list(zip(out["measure"].where(~words, "kept"), out["year"], strict=True))
    k = count.reindex(pd.MultiIndex.from_tuples(keys)).to_numpy(float)
    n = np.where(words, k, out["year"].map(rows).to_numpy(float))
    shown = n >= rule.min_base
    n_safe = np.where(shown, n, 1)
    exact = np.where(words, 1.0, out["n"] / out["n_effective"])
    effect = np.maximum(np.round(exact, 1), 1)
    share = np.where(shown, np.minimum(k, n), 0) / n_safe
    low, high = share_limits(share, n_safe / effect, exact == 1)
    new = {"estimate": k / n_safe, "low": low, "high": high}
    out = out.assign(n=n, **{c: np.where(words, out[c].round(1), v) for c, v in new.items()})
    note = np.where(np.isnan(n), WITHHELD, f"no figure out of fewer than {rule.min_base}")
    out = out.assign(note=np.where(shown, out["note"], note))
    out = out.assign(**{c: out[c].where(shown) for c in new})
    whole = pd.Series(shown, out.index).groupby(out["measure"]).transform("all")
    tests = {c: out[c].astype(float).round(3).clip(lower=0.001).where(whole) for c in ("p", "p_bh")}
    return out.assign(**tests).drop(columns="n_effective")
