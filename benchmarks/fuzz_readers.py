"""Feed damaged files to every reader: each gives a value or an InputError, in bounded time.

    python benchmarks/fuzz_readers.py --executions 100000 --seed 1
    python benchmarks/fuzz_readers.py --atheris codebook --executions 200000   # pip install atheris

Whole files are made by the library's own writers and then damaged: bytes changed, cut, doubled and
joined with pieces of other files; most of the damage to an archive is done inside its members. A
file that a reader fails on is kept in ``--failures``, by default ``tests/reference/fuzz``, whose
files the tests read each time. SIGTERM ends a run early, with its figures.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import io
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
SLOW = 10  # seconds; a reader that takes longer on a file of a few kilobytes hangs

#: Pieces that parsers care about.
TOKENS = (
    b"\0", b"\n", b"\r\n", b'"', b'""', b",", b";", b"\t", b"=", b"[", b"[[", b"]]", b"{", b"}",
    b"[" * 3000, b"{" * 3000, b'"""', b"\\u0000", b"\\ud800", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3",
    b"-1", b"0", b"1e999", b"nan", b"99999999999999999999", b"2015/16", b"true", b"null", b"()*+?",
    b"<a>", b"</a>", b"&lt;", b"&x;", b"&#0;", b'<!DOCTYPE a [<!ENTITY x "y">]>', b"<!--", b"]]>",
    b"encoding='utf-7'", b"../", b"internal://", b"relative://", b"id", b"theme", b"coder", b"year",
)  # fmt: skip

PLAN = b"""
[survey]
file = "."
text = ["q1", "q2"]
year = "year"
respondent = "who"
waves = ["2015/16", "2016/17"]
[frame]
use = "iapt_identity_system"
[topics]
seed = 1
min_support = 0.5
[report]
disclosure = "default"
quotes = true
"""

Reader = Callable[[Path], object]


def readers() -> dict[str, tuple[str, Reader, int]]:
    """Ending of the file, reader and how often it is tried, for each kind of file."""
    from qda_files import FRAME, survey

    from iapt_topics._base.tables import read_table
    from iapt_topics.frame.load import load_frame
    from iapt_topics.mapping.edits import read_edits
    from iapt_topics.pipeline.plan import read_plan
    from iapt_topics.publish.quotes_sheet import read_quotes
    from iapt_topics.qda import read_project
    from iapt_topics.qda.load import coders_in, load_codes, match_themes
    from iapt_topics.survey.non_answers import read_rules
    from iapt_topics.survey.responses import load_responses

    responses = survey()

    def table(path: Path) -> object:
        return read_table(path, "survey")

    def whole_survey(path: Path) -> object:
        return load_responses(path, text="text", year="year", respondent="who")

    def codes(path: Path) -> object:
        match_themes(path, frame=FRAME)
        return [load_codes(path, frame=FRAME, coder=c) for c in coders_in(path) or ("human",)]

    def quotes(path: Path) -> object:
        return read_quotes(path, responses)

    def project(path: Path) -> object:
        opened = read_project(path, responses=responses)
        return match_themes(opened, frame=FRAME)

    def database(path: Path) -> object:
        folder = path.with_suffix(".d") / "p.qda"
        folder.mkdir(parents=True, exist_ok=True)
        path.replace(folder / "data.qda")
        return read_project(folder, responses=responses)

    return {
        "survey": (".csv", whole_survey, 4),
        "tsv": (".tsv", table, 12),
        "codes": (".csv", codes, 4),
        "workbook": (".xlsx", table, 3),
        "parquet": (".parquet", table, 4),
        "stata": (".dta", table, 3),
        "spss": (".sav", table, 6),
        "frame": (".toml", load_frame, 24),
        "frame_table": (".csv", load_frame, 6),
        "codebook": (".qdc", load_frame, 24),
        "rules": (".toml", read_rules, 24),
        "edits": (".json", read_edits, 6),
        "plan": (".toml", read_plan, 6),
        "quotes": (".csv", quotes, 4),
        "project": (".qdpx", project, 4),
        "database": (".bin", database, 3),
    }


def whole_files() -> dict[str, list[bytes]]:
    """At least one file of each kind that its reader takes."""
    import pandas as pd
    import pyreadstat
    from qda_files import FRAME, HUMAN, MACHINE, TEXTS, project_of, survey

    from iapt_topics.frame.load import write_frame
    from iapt_topics.qda import write_codes

    responses = survey()
    rows = pd.DataFrame(
        {
            "id": list(TEXTS),
            "who": ["p0", "p0", "p1", "p1"],
            "year": [2015, 2016, 2017, 2015],
            "text": [t.encode("ascii", "replace").decode() for t in TEXTS.values()],
        }
    )
    with tempfile.TemporaryDirectory() as scratch:
        at = Path(scratch)
        rows.to_csv(at / "s.csv", index=False)
        rows.to_csv(at / "s.tsv", index=False, sep="\t")
        rows.to_excel(at / "s.xlsx", index=False)
        rows.to_parquet(at / "s.parquet")
        rows.to_stata(at / "s.dta", write_index=False)
        pyreadstat.write_sav(rows, at / "s.sav")
        for ending in (".toml", ".csv", ".qdc"):
            write_frame(at / f"frame{ending}", FRAME)
        for ending in (".csv", ".qdpx"):
            write_codes(at / f"c{ending}", (HUMAN, MACHINE), frame=FRAME, responses=responses)
        wide = pd.DataFrame({"response_id": list(TEXTS), "S1": [1, 0, 0, 1], "W1": [0, 1, 0, 0]})
        project_of(at / "p.qda", spans=[("r1", "A", 1, 3, 11)])
        read = Path.read_bytes
        approved = pd.DataFrame(
            {"response_id": list(TEXTS), "topic": "0", "label": "a", "text": rows["text"]}
        ).assign(decision=["approve", "reject", "", ""], approved_by="A", paraphrase="")
        edit = (
            b'{"edits": [[0, "a", "W1", "accept", "who", "2024", "why", ""]], '
            b'"unplaced": [], "topic_of": {"r1": 0}}'
        )
        return {
            "survey": [read(at / "s.csv"), read(at / "s.csv").decode().encode("utf-16")],
            "tsv": [read(at / "s.tsv")],
            "codes": [read(at / "c.csv"), wide.to_csv(index=False).encode()],
            "workbook": [read(at / "s.xlsx")],
            "parquet": [read(at / "s.parquet")],
            "stata": [read(at / "s.dta")],
            "spss": [read(at / "s.sav")],
            "frame": [read(at / "frame.toml")],
            "frame_table": [read(at / "frame.csv")],
            "codebook": [read(at / "frame.qdc")],
            "rules": [b'[[rule]]\nname = "none"\npattern = "no(ne)?"\nexamples = ["no", "none"]\n'],
            "edits": [edit],
            "plan": [PLAN],
            "quotes": [approved.to_csv(index=False).encode()],
            "project": [read(at / "c.qdpx")],
            "database": [read(at / "p.qda" / "data.qda")],
        }


def damaged(content: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """Change a file in one to six places."""
    if content[:4] == b"PK\3\4" and rng.random() < 0.7:
        return _inside(content, others, rng)
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        i = rng.randrange(len(data) + 1)
        j = min(len(data), i + rng.choice((1, 2, 4, 16, 200)))
        match rng.randrange(7):
            case 0:
                data[i:j] = bytes(b ^ (1 << rng.randrange(8)) for b in data[i:j])
            case 1:
                del data[i:j]
            case 2:
                data[i:i] = rng.choice(TOKENS)
            case 3:
                data[i:j] = rng.choice(TOKENS)
            case 4:
                data[i:i] = data[i:j] * rng.choice((1, 2, 50))
            case 5:
                other = rng.choice(others)
                k = rng.randrange(len(other) + 1)
                data[i:j] = other[k : k + rng.choice((1, 16, 200))]
            case _:
                data[i:j] = rng.randbytes(j - i)
    return bytes(data[:100_000])


def _inside(content: bytes, others: list[bytes], rng: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        members = {n: opened.read(n) for n in opened.namelist()}
    chosen = rng.choice(sorted(members))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, body in members.items():
            if name != chosen:
                made.writestr(name, body)
            elif rng.random() < 0.95:
                made.writestr(name, damaged(body, others, rng))
    return out.getvalue()


def only_input_errors(reader: Reader, path: Path) -> bool:
    """Whether a file is read; raises whatever is not an InputError."""
    from iapt_topics._base.errors import InputError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            reader(path)
        except InputError as error:
            if "\n" in str(error).strip() and len(str(error)) > 3000:
                raise AssertionError("an error of many lines") from error
            return False
    return True


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"more than {SLOW} s")


def run(executions: int, seed: int, failures: Path, only: str | None) -> int:
    """Damage and read files, and say what came of it; the number of failures."""
    rng = random.Random(seed)
    kinds, whole = readers(), whole_files()
    names = [n for n in kinds if only in (None, n)]
    weights = [kinds[n][2] for n in names]
    every = [c for files in whole.values() for c in files]
    tried, read, seconds = Counter[str](), Counter[str](), Counter[str]()
    seen: set[str] = set()
    signal.signal(signal.SIGALRM, _too_slow)
    for name in names:  # a reader that refuses the whole file would make the rest worthless
        for content in whole[name]:
            with tempfile.TemporaryDirectory() as scratch:
                path = Path(scratch) / f"f{kinds[name][0]}"
                path.write_bytes(content)
                if not only_input_errors(kinds[name][1], path):
                    raise SystemExit(f"{name}: the undamaged file is refused")
    with suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as scratch:
        for i in range(executions):
            (name,) = rng.choices(names, weights)
            ending, reader, _ = kinds[name]
            content = damaged(rng.choice(whole[name]), every, rng)
            path = Path(scratch) / f"f{ending}"
            path.write_bytes(content)
            tried[name] += 1
            begun = time.perf_counter()
            # Code in C does not hear the first alarm; the second ends the process.
            signal.alarm(SLOW)
            faulthandler.dump_traceback_later(6 * SLOW, exit=True)
            (failures / f".running-{seed}").write_bytes(name.encode() + b"\n" + content)
            try:
                read[name] += only_input_errors(reader, path)
            except Exception as error:
                frames = traceback.extract_tb(error.__traceback__)
                own = [f for f in frames if "/iapt_topics/" in f.filename]
                at = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "outside"
                key = f"{name} {type(error).__name__} {at}"
                if key not in seen:
                    seen.add(key)
                    digest = hashlib.sha256(content).hexdigest()[:8]
                    (failures / f"{name}-{digest}{ending}").write_bytes(content)
                    print(f"{i}: {key}: {str(error)[:200]} -> {name}-{digest}{ending}", flush=True)
            finally:
                signal.alarm(0)
                faulthandler.cancel_dump_traceback_later()
            seconds[name] += time.perf_counter() - begun
    (failures / f".running-{seed}").unlink(missing_ok=True)
    for name in names:
        each = 1000 * seconds[name] / max(tried[name], 1)
        print(f"{name}: {tried[name]:,} files, {read[name]:,} of them read, {each:.1f} ms each")
    print(f"{sum(tried.values()):,} executions, {len(seen)} kinds of failure, seed {seed}")
    return len(seen)


def run_atheris(name: str, executions: int, seed: int, failures: Path) -> None:
    """Let the coverage of iapt_topics guide the damage to one kind of file."""
    try:
        import atheris
    except ImportError:
        raise SystemExit("atheris is not installed: pip install atheris") from None

    with atheris.instrument_imports(include=["iapt_topics"]):
        ending, reader, _ = readers()[name]
    scratch = Path(tempfile.mkdtemp())
    corpus = scratch / "corpus"
    corpus.mkdir()
    for i, content in enumerate(whole_files()[name]):
        (corpus / str(i)).write_bytes(content)
    path = scratch / f"f{ending}"

    def one(content: bytes) -> None:
        path.write_bytes(content)
        try:
            only_input_errors(reader, path)
        except Exception:
            kept = f"{name}-{hashlib.sha256(content).hexdigest()[:8]}{ending}"
            (failures / kept).write_bytes(content)
            raise

    options = [f"-runs={executions}", f"-seed={seed}", "-max_len=8192", "-rss_limit_mb=6000"]
    # libFuzzer ends with the file of a hang or of a crash in C, which Python does not see.
    options += [f"-timeout={SLOW}", f"-artifact_prefix={failures}/{name}-"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="one kind of file")
    parser.add_argument("--atheris", metavar="KIND", help="one kind of file, guided by coverage")
    parser.add_argument("--failures", type=Path, default=ROOT / "tests" / "reference" / "fuzz")
    given = parser.parse_args()
    if given.atheris:
        run_atheris(given.atheris, given.executions, given.seed, given.failures)
    else:
        # For the whole process, and so not in run(), which a test calls: no browser that a later
        # test starts would find room under such a limit.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))
        sys.exit(min(run(given.executions, given.seed, given.failures, given.only), 1))
