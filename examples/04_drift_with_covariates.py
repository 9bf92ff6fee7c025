"""Ask if a change is one of staff or of who answered: python examples/04_drift_with_covariates.py.

On the SYNTHETIC survey and its simulated coder; the machine's codes are used in the same way.
"""

from __future__ import annotations

import sys
from pathlib import Path

import iapt_topics as it


def main(folder: Path) -> None:
    """Write the tables into the folder; print what changed, crude, standardised and modelled."""
    folder.mkdir(parents=True, exist_ok=True)
    responses, codes = it.load_example()

    # 1. Did other people answer?
    people = it.survey.respondent_mix(responses, ["role"])
    print("Smallest adjusted p that a role's share moved:", round(people["p_bh"].min(), 3))

    # 2. What changed, as the responses stand?
    drift = it.measure_drift(codes, responses, baseline=2014, n_boot=200)
    last = drift.changes.query("kind == 'baseline' and year == 2018")
    changed = last[last["p_bh"] < 0.05]
    print(f"{len(changed)} of {len(drift.themes)} themes changed from 2014 to 2018:")
    print(changed[["theme", "estimate", "low", "high", "p_bh"]].round(3).to_string(index=False))

    # 3. Would it have changed if the same mix of roles had answered each year?
    same_mix = it.standardise_drift(codes, responses, ["role"], baseline=2014).changes
    same_mix = same_mix[(same_mix["year"] == 2018) & same_mix["theme"].isin(changed["theme"])]
    columns = ["theme", "method", "estimate", "low", "high", "covered"]
    print(same_mix[columns].round(3).to_string(index=False))

    # 4. The same as a regression: the year's effect with the role fixed, in percentage points.
    effects = it.theme_regression(codes, responses, ["role"], baseline=2014)
    effects = effects[effects["theme"].isin(changed["theme"])]
    rows = effects[(effects["covariate"] == "year") & (effects["level"].astype(str) == "2018")]
    print(rows[["theme", "estimate", "low", "high", "note"]].round(3).to_string(index=False))

    drift.changes.to_csv(folder / "changes.csv", index=False)
    effects.to_csv(folder / "effects.csv", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "drift"))
