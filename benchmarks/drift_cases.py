"""Drift in the bundled example and in two real surveys, as tables of figures only.

Run as ``python benchmarks/drift_cases.py --case example|osmi|nhs --data ../shared/data``. What is
seen in them is written up in docs/drift_case_notes.md. No answer is printed. ``--draws N`` also
measures the example with N random samples of hand codes each of 100 to 400 responses.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from iapt_topics import (
    Codes,
    TopicConfig,
    code_responses,
    embed,
    fit_topics,
    learn_codes,
    load_example,
    load_frame,
    load_responses,
    map_topics,
    measure_drift,
    sentence_encoder,
)
from iapt_topics.agreement import topic_codes
from iapt_topics.datasets import load_truth, planted_change


def flagged(drift, test):
    rows = drift.trends[(drift.trends["test"] == test) & (drift.trends["p_bh"] < 0.05)]
    return {r.theme: r.estimate for r in rows.itertuples()}


def example(_: Path, draws: int) -> None:
    responses, coder = load_example()
    plan = planted_change().set_index("theme")
    moved = set(plan.index[plan["change"] != "stay"])
    # Up or down: over all years, or of the middle year against the first and last.
    ends = (plan["2014"] + plan["2018"]) / 2
    up = plan["change"].eq("rise") | (plan["change"].eq("non_monotone") & (plan["2016"] > ends))
    encoder, frame = sentence_encoder(), load_frame("iapt_identity_system")
    embeddings = embed(responses, encoder)
    topics = fit_topics(responses, embeddings, TopicConfig(seed=0))
    mapping = map_topics(topics, frame, encoder, embeddings=embeddings)
    machine = code_responses(responses, embeddings, frame, encoder, mapping=mapping, topics=topics)
    print("| codes | test | planted and flagged, of 6 | right sign | not planted, flagged |")
    print("|---|---|---|---|---|")
    for name, codes in (("truth", load_truth()), ("coder", coder), ("machine", machine)):
        drift = measure_drift(codes, responses, seed=0)
        for test in ("linear", "omnibus", "shape"):
            found = flagged(drift, test)
            hit = moved & set(found)
            # The omnibus test has no direction.
            right = [t for t in hit if test == "omnibus" or (found[t] > 0) == up[t]]
            others = sorted(set(found) - moved)
            print(
                f"| {name} | {test} | {len(hit)} | {len(right)} | {', '.join(others) or 'none'} |"
            )
    if not draws:
        return
    print("\n| hand codes | used to | flagged, of 6 | right sign | all six | not planted |")
    print("|---|---|---|---|---|---|")
    year = responses.kept.set_index("response_id")["year"]
    seen = coder.seen[coder.seen["response_id"].isin(year.index)]
    share = seen["response_id"].map(year).to_numpy()
    for n in (100, 200, 300, 400):
        tally: dict[str, list[tuple[int, int, int]]] = {}
        for seed in range(draws):
            part = n / len(seen)
            some = seen.groupby(share).sample(frac=part, random_state=seed)
            rows = coder.table["response_id"].isin(some["response_id"])
            human = replace(coder, seen=some, table=coder.table[rows])
            taught = learn_codes(
                responses, embeddings, frame, encoder, human, machine=machine, seed=seed
            )
            for use, drift in (
                ("teach", measure_drift(taught, responses, n_boot=1, seed=0)),
                ("correct", measure_drift(machine, responses, human=human, n_boot=1, seed=0)),
            ):
                found = flagged(drift, "shape")
                hit = moved & set(found)
                right = sum((found[t] > 0) == up[t] for t in hit)
                tally.setdefault(use, []).append((len(hit), right, len(set(found) - moved)))
        for use, counts in tally.items():
            hit, right, others = np.mean(counts, axis=0)
            every = sum(c[1] == len(moved) for c in counts)
            print(
                f"| {n} | {use} | {hit:.1f} | {right:.1f} | {every} of {draws} | {others:.1f} |",
                flush=True,
            )


def show(drift, labels) -> None:
    shares = drift.shares.pivot(index="theme", columns="year", values="estimate")
    print("n by year:", drift.shares.groupby("year")["n"].first().to_dict())
    tests = drift.trends.pivot(index="theme", columns="test", values="p_bh")
    shapes = drift.trends[drift.trends["test"] == "shape"].set_index("theme")
    table = (100 * shares).round(1).join(tests.round(4))
    table["shape"] = shapes["shape"]
    table["height"] = (100 * shapes["estimate"]).round(1)
    table["low"], table["high"] = (100 * shapes["low"]).round(1), (100 * shapes["high"]).round(1)
    table["least"] = (100 * shapes["smallest_detectable"]).round(1)
    table.insert(0, "label", [labels.get(t, t) for t in table.index])
    with pd.option_context("display.width", 250, "display.max_columns", 40, "display.max_rows", 90):
        print(table.to_string())
        print(drift.distances.drop(columns="note").round(3).to_string(index=False))
    if len(drift.sources):
        wide = drift.sources.assign(width=drift.sources["high"] - drift.sources["low"])
        print((100 * wide.groupby(["measure", "source"])["width"].median()).round(1).to_string())


def osmi(data: Path, _: int) -> None:
    table = pd.read_csv(data / "osmi/osmi_responses.csv", dtype=str, keep_default_na=False)
    table = table[(table["question"] == "why_mental_interview") & (table["year"] >= "2016")]
    table = table[table["repeat_of_own_text"] == "0"]
    responses = load_responses(
        table, text="text", year="year", respondent="respondent_id", response="response_id"
    )
    print(responses.ledger.pivot(index="year", columns="status", values="n").to_string())
    embeddings = embed(responses, sentence_encoder())
    topics = fit_topics(responses, embeddings, TopicConfig(seed=0))
    codes = topic_codes(topics, responses)
    draws = [topic_codes(topics, responses, run=run) for run in topics.votes]
    words = topics.topics.assign(theme=topics.topics["topic"].astype(str)).set_index("theme")[
        "words"
    ]
    labels = {t: ", ".join(w.split(", ")[:4]) for t, w in words.items()}
    show(measure_drift(codes, responses, draws=draws, seed=0), labels)


def nhs(data: Path, _: int) -> None:
    table = pd.read_csv(data / "nhs_fft/v6_multilabel.csv", dtype=str, keep_default_na=False)
    for trust, part in table[table["year"] != ""].groupby("trust"):
        for question, asked in part.groupby("question"):
            by_year = asked["year"].value_counts()
            if len(by_year) < 2 or by_year.min() < 50:
                print(trust, question, by_year.to_dict(), "left out: a year below 50\n")
                continue
            responses = load_responses(
                asked, text="text", year="year", respondent="respondent_id",
                response="comment_id",
            )  # fmt: skip
            pairs = asked.assign(theme=asked["majors"].str.split("|")).explode("theme")
            pairs = pairs[pairs["theme"].str.strip() != ""].drop_duplicates(["comment_id", "theme"])
            codes = Codes(
                coder="people",
                kind="human",
                themes=tuple(sorted(pairs["theme"].unique())),
                seen=asked[["comment_id"]]
                .rename(columns={"comment_id": "response_id"})
                .assign(respondent_id=""),
                table=pairs[["comment_id", "theme"]]
                .rename(columns={"comment_id": "response_id"})
                .assign(score=float("nan")),
            )
            print(trust, question)
            show(measure_drift(codes, responses, seed=0), {})
            print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    cases = {"example": example, "osmi": osmi, "nhs": nhs}
    parser.add_argument("--case", choices=cases, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--draws", type=int, default=0)
    args = parser.parse_args()
    if args.case != "example" and not args.data.is_dir():
        raise SystemExit(f"{args.data} is not here, so there is nothing to measure.")
    cases[args.case](args.data, args.draws)


if __name__ == "__main__":
    main()
