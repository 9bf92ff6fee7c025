"""From the bundled SYNTHETIC survey to a report: python examples/01_quickstart.py [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

import iapt_topics as it


def main(folder: Path) -> None:
    """Write ``report.html`` into the folder."""
    responses, human = it.load_example()
    encoder = it.sentence_encoder(cache=folder / "cache")  # all-MiniLM-L6-v2, offline
    embeddings = it.embed(responses, encoder)
    topics = it.fit_topics(responses, embeddings)

    frame = it.load_frame("iapt_identity_system")
    mapping = it.map_topics(topics, frame, encoder, embeddings=embeddings)
    machine = it.code_responses(responses, embeddings, frame, encoder)

    study = it.Study(
        responses=responses, topics=topics, mapping=mapping, codes=machine, human=(human,),
        comparison=it.compare_codes(human, machine),
        drift=it.measure_drift(machine, responses, baseline=2014),
    )  # fmt: skip
    published = it.publish.publish(study)
    report = it.write_report(folder / "report.html", published)
    print(f"{len(responses)} SYNTHETIC responses, {topics.n_topics} topics: {report}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "quickstart_report"))
