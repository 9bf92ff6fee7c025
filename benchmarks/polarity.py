"""Is what a sentence says of a theme, or denies, read rightly?

Run as ``python benchmarks/polarity.py --half test --data ../shared/data``. By kind of pair: how
often the sentence that says the theme is scored above its twin that does not (ties count half), how
often each and both are marked rightly, and how many sentences are; with 95 % Wilson intervals. Then
how many codes of the example and of public surveys are marked (``--read N`` prints some of each
mark), and, against the labels that people gave, what agreement would be if codes marked as denied
were dropped. Without the folder of public data sets only the pairs and the example are run.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from mapping import PROCESS, figures, matrix, quoted, survey_of

from iapt_topics import (
    Codes,
    Responses,
    Theme,
    ThemeFrame,
    code_responses,
    embed,
    load_example,
    load_frame,
    sentence_encoder,
)
from iapt_topics.datasets import load_truth
from iapt_topics.encoders import Encoder
from iapt_topics.mapping.polarity import PolarityReader, Reading, passage
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.survey.sentences import sentence_spans

PAIRS = Path(__file__).with_name("polarity_pairs.csv")


def read(
    texts: Sequence[str], themes: Sequence[str], reader: PolarityReader, encoder: Encoder
) -> list[Reading]:
    """Read each text as a response whose code is carried by the sentence nearest to the theme."""
    passages = []
    for text, theme in zip(texts, themes, strict=True):
        spans = sentence_spans(text)
        vectors = encoder.encode([text[start:end] for start, end in spans])
        nearest = (vectors @ reader.anchors[theme].T).max(axis=1).argmax()
        passages.append(passage(text, *spans[nearest]))
    return reader.read(passages, themes, {})


def pairs(half: str, encoder: Encoder) -> None:
    """Print the table of one half of the pairs, by kind."""
    table = pd.read_csv(PAIRS, keep_default_na=False)
    table = table[table["half"] == half].reset_index(drop=True)
    frame = load_frame("iapt_identity_system")
    # Pairs were written for one theme that is derived, and not coded by itself, too.
    spoken = set(table["theme"])
    themes = tuple(replace(t, codable=True) if t.id in spoken else t for t in frame.themes)
    reader = PolarityReader.of(replace(frame, themes=themes), encoder)
    said = read(table["said"], table["theme"].tolist(), reader, encoder)
    other = read(table["not_said"], table["theme"].tolist(), reader, encoder)
    ahead = np.array(
        [np.sign(a.score - b.score) / 2 + 0.5 for a, b in zip(said, other, strict=True)]
    )
    is_said = np.array([r.polarity == "said" for r in said])
    not_said = np.array([r.polarity != "said" for r in other])
    denied = np.array([r.polarity == "denied" for r in other])
    falsely = np.array([r.polarity == "denied" for r in said])
    print(f"\n{half} half\n")
    print(
        "| kind | n | ahead | marked said | twin not said | twin denied | said, marked denied |",
        end="",
    )
    print(" both right | sentences |\n|---|---|---|---|---|---|---|---|---|")
    for kind in [*table["kind"].unique(), "all"]:
        rows = (table["kind"] == kind).to_numpy() | (kind == "all")
        cells = [part(x[rows]) for x in (ahead, is_said, not_said, denied, falsely)]
        cells += [part((is_said & not_said)[rows])]
        cells += [part(np.concatenate([is_said[rows], not_said[rows]]))]
        print(f"| {kind.replace('_', ' ')} | {rows.sum()} | " + " | ".join(cells) + " |")


def part(right: np.ndarray) -> str:
    """A share and its Wilson interval."""
    low, high = wilson_interval(np.array([right.sum()]), np.array([len(right)]))
    return f"{right.mean():.2f} ({low[0]:.2f} to {high[0]:.2f})".replace("0.", ".")


def marks(
    name: str,
    survey: Responses,
    truth: pd.DataFrame | None,
    frame: ThemeFrame,
    encoder: Encoder,
    n: int,
) -> None:
    """Print how many codes have each mark, what dropping the denied does, and some to be read."""
    codes = code_responses(survey, embed(survey, encoder), frame, encoder)
    evidence = codes.evidence
    assert evidence is not None
    reader = PolarityReader.of(frame, encoder)
    count = evidence["polarity"].value_counts()
    reasons = evidence.loc[evidence["polarity"] == "mentioned", "polarity_reason"].value_counts()
    print(
        f"\n{name}: {len(evidence):,} codes, {sum(reader.firm.values())} of {len(frame.codable)} ",
        end="",
    )
    print(f"themes have a side; {count.to_dict()}; mentioned for {reasons.to_dict()}")
    if truth is not None:
        ids = [r for r in survey.kept["response_id"] if r in truth.index]
        themes = [t.id for t in frame.codable]
        true = truth.loc[ids, themes].to_numpy(dtype=bool)
        for what, some in (("all", codes), ("without the denied", without_denied(codes))):
            f1, kappa = figures(true, some.matrix(ids, themes))
            print(f"  {what}: macro-F1 {f1:.4f}, mean kappa {kappa:.4f}")
    text = dict(zip(survey.kept["response_id"], survey.kept["text"], strict=True))
    for mark in ("denied", "said", "past", "hypothetical", "others") if n else ():
        rows = evidence[(evidence["polarity"] == mark) | (evidence["polarity_reason"] == mark)]
        for row in rows.sample(min(n, len(rows)), random_state=7).itertuples():
            words = passage(text[row.response_id], row.start, row.end)
            print(f"  {mark} | {row.theme} | {' '.join(words.split())[:300]}")


def without_denied(codes: Codes) -> Codes:
    """The codes whose sentence does not deny the theme."""
    evidence = codes.evidence
    assert evidence is not None
    kept = evidence[evidence["polarity"] != "denied"]
    pairs = pd.MultiIndex.from_frame(kept[["response_id", "theme"]])
    rows = pd.MultiIndex.from_frame(codes.table[["response_id", "theme"]]).isin(pairs)
    return replace(codes, table=codes.table[rows], evidence=None)


def public(folder: Path, encoder: Encoder, n: int) -> None:
    """NHS v6 (the codebook's minors), NHS phase 1 and part of the OSMI panel."""
    nhs = folder / "nhs_fft"
    rows = pd.read_csv(nhs / "v6_multilabel.csv").dropna(subset=["text"])
    book = pd.read_csv(nhs / "framework_v7_codebook.csv")
    book = book[~book["minor"].isin(PROCESS)]
    same = pd.read_csv(nhs / "v6_labels.csv").dropna(subset=["same_label_in_v7_codebook"])
    to_v7 = dict(zip(same["label"], same["same_label_in_v7_codebook"], strict=True))
    labels = rows["labels"].str.split("|").map(lambda s: {to_v7.get(x, "") for x in s})
    themes = tuple(
        Theme(id=m, label=m, definition=d, examples=quoted(e))
        for m, d, e in zip(book["minor"], book["definition"], book["examples"], strict=True)
    )
    truth = matrix(labels.tolist(), [t.id for t in themes])
    frame = ThemeFrame(name="minors", themes=themes)
    marks("NHS v6", survey_of(rows["text"].tolist()), truth, frame, encoder, n)

    rows = pd.read_csv(nhs / "phase1_singlelabel.csv").dropna(subset=["text"])
    names = sorted(rows["label"].unique())
    below = rows.groupby("label")["subcategory"].unique()
    themes = tuple(
        Theme(id=x, label=x, synonyms=tuple(str(s).strip() for s in below[x] if s != x))
        for x in names
    )
    truth = matrix([{x} for x in rows["label"]], names)
    frame = ThemeFrame(name="phase 1", themes=themes)
    marks("NHS phase 1", survey_of(rows["text"].tolist()), truth, frame, encoder, n)

    rows = pd.read_csv(folder / "osmi" / "osmi_responses.csv").dropna(subset=["text"])
    rows = rows[rows["text"].str.split().str.len() >= 6].sample(3000, random_state=9)
    frame = load_frame("iapt_identity_system")
    marks("OSMI, the bundled frame", survey_of(rows["text"].tolist()), None, frame, encoder, n)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("development", "test"), default="development")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--read", type=int, default=0)
    parser.add_argument("--pairs-only", action="store_true")
    args = parser.parse_args()
    encoder = sentence_encoder()
    pairs(args.half, encoder)
    if args.pairs_only:
        return
    survey, _ = load_example()
    frame, truth = load_frame("iapt_identity_system"), load_truth()
    ids, themes = truth.seen["response_id"].tolist(), [t.id for t in frame.codable]
    cells = pd.DataFrame(truth.matrix(ids, themes), index=ids, columns=themes)
    marks("bundled example (synthetic)", survey, cells, frame, encoder, args.read)
    if args.data is None:
        print("No --data: the public data sets are left out.")
    else:
        public(args.data, encoder, args.read)


if __name__ == "__main__":
    main()
