"""What is published of the survey itself: rows, respondents, response quality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats
from iapt_topics._base.status import SHOWN, SMALL_BASE, SUPPRESSED
from iapt_topics.publish.cells import Cells, round_p, rounding_variance, widen
from iapt_topics.publish.counts import ALL
from iapt_topics.publish.suppression import Key
from iapt_topics.publish.year_model import any_difference
from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.stats.share_model import share_limits
from iapt_topics.study.tables import Tables


def publish_survey(exact: Tables, cells: Cells) -> Tables:
    """Tables of the survey, of its exact ones."""
    ledger = _ledger(exact["ledger"], cells)
    out = {
        "ledger": ledger,
        "ledger_totals": _ledger_totals(exact["ledger_totals"], ledger, cells),
        "response_quality": _quality(exact["response_quality"], ledger, cells),
    }
    if "respondent_mix" in exact:
        out["respondent_mix"] = _mix(exact["respondent_mix"], cells)
    return out


def _ledger(table: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """What became of the rows of each year, rounded; nothing of a year with too few responses.

    How many rows were blank or copies says nothing of what anybody wrote, so small numbers of these
    are not suppressed.
    """
    suppressed = np.array([("kept", int(y)) in cells.suppressed for y in table["year"]], dtype=bool)
    n = _rounded(table, [("kept", int(y)) for y in table["year"]], cells)
    return table.assign(
        n=np.where(suppressed, np.nan, n), note=np.where(suppressed, SUPPRESSED, "")
    )


def _ledger_totals(exact: pd.DataFrame, by_year: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """What became of the rows of all years, each number rounded by itself.

    Also of all rows, "read", and of the respondents whose rows were kept, "people".
    """
    suppressed = {str(s) for s in by_year.loc[by_year["n"].isna(), "status"]}
    suppressed |= {"read"} if suppressed else set()
    suppressed -= set() if ("kept", ALL) in cells.suppressed else {"kept"}
    suppressed |= {"people"} if ("people", ALL) in cells.suppressed else set()
    hidden = exact["status"].isin(suppressed).to_numpy()
    n = _rounded(exact, [(s, ALL) for s in exact["status"]], cells)
    return exact.assign(n=np.where(hidden, np.nan, n), note=np.where(hidden, SUPPRESSED, ""))


def _rounded(table: pd.DataFrame, keys: Sequence[Key], cells: Cells) -> Floats:
    """Numbers of rows, those of kept ones and of respondents as everywhere, the others rounded."""
    linked = table["status"].isin(["kept", "people"])
    return np.array(
        [
            cells.count(key) if known else cells.rule.rounded(n)
            for n, key, known in zip(table["n"], keys, linked, strict=True)
        ],
        dtype=float,
    )


def _mix(table: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """Respondent mix by year: no name of a level of too few, no test with a year suppressed."""
    rows, few, counts = [], 0, cells.counts
    years = table["year"].nunique()
    for (name, level), part in table.groupby(["covariate", "level"], sort=False):
        keys = [("level", name, level, int(y)) for y in part["year"]]
        behind = set().union(*(counts.cells[k].people for k in keys if k in counts.cells))
        if cells.rule.is_small_base(len(behind)):
            few += 1
            level = f"(small group {few})"
        for key, row in zip(keys, part.to_dict("records"), strict=True):
            share = cells.share_with_helpers(key, ("kept", key[3]), row["n_effective"])
            share["note"] = share["note"] or row["note"]
            rows.append({"covariate": name, "level": level, "year": key[3]} | share)
    out = pd.DataFrame(rows)
    n = out["n"] / out["effect"]
    wide = (c.to_numpy(float).reshape(-1, years).T for c in (out["estimate"], n, out["rounding"]))
    out = _tested(out, any_difference(*wide), ["covariate", "level"])
    return out[[c for c in table.columns if c != "n_effective"]]


def _tested(table: pd.DataFrame, p: Floats, key: list[str]) -> pd.DataFrame:
    """Add p of each group of rows, in their order, and p adjusted over all groups."""
    tests = table.drop_duplicates(key)[key].assign(p=p, p_bh=benjamini_hochberg(p))
    out = table.drop(columns=["p", "p_bh"], errors="ignore").merge(tests, on=key, how="left")
    return out.assign(**{c: round_p(out[c]) for c in ("p", "p_bh")})


def _quality(out: pd.DataFrame, ledger: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """Rows that are no answer, as shares of published counts, and words of a response."""
    rule, table_columns = cells.rule, list(out.columns)
    rows = ledger.groupby("year")["n"].agg(lambda n: n.sum(skipna=False))
    count = ledger.set_index(["status", "year"])["n"]
    words = (out["measure"] == "words").to_numpy()
    keys = list(zip(out["measure"].where(~words, "kept"), out["year"], strict=True))
    k = count.reindex(pd.MultiIndex.from_tuples(keys)).to_numpy(float)
    n = np.where(words, k, out["year"].map(rows).to_numpy(float))
    shown = n >= rule.percent_base
    n_safe = np.where(shown, n, 1)
    exact = np.where(words, 1.0, out["n"] / out["n_effective"])
    effect = np.maximum(np.round(exact, 1), 1)
    share = np.where(shown, np.minimum(k, n), 0) / n_safe
    # The rows of a year are a sum of numbers that are each rounded.
    step, parts = rounding_variance(rule.round_to), ledger["status"].nunique()
    rounding = step * (1 + parts * share**2) / n_safe**2
    low, high = widen(share, *share_limits(share, n_safe / effect, exact == 1), rounding)
    new = {"estimate": k / n_safe, "low": low, "high": high}
    out = out.assign(n=n, **{c: np.where(words, out[c].round(1), v) for c, v in new.items()})
    unknown = np.isnan(n)
    note = np.where(unknown, SUPPRESSED, f"base of fewer than {rule.percent_base}")
    status = np.where(shown, SHOWN, np.where(unknown, SUPPRESSED, SMALL_BASE))
    out = out.assign(status=status, note=np.where(shown, out["note"], note))
    out = out.assign(**{c: out[c].where(shown) for c in new})
    # Words are no count: their test stays as it was.
    names, years = out["measure"].unique(), out["year"].nunique()
    places = {name: i for i, name in enumerate(names)}
    at = out["measure"].map(places).to_numpy(), out.groupby("measure").cumcount().to_numpy()
    figures = np.full((3, years, len(names)), np.nan)
    figures[:, at[1], at[0]] = np.where(shown, share, np.nan), n_safe / effect, rounding
    p = any_difference(*figures)
    whole = pd.Series(shown, out.index).groupby(out["measure"]).transform("all")
    of_words = out["p"].where(words & whole.to_numpy())
    p = np.where(names == "words", of_words.max(), p)
    return _tested(out, p, ["measure"])[[c for c in table_columns if c != "n_effective"]]
