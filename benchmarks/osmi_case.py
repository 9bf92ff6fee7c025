"""A whole study of real, public data: OSMI's "Mental Health in Tech" surveys, from your own copy.

Run as ``python benchmarks/osmi_case.py --data FOLDER``. In it is ``osmi/osmi_responses.csv``,
one row an answer with the columns ``response_id``, ``respondent_id``, ``year``, ``question``,
``text`` and ``repeat_of_own_text``. Prints the tables of docs/case_study.md. Every figure has gone
through disclosure control; no answer is printed, and nothing is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

import iapt_topics as it

QUESTION = "why_mental_interview"
FRAME = Path(__file__).with_name("osmi_frame.toml")


def as_markdown(table: pd.DataFrame) -> str:
    head = [[str(c) for c in table.columns], ["---"] * table.shape[1]]
    rows = [["" if pd.isna(v) else f"{v}" for v in row] for row in table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in head + rows) + "\n"


def percent(table: pd.DataFrame, columns: Iterable[object]) -> pd.DataFrame:
    return table.drop(columns=list(columns)).join(
        (100 * table[list(columns)].astype(float)).round(0).astype("Int64")
    )


def main(data: Path) -> None:
    table = pd.read_csv(data / "osmi/osmi_responses.csv", dtype=str, keep_default_na=False)
    asked = table[(table["question"] == QUESTION) & (table["year"] >= "2016")]
    asked = asked[asked["repeat_of_own_text"] == "0"]
    responses = it.load_responses(
        asked, text="text", year="year", respondent="respondent_id", response="response_id"
    )
    frame = it.load_frame(FRAME)
    study = it.run_study(responses, frame, it.sentence_encoder(), config=it.TopicConfig(seed=0))
    shown = it.publish.publish(study, "strict").tables

    print("Rows by what became of them\n")
    rows = shown["ledger"].pivot(index="status", columns="year", values="n").astype("Int64")
    print(as_markdown(rows.reset_index()))

    print("Topics\n")
    topics = shown["topics"].merge(study.mapping.table[["topic", "theme"]], how="left")
    themes = topics.groupby("topic", sort=False)["theme"].agg(lambda t: ", ".join(filter(None, t)))
    topics = topics.drop_duplicates("topic").assign(themes=list(themes))
    topics = topics.assign(n=topics["n"].astype("Int64"), support=topics["support"].round(2))
    print(as_markdown(topics[["label", "n", "support", "themes"]]))

    print("Shares, % of the responses of all years, with 95 % intervals, and of each year\n")
    overall = percent(shown["theme_shares"].set_index("theme"), ["estimate", "low", "high"])
    by_year = shown["drift_shares"].pivot(index="theme", columns="year", values="estimate")
    shares = overall[["label", "estimate", "low", "high"]].join(percent(by_year, by_year.columns))
    print(as_markdown(shares.reset_index()))

    print("Change, 2022 against 2016, points\n")
    changes = shown["drift_changes"].query("kind == 'baseline' and year == 2022")
    figures = ["estimate", "low", "high", "smallest_detectable"]
    changes = percent(changes, figures).assign(p_bh=changes["p_bh"].round(2))
    print(as_markdown(changes[["theme", *figures, "p_bh"]]))

    print("Smallest adjusted p of any theme, by the test over all years\n")
    trends = shown["drift_trends"].groupby("test")["p_bh"].min().round(2)
    print(as_markdown(trends.reset_index()))

    print("The frame's two poles, %\n")
    poles = shown["axis_shares"].pivot(index="theme", columns="year", values="estimate")
    print(as_markdown(percent(poles, poles.columns).reset_index()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    main(parser.parse_args().data)
