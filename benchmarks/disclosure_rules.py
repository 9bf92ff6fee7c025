"""What each rule of disclosure control shows, how far off it is, and what a reader can work out.

Run as ``python benchmarks/disclosure_rules.py --data DIR`` (the example alone without ``--data``).
For each survey and rule: yearly shares, changes from the first to the last wave and significant
trends that are shown; how far published changes between waves of 250 responses and more are from
exact ones (95th percentile, points), and whether any significant one has another sign; and, by
integer programming over every sum that binds the counts, the fewest values that a count of 1 to
``min_cell - 1`` respondents, or a group of 1 to ``min_base - 1``, can still have for a reader of
all tables. A reader knows each rounded count to within its rounding, and each changed one to
within the noise.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_matrix

import iapt_topics as it
from iapt_topics.datasets.example import example_path
from iapt_topics.publish import publish
from iapt_topics.publish.cells import Cells
from iapt_topics.publish.counts import few_cells, is_base, link_counts
from iapt_topics.publish.disclosure import preset
from iapt_topics.publish.published import hidden_counts

RULES = ("default", "strict", "noise", "ons_10_5", "hes")
SECRET = bytes(range(32))
FRAME = "iapt_identity_system"


def surveys(data: Path | None):
    """Name and analysis of each survey."""
    path = example_path()
    yield "example", it.analyse(
        path, text="comment", year="year", respondent="person", response="response_id",
        question="question", covariates=("role",), frame=FRAME,
        codes=path.with_name("synthetic_coders.csv"),
    )  # fmt: skip
    if data is None:
        return
    osmi = pd.read_csv(data / "osmi" / "osmi_responses.csv")
    osmi = osmi[osmi["repeat_of_own_text"] == 0]
    panel = osmi[osmi["question"] == "why_mental_interview"]
    two = osmi[osmi["year"].isin([2016, 2017])].drop_duplicates("text").sample(3000, random_state=1)
    nhs = pd.read_csv(data / "nhs_fft" / "v6_multilabel.csv")
    nhs = nhs.assign(year=pd.to_datetime(nhs["date"]).dt.year).dropna(subset="year")
    for name, table in (("OSMI", panel), ("two waves", two), ("NHS v6", nhs)):
        yield (
            name,
            it.analyse(
                table.astype({"year": int})[["text", "year"]], text="text", year="year", frame=FRAME
            ),
        )


def fewest_values(study, rule) -> float:
    """The fewest values that a protected count can have for a reader of all tables."""
    counts = link_counts(study, SECRET if rule.noise else None)
    hidden = hidden_counts(counts, rule)
    cells = Cells(counts, frozenset(hidden), rule)
    few = {} if rule.show_zero else few_cells(counts, rule.min_cell)
    keys = list(counts.cells)
    place = {k: i for i, k in enumerate(keys)}
    low, high = np.zeros(len(keys)), np.full(len(keys), 100_000.0)
    for i, key in enumerate(keys):
        count = counts.cells[key].count
        if key in counts.never_shown:
            continue
        if key in few:
            high[i] = few[key]
        elif key in hidden:
            low[i] = 1 if rule.show_zero else 0
        elif rule.noise and key in counts.keyed:
            shown = cells.count(key)
            low[i], high[i] = max(0, shown - rule.noise), shown + rule.noise
        else:
            half = rule.round_to // 2
            shown = rule.rounded(count)
            low[i], high[i] = max(0, shown - half), shown + half
        assert low[i] <= count <= high[i], (key, count, low[i], high[i])
    sums = lil_matrix((len(counts.lines), len(keys)))
    for row, (total, parts) in enumerate(counts.lines):
        for key, sign in ((total, -1), *((p, 1) for p in parts)):
            if key in place:
                sums[row, place[key]] += sign
    within = LinearConstraint(sums.tocsr(), 0, 0)
    protected = [
        k for k, c in counts.cells.items()
        if k not in counts.never_shown and k not in counts.unprotected
        and 0 < len(c.people) < (rule.min_base if is_base(k) else max(rule.min_cell, 5))
    ]  # fmt: skip
    widths = []
    for key in protected:
        ends = []
        for sign in (1, -1):
            aim = np.zeros(len(keys))
            aim[place[key]] = sign
            done = milp(aim, constraints=[within], bounds=Bounds(low, high),
                        integrality=np.ones(len(keys)), options={"time_limit": 20})  # fmt: skip
            ends.append(sign * done.fun if done.status == 0 else np.nan)
        widths.append(ends[1] - ends[0] + 1)
    return float(np.nanmin(widths)) if widths else np.nan


def row_of(name: str, study, rule_name: str) -> dict[str, object]:
    rule = preset(rule_name)
    tables = publish(study, rule, secret=SECRET).tables
    exact = study.tables
    shares, changes, trends = (tables[f"drift_{n}"] for n in ("shares", "changes", "trends"))
    last = changes[(changes["kind"] == "baseline") & (changes["year"] == changes["year"].max())]
    key = ["theme", "year", "against", "kind"]
    both = changes.merge(exact["drift_changes"], on=key, suffixes=("", "_exact"))
    off = 100 * (both["estimate"] - both["estimate_exact"]).abs().dropna()
    sizes = exact["drift_shares"].groupby("year")["n"].max()
    large = sizes[both["year"]].to_numpy() >= 250
    large &= sizes[both["against"]].to_numpy() >= 250
    off = off[large[off.index]]
    flips = (both["p_bh"] < 0.05) & (both["estimate"] * both["estimate_exact"] < 0)
    significant = (exact["drift_trends"]["p_bh"] < 0.05).to_numpy()
    poles = tables["pole_shares"]
    return {
        "survey": name,
        "rule": rule_name,
        "shares": f"{shares['status'].eq('shown').sum()} of {len(shares)}",
        "few": int(shares["status"].eq("few").sum()),
        "changes": f"{last['estimate'].notna().sum()} of {len(last)}",
        "significant trends": f"{trends['estimate'].notna()[significant].sum()} of "
        f"{significant.sum()}",
        "still significant": int((trends["p_bh"] < 0.05)[significant].sum()),
        "poles blank": int((~poles["status"].isin(["shown", "few"])).sum()),
        "off by, points (p95)": round(float(off.quantile(0.95)), 2),
        "other sign": int(flips.sum()),
        "fewest values": fewest_values(study, rule),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with osmi/ and nhs_fft/")
    warnings.simplefilter("ignore")
    rows = [
        row_of(name, study, rule)
        for name, study in surveys(parser.parse_args().data)
        for rule in RULES
    ]
    print(pd.DataFrame(rows).to_markdown(index=False))


if __name__ == "__main__":
    main()
