"""Compare machine with human on the SYNTHETIC survey: python examples/03_machine_and_human.py."""

from __future__ import annotations

import sys
from pathlib import Path

import iapt_topics as it


def main(folder: Path) -> None:
    """Write the convergence sheet and the disagreements into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    responses, human = it.load_example(coder="coder_a")
    _, second = it.load_example(coder="coder_b")
    frame = it.load_frame("iapt_identity_system")
    encoder = it.sentence_encoder()
    machine = it.code_responses(responses, it.embed(responses, encoder), frame, encoder)

    # Two people first: no machine can be asked to agree with people more than they do.
    for other in (second, machine):
        comparison = it.compare_codes(human, other, responses=responses, n_boot=200)
        print(f"{comparison.other} against {comparison.reference}, n = {comparison.n}")
        columns = ["measure", "estimate", "low", "high", "expected_by_chance"]
        print(comparison.overall[columns].round(2).to_string(index=False))

    weakest = comparison.themes.sort_values("f1").head(3)
    print("The three themes on which machine and person part most:")
    print(weakest[["label", "positives_reference", "f1", "f1_low", "f1_high"]].to_string())

    # A person fills in `rater`, and where needed `rating` and `rationale`.
    sheet = it.agreement.write_convergence(folder / "convergence.xlsx", comparison)
    print(
        it.agreement.read_convergence(sheet, comparison)
        .convergence["rating"]
        .value_counts()
        .to_string()
    )

    # For the coding meeting. The texts are redacted by pattern; read them before they are shown.
    meeting = it.agreement.disagreements(human, machine, responses=responses, most=3)
    meeting.to_csv(folder / "disagreements.csv", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "machine_and_human"))
