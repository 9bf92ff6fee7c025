"""A survey of many partitions on two local workers, one of which ``--kill`` kills midway.

    python benchmarks/scale.py --data FOLDER --rows 1000000 --encoder static --work DIR --kill
    python benchmarks/scale.py --data FOLDER --rows 20000 --encoder full --work DIR
    python benchmarks/scale.py --data FOLDER --loss --work DIR

FOLDER holds ``nhs_fft/``, and for ``--loss`` also ``osmi/`` and ``clinc150/``. Real texts of three
words or more are repeated to the size wanted; of each repeat a tenth of the words are taken out at
random, and two sentences of three change places, so that nearly every row is another text and is
encoded. Respondents give one to three responses in one to three of five years, and lie in one of
the partitions of 5,000 rows. DIR takes the partitions and results, and may be used again: finished
partitions are found. At the end the study is collected and both reports are written; ``--times 10``
does that with ten times the coded rows, each time with other ids. ``--loss``
measures what the static encoder loses against the one it was distilled from.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import psutil

import iapt_topics as it
from iapt_topics._base.files import file_hash
from iapt_topics._base.kept import write_record
from iapt_topics.drift.drift import drift_of_sums
from iapt_topics.scale.partitions import (
    all_statuses,
    coded_hashes,
    coded_paths,
    count_coded,
    record_path,
)
from iapt_topics.scale.scale import _columns, _join
from iapt_topics.stats.share_model import sum_up

ROWS = 5_000
T = TypeVar("T")


def real_texts(data: Path) -> np.ndarray:
    texts = pd.concat(
        pd.read_csv(data / f, keep_default_na=False)["text"]
        for f in ("nhs_fft/v6_multilabel.csv", "nhs_fft/phase1_singlelabel.csv")
    )
    return texts[texts.str.split().str.len() > 2].drop_duplicates().to_numpy(object)


def vary(text: str, rng: np.random.Generator) -> str:
    pieces = text.split(". ")
    if len(pieces) > 1 and rng.random() < 2 / 3:
        a, b = rng.choice(len(pieces), 2, replace=False)
        pieces[a], pieces[b] = pieces[b], pieces[a]
    words = ". ".join(pieces).split()
    kept = rng.random(len(words)) > 0.1
    return " ".join(w for w, k in zip(words, kept, strict=True) if k) or text


def write_survey(texts: np.ndarray, n: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(-(-n // ROWS)):
        path = folder / f"part-{number:05d}.parquet"
        if path.exists():
            continue
        rng = np.random.default_rng([1, number])
        size = min(ROWS, n - number * ROWS)
        person = np.repeat(np.arange(size), rng.integers(1, 4, size))[:size]
        rows = rng.integers(0, len(texts), size)
        table = pd.DataFrame(
            {
                "response_id": [f"r{number}-{i}" for i in range(size)],
                "respondent_id": [f"p{number}-{p}" for p in person],
                "year": rng.integers(2016, 2021, size),
                "text": [vary(texts[r], rng) for r in rows],
            }
        )
        table.to_parquet(path, index=False)


def kill_one(cluster: object, parts: Path, after: int, told: list[str]) -> None:
    """Kill a worker by SIGKILL when so many partitions are done and both are at work."""
    while len(list(parts.glob("*.parquet"))) < after:
        time.sleep(0.5)
    time.sleep(1.0)
    nanny = next(iter(cluster.workers.values()))  # type: ignore[attr-defined]
    pid = nanny.process.pid
    os.kill(pid, signal.SIGKILL)
    told.append(f"killed process {pid} with {len(list(parts.glob('*.parquet')))} partitions done")


def cpu_seconds() -> float:
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def run(args: argparse.Namespace) -> None:
    from distributed import Client, LocalCluster

    began = time.perf_counter(), cpu_seconds()
    survey, out = args.work / f"survey-{args.rows}", args.work / f"{args.encoder}-{args.rows}"
    write_survey(real_texts(args.data), args.rows, survey)
    encoder = it.sentence_encoder()
    if args.encoder == "static":
        encoder = it.sentence_encoder(args.work / "static", cache=None)
    print(f"made: {time.perf_counter() - began[0]:.0f} s", flush=True)
    began = time.perf_counter(), cpu_seconds()
    done = len(list((out / "parts").glob("*.parquet")))
    told: list[str] = []
    stages: list[tuple[float, float, str]] = []

    def write_down(event: it.Event) -> None:
        if event.kind != "stage":
            return
        stages.append((time.perf_counter() - began[0], cpu_seconds(), event.text))
        print(f"{stages[-1][0]:.0f} s: {event.text}", flush=True)

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):
        if args.kill:
            after = done + max(1, (args.rows // ROWS - done) // 2)
            threading.Thread(
                target=kill_one, args=(cluster, out / "parts", after, told), daemon=True
            ).start()
        study = it.scale.scale_study(
            survey,
            it.load_frame("iapt_identity_system"),
            encoder,
            out,
            cluster=client,
            sample=args.sample,
            config=it.TopicConfig(seed=1, n_runs=args.runs),
            n_boot=args.n_boot,
            on_event=write_down,
        )
        ended = time.perf_counter() - began[0]
    parts = study.partitions
    made = parts[~parts["found"]]
    print(f"rows {study.ledger['n'].sum():,}; {told or 'nothing killed'}")
    print(f"wall {ended:.0f} s, CPU {cpu_seconds() - began[1]:.0f} s with workers")
    print(f"coded here {len(made)} of {len(parts)} partitions; found {int(parts['found'].sum())}")
    if len(made):
        seconds = made["seconds"].sum()
        print(f"worker seconds a response {1000 * seconds / (len(made) * ROWS):.2f} ms")
        at = pd.Series([Path(f).stat().st_mtime for f in made["file"]], index=made.index)
        order = made.loc[at.sort_values().index]
        for process, rows in order.groupby("process", sort=False):
            memory = rows["memory_mb"].to_numpy()
            tenth = max(1, len(memory) // 10)
            print(
                f"worker {process}: {len(rows)} partitions, resident MB median of the first tenth "
                f"{np.median(memory[:tenth]):.0f}, of the last {np.median(memory[-tenth:]):.0f}, "
                f"most {memory.max():.0f}"
            )
    print(f"topics {study.topics.n_topics}; {study.notes}")
    print(study.drift.shares.groupby("year")["n"].first().to_dict())
    if args.times > 1:
        study = repeated(study, args.times, out / f"times-{args.times}")
    report(study, out)


def repeated(study: it.scale.ScaledStudy, times: int, folder: Path) -> it.scale.ScaledStudy:
    """A survey of the same coded rows several times over, each time by other respondents."""
    (folder / "survey").mkdir(parents=True, exist_ok=True)
    rows = []
    for k, part in ((k, p) for k in range(times) for p in study.partitions.to_dict("records")):
        source = folder / "survey" / f"{k}-{part['partition']}"
        target = folder / "parts" / source.name
        old, new = (coded_paths(Path(f)) for f in (part["file"], target))
        pairs = zip((Path(part["source"]), *old), (source, *new), strict=True)
        for one, other in pairs:
            table = pd.read_parquet(one)
            for name in {"response_id", "respondent_id", "copy_of"} & {*table} if k else ():
                table[name] = table[name].where(table[name] == "", f"{k}:" + table[name])
            other.parent.mkdir(exist_ok=True)
            table.to_parquet(other, index=False)
        write_record(record_path(target), target.name, coded_hashes(target))
        rows.append({**part, "partition": source.name, "source": str(source),
                     "sha256": file_hash(source), "file": str(target)})  # fmt: skip
    themes = study.drift.themes
    counted = [
        count_coded(Path(r["file"]), themes, study.topics.n_topics, weighted=False) for r in rows
    ]
    cells, years = _join(counted, weighted=False)
    drift = drift_of_sums(
        sum_up(_columns(cells, slice(len(themes)))), themes, years, weighted=False,
        baseline=study.drift.baseline, coder="machine", n_boot=200, seed=1,
    )  # fmt: skip
    ledger = all_statuses([c.ledger for c in counted])
    return replace(study, partitions=pd.DataFrame(rows), drift=drift, ledger=ledger)


def report(study: it.scale.ScaledStudy, out: Path) -> None:
    """Collect the study and write both reports; print the seconds and the driver's memory."""
    whole = timed("collect_study", lambda: it.scale.collect_study(study, n_boot=200))
    timed("tables", lambda: whole.tables)
    private = timed("keep_private", lambda: it.publish.keep_private(whole))
    timed("private report", lambda: it.write_report(out / "private.html", private))
    public = timed("publish", lambda: it.publish.publish(whole))
    timed("public report", lambda: it.write_report(out / "public.html", public))
    for name in ("private.html", "public.html"):
        print(f"{name}: {(out / name).stat().st_size / 1e6:.1f} MB")


def timed(what: str, call: Callable[[], T]) -> T:
    """What a call gives; prints how long it took and the most memory that this process has had."""
    began, cpu = time.perf_counter(), time.process_time()
    found = call()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    now = psutil.Process().memory_info().rss / 2**30
    print(
        f"{what}: {time.perf_counter() - began:.1f} s, CPU {time.process_time() - cpu:.1f} s; "
        f"driver's memory {now:.2f} GiB, most so far {most:.2f} GiB",
        flush=True,
    )
    return found


def loss(args: argparse.Namespace) -> None:
    """Print how far topics by the static encoder are from those by the full one and from labels."""
    from sklearn.metrics import adjusted_mutual_info_score as ami
    from sklearn.metrics import adjusted_rand_score as ari

    nhs = pd.read_csv(args.data / "nhs_fft/phase1_singlelabel.csv").dropna(subset=["text"])
    clinc = pd.read_csv(args.data / "clinc150/clinc150.csv")
    osmi = pd.read_csv(args.data / "osmi/osmi_responses.csv", keep_default_na=False)
    osmi = osmi[osmi["question"] == "why_mental_interview"]
    example = it.load_example()[0].kept
    sets = {
        "example": (example["text"], None),
        "NHS phase 1, every second": (nhs["text"][::2], nhs["label"][::2]),
        "CLINC150, every fifth": (clinc["text"][::5], clinc["domain"][::5]),
        "OSMI, one question": (osmi["text"], None),
    }
    print("| set | n | ARI | AMI | AMI of two seeds | AMI with labels, full | static |")
    print("|---|---|---|---|---|---|---|")
    static = it.sentence_encoder(args.work / "static")
    for name, (texts, label) in sets.items():
        table = pd.DataFrame({"text": texts.tolist(), "year": 2020})
        responses = it.load_responses(table, text="text", year="year")
        at = responses.kept["response_id"].astype(int).to_numpy() - 1
        found = []
        for encoder, seed in ((it.sentence_encoder(), 1), (static, 1), (it.sentence_encoder(), 2)):
            embedded = it.embed(responses, encoder)
            topics = it.fit_topics(responses, embedded, it.TopicConfig(seed=seed, n_runs=args.runs))
            found.append(topics.assignments["topic"].to_numpy())
        full, other, again = found
        row = [ari(full, other), ami(full, other), ami(full, again)]
        if label is not None:
            row += [ami(label.to_numpy()[at], full), ami(label.to_numpy()[at], other)]
        print(f"| {name} | {len(at):,} | " + " | ".join(f"{v:.3f}" for v in row) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--encoder", choices=("static", "full"), default="static")
    parser.add_argument("--sample", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--n-boot", type=int, default=200)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--loss", action="store_true")
    args = parser.parse_args()
    if args.encoder == "static" and not (args.work / "static").is_dir():
        it.encoders.distil_encoder(args.work / "static")
    if args.loss:
        loss(args)
    else:
        run(args)


if __name__ == "__main__":
    main()
