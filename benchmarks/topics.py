"""Topics: agreement between fits, with human labels, and of words; peers in the same run.

``python benchmarks/topics.py --data FOLDER [--fits 3] [--parts 3] [--only NAME] [--peers NAME]``

FOLDER holds ``osmi/``, ``nhs_fft/`` and ``clinc150/``. Each method is fitted several times, with
another seed and row order each time. Printed are: topics; share left unassigned; ARI between fits
(mean over pairs, the unassigned as one group); ARI between ``--parts`` fits on random 90 % of the
responses (on those in both; BERTopic, k-means and this library, also by meaning alone), and of
this library's broad topics; AMI with the first human label; NPMI (Bouma 2009) and diversity of the
top ten words over the documents; and CPU seconds a fit, after one of each that compiles and is not
counted. The peers have as many topics as this library found. FASTopic is not among the project's
dependencies:

    pip install --no-deps --target PEERS fastopic
    PYTHONPATH=PEERS python benchmarks/topics.py --data FOLDER

It takes the same vectors, and scikit-learn's English stop words and at most 5,000 terms, since the
preprocessing of topmost needs gensim and torchvision.
"""

from __future__ import annotations

import argparse
import time
import warnings
from functools import partialmethod
from itertools import combinations
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

import iapt_topics as it
from iapt_topics.topics import runs
from iapt_topics.topics.wording import wording_view
from iapt_topics.topics.words import topic_words


def surveys(data: Path) -> dict[str, pd.DataFrame]:
    """Read the sets; ``label`` is the first human label, or empty."""

    def read(path: str) -> pd.DataFrame:
        return pd.read_csv(data / path, keep_default_na=False)

    osmi = read("osmi/osmi_responses.csv")
    osmi = osmi[osmi["repeat_of_own_text"] == 0]
    panel = osmi[(osmi["question"] == "why_mental_interview") & (osmi["year"] >= 2016)]
    v6 = read("nhs_fft/v6_multilabel.csv")
    v6 = v6.assign(label=v6["majors"].str.split("|").str[0].str.strip(), year=2021)
    phase1 = read("nhs_fft/phase1_singlelabel.csv")
    phase1 = phase1.assign(year=2020, respondent_id=phase1.index.astype(str))
    clinc = read("clinc150/clinc150.csv").query("domain != 'oos'").sample(4000, random_state=0)
    clinc = clinc.assign(label=clinc["domain"], year=2020, respondent_id=clinc.index.astype(str))
    industry = osmi[osmi["question"] == "improve_industry"]
    return {
        "osmi": panel.assign(label=""),
        "v6": v6,
        "phase1": phase1,
        "clinc": clinc,
        "industry": industry.assign(label=""),
        "v6_long": v6[v6["text"].str.split().str.len() >= 25],
        "phase1_long": phase1[phase1["text"].str.split().str.len() >= 30],
    }


def ours(texts, vectors, seed, k, rows):
    responses, embeddings = rows
    found = it.fit_topics(responses, embeddings, it.TopicConfig(seed=seed))
    words = found.topics["words"].str.split(", ").tolist()
    topic = found.assignments["topic"].to_numpy()
    broad = found.hierarchy.set_index("topic")["broad"].reindex(topic, fill_value=-1)
    return topic, words, broad.to_numpy()


def meaning(texts, vectors, seed, k, rows):
    """This library without its view of the wording."""
    with mock.patch.object(runs, "wording_view", return_value=(None, 0.0)):
        return ours(texts, vectors, seed, k, rows)


def bertopic(texts, vectors, seed, k, rows):
    from bertopic import BERTopic
    from umap import UMAP

    layout = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
    model = BERTopic(umap_model=layout)
    labels = np.array(model.fit_transform(texts, vectors)[0])
    return labels, [[w for w, _ in model.get_topic(t)] for t in range(labels.max() + 1)]


def kmeans(texts, vectors, seed, k, rows):
    from sklearn.cluster import KMeans

    labels = KMeans(k, n_init=10, random_state=seed).fit_predict(vectors)
    return labels, topic_words(texts, labels, k)


def mixture(texts, vectors, seed, k, rows):
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    few = PCA(20, random_state=seed).fit_transform(vectors)
    labels = GaussianMixture(k, random_state=seed, reg_covar=1e-5).fit_predict(few)
    return labels, topic_words(texts, labels, k)


def nmf(texts, vectors, seed, k, rows):
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfVectorizer

    counter = TfidfVectorizer(stop_words="english", min_df=2)
    model = NMF(k, init="nndsvda", random_state=seed, max_iter=300)
    weights = model.fit_transform(counter.fit_transform(texts))
    terms = counter.get_feature_names_out()
    return weights.argmax(axis=1), [
        terms[np.argsort(-row)[:10]].tolist() for row in model.components_
    ]


class Terms:
    """Counts words for FASTopic."""

    def preprocess(self, docs, **_):
        from sklearn.feature_extraction.text import CountVectorizer

        counter = CountVectorizer(stop_words="english", max_features=5000)
        counts = counter.fit_transform(docs)
        return {"train_bow": counts, "vocab": counter.get_feature_names_out().tolist()}


def fastopic(texts, vectors, seed, k, rows):
    import torch
    import tqdm

    tqdm.tqdm.__init__ = partialmethod(tqdm.tqdm.__init__, disable=True)
    from fastopic import FASTopic

    torch.manual_seed(seed)
    # The encoder given is not asked, since the vectors are.
    model = FASTopic(k, Terms(), device="cpu", doc_embed_model=Terms())
    words, weights = model.fit_transform(texts, preset_doc_embeddings=vectors)
    return weights.argmax(axis=1), [w.split()[:10] for w in words]


METHODS = {
    "iapt_topics": ours,
    "meaning alone": meaning,
    "BERTopic": bertopic,
    "k-means": kmeans,
    "Gaussian mixture": mixture,
    "NMF": nmf,
    "FASTopic": fastopic,
}
#: Fitted to parts of the respondents, too.
PARTED = ("iapt_topics", "meaning alone", "BERTopic", "k-means")


def npmi(words: list[list[str]], texts: list[str]) -> float:
    """Mean NPMI of the pairs of a topic's words over the documents; -1 if never together."""
    from sklearn.feature_extraction.text import CountVectorizer

    terms = sorted({w for ws in words for w in ws if w and " " not in w})
    counts = CountVectorizer(vocabulary=terms, binary=True).transform(texts)
    together = np.asarray((counts.T @ counts).todense()) / len(texts)
    place = {w: j for j, w in enumerate(terms)}
    scores = []
    for ws in words:
        for a, b in combinations([place[w] for w in ws if w in place], 2):
            p, both = together[a, a] * together[b, b], together[a, b]
            if p > 0:
                scores.append(np.log(both / p) / -np.log(both) if 0 < both < 1 else -1.0)
    return float(np.mean(scores))


def compare(table: pd.DataFrame, args: argparse.Namespace) -> None:
    if args.rows:
        table = table.sample(min(args.rows, len(table)), random_state=args.seed)

    def read(rows: pd.DataFrame) -> tuple[it.Responses, it.Embeddings]:
        responses = it.load_responses(
            rows,
            text="text",
            year="year",
            respondent="respondent_id",
            covariates=("label", "row"),
        )
        return responses, it.embed(responses, encoder)

    encoder = it.sentence_encoder()
    table = table.assign(row=[f"row{i}" for i in range(len(table))])
    n_topics = 0
    for name in args.peers:
        fits, parts, seconds = [], [], []
        compiles = name in ("iapt_topics", "BERTopic")
        parted = args.parts if name in PARTED else 0
        for fit in range(-1 if compiles else 0, args.fits + parted):
            part = fit >= args.fits
            rows = table.sample(frac=0.9 if part else 1, random_state=args.seed + 100 + fit)
            responses, embeddings = read(rows)
            texts = responses.kept["text"].tolist()
            start = time.process_time()
            try:
                labels, words, *broad = METHODS[name](
                    texts,
                    embeddings.vectors,
                    args.seed + fit + 1,
                    n_topics,
                    (responses, embeddings),
                )
            except ImportError as error:
                print(f"{name}: not run ({error})")
                break
            if fit < 0:
                n_topics = n_topics or int(labels.max()) + 1
                continue
            seconds.append(time.process_time() - start)
            who = pd.Index(responses.kept["row"])
            found = pd.Series(labels, index=who)
            human = pd.Series(responses.kept["label"].to_numpy(), index=who)
            score = adjusted_mutual_info_score(human, found) if human.nunique() > 1 else np.nan
            flat = [w for ws in words for w in ws]
            diverse = len(set(flat)) / max(len(flat), 1)
            fit_of = (found, score, npmi(words, texts), diverse)
            (parts if part else fits).append((*fit_of, *(pd.Series(b, index=who) for b in broad)))
        if not fits:
            continue

        def agree(those, at=0) -> float:
            scores = []
            for a, b in combinations([fit[at] for fit in those if len(fit) > at], 2):
                both = a.index.intersection(b.index)
                scores.append(adjusted_rand_score(a[both], b[both]))
            return float(np.mean(scores)) if scores else np.nan

        n = [int(f[0].max()) + 1 for f in fits]
        unassigned = np.mean([(f[0] < 0).mean() for f in fits])
        ami, coherent, diverse = (np.mean([f[j] for f in fits]) for j in (1, 2, 3))
        print(
            f"| {name} | {', '.join(map(str, n))} | {unassigned:.0%} | {agree(fits):.2f} | "
            f"{agree(parts):.2f} | {agree(parts, 4):.2f} | {ami:.3f} | {coherent:.2f} | "
            f"{diverse:.2f} | {np.median(seconds[: args.fits]):.1f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fits", type=int, default=3)
    parser.add_argument("--parts", type=int, default=3)
    parser.add_argument("--rows", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=None)
    parser.add_argument("--peers", nargs="+", default=list(METHODS))
    args = parser.parse_args()
    if args.peers[0] != "iapt_topics":
        parser.error("--peers must begin with iapt_topics, whose number of topics the others take")
    warnings.simplefilter("ignore")
    for name, table in surveys(args.data).items():
        if args.only is None or name in args.only:
            print(f"\n{name}: {len(table)} rows", f"({args.rows} drawn)" if args.rows else "")
            weight = wording_view(table["text"].tolist())[1]
            print(f"The wording weighs {weight:.2f}, the meaning {1 - weight:.2f}.\n")
            print(
                "| method | topics | unassigned | ARI | ARI 90 % | broad | AMI | NPMI | "
                "diversity | CPU s |"
            )
            print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
            compare(table, args)


if __name__ == "__main__":
    main()
