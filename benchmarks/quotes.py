"""Does the sentence that a report highlights for a theme speak of that theme?

Run as ``python benchmarks/quotes.py``. Both SYNTHETIC surveys are analysed as they are bundled, and
each quote's sentence is set beside the places of the planted themes: it speaks of the theme if more
than half of it, or of the sentence written for the theme, is in the other. Prints the tables of
docs/laboratory.md.
"""

from __future__ import annotations

import pandas as pd

import iapt_topics as it
from iapt_topics.datasets import true_sentences
from iapt_topics.publish import Private, Published, keep_private, publish
from iapt_topics.publish.quotes import propose_quotes
from iapt_topics.study.study import Study


def speaks(study: Study, long_answers: bool) -> pd.DataFrame:
    """The machine's codes, and whether the sentence behind each is the theme's own."""
    truth = true_sentences(long_answers=long_answers)
    rows = study.codes.evidence.merge(
        truth, on=["response_id", "theme"], how="left", suffixes=("", "_true")
    )
    ends, starts = rows[["end", "end_true"]], rows[["start", "start_true"]]
    shorter = (ends.to_numpy() - starts.to_numpy()).min(axis=1)
    overlap = ends.min(axis=1, skipna=False) - starts.max(axis=1, skipna=False)
    return rows.assign(right=overlap > shorter / 2)


def count_right(study: Study, version: Published | Private, long_answers: bool) -> pd.DataFrame:
    """Quotes of a version by case, and in how many the sentence speaks of the theme."""
    right = speaks(study, long_answers).set_index(["response_id", "theme"])["right"]
    private = isinstance(version, Private)
    proposed = propose_quotes(study, version.tables, private=private)
    quoted = [(q.case, right[i, q.theme]) for i, q in proposed if q.theme]
    table = pd.DataFrame(quoted, columns=["case", "right"]).groupby("case")["right"]
    table = table.agg(["sum", "count"])
    table.loc["all"] = table.sum()
    return table.assign(share=(table["sum"] / table["count"]).round(2)).reset_index()


def main() -> None:
    for long_answers in (False, True):
        responses, coder = it.load_example(long_answers=long_answers)
        frame = it.load_frame("iapt_identity_system")
        study = it.run_study(responses, frame, it.sentence_encoder(), human=[coder])
        print(f"{responses.source}: codes {speaks(study, long_answers)['right'].mean():.2f}\n")
        for version in (keep_private(study), publish(study, quotes=True)):
            print(type(version).__name__)
            print(count_right(study, version, long_answers).to_string(index=False), "\n")


if __name__ == "__main__":
    main()
