"""Which planted names of people are found in running text, by origin, form and case?

Run as ``python benchmarks/names.py``. Names and sentences are those of ``names.toml``, each in one
half: rules were written on the development half (``--half development``); the test half is what is
reported. With ``--presidio PYTHON``, the Python of an environment that has presidio-analyzer and
the package of the model, Presidio is measured too. With ``--data FOLDER``, the real surveys, it
counts what is found in 1,500 responses of each that the rules were not written on, and with
``--show SURVEY`` prints it, so that a person can count what is no name: show that to nobody who may
not read the survey. Prints the tables of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.survey.name_model import PACKAGE, VERSION, model_names
from iapt_topics.survey.redaction import redact

HALVES = ("development", "test")
TITLES = ("Dr", "Mr", "Mrs", "Ms", "Miss", "Sister")
CASES: dict[str, Callable[[str], str]] = {
    "capitalised": str, "small letters": str.lower, "capitals": str.upper,
}  # fmt: skip
SURVEYS = {
    "NHS v6": "nhs_fft/v6_multilabel.csv",
    "NHS phase 1": "nhs_fft/phase1_singlelabel.csv",
    "OSMI": "osmi/osmi_responses.csv",
    "CLINC150": "clinc150/clinc150.csv",
}
Finder = Callable[[list[str]], list[list[tuple[int, int]]]]
#: Presidio in an environment of its own: texts in, places of names out.
PRESIDIO = """
import json, sys, importlib.util
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
model = {"lang_code": "en", "model_name": sys.argv[1]}
engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": [model]})
analyzer = AnalyzerEngine(nlp_engine=engine.create_engine(), supported_languages=["en"])
find = lambda t: [(r.start, r.end) for r in analyzer.analyze(t, "en", entities=["PERSON"])]
json.dump([find(t) for t in json.load(sys.stdin)], sys.stdout)
"""


class Planted(NamedTuple):
    """A response with a name in it, and the words of the name that must go."""

    group: str
    form: str
    text: str
    words: tuple[str, ...]


def planted(half: str, per_name: int, seed: int = 7) -> Iterator[Planted]:
    """Each first name of a half in each form, in sentences of that half."""
    content = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    which = HALVES.index(half)
    frames = {k: v.splitlines()[which::2] for k, v in content.pop("frames").items()}
    draw = random.Random(seed)
    for group in content.values():
        first, last = (
            [n for n in group[kind].split() if hashlib.sha256(n.encode()).digest()[0] % 2 == which]
            for kind in ("first", "last")
        )
        for form in ("first name", "full", "title", "initial", "possessive"):
            for i in range(len(first) * per_name):
                one, two = first[i % len(first)], draw.choice(last)
                name, words = {
                    "first name": (one, (one,)),
                    "full": (f"{one} {two}", (one, two)),
                    "title": (f"{draw.choice(TITLES)} {two}", (two,)),
                    "initial": (f"{one[0]}{draw.choice(('. ', ' '))}{two}", (two,)),
                    "possessive": (f"{(one, two)[i % 2]}'s", ((one, two)[i % 2],)),
                }[form]
                kind = "possessive" if form == "possessive" else "person"
                text = draw.choice(frames[kind]).replace("{n}", name)
                yield Planted(group["label"], form, text, words)


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text whose names are taken out, as a survey's are."""
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]}[name]{text[end:]}"
    return text


def is_found(left: str, words: Iterable[str]) -> bool:
    """Whether no word of the name is left."""
    either = "|".join(map(re.escape, words))
    return re.search(rf"(?<!\w)(?:{either})(?!\w)", left, re.IGNORECASE) is None


def finders(presidio: str | None) -> dict[str, Finder]:
    """What is compared; the rules that have always been add to the model, as in a survey."""
    model = model_names()
    model("Loaded before the clock starts.")
    import spacy

    plain = spacy.load(model.folder, exclude=["parser", "lemmatizer", "attribute_ruler", "senter"])
    found: dict[str, Finder] = {
        "title rule": lambda texts: [[] for _ in texts],
        "spaCy": lambda texts: [
            [(e.start_char, e.end_char) for e in plain(t).ents if e.label_ == "PERSON"]
            for t in texts
        ],
        "model": lambda texts: [model(t) for t in texts],
    }
    if presidio:
        found["Presidio"] = partial(by_presidio, presidio, f"{model.folder}")
    return found


def by_presidio(python: str, model: str, texts: list[str]) -> list[list[tuple[int, int]]]:
    run = subprocess.run(
        [python, "-W", "ignore", "-c", PRESIDIO, model],
        input=json.dumps(texts), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [[(a, b) for a, b in spans] for spans in json.loads(run.stdout)]


def recall(half: str, per_name: int, presidio: str | None) -> pd.DataFrame:
    """Whether each planted name is found, by origin, form and case."""
    rows = []
    cases = list(planted(half, per_name))
    for name, find in finders(presidio).items():
        for case, change in CASES.items():
            some = cases if case == "capitalised" else cases[::2]
            texts = [change(p.text) for p in some]
            start = time.process_time()
            spans = find(texts)
            seconds = (time.process_time() - start) / len(texts) * 1000
            own = name in ("title rule", "model")
            for row, text, found in zip(some, texts, spans, strict=True):
                left = without(text, found)
                words = [change(w) for w in row.words]
                is_own = is_found(redact(left) if own else left, words)
                beyond = sum(not any(w in text[a:b] for w in words) for a, b in found)
                rows.append((name, case, row.group, row.form, is_own, beyond, seconds))
    names = ["finder", "case", "group", "form", "found", "beyond", "seconds"]
    return pd.DataFrame(rows, columns=names)


def told(table: pd.DataFrame, by: str) -> str:
    """Recall of each finder, with its interval, as a table of Markdown."""
    lines = []
    for key, rows in table.groupby(by, sort=False):
        cells = [str(key), str(len(rows) // rows["finder"].nunique())]
        for finder in table["finder"].unique():
            found = rows.loc[rows["finder"] == finder, "found"]
            low, high = wilson_interval(int(found.sum()), len(found))
            cells.append(f"{found.mean():.2f} ({float(low):.2f} to {float(high):.2f})")
        lines.append(f"| {' | '.join(cells)} |")
    head = [by, "n", *table["finder"].unique()]
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines])


def on_real(data: Path, half: str, show: str | None, n: int = 1500) -> None:
    """Count responses of the real surveys in which a name is found; print what was, if asked to."""
    model = model_names()
    for survey, place in SURVEYS.items():
        if show and show != survey:
            continue
        texts = pd.read_csv(data / place)["text"].dropna().astype(str).drop_duplicates()
        texts = texts.sample(frac=1, random_state=1)
        texts = texts[:n] if half == HALVES[0] else texts[n : 2 * n]
        start = time.process_time()
        found = [(text, spans) for text in texts if (spans := model(text))]
        seconds = (time.process_time() - start) / len(texts) * 1000
        print(f"| {survey} | {len(texts)} | {len(found)} | {seconds:.1f} |")
        for text, spans in found if show else ():
            for a, b in spans:
                print("   ", repr(f"{text[max(0, a - 25) : a]}<<{text[a:b]}>>{text[b : b + 20]}"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", choices=HALVES, default="test")
    parser.add_argument("--per-name", type=int, default=4)
    parser.add_argument("--presidio", help="Python of an environment that has Presidio")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--show", choices=list(SURVEYS))
    given = parser.parse_args()
    if given.data:
        print("| survey | n | with a name | seconds per 1,000 |\n|---|---|---|---|")
        on_real(given.data, given.half, given.show)
        return
    table = recall(given.half, given.per_name, given.presidio)
    upright = table[table["case"] == "capitalised"]
    print(f"{PACKAGE} {VERSION}, {given.half} half\n")
    print(told(upright, "group"), told(upright, "form"), told(table, "case"), sep="\n\n")
    per = table.groupby("finder", sort=False).agg(beyond=("beyond", "sum"), n=("beyond", "size"))
    print(per.assign(per_1000=(per["beyond"] / per["n"] * 1000).round(1)).to_string())
    print(table.groupby("finder", sort=False)["seconds"].mean().round(1).to_string())


if __name__ == "__main__":
    main()
