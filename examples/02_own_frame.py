"""Code the SYNTHETIC survey by a frame of your own: python examples/02_own_frame.py [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

import iapt_topics as it

# One theme a row; | parts examples. `iapt-topics frame my_frame.xlsx` writes a sheet to fill in.
FRAME = """\
id,label,definition,examples
load,Workload,More work than time,My caseload is too high.|Back to back sessions with no breaks.
targets,Targets,Numbers and monitoring put before people,We are judged by recovery rates alone.
team,Colleagues,Colleagues who help and listen,My team looks after each other.
supervision,Supervision,Clinical supervision that is given or missing,My supervisor keeps me going.
managers,Managers,How the service is led,Managers do not listen.|My manager has my back.
freedom,Freedom,A say in how and where the work is done,I can plan my own diary.
clients,Clients,What clients need and what they get,People are sicker than they were.
pay,Pay and career,"Pay, bands, training and promotion",There is nowhere to go after band 7.
self,Own wellbeing,How the writer feels and keeps well,I am exhausted.|I go home on time.
leaving,Leaving,The writer wants to leave,I am looking for another job.
"""


def main(folder: Path) -> None:
    """Write the frame and the codes into the folder; print what the frame finds."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "my_frame.csv").write_text(FRAME, encoding="utf-8")
    frame = it.load_frame(folder / "my_frame.csv")

    responses, _ = it.load_example()
    encoder = it.sentence_encoder()
    alike = it.mapping.indistinct_themes(frame, encoder)
    print("Pairs of themes that the encoder cannot tell apart:", len(alike))

    embeddings = it.embed(responses, encoder)
    machine = it.code_responses(responses, embeddings, frame, encoder)
    print(f"Of {len(responses)} SYNTHETIC responses, by theme:")
    print(machine.table["theme"].value_counts().to_string())

    # Why a sentence was given its theme: the nearest words of the frame, and the runner-up.
    why = it.mapping.explain_codes(responses, embeddings, frame, encoder)
    print(why[["text", "theme", "anchor", "runner_up"]].head(5).to_string(index=False))
    it.qda.write_codes(folder / "codes.csv", machine, frame=frame)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "own_frame"))
