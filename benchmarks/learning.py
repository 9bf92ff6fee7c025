"""Learning from 100 hand codes, against the frame alone and against the codes alone.

``python benchmarks/learning.py --data FOLDER [--hand 100] [--draws 10] [--only NAME ...]``

FOLDER holds ``nhs_fft/`` and ``clinc150/``; without it only the bundled example is run. In each
draw some responses are "coded by hand" with their true themes, and all methods are measured on the
others. Of a survey of more than 4,000 responses, 4,000 are drawn at random and used. The supervised
marks are one-vs-rest logistic regressions, balanced and not, weak and strong, with three rules of
decision each; the best of the twelve over all draws is shown, which flatters them.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import iapt_topics as it
from iapt_topics.codes.codes import Codes
from iapt_topics.datasets import load_truth
from iapt_topics.mapping import learning as coding
from iapt_topics.stats.agreement import cohen_kappa, confusion_table
from iapt_topics.stats.set_agreement import macro_f1

FEWEST_ROWS = 20  # of a theme
SCORE = coding.score_sentences
MOST = 4000  # responses of a survey, drawn at random


def survey(table: pd.DataFrame, who: str | None) -> it.Responses:
    table = table[table["text"].str.strip() != ""]
    table = table.sample(min(MOST, len(table)), random_state=0)
    return it.load_responses(
        table.assign(year=2020), text="text", year="year", respondent=who, response="id"
    )


def frame_of(anchors: dict[str, list[str]]) -> it.ThemeFrame:
    return it.ThemeFrame(
        name="benchmark",
        themes=tuple(it.Theme(id=k, label=k, examples=tuple(v)) for k, v in anchors.items()),
    )


def example(_: Path | None) -> tuple[it.Responses, it.ThemeFrame, pd.Series]:
    responses, _coder = it.load_example()
    given = load_truth().table.groupby("response_id")["theme"].agg(set)
    return responses, it.load_frame("iapt_identity_system"), given


def nhs_v6(data: Path) -> tuple[it.Responses, it.ThemeFrame, pd.Series]:
    """Majors in both books; minor names and definitions, never the book's examples."""
    book = pd.read_csv(data / "nhs_fft" / "framework_v7_codebook.csv", keep_default_na=False)
    table = pd.read_csv(data / "nhs_fft" / "v6_multilabel.csv", keep_default_na=False)
    table = table.assign(id=table["comment_id"])
    given = table.set_index("id")["majors"].map(lambda m: {x.strip() for x in m.split("|")})
    rows = given.explode().value_counts()
    book = book[~book["minor"].isin(["Not assigned", "Labelling not possible"])]
    anchors = {
        major: (part["minor"] + ". " + part["definition"]).tolist()
        for major, part in book.groupby("major", sort=False)
        if rows.get(major, 0) >= FEWEST_ROWS
    }
    return survey(table, "respondent_id"), frame_of(anchors), given


def nhs_phase1(data: Path) -> tuple[it.Responses, it.ThemeFrame, pd.Series]:
    """Nine categories, known by the bare names of their sub-categories."""
    table = pd.read_csv(data / "nhs_fft" / "phase1_singlelabel.csv", keep_default_na=False)
    table = table.assign(id=table["row_index"].astype(str))
    names = table.groupby("label")["subcategory"].unique()
    anchors = {str(label): sorted(subs) for label, subs in names.items()}
    return survey(table, None), frame_of(anchors), table.set_index("id")["label"].map(lambda x: {x})


def clinc150(data: Path) -> tuple[it.Responses, it.ThemeFrame, pd.Series]:
    """Ten domains, known by the bare names of their intents, and rows out of scope."""
    table = pd.read_csv(data / "clinc150" / "clinc150.csv", keep_default_na=False)
    table = table[table["split"].str.contains("test|val")].reset_index(drop=True)
    table = table.assign(id=[f"c{i}" for i in table.index])
    names = table[table["domain"] != "oos"].groupby("domain")["intent"].unique()
    anchors = {str(k).replace("_", " "): [x.replace("_", " ") for x in v] for k, v in names.items()}
    given = table.set_index("id")["domain"].map(lambda d: {d.replace("_", " ")})
    return survey(table, None), frame_of(anchors), given


DATA = {"example": example, "NHS v6": nhs_v6, "NHS phase 1": nhs_phase1, "CLINC150": clinc150}


def codes_only(features, hand, rest, y) -> dict[str, np.ndarray]:
    """One-vs-rest logistic regression on the hand codes, under several rules of decision."""
    from sklearn.linear_model import LogisticRegression

    found = {}
    for weight in (None, "balanced"):
        for strength in (1.0, 10.0):
            chance = np.zeros((len(rest), y.shape[1]))
            for j in range(y.shape[1]):
                if y[hand, j].any() and not y[hand, j].all():
                    model = LogisticRegression(C=strength, class_weight=weight, max_iter=500)
                    model.fit(features[hand], y[hand, j])
                    chance[:, j] = model.predict_proba(features[rest])[:, 1]
            top = chance == chance.max(axis=1, keepdims=True)
            for rule, given in (
                ("half", chance >= 0.5),
                ("top", top),
                ("both", top | (chance >= 0.5)),
            ):
                found[f"{weight or 'plain'}, C {strength:g}, {rule}"] = given
    return found


def measures(given: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    kappa = [float(cohen_kappa(confusion_table(a, b))) for a, b in zip(given.T, y.T, strict=True)]
    return macro_f1(given, y), float(np.nanmean(kappa))


def calibration(chance: np.ndarray, y: np.ndarray) -> float:
    """Expected calibration error of the themes given, over ten bins."""
    at = ~np.isnan(chance)
    bins = np.minimum((chance[at] * 10).astype(int), 9)
    gaps = [
        abs(chance[at][bins == b].mean() - y[at][bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    ]
    return float(sum(gaps))


def run(name: str, data: Path | None, n_hand: int, draws: int) -> None:
    from scipy.stats import t
    from sklearn.feature_extraction.text import TfidfVectorizer

    responses, frame, given = DATA[name](data)
    responses = replace(responses, table=responses.table.sort_values("response_id"))
    encoder = it.sentence_encoder()
    embeddings = it.embed(responses, encoder)
    kept = responses.kept
    ids = kept["response_id"].to_numpy(dtype=object)
    themes = [theme.id for theme in frame.codable]
    y = np.array([[theme in given.get(i, ()) for theme in themes] for i in ids])
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, stop_words="english")
    tfidf = words.fit_transform(kept["text"])
    vectors = embeddings.rows(ids.tolist())
    machine = it.code_responses(responses, embeddings, frame, encoder)
    # The frame's scores are the same in each draw: they are computed once.
    scores = SCORE(responses, embeddings, frame, encoder)
    coding.score_sentences = lambda *_: scores
    zero = machine.matrix(ids.tolist(), themes)
    found: dict[str, list[tuple[float, float]]] = {}
    errors = []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(ids))
        hand, rest = order[:n_hand], order[n_hand:]
        at, theme = np.nonzero(y[hand])
        codes = Codes(
            coder="truth",
            kind="human",
            themes=tuple(themes),
            seen=kept.iloc[hand][["response_id", "respondent_id"]],
            table=pd.DataFrame(
                {
                    "response_id": ids[hand][at],
                    "theme": np.array(themes, dtype=object)[theme],
                    "score": np.nan,
                }
            ),
        )
        learned = it.learn_codes(
            responses, embeddings, frame, encoder, codes, machine=machine, seed=seed
        )
        ours = learned.matrix(ids[rest].tolist(), themes)
        wide = learned.table.pivot(index="response_id", columns="theme", values="score")
        errors.append(calibration(wide.reindex(ids[rest], columns=themes).to_numpy(), y[rest]))
        every = {"frame alone": zero[rest], "frame and codes": ours}
        for kind, features in (("TF-IDF", tfidf), ("vectors", vectors)):
            tried = codes_only(features, hand, rest, y)
            every |= {f"{kind}: {rule}": g for rule, g in tried.items()}
        for method, result in every.items():
            found.setdefault(method, []).append(measures(result, y[rest]))
    print(f"\n{name}: {len(ids)} responses, {len(themes)} themes, {n_hand} coded, {draws} draws")
    mean = {m: np.mean([f for f, _ in v]) for m, v in found.items()}
    shown = ["frame alone", "frame and codes"]
    for kind in ("TF-IDF", "vectors"):
        shown.append(max((m for m in mean if m.startswith(kind)), key=lambda m: mean[m]))
    for method in shown:
        values = np.array(found[method])
        spread = t.ppf(0.975, draws - 1) * values.std(axis=0, ddof=1) / draws**0.5
        print(
            f"  {method:32s} macro-F1 {values[:, 0].mean():.3f} ± {spread[0]:.3f}   "
            f"mean kappa {values[:, 1].mean():.3f} ± {spread[1]:.3f}"
        )
    ahead = np.array(found["frame and codes"])[:, 0]
    for method in shown:
        if method != "frame and codes":
            gain = ahead - np.array(found[method])[:, 0]
            print(
                f"  ahead of {method}: {gain.mean():+.3f}, in {(gain > 0).sum()} of {draws} draws"
            )
    print(f"  calibration error of the themes given: {np.mean(errors):.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--hand", type=int, default=100)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--only", nargs="*", choices=list(DATA), default=list(DATA))
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    for name in options.only:
        if name != "example" and (options.data is None or not options.data.is_dir()):
            print(f"\n{name}: left out, for there is no --data folder")
            continue
        run(name, options.data, options.hand, options.draws)


if __name__ == "__main__":
    main()
