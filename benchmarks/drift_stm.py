"""The anchor: R's stm on its own survey experiment, beside measure_drift on the same answers.

Run as ``pip install topica; python benchmarks/drift_stm.py``. 341 answers on immigration (Gadarian
and Albertson), of which some were asked for what worries them (treatment 1) and some for anything
that comes to mind (0). stm's README figures are those that tidystm publishes for
``estimateEffect(1:3 ~ treatment, gadarianFit, gadarian)``. topica, a reimplementation that brings
the answers along, fits three topics anew; its most likely topic of each answer is then measured
here, with its posterior draws as other codings. The arm takes the place of the year.
"""

import argparse

import numpy as np
import pandas as pd

from iapt_topics import (
    Codes,
    TopicConfig,
    embed,
    fit_topics,
    load_responses,
    measure_drift,
    sentence_encoder,
)
from iapt_topics.agreement import topic_codes

#: tidystm, README: topic -> (estimate, standard error) with and without treatment.
PUBLISHED = {
    1: ((0.2804612, 0.02060757), (0.4439191, 0.02369964)),
    2: ((0.4569280, 0.02298090), (0.2099581, 0.02143746)),
    3: ((0.2629073, 0.01962893), (0.3459851, 0.02258847)),
}


def hard_codes(topic: np.ndarray, responses: object, n_topics: int) -> Codes:
    ids = responses.kept["response_id"]
    table = pd.DataFrame({"response_id": ids, "theme": topic.astype(str), "score": np.nan})
    seen = responses.kept[["response_id", "respondent_id"]]
    themes = tuple(str(k) for k in range(n_topics))
    return Codes(coder="stm", kind="machine", themes=themes, seen=seen, table=table)


def show(name: str, rows: list[tuple[float, float, float]]) -> None:
    for estimate, low, high in sorted(rows):
        print(
            f"| {name} | {100 * estimate:+.1f} | {100 * low:+.1f} to {100 * high:+.1f} | "
            f"{100 * (high - low):.1f} |"
        )


def ours(codes: Codes, responses: object, draws: list[Codes]) -> dict[str, list]:
    drift = measure_drift(codes, responses, draws=draws, n_boot=100, seed=0)
    table = drift.sources[drift.sources["measure"] == "change"]
    return {
        source: list(part[["estimate", "low", "high"]].itertuples(index=False, name=None))
        for source, part in table.groupby("source", sort=False)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=25, help="posterior draws, as stm's default")
    args = parser.parse_args()
    try:
        import topica
        from topica import datasets
    except ImportError:
        raise SystemExit("topica is not installed, so the anchor's data are not at hand.") from None
    survey = datasets.load_gadarian().reset_index(drop=True)
    texts = survey["open.ended.response"].astype(str)
    # The arm stands where the year does.
    responses = load_responses(
        pd.DataFrame({"text": texts, "year": 2000 + survey["treatment"].astype(int)}),
        text="text",
        year="year",
    )
    print(f"{len(responses)} of {len(survey)} answers are codable.\n")
    print("| what | change, points | 95 % interval | width |\n|---|---|---|---|")
    rows = []
    for (treated, a), (control, b) in PUBLISHED.values():
        gap, half = treated - control, 1.96 * np.hypot(a, b)
        rows.append((gap, gap - half, gap + half))
    show("stm as published (topic proportions)", rows)

    corpus = topica.from_dataframe(
        survey, text_col="open.ended.response", stopwords=topica.ENGLISH_STOPWORDS, min_doc_freq=2
    )
    kept = corpus.metadata.reset_index(drop=True)
    arm = kept["treatment"].to_numpy(float)
    model = topica.STM(num_topics=3, seed=1)
    model.fit(corpus, prevalence=np.column_stack([arm, kept["pid_rep"].to_numpy(float)]))
    theta = topica.posterior_theta_samples(model, args.draws, seed=1, uncertainty="global")
    effects = topica.estimate_effect(theta, arm[:, None], feature_names=["treatment"])
    rows = effects.to_frame().query("feature == 'treatment'")
    rows = [tuple(r) for r in rows[["coef", "ci_low", "ci_high"]].to_numpy()]
    show("stm refitted (topic proportions)", rows)

    # Answers are numbered from 1 in the order of the file.
    at = responses.kept["response_id"].astype(int).to_numpy() - 1
    codes = hard_codes(model.doc_topic.argmax(axis=1)[at], responses, 3)
    draws = [hard_codes(t.argmax(axis=1)[at], responses, 3) for t in theta]
    for source, found in ours(codes, responses, draws).items():
        show(f"refitted, most likely topic, measure_drift, {source}", found)

    embeddings = embed(responses, sentence_encoder())
    topics = fit_topics(responses, embeddings, TopicConfig(seed=0, n_topics=3))
    draws = [topic_codes(topics, responses, run=run) for run in topics.votes]
    for source, found in ours(topic_codes(topics, responses), responses, draws).items():
        show(f"topics of fit_topics, measure_drift, {source}", found)


if __name__ == "__main__":
    main()
