"""Time and peak memory of a fit by the number of responses, each size in a process of its own.

``python benchmarks/scaling.py --data FOLDER [--sizes 1500 5000 10000 25000 100000] [--plain]``
``python benchmarks/scaling.py --data FOLDER --exact 25000``

FOLDER holds ``nhs_fft/``. Real texts are repeated to the size wanted. A repeat is varied twice: a
tenth of its words are taken out at random, and its vector is the real text's plus normal noise that
turns it by about 20 degrees (cosine .94), so that no two rows are the same and nothing is embedded
but the real texts. Only the fit is timed, not the embedding. The exponent is the slope of log time
against log n. ``--plain`` fits BERTopic as it comes instead. ``--exact`` fits so many with
neighbours looked for among some rows and among all, and prints how far the topics agree, beside
those of fits to all and to random 90 %, three times.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

import iapt_topics as it
from iapt_topics.topics import runs, wording


def grow(data: Path, n: int) -> tuple[it.Responses, it.Embeddings]:
    rng = np.random.default_rng(0)
    real = pd.concat(
        pd.read_csv(data / "nhs_fft" / f, keep_default_na=False)["text"]
        for f in ("v6_multilabel.csv", "phase1_singlelabel.csv")
    )
    real = real[real.str.split().str.len() > 2].drop_duplicates().to_numpy()
    vectors = it.sentence_encoder().encode(real.tolist())
    pick = rng.permutation(np.arange(max(n, len(real))) % len(real))[:n]
    texts = [
        " ".join(w for w, u in zip(t.split(), rng.random(len(t.split())), strict=True) if u > 0.1)
        for t in real[pick]
    ]
    noisy = vectors[pick] + rng.normal(
        scale=0.36 / np.sqrt(vectors.shape[1]), size=(n, vectors.shape[1])
    ).astype(np.float32)
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
    ids = [f"r{i}" for i in range(n)]
    table = pd.DataFrame(
        {
            "response_id": ids,
            "respondent_id": ids,
            "year": 2020 + np.arange(n) % 4,
            "question": "",
            "text": texts,
            "status": "kept",
        }
    )
    responses = it.Responses(table=table, source="repeated")
    return responses, it.Embeddings(
        vectors=noisy, response_id=tuple(ids), model="noisy", fingerprint="noisy"
    )


def exact(data: Path, n: int) -> None:
    """Print what neighbours among some rows change."""
    responses, embeddings = grow(data, n)

    def fit(table: pd.DataFrame, most: int | None = None) -> pd.Series:
        among = mock.patch.object(runs, "_AMONG", most or runs._AMONG)
        with among, mock.patch.object(wording, "_AMONG", most or wording._AMONG):
            found = it.fit_topics(it.Responses(table=table, source="repeated"), embeddings)
        return found.assignments.set_index("response_id")["topic"]

    every = fit(responses.table, n)
    others = {"neighbours among some": fit(responses.table)}
    for seed in (1, 2, 3):
        part = responses.table.sample(frac=0.9, random_state=seed)
        others[f"neighbours among all, random 90 % ({seed})"] = fit(part, n)
    for name, other in others.items():
        agree = adjusted_rand_score(every[other.index], other)
        print(f"{n:,} rows, {name}: ARI {agree:.2f} with neighbours among all", flush=True)


def fit_plain(responses: it.Responses, embeddings: it.Embeddings) -> SimpleNamespace:
    """What BERTopic finds as it comes."""
    from bertopic import BERTopic  # here, so that its memory does not count as ours

    topics, _ = BERTopic().fit_transform(responses.kept["text"].tolist(), embeddings.vectors)
    return SimpleNamespace(n_topics=max(topics) + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1500, 5000, 10000, 25000, 100000])
    parser.add_argument("--one", type=int, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--exact", type=int, default=None)
    args = parser.parse_args()
    if args.exact:
        exact(args.data, args.exact)
        return
    if args.one:
        fit = fit_plain if args.plain else it.fit_topics
        # Compiled code is loaded before the clock; of BERTopic's, what its way of so many needs.
        fit(*grow(args.data, min(args.one, 5000) if args.plain else 300))
        responses, embeddings = grow(args.data, args.one)
        start = time.perf_counter(), time.process_time()
        found = fit(responses, embeddings)
        wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(f"{wall:.2f} {cpu:.2f} {peak:.2f} {found.n_topics}")
        return
    print("| responses | wall s | CPU s | peak GB, process | topics |\n|---|---|---|---|---|")
    child = [sys.executable, __file__, "--data", str(args.data), *["--plain"] * args.plain]
    seconds = []
    for n in args.sizes:
        said = subprocess.run(
            [*child, "--one", str(n)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        seconds.append(float(said[1]))
        print(f"| {n:,} | {' | '.join(said)} |", flush=True)
    if len(seconds) > 1:
        slope = np.polyfit(np.log(args.sizes), np.log(seconds), 1)[0]
        nlogn = np.polyfit(np.log(args.sizes), np.log(np.array(args.sizes) * np.log(args.sizes)), 1)
        print(f"exponent of CPU time {slope:.2f}; n log n would have {nlogn[0]:.2f}")


if __name__ == "__main__":
    main()
