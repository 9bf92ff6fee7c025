"""How long the main job, a fit and an embedding take beside plain BERTopic and ONNX Runtime.

``python benchmarks/speed.py --runs 5 [--sizes] [--data FOLDER] [--write docs/laboratory.md]``

Printed as Markdown; ``--write`` puts it between the marks of a file. All is run in alternation, so
that what else the machine does falls on all, and the values are medians. Whole processes start from
nothing but the code that numba has compiled and keeps on disk: all sides run once before they
count. Main job: ``iapt-topics demo`` into an empty folder, the same with its vectors there, and
``plain_bertopic.py`` on the same 1,543 rows. ``--data`` (with ``nhs_fft/``) gives real texts for
the fit of 2,000 and for the embedding; without it they are the bundled ones, repeated.
ONNX Runtime is no dependency of the project; it is compared if these are on PYTHONPATH:

    pip install --no-deps --target PEERS onnxruntime onnx onnxscript onnx_ir ml_dtypes protobuf \
flatbuffers

``--sizes`` needs ``--data`` and does another part only: the main job and the plain script on 10,000
real texts, and ``scaling.py``. ``--peers`` does another: the main job beside other kinds of topic
model, whole processes; ``--turftopic PYTHON`` adds turftopic, from an environment of its own.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SURVEY = HERE.parent / "iapt_topics" / "datasets" / "synthetic_survey.csv"
PLAIN = [str(HERE / "plain_bertopic.py")]
CLI = ["-c", "from iapt_topics.cli import main; main()"]
MARKS = ("<!-- made by benchmarks/speed.py {} -->", "<!-- end -->")
Measured = dict[str, list[tuple[float, float, float]]]  # wall s, CPU s, peak MB of each run


def spend(arguments: list[str], python: str = sys.executable) -> tuple[float, float, float]:
    """Wall and CPU seconds and peak memory in MB of a Python process with all its children."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen([python, *arguments], stdout=said, stderr=said)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise SystemExit(said.read().decode()[-2000:])
    scale = 1024**2 if sys.platform == "darwin" else 1024
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / scale


def table(measured: Measured, base: str, digits: int = 1) -> str:
    """Medians, and their ratios to one of the rows."""
    middle = {name: np.median(np.array(runs), axis=0) for name, runs in measured.items()}
    known = [i for i in range(3) if middle[base][i] > 0]  # a part of a process has no peak
    heads = [("wall s", "CPU s", "peak MB")[i] for i in known]
    rows = [f"| | {' | '.join(heads)} | {' | '.join(f'{h.split()[0]}, ratio' for h in heads)} |"]
    rows.append("|---" * (1 + 2 * len(known)) + "|")
    for name, values in middle.items():
        cells = [f"{values[i]:.{0 if i == 2 else digits}f}" for i in known]
        cells += [f"{values[i] / middle[base][i]:.2f}" for i in known]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    spread = [f"{name} {min(r[0] for r in runs):.{digits}f} to {max(r[0] for r in runs):.{digits}f}"
              for name, runs in measured.items()]  # fmt: skip
    return "\n".join([*rows, "", f"Wall s, least and most: {'; '.join(spread)}."])


def alternate(jobs: dict[str, Callable[[], tuple[float, float, float]]], runs: int) -> Measured:
    """Run all jobs in turn, once without counting."""
    found: Measured = {name: [] for name in jobs}
    for run in range(runs + 1):
        for name, job in jobs.items():
            spent = job()
            if run:
                found[name].append(spent)
    return found


def cold(ours: list[str], folder: Path) -> Callable[[], tuple[float, float, float]]:
    """Ours into ``run0``, ``run1``, ... of a folder, so that each run starts without vectors."""
    count = iter(range(10**6))
    return lambda: spend([*CLI, *ours, "--out", str(folder / f"run{next(count)}")])


def main_job(runs: int, plain: list[str], ours: list[str]) -> str:
    """Whole processes: the plain script, ours with and without vectors in its folder."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)

        def warm() -> tuple[float, float, float]:
            return spend([*CLI, *ours, "--out", str(at / "run0")])

        jobs = {
            "plain BERTopic script": lambda: spend(
                [*PLAIN, *plain, "--figure", str(at / "figure.html")]
            ),
            "iapt-topics, nothing cached": cold(ours, at),
            "iapt-topics, vectors cached": warm,
        }
        return table(alternate(jobs, runs), "plain BERTopic script")


def peers(runs: int, turftopic: str | None) -> str:
    """Whole processes: ours, the plain script, and topic models of other kinds."""
    from iapt_topics import sentence_encoder

    columns = [str(SURVEY), "--text", "comment", "--year", "year"]
    model = ["--model", str(sentence_encoder().folder)]

    def peer(method: str, python: str = sys.executable) -> tuple[float, float, float]:
        return spend([str(HERE / "peers.py"), *columns, *model, "--method", method], python)

    with tempfile.TemporaryDirectory() as folder:
        jobs: dict[str, Callable[[], tuple[float, float, float]]] = {
            "plain BERTopic script": lambda: spend([*PLAIN, *columns]),
            "iapt-topics, nothing cached": cold(["demo"], Path(folder)),
            "k-means": lambda: peer("k-means"),
            "Gaussian mixture": lambda: peer("Gaussian mixture"),
            "NMF of words": lambda: peer("NMF"),
        }
        if turftopic:
            jobs["turftopic, KeyNMF"] = lambda: peer("KeyNMF", turftopic)
        text = table(alternate(jobs, runs), "plain BERTopic script")
    return f"Medians of {runs} alternating runs. {machine()}\n\n{text}"


def start_up(runs: int) -> str:
    """Imports and the help of the command line."""
    jobs = {
        "`import pandas`": lambda: spend(["-c", "import pandas"]),
        "`import iapt_topics`": lambda: spend(["-c", "import iapt_topics"]),
        "the same, `load_responses` used": lambda: spend(
            ["-c", "import iapt_topics as it; it.load_responses"]
        ),
        "`iapt-topics --help`": lambda: spend([*CLI, "--help"]),
    }
    return table(alternate(jobs, runs), "`import pandas`", 2)


def texts_of(data: Path | None, n: int) -> list[str]:
    """Different texts, real ones if there is a folder."""
    if data is None:
        comments = pd.read_csv(SURVEY, keep_default_na=False)["comment"]
        few = comments[comments.str.split().str.len() > 2].drop_duplicates().tolist()
        return [f"{few[i % len(few)]}{' And so on.' * (i // len(few))}" for i in range(n)]
    real = pd.concat(
        pd.read_csv(data / "nhs_fft" / f, keep_default_na=False)["text"]
        for f in ("v6_multilabel.csv", "phase1_singlelabel.csv")
    )
    real = real[real.str.split().str.len() > 2].drop_duplicates()
    return real.sample(n, random_state=0).tolist()


def clocked(job: Callable[[], object]) -> tuple[float, float, float]:
    """Wall and CPU seconds of a call; memory is not told apart within a process."""
    start = time.perf_counter(), time.process_time()
    job()
    return time.perf_counter() - start[0], time.process_time() - start[1], 0.0


def one_fit(runs: int, data: Path | None) -> Measured:
    """Fit 2,000 responses with the consensus and with BERTopic's defaults, in one process."""
    from bertopic import BERTopic

    import iapt_topics as it

    source = pd.DataFrame({"text": texts_of(data, 2000), "year": 2020})
    responses = it.load_responses(source, text="text", year="year")
    embeddings = it.embed(responses, it.sentence_encoder())
    texts = responses.kept["text"].tolist()
    seeds = iter(range(10**6))
    return alternate(
        {
            "BERTopic, one fit": lambda: clocked(
                lambda: BERTopic().fit_transform(texts, embeddings.vectors.copy())
            ),
            "iapt_topics, consensus of 12 runs": lambda: clocked(
                lambda: it.fit_topics(responses, embeddings, it.TopicConfig(seed=next(seeds)))
            ),
        },
        runs,
    )


def one_embedding(runs: int, data: Path | None) -> Measured:
    """Embed 1,000 texts with the library and with ONNX Runtime, in one process."""
    from iapt_topics import sentence_encoder
    from iapt_topics.encoders.encoder import _model

    texts = texts_of(data, 1000)
    encoder = sentence_encoder(cache=None)
    plain = _model(encoder.folder)
    ours = encoder.encode(texts)
    jobs = {
        "iapt_topics": lambda: clocked(lambda: encoder.encode(texts)),
        "sentence-transformers": lambda: clocked(lambda: plain.encode(texts)),
    }
    if importlib.util.find_spec("onnxruntime") is not None:
        onnx = onnx_encoder(plain)
        apart = np.abs(onnx(texts) - ours).max()
        assert apart < 1e-4, apart
        jobs = {"ONNX Runtime, fp32": lambda: clocked(lambda: onnx(texts)), **jobs}
    return alternate(jobs, runs)


def onnx_encoder(model: object) -> Callable[[list[str]], np.ndarray]:
    """The model in ONNX Runtime, with texts of like length together in batches of 32."""
    import onnxruntime
    import torch

    bert, tokens = model[0].auto_model, model.tokenizer
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        some = dict(tokens(["some text", "some more text"], padding=True, return_tensors="pt"))
        names = list(some)

        class Plain(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.bert = bert

            def forward(self, *given):
                return self.bert(**dict(zip(names, given, strict=True)))[0]

        with torch.no_grad():
            torch.onnx.export(
                Plain(),
                tuple(some.values()),
                str(path),
                input_names=names,
                output_names=["hidden"],
                dynamic_axes={name: {0: "batch", 1: "length"} for name in [*names, "hidden"]},
                dynamo=False,
            )
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def encode(texts: list[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.empty((len(texts), model.get_sentence_embedding_dimension()), np.float32)
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            given = tokens(
                [texts[i] for i in rows], padding=True, truncation=True,
                max_length=model.max_seq_length, return_tensors="np",
            )  # fmt: skip
            hidden = session.run(None, {n: given[n].astype(np.int64) for n in names})[0]
            mask = given["attention_mask"][:, :, None].astype(np.float32)
            mean = (hidden * mask).sum(axis=1) / mask.sum(axis=1)
            vectors[rows] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return vectors

    return encode


def apart(part: str, runs: int, data: Path | None) -> Measured:
    """Measure a part in a process of its own."""
    more = [] if data is None else ["--data", str(data)]
    done = subprocess.run(
        [sys.executable, __file__, "--runs", str(runs), "--part", part, *more],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: Measured = json.loads(done.stdout.splitlines()[-1])
    return found


def machine() -> str:
    names = [
        "iapt-topics",
        "bertopic",
        "umap-learn",
        "hdbscan",
        "numba",
        "sentence-transformers",
        "torch",
    ]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    told = ", ".join(f"{n} {version(n)}" for n in names)
    return f"{cores} cores ({platform.machine()}), Python {platform.python_version()}, {told}."


def usual(runs: int, data: Path | None) -> str:
    columns = ["--text", "comment", "--year", "year"]
    parts = [
        ("Main job, 1,543 rows, whole process", main_job(runs, [str(SURVEY), *columns], ["demo"])),
        ("One fit of 2,000 responses, vectors given", table(apart("fit", runs, data),
                                                           "BERTopic, one fit", 2)),
    ]  # fmt: skip
    vectors = apart("embedding", runs, data)
    parts.append(("Embedding 1,000 texts", table(vectors, next(iter(vectors)), 2)))
    parts.append(("Start", start_up(runs)))
    return f"Medians of {runs} alternating runs. {machine()}\n\n" + "\n\n".join(
        f"**{name}**\n\n{text}" for name, text in parts
    )


def sizes(runs: int, data: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        survey = Path(folder) / "survey.csv"
        frame = pd.DataFrame({"comment": texts_of(data, 10_000)})
        frame.assign(year=2020 + np.arange(len(frame)) % 4).to_csv(survey, index=False)
        columns = [str(survey), "--text", "comment", "--year", "year"]
        job = main_job(runs, columns, ["run", *columns])
    grown = subprocess.run(
        [sys.executable, str(HERE / "scaling.py"), "--data", str(data)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return (
        f"{machine()}\n\n**Main job, 10,000 rows, whole process** (medians of {runs})\n\n{job}\n\n"
        f"**One fit by size**\n\n{grown.stdout.strip()}"
    )


def write(path: Path, part: str, text: str) -> None:
    """Put the text between the marks of its part."""
    first, last = MARKS[0].format(part), MARKS[1]
    before, _, rest = path.read_text(encoding="utf-8").partition(first)
    if not rest:
        raise SystemExit(f"{path} has no line {first!r}")
    after = rest.partition(last)[2]
    path.write_text(f"{before}{first}\n{text}\n{last}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--turftopic", metavar="PYTHON")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--write", type=Path, default=None)
    parser.add_argument("--part", choices=["fit", "embedding"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        warnings.simplefilter("ignore")
        job = one_fit if args.part == "fit" else one_embedding
        print(json.dumps(job(args.runs, args.data)))
        return
    if args.sizes and args.data is None:
        parser.error("--sizes needs --data")
    if args.peers:
        part, text = "--peers", peers(args.runs, args.turftopic)
    elif args.sizes:
        part, text = "--sizes", sizes(args.runs, args.data)
    else:
        part, text = "--runs 5", usual(args.runs, args.data)
    print(text)
    if args.write:
        write(args.write, part, text)


if __name__ == "__main__":
    main()
