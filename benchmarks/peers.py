"""A peer as a whole process: texts embedded, topics found, their shares by year.

Run as ``python benchmarks/peers.py SURVEY --text C --year C --method NMF --model FOLDER``, or by
``speed.py --peers`` beside this library and the plain BERTopic script. Methods are those of
``topics.py`` that are told the number of topics, and "KeyNMF" of turftopic, whose pins clash with
this project's: that is run by the Python of an environment of its own, which has pandas too.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 1


def keynmf(texts: list[str], vectors: np.ndarray, model: object, k: int) -> np.ndarray:
    from turftopic import KeyNMF

    found = KeyNMF(k, encoder=model, random_state=SEED).fit_transform(texts, embeddings=vectors)
    return np.asarray(found).argmax(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("survey", type=Path)
    parser.add_argument("--text", required=True)
    parser.add_argument("--year", required=True)
    parser.add_argument("--method", required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder of the sentence model")
    parser.add_argument("--topics", type=int, default=23)
    args = parser.parse_args()
    table = pd.read_csv(args.survey, keep_default_na=False)
    table = table[table[args.text].str.strip() != ""]
    texts = table[args.text].tolist()
    model = vectors = None
    if args.method != "NMF":
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(args.model), local_files_only=True)
        vectors = model.encode(texts)
    if args.method == "KeyNMF":
        labels = keynmf(texts, vectors, model, args.topics)
    else:
        from topics import METHODS

        labels, _ = METHODS[args.method](texts, vectors, SEED, args.topics, None)
    print(pd.crosstab(table[args.year].to_numpy(), labels, normalize="index").round(3))


if __name__ == "__main__":
    main()
