"""Take codes to NVivo, ATLAS.ti, MAXQDA or QualCoder: python examples/07_export_to_qda.py [FOLDER].

On the SYNTHETIC survey.
"""

from __future__ import annotations

import sys
from pathlib import Path

import iapt_topics as it


def main(folder: Path) -> None:
    """Write a project to code in and one with codes into the folder, and read the second back."""
    folder.mkdir(parents=True, exist_ok=True)
    responses, first = it.load_example(coder="coder_a")
    _, second = it.load_example(coder="coder_b")
    frame = it.load_frame("iapt_identity_system")

    # To code in: one document for each response, named by its id, and the frame as codebook.
    it.qda.write_codes(folder / "to_code.qdpx", frame=frame, responses=responses)

    # With codes: each coder is a user of the project; a machine's themes stand apart.
    path = it.qda.write_codes(
        folder / "coded.qdpx", [first, second], frame=frame, responses=responses
    )

    # What comes back from the tool is read in the same way.
    project = it.qda.read_project(path, responses=responses)
    print("Coders:", ", ".join(project.coders))
    codes = it.load_codes(project, frame=frame, coder="coder_a")
    print(f"{len(codes.table)} of {len(first.table)} SYNTHETIC codes of coder_a came back.")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "qda"))
