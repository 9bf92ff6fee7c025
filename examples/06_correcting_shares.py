"""Correct the machine's shares by a hand-coded sample: python examples/06_correcting_shares.py.

On the SYNTHETIC survey, a simulated coder stands in for you, and the truth is known.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import iapt_topics as it
from iapt_topics.datasets import load_truth


def main(folder: Path) -> None:
    """Write the sheet to code on into the folder; print corrected shares beside the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    responses, everything = it.load_example()
    frame = it.load_frame("iapt_identity_system")
    encoder = it.sentence_encoder()
    machine = it.code_responses(responses, it.embed(responses, encoder), frame, encoder)

    # A random part of each year, large enough for intervals 10 points wide; none picked to teach.
    plan = it.codes.next_to_code(responses, machine, n=0, width=0.1)
    it.codes.write_sample(folder / "to_code.xlsx", plan, responses)  # you would code on this sheet

    # The stand-in for the sheet filled in: what the simulated coder gave to these responses.
    drawn = plan.table[["response_id"]]
    sheet = drawn.merge(everything.table[["response_id", "theme"]], how="left")
    sheet["theme"] = sheet["theme"].fillna("")  # blank: seen, no theme
    human = it.load_codes(sheet, frame=frame, responses=responses)

    shares = it.corrected_shares(machine, human, responses, by_year=False)
    wide = shares.pivot(index="theme", columns="method", values="estimate")
    truth = load_truth()
    wide["truth"] = truth.table["theme"].value_counts() / len(truth.seen)
    wide = wide.astype(float).fillna({"truth": 0.0})
    print(f"{len(drawn)} of {len(responses)} SYNTHETIC responses coded by hand.")
    for method in ("machine", "human", "corrected"):
        error = (wide[method] - wide["truth"]).abs().mean()
        print(f"Mean distance from the truth, {method}: {100 * error:.1f} points")
    pd.DataFrame(shares).to_csv(folder / "shares.csv", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "correcting_shares"))
