"""Stop runs at random moments and check that nothing half-written is ever read back.

    python benchmarks/kill_runs.py --kills 60

A small survey is analysed whole, in a child, from the encoding of its texts to its report. It
is stopped at a random moment by SIGKILL, SIGTERM or SIGINT; the next goes on in the same folder.
After each stop every file that is there must be whole, kept topics too, what is private must be
closed to other accounts, and every vector that is read from the cache must be right. The last run
in a folder is left to end and must give the very tables of one that was never stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

from iapt_topics.encoders.encoder import SentenceEncoder

# One thread: threads do not survive a fork.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
os.environ["NUMBA_THREADING_LAYER"] = "workqueue"

import numpy as np
from tqdm import tqdm

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
IN_FOLDER = 10  # stops before a folder is given a run that ends


class SlowModel:
    """Stands for a sentence model; takes 2 ms a text, so that encoding is a stage of its own."""

    tokenizer = None

    def encode(self, texts, **_):
        from conftest import BagOfWords

        time.sleep(0.002 * len(texts))
        return BagOfWords().encode(texts)


def analyse(out: Path, stages: Path | None = None) -> None:
    """Run the whole of it in ``out``, writing down the stages as they begin."""
    from conftest import SUBJECT_FRAME, read, survey_rows

    from iapt_topics._base.events import Event
    from iapt_topics._base.files import claimed
    from iapt_topics.encoders import encoder as encoder_module
    from iapt_topics.encoders import vector_cache
    from iapt_topics.pipeline.run import run_study
    from iapt_topics.pipeline.write import write_study
    from iapt_topics.topics.topics import TopicConfig

    encoder_module._model = lambda folder: SlowModel()
    vector_cache.PART = 16
    responses = read(survey_rows())
    with claimed(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        encoder = SentenceEncoder(
            name="m", folder=Path("nowhere"), fingerprint="f" * 64, cache=out / "cache"
        )

        def write_down(event: Event) -> None:
            if stages and event.kind == "stage":
                stages.write_text(event.text)

        study = run_study(
            responses, SUBJECT_FRAME, encoder, config=TopicConfig(seed=1, n_runs=2),
            cache=out / "cache", on_event=write_down,
        )  # fmt: skip
        write_down(Event("stage", "Writing"))
        write_study(out, study)


def check(out: Path, whole: Path) -> None:
    """Raise if anything in ``out`` is not whole."""
    from conftest import BagOfWords, survey_rows

    from iapt_topics.encoders.vector_cache import remember
    from iapt_topics.pipeline.manifest import MANIFEST, compare_runs
    from iapt_topics.topics.files import load_topics

    for folder in (out / "cache", out / "tables_private"):
        for path in (folder, *folder.rglob("*")) if folder.exists() else ():
            assert not path.stat().st_mode & 0o077, f"{path.name} can be read by others"
    for kept in (out / "cache").glob("topics-*"):
        load_topics(kept)  # which checks that they are whole
    for path in (out / "tables_private").glob("*.csv"):
        assert path.read_bytes() == (whole / "tables_private" / path.name).read_bytes(), path.name
    if (out / "publish" / "report.html").exists():
        assert (out / "publish" / "report.html").read_text("utf-8").rstrip().endswith("</html>")
    if (out / MANIFEST).exists():
        assert compare_runs(out, whole).verdict == "same"
    texts = survey_rows()["comment"].tolist()
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("error")  # a stop must not damage the cache at all
        if (out / "cache").exists():
            shutil.copytree(out / "cache", Path(scratch) / "cache")
        keys = {hashlib.sha256(t.encode()).hexdigest(): t for t in texts}
        found = remember(Path(scratch) / "cache", "f" * 64, keys, lambda t: BagOfWords().encode(t))
        right = BagOfWords().encode(list(keys.values()))
        np.testing.assert_allclose(np.stack([found[k] for k in keys]), right, atol=1e-6)


def child(out: Path, stages: Path) -> int:
    pid = os.fork()
    if pid == 0:
        # Forked processes share tqdm's lock, which one that is killed may never let go.
        tqdm.set_lock(threading.RLock())
        try:
            analyse(out, stages)
        except KeyboardInterrupt:
            os._exit(130)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return pid


def main(kills: int, seed: int) -> None:
    rng = random.Random(seed)
    seen: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        whole, out, stages = (Path(scratch) / n for n in ("whole", "out", "stage"))
        analyse(whole)  # and compiles what is compiled once
        shutil.rmtree(whole)
        began = time.perf_counter()
        os.waitpid(child(whole, stages), 0)
        lasts = time.perf_counter() - began
        done = 0
        while done < kills:
            for _ in range(IN_FOLDER):
                stages.write_text("Starting")
                pid = child(out, stages)
                time.sleep(rng.uniform(0, lasts))
                kind = rng.choice(SIGNALS)
                os.kill(pid, kind)
                _, status = os.waitpid(pid, 0)
                if os.waitstatus_to_exitcode(status) == 0:
                    continue  # it had ended
                seen[stages.read_text(), kind.name] += 1
                done += 1
                check(out, whole)
                if rng.random() < 0.3:  # so that encoding is met again
                    shutil.rmtree(out, ignore_errors=True)
            _, status = os.waitpid(child(out, stages), 0)
            assert status == 0, "a run after stops did not end"
            check(out, whole)
            assert (out / "manifest.json").exists()
            assert not list(out.rglob("*.part")), "pieces are left"
            shutil.rmtree(out)
    for (stage, kind), n in sorted(seen.items()):
        print(f"{stage}, {kind}: {n}")
    print(f"{done} stops, every file whole and every vector right; a run lasts {lasts:.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    main(given.kills, given.seed)
