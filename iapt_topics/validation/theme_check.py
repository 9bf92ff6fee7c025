"""What raters said of the machine's themes: precision and recall by the sampling weights."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools
from iapt_topics._base.status import NOT_ESTIMABLE, SHOWN
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.multiplicity import holm
from iapt_topics.validation.proportions import fisher_p, proportion_right
from iapt_topics.validation.task import Task


def overall_of_themes(rows: pd.DataFrame) -> pd.DataFrame:
    """The ``overall`` table of a theme check."""
    coded = rows["stratum"] == "coded"
    row = proportion_right(rows[coded]) | {"n_raters": rows["rater"].nunique()}
    beside = rows.loc[~coded, "right"]
    row["expected_by_chance"] = float(beside.mean()) if len(beside) else np.nan
    strata = rows["theme"].astype(str) + "\n" + rows["rater"].astype(str)
    row["p"] = exact_fit_p(coded.to_numpy(), rows["right"].to_numpy() == 1, strata.to_numpy())
    by_rater = [
        exact_fit_p(
            (part["stratum"] == "coded").to_numpy(), part["right"].to_numpy() == 1,
            part["theme"].to_numpy(),
        )
        for _, part in rows.groupby("rater", sort=True)
    ]  # fmt: skip
    row["p_fisher"] = fisher_p(np.array(by_rater))
    return pd.DataFrame([row])


def exact_fit_p(coded: Bools, fits: Bools, strata: np.ndarray) -> float:
    """Exact p that codes are said to fit no more often than responses without, within strata.

    Given how many fit in each stratum, the number among those coded is hypergeometric under the
    hypothesis, and the sum over strata is their convolution.
    """
    from scipy.stats import hypergeom

    spread, observed = np.ones(1), 0
    _, at = np.unique(strata.astype(str), return_inverse=True)
    for s in range(at.max() + 1 if len(at) else 0):
        here = at == s
        n, m, k = int(here.sum()), int((here & coded).sum()), int((here & fits).sum())
        spread = np.convolve(spread, hypergeom.pmf(np.arange(m + 1), n, k, m))
        observed += int((here & coded & fits).sum())
    return float(min(1.0, spread[observed:].sum()))


def theme_table(rows: pd.DataFrame, task: Task) -> pd.DataFrame:
    """The ``themes`` table of a theme check, every theme of the task."""
    # A unit that several raters judged counts once, by their mean.
    unit = rows.groupby("item", sort=False).agg(
        theme=("theme", "first"), stratum=("stratum", "first"), weight=("weight", "first"),
        right=("right", "mean"), partly=("partly", "mean"),
    )  # fmt: skip
    labels = dict(zip(task.key["theme"], task.key["label"], strict=True))
    drawn = task.key.groupby(["theme", "stratum"])["weight"].agg(["first", "size"])
    out = []
    for theme in dict.fromkeys(task.key["theme"]):
        of, mine = unit[unit["theme"] == theme], rows[rows["theme"] == theme]
        size = {s: float(w * n) for s, (w, n) in drawn.loc[theme].iterrows()}
        coded = of[of["stratum"] == "coded"]
        p = exact_fit_p(
            (mine["stratum"] == "coded").to_numpy(), mine["right"].to_numpy() == 1,
            mine["rater"].to_numpy(),
        )  # fmt: skip
        row: dict[str, object] = {
            "theme": theme, "label": labels[theme],
            "n_codes": round(size.get("coded", 0)), "n_checked": len(coded),
        }  # fmt: skip
        low, high = wilson_interval(coded["right"].sum(), len(coded))
        row |= {
            "precision": float(coded["right"].mean()) if len(coded) else np.nan,
            "precision_low": float(low),
            "precision_high": float(high),
            "precision_partly": float(coded["partly"].mean()) if len(coded) else np.nan,
        }
        without = of[of["stratum"] != "coded"]
        row |= {"n_without": len(without), "n_missed": float(without["right"].sum())}
        row |= _recall(of, size)
        enough = len(coded) > 0 and len(without) > 0
        out.append(
            row | {"p": p if enough else np.nan, "status": SHOWN if enough else NOT_ESTIMABLE}
        )
    table = pd.DataFrame(out)
    tested = table["p"].notna().to_numpy()
    adjusted = np.full(len(table), np.nan)
    adjusted[tested] = holm(table.loc[tested, "p"].to_numpy(dtype=float))
    table.insert(table.columns.get_loc("status"), "p_holm", adjusted)  # type: ignore[arg-type]
    return table


def _recall(of: pd.DataFrame, size: dict[str, float]) -> dict[str, float]:
    """Recall by the sampling weights, with limits that hold for all strata at once."""
    level = 1 - 0.05 / max(1, len(size))
    found = missed = np.zeros(3)  # estimate, low, high
    for stratum, total in size.items():
        here = of.loc[of["stratum"] == stratum, "right"]
        if not len(here):
            return {"recall": np.nan, "recall_low": np.nan, "recall_high": np.nan}
        low, high = wilson_interval(here.sum(), len(here), level)
        part = total * np.array([here.mean(), float(low), float(high)])
        if len(here) >= round(total):  # every one was judged
            part = total * np.full(3, here.mean())
        if stratum == "coded":
            found = found + part
        else:
            missed = missed + part

    def share(tp: float, fn: float) -> float:
        return float(tp / (tp + fn)) if tp + fn > 0 else np.nan

    return {
        "recall": share(found[0], missed[0]),
        "recall_low": share(found[1], missed[2]),
        "recall_high": share(found[2], missed[1]),
    }
